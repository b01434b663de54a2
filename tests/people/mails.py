"""Mails of development, as `chancery mail` shows them."""

import re

from suite import eventually


def newest_to(it, address, subject):
    """Waits for a mail to an address whose subject has these words; answers it."""
    found = []

    def arrived():
        listed = it.json("mail", "list")
        found[:] = [mail for mail in listed if mail["to"] == address and subject in mail["subject"]]
        return found

    eventually(f"a mail to {address}: {subject}", arrived, within=5)
    return it.json("mail", "show", found[0]["id"])


def link_in(mail):
    """The one link that a mail is about."""
    links = sorted(set(re.findall(r"https?://[^\s<>\"]*ticket=[^\s<>\"]+", mail["text"])))
    if len(links) != 1:
        raise AssertionError(f"{len(links)} links in {mail['text']!r}")
    return links[0]
