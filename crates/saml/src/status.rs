//! The status of a response (SAML core, section 3.2.2).

use chancery_xmldsig::tree::{Element, Node, XmlError};
use chancery_xmldsig::write::Writer;

use crate::PROTOCOL;

/// It worked.
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The fault lies with whoever asked.
pub const REQUESTER: &str = "urn:oasis:names:tc:SAML:2.0:status:Requester";
/// The fault lies with whoever answers.
pub const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
/// Nobody is signed in, and nobody may be asked to.
pub const NO_PASSIVE: &str = "urn:oasis:names:tc:SAML:2.0:status:NoPassive";
/// The user may not.
pub const AUTHN_FAILED: &str = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";
/// Some sessions go on.
pub const PARTIAL_LOGOUT: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
/// The request is not allowed.
pub const REQUEST_DENIED: &str = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";

/// A status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The top-level code.
    pub code: String,
    /// What says more.
    pub detail: Option<String>,
    /// What people may read.
    pub message: Option<String>,
}

impl Status {
    /// It worked.
    pub fn success() -> Self {
        Self { code: SUCCESS.to_owned(), detail: None, message: None }
    }

    /// It did not.
    pub fn failure(code: &str, detail: &str, message: &str) -> Self {
        Self { code: code.to_owned(), detail: Some(detail.to_owned()), message: Some(message.to_owned()) }
    }

    /// Whether it worked, wholly.
    pub fn is_success(&self) -> bool {
        self.code == SUCCESS && self.detail.is_none()
    }

    /// Reads the `Status` of a response.
    pub fn read(response: Node<'_, '_>) -> Result<Self, XmlError> {
        let status = response.only(PROTOCOL, "Status")?;
        let code = status.only(PROTOCOL, "StatusCode")?;
        let detail =
            code.optional(PROTOCOL, "StatusCode")?.map(|inner| inner.required("Value")).transpose()?;
        let message =
            status.optional(PROTOCOL, "StatusMessage")?.map(|node| node.whole_text()).transpose()?;
        Ok(Self { code: code.required("Value")?.to_owned(), detail: detail.map(str::to_owned), message })
    }

    /// Writes it; the prefix `samlp` is declared around it.
    pub fn write(&self, out: &mut Writer) {
        out.open("samlp:Status", &[]).open("samlp:StatusCode", &[("Value", &self.code)]);
        if let Some(detail) = &self.detail {
            out.empty("samlp:StatusCode", &[("Value", detail)]);
        }
        out.close("samlp:StatusCode");
        if let Some(message) = &self.message {
            out.leaf("samlp:StatusMessage", &[], message);
        }
        out.close("samlp:Status");
    }
}
