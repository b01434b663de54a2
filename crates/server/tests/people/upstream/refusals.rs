//! Answers that must not be believed: each leaves an entry in the log with the exact reason, and nobody signed in.

use chancery_crypto::algorithm::Curve;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::provider::{Forgery, Provider, Script};
use super::{World, asked, callback, connection};
use crate::kit::{On, START, TestServer, engines};
use crate::people::{Browser, answered, application, authorize};

/// Whether a browser came back without being signed in.
async fn nobody(world: &World, browser: &mut Browser) {
    let silent = browser.get(&world.server, &authorize(&world.shop, &[("prompt", "none")])).await;
    let error = answered(&silent).into_iter().find(|(name, _)| name == "error");
    assert_eq!(error.map(|(_, value)| value).as_deref(), Some("login_required"));
}

fn script(claims: Value) -> Script {
    Script { claims, ..Script::default() }
}

#[tokio::test]
async fn tokens_that_do_not_prove_who_somebody_is_sign_nobody_in() {
    let other = "https://other.example";
    let cases: Vec<(&str, Script)> = vec![
        ("ID token: iss is another issuer than expected", script(json!({ "iss": other }))),
        ("ID token: iss is another issuer than expected", script(json!({ "iss": null }))),
        ("ID token: aud does not name this client", script(json!({ "aud": "somebody" }))),
        ("ID token: aud does not name this client", script(json!({ "aud": "chancery2" }))),
        ("ID token: aud does not name this client", script(json!({ "aud": [] }))),
        ("ID token: azp is another client", script(json!({ "aud": ["chancery", "b"] }))),
        ("ID token: azp is another client", script(json!({ "aud": ["chancery", "b"], "azp": "b" }))),
        ("ID token: nonce is not the one that was sent", script(json!({ "nonce": "another" }))),
        ("ID token: nonce is not the one that was sent", script(json!({ "nonce": null }))),
        ("ID token: the token has expired", script(json!({ "exp": START - 60 }))),
        ("ID token: the token has no expiry", script(json!({ "exp": null }))),
        (
            "ID token: the claim exp must be an integer between 0 and 253402300799",
            script(json!({ "exp": (START + 300).to_string() })),
        ),
        ("ID token: iat is missing", script(json!({ "iat": null }))),
        ("ID token: the token was issued in the future", script(json!({ "iat": START + 61 }))),
        ("ID token: sub is missing or too long", script(json!({ "sub": null }))),
        ("ID token: sub is missing or too long", script(json!({ "sub": "x".repeat(256) }))),
        (
            "ID token: the provider publishes no key with the id that the token names",
            Script { header: json!({ "kid": "../key-4" }), ..Script::default() },
        ),
        (
            "ID token: the signature of the token does not verify",
            Script { signer: 5, header: json!({ "kid": "key-4" }), ..Script::default() },
        ),
        (
            "ID token: the token is of another type",
            Script { header: json!({ "typ": "at+jwt" }), ..Script::default() },
        ),
        (
            "ID token: the token has a critical header",
            Script { header: json!({ "crit": ["exp"] }), ..Script::default() },
        ),
        (
            "ID token: the token must have three parts, of which the first and the last are not empty",
            Script { forged: Some(Forgery::Unsigned), ..Script::default() },
        ),
        (
            "ID token: the token is signed with HS256, which is not allowed here",
            Script { forged: Some(Forgery::PublicKeyAsSecret), ..Script::default() },
        ),
        (
            "the profile is of another user than the ID token",
            Script { userinfo: json!({ "sub": "u-2" }), ..Script::default() },
        ),
        (
            "the profile is of another user than the ID token",
            Script { userinfo: json!({ "sub": null }), ..Script::default() },
        ),
        (
            "the provider issued no ID token",
            Script {
                tokens: Some((200, json!({ "access_token": "a", "token_type": "bearer" }))),
                ..Script::default()
            },
        ),
        (
            "the provider answered invalid_grant: no",
            Script {
                tokens: Some((400, json!({ "error": "invalid_grant", "error_description": "no" }))),
                ..Script::default()
            },
        ),
        (
            "the token endpoint answered 500 with something that is no token response",
            Script { tokens: Some((500, json!([]))), ..Script::default() },
        ),
        (
            "the provider issued a token of another type than Bearer",
            Script {
                tokens: Some((200, json!({ "access_token": "a", "token_type": "DPoP" }))),
                ..Script::default()
            },
        ),
    ];
    let world = World::on(On::Sqlite).await;
    let mut expected = Vec::new();
    for (reason, script) in cases {
        let mut browser = Browser::default();
        let page = world.sign_in(&mut browser, script).await;
        assert_eq!(page.status, 400, "{reason}: {}", page.text());
        nobody(&world, &mut browser).await;
        expected.push(reason.to_owned());
        world.server.clock.advance(SignedDuration::from_millis(1));
    }
    let failures = world.failures(expected.len()).await;
    let said: Vec<_> =
        failures.iter().map(|entry| entry["description"].as_str().unwrap().to_owned()).collect();
    assert_eq!(said, expected);
    for entry in &failures {
        assert_eq!((&entry["connection"], &entry["strategy_type"]), (&json!("corp"), &json!("enterprise")));
        assert_eq!(entry["client_id"], world.shop.id.as_str());
    }
    let listed = world.server.api_get("/users?include_totals=true").await.expect(200);
    assert_eq!(listed["total"], 0, "nobody was made");
}

#[tokio::test]
async fn a_token_signed_on_a_curve_has_to_be_signed_by_the_key_that_is_published() {
    let of = |curve: Curve| Script { curve: Some(curve), ..Script::default() };
    let jwk = |different: Value| Script { jwk: different, ..of(Curve::P256) };
    let header = |different: Value| Script { header: different, ..of(Curve::P256) };
    let no_key = "ID token: the provider publishes no key with the id that the token names";
    let other_key = "ID token: the key is published for another algorithm than the token's";
    let cases = [
        (
            "ID token: the signature of the token does not verify",
            Script { forged: Some(Forgery::Der), ..of(Curve::P256) },
        ),
        (
            "ID token: the token is signed with HS256, which is not allowed here",
            Script { forged: Some(Forgery::PointAsSecret), ..of(Curve::P256) },
        ),
        (
            "ID token: the token is signed with ES384, which is not allowed here",
            Script { header: json!({ "alg": "ES384" }), ..of(Curve::P256) },
        ),
        ("ID token: the token is signed with ES384, which is not allowed here", of(Curve::P384)),
        (
            "ID token: the token is signed with RS512, which is not allowed here",
            header(json!({ "alg": "RS512" })),
        ),
        ("ID token: the token does not name a known signature algorithm", header(json!({ "alg": "ES512" }))),
        (other_key, header(json!({ "alg": "ES256", "kid": "key-4" }))),
        (other_key, header(json!({ "alg": "RS256" }))),
        (other_key, Script { header: json!({ "alg": "ES256" }), ..of(Curve::P384) }),
        (other_key, jwk(json!({ "alg": "ES384" }))),
        (no_key, jwk(json!({ "d": "AQAB" }))),
        (no_key, jwk(json!({ "crv": "P-384" }))),
        (no_key, jwk(json!({ "x": "AQAB" }))),
        (no_key, jwk(json!({ "y": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU" }))),
    ];
    let mut expected = Vec::new();
    let options = json!({ "id_token_signed_response_algs": ["RS256", "ES256"] });
    let world = World::with(On::Sqlite, &options).await;
    for (reason, script) in cases {
        let mut browser = Browser::default();
        let page = world.sign_in(&mut browser, script).await;
        assert_eq!(page.status, 400, "{reason}: {}", page.text());
        nobody(&world, &mut browser).await;
        expected.push(reason.to_owned());
        // So that the keys are fetched anew each time.
        world.server.clock.advance(SignedDuration::from_mins(11));
    }
    let failures = world.failures(expected.len()).await;
    let said: Vec<_> =
        failures.iter().map(|entry| entry["description"].as_str().unwrap().to_owned()).collect();
    assert_eq!(said, expected);
}

#[tokio::test]
async fn an_answer_counts_once_and_in_the_browser_that_asked_for_it_alone() {
    for on in engines() {
        let world = World::on(on).await;
        let (mut browser, mut other) = (Browser::default(), Browser::default());
        let asked = world.begin(&mut browser, &[]).await;
        let theirs = world.begin(&mut other, &[]).await;
        assert_ne!(asked["state"], theirs["state"]);
        // Whoever is made to open somebody else's answer is not signed in by it.
        let page = world.back(&mut other, &asked).await;
        assert_eq!(page.status, 400);
        nobody(&world, &mut other).await;
        let back = world.back(&mut browser, &asked).await;
        assert_eq!(back.status, 302, "the right browser may still come: {}", back.text());
        world.server.clock.advance(SignedDuration::from_millis(1));
        let mut replayed = browser.clone();
        assert_eq!(world.back(&mut replayed, &asked).await.status, 400);
        world.server.clock.advance(SignedDuration::from_millis(1));
        for path in [callback(&[("code", "x")]), callback(&[("code", "x"), ("state", "short")])] {
            assert_eq!(browser.get(&world.server, &path).await.status, 400);
            world.server.clock.advance(SignedDuration::from_millis(1));
        }
        world.server.clock.advance(SignedDuration::from_mins(31));
        assert_eq!(world.back(&mut other, &theirs).await.status, 400, "too late");
        let said: Vec<_> = world.failures(5).await.iter().map(|entry| entry["description"].clone()).collect();
        let expected = [
            "the state belongs to another browser",
            "the state is unknown, expired or was used before",
            "an answer of a provider came without a state",
            "the state is unknown, expired or was used before",
            "the state is unknown, expired or was used before",
        ];
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn an_answer_of_another_issuer_than_was_asked_is_not_followed() {
    let world = World::on(On::Sqlite).await;
    let mut browser = Browser::default();
    let asked = world.begin(&mut browser, &[]).await;
    let mixed = [("code", "c"), ("state", asked["state"].as_str()), ("iss", "https://other.example")];
    assert_eq!(browser.get(&world.server, &callback(&mixed)).await.status, 400);
    assert_eq!(world.provider.heard(), ["discovery"], "the code is shown to nobody");
    let failure = world.failures(1).await;
    assert_eq!(failure[0]["description"], "the answer comes from another issuer than was asked");

    let world = World::on(On::Sqlite).await;
    let discovery = json!({ "authorization_response_iss_parameter_supported": true });
    let page = world.sign_in(&mut Browser::default(), Script { discovery, ..Script::default() }).await;
    assert_eq!(page.status, 400);
    let failure = world.failures(1).await;
    let expected = "the answer does not name its issuer, although the provider says that it does";
    assert_eq!(failure[0]["description"], expected);
}

#[tokio::test]
async fn what_the_provider_refuses_is_told_to_the_log_and_its_words_to_nobody_else() {
    let world = World::on(On::Sqlite).await;
    let mut browser = Browser::default();
    let asked = world.begin(&mut browser, &[]).await;
    let refused = [
        ("error", "access_denied"),
        ("error_description", "Call +1 555 <b>now</b>"),
        ("state", asked["state"].as_str()),
    ];
    let page = browser.get(&world.server, &callback(&refused)).await;
    assert_eq!(page.status, 400);
    assert!(!page.text().contains("555"), "{}", page.text());
    let failure = world.failures(1).await;
    assert_eq!(failure[0]["description"], "the provider answered access_denied: Call +1 555 <b>now</b>");
}

#[tokio::test]
async fn whom_an_administrator_keeps_out_does_not_come_in_by_another_provider() {
    for on in engines() {
        let world = World::on(on).await;
        world.sign_in(&mut Browser::default(), Script::default()).await;
        let user = "/users/oidc%7Ccorp%7Cu-1";
        world.server.api_send(Method::PATCH, user, &json!({ "blocked": true })).await.expect(200);
        let mut browser = Browser::default();
        let page = world.sign_in(&mut browser, Script::default()).await;
        assert_eq!(page.status, 403);
        nobody(&world, &mut browser).await;
        let failure = world.failures(1).await;
        assert_eq!(failure[0]["description"], "user is blocked");
        assert_eq!(failure[0]["user_id"], "oidc|corp|u-1");
        assert_eq!(world.server.api_get(user).await.expect(200)["logins_count"], 1);
    }
}

#[tokio::test]
async fn a_connection_that_is_off_or_not_the_applications_leads_nowhere() {
    let world = World::on(On::Sqlite).await;
    let path = format!("/connections/{}", world.corp);
    let mut browser = Browser::default();
    let asked = world.begin(&mut browser, &[]).await;
    let off = json!({ "authentication": { "active": false } });
    world.server.api_send(Method::PATCH, &path, &off).await.expect(200);
    assert_eq!(world.back(&mut browser, &asked).await.status, 400);
    assert_eq!(world.failures(1).await[0]["description"], "the connection was disabled");
    let request = authorize(&world.shop, &[("connection", "corp")]);
    let refused = browser.get(&world.server, &request).await;
    assert_eq!(crate::people::parameter(&refused, "error"), "invalid_request");

    let on = json!({ "authentication": { "active": true }, "enabled_clients": [] });
    world.server.api_send(Method::PATCH, &path, &on).await.expect(200);
    let refused = browser.get(&world.server, &request).await;
    assert_eq!(crate::people::parameter(&refused, "error"), "invalid_request");
    let page = browser.visit(&world.server, &authorize(&world.shop, &[])).await;
    let state = crate::people::form(&page).hidden[0].1.clone();
    let chosen = format!("/u/login/provider?state={state}&connection=corp");
    assert_eq!(browser.get(&world.server, &chosen).await.status, 404);
}

#[tokio::test]
async fn a_connection_that_is_not_set_up_says_so_in_the_log() {
    let cases = [
        (json!({ "client_id": "c" }), "the connection has neither discovery_url nor issuer nor domain"),
        (
            json!({ "client_id": "c", "discovery_url": "http://10.0.0.1/" }),
            "http://10.0.0.1/.well-known/openid-configuration: the host 10.0.0.1 has no address that may be called: \
             private and special ones may not unless the operator allows it (allow-private-targets), and without TLS \
             only one's own machine",
        ),
        (
            json!({ "client_id": "c", "issuer": "https://i.example", "authorization_endpoint": "ftp://i.example/a",
                    "token_endpoint": "https://i.example/t", "jwks_uri": "https://i.example/k" }),
            "",
        ),
    ];
    for (options, reason) in cases {
        let server = TestServer::on_with(On::Sqlite, Some(true)).await;
        let shop = application(&server, json!({})).await;
        let body = json!({ "name": "corp", "strategy": "oidc", "options": options });
        if reason.is_empty() {
            let refused = server.api_send(Method::POST, "/connections", &body).await;
            assert_eq!(refused.status, 400);
            continue;
        }
        let corp = connection(&server, &shop, body).await;
        let world = World { server, provider: Provider::start().await, shop, corp };
        let request = authorize(&world.shop, &[("connection", "corp")]);
        let page = Browser::default().get(&world.server, &request).await;
        assert_eq!(page.status, 400, "{}", page.text());
        assert_eq!(world.failures(1).await[0]["description"], reason);
    }
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_refused() {
    let world = World::on(On::Sqlite).await;
    world
        .provider
        .says(Script { discovery: json!({ "issuer": "https://other.example" }), ..Script::default() });
    let request = authorize(&world.shop, &[("connection", "corp")]);
    let page = Browser::default().get(&world.server, &request).await;
    assert_eq!(page.status, 400);
    let failure = world.failures(1).await;
    assert_eq!(failure[0]["description"], "the discovery document is of another issuer than expected");
}

#[tokio::test]
async fn two_connections_never_share_a_user_even_if_their_providers_say_the_same() {
    let world = World::on(On::Sqlite).await;
    let evil = Provider::start().await;
    let body = json!({ "name": "evil", "strategy": "oidc", "options": evil.options(&json!({})) });
    connection(&world.server, &world.shop, body).await;
    world.sign_in(&mut Browser::default(), Script::default()).await;
    let mut browser = Browser::default();
    let away = browser.get(&world.server, &authorize(&world.shop, &[("connection", "evil")])).await;
    let asked = asked(&evil, &away);
    let code = evil.code_for(&asked);
    let back = browser.get(&world.server, &callback(&[("code", &code), ("state", &asked["state"])])).await;
    assert_eq!(
        world.user(&back).await["user_id"],
        "oidc|evil|u-1",
        "not the other's, whatever the address is"
    );
}
