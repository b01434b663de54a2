//! The answer of another provider to an authorization request.
//!
//! Must never take a code from a provider that it was not asked of (RFC 9207).

use crate::parameters::Parameters;

/// A code to exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The code.
    pub code: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer")
    }
}

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The provider said no.
    #[error("{0}")]
    Refused(String),
    /// `iss` names another provider.
    #[error("the answer comes from another issuer than was asked")]
    Issuer,
    /// `iss` is missing although the provider always sends it.
    #[error("the answer does not name its issuer, although the provider says that it does")]
    NoIssuer,
    /// Neither a code nor an error.
    #[error("the answer has no code")]
    NoCode,
}

impl Answer {
    /// Reads an answer. `issuer` is who was asked, where that is known; `names_issuer` whether the provider says that it
    /// always names itself (`authorization_response_iss_parameter_supported`).
    pub fn read(
        mut parameters: Parameters,
        issuer: Option<&str>,
        names_issuer: bool,
    ) -> Result<Self, AnswerError> {
        match (parameters.take("iss"), issuer) {
            (Some(named), Some(issuer)) if named != issuer => return Err(AnswerError::Issuer),
            (None, Some(_)) if names_issuer => return Err(AnswerError::NoIssuer),
            _ => {}
        }
        if let Some(error) = parameters.take("error") {
            let description = parameters.take("error_description");
            return Err(AnswerError::Refused(
                description.map_or(error.clone(), |text| format!("{error}: {text}")),
            ));
        }
        parameters.take("code").map(|code| Self { code }).ok_or(AnswerError::NoCode)
    }
}
