"""People sign in at identity providers that are not ours: pysaml2, and the libraries samlp and wsfed that Auth0 wrote
for Node.js.

Each loads our metadata at most once; the connection keys are rotated meanwhile.
"""

import os
import subprocess
import urllib.parse

from chancery import claims_of, free_port, wait_for_port
from desk import administrator
from foreign import NPM, Foreign, environment
from suite import ROOT, equal

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = Foreign(os.path.join(HERE, "node"), os.path.join(ROOT, "target", "saml", "node"), [NPM])


class Provider:
    """A running identity provider, and the connection that leads to it."""

    strategy = "samlp"

    def __init__(self, stage, kind, command, place):
        self.stage, self.it, self.kind = stage, stage.it, kind
        self.port = free_port()
        self.base = f"http://localhost:{self.port}"
        self.name = f"{kind.replace(' ', '-')}-{self.port}"
        issuer = self.it.issuer.rstrip("/")
        self.callback = f"{issuer}/login/callback"
        home = self.it.home
        if not os.path.exists(f"{home}/idp.key"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=idp",
                            "-keyout", f"{home}/idp.key", "-out", f"{home}/idp-own.pem"], check=True, capture_output=True)
        told = environment(self.it, PORT=str(self.port), FOLDER=home, KEY_FILE=f"{home}/idp.key",
                           CERTIFICATE_FILE=f"{home}/idp-own.pem", CALLBACK=self.callback,
                           ACS=f"{self.callback}?connection={self.name}", SLO=f"{issuer}/logout",
                           AUDIENCE=f"urn:auth0:main:{self.name}",
                           SP_METADATA=f"{issuer}/samlp/metadata?connection={self.name}")
        log = os.path.join(home, f"idp-{self.port}.log")
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, cwd=place, env=told, stdout=output, stderr=output)
        wait_for_port(self.process, self.port, log)
        self.token = self.it.token()
        self.landed = f"{self.base}/landed"
        made = stage.api("/clients", {"name": f"Shop of {kind}", "app_type": "regular_web", "callbacks": [self.landed],
                                      "token_endpoint_auth_method": "client_secret_post"}, self.token)
        self.client = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
        self.connection = stage.api("/connections", {
            "name": self.name, "strategy": self.strategy, "options": self.options(made["client_id"]),
            "enabled_clients": [made["client_id"]],
        }, self.token)

    def options(self, client_id):
        return {"metadataUrl": f"{self.base}/metadata", "signSAMLRequest": True,
                "idpinitiated": {"enabled": True, "client_id": client_id, "client_protocol": "oidc"}}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    def authorize(self):
        query = {"client_id": self.client["client_id"], "response_type": "code", "redirect_uri": self.landed,
                 "scope": "openid profile email", "connection": self.name, "state": "s"}
        return f"{self.it.issuer}authorize?{urllib.parse.urlencode(query)}"

    def lands(self, page):
        """Waits for the code at the application; answers the claims of its ID token."""
        try:
            page.wait_for_url(f"{self.landed}?*")
        except Exception as error:
            failures = self.stage.server.get("/api/v2/logs?q=type:f&sort=date:-1&per_page=1", token=self.token).json()
            why = failures[0]["description"] if failures else None
            raise AssertionError(f"stopped at {page.url}: {page.inner_text('body')[:300]}; the log says: {why}") from error
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))["code"]
        form = self.client | {"grant_type": "authorization_code", "code": code, "redirect_uri": self.landed}
        tokens = self.stage.server.call("POST", "/oauth/token", form=form).expect(200).json()
        return claims_of(tokens["id_token"])

    def rotates_our_keys(self):
        self.stage.server.call("POST", "/api/v2/keys/connection/rotate", token=self.token, body={}).expect(201)


class TokenService(Provider):
    """The same by WS-Federation. Nobody comes from there unasked."""

    strategy = "adfs"

    def options(self, _):
        return {"adfs_server": f"{self.base}/FederationMetadata/2007-06/FederationMetadata.xml"}


def pysaml2(stage, partners):
    return Provider(stage, "pysaml2 idp", ["venv/bin/python", "idp.py"], partners.installed().place)


def npm_samlp(stage, _):
    return Provider(stage, "npm samlp", ["node", "idp.mjs"], NODE.installed().place)


def npm_wsfed(stage, _):
    return TokenService(stage, "npm wsfed", ["node", "sts.mjs"], NODE.installed().place)


def person(claims):
    return {name: claims.get(name) for name in ("sub", "email", "name")}


def signs_in(stage, browser, make, partners):
    """Sign-in, a rotation of our keys that the provider does not hear of, sign-in again; somebody whom nobody asked."""
    with make(stage, partners) as provider:
        wanted = {"sub": f"{provider.strategy}|{provider.name}|lin", "email": "lin@corp.example", "name": "Lin of Corp"}
        for round_ in range(2):
            with browser.visitor() as visitor:
                page = visitor.page
                page.goto(provider.authorize())
                page.get_by_role("button", name="Sign in as Lin").click()
                equal(person(provider.lands(page)), wanted, f"who signed in, round {round_}")
                if round_ == 0:
                    provider.rotates_our_keys()
        if provider.strategy != "samlp":
            return
        with browser.visitor() as visitor:
            visitor.page.goto(f"{provider.base}/unasked")
            equal(person(provider.lands(visitor.page)), wanted, "who came unasked")


def tried_out(stage, browser, make, partners):
    """An administrator tries the connection out: what the provider says, and then which check fails."""
    with make(stage, partners) as provider, browser.visitor() as visitor:
        administrator(stage.it, visitor)
        page, issuer = visitor.page, provider.it.issuer
        connection = f"{issuer}dashboard/connections/{provider.connection['id']}"
        page.goto(f"{connection}/setup")
        page.get_by_role("button", name="Try it").click()
        page.get_by_role("button", name="Sign in as Lin").click()
        page.get_by_text("The connection works.").wait_for()
        for words in (f"samlp|{provider.name}|lin", "lin@corp.example", '"sessionIndex": "_npm"'):
            assert words in visitor.text, words
        users = stage.server.get(f"/api/v2/users?q=identities.connection:{provider.name}", token=provider.token)
        equal(users.expect(200).json(), [], "users that the trial has made")
        path = f"/api/v2/connections/{provider.connection['id']}"
        options = stage.server.get(path, token=provider.token).json()["options"] | {"idp_entity_id": "urn:somebody-else"}
        stage.server.call("PATCH", path, token=provider.token, body={"options": options}).expect(200)
        page.get_by_role("button", name="Try again").click()
        page.get_by_role("button", name="Sign in as Lin").click()
        page.get_by_text('the issuer is "urn:samlp-npm", expected "urn:somebody-else"').wait_for()


def signs_out(stage, browser, make, partners):
    """A logout here that reaches the provider, and one there that reaches us."""
    with make(stage, partners) as provider:
        def is_in(page):
            page.goto(provider.authorize() + "&prompt=none")
            return "code=" in page.url
        with browser.visitor() as visitor:
            page = visitor.page
            page.goto(provider.authorize())
            page.get_by_role("button", name="Sign in as Lin").click()
            provider.lands(page)
            assert is_in(page)
            page.goto(f"{provider.it.issuer}v2/logout?federated")
            page.wait_for_url(f"{provider.it.issuer}logout?*")
            visitor.sees("You are logged out")
            assert not is_in(page)
            page.goto(provider.authorize())
            page.get_by_role("button", name="Sign in as Lin").click()
            provider.lands(page)
            page.goto(f"{provider.base}/ends")
            visitor.sees("Ended everywhere")
            assert not is_in(page)
