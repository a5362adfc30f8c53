//! Looks after the user's checkout while agents work: what changes in it then was changed by the user, or by an agent
//! that has left its worktree. Nobody can tell which of the two, so it is said, and nothing is put back.
//!
//! A look costs a `git status`, so there is one at most every second, and more rarely where it takes long.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use super::Workshop;
use crate::model::record::Event;
use crate::os::git::{GitError, Sight};
use crate::os::journal::Who;

/// The rest after a look: at least this long, and so many times what the look took.
const REST: Duration = Duration::from_secs(1);
const REST_TIMES: u32 = 30;

/// How long another git in the checkout is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many files are named.
const MOST_NAMED: usize = 5;

/// What a run has seen of the checkout.
#[derive(Default)]
pub struct Lookout(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    has_begun: bool,
    /// As it was at the last look; away while somebody looks.
    seen: Option<Sight>,
    /// When the earliest turn began that nobody has looked after yet.
    since: Option<SystemTime>,
    rest_until: Option<Instant>,
    /// What was said: each file once in a run, for most of it will be the user's own.
    told: BTreeSet<String>,
}

impl Lookout {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent is about to begin; gives when.
    pub(super) fn begin(&self, shop: &Workshop) -> SystemTime {
        let is_first = !std::mem::replace(&mut self.lock().has_begun, true);
        if is_first {
            // Without a first look there is nothing to compare with, and nothing is said.
            let seen = shop.repo.sight(&apart(shop)).ok();
            self.lock().seen = seen;
        }
        SystemTime::now()
    }

    /// An agent that began then has ended.
    pub(super) fn end(&self, shop: &Workshop, who: &Who, began: SystemTime) {
        let mut inner = self.lock();
        inner.since = Some(inner.since.map_or(began, |since| since.min(began)));
        let is_resting = inner.rest_until.is_some_and(|until| Instant::now() < until);
        drop(inner);
        if !is_resting {
            self.look(shop, who);
        }
    }

    /// The run ends: looks after those agents after whom nobody has looked.
    pub fn close(&self, shop: &Workshop) {
        self.look(shop, &Who::default());
    }

    fn look(&self, shop: &Workshop, who: &Who) {
        let mut inner = self.lock();
        let Some(since) = inner.since else { return };
        // Somebody else is looking; what he does not see is seen the next time.
        let Some(seen) = inner.seen.take() else { return };
        inner.since = None;
        drop(inner);
        let began = Instant::now();
        let looked = look_again(shop, &seen, since);
        let mut inner = self.lock();
        inner.rest_until = Some(Instant::now() + REST.max(began.elapsed() * REST_TIMES));
        let Ok((changed, now)) = looked else {
            // The next look covers this time too.
            inner.since = Some(inner.since.map_or(since, |later| later.min(since)));
            inner.seen = Some(seen);
            return;
        };
        inner.seen = Some(now);
        let news: Vec<String> = changed.into_iter().filter(|path| inner.told.insert(path.clone())).collect();
        drop(inner);
        if !news.is_empty() {
            shop.journal.event(who, Event::Warning { message: sentence(&news) });
        }
    }
}

/// What has changed since, and stays so: a fast-forward of ours, or a command of the user's, may be in the middle.
fn look_again(shop: &Workshop, seen: &Sight, since: SystemTime) -> Result<(Vec<String>, Sight), GitError> {
    let apart = apart(shop);
    let (changed, now) = shop.repo.sight(&apart)?.compare(seen, since);
    if changed.is_empty() {
        return Ok((changed, now));
    }
    let until = Instant::now() + PATIENCE;
    while shop.repo.is_being_changed() && Instant::now() < until {
        sleep(Duration::from_millis(5));
    }
    Ok(shop.repo.sight(&apart)?.compare(seen, since))
}

/// Our own folders.
fn apart(shop: &Workshop) -> Vec<PathBuf> {
    let ours = [shop.dirs.tasks(), shop.dirs.runs(), shop.dirs.machine()];
    ours.into_iter().filter_map(|folder| Some(folder.strip_prefix(shop.dirs.root()).ok()?.to_owned())).collect()
}

fn sentence(changed: &[String]) -> String {
    let named = changed[..changed.len().min(MOST_NAMED)].join(", ");
    let more = match changed.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "your checkout was changed while agents worked: {named}{more}; if that was not you, one of them has written \
         outside of its worktree"
    )
}
