//! **Integrated**: the work is merged onto the newest base in memory. Where the merged tree is known to be green the
//! base is moved at once; where gates must run on it first, the work is handed over to the merge queue (`land`), and
//! the worker goes on with another task.

use super::Workshop;
use super::case::{Case, Cycle};
use super::notes::{Begun, Details, Notes};
use super::perform::Infra;
use super::precedence::Standing;
use super::product::Product;
use super::publish::{Turn, newest, publish};
use super::resolve::Conflict;
use super::verify;
use crate::model::clean::clean_text;
use crate::model::config::Strategy as Wanted;
use crate::model::plan::{Event, Halt, Landing};
use crate::model::record::{StepName, StepResult};
use crate::os::git::{Merge, Message, Oid, Strategy, with_trailers};

/// How often the base may move under us, by the user's own commits, before that counts as trouble.
pub(super) const MOST_MOVES: usize = 20;

/// What came of an attempt to integrate.
pub(super) enum Integrated {
    /// It is decided.
    Event(Event),
    /// Gates must run on the merged tree, or somebody else is merging: the merge queue has to do it.
    HandOver(Begun),
}

/// Brings the work into the base if that takes no gate and no waiting for one.
pub(super) fn integrate(cycle: &mut Cycle<'_>, notes: &mut Notes) -> Result<Integrated, Infra> {
    let round = notes.round(StepName::Integrate);
    take_place(cycle);
    let begun = notes.step(&cycle.shop.journal, StepName::Integrate, round, None, None);
    let landed = at_once(cycle, notes);
    let (result, integrated) = match landed {
        Ok(None) => return Ok(Integrated::HandOver(begun)),
        Ok(Some(event)) => (result_of(event), Ok(Integrated::Event(event))),
        Err(trouble) => (StepResult::CouldNotRun, Err(trouble)),
    };
    let tail = (result == StepResult::Failed || result == StepResult::Conflict).then(|| notes.reason.clone());
    notes.end(&cycle.shop.journal, begun, result, Details { tail, ..Details::default() });
    integrated
}

/// What the step is recorded to have come to.
pub(super) fn result_of(event: Event) -> StepResult {
    match event {
        Event::Integrated(Landing::Published) => StepResult::Ok,
        Event::Integrated(Landing::NothingNew | Landing::Changed | Landing::Unreadable) => StepResult::Skipped,
        Event::Integrated(Landing::Conflict) => StepResult::Conflict,
        Event::Integrated(Landing::Red) => StepResult::Failed,
        Event::Halted(Halt::Infra) => StepResult::CouldNotRun,
        Event::Halted(_) | Event::Worked(_) | Event::Verified(_) | Event::Reviewed(_) => StepResult::Interrupted,
    }
}

/// Gives `None` where it cannot be done at once.
fn at_once(cycle: &mut Cycle<'_>, notes: &mut Notes) -> Result<Option<Event>, Infra> {
    let shop = cycle.shop;
    let work = cycle.work.clone().ok_or_else(|| Infra("there is nothing to integrate".to_owned()))?;
    // Where no gate ever runs nobody is in there for long.
    let turn = if cycle.gates().is_empty() {
        match Turn::take(shop)? {
            Some(turn) => turn,
            None => return Ok(Some(Event::Halted(Halt::Interrupted))),
        }
    } else {
        match Turn::try_take(shop)? {
            Some(turn) => turn,
            None => return Ok(None),
        }
    };
    for _ in 0..MOST_MOVES {
        let tips = shop.sentry.tips(shop)?;
        let ground = newest(shop, &tips)?;
        let tip = ground.tip.clone();
        match merge(shop, cycle.case, notes, &work, &tip)? {
            Merge::NothingToDo => {
                notes.because("the base holds all of this work already");
                return Ok(Some(Event::Integrated(Landing::NothingNew)));
            }
            Merge::Conflict { files, text } => {
                if must_yield_in(cycle.case, &files) {
                    return Ok(None);
                }
                return Ok(Some(contradicts(shop, cycle.case, notes, tip, files, &text)));
            }
            Merge::Clean { commit, tree, .. } => {
                if !verify::is_known_green(cycle, &tree) || must_yield(shop, cycle.case)? {
                    return Ok(None);
                }
                if let Some(landed) = publish(shop, &notes.who.clone(), &tips, &ground, &commit)? {
                    notes.reason = landed.sentence(&shop.base, &commit);
                    shop.judgements.note_published(&commit, &tree);
                    notes.merged = Some(commit);
                    return Ok(Some(Event::Integrated(Landing::Published)));
                }
            }
        }
    }
    drop(turn);
    Err(Infra(format!("{} moved {MOST_MOVES} times while the work was being merged", shop.base)))
}

/// Merges the work of a case onto `tip`, in memory.
pub(super) fn merge(shop: &Workshop, case: &Case, notes: &Notes, work: &Product, tip: &Oid) -> Result<Merge, Infra> {
    let text = with_trailers(&message(shop, case, work)?, &notes.trailers());
    let message = Message { text: &text, task_id: case.claim.id.as_str() };
    Ok(shop.repo.merge(tip, &work.head, strategy(case.settings.config.integrate.strategy), &message)?)
}

/// Gives the work a place before the base, or keeps the one that it has.
fn take_place(cycle: &mut Cycle<'_>) {
    let line = &cycle.shop.precedence;
    let case = &mut *cycle.case;
    let standing = case.standing.get_or_insert_with(|| Standing::at_the_end_of(line));
    if let Some(work) = &case.work {
        standing.update(&work.head);
    }
    case.yields_to = None;
}

/// Whether work that contradicts the base in `files` waits for work before it, which is in conflict there: resolved now,
/// it would be in conflict again.
pub(super) fn must_yield_in(case: &mut Case, files: &[String]) -> bool {
    let before = case.standing.as_ref().map(|standing| standing.before(files)).unwrap_or_default();
    case.yields_to = before.first().map(|(place, _)| *place);
    case.yields_to.is_some()
}

/// Whether the work waits for work before it that is in conflict, and would find another conflict after this one.
pub(super) fn must_yield(shop: &Workshop, case: &mut Case) -> Result<bool, Infra> {
    let (Some(standing), Some(work)) = (&case.standing, &case.work) else { return Ok(false) };
    for (place, head) in standing.before(&work.changed) {
        if shop.repo.contradict(&head, &work.head)? {
            case.yields_to = Some(place);
            return Ok(true);
        }
    }
    case.yields_to = None;
    Ok(false)
}

/// The work contradicts the base at `tip`: notes what its author must know to resolve it.
pub(super) fn contradicts(
    shop: &Workshop,
    case: &mut Case,
    notes: &mut Notes,
    tip: Oid,
    files: Vec<String>,
    text: &str,
) -> Event {
    notes.because(format!("the work contradicts {} in {}\n\n{text}", shop.base, files.join(", ")));
    if let (Some(standing), Some(work)) = (&case.standing, &case.work) {
        standing.keep(&files, &work.head);
    }
    let unresolved = case.conflict.take().map(|before| before.unresolved).unwrap_or_default();
    case.conflict = Some(Conflict { tip, files, unresolved });
    Event::Integrated(Landing::Conflict)
}

fn strategy(wanted: Wanted) -> Strategy {
    match wanted {
        Wanted::Squash => Strategy::Squash,
        Wanted::Merge => Strategy::MergeCommit,
        Wanted::Rebase => Strategy::Rebase,
    }
}

/// The message of the commit on the base: the task's title, then what the agent wrote in its own commits.
fn message(shop: &Workshop, case: &Case, work: &Product) -> Result<String, Infra> {
    let title = clean_text(&case.claim.found.task.title).lines().next().unwrap_or_default().trim().to_owned();
    if work.made_by_us {
        return Ok(title);
    }
    let messages = shop.repo.messages(&case.base, &work.head)?;
    let is_ours = |message: &str| message == title || message.starts_with("Salvaged: attempt ");
    let own: Vec<&str> = messages.iter().map(String::as_str).filter(|message| !is_ours(message)).collect();
    Ok(match own.as_slice() {
        [] => title,
        [one] => format!("{title}\n\n{one}"),
        several => {
            let items = several.iter().map(|message| format!("* {}", message.replace('\n', "\n  ")));
            format!("{title}\n\n{}", items.collect::<Vec<_>>().join("\n"))
        }
    })
}
