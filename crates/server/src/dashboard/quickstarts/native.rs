//! Applications on a device, without a secret: any library for OAuth 2.0 with PKCE, and devices without a browser.
//!
//! What a platform's library wants differs in names only, so the values are shown once, and then each request as
//! curl sends it: that is what to compare with when something does not work.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{App, Quickstart, Step};
use crate::dashboard::snippets::quote::shell;

const USUAL_CALLBACK: &str = "com.example.app:/callback";
const SCOPE: &str = "openid profile email offline_access";

pub(super) fn appauth(app: &App<'_>) -> Quickstart {
    let callback = app.callback.unwrap_or(USUAL_CALLBACK);
    let mut steps = Vec::new();
    if app.callback.is_none() {
        steps.push(Step::address(
            "Choose the address that leads back into your application (a scheme of its own, an https link that the \
             system gives to it, or http://127.0.0.1 with a port), and add it to the allowed callback URLs.",
            callback,
        ));
    }
    if app.alg == "HS256" {
        steps.push(Step::text(
            "Set the signing algorithm of this application to RS256. With HS256 the client secret is the key that \
             verifies ID tokens, and an application on somebody's device cannot keep one.",
        ));
    }
    steps.push(Step::excerpt(
        "Give these values to the library, for example AppAuth. It reads the endpoints from the discovery document; \
         a library that does not is told them. There is no client secret: PKCE takes its place.",
        format!("{:#}\n", settings(app, callback)),
    ));
    steps.push(Step::command(
        "To see what the library does, make a verifier and its challenge, and open the address that is printed.",
        authorize(app, callback),
    ));
    let code = [
        ("grant_type", "authorization_code"),
        ("client_id", app.client_id),
        ("redirect_uri", callback),
        ("code", "THE_CODE"),
    ];
    steps.push(Step::command(
        "After signing in, the browser goes to the callback with a code. Exchange it, in the same terminal, within \
         its short life. Compare state before.",
        token(app, &code) + " \\\n  --data-urlencode \"code_verifier=$verifier\"\n",
    ));
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", app.client_id),
        ("refresh_token", "THE_REFRESH_TOKEN"),
    ];
    steps.push(Step::command(
        "Later, get new tokens with the refresh token. It comes with the scope offline_access if the application \
         may use refresh tokens.",
        token(app, &refresh) + "\n",
    ));
    Quickstart {
        title: "Native application with AppAuth or a library like it",
        language: "Any",
        id: "native",
        steps,
    }
}

fn settings(app: &App<'_>, callback: &str) -> serde_json::Value {
    let mut settings = json!({
        "issuer": app.issuer,
        "discovery_uri": app.endpoint(".well-known/openid-configuration"),
        "authorization_endpoint": app.endpoint("authorize"),
        "token_endpoint": app.endpoint("oauth/token"),
        "userinfo_endpoint": app.endpoint("userinfo"),
        "end_session_endpoint": app.endpoint("oidc/logout"),
        "client_id": app.client_id,
        "redirect_uri": callback,
        "scope": SCOPE,
        "code_challenge_method": "S256",
    });
    if let Some(audience) = app.audience {
        settings["audience"] = audience.into();
    }
    settings
}

fn authorize(app: &App<'_>, callback: &str) -> String {
    let encoded = |value| utf8_percent_encode(value, NON_ALPHANUMERIC);
    let audience =
        app.audience.map(|audience| format!("&audience={}", encoded(audience))).unwrap_or_default();
    let address = format!(
        "{}?response_type=code&client_id={}&redirect_uri={}&scope={}{audience}&code_challenge_method=S256",
        app.endpoint("authorize"),
        encoded(app.client_id),
        encoded(callback),
        encoded(SCOPE),
    );
    format!(
        "url_safe() {{ openssl base64 -A | tr '+/' '-_' | tr -d '='; }}
verifier=$(openssl rand 32 | url_safe)
challenge=$(printf %s \"$verifier\" | openssl dgst -sha256 -binary | url_safe)
state=$(openssl rand 16 | url_safe)
echo {}\"&code_challenge=$challenge&state=$state\"
",
        shell(&address)
    )
}

pub(super) fn device(app: &App<'_>) -> Quickstart {
    let mut ask = vec![("client_id", app.client_id), ("scope", SCOPE)];
    ask.extend(app.audience.map(|audience| ("audience", audience)));
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", app.client_id),
        ("device_code", "THE_DEVICE_CODE"),
    ];
    let steps = vec![
        Step::text("Allow this application the grant type Device Code."),
        Step::command(
            "The device asks for a code.",
            request(&app.endpoint("oauth/device/code"), &ask) + "\n",
        ),
        Step::text(
            "It shows user_code and verification_uri of the answer, or verification_uri_complete as a QR code. \
             The person opens the address on a phone or a computer, signs in and confirms the code.",
        ),
        Step::command(
            "Meanwhile the device asks for tokens, not more often than the answer's interval says (in seconds). \
             It asks again after authorization_pending, more slowly after slow_down, and stops after expired_token \
             and access_denied.",
            token(app, &poll) + "\n",
        ),
    ];
    Quickstart { title: "Device without a browser", language: "cURL", id: "native-device", steps }
}

fn token(app: &App<'_>, parameters: &[(&str, &str)]) -> String {
    request(&app.endpoint("oauth/token"), parameters)
}

fn request(url: &str, parameters: &[(&str, &str)]) -> String {
    let mut parts = vec![format!("curl --url {}", shell(url))];
    let data =
        |(name, value): &(&str, &str)| format!("--data-urlencode {}", shell(&format!("{name}={value}")));
    parts.extend(parameters.iter().map(data));
    parts.join(" \\\n  ")
}
