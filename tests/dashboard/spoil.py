"""Markup in every text that is stored. What the server takes of it has to be shown on some page, as the text that it is."""

import json
import re
import urllib.parse

from desk import PASSWORD, certificate, enters, shape_of
from doors import authenticator

MARK = "alert(1)"
DATABASE = "Username-Password-Authentication"
AUDIENCE = "https://plants.example/"
# Whatever could run: a picture that was written, a handler, an address that is a program, a script of somebody else's.
ALIVE = """[...document.querySelectorAll('*')].filter(one =>
    one.matches("img[src=x], img[src='x/onerror=alert(1)'], script:not([src^='/u/assets/'])")
    || [...one.attributes].some(own => own.name.startsWith('on') || /^\\s*(javascript|data):/i.test(own.value)))
    .map(one => one.outerHTML)"""
SHOWN = """[document.body.textContent, ...[...document.querySelectorAll(
    'input:not([type=hidden]), textarea, select')].map(one => one.value)].join('\\n')"""


def nasty(name):
    return f"{name}\"'><img src=x onerror={MARK}>"


def tight(name):
    """The same where no spaces are taken."""
    return nasty(name).replace(" ", "/")


def quoted(name):
    """The same where no tags are taken."""
    return f"{name}\"' onfocus={MARK} autofocus x=\"'"


def scope(name):
    """The same where no quotes are taken."""
    return tight(name).replace('"', "")


def address(name):
    return f"https://{name}.example/{tight('')}"


def texts_in(value):
    """The nasty texts of a body, the names of its members included."""
    if isinstance(value, dict):
        return texts_in([*value.keys(), *value.values()])
    if isinstance(value, list):
        return {text for one in value for text in texts_in(one)}
    return {value} if isinstance(value, str) and MARK in value else set()


def harmless(visitor):
    """Nothing that was stored has become markup."""
    alive = visitor.page.evaluate(ALIVE)
    assert not alive, (visitor.page.url, alive)


class Spoiler:
    """Sends what is nasty; knows what was stored and was not seen yet."""

    def __init__(self, it, server, made):
        self.it, self.server, self.made, self.token = it, server, made, it.token()
        # What was not seen yet, and the pages of what is nasty itself.
        self.unseen, self.own = set(), []

    def call(self, method, path, body=None):
        return self.server.call(method, f"/api/v2{path}", token=self.token, body=body)

    def puts(self, method, path, body):
        """Something that is taken."""
        answer = self.call(method, path, body)
        assert answer.status < 300, (method, path, body, answer.text)
        self.unseen |= texts_in(body)
        return json.loads(answer.text or "null")

    def refuses(self, path, *bodies, method="PATCH"):
        """What is not taken."""
        for body in bodies:
            answer = self.call(method, path, body)
            assert answer.status == 400, (path, body, answer.status, answer.text)

    def looks(self, visitor):
        """At a page. JSON writes quotes in its own way."""
        harmless(visitor)
        text = visitor.page.evaluate(SHOWN)
        self.unseen = {one for one in self.unseen if one not in text and json.dumps(one)[1:-1] not in text}

    def starts(self):
        """Where to begin: what is nasty itself, so that it stands for its kind; one entry of the log of each kind; and the
        lists when somebody searches."""
        log = sorted(self.call("GET", "/logs?per_page=100").json(), key=lambda entry: MARK in str(entry))
        entries = {entry["type"]: entry for entry in log}
        lists = ("applications", "connections", "connections/social", "connections/enterprise", "users", "roles", "logs")
        self.unseen |= {nasty(one) for one in lists} | texts_in([*entries.values()])
        self.own += [f"/dashboard/logs/{entry['log_id']}" for entry in entries.values()]
        self.own += [f"/dashboard/{one}?q={urllib.parse.quote(nasty(one))}" for one in lists]
        return ["/dashboard", *self.own]

    def shape(self, path):
        """Of what is nasty in its own way each page is seen; of all else, one page of each kind."""
        tab = re.search(r"/connections/con_\w+(/mapping|/login-experience|/idp-initiated)?$|/quickstart[?]", path)
        return path if tab or path in self.own else shape_of(path)


def spoil(to, browser, visitor):
    for part in (applications, apis, people, connections, branding, mails, settings, keys):
        part(to)
    stranger(to, browser)
    for part in (theme, passkey, provider, farewell):
        part(to, visitor)


def applications(to):
    client, machine = to.made["clients"]["RS256"]["client_id"], to.made["machine"]["client_id"]
    own = f"/clients/{client}"
    to.refuses(own, {"name": nasty("name")}, {"logo_uri": f"javascript:{MARK}"},
               {"callbacks": [f"javascript:{MARK}"]}, {"initiate_login_uri": f"javascript:{MARK}"})
    to.puts("PATCH", own, {
        "name": quoted("application"), "description": nasty("description"), "logo_uri": address("logo"),
        "callbacks": [address("callback")], "allowed_logout_urls": [address("logout")],
        "web_origins": [address("web-origin")], "allowed_origins": [address("origin")],
        "initiate_login_uri": address("initiate"), "cross_origin_loc": address("cross"),
        "oidc_logout": {"backchannel_logout_urls": [address("back-channel")]},
        "client_aliases": [tight("alias")], "client_metadata": {nasty("meta-name"): nasty("meta-value")},
        "mobile": {"android": {"app_package_name": nasty("package"), "sha256_cert_fingerprints": [nasty("hash")]},
                   "ios": {"team_id": nasty("team"), "app_bundle_identifier": nasty("bundle")}},
        "addons": {"wsfed": {"tokenType": nasty("token-type")}, "samlp": {
            "audience": nasty("audience"), "signingCert": "", "nameIdentifierFormat": nasty("format"),
            "nameIdentifierProbes": [nasty("probe")], "mappings": {nasty("claim"): nasty("attribute")},
            "logout": {"callback": address("slo")}, "debug": True}}})
    to.refuses(own, {"addons": {"samlp": {"encryptionAlgorithm": nasty("cipher")}}},
               {"addons": {"samlp": {"logout": {"callback": nasty("slo")}}}})
    to.puts("PATCH", f"/clients/{machine}", {"name": quoted("machine"), "description": nasty("about-machine")})
    pem = to.call("GET", "/keys/signing").json()[0]["cert"]
    key = {"credential_type": "public_key", "name": nasty("credential"), "pem": pem}
    to.puts("POST", f"{own}/credentials", key)
    to.refuses(f"{own}/credentials", key | {"kid": tight("kid")}, method="POST")
    to.own.append(f"/dashboard/applications/{client}")
    # A refused write leaves its words in the log.
    to.refuses(own, {nasty("member"): nasty("value")})


def apis(to):
    api, machine = f"/resource-servers/{to.made['api']['id']}", to.made["machine"]["client_id"]
    to.refuses(api, {"name": nasty("api")}, {"scopes": [{"value": nasty("scope")}]})
    scopes = [{"value": "read:plants"}, *(
        {"value": value, "description": nasty(f"about-{value[:5]}")} for value in (tight("scope"), scope("asked")))]
    to.puts("PATCH", api, {"name": quoted("api"), "scopes": scopes, "allow_offline_access": True})
    to.own.append(api.replace("/resource-servers", "/dashboard/apis"))
    to.puts("POST", "/resource-servers", {"name": quoted("api2"), "identifier": nasty("identifier")})
    grant = next(one for one in to.call("GET", f"/client-grants?client_id={machine}").json())
    to.puts("PATCH", f"/client-grants/{grant['id']}", {"scope": [tight("scope"), scope("asked")]})


def people(to):
    user, role = urllib.parse.quote(to.made["user"]["user_id"], safe=""), to.made["role"]["id"]
    own = f"/users/{user}"
    to.refuses(own, {"picture": f"javascript:{MARK}"}, {"picture": address("picture")}, {"email": nasty("a@b.example")},
               {"email": f"{tight('a')}@b.example"}, {"phone_number": nasty("+1")})
    metadata = lambda name: {nasty(f"{name}-name"): [{nasty(f"{name}-inner"): nasty(f"{name}-value")}]}
    to.puts("PATCH", own, {**{name: nasty(name) for name in ("name", "nickname", "given_name", "family_name")},
                           "user_metadata": metadata("user"), "app_metadata": metadata("app")})
    to.puts("POST", "/users", {"connection": DATABASE, "email": "odd@example.com",
                               "password": PASSWORD, "user_id": tight("user-id")})
    to.own += [f"/dashboard/users/{user}", f"/dashboard/users/auth0%7C{urllib.parse.quote(tight('user-id'), safe='')}"]
    to.puts("PATCH", f"/roles/{role}", {"name": nasty("role"), "description": nasty("role-description")})
    permission = {"resource_server_identifier": AUDIENCE, "permission_name": tight("scope")}
    for holder in (f"/roles/{role}", own):
        to.puts("POST", f"{holder}/permissions", {"permissions": [permission]})


def options():
    """What is put into the options of each kind of connection, beside what each of them has."""
    pairs = lambda name: {nasty(f"{name}-from"): nasty(f"{name}-to")}
    client = lambda name: {"client_id": nasty(f"{name}-client"), "scope": nasty(f"{name}-scope")}
    company = lambda name: {"domain_aliases": ["https://" + nasty(f"{name}-domain")], "upstream_params": {
        nasty(f"{name}-parameter"): {"value": nasty(f"{name}-parameter-value")}}}
    openid = lambda name: client(name) | company(name) | {"attribute_map": {"attributes": pairs(name)}}
    return {
        "samlp": {"user_id_attribute": nasty("saml-id"), "entityId": nasty("saml-entity"), "fieldsMap": pairs("saml"),
                  "requestTemplate": nasty("template"), "signOutEndpoint": address("saml-out"),
                  "signInEndpoint": address("saml-in"), "signingCert": certificate(900, nasty("subject"))[0],
                  "idpinitiated": {"client_id": nasty("arrives"), "client_authorizequery": nasty("query")},
                  **company("saml")},
        "adfs": {"user_id_attribute": nasty("adfs-id"), "entityId": nasty("adfs-entity"),
                 "signInEndpoint": address("adfs-in"), **company("adfs")},
        "oidc": {"issuer": address("issuer"), "authorization_endpoint": address("oidc-a"),
                 "token_endpoint": address("oidc-t"), "userinfo_endpoint": address("oidc-u"),
                 "jwks_uri": address("oidc-k"), **openid("oidc")},
        "okta": {"domain": nasty("okta-domain"), **openid("okta")},
        "waad": {"tenant_domain": nasty("directory"), "tenantId": nasty("directory-id"), **company("waad"),
                 "client_id": nasty("waad-client")},
        "google-oauth2": client("google"),
        "apple": {"client_id": nasty("services"), "team_id": nasty("apple-team"), "kid": nasty("apple-key")},
        "oauth2": {"authorizationURL": address("oauth2-a"), "tokenURL": address("oauth2-t"),
                   "userInfoURL": address("oauth2-u"), "authParams": pairs("ask"), "customHeaders": pairs("header"),
                   "fieldsMap": pairs("map"), **client("oauth2")},
    }


def connections(to):
    for strategy, more in options().items():
        connection = to.made["connections"][strategy]
        own = f"/connections/{connection['id']}"
        to.puts("PATCH", own, {"display_name": nasty(f"{strategy}-display"), "options": {
            **connection["options"], **more, "icon_url": address(f"{strategy}-icon")}})
        to.refuses(own, {"options": {**connection["options"], "icon_url": f"javascript:{MARK}"}})
        if "domain_aliases" in more:
            to.refuses(own, {"options": {**connection["options"], "domain_aliases": [nasty("domain")]}})
    to.unseen.add(nasty("subject"))
    to.refuses("/connections", {"name": nasty("connection"), "strategy": "auth0"}, method="POST")
    database = to.call("GET", "/connections?strategy=auth0").json()[0]
    to.puts("PATCH", f"/connections/{database['id']}", {"options": {
        **database["options"], "password_dictionary": {"enable": True, "dictionary": [nasty("word")]},
        "password_options": {"dictionary": {"active": True, "custom": [nasty("newer-word")]}}}})


def branding(to):
    look = ("logo_url", "favicon_url")
    to.refuses("/branding", *({name: f"javascript:{MARK}"} for name in look), {"colors": {"primary": nasty("colour")}},
               {"colors": {"page_background": nasty("ground")}}, {"font": {"url": nasty("font")}})
    to.puts("PATCH", "/branding", {**{name: address(name.replace("_", "-")) for name in look},
                                   "font": {"url": address("font")}})
    to.puts("PUT", "/prompts/login/custom-text/en", {"login": {"title": nasty("title"), "description": nasty("lead")}})


def mails(to):
    mail = {"template": "verify_email", "syntax": "liquid", "enabled": True, "from": nasty("from"),
            "subject": nasty("subject-line"), "body": nasty("body"), "resultUrl": address("result")}
    to.puts("POST", "/email-templates", mail)
    to.refuses("/email-templates/verify_email", {"resultUrl": f"javascript:{MARK}"})
    server = {"smtp_host": "smtp.example", "smtp_port": 587}
    to.puts("POST", "/emails/provider", {"name": "smtp", "default_from_address": "a@b.example",
                                         "credentials": server | {"smtp_user": nasty("smtp-user")}})
    to.refuses("/emails/provider", {"default_from_address": nasty("sender")},
               {"credentials": server | {"smtp_host": nasty("host")}})


def settings(to):
    own = "/tenants/settings"
    to.refuses(own, {"picture_url": f"javascript:{MARK}"}, {"support_url": f"javascript:{MARK}"},
               {"support_email": nasty("a@b.example")}, {"allowed_logout_urls": [f"javascript:{MARK}"]},
               {"device_flow": {"mask": nasty("mask")}}, {"enabled_locales": [nasty("locale")]})
    to.puts("PATCH", own, {"friendly_name": nasty("friendly"), "picture_url": address("tenant-logo"),
                           "support_url": address("support"), "allowed_logout_urls": [address("tenant-logout")],
                           "default_audience": nasty("identifier")})
    for words in (("admins", "invite", nasty("somebody@example.com")), ("tenants", "create", nasty("a"), "--domain", "b"),
                  ("tenants", "create", "a", "--domain", tight("b.example"))):
        assert to.it.command(*words).returncode, words


def keys(to):
    """A key has the name of the program that rotated."""
    tools = next(one for one in to.call("GET", "/clients").json() if one["name"] == "Chancery Management")
    to.puts("PATCH", f"/clients/{tools['client_id']}", {"name": quoted("tools")})
    to.server.rotate(to.token).expect(201)


def farewell(to, visitor):
    """What was deleted is named once more."""
    made = to.puts("POST", "/clients", {"name": quoted("gone")})
    visitor.opens(f"{to.it.issuer}dashboard/applications/{made['client_id']}/delete")
    harmless(visitor)
    visitor.page.fill("input[name=confirm]", made["name"])
    visitor.presses("Delete application")
    visitor.page.get_by_text(f"{made['name'].strip()} was deleted.").wait_for()
    to.looks(visitor)


def theme(to, visitor):
    """A theme is made by a button; all of it is sent with each change."""
    visitor.opens(f"{to.it.issuer}dashboard/branding/theme")
    visitor.presses("Create Theme")
    visitor.page.get_by_text("The theme was made.").wait_for()
    now = to.call("GET", "/branding/themes/default").json()
    own = f"/branding/themes/{now.pop('themeId')}"
    to.refuses(own, now | {"displayName": nasty("theme")},
               *(now | {"colors": now["colors"] | {name: nasty(name)}} for name in now["colors"]))
    to.puts("PATCH", own, now | {
        "page_background": now["page_background"] | {"background_image_url": address("background")},
        "widget": now["widget"] | {"logo_url": address("theme-logo")},
        "fonts": now["fonts"] | {"font_url": address("theme-font")}})


def stranger(to, browser):
    """Programs that say nasty things of themselves: one that guesses a password, and a browser in which somebody signs in to
    an application of others, and to a partner whose messages are kept."""
    realm, back = "http://auth0.com/oauth/grant-type/password-realm", f"{to.it.issuer}healthz"
    made = to.puts("POST", "/clients", {
        "name": quoted("others"), "app_type": "regular_web", "is_first_party": False, "callbacks": [back],
        "addons": {"samlp": {"debug": True}}, "grant_types": ["authorization_code", "refresh_token", realm]})
    to.own.append(f"/dashboard/applications/{made['client_id']}/addons/samlp")
    own = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    to.unseen |= {nasty("guessing"), nasty("browser")}
    to.server.call("POST", "/oauth/token", headers={"User-Agent": nasty("guessing")}, form={
        **own, "grant_type": realm, "realm": DATABASE, "username": "nobody", "password": "x"}).expect(403)
    query = {"client_id": made["client_id"], "redirect_uri": back, "response_type": "code", "audience": AUDIENCE,
             "scope": f"openid offline_access {scope('asked')}"}
    with browser.visitor(user_agent=nasty("browser")) as visitor:
        # Logos, icons and fonts are at addresses that nobody has.
        visitor.context.route(lambda url: ".example/" in url, lambda route: route.fulfill(status=404))
        visitor.opens(f"{to.it.issuer}authorize?{urllib.parse.urlencode(query)}")
        harmless(visitor)
        enters(visitor, "anna@example.com")
        visitor.sees(f"Authorize {quoted('others')}", nasty("about-asked"))
        harmless(visitor)
        visitor.presses("Accept")
        visitor.page.wait_for_url(f"{back}**")
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(visitor.page.url).query)["code"][0]
        visitor.opens(f"{to.it.issuer}samlp/{made['client_id']}")
        visitor.page.wait_for_url(back)
    to.server.call("POST", "/oauth/token", form={
        **own, "grant_type": "authorization_code", "code": code, "redirect_uri": back}).expect(200)


def passkey(to, visitor):
    authenticator(visitor)
    visitor.opens(f"{to.it.issuer}dashboard/account/passkeys")
    to.unseen.add(nasty("passkey"))
    visitor.fills(Name=nasty("passkey"))
    visitor.presses("Add a passkey")
    visitor.page.get_by_text("The passkey was added.").wait_for()


def provider(to, visitor):
    """A provider that answers a trial with nasty words."""
    words = urllib.parse.urlencode({"error": "access_denied", "error_description": nasty("provider")})
    to.unseen.add(nasty("provider"))
    made = to.puts("POST", "/connections", {"name": "rude", "strategy": "oauth2", "options": {
        **to.made["connections"]["oauth2"]["options"], "authorizationURL": f"{to.it.issuer}login/callback?{words}"}})
    visitor.opens(f"{to.it.issuer}dashboard/connections/{made['id']}")
    visitor.presses("Try it")
    visitor.page.get_by_text("Nobody could sign in like this.").wait_for()
    to.looks(visitor)
