//! The certificates of identity providers on the pages: until when they are good, and whether that is soon.
//!
//! Pure. Must never fail because of a certificate that cannot be read.

use chancery_crypto::certificate::Certificate;
use jiff::Timestamp;
use serde_json::Value;

use super::presented::pem;
use crate::dashboard::ui::{Badge, Moment, Tone, span, timestamp};
use crate::pasted;

/// How long before the end there is a warning, in seconds.
const SOON: i64 = 30 * 86_400;

/// When something ends, and how near that is.
pub(super) struct Expiry {
    pub(super) until: Moment,
    /// What is wrong with it.
    pub(super) warning: Option<Badge>,
}

impl Expiry {
    pub(super) fn at(end: Timestamp, now: Timestamp) -> Self {
        let left = end.as_second() - now.as_second();
        let warning = match left {
            ..=0 => Some(Badge::new(Tone::Bad, "Expired")),
            1..SOON => Some(Badge::new(Tone::Warn, format!("{} left", span(left)))),
            _ => None,
        };
        Self { until: Moment::at(Some(end)).date(), warning }
    }

    /// Of the certificate of a connection that ends first.
    pub(super) fn of(connection: &Value, now: Timestamp) -> Option<Self> {
        let derived = timestamp(connection.get("options").and_then(|own| own.get("expires")));
        let end = derived.or_else(|| read(connection).iter().map(Certificate::not_after).min());
        end.map(|end| Self::at(end, now))
    }
}

/// A certificate of an identity provider.
pub(super) struct Shown {
    pub(super) subject: String,
    pub(super) fingerprint: String,
    pub(super) expiry: Expiry,
}

/// All of them, as they are stored.
pub(super) fn shown(connection: &Value, now: Timestamp) -> Vec<Shown> {
    let one = |certificate: &Certificate| Shown {
        subject: certificate.common_name().unwrap_or_else(|| certificate.subject_dn()),
        fingerprint: certificate.fingerprint(),
        expiry: Expiry::at(certificate.not_after(), now),
    };
    read(connection).iter().map(one).collect()
}

fn read(connection: &Value) -> Vec<Certificate> {
    let options = connection.get("options").and_then(Value::as_object);
    options.and_then(pem).and_then(|text| pasted::certificates(&text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_ends_within_thirty_days_is_warned_of() {
        let now: Timestamp = "2027-01-15T08:00:00Z".parse().unwrap();
        let said = |end: &str| {
            let expiry = Expiry::at(end.parse().unwrap(), now);
            expiry.warning.map(|badge| (badge.tone, badge.text))
        };
        assert_eq!(said("2027-02-20T08:00:00Z"), None);
        assert_eq!(said("2027-02-14T08:00:00Z"), None);
        assert_eq!(said("2027-02-14T07:00:00Z"), Some((Tone::Warn, "29 days left".to_owned())));
        assert_eq!(said("2027-01-16T07:00:00Z"), Some((Tone::Warn, "23 hours left".to_owned())));
        assert_eq!(said("2027-01-15T08:00:00Z"), Some((Tone::Bad, "Expired".to_owned())));
    }
}
