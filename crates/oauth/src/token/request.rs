//! A token request, parsed at the door: one client, one way of authenticating, one grant.
//!
//! Must never guess: two ways of authenticating at once are refused (RFC 6749 section 2.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Error, Parameters};
use crate::client_auth::{self, Presented};
use crate::scope::Scopes;

/// A well-formed token request.
#[derive(Debug)]
pub struct Request {
    /// The client that it claims to come from.
    pub client_id: String,
    /// The proof.
    pub presented: Presented,
    /// What is asked for.
    pub grant: Grant,
}

/// The grants of the token endpoint with their own parameters.
#[derive(Debug)]
pub enum Grant {
    /// RFC 6749 section 4.4.
    ClientCredentials {
        /// The API, in `audience` or else in `resource` (RFC 8707).
        audience: Option<String>,
        /// What is asked for; nothing means everything that is granted.
        scopes: Scopes,
    },
    /// RFC 6749 section 4.1.3.
    AuthorizationCode {
        /// The code.
        code: Confidential,
        /// Where it was sent.
        redirect_uri: Option<String>,
        /// The answer to the challenge.
        verifier: Option<Confidential>,
    },
    /// RFC 6749 section 6.
    RefreshToken {
        /// The token.
        token: Confidential,
        /// Another API than the one that it was issued for.
        audience: Option<String>,
        /// Less than it was issued for; none means all of it.
        scopes: Option<Scopes>,
    },
    /// RFC 6749 section 4.3, and Auth0's variant with a realm.
    Password {
        /// [`PASSWORD`] or [`PASSWORD_REALM`]: which of the two was asked for.
        grant_type: &'static str,
        /// Whatever the user signs in with.
        username: String,
        /// The password.
        password: Confidential,
        /// The connection; none means the tenant's default directory.
        realm: Option<String>,
        /// The API.
        audience: Option<String>,
        /// What is asked for.
        scopes: Scopes,
    },
    /// RFC 8628 section 3.4.
    DeviceCode {
        /// The code.
        code: Confidential,
    },
}

/// A text that is a secret of its bearer: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Confidential(pub String);

impl std::fmt::Debug for Confidential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Confidential(..)")
    }
}

/// The names of the two password grants.
pub const PASSWORD: &str = "password";
/// The one that names a connection.
pub const PASSWORD_REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

impl Grant {
    /// The grant type that the application must be allowed to use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ClientCredentials { .. } => super::client_credentials::GRANT_TYPE,
            Self::AuthorizationCode { .. } => super::authorization_code::GRANT_TYPE,
            Self::RefreshToken { .. } => super::refresh_token::GRANT_TYPE,
            Self::Password { grant_type, .. } => grant_type,
            Self::DeviceCode { .. } => crate::device::GRANT_TYPE,
        }
    }
}

/// Longest value of any parameter but an assertion, in bytes.
const MAX_VALUE: usize = 8 * 1024;

impl Request {
    /// Parses the parameters and the `Authorization` header. The error comes with the client id as far as it
    /// is known, for the log.
    pub fn parse(
        authorization: Option<&str>,
        parameters: Parameters,
    ) -> Result<Self, (Option<String>, Error)> {
        let mut parameters = parameters;
        let (client_id, presented) =
            credentials(authorization, &mut parameters).map_err(|error| (None, error))?;
        match grant(&mut parameters) {
            Ok(grant) => Ok(Self { client_id, presented, grant }),
            Err(error) => Err((Some(client_id), error)),
        }
    }
}

fn grant(parameters: &mut Parameters) -> Result<Grant, Error> {
    let grant_type = parameters.take("grant_type").ok_or_else(|| missing("grant_type"))?;
    match grant_type.as_str() {
        super::client_credentials::GRANT_TYPE => {
            let audience = parameters.take("audience").or_else(|| parameters.take("resource"));
            if parameters.take("organization").is_some() {
                return Err(invalid(
                    "The parameter organization is not supported: this tenant has no organizations.",
                ));
            }
            let scope = parameters.take("scope").unwrap_or_default();
            if scope.len() > MAX_VALUE || audience.as_ref().is_some_and(|text| text.len() > MAX_VALUE) {
                return Err(invalid("A parameter is longer than 8192 bytes."));
            }
            let scopes = Scopes::parse(&scope).map_err(|error| Error::InvalidRequest(error.to_string()))?;
            Ok(Grant::ClientCredentials { audience, scopes })
        }
        super::authorization_code::GRANT_TYPE => Ok(Grant::AuthorizationCode {
            code: required(parameters, "code")?,
            redirect_uri: short(parameters, "redirect_uri")?,
            verifier: short(parameters, "code_verifier")?.map(Confidential),
        }),
        super::refresh_token::GRANT_TYPE => Ok(Grant::RefreshToken {
            token: required(parameters, "refresh_token")?,
            audience: short(parameters, "audience")?,
            scopes: scopes(parameters)?,
        }),
        PASSWORD | PASSWORD_REALM => {
            let realm = short(parameters, "realm")?;
            if grant_type == PASSWORD_REALM && realm.is_none() {
                return Err(missing("realm"));
            }
            Ok(Grant::Password {
                grant_type: if grant_type == PASSWORD { PASSWORD } else { PASSWORD_REALM },
                username: required(parameters, "username")?.0,
                password: required(parameters, "password")?,
                realm,
                audience: short(parameters, "audience")?,
                scopes: scopes(parameters)?.unwrap_or_default(),
            })
        }
        crate::device::GRANT_TYPE => Ok(Grant::DeviceCode { code: required(parameters, "device_code")? }),
        other => Err(Error::UnsupportedGrantType(other.chars().take(100).collect())),
    }
}

/// A parameter of at most the usual length.
fn short(parameters: &mut Parameters, name: &str) -> Result<Option<String>, Error> {
    match parameters.take(name) {
        Some(text) if text.len() > MAX_VALUE => {
            Err(Error::InvalidRequest(format!("The parameter {name} is longer than 8192 bytes.")))
        }
        other => Ok(other),
    }
}

fn required(parameters: &mut Parameters, name: &str) -> Result<Confidential, Error> {
    short(parameters, name)?.map(Confidential).ok_or_else(|| missing(name))
}

fn scopes(parameters: &mut Parameters) -> Result<Option<Scopes>, Error> {
    let scopes = short(parameters, "scope")?.map(|text| Scopes::parse(&text));
    scopes.transpose().map_err(|error| Error::InvalidRequest(error.to_string()))
}

/// Takes out who the client says it is, and its proof: the same for every endpoint that clients authenticate at.
pub fn credentials(
    authorization: Option<&str>,
    parameters: &mut Parameters,
) -> Result<(String, Presented), Error> {
    let client_id = parameters.take("client_id");
    let secret = parameters.take("client_secret");
    let assertion_type = parameters.take("client_assertion_type");
    let assertion = parameters.take("client_assertion");
    let basic = authorization.map(basic).transpose()?;
    let methods =
        [basic.is_some(), secret.is_some(), assertion.is_some()].iter().filter(|used| **used).count();
    if methods > 1 {
        return Err(invalid(
            "The request authenticates the client in more than one way. Use one: the Authorization header, client_secret, or client_assertion.",
        ));
    }
    let (owner, presented) = if let Some((owner, secret)) = basic {
        // Programs without a secret send none this way, too.
        (Some(owner), secret.map_or(Presented::Nothing, Presented::Secret))
    } else if let Some(secret) = secret {
        (None, Presented::Secret(secret))
    } else if let Some(assertion) = assertion {
        if assertion_type.as_deref() != Some(client_auth::ASSERTION_TYPE) {
            return Err(Error::InvalidRequest(format!(
                "client_assertion needs client_assertion_type {}",
                client_auth::ASSERTION_TYPE
            )));
        }
        // An unreadable assertion names nobody; the client id may still stand beside it.
        (client_auth::asserted_client(&assertion), Presented::Assertion(assertion))
    } else {
        (None, Presented::Nothing)
    };
    match (client_id, owner) {
        (Some(named), Some(owner)) if named != owner => {
            Err(invalid("The parameter client_id and the credentials name different clients."))
        }
        (Some(client_id), _) | (None, Some(client_id)) => Ok((client_id, presented)),
        (None, None) if matches!(presented, Presented::Assertion(_)) => {
            Err(Error::Unauthorized { reason: "the client assertion cannot be read".to_owned() })
        }
        (None, None) => Err(missing("client_id")),
    }
}

/// Reads `Basic` credentials, whose two parts are form-encoded (RFC 6749 section 2.3.1). The secret may be empty
/// (appendix A.2), and is none then.
fn basic(header: &str) -> Result<(String, Option<String>), Error> {
    let refused = || {
        invalid(
            "The Authorization header must be: Basic, a space, and base64 of client_id:client_secret, without control characters.",
        )
    };
    let (scheme, encoded) = header.split_once(' ').ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(refused());
    }
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| refused())?;
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    let (id, secret) = text.split_once(':').ok_or_else(refused)?;
    let decode = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " "))
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| refused())
    };
    let (id, secret) = (decode(id)?, decode(secret)?);
    if id.is_empty() || [&id, &secret].iter().any(|part| part.chars().any(char::is_control)) {
        return Err(refused());
    }
    Ok((id, Some(secret).filter(|secret| !secret.is_empty())))
}

fn missing(name: &str) -> Error {
    Error::InvalidRequest(format!("Missing required parameter: {name}"))
}

fn invalid(text: &str) -> Error {
    Error::InvalidRequest(text.to_owned())
}
