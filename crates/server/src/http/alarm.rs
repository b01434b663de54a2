//! The timer for the head of a request, which nearly always is put away before it rings.
//!
//! tokio keeps the timers of all threads in one place, behind a lock. One timer for each connection is set there
//! and stays while requests come and go; where it rings too early, it is set anew. Must never ring late.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::Timer;
use hyper_util::rt::TokioTimer;
use tokio::time::Sleep;

/// The alarms of one connection, of which one is set at a time.
#[derive(Clone, Default)]
pub(super) struct Alarms(Arc<Mutex<Option<Pin<Box<Sleep>>>>>);

/// An alarm that is set.
struct Alarm {
    deadline: tokio::time::Instant,
    /// Rings at the deadline or before; it is there until the drop.
    sleep: Option<Pin<Box<Sleep>>>,
    home: Alarms,
}

impl Timer for Alarms {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        let deadline = deadline.into();
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let sleep = kept.filter(|sleep| sleep.deadline() <= deadline);
        let sleep = sleep.unwrap_or_else(|| Box::pin(tokio::time::sleep_until(deadline)));
        Box::pin(Alarm { deadline, sleep: Some(sleep), home: self.clone() })
    }

    fn now(&self) -> Instant {
        TokioTimer::new().now()
    }
}

impl hyper::rt::Sleep for Alarm {}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let Some(sleep) = &mut self.sleep else { return Poll::Ready(()) };
        while sleep.deadline() < deadline {
            ready!(sleep.as_mut().poll(context));
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(context)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        *self.home.0.lock().unwrap_or_else(PoisonError::into_inner) = self.sleep.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn an_alarm_rings_at_its_own_time_after_others_were_put_away() {
        let alarms = Alarms::default();
        let start = alarms.now();
        for _ in 0..3 {
            let alarm = alarms.sleep(10 * MOMENT);
            assert!(tokio::time::timeout(4 * MOMENT, alarm).await.is_err(), "it rang early");
        }
        alarms.sleep(10 * MOMENT).await;
        assert!(alarms.now() - start >= (3 * 4 + 10) * MOMENT, "it rang early");
    }

    #[tokio::test]
    async fn a_shorter_alarm_does_not_wait_for_the_one_before() {
        let alarms = Alarms::default();
        assert!(tokio::time::timeout(MOMENT, alarms.sleep(10_000 * MOMENT)).await.is_err());
        assert!(tokio::time::timeout(1_000 * MOMENT, alarms.sleep(2 * MOMENT)).await.is_ok());
    }
}
