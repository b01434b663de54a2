//! What templates may do, and where they are stopped.

use serde_json::{Value, json};

use super::{check, render};

async fn filled(template: &str, variables: Value) -> String {
    let Value::Object(variables) = variables else { panic!("no object") };
    render(template.to_owned(), variables).await.unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn variables_conditions_loops_and_filters_are_filled_in() {
    let variables = json!({ "user": { "name": "<Ann>", "tags": ["a", "b"] } });
    let template = "{% if user.name %}{{ user.name | escape }}{% endif %}:{% for tag in user.tags %}{{ tag | upcase }}{% endfor %}";
    assert_eq!(filled(template, variables).await, "&lt;Ann&gt;:AB");
}

#[tokio::test]
async fn what_is_not_known_is_empty() {
    let template = "[{{ nobody.name }}{{ user.nothing | default: \"x\" }}{% if a.b %}no{% endif %}]";
    assert_eq!(filled(template, json!({ "user": {} })).await, "[x]");
}

#[tokio::test]
async fn a_template_that_makes_much_out_of_little_is_stopped() {
    let doubled =
        format!("{{% assign a = \"{}\" %}}{}", "x".repeat(100), "{% assign a = a | append: a %}".repeat(40));
    let list = "{% assign l = \"a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a\" | split: \",\" %}";
    let nested = |body: &str| {
        let open = "{% for i in l %}".repeat(6);
        format!("{list}{open}{body}{}", "{% endfor %}".repeat(6))
    };
    for template in [doubled, nested(""), nested("{{ nothing }}"), nested("{{ \"\" }}"), nested("xxxxxxxx")] {
        assert!(render(template, serde_json::Map::new()).await.is_err());
    }
}

#[test]
fn what_could_make_much_is_no_template() {
    for template in [
        "{% for i in (1..1000000000) %}{% endfor %}",
        "{%- for i in (1 .. n) -%}{% endfor %}",
        "{% assign q = \"%}\" %}{% for i in (1..9) %}{% endfor %}",
        "{% capture a %}x{% endcapture %}",
        "{{ a | replace: \"x\", a }}",
        "{{ a | concat: a }}",
        "{% include \"x\" %}",
        "{% if %}",
        "{{ a",
    ] {
        assert!(check(template).is_err(), "{template}");
    }
    assert!(check(&"x".repeat(100_001)).is_err());
    for template in ["Wait... {{ a | default: \"..\" }}", "", "{% if a %}..{% endif %}"] {
        assert!(check(template).is_ok(), "{template}");
    }
}
