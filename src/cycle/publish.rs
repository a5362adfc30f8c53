//! **Published**: the base is moved by compare-and-swap, by one at a time of all processes. Where the user's checkout
//! does not let the base move, work goes on ahead of it, as the branch `swarm/<base>` shows, and the base catches up when
//! it can.

use super::Workshop;
use super::perform::Infra;
use crate::error::Result as CommandResult;
use crate::model::judgement::Judgement;
use crate::model::record;
use crate::os::git::{CaughtUp, GitError, Merge, Oid, Published, Repo, Tips};
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::stop::Stop;
use crate::os::turnstile::Inside;

/// The right to move the base, among all workers of all processes.
pub(super) struct Turn<'a> {
    _file: Lock,
    _inside: Inside<'a>,
}

impl<'a> Turn<'a> {
    /// Waits for it; `None` if the run is to end at once.
    pub(super) fn take(shop: &'a Workshop) -> std::io::Result<Option<Self>> {
        let give_up = || shop.stop.get() == Stop::Now;
        let Some(inside) = shop.turnstile.enter(&give_up) else { return Ok(None) };
        let lock = Lock::exclusive(&shop.dirs.queue_lock(), &give_up)?;
        Ok(lock.map(|file| Turn { _file: file, _inside: inside }))
    }

    /// Takes it if nobody has it.
    pub(super) fn try_take(shop: &'a Workshop) -> std::io::Result<Option<Self>> {
        let Some(inside) = shop.turnstile.enter(&|| true) else { return Ok(None) };
        let lock = Lock::try_exclusive(&shop.dirs.queue_lock())?;
        Ok(lock.map(|file| Turn { _file: file, _inside: inside }))
    }
}

/// Where work is merged onto.
pub(super) struct Ground {
    /// The commit.
    pub(super) tip: Oid,
    /// Why the base cannot come to stand on it, if it cannot: it holds what contradicts this.
    rift: Option<String>,
    /// It is neither the base nor what is ahead of it, but both together, which nobody has judged yet.
    pub(super) is_join: bool,
}

/// The commit to merge onto. Where base and what is ahead of it have both moved, they are joined first: the user
/// committed to the base while it was held back. Where they contradict each other a person must join them, and work
/// goes on ahead.
pub(super) fn newest(shop: &Workshop, tips: &Tips) -> Result<Ground, Infra> {
    let on = |tip: &Oid| Ground { tip: tip.clone(), rift: None, is_join: false };
    let Some(ahead) = &tips.ahead else { return Ok(on(&tips.base)) };
    if shop.repo.is_ancestor(&tips.base, ahead)? {
        return Ok(on(ahead));
    }
    let base = &shop.base;
    let apart = |why: &str| Ground {
        tip: ahead.clone(),
        rift: Some(format!("{base} and swarm/{base} {why}: git merge swarm/{base}")),
        is_join: false,
    };
    let text = format!("Merge {base} into swarm/{base}");
    Ok(match shop.repo.join(ahead, &tips.base, &text)? {
        // Each alone is green, so nobody's work is to blame.
        Merge::Clean { tree, .. } if is_red(shop, &tree) => apart("do not pass the gates together; join and mend them"),
        Merge::Clean { commit, .. } => Ground { is_join: true, ..on(&commit) },
        Merge::NothingToDo => on(ahead),
        Merge::Conflict { files, .. } => apart(&format!("contradict each other in {}", files.join(", "))),
    })
}

fn is_red(shop: &Workshop, tree: &Oid) -> bool {
    let known = shop.judgements.recall(tree, &shop.settings().config.verify);
    known.is_some_and(|known| matches!(known.judgement, Judgement::Red { .. }))
}

/// Where work came to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Landed {
    /// On the base.
    OnBase,
    /// On `swarm/<base>`, because the base cannot be moved now.
    Beside,
}

/// Moves the base, or, where that is held back, `swarm/<base>`; `None`: somebody else moved it first.
pub(super) fn publish(
    shop: &Workshop,
    who: &Who,
    tips: &Tips,
    ground: &Ground,
    commit: &Oid,
) -> Result<Option<Landed>, Infra> {
    let moved = |branch: String, from: &Oid| {
        shop.journal
            .event(who, record::Event::BasePublished { branch, from: from.to_string(), to: commit.to_string() });
    };
    let published = match &ground.rift {
        Some(rift) => Published::HeldBack { reason: rift.clone() },
        None => shop.repo.publish(&shop.base, &tips.base, commit)?,
    };
    match published {
        Published::Landed => {
            shop.sentry.has_published(shop, commit);
            moved(shop.base.clone(), &tips.base);
            if tips.ahead.is_some() || tips.passed.is_some() {
                // It is forgotten another time, if not now: the base has it.
                let _ = shop.repo.catch_up(&shop.base);
                shop.held_back.release();
            }
            Ok(Some(Landed::OnBase))
        }
        Published::Moved => Ok(None),
        Published::HeldBack { reason } => {
            let branch = format!("swarm/{}", shop.base);
            let is_news = match &ground.rift {
                Some(rift) => shop.held_back.rift(rift),
                None => shop.held_back.hold(),
            };
            if is_news {
                shop.journal.event(who, record::Event::BaseHeldBack { branch: branch.clone(), reason });
            }
            let before = tips.ahead.as_ref().or(tips.passed.as_ref());
            match shop.repo.publish_ahead(&shop.base, before, commit)? {
                Published::Landed => {
                    moved(branch, tips.ahead.as_ref().unwrap_or(&ground.tip));
                    tell_strange(shop, tips);
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
    shop.sentry.tips(shop)?;
    match shop.repo.catch_up(&shop.base)? {
        CaughtUp::Even => shop.held_back.release(),
        CaughtUp::Landed(commit) => {
            shop.held_back.release();
            let event = record::Event::BasePublished {
                branch: shop.base.clone(),
                from: format!("swarm/{}", shop.base),
                to: commit.to_string(),
            };
            shop.journal.event(&Who::default(), event);
        }
        CaughtUp::HeldBack { reason } => {
            if shop.held_back.hold() {
                let branch = format!("swarm/{}", shop.base);
                shop.journal.event(&Who::default(), record::Event::BaseHeldBack { branch, reason });
            }
        }
        CaughtUp::Diverged { base, .. } if shop.held_back.part(&base) => {
            let reason = parted(&shop.repo, &shop.base, &shop.repo.tips(&shop.base)?)?.unwrap_or_default();
            let branch = format!("swarm/{}", shop.base);
            shop.journal.event(&Who::default(), record::Event::BaseHeldBack { branch, reason });
        }
        CaughtUp::Diverged { .. } => {}
    }
    Ok(())
}

/// Why the base cannot simply move to what is ahead of it: it has commits of its own. `None`: it has not.
pub fn parted(repo: &Repo, base: &str, tips: &Tips) -> Result<Option<String>, GitError> {
    let Some(ahead) = &tips.ahead else { return Ok(None) };
    if repo.is_ancestor(&tips.base, ahead)? {
        return Ok(None);
    }
    let by_hand = format!("git merge swarm/{base}");
    Ok(Some(match repo.contradict(&tips.base, ahead)? {
        true => format!("{base} has commits that contradict it; join them by hand: {by_hand}"),
        false => format!("{base} has other commits; the next work that is merged joins them, or by hand: {by_hand}"),
    }))
}

/// Says once that `swarm/<base>` holds what was not published: its owner wonders why it does not come to the base.
fn tell_strange(shop: &Workshop, tips: &Tips) {
    let Ok(Some(strange)) = shop.repo.strange(tips) else { return };
    if shop.held_back.is_strange_at(&strange) {
        let (base, commit) = (&shop.base, strange.short());
        let message = format!(
            "swarm/{base} was moved to {commit}, which holds what was never verified: nothing of it comes to {base}, and \
             the branch is left as it is; what was published waits at refs/swarm/ahead/{base}"
        );
        shop.journal.event(&Who::default(), record::Event::Warning { message });
    }
}

impl Landed {
    /// What is said of work that came to lie there as `commit`.
    pub(super) fn sentence(self, base: &str, commit: &Oid) -> String {
        let commit = commit.short();
        match self {
            Landed::OnBase => format!("merged onto {base} as {commit}"),
            Landed::Beside => format!("merged onto swarm/{base} as {commit}; {base} follows when it can"),
        }
    }
}
