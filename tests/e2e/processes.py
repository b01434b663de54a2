"""Several processes on one database: each sees what the others changed within a second."""

import threading

from chancery import Installation, free_port, header_of, key_in
from suite import contains, equal, eventually

ALL = ("read:signing_keys", "create:signing_keys", "update:signing_keys")


def test_commands_beside_a_server(engine):
    """a running server sees rotate, revoke and tenants create of the command line within a second"""
    with Installation(engine) as it:
        it.init()
        it.no_rotation_limit()
        with it.serve() as server:
            slowest = 0
            for round in range(5):
                old = key_in(it.json("keys", "list"), "current")["kid"]
                old_token = it.token(*ALL)
                server.keys(old_token)
                fresh = it.json("keys", "rotate")["kid"]
                slowest = max(slowest, eventually("rotate", lambda: fresh in server.jwks()))
                server.keys(old_token)
                it.run("keys", "revoke", old)
                slowest = max(slowest, eventually("revoke", lambda: old not in server.jwks()))
                server.get("/api/v2/keys/signing", token=old_token).expect(401)
            host = f"acme.localhost:{it.port}"
            server.get("/.well-known/jwks.json", host=host).expect(404)
            it.run("tenants", "create", "acme", "--domain", host)
            seen = lambda: server.get("/.well-known/jwks.json", host=host).status == 200
            slowest = max(slowest, eventually("tenants create", seen))
            it.run("tenants", "set", "acme", "public_max_age=9")
            seen = lambda: "max-age=9" in server.get("/pem", host=host).headers["Cache-Control"]
            slowest = max(slowest, eventually("tenants set", seen))
            it.run("tenants", "delete", "acme", "--confirm", "acme")
            gone = lambda: server.get("/.well-known/jwks.json", host=host).status == 404
            slowest = max(slowest, eventually("tenants delete", gone))
            return f"after {slowest:.0f} ms at the latest"


def test_two_servers(engine):
    """of two servers on one database each sees the other's rotate, revoke, applications and users within a second"""
    with Installation(engine) as it:
        it.init()
        it.no_rotation_limit()
        with it.serve() as one, it.serve(port=free_port()) as other:
            slowest = 0
            for here, there in [(one, other), (other, one)] * 3:
                token, witness = it.token(*ALL), it.token("read:signing_keys")
                old = key_in(here.keys(token), "current")["kid"]
                coming = key_in(there.keys(token), "next")["kid"]
                fresh = here.rotate(token).expect(201).json()["kid"]
                slowest = max(slowest, eventually("rotate", lambda: fresh in there.jwks()))
                equal(key_in(there.keys(token), "current")["kid"], coming)
                there.revoke(token, old).expect(200)
                there.get("/api/v2/keys/signing", token=witness).expect(401)
                gone = lambda: here.get("/api/v2/keys/signing", token=witness).status == 401
                slowest = max(slowest, eventually("revoke", gone))
                assert old not in here.jwks()
                # The one token that revoked the key it was signed with has a minute to finish, everywhere.
                for server in (here, there):
                    server.keys(token)
            slowest = max(slowest, application_comes_and_goes(it, one, other), user_changes(it, one, other))
            return f"after {slowest:.0f} ms at the latest"


def application_comes_and_goes(it, one, other):
    """An application made on one server gets tokens from the other until its secret is rotated, then deleted."""
    token = it.token()
    body = {"name": "short-lived", "app_type": "non_interactive", "grant_types": ["client_credentials"]}
    made = one.call("POST", "/api/v2/clients", token=token, body=body).expect(201).json()
    audience = f"{it.issuer}api/v2/"
    grant = {"client_id": made["client_id"], "audience": audience, "scope": ["read:clients"]}
    one.call("POST", "/api/v2/client-grants", token=token, body=grant).expect(201)
    ask = lambda secret: other.new_token(made["client_id"], secret, audience).status
    first = eventually("a new application", lambda: ask(made["client_secret"]) == 200)
    rotated = one.call("POST", f"/api/v2/clients/{made['client_id']}/rotate-secret", token=token).expect(200).json()
    second = eventually("the old secret is refused", lambda: ask(made["client_secret"]) == 401)
    equal(ask(rotated["client_secret"]), 200)
    one.call("DELETE", f"/api/v2/clients/{made['client_id']}", token=token).expect(204)
    third = eventually("a deleted application is refused", lambda: ask(rotated["client_secret"]) == 401)
    return max(first, second, third)


def user_changes(it, one, other):
    """What one server does to a user the other says of them, until the user is blocked; both remember whom they know."""
    token = it.token()
    call = lambda server, method, path, body: server.call(method, f"/api/v2/{path}", token=token, body=body)
    connection = {"name": "people", "strategy": "auth0"}
    call(one, "POST", "connections", connection).expect(201)
    password = "Correct-horse-7-battery-staple"
    person = {"connection": "people", "email": "ann@example.test", "password": password, "name": "Ann"}
    user_id = call(one, "POST", "users", person).expect(201).json()["user_id"]
    grant = "http://auth0.com/oauth/grant-type/password-realm"
    made = call(one, "POST", "clients", {"name": "people's", "app_type": "regular_web", "grant_types": [grant]})
    client = made.expect(201).json()
    path = f"connections/{one.call('GET', '/api/v2/connections?name=people', token=token).json()[0]['id']}/clients"
    call(one, "PATCH", path, [{"client_id": client["client_id"], "status": True}]).expect(204)
    form = {"grant_type": grant, "realm": "people", "username": person["email"], "password": password, "scope": "openid profile",
            "client_id": client["client_id"], "client_secret": client["client_secret"]}
    access = one.call("POST", "/oauth/token", form=form).expect(200).json()["access_token"]
    told = lambda server: server.get("/userinfo", token=access).expect(200).json()["name"]
    slowest = 0
    for here, there, name in [(one, other, "Anna"), (other, one, "Anne"), (one, other, "Annie")]:
        told(here), told(there)
        call(here, "PATCH", f"users/{user_id}", {"name": name}).expect(200)
        equal(told(here), name)
        slowest = max(slowest, eventually("another name", lambda: told(there) == name))
    call(one, "PATCH", f"users/{user_id}", {"blocked": True}).expect(200)
    equal(one.get("/userinfo", token=access).status, 401)
    return max(slowest, eventually("a blocked user", lambda: other.get("/userinfo", token=access).status == 401))


def test_parallel_rotations(engine):
    """parallel rotations by two servers and the command line leave one current and one next key"""
    with Installation(engine) as it:
        it.init()
        it.no_rotation_limit()
        token = it.token(*ALL)
        fresh, refused = [], []

        def over(server):
            for _ in range(5):
                answer = server.rotate(token, timeout=60)
                (fresh if answer.status == 201 else refused).append(answer.json().get("kid") or answer.text)

        def by_command():
            for _ in range(3):
                fresh.append(it.json("keys", "rotate")["kid"])

        with it.serve() as one, it.serve(port=free_port()) as other:
            workers = [threading.Thread(target=over, args=(server,)) for server in (one, other, one, other)]
            workers.append(threading.Thread(target=by_command))
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            equal((len(fresh), len(set(fresh)), refused), (23, 23, []), "rotations")
            keys = it.json("keys", "list")
            assert key_in(keys, "next")["kid"] in fresh and key_in(keys, "current")["kid"] in fresh
            equal(sum(1 for key in keys if key["previous"]), 23)
            for server in (one, other):
                eventually("both servers publish every key", lambda: sorted(server.jwks()) == sorted(key["kid"] for key in keys))


def test_tokens_while_rotating(engine):
    """while keys are rotated no token is issued that the JWKS does not verify, on either server"""
    with Installation(engine) as it:
        management = it.init()["management"]
        it.no_rotation_limit()
        token = it.token(*ALL)
        stop, bad, issued = threading.Event(), [], []

        def ask(server, verifier):
            connections = server.connect(), verifier.connect()
            while not stop.is_set():
                answer = server.new_token(management["client_id"], management["client_secret"], management["audience"],
                                          connection=connections[0])
                if answer.status != 200:
                    bad.append(answer.text)
                    continue
                access_token = answer.json()["access_token"]
                kid = header_of(access_token)["kid"]
                issued.append(kid)
                # Every server has published the key since it became the next one.
                if kid not in [key["kid"] for key in verifier.get("/.well-known/jwks.json", connection=connections[1]).json()["keys"]]:
                    bad.append(f"{kid} is not in the JWKS of the other server")
                seen = server.get("/api/v2/keys/signing", token=access_token, connection=connections[0])
                if seen.status != 200:
                    bad.append(f"{seen.status} for {kid} by the server that issued it: {seen.text}")
                try:
                    seen = lambda: verifier.get("/api/v2/keys/signing", token=access_token, connection=connections[1]).status == 200
                    eventually(f"the other server takes a token of {kid}", seen)
                except AssertionError as error:
                    bad.append(str(error))
            for connection in connections:
                connection.close()

        with it.serve() as one, it.serve(port=free_port()) as other:
            it.run("tenants", "set", "main", "requests_per_second=0")
            workers = [threading.Thread(target=ask, args=pair) for pair in ((one, other), (other, one))]
            for worker in workers:
                worker.start()
            try:
                for _ in range(10):
                    one.rotate(token).expect(201)
                    stop.wait(1.2)
            finally:
                stop.set()
                for worker in workers:
                    worker.join()
        equal(bad, [])
        assert len(set(issued)) >= 9, set(issued)
        return f"{len(issued)} tokens of {len(set(issued))} keys"


def test_sixth_rotation(engine):
    """the sixth rotation of a day is refused with 429, on every server and at the command line"""
    with Installation(engine) as it:
        it.init()
        token = it.token(*ALL)
        with it.serve() as one, it.serve(port=free_port()) as other:
            for server in (one, other, one, other, one):
                server.rotate(token).expect(201)
            before = one.jwks()
            for server in (one, other):
                answer = server.rotate(token).expect(429).json()
                equal((answer["statusCode"], answer["errorCode"]), (429, "too_many_requests"))
            contains(it.refused("keys", "rotate"), "5", "24 hours")
            equal(one.jwks(), before)


def test_start_together(engine):
    """programs that start together on nothing agree on one master key and one tenant, or are refused"""
    with Installation(engine) as it:
        results = []
        workers = [threading.Thread(target=lambda: results.append(it.command("init", "--json"))) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        good = {done.stdout for done in results if done.returncode == 0}
        equal(len(good), 1, f"{[(done.returncode, done.stderr) for done in results]}")
        equal(it.rows("SELECT count(*) FROM tenants"), [["1"]])
        equal(it.json("init")["tenant"], "main")
