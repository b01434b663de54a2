//! What a database from before terms were kept gets from the migration that brings them.

use super::*;
use crate::db::MIGRATIONS;

const TENANT: &str = "INSERT INTO tenants (id, name, settings, policy, management_client_id, created_at) \
     VALUES ('t', 't', '{}', '{}', 'c', 1)";
const CONNECTION: &str = "INSERT INTO connections (tenant_id, id, name, strategy, document, created_at, updated_at) \
     VALUES ('t', 'con_1', 'staff', 'auth0', '{}', 1, 1)";
const USER: &str = "INSERT INTO users (tenant_id, user_id, email, email_verified, phone_verified, blocked, user_metadata, \
     app_metadata, logins_count, created_at, updated_at) VALUES ('t', 'auth0|1', 'a@x.example', FALSE, TRUE, TRUE, $1, $2, 0, 7, 7)";
const IDENTITY: &str = "INSERT INTO identities (tenant_id, provider, identity_id, user_id, position, connection_id, profile, created_at) \
     VALUES ('t', 'auth0', '1', 'auth0|1', 0, 'con_1', '{}', 7)";
const TERMS: &str = "SELECT term FROM user_terms WHERE tenant_id = 't' AND user_created_at = 7 AND holder_id = 'auth0|1' ORDER BY term";
const ALL: &str = "SELECT COUNT(*) AS total FROM user_terms";

#[tokio::test]
async fn users_from_before_have_their_terms_and_both_engines_tell_them_alike() {
    let app_metadata = r#"{"plan":"GRÜN","seats":5,"half":-2.5,"whole":7.0,"big":1e20,"zero":-0.0,"org":{"i.d \"q\"\n":["x",["Y"],null,true]}}"#;
    let user_metadata = serde_json::json!({ "long": "ü".repeat(300) }).to_string();
    let member = |member: &str, value: &str| format!("app_metadata.\"{member}\"{value}");
    let mut expected = vec![
        member("big", "#14415af1d78b58c40"),
        member("half", "=-2.5"),
        member("half", "#03ffbffffffffffff"),
        member("plan", "=grün"),
        member("seats", "#14014000000000000"),
        member("seats", "=5"),
        member("whole", "#1401c000000000000"),
        member("whole", "=7"),
        member("whole", "=7.0"),
        member("zero", "#10000000000000000"),
        member("zero", "=0"),
        "app_metadata.\"org\".\"i.d \\\"q\\\"\\n\"=true".to_owned(),
        "app_metadata.\"org\".\"i.d \\\"q\\\"\\n\"=x".to_owned(),
        "app_metadata.\"org\".\"i.d \\\"q\\\"\\n\"=y".to_owned(),
        "blocked=true".to_owned(),
        "email.domain=x.example".to_owned(),
        "email_verified=false".to_owned(),
        "identities.connection=con_1".to_owned(),
        "identities.provider=auth0".to_owned(),
        "identities.user_id=1".to_owned(),
        "phone_verified=true".to_owned(),
        format!("user_metadata.\"long\"={}", "ü".repeat(200 - "user_metadata.\"long\"=".len())),
    ];
    expected.sort();
    for target in empty_targets().await {
        let db = Db::open_traced(&target).await.unwrap();
        db.migrate_with(&MIGRATIONS[..18], 1).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        for (sql, values) in [
            (TENANT, vec![]),
            (CONNECTION, vec![]),
            (USER, vec![Value::from(user_metadata.as_str()), app_metadata.into()]),
            (IDENTITY, vec![]),
        ] {
            tx.execute(sql, &values).await.unwrap();
        }
        tx.commit().await.unwrap();
        db.migrate(2).await.unwrap();
        let terms: Vec<String> =
            db.query(TERMS, &[]).await.unwrap().iter().map(|row| row.text("term").unwrap()).collect();
        // How a number is written beyond its value is the database's affair.
        let told: Vec<_> = terms.iter().filter(|term| expected.contains(term)).collect();
        assert_eq!(told, expected.iter().collect::<Vec<_>>(), "{:?}: {terms:#?}", db.engine());
        let spelt = ["app_metadata.\"big\"=", "app_metadata.\"zero\"="];
        let others = terms.iter().filter(|term| !expected.contains(term));
        assert!(others.clone().all(|term| spelt.iter().any(|start| term.starts_with(start))), "{terms:#?}");
        let mut tx = db.begin().await.unwrap();
        tx.execute("DELETE FROM tenants WHERE id = 't'", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.query_opt(ALL, &[]).await.unwrap().unwrap().int("total").unwrap(), 0);
    }
}
