"""One person's way through a relying party, from the first visit to the last, with new signing keys in between.

Each step compares the whole of what the relying party's own library verified.
"""

import time

from chancery import key_in
from mails import link_in, newest_to
from parties import AUDIENCE, KINDS
from suite import equal

PASSWORD = "Correct horse 7 battery"
SCOPE = "openid profile email offline_access read:things"
SIGNED_OUT = {"error": "login_required", "error_description": "Login required"}
REFUSED = {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}


def tests(cache):
    """Both relying parties, each with both algorithms; each way of signing out is used by both."""
    for kind, program in KINDS.items():
        for alg, logout in (("RS256", "/logout"), ("HS256", "/v2/logout")):
            sentence = f"from signup to logout at {kind} with {alg} ID tokens and new signing keys in between"
            yield sentence, journey, cache, program, alg, logout


def journey(it, server, browser, cache, program, alg, logout):
    with program.start(cache, it, server, alg) as party, browser.visitor() as visitor:
        person = Person(it, party, visitor, f"mia.{alg.lower()}@{program.folder}.example")
        before = key_in(it.json("keys", "list"), "current")["kid"]

        first = person.signs_up(before)
        person.proves_the_address()
        second = person.logs_in(first, before)
        third = person.refreshes(second, before)

        coming = key_in(it.json("keys", "list"), "next")["kid"]
        server.rotate(it.token("create:signing_keys", "update:signing_keys")).expect(201)
        equal(party.asks("/verify"), [person.signatures(before)] * 3, "old tokens after the rotate")
        person.refreshes(third, coming)
        equal(party.asks("/refresh?with=1"), REFUSED, "a refresh token that was used")
        equal(party.asks("/refresh?with=3"), REFUSED, "the youngest of its family, after that")

        person.comes_back_silently(second, coming)
        equal(party.asks("/verify"), [person.signatures(before)] * 3 + [person.signatures(coming)] * 2, "all tokens")
        person.signs_out(logout)


class Person:
    """Somebody who uses a relying party, and what is known of them so far."""

    def __init__(self, it, party, visitor, email):
        self.it, self.party, self.visitor, self.email = it, party, visitor, email
        self.verified = False
        self.nonces = set()

    def signs_up(self, kid):
        self.visitor.opens(self.party.at("/login?screen_hint=signup"))
        self.visitor.sees("Create your account", "Garden Shop")
        self.visitor.fills(Email_address=self.email, Password=PASSWORD)
        self.visitor.presses("Continue")
        self.visitor.sees("Authorize Garden Shop", self.email, "Read your things")
        self.visitor.presses("Accept")
        return self.has_logged_in(kid)

    def proves_the_address(self):
        link = link_in(newest_to(self.it, self.email, "Confirm your email address"))
        self.visitor.opens(link)
        self.visitor.sees("Email verified")
        self.visitor.opens("about:blank")
        self.visitor.opens(link)
        self.visitor.sees("Email not verified", "This link is not valid or has expired.")
        self.verified = True

    def logs_in(self, before, kid):
        self.visitor.opens(self.party.at("/login?prompt=login"))
        self.visitor.sees("Welcome")
        self.visitor.fills(Email_address=self.email)
        self.visitor.presses("Continue")
        self.visitor.sees("Enter your password")
        self.visitor.fills(Password="Incorrect horse 7 battery")
        self.visitor.presses("Continue")
        self.visitor.sees("Enter your password", "Wrong email or password.")
        self.visitor.fills(Password=PASSWORD)
        self.visitor.presses("Continue")
        now = self.has_logged_in(kid)
        equal(now["claims"]["sub"], before["claims"]["sub"], "the user")
        return now

    def comes_back_silently(self, before, kid):
        self.visitor.opens(self.party.at("/login?prompt=none"))
        now = self.has_logged_in(kid)
        same = ("sub", "sid")
        equal([now["claims"][name] for name in same], [before["claims"][name] for name in same], "user and session")

    def refreshes(self, before, kid):
        now = self.party.asks("/refresh?with=-1")
        self.has_tokens(now, kid, {}, {"gty": "refresh_token"})
        same = ("sub", "sid")
        equal([now["claims"][name] for name in same], [before["claims"][name] for name in same], "user and session")
        assert now["refresh_token"] != before["refresh_token"], "the refresh token did not rotate"
        return now

    def signs_out(self, way):
        self.visitor.opens(self.party.at(way))
        told = {"state": "bye"} if way == "/logout" else {}
        left = self.visitor.arrives(self.party.at("/signed-out"))
        equal(left, {"signed_out": told}, "after the logout")
        self.visitor.opens(self.party.at("/login?prompt=none"))
        equal(self.visitor.arrives(self.party.at("/callback")), SIGNED_OUT, "silently, after the logout")
        self.visitor.opens(self.party.at("/login"))
        self.visitor.sees("Welcome")

    def has_logged_in(self, kid):
        now = self.visitor.arrives(self.party.at("/callback"))
        nonce = now.pop("nonce")
        assert nonce not in self.nonces, "the relying party used a nonce twice"
        self.nonces.add(nonce)
        self.has_tokens(now, kid, {"nonce": nonce}, {})
        return now

    def signatures(self, kid):
        """The headers of an ID token and an access token that are signed with a key."""
        key = {"alg": "RS256", "typ": "JWT", "kid": kid}
        return {"id_token": key if self.party.alg == "RS256" else {"alg": "HS256", "typ": "JWT"}, "access_token": key}

    def has_tokens(self, found, kid, more, more_access):
        """Compares all that an answer of the token endpoint holds."""
        claims, access = found.get("claims", {}), found.get("access_claims", {})
        issued, issuer, user = claims.get("iat", 0), self.it.issuer, claims.get("sub", "")
        assert abs(time.time() - issued) < 60 and user.startswith("auth0|") and claims.get("sid"), found
        equal(found, {
            "claims": {
                "iss": issuer, "aud": self.party.client_id, "sub": user, "sid": claims.get("sid"),
                "iat": issued, "exp": issued + 36000,
                "name": self.email, "nickname": self.email.split("@")[0], "updated_at": claims.get("updated_at"),
                "email": self.email, "email_verified": self.verified, **more,
            },
            "access_claims": {
                "iss": issuer, "aud": [AUDIENCE, f"{issuer}userinfo"], "sub": user, "azp": self.party.client_id,
                "iat": issued, "exp": issued + 86400, "jti": access.get("jti"), "scope": SCOPE, **more_access,
            },
            "scope": SCOPE,
            "refresh_token": found.get("refresh_token"),
            "verified": self.signatures(kid),
        })
        assert access["jti"] and claims["updated_at"] and found["refresh_token"], found
        profile = {name: claims[name] for name in
                   ("sub", "name", "nickname", "updated_at", "email", "email_verified")}
        equal(self.party.asks("/userinfo"), profile, "the answer of /userinfo")
