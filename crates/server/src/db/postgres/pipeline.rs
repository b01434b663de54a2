//! Waits for many requests at once, so that they travel together instead of one after the other.
//!
//! Must start all of them in order: the driver sends a request when it is first polled.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Runs all of them; answers the first error by their order, which is the cause of those after it.
pub(super) async fn all<F, T, E>(requests: Vec<Pin<Box<F>>>) -> Result<(), E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut requests: Vec<_> = requests.into_iter().map(Some).collect();
    poll_fn(move |context| {
        let mut waiting = false;
        for slot in &mut requests {
            let Some(request) = slot else {
                continue;
            };
            match request.as_mut().poll(context) {
                // Answers come in order, so this is the first error.
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(_)) => *slot = None,
                Poll::Pending => waiting = true,
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(Ok(())) }
    })
    .await
}
