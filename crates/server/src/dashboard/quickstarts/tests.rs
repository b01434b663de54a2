//! What quickstarts promise: no secret, no value that becomes code, what is already allowed is not asked for.
//! `tests/snippets/run` starts the programs themselves.

use super::{App, Quickstart, for_app};
use crate::dashboard::snippets::quote;

const APP: App<'_> = App {
    app_type: "regular_web",
    client_id: "c1",
    client_secret_known: true,
    domain: "meadow.example",
    issuer: "https://meadow.example/",
    callback: Some("http://localhost:4000/back"),
    logout_urls: &[],
    web_origins: &[],
    audience: None,
    alg: "RS256",
};
const TYPES: [&str; 4] = ["regular_web", "spa", "native", "non_interactive"];

fn everything(quickstarts: &[Quickstart]) -> String {
    let steps = quickstarts.iter().flat_map(|one| &one.steps);
    let both = |step: &super::Step| [&*step.text, step.code.as_deref().unwrap_or_default()].join("\n");
    steps.map(both).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_an_application_already_allows_is_not_asked_for() {
    let spa = App { app_type: "spa", callback: Some("http://localhost:4000"), ..APP };
    let asked = everything(&for_app(&spa));
    assert!(asked.contains("allowed logout URLs") && asked.contains("allowed web origins"), "{asked}");
    let own = ["http://localhost:4000"];
    let text = everything(&for_app(&App { logout_urls: &own, web_origins: &own, ..spa }));
    assert!(!text.contains("allowed logout URLs") && !text.contains("allowed web origins"), "{text}");
}

#[test]
fn every_kind_of_application_has_quickstarts_with_steps_and_ids_of_their_own() {
    for (app_type, expected) in TYPES.into_iter().zip([
        ["web-node", "web-python"].as_slice(),
        &["spa-javascript", "spa-react"],
        &["native", "native-device"],
        &["machine-curl", "machine-node", "machine-python"],
    ]) {
        let found = for_app(&App { app_type, ..APP });
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), expected);
        for step in found.iter().flat_map(|one| &one.steps) {
            assert!(step.text.ends_with('.') && !step.text.contains("  "), "{}", step.text);
            assert_eq!(step.code.is_some(), !step.copy_label.is_empty(), "{}", step.text);
            assert!(step.file.is_none() || step.code.is_some());
            assert!(step.code.as_ref().is_none_or(|code| code.ends_with('\n')), "{:?}", step.code);
        }
    }
    assert_eq!(for_app(&App { app_type: "", ..APP }), for_app(&APP));
}

#[test]
fn a_callback_on_this_machine_is_used_and_any_other_is_not() {
    let text = everything(&for_app(&APP));
    assert!(
        text.contains("callback: '/back'") && text.contains("app.listen(4000") && text.contains("\"/back\"")
    );
    assert!(!text.contains("allowed callback URLs"));
    for callback in [
        None,
        Some("https://shop.example/callback"),
        Some("http://localhost:4000"),
        Some("http://localhost:4000/"),
        Some("http://localhost:4000/a?b=c"),
        Some("http://localhost:x/a"),
        Some("http://localhost/callback"),
        Some("myapp://callback"),
    ] {
        let text = everything(&for_app(&App { callback, ..APP }));
        assert!(text.contains("allowed callback URLs"), "{callback:?}");
        assert!(text.contains("http://localhost:3000/callback\n"), "{callback:?}");
        assert!(text.contains("app.listen(3000") && text.contains("app.run(\"localhost\", 3000)"));
    }
}

#[test]
fn a_page_is_called_back_at_its_own_address() {
    let spa = App { app_type: "spa", ..APP };
    let text = everything(&for_app(&App { callback: Some("http://localhost:5173"), ..spa }));
    assert!(text.contains("redirect_uri: 'http://localhost:5173',") && text.contains("vite --port 5173"));
    assert!(!text.contains("allowed callback URLs"));
    // With a slash it is another callback, and the library would not send it.
    let text = everything(&for_app(&App { callback: Some("http://localhost:5173/"), ..spa }));
    assert!(text.contains("allowed callback URLs"));
    let text = everything(&for_app(&App { callback: None, ..spa }));
    assert!(
        text.contains("redirect_uri: 'http://localhost:3000',") && text.contains("allowed callback URLs")
    );
}

#[test]
fn pages_name_the_scheme_only_where_it_is_not_the_usual_one() {
    let spa = App { app_type: "spa", ..APP };
    assert!(everything(&for_app(&spa)).contains("domain: 'meadow.example',"));
    let plain = App { domain: "localhost:3000", issuer: "http://localhost:3000/", ..spa };
    assert!(everything(&for_app(&plain)).contains("domain: 'http://localhost:3000',"));
}

#[test]
fn the_secret_is_a_placeholder_where_there_is_one() {
    for (app_type, has_secret) in TYPES.into_iter().zip([true, false, false, true]) {
        let text = everything(&for_app(&App { app_type, ..APP }));
        assert_eq!(text.contains("YOUR_CLIENT_SECRET"), has_secret, "{app_type}");
        assert_eq!(text.contains("CLIENT_SECRET"), has_secret, "{app_type}");
        let unknown = everything(&for_app(&App { app_type, client_secret_known: false, ..APP }));
        assert_eq!(unknown.contains("rotate it"), has_secret, "{app_type}");
    }
}

#[test]
fn hs256_is_explained_or_advised_against() {
    for (app_type, words) in TYPES.into_iter().zip([
        "the client secret is the key that verifies them",
        "Set the signing algorithm of this application to RS256 first",
        "Set the signing algorithm of this application to RS256.",
        "ID tokens, whose key is the client secret",
    ]) {
        let found = for_app(&App { app_type, alg: "HS256", ..APP });
        assert!(everything(&found).contains(words), "{app_type}");
        assert!(!everything(&for_app(&App { app_type, ..APP })).contains(words), "{app_type}");
    }
    let web = everything(&for_app(&App { alg: "HS256", ..APP }));
    assert!(web.contains("idTokenSigningAlg: 'HS256'") && web.contains("\"kty\": \"oct\""));
    assert!(everything(&for_app(&App { alg: "PS256", ..APP })).contains("idTokenSigningAlg: 'PS256'"));
}

#[test]
fn the_audience_goes_where_tokens_are_asked_for() {
    for app_type in TYPES {
        let audience = Some("https://things.example/it's");
        let text = everything(&for_app(&App { app_type, audience, ..APP }));
        assert!(text.contains("https://things.example/it"), "{app_type}");
        assert!(!text.contains("YOUR_API_IDENTIFIER"), "{app_type}");
    }
}

#[test]
fn values_are_quoted() {
    let client_id = "c'\"$(id)`\\";
    for (app_type, literals) in TYPES.into_iter().zip([
        [quote::javascript(client_id), quote::python(client_id)],
        [quote::javascript(client_id), format!("clientId={{{}}}", quote::javascript(client_id))],
        [quote::shell(&format!("client_id={client_id}")), "client_id=c%27%22%24%28id%29%60%5C&".to_owned()],
        [quote::javascript(client_id), quote::python(client_id)],
    ]) {
        let text = everything(&for_app(&App { app_type, client_id, ..APP }));
        for literal in literals {
            assert!(text.contains(&literal), "{app_type}: {literal}");
        }
    }
}
