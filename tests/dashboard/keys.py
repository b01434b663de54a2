"""Settings > Signing Keys, in a browser: what it shows, what can be taken away, what rotating and revoking does."""

import json
import subprocess

from chancery import key_in

HOME = "dashboard/settings/signing-keys"


def openssl(*words, given):
    done = subprocess.run(["openssl", *words], input=given, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fetched(visitor, url):
    """What a link of the page leads to, with the cookies of the browser."""
    answer = visitor.context.request.get(url)
    assert answer.status == 200, (url, answer.status, answer.text())
    assert answer.headers["content-disposition"].startswith("attachment"), answer.headers
    return answer.body()


def pems(body):
    """The certificates of a PEM text, in DER."""
    return openssl("x509", "-outform", "der", given=body)


def downloads_agree(visitor, base, key):
    """Each form of a certificate holds the very certificate that the API tells."""
    der = pems(key["cert"].encode())
    pem, cer, p7b = (fetched(visitor, f"{base}/certificate/{form}") for form in ("pem", "cer", "p7b"))
    assert pems(pem) == der
    assert cer == der
    assert pems(openssl("pkcs7", "-print_certs", given=p7b)) == der


def test_each_form_of_each_certificate_can_be_downloaded_and_is_what_the_api_tells(it, server, visitor):
    for key in server.keys(it.token()):
        downloads_agree(visitor, f"{it.issuer}{HOME}/{key['kid']}", key)


def test_the_page_of_a_key_shows_what_the_api_tells(it, server, visitor):
    current = key_in(server.keys(it.token()), "current")
    visitor.opens(f"{it.issuer}{HOME}")
    visitor.page.locator(f"tr[data-kid='{current['kid']}'] th a").click()
    visitor.sees("Signing key", current["kid"], "Currently used")
    value = lambda label: visitor.page.get_by_label(label, exact=True).input_value()
    assert value("Fingerprint (SHA-1)") == current["fingerprint"]
    assert value("Thumbprint (SHA-1)") == current["thumbprint"]
    assert value("Certificate (PEM)").split() == current["cert"].split()


def test_what_is_copied_is_what_the_button_says_and_it_confirms(it, server, visitor):
    current = key_in(server.keys(it.token()), "current")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.opens(f"{it.issuer}{HOME}")
    row = visitor.page.locator(f"tr[data-kid='{current['kid']}']")
    row.locator("summary").click()

    def copied(name):
        button = row.get_by_role("button", name=f"Copy: {name}", exact=True)
        button.click()
        button.get_by_text("Copied", exact=True).wait_for()
        return visitor.page.evaluate("navigator.clipboard.readText()")

    assert copied("Key ID") == current["kid"]
    assert copied("Fingerprint") == current["fingerprint"]
    published = next(key for key in server.get("/.well-known/jwks.json").expect(200).json()["keys"] if key["kid"] == current["kid"])
    assert json.loads(copied("Public JWK")) == published
    assert pems(copied("Certificate").encode()) == pems(current["cert"].encode())


def test_rotating_promotes_the_next_key_and_keeps_the_old_one_published(it, server, visitor):
    before = server.keys(it.token())
    old, new = key_in(before, "current")["kid"], key_in(before, "next")["kid"]
    visitor.opens(f"{it.issuer}{HOME}")
    visitor.follows("Rotate Key")
    visitor.sees("Rotate the signing key?", "What will happen", new[:10], old[:10], "6 minutes")
    visitor.presses("Rotate key")
    visitor.sees("Signing Keys", "The key was rotated.")
    after = server.keys(it.token())
    assert key_in(after, "current")["kid"] == new
    assert {old, new, key_in(after, "next")["kid"]} <= set(server.jwks())
    state = lambda kid: visitor.page.locator(f"tr[data-kid='{kid}']").get_attribute("data-state")
    assert (state(old), state(new)) == ("previous", "current")


def test_revoking_asks_for_the_name_and_takes_the_key_out_of_the_key_set(it, server, visitor):
    old = next(key["kid"] for key in server.keys(it.token()) if key.get("previous"))
    assert old in server.jwks()
    visitor.opens(f"{it.issuer}{HOME}/{old}/revoke")
    visitor.sees("Revoke the signing key?", old)
    visitor.presses("Revoke key")
    visitor.sees("Revoke the signing key?", "Nothing was done: type the name of the tenant exactly as it stands here, main.")
    assert old in server.jwks()
    visitor.page.fill("input[name=confirm]", "main")
    visitor.presses("Revoke key")
    visitor.sees("Signing Keys", "The key was revoked.")
    assert old not in server.jwks()
    row = visitor.page.locator(f"tr[data-kid='{old}'][data-state=revoked]").inner_text()
    assert "ada@example.com" in row, row


def test_rotating_and_revoking_takes_the_old_key_out_at_once(it, server, visitor):
    before = server.keys(it.token())
    old, new = key_in(before, "current")["kid"], key_in(before, "next")["kid"]
    visitor.opens(f"{it.issuer}{HOME}")
    visitor.follows("Rotate & Revoke Key")
    visitor.page.fill("input[name=confirm]", "main")
    visitor.presses("Rotate & revoke key")
    visitor.sees("Signing Keys", "The key was rotated, and the one before it was revoked.")
    assert key_in(server.keys(it.token()), "current")["kid"] == new
    assert old not in server.jwks() and new in server.jwks()


def test_a_ring_that_was_rotated_meanwhile_is_not_rotated_again_by_an_old_page(it, server, visitor):
    visitor.opens(f"{it.issuer}{HOME}/rotate")
    server.rotate(it.token()).expect(201)
    kids = server.jwks()
    visitor.presses("Rotate key")
    visitor.sees("Rotate the signing key?", "Nothing was done: somebody rotated the key since you opened this page.")
    assert server.jwks() == kids


def test_every_change_is_in_the_log_with_the_administrator(it, server, visitor):
    log = server.get("/api/v2/logs?per_page=100", token=it.token()).expect(200).json()
    entries = [entry for entry in log if entry.get("details", {}).get("request", {}).get("channel") == "dashboard"
               and entry["type"] == "sapi"]
    paths = {entry["details"]["request"]["path"].rsplit("/", 1)[1] for entry in entries}
    assert {"rotate", "revoke"} <= paths, paths
    assert {entry["user_name"] for entry in entries} == {"ada@example.com"}
    assert all(entry["details"]["request"]["auth"]["user"]["email"] == "ada@example.com" for entry in entries)
