"""The real program under test: its data, its commands, its server, and how to call it.

Every installation lives in a folder of its own and listens on a free loopback port. Nothing here talks to
anything but 127.0.0.1.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import time
import urllib.parse

START_PATIENCE = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Engine:
    """SQLite, or a PostgreSQL server on which each installation gets a database of its own."""

    def __init__(self, binary, url):
        self.binary, self.url = binary, url
        self.name = "PostgreSQL" if url else "SQLite"
        self.count = 0

    def new_database(self):
        if not self.url:
            return None
        self.count += 1
        name = f"chancery_{os.getpid()}_{self.count}"
        psql(self.url, f"CREATE DATABASE {name}")
        return urllib.parse.urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop(self, url):
        if url:
            psql(self.url, f"DROP DATABASE {urllib.parse.urlsplit(url).path[1:]} WITH (FORCE)")


def psql(url, statement):
    """Runs a statement; answers its rows as lists of texts."""
    done = subprocess.run(["psql", "--no-psqlrc", "-AtqX", "-F", "\t", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                          capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"psql: {done.stderr.strip()}")
    return [line.split("\t") for line in done.stdout.splitlines()]


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def expect(self, status):
        if self.status != status:
            raise AssertionError(f"status {self.status}, expected {status}: {self.body[:600]!r}")
        return self


class Installation:
    """A data directory with the flags that lead to it. Gone, with its database, when it is left."""

    def __init__(self, engine, tls="off", host="localhost", home=None):
        self.engine, self.tls = engine, tls
        self.home = home or tempfile.mkdtemp(prefix="chancery-test-")
        self.data = os.path.join(self.home, "data")
        self.address, self.port = "127.0.0.1", free_port()
        self.scheme = "http" if tls == "off" else "https"
        self.domain = f"{host}:{self.port}"
        self.issuer = f"{self.scheme}://{self.domain}/"
        self.database_url = engine.new_database()
        self.servers = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        shutil.rmtree(self.home, ignore_errors=True)
        self.engine.drop(self.database_url)

    @property
    def sqlite_file(self):
        return os.path.join(self.data, "chancery.sqlite")

    @property
    def master_key_file(self):
        return os.path.join(self.data, "master.key")

    @property
    def ca_file(self):
        """What clients are told to trust; a given certificate vouches for itself."""
        if self.tls == "off":
            return None
        return os.path.join(self.data, "tls", "ca.pem") if self.tls == "dev" else self.tls.split(",")[0]

    def flags(self, port=None):
        flags = ["--data-dir", self.data, "--public-url", f"{self.scheme}://{self.domain}", "--tls", self.tls,
                 "--listen", f"{self.address}:{port or self.port}"]
        return flags + (["--database-url", self.database_url] if self.database_url else [])

    def command(self, *words, flags=None, timeout=60, **options):
        """Runs a command to its end, whatever that is."""
        options.setdefault("env", clean_environment())
        options.setdefault("cwd", self.home)
        return subprocess.run([self.engine.binary, *words, *(self.flags() if flags is None else flags)],
                              capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, **options)

    def run(self, *words, **options):
        """Runs a command that has to succeed; answers what it printed."""
        done = self.command(*words, **options)
        if done.returncode:
            raise AssertionError(f"chancery {' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def refused(self, *words, **options):
        """Runs a command that has to fail in an orderly way; answers its complaint."""
        done = self.command(*words, **options)
        if done.returncode != 1 or "panicked" in done.stderr or not done.stderr.strip():
            raise AssertionError(f"chancery {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        if done.stdout:
            raise AssertionError(f"a refused command printed {done.stdout!r} to standard output")
        return done.stderr

    def json(self, *words, **options):
        """Runs a command with --json; answers the one value that it printed."""
        return json.loads(self.run(*words, "--json", **options))

    def init(self):
        return self.json("init")

    def token(self, *scopes, tenant=None):
        words = [word for scope in scopes for word in ("--scope", scope)]
        return self.run("token", *words, *(["--tenant", tenant] if tenant else [])).strip()

    def no_rotation_limit(self, tenant="main"):
        self.run("tenants", "set", tenant, "rotations_per_day=0")

    def serve(self, port=None, flags=()):
        server = Server(self, port or self.port, flags)
        self.servers.append(server)
        return server

    def rows(self, statement):
        """Looks into the database past the program, with every value as text."""
        if self.database_url:
            return psql(self.database_url, statement)
        with sqlite3.connect(self.sqlite_file, timeout=10) as connection:
            found = connection.execute(statement).fetchall()
        connection.close()
        return [["" if value is None else str(value) for value in row] for row in found]


def clean_environment(**more):
    """The environment without settings of Chancery that the person running the tests may have."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANCERY")}
    return kept | more


class Server:
    """A running `chancery serve`, ready to answer."""

    def __init__(self, installation, port, flags=()):
        self.installation, self.port = installation, port
        self.output = os.path.join(installation.home, f"server-{port}.out")
        self.log = os.path.join(installation.home, f"server-{port}.log")
        with open(self.output, "ab") as output, open(self.log, "ab") as log:
            self.process = subprocess.Popen([installation.engine.binary, "serve", *installation.flags(port), *flags],
                                            stdout=output, stderr=log, stdin=subprocess.DEVNULL,
                                            cwd=installation.home, env=clean_environment())
        wait_for_port(self.process, port, self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, patience=40):
        """Tells the server to stop and waits until it has; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def read_log(self):
        with open(self.log) as log:
            return log.read()

    def connect(self, timeout=30):
        """A connection that stays open for several calls."""
        if self.installation.scheme == "https":
            context = ssl.create_default_context(cafile=self.installation.ca_file)
            return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def call(self, method, path, token=None, body=None, form=None, headers=None, host=None, connection=None, timeout=30):
        """Sends a request to this server under `host` (the first tenant's domain) and reads the answer."""
        headers = {"Host": host or self.installation.domain} | (headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        own = connection or self.connect(timeout)
        try:
            own.request(method, path, body=body, headers=headers)
            answer = own.getresponse()
            return Response(answer.status, answer.headers, answer.read())
        finally:
            if not connection:
                own.close()

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def jwks(self, host=None):
        """The kids of the published keys."""
        return [key["kid"] for key in self.get("/.well-known/jwks.json", host=host).expect(200).json()["keys"]]

    def keys(self, token, host=None):
        return self.get("/api/v2/keys/signing", token=token, host=host).expect(200).json()

    def rotate(self, token, **options):
        return self.call("POST", "/api/v2/keys/signing/rotate", token=token, **options)

    def revoke(self, token, kid, **options):
        return self.call("PUT", f"/api/v2/keys/signing/{kid}/revoke", token=token, **options)

    def new_token(self, client_id, client_secret, audience, **options):
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
                "audience": audience}
        return self.call("POST", "/oauth/token", form=form, **options)


def wait_for_port(process, port, log, within=START_PATIENCE):
    """Waits until a program that was started answers at its port."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if process.poll() is not None:
            with open(log) as text:
                raise AssertionError(f"{named(process)} ended with {process.returncode}: {text.read().strip()[-2000:]}")
        with socket.socket() as probe:
            probe.settimeout(1)
            # The listener is bound before the data is ready, so an answer is what counts.
            if probe.connect_ex(("127.0.0.1", port)) == 0 and answers(port):
                return
        time.sleep(0.01)
    process.kill()
    with open(log) as text:
        raise AssertionError(f"{named(process)} did not answer within {within} s: {text.read().strip()[-2000:]}")


def named(process):
    """The first words of the command of a process."""
    return " ".join(os.path.basename(word) for word in process.args[:2])


def answers(port):
    """Whether a server reads what is sent to it, be it HTTP or TLS: it answers nonsense by closing or with 400."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(("127.0.0.1", port))
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            probe.recv(1)
            return True
        except ConnectionResetError:
            return True
        except OSError:
            return False


def key_in(keys, state):
    """The key in a state; there has to be exactly one."""
    found = [key for key in keys if key.get(state)]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} keys are {state}: {[key['kid'] for key in found]}")
    return found[0]


def claims_of(token):
    return json.loads(unbase64(token.split(".")[1]))


def header_of(token):
    return json.loads(unbase64(token.split(".")[0]))


def unbase64(text):
    import base64
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
