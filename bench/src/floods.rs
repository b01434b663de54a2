//! Floods of password logins: the memory that they take.

use std::path::Path;
use std::sync::Arc;

use crate::flows::WithPassword;
use crate::limits::HASH;
use crate::load::Target;
use crate::people::People;
use crate::plan::Plan;
use crate::world::stand;
use crate::{Outcome, cpu, sql};

/// Logins at the same time.
pub(crate) const AT_ONCE: [usize; 2] = [16, 64];

/// Megabytes that a server holds at most during floods of [`AT_ONCE`] logins, each of them on a fresh server.
pub(crate) async fn memory(plan: &Plan, home: &Path) -> Outcome<Vec<f64>> {
    let (installation, server, management) = stand(plan, home, "floods", None).await?;
    let people = Arc::new(People::settle(&server, &management, AT_ONCE[1]).await?);
    server.stop().await?;
    let (memory, passes) = HASH;
    let stored = sql::any_password(&installation.sqlite_file())?;
    if !stored.starts_with(&format!("$argon2id$v=19$m={memory},t={passes},p=1$")) {
        return Err("the server hashes with other parameters than P is measured with".into());
    }
    let mut peaks = Vec::new();
    for logins in AT_ONCE {
        let server = installation.serve().await?;
        let flow = Arc::new(WithPassword::new(&people));
        let target = Target::flow("login_password", server.service(), flow, logins);
        target.measure(plan.long_span / 2).await?;
        peaks.push(cpu::megabytes(server.process, "VmHWM")?);
        server.stop().await?;
    }
    Ok(peaks)
}

/// What they may hold: a block for each thread that hashes, and sixty more.
pub(crate) fn allowed() -> Outcome<f64> {
    Ok(f64::from(u32::try_from(cpu::cores())?) * f64::from(HASH.0) / 1024.0 + 60.0)
}
