//! The id of the request that is being served: in its answer, in its log entries, in each line that the
//! process logs on its way.
//!
//! Carried by the task, not by a span: a span costs as much as the rest of a small answer.

use std::fmt;
use std::pin::pin;

use http::HeaderValue;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use crate::entropy::Entropy;

tokio::task_local! {
    static CURRENT: HeaderValue;
}

/// A new id: 16 hexadecimal digits.
pub fn fresh(entropy: &dyn Entropy) -> HeaderValue {
    let mut digits = [0; 16];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(entropy.bytes::<8>()) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    // Digits are always fit for a header.
    HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("-"))
}

fn digit(number: u8) -> u8 {
    b"0123456789abcdef"[usize::from(number)]
}

/// Serves a request under this id; answers the id back together with the answer.
pub async fn scope<T>(id: HeaderValue, serving: impl Future<Output = T>) -> (Option<HeaderValue>, T) {
    let mut scope = pin!(CURRENT.scope(id, serving));
    let answer = scope.as_mut().await;
    (scope.take_value(), answer)
}

/// The id of the request that this task serves.
pub fn current() -> Option<String> {
    CURRENT.try_with(|id| id.to_str().ok().map(str::to_owned)).ok().flatten()
}

/// Writes log lines as another format does, with the id of the request in them.
#[derive(Debug)]
pub struct WithRequestId<F>(pub F);

impl<S, N, F> FormatEvent<S, N> for WithRequestId<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(id) = current() else { return self.0.format_event(context, writer, event) };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        // The id holds nothing that JSON would have to escape; see where it is made and where it is taken.
        match line.strip_prefix('{') {
            Some(rest) => write!(writer, "{{\"request_id\":\"{id}\",{rest}"),
            None => writeln!(writer, "{} request_id={id}", line.trim_end()),
        }
    }
}
