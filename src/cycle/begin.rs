//! Where a cycle begins: afresh, in the session of an attempt that was broken off, or with work that is done already.

use super::Claim;
use super::Workshop;
use super::checkout::salvage_ref;
use super::perform::Infra;
use crate::model::agent::Agent;
use crate::model::choice::Choice;
use crate::model::outcome::Outcome;
use crate::model::task::{Kept, Session};
use crate::os::git::Oid;

/// Where a cycle begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Beginning {
    /// With the task alone, on the newest base.
    Afresh,
    /// In a session that knows the task, with the files as it left them.
    InSession {
        /// The session.
        session: Session,
        /// What it had done, if it had done anything.
        work: Option<Oid>,
    },
    /// With work whose author said that it is done.
    WithWork {
        /// Its last commit.
        head: Oid,
        /// A person has approved it.
        approved: bool,
        /// The author's session.
        session: Option<Session>,
    },
}

impl Beginning {
    /// The commit with which it begins, unless that is the newest base.
    pub(super) fn commit(&self) -> Option<&Oid> {
        match self {
            Beginning::Afresh => None,
            Beginning::InSession { work, .. } => work.as_ref(),
            Beginning::WithWork { head, .. } => Some(head),
        }
    }

    /// The session in which it goes on.
    pub(super) fn session(&self) -> Option<Session> {
        match self {
            Beginning::Afresh => None,
            Beginning::InSession { session, .. } => Some(session.clone()),
            Beginning::WithWork { session, .. } => session.clone(),
        }
    }
}

/// Whether the outcome of a cycle says nothing against its work, so that the next goes on with it.
pub(super) fn goes_on(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Interrupted
        | Outcome::Infra
        | Outcome::RateLimited
        | Outcome::NeedsInput
        | Outcome::AwaitingReview
        | Outcome::OverBudget => true,
        Outcome::Merged
        | Outcome::NoChange
        | Outcome::Claimed
        | Outcome::Planned
        | Outcome::VerifyFailed
        | Outcome::Rejected
        | Outcome::Conflict
        | Outcome::AgentError
        | Outcome::Stuck
        | Outcome::Timeout
        | Outcome::Replan
        | Outcome::Cancelled
        | Outcome::Done => false,
    }
}

/// Where the cycle of a claimed task begins.
pub(super) fn beginning(shop: &Workshop, claim: &Claim, choice: &Choice, author: &Agent) -> Result<Beginning, Infra> {
    let task = &claim.found.task;
    let progress = &task.progress;
    let contract = task.contract();
    let kept = match progress.kept.as_ref().filter(|kept| kept.contract == contract) {
        Some(kept) => shop.repo.resolve(&format!("{}^{{commit}}", kept.commit))?.map(|commit| (kept, commit)),
        None => None,
    };
    let session = progress.session.as_ref().filter(|session| {
        session.agent == choice.agent && author.has_sessions() && session.contract.as_ref() == Some(&contract)
    });
    let session = session.cloned();
    let last = progress.last.as_ref().map(|last| last.outcome);
    match (kept, session) {
        (Some((Kept { approved: true, .. }, head)), session) => {
            Ok(Beginning::WithWork { head, approved: true, session })
        }
        (Some((Kept { ready: true, .. }, head)), session) if last.is_some_and(was_broken_off) => {
            Ok(Beginning::WithWork { head, approved: false, session })
        }
        (kept, Some(session)) => {
            let work = match kept {
                Some((_, commit)) => Some(commit),
                None if last == Some(Outcome::Interrupted) => salvaged(shop, claim)?,
                None => None,
            };
            Ok(Beginning::InSession { session, work })
        }
        (_, None) => Ok(Beginning::Afresh),
    }
}

/// Whether neither the work nor a person asked for an end.
fn was_broken_off(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Interrupted | Outcome::Infra | Outcome::RateLimited | Outcome::OverBudget)
}

/// What was found in the worktree of a worker that died at this attempt.
fn salvaged(shop: &Workshop, claim: &Claim) -> Result<Option<Oid>, Infra> {
    let prefix = salvage_ref(claim.id.as_str(), claim.record.attempt);
    let is_of_it = |name: &str| {
        name == prefix || name.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('-') && !rest.contains('/'))
    };
    let found = shop.repo.salvaged(claim.id.as_str())?;
    Ok(found.into_iter().rfind(|(name, _)| is_of_it(name)).map(|(_, commit)| commit))
}
