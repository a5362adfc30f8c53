//! What a run does about money: whose tasks wait for it, when the whole run has cost enough, who is told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::board::Board;
use super::worker::Floor;
use crate::cycle::{Unpaid, Workshop, settle_dead, tell};
use crate::model::budget::{Balances, Closed, Short, Usd};
use crate::model::config::Config;
use crate::model::pick;
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::model::transition::pause;
use crate::os::clock;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::task_folder;

/// How long a task is left alone whose domain turned out to be short of money.
const A_MOMENT_MS: i64 = 500;

/// What a run knows of money beyond the purse of the queue.
#[derive(Debug, Default)]
pub(super) struct Till {
    /// The run has cost what it may: nothing more is claimed.
    is_spent: bool,
    /// Why the run ended although something could have been claimed.
    kept_back: Option<String>,
    /// The domains of which it was told that they are short of money.
    told: BTreeSet<String>,
    /// How often in a row the budget command gave nothing, by domain.
    refusals: BTreeMap<String, u32>,
    /// The budget command could not be told what was spent; that was said.
    is_deaf: bool,
}

impl Till {
    /// Whether nothing more is claimed in this run.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// The run ends here and leaves something.
    pub(super) fn keep_back(&mut self) {
        self.kept_back = Some("the run has cost what it may (`limits.run_cost_usd`)".to_owned());
    }
}

impl Board {
    /// Takes over the budgets of the settings; how the money stands is looked up at every scan.
    pub fn heed_budgets(&self, config: &Config) {
        let mut inner = self.lock();
        let before = inner.queue.purse.clone();
        inner.queue.purse.heed(config);
        let has_changed = inner.queue.purse != before;
        drop(inner);
        if has_changed {
            self.changed.notify_all();
        }
    }

    /// Looks up how the money stands, if that matters.
    pub(super) fn count_money(&self) {
        if !self.lock().queue.purse.has_budgets() {
            return;
        }
        // A ledger that cannot be read is told by whoever has to write into it.
        let Ok(domains) = self.ledger.look(|balances| balances.domains().clone()) else { return };
        let mut inner = self.lock();
        let has_changed = inner.queue.purse.count(domains);
        drop(inner);
        if has_changed {
            self.changed.notify_all();
        }
    }

    /// Whether the run has cost what it may.
    pub(super) fn is_spent(&self) -> bool {
        self.lock().till.is_spent()
    }

    /// Why the run ends although something could be claimed, if so.
    pub(super) fn kept_back(&self) -> Option<String> {
        self.lock().till.kept_back.clone()
    }
}

/// Takes over what the settings and the ledger say now, and says what is used up, once.
pub(super) fn heed(shop: &Workshop, board: &Board) {
    let settings = shop.settings();
    let run_id = shop.journal.run_id();
    // A ledger that cannot be read is told by whoever has to write into it.
    let Ok(spent) = shop.funds.ledger.look(|balances| balances.run(run_id).unwrap_or_default()) else { return };
    for line in shop.funds.ledger.odd_lines() {
        shop.journal.event(&Who::default(), Event::Warning { message: line });
    }
    board.heed_budgets(&settings.config);
    board.count_money();
    let limit = settings.config.limits.run_cost_usd.and_then(Usd::new);
    let mut inner = board.lock();
    let is_spent = limit.is_some_and(|limit| spent >= limit);
    let was_spent = std::mem::replace(&mut inner.till.is_spent, is_spent);
    let short = pick::short_of_money(&inner.queue, &board.filter);
    let told = std::mem::take(&mut inner.till.told);
    let news: Vec<&Short> = short.iter().filter(|short| !told.contains(&short.domain)).collect();
    inner.till.told = short.iter().map(|short| short.domain.clone()).collect();
    // Those that the budget command has refused are told of until it gives again.
    let refused = inner.till.refusals.keys().filter(|domain| told.contains(*domain)).cloned().collect::<Vec<_>>();
    inner.till.told.extend(refused);
    drop(inner);
    for short in news {
        exhausted(shop, Some(short.domain.clone()), short.to_string());
    }
    if is_spent && !was_spent {
        let reason = format!(
            "the run has cost {spent}, and it may cost {}: raise `limits.run_cost_usd`",
            limit.unwrap_or_default()
        );
        exhausted(shop, None, reason.clone());
        shop.journal.event(&Who::default(), Event::Paused { reason: format!("claiming stops: {reason}") });
    }
    if was_spent && !is_spent {
        shop.journal.event(&Who::default(), Event::Resumed {});
        board.changed.notify_all();
    }
}

fn exhausted(shop: &Workshop, domain: Option<String>, reason: String) {
    shop.journal.event(&Who::default(), Event::BudgetExhausted { domain, reason });
}

/// Looks after the money between two cycles: what the dead have left open is settled, the budget command is told what
/// it has not heard, and what is used up is noticed.
pub(super) fn attend(shop: &Workshop, board: &Board) {
    settle_the_dead(shop);
    let reason = match tell(shop) {
        Ok(Ok(())) => None,
        Ok(Err(reason)) => Some(reason),
        Err(error) => Some(error.to_string()),
    };
    let was_deaf = std::mem::replace(&mut board.lock().till.is_deaf, reason.is_some());
    if let Some(reason) = reason.filter(|_| !was_deaf) {
        let message = format!("the budget command does not know yet what was spent, and is told again later: {reason}");
        shop.journal.event(&Who::default(), Event::Warning { message });
    }
    heed(shop, board);
}

/// A worker that died between setting money aside and taking its task has left no task in `current/` to be recovered.
fn settle_the_dead(shop: &Workshop) {
    let open = |balances: &Balances| balances.open().map(|(spell, _)| spell.task.clone()).collect::<BTreeSet<TaskId>>();
    for id in shop.funds.ledger.look(open).unwrap_or_default() {
        let Ok(Some(_lock)) = Lock::try_exclusive(&shop.dirs.claim_lock(&id)) else { continue };
        // Where the task lies in current/, recovery has more to do first, and settles it too.
        if !task_folder::exists(&shop.dirs, State::Current, &id) {
            settle_dead(shop, &id);
        }
    }
}

/// A task was paid for.
pub(super) fn paid(board: &Board, domain: Option<&str>) {
    if let Some(domain) = domain {
        board.lock().till.refusals.remove(domain);
    }
}

/// Nobody pays for a task: it waits, and nothing is counted against it.
pub(super) fn unpaid(floor: &Floor<'_>, id: &TaskId, why: Unpaid) {
    let Floor { shop, board, .. } = *floor;
    let (domain, reason, said_no) = match why {
        Unpaid::Short(_) => {
            heed(shop, board);
            board.defer(id, clock::now().checked_add(A_MOMENT_MS.milliseconds()).unwrap_or(Timestamp::MAX));
            return;
        }
        Unpaid::Refused { domain, reason } => (domain, reason, true),
        Unpaid::Unheard { domain, reason } => (domain, reason, false),
    };
    let settings = shop.settings();
    let limits = &settings.config.limits;
    let mut inner = board.lock();
    let refusals = inner.till.refusals.entry(domain.clone()).or_default();
    *refusals = refusals.saturating_add(1);
    let needs_a_person = said_no || *refusals >= limits.infra;
    // Never at once: it may be asked for many tasks.
    let rest = pause(*refusals, limits, fastrand::f64()).max(std::time::Duration::from_secs(1));
    let rest = SignedDuration::try_from(rest).unwrap_or(SignedDuration::MAX);
    let until = clock::now().checked_add(rest).unwrap_or(Timestamp::MAX);
    let closed = Closed { domain: domain.clone(), reason, until, needs_a_person };
    let said = closed.to_string();
    inner.queue.purse.close(closed);
    let is_news = needs_a_person && inner.till.told.insert(domain.clone());
    drop(inner);
    board.let_go(id);
    match (is_news, said_no) {
        (true, _) => exhausted(shop, Some(domain), said),
        (false, false) => shop.journal.event(&Who::default(), Event::Warning { message: said }),
        (false, true) => {}
    }
}
