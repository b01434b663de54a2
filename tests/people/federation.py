"""Somebody who signs in at another provider: oidc-provider, which is not ours, with its own pages in the same browser."""

import os
import subprocess

from chancery import free_port, wait_for_port
from foreign import NPM, Foreign, environment
from parties import KINDS
from suite import equal

HERE = os.path.dirname(os.path.abspath(__file__))
WAYS = [("client_secret_post", "RS256"), ("client_secret_basic", "PS256")]


def tests(cache):
    for method, alg in WAYS:
        yield f"somebody signs in at oidc-provider, known by {method} with {alg} ID tokens", elsewhere, cache, method, alg


class Provider:
    """A running provider that knows Chancery as one of its clients."""

    def __init__(self, cache, it, method, alg):
        foreign = Foreign(os.path.join(HERE, "provider"), os.path.join(cache, "provider"), [NPM]).installed()
        port = free_port()
        self.issuer, self.method = f"http://localhost:{port}", method
        self.client = {"client_id": "chancery", "client_secret": "a secret of 32 characters & more"}
        told = environment(it, PORT=str(port), CLIENT_ID=self.client["client_id"], ALG=alg, AUTH_METHOD=method,
                           CLIENT_SECRET=self.client["client_secret"], REDIRECT_URI=f"{it.issuer}login/callback")
        log = os.path.join(it.home, f"provider-{port}.log")
        with open(log, "wb") as output:
            self.process = subprocess.Popen(["node", "provider.mjs"], cwd=foreign.place, env=told, stdout=output,
                                            stderr=output)
        wait_for_port(self.process, port, log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    @property
    def options(self):
        return self.client | {"type": "back_channel", "discovery_url": f"{self.issuer}/.well-known/openid-configuration",
                              "token_endpoint_auth_method": self.method}


def elsewhere(it, server, browser, cache, method, alg):
    name, called = f"corp-{alg.lower()}", f"Corp {alg}"
    with Provider(cache, it, method, alg) as provider, \
            KINDS["openid-client (Node)"].start(cache, it, server, "RS256") as party, browser.visitor() as visitor:
        # The pages of the provider ask for a font of somebody else's.
        visitor.context.route("https://fonts.googleapis.com/**",
                              lambda route: route.fulfill(body="", content_type="text/css"))
        server.call("POST", "/api/v2/connections", token=it.token(), body={
            "name": name, "strategy": "oidc", "display_name": called, "show_as_button": True,
            "options": provider.options, "enabled_clients": [party.client_id],
        }).expect(201)

        visitor.opens(party.at("/login"))
        visitor.sees("Welcome")
        visitor.follows(f"Continue with {called}")
        visitor.page.get_by_placeholder("Enter any login").fill("lin")
        visitor.page.get_by_placeholder("and password").fill("whatever")
        visitor.presses("Sign-in")
        visitor.presses("Continue")
        if visitor.page.url.startswith(it.issuer):
            visitor.sees("Authorize Garden Shop")
            visitor.presses("Accept")
        claims = visitor.arrives(party.at("/callback"))["claims"]
        wanted = {"sub": f"oidc|{name}|lin", "email": "lin@corp.example", "email_verified": True, "name": "lin of Corp"}
        equal({key: claims[key] for key in wanted}, wanted)

        # Whoever is signed in there comes back without a page.
        with_prompt = party.at("/login?prompt=none")
        visitor.opens(with_prompt)
        equal(visitor.arrives(party.at("/callback"))["claims"]["sub"], wanted["sub"])
