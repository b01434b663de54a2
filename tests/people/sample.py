"""The sample application in examples/, started as its README says beside a fresh Chancery."""

import os
import subprocess

from chancery import Installation, clean_environment, free_port, wait_for_port
from journey import PASSWORD
from mails import link_in, newest_to
from passwords import NEW
from suite import ROOT, contains, equal

START = os.path.join(ROOT, "examples", "web-app", "start")
EMAIL = "sam@people.example"


def tests():
    yield "the sample application starts with one command, and a stranger signs up, in and out, with a new password", stranger
    yield "the sample application says what to do where Chancery does not run", alone


class Sample:
    """The sample application, started with its one command and the flags of the installation."""

    def __init__(self, it):
        port = free_port()
        self.url = f"http://localhost:{port}"
        self.log = os.path.join(it.home, f"sample-{port}.log")
        self.command = [START, *it.flags()]
        self.told = clean_environment(CHANCERY=it.engine.binary, PORT=str(port))
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(self.command, env=self.told, stdout=output, stderr=output)
        wait_for_port(self.process, port, self.log, within=120)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)


def stranger(engine, browser):
    with Installation(engine) as it, it.serve() as server, browser.visitor() as visitor:
        with Sample(it) as sample:
            signs_up(it, visitor, sample)
            changes_the_password(it, visitor, sample)
            forgets_the_password(it, visitor, sample)
        with Sample(it) as again:
            visitor.opens(again.url)
            visitor.sees("Hello, stranger")
        found = server.get("/api/v2/clients?fields=name", token=it.token("read:clients")).expect(200).json()
        equal([client["name"] for client in found].count("Sample web application"), 1, "applications after two starts")


def signs_up(it, visitor, sample):
    visitor.opens(sample.url)
    visitor.sees("Hello, stranger")
    visitor.follows("Sign up")
    visitor.sees("Create your account", "Sample web application")
    visitor.fills(Email_address=EMAIL, Password=PASSWORD)
    visitor.presses("Continue")
    visitor.sees("Hello, sam", EMAIL, it.issuer)
    visitor.follows("Who am I?")
    visitor.sees("Who am I?", "email_verified\nfalse")
    visitor.opens(link_in(newest_to(it, EMAIL, "Confirm your email address")))
    visitor.sees("Email verified")
    visitor.opens(f"{sample.url}/me")
    visitor.sees("Who am I?", "email_verified\ntrue")


def changes_the_password(it, visitor, sample):
    visitor.opens(sample.url)
    visitor.presses("Change password")
    visitor.sees("Hello, sam", "sent you an email")
    visitor.opens(link_in(newest_to(it, EMAIL, "password")))
    sets_a_password(visitor, NEW)
    signs_out(visitor, sample)
    signs_in(visitor, PASSWORD)
    visitor.sees("Enter your password", "Wrong email or password.")
    visitor.fills(Password=NEW)
    visitor.presses("Continue")
    visitor.sees("Hello, sam", "email_verified\ntrue")


def forgets_the_password(it, visitor, sample):
    signs_out(visitor, sample)
    visitor.follows("Sign in")
    visitor.fills(Email_address=EMAIL)
    visitor.presses("Continue")
    visitor.follows("Forgot password?")
    visitor.sees("Forgot your password?")
    visitor.fills(Email_address=EMAIL)
    visitor.presses("Continue")
    visitor.sees("Check your email")
    visitor.opens(link_in(newest_to(it, EMAIL, "password")))
    sets_a_password(visitor, PASSWORD)
    visitor.opens(f"{sample.url}/logout")
    visitor.sees("Hello, stranger")
    signs_in(visitor, PASSWORD)
    visitor.sees("Hello, sam")
    signs_out(visitor, sample)


def sets_a_password(visitor, password):
    visitor.sees("Change your password")
    visitor.fills(New_password=password, Repeat_the_new_password=password)
    visitor.presses("Reset password")
    visitor.sees("Password changed")


def signs_in(visitor, password):
    visitor.follows("Sign in")
    visitor.sees("Welcome", "Sample web application")
    visitor.fills(Email_address=EMAIL)
    visitor.presses("Continue")
    visitor.sees("Enter your password")
    visitor.fills(Password=password)
    visitor.presses("Continue")


def signs_out(visitor, sample):
    visitor.opens(sample.url)
    visitor.follows("Sign out")
    visitor.sees("Hello, stranger")


def alone(engine, _browser):
    with Installation(engine) as it:
        refused(it, "there is no Chancery data", "cargo run --release -- serve")
        it.init()
        refused(it, f"Chancery does not answer at {it.issuer} (ECONNREFUSED).", "cargo run --release -- serve")


def refused(it, *texts):
    told = clean_environment(CHANCERY=it.engine.binary, PORT=str(free_port()))
    done = subprocess.run([START, *it.flags()], env=told, capture_output=True, text=True, timeout=120)
    equal(done.returncode, 1, "the exit code")
    contains(done.stderr, *texts)
    assert "    at " not in done.stderr, f"a stack trace: {done.stderr}"
