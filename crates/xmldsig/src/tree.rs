//! The one reader of foreign XML.
//!
//! No document types, so no entities but the five of XML; no processing instructions; UTF-8 alone; limits on size,
//! depth and attributes. Must never offer a way to read half of an element's text.

use roxmltree::{Document, ParsingOptions};

use crate::limits;

pub use roxmltree::Node;

/// The most nodes of a document.
const NODES: u32 = 200_000;

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// It is no UTF-8.
    #[error("the document is not UTF-8, or says that it is not")]
    Encoding,
    /// It has a document type.
    #[error("the document has a document type declaration, which is never accepted")]
    DocumentType,
    /// It has a processing instruction.
    #[error("the document has a processing instruction, which is never accepted")]
    Instruction,
    /// It costs too much.
    #[error("the document {0}")]
    TooLarge(&'static str),
    /// It is no well-formed XML with namespaces.
    #[error("the document is no well-formed XML: {0}")]
    Malformed(String),
    /// An element is missing, or there are several.
    #[error("expected exactly one element {expected} in {within}, found {found}")]
    Children {
        /// The local name of the element that is expected.
        expected: &'static str,
        /// The local name of the one around it.
        within: String,
        /// How many there are.
        found: usize,
    },
    /// An attribute is missing.
    #[error("the element {within} has no attribute {expected}")]
    Attribute {
        /// The attribute.
        expected: &'static str,
        /// The local name of the element.
        within: String,
    },
    /// Elements where text belongs.
    #[error("the element {0} holds other elements, expected text")]
    NotText(String),
}

/// A document that was read.
#[derive(Debug)]
pub struct Tree<'text>(Document<'text>);

impl<'text> Tree<'text> {
    /// Reads a text.
    pub fn parse(text: &'text str) -> Result<Self, XmlError> {
        limits::check(text)?;
        let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options);
        document.map(Self).map_err(|error| XmlError::Malformed(error.to_string()))
    }

    /// The element that holds all others.
    pub fn root(&self) -> Node<'_, 'text> {
        self.0.root_element()
    }

    /// The document.
    pub(crate) fn document(&self) -> &Document<'text> {
        &self.0
    }
}

/// Reads bytes as text: UTF-8 and nothing else.
pub fn utf8(bytes: Vec<u8>) -> Result<String, XmlError> {
    String::from_utf8(bytes).map_err(|_| XmlError::Encoding)
}

/// What is asked of elements, in the words of the messages that are read.
pub trait Element<'a, 'text: 'a> {
    /// Whether it has this expanded name.
    fn is(&self, namespace: &str, name: &str) -> bool;
    /// Its child elements of this name.
    fn all(&self, namespace: &str, name: &str) -> Vec<Node<'a, 'text>>;
    /// Its child element of this name, if there is one; several are an error.
    fn optional(&self, namespace: &str, name: &'static str) -> Result<Option<Node<'a, 'text>>, XmlError>;
    /// Its one child element of this name.
    fn only(&self, namespace: &str, name: &'static str) -> Result<Node<'a, 'text>, XmlError>;
    /// An attribute without a namespace.
    fn required(&self, name: &'static str) -> Result<&'a str, XmlError>;
    /// The whole text; comments in it are no borders.
    fn whole_text(&self) -> Result<String, XmlError>;
}

impl<'a, 'text: 'a> Element<'a, 'text> for Node<'a, 'text> {
    fn is(&self, namespace: &str, name: &str) -> bool {
        self.is_element()
            && self.tag_name().name() == name
            && self.tag_name().namespace().unwrap_or_default() == namespace
    }

    fn all(&self, namespace: &str, name: &str) -> Vec<Node<'a, 'text>> {
        self.children().filter(|child| child.is(namespace, name)).collect()
    }

    fn optional(&self, namespace: &str, name: &'static str) -> Result<Option<Node<'a, 'text>>, XmlError> {
        let found = self.all(namespace, name);
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => Err(XmlError::Children {
                expected: name,
                within: self.tag_name().name().to_owned(),
                found: several.len(),
            }),
        }
    }

    fn only(&self, namespace: &str, name: &'static str) -> Result<Node<'a, 'text>, XmlError> {
        let within = || self.tag_name().name().to_owned();
        self.optional(namespace, name)?.ok_or_else(|| XmlError::Children {
            expected: name,
            within: within(),
            found: 0,
        })
    }

    fn required(&self, name: &'static str) -> Result<&'a str, XmlError> {
        let within = || self.tag_name().name().to_owned();
        self.attribute(name).ok_or_else(|| XmlError::Attribute { expected: name, within: within() })
    }

    fn whole_text(&self) -> Result<String, XmlError> {
        let mut text = String::new();
        for child in self.children() {
            if child.is_text() {
                text.push_str(child.text().unwrap_or_default());
            } else if child.is_element() {
                return Err(XmlError::NotText(self.tag_name().name().to_owned()));
            }
        }
        Ok(text)
    }
}
