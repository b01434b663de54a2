//! What browsers are asked for.

use serde_json::json;

use super::RP;
use crate::{User, creation_options, request_options};

#[test]
fn a_new_passkey_is_asked_for_with_every_choice_of_the_house() {
    let user = User { id: b"handle", name: "ada@tenant.example", display_name: "Ada" };
    let exclude = [b"one".to_vec(), vec![0xfb, 0xff]];
    assert_eq!(
        creation_options(&RP, &user, b"challenge", &exclude),
        json!({
            "rp": {"id": "tenant.example", "name": "Tenant"},
            "user": {"id": "aGFuZGxl", "name": "ada@tenant.example", "displayName": "Ada"},
            "challenge": "Y2hhbGxlbmdl",
            "pubKeyCredParams": [
                {"type": "public-key", "alg": -7},
                {"type": "public-key", "alg": -8},
                {"type": "public-key", "alg": -257},
            ],
            "timeout": 300_000,
            "excludeCredentials": [
                {"type": "public-key", "id": "b25l"},
                {"type": "public-key", "id": "-_8"},
            ],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
        })
    );
}

#[test]
fn a_sign_in_is_asked_for_with_user_verification() {
    assert_eq!(
        request_options(&RP, b"challenge", &[]),
        json!({
            "challenge": "Y2hhbGxlbmdl",
            "timeout": 300_000,
            "rpId": "tenant.example",
            "allowCredentials": [],
            "userVerification": "required",
        })
    );
    let allowed = request_options(&RP, b"challenge", &[b"one".to_vec()]);
    assert_eq!(allowed["allowCredentials"], json!([{"type": "public-key", "id": "b25l"}]));
}
