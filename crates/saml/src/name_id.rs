//! The name of a subject (SAML core, section 2.2.3).

use chancery_xmldsig::tree::{Element, Node, XmlError};
use chancery_xmldsig::write::Writer;

use crate::ASSERTION;

/// The format that says nothing about the name.
pub const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
/// An address of mail.
pub const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
/// A name that stays.
pub const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
/// A name that does not.
pub const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// A name, with its format if it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    /// The name itself, every character of it.
    pub value: String,
    /// What kind of name.
    pub format: Option<String>,
}

impl NameId {
    /// Reads a `NameID`.
    pub fn read(node: Node<'_, '_>) -> Result<Self, XmlError> {
        let format = node.attribute("Format").map(str::to_owned);
        Ok(Self { value: node.whole_text()?, format })
    }

    /// Writes a `NameID`; the prefix `saml` has to be declared around it if `declared`.
    pub fn write(&self, out: &mut Writer, declared: bool) {
        let mut attributes: Vec<(&str, &str)> = Vec::with_capacity(2);
        if !declared {
            attributes.push(("xmlns:saml", ASSERTION));
        }
        attributes.extend(self.format.as_deref().map(|format| ("Format", format)));
        out.leaf("saml:NameID", &attributes, &self.value);
    }
}
