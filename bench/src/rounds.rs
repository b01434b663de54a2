//! Rounds: the limits and every target in turn, again and again, so that whatever else the machine does falls on
//! all of them alike.

use crate::hello::Hello;
use crate::limits::Limits;
use crate::load::{Sample, Tally, Target};
use crate::plan::{Plan, Scenario};
use crate::stats::Series;
use crate::{Outcome, say};

/// How far S of a round may lie from the median of all before the round is repeated.
const TOLERANCE: f64 = 0.15;

/// What one round measured.
#[derive(Debug)]
pub(crate) struct Round {
    /// S: signatures a second of processor time, one thread.
    pub(crate) sign: f64,
    /// The same on all cores at once.
    pub(crate) sign_busy: f64,
    /// P: password hashes a second of processor time, one thread; not a number where none are planned.
    pub(crate) hash: f64,
    /// The same on all cores at once.
    pub(crate) hash_busy: f64,
    /// The same hashes by the library that the server uses, one thread.
    pub(crate) own_hash: f64,
    /// The same on all cores at once.
    pub(crate) own_hash_busy: f64,
    /// The bare server.
    pub(crate) hello: Sample,
    /// The bare server with an answer as long as the set of keys: what of their cost is their length.
    pub(crate) long_hello: Sample,
    /// The targets, in their order.
    pub(crate) samples: Vec<Sample>,
}

/// All rounds that count.
#[derive(Debug)]
pub(crate) struct Rounds {
    /// The rounds.
    pub(crate) kept: Vec<Round>,
    /// How many were measured again because S had moved.
    pub(crate) repeated: usize,
}

impl Rounds {
    /// One figure of every round.
    pub(crate) fn series(&self, figure: impl FnMut(&Round) -> f64) -> Series {
        self.kept.iter().map(figure).collect()
    }
}

/// Measures until enough rounds count, and no more than twice as many as that.
pub(crate) async fn measure(
    plan: &Plan,
    hello: &Hello,
    limits: &Limits,
    targets: &[Target],
) -> Outcome<Rounds> {
    let wanted = usize::try_from(plan.rounds)?;
    let mut all = Vec::new();
    loop {
        say::progress(format!("round {} of {wanted}", all.len() + 1));
        all.push(round(plan, limits, hello, targets).await?);
        let median = all.iter().map(|round: &Round| round.sign).collect::<Series>().median();
        let counts = |round: &Round| (round.sign / median - 1.0).abs() <= TOLERANCE;
        if all.iter().filter(|round| counts(round)).count() >= wanted || all.len() >= 2 * wanted {
            let measured = all.len();
            let kept: Vec<_> = all.into_iter().filter(counts).collect();
            let repeated = measured - kept.len();
            return Ok(Rounds { kept, repeated });
        }
    }
}

async fn round(plan: &Plan, limits: &Limits, hello: &Hello, targets: &[Target]) -> Outcome<Round> {
    let slice = plan.span / plan.slices;
    let (short, long) = hello.targets()?;
    let (mut sign, mut sign_busy) = (0.0, 0.0);
    let (mut hash, mut hash_busy) = (0.0, 0.0);
    let (mut own_hash, mut own_hash_busy) = (0.0, 0.0);
    let hashing = plan.has(Scenario::LoginPassword);
    let (mut hello, mut long_hello) = (Tally::default(), Tally::default());
    let mut tallies: Vec<Tally> = targets.iter().map(|_| Tally::default()).collect();
    for _ in 0..plan.slices {
        sign += limits.signatures(slice / 2)?;
        sign_busy += limits.signatures_on_all_cores(slice / 4)?;
        if hashing {
            hash += Limits::hashes(slice / 2)?;
            hash_busy += Limits::hashes_on_all_cores(slice / 2)?;
            own_hash += Limits::own_hashes(slice / 2)?;
            own_hash_busy += Limits::own_hashes_on_all_cores(slice / 2)?;
        }
        short.add_to(&mut hello, slice).await?;
        long.add_to(&mut long_hello, slice).await?;
        for (target, tally) in targets.iter().zip(&mut tallies) {
            target.add_to(tally, slice).await?;
        }
    }
    let mean = |sum: f64| sum / f64::from(plan.slices);
    let or_nothing = |rate: f64| if hashing { rate } else { f64::NAN };
    Ok(Round {
        sign: mean(sign),
        sign_busy: mean(sign_busy),
        hash: or_nothing(mean(hash)),
        hash_busy: or_nothing(mean(hash_busy)),
        own_hash: or_nothing(mean(own_hash)),
        own_hash_busy: or_nothing(mean(own_hash_busy)),
        hello: hello.sample()?,
        long_hello: long_hello.sample()?,
        samples: tallies.into_iter().map(Tally::sample).collect::<Outcome<_>>()?,
    })
}
