"""Connections in a browser: partners are set up from the pages alone, and nothing that a page does not show is lost."""

import base64
import json
import re
import time

from desk import administrator, certificate, der_of

HOME = "dashboard/connections"
POST_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def read(it, server, name):
    found = server.get(f"/api/v2/connections?name={name}", token=it.token()).expect(200).json()
    return found[0] if found else None


def home_of(it, connection):
    return f"{it.issuer}{HOME}/{connection['id']}"


def saved(page):
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("The connection was saved.").wait_for()


def secrets_read(it, server):
    """How often a page has read something secret. Entries are written in batches, so it waits for those of before."""
    time.sleep(1)
    log = server.get("/api/v2/logs?per_page=100&q=type:mgmt_api_read", token=it.token()).expect(200).json()
    return sum(entry.get("details", {}).get("request", {}).get("channel") == "dashboard" for entry in log)


def test_the_navigation_leads_to_databases_social_and_enterprise_connections(it, server, visitor, made):
    visitor.opens(f"{it.issuer}dashboard")
    for place, lead in (("Database", "Lists of users with passwords"), ("Social", "an account that they have elsewhere"),
                        ("Enterprise", "People of an organization sign in at its identity provider")):
        visitor.page.locator("nav.side").get_by_role("link", name=place, exact=True).click()
        visitor.sees("Connections", lead)
        current = visitor.page.locator("nav.side a[aria-current=page]").inner_text()
        assert current.strip() == place, current
        assert visitor.page.locator("ul.tabs a[aria-current]").inner_text() == place


def test_a_saml_connection_is_set_up_from_the_pages_alone(it, server, visitor, made):
    page = visitor.page
    (soon, _), (later, _) = certificate(9), certificate(900)
    visitor.opens(f"{it.issuer}{HOME}/enterprise")
    page.get_by_role("link", name="Create enterprise connection").first.click()
    page.get_by_role("link", name="Choose SAML").click()
    page.get_by_label("Name", exact=False).first.fill("corporate-idp")
    page.get_by_label("Sign In URL").fill("https://idp.example/sso")
    page.get_by_label("Home realm discovery domains").fill("corp.example\nCORP.test")
    files = [{"name": "now.pem", "mimeType": "application/x-pem-file", "buffer": soon.encode()},
             {"name": "next.der", "mimeType": "application/octet-stream", "buffer": der_of(later)}]
    page.get_by_label("X509 Signing Certificates: from files").set_input_files(files)
    page.wait_for_function("document.getElementById('f-options-signingCert').value.split('BEGIN').length === 3")
    page.get_by_role("button", name="Create").click()
    page.get_by_text("The connection was created.").wait_for()
    own = read(it, server, "corporate-idp")
    options = own["options"]
    assert own["strategy"] == "samlp"
    assert options["signInEndpoint"] == "https://idp.example/sso" and options["signSAMLRequest"] is True
    assert options["domain_aliases"] == ["corp.example", "CORP.test"]
    pem = base64.b64decode(options["signingCert"]).decode()
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", pem, re.S)
    assert [der_of(one) for one in blocks] == [der_of(soon), der_of(later)], pem

    value = lambda label: page.get_by_label(label, exact=True).input_value()
    base = it.issuer.rstrip("/")
    assert value("Entity ID") == "urn:auth0:main:corporate-idp"
    assert value("Assertion Consumer Service URL") == f"{base}/login/callback?connection=corporate-idp"
    assert value("Metadata") == f"{base}/samlp/metadata?connection=corporate-idp"
    assert value("Single Logout Service URL") == f"{base}/logout"
    states = page.locator("#certificates tbody tr .badge").all_inner_texts()
    assert states == ["Currently used", "Next in queue"], states
    for form in ("pem", "cer", "pb7", "rawpem", "fingerprint"):
        address = page.locator(f"#certificates .buttons a[href^='/{form}?']").get_attribute("href")
        public = visitor.context.request.get(base + address).body()
        if form not in ("pem", "cer"):
            assert public, form
            continue
        link = page.locator(f"#certificates tbody tr:first-child a[href$='/{form}']").get_attribute("href")
        shown = visitor.context.request.get(base + link).body()
        assert shown.split() == public.split() if form == "pem" else shown == public, form


def test_a_saml_connection_takes_over_what_the_metadata_of_its_partner_says(it, server, visitor, made):
    page, client = visitor.page, made["clients"]["RS256"]["client_id"]
    server.call("PATCH", f"/api/v2/clients/{client}", token=it.token(), body={"addons": {"samlp": {}}}).expect(200)
    metadata = server.get(f"/samlp/metadata/{client}").expect(200).text
    visitor.opens(f"{it.issuer}{HOME}/new/samlp")
    page.get_by_label("Name", exact=False).first.fill("itself")
    page.get_by_label("Metadata URL").fill("https://127.0.0.1:1/metadata")
    page.get_by_role("button", name="Create").click()
    page.get_by_text("Nothing was saved. Look at the field that is marked below.").wait_for()
    assert page.get_by_label("Metadata URL").get_attribute("aria-invalid") == "true"
    page.get_by_label("Metadata URL").fill("")
    file = {"name": "metadata.xml", "mimeType": "text/xml", "buffer": metadata.encode()}
    page.get_by_label("Metadata XML: from files").set_input_files([file])
    page.wait_for_function("document.getElementById('f-options-metadataXml').value.includes('EntityDescriptor')")
    page.get_by_role("button", name="Create").click()
    page.get_by_text("The connection was created.").wait_for()
    own = read(it, server, "itself")
    assert own["options"]["signInEndpoint"] == f"{it.issuer}samlp/{client}", own["options"]
    assert own["options"]["cert"].count("BEGIN") == 2 and "metadataXml" not in own["options"]
    visitor.opens(home_of(it, own))
    rows = page.locator("section", has_text="Certificates of the identity provider").locator("tbody tr")
    assert rows.count() == 2, rows.all_inner_texts()
    server.call("PATCH", f"/api/v2/clients/{client}", token=it.token(), body={"addons": {}}).expect(200)


def test_a_certificate_that_ends_soon_is_warned_of_and_connections_are_found_by_their_domain(it, server, visitor, made):
    page = visitor.page
    visitor.opens(f"{it.issuer}{HOME}/enterprise")
    row = page.locator("tr[data-connection=corporate-idp]")
    text = row.inner_text()
    assert "8 days left" in text and "SAML" in text and "corp.example" in text and "On" in text, text
    for wanted, found in (("CORP.TEST", 1), ("corporate", 1), ("nonsense.example", 0)):
        page.get_by_label("Search").fill(wanted)
        page.get_by_role("button", name="Search").click()
        page.wait_for_load_state()
        assert page.locator("tr[data-connection=corporate-idp]").count() == found, wanted
    visitor.opens(home_of(it, read(it, server, "corporate-idp")))
    rows = page.locator("section", has_text="Certificates of the identity provider").locator("tbody tr")
    assert rows.count() == 2 and "8 days left" in rows.first.inner_text(), rows.all_inner_texts()


def test_editing_a_saml_connection_loses_nothing_that_the_page_does_not_show(it, server, visitor, made):
    page, before = visitor.page, read(it, server, "corporate-idp")
    pem, key = certificate(400, "sp.example")
    kept = {"signing_key": {"key": key, "cert": pem}, "beyond": {"the": ["published"]}, "recipientUrl": "https://x.example/acs"}
    path = f"/api/v2/connections/{before['id']}"
    server.call("PATCH", path, token=it.token(), body={"options": {**before["options"], **kept}}).expect(200)
    reads = secrets_read(it, server)
    visitor.opens(home_of(it, before))
    assert key.splitlines()[1] not in page.content()
    page.get_by_label("Enable Sign Out").uncheck()
    page.get_by_label("User ID Attribute").fill("uid")
    page.get_by_label("Protocol Binding").select_option(POST_BINDING)
    page.get_by_label("Sign Request Algorithm", exact=True).select_option("rsa-sha1")
    saved(page)
    assert "SHA-1 is allowed for this connection" in visitor.text
    visitor.opens(f"{home_of(it, before)}/mapping")
    assert "emailaddress" in page.locator("#usual").inner_text()
    page.get_by_label("Mappings", exact=True).fill('{"email": ["mail", "email"]}')
    saved(page)
    visitor.opens(f"{home_of(it, before)}/idp-initiated")
    page.get_by_label("Accept such logins").check()
    page.get_by_label("Default application").fill(made["clients"]["RS256"]["client_id"])
    page.get_by_label("Query string").fill("redirect_uri=http://localhost:9/callback&scope=openid")
    saved(page)
    visitor.opens(f"{home_of(it, before)}/login-experience")
    page.get_by_label("Display name").fill("Corporate login")
    page.get_by_label("Show a button").check()
    page.get_by_label("Icon").fill("https://cdn.example/icon.png")
    saved(page)
    visitor.opens(f"{home_of(it, before)}/setup")
    states = page.locator("#certificates tbody tr .badge").all_inner_texts()
    assert states == ["Of the connection", "Currently used", "Next in queue"], states
    own = page.locator("#certificates tbody tr").first
    assert "sp.example" in own.inner_text() and "Signatures" in own.inner_text(), own.inner_text()
    link = own.locator("a[href$='/cer']").get_attribute("href")
    assert visitor.context.request.get(it.issuer.rstrip("/") + link).body() == der_of(pem)
    after = read(it, server, "corporate-idp")
    options = after["options"]
    for name, value in kept.items():
        assert options[name] == value, name
    assert base64.b64decode(options["signingCert"]).count(b"BEGIN") == 2
    expected = {"disableSignout": True, "user_id_attribute": "uid", "protocolBinding": POST_BINDING,
                "signatureAlgorithm": "rsa-sha1", "fieldsMap": {"email": ["mail", "email"]},
                "icon_url": "https://cdn.example/icon.png", "signInEndpoint": "https://idp.example/sso",
                "idpinitiated": {"enabled": True, "client_id": made["clients"]["RS256"]["client_id"],
                                 "client_authorizequery": "redirect_uri=http://localhost:9/callback&scope=openid"}}
    assert {name: options.get(name) for name in expected} == expected, options
    assert (after["display_name"], after["show_as_button"]) == ("Corporate login", True)
    assert secrets_read(it, server) == reads, "a page read a secret that nobody asked to see"


def test_what_another_administrator_has_changed_of_a_connection_is_not_overwritten_unseen(it, server, visitor, made):
    page, own = visitor.page, read(it, server, "corporate-idp")
    visitor.opens(home_of(it, own))
    page.get_by_label("User ID Attribute").fill("mine")
    options = {**own["options"], "user_id_attribute": "theirs"}
    server.call("PATCH", f"/api/v2/connections/{own['id']}", token=it.token(), body={"options": options}).expect(200)
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("Somebody changed this while you were editing it").wait_for()
    assert "Stored now: theirs" in visitor.text
    assert read(it, server, "corporate-idp")["options"]["user_id_attribute"] == "theirs"
    saved(page)
    assert read(it, server, "corporate-idp")["options"]["user_id_attribute"] == "mine"


def test_what_the_api_refuses_of_a_connection_is_said_at_the_field_and_what_was_typed_stays(it, server, visitor, made):
    page, own = visitor.page, read(it, server, "corporate-idp")
    visitor.opens(home_of(it, own))
    page.get_by_label("Sign In URL").fill("ftp://idp.example/sso")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("Nothing was saved. Look at the field that is marked below.").wait_for()
    assert page.get_by_label("Sign In URL").get_attribute("aria-invalid") == "true"
    assert page.get_by_label("Sign In URL").input_value() == "ftp://idp.example/sso"
    assert read(it, server, "corporate-idp") == own


def test_an_openid_provider_is_set_up_and_its_connection_gets_keys_that_rotate(it, server, visitor, made):
    page = visitor.page
    visitor.opens(f"{it.issuer}{HOME}/new/oidc")
    page.get_by_role("button", name="Create").click()
    page.get_by_text("Nothing was saved.").wait_for()
    page.get_by_label("Name", exact=False).first.fill("workforce")
    page.get_by_label("Discovery URL").fill("https://id.example/.well-known/openid-configuration")
    page.get_by_label("Client ID").fill("chancery")
    page.get_by_label("Client Secret").fill("s3cr3t-of-the-provider")
    page.get_by_role("button", name="Create").click()
    page.get_by_text("The connection was created.").wait_for()
    base = it.issuer.rstrip("/")
    assert page.get_by_label("Callback URL", exact=True).input_value() == f"{base}/login/callback"
    own = read(it, server, "workforce")
    assert own["options"] == {"discovery_url": "https://id.example/.well-known/openid-configuration",
                              "client_id": "chancery", "client_secret": "s3cr3t-of-the-provider"}, own["options"]
    reads = secrets_read(it, server)
    visitor.opens(home_of(it, own))
    assert "s3cr3t-of-the-provider" not in page.content()
    assert page.get_by_label("Algorithm", exact=True).input_value() == "RS256"
    page.get_by_label("Algorithm", exact=True).select_option("ES256")
    page.get_by_role("button", name="Create keys").click()
    page.get_by_text("The keys were created.").wait_for()
    address = page.get_by_label("Key set (JWKS)", exact=True).last.input_value()
    kids = lambda: [key["kid"] for key in server.get(address.removeprefix(base)).expect(200).json()["keys"]]
    first = kids()
    assert len(first) == 2
    page.get_by_role("link", name="Rotate Keys").click()
    assert page.get_by_label("Algorithm of the new next key").input_value() == "ES256"
    page.get_by_label("Algorithm of the new next key").select_option("PS256")
    page.get_by_role("button", name="Rotate keys").click()
    page.get_by_text("The keys were rotated.").wait_for()
    assert first[0] not in kids() and first[1] in kids()
    published = server.get(address.removeprefix(base)).expect(200).json()["keys"]
    assert [(key["kty"], key["alg"]) for key in published] == [("EC", "ES256"), ("RSA", "PS256")], published
    page.get_by_label("Authentication method").select_option("private_key_jwt")
    page.get_by_label("Scopes").fill("openid email")
    saved(page)
    options = read(it, server, "workforce")["options"]
    assert (options["token_endpoint_auth_method"], options["scope"]) == ("private_key_jwt", "openid email")
    assert options["client_secret"] == "s3cr3t-of-the-provider"
    visitor.opens(f"{home_of(it, own)}/mapping")
    page.get_by_label("What is taken over").select_option("use_map")
    page.get_by_label("Map", exact=True).fill(json.dumps({"email": "${context.tokenset.email}"}))
    saved(page)
    assert read(it, server, "workforce")["options"]["attribute_map"] == {
        "mapping_mode": "use_map", "attributes": {"email": "${context.tokenset.email}"}}
    assert secrets_read(it, server) == reads, "a page read a secret that nobody asked to see"


def test_the_secret_of_a_connection_is_shown_to_whoever_asks_and_replaced_by_whoever_types_another(it, server, visitor, browser, made):
    page, own = visitor.page, read(it, server, "workforce")
    reads = secrets_read(it, server)
    visitor.opens(f"{home_of(it, own)}/secret")
    assert "s3cr3t-of-the-provider" not in page.content()
    page.get_by_role("button", name="Reveal").click()
    page.wait_for_load_state()
    assert page.get_by_label("Client Secret", exact=True).input_value() == "s3cr3t-of-the-provider"
    assert secrets_read(it, server) == reads + 1
    visitor.opens(home_of(it, own))
    page.get_by_label("Client Secret", exact=True).fill("an0ther-s3cret")
    saved(page)
    assert read(it, server, "workforce")["options"]["client_secret"] == "an0ther-s3cret"
    with browser.visitor() as viewer:
        administrator(it, viewer, "looks@example.com", "viewer")
        viewer.opens(home_of(it, own))
        viewer.sees("workforce")
        assert viewer.page.get_by_role("button", name="Reveal").count() == 0
        assert "an0ther-s3cret" not in viewer.page.content()


def test_social_connections_are_made_from_what_the_provider_gives(it, server, visitor, made):
    page = visitor.page
    given = {
        "google-oauth2": {"Client ID": "g", "Client Secret": "s"},
        "github": {"Client ID": "h", "Client Secret": "s"},
        "windowslive": {"Client ID": "w", "Client Secret": "s"},
        "apple": {"Services ID": "com.example", "Apple Team ID": "A1B2C3D4E5", "Key ID": "ABC123DEFG",
                  "Client Secret Signing Key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
        "oauth2": {"Authorization URL": "https://p.example/a", "Token URL": "https://p.example/t",
                   "Profile URL": "https://p.example/me", "Client ID": "o", "Client Secret": "s"},
    }
    for strategy, fields in given.items():
        visitor.opens(f"{it.issuer}{HOME}/new/{strategy}")
        if strategy == "oauth2":
            page.get_by_label("Name", exact=False).first.fill("oauth2")
        for label, text in fields.items():
            page.get_by_label(label, exact=False).first.fill(text)
        page.get_by_role("button", name="Create").click()
        page.get_by_text("The connection was created.").wait_for()
        assert read(it, server, strategy)["strategy"] == strategy
    google = read(it, server, "google-oauth2")
    visitor.opens(home_of(it, google))
    page.get_by_label("Scopes").fill("email profile")
    saved(page)
    assert read(it, server, "google-oauth2")["options"] == {"client_id": "g", "client_secret": "s", "scope": ["email", "profile"]}
    apple = read(it, server, "apple")["options"]
    assert apple["app_secret"].startswith("-----BEGIN PRIVATE KEY-----\nAAAA") and apple["name"] is True
    visitor.opens(f"{home_of(it, google)}/login-experience")
    assert page.get_by_label("Show a button").is_checked(), "its button is there unless it is turned off"
    page.get_by_label("Show a button").uncheck()
    saved(page)
    assert read(it, server, "google-oauth2")["show_as_button"] is False


def test_the_applications_of_a_connection_and_the_connections_of_an_application_are_switched(it, server, visitor, made):
    page, client = visitor.page, made["clients"]["RS256"]
    own = read(it, server, "corporate-idp")
    listed = lambda: server.get(f"/api/v2/clients/{client['client_id']}/connections?fields=name", token=it.token()).expect(200).json()
    names = lambda: {one["name"] for one in listed()["connections"]}
    assert "corporate-idp" not in names()
    visitor.opens(f"{home_of(it, own)}/applications")
    page.get_by_role("button", name=f"Enable {client['name']}", exact=True).click()
    page.get_by_text("The application may use this connection now.").wait_for()
    assert "corporate-idp" in names()
    visitor.opens(f"{it.issuer}dashboard/applications/{client['client_id']}/connections")
    row = page.locator("tr", has_text="corporate-idp")
    assert "SAML" in row.inner_text() and "On" in row.inner_text()
    assert "Google" in page.locator("tr", has_text="google-oauth2").first.inner_text()
    page.get_by_role("button", name="Disable corporate-idp").click()
    page.get_by_text("The connection was disabled for this application.").wait_for()
    assert "corporate-idp" not in names()


def test_a_connection_is_deleted_when_its_name_is_typed(it, server, visitor, made):
    page, own = visitor.page, read(it, server, "windowslive")
    visitor.opens(f"{home_of(it, own)}/delete")
    page.get_by_role("button", name="Delete connection").click()
    page.get_by_text("Nothing was done: type the name of the connection").wait_for()
    page.fill("input[name=confirm]", "windowslive")
    page.get_by_role("button", name="Delete connection").click()
    page.get_by_text("The connection was deleted.").wait_for()
    assert page.url == f"{it.issuer}{HOME}/social"
    assert read(it, server, "windowslive") is None
