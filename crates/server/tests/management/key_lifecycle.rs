//! The life of signing keys over many changes: what may follow what, and what becomes of the tokens.

use jiff::SignedDuration;
use serde_json::json;

use super::signing_keys::{keys, kid, revoke, rotate, states};
use crate::kit::{self, TestServer, engines};

#[tokio::test]
async fn keys_only_ever_move_forward_and_tokens_follow_the_key_that_signed_them() {
    const ORDER: [&str; 4] = ["next", "current", "previous", "revoked"];
    let rank = |place: &str| ORDER.iter().position(|own| *own == place).unwrap();
    for on in engines() {
        let server = TestServer::on(on).await;
        server.set_policy("rotations_per_day", "0").await;
        let mut known: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        let mut tokens = Vec::new();
        for step in 0..12 {
            tokens.push(server.token(&["read:signing_keys"]).await);
            server.clock.advance(SignedDuration::from_mins(1));
            // Two rotations, then a revocation of whatever can be revoked; the rest is refused.
            if step % 3 < 2 {
                rotate(&server).await;
            } else {
                for (kid, place) in states(&keys(&server).await) {
                    let expected = if place == "previous" && step % 2 == 0 { 200 } else { 400 };
                    if place != "previous" || expected == 200 {
                        revoke(&server, &kid).await.expect(expected);
                    }
                }
            }
            let list = states(&keys(&server).await);
            for place in ["next", "current"] {
                assert_eq!(list.iter().filter(|(_, own)| *own == place).count(), 1, "step {step}: {place}");
            }
            known.extend(
                list.into_iter()
                    .filter(|(kid, _)| !known.contains_key(kid))
                    .map(|(kid, place)| (kid, rank(place)))
                    .collect::<Vec<_>>(),
            );
            for (kid, rank_before) in &mut known {
                let one = server.api_get(&format!("/keys/signing/{kid}")).await.expect(200);
                let (_, place) = states(&json!([one])).remove(0);
                let now = rank(place);
                assert!((*rank_before..=*rank_before + 1).contains(&now), "step {step}: {kid} is {place}");
                *rank_before = now;
            }
            let jwks = server.get("/.well-known/jwks.json").await.text();
            for token in &tokens {
                let kid = kit::token_header(token)["kid"].as_str().unwrap().to_owned();
                let alive = known[&kid] < rank("revoked");
                let call = kit::Call::get("/api/v2/keys/signing").bearer(token).build();
                assert_eq!(server.send(call).await.status == 200, alive, "step {step}");
                assert_eq!(jwks.contains(&kid), alive, "step {step}");
            }
        }
        assert_eq!(known.values().filter(|rank| **rank == 3).count(), 6, "or little was tried");
    }
}

#[tokio::test]
async fn what_a_process_signs_before_it_hears_of_a_revocation_is_good_for_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let old = kid(&keys(&sibling).await, "current");
        rotate(&server).await;
        revoke(&server, &old).await.expect(200);
        let late = sibling.token(&["read:signing_keys"]).await;
        assert_eq!(kit::token_header(&late)["kid"], old, "the other process knows nothing yet");
        let call = || kit::Call::get("/api/v2/keys/signing").bearer(&late).build();
        server.send(call()).await.expect(401);
        chancery::changes::catch_up(&sibling.app).await.unwrap();
        sibling.send(call()).await.expect(401);
        keys(&sibling).await;
    }
}

#[tokio::test]
async fn no_token_outlives_the_certificate_of_its_key_and_no_key_its_own() {
    let server = TestServer::start().await;
    server.set_policy("certificate_days", "1").await;
    let form = server.management_form(kit::MANAGEMENT, "read:signing_keys");
    // The certificate of the first key began a second before the start.
    let answer = server.token_request(&form).await.expect(200);
    assert_eq!(answer["expires_in"], 86_399);
    server.clock.advance(SignedDuration::from_hours(12));
    let answer = server.token_request(&form).await.expect(200);
    assert_eq!(answer["expires_in"], 43_199);
    let token = answer["access_token"].as_str().unwrap();
    let end = kit::START + 86_399;
    assert_eq!(kit::claims(token)["exp"], end);
    server.clock.advance(SignedDuration::from_secs(43_199));
    assert_eq!(server.token_request(&form).await.expect(500)["error"], "server_error");
    // Whoever has stolen the key finds it worthless, too.
    let mut claims = kit::claims(token);
    claims["exp"] = json!(end + 86_400);
    let stolen = kit::sign(&kit::token_header(token), &claims, 0);
    let call = kit::Call::get("/api/v2/keys/signing").bearer(&stolen).build();
    server.send(call).await.expect(401);
    // The next key is as old as the current one; after two rotations everything works again.
    let tenant = chancery::tenants::sql::find_by_domain(&server.app.db, kit::DOMAIN).await.unwrap().unwrap();
    for _ in 0..2 {
        let entry = chancery::logs::Entry::by_cli("Rotate");
        let by = (chancery::signing_keys::Actor::command_line(), entry);
        chancery::signing_keys::rotate(&server.app, &tenant, by).await.unwrap();
    }
    assert_eq!(server.token_request(&form).await.expect(200)["expires_in"], 86_400);
}
