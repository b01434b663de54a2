//! The goals that the rounds decide.

use super::table::Verdicts;
use crate::rounds::{Round, Rounds};
use crate::stats::Series;
use crate::world::World;

/// What is to be a multiple of S, the rate of bare signatures.
const OF_SIGNATURES: [(&str, f64); 7] = [
    ("token_rs256", 0.80),
    ("keys_signing", 5.0),
    // Two signatures each: a half is the limit.
    ("code_pkce", 0.34),
    ("refresh_sqlite", 0.38),
    ("refresh_postgres", 0.38),
    ("userinfo", 6.0),
    ("saml", 0.80),
];
/// What is to be a multiple of H, the rate of the bare server.
const OF_ANSWERS: [(&str, f64); 2] = [("token_hs256", 0.3), ("jwks", 0.7)];
/// What a login with a password is to be of P, the rate of bare hashes.
const OF_HASHES: f64 = 0.85;

/// Compares what the rounds have measured with what it should be.
pub(super) fn judge(world: &World, rounds: &Rounds, verdicts: &mut Verdicts) {
    let index_of = |name: &str| world.targets.iter().position(|target| target.name == name);
    let of = |index: usize, limit: &dyn Fn(&Round) -> f64| -> Series {
        rounds.series(|round| round.samples[index].capacity() / limit(round))
    };
    for (name, least) in OF_SIGNATURES {
        let Some(index) = index_of(name) else { continue };
        let (ratio, busy) = (of(index, &|round| round.sign), of(index, &|round| round.sign_busy));
        let measured = format!("{ratio:.2} S; with all cores busy {busy:.2} S");
        verdicts.at_least(name, (ratio.median(), least), (measured, &format!("≥ {least:.2} S")));
    }
    for (name, least) in OF_ANSWERS {
        let Some(index) = index_of(name) else { continue };
        let ratio = of(index, &|round| round.hello.capacity());
        verdicts.at_least(
            name,
            (ratio.median(), least),
            (format!("{ratio:.2} H"), &format!("≥ {least:.2} H")),
        );
    }
    if let Some(index) = index_of("login_password") {
        login(index, rounds, verdicts);
    }
    for pair in &world.pairs {
        // SQLite is within the server: what PostgreSQL does has to count as well.
        let cost = |index: usize, round: &Round| {
            round.samples[index].cpu_micros + round.samples[index].database_micros
        };
        let ratio = rounds.series(|round| cost(pair.many, round) / cost(pair.one, round));
        let name = format!("flat: {}", world.targets[pair.many].name);
        let measured = format!("{ratio:.2} × {}", world.targets[pair.one].name);
        verdicts.at_most(&name, (ratio.median(), pair.most), (measured, &format!("≤ {}", pair.most)));
    }
}

/// The login with a password against bare hashes, and what it costs beside its own.
fn login(index: usize, rounds: &Rounds, verdicts: &mut Verdicts) {
    let of = |rate: &dyn Fn(&Round) -> f64| -> Series {
        rounds.series(|round| round.samples[index].capacity() / rate(round))
    };
    let beside = |rate: &dyn Fn(&Round) -> f64| -> Series {
        rounds.series(|round| (round.samples[index].cpu_micros - 1e6 / rate(round)) / 1e3)
    };
    let ratio = of(&|round| round.hash);
    let measured = format!(
        "{ratio:.2} P; {:.2} of what its library does alone, {:.2} ms beside the hash; with all cores busy {:.2} P, {:.2}, {:.2} ms",
        of(&|round| round.own_hash),
        beside(&|round| round.own_hash),
        of(&|round| round.hash_busy),
        of(&|round| round.own_hash_busy),
        beside(&|round| round.own_hash_busy),
    );
    let goal = format!("≥ {OF_HASHES:.2} P");
    verdicts.at_least("login_password", (ratio.median(), OF_HASHES), (measured, &goal));
}
