//! Dates in queries, as coarse or as fine as people write them.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

/// The time that a text names: its first millisecond, and the first one after it. `2027-01` is a month,
/// `2027-01-15T10:30` a minute. Without an offset it is UTC.
pub(super) fn span(text: &str) -> Option<(i64, i64)> {
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let Some(time) = time else {
        let (first, length) = days(day)?;
        let last = first.saturating_add(length);
        return Some((millis(first.at(0, 0, 0, 0), Offset::UTC), millis(last.at(0, 0, 0, 0), Offset::UTC)));
    };
    let (first, _) = days(day).filter(|_| day.len() == 10)?;
    let (time, offset) = offset(time)?;
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) if clock.len() == 8 => (clock, Some(fraction)),
        Some(_) => return None,
        None => (time, None),
    };
    let part = |index: usize| number(clock.get(index..index + 2)?);
    let divided = clock.bytes().skip(2).step_by(3).all(|byte| byte == b':');
    let (hour, minute, second, length) = match clock.len() {
        2 => (part(0)?, 0, 0, 3_600_000),
        5 => (part(0)?, part(3)?, 0, 60_000),
        8 => (part(0)?, part(3)?, part(6)?, 1000),
        _ => return None,
    };
    if !divided {
        return None;
    }
    let in_range = |value: i16| i8::try_from(value).ok();
    let start = DateTime::from_parts(
        first,
        jiff::civil::Time::new(in_range(hour)?, in_range(minute)?, in_range(second)?, 0).ok()?,
    );
    let start = millis(start, offset);
    match fraction {
        None => Some((start, start + length)),
        Some(fraction) => {
            if fraction.is_empty()
                || fraction.len() > 9
                || !fraction.bytes().all(|byte| byte.is_ascii_digit())
            {
                return None;
            }
            // Finer than a millisecond is more than is kept.
            let start = start + format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
            Some((start, start + 1))
        }
    }
}

fn days(text: &str) -> Option<(Date, Span)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next(), parts.next());
    let lengths = [Some(year), month, day].map(|part| part.map_or(0, str::len));
    if parts.next().is_some() || !matches!(lengths, [4, 0 | 2, 0 | 2]) {
        return None;
    }
    let part = |part: Option<&str>| part.map_or(Some(1), |part| i8::try_from(number(part)?).ok());
    let first = Date::new(number(year)?, part(month)?, part(day)?).ok()?;
    let length = match (month, day) {
        (None, _) => Span::new().years(1),
        (_, None) => Span::new().months(1),
        _ => Span::new().days(1),
    };
    (first >= date(1, 1, 1)).then_some((first, length))
}

/// Takes the offset from the end of a time.
fn offset(text: &str) -> Option<(&str, Offset)> {
    if let Some(time) = text.strip_suffix('Z') {
        return Some((time, Offset::UTC));
    }
    let Some(place) = text.rfind(['+', '-']) else { return Some((text, Offset::UTC)) };
    let (time, written) = text.split_at(place);
    let (hours, minutes) = written.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    let signed = if written.starts_with('-') { -seconds } else { seconds };
    (hours < 24 && minutes < 60).then(|| Offset::from_seconds(signed).ok().map(|offset| (time, offset)))?
}

fn number(text: &str) -> Option<i16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The last moment that can be told stands for those after it, so that `[* TO 9999-12-31]` means for ever.
fn millis(time: DateTime, offset: Offset) -> i64 {
    offset.to_timestamp(time).unwrap_or(Timestamp::MAX).as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_as_long_as_it_is_coarse() {
        const START: i64 = 1_798_761_600_000; // 2027-01-01T00:00:00Z
        for (text, from, to) in [
            ("2027", 0, 365 * 86_400_000),
            ("2027-01", 0, 31 * 86_400_000),
            ("2027-01-01", 0, 86_400_000),
            ("2027-01-01T01", 3_600_000, 7_200_000),
            ("2027-01-01T00:01", 60_000, 120_000),
            ("2027-01-01T00:00:01", 1000, 2000),
            ("2027-01-01T00:00:01Z", 1000, 2000),
            ("2027-01-01T02:00:01+02:00", 1000, 2000),
            ("2026-12-31T22:30:01-01:30", 1000, 2000),
            ("2027-01-01T00:00:00.5Z", 500, 501),
            ("2027-01-01T00:00:00.123456789Z", 123, 124),
        ] {
            assert_eq!(span(text), Some((START + from, START + to)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "now",
            "20270101",
            "27-01-01",
            "2027-1-1",
            "2027-13",
            "2027-02-30",
            "2027-01-01 10:00",
            "2027-01-01T",
            "2027-01-01T25",
            "2027-01-01T10:60",
            "2027-01T10",
            "2027-01-01T10:00:00.",
            "2027-01-01T10.5",
            "2027-01-01T10:00:00+2",
            "2027-01-01T10:00:00+25:00",
            "2027-01-01T1000",
            "2027-01-01T10-00",
            "９999",
            "2027-01-01T10:00:00ZZ",
            "2027--01",
            "-2027",
            "0000",
            "2027-01-01-01",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
        assert!(span("9999-12-31").is_some() && span("9999").is_some() && span("0001").is_some());
    }
}
