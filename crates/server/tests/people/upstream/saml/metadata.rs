//! What both sides publish: ours by the name of the connection, theirs pasted or by an address.

use chancery::clock::Clock;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::idp::{self, IDP, Published, SLO, SSO};
use super::{Said, World, key_pair};
use crate::kit::{On, TestServer, engines};
use crate::people::{Browser, application};
use crate::saml::{certificate, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The options of a connection as the wire shows them.
async fn options(server: &TestServer, id: &str) -> Value {
    server.api_get(&format!("/connections/{id}")).await.expect(200)["options"].clone()
}

fn thumbprint(number: usize) -> String {
    certificate(number).thumbprint().to_ascii_lowercase()
}

#[tokio::test]
async fn our_metadata_lists_the_current_and_the_next_connection_key() {
    for on in engines() {
        let world = World::on(on).await;
        let get = async |path: &str| Browser::default().get(&world.server, path).await;
        let first = get("/samlp/metadata?connection=corp").await;
        first.expect_ok();
        assert_eq!(first.header("content-type"), Some("application/xml; charset=utf-8"));
        let xml = first.text();
        let parts: Vec<_> = xml.split("<ds:X509Certificate>").skip(1).collect();
        let certificates: Vec<_> =
            parts.iter().map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
        let current = world.own_certificate().await.base64_der();
        assert_eq!(certificates.len(), 4);
        assert_eq!([&certificates[0], &certificates[2]], [&current, &current]);
        assert_eq!(certificates[1], certificates[3]);
        assert_ne!(certificates[0], certificates[1]);
        for part in [
            r#"entityID="urn:auth0:main:corp""#,
            r#"AuthnRequestsSigned="true""#,
            r#"Location="https://tenant.example/login/callback?connection=corp""#,
            r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://tenant.example/logout">"#,
        ] {
            assert!(xml.contains(part), "{part}: {xml}");
        }
        // What was the next is the current one after a rotation: partners have loaded it before.
        world.server.api_send(Method::POST, "/keys/connection/rotate", &json!({})).await;
        assert_eq!(world.own_certificate().await.base64_der(), certificates[1]);
        for path in [
            "/samlp/metadata",
            "/samlp/metadata?connection=other",
            "/samlp/metadata?connection=Username-Password-Authentication",
        ] {
            assert_eq!(get(path).await.status, 404, "{path}");
        }
    }
    // Keys of the connection's own stand alone.
    let world =
        World::with(On::Sqlite, json!({ "signing_key": key_pair(6), "decryptionKey": key_pair(7) })).await;
    let xml = world.server.get("/samlp/metadata?connection=corp").await.text();
    assert_eq!(xml.matches("<ds:X509Certificate>").count(), 2);
    assert_eq!(text(&xml, "X509Certificate"), certificate(6).base64_der());
}

#[tokio::test]
async fn metadata_that_is_pasted_fills_the_options_and_is_not_kept() {
    let server = TestServer::on_with(On::Sqlite, Some(true)).await;
    let body = json!({
        "name": "pasted", "strategy": "samlp",
        "options": { "metadataXml": idp::metadata(&[4, 5]), "thumbprints": ["ff"], "cert": "old" },
    });
    let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
    let expected = json!({
        "signInEndpoint": SSO, "signOutEndpoint": SLO, "signSAMLRequest": true, "idp_entity_id": IDP,
        "signingCert": STANDARD.encode(format!("{}\n{}\n", certificate(4).to_pem(), certificate(5).to_pem())),
        "cert": format!("{}\n{}\n", certificate(4).to_pem(), certificate(5).to_pem()),
        "thumbprints": [thumbprint(4), thumbprint(5)],
        "expires": "2028-01-15T08:00:00.000Z", "subject": { "commonName": "sp.example" },
    });
    assert_eq!(made["options"], expected);
    // What was read can be sent back as it is.
    let path = format!("/connections/{}", made["id"].as_str().unwrap());
    let again = json!({ "options": made["options"] });
    assert_eq!(server.api_send(Method::PATCH, &path, &again).await.expect(200)["options"], expected);
}

#[tokio::test]
async fn options_that_cannot_be_used_are_refused_with_the_reason() {
    let server = TestServer::on_with(On::Sqlite, Some(true)).await;
    let foreign = json!({ "key": key_pair(6)["key"], "cert": certificate(7).to_pem() });
    for (options, reason) in [
        (json!({ "signingCert": "x" }), "options.signingCert cannot be used: it is neither PEM nor base64."),
        (
            json!({ "metadataXml": "<x/>" }),
            "options.metadataXml cannot be used: expected the metadata of one SAML 2.0 identity provider (an EntityDescriptor with an IDPSSODescriptor), found 0.",
        ),
        (
            json!({ "metadataXml": "<x/>", "metadataUrl": "https://idp.example/" }),
            "Send options.metadataUrl or options.metadataXml, not both.",
        ),
        (
            json!({ "signing_key": { "key": "x" } }),
            "options.signing_key cannot be used: it is neither PEM nor base64.",
        ),
        (
            json!({ "signing_key": foreign }),
            "options.signing_key cannot be used: the certificate belongs to another key.",
        ),
        (
            json!({ "decryptionKey": certificate(6).to_pem() }),
            "options.decryptionKey cannot be used: not a DER-encoded RSA key in the expected form.",
        ),
    ] {
        let body = json!({ "name": "broken", "strategy": "samlp", "options": options });
        let refused = server.api_send(Method::POST, "/connections", &body).await.expect(400);
        assert_eq!(refused["message"], reason);
    }
}

#[tokio::test]
async fn metadata_at_an_address_is_fetched_with_care() {
    // Without the operator's word, an address of this machine is out of bounds for a tenant that is elsewhere.
    let server = TestServer::on_with(On::Sqlite, Some(false)).await;
    let place = Published::start(&[4]).await;
    for url in [
        place.url.clone(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[::ffff:127.0.0.1]/metadata".to_owned(),
        "http://2130706433/metadata".to_owned(),
        "http://0x7f.1/metadata".to_owned(),
    ] {
        let body = json!({ "name": "far", "strategy": "samlp", "options": { "metadataUrl": url } });
        let refused = server.api_send(Method::POST, "/connections", &body).await.expect(400);
        let message = refused["message"].as_str().unwrap();
        assert!(message.starts_with("options.metadataUrl cannot be used: "), "{message}");
    }
    assert_eq!(place.asked(), 0);
}

#[tokio::test]
async fn a_provider_that_changes_its_key_is_followed_by_its_metadata() {
    for on in engines() {
        let place = Published::start(&[4]).await;
        let world = World::with(
            on,
            json!({ "metadataUrl": place.url, "signInEndpoint": null, "signingCert": null, "idp_entity_id": null }),
        )
        .await;
        assert_eq!(options(&world.server, &world.corp).await["thumbprints"], json!([thumbprint(4)]));
        let sign_in = async |id: &str, signer: usize| {
            let bend = |said: &mut Said| {
                said.assertion_id = id.to_owned();
                said.signer = signer;
            };
            world.sign_in(&mut Browser::default(), bend).await.status
        };
        assert_eq!(sign_in("_1", 4).await, 303);
        // Both certificates during a rollover, the new one alone afterwards.
        place.says(idp::metadata(&[4, 5]));
        world.server.clock.advance(SignedDuration::from_secs(61));
        assert_eq!(later(&world, "_2", 5, 61).await, 303);
        assert_eq!(later(&world, "_3", 4, 61).await, 303);
        assert_eq!(
            options(&world.server, &world.corp).await["thumbprints"],
            json!([thumbprint(4), thumbprint(5)])
        );
        place.says(idp::metadata(&[5]));
        world.server.clock.advance(SignedDuration::from_secs(61));
        // Nobody looks while everything that comes is known, and a stranger makes us look once a minute at most.
        let before = place.asked();
        assert_eq!(later(&world, "_4", 6, 122).await, 400);
        assert_eq!(later(&world, "_5", 6, 122).await, 400);
        assert_eq!(place.asked(), before + 1);
        assert_eq!(later(&world, "_6", 4, 122).await, 400, "what was taken out counts no longer");
        assert_eq!(later(&world, "_7", 5, 122).await, 303);
        // What cannot be read changes nothing.
        place.says("<x/>".to_owned());
        world.server.clock.advance(SignedDuration::from_secs(61));
        assert_eq!(later(&world, "_8", 6, 183).await, 400);
        assert_eq!(later(&world, "_9", 5, 183).await, 303);
    }
}

#[tokio::test]
async fn metadata_whose_time_is_over_counts_only_once_it_was_renewed() {
    for on in engines() {
        let place = Published::start(&[4]).await;
        let until = TestServer::start().await.clock.now().checked_add(SignedDuration::from_secs(90)).unwrap();
        let limited = format!(r#"<EntityDescriptor validUntil="{until}" "#);
        place.says(idp::metadata(&[4]).replacen("<EntityDescriptor ", &limited, 1));
        let world = World::with(
            on,
            json!({ "metadataUrl": place.url, "signInEndpoint": null, "signingCert": null, "idp_entity_id": null }),
        )
        .await;
        assert_eq!(later(&world, "_1", 4, 0).await, 303);
        world.server.clock.advance(SignedDuration::from_secs(61));
        assert_eq!(later(&world, "_2", 4, 61).await, 303);
        world.server.clock.advance(SignedDuration::from_secs(61));
        assert_eq!(later(&world, "_3", 4, 122).await, 400, "what is there is over too");
        place.says(idp::metadata(&[4]));
        assert_eq!(later(&world, "_4", 4, 122).await, 400, "it is asked once a minute at most");
        world.server.clock.advance(SignedDuration::from_secs(61));
        assert_eq!(later(&world, "_5", 4, 183).await, 303);
        assert_eq!(options(&world.server, &world.corp).await.get("idp_metadata_valid_until"), None);
    }
}

async fn later(world: &World, id: &str, signer: usize, at: i64) -> u16 {
    let bend = |said: &mut Said| {
        id.clone_into(&mut said.assertion_id);
        said.signer = signer;
        said.at = at;
    };
    world.sign_in(&mut Browser::default(), bend).await.status.as_u16()
}

#[tokio::test]
async fn only_applications_of_the_connection_may_be_entered_by_it() {
    let world = World::on(On::Sqlite).await;
    let stranger = application(&world.server, json!({ "name": "Stranger" })).await;
    let path = format!("/connections/{}/clients", world.corp);
    let body = json!([{ "client_id": stranger.id, "status": false }]);
    world.server.api_send(Method::PATCH, &path, &body).await;
    let path = crate::people::authorize(&stranger, &[("connection", "corp")]);
    let page = Browser::default().get(&world.server, &path).await;
    assert_ne!(page.header("location").map(|to| to.starts_with(SSO)), Some(true));
}
