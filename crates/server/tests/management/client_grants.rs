//! `/api/v2/client-grants`

use std::collections::BTreeSet;

use chancery_jose::base64url;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::logs::{entry_of, writes};
use super::resource_servers::{at_other, bad, misfit, needs_scopes, no_id, other_tenant};
use crate::kit::{Answer, MANAGEMENT, TestServer, engines, error};

const PATH: &str = "/client-grants";
/// The API that the grants of these tests are for.
const AUDIENCE: &str = "urn:api";

/// Makes an API with the scopes `a`, `b` and `c`.
async fn api(server: &TestServer, identifier: &str) -> String {
    let scopes = json!([{ "value": "a" }, { "value": "b" }, { "value": "c" }]);
    let body = json!({ "identifier": identifier, "scopes": scopes });
    let made = server.api_send(Method::POST, "/resource-servers", &body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// Makes an application, and answers its id.
async fn client(server: &TestServer) -> String {
    let made = server.api_send(Method::POST, "/clients", &json!({ "name": "x" })).await.expect(201);
    made["client_id"].as_str().unwrap().to_owned()
}

async fn created(server: &TestServer, body: &Value) -> Answer {
    server.api_send(Method::POST, PATH, body).await
}

/// Makes a grant.
async fn made(server: &TestServer, body: Value) -> Value {
    created(server, &body).await.expect(201)
}

fn path_of(grant: &Value) -> String {
    format!("{PATH}/{}", grant["id"].as_str().unwrap())
}

async fn patched(server: &TestServer, grant: &Value, body: Value) -> (u16, Value) {
    server.api_send(Method::PATCH, &path_of(grant), &body).await.both()
}

async fn listed(server: &TestServer, query: &str) -> Value {
    server.api_get(&format!("{PATH}?{query}")).await.expect(200)
}

/// Every grant that the list has, in its order, followed from checkpoint to checkpoint.
async fn walked(server: &TestServer, take: usize, filter: &str) -> Vec<Value> {
    let mut walked = Vec::new();
    let mut from = String::new();
    loop {
        let page = listed(server, &format!("take={take}{filter}{from}")).await;
        let grants = page["client_grants"].as_array().unwrap();
        walked.extend(grants.clone());
        let members = page.as_object().unwrap().len();
        if let Some(next) = page.get("next") {
            assert_eq!((members, grants.len()), (2, take), "a page that others follow is full");
            from = format!("&from={}", next.as_str().unwrap());
        } else {
            assert_eq!(members, 1, "the last page has no next: {page}");
            return walked;
        }
    }
}

fn unknown() -> (u16, Value) {
    (404, error(404, "Not Found", None, "The client grant does not exist"))
}

fn taken() -> (u16, Value) {
    let message = "There is already a grant for this application, API and subject type. Update that one.";
    (409, error(409, "Conflict", None, message))
}

#[tokio::test]
async fn a_new_grant_is_answered_whole_with_its_defaults() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let body = json!({ "client_id": client, "audience": AUDIENCE });
        let answer = created(&server, &body).await.both();
        let id = answer.1["id"].as_str().unwrap();
        let random = id.strip_prefix("cgr_").unwrap();
        assert!(random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        let expected = json!({
            "id": id, "client_id": client, "audience": AUDIENCE, "scope": [], "is_system": false, "subject_type": "client",
        });
        assert_eq!(answer, (201, expected.clone()));
        assert_eq!(server.api_get(&path_of(&answer.1)).await.both(), (200, expected.clone()));
        assert_eq!(listed(&server, "audience=urn:api").await, json!([expected]));
    }
}

#[tokio::test]
async fn every_setting_is_stored_and_shown() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        for mut body in [
            json!({
                "client_id": client, "audience": AUDIENCE, "scope": ["c", "a"], "subject_type": "user",
                "organization_usage": "require", "allow_any_organization": true,
                "authorization_details_types": ["payment", "\"ü\" 漢字"], "allow_all_scopes": false,
            }),
            json!({ "client_id": client, "audience": AUDIENCE, "allow_all_scopes": true, "subject_type": "client" }),
            json!({
                "default_for": "third_party_clients", "audience": AUDIENCE, "scope": ["b"], "subject_type": "client",
                "allow_any_organization": false, "organization_usage": "deny",
            }),
        ] {
            let grant = made(&server, body.clone()).await;
            body["id"] = grant["id"].clone();
            body["is_system"] = json!(false);
            assert_eq!(grant, body);
            assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, body));
        }
    }
}

#[tokio::test]
async fn the_grant_of_the_management_application_is_one_like_any_other() {
    let server = TestServer::start().await;
    let list = listed(&server, "").await;
    let scopes: Vec<_> = chancery::management::scopes::ALL.to_vec();
    let expected = json!([{
        "id": list[0]["id"], "client_id": server.client_id, "audience": MANAGEMENT, "scope": scopes,
        "is_system": false, "subject_type": "client",
    }]);
    assert_eq!(list, expected);
}

/// Seven grants beside that of the management application, some of them made in one instant; answered with
/// that one, oldest first and those of an instant by their ids.
async fn eight(server: &TestServer) -> Vec<Value> {
    let mut all = listed(server, "").await.as_array().unwrap().clone();
    let client = client(server).await;
    for seconds in [3, 1, 3] {
        server.clock.advance(SignedDuration::from_secs(1));
        let mut instant = Vec::new();
        for number in 0..seconds {
            let audience = format!("urn:{}-{number}", all.len());
            api(server, &audience).await;
            instant.push(made(server, json!({ "client_id": client, "audience": audience })).await);
        }
        instant.sort_by_key(|grant| grant["id"].as_str().unwrap().to_owned());
        all.extend(instant);
    }
    all
}

#[tokio::test]
async fn the_list_pages_by_number_oldest_first_with_and_without_totals() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let all = eight(&server).await;
        assert_eq!(listed(&server, "").await, json!(all));
        let mut walked = Vec::new();
        for page in 0..4 {
            let bare = listed(&server, &format!("per_page=3&page={page}")).await;
            let counted = listed(&server, &format!("per_page=3&page={page}&include_totals=true")).await;
            assert_eq!(counted, json!({ "start": page * 3, "limit": 3, "total": 8, "client_grants": bare }));
            walked.extend(bare.as_array().unwrap().clone());
        }
        assert_eq!(walked, all);
        let none = json!({ "start": 0, "limit": 0, "total": 8, "client_grants": [] });
        assert_eq!(listed(&server, "per_page=0&include_totals=true").await, none);
        let filtered =
            listed(&server, &format!("audience={MANAGEMENT}&include_totals=true&per_page=100")).await;
        let one = json!({ "start": 0, "limit": 100, "total": 1, "client_grants": [all[0]] });
        assert_eq!(filtered, one);
    }
}

#[tokio::test]
async fn following_the_checkpoints_meets_every_grant_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let all = eight(&server).await;
        for take in [1, 2, 3, 4, 7, 8, 9, 100] {
            assert_eq!(walked(&server, take, "").await, all, "{take} at a time");
            assert_eq!(walked(&server, take, "&include_totals=true").await, all, "{take} at a time");
        }
        let filter = format!("&client_id={}", all[1]["client_id"].as_str().unwrap());
        for take in [1, 2, 3, 7, 8] {
            assert_eq!(walked(&server, take, &filter).await, all[1..], "{take} at a time");
        }
        assert_eq!(walked(&server, 1, "&client_id=nobody").await, [json!(null); 0]);
        let next = listed(&server, "take=2").await["next"].as_str().unwrap().to_owned();
        let rest = listed(&server, &format!("from={next}")).await;
        assert_eq!(rest, json!({ "client_grants": all[2..] }), "from alone takes fifty");
    }
}

#[tokio::test]
async fn a_checkpoint_holds_while_grants_come_and_go() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let all = eight(&server).await;
        let next = listed(&server, "take=4").await["next"].as_str().unwrap().to_owned();
        // The grant that the checkpoint names, one before it and one after it.
        for gone in [3, 1, 5] {
            assert_eq!(server.api_call(Method::DELETE, &path_of(&all[gone])).await.status, 204);
        }
        server.clock.advance(SignedDuration::from_secs(1));
        api(&server, "urn:later").await;
        let later = made(&server, json!({ "client_id": all[1]["client_id"], "audience": "urn:later" })).await;
        let rest = listed(&server, &format!("take=100&from={next}")).await;
        assert_eq!(rest, json!({ "client_grants": [all[4], all[6], all[7], later] }));
    }
}

#[tokio::test]
async fn a_checkpoint_of_another_tenant_leads_to_nothing_of_theirs() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = other_tenant(&server).await;
        let all = eight(&server).await;
        let next = listed(&server, "take=1").await["next"].as_str().unwrap().to_owned();
        let path = format!("{PATH}?take=100&from={next}");
        let list = at_other(&server, &token, (Method::GET, &path), None).await.expect(200);
        let ours: BTreeSet<_> = all.iter().map(|grant| grant["id"].to_string()).collect();
        let theirs = list["client_grants"].as_array().unwrap();
        assert!(theirs.len() <= 1 && theirs.iter().all(|grant| !ours.contains(&grant["id"].to_string())));
    }
}

#[tokio::test]
async fn filters_narrow_the_list() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, "urn:a").await;
        api(&server, "urn:b").await;
        let (one, two) = (client(&server).await, client(&server).await);
        let text = "\"allow_any_organization\":true";
        let mut grants = Vec::new();
        for body in [
            json!({ "client_id": one, "audience": "urn:a", "allow_any_organization": true }),
            json!({ "client_id": one, "audience": "urn:b", "allow_any_organization": false }),
            json!({ "client_id": one, "audience": "urn:b", "subject_type": "user" }),
            json!({ "client_id": two, "audience": "urn:b", "authorization_details_types": [text] }),
            json!({ "default_for": "third_party_clients", "audience": "urn:b", "allow_any_organization": true }),
        ] {
            server.clock.advance(SignedDuration::from_secs(1));
            grants.push(made(&server, body).await);
        }
        for (query, expected) in [
            ("audience=urn:a".to_owned(), &[0][..]),
            ("audience=urn%3Ab".to_owned(), &[1, 2, 3, 4]),
            ("audience=URN:a".to_owned(), &[]),
            ("audience=urn:%25".to_owned(), &[]),
            (format!("client_id={one}"), &[0, 1, 2]),
            (format!("client_id={one}&audience=urn:b"), &[1, 2]),
            (format!("client_id={one}&audience=urn:b&subject_type=client"), &[1]),
            (format!("client_id={one}&audience=urn:b&subject_type=user"), &[2]),
            ("subject_type=user".to_owned(), &[2]),
            ("default_for=third_party_clients".to_owned(), &[4]),
            (format!("default_for=third_party_clients&client_id={one}"), &[]),
            ("allow_any_organization=true".to_owned(), &[0, 4]),
            (format!("allow_any_organization=true&client_id={one}"), &[0]),
            ("allow_any_organization=false&audience=urn:b".to_owned(), &[1, 2, 3]),
            ("client_id=nobody".to_owned(), &[]),
            ("client_id='%20OR%20''='".to_owned(), &[]),
            ("audience=urn:a&client_id=&subject_type=&default_for=".to_owned(), &[0]),
            ("audience=urn:a&fields=id&nonsense=1".to_owned(), &[0]),
        ] {
            let expected: Vec<_> = expected.iter().map(|number| grants[*number].clone()).collect();
            assert_eq!(listed(&server, &query).await, json!(expected), "{query}");
            assert_eq!(walked(&server, 2, &format!("&{query}")).await, expected, "{query}");
            let counted = listed(&server, &format!("{query}&include_totals=true&per_page=1")).await;
            assert_eq!(counted["total"], expected.len(), "{query}");
        }
    }
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let server = TestServer::start().await;
    for (query, reason, property) in [
        ("take=0", "Value 0 is less than minimum 1", "take"),
        ("take=101", "Value 101 is greater than maximum 100", "take"),
        ("take=", "Expected type integer but found: ", "take"),
        ("take=1&page=x", "Expected type integer but found: x", "page"),
        ("take=1&per_page=101", "Value 101 is greater than maximum 100", "per_page"),
        ("per_page=101", "Value 101 is greater than maximum 100", "per_page"),
        ("page=-1", "Value -1 is less than minimum 0", "page"),
        ("include_totals=yes", "Expected type boolean but found: yes", "include_totals"),
        ("subject_type=robot", "No enum match for: robot, expected one of: client, user", "subject_type"),
        ("default_for=all", "No enum match for: all, expected one of: third_party_clients", "default_for"),
        ("allow_any_organization=1", "Expected type boolean but found: 1", "allow_any_organization"),
        ("client_id=a%00b", "String contains the character NUL", "client_id"),
        ("audience=%00", "String contains the character NUL", "audience"),
        ("audience=a&audience=b", "The parameter is there more than once", "audience"),
    ] {
        let message = format!("Query validation error: '{reason}' on property {property}.");
        let expected = bad("invalid_query_string", &message);
        assert_eq!(server.api_get(&format!("{PATH}?{query}")).await.both(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_forged_checkpoint_is_refused() {
    for on in engines() {
        let server = TestServer::on(on).await;
        eight(&server).await;
        let next = listed(&server, "take=1").await["next"].as_str().unwrap().to_owned();
        let plain = String::from_utf8(base64url::decode(&next).unwrap()).unwrap();
        let encoded = |plain: &str| base64url::encode(plain.as_bytes());
        assert_eq!(encoded(&plain), next);
        let (_, id) = plain.rsplit_once(':').unwrap();
        client(&server).await;
        let of_clients =
            server.api_get("/clients?take=1").await.expect(200)["next"].as_str().unwrap().to_owned();
        for from in [
            "x".to_owned(),
            "forged".to_owned(),
            format!("{next}%3D"),
            format!("{next}A"),
            next[1..].to_owned(),
            format!("%20{next}"),
            next.to_uppercase(),
            next.repeat(4),
            of_clients,
            id.to_owned(),
            encoded(&format!("2{}", &plain[1..])),
            encoded(&format!("{plain}:")),
            encoded(&format!("1:0{}", &plain[2..])),
            encoded(&format!("1:1800000000000.0:{id}")),
            encoded(&format!("1:99999999999999999999:{id}")),
            encoded("1:1800000000000:cgr_'OR''='00000000"),
            encoded("1:1800000000000:"),
            encoded("1:1800000000000:cgr_0123456789abcd\u{0}f"),
            base64url::encode(&[0xff; 20]),
            "%ff".to_owned(),
        ] {
            let message =
                "Query validation error: 'It is not the next of an earlier answer' on property from.";
            let expected = bad("invalid_query_string", message);
            let answer = server.api_get(&format!("{PATH}?take=2&from={from}")).await;
            assert_eq!(answer.both(), expected, "{from}");
        }
        let message = "Query validation error: 'String contains the character NUL' on property from.";
        let answer = server.api_get(&format!("{PATH}?take=2&from=%00")).await;
        assert_eq!(answer.both(), bad("invalid_query_string", message));
    }
}

#[tokio::test]
async fn a_patch_keeps_what_is_absent_clears_what_is_null_and_sets_the_rest() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let grant = made(
            &server,
            json!({ "client_id": client, "audience": AUDIENCE, "scope": ["a"], "organization_usage": "allow",
                "allow_any_organization": true, "authorization_details_types": ["payment"] }),
        )
        .await;
        let mut expected = grant.clone();
        expected["scope"] = json!(["c", "b"]);
        let scopes = json!({ "scope": ["c", "b", "c"] });
        assert_eq!(patched(&server, &grant, scopes).await, (200, expected.clone()));
        assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, expected.clone()));
        expected["organization_usage"] = json!("deny");
        expected.as_object_mut().unwrap().shift_remove("allow_any_organization");
        let mixed = json!({ "organization_usage": "deny", "allow_any_organization": null });
        assert_eq!(patched(&server, &grant, mixed).await, (200, expected));
        let nulls = json!({ "scope": null, "organization_usage": null, "authorization_details_types": null, "allow_all_scopes": null });
        let cleared = json!({
            "id": grant["id"], "client_id": client, "audience": AUDIENCE, "scope": [], "is_system": false, "subject_type": "client",
        });
        assert_eq!(patched(&server, &grant, nulls).await, (200, cleared.clone()));
        assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, cleared));
    }
}

#[tokio::test]
async fn all_scopes_take_the_place_of_single_ones_and_the_other_way_round() {
    let server = TestServer::start().await;
    api(&server, AUDIENCE).await;
    let client = client(&server).await;
    let grant = made(&server, json!({ "client_id": client, "audience": AUDIENCE, "scope": ["a"] })).await;
    let (status, all) = patched(&server, &grant, json!({ "allow_all_scopes": true })).await;
    assert_eq!((status, all.get("scope"), &all["allow_all_scopes"]), (200, None, &json!(true)));
    let message =
        "This grant allows all scopes. To grant single ones, set allow_all_scopes to false with them.";
    let single = json!({ "scope": ["a"] });
    assert_eq!(patched(&server, &grant, single).await, bad("invalid_body", message));
    let both = json!({ "default_for": "third_party_clients", "audience": AUDIENCE, "scope": ["a"], "allow_all_scopes": true });
    assert_eq!(created(&server, &both).await.both(), bad("invalid_body", message));
    assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, all));
    let single = json!({ "scope": ["b"], "allow_all_scopes": false });
    let (status, after) = patched(&server, &grant, single).await;
    assert_eq!((status, &after["scope"], &after["allow_all_scopes"]), (200, &json!(["b"]), &json!(false)));
}

#[tokio::test]
async fn a_scope_stands_in_tokens_from_when_the_api_has_it_until_it_has_it_no_more() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let machine = json!({ "name": "m", "app_type": "non_interactive" });
        let client = server.api_send(Method::POST, "/clients", &machine).await.expect(201);
        let (id, secret) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
        let body = json!({ "client_id": id, "audience": AUDIENCE, "scope": ["a", "later"] });
        let grant = made(&server, body).await;
        assert_eq!(grant["scope"], json!(["a", "later"]));
        let granted = || async {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
                ("audience", AUDIENCE),
            ];
            let form: Vec<_> = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            server.token_request(&form).await.expect(200)["scope"].clone()
        };
        assert_eq!(granted().await, "a");
        for (scopes, expected) in [(["a", "later"], "a later"), (["a", "b"], "a")] {
            let scopes = json!({ "scopes": scopes.map(|scope| json!({ "value": scope })) });
            let path = format!("/resource-servers/{AUDIENCE}");
            server.api_send(Method::PATCH, &path, &scopes).await.expect(200);
            assert_eq!(granted().await, expected);
        }
    }
}

#[tokio::test]
async fn there_is_one_grant_for_each_application_api_and_subject_type() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let body = json!({ "client_id": client, "audience": AUDIENCE });
        let first = made(&server, body.clone()).await;
        assert_eq!(created(&server, &body).await.both(), taken());
        let same =
            json!({ "client_id": client, "audience": AUDIENCE, "subject_type": "client", "scope": ["a"] });
        assert_eq!(created(&server, &same).await.both(), taken());
        let user = json!({ "client_id": client, "audience": AUDIENCE, "subject_type": "user" });
        made(&server, user.clone()).await;
        assert_eq!(created(&server, &user).await.both(), taken());
        let default = json!({ "default_for": "third_party_clients", "audience": AUDIENCE });
        made(&server, default.clone()).await;
        assert_eq!(created(&server, &default).await.both(), taken());
        assert_eq!(listed(&server, "audience=urn:api&include_totals=true").await["total"], 3);
        assert_eq!(server.api_call(Method::DELETE, &path_of(&first)).await.status, 204);
        made(&server, body).await;
    }
}

#[tokio::test]
async fn of_many_who_make_one_grant_at_once_one_succeeds() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        api(&server, AUDIENCE).await;
        let body = json!({ "client_id": client(&server).await, "audience": AUDIENCE });
        let (a, b, c, d) = tokio::join!(
            created(&server, &body),
            created(&sibling, &body),
            created(&server, &body),
            created(&sibling, &body),
        );
        let mut statuses = [a, b, c, d].map(|answer| answer.status.as_u16());
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
    }
}

#[tokio::test]
async fn a_grant_needs_an_application_and_an_api_that_are_there() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api_id = api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let no_api = || {
            let code = Some("inexistent_resource_server");
            (404, error(404, "Not Found", code, "The resource server does not exist"))
        };
        for audience in ["urn:nothing", &api_id, "URN:API", &"x".repeat(5000)] {
            let body = json!({ "client_id": client, "audience": audience });
            assert_eq!(created(&server, &body).await.both(), no_api(), "{audience:.30}");
        }
        let no_client = error(404, "Not Found", Some("inexistent_client"), "The client does not exist");
        for id in ["nobody", "", &client.to_uppercase(), &"x".repeat(5000)] {
            let body = json!({ "client_id": id, "audience": AUDIENCE });
            assert_eq!(created(&server, &body).await.both(), (404, no_client.clone()), "{id:.30}");
        }
        let exactly = bad("invalid_body", "Give exactly one of client_id and default_for.");
        let both = json!({ "client_id": client, "default_for": "third_party_clients", "audience": AUDIENCE });
        assert_eq!(created(&server, &both).await.both(), exactly);
        assert_eq!(created(&server, &json!({ "audience": AUDIENCE })).await.both(), exactly);
        assert_eq!(listed(&server, "audience=urn:api").await, json!([]), "nothing was made");
    }
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    api(&server, AUDIENCE).await;
    let client = client(&server).await;
    let grant = made(&server, json!({ "client_id": client, "audience": AUDIENCE, "scope": ["a"] })).await;
    for (members, reason, property) in [
        (json!({ "colour": 1 }), "Additional properties not allowed: colour", ""),
        (json!({ "id": "cgr_0123456789abcdef" }), "Additional properties not allowed: id", ""),
        (json!({ "is_system": true }), "Additional properties not allowed: is_system", ""),
        (json!({ "scope": "a" }), "Expected type array but found type string", "scope"),
        (json!({ "scope": [1] }), "Expected type string but found type integer", "scope.0"),
        (json!({ "scope": ["a", ""] }), "String is too short (0 chars), minimum 1", "scope.1"),
        (json!({ "scope": ["s".repeat(281)] }), "String is too long (281 chars), maximum 280", "scope.0"),
        (json!({ "scope": ["a\u{0}"] }), "String contains the character NUL", "scope.0"),
        (
            json!({ "organization_usage": "maybe" }),
            "No enum match for: maybe, expected one of: deny, allow, require",
            "organization_usage",
        ),
        (
            json!({ "allow_any_organization": "true" }),
            "Expected type boolean but found type string",
            "allow_any_organization",
        ),
        (
            json!({ "allow_all_scopes": 1 }),
            "Expected type boolean but found type integer",
            "allow_all_scopes",
        ),
        (
            json!({ "authorization_details_types": ["t".repeat(256)] }),
            "String is too long (256 chars), maximum 255",
            "authorization_details_types.0",
        ),
    ] {
        let expected = misfit(reason, property);
        assert_eq!(patched(&server, &grant, members.clone()).await, expected, "{members}");
        let mut body = json!({ "default_for": "third_party_clients", "audience": AUDIENCE });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(created(&server, &body).await.both(), expected, "{members}");
    }
    for (body, reason, property) in [
        (json!({}), "Missing required property: audience", ""),
        (json!({ "client_id": client }), "Missing required property: audience", ""),
        (json!({ "audience": "" }), "String is too short (0 chars), minimum 1", "audience"),
        (json!({ "audience": 1 }), "Expected type string but found type integer", "audience"),
        (json!({ "audience": "a\u{0}" }), "String contains the character NUL", "audience"),
        (
            json!({ "audience": "a", "client_id": [] }),
            "Expected type string but found type array",
            "client_id",
        ),
        (
            json!({ "audience": "a", "client_id": "c".repeat(100_001) }),
            "String is too long (100001 chars), maximum 100000",
            "client_id",
        ),
        (
            json!({ "audience": "a", "default_for": "all" }),
            "No enum match for: all, expected one of: third_party_clients",
            "default_for",
        ),
        (
            json!({ "audience": "a", "subject_type": "robot" }),
            "No enum match for: robot, expected one of: client, user",
            "subject_type",
        ),
        (
            json!({ "audience": "a", "allow_any_organization": null }),
            "Expected type boolean but found type null",
            "allow_any_organization",
        ),
    ] {
        assert_eq!(created(&server, &body).await.both(), misfit(reason, property), "{body:.100}");
    }
    for (body, reason) in [
        (json!({}), "Too few properties defined (0), minimum 1"),
        (json!({ "audience": AUDIENCE }), "Additional properties not allowed: audience"),
        (json!({ "client_id": client }), "Additional properties not allowed: client_id"),
        (json!({ "subject_type": "user" }), "Additional properties not allowed: subject_type"),
        (json!({ "default_for": null }), "Additional properties not allowed: default_for"),
    ] {
        assert_eq!(patched(&server, &grant, body).await, misfit(reason, ""));
    }
    assert_eq!(listed(&server, "audience=urn:api").await, json!([grant]));
}

#[tokio::test]
async fn an_unknown_grant_is_404_and_deleting_it_is_done_already() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let grant = made(&server, json!({ "client_id": client(&server).await, "audience": AUDIENCE })).await;
        let gone = server.api_call(Method::DELETE, &path_of(&grant)).await;
        assert_eq!((gone.status.as_u16(), gone.text().as_str()), (204, ""));
        for id in [
            grant["id"].as_str().unwrap(),
            "cgr_0123456789abcdef",
            "x",
            "..%2F..%2Fetc%2Fpasswd",
            "'%20OR%201=1--",
            &"x".repeat(3000),
        ] {
            let path = format!("{PATH}/{id}");
            assert_eq!(server.api_get(&path).await.both(), unknown(), "{id}");
            let patch = json!({ "scope": [] });
            assert_eq!(server.api_send(Method::PATCH, &path, &patch).await.both(), unknown(), "{id}");
            assert_eq!(server.api_call(Method::DELETE, &path).await.status, 204, "{id}");
        }
        assert_eq!(listed(&server, "include_totals=true").await["total"], 1);
    }
}

#[tokio::test]
async fn what_can_be_no_id_is_refused() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for id in ["%00", "cgr_0123456789abcde%00", "%ff", "%c3%28", "%0a"] {
            let path = format!("{PATH}/{id}");
            assert_eq!(server.api_get(&path).await.both(), no_id(), "{id}");
            let patch = json!({ "scope": [] });
            assert_eq!(server.api_send(Method::PATCH, &path, &patch).await.both(), no_id(), "{id}");
            assert_eq!(server.api_call(Method::DELETE, &path).await.both(), no_id(), "{id}");
        }
    }
}

#[tokio::test]
async fn every_operation_needs_its_scope() {
    let server = TestServer::start().await;
    needs_scopes(
        &server,
        &[
            (Method::GET, "/client-grants", &["read:client_grants"]),
            (Method::POST, "/client-grants", &["create:client_grants"]),
            (Method::GET, "/client-grants/x", &["read:client_grants"]),
            (Method::PATCH, "/client-grants/x", &["update:client_grants"]),
            (Method::DELETE, "/client-grants/x", &["delete:client_grants"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_grant_of_the_platform_itself_stays_as_it_is() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        made(&server, json!({ "client_id": client(&server).await, "audience": AUDIENCE })).await;
        let mut tx = server.app.db.begin().await.unwrap();
        let sql = "UPDATE client_grants SET is_system = TRUE WHERE audience = 'urn:api'";
        assert_eq!(tx.execute(sql, &[]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let grant = listed(&server, "audience=urn:api").await[0].clone();
        assert_eq!(grant["is_system"], true);
        let message = "This grant belongs to the platform itself. It cannot be changed or deleted.";
        let refused = bad("operation_not_supported", message);
        assert_eq!(patched(&server, &grant, json!({ "scope": ["a"] })).await, refused);
        assert_eq!(server.api_call(Method::DELETE, &path_of(&grant)).await.both(), refused);
        assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, grant));
    }
}

#[tokio::test]
async fn a_grant_goes_with_its_application_and_with_its_api() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api_id = api(&server, "urn:a").await;
        api(&server, "urn:b").await;
        let (one, two) = (client(&server).await, client(&server).await);
        let grant = async |client: &str, audience: &str| {
            made(&server, json!({ "client_id": client, "audience": audience })).await
        };
        let (_, one_b, _, two_b) = (
            grant(&one, "urn:a").await,
            grant(&one, "urn:b").await,
            grant(&two, "urn:a").await,
            grant(&two, "urn:b").await,
        );
        made(&server, json!({ "default_for": "third_party_clients", "audience": "urn:a" })).await;
        assert_eq!(server.api_call(Method::DELETE, &format!("/resource-servers/{api_id}")).await.status, 204);
        assert_eq!(listed(&server, "audience=urn:a").await, json!([]));
        assert_eq!(listed(&server, &format!("client_id={one}")).await, json!([one_b]));
        assert_eq!(server.api_call(Method::DELETE, &format!("/clients/{one}")).await.status, 204);
        assert_eq!(server.api_get(&path_of(&one_b)).await.both(), unknown());
        assert_eq!(listed(&server, "audience=urn:b").await, json!([two_b]));
        // What is made anew under the old identifier has no grants of old.
        api(&server, "urn:a").await;
        assert_eq!(listed(&server, "audience=urn:a").await, json!([]));
    }
}

#[tokio::test]
async fn another_tenant_neither_sees_nor_touches_a_grant() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = other_tenant(&server).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let grant = made(&server, json!({ "client_id": client, "audience": AUDIENCE, "scope": ["a"] })).await;
        let path = path_of(&grant);
        assert_eq!(at_other(&server, &token, (Method::GET, &path), None).await.both(), unknown());
        let patch = json!({ "scope": [] });
        assert_eq!(at_other(&server, &token, (Method::PATCH, &path), Some(&patch)).await.both(), unknown());
        assert_eq!(at_other(&server, &token, (Method::DELETE, &path), None).await.status, 204);
        let by_client = format!("{PATH}?client_id={client}");
        assert_eq!(at_other(&server, &token, (Method::GET, &by_client), None).await.both(), (200, json!([])));
        // Neither our application nor our API is good for a grant of theirs.
        let body = json!({ "client_id": client, "audience": "https://other.example/api/v2/" });
        let foreign = at_other(&server, &token, (Method::POST, PATH), Some(&body)).await.expect(404);
        assert_eq!(foreign["errorCode"], "inexistent_client");
        let body = json!({ "default_for": "third_party_clients", "audience": AUDIENCE });
        let foreign = at_other(&server, &token, (Method::POST, PATH), Some(&body)).await.expect(404);
        assert_eq!(foreign["errorCode"], "inexistent_resource_server");
        assert_eq!(server.api_get(&path).await.both(), (200, grant));
    }
}

#[tokio::test]
async fn parallel_patches_lose_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        api(&server, AUDIENCE).await;
        let mut grant =
            made(&server, json!({ "client_id": client(&server).await, "audience": AUDIENCE })).await;
        let (a, b, c, d) = tokio::join!(
            patched(&server, &grant, json!({ "scope": ["a"] })),
            patched(&sibling, &grant, json!({ "organization_usage": "deny" })),
            patched(&server, &grant, json!({ "allow_any_organization": true })),
            patched(&sibling, &grant, json!({ "authorization_details_types": ["t"] })),
        );
        assert_eq!([a.0, b.0, c.0, d.0], [200; 4]);
        grant["scope"] = json!(["a"]);
        grant["organization_usage"] = json!("deny");
        grant["allow_any_organization"] = json!(true);
        grant["authorization_details_types"] = json!(["t"]);
        assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, grant));
    }
}

#[tokio::test]
async fn each_write_stands_in_the_log_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api_id = api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let before = writes(&server).await.len();
        let body = json!({ "client_id": client, "audience": AUDIENCE });
        let grant = made(&server, body.clone()).await;
        let path = path_of(&grant);
        patched(&server, &grant, json!({ "scope": ["a"] })).await;
        server.api_call(Method::DELETE, &path).await.expect(204);

        // None of these changes anything.
        server.api_call(Method::DELETE, &path).await.expect(204);
        assert_eq!(patched(&server, &grant, json!({ "scope": [] })).await, unknown());
        created(&server, &json!({ "client_id": "nobody", "audience": AUDIENCE })).await.expect(404);
        created(&server, &json!({ "client_id": server.client_id, "audience": MANAGEMENT })).await.expect(409);
        created(&server, &json!({ "client_id": client, "audience": AUDIENCE, "scope": [1] }))
            .await
            .expect(400);

        let entries = writes(&server).await.split_off(before);
        let expected = [
            ("Create a client grant", ("post", PATH, 201)),
            ("Update a client grant", ("patch", path.as_str(), 200)),
            ("Delete a client grant", ("delete", path.as_str(), 204)),
        ];
        assert_eq!(entries.len(), expected.len());
        for (entry, (description, request)) in entries.iter().zip(expected) {
            assert_eq!(*entry, entry_of(&server, entry, ("sapi", description), request));
        }

        // The grants that go with an API leave no entries of their own.
        made(&server, body).await;
        server.api_call(Method::DELETE, &format!("/resource-servers/{api_id}")).await.expect(204);
        assert_eq!(writes(&server).await.len(), before + 3 + 2);
    }
}

#[tokio::test]
async fn a_default_is_the_grant_of_applications_of_others_that_have_none() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api = json!({ "identifier": "urn:a", "scopes": [{ "value": "a" }, { "value": "b" }] });
        server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
        let machine = json!({ "name": "other", "is_first_party": false });
        let client = server.api_send(Method::POST, "/clients", &machine).await.expect(201);
        let (id, secret) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
        let granted = || async {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
                ("audience", "urn:a"),
            ];
            let form: Vec<_> = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let answer = server.token_request(&form).await;
            (answer.status.as_u16(), answer.json()["scope"].as_str().map(str::to_owned))
        };
        let change = |path: String, body: Value| {
            let server = &server;
            async move { server.api_send(Method::PATCH, &path, &body).await.expect(200) }
        };
        assert_eq!(granted().await, (403, None), "without any grant");
        let default = json!({ "default_for": "third_party_clients", "audience": "urn:a", "scope": ["a"] });
        let default = server.api_send(Method::POST, PATH, &default).await.expect(201);
        assert_eq!(granted().await, (200, Some("a".to_owned())), "by the default");
        let default = format!("{PATH}/{}", default["id"].as_str().unwrap());
        change(default.clone(), json!({ "scope": ["a", "b"] })).await;
        assert_eq!(granted().await, (200, Some("a b".to_owned())), "by the changed default");
        let own = json!({ "client_id": id, "audience": "urn:a", "scope": ["b"] });
        let own = server.api_send(Method::POST, PATH, &own).await.expect(201);
        assert_eq!(granted().await, (200, Some("b".to_owned())), "by its own");
        server.api_call(Method::DELETE, &format!("{PATH}/{}", own["id"].as_str().unwrap())).await.expect(204);
        assert_eq!(granted().await, (200, Some("a b".to_owned())), "by the default again");
        change(format!("/clients/{id}"), json!({ "is_first_party": true })).await;
        assert_eq!(granted().await, (403, None), "as an application of the owner");
        change(format!("/clients/{id}"), json!({ "is_first_party": false })).await;
        assert_eq!(granted().await, (200, Some("a b".to_owned())), "as one of somebody else");
        server.api_call(Method::DELETE, &default).await.expect(204);
        assert_eq!(granted().await, (403, None), "after the default is gone");
    }
}
