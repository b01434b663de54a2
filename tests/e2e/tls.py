"""TLS: given certificates, the local authority, and the way to PostgreSQL."""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import urllib.parse

from chancery import Installation, clean_environment
from suite import ROOT, Skip, contains, equal

NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


def make_certificate(folder, name, *more):
    """An ECDSA key and a certificate that it signed itself, made by openssl; answers both files."""
    certificate, key = os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost", "-days", "2", "-keyout", key, "-out", certificate, *more],
                   check=True, capture_output=True)
    return certificate, key


def curl(it, path, version, host="localhost", port=None):
    """The version of HTTP, the status and the size of an answer, as curl saw them."""
    if not shutil.which("curl"):
        raise Skip("curl is not here")
    done = subprocess.run(["curl", "--silent", "--show-error", "--cacert", it.ca_file, version, "--output", os.devnull,
                           "--resolve", f"{host}:{port or it.port}:127.0.0.1",
                           "--write-out", "%{http_version} %{http_code} %{ssl_verify_result}",
                           f"https://{host}:{port or it.port}{path}"], capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise AssertionError(f"curl {version}: {done.stderr}")
    return done.stdout.split()


def sent(it, path, version, size):
    """The status of the answer to a form of this size."""
    form = "password=" + "x" * size
    done = subprocess.run(["curl", "--silent", "--show-error", "--cacert", it.ca_file, version, "--output", os.devnull,
                           "--data-binary", "@-", "--write-out", "%{http_code}", f"https://localhost:{it.port}{path}"],
                          input=form, capture_output=True, text=True, timeout=30)
    return done.stdout if done.returncode == 0 else done.stderr


def handshake(it, name, address="127.0.0.1"):
    """Shakes hands as a client that trusts the authority; answers the names of the certificate."""
    context = ssl.create_default_context(cafile=it.ca_file)
    with socket.create_connection((address, it.port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secured:
            return sorted(value for _, value in secured.getpeercert()["subjectAltName"])


def refused_name(it, name):
    try:
        handshake(it, name)
    except ssl.SSLCertVerificationError as error:
        contains(str(error), "mismatch")
        return
    raise AssertionError(f"there is a certificate for {name}")


def test_given_certificate(engine):
    """a given ECDSA certificate serves HTTP/1.1 and HTTP/2"""
    home = tempfile.mkdtemp(prefix="chancery-test-")
    certificate, key = make_certificate(home, "server", "-addext", NAMES)
    with Installation(engine, tls=f"{certificate},{key}", home=home) as it:
        equal(it.init()["ca_file"], None)
        with it.serve() as server:
            equal(curl(it, "/.well-known/jwks.json", "--http1.1"), ["1.1", "200", "0"])
            equal(curl(it, "/.well-known/jwks.json", "--http2"), ["2", "200", "0"])
            equal(handshake(it, "127.0.0.1"), ["127.0.0.1", "localhost"])
            equal(len(server.jwks()), 2)
            server.keys(it.token())


def test_large_bodies(engine):
    """whoever sends megabytes is answered, and not left with a broken connection"""
    with Installation(engine, tls="dev") as it:
        it.init()
        with it.serve():
            for path in ("/oauth/token", "/oauth/par", "/dbconnections/signup", "/u/login"):
                for version in ("--http1.1", "--http2"):
                    equal((path, version, sent(it, path, version, 3_000_000)), (path, version, "400"))


def test_certificates_that_do_not_fit(engine):
    """a key of another certificate, a missing file and one without PEM are refused and named, and nothing is made"""
    home = tempfile.mkdtemp(prefix="chancery-test-")
    certificate, key = make_certificate(home, "server")
    _, foreign = make_certificate(home, "other")
    missing, empty = os.path.join(home, "missing.pem"), os.path.join(home, "empty.pem")
    open(empty, "w").close()
    with Installation(engine, home=home) as it:
        for files, told in (((certificate, foreign), [certificate, foreign, "does not belong"]),
                            ((missing, key), [missing, "No such file"]), ((certificate, missing), [missing, "No such file"]),
                            ((empty, key), [empty, "no certificate"]), ((certificate, empty), [empty, "no private key"]),
                            ((key, key), [key, "no certificate"])):
            it.tls = ",".join(files)
            contains(it.refused("serve"), *told)
        assert not os.path.exists(it.data)


def test_local_authority(engine):
    """with tls = dev a tenant that is made while the server runs has its certificate at once, and no other host has one"""
    with Installation(engine, tls="dev") as it:
        it.init()
        with it.serve() as server:
            equal(curl(it, "/.well-known/jwks.json", "--http1.1"), ["1.1", "200", "0"])
            equal(curl(it, "/.well-known/jwks.json", "--http2"), ["2", "200", "0"])
            ready = handshake(it, "localhost")
            equal(handshake(it, "127.0.0.1"), ready)
            for host in ("acme.localhost", "login.acme.example"):
                refused_name(it, host)
                name = host.replace(".", "-")
                it.run("tenants", "create", name, "--domain", f"{host}:{it.port}")
                equal(handshake(it, host), [host])
                equal(curl(it, "/.well-known/jwks.json", "--http2", host), ["2", "200", "0"])
                server.get("/.well-known/jwks.json", host=f"{host}:{it.port}").expect(200)
            for host in ("nobody.localhost", "localhost.example", "example", "www.login.acme.example"):
                refused_name(it, host)
            # The names on the ready certificate do not grow with the tenants, and its file stays as it is.
            equal(handshake(it, "localhost"), ready)
        with open(it.ca_file) as file:
            authority = file.read()
        with it.serve():
            equal(handshake(it, "acme.localhost"), ["acme.localhost"])
        with open(it.ca_file) as file:
            equal(file.read(), authority, "the authority after a restart")


def test_local_authority_by_address(engine):
    """with tls = dev a tenant at an address has its certificate at once, though clients do not name addresses"""
    with Installation(engine, tls="dev") as it:
        it.address = "0.0.0.0"
        it.init()
        with it.serve():
            assert "127.0.0.2" not in handshake(it, "localhost", "127.0.0.2")
            it.run("tenants", "create", "numbers", "--domain", f"127.0.0.2:{it.port}")
            equal(handshake(it, "127.0.0.2", "127.0.0.2"), ["127.0.0.2"])


def test_way_to_postgres(engine):
    """PostgreSQL over TLS is verified with the authority that sslrootcert names, and nothing less is accepted"""
    if not engine.url:
        raise Skip("SQLite is not reached over a network")
    state = tempfile.mkdtemp(prefix="chancery-postgres-tls-")
    script, env = os.path.join(ROOT, "scripts", "postgres"), clean_environment(POSTGRES_STATE=state)
    started = subprocess.run([script, "start", "tls"], env=env, capture_output=True, text=True, timeout=120)
    try:
        if started.returncode:
            raise Skip(f"no PostgreSQL with TLS can be started here: {started.stderr.strip()}")
        url = urllib.parse.urlsplit(started.stdout.strip())
        other, _ = make_certificate(state, "other")
        with Installation(engine) as it:
            own, it.database_url = it.database_url, None
            flags = it.flags()
            using = lambda query: flags + ["--database-url", url._replace(query=query).geturl()]
            for query, told in ((f"sslmode=require&sslrootcert={other}", ["certificate", "sslrootcert"]),
                                ("sslmode=require", ["certificate", "sslrootcert"]),
                                ("sslmode=disable", ["no encryption", "sslmode=require"]),
                                ("", ["no encryption", "sslmode=require"]),
                                (f"sslmode=require&sslrootcert={state}/none.pem", [f"{state}/none.pem"])):
                complaint = it.refused("init", flags=using(query))
                contains(complaint, *told)
                assert url.password not in complaint, complaint
            for mode in ("require", "verify-full"):
                it.database_url = url._replace(query=url.query.replace("require", mode)).geturl()
                equal(it.init()["tenant"], "main")
            with it.serve() as server:
                server.keys(it.token())
                encrypted = it.rows("SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'chancery'")
                equal(encrypted, [["t"]])
            it.database_url = own
            # The server of the other tests has no TLS.
            complaint = it.refused("init", flags=flags + ["--database-url", f"{own}?sslmode=require&sslrootcert={other}"])
            contains(complaint, "does not support TLS", "sslmode=disable")
    finally:
        subprocess.run([script, "stop"], env=env, check=False, timeout=60)
        shutil.rmtree(state, ignore_errors=True)
