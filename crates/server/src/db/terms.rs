//! Terms: what an index of texts holds of a document, so that whom a search means is found without reading everybody.
//!
//! Pure. A term is the name of a member and a value: `app_metadata."org"."id"=x-1`, and `app_metadata."seats"#` with the
//! bits of a number, so that terms sort as the numbers do. PostgreSQL has the same by migration 19. What a member's
//! value is, is decided by the conditions of [`super::search`]: a term only has to be there wherever such a condition
//! could hold, and terms that are cut off, or of two values at once, do no harm.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fold;

/// The characters of a term at most: databases index no text of any length. What is longer is cut off.
pub const LENGTH: usize = 200;

/// Whole numbers below this are told as texts without a loss, whatever read them.
const WHOLE: f64 = 1e15;

/// A member of a document, as the terms of its values begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member(String);

impl Member {
    /// The document itself. Its name is one of the program.
    pub fn root(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The member of this name. Quoted, so that no name can be taken for two or for the start of a value.
    pub fn named(&self, name: &str) -> Self {
        Self(format!("{}.{}", self.0, Value::from(name)))
    }

    /// The term of a text, which is folded already where case does not count.
    pub fn text(&self, text: &str) -> String {
        cut(&format!("{}={text}", self.0))
    }

    /// The term of a number. Terms of greater numbers are greater.
    pub fn number(&self, number: f64) -> String {
        // There are two zeros, and they are equal.
        let bits = if number == 0.0 { 0 } else { number.to_bits() };
        let ordered = if number < 0.0 { format!("0{:016x}", !bits) } else { format!("1{bits:016x}") };
        cut(&format!("{}#{ordered}", self.0))
    }

    /// What the terms of all texts begin with.
    pub fn texts(&self) -> String {
        cut(&format!("{}=", self.0))
    }

    /// What the terms of all numbers begin with.
    pub fn numbers(&self) -> String {
        cut(&format!("{}#", self.0))
    }
}

/// Whether a text is how every number that is equal to it has a term as a text.
pub fn is_whole_number(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| {
        // In this range the conversion is exact.
        text.len() <= 15 && number.to_string() == text
    })
}

/// `search_terms`: those of all values of a document, without regard to case and through arrays.
pub(super) fn of_document(root: &str, document: &Value) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    let mut left = vec![(Member::root(root), document)];
    while let Some((member, value)) = left.pop() {
        match value {
            Value::Object(members) => {
                left.extend(members.iter().map(|(name, value)| (member.named(name), value)));
            }
            Value::Array(elements) => left.extend(elements.iter().map(|value| (member.clone(), value))),
            Value::Null => {}
            Value::String(text) => {
                terms.insert(member.text(&fold(text)));
            }
            Value::Bool(_) => {
                terms.insert(member.text(&value.to_string()));
            }
            Value::Number(number) => {
                terms.insert(member.text(&value.to_string()));
                if let Some(number) = number.as_f64() {
                    terms.insert(member.number(number));
                    if number.fract() == 0.0 && number.abs() < WHOLE {
                        // Adding zero makes the negative one positive.
                        terms.insert(member.text(&format!("{:.0}", number + 0.0)));
                    }
                }
            }
        }
    }
    terms
}

fn cut(term: &str) -> String {
    term.chars().take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(document: &Value) -> Vec<String> {
        of_document("m", document).into_iter().collect()
    }

    #[test]
    fn every_value_has_a_term_under_the_names_that_lead_to_it() {
        let document = serde_json::json!({
            "plan": "GOLD", "on": true, "none": null, "deep": { "a.b": [{ "c": "x" }, ["Y"]] }, "q\"": "",
        });
        let expected = [
            r#"m."deep"."a.b"."c"=x"#,
            r#"m."deep"."a.b"=y"#,
            r#"m."on"=true"#,
            r#"m."plan"=gold"#,
            r#"m."q\""="#,
        ];
        assert_eq!(terms(&document), expected);
    }

    #[test]
    fn a_number_is_found_as_text_and_in_its_order_and_whole_ones_in_one_spelling() {
        let all = |value: Value| terms(&serde_json::json!({ "n": value }));
        let positive = |bits: u64| format!("m.\"n\"#1{bits:016x}");
        assert_eq!(all(5.into()), [positive(5.0_f64.to_bits()), "m.\"n\"=5".to_owned()]);
        let whole = [positive(5.0_f64.to_bits()), "m.\"n\"=5".to_owned(), "m.\"n\"=5.0".to_owned()];
        assert_eq!(all(serde_json::json!(5.0)), whole);
        assert_eq!(
            all(serde_json::json!(-0.0)),
            [positive(0), "m.\"n\"=-0.0".to_owned(), "m.\"n\"=0".to_owned()]
        );
        let member = Member::root("m");
        let numbers = [f64::MIN, -1e3, -2.5, -1e-9, 0.0, 1e-9, 0.5, 3.0, 1e20, f64::MAX];
        let sorted: Vec<_> = numbers.iter().map(|number| member.number(*number)).collect();
        assert!(sorted.is_sorted() && sorted.iter().all(|term| term.starts_with(&member.numbers())));
        for (text, whole) in
            [("0", true), ("-7", true), ("999999999999999", true), ("1000000000000000", false)]
        {
            assert_eq!(is_whole_number(text), whole, "{text}");
        }
        assert!(["-0", "05", "+5", "5.0", "1e3", "", " 5"].iter().all(|text| !is_whole_number(text)));
    }

    #[test]
    fn a_long_term_is_cut_between_characters() {
        let document = serde_json::json!({ "n": "ü".repeat(1000) });
        let [term] = terms(&document).try_into().unwrap();
        assert_eq!(term.chars().count(), LENGTH);
        assert_eq!(term, Member::root("m").named("n").text(&"ü".repeat(300)));
    }
}
