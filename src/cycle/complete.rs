//! **Completed** and **recorded**: the task's file says what happened, the record is written, the file moves.
//!
//! In this order, each durable before the next: what git published, the file's own block, the record, the
//! ledger, the move. Whatever is killed in between is finished by the next start.

use std::time::Duration;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

use super::begin::goes_on;
use super::notes::{Heading, Notes, Rest};
use super::perform::Performed;
use super::{Claim, Workshop, ask_about, funds, weakened};
use crate::model::comment::{Author, with_comment};
use crate::model::config::Config;
use crate::model::excerpt;
use crate::model::outcome::{Fate, Outcome};
use crate::model::record::{Event, gist};
use crate::model::state::State;
use crate::model::task::{Expect, Last, Progress, Session, Task, with_progress};
use crate::model::transition::{Ledger, Transition, transition};
use crate::os::clock;
use crate::os::files::Moved;
use crate::os::journal::Who;
use crate::os::task_folder::{self, EditError};

/// A cycle whose work is over.
pub(super) struct Ended<'a> {
    pub(super) shop: &'a Workshop,
    /// Those with which it began.
    pub(super) config: &'a Config,
    pub(super) claim: Box<Claim>,
    pub(super) notes: Notes,
    pub(super) heading: Heading,
    pub(super) outcome: Outcome,
}

/// Brings the task to where it belongs and writes the record.
pub(super) fn complete(ended: Ended<'_>) -> Performed {
    let Ended { shop, config, mut claim, mut notes, heading, outcome } = ended;
    let task = &claim.found.task;
    let ledger = Ledger { attempts: task.progress.attempts, infra: task.progress.infra };
    let mut limits = config.limits.clone();
    limits.attempts = task.attempts.map_or(limits.attempts, std::num::NonZeroU32::get);
    let expected = task.expect == Expect::NoChange;
    let next = rested(transition(outcome, ledger, &limits, expected, fastrand::f64()), outcome, notes.rest);
    let who = notes.who.clone();

    // Where somebody moved the file, what happened is noted in it all the same; it stays where it is.
    // A file of the same name that somebody drops into pending/ meanwhile is another task's, so current/ is asked first.
    let is_ours = task_folder::exists(&shop.dirs, State::Current, &claim.id);
    let lies_in = if is_ours { Some(State::Current) } else { task_folder::find(&shop.dirs, &claim.id) };
    let weakened = lies_in.and_then(|state| weakened(shop, &claim.record, state));
    let (lies_in, next) = match &weakened {
        Some(weakened) => keep_from_weaker_terms(shop, &who, &claim, weakened, lies_in, next),
        None => (lies_in, next),
    };
    let (lies_in, next) = match (outcome, lies_in) {
        // Whose hand that was nobody knows. An agent that does it each time must come to an end.
        (Outcome::Cancelled, Some(State::Pending)) => {
            let next = transition(Outcome::Infra, ledger, &limits, expected, fastrand::f64());
            (taken_out_if_exhausted(shop, &claim, &next), next)
        }
        (_, _) => (lies_in, next),
    };
    let ends_in = if lies_in == Some(State::Current) { next.to } else { lies_in };

    let mut progress = progress_after(&claim.found.task, &notes, &heading, outcome, &next);
    // No comment alone brings it back: whoever writes one may not know what has become of the front matter.
    progress.held = weakened.is_some() && ends_in == Some(State::Blocked);
    let comment = comment_on(&notes, &heading, outcome, &next);
    let comment = match (&weakened, ends_in) {
        (Some(weakened), Some(State::Blocked)) => {
            let attempt = format!("{outcome}: {}", in_full(&notes, &heading));
            Some(format!("{}\n\n{attempt}", ask_about(weakened, id(&notes))))
        }
        (Some(weakened), Some(State::Review)) => {
            Some(format!("Mind that {weakened}.\n\n{}", comment.unwrap_or_default()))
        }
        (Some(_) | None, _) => comment,
    };
    if let Some(weakened) = weakened.filter(|_| ends_in == Some(State::Blocked)) {
        notes.reason = format!("{weakened}; the attempt ended as {outcome}: {}", gist(&notes.reason));
    }
    if let Some(terms) = &mut claim.record.terms {
        // Should we die before the file has moved, what the file says is not believed.
        terms.note(&progress);
        let _ = claim.record.write(&shop.dirs);
    }
    let noted = lies_in.is_none_or(|state| note_in_file(shop, &who, &claim, state, &progress, comment.as_deref()));
    let cause = cause(&notes, outcome, &next);
    let record = notes.record(heading, outcome, next.to.filter(|_| lies_in == Some(State::Current)));
    if let Err(error) = shop.journal.cycle(&record) {
        shop.journal.event(&who, Event::Warning { message: format!("cannot write the cycle's record: {error}") });
    }
    funds::settle(shop, &who, &claim.record, record.cost_usd);
    let settled = match (next.to, lies_in) {
        (Some(to), Some(State::Current)) => move_on(shop, &who, &claim, to, cause, outcome),
        (Some(_), _) | (None, _) => {
            shop.journal
                .event(&who, Event::TaskMoved { from: State::Current, to: lies_in, cause, outcome: Some(outcome) });
            true
        }
    };
    Performed { outcome, settled, to: next.to, pause: next.pause, noted }
}

/// Where a provider asks for a pause, it knows best for how long; the board keeps back what only its agent can do.
fn rested(next: Transition, outcome: Outcome, rest: Rest) -> Transition {
    match (outcome, rest) {
        (Outcome::RateLimited, Rest::WithItsProvider(_)) => Transition { pause: None, ..next },
        (Outcome::RateLimited, Rest::Until(until)) => {
            let pause = Duration::try_from(until.duration_since(clock::now())).unwrap_or_default();
            Transition { pause: Some(pause), ..next }
        }
        (_, _) => next,
    }
}

/// Where a task lies that was moved back to `pending/` under its worker, too often in the end.
fn taken_out_if_exhausted(shop: &Workshop, claim: &Claim, next: &Transition) -> Option<State> {
    let moved = match next.to {
        Some(State::Blocked) => task_folder::move_task(&shop.dirs, &claim.id, State::Pending, State::Blocked),
        Some(_) | None => return Some(State::Pending),
    };
    match moved {
        Ok(Moved::Done) => Some(State::Blocked),
        Ok(Moved::Gone | Moved::Taken) | Err(_) => Some(State::Pending),
    }
}

/// Sees to it that a task whose policy has become weaker while it was worked on is not worked on again before a person
/// has looked: gives where it lies now, and where it goes.
fn keep_from_weaker_terms(
    shop: &Workshop,
    who: &Who,
    claim: &Claim,
    weakened: &str,
    lies_in: Option<State>,
    next: Transition,
) -> (Option<State>, Transition) {
    match (lies_in, next.to) {
        (Some(State::Current), Some(State::Pending)) => {
            (lies_in, Transition { to: Some(State::Blocked), pause: None, ..next })
        }
        (Some(State::Current), Some(State::Complete)) => {
            let message = format!("{weakened}; the work was judged on the terms on which the task was claimed");
            shop.journal.event(who, Event::Warning { message });
            (lies_in, next)
        }
        // An agent can move the file of its task, too.
        (Some(State::Pending), _) => {
            match task_folder::move_task(&shop.dirs, &claim.id, State::Pending, State::Blocked) {
                Ok(Moved::Done) => (Some(State::Blocked), next),
                Ok(Moved::Gone | Moved::Taken) | Err(_) => (lies_in, next),
            }
        }
        (_, _) => (lies_in, next),
    }
}

fn move_on(shop: &Workshop, who: &Who, claim: &Claim, to: State, cause: String, outcome: Outcome) -> bool {
    let from = State::Current;
    match task_folder::move_task(&shop.dirs, &claim.id, from, to) {
        Ok(Moved::Done) => {
            shop.journal.event(who, Event::TaskMoved { from, to: Some(to), cause, outcome: Some(outcome) });
            true
        }
        // Moved away at the last moment: the move wins.
        Ok(Moved::Gone) => true,
        Ok(Moved::Taken) => {
            let path = shop.dirs.shown(&shop.dirs.task(to, &claim.id));
            let message =
                format!("{path} exists already, so the task stays in current/: rename or remove one of the two");
            shop.journal.event(who, Event::Warning { message });
            false
        }
        Err(error) => {
            let message =
                format!("cannot move the task to {to}/: {error}; it stays in current/ and is moved at the next start");
            shop.journal.event(who, Event::Warning { message });
            false
        }
    }
}

/// Gives whether it could be written.
fn note_in_file(
    shop: &Workshop,
    who: &Who,
    claim: &Claim,
    state: State,
    progress: &Progress,
    comment: Option<&str>,
) -> bool {
    let edited = task_folder::edit(&shop.dirs, state, &claim.id, |bytes| {
        // A person who took it away meanwhile may have said that it is to stay there.
        let stays = state == State::Blocked && Task::parse(claim.id.clone(), bytes)?.progress.held;
        let bytes = with_progress(bytes, &Progress { held: progress.held || stays, ..progress.clone() })?;
        Ok(match comment {
            Some(text) => with_comment(&bytes, clock::now(), &Author::Swarm, text),
            None => bytes,
        })
    });
    match edited {
        Ok(_) => return true,
        Err(EditError::Invalid(reason)) => {
            let message = format!("the outcome is not noted in the task's file, which was changed meanwhile: {reason}");
            // Where there is no place for a note, there may be one for the words to a person.
            if let Some(text) = comment {
                let _ = task_folder::edit(&shop.dirs, state, &claim.id, |bytes| {
                    Ok(with_comment(bytes, clock::now(), &Author::Swarm, text))
                });
            }
            shop.journal.event(who, Event::Warning { message });
        }
        Err(EditError::Io(error)) => {
            let message = format!("cannot note the outcome in the task's file: {error}");
            shop.journal.event(who, Event::Warning { message });
        }
    }
    false
}

fn progress_after(task: &Task, notes: &Notes, heading: &Heading, outcome: Outcome, next: &Transition) -> Progress {
    let old = &task.progress;
    let mut progress = old.clone();
    let fate = if next.to == Some(State::Complete) { Fate::Landed } else { outcome.fate() };
    progress.cycles_without_cost = progress.cycles_without_cost.saturating_sub(notes.spent().told_cycles);
    progress.book(notes.spent().cost_usd, !notes.is_without_cost(), fate);
    progress.attempts = next.ledger.attempts;
    progress.infra = next.ledger.infra;
    progress.not_before = next.pause.and_then(|pause| later(clock::now(), pause));
    progress.last =
        Some(Last { run: heading.run_id.clone(), worker: heading.worker.clone(), cycle: notes.cycle, outcome });
    progress.feedback = match outcome {
        Outcome::Merged | Outcome::AwaitingReview => None,
        Outcome::Interrupted | Outcome::Cancelled | Outcome::RateLimited | Outcome::Infra => old.feedback.clone(),
        _ => notes.feedback.clone(),
    };
    if notes.has_begun {
        progress.kept = notes.kept.clone();
        progress.session = notes.session.clone().filter(|_| goes_on(outcome));
    }
    progress.review_rounds = old.review_rounds.saturating_add(notes.review_rounds);
    if let Some(merged) = &notes.merged {
        progress.commit = Some(merged.to_string());
    }
    if next.to == Some(State::Complete) {
        // For whoever wants to read it: without what it was told nobody goes on with it.
        progress.session = notes.session.clone().map(|session| Session { contract: None, counted: None, ..session });
        progress.completed_at = Some(clock::now());
    }
    progress
}

fn later(now: Timestamp, pause: std::time::Duration) -> Option<Timestamp> {
    let exact = now.checked_add(SignedDuration::try_from(pause).ok()?).ok()?;
    // Whole seconds are written, so it is rounded up: a pause is never shorter than it should be.
    exact.round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil)).ok()
}

/// What a person must know when the task comes to him.
fn comment_on(notes: &Notes, heading: &Heading, outcome: Outcome, next: &Transition) -> Option<String> {
    let reason = in_full(notes, heading);
    match next.to? {
        State::Blocked if next.exhausted => {
            let times = match outcome {
                Outcome::Infra | Outcome::Cancelled => next.ledger.infra,
                _ => next.ledger.attempts,
            };
            let times = if times == 1 { "1 attempt".to_owned() } else { format!("{times} attempts") };
            Some(format!(
                "Blocked after {times}; the last one ended as {outcome}: {reason}\n\nMend what is wrong, then: swarm retry {}",
                id(notes)
            ))
        }
        State::Blocked if outcome == Outcome::OverBudget => Some(format!(
            "{outcome}: {reason}\n\nThen: swarm retry {}. It goes on with its session and with the work so far.",
            id(notes)
        )),
        State::Blocked => Some(format!(
            "{outcome}: {reason}\n\nAnswer with: swarm comment {0} \"…\"; or have it tried again as it is: swarm retry {0}",
            id(notes)
        )),
        State::Review => Some(format!(
            "Waits for a person: {reason}\n\nTo take it: swarm approve {0}. To have it done again: swarm comment {0} \"…\", \
             then: swarm retry {0}",
            id(notes)
        )),
        State::Pending | State::Current | State::Complete => None,
    }
}

/// Why the cycle ended as it did, and which it was.
fn in_full(notes: &Notes, heading: &Heading) -> String {
    let reason = notes.feedback.as_deref().unwrap_or(&notes.reason);
    format!("{reason}\n\n{}", the_cycle(notes, heading))
}

/// Which cycle it was and what it took: where to look further.
fn the_cycle(notes: &Notes, heading: &Heading) -> String {
    let Heading { run_id, worker, .. } = heading;
    let took = notes.took().map(|took| format!("; {took}")).unwrap_or_default();
    let session = notes.session.as_ref();
    let session = session.map(|session| format!("; session {} of {}", session.id, session.agent)).unwrap_or_default();
    format!("({worker}-c{} of run {run_id}{took}{session})", notes.cycle)
}

fn id(notes: &Notes) -> &str {
    notes.who.task.as_ref().map_or("", |id| id.as_str())
}

/// Why the file moves, in one sentence; of merged work, what it took.
fn cause(notes: &Notes, outcome: Outcome, next: &Transition) -> String {
    let reason = excerpt::shorten(&gist(&notes.reason), 300);
    match next.pause {
        _ if outcome == Outcome::Merged => {
            format!("{reason}{}", notes.took().map(|it| format!(" ({it})")).unwrap_or_default())
        }
        Some(pause) if pause.is_zero() => format!("{reason} (next attempt at once)"),
        Some(pause) => format!("{reason} (next attempt in {} s)", pause.as_secs_f64().ceil()),
        None if next.exhausted => format!("{reason} (the limit is reached)"),
        None => reason,
    }
}
