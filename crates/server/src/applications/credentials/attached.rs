//! The credentials that an application uses, as its own members name them.
//!
//! Pure. Must never leave a member that names a credential which does not exist.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Credential, CredentialType, MOST};
use crate::applications::rules::Broken;
use crate::entropy::Entropy;

/// The members that name credentials.
const MEMBERS: [&str; 3] =
    ["client_authentication_methods", "signed_request_object", "token_vault_privileged_access"];

/// Whether a request says anything about credentials beyond that there be none.
pub fn named_in(members: &Map<String, Value>) -> bool {
    MEMBERS.iter().any(|name| members.get(*name).is_some_and(|member| !member.is_null()))
}

/// Takes the credentials out of a create request, leaving their ids.
pub fn take_inline(
    members: &mut Map<String, Value>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Vec<Credential>, Broken> {
    let mut taken = Vec::new();
    each_list(members, |_, list| {
        for item in list {
            if let Value::Object(given) = &*item {
                let credential = Credential::new(given, now, entropy)?;
                *item = json!({ "id": credential.id });
                taken.push(credential);
            }
        }
        Ok(())
    })?;
    if taken.len() > MOST {
        let reason = format!("An application has at most {MOST} credentials, and here are {}", taken.len());
        return Err(Broken::new("credentials", reason));
    }
    Ok(taken)
}

/// Checks that every credential that an update names is one of the application's own and of the right kind.
pub fn check(members: &mut Map<String, Value>, own: &[Credential]) -> Result<(), Broken> {
    each_list(members, |wanted, list| {
        for item in list {
            let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
            match own.iter().find(|credential| credential.id == id) {
                None => {
                    let reason = format!("The application has no credential {id}");
                    return Err(Broken::new("credentials", reason));
                }
                Some(credential) if credential.facts.credential_type != wanted => {
                    let kind = credential.facts.credential_type.name();
                    let reason =
                        format!("Credential {id} is a {kind}, and a {} is needed here", wanted.name());
                    return Err(Broken::new("credentials", reason));
                }
                Some(_) => {}
            }
        }
        Ok(())
    })
}

/// Takes a credential out of everything that names it. True: something did.
pub fn detach(document: &mut Map<String, Value>, id: &str) -> bool {
    let mut detached = false;
    let outcome = each_list(document, |_, list| {
        let before = list.len();
        list.retain(|item| item.get("id").and_then(Value::as_str) != Some(id));
        detached |= list.len() < before;
        Ok(())
    });
    outcome.is_ok() && detached
}

/// The ids in a member that holds a list of credentials.
pub fn ids(holder: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = holder.and_then(|holder| holder.get("credentials")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|item| item.get("id").and_then(Value::as_str))
}

/// Visits every list of credentials with the kind that belongs into it.
fn each_list(
    members: &mut Map<String, Value>,
    mut visit: impl FnMut(CredentialType, &mut Vec<Value>) -> Result<(), Broken>,
) -> Result<(), Broken> {
    for name in MEMBERS {
        let Some(Value::Object(member)) = members.get_mut(name) else { continue };
        if name == "client_authentication_methods" {
            for (method, holder) in member.iter_mut() {
                let wanted = match method.as_str() {
                    "tls_client_auth" => CredentialType::CertSubjectDn,
                    "self_signed_tls_client_auth" => CredentialType::X509Cert,
                    _ => CredentialType::PublicKey,
                };
                if let Some(Value::Array(list)) = holder.get_mut("credentials") {
                    visit(wanted, list)?;
                }
            }
        } else if let Some(Value::Array(list)) = member.get_mut("credentials") {
            visit(CredentialType::PublicKey, list)?;
        }
    }
    Ok(())
}
