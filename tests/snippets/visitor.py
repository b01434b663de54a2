"""Somebody who signs in without a browser: cookies, redirects, and forms that are filled in."""

import html.parser
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request


class Form(html.parser.HTMLParser):
    """The first form of a page: where it leads, and what it holds."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = found["action"]
        if tag in ("input", "button") and found.get("name"):
            self.fields.setdefault(found["name"], found.get("value") or "")


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Visitor:
    def __init__(self):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(Stay, cookies, urllib.request.ProxyHandler({}))
        self.at, self.page = None, None

    def opens(self, url, form=None):
        """Goes where a URL leads, until there is a page, or a scheme that belongs to somebody else."""
        for _ in range(12):
            data = urllib.parse.urlencode(form).encode() if form is not None else None
            try:
                answer = self.opener.open(urllib.request.Request(url, data), timeout=30)
            except urllib.error.HTTPError as refusal:
                answer = refusal
            self.at, self.page, form = url, answer.read().decode(), None
            if answer.status not in (301, 302, 303, 307):
                return answer.status
            url = urllib.parse.urljoin(url, answer.headers["location"])
            if not url.startswith("http"):
                self.at, self.page = url, ""
                return None
        raise AssertionError(f"it leads around in circles: {url}")

    def signs_in(self, url, **account):
        """Opens a URL and fills in the pages that it leads to."""
        self.opens(url)
        for name in ("username", "password"):
            form = Form(self.page)
            if form.action is None or name not in form.fields:
                raise AssertionError(f"there is no {name} at {self.at}: {self.page[:600]}")
            self.opens(urllib.parse.urljoin(self.at, form.action), form.fields | {name: account[name]})
        # An application on this machine could be anybody's, so people are asked whether they meant it.
        if Form(self.page).fields.get("action") == "accept":
            form = Form(self.page)
            self.opens(urllib.parse.urljoin(self.at, form.action), form.fields)
