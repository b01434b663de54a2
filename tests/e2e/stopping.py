"""An orderly end: requests in flight are answered, the tenant log is complete, nothing hangs."""

import json
import signal
import socket
import threading
import time
import urllib.parse

from chancery import Installation
from suite import contains, equal


def token_request(it, management):
    body = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": management["client_id"],
                                   "client_secret": management["client_secret"], "audience": management["audience"]})
    head = (f"POST /oauth/token HTTP/1.1\r\nHost: {it.domain}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n")
    return (head + body).encode()


def test_request_in_flight(engine):
    """a request that is half sent when the server is told to stop is answered before it ends"""
    for how in (signal.SIGTERM, signal.SIGINT):
        with Installation(engine) as it:
            management = it.init()["management"]
            server = it.serve()
            request = token_request(it, management)
            with socket.create_connection(("127.0.0.1", it.port), timeout=20) as half, \
                    socket.create_connection(("127.0.0.1", it.port), timeout=20) as idle:
                half.sendall(request[:-20])
                time.sleep(0.2)
                server.process.send_signal(how)
                time.sleep(0.5)
                equal(server.process.poll(), None, "the server while a request is in flight")
                with socket.socket() as late:
                    assert late.connect_ex(("127.0.0.1", it.port)) != 0, "a stopping server takes new connections"
                half.sendall(request[-20:])
                answer = b""
                while chunk := half.recv(65536):
                    answer += chunk
                head, body = answer.split(b"\r\n\r\n", 1)
                contains(head.decode().split("\r\n")[0], "200")
                token = json.loads(body)["access_token"]
                equal(server.process.wait(10), 0, "exit code")
                equal(idle.recv(1), b"", "the idle connection")
            with it.serve() as server:
                server.keys(token)


def test_silent_connections(engine):
    """connections that say nothing do not hold up the end"""
    with Installation(engine) as it:
        it.init()
        server = it.serve()
        silent = [socket.create_connection(("127.0.0.1", it.port)) for _ in range(20)]
        start = time.monotonic()
        equal(server.stop(), 0)
        took = time.monotonic() - start
        for connection in silent:
            connection.close()
        assert took < 5, f"it took {took:.1f} s"


def test_log_is_complete(engine):
    """every token issued before the end is in the tenant log after it"""
    with Installation(engine) as it:
        management = it.init()["management"]
        for round in range(3):
            counted = int(it.rows("SELECT count(*) FROM logs WHERE type = 'seccft'")[0][0])
            server = it.serve()
            issued = []

            def ask():
                connection = server.connect()
                for _ in range(150):
                    answer = server.new_token(management["client_id"], management["client_secret"],
                                              management["audience"], connection=connection).expect(200)
                    issued.append(answer.json()["access_token"])
                connection.close()

            workers = [threading.Thread(target=ask) for _ in range(4)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            equal(server.stop(), 0)
            found = int(it.rows("SELECT count(*) FROM logs WHERE type = 'seccft'")[0][0]) - counted
            equal((found, len(issued)), (600, 600), "entries and tokens")
        token = it.token("read:logs")
        with it.serve() as server:
            # The same by the API, page by page.
            seen, page = set(), 0
            while entries := server.get(f"/api/v2/logs?per_page=100&page={page}&sort=date:1", token=token).expect(200).json():
                seen |= {entry["log_id"] for entry in entries if entry["type"] == "seccft"}
                page += 1
            equal(len(seen), int(it.rows("SELECT count(*) FROM logs WHERE type = 'seccft'")[0][0]))


def test_log_under_load(engine):
    """a server that is stopped under load logs exactly the tokens that it gave out"""
    with Installation(engine) as it:
        management = it.init()["management"]
        server = it.serve()
        issued, stop = [], threading.Event()

        def ask():
            connection = server.connect()
            while not stop.is_set():
                try:
                    answer = server.new_token(management["client_id"], management["client_secret"],
                                              management["audience"], connection=connection)
                except OSError:
                    return
                except Exception as error:  # The server has closed the connection between two requests.
                    if type(error).__module__ == "http.client":
                        return
                    raise
                if answer.status == 200:
                    issued.append(1)
                if answer.headers["Connection"] == "close":
                    return

        workers = [threading.Thread(target=ask) for _ in range(4)]
        for worker in workers:
            worker.start()
        time.sleep(1)
        code = server.stop()
        stop.set()
        for worker in workers:
            worker.join()
        equal(code, 0)
        found = int(it.rows("SELECT count(*) FROM logs WHERE type = 'seccft'")[0][0])
        equal(found, len(issued), "entries and tokens")
        return f"{found} tokens"


def test_no_secret_in_the_log(engine):
    """the log of the process names the request in each line, and holds no secret and no token at any level"""
    with Installation(engine) as it:
        management = it.init()["management"]
        with it.serve(flags=["--log-level", "trace", "--log-format", "json"]) as server:
            answer = server.new_token(management["client_id"], management["client_secret"], management["audience"]).expect(200)
            token = answer.json()["access_token"]
            server.keys(token)
            server.get("/api/v2/keys/signing", token=token + "x").expect(401)
            server.new_token(management["client_id"], "wrong-secret", management["audience"]).expect(401)
            answer = server.get("/api/v2/keys/signing", token=token, headers={"X-Correlation-ID": "my-own-id-1"})
            equal(answer.status, 200)
        log = server.read_log()
        for line in log.splitlines():
            json.loads(line)
        for secret in (management["client_secret"], token, token.split(".")[2], "wrong-secret"):
            assert secret not in log, "a secret is in the log"
        with open(it.master_key_file) as file:
            assert file.read().strip() not in log
        contains(log, "my-own-id-1")
