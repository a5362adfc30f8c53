//! Where a cycle begins: afresh, in the session of an attempt that was broken off, or with work that is done already.

use super::checkout::salvage_ref;
use super::perform::Infra;
use super::{Bench, Claim, Workshop};
use crate::model::agent::Agent;
use crate::model::choice::Choice;
use crate::model::config::Config;
use crate::model::outcome::{Fate, Outcome};
use crate::model::task::{Kept, Progress, Session};
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
    outcome.fate() == Fate::Open
}

/// Where a cycle has begun.
pub(super) struct Begun {
    pub(super) beginning: Beginning,
    /// The worktree stands there.
    pub(super) at: Oid,
    /// The work stands on this commit of the base.
    pub(super) base: Oid,
}

/// Puts the worktree to where the work begins and notes it in the claim, so that whoever comes later knows from where
/// on this attempt may have been merged.
pub(super) fn begin(
    shop: &Workshop,
    config: &Config,
    bench: &mut Bench,
    claim: &mut Claim,
    choice: &Choice,
    author: &Agent,
) -> Result<Begun, Infra> {
    shop.journal.ensure_folders()?;
    shop.sentry.look(shop);
    let tip = shop.repo.newest(&shop.base)?;
    let beginning = beginning(shop, claim, choice, author)?;
    let (at, base) = match beginning.commit() {
        None => (tip.clone(), tip.clone()),
        Some(commit) => match shop.repo.merge_base(&tip, commit)? {
            Some(base) => (commit.clone(), base),
            // The base has been replaced by another history.
            None => (tip.clone(), tip.clone()),
        },
    };
    claim.record.base = Some(tip);
    claim.record.go_on.session.clone_from(&claim.found.task.progress.session);
    claim.record.write(&shop.dirs)?;
    bench.prepare(shop, config, &claim.record, &at, &base)?;
    Ok(Begun { beginning, at, base })
}

/// Where the cycle of a claimed task begins.
fn beginning(shop: &Workshop, claim: &Claim, choice: &Choice, author: &Agent) -> Result<Beginning, Infra> {
    let task = &claim.found.task;
    let progress = &task.progress;
    let contract = task.contract();
    let kept = match progress.kept.as_ref().filter(|kept| kept.contract == contract) {
        Some(kept) => shop.repo.resolve(&format!("{}^{{commit}}", kept.commit))?.map(|commit| (kept, commit)),
        None => None,
    };
    let session = session_for(progress, &contract, &choice.agent, author.has_sessions());
    let last = progress.last.as_ref().map(|last| last.outcome);
    begin_with(kept, session, last, || salvaged(shop, claim))
}

/// The session that knows the task as it reads now, where this agent has it and can take it up again.
fn session_for(progress: &Progress, contract: &str, agent: &str, has_sessions: bool) -> Option<Session> {
    let session = progress.session.as_ref().filter(|_| has_sessions)?;
    let knows = session.agent == agent && session.contract.as_deref() == Some(contract);
    knows.then(|| session.clone())
}

/// Where a cycle begins of which this is kept; `salvaged` looks for what was kept under a ref alone.
fn begin_with(
    kept: Option<(&Kept, Oid)>,
    session: Option<Session>,
    last: Option<Outcome>,
    salvaged: impl FnOnce() -> Result<Option<Oid>, Infra>,
) -> Result<Beginning, Infra> {
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
                None if last == Some(Outcome::Interrupted) => salvaged()?,
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
    let first = salvage_ref(claim.id.as_str(), claim.record.attempt);
    let found = shop.repo.salvaged(claim.id.as_str())?;
    Ok(found.into_iter().rfind(|(name, _)| is_of_attempt(name, &first)).map(|(_, commit)| commit))
}

/// Whether a ref keeps work of the attempt whose first ref is `first`: a second one gets a number behind it.
fn is_of_attempt(name: &str, first: &str) -> bool {
    name == first || name.strip_prefix(first).is_some_and(|rest| rest.starts_with('-') && !rest.contains('/'))
}

#[cfg(test)]
mod tests;
