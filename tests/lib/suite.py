"""Tests as sentences, run one after the other, with a plain count at the end.

A test is a function that takes an `Engine`. Its sentence is its docstring, or else its name. It fails by
raising anything, and is skipped by raising `Skip` with the reason.
"""

import argparse
import os
import sys
import time
import traceback

from chancery import Engine

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Skip(Exception):
    """This machine cannot show what the test asks for."""


class Suite:
    def __init__(self, name):
        self.name = name
        self.passed, self.failed, self.skipped = 0, [], 0

    def run(self, sentence, function, *arguments):
        start = time.monotonic()
        try:
            note = function(*arguments)
        except Skip as reason:
            self.skipped += 1
            print(f"skip  {sentence}: {reason}", flush=True)
            return None
        except Exception as error:
            self.failed.append(sentence)
            print(f"FAIL  {sentence}", flush=True)
            for line in explained(error):
                print(f"      {line}", flush=True)
            return None
        self.passed += 1
        seconds = time.monotonic() - start
        print(f"ok    {sentence}" + (f" ({note})" if isinstance(note, str) else "") + f"  {seconds:.1f}s", flush=True)
        return note

    def end(self):
        """Prints what failed and the count; answers the exit code."""
        if self.failed:
            print("\nFailed:")
            for sentence in self.failed:
                print(f"  {sentence}")
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {len(self.failed)} failed{skipped}")
        return 1 if self.failed or not self.passed else 0


def explained(error):
    """Where in the test it happened, and what; long values are cut."""
    text = str(error)
    if len(text) > 2000:
        text = f"{text[:1500]} … {text[-400:]}"
    for frame in traceback.extract_tb(error.__traceback__)[1:]:
        yield f"{os.path.relpath(frame.filename, ROOT)}:{frame.lineno}: {frame.line}"
    yield from f"{type(error).__name__}: {text}".splitlines()


def tests_of(module):
    """The tests of a module, in the order in which they stand there."""
    for name, function in list(vars(module).items()):
        if name.startswith("test_") and callable(function):
            sentence = (function.__doc__ or name[5:].replace("_", " ")).strip().split("\n")[0]
            yield sentence, function


def arguments(what):
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--binary", default=os.environ.get("CHANCERY", os.path.join(ROOT, "target/release/chancery")),
                        help="the program to test [default: $CHANCERY, or target/release/chancery]")
    parser.add_argument("--only", default="", help="run only tests whose sentence or name contains this")
    return parser


def engines(binary):
    """SQLite always; PostgreSQL where DATABASE_URL names one, of which only fresh databases are used."""
    binary = os.path.abspath(binary)
    if not os.access(binary, os.X_OK):
        sys.exit(f"{binary} is not there; build it with: cargo build --release")
    yield Engine(binary, None)
    if os.environ.get("DATABASE_URL"):
        yield Engine(binary, os.environ["DATABASE_URL"])


def eventually(what, condition, within=1.0, pause=0.02):
    """Waits for a condition; answers how long it took in milliseconds."""
    start = time.monotonic()
    while True:
        if condition():
            return (time.monotonic() - start) * 1000
        if time.monotonic() - start > within:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(pause)


def equal(found, expected, what=""):
    if found != expected:
        raise AssertionError(f"{what}: " * bool(what) + f"found {found!r}, expected {expected!r}")


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError(f"{part!r} is not in {text!r}")
