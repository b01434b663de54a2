//! Single logout (SAML core, section 3.7): requests and responses, the same in both directions.

use chancery_xmldsig::sign::Halves;
use chancery_xmldsig::tree::{Element, Tree, XmlError};
use chancery_xmldsig::write::Writer;
use jiff::{SignedDuration, Timestamp};

use crate::name_id::NameId;
use crate::status::Status;
use crate::{ASSERTION, PROTOCOL, moment};

/// How far two clocks may be apart.
pub const SKEW: SignedDuration = SignedDuration::from_mins(3);
/// How long a request is good that does not say so itself.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// A request to end sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it counts, if it says so.
    pub not_on_or_after: Option<Timestamp>,
    /// Where it was sent.
    pub destination: Option<String>,
    /// Who asks.
    pub issuer: String,
    /// Whose sessions.
    pub name_id: NameId,
    /// Which sessions; none means all of that user.
    pub session_indexes: Vec<String>,
}

/// The answer to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Where it was sent.
    pub destination: Option<String>,
    /// Who answers.
    pub issuer: String,
    /// The request that it answers.
    pub in_response_to: Option<String>,
    /// How it went.
    pub status: Status,
}

/// Why a message about a logout is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// It is not as it has to be.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It is another message.
    #[error("expected a {0}")]
    Kind(&'static str),
    /// A moment cannot be read.
    #[error("the attribute {0} is no moment in UTC")]
    Moment(&'static str),
    /// It was sent somewhere else.
    #[error("the Destination of the {what} is {sent}, expected {expected}")]
    Destination {
        /// Which message.
        what: &'static str,
        /// What it says.
        sent: String,
        /// Where it came.
        expected: String,
    },
    /// It is signed, and does not say where it was sent: somebody else may have got it first.
    #[error("the {what} is signed, so it has to name its Destination, expected {expected}")]
    NoDestination {
        /// Which message.
        what: &'static str,
        /// Where it came.
        expected: String,
    },
    /// Its time is over, or has not come.
    #[error("the request is not of this time: issued at {issued_at}, looked at {now}")]
    Time {
        /// When it says that it was made.
        issued_at: Timestamp,
        /// Now.
        now: Timestamp,
    },
}

impl LogoutRequest {
    /// Reads one whose signature was verified, or is not asked for.
    pub fn read(xml: &str) -> Result<Self, LogoutError> {
        let tree = Tree::parse(xml)?;
        let root = tree.root();
        if !root.is(PROTOCOL, "LogoutRequest") {
            return Err(LogoutError::Kind("LogoutRequest"));
        }
        let until = root.attribute("NotOnOrAfter");
        let until =
            until.map(|text| moment::read(text).ok_or(LogoutError::Moment("NotOnOrAfter"))).transpose()?;
        let indexes = root.all(PROTOCOL, "SessionIndex");
        Ok(Self {
            id: root.required("ID")?.to_owned(),
            issued_at: moment::read(root.required("IssueInstant")?)
                .ok_or(LogoutError::Moment("IssueInstant"))?,
            not_on_or_after: until,
            destination: root.attribute("Destination").map(str::to_owned),
            issuer: root.only(ASSERTION, "Issuer")?.whole_text()?.trim().to_owned(),
            name_id: NameId::read(root.only(ASSERTION, "NameID")?)?,
            session_indexes: indexes
                .iter()
                .map(|index| index.whole_text().map(|text| text.trim().to_owned()))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether its time is now.
    pub fn check_time(&self, now: Timestamp) -> Result<(), LogoutError> {
        let end = self.not_on_or_after.or(self.issued_at.checked_add(LIFETIME).ok());
        let begins = self.issued_at.checked_sub(SKEW).unwrap_or(self.issued_at);
        let ends = end.and_then(|end| end.checked_add(SKEW).ok());
        if now < begins || ends.is_none_or(|ends| now >= ends) {
            return Err(LogoutError::Time { issued_at: self.issued_at, now });
        }
        Ok(())
    }

    /// Whether it was sent to this address; one that is `signed` has to say so.
    pub fn check_destination(&self, here: &str, signed: bool) -> Result<(), LogoutError> {
        check_destination(("LogoutRequest", self.destination.as_deref()), (here, signed))
    }

    /// Writes one, with the place for a signature after the issuer.
    pub fn write(&self) -> Halves {
        let issued_at = moment::write(self.issued_at);
        let until = self.not_on_or_after.map(moment::write);
        let mut attributes = vec![("xmlns:samlp", PROTOCOL)];
        attributes.extend(self.destination.as_deref().map(|to| ("Destination", to)));
        attributes.push(("ID", &self.id));
        attributes.push(("IssueInstant", &issued_at));
        attributes.extend(until.as_deref().map(|until| ("NotOnOrAfter", until)));
        attributes.push(("Version", "2.0"));
        let mut head = Writer::new();
        head.open("samlp:LogoutRequest", &attributes).leaf(
            "saml:Issuer",
            &[("xmlns:saml", ASSERTION)],
            &self.issuer,
        );
        let mut tail = Writer::new();
        self.name_id.write(&mut tail, false);
        for index in &self.session_indexes {
            tail.leaf("samlp:SessionIndex", &[], index);
        }
        tail.close("samlp:LogoutRequest");
        Halves { head: head.finish(), tail: tail.finish() }
    }
}

impl LogoutResponse {
    /// Reads one whose signature was verified, or is not asked for.
    pub fn read(xml: &str) -> Result<Self, LogoutError> {
        let tree = Tree::parse(xml)?;
        let root = tree.root();
        if !root.is(PROTOCOL, "LogoutResponse") {
            return Err(LogoutError::Kind("LogoutResponse"));
        }
        Ok(Self {
            id: root.required("ID")?.to_owned(),
            issued_at: moment::read(root.required("IssueInstant")?)
                .ok_or(LogoutError::Moment("IssueInstant"))?,
            destination: root.attribute("Destination").map(str::to_owned),
            issuer: root.only(ASSERTION, "Issuer")?.whole_text()?.trim().to_owned(),
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            status: Status::read(root)?,
        })
    }

    /// Whether it was sent to this address; one that is `signed` has to say so.
    pub fn check_destination(&self, here: &str, signed: bool) -> Result<(), LogoutError> {
        check_destination(("LogoutResponse", self.destination.as_deref()), (here, signed))
    }

    /// Writes one, with the place for a signature after the issuer.
    pub fn write(&self) -> Halves {
        let issued_at = moment::write(self.issued_at);
        let mut attributes = vec![("xmlns:samlp", PROTOCOL)];
        attributes.extend(self.destination.as_deref().map(|to| ("Destination", to)));
        attributes.push(("ID", &self.id));
        attributes.extend(self.in_response_to.as_deref().map(|to| ("InResponseTo", to)));
        attributes.push(("IssueInstant", &issued_at));
        attributes.push(("Version", "2.0"));
        let mut head = Writer::new();
        head.open("samlp:LogoutResponse", &attributes).leaf(
            "saml:Issuer",
            &[("xmlns:saml", ASSERTION)],
            &self.issuer,
        );
        let mut tail = Writer::new();
        self.status.write(&mut tail);
        tail.close("samlp:LogoutResponse");
        Halves { head: head.finish(), tail: tail.finish() }
    }
}

/// SAML bindings, sections 3.4.5.2 and 3.5.5.2.
fn check_destination(
    (what, sent): (&'static str, Option<&str>),
    (here, signed): (&str, bool),
) -> Result<(), LogoutError> {
    let expected = here.to_owned();
    match sent.filter(|sent| !sent.is_empty()) {
        Some(sent) if sent != here => Err(LogoutError::Destination { what, sent: sent.to_owned(), expected }),
        None if signed => Err(LogoutError::NoDestination { what, expected }),
        Some(_) | None => Ok(()),
    }
}
