//! Documents of a tenant: written whole, seen by every process, gone when they are deleted.

use chancery::changes::Topic;
use chancery::logs::Entry;
use chancery::tenant_documents::{Kind, sql};
use chancery::write::Write;
use serde_json::{Map, json};

use crate::kit::{DOMAIN, TestServer, engines};

const KIND: Kind = Kind("branding");

fn document(logo: &str) -> Map<String, serde_json::Value> {
    json!({ "logo_url": logo }).as_object().unwrap().clone()
}

/// Writes a document with secrets, reads it in every way, and deletes it.
pub(crate) async fn write_and_erase_a_document(server: &TestServer) {
    let tenant = server.app.tenants.find(&server.app, DOMAIN).await.unwrap().unwrap();
    let now = chancery::clock::truncate(server.app.clock.now());
    assert!(tenant.kept.find(KIND, "").is_none());

    let mut write = Write::begin(&server.app, tenant.id()).await.unwrap();
    let stored = sql::find_for_update(write.tx(), tenant.id(), (KIND, ""), now).await.unwrap();
    assert!(stored.document.is_empty());
    sql::update(write.tx(), tenant.id(), (KIND, ""), &document("a"), now).await.unwrap();
    sql::update_secrets(write.tx(), tenant.id(), (KIND, ""), Some(vec![1])).await.unwrap();
    write.notice(Topic::Tenant, DOMAIN);
    write.commit(Entry::by_cli("Set the branding")).await.unwrap();

    let reloaded = server.app.tenants.find(&server.app, DOMAIN).await.unwrap().unwrap();
    assert_eq!(reloaded.kept.find(KIND, ""), Some(&document("a")));
    assert!(reloaded.kept.find(KIND, "other").is_none());
    let found = sql::find(&server.app.db, tenant.id(), KIND, "").await.unwrap().unwrap();
    assert_eq!((found.document, found.updated_at), (document("a"), now));
    assert_eq!(sql::secrets(&server.app.db, tenant.id(), KIND, "").await.unwrap(), Some(vec![1]));

    let mut write = Write::begin(&server.app, tenant.id()).await.unwrap();
    assert!(sql::delete(write.tx(), tenant.id(), KIND, "").await.unwrap());
    assert!(!sql::delete(write.tx(), tenant.id(), KIND, "").await.unwrap());
    write.notice(Topic::Tenant, DOMAIN);
    write.commit(Entry::by_cli("Erase the branding")).await.unwrap();
    assert!(sql::find(&server.app.db, tenant.id(), KIND, "").await.unwrap().is_none());
    let reloaded = server.app.tenants.find(&server.app, DOMAIN).await.unwrap().unwrap();
    assert!(reloaded.kept.find(KIND, "").is_none());
}

#[tokio::test]
async fn a_document_is_in_memory_from_the_moment_it_is_written_until_it_is_deleted() {
    for on in engines() {
        write_and_erase_a_document(&TestServer::on(on).await).await;
    }
}
