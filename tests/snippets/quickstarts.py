"""The quickstarts that the Dashboard shows, started beside a Chancery as a developer would start them.

The installed libraries are those of node/ and python/; the commands that install others are not run. What lives in
a browser is not run either: its files are only read by their languages.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from chancery import Installation, free_port, wait_for_port
from foreign import NPM, PIP, Foreign, environment
from suite import ROOT, Skip, contains, equal
from visitor import Visitor

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(ROOT, "target", "snippets")
LIBRARIES = {
    "node": Foreign(os.path.join(HERE, "node"), os.path.join(CACHE, "node"), [NPM]),
    "python": Foreign(os.path.join(HERE, "python"), os.path.join(CACHE, "python"), PIP),
}
TYPES = ("regular_web", "spa", "native", "non_interactive")
AUDIENCE = "https://things.example/it's"
EMAIL, PASSWORD = "quinn@people.example", "a Correct horse, 9 staples"


def tests(printed, engine):
    """Every test: its sentence, its function, what that is given."""
    yield "Quickstarts: their languages read them, whatever the values are", readable, printed
    for kind in ("node", "python"):
        for alg in ("RS256", "HS256"):
            yield f"Quickstarts: a web application in {kind} signs in and out, with {alg}", web, printed, engine, kind, alg
    for kind in ("node", "python"):
        yield f"Quickstarts: a program in {kind} calls an API that lets nobody else in", machine, printed, engine, kind
    yield "Quickstarts: curl gets a token by client credentials", machine_curl, printed, engine
    yield "Quickstarts: a native application signs in with PKCE, and refreshes", native, printed, engine
    yield "Quickstarts: a device gets its codes and waits", device, printed, engine


def readable(printed):
    tame = {"client_id": "c1", "domain": "meadow.example", "issuer": "https://meadow.example/", "alg": "RS256"}
    nasty = "'\"`\\ $HOME $(id) #{1} {x} ??= \n </script> ü漢"
    apps = []
    for app_type in TYPES:
        apps += [{"app_type": app_type, **tame}, {"app_type": app_type, **tame, "alg": "HS256", "audience": AUDIENCE},
                 {"app_type": app_type, **tame, "client_id": nasty, "audience": nasty, "alg": nasty}]
    count = 0
    with tempfile.TemporaryDirectory(prefix="chancery-quickstart-") as place:
        for step in (step for app in printed({"apps": apps})["apps"] for one in app for step in one["steps"]):
            count += reads(place, step)
    return f"{count} texts"


def reads(place, step):
    """Lets a language read what it is to run; answers how many texts that were."""
    name, code = step["file"], step["code"]
    if step["copy_label"] == "Copy command":
        name = "command.sh"
    if not name or not code or name.endswith((".html", ".jsx")):
        return 0
    path = os.path.join(place, name.replace(".js", ".mjs") if name.endswith(".js") else name)
    with open(path, "w") as file:
        file.write(code)
    checks = {"sh": ["sh", "-n"], "py": ["python3", "-m", "py_compile"], "mjs": ["node", "--check"]}
    done = subprocess.run([*checks[path.rsplit(".", 1)[1]], path], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{name}: {done.stderr}\n{code}")
    return 1


class Bench:
    """An installation with one person, one API and one application, and its quickstarts in folders."""

    def __init__(self, printed, engine, app_type, **more):
        self.printed, self.engine = printed, engine
        self.app_type, self.alg, self.callback = app_type, more.get("alg", "RS256"), more.get("callback")
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.it = self.stack.enter_context(Installation(self.engine))
        self.it.init()
        self.server = self.stack.enter_context(self.it.serve())
        self.token = self.it.token()
        post = lambda path, body: self.server.call("POST", f"/api/v2/{path}", token=self.token, body=body).expect(201).json()
        post("users", {"connection": "Username-Password-Authentication", "email": EMAIL, "password": PASSWORD})
        post("resource-servers", {"identifier": AUDIENCE, "name": "Things", "signing_alg": "RS256",
                                  "allow_offline_access": True, "scopes": [{"value": "read:things"}]})
        origin = self.callback.rsplit("/", 1)[0] if self.app_type == "regular_web" else None
        grants = {"non_interactive": ["client_credentials"], "native": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]}
        self.app = post("clients", {
            "name": "Quickstart", "app_type": self.app_type, "jwt_configuration": {"alg": self.alg},
            "grant_types": grants.get(self.app_type, ["authorization_code"]),
            **({"token_endpoint_auth_method": "none"} if self.app_type == "native" else {}),
            **({"callbacks": [self.callback]} if self.callback else {}),
            **({"allowed_logout_urls": [origin]} if origin else {})})
        if self.app_type == "non_interactive":
            post("client-grants", {"client_id": self.app["client_id"], "audience": AUDIENCE, "scope": ["read:things"]})
        (self.quickstarts,) = self.printed({"apps": [{
            "app_type": self.app_type, "client_id": self.app["client_id"], "client_secret_known": True,
            "domain": self.it.domain, "issuer": self.it.issuer, "callback": self.callback, "audience": AUDIENCE,
            "alg": self.alg}]})["apps"]
        return self

    def __exit__(self, *problem):
        return self.stack.__exit__(*problem)

    def steps(self, kind):
        return next(one["steps"] for one in self.quickstarts if one["id"] == kind)

    def commands(self, kind):
        return [step["code"] for step in self.steps(kind) if step["copy_label"] == "Copy command"]

    def folder(self, kind, libraries, changed=lambda code: code):
        """A folder with the files of a quickstart, and the libraries where its commands would install them."""
        place = tempfile.mkdtemp(dir=self.it.home)
        installed = LIBRARIES[libraries].installed().place
        name = "node_modules" if libraries == "node" else "venv"
        os.symlink(os.path.join(installed, name), os.path.join(place, name))
        for step in self.steps(kind):
            if step["file"]:
                with open(os.path.join(place, step["file"]), "w") as file:
                    file.write(changed(step["code"]))
        return place

    def shell(self, script, **options):
        """Runs a script to its end; answers what it printed."""
        done = subprocess.run(["sh", "-euc", script], env=self.told(), capture_output=True, text=True, timeout=60, **options)
        if done.returncode:
            raise AssertionError(f"{script} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def told(self):
        """The environment of a developer who has set nothing yet."""
        return {name: value for name, value in environment(self.it).items() if not name.endswith("_SECRET")}

    def with_secret(self, command):
        return command.replace("YOUR_CLIENT_SECRET", self.app.get("client_secret", ""))

    def starts(self, script, place, port):
        """Starts what does not end by itself; gone when the bench is left."""
        log = os.path.join(place, "log")
        before, _, last = script.rstrip().rpartition("\n")
        with open(log, "wb") as output:
            # The last command takes the place of the shell, so that it can be ended.
            process = subprocess.Popen(["sh", "-euc", f"{before}\nexec {last}"], cwd=place, env=self.told(),
                                       stdout=output, stderr=output)
        self.stack.callback(lambda: (process.kill(), process.wait(10)))
        wait_for_port(process, port, log)
        return log


def needs(tool):
    if not shutil.which(tool):
        raise Skip(f"{tool} is not installed")


def web(printed, engine, kind, alg):
    needs(kind if kind == "node" else "python3")
    port = free_port()
    origin = f"http://localhost:{port}"
    with Bench(printed, engine, "regular_web", alg=alg, callback=f"{origin}/callback") as bench:
        place = bench.folder(f"web-{kind}", kind)
        _, secret, start = bench.commands(f"web-{kind}")
        log = bench.starts(bench.with_secret(secret) + start, place, port)
        visitor = Visitor()
        visitor.opens(origin)
        contains(visitor.page, "Sign in")
        try:
            visitor.signs_in(f"{origin}/login", username=EMAIL, password=PASSWORD)
            contains(visitor.page, "Sign out")
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{open(log).read()}") from problem
        visitor.opens(f"{origin}/me")
        equal(json.loads(visitor.page)["email"], EMAIL)
        visitor.opens(f"{origin}/logout")
        contains(visitor.page, "Sign in")
        equal(visitor.at.split("?")[0].rstrip("/"), origin, "the place after signing out")
        # Signed out of Chancery too: it asks again.
        visitor.signs_in(f"{origin}/login", username=EMAIL, password=PASSWORD)
        contains(visitor.page, "Sign out")


def machine(printed, engine, kind):
    needs(kind if kind == "node" else "python3")
    port = free_port()
    with Bench(printed, engine, "non_interactive") as bench:
        place = bench.folder(f"machine-{kind}", kind, lambda code: code.replace("3001", str(port)))
        _, start, secret, call = bench.commands(f"machine-{kind}")
        bench.starts(start, place, port)
        answer = bench.shell(bench.with_secret(secret) + call, cwd=place)
        status, _, body = answer.partition(" ")
        equal(status, "200")
        equal(json.loads(body), {"caller": f"{bench.app['client_id']}@clients", "scope": "read:things"})
        for token in (None, "x.y.z", bench.it.token()):
            refused(f"http://localhost:{port}/", token)


def refused(url, token):
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers={"authorization": f"Bearer {token}"} if token else {}))
    except urllib.error.HTTPError as refusal:
        equal((refusal.code, json.load(refusal)["error"]), (401, "invalid_token"))
        return
    raise AssertionError(f"let in with {token}")


def machine_curl(printed, engine):
    needs("curl")
    with Bench(printed, engine, "non_interactive") as bench:
        secret, ask, _ = bench.commands("machine-curl")
        equal(json.loads(bench.shell(bench.with_secret(secret) + ask))["scope"], "read:things")


def native(printed, engine):
    needs("openssl")
    callback = "com.example.app:/callback"
    with Bench(printed, engine, "native", callback=callback) as bench:
        (settings,) = [step["code"] for step in bench.steps("native") if step["copy_label"] == "Copy code"]
        settings = json.loads(settings)
        discovered = bench.server.get("/.well-known/openid-configuration").json()
        for name in ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint"):
            equal(settings[name], discovered[name], name)
        begin, exchange, refresh = bench.commands("native")
        address, verifier = bench.shell(begin + 'echo "$verifier"').split()
        visitor = Visitor()
        visitor.signs_in(address, username=EMAIL, password=PASSWORD)
        assert visitor.at.startswith(callback), visitor.at
        answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(visitor.at).query))
        assert answer["state"] in address
        tokens = json.loads(bench.shell(f"verifier={verifier}\n" + exchange.replace("THE_CODE", answer["code"])))
        assert tokens["id_token"] and tokens["access_token"], tokens
        again = json.loads(bench.shell(refresh.replace("THE_REFRESH_TOKEN", tokens["refresh_token"])))
        assert again["access_token"], again


def device(printed, engine):
    needs("curl")
    with Bench(printed, engine, "native") as bench:
        ask, poll = bench.commands("native-device")
        codes = json.loads(bench.shell(ask))
        assert codes["verification_uri_complete"].startswith(bench.it.issuer), codes
        answer = json.loads(bench.shell(poll.replace("THE_DEVICE_CODE", codes["device_code"])))
        equal(answer["error"], "authorization_pending")
