//! What a run writes down of itself: its beginning and its end.

use super::tally::Tally;
use crate::cycle::Workshop;
use crate::error::{Context, Result};
use crate::exit::Exit;
use crate::model::crew::Member;
use crate::model::record::{Event, SCHEMA, Started, Stopped};
use crate::os::clock;
use crate::os::git::Oid;
use crate::os::journal::Who;

/// Writes `started.json`, and says that the run has begun.
pub(super) fn write_started(shop: &Workshop, crew: &[Member], arguments: &[String], tip: &Oid) -> Result<()> {
    let workers = u32::try_from(crew.len()).unwrap_or(u32::MAX);
    let started = Started {
        schema: SCHEMA,
        run_id: shop.journal.run_id().to_owned(),
        started_at: clock::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: shop.host.clone(),
        pid: std::process::id(),
        workers,
        agents: crew.iter().map(|member| member.agents.to_string()).collect(),
        roles: crew.iter().map(|member| member.role).collect(),
        base: shop.base.clone(),
        base_head: tip.to_string(),
        arguments: arguments.to_vec(),
    };
    shop.journal
        .started(&started)
        .context(|| format!("write {}", shop.journal.folder().join("started.json").display()))?;
    shop.journal.event(&Who::default(), Event::RunStarted { workers, base: shop.base.clone(), head: tip.to_string() });
    Ok(())
}

/// Says that the run has ended, and writes `stopped.json`.
pub(super) fn write_stopped(shop: &Workshop, reason: &str, exit: Exit, tally: &Tally) {
    let outcomes = tally.outcomes();
    shop.journal.event(&Who::default(), Event::RunStopped { reason: reason.to_owned(), exit_code: exit as u8 });
    let stopped = Stopped {
        schema: SCHEMA,
        run_id: shop.journal.run_id().to_owned(),
        stopped_at: clock::now(),
        duration_ms: shop.journal.elapsed_ms(),
        reason: reason.to_owned(),
        exit_code: exit as u8,
        cycles: outcomes.values().sum(),
        outcomes,
    };
    if let Err(error) = shop.journal.stopped(&stopped) {
        shop.journal.event(&Who::default(), Event::Warning { message: format!("cannot write stopped.json: {error}") });
    }
}
