//! What an agent has made: gathered from its worktree, committed, and looked at.

use super::attend::with_tail;
use super::case::Cycle;
use super::notes::Notes;
use super::perform::Infra;
use crate::model::clean::clean_text;
use crate::model::plan::Work;
use crate::model::task::Kept;
use crate::os::git::{Committed, Oid};

/// An author's work, committed.
#[derive(Debug, Clone)]
pub(super) struct Product {
    /// The last commit.
    pub(super) head: Oid,
    /// Its tree: what the gates judge. `None` where there are no gates.
    pub(super) tree: Option<Oid>,
    /// The files that differ from where the work began.
    pub(super) changed: Vec<String>,
    /// The only commit is ours, made of what the agent left uncommitted.
    pub(super) made_by_us: bool,
    /// A person has approved exactly this.
    pub(super) approved: bool,
    /// The contract for which a reviewer, or a person, has approved exactly this.
    pub(super) approved_for: Option<String>,
}

impl Cycle<'_> {
    /// Commits what the agent left uncommitted: everything that git does not ignore counts as its work. Gives
    /// [`Work::Ready`] if there is a product now.
    pub(super) fn gather(&mut self, notes: &mut Notes) -> Result<Work, Infra> {
        let state = self.bench.slot.state()?;
        notes.branch = state.branch.clone();
        let mut head = state.head.clone();
        self.refused = None;
        if state.dirty {
            match self.bench.slot.commit_all(&self.commit_message())? {
                Committed::Done(commit) => head = Some(commit),
                Committed::Nothing => {}
                Committed::Refused { reason } => {
                    notes.because(with_tail("the work cannot be committed".to_owned(), &reason));
                    // Only a session that knows the work can mend it.
                    self.refused = self.session.is_some().then_some(reason);
                    return Ok(if self.refused.is_some() { Work::Refused } else { Work::Failed });
                }
            }
        }
        let Some(head) = head else {
            notes.because("the agent left a branch without any commit checked out");
            return Ok(Work::Failed);
        };
        let made_by_us = state.head.as_ref() == Some(&self.base);
        self.take_in(notes, head, made_by_us)
    }

    /// Takes the commits up to `head` for the work.
    pub(super) fn take_in(&mut self, notes: &mut Notes, head: Oid, made_by_us: bool) -> Result<Work, Infra> {
        notes.head = Some(head.clone());
        let changed = if head == self.base { Vec::new() } else { self.shop.repo.changed_paths(&self.base, &head)? };
        if changed.is_empty() {
            notes.because("the agent changed nothing");
            self.work = None;
            return Ok(Work::NoChange);
        }
        let tree = if self.gates().is_empty() { None } else { Some(self.shop.repo.tree_of(&head)?) };
        self.work = Some(Product { head, tree, changed, made_by_us, approved: false, approved_for: None });
        self.note_work()?;
        Ok(Work::Ready)
    }

    /// Goes on with work that a person has approved as it is.
    pub(super) fn is_approved(&mut self) -> Result<(), Infra> {
        let contract = self.claim.found.task.contract();
        if let Some(work) = &mut self.work {
            work.approved = true;
            work.approved_for = Some(contract);
        }
        self.note_work()
    }

    /// Notes the work in the claim: whoever comes after a crash goes on with it.
    fn note_work(&mut self) -> Result<(), Infra> {
        let contract = self.claim.found.task.contract();
        self.claim.record.go_on.kept = self.work.as_ref().map(|work| Kept {
            commit: work.head.to_string(),
            contract,
            ready: true,
            approved: work.approved,
        });
        Ok(self.claim.record.write(&self.shop.dirs)?)
    }

    /// The message of a commit that we make of an agent's uncommitted work.
    pub(super) fn commit_message(&self) -> String {
        let task = &self.claim.found.task;
        format!("{}\n\nTask-Id: {}\n", clean_text(&task.title), task.id)
    }

    /// A path of the work in which a change needs somebody's word.
    pub(super) fn protected_path<'w>(&self, work: &'w Product) -> Option<&'w String> {
        work.changed.iter().find(|path| self.settings.config.protected.covers(path))
    }
}
