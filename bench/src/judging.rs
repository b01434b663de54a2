//! What it costs to judge the answers of identity providers: one of the usual size, and documents that grow.
//!
//! The pure crates alone, on one thread. Every document is made once and has to count each time that it is judged.

use std::time::Duration;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_saml::idp::Party;
use chancery_saml::idp::claims::{Attribute, Content};
use chancery_saml::idp::respond::{Envelope, Subject, prepare};
use chancery_saml::name_id::{NameId, PERSISTENT};
use chancery_saml::sp::consume::{Expected, WeakCiphers, consume};
use chancery_xmldsig::canonical::exclusive;
use chancery_xmldsig::sign::{Halves, Unsigned};
use chancery_xmldsig::tree::Tree;
use chancery_xmldsig::verify::{self, Sha1, Trust};
use jiff::Timestamp;

use crate::limits::rate;
use crate::{Outcome, clock};

const ACS: &str = "https://us.bench.example/login/callback?connection=partner";
const US: &str = "urn:auth0:us:partner";
const IDP: &str = "urn:idp";
const ASKED: &str = "_asked";
/// Bytes of the usual answer.
const USUAL: usize = 5000;
/// Bytes of the documents that grow.
pub(crate) const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Prefixes that are in scope at once in the document with many of them: as many as the reader takes.
const PREFIXES: usize = 120;
/// How many of them one element declares, and uses.
const AT_ONCE: usize = 60;

/// An identity provider.
pub(crate) struct Partner {
    key: PrivateKey,
    certificate: Certificate,
    keys: [PublicKey; 1],
    now: Timestamp,
}

/// What makes a document large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Attributes of a user.
    Values,
    /// One long text, an entity in every tenth place.
    Text,
    /// Elements as deep within each other as the reader takes them.
    Depth,
    /// Small elements below many declarations of namespaces.
    Namespaces,
    /// Elements with as many attributes as the reader takes.
    Attributes,
}

impl Shape {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Values, Self::Text, Self::Depth, Self::Namespaces, Self::Attributes];

    /// What it is called in the results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Values => "many values",
            Self::Text => "one long text",
            Self::Depth => "deep elements",
            Self::Namespaces => "many namespaces",
            Self::Attributes => "many attributes",
        }
    }

    /// About so many bytes of it.
    fn content(self, bytes: usize) -> String {
        match self {
            Self::Values => {
                let one = |number| format!("<v><n>attribute {number:07}</n><t>some value of it</t></v>");
                repeated(bytes, one)
            }
            Self::Text => format!("<t>{}</t>", repeated(bytes, |_| "ordinary &amp; ".to_owned())),
            Self::Depth => {
                let (open, close) = ("<d>".repeat(58), "</d>".repeat(58));
                repeated(bytes, |_| format!("{open}deep{close}"))
            }
            Self::Namespaces => {
                let levels = PREFIXES.min(bytes / 100).div_ceil(AT_ONCE);
                let declared =
                    |prefix: usize| format!(" xmlns:p{prefix:04}=\"urn:{prefix:04}\" p{prefix:04}:a=\"\"");
                let level = |level: usize| {
                    let own: String = (level * AT_ONCE..(level + 1) * AT_ONCE).map(declared).collect();
                    format!("<w{own}>")
                };
                let opened: String = (0..levels).map(level).collect();
                // The outermost is the last that is looked at.
                let one = |_| "<p0000:e></p0000:e>".to_owned();
                let elements = repeated(bytes.saturating_sub(opened.len()), one);
                [opened, elements, "</w>".repeat(levels)].concat()
            }
            Self::Attributes => {
                let attributes: Vec<_> = (0..120).map(|number| format!(" a{number:03}=\"\"")).collect();
                let attributes = attributes.concat();
                repeated(bytes, |_| format!("<a{attributes}></a>"))
            }
        }
    }
}

/// A text again and again, until there are about so many bytes.
fn repeated(bytes: usize, one: impl Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(bytes + 100);
    let mut number = 0;
    while out.len() < bytes {
        out.push_str(&one(number));
        number += 1;
    }
    out
}

impl Partner {
    /// Makes its key.
    pub(crate) fn new() -> Outcome<Self> {
        let (key, now) = (PrivateKey::generate()?, clock::today()?);
        let request = SelfSigned { common_name: "idp.example", serial: [1; 8], not_before: now, days: 365 };
        let certificate = Certificate::self_signed(request, &key)?;
        Ok(Self { keys: [key.public().clone()], key, certificate, now })
    }

    /// An answer of the usual size, its assertion signed.
    fn answer(&self) -> Outcome<String> {
        let party = Party {
            callbacks: vec![ACS.to_owned()],
            name_id_format: PERSISTENT.to_owned(),
            ..Party::default()
        };
        let envelope = Envelope {
            id: "_response".to_owned(),
            issuer: IDP.to_owned(),
            destination: ACS.to_owned(),
            in_response_to: Some(ASKED.to_owned()),
            now: self.now,
        };
        let mut subject = Subject {
            assertion_id: "_assertion".to_owned(),
            session_index: "_session".to_owned(),
            name: NameId { value: "ada".to_owned(), format: Some(PERSISTENT.to_owned()) },
            attributes: vec![],
            authenticated_at: self.now,
            audience: US.to_owned(),
            recipient: ACS.to_owned(),
        };
        loop {
            let prepared = prepare(&party, &envelope, &subject, [7; 48])?;
            let signature = self.key.sign(Algorithm::Rs256, prepared.message().as_bytes())?;
            let answer = prepared.finish(&signature, &self.certificate)?;
            if answer.len() >= USUAL {
                return Ok(answer);
            }
            let number = subject.attributes.len();
            subject.attributes.push(Attribute {
                name: format!("http://schemas.bench.example/attribute{number}"),
                values: vec![Content::Text(format!("value {number}"))],
            });
        }
    }

    /// Bytes of the usual answer, and how many of them are judged in a second of processor time.
    pub(crate) fn judged(&self, span: Duration) -> Outcome<(usize, f64)> {
        let answer = self.answer()?;
        let expected = Expected {
            keys: &self.keys,
            sha1: Sha1::Refused,
            decryptors: &[],
            weak_ciphers: WeakCiphers::Refused,
            issuer: Some(IDP),
            audience: US,
            destinations: &[ACS],
            in_response_to: Some(ASKED),
            now: self.now,
        };
        let judged = rate(span, 16, || {
            std::hint::black_box(consume(&answer, &expected)?);
            Ok(())
        })?;
        Ok((answer.len(), judged))
    }

    /// Bytes of a document of about this size, and milliseconds to read, verify, and read what was verified.
    pub(crate) fn verified(&self, (shape, size): (Shape, usize), span: Duration) -> Outcome<(usize, f64)> {
        let document = self.document(shape, size)?;
        let trust = Trust { keys: &self.keys, sha1: Sha1::Refused };
        let verified = rate(span, 1, || {
            let tree = Tree::parse(&document)?;
            let verified = verify::enveloped(&tree, tree.root(), "ID", trust)?.ok_or("it is not signed")?;
            Tree::parse(&verified.octets)?;
            Ok(())
        })?;
        Ok((document.len(), 1e3 / verified))
    }

    /// A signed element of about this size.
    fn document(&self, shape: Shape, size: usize) -> Outcome<String> {
        const HEAD: &str = "<r xmlns=\"urn:bench\" ID=\"_document\">";
        let content = shape.content(size);
        let whole = format!("{HEAD}{content}</r>");
        let canonical = exclusive(Tree::parse(&whole)?.root(), None, &[]);
        let tail = canonical.strip_prefix(HEAD).ok_or("the document has another form")?;
        let halves = Halves { head: HEAD.to_owned(), tail: tail.to_owned() };
        let unsigned = Unsigned::new(halves, "_document", "", Algorithm::Rs256)?;
        let signature = self.key.sign(Algorithm::Rs256, unsigned.message().as_bytes())?;
        Ok(unsigned.finish(&signature, &self.certificate))
    }
}
