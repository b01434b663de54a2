//! The names of users, which an application takes from attributes that it may not want to have.

use serde_json::{Map, Value, json};

use super::Party;
use super::claims::{Mapping, attributes, claim};
use super::respond::name;

fn profile() -> Map<String, Value> {
    let profile = json!({
        "user_id": "auth0|7", "email": "ada@example.com", "name": "Ada", "nickname": "ada", "family_name": "King",
    });
    profile.as_object().unwrap().clone()
}

/// The name by these mappings and probes, and the names of the attributes that are sent.
fn named(mappings: &[(&str, &str)], probes: &[&str]) -> (Option<String>, Vec<String>) {
    let own = |(member, name): &(&str, &str)| ((*member).to_owned(), vec![(*name).to_owned()]);
    let mapping = Mapping {
        mappings: (!mappings.is_empty()).then(|| mappings.iter().map(own).collect()),
        pass_through: false,
        identities: false,
        ..Mapping::default()
    };
    let probes = probes.iter().map(|probe| (*probe).to_owned()).collect();
    let party = Party { mapping, name_id_probes: probes, ..Party::default() };
    let sent = attributes(&profile(), &party.mapping);
    let name = name(&party, &profile(), &sent).ok().map(|name| name.value);
    (name, sent.into_iter().map(|attribute| attribute.name).collect())
}

#[test]
fn a_default_claim_gives_the_name_though_own_mappings_leave_it_out_and_is_not_sent() {
    let (user_id, email) = (claim("nameidentifier"), claim("emailaddress"));
    let usual = [user_id.as_str(), &email, &claim("name")];
    assert_eq!(named(&[("nickname", "nick")], &usual), (Some("auth0|7".to_owned()), vec!["nick".to_owned()]));
    let recipe = [("user_id", "id"), ("given_name", "first"), ("family_name", "last")];
    let sent = vec!["id".to_owned(), "last".to_owned()];
    assert_eq!(named(&recipe, &[&email, &user_id]), (Some("ada@example.com".to_owned()), sent));
    for (probe, value) in [("name", "Ada"), ("surname", "King"), ("upn", "ada@example.com")] {
        assert_eq!(named(&[("nickname", "nick")], &[&claim(probe)]).0.as_deref(), Some(value), "{probe}");
    }
}

#[test]
fn with_the_usual_probes_what_own_mappings_give_goes_before_every_default_claim() {
    let (user_id, email) = (claim("nameidentifier"), claim("emailaddress"));
    let usual = [user_id.as_str(), &email, &claim("name")];
    assert_eq!(named(&[("email", &email)], &usual).0.as_deref(), Some("ada@example.com"));
    assert_eq!(named(&[("email", &email)], &usual[..2]).0.as_deref(), Some("auth0|7"), "others were chosen");
}

#[test]
fn a_member_that_is_mapped_elsewhere_gives_no_name_by_its_default_claim() {
    let (user_id, email) = (claim("nameidentifier"), claim("emailaddress"));
    let elsewhere = [("email", "mail"), ("user_id", "id")];
    assert_eq!(named(&elsewhere, &[&user_id, &email]).0, None);
    assert_eq!(named(&elsewhere, &[&user_id, &email, "mail"]).0.as_deref(), Some("ada@example.com"));
}

#[test]
fn an_attribute_of_the_own_mappings_goes_before_the_default_claim_of_that_name() {
    let email = claim("emailaddress");
    assert_eq!(named(&[("nickname", &email)], &[&email]).0.as_deref(), Some("ada"));
    // Whose member the user lacks is no attribute.
    assert_eq!(named(&[("middle_name", &email)], &[&email]).0.as_deref(), Some("ada@example.com"));
}

#[test]
fn probes_that_are_no_claims_of_the_default_find_nothing_but_attributes() {
    let probes =
        ["nickname", "email", &claim(""), &claim("gender"), "http://schemas.xmlsoap.org/claims/Group"];
    assert_eq!(named(&[("name", "cn")], &probes).0, None);
    assert_eq!(named(&[], &probes).0, None);
    assert_eq!(named(&[], &[&claim("emailaddress")]).0.as_deref(), Some("ada@example.com"));
}
