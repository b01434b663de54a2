//! The law of the key ring as the schema itself enforces it, on both engines.

use chancery::db::{Db, DbError, Value};
use chancery::tenants::sql::Stored;

use crate::kit::{DOMAIN, TestServer, engines};

async fn ring_of(server: &TestServer) -> Stored {
    server.get("/.well-known/jwks.json").await.expect(200);
    chancery::tenants::sql::find_by_domain(&server.app.db, DOMAIN).await.unwrap().unwrap()
}

/// Runs statements in one transaction; answers the error of a statement or of the commit.
async fn try_all(db: &Db, statements: &[&'static str], tenant: &Stored) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    for sql in statements {
        tx.execute(sql, &[Value::from(tenant.id.as_str())]).await?;
    }
    tx.commit().await
}

#[tokio::test]
async fn the_schema_refuses_what_breaks_the_law() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant = ring_of(&server).await;
        let broken: &[(&str, &[&'static str])] = &[
            (
                "a second current key",
                &[
                    "INSERT INTO signing_keys (tenant_id, kid, place, certificate, private, current_since, created_at) \
                SELECT tenant_id, 'second', 'current', certificate, private, 1, 1 FROM signing_keys WHERE tenant_id = $1 AND place = 'current'",
                ],
            ),
            (
                "a second next key",
                &["INSERT INTO signing_keys (tenant_id, kid, place, certificate, private, created_at) \
                SELECT tenant_id, 'second', 'next', certificate, private, 1 FROM signing_keys WHERE tenant_id = $1 AND place = 'next'"],
            ),
            ("no current key", &["DELETE FROM signing_keys WHERE tenant_id = $1 AND place = 'current'"]),
            ("no next key", &["DELETE FROM signing_keys WHERE tenant_id = $1 AND place = 'next'"]),
            (
                "the current key retired alone",
                &[
                    "UPDATE signing_keys SET place = 'previous', current_until = 2 WHERE tenant_id = $1 AND place = 'current'",
                ],
            ),
            (
                "a rotation without a new next key",
                &[
                    "UPDATE signing_keys SET place = 'previous', current_until = 2 WHERE tenant_id = $1 AND place = 'current'",
                    "UPDATE signing_keys SET place = 'current', current_since = 2 WHERE tenant_id = $1 AND place = 'next'",
                ],
            ),
            (
                "a signing key without its private half",
                &["UPDATE signing_keys SET private = NULL WHERE tenant_id = $1 AND place = 'current'"],
            ),
            (
                "a revoked key with its private half",
                &[
                    "INSERT INTO signing_keys (tenant_id, kid, place, certificate, private, current_since, current_until, revoked_at, created_at) \
                SELECT tenant_id, 'dead', 'revoked', certificate, private, 1, 1, 1, 1 FROM signing_keys WHERE tenant_id = $1 AND place = 'current'",
                ],
            ),
            (
                "a revoked key without its moment",
                &[
                    "INSERT INTO signing_keys (tenant_id, kid, place, certificate, current_since, current_until, created_at) \
                SELECT tenant_id, 'dead', 'revoked', certificate, 1, 1, 1 FROM signing_keys WHERE tenant_id = $1 AND place = 'current'",
                ],
            ),
            (
                "a kid that names two keys",
                &[
                    "INSERT INTO signing_keys (tenant_id, kid, place, certificate, private, current_since, current_until, created_at) \
                SELECT tenant_id, kid, 'previous', certificate, private, 1, 1, 1 FROM signing_keys WHERE tenant_id = $1 AND place = 'current'",
                ],
            ),
            (
                "an unknown place",
                &["UPDATE signing_keys SET place = 'retired' WHERE tenant_id = $1 AND place = 'current'"],
            ),
            (
                "a ring that points elsewhere",
                &["UPDATE key_rings SET current_kid = next_kid WHERE tenant_id = $1"],
            ),
        ];
        let before = server.get("/.well-known/jwks.json").await.bytes;
        for (what, statements) in broken {
            let outcome = try_all(&server.app.db, statements, &tenant).await;
            assert!(
                matches!(outcome, Err(DbError::Constraint(_) | DbError::Unique { .. } | DbError::Retry)),
                "{what} on {on:?}: {outcome:?}"
            );
        }
        server.app.forget_everything();
        assert_eq!(server.get("/.well-known/jwks.json").await.bytes, before, "nothing changed on {on:?}");
    }
}

#[tokio::test]
async fn private_halves_and_secrets_are_sealed_in_the_database() {
    for on in engines() {
        let server = TestServer::on(on).await;
        ring_of(&server).await;
        let rows = server.app.db.query("SELECT private FROM signing_keys", &[]).await.unwrap();
        for row in rows {
            let sealed = row.bytes("private").unwrap();
            assert_eq!(sealed[..4], [0, 0, 0, 1], "the key version comes first");
            assert!(chancery_crypto::rsa::PrivateKey::from_pkcs8(&sealed).is_err());
        }
        let rows = server
            .app
            .db
            .query("SELECT secret, document FROM clients WHERE NOT is_global", &[])
            .await
            .unwrap();
        for row in rows {
            let (sealed, document) = (row.bytes("secret").unwrap(), row.text("document").unwrap());
            assert!(!String::from_utf8_lossy(&sealed).contains(&server.client_secret));
            assert!(!document.contains(&server.client_secret));
        }
    }
}

#[tokio::test]
async fn what_is_sealed_for_one_tenant_does_not_open_for_another() {
    let server = TestServer::start().await;
    ring_of(&server).await;
    let mut tx = server.app.db.begin().await.unwrap();
    let values = [Value::from("ten_stolen")];
    tx.execute("INSERT INTO tenants (id, name, settings, policy, management_client_id, created_at) VALUES ($1, 'thief', '{}', '{}', '', 1)", &values).await.unwrap();
    tx.execute("INSERT INTO domains (domain, tenant_id, scheme, canonical) VALUES ('thief.example', $1, 'https', TRUE)", &values).await.unwrap();
    tx.execute("INSERT INTO signing_keys (tenant_id, kid, place, certificate, private, current_since, created_at) SELECT $1, kid, place, certificate, private, current_since, created_at FROM signing_keys", &values).await.unwrap();
    tx.execute("INSERT INTO key_rings (tenant_id, current_kid, next_kid, version) SELECT $1, current_kid, next_kid, 1 FROM key_rings", &values).await.unwrap();
    tx.commit().await.unwrap();
    let call = crate::kit::Call::to("thief.example", http::Method::GET, "/.well-known/jwks.json");
    assert_eq!(server.send(call.build()).await.status, 500);
}
