//! What the kernel says of a process: processor time, memory; and of the machine.
//!
//! Processor time comes from the CPU clock of the process: user and system time of all its threads, also of those
//! that have ended, to the nanosecond. `/proc/PID/stat` has the same sum in steps of 10 ms.

use std::fs;
use std::num::NonZeroUsize;
use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::Pid;

use crate::Outcome;

/// Processor time of a process so far.
pub(crate) fn of_process(process: Pid) -> Outcome<Duration> {
    Ok(ClockId::pid_cpu_clock_id(process)?.now()?.into())
}

/// Processor time so far of the processes that PostgreSQL has for a database; nothing where it runs elsewhere.
pub(crate) fn of_database(name: &str) -> Outcome<Duration> {
    let mut sum = Duration::ZERO;
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Such as "postgres: user database 127.0.0.1(45678) idle". A process may end while it is looked at.
        let title = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        let ours = title.starts_with("postgres: ") && title.split(' ').any(|word| word == name);
        if let (true, Ok(spent)) = (ours, of_process(Pid::from_raw(id))) {
            sum += spent;
        }
    }
    Ok(sum)
}

/// Processor time of the calling thread so far.
pub(crate) fn of_this_thread() -> Outcome<Duration> {
    Ok(ClockId::CLOCK_THREAD_CPUTIME_ID.now()?.into())
}

/// A line of `/proc/PID/status` that counts kilobytes, such as `VmRSS`, in megabytes.
pub(crate) fn megabytes(process: Pid, line: &str) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    let kilobytes = value.and_then(|value| value.trim().trim_end_matches(" kB").parse::<u32>().ok());
    let kilobytes = kilobytes.ok_or_else(|| format!("/proc/{process}/status has no {line}"))?;
    Ok(f64::from(kilobytes) / 1024.0)
}

/// How many cores there are.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// How busy the machine is: beyond the three or so of the benchmark itself, others took part.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

/// The machine in one line.
pub(crate) fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let unknown = || "?".to_owned();
    format!(
        "{} (family {} model {}), {} cores, Linux {}",
        field("model name").unwrap_or_else(unknown),
        field("cpu family").unwrap_or_else(unknown),
        field("model\t").unwrap_or_else(unknown),
        cores(),
        fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
    )
}
