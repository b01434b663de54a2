"""What a newcomer sees: the first start, the command it prints, `init`, `token`."""

import json
import os
import re
import stat
import subprocess

from chancery import Installation, claims_of, clean_environment, free_port, key_in, wait_for_port
from suite import contains, equal


def serve_from_nothing(installation, *flags, cwd, env):
    """Runs `chancery serve` as a person would, in an empty folder; answers the process and what it printed."""
    output = os.path.join(installation.home, "greeting")
    log = os.path.join(installation.home, "greeting.log")
    with open(output, "wb") as out, open(log, "wb") as err:
        process = subprocess.Popen([installation.engine.binary, "serve", *flags], stdout=out, stderr=err,
                                   stdin=subprocess.DEVNULL, cwd=cwd, env=env)
    wait_for_port(process, installation.port, log)
    with open(output) as text:
        return process, text.read()


def printed_curl(greeting):
    found = [line.strip() for line in greeting.splitlines() if line.strip().startswith("curl ")]
    equal(len(found), 1, f"curl commands in {greeting!r}")
    return found[0]


def run_printed(command, cwd, env):
    """Runs what was printed, letter for letter, in a shell."""
    command = command.replace("curl ", "curl --silent --show-error --fail ", 1)
    done = subprocess.run(["bash", "-c", command], cwd=cwd, env=env, capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def first_start(engine, flags, folder="."):
    with Installation(engine) as it:
        cwd = os.path.join(it.home, folder)
        os.makedirs(cwd, exist_ok=True)
        settings = {"CHANCERY_LISTEN": f"127.0.0.1:{it.port}"}
        if it.database_url:
            settings["CHANCERY_DATABASE_URL"] = it.database_url
        env = clean_environment(**settings)
        process, greeting = serve_from_nothing(it, *flags, cwd=cwd, env=env)
        try:
            keys = run_printed(printed_curl(greeting), cwd, env)
            equal(len(keys), 2, "keys of a new tenant")
            kids = {key_in(keys, "current")["kid"], key_in(keys, "next")["kid"]}
            contains(greeting, "main", *kids, ".key")
            links = re.findall(r"https?://\S+/dashboard/setup\?ticket=[A-Za-z0-9]{43}$", greeting, re.MULTILINE)
            equal(len(links), 1, f"links for the first administrator in {greeting!r}")
        finally:
            process.terminate()
            equal(process.wait(40), 0, "exit code of the server")
        process, greeting = serve_from_nothing(it, *flags, cwd=cwd, env=env)
        process.terminate()
        process.wait(40)
        equal(greeting, "", "what a later start prints")


def test_printed_command(engine):
    """the first start in an empty folder prints a curl command that works as it stands"""
    first_start(engine, [])


def test_printed_command_with_tls(engine):
    """so it does with --tls dev"""
    first_start(engine, ["--tls", "dev"])


def test_printed_command_with_data_dir(engine):
    """so it does with a data directory whose name has a space"""
    first_start(engine, ["--data-dir", "my data"])


def test_printed_command_with_master_key(engine):
    """so it does with a master key that is kept elsewhere"""
    first_start(engine, ["--master-key-file", "own.key"])


def test_later_starts_make_nothing(engine):
    """a later start finds everything and makes nothing"""
    def state(it):
        with it.serve() as server:
            keys = server.keys(it.token("read:signing_keys"))
            tables = {}
            for table in ("tenants", "domains", "signing_keys", "clients", "resource_servers", "client_grants"):
                tables[table] = it.rows(f"SELECT count(*) FROM {table}")
            return keys, tables
    with Installation(engine) as it:
        first, key = state(it), open(it.master_key_file).read()
        equal(state(it), first)
        equal(open(it.master_key_file).read(), key, "the master key")


def test_token(engine):
    """token prints a token of the named scopes and nothing else"""
    with Installation(engine) as it:
        it.init()
        done = it.command("token", "--scope", "read:signing_keys")
        equal((done.returncode, done.stderr), (0, ""))
        assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", done.stdout), done.stdout
        claims = claims_of(done.stdout.strip())
        equal((claims["scope"], claims["iss"], claims["aud"]), ("read:signing_keys", it.issuer, f"{it.issuer}api/v2/"))
        equal(list(it.json("token")), ["access_token"])
        everything = claims_of(it.token())["scope"].split()
        equal(len(everything), 253, "scopes of the Management API")
        two = claims_of(it.token("read:clients", "update:clients"))["scope"].split()
        equal(sorted(two), ["read:clients", "update:clients"])
        contains(it.refused("token", "--scope", "read:nonsense"), "read:nonsense")


def test_init(engine):
    """init --json names what tools need, the same again the second time"""
    for tls in ("off", "dev"):
        with Installation(engine, tls=tls) as it:
            first = it.init()
            equal(list(first), ["tenant", "domain", "issuer", "management", "ca_file"])
            equal(list(first["management"]), ["audience", "client_id", "client_secret"])
            equal((first["tenant"], first["domain"], first["issuer"]), ("main", it.domain, it.issuer))
            equal(first["management"]["audience"], f"{it.issuer}api/v2/")
            assert re.fullmatch(r"[A-Za-z0-9]{32}", first["management"]["client_id"])
            equal(len(first["management"]["client_secret"]), 64)
            equal(first["ca_file"], it.ca_file)
            equal(it.init(), first, "the second init")
            with it.serve() as server:
                equal(it.init(), first, "init while a server runs")
                token = server.new_token(first["management"]["client_id"], first["management"]["client_secret"],
                                         first["management"]["audience"]).expect(200).json()["access_token"]
                server.keys(token)


def test_private_files(engine):
    """the master key and the keys of TLS can be read by their owner alone"""
    with Installation(engine, tls="dev") as it:
        it.init()
        for name in ("master.key", "tls/ca.key", "tls/server.key"):
            mode = stat.S_IMODE(os.stat(os.path.join(it.data, name)).st_mode)
            equal(oct(mode), "0o600", name)
        equal(oct(stat.S_IMODE(os.stat(it.data).st_mode)), "0o700", "the data directory")


def test_help(engine):
    """every command explains itself"""
    words = [[], ["serve"], ["init"], ["token"], ["keys"], ["tenants"]]
    words += [["keys", name] for name in ("list", "show", "rotate", "revoke")]
    words += [["tenants", name] for name in ("list", "create", "show", "set", "delete")]
    for command in words:
        done = subprocess.run([engine.binary, *command, "--help"], capture_output=True, text=True, timeout=10)
        equal((done.returncode, done.stderr), (0, ""), " ".join(command))
        contains(done.stdout, "Usage:", "--data-dir")
    done = subprocess.run([engine.binary, "nonsense"], capture_output=True, text=True, timeout=10)
    equal(done.returncode, 2, "exit code for nonsense")


def test_keys_commands(engine):
    """keys list, show, rotate and revoke work without a server, as tables and as JSON"""
    with Installation(engine) as it:
        it.init()
        keys = it.json("keys", "list")
        current, coming = key_in(keys, "current"), key_in(keys, "next")
        contains(it.run("keys", "list"), current["kid"], coming["kid"], current["fingerprint"])
        rotated = it.json("keys", "rotate")
        equal(sorted(rotated), ["cert", "kid"])
        keys = it.json("keys", "list")
        equal((key_in(keys, "current")["kid"], key_in(keys, "next")["kid"], key_in(keys, "previous")["kid"]),
              (coming["kid"], rotated["kid"], current["kid"]))
        contains(it.refused("keys", "revoke", coming["kid"]), "current")
        contains(it.refused("keys", "revoke", rotated["kid"]), "next")
        equal(it.json("keys", "revoke", current["kid"])["kid"], current["kid"])
        contains(it.refused("keys", "revoke", current["kid"]), "revoked")
        assert it.json("keys", "show", current["kid"])["revoked"]
        # One kid in 64 begins with a hyphen.
        for kid in ("no-such-kid-anywhere1", "-o-such-kid-anywhere1"):
            contains(it.refused("keys", "show", kid), kid)
            it.refused("keys", "revoke", kid)
        contains(it.refused("keys", "list", "--tenant", "nobody"), "nobody")


def test_port_of_listen(engine):
    """without --public-url the first tenant is localhost with the port of --listen"""
    with Installation(engine) as it:
        port = free_port()
        flags = ["--data-dir", it.data, "--listen", f"127.0.0.1:{port}"]
        flags += ["--database-url", it.database_url] if it.database_url else []
        equal(it.json("init", flags=flags)["domain"], f"localhost:{port}")
