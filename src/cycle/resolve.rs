//! A conflict with the base goes back to its author: the merge is begun in the worktree, with all three sides in the
//! files, and what he makes of it is verified like any other work.

use super::case::Cycle;
use super::notes::Notes;
use super::perform::Infra;
use super::product::Product;
use crate::model::comment::comments;
use crate::model::plan::{Event, Work};
use crate::model::prompt::{Resolve, Telling, Template};
use crate::model::record::StepName;
use crate::os::git::{Oid, Resolution};

/// How many commits an author is told of, of each side.
const COMMITS_TOLD: usize = 50;

/// Work that contradicts the base.
#[derive(Debug, Clone)]
pub(super) struct Conflict {
    /// Where the base stood.
    pub(super) tip: Oid,
    /// The files that contradict.
    pub(super) files: Vec<String>,
    /// What the last try to resolve it left open.
    pub(super) unresolved: Vec<String>,
}

impl Cycle<'_> {
    /// Begins the merge and lets the author resolve it.
    pub(super) fn resolve(&mut self, notes: &mut Notes) -> Result<Event, Infra> {
        let nothing = || Infra("there is no conflict to resolve".to_owned());
        let (conflict, work) = self.conflict.clone().zip(self.work.clone()).ok_or_else(nothing)?;
        self.reset(&work.head)?;
        let their_log = self.shop.repo.log(&self.base, &conflict.tip, COMMITS_TOLD)?;
        let own_log = self.shop.repo.log(&self.base, &work.head, COMMITS_TOLD)?;
        self.bench.slot.begin_merge(&conflict.tip)?;
        self.bench.touch();
        self.let_author_work(notes, StepName::Resolve, &|cycle| {
            let telling = Telling::Resolve(Resolve {
                fresh: cycle.session.is_none(),
                tip_short: conflict.tip.short(),
                files: &conflict.files,
                their_log: &their_log,
                own_log: &own_log,
                unresolved: &conflict.unresolved,
            });
            let all = comments(&cycle.claim.found.task.body);
            cycle.fill_in(&cycle.author, Template::Resolve, telling, &all, cycle.left_behind()).map(Some)
        })
    }

    /// Looks at what the author has made of the conflict. What he left open is kept under a ref, and the work is put
    /// back to what it was: merging it meets the conflict again.
    pub(super) fn take_resolution(&mut self, notes: &mut Notes) -> Result<Work, Infra> {
        let Some((conflict, before)) = self.conflict.clone().zip(self.work.take()) else {
            return Err(Infra("there is no conflict to resolve".to_owned()));
        };
        let open = match self.bench.slot.conclude_merge(&self.commit_message())? {
            Resolution::Open(files) => files,
            Resolution::Refused { reason } => {
                notes.because(super::attend::with_tail("the resolution cannot be committed".to_owned(), &reason));
                return Ok(Work::Failed);
            }
            // The author may have committed the markers.
            Resolution::Over | Resolution::Committed(_) => self.bench.slot.with_markers(&conflict.files)?,
        };
        if open.is_empty() {
            return self.take_resolved(notes, &conflict, before);
        }
        notes.because(format!("the conflict with {} was not resolved in {}", self.shop.base, open.join(", ")));
        let who = notes.who.clone();
        let (id, attempt) = (self.claim.id.clone(), self.claim.record.attempt);
        self.bench.salvage(self.shop, &who, &id, attempt, &before.head)?;
        self.reset(&before.head)?;
        self.conflict = Some(Conflict { unresolved: open, ..conflict });
        self.work = Some(before);
        Ok(Work::Silent)
    }

    fn take_resolved(&mut self, notes: &mut Notes, conflict: &Conflict, before: Product) -> Result<Work, Infra> {
        let head = self.bench.slot.state()?.head;
        let has_joined = match &head {
            Some(head) => self.shop.repo.is_ancestor(&conflict.tip, head)?,
            None => false,
        };
        if has_joined {
            self.base = conflict.tip.clone();
        } else {
            // Taken back: what he left is his work all the same.
            self.conflict = Some(Conflict { unresolved: conflict.files.clone(), ..conflict.clone() });
        }
        let work = self.gather(notes)?;
        if let Some(product) = &mut self.work {
            product.made_by_us = before.made_by_us && has_joined;
        }
        Ok(work)
    }
}
