//! What the tests of this crate share: an application, an API, keys.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::rsa::PrivateKey;
use chancery_crypto::sign::{Sign, SignError};
use chancery_jose::jws;
use chancery_keyring::RingAlgorithm;
use jiff::Timestamp;
use serde_json::Value;

use crate::api::{Api, ApiSigning, Dialect, UserAccess};
use crate::client::{
    AppType, AssertionKey, Authentication, BackchannelLogout, Client, IdTokenSigning, SignedRequests, UsersAt,
};
use crate::refresh::RefreshPolicy;
use crate::scope::Scopes;

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://tenant.example/";

pub(crate) fn now() -> Timestamp {
    at(0)
}

/// So many seconds from now.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

pub(crate) fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).unwrap()
}

/// A web application of the tenant with everything switched on.
pub(crate) fn client(authentication: Authentication) -> Client {
    let grants = ["authorization_code", "implicit", "refresh_token"];
    Client {
        id: "app".to_owned(),
        name: "App".to_owned(),
        authentication,
        grant_types: grants.map(str::to_owned).to_vec(),
        app_type: AppType::RegularWeb,
        is_first_party: true,
        oidc_conformant: true,
        users_at: UsersAt::Sender,
        callbacks: ["https://app.example/cb"].iter().collect(),
        logout_urls: ["https://app.example/bye"].iter().collect(),
        web_origins: ["https://app.example"].iter().collect(),
        id_token_signing: IdTokenSigning::Ring(RingAlgorithm::Rs256),
        id_token_lifetime: 36_000,
        refresh: RefreshPolicy {
            rotating: false,
            leeway: 0,
            lifetime: None,
            idle_lifetime: None,
            policies: Vec::new(),
        },
        require_pushed_requests: false,
        pushed_request_lifetime: 30,
        signed_requests: SignedRequests::default(),
        skip_callback_confirmation: None,
        backchannel_logout: BackchannelLogout::default(),
        unsupported: None,
    }
}

pub(crate) fn api() -> Api {
    Api {
        identifier: "https://api.example".to_owned(),
        scopes: scopes("read write"),
        signing: ApiSigning::Ring(RingAlgorithm::Rs256),
        token_lifetime: 3600,
        token_lifetime_for_web: 600,
        dialect: Dialect::AccessToken,
        enforce_policies: false,
        clients_allowed: true,
        user_access: UserAccess::AllowAll,
        user_scopes: None,
        allow_offline_access: true,
        skip_consent_for_first_party: true,
        unsupported: None,
        unsupported_for_public: None,
    }
}

pub(crate) struct TestSigner(pub(crate) PrivateKey, pub(crate) Algorithm);

impl Sign for TestSigner {
    fn algorithm(&self) -> Algorithm {
        self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(self.1, message)
    }
}

/// The key of an application.
pub(crate) fn test_key() -> PrivateKey {
    PrivateKey::from_pkcs8(include_bytes!("../../server/tests/kit/keys/5.der")).unwrap()
}

pub(crate) fn assertion_key(algorithm: Algorithm) -> AssertionKey {
    AssertionKey {
        kid: "kid-of-the-app".to_owned(),
        algorithm,
        key: test_key().public().clone(),
        expires_at: Some(at(100_000)),
    }
}

/// A JWT signed with the key of an application, by the algorithm that its header names.
pub(crate) fn signed(header: &Value, claims: &Value) -> String {
    let algorithm = header["alg"].as_str().unwrap().parse().unwrap();
    let signer = TestSigner(test_key(), algorithm);
    jws::sign(&header.to_string(), claims.to_string().as_bytes(), &signer).unwrap()
}
