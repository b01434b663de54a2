//! The rules of administrators that need no server.

use super::hidden::{CLIENT_ID, CONNECTION_ID, IDENTITY_PREFIX};
use super::{Role, is_hidden_client, is_hidden_connection, is_hidden_user};

#[test]
fn hidden_things_are_known_by_their_ids() {
    assert!(is_hidden_user(&format!("auth0|{IDENTITY_PREFIX}0123")));
    for other in ["", "auth0|0123", "auth0|chancery_admi", "chancery_admin_0123", "auth0|x|chancery_admin_1"]
    {
        assert!(!is_hidden_user(other), "{other}");
    }
    assert!(is_hidden_connection(CONNECTION_ID) && !is_hidden_connection("con_0123456789abcdef"));
    assert!(is_hidden_client(CLIENT_ID) && !is_hidden_client("0123"));
}

#[test]
fn the_statements_of_other_slices_spell_the_same_ids() {
    let users = [include_str!("../users/sql.rs"), include_str!("../users/listed/sql.rs")].concat();
    let prefix = format!("auth0|{IDENTITY_PREFIX}");
    for (column, times, places) in [
        ("user_id", 4, "by address, both kinds of pages, searches"),
        ("holder_id", 1, "how many have a term"),
    ] {
        let condition = format!("substr({column}, 1, {}) <> '{prefix}'", prefix.len());
        assert_eq!(users.matches(&format!("substr({column}")).count(), users.matches(&condition).count());
        assert_eq!(users.matches(&condition).count(), times, "{places}");
    }
    for (name, text) in [
        ("applications", include_str!("../applications/sql.rs")),
        ("connections", include_str!("../connections/sql.rs")),
        ("user_grants", include_str!("../user_grants/sql.rs")),
    ] {
        for (start, id) in [("'con_", CONNECTION_ID), ("'chancery-", CLIENT_ID)] {
            assert_eq!(text.matches(start).count(), text.matches(&format!("'{id}'")).count(), "{name}");
        }
    }
}

#[test]
fn roles_have_names_labels_and_scopes() {
    let labels = ["Admin", "Viewer", "Editor – Applications", "Editor – Users", "Editor – Keys"];
    assert_eq!(Role::ALL.map(Role::label), labels);
    assert_eq!(Role::ALL.map(Role::name), *super::NAMES);
    for role in Role::ALL {
        assert_eq!(role.name().parse(), Ok(role));
        assert!(!role.scopes().is_empty());
    }
    assert!("owner".parse::<Role>().unwrap_err().to_string().contains("editor_keys"));
}

#[test]
fn an_admin_may_do_everything_and_nobody_else_manages_administrators() {
    use crate::management::scopes::{ALL, OURS};
    let admin = Role::Admin.scopes();
    assert!(ALL.iter().chain(OURS).all(|scope| admin.contains(scope)));
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
        let of_others = OURS.iter().filter(|scope| !scope.ends_with(":own_passkeys"));
        assert!(of_others.into_iter().all(|scope| !role.scopes().contains(scope)), "{role}");
        assert!(role.scopes().within(&admin), "{role}");
    }
}

#[test]
fn a_viewer_looks_and_sees_no_secrets() {
    let viewer = Role::Viewer.scopes();
    let own = |scope: &str| scope.ends_with(":own_passkeys");
    assert!(viewer.iter().all(|scope| scope.starts_with("read:") || own(scope)));
    for seen in ["read:users", "read:clients", "read:logs", "read:signing_keys", "read:connections"] {
        assert!(viewer.contains(seen), "{seen}");
    }
    for kept in ["read:client_keys", "read:user_idp_tokens", "read:log_streams"] {
        assert!(!viewer.contains(kept), "{kept}");
    }
}

#[test]
fn editors_change_what_their_role_says_and_nothing_else() {
    let viewer = Role::Viewer.scopes();
    let more = |role: Role| role.scopes().missing_from(&viewer);
    for (role, one_of_theirs, not_theirs) in [
        (
            Role::EditorApplications,
            "update:clients",
            ["update:users", "update:connections", "create:signing_keys"],
        ),
        (Role::EditorUsers, "update:users", ["update:clients", "update:connections", "read:client_keys"]),
        (Role::EditorKeys, "update:signing_keys", ["update:clients", "update:users", "update:client_keys"]),
    ] {
        assert!(viewer.within(&role.scopes()), "{role}");
        assert!(more(role).contains(one_of_theirs), "{role}");
        assert!(not_theirs.iter().all(|scope| !role.scopes().contains(scope)), "{role}");
        let only_reads = |scope: &str| scope.starts_with("read:") && scope != "read:client_keys";
        assert!(!more(role).iter().any(only_reads), "{role}");
    }
    assert_eq!(more(Role::EditorApplications).iter().count(), 14);
    assert_eq!(more(Role::EditorUsers).iter().count(), 16);
    assert_eq!(more(Role::EditorKeys).iter().count(), 10);
}
