"""The public documents: read by openssl, cached by their validators, found by their host alone."""

import base64
import http.client
import os
import re
import subprocess

from chancery import Installation, key_in
from suite import contains, equal

DOCUMENTS = ["/.well-known/jwks.json", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
             "/pem", "/cer", "/rawpem", "/pb7", "/fingerprint",
             "/pem?cert=connection", "/cer?cert=connection", "/rawpem?cert=connection", "/pb7?cert=connection",
             "/fingerprint?cert=connection"]


def openssl(*words, given):
    done = subprocess.run(["openssl", *words], input=given, capture_output=True, timeout=20)
    if done.returncode:
        raise AssertionError(f"openssl {' '.join(words)}: {done.stderr.decode()}")
    return done.stdout


def fingerprint(der):
    line = openssl("x509", "-inform", "DER", "-noout", "-fingerprint", "-sha1", given=der).decode()
    return line.strip().split("=")[1]


def test_openssl_reads_the_certificate(engine):
    """openssl reads /pem, /cer, /rawpem and /pb7, and finds the fingerprint of /fingerprint"""
    with Installation(engine) as it:
        it.init()
        token = it.token("read:signing_keys")
        with it.serve() as server:
            current = key_in(server.keys(token), "current")
            for query in ("", "?cert=connection", "?cert=anything", "?x=1"):
                pem, cer, rawpem, pb7, text = (server.get(f"/{name}{query}").expect(200).body
                                               for name in ("pem", "cer", "rawpem", "pb7", "fingerprint"))
                equal(openssl("x509", "-outform", "DER", given=pem), cer, "/pem and /cer")
                equal(base64.b64decode(rawpem, validate=True), cer, "/rawpem and /cer")
                inside = openssl("pkcs7", "-inform", "DER", "-print_certs", given=pb7)
                equal(openssl("x509", "-outform", "DER", given=inside), cer, "/pb7 and /cer")
                equal(text.decode().strip(), fingerprint(cer), "/fingerprint")
                own = current["fingerprint"] == text.decode().strip()
                equal(own, query != "?cert=connection", f"the application's key at {query!r}")


def test_certificates_of_the_api(engine):
    """openssl agrees with every member of GET /keys/signing"""
    with Installation(engine) as it:
        it.init()
        it.run("keys", "rotate")
        token = it.token("read:signing_keys")
        with it.serve() as server:
            for key in server.keys(token):
                assert re.fullmatch(r"[A-Za-z0-9_-]{21}", key["kid"]), key["kid"]
                for member in ("cert", "pkcs7"):
                    equal(key[member].count("\n"), key[member].count("\r\n"), f"line ends of {member}")
                der = openssl("x509", "-outform", "DER", given=key["cert"].encode())
                equal((key["fingerprint"], key["thumbprint"]), (fingerprint(der), fingerprint(der).replace(":", "")))
                inside = openssl("pkcs7", "-print_certs", given=key["pkcs7"].encode())
                equal(openssl("x509", "-outform", "DER", given=inside), der)
                shown = openssl("x509", "-inform", "DER", "-noout", "-text", given=der).decode()
                contains(shown, "Version: 3", "sha256WithRSAEncryption", "Public-Key: (2048 bit)", "CA:TRUE",
                         "Subject Key Identifier", "Digital Signature, Certificate Sign",
                         f"Subject: CN = {it.domain}", f"Issuer: CN = {it.domain}")
                openssl("x509", "-inform", "DER", "-noout", "-checkend", str(4999 * 86400), given=der)
                path = os.path.join(it.home, "one.pem")
                with open(path, "w") as file:
                    file.write(key["cert"])
                openssl("verify", "-no_check_time", "-CAfile", path, given=key["cert"].encode())


def test_jwks_is_of_the_certificates(engine):
    """each entry of the JWKS is the key of its certificate"""
    with Installation(engine) as it:
        it.init()
        with it.serve() as server:
            keys = server.get("/.well-known/jwks.json").expect(200).json()["keys"]
            equal(len(keys), 2)
            for key in keys:
                equal(list(key), ["kty", "use", "n", "e", "kid", "x5t", "x5c", "alg"])
                equal((key["kty"], key["use"], key["e"], key["alg"]), ("RSA", "sig", "AQAB", "RS256"))
                der = base64.b64decode(key["x5c"][0])
                shown = openssl("x509", "-inform", "DER", "-noout", "-modulus", given=der).decode().strip()
                modulus = base64.urlsafe_b64decode(key["n"] + "=" * (-len(key["n"]) % 4))
                equal(modulus.hex().upper(), shown.split("=")[1])
                sha1 = base64.urlsafe_b64decode(key["x5t"] + "=").hex().upper()
                equal(sha1, fingerprint(der).replace(":", ""))


def test_discovery(engine):
    """discovery names the issuer of the tenant, and what it names answers"""
    with Installation(engine) as it:
        it.init()
        with it.serve() as server:
            one = server.get("/.well-known/openid-configuration").expect(200).json()
            equal(one["issuer"], it.issuer)
            for path in ("/.well-known/oauth-authorization-server",):
                equal(server.get(path).expect(200).json(), one)
            for name, url in one.items():
                if isinstance(url, str) and name.endswith(("_endpoint", "_uri")):
                    assert url.startswith(it.issuer), url
                    status = server.call("POST" if name == "token_endpoint" else "GET", "/" + url[len(it.issuer):]).status
                    assert status != 404, f"{name} {url} is not there"


def test_validators(engine):
    """every public document has an ETag, answers 304 to it, and answers HEAD without a body"""
    with Installation(engine) as it:
        it.init()
        with it.serve() as server:
            for path in DOCUMENTS:
                full = server.get(path).expect(200)
                etag = full.headers["ETag"]
                assert re.fullmatch(r'"[^"]+"', etag or ""), f"{path}: ETag {etag}"
                contains(full.headers["Cache-Control"], "public", "max-age=300", "stale-while-revalidate")
                equal(full.headers["Access-Control-Allow-Origin"], "*", path)
                for condition in (etag, f"W/{etag}", f'"x", {etag}', "*"):
                    none = server.get(path, headers={"If-None-Match": condition}).expect(304)
                    equal((none.body, none.headers["ETag"]), (b"", etag), path)
                    contains(none.headers["Cache-Control"], "max-age=300")
                equal(server.get(path, headers={"If-None-Match": '"other"'}).expect(200).body, full.body)
                head = server.call("HEAD", path).expect(200)
                equal(head.body, b"")
                equal((head.headers["ETag"], head.headers["Content-Length"], head.headers["Content-Type"]),
                      (etag, str(len(full.body)), full.headers["Content-Type"]), path)
                server.call("HEAD", path, headers={"If-None-Match": etag}).expect(304)
                server.call("POST", path).expect(405)


def test_validators_change_with_the_keys(engine):
    """a rotate or revoke changes the JWKS and its ETag in the very next answer"""
    with Installation(engine) as it:
        it.init()
        it.no_rotation_limit()
        token = it.token("read:signing_keys", "create:signing_keys", "update:signing_keys")
        with it.serve() as server:
            connection = server.connect()
            for _ in range(10):
                before = server.get("/.well-known/jwks.json", connection=connection)
                current = key_in(server.keys(token), "current")["kid"]
                fresh = server.rotate(token, connection=connection).expect(201).json()["kid"]
                after = server.get("/.well-known/jwks.json", connection=connection,
                                   headers={"If-None-Match": before.headers["ETag"]}).expect(200)
                assert fresh in after.text and current in after.text
                server.revoke(token, current, connection=connection).expect(200)
                last = server.get("/.well-known/jwks.json", connection=connection,
                                  headers={"If-None-Match": after.headers["ETag"]}).expect(200)
                assert fresh in last.text and current not in last.text
                token = it.token("read:signing_keys", "create:signing_keys", "update:signing_keys")
            connection.close()


def test_max_age_is_a_setting(engine):
    """the time that caches may keep a document is a setting of the tenant"""
    with Installation(engine) as it:
        it.init()
        it.run("tenants", "set", "main", "public_max_age=7")
        with it.serve() as server:
            contains(server.get("/pem").headers["Cache-Control"], "max-age=7,")


def test_unknown_host(engine):
    """a host that is nobody's gets a plain 404 that says so, whatever it asks for"""
    with Installation(engine) as it:
        it.init()
        with it.serve() as server:
            for host in ("nobody.example", f"127.0.0.1:{it.port}", "localhost", f"localhost:{it.port + 1}",
                         f"x.localhost:{it.port}", f"{it.domain}.", f"{it.domain}@nobody.example"):
                for method, path in (("GET", "/.well-known/jwks.json"), ("GET", "/api/v2/keys/signing"),
                                     ("POST", "/oauth/token"), ("GET", "/pem")):
                    answer = server.call(method, path, host=host).expect(404)
                    contains(answer.headers["Content-Type"], "text/plain")
                    contains(answer.text, "no tenant")
            server.get("/.well-known/jwks.json", host=it.domain.upper()).expect(200)
            for headers in ({"X-Forwarded-Host": "nobody.example"}, {"Forwarded": "host=nobody.example"}):
                answer = server.get("/.well-known/openid-configuration", headers=headers).expect(200)
                assert "nobody" not in answer.text


def test_host_twice(engine):
    """a request with two hosts, or with none, is nobody's"""
    with Installation(engine) as it:
        it.init()
        with it.serve() as server:
            for hosts in ([it.domain, "nobody.example"], ["nobody.example", it.domain], []):
                connection = server.connect()
                connection.putrequest("GET", "/.well-known/jwks.json", skip_host=True)
                for host in hosts:
                    connection.putheader("Host", host)
                connection.endheaders()
                try:
                    status = connection.getresponse().status
                except http.client.HTTPException:
                    status = 400
                assert status in (400, 404), f"{hosts}: {status}"
                connection.close()


def test_http2(engine):
    """HTTP/2 works with TLS and without"""
    for tls in ("dev", "off"):
        with Installation(engine, tls=tls) as it:
            it.init()
            with it.serve():
                words = ["--cacert", it.ca_file] if tls == "dev" else []
                flag = "--http2" if tls == "dev" else "--http2-prior-knowledge"
                done = subprocess.run(["curl", "--silent", "--show-error", flag, *words, "--write-out", "\n%{http_version} %{http_code}",
                                       f"{it.issuer}.well-known/jwks.json"], capture_output=True, text=True, timeout=20)
                equal(done.stdout.rsplit("\n", 1)[1], "2 200", done.stderr)
