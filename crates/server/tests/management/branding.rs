//! `/api/v2/branding`, its themes and its template.

use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, bad, misfit, needs_scopes, other_tenant};
use super::logs::{entry_of, writes};
use crate::kit::{Answer, TestServer, engines, error};

const PATH: &str = "/branding";
const THEMES: &str = "/branding/themes";
const TEMPLATE: &str = "/branding/templates/universal-login";
const HTML: &str =
    "<!doctype html><html><head>{%- auth0:head -%}</head><body>{% auth0:widget %}ü</body></html>";

async fn patched(server: &TestServer, body: Value) -> (u16, Value) {
    server.api_send(Method::PATCH, PATH, &body).await.both()
}

/// Insists that a change is answered with these settings, and that they are what is read from then on.
async fn becomes(server: &TestServer, body: Value, expected: Value) {
    assert_eq!(patched(server, body).await, (200, expected.clone()));
    assert_eq!(server.api_get(PATH).await.both(), (200, expected));
}

fn everything() -> Value {
    json!({
        "colors": { "primary": "#0a7d4f", "page_background": "#F2F2F2" },
        "favicon_url": "https://a.example/i.ico",
        "logo_url": "https://a.example/l.png",
        "font": { "url": "https://a.example/f.woff2" },
    })
}

#[tokio::test]
async fn settings_are_merged_and_cleared_by_null() {
    for on in engines() {
        let server = TestServer::on(on).await;
        assert_eq!(server.api_get(PATH).await.both(), (200, json!({})));
        becomes(&server, everything(), everything()).await;
        let mut expected = everything();
        expected["colors"]["primary"] = json!("#000");
        becomes(&server, json!({ "colors": { "primary": "#000" } }), expected.clone()).await;
        let gradient = json!({ "type": "linear-gradient", "start": "#fff", "end": "#000", "angle_deg": 35 });
        expected["colors"]["page_background"] = gradient.clone();
        becomes(&server, json!({ "colors": { "page_background": gradient } }), expected.clone()).await;
        expected.as_object_mut().unwrap().remove("font");
        becomes(&server, json!({ "font": null }), expected.clone()).await;
        expected["colors"].as_object_mut().unwrap().remove("primary");
        becomes(&server, json!({ "colors": { "primary": null } }), expected).await;
        let nothing = json!({ "colors": null, "favicon_url": null, "logo_url": null });
        becomes(&server, nothing, json!({})).await;
    }
}

#[tokio::test]
async fn a_change_is_of_one_tenant_and_in_its_log() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = other_tenant(&server).await;
        becomes(&server, everything(), everything()).await;
        assert_eq!(at_other(&server, &token, (Method::GET, PATH), None).await.both(), (200, json!({})));
        let entry = writes(&server).await.pop().unwrap();
        let what = ("sapi", "Update the branding settings");
        assert_eq!(entry, entry_of(&server, &entry, what, ("patch", PATH, 200)));
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        becomes(&server, everything(), everything()).await;
        let color = |text: &str| format!("Object didn't pass validation for format html-color: {text}");
        let https = |text: &str| format!("Object didn't pass validation for format strict-https-uri: {text}");
        for (body, reason, property) in [
            (json!({ "colour": 1 }), "Additional properties not allowed: colour".to_owned(), ""),
            (json!({ "colors": { "primary": "red" } }), color("red"), "colors.primary"),
            (json!({ "colors": { "primary": "#fff;}" } }), color("#fff;}"), "colors.primary"),
            (json!({ "logo_url": "http://a.example" }), https("http://a.example"), "logo_url"),
            (json!({ "logo_url": "javascript:alert(1)" }), https("javascript:alert(1)"), "logo_url"),
            (json!({ "font": { "url": "https://a b/" } }), https("https://a b/"), "font.url"),
        ] {
            assert_eq!(patched(&server, body).await, misfit(&reason, property));
        }
        for body in [json!({}), json!({ "colors": {} }), json!({ "font": {} }), json!({ "favicon_url": 1 })] {
            assert_eq!(patched(&server, body.clone()).await.0, 400, "{body}");
        }
        assert_eq!(server.api_get(PATH).await.both(), (200, everything()));
    }
}

pub(crate) fn theme() -> Value {
    let names = [
        "body_text",
        "error",
        "header",
        "icons",
        "input_background",
        "input_border",
        "input_filled_text",
        "input_labels_placeholders",
        "links_focused_components",
        "primary_button",
        "primary_button_label",
        "secondary_button_border",
        "secondary_button_label",
        "success",
        "widget_background",
        "widget_border",
    ];
    let colors: Value = names.iter().map(|name| ((*name).to_owned(), json!("#123456"))).collect();
    let font = json!({ "bold": false, "size": 87.5 });
    json!({
        "borders": {
            "button_border_radius": 3, "button_border_weight": 1, "buttons_style": "rounded",
            "input_border_radius": 3, "input_border_weight": 1, "inputs_style": "pill",
            "show_widget_shadow": true, "widget_border_weight": 0, "widget_corner_radius": 5,
        },
        "colors": colors,
        "displayName": "Mine",
        "fonts": {
            "body_text": font, "buttons_text": font, "font_url": "", "input_labels": font, "links": font,
            "links_style": "normal", "reference_text_size": 16, "subtitle": font,
            "title": { "bold": true, "size": 150 },
        },
        "page_background": { "background_color": "#000000", "background_image_url": "", "page_layout": "center" },
        "widget": {
            "header_text_alignment": "center", "logo_height": 52, "logo_position": "center", "logo_url": "",
            "social_buttons_layout": "bottom",
        },
    })
}

fn no_theme() -> (u16, Value) {
    let message = "There was an error retrieving branding settings: invalid theme ID";
    (404, error(404, "Not Found", Some("theme_not_found"), message))
}

#[tokio::test]
async fn a_theme_is_made_found_replaced_and_deleted() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let default = format!("{THEMES}/default");
        assert_eq!(server.api_get(&default).await.both(), no_theme());
        let mut made = server.api_send(Method::POST, THEMES, &theme()).await.expect(200);
        let id = made["themeId"].as_str().unwrap().to_owned();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        let path = format!("{THEMES}/{id}");
        for path in [&default, &path] {
            assert_eq!(server.api_get(path).await.both(), (200, made.clone()));
        }
        let second = server.api_send(Method::POST, THEMES, &theme()).await.both();
        let message = "There was an error updating branding settings: The theme already exists";
        assert_eq!(second, (409, error(409, "Conflict", None, message)));

        let mut changed = theme();
        changed["colors"]["header"] = json!("#ff0000");
        changed.as_object_mut().unwrap().remove("displayName");
        made["colors"]["header"] = json!("#ff0000");
        made["displayName"] = json!("Unnamed Theme");
        assert_eq!(server.api_send(Method::PATCH, &path, &changed).await.both(), (200, made.clone()));
        let token = other_tenant(&server).await;
        assert_eq!(at_other(&server, &token, (Method::GET, &path), None).await.both(), no_theme());
        assert_eq!(at_other(&server, &token, (Method::DELETE, &path), None).await.both(), no_theme());
        let unknown = format!("{THEMES}/x");
        assert_eq!(server.api_send(Method::PATCH, &unknown, &theme()).await.both(), no_theme());
        assert_eq!(server.api_get(&default).await.both(), (200, made));

        assert_eq!(server.api_call(Method::DELETE, &path).await.status.as_u16(), 204);
        assert_eq!(server.api_call(Method::DELETE, &path).await.both(), no_theme());
        assert_eq!(server.api_get(&default).await.both(), no_theme());
    }
}

#[tokio::test]
async fn a_theme_that_is_not_whole_is_refused() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for (path, value) in [
            ("/colors/header", json!("red")),
            ("/borders/buttons_style", json!("round")),
            ("/borders/widget_corner_radius", json!(51)),
            ("/fonts/reference_text_size", json!(11)),
            ("/widget/logo_url", json!("http://a.example")),
            ("/widget", json!({})),
            ("/displayName", json!("<b>")),
        ] {
            let mut body = theme();
            *body.pointer_mut(path).unwrap() = value;
            assert_eq!(server.api_send(Method::POST, THEMES, &body).await.status.as_u16(), 400, "{path}");
        }
        let mut body = theme();
        body.as_object_mut().unwrap().remove("fonts");
        let refused = server.api_send(Method::POST, THEMES, &body).await.both();
        assert_eq!(refused, misfit("Missing required property: fonts", ""));
        assert_eq!(server.api_get(&format!("{THEMES}/default")).await.both(), no_theme());
    }
}

async fn put(server: &TestServer, content_type: &str, body: String) -> Answer {
    let call = server.api(Method::PUT, TEMPLATE).await;
    server.send(call.raw(content_type, body).build()).await
}

fn no_template() -> (u16, Value) {
    let code = Some("inexistent_templates_universal_login");
    (404, error(404, "Not Found", code, "Template does not exist."))
}

#[tokio::test]
async fn a_template_is_html_or_json_and_comes_back_as_it_was() {
    for on in engines() {
        let server = TestServer::on(on).await;
        assert_eq!(server.api_get(TEMPLATE).await.both(), no_template());
        for (content_type, body, status) in [
            ("text/html; charset=utf-8", HTML.to_owned(), 201),
            ("application/json", json!({ "template": HTML }).to_string(), 204),
            ("application/json", json!(HTML).to_string(), 204),
        ] {
            let answer = put(&server, content_type, body).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (status, String::new()));
            assert_eq!(server.api_get(TEMPLATE).await.both(), (200, json!({ "body": HTML })));
        }
        let token = other_tenant(&server).await;
        assert_eq!(at_other(&server, &token, (Method::GET, TEMPLATE), None).await.both(), no_template());
        for _ in 0..2 {
            assert_eq!(server.api_call(Method::DELETE, TEMPLATE).await.status.as_u16(), 204);
            assert_eq!(server.api_get(TEMPLATE).await.both(), no_template());
        }
    }
}

#[tokio::test]
async fn a_template_without_its_tags_is_refused_and_changes_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        assert_eq!(put(&server, "text/html", HTML.to_owned()).await.status.as_u16(), 201);
        let tag = |tag| bad("invalid_body", &format!("The template must contain the tag {{%- {tag} -%}}."));
        for (body, refused) in [
            ("<html>".to_owned(), tag("auth0:head")),
            ("{% auth0:head %} auth0:widget".to_owned(), tag("auth0:widget")),
            (format!("{HTML}\0"), bad("invalid_body", "The template contains the character NUL.")),
            (
                HTML.to_owned() + &"x".repeat(102_400),
                bad("invalid_body", "Payload content length greater than maximum allowed: 102400."),
            ),
        ] {
            assert_eq!(put(&server, "text/html", body.clone()).await.both(), refused, "{body:.80}");
            let json = json!({ "template": body }).to_string();
            assert_eq!(put(&server, "application/json", json).await.status.as_u16(), 400, "{body:.80}");
        }
        for body in ["1", "{}", "{\"template\":1}", "{\"template\":\"\",\"x\":1}", "{"] {
            assert_eq!(
                put(&server, "application/json", body.to_owned()).await.status.as_u16(),
                400,
                "{body}"
            );
        }
        assert_eq!(put(&server, "text/plain", HTML.to_owned()).await.status.as_u16(), 415);
        assert_eq!(server.api_get(TEMPLATE).await.both(), (200, json!({ "body": HTML })));
    }
}

#[tokio::test]
async fn every_operation_needs_its_scope() {
    let server = TestServer::start().await;
    let theme = format!("{THEMES}/x");
    let default = format!("{THEMES}/default");
    let (read, update, delete) = (&["read:branding"][..], &["update:branding"][..], &["delete:branding"][..]);
    needs_scopes(
        &server,
        &[
            (Method::GET, PATH, read),
            (Method::PATCH, PATH, update),
            (Method::POST, THEMES, update),
            (Method::GET, &default, read),
            (Method::GET, &theme, read),
            (Method::PATCH, &theme, update),
            (Method::DELETE, &theme, delete),
            (Method::GET, TEMPLATE, read),
            (Method::PUT, TEMPLATE, update),
            (Method::DELETE, TEMPLATE, delete),
        ],
    )
    .await;
}
