//! The money of a cycle: set aside before its task is claimed, booked when it is over, also when its worker has died.
//!
//! The ledger is written before anybody acts on it. What is open in it belongs to a claim: whoever holds the claim's lock
//! and finds an account of another cycle there settles that first, by what the dead cycle has left behind.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::claim::ClaimRecord;
use super::{Workshop, fund};
use crate::model::budget::{Appetite, Balances, Cost, Kind, Line, Purse, Reply, Short, Spell, Usd};
use crate::model::record::Event;
use crate::model::task::{Task, TaskId};
use crate::os::clock;
use crate::os::dirs::Dirs;
use crate::os::journal::Who;
use crate::os::ledger::Ledger;
use crate::os::records::Records;

/// The money of a workspace.
#[derive(Debug)]
pub struct Funds {
    /// Where it is written down.
    pub ledger: Ledger,
    /// The domains of which it was said that the cost of their cycles is not known.
    told: Mutex<BTreeSet<String>>,
    /// It was said that the ledger cannot be used.
    is_out_of_use: AtomicBool,
}

impl Funds {
    /// Those of the workspace at `dirs`; nothing is read yet.
    pub fn new(dirs: &Dirs) -> Self {
        Self { ledger: Ledger::new(dirs), told: Mutex::default(), is_out_of_use: AtomicBool::new(false) }
    }
}

/// Why nobody pays for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpaid {
    /// The budget of its domain does not allow it.
    Short(Short),
    /// The budget command says no.
    Refused {
        /// For which domain.
        domain: String,
        /// In its words.
        reason: String,
    },
    /// The budget command cannot be asked.
    Unheard {
        /// For which domain.
        domain: String,
        /// Why.
        reason: String,
    },
}

/// Sets aside what the task of a claim may cost, before it is taken. Gives why that cannot be, if so. What was open of
/// the task must have been settled.
pub(super) fn reserve(shop: &Workshop, record: &ClaimRecord, task: &Task) -> io::Result<Option<Unpaid>> {
    let Some(domain) = task.domain.as_deref() else { return Ok(None) };
    let settings = shop.settings();
    let command = settings.config.budget.as_ref();
    let mut purse = Purse::default();
    purse.heed(&settings.config);
    if command.is_none() && purse.budget(domain).is_none() {
        return Ok(None);
    }
    let appetite = Appetite::of(task);
    let spell = record.spell();
    let decided = shop.funds.ledger.write(|balances| {
        purse.count(balances.domains().clone());
        match purse.short(domain, &appetite) {
            Some(short) => (Vec::new(), Err(short)),
            None => {
                let usd = purse.expected(domain, &appetite);
                let line = Line::new(clock::now(), spell.clone(), Some(domain.to_owned()), Kind::Reserve, usd);
                (vec![Line { tell: command.is_some(), ..line }], Ok(usd))
            }
        }
    })?;
    let usd = match decided {
        Ok(usd) => usd,
        Err(short) => return Ok(Some(Unpaid::Short(short))),
    };
    let Some(command) = command else { return Ok(None) };
    let refused = match fund::ask(shop, command, fund::Action::Reserve, &spell, domain, usd) {
        Ok(Reply::Yes) => return Ok(None),
        Ok(Reply::No(reason)) => Unpaid::Refused { domain: domain.to_owned(), reason },
        Err(reason) => Unpaid::Unheard { domain: domain.to_owned(), reason },
    };
    // Perhaps it has set something aside all the same; so it is told that nobody needs it.
    give_back(shop, record)?;
    Ok(Some(refused))
}

/// Gives back what was set aside for a task that could not be taken.
pub(super) fn give_back(shop: &Workshop, record: &ClaimRecord) -> io::Result<()> {
    settle_all(shop, &[(record.spell(), Cost::Unknown)], None)
}

/// Books what a cycle has cost, which is over. Where that fails, whoever looks at the claim next does it.
pub(super) fn settle(shop: &Workshop, who: &Who, record: &ClaimRecord, cost_usd: Option<f64>) {
    let cost = known(cost_usd);
    heed(shop, who, settle_all(shop, &[(record.spell(), cost)], record.domain.as_deref()));
    let Some(domain) = record.domain.as_ref().filter(|_| cost == Cost::Unknown) else { return };
    let settings = shop.settings();
    let is_budgeted = settings.config.domains.get(domain).is_some_and(|domain| domain.budget_usd.is_some());
    let mut told = shop.funds.told.lock().unwrap_or_else(PoisonError::into_inner);
    if is_budgeted && told.insert(domain.clone()) {
        let message = format!(
            "nobody knows what this cycle has cost, because its agent does not say; such cycles count nothing against the \
             budget of the domain {domain}"
        );
        shop.journal.event(who, Event::Warning { message });
    }
}

/// Books what a cycle without a task has cost: nothing was set aside for it.
pub(super) fn book(shop: &Workshop, who: &Who, spell: Spell, cost_usd: Option<f64>) {
    heed(shop, who, settle_all(shop, &[(spell, known(cost_usd))], None));
}

/// Settles every account of a task that was left open. The caller holds the lock of its claim, so whoever opened them
/// is dead or has let go. Should that fail, it is told, and whoever has the claim next tries again.
pub fn settle_dead(shop: &Workshop, id: &TaskId) {
    let who = Who { task: Some(id.clone()), ..Who::default() };
    heed(shop, &who, try_to_settle_dead(shop, id));
}

fn try_to_settle_dead(shop: &Workshop, id: &TaskId) -> io::Result<()> {
    let record = ClaimRecord::read(&shop.dirs, id);
    let last = record.as_ref().map(ClaimRecord::spell);
    let left = shop.funds.ledger.look(|balances| left_open(balances, id, last.as_ref()))?;
    let costs: Vec<(Spell, Cost)> = left
        .into_iter()
        .map(|spell| {
            let cost = cost_of_dead(shop, &spell, record.as_ref().filter(|record| record.spell() == spell));
            (spell, cost)
        })
        .collect();
    let domain = record.as_ref().and_then(|record| record.domain.as_deref());
    let lines = |balances: &Balances| -> Vec<Line> {
        let lines = |(spell, cost): &(Spell, Cost)| balances.settlement(clock::now(), spell, domain, *cost, false);
        costs.iter().flat_map(lines).filter(|line| line.estimated).collect()
    };
    let estimates = shop.funds.ledger.look(lines)?;
    settle_all(shop, &costs, domain)?;
    for Line { spell, usd, .. } in estimates {
        let told = costs.iter().find(|(of, _)| *of == spell).map(|(_, cost)| *cost);
        let why = match told {
            Some(Cost::AtLeast(told)) if told == usd => {
                "as its agents had told, and nobody knows what its last turn cost".to_owned()
            }
            Some(Cost::AtLeast(told)) if told > Usd::ZERO => {
                format!("because its agents had told {told}, and nobody knows what its last turn cost")
            }
            Some(Cost::AtLeast(_) | Cost::Known(_) | Cost::Unknown) | None => {
                "because nobody knows what it cost".to_owned()
            }
        };
        let message = format!(
            "{usd} is counted as spent, {why}: its worker {} of run {} died in the middle of a turn",
            spell.worker, spell.run_id
        );
        shop.journal.event(&Who { task: Some(spell.task), ..Who::default() }, Event::Warning { message });
    }
    Ok(())
}

fn left_open(balances: &Balances, id: &TaskId, last: Option<&Spell>) -> Vec<Spell> {
    let open = balances.open().map(|(spell, _)| spell).filter(|spell| spell.task == *id);
    let mut left: BTreeSet<&Spell> = open.collect();
    left.extend(last.filter(|spell| !balances.is_closed(spell)));
    left.into_iter().cloned().collect()
}

/// What a cycle has cost whose worker is dead: its record says it, else its claim, as far as its agents had told. What
/// nobody can know is taken for what was set aside.
fn cost_of_dead(shop: &Workshop, spell: &Spell, claim: Option<&ClaimRecord>) -> Cost {
    let mut records = Records::new(&shop.dirs);
    let cycle = records.cycle(&spell.run_id, &spell.worker, spell.cycle);
    let bill = claim.map(|claim| claim.bill);
    if let Some(cycle) = cycle.filter(|cycle| cycle.task.as_ref() == Some(&spell.task)) {
        // Somebody may have written that record for the dead.
        let is_open = bill.is_some_and(|bill| bill.is_open) && cycle.is_without_cost();
        return if is_open { at_least(cycle.cost_usd) } else { known(cycle.cost_usd) };
    }
    match bill {
        Some(bill) if !bill.is_open => known(bill.usd),
        Some(bill) => at_least(bill.usd),
        // `.swarm/` was removed.
        None => Cost::AtLeast(Usd::ZERO),
    }
}

fn at_least(told_usd: Option<f64>) -> Cost {
    Cost::AtLeast(told_usd.and_then(Usd::new).unwrap_or_default())
}

fn known(cost_usd: Option<f64>) -> Cost {
    cost_usd.and_then(Usd::new).map_or(Cost::Unknown, Cost::Known)
}

fn settle_all(shop: &Workshop, costs: &[(Spell, Cost)], domain: Option<&str>) -> io::Result<()> {
    let tell = shop.settings().config.budget.is_some();
    let missing = |balances: &Balances| -> Vec<Line> {
        let settlement = |(spell, cost): &(Spell, Cost)| balances.settlement(clock::now(), spell, domain, *cost, tell);
        costs.iter().flat_map(settlement).collect()
    };
    // Most often there is nothing to write.
    if shop.funds.ledger.look(|balances| missing(balances).is_empty())? {
        return Ok(());
    }
    shop.funds.ledger.write(|balances| (missing(balances), ()))
}

/// Says once that the ledger cannot be used, until it can. Only what needs a budget is stopped by that.
fn heed(shop: &Workshop, who: &Who, done: io::Result<()>) {
    match done {
        Ok(()) => shop.funds.is_out_of_use.store(false, Ordering::Relaxed),
        Err(error) if !shop.funds.is_out_of_use.swap(true, Ordering::Relaxed) => {
            let path = shop.dirs.shown(&shop.dirs.ledger());
            let message = format!("cannot book what cycles cost: {path}: {error}");
            shop.journal.event(who, Event::Warning { message });
        }
        Err(_) => {}
    }
}
