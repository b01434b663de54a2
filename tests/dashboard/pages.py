"""What holds for every page: found by following the links from the first one."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

from browser import Browser
from desk import administrator, furnish, shape_of, walk
from long import MOST, weights
from spoil import Spoiler, spoil

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
    heaviest = weights(visitor, it.issuer.rstrip("/"))[0]
    assert heaviest[0] < MOST, heaviest
    return f"heaviest {heaviest}"


def test_axe_finds_nothing_on_any_page_light_or_dark_wide_or_narrow(it, server, axe):
    # Colours do not change with the width, nor the layout with the colours: two looks have all of them.
    looks = [LOOKS["desktop"], LOOKS["phone-dark"]]
    with ThreadPoolExecutor(len(looks)) as pool:
        seen = list(pool.map(lambda number: looks_over(it, axe, (number, looks[number])), range(len(looks))))
    wrong = {complaint for _, complaints in seen for complaint in complaints}
    assert not wrong, "\n".join(sorted(wrong))
    return f"{sum(count for count, _ in seen)} pages"


def looks_over(it, axe, numbered):
    """How many pages there are, and what is wrong with them in a look."""
    number, look = numbered
    wrong, count = [], 0
    with Browser() as browser, browser.visitor(**look) as visitor:
        administrator(it, visitor, f"look{number}@example.com")
        for path, _ in walk(visitor, it.issuer.rstrip("/")):
            count += 1
            wide = visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wide > 1:
                wrong.append(f"{path} is {wide} pixels too wide: {look}")
            visitor.page.evaluate(axe)
            found = visitor.page.evaluate(
                "axe.run(document).then(r => r.violations.map(v => `${v.id} at ${v.nodes[0].target}`))")
            wrong += [f"{path}: {one}: {look}" for one in found]
    return count, wrong


def test_nothing_that_is_stored_becomes_markup(engine, browser):
    from chancery import Installation
    # Chromium makes no passkeys where it does not trust the certificate.
    with Installation(engine) as it:
        it.init()
        with it.serve() as server, browser.visitor() as visitor:
            spoiler = Spoiler(it, server, furnish(it, server))
            dialogs, pages = [], 0
            visitor.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
            spoil(spoiler, browser, administrator(it, visitor))
            starts, texts = spoiler.starts(), len(spoiler.unseen)
            for path, _ in walk(visitor, it.issuer.rstrip("/"), starts, spoiler.shape):
                pages += 1
                spoiler.looks(visitor)
            assert not dialogs, dialogs
            assert not spoiler.unseen, f"stored, and shown nowhere: {sorted(spoiler.unseen)}"
    return f"{texts} texts on {pages} pages"


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
