//! The Dashboard through the router: the way in, the proof of forms, roles, and what every page carries.

mod connections;
mod partners;

use http::Method;
use serde_json::{Value, json};

use chancery::administrators::Role;

use crate::administrators::administrator;
use crate::kit::{Answer, Call, TestServer, engines};
use crate::people::PASSWORD;
use crate::people::browser::{Browser, form};

const KEYS: &str = "/dashboard/settings/signing-keys";
const CONNECTION_KEYS: &str = "/dashboard/settings/connection-keys";
const ISSUER: &str = "https://tenant.example";

/// The path of wherever an answer leads, at the first tenant.
fn location(answer: &Answer) -> String {
    let to = answer.header("location").unwrap_or_else(|| panic!("leads nowhere: {answer:?}"));
    to.strip_prefix(ISSUER).unwrap_or(to).to_owned()
}

/// Follows wherever an answer leads, as long as that is the first tenant.
async fn follow(browser: &mut Browser, server: &TestServer, mut answer: Answer) -> Answer {
    while answer.header("location").is_some() {
        let to = location(&answer);
        answer = browser.get(server, &to).await;
    }
    answer
}

/// Signs in on the way to a page; answers that page.
async fn signed_in(browser: &mut Browser, server: &TestServer, email: &str, to: &str) -> Answer {
    let asked = browser.get(server, to).await;
    let mut page = follow(browser, server, asked).await;
    if !page.text().contains("name=\"password\"") {
        page = browser.submit(server, &page, &[("username", email)]).await;
    }
    let sent = form(&page);
    let answer = browser.post(server, &sent, &[("username", email), ("password", PASSWORD)]).await;
    follow(browser, server, answer).await
}

/// An administrator with this role, signed in, at the page of the signing keys.
async fn at_keys(server: &TestServer, email: &str, role: Role) -> (Browser, Answer) {
    administrator(server, email, role).await;
    let mut browser = Browser::default();
    let page = signed_in(&mut browser, server, email, KEYS).await;
    (browser, page)
}

/// The form in the content of a page; the frame has one of its own before it.
fn form_in_content(page: &Answer) -> crate::people::browser::Form {
    form_from(page, "<main")
}

/// The first form of a page from this text on.
fn form_from(page: &Answer, mark: &str) -> crate::people::browser::Form {
    let html = page.text();
    let from = html.find(mark).unwrap_or_else(|| panic!("no {mark}: {html}"));
    form(&Answer {
        status: page.status,
        headers: page.headers.clone(),
        bytes: html.as_bytes()[from..].to_vec(),
    })
}

async fn kids(server: &TestServer) -> Vec<String> {
    let keys = server.get("/.well-known/jwks.json").await.expect(200);
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_administrator_signs_in_by_code_and_pkce_and_arrives_at_the_page_that_was_asked_for() {
    for engine in engines() {
        let server = TestServer::on(engine).await;
        administrator(&server, "ada@example.com", Role::Admin).await;
        let mut browser = Browser::default();
        let asked = browser.get(&server, &format!("{KEYS}?x=1")).await;
        assert_eq!(
            (asked.status.as_u16(), location(&asked).as_str()),
            (303, "/dashboard/login?to=%2Fdashboard%2Fsettings%2Fsigning-keys%3Fx%3D1")
        );
        let to = browser.get(&server, &location(&asked)).await;
        let authorize = location(&to);
        for part in
            ["response_type=code", "code_challenge_method=S256", "client_id=chancery-dashboard", "nonce="]
        {
            assert!(authorize.contains(part), "{authorize}");
        }
        let page = signed_in(&mut browser, &server, "ada@example.com", &format!("{KEYS}?x=1")).await;
        page.expect_ok();
        assert!(page.text().contains("<h1>Signing Keys</h1>"), "{}", page.text());
    }
}

#[tokio::test]
async fn a_sign_in_ends_in_the_browser_that_began_it() {
    let server = TestServer::start().await;
    administrator(&server, "ada@example.com", Role::Admin).await;
    let mut victim = Browser::default();
    let begun = victim.get(&server, "/dashboard/login").await;
    let state = location(&begun);
    let state = state.split_once("state=").unwrap().1.split('&').next().unwrap().to_owned();
    let mut attacker = Browser::default();
    for path in [
        format!("/dashboard/callback?code=abc&state={state}"),
        "/dashboard/callback?code=abc&state=AAAA".to_owned(),
        "/dashboard/callback?code=abc".to_owned(),
    ] {
        let answer = attacker.get(&server, &path).await;
        assert_eq!(answer.status.as_u16(), 400, "{path}");
        assert!(answer.text().contains("begun in another browser"), "{}", answer.text());
        assert!(!attacker.cookies.contains_key("__Host-chancery_dashboard"));
    }
}

#[tokio::test]
async fn every_page_forbids_frames_foreign_code_and_caches() {
    let server = TestServer::start().await;
    let (mut browser, page) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let mut pages = vec![page];
    for path in ["/dashboard", "/dashboard/nothing", "/dashboard/setup?ticket=x", "/dashboard/signed-out"] {
        pages.push(browser.get(&server, path).await);
    }
    for page in pages {
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("same-origin"));
        assert_eq!(
            page.header("content-security-policy"),
            Some(
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                 form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            )
        );
    }
}

#[tokio::test]
async fn a_key_is_rotated_by_the_form_that_was_shown_and_by_no_other() {
    for engine in engines() {
        let server = TestServer::on(engine).await;
        let (mut browser, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
        let (mut other, _) = at_keys(&server, "bob@example.com", Role::Admin).await;
        let path = format!("{KEYS}/rotate");
        let shown = form_in_content(&browser.get(&server, &path).await);
        let foreign = form_in_content(&other.get(&server, &path).await);
        let before = kids(&server).await;
        let mut unproved = shown.clone();
        unproved.hidden.retain(|(name, _)| name != "csrf");
        for form in [&foreign, &unproved] {
            let refused = browser.post(&server, form, &[]).await;
            assert_eq!(refused.status.as_u16(), 403);
            assert!(refused.text().contains("The form is out of date"), "{}", refused.text());
        }
        assert_eq!(kids(&server).await, before);
        let done = browser.post(&server, &shown, &[]).await;
        assert_eq!((done.status.as_u16(), location(&done).as_str()), (303, KEYS));
        assert_ne!(kids(&server).await, before);
        let page = browser.get(&server, KEYS).await;
        assert!(page.text().contains("The key was rotated."), "{}", page.text());
        // It was said once.
        assert!(!browser.get(&server, KEYS).await.text().contains("The key was rotated."));
    }
}

#[tokio::test]
async fn the_page_of_a_ring_that_was_rotated_meanwhile_does_nothing() {
    let server = TestServer::start().await;
    let (mut browser, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let shown = form_in_content(&browser.get(&server, &format!("{KEYS}/rotate")).await);
    server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
    let before = kids(&server).await;
    let answer = browser.post(&server, &shown, &[]).await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.text().contains("somebody rotated the key since you opened this page"));
    assert_eq!(kids(&server).await, before);
}

#[tokio::test]
async fn a_role_is_refused_what_it_may_not_also_when_it_sends_the_form_itself() {
    let server = TestServer::start().await;
    let (mut viewer, page) = at_keys(&server, "viewer@example.com", Role::Viewer).await;
    assert!(!page.text().contains("Rotate Key</a>"), "{}", page.text());
    let before = kids(&server).await;
    let shown = form_in_content(&viewer.get(&server, &format!("{KEYS}/rotate")).await);
    let refused = viewer.post(&server, &shown, &[]).await;
    assert_eq!(refused.status.as_u16(), 403);
    assert!(refused.text().contains("Your role does not allow this"), "{}", refused.text());
    assert_eq!(kids(&server).await, before);
    let (_, page) = at_keys(&server, "keys@example.com", Role::EditorKeys).await;
    assert!(page.text().contains("Rotate Key</a>"), "{}", page.text());
}

#[tokio::test]
async fn the_signing_secret_of_an_api_is_for_those_who_may_change_it() {
    const SECRET: &str = "kept between the two of them";
    let server = TestServer::start().await;
    let api = serde_json::json!({
        "name": "Weather", "identifier": "https://weather.example/", "signing_alg": "HS256", "signing_secret": SECRET,
    });
    let made = server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
    let home = format!("/dashboard/apis/{}", made["id"].as_str().unwrap());
    for (role, may) in [(Role::Viewer, false), (Role::EditorApplications, true)] {
        let (mut browser, _) = at_keys(&server, &format!("{role}@example.com"), role).await;
        let page = browser.get(&server, &home).await;
        assert!(!page.text().contains(SECRET), "{role}: {}", page.text());
        assert_eq!(page.text().contains("Reveal signing secret"), may, "{role}");
        // Any form of ours has the proof; what it is sent to is up to whoever sends it.
        let mut asked = form_in_content(&browser.get(&server, &format!("{KEYS}/rotate")).await);
        asked.action = format!("{home}/secret");
        let answer = browser.post(&server, &asked, &[]).await;
        assert_eq!(answer.status.as_u16(), if may { 200 } else { 403 }, "{role}");
        assert_eq!(answer.text().contains(SECRET), may, "{role}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_an_administrator_does_is_logged_with_their_name() {
    let server = TestServer::start().await;
    let (mut browser, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let shown = form_in_content(&browser.get(&server, &format!("{KEYS}/rotate")).await);
    browser.post(&server, &shown, &[]).await;
    let log = server.api_get("/logs?per_page=50").await.expect(200);
    let of_dashboard = |entry: &&Value| entry["details"]["request"]["channel"] == "dashboard";
    let entry = log.as_array().unwrap().iter().find(of_dashboard).unwrap();
    let auth = &entry["details"]["request"]["auth"];
    assert_eq!(entry["type"], "sapi");
    assert_eq!(entry["user_name"], "ada@example.com");
    assert_eq!(entry["user_id"], auth["user"]["user_id"]);
    assert_eq!(auth["user"]["email"], "ada@example.com");
    assert_eq!(auth["strategy"], "session");
    assert_eq!(entry["details"]["request"]["path"], "/api/v2/keys/signing/rotate");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_the_one_at_the_login_pages() {
    let server = TestServer::start().await;
    let (mut browser, page) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let before = browser.cookies.clone();
    let out = browser.post(&server, &form(&page), &[("everywhere", "false")]).await;
    assert_eq!(location(&out), "/dashboard/signed-out");
    // Whoever kept the cookies has no use of them.
    browser.cookies = before;
    let asked = browser.get(&server, KEYS).await;
    assert_eq!(asked.status.as_u16(), 303);
    let login = follow(&mut browser, &server, asked).await;
    assert!(login.text().contains("name=\"username\""), "{}", login.text());
}

#[tokio::test]
async fn an_administrator_who_was_removed_or_lost_a_role_notices_at_once() {
    let server = TestServer::start().await;
    let (mut keys, _) = at_keys(&server, "keys@example.com", Role::EditorKeys).await;
    let (mut boss, _) = at_keys(&server, "boss@example.com", Role::Admin).await;
    let tenant = server.app.tenants.find(&server.app, "tenant.example").await.unwrap().unwrap();
    let all = chancery::administrators::list(&server.app.db, tenant.id()).await.unwrap();
    let id = all.iter().find(|one| one.email == "keys@example.com").unwrap().user_id.clone();
    let entry = || chancery::logs::Entry::by_cli("Change a role");
    chancery::administrators::change_role(&server.app, tenant.id(), (&id, Role::Viewer), entry())
        .await
        .unwrap();
    assert!(!keys.get(&server, KEYS).await.text().contains("Rotate Key</a>"));
    chancery::administrators::remove(&server.app, tenant.id(), &id, entry()).await.unwrap();
    assert_eq!(keys.get(&server, KEYS).await.status.as_u16(), 303);
    assert_eq!(boss.get(&server, KEYS).await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_log_says_which_administrator_changed_the_members() {
    let server = TestServer::start().await;
    let bob = administrator(&server, "bob@example.com", Role::Viewer).await;
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let members = "/dashboard/settings/members";
    let mut sent = form_in_content(&ada.get(&server, members).await);
    sent.hidden.retain(|(name, _)| name != "seen");
    sent.action = format!("{members}/{}/role", bob.user_id.replace('|', "%7C"));
    let done = ada.post(&server, &sent, &[("seen", "viewer"), ("role", "editor_keys")]).await;
    assert_eq!(location(&done), members);
    sent.action = format!("{members}/invite");
    let done = ada.post(&server, &sent, &[("email", "cleo@example.com"), ("role", "viewer")]).await;
    done.expect_ok();
    let logs = server.api_get("/logs?sort=date:1").await.expect(200);
    let of = |description: &str| {
        let all = logs.as_array().unwrap().iter();
        let found: Vec<_> = all
            .filter(|log| log["description"] == description && log["user_name"] == "ada@example.com")
            .map(|log| log["details"]["member"].clone())
            .collect();
        found
    };
    let changed = json!({ "user_id": bob.user_id, "email": "bob@example.com", "role": "editor_keys" });
    assert_eq!(of("Change the role of an administrator"), [changed]);
    let invited = json!({ "user_id": null, "email": "cleo@example.com", "role": "viewer" });
    assert_eq!(of("Invite an administrator").last(), Some(&invited));
}

#[tokio::test]
async fn a_form_that_was_sent_too_late_leads_back_to_its_page() {
    let server = TestServer::start().await;
    let form = || Call::new(Method::POST, &format!("{KEYS}/rotate")).form(&[]);
    let sent = server.send(form().header("referer", &format!("{ISSUER}{KEYS}/rotate?x=1")).build()).await;
    let to = "/dashboard/login?to=%2Fdashboard%2Fsettings%2Fsigning-keys%2Frotate%3Fx%3D1";
    assert_eq!((sent.status.as_u16(), location(&sent).as_str()), (303, to));
    let unsaid = server.send(form().build()).await;
    assert_eq!(location(&unsaid), "/dashboard/login?to=%2Fdashboard");
}

#[tokio::test]
async fn the_address_of_a_form_leads_to_the_page_above_it() {
    let server = TestServer::start().await;
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    for (path, page) in [
        ("/dashboard/token", "/dashboard"),
        ("/dashboard/logout", "/dashboard"),
        ("/dashboard/settings/members/invite", "/dashboard/settings/members"),
        ("/dashboard/", "/dashboard"),
    ] {
        let answer = ada.get(&server, path).await;
        assert_eq!((answer.status.as_u16(), location(&answer).as_str()), (303, page), "{path}");
    }
}

#[tokio::test]
async fn a_rotation_is_warned_of_while_copies_of_the_key_set_may_lack_the_next_key() {
    let server = TestServer::start().await;
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let asked = ada.get(&server, &format!("{KEYS}/rotate")).await.text();
    assert!(asked.contains("Wait until 15 Jan 2027, 08:06:00 UTC, if you can"), "{asked}");
    server.clock.advance(jiff::SignedDuration::from_mins(6));
    let asked = ada.get(&server, &format!("{KEYS}/rotate")).await.text();
    assert!(asked.contains("knows the next key") && !asked.contains("Wait until"), "{asked}");
}

#[tokio::test]
async fn an_application_shows_the_endpoints_of_the_protocols_that_it_speaks() {
    let server = TestServer::start().await;
    let body = json!({ "name": "Shop", "app_type": "regular_web", "addons": { "samlp": {} } });
    let made = server.api_send(Method::POST, "/clients", &body).await.expect(201);
    let id = made["client_id"].as_str().unwrap();
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let page = ada.get(&server, &format!("/dashboard/applications/{id}/endpoints")).await.text();
    for path in [&*format!("samlp/metadata/{id}"), &*format!("samlp/{id}/logout"), "oauth/token"] {
        assert!(page.contains(&format!("{ISSUER}/{path}\"")), "{path}: {page}");
    }
    assert!(!page.contains("/wsfed/"), "{page}");
}

#[tokio::test]
async fn a_header_that_claims_to_come_from_the_dashboard_opens_nothing() {
    let server = TestServer::start().await;
    let call = Call::get("/api/v2/keys/signing").header("x-insider", "auth0|chancery_admin_x");
    assert_eq!(server.send(call.build()).await.status.as_u16(), 401);
}

#[tokio::test]
async fn the_connection_key_is_rotated_and_revoked_from_the_page_of_the_signing_keys() {
    for engine in engines() {
        let server = TestServer::on(engine).await;
        let (mut browser, page) = at_keys(&server, "ada@example.com", Role::Admin).await;
        let before = server.api_get("/keys/connection").await.expect(200);
        let (old, next) = (before[0]["kid"].as_str().unwrap(), before[1]["kid"].as_str().unwrap());
        for kid in [old, next] {
            assert!(page.text().contains(&format!("data-connection-kid=\"{kid}\"")), "{}", page.text());
        }
        let shown = form_in_content(&browser.get(&server, &format!("{CONNECTION_KEYS}/rotate")).await);
        let done = browser.post(&server, &shown, &[]).await;
        assert_eq!(location(&done), KEYS);
        let after = server.api_get("/keys/connection").await.expect(200);
        assert_eq!((after[0]["kid"].as_str(), after[2]["kid"].as_str()), (Some(next), Some(old)));
        // The same form again is about a ring that is no more.
        let again = browser.post(&server, &shown, &[]).await;
        assert_eq!(again.status.as_u16(), 409);
        let file = browser.get(&server, &format!("{CONNECTION_KEYS}/{old}/certificate/pem")).await;
        assert_eq!(file.text(), before[0]["cert"].as_str().unwrap());
        let refused = browser.get(&server, &format!("{CONNECTION_KEYS}/{next}/revoke")).await;
        assert_eq!(refused.status.as_u16(), 400);
        let shown = form_in_content(&browser.get(&server, &format!("{CONNECTION_KEYS}/{old}/revoke")).await);
        let untyped = browser.post(&server, &shown, &[("confirm", "wrong")]).await;
        assert_eq!(untyped.status.as_u16(), 400);
        assert_eq!(server.api_get("/keys/connection").await.expect(200), after, "nothing changed");
        let done = browser.post(&server, &shown, &[("confirm", "main")]).await;
        assert_eq!(location(&done), KEYS);
        let last = server.api_get("/keys/connection").await.expect(200);
        assert_eq!((last[2]["kid"].as_str(), &last[2]["revoked"]), (Some(old), &Value::Bool(true)));
        let (mut viewer, page) = at_keys(&server, "vera@example.com", Role::Viewer).await;
        assert!(page.text().contains(next) && !page.text().contains("Rotate Connection Key"));
        let asked = viewer.get(&server, &format!("{CONNECTION_KEYS}/rotate")).await;
        if asked.status == 200 {
            viewer.post(&server, &form_in_content(&asked), &[]).await;
        }
        assert_eq!(server.api_get("/keys/connection").await.expect(200), last);
    }
}

#[tokio::test]
async fn the_keys_of_a_connection_are_made_and_rotated_for_the_algorithm_that_is_chosen() {
    let server = TestServer::start().await;
    let (mut browser, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let options = json!({
        "client_id": "c", "discovery_url": "https://idp.example/", "token_endpoint_auth_signing_alg": "ES384",
    });
    let body = json!({ "name": "corp", "strategy": "oidc", "options": options });
    let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let (home, path) = (format!("/dashboard/connections/{id}"), format!("/connections/{id}/keys"));
    let algorithms = async || {
        let keys = server.api_get(&path).await.expect(200);
        keys.as_array().unwrap().iter().map(|key| key["algorithm"].clone()).collect::<Vec<_>>()
    };
    let page = browser.get(&server, &home).await;
    assert!(page.text().contains("<option selected>ES384</option>"), "{}", page.text());
    let shown = form_from(&page, "id=\"keys\"");
    let refused = browser.post(&server, &shown, &[("signing_alg", "HS256")]).await;
    assert_eq!(refused.status.as_u16(), 400);
    assert_eq!(algorithms().await, Vec::<Value>::new());
    let done = browser.post(&server, &shown, &[("signing_alg", "ES256")]).await;
    assert_eq!(location(&done), format!("{home}#keys"));
    assert_eq!(algorithms().await, ["ES256", "ES256"]);
    let asked = browser.get(&server, &format!("{home}/keys/rotate")).await;
    assert!(asked.text().contains("<option selected>ES256</option>"), "{}", asked.text());
    let done =
        browser.post(&server, &form_from(&asked, "<form class=\"card"), &[("signing_alg", "PS256")]).await;
    assert_eq!(location(&done), format!("{home}#keys"));
    assert_eq!(algorithms().await, ["ES256", "ES256", "PS256"]);
}
