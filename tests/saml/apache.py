"""Debian's Apache in front of two pages, one of which asks for a sign-in."""

import os
import shutil
import subprocess

from chancery import free_port, wait_for_port

COMMON = """
ServerRoot {home}
PidFile {home}/httpd.pid
Listen 127.0.0.1:{port}
ServerName localhost
DefaultRuntimeDir {home}
Mutex file:{home}
ErrorLog {home}/error.log
LogLevel warn
DocumentRoot {home}/www
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule headers_module {modules}/mod_headers.so
TypesConfig /etc/mime.types
<Directory {home}/www>
  Require all granted
</Directory>
"""


class Apache:
    """A service provider that loads the metadata of the identity provider once, when it starts.

    What a module adds: `configuration` of Apache, `files` beside it, and where assertions and logouts are sent.
    """

    configuration = ""
    files = {}
    name = None

    def __init__(self, home):
        self.home, self.port = os.path.join(home, self.name), free_port()
        self.base = f"http://localhost:{self.port}"
        os.makedirs(f"{self.home}/www/inner")
        with open(f"{self.home}/www/inner/page.html", "w") as page:
            page.write("<!doctype html><title>Inside</title><p>Inside</p>")
        with open(f"{self.home}/www/page.html", "w") as page:
            page.write("<!doctype html><title>Outside</title><p>Outside</p>")
        for name in ("sp.key", "sp.pem"):
            shutil.copy(os.path.join(home, name), self.home)
        with open(f"{self.home}/sp.pem") as file:
            self.bare = "".join(line for line in file.read().splitlines() if not line.startswith("-----"))

    def place(self, text, **more):
        given = {"home": self.home, "port": self.port, "base": self.base, "certificate": self.bare,
                 "modules": "/usr/lib/apache2/modules"} | more
        return text.format(**given)

    def start(self, idp_metadata, **more):
        texts = {"idp.xml": idp_metadata, "httpd.conf": self.place(COMMON + self.configuration, **more)}
        texts |= {name: self.place(text, **more) for name, text in self.files.items()}
        for name, text in texts.items():
            with open(f"{self.home}/{name}", "w") as file:
                file.write(text)
        self.processes = []
        self.beside()
        self.run("out.log", "/usr/sbin/apache2", "-f", f"{self.home}/httpd.conf", "-DFOREGROUND")
        wait_for_port(self.processes[-1], self.port, f"{self.home}/out.log")
        return self

    def beside(self):
        """Starts what has to run before Apache does."""

    def run(self, log, *command, **environment):
        with open(f"{self.home}/{log}", "wb") as output:
            self.processes.append(subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                                                   env=os.environ | environment))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(20)
