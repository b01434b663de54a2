//! A request that an administrator has written (`requestTemplate`), with places for what differs each time.
//!
//! Values are escaped before they are put in, and the result is read like a stranger's message: it has to be the
//! request that was meant, with its id and nothing that a value smuggled in. Must never be given a secret.

use chancery_xmldsig::canonical;
use chancery_xmldsig::sign::Halves;
use chancery_xmldsig::tree::{Element, Tree, XmlError};
use chancery_xmldsig::write::escape_attribute;

use super::request::Request;
use crate::{ASSERTION, HTTP_POST, PROTOCOL, moment};

/// Why a template gives no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// What comes out is not as it has to be.
    #[error("the requestTemplate gives no request: {0}")]
    Xml(#[from] XmlError),
    /// It is another message.
    #[error("the requestTemplate gives no samlp:AuthnRequest of version 2.0")]
    Kind,
    /// Its id is not ours.
    #[error("the requestTemplate has to set the attribute ID to @@ID@@")]
    Id,
    /// The issuer does not come first.
    #[error("the first element of the requestTemplate has to be saml:Issuer")]
    Issuer,
}

/// Fills a template in; `named` has what it may ask for beyond the request itself.
pub fn fill<'a>(
    template: &str,
    request: &Request<'_>,
    named: impl Fn(&str) -> Option<&'a str>,
) -> Result<Halves, TemplateError> {
    let mut xml = replaced(template, request, named);
    if request.force_authn {
        xml = forced(xml)?;
    }
    let tree = Tree::parse(&xml)?;
    let root = tree.root();
    if !root.is(PROTOCOL, "AuthnRequest") || root.attribute("Version") != Some("2.0") {
        return Err(TemplateError::Kind);
    }
    if root.attribute("ID") != Some(request.id) {
        return Err(TemplateError::Id);
    }
    if !root
        .children()
        .find(chancery_xmldsig::tree::Node::is_element)
        .is_some_and(|first| first.is(ASSERTION, "Issuer"))
    {
        return Err(TemplateError::Issuer);
    }
    root.only(ASSERTION, "Issuer")?;
    // What is sent is the canonical form, so that what is signed is what is sent.
    let whole = canonical::exclusive(root, None, &[]);
    let end = issuer_end(&whole).ok_or(TemplateError::Issuer)?;
    let (head, tail) = whole.split_at(end);
    Ok(Halves { head: head.to_owned(), tail: tail.to_owned() })
}

/// The same request, and a session at the identity provider does not spare the login. No template has a place for that:
/// what it says itself (`ForceAuthn`) holds for requests that leave the choice open.
fn forced(mut xml: String) -> Result<String, XmlError> {
    const NAME: &str = "ForceAuthn";
    let (range, text) = {
        let tree = Tree::parse(&xml)?;
        let root = tree.root();
        let own = root.attributes().find(|own| own.namespace().is_none() && own.name() == NAME);
        if let Some(own) = own {
            (own.range_value(), "true".to_owned())
        } else {
            // Behind the name of the element, which ends as names do.
            let name = root.range().start + 1;
            let ends = |one: char| one.is_ascii_whitespace() || matches!(one, '>' | '/');
            let end = xml[name..].find(ends).map_or(name, |length| name + length);
            (end..end, format!(" {NAME}=\"true\""))
        }
    };
    xml.replace_range(range, &text);
    Ok(xml)
}

/// Where the first element of a canonical document ends, which has that local name: no other text looks like its end.
fn issuer_end(whole: &str) -> Option<usize> {
    let at = whole.match_indices("</").find(|(at, _)| {
        let name = whole[at + 2..].split('>').next().unwrap_or_default();
        name.rsplit(':').next() == Some("Issuer")
    });
    at.and_then(|(at, _)| whole[at..].find('>').map(|length| at + length + 1))
}

/// The template with each `@@name@@` replaced; what nobody knows becomes nothing.
fn replaced<'a>(template: &str, request: &Request<'_>, named: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(template.len() + 512);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("@@") {
        let Some((name, after)) = after.split_once("@@") else { break };
        out.push_str(before);
        let issued_at = moment::write(request.issued_at);
        match name {
            "ID" => escape_attribute(&mut out, request.id),
            "IssueInstant" => escape_attribute(&mut out, &issued_at),
            "ProtocolBinding" => escape_attribute(&mut out, HTTP_POST),
            "Issuer" => escape_attribute(&mut out, request.issuer),
            "Destination" => escape_attribute(&mut out, request.destination),
            "AssertionConsumerServiceURL" => escape_attribute(&mut out, request.acs_url),
            "AssertServiceURLAndDestination" => {
                for (name, value) in
                    [("AssertionConsumerServiceURL", request.acs_url), ("Destination", request.destination)]
                {
                    out.push_str(name);
                    out.push_str("=\"");
                    escape_attribute(&mut out, value);
                    out.push_str("\" ");
                }
            }
            other => escape_attribute(&mut out, named(other).unwrap_or_default()),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
