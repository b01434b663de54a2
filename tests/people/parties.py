"""The relying parties, and what they need of Chancery: an application each, and one API."""

import json
import os
import subprocess
import urllib.request

from chancery import free_port, wait_for_port
from foreign import NPM, PIP, Foreign, environment

HERE = os.path.dirname(os.path.abspath(__file__))
AUDIENCE = "https://things.example"


class Kind:
    """A program that people sign in at."""

    def __init__(self, folder, install, command):
        self.folder, self.install, self.command = folder, install, command

    def start(self, cache, it, server, alg):
        foreign = Foreign(os.path.join(HERE, self.folder), os.path.join(cache, self.folder), self.install)
        return Party(foreign.installed(), self.command, it, server, alg)


KINDS = {
    "openid-client (Node)": Kind("node", [NPM], ["node", "relying-party.mjs"]),
    "Authlib (Python)": Kind("python", PIP, ["venv/bin/python", "relying_party.py"]),
}


class Party:
    """A running relying party, with an application of its own whose ID tokens are signed with `alg`."""

    def __init__(self, foreign, command, it, server, alg):
        port = free_port()
        self.alg, self.url = alg, f"http://localhost:{port}"
        self.application = application(it, server, self.url, alg)
        told = environment(it, CLIENT_ID=self.client_id, CLIENT_SECRET=self.application["client_secret"], ALG=alg,
                           AUDIENCE=AUDIENCE, PORT=str(port))
        log = os.path.join(it.home, f"party-{port}.log")
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, cwd=foreign.place, env=told, stdout=output, stderr=output)
        wait_for_port(self.process, port, log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    @property
    def client_id(self):
        return self.application["client_id"]

    def at(self, path):
        return f"{self.url}{path}"

    def asks(self, path):
        """Calls a page of the relying party without a browser; answers its JSON."""
        try:
            with urllib.request.urlopen(self.at(path), timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            return json.load(refusal)


def application(it, server, url, alg):
    """An application with rotating refresh tokens; its API exists from the first one on."""
    token = it.token()
    api = {"identifier": AUDIENCE, "name": "Things", "signing_alg": "RS256", "allow_offline_access": True,
           "scopes": [{"value": "read:things", "description": "Read your things"}]}
    made = server.call("POST", "/api/v2/resource-servers", token=token, body=api)
    if made.status != 409:
        made.expect(201)
    return server.call("POST", "/api/v2/clients", token=token, body={
        "name": "Garden Shop",
        "app_type": "regular_web",
        "grant_types": ["authorization_code", "refresh_token"],
        "callbacks": [f"{url}/callback"],
        "allowed_logout_urls": [f"{url}/signed-out"],
        "jwt_configuration": {"alg": alg},
        "refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0},
    }).expect(201).json()
