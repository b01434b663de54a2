//! The operations of the members of a tenant: its administrators, and the invitations to become one.
//!
//! Our own: the published API has none of them, and no application can be granted their scopes. Must never answer the
//! link of an invitation but to whoever made it.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    Administrator, ChangeError, Invitation, InviteError, NAMES, NewInvitation, NoRole, Role, invitations,
};
use crate::app::App;
use crate::clock;
use crate::management::shape::{Object, When, field, object, one_of, text};
use crate::management::{ApiError, Body, Caller, Operation, Path, Required, operation};

static MEMBER: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("user_id", text()).read_only(),
        field("email", text()).read_only(),
        field("name", text()).read_only(),
        field("role", one_of(NAMES)).required(),
        field("created_at", text()).read_only(),
        field("last_login", text()).read_only(),
        field("invited_by", text()).read_only(),
    ])
    .at_least(1)
});

static INVITATION: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("email", text().at_least(3).at_most(320)).required(),
        field("role", one_of(NAMES)).required(),
        field("created_at", text()).read_only(),
        field("expires_at", text()).read_only(),
        field("invited_by", text()).read_only(),
        field("invitation_url", text()).read_only(),
    ])
});

const MEMBERS: &str = "/tenants/members";
const ONE_MEMBER: &str = "/tenants/members/{id}";
const INVITATIONS: &str = "/tenants/invitations";

/// The operations.
pub fn operations() -> Vec<Operation> {
    let one_of = |scopes| Required::Any(scopes);
    vec![
        operation(
            "get_tenant_members",
            (Method::GET, MEMBERS),
            one_of(&["read:tenant_members"]),
            "List the administrators of the tenant",
            list,
        )
        .lists("members", &MEMBER)
        .ours(),
        operation(
            "patch_tenant_members_by_id",
            (Method::PATCH, ONE_MEMBER),
            one_of(&["update:tenant_members"]),
            "Change the role of an administrator",
            update,
        )
        .takes(&MEMBER, When::Update)
        .answers(&MEMBER)
        .ours(),
        operation(
            "delete_tenant_members_by_id",
            (Method::DELETE, ONE_MEMBER),
            one_of(&["delete:tenant_members"]),
            "Remove an administrator",
            remove,
        )
        .ours(),
        operation(
            "get_tenant_invitations",
            (Method::GET, INVITATIONS),
            one_of(&["read:tenant_member_invitations"]),
            "List the open invitations of administrators",
            list_invitations,
        )
        .lists("invitations", &INVITATION)
        .ours(),
        operation(
            "post_tenant_invitations",
            (Method::POST, INVITATIONS),
            one_of(&["create:tenant_member_invitations"]),
            "Invite an administrator",
            invite,
        )
        .takes(&INVITATION, When::Create)
        .answers(&INVITATION)
        .ours(),
        operation(
            "delete_tenant_invitations_by_id",
            (Method::DELETE, "/tenants/invitations/{id}"),
            one_of(&["delete:tenant_member_invitations"]),
            "Withdraw the invitation of an administrator",
            withdraw,
        )
        .ours(),
    ]
}

impl Administrator {
    /// The administrator as the wire and the command line show them.
    pub fn view(&self) -> Value {
        let Self { user_id, email, name, role, created_at, last_login, invited_by } = self;
        let mut view = json!({ "user_id": user_id, "email": email });
        optional(&mut view, "name", name.clone());
        view["role"] = role.name().into();
        view["created_at"] = clock::wire(*created_at).into();
        optional(&mut view, "last_login", last_login.map(clock::wire));
        optional(&mut view, "invited_by", invited_by.clone());
        view
    }
}

impl Invitation {
    /// The invitation as the wire shows it.
    pub fn view(&self) -> Value {
        let Self { id, email, role, invited_by, created_at, expires_at } = self;
        let mut view = json!({ "id": id });
        optional(&mut view, "email", email.clone());
        view["role"] = role.name().into();
        view["created_at"] = clock::wire(*created_at).into();
        optional(&mut view, "expires_at", expires_at.map(clock::wire));
        optional(&mut view, "invited_by", invited_by.clone());
        view
    }
}

fn optional(view: &mut Value, name: &str, value: Option<String>) {
    if let Some(value) = value {
        view[name] = value.into();
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Unknown => Self::not_found("The administrator does not exist."),
            ChangeError::LastAdmin => Self::Conflict {
                code: None,
                message: "This is the last administrator with the role admin. Give the role to somebody else first."
                    .to_owned(),
            },
            ChangeError::Db(error) => error.into(),
        }
    }
}

impl From<InviteError> for ApiError {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::NoEmail(text) => Self::Body(format!(
                "Payload validation error: 'Object didn't pass validation for format email: {text}' on property email."
            )),
            InviteError::Taken(_) => Self::Conflict {
                code: None,
                message: "There is an administrator with this email already.".to_owned(),
            },
            InviteError::NoTenant => Self::Unavailable(error.to_string()),
            InviteError::Part(error) => error,
            InviteError::Db(error) => error.into(),
        }
    }
}

/// The role in a checked body.
fn role(body: &Map<String, Value>) -> Result<Role, ApiError> {
    let named = body.get("role").and_then(Value::as_str).unwrap_or_default();
    named.parse().map_err(|error: NoRole| ApiError::Body(error.to_string()))
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let members = super::list(&app.db, caller.tenant.id()).await?;
    Ok(Json(members.iter().map(Administrator::view).collect()))
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let role = role(&body.checked(&MEMBER, When::Update)?)?;
    let changed = super::change_role(&app, caller.tenant.id(), (&id, role), caller.entry(200)).await?;
    Ok(Json(changed.view()))
}

async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match super::remove(&app, caller.tenant.id(), &id, caller.entry(204)).await {
        // Whoever is gone already is what the caller wants.
        Ok(()) | Err(ChangeError::Unknown) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

async fn list_invitations(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let open = invitations::open(&app, caller.tenant.id()).await?;
    Ok(Json(open.iter().map(Invitation::view).collect()))
}

async fn invite(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = body.checked(&INVITATION, When::Create)?;
    let new = NewInvitation {
        email: body.get("email").and_then(Value::as_str).map(str::to_owned),
        role: role(&body)?,
        invited_by: Some(caller.token.subject.clone()),
    };
    let new = (new, Some(invitations::LIFETIME));
    let (invitation, text) = invitations::make(&app, caller.tenant.id(), new, caller.entry(201)).await?;
    let mut view = invitation.view();
    view["invitation_url"] = invitations::setup_url(&caller.tenant.base, &text).into();
    Ok((StatusCode::CREATED, Json(view)))
}

async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    invitations::withdraw(&app, caller.tenant.id(), &id, caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}
