"""Administrators at the command line: links that invite them."""

import re

from chancery import Installation
from suite import contains, equal


def test_invite(engine):
    """admins invite prints a link of the tenant, each time another, and keeps no text of it"""
    with Installation(engine) as it:
        it.init()
        link = it.run("admins", "invite").splitlines()[0]
        found = re.fullmatch(rf"{re.escape(it.issuer)}dashboard/setup\?ticket=([A-Za-z0-9]{{43}})", link)
        assert found, link
        made = it.json("admins", "invite", "Ada@X.example", "--role", "editor_keys", "--tenant", "main")
        equal(sorted(made), ["email", "expires_at", "id", "invitation_url", "role"])
        equal((made["email"], made["role"]), ("ada@x.example", "editor_keys"))
        assert made["invitation_url"] != link
        kept = it.rows("SELECT id, email, role, expires_at - created_at FROM administrator_invitations ORDER BY created_at")
        equal([str(row[-1]) for row in kept], [str(7 * 86_400_000)] * 2, "days that links are good")
        logged = str(it.rows("SELECT entry FROM logs"))
        contains(logged, "Invite an administrator")
        assert found[1] not in logged, "the text of a link is in the log"


def test_hidden(engine):
    """what administrators need is seen by no list of the Management API, and by no tenant without them"""
    with Installation(engine) as it:
        it.init()
        with it.serve() as server:
            token = it.token()
            lists = lambda: [server.get(f"/api/v2/{name}", token=token).expect(200).json()
                             for name in ("clients", "connections", "users", "client-grants")]
            before = lists()
            it.run("admins", "invite")
            equal(lists(), before)
            server.get("/api/v2/clients/chancery-dashboard", token=token).expect(404)


def test_refused(engine):
    """an address, a role, a tenant or an administrator that is none is named"""
    with Installation(engine) as it:
        it.init()
        equal(it.json("admins", "list"), [])
        contains(it.run("admins", "list"), "EMAIL", "ROLE")
        contains(it.refused("admins", "invite", "nobody"), "\"nobody\" is no e-mail address")
        contains(it.refused("admins", "invite", "--tenant", "none"), "none", "chancery tenants list")
        done = it.command("admins", "invite", "--role", "owner")
        equal((done.returncode, done.stdout), (2, ""))
        contains(done.stderr, "owner", "editor_applications")
        contains(it.refused("admins", "remove", "a@x.example", "--confirm", "b@x.example"), "--confirm a@x.example")
        contains(it.refused("admins", "remove", "a@x.example", "--confirm", "a@x.example"), "chancery admins list")
