"""What holds for every page: found by following the links from the first one."""

import os
import re
import urllib.parse

from desk import administrator, furnish, shape_of, walk

NASTY = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
# Bytes before pictures: the page, the stylesheet and the script.
MOST = 60_000
LOOKS = {
    "desktop": {"viewport": {"width": 1280, "height": 850}, "color_scheme": "light"},
    "desktop-dark": {"viewport": {"width": 1280, "height": 850}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
}
HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
POLICY = ("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")


def test_no_page_can_be_framed_cached_or_made_to_run_anything(it, server, visitor, axe):
    for path, answer in walk(visitor, it.issuer.rstrip("/")):
        assert answer.status == 200, (path, answer.status)
        headers = {name: answer.headers.get(name) for name in HEADERS}
        assert headers == HEADERS, (path, headers)
        assert answer.headers["content-security-policy"] == POLICY, path


def test_no_page_is_heavier_than_sixty_kilobytes(it, server, visitor, axe):
    base = it.issuer.rstrip("/")
    visitor.opens(base + "/dashboard")
    files = visitor.page.eval_on_selector_all("link[rel=stylesheet], script[src]", "all => all.map(one => one.href || one.src)")
    shared = sum(len(visitor.context.request.get(file).body()) for file in files)
    heaviest = max((len(answer.body()), path) for path, answer in walk(visitor, base))
    assert heaviest[0] + shared < MOST, (heaviest, shared)
    return f"heaviest {heaviest[0]} B + {shared} B shared"


def test_axe_finds_nothing_on_any_page_light_or_dark_wide_or_narrow(it, server, browser, axe):
    base, wrong, count = it.issuer.rstrip("/"), [], 0
    for number, (name, look) in enumerate(LOOKS.items()):
        with browser.visitor(**look) as visitor:
            administrator(it, visitor, f"look{number}@example.com")
            for path, _ in walk(visitor, base):
                count += 1
                wide = visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 1:
                    wrong.append(f"{name} {path} is {wide} pixels too wide")
                visitor.page.evaluate(axe)
                found = visitor.page.evaluate(
                    "axe.run(document).then(r => r.violations.map(v => `${v.id} at ${v.nodes[0].target}`))")
                wrong += [f"{name} {path}: {one}" for one in found]
    assert not wrong, "\n".join(sorted(set(wrong)))
    return f"{count} pages"


def test_nothing_that_is_stored_becomes_markup(engine, browser):
    from chancery import Installation
    with Installation(engine, tls="dev") as it:
        it.init()
        with it.serve() as server, browser.visitor() as visitor:
            made = furnish(it, server, "Garden Shop")
            spoil(it, server, made)
            administrator(it, visitor)
            dialogs = []
            visitor.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
            shown = 0
            for path, _ in walk(visitor, it.issuer.rstrip("/")):
                assert visitor.page.locator("img[src='x'], main script:not([src^='/u/assets/'])").count() == 0, path
                shown += NASTY in visitor.page.locator("body").evaluate("body => body.textContent + [...document.querySelectorAll('input, textarea')].map(one => one.value).join()")
            assert not dialogs, dialogs
            assert shown >= 8, f"only {shown} pages show what was stored"
    return f"shown on {shown} pages"


def spoil(it, server, made):
    """Puts a nasty text into every field that takes one."""
    token = it.token()
    tried, taken = 0, 0
    def put(method, path, body):
        nonlocal tried, taken
        tried += 1
        taken += server.call(method, f"/api/v2{path}", token=token, body=body).status < 300
    client, api = made["clients"]["RS256"]["client_id"], made["api"]["id"]
    user = urllib.parse.quote(made["user"]["user_id"], safe="")
    for field in ("name", "description"):
        put("PATCH", f"/clients/{client}", {field: NASTY})
        put("PATCH", f"/clients/{made['machine']['client_id']}", {field: NASTY})
        put("PATCH", f"/roles/{made['role']['id']}", {field: NASTY})
    put("PATCH", f"/clients/{client}", {"client_metadata": {"note": NASTY}})
    put("PATCH", f"/resource-servers/{api}", {"name": NASTY})
    put("PATCH", f"/resource-servers/{api}", {"scopes": [{"value": "read:plants", "description": NASTY}]})
    for field in ("name", "nickname", "given_name", "family_name"):
        put("PATCH", f"/users/{user}", {field: NASTY})
    put("PATCH", f"/users/{user}", {"user_metadata": {"note": NASTY}, "app_metadata": {"note": NASTY}})
    put("PATCH", "/tenants/settings", {"friendly_name": NASTY})
    for connection in made["connections"].values():
        own = f"/connections/{connection['id']}"
        options = {**connection["options"], "client_id": NASTY, "domain_aliases": [NASTY], "fieldsMap": {NASTY: NASTY},
                   "user_id_attribute": NASTY, "requestTemplate": NASTY, "attribute_map": {"attributes": {NASTY: NASTY}}}
        put("PATCH", own, {"display_name": NASTY})
        put("PATCH", own, {"options": options})
    # A refused write leaves its words in the log.
    put("PATCH", f"/clients/{client}", {NASTY: NASTY})
    assert taken >= 10, f"{taken} of {tried} were taken"


def test_rotating_works_without_script(it, server, browser, axe):
    with browser.visitor(java_script_enabled=False) as visitor:
        administrator(it, visitor, "plain@example.com")
        before = server.jwks()
        visitor.opens(f"{it.issuer}dashboard/settings/signing-keys")
        visitor.follows("Rotate Key")
        visitor.presses("Rotate key")
        visitor.sees("Signing Keys", "The key was rotated.")
        assert server.jwks() != before


def measure(engine, browser):
    """Prints how long the first byte of each page takes, in milliseconds: the best of five."""
    from chancery import Installation
    with Installation(engine, tls="dev") as it:
        it.init()
        with it.serve() as server, browser.visitor() as visitor:
            furnish(it, server)
            administrator(it, visitor)
            taken = [(min(first_byte(visitor) for _ in range(5)), path) for path, _ in walk(visitor, it.issuer.rstrip("/"))]
    for best, path in sorted(taken, reverse=True):
        print(f"{best:6.1f}  {path}")


def first_byte(visitor):
    visitor.page.reload()
    return visitor.page.evaluate("(([e]) => e.responseStart - e.requestStart)(performance.getEntriesByType('navigation'))")


def take(engine, browser, folder):
    """A picture of every page, for each look."""
    from chancery import Installation
    with Installation(engine, tls="dev") as it:
        it.init()
        it.no_rotation_limit()
        with it.serve() as server:
            furnish(it, server)
            token = it.token()
            server.rotate(token).expect(201)
            previous = next(key["kid"] for key in server.keys(token) if key.get("previous"))
            server.revoke(token, previous).expect(200)
            server.rotate(token).expect(201)
            for number, (name, look) in enumerate(LOOKS.items()):
                place = os.path.join(folder, name)
                os.makedirs(place, exist_ok=True)
                taken = 0
                with browser.visitor(**look) as visitor:
                    administrator(it, visitor, f"picture{number}@example.com")
                    for path, _ in walk(visitor, it.issuer.rstrip("/")):
                        file = re.sub(r"[^a-z0-9]+", "-", shape_of(path).removeprefix("/dashboard").lower()).strip("-") or "start"
                        visitor.page.screenshot(path=os.path.join(place, f"{file}.png"), full_page=True)
                        taken += 1
                print(f"{taken} pictures in {place}", flush=True)
