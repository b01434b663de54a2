//! What a process believes when it cannot know what changed: nothing that is in its memory.

use chancery::changes::catch_up;
use chancery::db::Value;
use http::Method;

use crate::kit::{On, TestServer, engines};

/// Runs a statement behind everybody's back.
async fn tamper(server: &TestServer, sql: &'static str) {
    let mut tx = server.app.db.begin().await.unwrap();
    assert!(tx.execute(sql, &[Value::Int(0)]).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}

/// Two processes with the tenant in memory; the first has changed something that the second does not know of.
async fn two_processes(on: On) -> (TestServer, TestServer) {
    let server = TestServer::on(on).await;
    let sibling = server.sibling().await;
    // The first call makes the ring, which is a change of its own.
    for _ in 0..2 {
        sibling.get("/.well-known/jwks.json").await.expect(200);
    }
    catch_up(&sibling.app).await.unwrap();
    assert_eq!(sibling.app.tenants.loaded().len(), 1, "or forgetting would prove nothing");
    let change = serde_json::json!({ "name": "Another", "app_type": "non_interactive" });
    let made = server.api_send(Method::POST, "/clients", &change).await.expect(201);
    server
        .api_call(Method::DELETE, &format!("/clients/{}", made["client_id"].as_str().unwrap()))
        .await
        .expect(204);
    (server, sibling)
}

#[tokio::test]
async fn a_notice_of_something_else_leaves_a_tenant_in_memory() {
    for on in engines() {
        let (_server, sibling) = two_processes(on).await;
        catch_up(&sibling.app).await.unwrap();
        assert_eq!(sibling.app.tenants.loaded().len(), 1);
    }
}

#[tokio::test]
async fn whoever_comes_after_notices_were_swept_forgets_everything() {
    for on in engines() {
        let (server, sibling) = two_processes(on).await;
        tamper(&server, "DELETE FROM change_notices WHERE seq > $1").await;
        catch_up(&sibling.app).await.unwrap();
        assert!(sibling.app.tenants.loaded().is_empty());
    }
}

#[tokio::test]
async fn whoever_reads_a_notice_of_a_newer_version_forgets_everything() {
    for on in engines() {
        let (server, sibling) = two_processes(on).await;
        tamper(&server, "UPDATE change_notices SET topic = 'of a newer version' WHERE seq > $1").await;
        catch_up(&sibling.app).await.unwrap();
        assert!(sibling.app.tenants.loaded().is_empty());
    }
}

#[tokio::test]
async fn whoever_finds_a_database_restored_from_a_backup_forgets_everything() {
    for on in engines() {
        let (server, sibling) = two_processes(on).await;
        catch_up(&sibling.app).await.unwrap();
        tamper(&server, "UPDATE change_counter SET last = $1").await;
        tamper(&server, "DELETE FROM change_notices WHERE seq > $1").await;
        catch_up(&sibling.app).await.unwrap();
        assert!(sibling.app.tenants.loaded().is_empty());
    }
}
