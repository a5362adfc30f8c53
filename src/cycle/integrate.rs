//! **Integrated**: the work is merged onto the newest base in memory, the gates run on exactly that tree, and
//! the base is moved to it by compare-and-swap.
//!
//! One worker at a time is in here, of all processes: whoever is next merges onto what the last one published,
//! so no gate runs in vain. Where the user's checkout does not let the base move, work goes on at
//! `swarm/<base>`, and the base catches up when it can.

use std::sync::atomic::Ordering;

use super::Workshop;
use super::notes::{Begun, Details, Notes};
use super::perform::{Cycle, Infra};
use super::product::Product;
use super::resolve::Conflict;
use super::verify::{self, verify};
use crate::error::Result as CommandResult;
use crate::model::clean::clean_text;
use crate::model::config::Strategy as Wanted;
use crate::model::plan::{Event, Halt, Landing};
use crate::model::record::{self, StepName, StepResult};
use crate::os::git::{CaughtUp, Merge, Message, Oid, Published, Strategy, Tips};
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::stop::Stop;
use crate::os::turnstile::Inside;

/// How often the base may move under us, by the user's own commits, before that counts as trouble.
const MOST_MOVES: usize = 20;

/// The right to move the base, among all workers of all processes.
struct Turn<'a> {
    _file: Lock,
    _inside: Inside<'a>,
}

impl<'a> Turn<'a> {
    /// Waits for it; `None` if the run is to end at once.
    fn take(shop: &'a Workshop) -> std::io::Result<Option<Self>> {
        let give_up = || shop.stop.get() == Stop::Now;
        let Some(inside) = shop.turnstile.enter(&give_up) else { return Ok(None) };
        let lock = Lock::exclusive(&shop.dirs.queue_lock(), &give_up)?;
        Ok(lock.map(|file| Turn { _file: file, _inside: inside }))
    }

    /// Takes it if nobody has it.
    fn try_take(shop: &'a Workshop) -> std::io::Result<Option<Self>> {
        let Some(inside) = shop.turnstile.enter(&|| true) else { return Ok(None) };
        let lock = Lock::try_exclusive(&shop.dirs.queue_lock())?;
        Ok(lock.map(|file| Turn { _file: file, _inside: inside }))
    }
}

/// Brings the work into the base, or says why not.
pub(super) fn integrate(cycle: &mut Cycle<'_>, notes: &mut Notes) -> Result<Event, Infra> {
    let round = notes.round(StepName::Integrate);
    let begun = notes.step(&cycle.shop.journal, StepName::Integrate, round, None);
    let landed = land(cycle, notes);
    let result = match &landed {
        Ok(Event::Integrated(Landing::Published)) => StepResult::Ok,
        Ok(Event::Integrated(Landing::NothingNew)) => StepResult::Skipped,
        Ok(Event::Integrated(Landing::Conflict)) => StepResult::Conflict,
        Ok(Event::Integrated(Landing::Red)) => StepResult::Failed,
        Ok(Event::Integrated(Landing::Changed)) => StepResult::Skipped,
        Ok(Event::Halted(_) | Event::Worked(_) | Event::Verified(_) | Event::Reviewed(_)) => StepResult::Interrupted,
        Err(_) => StepResult::CouldNotRun,
    };
    end(cycle.shop, notes, begun, result);
    landed
}

fn end(shop: &Workshop, notes: &mut Notes, begun: Begun, result: StepResult) {
    let tail = (result == StepResult::Failed || result == StepResult::Conflict).then(|| notes.reason.clone());
    notes.end(&shop.journal, begun, result, Details { tail, ..Details::default() });
}

fn land(cycle: &mut Cycle<'_>, notes: &mut Notes) -> Result<Event, Infra> {
    let shop = cycle.shop;
    let work = cycle.work.clone().ok_or_else(|| Infra("there is nothing to integrate".to_owned()))?;
    let message = message(cycle, &work)?;
    let Some(_turn) = Turn::take(shop)? else { return Ok(Event::Halted(Halt::Interrupted)) };
    for _ in 0..MOST_MOVES {
        let tips = shop.repo.tips(&shop.base)?;
        let Some(tip) = newest(shop, &tips)? else { continue };
        let message = Message { text: &message, task_id: cycle.claim.id.as_str() };
        match shop.repo.merge(&tip, &work.head, strategy(cycle.settings.config.integrate.strategy), &message)? {
            Merge::NothingToDo => {
                notes.because("the base holds all of this work already");
                return Ok(Event::Integrated(Landing::NothingNew));
            }
            Merge::Conflict { files, text } => {
                let unresolved = cycle.conflict.take().map(|before| before.unresolved).unwrap_or_default();
                cycle.conflict = Some(Conflict { tip: tip.clone(), files: files.clone(), unresolved });
                notes.because(format!("the work contradicts {} in {}\n\n{text}", shop.base, files.join(", ")));
                return Ok(Event::Integrated(Landing::Conflict));
            }
            Merge::Clean { commit, tree, .. } => {
                if let Some(event) = judge(cycle, notes, &commit, &tree)? {
                    return Ok(event);
                }
                if let Some(landed) = publish(shop, &notes.who.clone(), &tips, &tip, &commit)? {
                    notes.reason = match landed {
                        Landed::OnBase => format!("merged onto {} as {}", shop.base, commit.short()),
                        Landed::Beside => {
                            format!("merged onto swarm/{0} as {1}; {0} follows when it can", shop.base, commit.short())
                        }
                    };
                    notes.merged = Some(commit);
                    return Ok(Event::Integrated(Landing::Published));
                }
            }
        }
    }
    Err(Infra(format!("{} moved {MOST_MOVES} times while the work was being merged", shop.base)))
}

/// Runs the gates on the merged commit, unless its tree has passed them; `None`: it may be published.
fn judge(cycle: &mut Cycle<'_>, notes: &mut Notes, commit: &Oid, tree: &Oid) -> Result<Option<Event>, Infra> {
    if verify::is_known_green(cycle, tree) {
        return Ok(None);
    }
    cycle.bench.reset(cycle.shop, commit)?;
    match verify(cycle, notes, commit, tree)? {
        verify::Verdict::Green => Ok(None),
        verify::Verdict::Red(reason) => {
            notes.because(format!("merged onto the newest {}: {reason}", cycle.shop.base));
            Ok(Some(Event::Integrated(Landing::Red)))
        }
        verify::Verdict::Halted(halt) => Ok(Some(Event::Halted(halt))),
    }
}

/// The commit to merge onto. Where base and `swarm/<base>` have both moved, they are joined first: the user
/// committed to the base while it was held back.
fn newest(shop: &Workshop, tips: &Tips) -> Result<Option<Oid>, Infra> {
    let Some(ahead) = &tips.ahead else { return Ok(Some(tips.base.clone())) };
    if shop.repo.is_ancestor(&tips.base, ahead)? {
        return Ok(Some(ahead.clone()));
    }
    if shop.repo.is_ancestor(ahead, &tips.base)? {
        // Caught up by the user's own hand; the left-over branch is removed.
        shop.repo.catch_up(&shop.base)?;
        return Ok(Some(tips.base.clone()));
    }
    let text = format!("Merge {0} into swarm/{0}", shop.base);
    match shop.repo.join(ahead, &tips.base, &text)? {
        Merge::Clean { commit, .. } => Ok(Some(commit)),
        Merge::NothingToDo => Ok(Some(ahead.clone())),
        Merge::Conflict { files, .. } => Err(Infra(format!(
            "{0} and swarm/{0} contradict each other in {1}: merge swarm/{0} into {0} by hand",
            shop.base,
            files.join(", ")
        ))),
    }
}

/// Where work came to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Landed {
    /// On the base.
    OnBase,
    /// On `swarm/<base>`, because the base cannot be moved now.
    Beside,
}

/// Moves the base, or, where that is held back, `swarm/<base>`; `None`: somebody else moved it first.
fn publish(shop: &Workshop, who: &Who, tips: &Tips, tip: &Oid, commit: &Oid) -> Result<Option<Landed>, Infra> {
    let moved = |branch: String, from: &Oid| {
        shop.journal
            .event(who, record::Event::BasePublished { branch, from: from.to_string(), to: commit.to_string() });
    };
    match shop.repo.publish(&shop.base, &tips.base, commit)? {
        Published::Landed => {
            moved(shop.base.clone(), &tips.base);
            if tips.ahead.is_some() {
                shop.repo.catch_up(&shop.base)?;
                shop.held_back.store(false, Ordering::Relaxed);
            }
            Ok(Some(Landed::OnBase))
        }
        Published::Moved => Ok(None),
        Published::HeldBack { reason } => {
            let branch = format!("swarm/{}", shop.base);
            if !shop.held_back.swap(true, Ordering::Relaxed) {
                shop.journal.event(who, record::Event::BaseHeldBack { branch: branch.clone(), reason });
            }
            match shop.repo.publish_ahead(&shop.base, tips.ahead.as_ref(), commit)? {
                Published::Landed => {
                    moved(branch, tips.ahead.as_ref().unwrap_or(tip));
                    Ok(Some(Landed::Beside))
                }
                Published::Moved => Ok(None),
                Published::HeldBack { reason } => Err(Infra(format!("{branch} cannot be moved: {reason}"))),
            }
        }
    }
}

/// Lets the base catch up with work that was held back, where that is possible now. Whoever is merging just then
/// tries the base first anyway, so nobody waits here.
pub fn catch_up(shop: &Workshop) -> CommandResult<()> {
    let turn = Turn::try_take(shop)
        .map_err(|error| crate::error::Error::environment("cannot lock the merge queue").because(error))?;
    if turn.is_none() {
        return Ok(());
    }
    match shop.repo.catch_up(&shop.base)? {
        CaughtUp::Even => shop.held_back.store(false, Ordering::Relaxed),
        CaughtUp::Landed(commit) => {
            shop.held_back.store(false, Ordering::Relaxed);
            let event = record::Event::BasePublished {
                branch: shop.base.clone(),
                from: format!("swarm/{}", shop.base),
                to: commit.to_string(),
            };
            shop.journal.event(&Who::default(), event);
        }
        CaughtUp::HeldBack { reason } => {
            if !shop.held_back.swap(true, Ordering::Relaxed) {
                let branch = format!("swarm/{}", shop.base);
                shop.journal.event(&Who::default(), record::Event::BaseHeldBack { branch, reason });
            }
        }
        // Joined, verified and published together with the next work that is merged.
        CaughtUp::Diverged { .. } => shop.held_back.store(true, Ordering::Relaxed),
    }
    Ok(())
}

fn strategy(wanted: Wanted) -> Strategy {
    match wanted {
        Wanted::Squash => Strategy::Squash,
        Wanted::Merge => Strategy::MergeCommit,
        Wanted::Rebase => Strategy::Rebase,
    }
}

/// The message of the commit on the base: the task's title, then what the agent wrote in its own commits.
fn message(cycle: &Cycle<'_>, work: &Product) -> Result<String, Infra> {
    let title = clean_text(&cycle.claim.found.task.title).lines().next().unwrap_or_default().trim().to_owned();
    if work.made_by_us {
        return Ok(title);
    }
    let messages = cycle.shop.repo.messages(&cycle.base, &work.head)?;
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
