//! The operations of an administrator's own passkeys.
//!
//! Our own: the published API has none of them. Whoever calls is an administrator at the Dashboard, as no application can
//! be granted their scopes. Must never show or touch another one's.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use chancery_jose::base64url;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{MOST, Passkey, Stored, made, new_options, sql};
use crate::administrators::{self, Administrator};
use crate::app::App;
use crate::clock;
use crate::db::DbError;
use crate::management::shape::{Object, When, boolean, field, object, text};
use crate::management::{ApiError, Body, Caller, Operation, Path, Required, operation};
use crate::write::Write;

static PASSKEY: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("name", text().at_least(1).at_most(100)).required(),
        field("credential", text().at_least(1).at_most(64 * 1024)).required(),
        field("synced", boolean()).read_only(),
        field("created_at", text()).read_only(),
        field("last_used_at", text()).read_only(),
    ])
});

const OWN: &str = "/tenants/members/me/passkeys";

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_own_passkeys",
            (Method::GET, OWN),
            Required::Any(&["read:own_passkeys"]),
            "List one's own passkeys",
            list,
        )
        .lists("passkeys", &PASSKEY)
        .ours(),
        operation(
            "get_own_passkey_options",
            (Method::GET, "/tenants/members/me/passkeys/options"),
            Required::Any(&["create:own_passkeys"]),
            "What a browser needs to make a passkey",
            options,
        )
        .ours(),
        operation(
            "post_own_passkeys",
            (Method::POST, OWN),
            Required::Any(&["create:own_passkeys"]),
            "Add a passkey",
            create,
        )
        .takes(&PASSKEY, When::Create)
        .answers(&PASSKEY)
        .ours(),
        operation(
            "delete_own_passkeys_by_id",
            (Method::DELETE, "/tenants/members/me/passkeys/{id}"),
            Required::Any(&["delete:own_passkeys"]),
            "Remove a passkey",
            remove,
        )
        .ours(),
    ]
}

/// The administrator who calls.
async fn itself(app: &App, caller: &Caller) -> Result<Administrator, ApiError> {
    let found = administrators::find(&app.db, caller.tenant.id(), &caller.token.subject).await?;
    found.ok_or_else(|| ApiError::not_found("You are no administrator of this tenant."))
}

fn view(passkey: &Passkey) -> Value {
    let Passkey { id, stored, created_at, last_used_at, .. } = passkey;
    let mut view = json!({
        "id": id,
        "name": stored.name,
        "synced": stored.backed_up,
        "created_at": clock::wire(*created_at),
    });
    if let Some(used) = last_used_at {
        view["last_used_at"] = clock::wire(*used).into();
    }
    view
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let own = sql::of_user(&app.db, caller.tenant.id(), &itself(&app, &caller).await?.user_id).await?;
    Ok(Json(json!({ "passkeys": own.iter().map(view).collect::<Vec<_>>() })))
}

async fn options(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let who = itself(&app, &caller).await?;
    let own = sql::of_user(&app.db, caller.tenant.id(), &who.user_id).await?;
    let options = new_options(&app, &caller.tenant, (&who.user_id, &who.email), &own);
    let no_host = || ApiError::NotSupported(super::ProofError::NoHost.to_string());
    options.map(Json).ok_or_else(no_host)
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = body.checked(&PASSKEY, When::Create)?;
    let sent = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let who = itself(&app, &caller).await?;
    let tenant = caller.tenant.id();
    let credential = made(&app, &caller.tenant, &who.user_id, sent("credential"));
    let credential = credential.map_err(|why| ApiError::Body(format!("The passkey was refused: {why}.")))?;
    if sql::of_user(&app.db, tenant, &who.user_id).await?.len() >= MOST {
        let text = format!("You have {MOST} passkeys already. Remove one that you do not use any more.");
        return Err(ApiError::NotSupported(text));
    }
    let passkey = Passkey {
        id: format!("pky_{}", app.entropy.alphanumeric(16)),
        credential_id: base64url::encode(&credential.id),
        user_id: who.user_id.clone(),
        sign_count: credential.sign_count,
        stored: Stored {
            name: sent("name").trim().to_owned(),
            public_key: base64url::encode(&credential.public_key),
            backup_eligible: credential.backup_eligible,
            backed_up: credential.backed_up,
            transports: credential.transports,
        },
        created_at: app.clock.now(),
        last_used_at: None,
    };
    let mut write = Write::begin(&app, tenant).await?;
    sql::insert(write.tx(), tenant, &passkey).await.map_err(|error| {
        if matches!(error, DbError::Unique { .. }) {
            ApiError::Conflict { code: None, message: "This passkey is there already.".to_owned() }
        } else {
            error.into()
        }
    })?;
    write.commit(caller.entry(201)).await?;
    Ok((StatusCode::CREATED, Json(view(&passkey))))
}

async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let who = itself(&app, &caller).await?;
    let mut write = Write::begin(&app, caller.tenant.id()).await?;
    if !sql::delete(write.tx(), caller.tenant.id(), &who.user_id, &id).await? {
        return Err(ApiError::not_found("There is no such passkey."));
    }
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}
