"""What each role finds in the Dashboard, what it may do there, and that all else is refused and changes nothing."""

import contextlib
import html
import re
import urllib.parse

from desk import APART, PASSWORD, certificate, furnish, invited, shape_of
from suite import equal

# What a form is about, by its address; the first that fits counts.
ABOUT = (
    (r"/dashboard/(logout|token|account/)", "everybody"),
    (r"/dashboard/applications/one/connections", "admin"),
    (r"/dashboard/(applications|apis)\b", "applications"),
    (r"/dashboard/(users|roles)\b", "users"),
    (r"/dashboard/(settings/(signing|connection)-keys|connections/[^/]+/keys)\b", "keys"),
    (r"/dashboard/", "admin"),
)
# Who does what is about each of these.
DOERS = {"applications": "editor_applications", "users": "editor_users", "keys": "editor_keys", "admin": "admin"}
ROLES = ("admin", "viewer", "editor_applications", "editor_users", "editor_keys")
MEMBERS = "/dashboard/settings/members"
PLANTS = {"api": "https://plants.example/", "permission": "read:plants"}
# What can be done: the page, the end of the form's address if it is another, and what is filled in; nothing is unticked.
DEEDS = (
    ("applications/new", "", {"name": "New"}),
    ("applications/{app}", "", {"description": "New"}),
    ("applications/{app}/metadata", "", {"client_metadata": "a = b"}),
    ("applications/{app}/oauth", "", {"is_first_party": ""}),
    ("applications/{app}/credentials/new", "", {"name": "Key", "pem": "{pem}"}),
    ("applications/{app}/credentials", "/method", {"method": "none"}),
    ("applications/{app}/addons/wsfed", "/switch", {"on": "true"}),
    ("applications/{app}/addons/wsfed/json", "", {"addons.wsfed": '{{"audience": "urn:new"}}'}),
    ("applications/{app}/apis/{api}/client", "", {"all": "true"}),
    ("applications/{app}/apis/{api}/client/remove", "", {}),
    ("applications/{app}/rotate-secret", "", {}),
    ("applications/{app}/connections", "", {"on": "{saml}"}),
    ("applications/{app}/delete", "", {}),
    ("apis/new", "", {"name": "New", "identifier": "urn:new"}),
    ("apis/{api}", "", {"name": "New"}),
    ("apis/{api}/permissions", "", {"value": "write:plants"}),
    ("apis/{api}/permissions/remove?value=write:plants", "", {}),
    ("apis/{signed}/delete", "", {}),
    ("users/new", "", {"email": "ben@example.com", "password": PASSWORD}),
    ("users/{user}", "", {"nickname": "Anni"}),
    ("users/{user}/metadata", "", {"user_metadata": '{{"a": 1}}'}),
    ("users/{user}/devices", "", {"do": "token"}),
    ("users/{user}/devices/end", "", {}),
    ("users/{user}/password", "", {"password": PASSWORD + "!"}),
    ("users/{user}/link", "", {"kind": "password"}),
    ("users/{user}/block", "", {}),
    ("users/{user}/permissions", "", PLANTS | {"do": "add"}),
    ("users/{user}/roles", "", {"role": "{role}", "do": "remove"}),
    ("roles/new", "", {"name": "New"}),
    ("roles/{role}", "", {"name": "Other"}),
    ("roles/{role}/permissions", "", PLANTS | {"do": "remove"}),
    ("roles/{role}/users", "", {"user": "anna@example.com", "do": "add"}),
    ("roles/{role}/delete", "", {}),
    ("users/{user}/delete", "", {}),
    ("settings/signing-keys/rotate", "", {}),
    ("settings/signing-keys/rotate-and-revoke", "", {}),
    ("settings/signing-keys/{key}/revoke", "", {}),
    ("settings/connection-keys/rotate", "", {}),
    ("settings/connection-keys/{connection_key}/revoke", "", {}),
    ("connections/{okta}/keys/rotate", "", {}),
    ("connections/{oidc}", "/keys", {}),
    ("connections/new", "", {"name": "new"}),
    ("connections/new/github", "", {"options.client_id": "a", "options.client_secret": "b"}),
    ("connections/{saml}", "", {"options.entityId": "urn:new"}),
    ("connections/{saml}/login-experience", "", {"display_name": "New"}),
    ("connections/{saml}/applications", "", {"client": "{machine}", "status": "true"}),
    ("connections/{database}/identifiers", "", {}),
    ("connections/{saml}/delete", "", {}),
    ("branding", "", {"colors.primary": "#112233"}),
    ("branding/theme", "/new", {}),
    ("branding/theme", "", {"colors.primary_button": "#445566"}),
    ("branding/theme/delete", "", {}),
    ("branding/texts?prompt=login", "", {"login.title": "New"}),
    ("branding/login", "", {"identifier_first": "false"}),
    ("branding/mails/welcome_email", "", {"enabled": "true"}),
    ("branding/provider", "", {"credentials.smtp_host": "a.example"}),
    ("branding/provider", "", {"credentials.smtp_host": "b.example"}),
    ("branding/provider/delete", "", {}),
    ("settings", "", {"friendly_name": "New"}),
    ("settings/advanced", "", {"session_lifetime": "10"}),
    ("settings/advanced", "/switch", {"on": "false"}),
    ("settings/members", "/invite", {"email": "new@example.com"}),
    ("settings/members", "/withdraw", {}),
    ("settings/members", "/{viewer}/role", {"role": "editor_users"}),
    ("settings/members/{viewer}/remove", "", {}),
)
# The same for what changes nothing: it shows a secret, or goes to a provider.
REVELATIONS = (
    ("applications/{app}", "/secret", {}),
    ("apis/{signed}", "/secret", {}),
    ("connections/{okta}", "/secret", {}),
    ("connections/{okta}", "/try", {}),
)
# Everything that a deed could change.
TABLES = {
    "clients": "client_id name document updated_at", "client_credentials": "id document updated_at",
    "client_grants": "id document updated_at", "resource_servers": "id document updated_at",
    "users": "user_id email blocked updated_at", "database_accounts": "identity_id password",
    "roles": "id name description", "role_permissions": "role_id audience permission", "user_roles": "user_id role_id",
    "user_permissions": "user_id audience permission", "tickets": "kind user_id expires_at", "sessions": "id",
    "refresh_tokens": "id",
    "connections": "id name document updated_at", "connection_clients": "connection_id client_id",
    "tenants": "settings", "tenant_documents": "kind name document updated_at", "administrators": "user_id role",
    "administrator_invitations": "id", "signing_keys": "kid place", "connection_keys": "owner kid place",
}
TEXT = "COALESCE(CAST({} AS TEXT), '')"
STATE = " UNION ALL ".join(f"SELECT '{table}', " + " || ' ' || ".join(map(TEXT.format, names.split())) + f" FROM {table}"
                           for table, names in TABLES.items())
# A page as its links, and as its forms that have a button: where they lead and what is in them.
LOOK = """async path => {
    const answer = await fetch(path), page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const at = address => new URL(address || path, location.origin + path);
    const sent = [...page.querySelectorAll('form[method=post]')].filter(one => one.querySelector('button'));
    return {
        status: answer.status, url: answer.url,
        links: [...page.querySelectorAll('a[href]')].map(one => at(one.getAttribute('href'))).filter(
            one => one.origin === location.origin).map(one => one.pathname + one.search),
        forms: sent.map(one => [at(one.getAttribute('action')), one]).map(
            ([to, one]) => [to.pathname + to.search, [...new FormData(one)]]),
        name: page.querySelector('form strong.id')?.textContent,
    };
}"""


def about(form):
    return next(what for where, what in ABOUT if re.match(where, form))


def tour(visitor):
    """Every kind of page that links lead to, with its status; and the kinds of forms that can be sent."""
    pages, forms, waiting = {}, set(), {"/dashboard": "/dashboard"}
    while waiting:
        found = visitor.page.evaluate(f"paths => Promise.all(paths.map({LOOK}))", [*waiting.values()])
        pages |= {shape: page["status"] for shape, page in zip(waiting, found)}
        forms |= {shape_of(where) for page in found for where, _ in page["forms"]}
        links = [one for page in found for one in page["links"] if one.startswith("/dashboard") and not APART.search(one)]
        waiting = {shape_of(one): one for one in reversed(links) if shape_of(one) not in pages}
    return pages, forms


def things(it, server):
    """What `furnish` makes, and more to be changed or taken away; by short names, as parts of addresses."""
    it.no_rotation_limit()
    made, token = furnish(it, server), it.token()
    call = lambda method, path, body=None: server.call(method, f"/api/v2{path}", token=token, body=body)
    rotated = lambda path: next(key["kid"] for key in call("GET", path).expect(200).json() if key.get("previous"))
    signed = {"name": "Signed", "identifier": "urn:signed", "signing_alg": "HS256"}
    for path in ("/keys/signing", "/keys/connection"):
        call("POST", f"{path}/rotate", {}).expect(201)
    realm = "http://auth0.com/oauth/grant-type/password-realm"
    client = call("POST", "/clients", {"name": "Phone", "app_type": "native", "token_endpoint_auth_method": "none",
                                       "grant_types": [realm, "refresh_token"]}).expect(201).json()
    form = {"grant_type": realm, "realm": "Username-Password-Authentication", "client_id": client["client_id"],
            "username": "anna@example.com", "password": PASSWORD, "scope": "openid offline_access"}
    for _ in range(2):
        server.call("POST", "/oauth/token", form=form).expect(200)
    return {
        "app": made["clients"]["RS256"]["client_id"], "machine": made["machine"]["client_id"], "api": made["api"]["id"],
        "signed": call("POST", "/resource-servers", signed).expect(201).json()["id"],
        "user": made["user"]["user_id"].replace("|", "%7C"), "role": made["role"]["id"],
        "okta": made["connections"]["okta"]["id"], "oidc": made["connections"]["oidc"]["id"],
        "saml": made["connections"]["samlp"]["id"], "database": call("GET", "/connections?strategy=auth0").json()[0]["id"],
        "key": rotated("/keys/signing"), "connection_key": rotated("/keys/connection"), "pem": certificate(9)[0],
    }


def signs_in_unseen(visitor, link, email):
    """Goes the way of an invitation without showing its pages, which takes time."""
    request = visitor.context.request
    answer = request.get(link)
    account = {"email": email, "password": PASSWORD, "password_repeat": PASSWORD}
    for filled in (account, {"username": email}, {"password": PASSWORD}):
        form = re.search(r'<form method="post" action="([^"]+)" novalidate.*?</form>', answer.text(), re.S)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
        answer = request.post(urllib.parse.urljoin(answer.url, html.unescape(form[1])), form=hidden | filled)


class Staff:
    """One administrator of each role, all of them signed in."""

    def __init__(self, it, browser, stack):
        self.base = it.issuer.rstrip("/")
        self.people = {role: stack.enter_context(browser.visitor()) for role in ROLES}
        for role, visitor in self.people.items():
            signs_in_unseen(visitor, invited(it, f"{role}@example.com", role), f"{role}@example.com")
            visitor.opens(f"{it.issuer}dashboard")
        self.proofs = {role: dict(self.sees(role, "/dashboard")["forms"][0][1])["csrf"] for role in ROLES}

    def sees(self, role, path):
        return self.people[role].page.evaluate(LOOK, path)

    def form(self, page, to, filled):
        """A form as the Admin finds it, filled in: where it leads and what is in it."""
        found = self.sees("admin", f"/dashboard/{page}")
        end = to or f"/dashboard/{page}".split("?")[0]
        where, fields = next(one for one in found["forms"] if one[0].split("?")[0].endswith(end))
        filled = filled | ({"confirm": found["name"]} if found["name"] else {})
        return where, [pair for pair in fields if pair[0] not in (*filled, "csrf")] + [*filled.items()]

    def sends(self, role, where, fields):
        """Somebody sends a form, with a proof of their own."""
        return self.people[role].context.request.post(
            self.base + where, data=urllib.parse.urlencode([("csrf", self.proofs[role]), *fields]), max_redirects=0,
            headers={"content-type": "application/x-www-form-urlencoded"})


def test_each_role_may_do_what_it_says_and_no_more(engine, browser):
    from chancery import Installation
    with contextlib.ExitStack() as stack:
        it = stack.enter_context(Installation(engine, tls="dev"))
        it.init()
        server = stack.enter_context(it.serve())
        named, staff = things(it, server), Staff(it, browser, stack)
        named["viewer"] = it.rows("SELECT user_id FROM administrators WHERE role = 'viewer'")[0][0].replace("|", "%7C")
        has_what_it_says(staff)
        state = lambda: sorted(it.rows(STATE))
        before = state()
        for page, to, filled in (*REVELATIONS, *DEEDS):
            where, fields = staff.form(page.format(**named), to.format(**named),
                                       {name: value.format(**named) for name, value in filled.items()})
            doer = DOERS[about(shape_of(where))]
            for role in ROLES:
                if role not in (doer, "admin"):
                    is_refused(staff.sends(role, where, fields), where, role)
            equal(state(), before, f"after {where} was refused")
            answer, after = staff.sends(doer, where, fields), state()
            assert answer.status in (200, 303, 307), (doer, where, answer.status, main_of(answer))
            assert (after == before) == ((page, to, filled) in REVELATIONS), f"{where} by {doer} changed {after != before}"
            before = after
    return f"{len(REVELATIONS) + len(DEEDS)} deeds"


def main_of(answer):
    return answer.text().split("<main")[-1][:1500]


def is_refused(answer, where, role):
    said = "Your role does not allow this" in answer.text()
    assert answer.status == 403 and said, (role, where, answer.status, main_of(answer))


def has_what_it_says(staff):
    """Everybody sees all but the members; a form has a button for those whose role lets them send it."""
    pages, forms = tour(staff.people["admin"])
    assert set(pages.values()) == {200}, pages
    for role in ROLES[1:]:
        own = {"everybody"} | {what for what, doer in DOERS.items() if doer == role}
        seen, offered = tour(staff.people[role])
        assert {path for path, status in seen.items() if status != 200} == {MEMBERS} and seen[MEMBERS] == 403, seen
        equal(offered, {form for form in forms if about(form) in own}, f"forms of {role}")
        assert set(seen) <= set(pages), (role, set(seen) - set(pages))
