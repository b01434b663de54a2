//! Moments as SAML writes them: `xs:dateTime` in UTC (SAML core, section 1.3.3).

use jiff::Timestamp;

/// With milliseconds, as Auth0 writes them.
pub fn write(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

/// Reads one; none if it is no moment in UTC.
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.ends_with('Z').then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written_in_utc_alone() {
        let moment = "2026-11-26T18:00:00.123Z";
        assert_eq!(write(read(moment).unwrap()), moment);
        assert_eq!(write(read(" 2026-11-26T18:00:00Z ").unwrap()), "2026-11-26T18:00:00.000Z");
        for wrong in
            ["", "2026-11-26T18:00:00", "2026-11-26T18:00:00+00:00", "yesterday", "2026-13-01T00:00:00Z"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
