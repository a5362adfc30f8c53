//! Looks after the refs that only the swarm moves, or a person: the base, and what was published ahead of it.
//!
//! While agents work their git is kept from moving them (`run_program`); this is for those that find a way past it. What
//! the swarm itself has published is known, and put back. A base that was moved to what an agent made in its worktree while
//! it was at work there is put back where no checkout would differ by it; where one would, it stays, and is told with the
//! command that takes it back. Any other move of the base is the user's own, and counts.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bench::SlotRecord;
use super::checkout::salvage_ref;
use super::{Bench, Workshop};
use crate::model::record::Event;
use crate::os::git::{GitError, LooseRefs, Oid, Restored, Slot, Tips};
use crate::os::journal::Who;

/// What is known of a run's refs.
#[derive(Default)]
pub struct Sentry {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Where the base was seen last.
    base: Option<Oid>,
    /// The files of the refs, when all stood where it should.
    files: Option<LooseRefs>,
    /// Who is at work, by the names of their worktrees.
    at_work: BTreeMap<String, AtWork>,
}

/// An agent that is at work.
struct AtWork {
    slot: Slot,
    who: Who,
    /// Under which ref what it has made is kept.
    kept_as: Option<String>,
    /// What it has done that it should not.
    did: Option<String>,
}

impl Sentry {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent is about to begin in a worktree.
    pub(super) fn begin(&self, shop: &Workshop, who: &Who, bench: &Bench) {
        self.look(shop);
        let record = SlotRecord::read(&shop.dirs, &bench.slot_name);
        let kept_as = record.map(|record| salvage_ref(record.task.as_str(), record.attempt));
        let at_work = AtWork { slot: bench.slot.clone(), who: who.clone(), kept_as, did: None };
        self.lock().at_work.insert(bench.slot_name.clone(), at_work);
    }

    /// It has ended; gives what it has done that it should not, in a sentence that is also for itself.
    pub(super) fn end(&self, shop: &Workshop, bench: &Bench) -> Option<String> {
        self.look(shop);
        self.lock().at_work.remove(&bench.slot_name)?.did
    }

    /// Looks whether everything stands where it should: no process where nothing has moved. What cannot be seen now is
    /// seen before anything is published.
    pub(super) fn look(&self, shop: &Workshop) {
        let now = shop.repo.loose_refs(&shop.base);
        if now.is_none() || self.lock().files != now {
            let _ = self.tips(shop);
        }
    }

    /// The swarm itself has moved the base to `tip`, from where it was seen.
    pub(super) fn has_published(&self, shop: &Workshop, tip: &Oid) {
        let now = shop.repo.loose_refs(&shop.base);
        let mut inner = self.lock();
        let is_all =
            inner.files.as_ref().zip(now.as_ref()).is_some_and(|(before, now)| before.differ_only_by(tip, now));
        inner.files = now.filter(|_| is_all);
        inner.base = Some(tip.clone());
    }

    /// Where the base and what is ahead of it stand, once everything stands where it should.
    ///
    /// # Errors
    /// git cannot tell, or not put back what was moved.
    pub(super) fn tips(&self, shop: &Workshop) -> Result<Tips, GitError> {
        let mut inner = self.lock();
        if inner.base.is_none() {
            shop.repo.note_ahead(&shop.base)?;
        }
        // Read before git is asked: what moves meanwhile makes a difference later.
        let files = shop.repo.loose_refs(&shop.base);
        let mut tips = shop.repo.tips(&shop.base)?;
        let mut is_old = false;
        if tips.ahead_was_moved {
            put_ahead_back(shop, &mut inner)?;
            is_old = true;
        }
        if let Some(seen) = inner.base.clone().filter(|seen| *seen != tips.base) {
            is_old |= look_at_base(shop, &mut inner, &seen, &tips)?;
        }
        if is_old {
            tips = shop.repo.tips(&shop.base)?;
        }
        inner.base = Some(tips.base.clone());
        inner.files = files.filter(|_| !is_old);
        Ok(tips)
    }
}

fn put_ahead_back(shop: &Workshop, inner: &mut Inner) -> Result<(), GitError> {
    let Some(put_back) = shop.repo.put_ahead_back(&shop.base)? else { return Ok(()) };
    let reference = put_back.reference;
    let (done, kept) = match &put_back.found {
        None => (format!("{reference} was removed"), String::new()),
        Some(found) => {
            let (commit, kept) = (found.commit.short(), &found.reference);
            (
                format!("{reference} was moved to {commit}, which was never verified"),
                format!(" ({commit} is kept as {kept})"),
            )
        }
    };
    let now = put_back
        .holds
        .map_or_else(|| "it is removed again".to_owned(), |holds| format!("it is put back to {}", holds.short()));
    let found = put_back.found.map(|found| found.commit);
    let culprit = found.and_then(|found| inner.at_work.values_mut().find(|agent| made(agent).contains(&found)));
    let who = culprit.as_ref().map(|agent| agent.who.clone()).unwrap_or_default();
    let message = format!("{done}: only the swarm moves it; {now}{kept}");
    shop.journal.event(&who, Event::Warning { message });
    if let Some(agent) = culprit {
        agent.did = Some(format!("the agent has moved {reference}, which only the swarm moves; {now}"));
    }
    Ok(())
}

/// The base was seen at `seen`, and has moved since. Gives whether it was put back.
fn look_at_base(shop: &Workshop, inner: &mut Inner, seen: &Oid, tips: &Tips) -> Result<bool, GitError> {
    let (base, tip) = (&shop.base, &tips.base);
    for agent in inner.at_work.values_mut() {
        let made = made(agent);
        let brought = shop.repo.brought_by(seen, tip, &made)?;
        let Some(commit) = brought.first() else { continue };
        // What stands on a branch anybody can see a person may have taken from there.
        if let Some(branch) = shop.repo.branch_with(base, commit)? {
            let (commit, branch) = (commit.short(), branch.trim_start_matches("refs/"));
            let message = format!(
                "{base} has come to {commit} of {branch}, which an agent has just made and nobody has verified; if that \
                 was not you: git revert --no-edit {commit}"
            );
            shop.journal.event(&Who::default(), Event::Warning { message });
            return Ok(false);
        }
        let restored = if made.contains(tip) {
            if let Some(name) = &agent.kept_as {
                shop.repo.keep(name, tip, Some(seen))?;
            }
            shop.repo.restore_base(base, tip, seen)?
        } else {
            let because = "there are other commits with it".to_owned();
            Restored::Left { because, command: format!("git revert --no-edit {}", commit.short()) }
        };
        let (now, is_back) = match restored {
            Restored::Done => (format!("{base} is put back"), true),
            Restored::Left { because, command } => {
                (format!("it stays, because {because}; to take it back: {command}"), false)
            }
        };
        let commit = commit.short();
        let message = format!("an agent has moved {base} to its own commit {commit}, which was never verified: {now}");
        shop.journal.event(&agent.who, Event::Warning { message });
        agent.did = Some(format!(
            "the agent has moved {base} to its own commit {commit}; only what is verified comes there: commit in the \
             worktree, and say when the work is done ({now})"
        ));
        return Ok(is_back);
    }
    if !shop.repo.is_ancestor(seen, tip)? {
        let (was, is) = (seen.short(), tip.short());
        let command = match tips.checked_out.first() {
            None => format!("git branch -f {base} {was}"),
            Some(place) => format!("git -C {} merge {was}", place.display()),
        };
        let message = format!(
            "{base} was moved from {was} to {is}, which does not hold what was there; if that was not you: {command}"
        );
        shop.journal.event(&Who::default(), Event::Warning { message });
    }
    Ok(false)
}

/// What came to be in its worktree. Where that cannot be told it is accused of nothing.
fn made(agent: &AtWork) -> Vec<Oid> {
    agent.slot.made().unwrap_or_default()
}
