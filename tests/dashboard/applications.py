"""Applications > one, in a browser: certificates, the client secret, and add-ons."""

import itertools
import json

from desk import administrator, certificate
from keys import downloads_agree
from pages import LOOKS

COMPLAINTS = "axe.run(document).then(r => r.violations.map(v => `${v.id} at ${v.nodes[0].target}`))"


def test_the_certificates_tab_of_an_rs256_application_has_the_certificate_in_every_form(it, server, visitor, made):
    client = server.get(f"/api/v2/clients/{made['clients']['RS256']['client_id']}", token=it.token()).expect(200).json()
    base = f"{it.issuer}dashboard/applications/{client['client_id']}/certificates"
    visitor.opens(base)
    own = client["signing_keys"][0]
    shown = visitor.page.get_by_label("Signing Certificate", exact=True).input_value()
    assert shown.split() == own["cert"].split()
    keys = {key["cert"]: key for key in server.keys(it.token())}
    key = keys[own["cert"]]
    value = lambda label: visitor.page.get_by_label(label, exact=False).first.input_value()
    assert value("Signing Certificate Fingerprint") == key["fingerprint"]
    assert value("Signing Certificate Thumbprint") == key["thumbprint"]
    link = visitor.page.locator("a[href$='/certificate/pem']").get_attribute("href")
    downloads_agree(visitor, f"{it.issuer.rstrip('/')}{link}".removesuffix("/certificate/pem"), own)


def test_the_certificates_tab_of_an_hs256_application_leads_to_the_client_secret(it, server, visitor, made):
    client = made["clients"]["HS256"]["client_id"]
    visitor.opens(f"{it.issuer}dashboard/applications/{client}/certificates")
    assert "client secret" in visitor.text.lower()
    assert visitor.page.locator("a[href$='/certificate/pem']").count() == 0
    visitor.page.locator(f"main a[href*='/dashboard/applications/{client}']", has_text="ecret").first.click()
    visitor.page.wait_for_load_state()
    assert "Client Secret" in visitor.text


def test_a_client_secret_is_shown_when_asked_for_and_rotated_when_the_name_is_typed(it, server, visitor, made):
    machine, audience = made["machine"], made["api"]["identifier"]
    home = f"{it.issuer}dashboard/applications/{machine['client_id']}"
    visitor.opens(home)
    assert machine["client_secret"] not in visitor.page.content()
    reads = lambda: sum(entry["type"] == "mgmt_api_read" for entry in server.get("/api/v2/logs", token=it.token()).expect(200).json())
    before = reads()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = visitor.page.get_by_role("button", name="Copy: Client Secret", exact=True)
    button.click()
    button.get_by_text("Copied", exact=True).wait_for()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == machine["client_secret"]
    assert machine["client_secret"] not in visitor.page.content()
    assert reads() == before + 1, "a copy is in the log"
    visitor.page.get_by_role("button", name="Reveal").click()
    visitor.page.wait_for_load_state()
    field = visitor.page.get_by_label("Client Secret", exact=True)
    assert field.input_value() == machine["client_secret"]
    assert server.new_token(machine["client_id"], machine["client_secret"], audience).status == 200
    visitor.opens(home)
    visitor.page.locator("a[href$='/rotate-secret']").first.click()
    visitor.page.fill("input[name=confirm]", machine["name"])
    visitor.page.locator("main form button").last.click()
    visitor.page.wait_for_load_state()
    fresh = visitor.page.get_by_label("Client Secret", exact=False).first.input_value()
    assert fresh and fresh != machine["client_secret"]
    assert server.new_token(machine["client_id"], machine["client_secret"], audience).status == 401
    assert server.new_token(machine["client_id"], fresh, audience).status == 200
    log = server.get("/api/v2/logs?per_page=50", token=it.token()).expect(200).json()
    kinds = {entry["type"] for entry in log if entry.get("user_name") == "ada@example.com"}
    assert {"mgmt_api_read", "sapi"} <= kinds, kinds


def test_a_partner_that_speaks_saml_is_set_up_from_the_pages_alone(it, server, visitor, made):
    client = made["clients"]["RS256"]["client_id"]
    page, home = visitor.page, f"{it.issuer}dashboard/applications/{client}/addons"
    read = lambda: server.get(f"/api/v2/clients/{client}", token=it.token()).expect(200).json()
    before = read()["callbacks"]
    visitor.opens(home)
    page.get_by_role("link", name="SAML2 Web App").click()
    page.get_by_role("button", name="Turn on").click()
    page.get_by_label("Application Callback URLs").fill("\n".join(["https://partner.example/acs", *before]))
    page.get_by_label("Audience", exact=True).fill("urn:partner")
    page.get_by_label("Mappings").fill('{"email": "mail"}')
    page.get_by_label("Lifetime").fill("600")
    page.get_by_label("Single Logout URL").fill("https://partner.example/slo")
    page.get_by_label("Take part in single logout").check()
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("The settings were saved.").wait_for()
    after = read()
    assert after["callbacks"] == ["https://partner.example/acs", *before], after["callbacks"]
    expected = {"audience": "urn:partner", "mappings": {"email": "mail"}, "lifetimeInSeconds": 600,
                "logout": {"callback": "https://partner.example/slo", "slo_enabled": True}}
    assert after["addons"] == {"samlp": expected}, after["addons"]
    metadata = page.get_by_label("Identity Provider Metadata", exact=True).input_value()
    xml = server.get(metadata.removeprefix(it.issuer.rstrip("/"))).expect(200).text
    for label in ("Issuer", "Identity Provider Login URL", "Identity Provider Logout URL"):
        assert f'"{page.get_by_label(label, exact=True).input_value()}"' in xml, label
    page.get_by_label("Audience", exact=True).fill("")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("The settings were saved.").wait_for()
    assert read()["addons"] == {"samlp": {name: value for name, value in expected.items() if name != "audience"}}
    page.get_by_role("button", name="Turn off").click()
    page.get_by_text("The add-on is off").wait_for()
    assert not read().get("addons"), read().get("addons")


def test_every_setting_of_the_saml_add_on_is_edited_as_json_with_and_without_script(it, server, browser, visitor, made, axe):
    client = made["clients"]["RS256"]["client_id"]
    read = lambda: server.get(f"/api/v2/clients/{client}", token=it.token()).expect(200).json()["addons"]
    stored = lambda add_ons: server.call("PATCH", f"/api/v2/clients/{client}", token=it.token(), body={"addons": add_ons}).expect(200)
    stored({"samlp": {"audience": "urn:sp"}, "slack": {"team": "blue"}})
    address = f"{it.issuer}dashboard/applications/{client}/addons/samlp"
    with browser.visitor(java_script_enabled=False) as plain:
        administrator(it, plain, "json@example.com")
        for one in (visitor, plain):
            edits_as_json(one, address, read, axe if one is visitor else None)
            stored({"samlp": {"audience": "urn:sp"}, "slack": {"team": "blue"}})
        # Two who edit at once: the second is told, and what was typed is not lost.
        for one in (visitor, plain):
            one.opens(f"{address}/json")
        for one, name in ((visitor, "urn:first"), (plain, "urn:second")):
            one.page.get_by_label("Settings (JSON)").fill(json.dumps({"audience": name}))
            one.page.get_by_role("button", name="Save changes").click()
            one.page.wait_for_load_state()
        assert read()["samlp"] == {"audience": "urn:first"}, read()
        assert "Somebody changed this while you were editing it" in plain.text and "urn:first" in plain.text
        assert "urn:second" in plain.page.get_by_label("Settings (JSON)").input_value()
        plain.page.get_by_role("button", name="Save changes").click()
        plain.page.wait_for_load_state()
        assert read()["samlp"] == {"audience": "urn:second"}, read()
    looks_well(it, browser, axe, address, lambda: stored({"samlp": {}, "wsfed": {}}))
    stored({})


def looks_well(it, browser, axe, address, both_on):
    """Other pages are found by following links; these are there only while the add-ons are on."""
    both_on()
    for number, look in enumerate((LOOKS["desktop"], LOOKS["phone-dark"])):
        with browser.visitor(**look) as visitor:
            administrator(it, visitor, f"addon{number}@example.com")
            for name, page in itertools.product(("samlp", "wsfed"), ("", "/json")):
                visitor.opens(address.replace("samlp", name) + page)
                wide = visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 1, (name, page, wide)
                assert len(visitor.page.content()) < 20_000, (name, page)
                visitor.page.evaluate(axe)
                assert (found := visitor.page.evaluate(COMPLAINTS)) == [], (name, page, found)


def edits_as_json(visitor, address, read, axe):
    page, before = visitor.page, read()
    field = lambda: page.get_by_label("Settings (JSON)")
    save = lambda: (page.get_by_role("button", name="Save changes").click(), page.wait_for_load_state())
    visitor.opens(address)
    page.get_by_role("link", name="All settings (JSON)").click()
    page.wait_for_load_state()
    shown = json.loads(field().input_value())
    assert shown["audience"] == "urn:sp" and shown["createUpnClaim"] is True and shown["recipient"] == "", shown
    save()
    assert "The settings were saved." in visitor.text and read() == before, read()
    good = field().input_value()
    for text, said in ((good.replace('"audience": ', '"audience" '), "This is no JSON: expected `:` (line 2"),
                       (good.replace('"recipient"', '"recipent"'), "There is no setting “recipent”."),
                       (good.replace('"signingCert": ""', '"signingCert": "garbage"'), "signingCert: Expected the certificate")):
        field().fill(text)
        save()
        assert "Nothing was saved. Look at the field" in visitor.text and said in visitor.text, (said, visitor.text)
        assert field().get_attribute("aria-invalid") == "true" and field().input_value() == text
        assert read() == before, read()
        if axe:
            page.evaluate(axe)
            assert (found := page.evaluate(COMPLAINTS)) == [], found
    shown |= {"recipient": "https://sp.example/acs", "typedAttributes": False, "authnContextClassRef": "urn:mfa",
              "signingCert": certificate(90)[0]}
    field().fill(json.dumps(shown, indent=2))
    save()
    assert "The settings were saved." in visitor.text, visitor.text
    own = {name: shown[name] for name in ("audience", "recipient", "typedAttributes", "authnContextClassRef", "signingCert")}
    assert read() == {"samlp": own, "slack": {"team": "blue"}}, read()
    visitor.opens(address)
    assert page.get_by_label("Audience", exact=True).input_value() == "urn:sp"
