//! Finished work that goes ahead of the base while that cannot move.
//!
//! What counts is a ref of our own, `refs/swarm/ahead/<base>`: it holds what was published, and nothing else ever comes
//! to the base by it. The branch `swarm/<base>` shows it to people. Branches are anybody's to move, and an agent that
//! moves this one must not have its work, which nobody has judged, carried to the base.

use super::ahead_note::noting;
use super::base::{Tips, ahead_ref, branches, shown_ref};
use super::durable;
use super::error::GitError;
use super::oid::Oid;
use super::publish::{Published, advance, advance_alone, alone, make_safe};
use super::repo::Repo;

/// How the base and what is ahead of it stand to each other after [`Repo::catch_up`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaughtUp {
    /// There is nothing ahead of the base.
    Even,
    /// The base has moved up to here just now.
    Landed(Oid),
    /// It still cannot.
    HeldBack {
        /// One sentence.
        reason: String,
    },
    /// Each has commits that the other has not: they must be merged.
    Diverged {
        /// The base.
        base: Oid,
        /// What is ahead.
        ahead: Oid,
    },
}

impl Repo {
    /// Publishes `new` ahead of `base` (without `refs/heads/`), where `old` was published before; `None`: nothing was.
    /// The branch `swarm/<base>` follows where it can; nothing depends on that.
    pub fn publish_ahead(&self, base: &str, old: Option<&Oid>, new: &Oid) -> Result<Published, GitError> {
        make_safe(self, old, new)?;
        let alone = alone(self)?;
        let swap = || advance_alone(self, &alone, ahead_ref(base), old, new);
        let published = noting(self, base, &alone, Some(new), swap)?;
        drop(alone);
        if published == Published::Landed {
            // It has landed, whatever stands in the way of showing it.
            let _ = show(self, base, new);
        }
        Ok(published)
    }

    /// Lets the base catch up with what is ahead of it, and forgets that once the base contains it. One process when
    /// there is nothing to do.
    pub fn catch_up(&self, base: &str) -> Result<CaughtUp, GitError> {
        loop {
            let tips = self.tips(base)?;
            let Some(ahead) = tips.ahead else {
                if let Some(passed) = tips.passed {
                    forget(self, base, &passed)?;
                }
                return Ok(CaughtUp::Even);
            };
            if !self.is_ancestor(&tips.base, &ahead)? {
                return Ok(CaughtUp::Diverged { base: tips.base, ahead });
            }
            match self.publish(base, &tips.base, &ahead)? {
                Published::Landed => {
                    // Should this fail, it is forgotten the next time: the base has it.
                    let _ = forget(self, base, &ahead);
                    return Ok(CaughtUp::Landed(ahead));
                }
                Published::HeldBack { reason } => return Ok(CaughtUp::HeldBack { reason }),
                Published::Moved => {}
            }
        }
    }

    /// Where `swarm/<base>` stands, if it holds what was not published: somebody has moved it. One process where it is
    /// not what it should be, none else.
    pub fn strange(&self, tips: &Tips) -> Result<Option<Oid>, GitError> {
        match &tips.shown {
            Some(shown) if tips.ahead.as_ref() != Some(shown) && !self.is_ancestor(shown, tips.newest())? => {
                Ok(Some(shown.clone()))
            }
            Some(_) | None => Ok(None),
        }
    }
}

/// Lets the branch follow, unless somebody has a hand on it or something of his own on it.
fn show(repo: &Repo, base: &str, new: &Oid) -> Result<(), GitError> {
    let [branch] = branches(repo, [shown_ref(base)])?;
    let follows = match &branch.tip {
        Some(tip) => tip != new && repo.is_ancestor(tip, new)?,
        None => true,
    };
    if follows {
        advance(repo, branch.reference, branch.tip.as_ref(), new)?;
    }
    Ok(())
}

/// Removes what showed that `ahead` was ahead of the base, and then the ref that said so.
fn forget(repo: &Repo, base: &str, ahead: &Oid) -> Result<(), GitError> {
    let [branch] = branches(repo, [shown_ref(base)])?;
    if let Some(tip) = &branch.tip
        && branch.checked_out.is_empty()
        && branch.in_use.is_none()
        && (tip == ahead || repo.is_ancestor(tip, ahead)?)
    {
        remove(repo, &branch.reference, tip)?;
    }
    let alone = alone(repo)?;
    noting(repo, base, &alone, None, || remove(repo, &ahead_ref(base), ahead))
}

fn remove(repo: &Repo, reference: &str, tip: &Oid) -> Result<(), GitError> {
    match repo.git().durable().args(["update-ref", "--no-deref", "-d", reference]).arg(tip).run() {
        Ok(_) => durable::sync_ref(repo, reference),
        // Moved meanwhile: it stays.
        Err(GitError::Failed { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
