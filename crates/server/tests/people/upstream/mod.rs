//! People sign in at another provider: the way there, the answer, and every answer that must not be believed.

mod forced;
mod pages;
pub(crate) mod provider;
mod refusals;
pub(crate) mod saml;
mod wsfed;

use std::collections::HashMap;

use chancery_crypto::algorithm::{Algorithm, Curve};
use chancery_jose::jws::{Compact, VerifyingKey};
use http::Method;
use serde_json::{Value, json};

use super::{Application, Browser, application, authorize, exchange, parameter};
use crate::kit::{Answer, On, START, TestServer, claims, engines};
use provider::{Provider, Script};

/// A tenant whose people sign in at another provider, by the connection `corp`.
pub(crate) struct World {
    pub(crate) server: TestServer,
    pub(crate) provider: Provider,
    pub(crate) shop: Application,
    /// The id of the connection.
    pub(crate) corp: String,
}

/// Makes a connection that this application may use.
pub(crate) async fn connection(server: &TestServer, shop: &Application, body: Value) -> String {
    let mut whole = body;
    whole["enabled_clients"] = json!([shop.id]);
    let made = server.api_send(Method::POST, "/connections", &whole).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

impl World {
    pub(crate) async fn on(on: On) -> Self {
        Self::with(on, &json!({})).await
    }

    /// With options that differ from the usual ones.
    pub(crate) async fn with(on: On, different: &Value) -> Self {
        let server = TestServer::on_with(on, Some(true)).await;
        let provider = Provider::start().await;
        let shop = application(&server, json!({})).await;
        let body = json!({ "name": "corp", "strategy": "oidc", "options": provider.options(different) });
        let corp = connection(&server, &shop, body).await;
        Self { server, provider, shop, corp }
    }

    /// Begins a login by the connection; answers what the provider is asked.
    pub(crate) async fn begin(
        &self,
        browser: &mut Browser,
        more: &[(&str, &str)],
    ) -> HashMap<String, String> {
        let more: Vec<_> = [("connection", "corp")].iter().chain(more).copied().collect();
        let away = browser.get(&self.server, &authorize(&self.shop, &more)).await;
        asked(&self.provider, &away)
    }

    /// The user signs in at the provider, which sends the browser back.
    pub(crate) async fn back(&self, browser: &mut Browser, asked: &HashMap<String, String>) -> Answer {
        let code = self.provider.code_for(asked);
        browser.get(&self.server, &callback(&[("code", &code), ("state", &asked["state"])])).await
    }

    /// The whole way with a provider that says this; answers what the browser gets in the end.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, script: Script) -> Answer {
        self.provider.says(script);
        let asked = self.begin(browser, &[]).await;
        self.back(browser, &asked).await
    }

    /// The user whom this answer signs in.
    pub(crate) async fn user(&self, back: &Answer) -> Value {
        let tokens = exchange(&self.server, &self.shop, &parameter(back, "code")).await.expect(200);
        let sub = claims(tokens["id_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned();
        self.server.api_get(&format!("/users/{}", sub.replace('|', "%7C"))).await.expect(200)
    }

    /// What the log says of so many failed logins, the oldest first. Entries are written a moment later.
    pub(crate) async fn failures(&self, count: usize) -> Vec<Value> {
        for _ in 0..100 {
            let listed = self.server.api_get("/logs?q=type:f&sort=date:1&per_page=100").await.expect(200);
            let listed = listed.as_array().unwrap().clone();
            if listed.len() >= count {
                return listed;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the log has fewer entries than {count}");
    }
}

/// The path of an answer of the provider.
pub(crate) fn callback(parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/login/callback?{query}")
}

/// What a browser that is on its way to the provider asks there.
#[track_caller]
pub(crate) fn asked(provider: &Provider, away: &Answer) -> HashMap<String, String> {
    let to = away.header("location").unwrap_or_else(|| panic!("no redirection: {}", away.text()));
    let query = to.strip_prefix(&format!("{}/authorize?", provider.issuer));
    let query = query.unwrap_or_else(|| panic!("elsewhere: {to}"));
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn somebody_signs_in_at_another_provider_and_is_a_user_from_then_on() {
    for on in engines() {
        let world = World::on(on).await;
        let mut browser = Browser::default();
        let asked = world.begin(&mut browser, &[("login_hint", "ada@corp.example")]).await;
        let mut names: Vec<&str> = asked.keys().map(String::as_str).collect();
        names.sort_unstable();
        let expected = [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "login_hint",
            "nonce",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
            "tenant",
        ];
        assert_eq!(names, expected);
        for (name, value) in [
            ("client_id", "chancery"),
            ("code_challenge_method", "S256"),
            ("login_hint", "ada@corp.example"),
            ("redirect_uri", "https://tenant.example/login/callback"),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("tenant", "1"),
        ] {
            assert_eq!(asked[name], value, "{name}");
        }
        let back = world.back(&mut browser, &asked).await;
        assert_eq!(back.status, 302, "{}", back.text());
        assert_eq!(parameter(&back, "state"), "s & t");
        let mut user = world.user(&back).await;
        for name in ["created_at", "updated_at", "last_login", "last_ip"] {
            assert!(user.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
        let expected = json!({
            "user_id": "oidc|corp|u-1", "email": "ada@corp.example", "email_verified": true, "name": "Ada",
            "nickname": "ada", "department": "Engines", "logins_count": 1,
            "identities": [
                { "connection": "corp", "provider": "oidc", "user_id": "corp|u-1", "isSocial": false }
            ],
        });
        assert_eq!(user, expected);
        assert_eq!(world.provider.heard(), ["discovery", "token s3cret", "keys", "me"]);

        // Who is signed in is not asked again; another browser is, and is the same user.
        let silent = browser.get(&world.server, &authorize(&world.shop, &[])).await;
        assert_eq!(world.user(&silent).await["logins_count"], 1);
        let again = world.sign_in(&mut Browser::default(), Script::default()).await;
        assert_eq!(world.user(&again).await["logins_count"], 2);
        let listed = world.server.api_get("/users?include_totals=true").await.expect(200);
        assert_eq!(listed["total"], 1);
        let log = world.server.api_get("/logs?q=type:s&sort=date:1").await.expect(200);
        let entry = &log[0];
        for (name, value) in [
            ("description", "Successful login"),
            ("user_id", "oidc|corp|u-1"),
            ("connection", "corp"),
            ("strategy", "oidc"),
            ("strategy_type", "enterprise"),
        ] {
            assert_eq!(entry[name], value, "{name}");
        }
        let sessions = world.server.api_get("/users/oidc%7Ccorp%7Cu-1/sessions").await.expect(200);
        assert_eq!(sessions["sessions"][0]["authentication"]["methods"][0]["name"], "federated");
    }
}

#[tokio::test]
async fn what_the_provider_says_is_taken_over_as_the_connection_wants_it() {
    for (wanted, name) in [("on_each_login", "Ada L."), ("on_first_login", "Ada"), ("never_on_login", "")] {
        let world = World::with(On::Sqlite, &json!({ "set_user_root_attributes": wanted })).await;
        world.sign_in(&mut Browser::default(), Script::default()).await;
        let changed = Script { claims: json!({ "name": "Ada L." }), ..Script::default() };
        let back = world.sign_in(&mut Browser::default(), changed).await;
        let user = world.user(&back).await;
        assert_eq!(user["name"].as_str().unwrap_or_default(), name, "{wanted}: {user}");
    }
    let world = World::with(On::Sqlite, &json!({ "non_persistent_attrs": ["department", "email"] })).await;
    let user = world.user(&world.sign_in(&mut Browser::default(), Script::default()).await).await;
    assert_eq!((user.get("department"), user.get("email")), (None, None), "{user}");
    let map = json!({ "attribute_map": { "mapping_mode": "use_map", "attributes": {
        "name": "${context.userinfo.department}: ${context.tokenset.name}", "email": "${context.tokenset.email}",
    } } });
    let world = World::with(On::Sqlite, &map).await;
    let user = world.user(&world.sign_in(&mut Browser::default(), Script::default()).await).await;
    assert_eq!((&user["name"], &user["email"]), (&json!("Engines: Ada"), &json!("ada@corp.example")));
}

#[tokio::test]
async fn what_a_provider_says_never_reaches_what_administrators_alone_may_write() {
    let world = World::on(On::Sqlite).await;
    let claims = json!({
        "app_metadata": { "admin": true }, "user_metadata": { "a": 1 }, "blocked": true, "identities": [],
        "user_id": "auth0|x", "last_ip": "1.1.1.1", "logins_count": 99, "created_at": "1970-01-01",
    });
    let back = world.sign_in(&mut Browser::default(), Script { claims, ..Script::default() }).await;
    let user = world.user(&back).await;
    assert_eq!(user["user_id"], "oidc|corp|u-1");
    for name in ["app_metadata", "user_metadata", "blocked"] {
        assert_eq!(user.get(name), None, "{name}");
    }
    assert_eq!(user["logins_count"], 1);
}

#[tokio::test]
async fn a_provider_may_sign_on_a_curve() {
    for on in engines() {
        for curve in Curve::ALL {
            for wanted in [Value::Null, json!([curve.algorithm().name()]), json!(["RS256", "ES256", "ES384"])]
            {
                let world = World::with(on, &json!({ "id_token_signed_response_algs": wanted })).await;
                let script = Script { curve: Some(curve), ..Script::default() };
                let back = world.sign_in(&mut Browser::default(), script).await;
                assert_eq!(back.status, 302, "{curve}, {wanted}: {}", back.text());
                assert_eq!(world.user(&back).await["user_id"], "oidc|corp|u-1");
            }
        }
    }
}

#[tokio::test]
async fn keys_that_the_provider_has_changed_are_fetched_again_at_most_once_a_minute() {
    let world = World::on(On::Sqlite).await;
    world.sign_in(&mut Browser::default(), Script::default()).await.header("location").unwrap();
    world.provider.heard();
    let rotated = || Script { signer: 5, published: vec![5], ..Script::default() };
    let refused = world.sign_in(&mut Browser::default(), rotated()).await;
    assert_eq!(refused.status, 400, "within the minute");
    assert_eq!(world.provider.heard(), ["token s3cret"]);
    world.server.clock.advance(jiff::SignedDuration::from_secs(61));
    let back = world.sign_in(&mut Browser::default(), rotated()).await;
    assert_eq!(back.status, 302, "{}", back.text());
    assert_eq!(world.provider.heard(), ["token s3cret", "keys", "me"]);
    world.server.clock.advance(jiff::SignedDuration::from_mins(11));
    let late = json!({ "iat": START + 700, "exp": START + 900 });
    let back = world.sign_in(&mut Browser::default(), Script { claims: late, ..rotated() }).await;
    assert_eq!(back.status, 302, "{}", back.text());
    assert_eq!(world.provider.heard(), ["discovery", "token s3cret", "keys", "me"]);
}

#[tokio::test]
async fn the_secret_travels_as_the_connection_or_the_provider_wants_it() {
    for (options, discovery, expected) in [
        (json!({}), json!({}), "token s3cret"),
        (
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            json!({}),
            "token Basic Y2hhbmNlcnk6czNjcmV0",
        ),
        (
            json!({}),
            json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] }),
            "token Basic Y2hhbmNlcnk6czNjcmV0",
        ),
        (json!({ "client_secret": null }), json!({}), "token -"),
    ] {
        let world = World::with(On::Sqlite, &options).await;
        let back = world.sign_in(&mut Browser::default(), Script { discovery, ..Script::default() }).await;
        assert_eq!(back.status, 302, "{}", back.text());
        assert_eq!(world.provider.heard()[1], expected);
    }
}

#[tokio::test]
async fn a_connection_with_keys_of_its_own_proves_itself_with_the_current_one() {
    for on in engines() {
        let options = json!({ "token_endpoint_auth_method": "private_key_jwt", "client_secret": null });
        let world = World::with(on, &options).await;
        let without = world.sign_in(&mut Browser::default(), Script::default()).await;
        assert_eq!(without.status, 400);
        world.provider.heard();
        let path = format!("/connections/{}/keys", world.corp);
        let made = world.server.api_call(Method::POST, &path).await.expect(201);
        let current = made.as_array().unwrap().iter().find(|key| key["current"] == true).unwrap();
        let back = world.sign_in(&mut Browser::default(), Script::default()).await;
        assert_eq!(back.status, 302, "{}", back.text());
        let heard = world.provider.heard();
        let assertion = heard.iter().find_map(|one| one.strip_prefix("token ")).unwrap();
        let compact = Compact::parse(assertion, 4096).unwrap();
        assert_eq!(compact.kid(), current["kid"].as_str());
        let key = chancery_crypto::rsa::PublicKey::from_pem(current["cert"].as_str().unwrap()).unwrap();
        compact.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(&key)).unwrap();
        let mut claims = crate::kit::claims(assertion);
        let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(jti.as_str().unwrap().len(), 43);
        let expected = json!({
            "iss": "chancery", "sub": "chancery", "aud": format!("{}/token", world.provider.issuer),
            "iat": START, "exp": START + 60,
        });
        assert_eq!(claims, expected);
    }
}

/// The assertion that the provider was shown, with the key of the key set that it names; it has to verify.
async fn proved(world: &World) -> (String, Value) {
    let back = world.sign_in(&mut Browser::default(), Script::default()).await;
    assert_eq!(back.status, 302, "{}", back.text());
    let heard = world.provider.heard();
    let assertion = heard.iter().find_map(|one| one.strip_prefix("token ")).unwrap();
    let compact = Compact::parse(assertion, 4096).unwrap();
    let path = format!("/.well-known/connections/{}/jwks.json", world.corp);
    let set = world.server.get(&path).await.expect(200);
    let mut keys = set["keys"].as_array().unwrap().iter();
    let jwk = keys.find(|key| key["kid"].as_str() == compact.kid()).unwrap().clone();
    let known = chancery_oauth::upstream::Keys::parse(set.to_string().as_bytes()).unwrap();
    let key = known.find(compact.kid(), compact.algorithm()).unwrap();
    compact.verify(&[compact.algorithm()], key.into()).unwrap();
    (compact.algorithm().name().to_owned(), jwk)
}

#[tokio::test]
async fn a_connection_proves_itself_on_a_curve_and_through_rotations_to_other_kinds_of_keys() {
    for on in engines() {
        let options = json!({
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
            "client_secret": null,
        });
        let world = World::with(on, &options).await;
        let path = format!("/connections/{}/keys", world.corp);
        let made = world.server.api_call(Method::POST, &path).await.expect(201);
        assert_eq!((&made[0]["algorithm"], &made[1]["algorithm"]), (&json!("ES256"), &json!("ES256")));
        let (algorithm, jwk) = proved(&world).await;
        assert_eq!((algorithm.as_str(), &jwk["kty"], &jwk["crv"]), ("ES256", &json!("EC"), &json!("P-256")));
        let rotate = async |wish: Value| {
            let body = world.server.api_send(Method::POST, &format!("{path}/rotate"), &wish).await;
            world.server.clock.advance(jiff::SignedDuration::from_millis(1));
            body.expect(201)["algorithm"].as_str().unwrap().to_owned()
        };
        // The next key announces what the rotation after this one will sign with.
        assert_eq!(rotate(json!({ "signing_alg": "RS256" })).await, "RS256");
        assert_eq!(proved(&world).await.0, "ES256");
        assert_eq!(rotate(json!({ "signing_alg": "ES384" })).await, "ES384");
        let (algorithm, jwk) = proved(&world).await;
        assert_eq!((algorithm.as_str(), &jwk["kty"]), ("RS256", &json!("RSA")));
        assert_eq!(rotate(json!({})).await, "ES384");
        let (algorithm, jwk) = proved(&world).await;
        assert_eq!((algorithm.as_str(), &jwk["crv"]), ("ES384", &json!("P-384")));
        // Another process, which has nothing in memory, reads the same from the database.
        let World { server, provider, shop, corp } = world;
        let world = World { server: server.sibling().await, provider, shop, corp };
        assert_eq!(proved(&world).await, (algorithm, jwk));
    }
}

#[tokio::test]
async fn a_provider_of_oauth_alone_says_in_its_profile_who_somebody_is() {
    for on in engines() {
        let server = TestServer::on_with(on, Some(true)).await;
        let provider = Provider::start().await;
        let shop = application(&server, json!({})).await;
        let issuer = &provider.issuer;
        let options = json!({
            "client_id": "chancery", "client_secret": "s3cret", "scope": ["a", "b"],
            "authorizationURL": format!("{issuer}/authorize"), "tokenURL": format!("{issuer}/token"),
            "userInfoURL": format!("{issuer}/me"), "fieldsMap": { "user_id": "number", "given_name": "department" },
            "upstream_params": { "acr": { "value": "high" }, "who": { "alias": "login_hint" }, "state": { "value": "x" } },
        });
        let body = json!({ "name": "corp", "strategy": "oauth2", "options": options });
        let corp = connection(&server, &shop, body).await;
        let world = World { server, provider, shop, corp };
        let mut browser = Browser::default();
        let userinfo = json!({ "number": 42, "email": "eve@x.example" });
        world.provider.says(Script { userinfo, ..Script::default() });
        let asked = world.begin(&mut browser, &[("connection_scope", "b,c"), ("login_hint", "eve")]).await;
        let told = ["scope", "acr", "who", "login_hint"].map(|name| asked[name].as_str());
        assert_eq!(told, ["a b c", "high", "eve", "eve"]);
        let back = world.back(&mut browser, &asked).await;
        let user = world.user(&back).await;
        assert_eq!(user["user_id"], "oauth2|corp|42");
        assert_eq!((&user["given_name"], &user["email_verified"]), (&json!("Engines"), &json!(false)));
        assert_eq!(user["identities"][0]["isSocial"], true);
    }
}

/// Runs every statement of signing in at another provider once.
pub(crate) async fn exercise(server: &TestServer) {
    let body = json!({ "name": "exercised", "strategy": "samlp", "options": {} });
    let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
    let tenant =
        chancery::tenants::sql::find_by_domain(&server.app.db, crate::kit::DOMAIN).await.unwrap().unwrap();
    let id = made["id"].as_str().unwrap();
    let connection = chancery::connections::sql::find(&server.app.db, &tenant.id, id).await.unwrap().unwrap();
    let now = server.app.clock.now();
    for members in [json!({ "name": "A" }), json!({ "name": "B", "groups": ["x"] })] {
        let members = members.as_object().unwrap();
        let arrival = chancery::users::Arrival { connection: &connection, subject: "x", members };
        let mut tx = server.app.db.begin().await.unwrap();
        chancery::users::arrive(&mut tx, &tenant.id, arrival, now).await.unwrap();
        tx.commit().await.unwrap();
    }
}
