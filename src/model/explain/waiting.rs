//! A task in `pending/`: its place in line, or what holds it; and who would claim it.

use super::{Explanation, Facts, RunFacts, Waiting};
use crate::model::pick::{Chain, End, Hold, Mending, OutOfReach, RedBase};
use crate::model::state::State;
use crate::model::task::TaskId;

/// What is said where no run is alive.
const NOBODY_RUNS: &str = "no swarm is running: swarm start";
/// So many children are named.
const NAMED_CHILDREN: usize = 10;
/// Of so many holds it is told what takes them away.
const TOLD_HOLDS: usize = 10;

pub(super) fn explain(facts: &Facts, waiting: &Waiting) -> Explanation {
    let mut said = Explanation::default();
    match (waiting.line, waiting.holds.first()) {
        (Some((position, of)), hold) => {
            let rests = !facts.runs.is_empty() && facts.runs.iter().all(|run| run.paused.is_some());
            said.summary = if rests {
                format!("number {position} of {of} in line, but no swarm that runs claims anything now")
            } else {
                format!("can be claimed now: number {position} of {of} in line")
            };
            said.why.extend(hold.map(ToString::to_string));
            said.moves.extend(who_claims(&facts.runs, position));
        }
        (None, Some(hold)) => {
            said.summary = hold.to_string();
            said.why.extend(waiting.holds.iter().take(TOLD_HOLDS).skip(1).map(|hold| format!("also: {hold}")));
            if waiting.holds.len() > TOLD_HOLDS {
                said.why.push(format!("and {} more", waiting.holds.len() - TOLD_HOLDS));
            }
            if waiting.chain.len() > 2 {
                said.why.extend(waiting.chain.iter().map(|link| format!("{}: {}", link.id, link.reason)));
            }
            for way in waiting.holds.iter().take(TOLD_HOLDS).map(|hold| remedy(facts, waiting, hold)) {
                if !said.moves.contains(&way) {
                    said.moves.push(way);
                }
            }
        }
        (None, None) => said.summary = "waits".to_owned(),
    }
    if waiting.mends_base {
        said.why.push("the base is red, and this task is to mend it: nothing else is claimed before".to_owned());
    }
    if let Some((finished, unfinished)) = &waiting.children {
        said.why.extend(family(*finished, unfinished));
    }
    said.why.extend(facts.past.before());
    if waiting.line.is_some() {
        said.moves.push(facts.past.if_it_fails());
    } else if facts.runs.is_empty() {
        let lost = waiting.holds.iter().any(Hold::needs_a_person);
        said.moves.push(if lost { "then, as no swarm is running: swarm start" } else { NOBODY_RUNS }.to_owned());
    }
    said
}

fn family(finished: usize, unfinished: &[TaskId]) -> Option<String> {
    let all = finished + unfinished.len();
    if all == 0 {
        return None;
    }
    let mut said = format!("{finished} of {all} children {} complete", if finished == 1 { "is" } else { "are" });
    if !unfinished.is_empty() {
        let named: Vec<&str> = unfinished.iter().take(NAMED_CHILDREN).map(TaskId::as_str).collect();
        let more = unfinished.len().saturating_sub(NAMED_CHILDREN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        said.push_str(&format!("; not yet {}{more}", named.join(", ")));
    }
    Some(said)
}

fn who_claims(runs: &[RunFacts], position: usize) -> Vec<String> {
    if runs.is_empty() {
        return vec![NOBODY_RUNS.to_owned()];
    }
    let mut said = Vec::new();
    for run in runs {
        if let Some(paused) = &run.paused {
            said.push(format!("run {} claims nothing now: {paused}", run.run_id));
        }
        if let Some(part) = &run.part {
            said.push(format!("run {} takes only a part of the queue: {part}", run.run_id));
        }
    }
    let able = || runs.iter().filter(|run| run.paused.is_none() && run.part.is_none());
    let workers: usize = able().map(|run| run.workers.len()).sum();
    let busy: Vec<String> = able()
        .flat_map(|run| &run.workers)
        .filter_map(|(worker, task)| task.as_ref().map(|task| format!("{worker} on {task}")))
        .collect();
    if workers == 0 {
        return said;
    }
    let idle = workers - busy.len();
    said.push(if idle >= position {
        format!("{idle} of {workers} workers {} idle: it is claimed at once", if idle == 1 { "is" } else { "are" })
    } else {
        let before = match position {
            1 => "claims it".to_owned(),
            2 => "claims it after 1 other".to_owned(),
            _ => format!("claims it after {} others", position - 1),
        };
        format!("{} of {workers} workers are at work ({}); who is free {before}", busy.len(), busy.join(", "))
    });
    said
}

/// What takes a hold away.
fn remedy(facts: &Facts, waiting: &Waiting, hold: &Hold) -> String {
    let id = &facts.id;
    match hold {
        Hold::Double(state) => format!("rename or remove one of pending/{id}.md and {state}/{id}.md"),
        Hold::Cycle(_) => "take one `depends_on` of the circle away, or one `parent`".to_owned(),
        Hold::Childless => format!("give its tasks the key `parent: {id}`, or remove the epic"),
        Hold::Ripe => "nothing else is needed: a running swarm completes it".to_owned(),
        Hold::Epic(chain) | Hold::Dependency(chain) => of_chain(waiting, chain),
        Hold::BeingWritten => "it is looked at when its writer has closed it".to_owned(),
        Hold::Filtered(flag) => format!("a run without {flag}"),
        Hold::Paused(_) => "to let claiming go on: swarm resume".to_owned(),
        Hold::RedBase(red) => of_red_base(red),
        Hold::NotBefore(at) => format!("by itself at {at:.0}; sooner: take `not_before` out of the file"),
        Hold::Backoff(at) => format!("by itself at {at:.0}; sooner: swarm retry {id}"),
        Hold::Locked(at) => format!("by itself: it is tried again at {at:.0}"),
        Hold::OutOfReach(lack) => of_reach(lack),
        Hold::Domain(_, other) => format!("by itself, when {other} is done"),
        Hold::Budget(short) => {
            format!("raise `domains.{}.budget_usd`, or let it cost less with `max_cost_usd`", short.domain)
        }
        Hold::NotPaid(closed) if closed.needs_a_person => "whoever keeps the budget must give money for it".to_owned(),
        Hold::NotPaid(closed) => format!("by itself: the budget command is asked again at {:.0}", closed.until),
        Hold::Overlap(other) => format!("by itself, when {other} is done, or nothing else can be claimed"),
    }
}

fn of_reach(lack: &OutOfReach) -> String {
    match (lack.waits_for_a_turn(), lack.parked_until()) {
        (true, _) => "by itself, when one of those turns ends".to_owned(),
        (false, Some(until)) => format!("by itself at {until:.0}: one task goes first then, and the others follow"),
        (false, None) => "install one of its agents' programs".to_owned(),
    }
}

fn of_red_base(red: &RedBase) -> String {
    let RedBase { branch, repair, .. } = red;
    match red.mending() {
        Mending::AskedAgain => {
            "by itself, if the gates succeed when they are run once more; else a task that mends the base is filed first"
                .to_owned()
        }
        Mending::ToBeFiled => "by itself, when that task is complete".to_owned(),
        Mending::UnderWay => format!("by itself, when {repair} is complete: swarm explain {repair}"),
        Mending::LeftTo(State::Complete) => format!("mend {branch} with a commit of your own"),
        Mending::LeftTo(State::Pending | State::Current | State::Review | State::Blocked) => {
            format!("mend {branch} with a commit of your own, or see to its task: swarm explain {repair}")
        }
    }
}

fn of_chain(waiting: &Waiting, chain: &Chain) -> String {
    let Some(last) = chain.last() else { return "nothing".to_owned() };
    match &chain.end {
        End::Unknown => format!("add the task {last}, or take it out of the `depends_on` that names it"),
        End::Invalid { state, .. } => format!("mend {state}/{last}.md: swarm lint"),
        End::Cycle(_) => format!("take one dependency of the circle away: swarm explain {last}"),
        End::Childless => format!("give {last} children, or remove it: swarm explain {last}"),
        End::Double(state) => format!("rename or remove one of complete/{last}.md and {state}/{last}.md"),
        End::Lies(State::Review | State::Blocked, _) => {
            format!("{last} needs a person: swarm explain {last}")
        }
        End::Lies(State::Pending | State::Current | State::Complete, _) => {
            let link = waiting.chain.last().filter(|link| link.id == *last);
            match link.and_then(|link| link.until) {
                Some(at) => format!("by itself, when {last} is complete, which rests until {at:.0}"),
                None => format!("by itself, when {last} is complete"),
            }
        }
    }
}
