//! What strangers may register, and what not.

use serde_json::{Value, json};

use super::{Error, Registration};

fn read(sent: &Value) -> Result<Registration, Error> {
    Registration::read(sent.as_object().unwrap())
}

#[test]
fn what_is_not_said_is_what_a_third_party_gets() {
    let read = read(&json!({ "redirect_uris": ["https://a.example/cb"], "software_id": "x" })).unwrap();
    let expected = Registration {
        client_name: "Unnamed application".to_owned(),
        redirect_uris: vec!["https://a.example/cb".to_owned()],
        grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
        token_endpoint_auth_method: "client_secret_post".to_owned(),
        logo_uri: None,
    };
    assert_eq!(read, expected);
    assert!(read.is_confidential());
}

#[test]
fn a_redirect_uri_that_anybody_could_listen_at_is_refused() {
    for uri in [
        "http://a.example/cb",
        "https://*.a.example/cb",
        "https://a.example/cb#part",
        "https://u:p@a.example/",
        "javascript:alert(1)",
        "myapp:/cb",
        "/cb",
        "",
    ] {
        let refused = read(&json!({ "redirect_uris": ["https://a.example/cb", uri] }));
        assert_eq!(refused.unwrap_err().code(), "invalid_redirect_uri", "{uri}");
    }
    for list in [json!([]), json!(vec!["https://a.example/"; 21])] {
        assert_eq!(read(&json!({ "redirect_uris": list })).unwrap_err().code(), "invalid_redirect_uri");
    }
    for uri in ["http://localhost:3000/cb", "http://127.0.0.1/cb", "com.example.app:/cb"] {
        read(&json!({ "redirect_uris": [uri] })).unwrap();
    }
}

#[test]
fn what_no_third_party_may_have_is_refused() {
    for (name, value) in [
        ("grant_types", json!(["implicit"])),
        ("grant_types", json!(["password"])),
        ("grant_types", json!("authorization_code")),
        ("response_types", json!(["token"])),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("client_name", json!("<b>Bank</b>")),
        ("client_name", json!("x".repeat(151))),
        ("client_name", json!(7)),
        ("logo_uri", json!("http://a.example/logo.png")),
    ] {
        let mut sent = json!({ "redirect_uris": ["https://a.example/cb"] });
        sent[name] = value;
        assert_eq!(read(&sent).unwrap_err().code(), "invalid_client_metadata", "{sent}");
    }
    let open = json!({
        "redirect_uris": ["https://a.example/cb"],
        "token_endpoint_auth_method": "none",
        "grant_types": ["client_credentials"],
    });
    assert_eq!(read(&open).unwrap_err().code(), "invalid_client_metadata");
}
