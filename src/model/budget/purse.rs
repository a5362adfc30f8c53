//! Whether a domain can pay for a task.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::{Balance, Usd};
use crate::model::config::Config;
use crate::model::task::Task;

/// What a task may still cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appetite {
    /// What all its attempts together may cost, by its own word.
    pub limit: Option<Usd>,
    /// What those before have cost.
    pub spent: Usd,
}

impl Appetite {
    /// The part of `task` that is about money.
    pub fn of(task: &Task) -> Self {
        let spent = task.progress.cost_usd.and_then(Usd::new).unwrap_or_default();
        Self { limit: task.max_cost_usd.and_then(Usd::new), spent }
    }
}

/// The budgets of the domains, and how their money stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purse {
    budgets: BTreeMap<String, Usd>,
    /// What any task may cost that does not say it itself.
    limit: Option<Usd>,
    balances: BTreeMap<String, Balance>,
    /// Domains whose tasks are not paid for now, by the word of the budget command.
    closed: BTreeMap<String, Closed>,
}

/// A domain whose budget does not allow a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short {
    /// Which.
    pub domain: String,
    /// What its tasks have cost.
    pub spent: Usd,
    /// What is set aside for others.
    pub reserved: Usd,
    /// What the task may cost.
    pub needed: Usd,
    /// What all its tasks together may cost.
    pub budget: Usd,
}

/// A domain for which the budget command gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Which.
    pub domain: String,
    /// Its words, or why it could not be asked.
    pub reason: String,
    /// When it is asked again.
    pub until: Timestamp,
    /// Somebody must do something: it has said no, or could not be asked time and again.
    pub needs_a_person: bool,
}

/// Why a task is not paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The budget of its domain does not allow it.
    Short(Short),
    /// The budget command gives nothing for its domain.
    Closed(Closed),
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Short { domain, spent, reserved, needed, budget } = self;
        write!(f, "{spent} of the {budget} for the domain {domain} are spent")?;
        if *reserved > Usd::ZERO {
            write!(f, ", {reserved} are set aside")?;
        }
        if *needed > Usd::ZERO {
            write!(f, ", and it may cost {needed}")?;
        }
        write!(f, ": raise `domains.{domain}.budget_usd`")
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Closed { domain, reason, until, .. } = self;
        write!(f, "the domain {domain} gets no money: {reason}; asked again at {until:.0}")
    }
}

impl Purse {
    /// Takes over what the settings say.
    pub fn heed(&mut self, config: &Config) {
        let budget = |(name, domain): (&String, &crate::model::config::Domain)| {
            Some((name.clone(), domain.budget_usd.and_then(Usd::new)?))
        };
        self.budgets = config.domains.iter().filter_map(budget).collect();
        self.limit = config.limits.cost_usd.and_then(Usd::new);
        if config.budget.is_none() {
            self.closed.clear();
        }
    }

    /// Takes over how the money stands; gives whether that is news.
    pub fn count(&mut self, balances: BTreeMap<String, Balance>) -> bool {
        let is_news = self.balances != balances;
        self.balances = balances;
        is_news
    }

    /// Whether any domain has a budget.
    pub fn has_budgets(&self) -> bool {
        !self.budgets.is_empty()
    }

    /// The budget of a domain.
    pub fn budget(&self, domain: &str) -> Option<Usd> {
        self.budgets.get(domain).copied()
    }

    /// What to set aside for a task: what it may still cost, else what the tasks of its domain cost on average, else
    /// nothing.
    pub fn expected(&self, domain: &str, appetite: &Appetite) -> Usd {
        match appetite.limit.or(self.limit) {
            Some(limit) => limit.without(appetite.spent),
            None => self.balances.get(domain).and_then(Balance::mean).unwrap_or_default(),
        }
    }

    /// Whether the budget of its domain does not allow a task. One that is used up allows none, whatever it may cost.
    pub fn short(&self, domain: &str, appetite: &Appetite) -> Option<Short> {
        let budget = self.budget(domain)?;
        let Balance { spent, reserved, .. } = self.balances.get(domain).copied().unwrap_or_default();
        let needed = self.expected(domain, appetite);
        let bound = spent.and(reserved);
        (bound >= budget || bound.and(needed) > budget).then(|| Short {
            domain: domain.to_owned(),
            spent,
            reserved,
            needed,
            budget,
        })
    }

    /// Why a task of `domain` is not paid for, if that is so.
    pub fn refuses(&self, domain: Option<&str>, appetite: &Appetite) -> Option<Refusal> {
        let domain = domain?;
        let short = self.short(domain, appetite).map(Refusal::Short);
        short.or_else(|| self.closed.get(domain).cloned().map(Refusal::Closed))
    }

    /// Asks the budget command no more about a domain before the moment it names.
    pub fn close(&mut self, closed: Closed) {
        self.closed.insert(closed.domain.clone(), closed);
    }

    /// Asks it again about the domains whose moment has come.
    pub fn advance(&mut self, now: Timestamp) {
        self.closed.retain(|_, closed| closed.until > now);
    }
}
