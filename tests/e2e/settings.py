"""Flags come before the environment, and that before chancery.toml; what cannot be used is named."""

import os

from chancery import Installation, clean_environment, free_port
from suite import contains, equal


def target(it):
    return ["--data-dir", it.data] + (["--database-url", it.database_url] if it.database_url else [])


def domain(engine, flag=None, variable=None, file=None):
    with Installation(engine) as it:
        if file:
            write_settings(it, f'public-url = "{file}"\n')
        env = clean_environment(**({"CHANCERY_PUBLIC_URL": variable} if variable else {}))
        flags = target(it) + (["--public-url", flag] if flag else [])
        return it.json("init", flags=flags, env=env)["issuer"]


def write_settings(it, text, name="chancery.toml"):
    path = os.path.join(it.home, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def test_precedence(engine):
    """a flag comes before the environment, and that before chancery.toml"""
    urls = [f"https://{name}.example" for name in ("flag", "variable", "file")]
    equal(domain(engine, *urls), urls[0] + "/")
    equal(domain(engine, None, *urls[1:]), urls[1] + "/")
    equal(domain(engine, None, None, urls[2]), urls[2] + "/")
    equal(domain(engine), "http://localhost:8080/")


def test_file(engine):
    """everything can be set in chancery.toml, or in a file that --config names"""
    with Installation(engine) as it:
        port = free_port()
        text = f'''
            data-dir = "{it.data}"
            listen = "127.0.0.1:{port}"
            public-url = "https://login.example"
            master-key-file = "{it.home}/kept apart.key"
            trusted-proxies = ["10.0.0.0/8", "::1"]
            log-format = "json"
            log-level = "debug"
            tls = "off"
        ''' + (f'database-url = "{it.database_url}"\n' if it.database_url else "")
        path = write_settings(it, text, "own.toml")
        equal(it.json("init", flags=["--config", path])["domain"], "login.example")
        assert os.path.exists(f"{it.home}/kept apart.key") and not os.path.exists(it.master_key_file)


def test_bad_settings(engine):
    """a setting that cannot be used is named, and nothing is made"""
    with Installation(engine) as it:
        for name, value in [("listen", "8080"), ("listen", "localhost:8080"), ("listen", "127.0.0.1:99999"),
                            ("admin-listen", "nowhere"), ("public-url", "login.example"),
                            ("public-url", "https://login.example/path"), ("public-url", "ftp://login.example"),
                            ("tls", "yes"), ("trusted-proxies", "10.0.0.0/99"), ("log-format", "xml"),
                            ("database-url", "mysql://root@localhost/x")]:
            complaint = it.refused("init", flags=["--data-dir", it.data, f"--{name}", value])
            contains(complaint, name)
            variable = "CHANCERY_" + name.upper().replace("-", "_")
            env = clean_environment(**{variable: value})
            contains(it.refused("init", flags=["--data-dir", it.data], env=env), name)
        assert not os.path.exists(it.data)


def test_bad_file(engine):
    """a settings file that is missing, malformed or has an unknown name is refused, and named"""
    with Installation(engine) as it:
        contains(it.refused("init", "--config", f"{it.home}/none.toml"), "none.toml")
        path = write_settings(it, "listen = \n")
        contains(it.refused("init"), "chancery.toml")
        write_settings(it, 'lisen = "127.0.0.1:1"\n')
        contains(it.refused("init"), "chancery.toml", "lisen")
        write_settings(it, "listen = 8080\n")
        contains(it.refused("init"), "chancery.toml", "string")
        os.remove(path)
        assert not os.path.exists(it.data)


def test_bad_policy(engine):
    """a setting of a tenant that does not exist or is out of range is named"""
    with Installation(engine) as it:
        it.init()
        contains(it.refused("tenants", "set", "main", "speed=9"), "speed", "rotations_per_day")
        contains(it.refused("tenants", "set", "main", "rotations_per_day=many"), "rotations_per_day", "many")
        contains(it.refused("tenants", "set", "main", "rotations_per_day"), "SETTING=VALUE")
        equal(it.json("tenants", "set", "main", "rotations_per_day=0")["settings"]["rotations_per_day"], 0)
