//! Signing tokens: with the ring on the signing threads, with a secret at once.
//!
//! Must never issue a token that outlives the certificate of the key that signs it.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::hmac::HmacKey;
use chancery_crypto::sign::Sign as _;
use chancery_jose::jws;
use chancery_keyring::{RingAlgorithm, Signer};
use chancery_oauth::access_token::Issue;
use chancery_oauth::api::{Api, ApiSigning};
use chancery_oauth::client::{Client, IdTokenSigning};
use chancery_oauth::id_token;
use chancery_oauth::logout::LogoutToken;
use chancery_oauth::token::Error;
use jiff::Timestamp;

use crate::app::App;
use crate::probes;
use crate::signing_pool::PoolError;
use crate::tenants::Tenant;

/// Signs with what the API asks for. A token never outlives the certificate of the key that signs it.
pub(super) async fn access_token(
    app: &App,
    tenant: &Tenant,
    api: &Api,
    mut issue: Issue<'_>,
) -> Result<(String, i64), Error> {
    let token = match &api.signing {
        ApiSigning::Secret(key) => {
            let header = issue.header(Algorithm::Hs256, None).map_err(fault)?;
            by_secret(key, &header, &issue.claims().map_err(fault)?)?
        }
        ApiSigning::Ring(algorithm) => {
            let signer = signer(tenant, *algorithm, issue.issued_at)?;
            issue.expires_at = issue.expires_at.min(signer.not_after());
            let header = issue.header(signer.algorithm(), Some(signer.kid().as_str())).map_err(fault)?;
            let claims = issue.claims().map_err(fault)?;
            by_ring(app, tenant, signer, (&header, &claims), issue.expires_at).await?
        }
    };
    Ok((token, issue.expires_at.as_second() - issue.issued_at.as_second()))
}

/// Signs with what the application chose.
pub(super) async fn id_token(
    app: &App,
    tenant: &Tenant,
    mut issue: id_token::Issue<'_>,
) -> Result<String, Error> {
    match &issue.client.id_token_signing {
        IdTokenSigning::Secret(key) => {
            let header = id_token::Issue::header(Algorithm::Hs256, None).map_err(fault)?;
            by_secret(key, &header, &issue.claims(Algorithm::Hs256).map_err(fault)?)
        }
        IdTokenSigning::Ring(algorithm) => {
            let signer = signer(tenant, *algorithm, issue.issued_at)?;
            issue.expires_at = issue.expires_at.min(signer.not_after());
            let header =
                id_token::Issue::header(signer.algorithm(), Some(signer.kid().as_str())).map_err(fault)?;
            let claims = issue.claims(signer.algorithm()).map_err(fault)?;
            by_ring(app, tenant, signer, (&header, &claims), issue.expires_at).await
        }
        IdTokenSigning::Unusable(why) => Err(unusable(why)),
    }
}

/// Signs with what signs the ID tokens of the application (OpenID Connect Back-Channel Logout section 2.4).
pub async fn logout_token(
    app: &App,
    tenant: &Tenant,
    client: &Client,
    token: &LogoutToken<'_>,
) -> Result<String, Error> {
    let claims = token.claims().map_err(fault)?;
    match &client.id_token_signing {
        IdTokenSigning::Secret(key) => {
            let header = LogoutToken::header(Algorithm::Hs256, None).map_err(fault)?;
            by_secret(key, &header, &claims)
        }
        IdTokenSigning::Ring(algorithm) => {
            let signer = signer(tenant, *algorithm, token.issued_at)?;
            let header =
                LogoutToken::header(signer.algorithm(), Some(signer.kid().as_str())).map_err(fault)?;
            by_ring(app, tenant, signer, (&header, &claims), token.expires_at()).await
        }
        IdTokenSigning::Unusable(why) => Err(unusable(why)),
    }
}

fn unusable(why: &str) -> Error {
    Error::InvalidRequest(format!(
        "The ID tokens of this application cannot be signed: {why}. Give it a longer secret or another algorithm."
    ))
}

fn signer(tenant: &Tenant, algorithm: RingAlgorithm, now: Timestamp) -> Result<Signer, Error> {
    let signer = tenant.ring.signer(algorithm);
    if signer.not_after() <= now {
        return Err(fault("the certificate of the current signing key has expired; rotate"));
    }
    Ok(signer)
}

async fn by_ring(
    app: &App,
    tenant: &Tenant,
    signer: Signer,
    (header, claims): (&str, &[u8]),
    expires_at: Timestamp,
) -> Result<String, Error> {
    let (algorithm, kid) = (signer.algorithm(), signer.kid().clone());
    let input = jws::signing_input(header, claims);
    let (input, signature) = app.signing.sign(signer, input).await.map_err(|error| match error {
        PoolError::Full => Error::Busy,
        PoolError::Failed(reason) => Error::Internal { reason },
    })?;
    tenant.signed.note(expires_at);
    count(algorithm, kid.as_str());
    Ok(jws::assemble(input, &signature))
}

fn by_secret(key: &HmacKey, header: &str, claims: &[u8]) -> Result<String, Error> {
    let token = jws::sign(header, claims, key).map_err(fault)?;
    count(Algorithm::Hs256, "");
    Ok(token)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn fault(reason: impl ToString) -> Error {
    Error::Internal { reason: reason.to_string() }
}

fn count(algorithm: Algorithm, kid: &str) {
    if !probes::measuring() {
        return;
    }
    metrics::counter!("chancery_tokens_total", "algorithm" => algorithm.name(), "kid" => kid.to_owned())
        .increment(1);
}
