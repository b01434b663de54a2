"""Applications > one, in a browser: certificates, and the client secret."""

from keys import downloads_agree


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
