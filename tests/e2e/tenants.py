"""Tenants share nothing, and a thousand of them are made in seconds."""

import time
from concurrent.futures import ThreadPoolExecutor

from chancery import Installation, claims_of, key_in
from suite import contains, equal, eventually


def test_tenants_share_nothing(engine):
    """no token, kid, client, API or id of one tenant is good for anything on another"""
    with Installation(engine) as it:
        main = it.init()
        host = f"acme.localhost:{it.port}"
        acme = it.json("tenants", "create", "acme", "--domain", host)
        equal((acme["tenant"], acme["domain"], acme["issuer"]), ("acme", host, f"http://{host}/"))
        sites = {it.domain: (main["management"], it.token(tenant="main")), host: (acme["management"], it.token(tenant="acme"))}
        with it.serve() as server:
            shared = set(server.jwks()) & set(server.jwks(host=host))
            equal(shared, set(), "kids of both")
            for here, there in ((it.domain, host), (host, it.domain)):
                (own, token), (foreign, foreign_token) = sites[here], sites[there]
                equal(claims_of(token)["iss"], f"http://{here}/")
                server.keys(token, host=here)
                server.get("/api/v2/keys/signing", token=foreign_token, host=here).expect(401)
                # Client ids, secrets and audiences.
                ask = lambda id, secret, audience: server.new_token(id, secret, audience, host=here)
                ask(own["client_id"], own["client_secret"], own["audience"]).expect(200)
                ask(foreign["client_id"], foreign["client_secret"], foreign["audience"]).expect(401)
                ask(foreign["client_id"], foreign["client_secret"], own["audience"]).expect(401)
                ask(own["client_id"], foreign["client_secret"], own["audience"]).expect(401)
                contains(ask(own["client_id"], own["client_secret"], foreign["audience"]).expect(403).text, "Service not found")
                # Ids of the other one's things.
                theirs = server.keys(foreign_token, host=there)
                for key in theirs:
                    server.get(f"/api/v2/keys/signing/{key['kid']}", token=token, host=here).expect(404)
                    server.revoke(token, key["kid"], host=here).expect(404)
                server.get(f"/api/v2/clients/{foreign['client_id']}", token=token, host=here).expect(404)
                server.call("DELETE", f"/api/v2/clients/{foreign['client_id']}", token=token, host=here)
                server.get(f"/api/v2/clients/{foreign['client_id']}", token=foreign_token, host=there).expect(200)
                for collection in ("resource-servers", "client-grants", "logs"):
                    for thing in server.get(f"/api/v2/{collection}", token=foreign_token, host=there).expect(200).json():
                        id = thing.get("id") or thing["log_id"]
                        answer = server.get(f"/api/v2/{collection}/{id}", token=token, host=here)
                        equal(answer.status, 404, f"{collection}/{id}")
            # Changing one leaves the other as it is.
            before = server.keys(sites[host][1], host=host), server.get("/pem", host=host).body
            server.rotate(sites[it.domain][1]).expect(201)
            equal((server.keys(sites[host][1], host=host), server.get("/pem", host=host).body), before)
        equal([tenant["tenant"] for tenant in it.json("tenants", "list")], ["main", "acme"])


def test_taken(engine):
    """a name or domain that is taken or malformed is refused and named"""
    with Installation(engine) as it:
        it.init()
        contains(it.refused("tenants", "create", "main", "--domain", "other.example"), "main")
        contains(it.refused("tenants", "create", "other", "--domain", it.domain), it.domain)
        for name, domain in (("Bad Name", "ok.example"), ("ok", "not a domain"), ("ok", "https://ok.example"),
                             ("ok", "UPPER.example"), ("-ok", "ok.example"), ("ok", "a" * 65 + ".example")):
            done = it.command("tenants", "create", name, "--domain", domain)
            assert done.returncode != 0 and not done.stdout, done.stdout
        contains(it.refused("tenants", "delete", "main", "--confirm", "something-else"), "--confirm main")
        equal(len(it.json("tenants", "list")), 1)


def test_delete(engine):
    """a deleted tenant leaves nothing behind, and its name and domain are free again"""
    with Installation(engine) as it:
        it.init()
        host = f"acme.localhost:{it.port}"
        first = it.json("tenants", "create", "acme", "--domain", host)
        with it.serve() as server:
            server.get("/pem?cert=connection", host=host).expect(200)
            token = it.token(tenant="acme")
            server.keys(token, host=host)
            it.run("tenants", "delete", "acme", "--confirm", "acme")
            eventually("the tenant is gone", lambda: server.get("/pem", host=host).status == 404)
            for table in ("domains", "signing_keys", "key_rings", "connection_keys", "clients", "resource_servers",
                          "client_grants", "used_assertions", "rotations"):
                equal(it.rows(f"SELECT * FROM {table} WHERE tenant_id NOT IN (SELECT id FROM tenants)"), [], table)
            left = it.rows("SELECT type FROM logs WHERE tenant_id NOT IN (SELECT id FROM tenants)")
            assert left in ([], [["sapi"]]), f"more than the entry of the deletion itself: {left}"
            second = it.json("tenants", "create", "acme", "--domain", host)
            assert second["management"]["client_id"] != first["management"]["client_id"]
            eventually("the new one is there", lambda: server.get("/pem", host=host).status == 200)
            server.get("/api/v2/keys/signing", token=token, host=host).expect(401)


def test_a_thousand(engine):
    """a thousand tenants are created in seconds, and each of them answers"""
    count = 1000
    with Installation(engine) as it:
        it.init()

        def create(number):
            start = time.monotonic()
            it.run("tenants", "create", f"t{number}", "--domain", f"t{number}.localhost:{it.port}")
            return time.monotonic() - start

        start = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            times = sorted(pool.map(create, range(count)))
        took = time.monotonic() - start
        equal(len(it.json("tenants", "list")), count + 1)
        start = time.monotonic()
        with it.serve() as server:
            ready = time.monotonic() - start
            hosts = [f"t{number}.localhost:{it.port}" for number in (0, 1, count // 2, count - 1)]
            start = time.monotonic()
            for host in hosts:
                equal(len(server.jwks(host=host)), 2)
            first = (time.monotonic() - start) / len(hosts)
            token = it.token("read:signing_keys", tenant=f"t{count - 1}")
            server.keys(token, host=hosts[-1])
        if took > 60 or ready > 2:
            raise AssertionError(f"{took:.1f} s for {count} tenants, {ready:.1f} s to start on them")
        return (f"{took:.1f} s for {count}, each command {times[count // 2] * 1000:.0f} ms in the middle and "
                f"{times[-1] * 1000:.0f} ms at most; start {ready * 1000:.0f} ms, first answer of a tenant {first * 1000:.0f} ms")
