//! All scenarios in their order, and the two tables at the end: figures, and goals beside them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::flows::{Replays, WithPassword};
use crate::hello::Hello;
use crate::judging::{Partner, SIZES, Shape};
use crate::limits::{HASH, Limits};
use crate::load::{CONNECTIONS, Sample, Target};
use crate::plan::{Plan, Scenario};
use crate::rounds::{self, Rounds};
use crate::stats::{Series, decimals};
use crate::world::{JWKS, World};
use crate::{Outcome, clock, cpu, floods, http, mixed, rotate, say, start};

mod goals;
mod table;

use table::{Table, Verdicts};

/// How much more a kilobyte of a large document may cost than one of a tenth of it: caches have an end, and large blocks
/// of memory come from the kernel. What is quadratic costs ten times as much.
const MOST: f64 = 2.0;

/// Runs what is planned, prints what came of it.
pub(crate) async fn all(plan: &Plan, home: &Path) -> Outcome<()> {
    let mut verdicts = Verdicts::default();
    let machine = cpu::machine();
    say::progress(&machine);
    if plan.has(Scenario::Startup) {
        startup(plan, home, &mut verdicts).await?;
    }
    if plan.has(Scenario::Memory) {
        let (resident, anonymous) = start::idle_memory(plan, home).await?;
        let measured = format!("{resident:.1} MB, of it {anonymous:.1} MB anonymous");
        verdicts.at_most("memory, idle for 3 s", (resident, 25.0), (measured, "≤ 25 MB"));
    }
    let limits = Limits::new()?;
    let world = World::build(plan, home).await?;
    let hello = Hello::start(world.keys_length).await?;
    let rounds = rounds::measure(plan, &hello, &limits, &world.targets).await?;
    let figures = figures(&world, &rounds);
    goals::judge(&world, &rounds, &mut verdicts);
    replays(&world, &mut verdicts).await?;
    if plan.has(Scenario::Mixed) {
        side_by_side(plan, &world, &hello, &mut verdicts).await?;
    }
    if plan.has(Scenario::JwksDuringLogins) {
        during_logins(plan, &world, &hello, &mut verdicts).await?;
    }
    if plan.has(Scenario::LoginPassword) {
        login_memory(plan, home, &mut verdicts).await?;
    }
    if plan.has(Scenario::Memory) {
        let target = world.base.target("token_rs256", vec![world.token.clone()]);
        target.measure(plan.span).await?;
        let peak = cpu::megabytes(world.base.process, "VmHWM")?;
        verdicts.note("memory, peak after token load", format!("{peak:.1} MB"));
    }
    if plan.has(Scenario::SamlVerify) {
        judging(plan, &limits, &mut verdicts)?;
    }
    if plan.has(Scenario::SamlSize) {
        growing(plan, &mut verdicts)?;
    }
    if plan.has(Scenario::Rotate) {
        rotation(plan, &world, &mut verdicts).await?;
    }
    say::result(format!("\n{machine}; load average at the end {}", cpu::load_average()));
    say::result(limits_line(&rounds));
    if plan.has(Scenario::LoginPassword) {
        say::result(hashes_line(&rounds));
    }
    if plan.has(Scenario::Limits) {
        say::result(other_limits(plan, &limits)?);
    }
    say::result("");
    figures.print(plan.markdown);
    say::result("");
    verdicts.print(plan.markdown);
    Ok(())
}

fn limits_line(rounds: &Rounds) -> String {
    format!(
        "S = {:.0} signatures, H = {:.0} answers a second of processor time (median [least-greatest] of {} rounds, {} repeated); S with all cores busy: {:.0}",
        rounds.series(|round| round.sign),
        rounds.series(|round| round.hello.capacity()),
        rounds.kept.len(),
        rounds.repeated,
        rounds.series(|round| round.sign_busy),
    )
}

fn hashes_line(rounds: &Rounds) -> String {
    let (memory, passes) = HASH;
    format!(
        "P = {:.1} Argon2id hashes a second of processor time ({memory} KiB, {passes} passes); with all cores busy: {:.1}; by the library of the server: {:.1}, {:.1}",
        rounds.series(|round| round.hash),
        rounds.series(|round| round.hash_busy),
        rounds.series(|round| round.own_hash),
        rounds.series(|round| round.own_hash_busy),
    )
}

fn other_limits(plan: &Plan, limits: &Limits) -> Outcome<String> {
    Ok(format!(
        "also a second of processor time: {:.0} RS256 verifications, {:.0} HMAC-SHA-256 tags, {:.1} RSA-2048 key pairs",
        limits.verifications(plan.span / 4)?,
        Limits::tags(plan.span / 4)?,
        Limits::keys(plan.span)?,
    ))
}

/// The table of figures.
fn figures(world: &World, rounds: &Rounds) -> Table {
    let mut table = Table::new(&[
        "scenario",
        "CPU µs",
        "PostgreSQL µs",
        "a second and core",
        "/ S",
        "/ H",
        "wall req/s",
        "p50 ms",
        "p99 ms",
    ]);
    let mut row = |name: &str, sample: &dyn Fn(&rounds::Round) -> Sample| {
        table.row([
            name.to_owned(),
            format!("{}", rounds.series(|round| sample(round).cpu_micros)),
            database(&rounds.series(|round| sample(round).database_micros)),
            format!("{:.0}", rounds.series(|round| sample(round).capacity()).median()),
            format!("{}", rounds.series(|round| sample(round).capacity() / round.sign)),
            format!("{:.2}", rounds.series(|round| sample(round).capacity() / round.hello.capacity())),
            format!("{:.0}", rounds.series(|round| sample(round).rate)),
            short(&rounds.series(|round| clock::millis(sample(round).p50))),
            short(&rounds.series(|round| clock::millis(sample(round).p99))),
        ]);
    };
    row("hello (H)", &|round| round.hello);
    row(&format!("hello, {} bytes", world.keys_length), &|round| round.long_hello);
    for (index, target) in world.targets.iter().enumerate() {
        row(&target.name, &|round| round.samples[index]);
    }
    table
}

fn database(series: &Series) -> String {
    if series.median() > 0.0 { series.to_string() } else { String::new() }
}

fn short(series: &Series) -> String {
    let median = series.median();
    format!("{median:.*}", decimals(median))
}

async fn startup(plan: &Plan, home: &Path, verdicts: &mut Verdicts) -> Outcome<()> {
    say::progress("starting and stopping servers");
    let starts = start::measure(plan, home).await?;
    let measured = format!("{:.1} CPU-ms, {:.1} ms", starts.existing_cpu, starts.existing_wall);
    verdicts.at_most(
        "first answer, existing data",
        (starts.existing_cpu.median(), 60.0),
        (measured, "≤ 60 CPU-ms"),
    );
    verdicts.note(
        "first answer, no data",
        format!("{:.0} CPU-ms, {:.0} ms", starts.empty_cpu, starts.empty_wall),
    );
    Ok(())
}

async fn side_by_side(plan: &Plan, world: &World, hello: &Hello, verdicts: &mut Verdicts) -> Outcome<()> {
    say::progress("keys while tokens saturate the server");
    let tokens = world.base.target("token_rs256", vec![world.token.clone()]);
    let probe = world.base.target("jwks", vec![http::get(&world.management.host, JWKS, None)]);
    let (bare, _) = hello.targets()?;
    let intervals = intervals(plan, (&tokens, &probe, &bare)).await?;
    let ratio = ratio(&intervals);
    let measured = format!("{ratio:.2}: {}", told(&intervals));
    verdicts.at_most("jwks p99 / token p99 under token load", (ratio.median(), 0.3), (measured, "≤ 0.3"));
    Ok(())
}

async fn during_logins(plan: &Plan, world: &World, hello: &Hello, verdicts: &mut Verdicts) -> Outcome<()> {
    let Some(people) = &world.people else { return Ok(()) };
    say::progress("keys while people sign in with passwords");
    let flow = Arc::new(WithPassword::new(people));
    let logins = Target::flow("login_password", world.base.service(), flow, CONNECTIONS);
    let probe = world.base.target("jwks", vec![http::get(&world.management.host, JWKS, None)]);
    let (bare, _) = hello.targets()?;
    let intervals = intervals(plan, (&logins, &probe, &bare)).await?;
    verdicts.note("jwks p99 during a flood of password logins", told(&intervals));
    Ok(())
}

async fn intervals(
    plan: &Plan,
    (load, probe, bare): (&Target, &Target, &Target),
) -> Outcome<Vec<mixed::Interval>> {
    let mut intervals = Vec::new();
    for _ in 0..plan.rounds {
        intervals.push(mixed::measure(load, probe, bare, plan.long_span / 2).await?);
    }
    Ok(intervals)
}

fn ratio(intervals: &[mixed::Interval]) -> Series {
    intervals
        .iter()
        .map(|interval| interval.probe_p99.as_secs_f64() / interval.load_p99.as_secs_f64())
        .collect()
}

/// What the intervals show, in words.
fn told(intervals: &[mixed::Interval]) -> String {
    let series = |figure: &dyn Fn(&mixed::Interval) -> Duration| {
        intervals.iter().map(|interval| clock::millis(figure(interval))).collect::<Series>()
    };
    format!(
        "{:.1} ms of {:.1} ms; p50 {:.2} ms; the same probes at the bare server {:.1} ms, p50 {:.2} ms",
        series(&|interval| interval.probe_p99),
        series(&|interval| interval.load_p99),
        series(&|interval| interval.probe_p50),
        series(&|interval| interval.bare_p99),
        series(&|interval| interval.bare_p50),
    )
}

async fn login_memory(plan: &Plan, home: &Path, verdicts: &mut Verdicts) -> Outcome<()> {
    say::progress("memory during floods of password logins");
    let most = floods::allowed()?;
    for (logins, peak) in floods::AT_ONCE.iter().zip(floods::memory(plan, home).await?) {
        let (name, goal) = (format!("memory, peak with {logins} logins at once"), format!("≤ {most:.0} MB"));
        verdicts.at_most(&name, (peak, most), (format!("{peak:.1} MB"), &goal));
    }
    Ok(())
}

/// Answers of identity providers on one thread, beside bare verifications in the same moments.
fn judging(plan: &Plan, limits: &Limits, verdicts: &mut Verdicts) -> Outcome<()> {
    say::progress("judging answers of identity providers");
    let partner = Partner::new()?;
    let (mut length, mut judged, mut bare) = (0, Series::default(), Series::default());
    for _ in 0..plan.rounds {
        let measured = partner.judged(plan.span / 2)?;
        length = measured.0;
        judged.push(measured.1);
        bare.push(limits.verifications(plan.span / 4)?);
    }
    let measured =
        format!("{judged:.0} a second and core of {length} bytes each; bare RS256 verifications {bare:.0}");
    verdicts.at_least("saml_verify", (judged.median(), 5000.0), (measured, "≥ 5000 a second and core"));
    Ok(())
}

/// Documents that grow: their time may grow as they do.
fn growing(plan: &Plan, verdicts: &mut Verdicts) -> Outcome<()> {
    say::progress("reading and verifying documents that grow");
    let partner = Partner::new()?;
    for shape in Shape::ALL {
        let (mut told, mut costs) = (Vec::new(), Vec::new());
        for size in SIZES {
            let mut series = Series::default();
            let mut length = 0;
            for _ in 0..plan.rounds {
                let measured = partner.verified((shape, size), plan.span / 10)?;
                length = measured.0;
                series.push(measured.1);
            }
            let kilobytes = f64::from(u32::try_from(length)?) / 1e3;
            let each = series.median() * 1e3 / kilobytes;
            told.push(format!("{kilobytes:.0} kB in {:.2} ms, {each:.1} µs a kB", series.median()));
            costs.push(each);
        }
        let ratio = costs[2] / costs[1];
        let measured = format!("{ratio:.2}: {}", told.join("; "));
        let name = format!("saml_size, {}", shape.name());
        verdicts.at_most(&name, (ratio, MOST), (measured, &format!("≤ {MOST:.1} × 100 kB")));
    }
    Ok(())
}

/// Refresh tokens that are presented a second time.
async fn replays(world: &World, verdicts: &mut Verdicts) -> Outcome<()> {
    for (target, refreshing) in &world.refreshing {
        let Replays { tried, accepted, alive } = refreshing.replay(target.service.address).await?;
        let measured = format!("{accepted} of {tried}; {alive} families went on");
        let name = format!("{}: replays that are accepted", target.name);
        verdicts.at_most(&name, (f64::from(accepted + alive), 0.0), (measured, "0"));
    }
    Ok(())
}

async fn rotation(plan: &Plan, world: &World, verdicts: &mut Verdicts) -> Outcome<()> {
    say::progress("rotating under load");
    let span = plan.long_span * 3;
    let report = rotate::measure(&world.base, &world.management, &world.token, span).await?;
    let measured = format!(
        "{} failed, {} verified; {} rotations, {} revocations, keys fetched {} times; token p99 {:.1} ms, slowest rotation {:.0} ms",
        report.failed,
        report.verified,
        report.rotated,
        report.revoked,
        report.fetched,
        clock::millis(report.token_p99),
        clock::millis(report.slowest),
    );
    verdicts.at_most(
        "verifications that fail while keys rotate",
        (f64::from(report.failed), 0.0),
        (measured, "0"),
    );
    Ok(())
}
