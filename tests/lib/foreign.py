"""Programs on top of libraries that are not ours, each in a folder with its lock file.

Libraries are installed, in the versions that are written down there, below target/: never into the sources.
"""

import hashlib
import os
import shutil
import subprocess

from chancery import clean_environment

NPM = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
PIP = (["python3", "-m", "venv", "venv"], ["venv/bin/python", "-m", "pip", "install", "-q", "-r", "requirements.txt"])


class Foreign:
    """A folder of sources, and the place where it is installed."""

    def __init__(self, source, place, install):
        self.source, self.place = source, place
        self.install_with = install

    def installed(self):
        """Installs what the lock file says, once for each version of the folder."""
        digest = hashlib.sha256()
        for name in sorted(os.listdir(self.source)):
            if os.path.isfile(os.path.join(self.source, name)):
                with open(os.path.join(self.source, name), "rb") as file:
                    digest.update(name.encode() + b"\0" + file.read())
        mark = os.path.join(self.place, ".installed")
        if os.path.exists(mark) and open(mark).read() == digest.hexdigest():
            return self
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.source, self.place, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        for command in self.install_with:
            done = subprocess.run(command, cwd=self.place, capture_output=True, text=True, timeout=300)
            if done.returncode:
                raise AssertionError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        with open(mark, "w") as file:
            file.write(digest.hexdigest())
        return self

    def run(self, command, it, given="", **more):
        """Runs a command to its end; answers what it printed."""
        done = subprocess.run(command, cwd=self.place, input=given, capture_output=True, text=True, timeout=120,
                              env=environment(it, **more))
        if done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout


def environment(it, **more):
    """What a client of an installation is told: its issuer, and whom to trust."""
    found = clean_environment(ISSUER=it.issuer) | more
    for name in ("http_proxy", "https_proxy"):
        found.pop(name, None)
    if it.ca_file:
        found |= {"CA_FILE": it.ca_file, "NODE_EXTRA_CA_CERTS": it.ca_file, "REQUESTS_CA_BUNDLE": it.ca_file}
    return found
