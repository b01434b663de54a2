//! The discovery document (RFC 8414, OpenID Connect Discovery 1.0 section 3).
//!
//! Must list only what works: a client believes every line of it.

use serde::Serialize;

/// The document. Members in the order in which people expect to read them.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are the members that the specifications define")]
pub struct Discovery {
    /// The issuer, with its trailing slash.
    pub issuer: String,
    /// Where authorization begins.
    pub authorization_endpoint: String,
    /// Where tokens are issued.
    pub token_endpoint: String,
    /// Where devices ask for codes (RFC 8628).
    pub device_authorization_endpoint: String,
    /// Where authorization requests are pushed (RFC 9126).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Where applications are registered (RFC 7591).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// Who a token speaks for.
    pub userinfo_endpoint: String,
    /// Where refresh tokens are given back (RFC 7009).
    pub revocation_endpoint: String,
    /// Where users sign out (RP-Initiated Logout).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_session_endpoint: Option<String>,
    /// Applications are told when a session ends (Back-Channel Logout).
    pub backchannel_logout_supported: bool,
    /// They are told which one.
    pub backchannel_logout_session_supported: bool,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// What scopes ask for beside those of APIs.
    pub scopes_supported: &'static [&'static str],
    /// The sets of `response_type`.
    pub response_types_supported: &'static [&'static str],
    /// How answers travel.
    pub response_modes_supported: &'static [&'static str],
    /// The kinds of PKCE challenges (RFC 7636).
    pub code_challenge_methods_supported: &'static [&'static str],
    /// What is known of users.
    pub claims_supported: &'static [&'static str],
    /// What signed authorization requests are signed with (RFC 9101).
    pub request_object_signing_alg_values_supported: &'static [&'static str],
    /// Signed requests by value.
    pub request_parameter_supported: bool,
    /// Requests by reference, other than pushed ones.
    pub request_uri_parameter_supported: bool,
    /// Required by OpenID Connect Discovery.
    pub subject_types_supported: &'static [&'static str],
    /// How clients authenticate.
    pub token_endpoint_auth_methods_supported: &'static [&'static str],
    /// What client assertions are signed with.
    pub token_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    /// What the key ring signs with.
    pub id_token_signing_alg_values_supported: &'static [&'static str],
    /// Whether answers say who gives them (RFC 9207).
    pub authorization_response_iss_parameter_supported: bool,
}

/// What a tenant has opened or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the settings of a tenant")]
pub struct Offers {
    /// Pushed authorization requests.
    pub pushed_requests: bool,
    /// Registration by anybody.
    pub registration: bool,
    /// Whether the document tells where users sign out. The endpoint is there in any case.
    pub end_session: bool,
    /// The issuer in answers to authorization requests.
    pub response_issuer: bool,
}

impl Discovery {
    /// The document of the issuer at `base`, an origin without a trailing slash.
    pub fn of(base: &str, offers: Offers) -> Self {
        Self {
            issuer: format!("{base}/"),
            authorization_endpoint: format!("{base}/authorize"),
            token_endpoint: format!("{base}/oauth/token"),
            device_authorization_endpoint: format!("{base}/oauth/device/code"),
            pushed_authorization_request_endpoint: offers
                .pushed_requests
                .then(|| format!("{base}/oauth/par")),
            registration_endpoint: offers.registration.then(|| format!("{base}/oidc/register")),
            userinfo_endpoint: format!("{base}/userinfo"),
            revocation_endpoint: format!("{base}/oauth/revoke"),
            end_session_endpoint: offers.end_session.then(|| format!("{base}/oidc/logout")),
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            jwks_uri: format!("{base}/.well-known/jwks.json"),
            scopes_supported: &crate::profile::OIDC_SCOPES,
            response_types_supported: &[
                "code",
                "token",
                "id_token",
                "code token",
                "code id_token",
                "token id_token",
                "code token id_token",
            ],
            response_modes_supported: &["query", "fragment", "form_post", "web_message"],
            code_challenge_methods_supported: &["S256", "plain"],
            claims_supported: &[
                "aud",
                "auth_time",
                "created_at",
                "email",
                "email_verified",
                "exp",
                "family_name",
                "given_name",
                "iat",
                "iss",
                "name",
                "nickname",
                "phone_number",
                "picture",
                "sub",
            ],
            request_object_signing_alg_values_supported: &["RS256", "RS384", "PS256"],
            request_parameter_supported: true,
            request_uri_parameter_supported: false,
            subject_types_supported: &["public"],
            token_endpoint_auth_methods_supported: &[
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
            ],
            token_endpoint_auth_signing_alg_values_supported: &["RS256", "RS384", "PS256"],
            id_token_signing_alg_values_supported: &["HS256", "RS256", "RS512", "PS256"],
            authorization_response_iss_parameter_supported: offers.response_issuer,
        }
    }
}
