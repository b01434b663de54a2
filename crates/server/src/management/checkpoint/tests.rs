//! Places that we wrote, and forged ones.

use chancery_jose::base64url;

use super::Checkpoint;

#[test]
fn a_place_reads_back_from_its_text() {
    for created_at in [0, -1, 1_790_000_000_000, i64::MAX] {
        for id in ["cgr_0123456789abcdef", "aBc-123", "auth0|a:b'ü"] {
            let place = Checkpoint { created_at, id: id.to_owned() };
            assert_eq!(Checkpoint::parse("things", &place.to_text("things")).unwrap(), place);
        }
    }
}

#[test]
fn a_forged_place_is_refused() {
    for plain in [
        "",
        "things",
        "things:5",
        "things:5:",
        "others:5:cgr_0123456789abcdef",
        "things:05:cgr_0123456789abcdef",
        "things:+5:cgr_0123456789abcdef",
        "things:5:cgr_0123456789abcde'",
        "things:5:cgr_0123456789abcdef:",
        "things:5:auth0|0123456789abcde\0",
        "things:5:auth0|0123456789abcde\n",
        "things:99999999999999999999:cgr_0123456789abcdef",
    ] {
        assert!(Checkpoint::parse("things", &base64url::encode(plain.as_bytes())).is_err(), "{plain}");
    }
    for text in [
        "",
        "not base64url!",
        &base64url::encode(&[0xff; 10]),
        &base64url::encode(format!("things:5:a|{}", "a".repeat(1100)).as_bytes()),
        &"A".repeat(5000),
    ] {
        assert!(Checkpoint::parse("things", text).is_err(), "{text}");
    }
}
