//! A list of registered addresses, read once.
//!
//! Must never match more than it says: an entry that cannot be read, or that holds a placeholder which we do
//! not know, matches nothing.

use super::{Uri, is_loopback_address};

/// Registered addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// This text and no other.
    Exact(String),
    /// A web address with one `*` in the first label of its host.
    Wildcard(Wildcard),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wildcard {
    scheme: String,
    /// What the first label begins with.
    before: String,
    /// What the first label ends with.
    after: String,
    /// The host from the first dot on.
    domain: String,
    port: String,
    path: String,
    query: String,
}

impl<T: AsRef<str>> FromIterator<T> for Allowed {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self(texts.into_iter().filter_map(|text| Entry::parse(text.as_ref())).collect())
    }
}

impl Allowed {
    /// The first that stands for one address alone.
    pub fn first(&self) -> Option<&str> {
        self.0.iter().find_map(|entry| match entry {
            Entry::Exact(text) => Some(text.as_str()),
            Entry::Wildcard(_) => None,
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        // `{organization_name}` and its kin stand for nothing here: there are no organizations yet.
        if text.contains(['{', '}']) {
            return None;
        }
        let scheme_end = text.find("://").map(|at| at + 3);
        let host = scheme_end.and_then(|at| text.get(at..)).unwrap_or_default();
        let host = &host[..host.find(['/', '?', ':']).unwrap_or(host.len())];
        // A star elsewhere is a character like any other.
        if !host.contains('*') {
            return Some(Self::Exact(text.to_owned()));
        }
        let (label, domain) = host.split_at(host.find('.')?);
        let (before, after) = label.split_once('*')?;
        let plain = text.replacen('*', "a", 1);
        let uri = Uri::parse(&plain).ok().filter(Uri::is_web)?;
        // Something between the label and the top of the tree, and no second star.
        if domain.contains('*') || after.contains('*') || !domain[1..].contains('.') {
            return None;
        }
        Some(Self::Wildcard(Wildcard {
            scheme: uri.scheme.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
            domain: domain.to_owned(),
            port: uri.port.to_owned(),
            path: uri.path.to_owned(),
            query: uri.query.to_owned(),
        }))
    }
}

impl Wildcard {
    fn fits_origin(&self, uri: &Uri<'_>) -> bool {
        let Some(host) = uri.host else { return false };
        let Some(at) = host.find('.') else { return false };
        let (label, domain) = host.split_at(at);
        // What stands in for the star is at least one character of a host name, and never a dot.
        let starred = label
            .strip_prefix(self.before.as_str())
            .and_then(|rest| rest.strip_suffix(self.after.as_str()))
            .is_some_and(|star| !star.is_empty());
        starred && domain == self.domain && uri.scheme == self.scheme && uri.port == self.port
    }
}

impl Allowed {
    /// Whether nothing is registered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries without a wildcard, in order.
    pub fn exact(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|entry| match entry {
            Entry::Exact(text) => Some(text.as_str()),
            Entry::Wildcard(_) => None,
        })
    }

    /// Whether this address, as it stands, is registered. Only native applications may choose the port of a
    /// loopback address.
    pub fn admits(&self, text: &str, any_loopback_port: bool) -> bool {
        let Ok(uri) = Uri::parse(text) else { return false };
        self.0.iter().any(|entry| match entry {
            Entry::Exact(own) => own == text || any_loopback_port && differs_in_loopback_port(own, &uri),
            Entry::Wildcard(own) => own.fits_origin(&uri) && own.path == uri.path && own.query == uri.query,
        })
    }

    /// Whether this address is registered, apart from its query and fragment: how Auth0 compares the places
    /// to go after a logout at `/v2/logout`.
    pub fn admits_without_query(&self, text: &str) -> bool {
        let text = text.split('#').next().unwrap_or_default();
        let Ok(uri) = Uri::parse(text) else { return false };
        let plain = text.split('?').next().unwrap_or_default();
        self.0.iter().any(|entry| match entry {
            Entry::Exact(own) => own == text || own.split(['?', '#']).next() == Some(plain),
            Entry::Wildcard(own) => own.fits_origin(&uri) && own.path == uri.path,
        })
    }

    /// Whether pages of this origin are among the registered ones; their paths do not count.
    pub fn admits_origin(&self, origin: &str) -> bool {
        let Ok(uri) = Uri::parse(origin) else { return false };
        if uri.path.len() > 1 || !uri.query.is_empty() {
            return false;
        }
        let Some(wanted) = uri.origin() else { return false };
        self.0.iter().any(|entry| match entry {
            Entry::Exact(own) => Uri::parse(own).ok().and_then(|own| own.origin()).as_ref() == Some(&wanted),
            Entry::Wildcard(own) => own.fits_origin(&uri),
        })
    }
}

/// RFC 8252 section 7.3: the same address but for the port, which the operating system chose.
fn differs_in_loopback_port(own: &str, requested: &Uri<'_>) -> bool {
    Uri::parse(own).is_ok_and(|own| {
        own.scheme == "http"
            && own.host.is_some_and(is_loopback_address)
            && Uri { port: requested.port, ..own } == *requested
    })
}
