"""An administrator in a browser: made by an invitation, signed in, on the way through the Dashboard."""

import base64
import os
import re
import subprocess
import tempfile
import urllib.parse

PASSWORD = "Correct horse 7 battery"
# One of each kind of connection to other providers, by strategy.
SECRET = {"client_id": "chancery", "client_secret": "s3cr3t"}
CONNECTIONS = {
    "samlp": {"signInEndpoint": "https://idp.example/sso", "signatureAlgorithm": "rsa-sha1", "domain_aliases": ["corp.example"]},
    "adfs": {"adfs_server": "https://adfs.example/FederationMetadata/2007-06/FederationMetadata.xml"},
    "oidc": {"discovery_url": "https://id.example/.well-known/openid-configuration", **SECRET},
    "okta": {"domain": "corp.okta.example", **SECRET},
    "waad": {"tenant_domain": "corp.example", **SECRET},
    "google-oauth2": SECRET,
    "apple": {"client_id": "com.example.login", "team_id": "A1B2C3D4E5", "kid": "ABC123DEFG"},
    "oauth2": {"authorizationURL": "https://p.example/a", "tokenURL": "https://p.example/t",
               "userInfoURL": "https://p.example/me", **SECRET},
}
# What a walk does not follow: files, the end of the session, the log that follows, other tenants.
APART = re.compile(r"/certificate/|/jwk$|/tail|/_components|^/dashboard/(login|logout|token)")


# The strategies whose pages have parts that no other has; and connections of theirs by their ids.
OWN_PAGES = {"samlp", "okta", "apple"}
KINDS = {}


def certificate(days, name="idp.example"):
    """A certificate that is good for so many days, as PEM, and its private key."""
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("key", "cert")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days",
                        str(days), "-keyout", files[0], "-out", files[1]], check=True, capture_output=True, timeout=60)
        key, pem = (open(file).read() for file in files)
    return pem, key


def der_of(pem):
    return base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("---")))


def invited(it, email, role="admin"):
    """The link that makes somebody an administrator."""
    return re.search(r"https?://\S+ticket=\S+", it.run("admins", "invite", email, "--role", role)).group()


def accepts(visitor, link, email=None):
    """Makes the account; ends on the login page."""
    visitor.opens(link)
    if email:
        visitor.page.fill("input[name=email]", email)
    for field in ("password", "password_repeat"):
        visitor.page.fill(f"input[name={field}]", PASSWORD)
    visitor.presses("Make my account")


def signs_in(visitor, email):
    visitor.page.wait_for_url("**/u/login**")
    enters(visitor, email)
    visitor.page.wait_for_url("**/dashboard**")


def enters(visitor, email):
    """Fills in the login page."""
    page = visitor.page
    if page.locator("input[name=password]").count() == 0:
        page.fill("input[name=username]", email)
        page.click("button[type=submit]")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")


def administrator(it, visitor, email="ada@example.com", role="admin"):
    """A visitor who is signed in."""
    accepts(visitor, invited(it, email, role))
    signs_in(visitor, email)
    return visitor


def path_of(url):
    parts = urllib.parse.urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def shape_of(path):
    """The page that a path is one of: ids are left out, so that each page is seen once."""
    path = path.split("?")[0]
    parts = path.split("/")
    kinds = {} if parts[-1] in ("applications", "delete", "login-experience") else KINDS
    if parts[3:4] == ["new"] and parts[-1] not in OWN_PAGES:
        parts = [*parts[:4], *("one" for _ in parts[4:])]
    return "/".join(kinds.get(part) or ("one" if len(part) > 16 or "%7C" in part else part) for part in parts)


def walk(visitor, base, starts=("/dashboard",), shape=shape_of):
    """Every page that links lead to, once for each shape; yields its path after it was opened."""
    seen, waiting = set(), [*starts]
    while waiting and len(seen) < 400:
        path = waiting.pop(0)
        if shape(path) in seen:
            continue
        seen.add(shape(path))
        answer = visitor.page.goto(base + path)
        yield path, answer
        links = visitor.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
        for link in links:
            next_path = path_of(link)
            if link.startswith(base) and next_path.startswith("/dashboard") and not APART.search(next_path):
                waiting.append(next_path)


def furnish(it, server, name="Garden Shop"):
    """One of each thing, all of them called `name`; answers their ids."""
    token = it.token()
    call = lambda method, path, body=None: server.call(method, f"/api/v2{path}", token=token, body=body)
    made = lambda path, body: call("POST", path, body).expect(201).json()
    api = made("/resource-servers", {"name": name, "identifier": "https://plants.example/", "signing_alg": "RS256",
                                     "scopes": [{"value": "read:plants", "description": name}]})
    clients = {}
    for alg, kind in (("RS256", "regular_web"), ("HS256", "spa")):
        clients[alg] = made("/clients", {"name": f"{name} {alg}", "app_type": kind, "description": name[:140],
                                         "jwt_configuration": {"alg": alg}, "client_metadata": {"note": name[:255]},
                                         "callbacks": ["http://localhost:9/callback"]})
    machine = made("/clients", {"name": f"{name} machine", "app_type": "non_interactive",
                                "grant_types": ["client_credentials"], "jwt_configuration": {"alg": "RS256"}})
    made("/client-grants", {"client_id": machine["client_id"], "audience": api["identifier"], "scope": ["read:plants"]})
    user = made("/users", {"connection": "Username-Password-Authentication", "email": "anna@example.com",
                           "password": PASSWORD, "name": name, "nickname": name, "given_name": name,
                           "family_name": name, "user_metadata": {"note": name}, "app_metadata": {"note": name}})
    role = call("POST", "/roles", {"name": name, "description": name}).expect(200).json()
    call("POST", f"/roles/{role['id']}/users", {"users": [user["user_id"]]}).expect(200)
    call("POST", f"/roles/{role['id']}/permissions", {"permissions": [
        {"resource_server_identifier": api["identifier"], "permission_name": "read:plants"}]}).expect(201)
    call("PATCH", "/tenants/settings", {"friendly_name": name}).expect(200)
    connections = {}
    of_partner = {"samlp": {"signingCert": certificate(20)[0]}}
    for strategy, options in CONNECTIONS.items():
        options = {**options, **of_partner.get(strategy, {})}
        connections[strategy] = made("/connections", {"name": f"a-{strategy}", "strategy": strategy, "display_name": name,
                                                      "enabled_clients": [], "options": options})
        if strategy in OWN_PAGES:
            KINDS[connections[strategy]["id"]] = strategy
    call("POST", f"/connections/{connections['okta']['id']}/keys").expect(201)
    return {"connections": connections, "api": api, "clients": clients, "machine": machine, "user": user, "role": role}
