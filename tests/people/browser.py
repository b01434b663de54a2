"""A real headless Chromium, and the people who sit in front of it.

People see headings, labels and buttons; nothing here knows how the pages are built.
"""

import json
import os
import shutil

from playwright.sync_api import sync_playwright
from suite import contains

PATIENCE = 15_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


class Browser:
    """Chromium; each visitor has cookies of their own."""

    def __enter__(self):
        program = os.environ.get("CHROMIUM") or shutil.which("chromium")
        if not program:
            raise SystemExit("chromium is not installed: apt-get install chromium, or name another with CHROMIUM=")
        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
        return self

    def __exit__(self, *_):
        self.chromium.close()
        self.playwright.stop()

    def visitor(self, **looks):
        # Chromium cannot be told of an authority in a file; the relying parties verify the certificate.
        return Visitor(self.chromium.new_context(**{"ignore_https_errors": True, "locale": "en-US"} | looks))


class Visitor:
    """Somebody with a browser of their own. Whatever a page complains about in the console is a failure."""

    def __init__(self, context):
        self.context = context
        self.context.set_default_timeout(PATIENCE)
        self.page = context.new_page()
        self.complaints = []
        self.page.on("console", self.hears)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.context.close()
        if kind is None and self.complaints:
            raise AssertionError(f"the console says: {self.complaints}")

    def hears(self, message):
        # A page that says what is wrong has a status that says so too, and Chromium repeats it.
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    def opens(self, url):
        self.page.goto(url)

    def fills(self, **fields):
        """Fills fields by their labels: Email_address is the field `Email address`."""
        for label, text in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(text)

    def presses(self, button):
        self.page.get_by_role("button", name=button, exact=True).click()

    def follows(self, link):
        self.page.get_by_role("link", name=link, exact=True).click()

    def sees(self, heading, *texts):
        """Waits for a page with this heading; it has to contain the texts."""
        found = self.page.get_by_role("heading", level=1, name=heading, exact=True)
        try:
            found.wait_for()
        except Exception as error:
            raise AssertionError(f"no page “{heading}” but {self.page.url}: {self.text}") from error
        contains(self.text, *texts)

    @property
    def text(self):
        return self.page.locator("body").inner_text()

    def arrives(self, url):
        """Waits until the browser is at an address, whatever its query; answers the JSON that is shown there."""
        try:
            self.page.wait_for_url(lambda now: now.split("?")[0] == url)
        except Exception as error:
            raise AssertionError(f"not at {url} but at {self.page.url}: {self.text}") from error
        return json.loads(self.page.locator("pre").inner_text())
