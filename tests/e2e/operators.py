"""What operators see: metrics, health and readiness on a listener of their own."""

import http.client
import os
import re
import socket

from chancery import Installation, free_port, header_of, key_in
from suite import equal

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABELS})(?:,{LABELS})*)\}})? (\S+)")


def parse(text):
    """Prometheus text as {family: (type, {(sample name, labels): value})}; anything that is not valid is an error."""
    assert text.endswith("\n"), "the last line does not end"
    families, current = {}, None
    for line in text.splitlines():
        if not line:
            continue
        if line.startswith("# HELP "):
            assert re.fullmatch(rf"# HELP {NAME} .+", line), line
        elif line.startswith("# TYPE "):
            _, _, current, kind = line.split(" ")
            assert current not in families, f"{current} is there twice"
            assert kind in ("counter", "gauge", "histogram"), line
            families[current] = (kind, {})
        else:
            match = SAMPLE.fullmatch(line)
            assert match, f"no sample: {line!r}"
            name, labels, value = match.groups()
            kind, samples = families[current]
            known = {current + ending for ending in ("_bucket", "_sum", "_count")} if kind == "histogram" else {current}
            assert name in known, f"{name} stands below {current}"
            pairs = re.findall(r'([^=,]+)="((?:[^"\\]|\\.)*)"', labels or "")
            key = (name, tuple(sorted(pairs)))
            assert key not in samples, f"{line} is there twice"
            samples[key] = float(value)
    for family, (kind, samples) in families.items():
        assert samples, f"{family} has no samples"
        if kind == "histogram":
            check_histogram(family, samples)
    return families


def check_histogram(family, samples):
    """Buckets count upwards, and the last one holds everything."""
    for (name, labels), count in samples.items():
        if name != f"{family}_count":
            continue
        buckets = sorted((float(dict(own)["le"]), value) for (kind, own), value in samples.items()
                         if kind == f"{family}_bucket" and set(labels) < set(own))
        values = [value for _, value in buckets]
        assert values == sorted(values) and buckets[-1] == (float("inf"), count), (family, labels, buckets)
        assert samples[(f"{family}_sum", labels)] >= 0


def sample(families, name, **labels):
    family = name if name in families else re.sub("_(bucket|sum|count)$", "", name)
    return families[family][1].get((name, tuple(sorted(labels.items()))))


def test_metrics(engine):
    """metrics count requests by route and status, tokens by algorithm and key, signatures, and the rings of all tenants"""
    with Installation(engine) as it:
        management = it.init()["management"]
        it.no_rotation_limit()
        it.run("tenants", "create", "acme", "--domain", f"acme.localhost:{it.port}")
        admin = free_port()
        with it.serve(flags=["--admin-listen", f"127.0.0.1:{admin}"]) as server:
            asked = lambda path: server.call("GET", path, connection=listener(server, admin))
            equal((asked("/healthz").expect(200).text, asked("/readyz").expect(200).text), ("ok\n", "ready\n"))
            asked("/api/v2/keys/signing").expect(404)
            scrape = lambda: parse(asked("/metrics").expect(200).text)
            before = sample(scrape(), "chancery_requests_total", method="GET", route="/healthz", status="200") or 0

            issue = lambda secret: server.new_token(management["client_id"], secret, management["audience"])
            for _ in range(3):
                access_token = issue(management["client_secret"]).expect(200).json()["access_token"]
            kid = header_of(access_token)["kid"]
            issue("wrong").expect(401)
            server.keys(access_token)
            server.get("/healthz").expect(200)
            for path in ("/nothing", "/nothing/else"):
                server.get(path).expect(404)
            server.rotate(access_token).expect(201)
            fresh = header_of(issue(management["client_secret"]).expect(200).json()["access_token"])["kid"]

            answer = asked("/metrics").expect(200)
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer.headers["Content-Type"]
            metrics = parse(answer.text)
            kinds = {name: kind for name, (kind, _) in metrics.items()}
            equal(kinds, {"chancery_requests_total": "counter", "chancery_request_seconds": "histogram",
                          "chancery_tokens_total": "counter", "chancery_signing_seconds": "histogram",
                          "chancery_ring_keys": "gauge", "chancery_current_key_age_seconds": "gauge"})
            requests = lambda method, route, status: sample(metrics, "chancery_requests_total", method=method,
                                                            route=route, status=status)
            equal(requests("POST", "/oauth/token", "200"), 4)
            equal(requests("POST", "/oauth/token", "401"), 1)
            equal(requests("GET", "/api/v2/keys/signing", "200"), 1)
            equal(requests("POST", "/api/v2/keys/signing/rotate", "201"), 1)
            equal(requests("GET", "unmatched", "404"), 2)
            equal(requests("GET", "/healthz", "200"), before + 1)
            equal(sample(metrics, "chancery_request_seconds_count", route="/oauth/token"), 5)
            equal(sample(metrics, "chancery_tokens_total", algorithm="RS256", kid=kid), 3)
            equal(sample(metrics, "chancery_tokens_total", algorithm="RS256", kid=fresh), 1)
            equal(sample(metrics, "chancery_signing_seconds_count", algorithm="RS256"), 4)
            age = sample(metrics, "chancery_current_key_age_seconds", tenant="main")
            assert 0 <= age < 30, f"the new current key is {age} s old"
            rings(it, server, scrape)
            # Nothing of this is told to the public.
            server.get("/metrics").expect(404)


def rings(it, server, scrape):
    """The state of the rings is that of the database, whoever changed it and whoever was called."""
    count = lambda tenant, place: sample(scrape(), "chancery_ring_keys", tenant=tenant, place=place)
    state = lambda tenant: [count(tenant, place) for place in ("current", "next", "previous", "revoked")]
    equal(state("main"), [1, 1, 1, 0])
    it.run("keys", "rotate", "--tenant", "acme")
    equal(state("acme"), [1, 1, 1, 0])
    old = next(key["kid"] for key in it.json("keys", "list") if key["previous"])
    it.run("keys", "revoke", old)
    equal(state("main"), [1, 1, 0, 1])
    it.run("tenants", "delete", "acme", "--confirm", "acme")
    equal(state("acme"), [None] * 4)


def listener(server, port):
    return http.client.HTTPConnection("127.0.0.1", port, timeout=10)


def test_no_listener(engine):
    """without --admin-listen there are no metrics anywhere"""
    with Installation(engine) as it:
        it.init()
        with it.serve() as server:
            server.get("/metrics").expect(404)


def test_admin_port_in_use(engine):
    """a port for operators that is in use is refused with its setting, before anything is made"""
    with Installation(engine) as it, socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        complaint = it.refused("serve", "--admin-listen", address)
        assert address in complaint and "--admin-listen" in complaint, complaint
        assert not os.path.exists(it.data)
