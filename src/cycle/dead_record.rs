//! The record of a cycle whose worker has died in or after a turn of an agent: what it has cost must not be missing from
//! any sum. Whoever clears up after it writes that record, as far as the dead have told.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::Workshop;
use super::claim::{Bill, ClaimRecord};
use super::errand_record::ErrandRecord;
use crate::model::outcome::Outcome;
use crate::model::record::{Cycle, Event, SCHEMA, StepName, StepRecord, StepResult, Usage};
use crate::model::state::State;
use crate::os::clock;
use crate::os::files;
use crate::os::git::Oid;
use crate::os::journal::Who;
use crate::os::records::{Records, is_run_id};

/// What became of a cycle whose worker has died.
pub struct Ending<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub reason: &'a str,
    /// The folder into which its task goes.
    pub to: State,
    /// The commit on the base that carries its work.
    pub merged: Option<&'a Oid>,
}

/// Writes the record of a dead cycle of a claim, unless it asked no model, has a record, or its run is gone.
pub fn record_dead(shop: &Workshop, who: &Who, claim: &ClaimRecord, ending: &Ending<'_>) {
    let session = claim.go_on.session.as_ref();
    let Some(cycle) = dead(shop, (&claim.run_id, &claim.worker, claim.cycle), claim.bill) else { return };
    let cycle = Cycle {
        task: Some(claim.task.clone()),
        attempt: claim.attempt,
        agent: session.map(|session| session.agent.clone()),
        session_id: session.map(|session| session.id.clone()),
        slot: Some(claim.slot.clone()),
        base: claim.base.as_ref().map(Oid::to_string),
        merged: ending.merged.map(Oid::to_string),
        outcome: ending.outcome,
        reason: ending.reason.to_owned(),
        to: Some(ending.to),
        ..cycle
    };
    write(shop, who, last_known(cycle, &shop.dirs.claim_record(&claim.task)));
}

/// The same of an errand.
pub(super) fn record_dead_errand(shop: &Workshop, who: &Who, errand: &ErrandRecord, reason: &str) {
    let Some(cycle) = dead(shop, (&errand.run_id, &errand.worker, errand.cycle), errand.bill) else { return };
    let cycle = Cycle { slot: Some(errand.slot.clone()), reason: reason.to_owned(), ..cycle };
    write(shop, who, last_known(cycle, &shop.dirs.errand_record(&errand.slot)));
}

/// What is known of a dead cycle by its bill; `None`: there is nothing to write, or no place for it.
fn dead(shop: &Workshop, (run_id, worker, cycle): (&str, &str, u32), bill: Bill) -> Option<Cycle> {
    let began = bill.began?;
    let has_cost = bill.usd.is_some() || bill.is_open || bill.is_partial;
    let mut records = Records::new(&shop.dirs);
    let is_there = is_run_id(run_id) && !worker.contains('/') && shop.dirs.run(run_id).join("cycles").is_dir();
    if !has_cost || !is_there || records.cycle(run_id, worker, cycle).is_some() {
        return None;
    }
    let started = records.run(run_id).started;
    let turn = StepRecord {
        step: bill.turn.map_or(StepName::Implement, |turn| turn.step),
        round: 1,
        result: StepResult::Interrupted,
        started_at: began,
        duration_ms: 0,
        agent: None,
        command: None,
        exit_code: None,
        signal: None,
        timed_out: false,
        log: None,
        tail: None,
        tool_calls: None,
        was_heard: false,
        usage: Usage::default(),
        cost_usd: bill.usd.filter(|_| !bill.is_open && !bill.is_partial),
        cost_from: None,
    };
    Some(Cycle {
        schema: SCHEMA,
        run_id: run_id.to_owned(),
        worker: worker.to_owned(),
        cycle,
        host: started.as_ref().map_or_else(|| shop.host.clone(), |started| started.host.clone()),
        pid: started.map_or(0, |started| started.pid),
        task: None,
        title: None,
        attempt: 1,
        agent: None,
        model: None,
        session_id: None,
        slot: None,
        branch: None,
        base: None,
        head: None,
        merged: None,
        outcome: Outcome::Interrupted,
        reason: String::new(),
        to: None,
        signals: Vec::new(),
        started_at: began,
        ended_at: began,
        duration_ms: 0,
        steps: vec![turn],
        claimed: Vec::new(),
        created: Vec::new(),
        recycled: Vec::new(),
        review_rounds: 0,
        usage: Usage::default(),
        cost_usd: bill.usd,
    })
}

/// When it died nobody knows, so it ends with the last that it has noted itself.
fn last_known(cycle: Cycle, noted: &Path) -> Cycle {
    let noted = fs::metadata(noted).and_then(|meta| meta.modified()).ok();
    let noted = noted.and_then(|at| Timestamp::try_from(at).ok()).unwrap_or_else(clock::now);
    let ended_at = noted.max(cycle.started_at);
    let length = ended_at.duration_since(cycle.started_at).as_millis();
    Cycle { ended_at, duration_ms: u64::try_from(length).unwrap_or_default(), ..cycle }
}

fn write(shop: &Workshop, who: &Who, cycle: Cycle) {
    let path = shop.dirs.run(&cycle.run_id).join("cycles").join(format!("{}-c{}.json", cycle.worker, cycle.cycle));
    let written = serde_json::to_vec_pretty(&cycle).map_err(io::Error::from).and_then(|mut bytes| {
        bytes.push(b'\n');
        files::write_durably(&path, &bytes)
    });
    if let Err(error) = written {
        let message = format!("cannot write the record of a cycle whose worker died: {error}");
        shop.journal.event(who, Event::Warning { message });
    }
}
