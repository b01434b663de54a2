//! The discovery document (RFC 8414, OpenID Connect Discovery 1.0 section 3).
//!
//! Must list only what works: a client believes every line of it.

use serde::Serialize;

/// The document. Members in the order in which people expect to read them.
#[derive(Debug, Serialize)]
pub struct Discovery {
    /// The issuer, with its trailing slash.
    pub issuer: String,
    /// Where tokens are issued.
    pub token_endpoint: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// Required by both specifications; empty while there is no authorization endpoint.
    pub response_types_supported: &'static [&'static str],
    /// Required by OpenID Connect Discovery.
    pub subject_types_supported: &'static [&'static str],
    /// How clients authenticate.
    pub token_endpoint_auth_methods_supported: &'static [&'static str],
    /// What client assertions are signed with.
    pub token_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    /// What the key ring signs with.
    pub id_token_signing_alg_values_supported: &'static [&'static str],
}

impl Discovery {
    /// The document of the issuer at `base`, an origin without a trailing slash.
    pub fn of(base: &str) -> Self {
        Self {
            issuer: format!("{base}/"),
            token_endpoint: format!("{base}/oauth/token"),
            jwks_uri: format!("{base}/.well-known/jwks.json"),
            response_types_supported: &[],
            subject_types_supported: &["public"],
            token_endpoint_auth_methods_supported: &[
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
            ],
            token_endpoint_auth_signing_alg_values_supported: &["RS256", "RS384", "PS256"],
            id_token_signing_alg_values_supported: &["HS256", "RS256", "RS512", "PS256"],
        }
    }
}
