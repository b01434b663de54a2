//! Authorization requests, good and bad, without a server.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::rsa::PrivateKey;
use chancery_jose::jws;
use chancery_keyring::{KeyRing, Kid, SealedHalf, StoredKey, StoredPlace};
use serde_json::json;

use super::*;
use crate::client::{AppType, Authentication};
use crate::kit::{self, ISSUER, NOW, TestSigner, at, now};
use crate::parameters::Parameters;

const KEYS: [&[u8]; 3] = [
    include_bytes!("../../../server/tests/kit/keys/1.der"),
    include_bytes!("../../../server/tests/kit/keys/2.der"),
    include_bytes!("../../../server/tests/kit/keys/3.der"),
];
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BASE: &str = "client_id=app&redirect_uri=https://app.example/cb&state=s";

fn private(number: usize) -> PrivateKey {
    PrivateKey::from_pkcs8(KEYS[number]).unwrap()
}

/// Key 0 signs, key 1 waits, key 2 was revoked.
fn ring() -> KeyRing {
    let stored = |number: usize, place: StoredPlace| {
        let request =
            SelfSigned { common_name: "tenant.example", serial: [7; 8], not_before: at(0), days: 5000 };
        let kid: Kid = format!("key-{number}").parse().unwrap();
        let certificate = Certificate::self_signed(request, &private(number)).unwrap();
        StoredKey { kid, certificate, place }
    };
    let sealed = |number: u8| SealedHalf::new(vec![number]);
    let rows = vec![
        stored(0, StoredPlace::Current { sealed: sealed(0), since: at(0) }),
        stored(1, StoredPlace::Next { sealed: sealed(1) }),
        stored(2, StoredPlace::Revoked { since: None, until: None, at: at(0), farewell: None }),
    ];
    let open = |_: &Kid, sealed: &SealedHalf| Ok::<_, String>(private(usize::from(sealed.as_bytes()[0])));
    KeyRing::restore(rows, open).unwrap()
}

fn settings() -> Settings {
    Settings { issuer: ISSUER.to_owned(), ..Settings::default() }
}

fn web() -> Client {
    kit::client(Authentication::Secret([0; 32]))
}

/// The outcome of a request by query.
fn outcome(client: &Client, settings: &Settings, query: &str) -> Result<Request, Refusal> {
    let parameters = Parameters::from_form(query.as_bytes()).map_err(|error| Refusal::Page(error.into()))?;
    let raw = Opening::parse(parameters)
        .and_then(|opening| opening.resolve(client, None, settings, now()))
        .map_err(Refusal::Page)?;
    check(&raw, &Known { client, settings, ring: &ring(), now: now() })
}

fn refused(client: &Client, query: &str) -> (Channel, Error) {
    match outcome(client, &settings(), query) {
        Err(Refusal::Client(told)) => *told,
        other => panic!("{query}: {other:?}"),
    }
}

fn accepted(query: &str) -> Request {
    outcome(&web(), &settings(), &format!("{BASE}&{query}")).unwrap()
}

#[test]
fn a_plain_request_is_read_whole() {
    let request = accepted(
        "response_type=code&scope=openid+read&audience=https://api.example&nonce=n&max_age=60&prompt=login\
         &ui_locales=de+en&login_hint=ada@x.example&screen_hint=signup&connection=Staff",
    );
    assert_eq!(request.client_id, "app");
    assert_eq!(request.channel.redirect_uri, "https://app.example/cb");
    assert_eq!(request.channel.mode, ResponseMode::Query);
    assert_eq!(request.channel.state.as_deref(), Some("s"));
    assert_eq!(request.scopes, kit::scopes("openid read"));
    assert_eq!(request.audience.as_deref(), Some("https://api.example"));
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.max_age, Some(60));
    assert!(request.prompts.login && !request.prompts.none);
    assert_eq!(request.ui_locales, ["de", "en"]);
    assert_eq!(request.login_hint.as_deref(), Some("ada@x.example"));
    assert!(request.signup_first);
    assert_eq!(request.connection.as_deref(), Some("Staff"));
}

#[test]
fn nothing_is_sent_to_a_redirect_uri_that_is_not_registered() {
    for uri in [
        "https://app.example/cb/",
        "https://app.example/cb/x",
        "https://app.example/cb?x=1",
        "https://app.example/CB",
        "HTTPS://app.example/cb",
        "https://APP.example/cb",
        "http://app.example/cb",
        "https://app.example:443/cb",
        "https://app.example.evil.example/cb",
        "https://app.example@evil.example/cb",
        "https://evil.example\\@app.example/cb",
        "https://app.example/x/../cb",
        "https://app.example/%2e%2e/cb",
        "https://app.example/cb%23x",
        "https://app.example/cb%252f..",
        "https://app.example/..;/cb",
        "//app.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://[::1]/cb",
    ] {
        let uri: String = form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let query = format!("client_id=app&response_type=code&redirect_uri={uri}");
        let outcome = outcome(&web(), &settings(), &query);
        assert!(matches!(outcome, Err(Refusal::Page(PageError::CallbackMismatch(_)))), "{uri}: {outcome:?}");
    }
}

#[test]
fn what_cannot_be_answered_safely_is_told_on_a_page() {
    for (query, code) in [
        ("response_type=code&redirect_uri=https://app.example/cb", "invalid_request"),
        ("client_id=app&response_type=code", "invalid_request"),
        ("client_id=app&client_id=app", "invalid_request"),
        ("client_id=app&redirect_uri=https://app.example/cb&state=%00", "invalid_request"),
        ("client_id=app&request_uri=https://evil.example/r", "invalid_request_uri"),
        ("client_id=app&request_uri=urn:ietf:params:oauth:request_uri:unknown", "invalid_request_uri"),
        ("client_id=app&request=a&request_uri=urn:ietf:params:oauth:request_uri:b", "invalid_request_uri"),
        ("client_id=app&request=nonsense", "invalid_request_object"),
    ] {
        match outcome(&web(), &settings(), query) {
            Err(Refusal::Page(error)) => assert_eq!(error.code(), code, "{query}"),
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn each_bad_parameter_is_told_to_the_client() {
    for (query, code) in [
        ("", "invalid_request"),
        ("response_type=magic", "unsupported_response_type"),
        ("response_type=code+code", "unsupported_response_type"),
        ("response_type=code&response_mode=jwt", "invalid_request"),
        ("response_type=token&response_mode=query", "invalid_request"),
        ("response_type=id_token&nonce=n", "invalid_scope"),
        ("response_type=id_token&scope=openid", "invalid_request"),
        ("response_type=code+id_token&scope=openid", "invalid_request"),
        ("response_type=code&scope=%22", "invalid_scope"),
        ("response_type=code&code_challenge=short", "invalid_request"),
        ("response_type=code&code_challenge_method=S256", "invalid_request"),
        ("response_type=code&prompt=none+login", "invalid_request"),
        ("response_type=code&prompt=sometimes", "invalid_request"),
        ("response_type=code&max_age=-1", "invalid_request"),
        ("response_type=code&max_age=1.5", "invalid_request"),
        ("response_type=code&connection=a%20b", "invalid_request"),
        ("response_type=code&organization=org_1", "invalid_request"),
        ("response_type=code&dpop_jkt=x", "invalid_request"),
        ("response_type=code&id_token_hint=x", "invalid_request"),
    ] {
        let (channel, error) = refused(&web(), &format!("{BASE}&{query}"));
        assert_eq!(error.code(), code, "{query}");
        assert_eq!(channel.state.as_deref(), Some("s"), "{query}");
    }
}

#[test]
fn what_the_client_is_set_to_is_demanded_of_its_requests() {
    let public = kit::client(Authentication::None);
    let spa = Client { app_type: AppType::Spa, ..web() };
    let no_grants = Client { grant_types: Vec::new(), ..web() };
    let pushing = Client { require_pushed_requests: true, ..web() };
    let mut signing = web();
    signing.signed_requests.required = true;
    for (client, code) in [
        (&public, "invalid_request"),
        (&spa, "invalid_request"),
        (&no_grants, "unauthorized_client"),
        (&pushing, "invalid_request"),
        (&signing, "invalid_request"),
    ] {
        assert_eq!(refused(client, &format!("{BASE}&response_type=code")).1.code(), code, "{client:?}");
    }
    let query = format!("{BASE}&response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256");
    assert!(outcome(&public, &settings(), &query).unwrap().challenge.is_some());
}

fn id_token(number: usize, audience: &str) -> String {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": format!("key-{number}") });
    let claims = json!({
        "iss": ISSUER, "aud": audience, "sub": "u1", "sid": "s1", "iat": NOW - 900, "exp": NOW - 1,
    });
    let signer = TestSigner(private(number), Algorithm::Rs256);
    jws::sign(&header.to_string(), claims.to_string().as_bytes(), &signer).unwrap()
}

#[test]
fn a_hint_may_have_expired_but_not_be_of_another_client_or_by_a_dead_key() {
    let query = |hint: &str| format!("{BASE}&response_type=code&id_token_hint={hint}");
    let good = outcome(&web(), &settings(), &query(&id_token(0, "app"))).unwrap();
    assert_eq!(good.hint.unwrap().user_id, "u1");
    for (number, audience) in [(0, "other"), (1, "app"), (2, "app")] {
        let (_, error) = refused(&web(), &query(&id_token(number, audience)));
        assert_eq!(error.code(), "invalid_request", "{number} {audience}");
    }
}

#[test]
fn a_signed_request_is_taken_whole_and_what_stands_beside_it_counts_for_nothing() {
    let mut client = web();
    client.signed_requests.keys = vec![kit::assertion_key(Algorithm::Rs256)];
    let header = json!({ "alg": "RS256", "kid": "kid-of-the-app" });
    let claims = json!({
        "iss": "app", "aud": ISSUER, "exp": NOW + 60, "client_id": "app", "response_type": "code",
        "redirect_uri": "https://app.example/cb", "scope": "openid", "state": "signed", "max_age": 5,
    });
    let query = |claims: &serde_json::Value| {
        format!("{BASE}&scope=email&nonce=beside&request={}", kit::signed(&header, claims))
    };
    let request = outcome(&client, &settings(), &query(&claims)).unwrap();
    assert_eq!(request.scopes, kit::scopes("openid"));
    assert_eq!(request.channel.state.as_deref(), Some("signed"));
    assert_eq!((request.nonce, request.max_age), (None, Some(5)));
    for (name, value) in [
        ("iss", json!("other")),
        ("aud", json!("https://other.example/")),
        ("exp", json!(NOW)),
        ("nbf", json!(NOW + 60)),
        ("sub", json!("app")),
        ("client_id", json!("other")),
        ("request_uri", json!("https://evil.example/")),
    ] {
        let mut bad = claims.clone();
        bad[name] = value;
        let outcome = outcome(&client, &settings(), &query(&bad));
        assert!(matches!(outcome, Err(Refusal::Page(PageError::RequestObject(_)))), "{name}: {outcome:?}");
    }
    // Nobody registered a key: the same request is signed by nobody.
    let outcome = outcome(&web(), &settings(), &query(&claims));
    assert!(matches!(outcome, Err(Refusal::Page(PageError::RequestObject(_)))));
}

#[test]
fn a_pushed_request_is_only_for_its_client_and_only_for_a_while() {
    let (client, settings) = (web(), settings());
    let parse = |text: &str| Opening::parse(Parameters::from_form(text.as_bytes()).unwrap()).unwrap();
    let raw = parse(&format!("{BASE}&response_type=code")).push(&client, &settings, now()).unwrap();
    assert_eq!(Raw::from_document(&raw.to_document()).as_ref(), Some(&raw));
    let resolve = |client_id: &str, now| {
        let pushed = Pushed { client_id: client_id.to_owned(), raw: raw.clone(), expires_at: at(30) };
        parse("client_id=app&scope=email&request_uri=urn:ietf:params:oauth:request_uri:r").resolve(
            &client,
            Some(pushed),
            &settings,
            now,
        )
    };
    assert_eq!(resolve("app", at(29)).as_ref(), Ok(&raw));
    assert_eq!(resolve("app", at(30)), Err(PageError::UnknownRequestUri));
    assert_eq!(resolve("other", now()), Err(PageError::UnknownRequestUri));
    let nested = parse("client_id=app&request_uri=urn:ietf:params:oauth:request_uri:r");
    assert!(nested.push(&client, &settings, now()).is_err());
    let foreign = parse("client_id=other&response_type=code");
    assert!(foreign.push(&client, &settings, now()).is_err());
}

fn session(age: i64) -> Session<'static> {
    Session { user_id: "u1", authenticated_at: at(-age), for_this_request: false, owes_interaction: false }
}

#[test]
fn the_decision_follows_session_prompt_and_consent() {
    use Consent::{GivenNow, Needed, NotNeeded, Refused};
    let fresh = Session { for_this_request: true, ..session(0) };
    let owing = Session { owes_interaction: true, ..session(0) };
    let sign_in = |again| Decision::SignIn { again };
    let refuse = Decision::Refuse;
    for (prompt, session, consent, expected) in [
        ("", None, NotNeeded, sign_in(false)),
        ("none", None, NotNeeded, refuse(Error::LoginRequired)),
        ("", Some(session(0)), NotNeeded, Decision::Grant),
        ("none", Some(session(0)), NotNeeded, Decision::Grant),
        ("login", Some(session(0)), NotNeeded, sign_in(true)),
        ("login", Some(fresh), NotNeeded, Decision::Grant),
        ("select_account", Some(session(0)), NotNeeded, sign_in(true)),
        ("", Some(session(61)), NotNeeded, sign_in(true)),
        ("none", Some(session(61)), NotNeeded, refuse(Error::LoginRequired)),
        ("", Some(session(0)), Needed, Decision::AskConsent),
        ("none", Some(session(0)), Needed, refuse(Error::ConsentRequired)),
        ("consent", Some(session(0)), NotNeeded, Decision::AskConsent),
        ("consent", Some(session(0)), GivenNow, Decision::Grant),
        ("", Some(owing), NotNeeded, Decision::Interact),
        ("none", Some(owing), NotNeeded, refuse(Error::InteractionRequired)),
        (
            "",
            Some(session(0)),
            Refused,
            refuse(Error::AccessDenied("User did not authorize the request".to_owned())),
        ),
    ] {
        let request = accepted(&format!("response_type=code&max_age=60&prompt={prompt}"));
        let standing = Standing { session, consent };
        assert_eq!(decide(&request, &standing, now()), expected, "{prompt} {standing:?}");
    }
}

#[test]
fn no_age_at_all_is_a_wish_for_a_login() {
    let fresh = Session { for_this_request: true, ..session(0) };
    for (prompt, session, expected) in [
        ("", session(0), Decision::SignIn { again: true }),
        ("none", session(0), Decision::Refuse(Error::LoginRequired)),
        ("", fresh, Decision::Grant),
    ] {
        let request = accepted(&format!("response_type=code&max_age=0&prompt={prompt}"));
        let standing = Standing { session: Some(session), consent: Consent::NotNeeded };
        assert_eq!(decide(&request, &standing, now()), expected, "{prompt} {session:?}");
    }
}

#[test]
fn a_hint_of_another_user_asks_once_and_then_gives_up() {
    let mut request = accepted("response_type=code");
    request.hint = Some(Hint { user_id: "u2".to_owned(), sid: None, client_id: "app".to_owned() });
    let standing = |session| Standing { session: Some(session), consent: Consent::NotNeeded };
    assert_eq!(decide(&request, &standing(session(0)), now()), Decision::SignIn { again: true });
    let fresh = Session { for_this_request: true, ..session(0) };
    assert_eq!(decide(&request, &standing(fresh), now()), Decision::Refuse(Error::LoginRequired));
}

#[test]
fn answers_travel_as_the_client_asked_with_state_and_issuer() {
    let answer = |mode, uri: &str| {
        let channel = Channel {
            redirect_uri: uri.to_owned(),
            mode,
            state: Some("a b".to_owned()),
            issuer: Some(ISSUER.to_owned()),
        };
        channel.grant(Success { code: Some("c".to_owned()), ..Success::default() })
    };
    let tail = "code=c&state=a+b&iss=https%3A%2F%2Ftenant.example%2F";
    for (mode, uri, expected) in [
        (ResponseMode::Query, "https://a.example/cb", format!("https://a.example/cb?{tail}")),
        (ResponseMode::Query, "https://a.example/cb?x=1", format!("https://a.example/cb?x=1&{tail}")),
        (ResponseMode::Fragment, "https://a.example/cb", format!("https://a.example/cb#{tail}")),
    ] {
        assert!(answer(mode, uri) == Answer::Redirect(expected.clone()), "{expected}");
    }
    let Answer::FormPost { action, fields } = answer(ResponseMode::FormPost, "https://a.example/cb") else {
        panic!("no form")
    };
    assert_eq!((action.as_str(), fields.len()), ("https://a.example/cb", 3));
    let Answer::WebMessage { origin, members } = answer(ResponseMode::WebMessage, "https://a.example/cb")
    else {
        panic!("no message")
    };
    assert_eq!(origin, "https://a.example");
    let expected = json!({
        "type": "authorization_response", "response": { "code": "c", "state": "a b", "iss": ISSUER },
    });
    assert_eq!(Answer::message(&members), expected);
}
