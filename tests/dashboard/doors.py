"""Who gets in, and what is refused to everybody else."""

import re
import urllib.parse

from desk import PASSWORD, accepts, administrator, invited, signs_in
from suite import contains, equal

HOME = "dashboard/settings/signing-keys"


def test_the_link_of_the_first_start_makes_the_first_administrator_once(engine, browser):
    from chancery import Installation
    with Installation(engine, tls="dev") as it, it.serve() as server, browser.visitor() as visitor:
        link = re.search(r"https?://\S+/dashboard/setup\?ticket=\S+", open(server.output).read()).group()
        visitor.opens(link)
        visitor.page.fill("input[name=email]", "grace@example.com")
        visitor.page.fill("input[name=password]", "short")
        visitor.page.fill("input[name=password_repeat]", "short")
        visitor.presses("Make my account")
        visitor.sees("Make your account")
        assert visitor.page.locator("[role=alert]").inner_text().strip()
        accepts(visitor, link, "grace@example.com")
        signs_in(visitor, "grace@example.com")
        visitor.sees("Passkeys", "Add a passkey")
        visitor.follows("Not now")
        visitor.sees("Getting started")
        visitor.opens(link)
        visitor.sees("This invitation is no longer good")


def authenticator(visitor):
    """A device with a fingerprint sensor, and a finger on it."""
    devices = visitor.context.new_cdp_session(visitor.page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}
    made = devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devices, made["authenticatorId"]


def test_a_passkey_signs_in_once_for_each_login_until_it_is_removed(engine, browser):
    from chancery import Installation
    # Chromium makes no passkeys where it does not trust the certificate.
    with Installation(engine) as it, it.serve() as server, browser.visitor() as visitor:
        it.init()
        page = visitor.page
        device, place = authenticator(visitor)
        administrator(it, visitor, "key@example.com", "viewer")
        visitor.sees("Passkeys", "None yet")
        visitor.fills(Name="Desk")
        visitor.presses("Add a passkey")
        visitor.page.get_by_text("The passkey was added.").wait_for()
        visitor.sees("Passkeys", "Desk")
        page.fill("input[name=name]", "Twice")
        visitor.presses("Add a passkey")
        page.get_by_text("This device has a passkey of yours already.").wait_for()
        sent = []
        page.on("request", lambda one: sent.append(one) if one.url.split("?")[0].endswith("/u/login/passkey") else None)
        for _ in range(2):
            leaves(visitor, "Sign out")
            visitor.opens(f"{it.issuer}dashboard")
            visitor.presses("Continue with a passkey")
            page.wait_for_url("**/dashboard**")
            visitor.sees("Getting started")
        log = server.get("/api/v2/logs?q=type:s&sort=date:-1&per_page=1", token=it.token()).expect(200).json()
        equal(log[0]["user_name"], "key@example.com", "whose login is in the log")
        # What was said for one login is worth nothing for another.
        leaves(visitor, "Sign out")
        visitor.opens(f"{it.issuer}dashboard")
        old = urllib.parse.parse_qs(sent[-1].post_data)["credential"][0]
        page.evaluate("""(old) => {
            const form = document.querySelector("form[data-passkey]");
            form.elements.credential.value = old;
            form.submit();
        }""", old)
        page.get_by_text("The passkey was not accepted.").wait_for()
        why = server.get("/api/v2/logs?q=type:f&sort=date:-1&per_page=1", token=it.token()).expect(200).json()
        contains(str(why[0]["details"]), "challenge")
        visitor.presses("Continue with a passkey")
        page.wait_for_url("**/dashboard**")
        # Removed here, it is still on the device.
        visitor.opens(f"{it.issuer}dashboard/account/passkeys")
        page.get_by_role("link", name="Remove Desk").click()
        visitor.presses("Remove passkey")
        page.get_by_text("Nothing was done: type the name of the passkey").wait_for()
        page.fill("input[name=confirm]", "Desk")
        visitor.presses("Remove passkey")
        page.get_by_text("The passkey was removed.").wait_for()
        equal(len(device.send("WebAuthn.getCredentials", {"authenticatorId": place})["credentials"]), 1, "keys on the device")
        leaves(visitor, "Sign out")
        visitor.opens(f"{it.issuer}dashboard")
        visitor.presses("Continue with a passkey")
        page.get_by_text("The passkey was not accepted.").wait_for()


def test_a_lost_session_returns_to_the_same_page_after_the_login(it, server, browser):
    with browser.visitor() as visitor:
        administrator(it, visitor, "lost@example.com")
        visitor.context.clear_cookies()
        visitor.opens(f"{it.issuer}{HOME}")
        signs_in(visitor, "lost@example.com")
        visitor.sees("Signing Keys")
        assert visitor.page.url == f"{it.issuer}{HOME}"


def test_signing_out_everywhere_ends_every_session_and_signing_out_ends_one(it, server, browser):
    with browser.visitor() as one, browser.visitor() as other:
        administrator(it, one, "twice@example.com")
        other.opens(f"{it.issuer}dashboard")
        signs_in(other, "twice@example.com")
        leaves(one, "Sign out")
        other.opens(f"{it.issuer}{HOME}")
        other.sees("Signing Keys")
        one.opens(f"{it.issuer}dashboard")
        signs_in(one, "twice@example.com")
        leaves(one, "Sign out everywhere")
        for visitor in (one, other):
            visitor.opens(f"{it.issuer}dashboard")
            visitor.page.wait_for_url("**/u/login**")


def leaves(visitor, button):
    visitor.page.locator("summary[aria-label^='Account']").click()
    visitor.presses(button)
    visitor.sees("You are signed out")


def test_a_user_of_the_tenant_cannot_sign_in_to_the_dashboard(it, server, browser):
    server.call("POST", "/api/v2/users", token=it.token(), body={
        "connection": "Username-Password-Authentication", "email": "user@example.com", "password": PASSWORD}).expect(201)
    with browser.visitor() as visitor:
        visitor.opens(f"{it.issuer}dashboard")
        visitor.page.fill("input[name=username]", "user@example.com")
        if visitor.page.locator("input[name=password]").count() == 0:
            visitor.page.click("button[type=submit]")
        visitor.page.fill("input[name=password]", PASSWORD)
        visitor.page.click("button[type=submit]")
        assert visitor.page.url.startswith(f"{it.issuer}u/login"), visitor.page.url
        visitor.page.get_by_text("Wrong email or password").wait_for()


def form_of(visitor, url):
    visitor.opens(url)
    hidden = visitor.page.eval_on_selector_all(
        "main form input[type=hidden]", "all => all.map(one => [one.name, one.value])")
    return dict(hidden)


def test_a_form_without_its_proof_or_with_that_of_somebody_else_changes_nothing(it, server, browser):
    with browser.visitor() as one, browser.visitor() as other:
        administrator(it, one, "proof@example.com")
        administrator(it, other, "other@example.com")
        url = f"{it.issuer}{HOME}/rotate"
        form, foreign = form_of(one, url), form_of(other, url)
        before = server.jwks()
        for sent in (form | {"csrf": ""}, form | {"csrf": foreign["csrf"]}, form | {"csrf": "AAAA"},
                     {name: value for name, value in form.items() if name != "csrf"}):
            answer = one.context.request.post(url, form=sent)
            assert answer.status == 403, (sent, answer.status)
        assert server.jwks() == before
        # The very form works.
        assert one.context.request.post(url, form=form).status == 200
        assert server.jwks() != before


def test_nobody_without_a_session_gets_anything(it, server, browser):
    for method, path in (("GET", "/dashboard"), ("GET", f"/{HOME}"), ("POST", f"/{HOME}/rotate"),
                         ("POST", "/dashboard/token"), ("GET", "/dashboard/users?q=x")):
        answer = server.call(method, path, form={} if method == "POST" else None)
        assert answer.status == 303, (method, path, answer.status)
        assert answer.headers["location"].startswith("/dashboard/login?to=%2Fdashboard"), answer.headers["location"]


def test_the_way_back_never_leads_to_another_site(it, server, browser):
    for number, to in enumerate(("https://evil.example/", "//evil.example", "/dashboard/../../evil", "/\\evil.example")):
        with browser.visitor() as visitor:
            email = f"way{number}@example.com"
            accepts(visitor, invited(it, email))
            visitor.opens(f"{it.issuer}dashboard/login?to={urllib.parse.quote(to, safe='')}")
            signs_in(visitor, email)
            assert visitor.page.url.startswith(it.issuer), visitor.page.url


def test_two_administrators_who_edit_the_same_thing_are_told(it, server, browser):
    token = it.token()
    with browser.visitor() as one, browser.visitor() as other:
        administrator(it, one, "first@example.com")
        administrator(it, other, "second@example.com")
        page = f"{it.issuer}dashboard/settings"
        one.opens(page)
        other.opens(page)
        for visitor, name in ((one, "Meadow"), (other, "Orchard")):
            visitor.page.fill("input[name=friendly_name]", name)
            visitor.presses("Save changes")
            visitor.page.wait_for_load_state()
        assert "Somebody changed this while you were editing it" in other.text, other.text
        assert "Stored now: Meadow" in other.text, other.text
        stored = lambda: server.get("/api/v2/tenants/settings", token=token).expect(200).json()["friendly_name"]
        assert stored() == "Meadow"
        other.presses("Save changes")
        other.page.locator("[role=status]").first.wait_for()
        assert stored() == "Orchard"


def test_two_administrators_who_change_the_same_role_are_told(it, browser):
    with browser.visitor() as one, browser.visitor() as other, browser.visitor() as third:
        administrator(it, one, "mover@example.com")
        administrator(it, other, "shaker@example.com")
        administrator(it, third, "moved@example.com", "viewer")
        for visitor in (one, other):
            visitor.opens(f"{it.issuer}dashboard/settings/members")
        row = lambda visitor: visitor.page.locator("tr", has_text="moved@example.com")
        for visitor, role in ((one, "editor_keys"), (other, "admin")):
            row(visitor).locator("select").select_option(role)
            row(visitor).get_by_role("button", name="Change").click()
            visitor.page.wait_for_load_state()
        one.page.get_by_text("The role was changed.").wait_for()
        other.page.get_by_text("Somebody changed this role while you were looking at it").wait_for()
        equal(row(other).locator("select").input_value(), "editor_keys", "the role that is shown now")


def test_two_administrators_who_name_the_same_permission_are_told(it, server, browser, made):
    page = f"{it.issuer}dashboard/apis/{made['api']['id']}/permissions"
    stored = lambda: {scope["value"]: scope["description"] for scope in server.get(
        f"/api/v2/resource-servers/{made['api']['id']}", token=it.token()).expect(200).json()["scopes"]}
    with browser.visitor() as one, browser.visitor() as other:
        for visitor, email in ((one, "namer@example.com"), (other, "renamer@example.com")):
            administrator(it, visitor, email)
            visitor.opens(page)
        for visitor, text in ((one, "Theirs"), (other, "Ours")):
            visitor.fills(**{"Permission_(scope)": "write:beds", "Description": text})
            visitor.presses("Add")
            visitor.page.wait_for_load_state()
        one.page.get_by_text("The permission was added.").wait_for()
        other.page.get_by_text("Somebody changed the permissions since you opened this page").wait_for()
        equal(stored()["write:beds"], "Theirs", "what the first has written")
        other.presses("Add")
        other.page.get_by_text("The permission is described anew.").wait_for()
        equal(stored()["write:beds"], "Ours", "what the second has insisted on")
        other.page.get_by_role("link", name="Remove write:beds").click()
        other.presses("Remove permission")
        other.page.get_by_text("Nothing was done: type the permission").wait_for()
        other.page.fill("input[name=confirm]", "write:beds")
        other.presses("Remove permission")
        other.page.get_by_text("The permission was removed.").wait_for()
        assert "write:beds" not in stored()
