//! The life of the keys as a picture: a line for each, from left to right in time.
//!
//! Drawn here, so that it needs no script. The same facts stand in the tables of the page for those who cannot see it.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::{SignedDuration, Timestamp};

use super::Key;

/// Where the lines begin and end, and how high each key's lane is.
const LEFT: f64 = 172.0;
const RIGHT: f64 = 748.0;
const LANE: i32 = 46;
const TOP: i32 = 34;
/// How wide the label of a moment may be.
const LABEL: f64 = 120.0;

/// The picture.
#[derive(Template, Debug)]
#[template(path = "signing_keys/timeline.html")]
pub(super) struct Timeline {
    lanes: Vec<Lane>,
    ticks: Vec<Tick>,
    now: String,
    height: i32,
    summary: String,
}
impl HtmlSafe for Timeline {}

#[derive(Debug)]
struct Lane {
    y: i32,
    kid: String,
    state: &'static str,
    bars: Vec<Bar>,
    /// Where it was revoked.
    gone: Option<String>,
    expiry: String,
}

#[derive(Debug)]
struct Bar {
    x: String,
    width: String,
    class: &'static str,
    title: String,
}

#[derive(Debug)]
struct Tick {
    x: String,
    label: String,
}

/// From moments to places.
struct Scale {
    start: Timestamp,
    millis: f64,
}

impl Scale {
    /// Of so much time since a moment.
    #[expect(clippy::cast_precision_loss, reason = "a picture: a millisecond is far less than a pixel")]
    fn of(start: Timestamp, past: SignedDuration) -> Self {
        // A little room after now, so that its line is not the edge.
        Self { start, millis: past.as_millis() as f64 * 1.12 }
    }

    #[expect(clippy::cast_precision_loss, reason = "a picture: a millisecond is far less than a pixel")]
    fn place(&self, at: Timestamp) -> f64 {
        let from_start = (at.as_millisecond() - self.start.as_millisecond()) as f64;
        LEFT + (RIGHT - LEFT) * (from_start / self.millis).clamp(0.0, 1.0)
    }
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

impl Timeline {
    /// Of these keys, as seen now.
    pub(super) fn of(keys: &[&Key], now: Timestamp) -> Self {
        let first = keys.iter().filter_map(|key| key.published).min().unwrap_or(now);
        let past = now.duration_since(first).max(SignedDuration::from_secs(10));
        let scale = Scale::of(first, past);
        let lanes = keys.iter().zip(0..).map(|(key, number)| lane(key, number, (&scale, now)));
        let lanes: Vec<Lane> = lanes.collect();
        let height = TOP + LANE * i32::try_from(lanes.len()).unwrap_or(0) + 6;
        let states: Vec<String> =
            keys.iter().map(|key| format!("{} {}", key.short(), key.label().to_lowercase())).collect();
        Self {
            lanes,
            ticks: ticks(&scale, (first, past), now),
            now: number(scale.place(now)),
            height,
            summary: format!(
                "The life of {} keys: {}. The tables below say the same.",
                keys.len(),
                states.join(", ")
            ),
        }
    }
}

/// Moments from the first on whose labels end before that of now begins.
fn ticks(scale: &Scale, (first, past): (Timestamp, SignedDuration), now: Timestamp) -> Vec<Tick> {
    let form = if past < SignedDuration::from_hours(1) {
        "%H:%M:%S UTC"
    } else if past < SignedDuration::from_hours(48) {
        "%-d %b %H:%M UTC"
    } else if past < SignedDuration::from_hours(24 * 300) {
        "%-d %b"
    } else {
        "%b %Y"
    };
    let moments = (0..4).map(|part: i32| first.saturating_add(past * part / 4).unwrap_or(first));
    moments
        .filter(|at| scale.place(*at) + LABEL <= scale.place(now))
        .map(|at| Tick { x: number(scale.place(at)), label: at.strftime(form).to_string() })
        .collect()
}

fn lane(key: &Key, place: i32, (scale, now): (&Scale, Timestamp)) -> Lane {
    let end = key.revoked.unwrap_or(now);
    let mut bars = Vec::new();
    let mut bar = |from: Option<Timestamp>, to: Timestamp, (class, title): (&'static str, &str)| {
        let Some(from) = from else { return };
        let (x, until) = (scale.place(from), scale.place(to));
        // What lasted but a moment can still be seen.
        let width = (until - x).max(2.0);
        bars.push(Bar { x: number(x), width: number(width), class, title: title.to_owned() });
    };
    bar(key.published, key.since.unwrap_or(end), ("waiting", "published, not signing yet"));
    bar(key.since, key.until.unwrap_or(end), ("signing", "signing"));
    bar(key.until, end, ("retired", "verifying only"));
    let expiry = key.expires.map(|at| at.strftime("to %b %Y").to_string());
    Lane {
        y: TOP + LANE * place,
        kid: key.short(),
        state: key.label(),
        bars,
        gone: key.revoked.map(|at| number(scale.place(at))),
        expiry: expiry.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_of_a_moment_touches_the_word_now() {
        let first: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        let labels = |seconds: i64| -> Vec<String> {
            let now = first + SignedDuration::from_secs(seconds);
            let past = SignedDuration::from_secs(seconds.max(10));
            ticks(&Scale::of(first, past), (first, past), now).into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(labels(0), Vec::<String>::new());
        assert_eq!(labels(5), ["10:00:00 UTC", "10:00:02 UTC"]);
        assert_eq!(labels(40), ["10:00:00 UTC", "10:00:10 UTC", "10:00:20 UTC", "10:00:30 UTC"]);
    }
}
