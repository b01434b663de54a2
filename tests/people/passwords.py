"""Somebody who forgot a password: the pages send a mail, its link sets a new one, and the old one is worthless."""

from journey import PASSWORD
from mails import link_in, newest_to
from parties import KINDS
from suite import equal

NEW = "Another horse 8 battery"


def tests(cache):
    yield "a forgotten password is reset by mail, once; the old one and its sessions end", forgotten, cache


def forgotten(it, server, browser, cache):
    with KINDS["Authlib (Python)"].start(cache, it, server, "RS256") as party, browser.visitor() as visitor:
        email = "noa@people.example"
        # Identifier and password on one page.
        server.call("PATCH", "/api/v2/prompts", token=it.token("update:prompts"), body={"identifier_first": False}).expect(200)
        account = {"email": email, "password": PASSWORD, "connection": "Username-Password-Authentication"}
        user = server.call("POST", "/api/v2/users", token=it.token(), body=account).expect(201).json()

        def tries(password):
            visitor.opens(party.at("/login"))
            visitor.sees("Welcome")
            visitor.fills(Email_address=email, Password=password)
            visitor.presses("Continue")

        tries(PASSWORD)
        visitor.sees("Authorize Garden Shop")
        visitor.presses("Accept")
        equal(visitor.arrives(party.at("/callback"))["claims"]["sub"], user["user_id"])

        visitor.opens(party.at("/login?prompt=login"))
        visitor.follows("Forgot password?")
        visitor.sees("Forgot your password?")
        visitor.fills(Email_address=email)
        visitor.presses("Continue")
        visitor.sees("Check your email", email)

        link = link_in(newest_to(it, email, "password"))
        with browser.visitor() as elsewhere:
            elsewhere.opens(link)
            elsewhere.sees("Change your password", "at least 8 characters")
            elsewhere.fills(New_password=NEW, Repeat_the_new_password="something else 9 A")
            elsewhere.presses("Reset password")
            elsewhere.sees("Change your password", "The two passwords are not the same.")
            elsewhere.fills(New_password=NEW, Repeat_the_new_password=NEW)
            elsewhere.presses("Reset password")
            elsewhere.sees("Password changed")
            elsewhere.opens(link)
            elsewhere.sees("This link is not valid")

        visitor.opens(party.at("/login?prompt=none"))
        equal(visitor.arrives(party.at("/callback"))["error"], "login_required", "the session from before")
        equal(party.asks("/refresh?with=0")["error"], "invalid_grant", "the refresh token from before")
        tries(PASSWORD)
        visitor.sees("Welcome", "Wrong email or password.")
        tries(NEW)
        claims = visitor.arrives(party.at("/callback"))["claims"]
        equal((claims["sub"], claims["email_verified"]), (user["user_id"], True), "the user, whose address is proved")
