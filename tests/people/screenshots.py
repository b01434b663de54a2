"""A picture of every page, as people come across them: on a phone and on a desktop, light and dark, in each language.

Pictures are to be looked at. What a program can see is checked on the way: no page is wider than its window, and
none says anything that looks like a name of a message or a variable.
"""

import os
import re
import urllib.parse

from chancery import Installation
from mails import link_in
from parties import AUDIENCE, application

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
LOOKS = {
    "phone-light": PHONE | {"color_scheme": "light"},
    "phone-dark": PHONE | {"color_scheme": "dark"},
    "desktop-light": DESKTOP | {"color_scheme": "light"},
    "desktop-dark": DESKTOP | {"color_scheme": "dark"},
    "narrow-light": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
    "phone-de": PHONE | {"locale": "de-DE"},
    "phone-es": PHONE | {"locale": "es-ES"},
    "phone-ja": PHONE | {"locale": "ja-JP"},
    "desktop-de": DESKTOP | {"locale": "de-DE"},
    "desktop-ja": DESKTOP | {"locale": "ja-JP"},
}
PASSWORD = "Correct horse 7 battery"
# Something that no text for people has.
RAW = re.compile(r"\{|\}|\$[a-z]|&#|&[a-z]+;|\b[a-z]+-(title|description|link|button|question)\b")


def take(engine, browser, folder):
    """Walks through all pages once for each look."""
    with Installation(engine, tls="dev") as it, it.serve() as server:
        app = prepare(it, server)
        for number, (name, look) in enumerate(LOOKS.items()):
            place = os.path.join(folder, name)
            os.makedirs(place, exist_ok=True)
            with browser.visitor(**look) as visitor:
                tour = Tour(it, server, visitor, place, app, f"anna.maria.schmidt.{number}@example.com")
                for part in (tour.account, tour.reset, tour.device, tour.logout, tour.one_page, tour.blocked, tour.errors):
                    part()
            print(f"{tour.taken} pictures in {place}", flush=True)


def prepare(it, server):
    """An application and a tenant that lead to every page."""
    app = application(it, server, "http://localhost:9", "RS256")
    patch = lambda path, body: server.call("PATCH", f"/api/v2/{path}", token=it.token(), body=body).expect(200)
    device = "urn:ietf:params:oauth:grant-type:device_code"
    patch(f"clients/{app['client_id']}", {"grant_types": [*app["grant_types"], device], "oidc_conformant": True})
    patch("tenants/settings", {"friendly_name": "Meadow & Co"})
    # One address walks through every look, and is wrong on purpose more often than people are.
    patch("attack-protection/suspicious-ip-throttling", {"enabled": False})
    return app


class Tour:
    """One visitor's way along all pages."""

    def __init__(self, it, server, visitor, place, app, email):
        self.it, self.server, self.page, self.place = it, server, visitor.page, place
        self.app, self.client_id, self.email = app, app["client_id"], email
        self.taken = 0

    def shot(self, name):
        wide = self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.place}/{name} is {wide} pixels too wide"
        text = self.page.locator("body").inner_text()
        found = RAW.search(text)
        assert not found, f"{self.place}/{name} says {found.group()!r}: {text}"
        self.page.screenshot(path=os.path.join(self.place, f"{name}.png"), full_page=True)
        self.taken += 1

    def starts(self, **more):
        asked = {
            "client_id": self.client_id, "response_type": "code", "redirect_uri": "http://localhost:9/callback",
            "scope": "openid profile email offline_access read:things", "audience": AUDIENCE, "prompt": "login",
        } | more
        self.page.goto(f"{self.it.issuer}authorize?{urllib.parse.urlencode(asked)}")

    def sends(self, which=0, **fields):
        for name, text in fields.items():
            self.page.locator(f"input[name={name}]").fill(text)
        with self.page.expect_navigation():
            self.page.locator("form button[type=submit]").nth(which).click()

    def follows(self, part):
        with self.page.expect_navigation():
            self.page.locator(f"a[href*='{part}']").first.click()

    def opens_mail(self, template):
        mails = [mail for mail in self.it.json("mail", "list") if mail["to"] == self.email and mail["template"] == template]
        # A link that ends in `#` would not be opened a second time.
        link = link_in(self.it.json("mail", "show", mails[0]["id"])).rstrip("#")
        self.page.goto(link)
        return link

    def account(self):
        self.starts(screen_hint="signup")
        self.shot("signup")
        self.sends(email=self.email, password="horse")
        self.shot("signup-wrong")
        self.sends(email=self.email, password=PASSWORD)
        self.shot("consent")
        self.opens_verification()
        self.starts()
        self.shot("login-identifier")
        self.sends(username="")
        self.shot("login-identifier-wrong")
        self.sends(username=self.email)
        self.shot("login-password")
        self.sends(password="wrong")
        self.shot("login-password-wrong")
        self.sends(password=PASSWORD)

    def opens_verification(self):
        link = self.opens_mail("verify_email")
        self.shot("verified")
        self.page.goto(link)
        self.shot("verification-invalid")

    def reset(self):
        self.starts()
        self.sends(username=self.email)
        self.follows("reset-password")
        self.shot("reset-request")
        self.sends(email="anna")
        self.shot("reset-request-wrong")
        self.sends(email=self.email)
        self.shot("reset-sent")
        link = self.opens_mail("reset_email")
        self.shot("reset")
        self.sends(password=PASSWORD, password_repeat="something else")
        self.shot("reset-wrong")
        self.sends(password=PASSWORD, password_repeat=PASSWORD)
        self.shot("reset-done")
        self.page.goto(link)
        self.shot("reset-invalid")

    def device(self):
        code = self.new_device()
        self.page.goto(f"{self.it.issuer}activate")
        self.shot("device")
        self.sends(user_code="BDFG-HJKL")
        self.shot("device-wrong")
        self.sends(user_code=code)
        self.shot("device-signed-out")
        self.starts()
        self.sends(username=self.email)
        self.sends(password=PASSWORD)
        self.page.goto(f"{self.it.issuer}activate?user_code={code}")
        self.shot("device-known")
        self.sends()
        self.shot("device-confirm")
        self.sends()
        self.shot("device-done")
        self.page.goto(f"{self.it.issuer}activate?user_code={self.new_device()}")
        self.sends()
        self.sends(1)
        self.shot("device-refused")

    def new_device(self):
        form = {"client_id": self.client_id, "client_secret": self.app["client_secret"], "scope": "openid profile"}
        return self.server.call("POST", "/oauth/device/code", form=form).expect(200).json()["user_code"]

    def logout(self):
        self.page.goto(f"{self.it.issuer}oidc/logout?client_id={self.client_id}")
        self.shot("logout")
        self.sends()
        self.shot("logged-out")

    def one_page(self):
        prompts = lambda first: self.server.call("PATCH", "/api/v2/prompts", token=self.it.token(),
                                                 body={"identifier_first": first}).expect(200)
        prompts(False)
        self.starts()
        self.shot("login")
        self.sends(username=self.email, password="wrong")
        self.shot("login-wrong")
        prompts(True)

    def blocked(self):
        self.starts()
        self.sends(username=self.email)
        for _ in range(10):
            self.sends(password="wrong again")
        self.shot("login-blocked")
        link = self.opens_mail("blocked_account")
        self.shot("unblocked")
        self.page.goto(link)
        self.shot("unblock-invalid")

    def errors(self):
        self.starts(redirect_uri="https://elsewhere.example/callback")
        self.shot("error-request")
        self.page.goto(f"{self.it.issuer}u/login/identifier?state=long-ago")
        self.shot("error-expired")
        self.page.goto(f"{self.it.issuer}u/nothing")
        self.shot("error-missing")
