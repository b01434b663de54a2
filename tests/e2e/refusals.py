"""What the program refuses to start on, and how it behaves when its ground gives way."""

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

from chancery import Installation, free_port, psql
from suite import ROOT, Skip, contains, equal, eventually

COMMANDS = [["serve"], ["init"], ["token"], ["keys", "list"]]


def snapshot(it):
    """What is in the data directory and, in short, in the database."""
    files = {}
    for folder, _, names in os.walk(it.data):
        for name in names:
            if not name.endswith(("-wal", "-shm")):
                with open(os.path.join(folder, name), "rb") as file:
                    files[name] = file.read() if name != "chancery.sqlite" else None
    rows = it.rows("SELECT tenant_id, kid, place FROM signing_keys ORDER BY kid")
    return files, rows, it.rows("SELECT count(*) FROM logs")


def test_no_data(engine):
    """commands on a folder without data say so and make nothing"""
    with Installation(engine) as it:
        for words in (["token"], ["keys", "list"], ["keys", "rotate"], ["tenants", "list"]):
            contains(it.refused(*words), it.data, "chancery init")
        assert not os.path.exists(it.data)


def test_missing_master_key(engine):
    """a missing master key is refused with the file's name, and nothing is changed"""
    with Installation(engine) as it:
        it.init()
        os.rename(it.master_key_file, os.path.join(it.home, "backup"))
        before = snapshot(it)
        for words in COMMANDS:
            contains(it.refused(*words), it.master_key_file)
        equal(snapshot(it), before)
        os.rename(os.path.join(it.home, "backup"), it.master_key_file)
        it.token()


def test_wrong_master_key(engine):
    """a wrong, empty or malformed master key is refused with the file's name, and nothing is changed"""
    with Installation(engine) as it, Installation(engine) as other:
        it.init()
        other.init()
        shutil.copy(it.master_key_file, os.path.join(it.home, "backup"))
        with open(other.master_key_file) as file:
            foreign = file.read()
        for text in (foreign, "", "nonsense\n", foreign * 20):
            with open(it.master_key_file, "w") as file:
                file.write(text)
            before = snapshot(it)
            for words in COMMANDS:
                contains(it.refused(*words), it.master_key_file)
            equal(snapshot(it), before)
        shutil.copy(os.path.join(it.home, "backup"), it.master_key_file)
        it.token()


def test_data_dir_is_a_file(engine):
    """a data directory that is a file is refused and named"""
    with Installation(engine) as it:
        open(it.data, "w").close()
        for words in COMMANDS:
            contains(it.refused(*words), it.data)


def test_unreadable_data_dir(engine):
    """a data directory that cannot be read is refused and named"""
    with Installation(engine) as it:
        it.init()
        options = {}
        if os.getuid() == 0:
            # Root may read everything, so somebody else tries.
            nobody = pwd.getpwnam("nobody")
            binary = os.path.join(it.home, "chancery")
            shutil.copy(engine.binary, binary)
            os.chmod(it.home, 0o755)
            options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        else:
            binary = engine.binary
            os.chmod(it.data, 0)
        for words in COMMANDS:
            done = subprocess.run([binary, *words, *it.flags()], capture_output=True, text=True, timeout=30,
                                  cwd=it.home, **options)
            equal(done.returncode, 1, done.stderr)
            contains(done.stderr, it.data)
        os.chmod(it.data, 0o700)


def test_read_only_data_dir(engine):
    """a data directory that cannot be written is refused and named"""
    with Installation(engine) as it:
        options = {"cwd": "/"}
        binary = engine.binary
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            binary = os.path.join(it.home, "chancery")
            shutil.copy(engine.binary, binary)
            options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chmod(it.home, 0o555)
        try:
            done = subprocess.run([binary, "init", *it.flags()], capture_output=True, text=True, timeout=30, **options)
        finally:
            os.chmod(it.home, 0o755)
        equal(done.returncode, 1, done.stderr)
        contains(done.stderr, it.data)


def test_port_in_use(engine):
    """a port in use is refused with what to do, before anything is made"""
    with Installation(engine) as it, socket.socket() as holder:
        holder.bind(("127.0.0.1", it.port))
        holder.listen()
        contains(it.refused("serve"), f"127.0.0.1:{it.port}", "--listen")
        assert not os.path.exists(it.data)


def test_address_of_another_machine(engine):
    """an address that is not this machine's is refused with what to do"""
    with Installation(engine) as it:
        flags = [flag.replace("127.0.0.1:", "192.0.2.1:") if flag.startswith("127.") else flag for flag in it.flags()]
        contains(it.refused("serve", flags=flags), "192.0.2.1", "--listen")


def test_unreachable_database(engine):
    """a PostgreSQL that does not answer, or not to us, is named without its password"""
    with Installation(engine) as it:
        urls = [f"postgres://user:hush-hush@127.0.0.1:{free_port()}/name"]
        if engine.url:
            parts = urllib.parse.urlsplit(engine.url)
            urls.append(parts._replace(netloc=f"{parts.username}:hush-hush@127.0.0.1:{parts.port}").geturl())
            urls.append(parts._replace(path="/hush-hush-none").geturl())
        for url in urls:
            for words in (["serve"], ["init"], ["token"]):
                start = time.monotonic()
                complaint = it.refused(*words, flags=["--data-dir", it.data, "--listen", f"127.0.0.1:{it.port}",
                                                      "--database-url", url])
                contains(complaint, "127.0.0.1", str(urllib.parse.urlsplit(url).port))
                assert time.monotonic() - start < 30, "it took too long to give up"
                if "hush-hush@" in url:
                    assert "hush" not in complaint, complaint


def test_malformed_database_url(engine):
    """a database URL that is none is refused without being repeated"""
    with Installation(engine) as it:
        for url in ("postgres://", "postgres://user:hush-hush@127.0.0.1:port/name", "postgres:hush-hush"):
            complaint = it.refused("init", flags=["--data-dir", it.data, "--database-url", url])
            contains(complaint.lower(), "database")
            assert "hush" not in complaint, complaint


def test_newer_schema(engine):
    """a database of a newer version is refused, and stays as it is"""
    with Installation(engine) as it:
        it.init()
        statement = "INSERT INTO schema_version (version, name, applied_at) VALUES (9999, 'from the future', 0)"
        if it.database_url:
            psql(it.database_url, statement)
        else:
            with sqlite3.connect(it.sqlite_file) as connection:
                connection.execute(statement)
            connection.close()
        before = snapshot(it)
        for words in COMMANDS:
            contains(it.refused(*words), "9999", "version")
        equal(snapshot(it), before)


def test_older_schema(engine):
    """a database of an older version is left alone by every command but serve and init, which bring it up to date"""
    with Installation(engine) as it:
        it.init()
        make_first_version(it)
        before = it.rows("SELECT version, name, applied_at FROM schema_version"), it.rows(TABLES[bool(engine.url)])
        for words in (["token"], ["keys", "list"], ["keys", "rotate"], ["tenants", "list"],
                      ["tenants", "create", "acme", "--domain", "acme.example"]):
            contains(it.refused(*words), "schema version 1", "chancery serve", "chancery init")
        equal((it.rows("SELECT version, name, applied_at FROM schema_version"), it.rows(TABLES[bool(engine.url)])), before)
        it.init()
        equal([tenant["tenant"] for tenant in it.json("tenants", "list")], ["main"])
        make_first_version(it)
        with it.serve() as server:
            server.keys(it.token())


TABLES = ("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
          "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")


def make_first_version(it):
    """Puts an installation of the first schema, with the same master key and no tenant yet, in the place of this one."""
    mark = it.rows("SELECT encode(seal_check, 'hex') FROM installation" if it.database_url else
                   "SELECT hex(seal_check) FROM installation")[0][0]
    with open(os.path.join(ROOT, "crates/server/migrations/0001_first_light.sql")) as file:
        schema = file.read()
    literal = f"decode('{mark}', 'hex')" if it.database_url else f"x'{mark}'"
    schema += f"""
        CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);
        INSERT INTO schema_version (version, name, applied_at) VALUES (1, 'first light', 1);
        INSERT INTO installation (id, seal_check, created_at) VALUES (1, {literal}, 1);"""
    if it.database_url:
        psql(it.database_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        psql(it.database_url, schema)
        return
    for name in os.listdir(it.data):
        if name.startswith("chancery.sqlite"):
            os.remove(os.path.join(it.data, name))
    with sqlite3.connect(it.sqlite_file) as connection:
        connection.executescript(schema)
    connection.close()


def test_file_that_is_no_database(engine):
    """a database file that is none is refused, and stays as it is"""
    if engine.url:
        raise Skip("PostgreSQL keeps its own files")
    with Installation(engine) as it:
        it.init()
        for name in os.listdir(it.data):
            if name.startswith("chancery.sqlite-"):
                os.remove(os.path.join(it.data, name))
        with open(it.sqlite_file, "wb") as file:
            file.write(b"This is no database at all. " * 500)
        for words in COMMANDS:
            contains(it.refused(*words), "database")
        with open(it.sqlite_file, "rb") as file:
            equal(file.read(), b"This is no database at all. " * 500)


def test_damaged_ring(engine):
    """the database itself refuses a ring without a current or a next key, and two of one kind"""
    with Installation(engine) as it:
        it.init()
        before = it.rows("SELECT kid, place FROM signing_keys ORDER BY kid")
        for statement in ("DELETE FROM signing_keys WHERE place = 'current'",
                          "DELETE FROM signing_keys WHERE place = 'next'",
                          "UPDATE signing_keys SET place = 'next', current_since = NULL WHERE place = 'current'",
                          "UPDATE signing_keys SET place = 'current', current_since = 1 WHERE place = 'next'",
                          "UPDATE signing_keys SET private = NULL",
                          "UPDATE signing_keys SET place = 'revoked', current_until = 1, revoked_at = 1, private = NULL"
                          " WHERE place = 'current'"):
            try:
                if it.database_url:
                    psql(it.database_url, statement)
                else:
                    with sqlite3.connect(it.sqlite_file) as connection:
                        connection.execute("PRAGMA foreign_keys = ON")
                        connection.execute(statement)
            except (RuntimeError, sqlite3.IntegrityError):
                continue
            finally:
                if not it.database_url:
                    connection.close()
            raise AssertionError(f"the database accepted: {statement}")
        equal(it.rows("SELECT kid, place FROM signing_keys ORDER BY kid"), before)


def test_locked_database(engine):
    """a locked database is waited for, then answered with 503; reading goes on, and so does writing later"""
    if engine.url:
        raise Skip("PostgreSQL locks rows, not the database")
    with Installation(engine) as it:
        it.init()
        token = it.token("read:signing_keys", "create:signing_keys", "update:signing_keys")
        with it.serve() as server:
            before = server.jwks()
            holder = sqlite3.connect(it.sqlite_file, isolation_level=None)
            holder.execute("BEGIN EXCLUSIVE")
            try:
                answer = server.rotate(token).expect(503)
                contains(answer.json()["message"], "locked")
                assert answer.headers["Retry-After"], "Retry-After is missing"
                contains(it.refused("keys", "rotate"), "locked")
                equal(server.jwks(), before)
                server.keys(token)
            finally:
                holder.execute("ROLLBACK")
                holder.close()
            equal(server.jwks(), before, "a refused rotation")
            server.rotate(token).expect(201)


def test_locked_for_a_moment(engine):
    """a database that is locked for a moment is only waited for"""
    if engine.url:
        raise Skip("PostgreSQL locks rows, not the database")
    with Installation(engine) as it:
        it.init()
        code = ("import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
                "c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); time.sleep(1.5); c.execute('ROLLBACK')")
        holder = subprocess.Popen(["python3", "-c", code, it.sqlite_file], stdout=subprocess.PIPE, text=True)
        equal(holder.stdout.readline(), "held\n")
        start = time.monotonic()
        it.run("keys", "rotate")
        assert time.monotonic() - start > 1, "the lock was not waited for"
        holder.wait(10)


def test_full_disk(engine):
    """a full disk refuses writes with 503, reading goes on, and room makes writing possible again"""
    if engine.url:
        raise Skip("the disk of PostgreSQL is its own concern")
    if os.getuid() != 0:
        raise Skip("only root can mount a small file system")
    home = tempfile.mkdtemp(prefix="chancery-full-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", home], capture_output=True, text=True)
    if mounted.returncode:
        os.rmdir(home)
        raise Skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        with Installation(engine, home=home) as it:
            it.init()
            it.no_rotation_limit()
            token = it.token()
            with it.serve() as server:
                before, client_count = server.jwks(), it.rows("SELECT count(*) FROM clients")
                filler = os.path.join(home, "filler")
                fill(filler)
                refusals = 0
                for number in range(60):
                    answer = server.rotate(token)
                    if answer.status == 503:
                        contains(answer.json()["message"], "disk")
                        refusals += 1
                        if refusals == 3:
                            break
                    else:
                        answer.expect(201)
                        before = server.jwks()
                        fill(filler)
                equal(refusals, 3, "refusals on a full disk")
                body = {"name": "too much", "app_type": "non_interactive"}
                server.call("POST", "/api/v2/clients", token=token, body=body).expect(503)
                equal(server.jwks(), before, "the keys after refused rotations")
                server.keys(token)
                os.remove(filler)
                eventually("a rotation once there is room", lambda: server.rotate(token).status == 201, within=5)
                equal(it.rows("SELECT count(*) FROM clients"), client_count)
                equal(it.rows("PRAGMA integrity_check"), [["ok"]])
            with it.serve() as server:
                server.keys(token)
    finally:
        subprocess.run(["umount", "-l", home], check=False)
        shutil.rmtree(home, ignore_errors=True)


def fill(path):
    """Takes the last byte of the file system that `path` is on."""
    with open(path, "ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue


def test_database_goes_away(engine):
    """while PostgreSQL is away nothing stale is served for long, and its return is noticed"""
    if not engine.url:
        raise Skip("SQLite is not reached over a network")
    with Installation(engine) as it:
        it.init()
        token = it.token()
        name = urllib.parse.urlsplit(it.database_url).path[1:]
        with it.serve() as server:
            server.keys(token)
            equal(server.get("/readyz").status, 200)
            psql(engine.url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            psql(engine.url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            answer = server.rotate(token)
            equal(answer.status, 503, answer.text)
            equal(server.get("/readyz").status, 503)
            psql(engine.url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            eventually("the server works again", lambda: server.rotate(token).status == 201, within=15, pause=0.2)
            equal(server.get("/readyz").status, 200)
