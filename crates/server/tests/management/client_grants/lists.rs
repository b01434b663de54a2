//! Listing grants, by number and from checkpoint to checkpoint.

use std::collections::BTreeSet;

use chancery_jose::base64url;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PATH, api, client, listed, made, path_of};
use crate::kit::{MANAGEMENT, TestServer, engines};
use crate::management::common::{at_other, bad, other_tenant};

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
