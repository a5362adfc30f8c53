//! What the lines of the ledger come to.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::{Kind, Line, Spell, Usd};

/// How the money of a domain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// What its cycles have cost.
    pub spent: Usd,
    /// As much of that is an estimate: nobody knows what those cycles have cost, because their workers died.
    pub estimated: Usd,
    /// What is set aside for cycles that run, beyond what they are known to have cost.
    pub reserved: Usd,
    /// What the cycles have cost of which it is known, and how many they are.
    known: (Usd, u64),
}

impl Balance {
    /// What its cycles cost on average; `None`: it is known of none.
    pub fn mean(&self) -> Option<Usd> {
        let (cost, count) = self.known;
        (count > 0).then(|| cost.shared_by(count))
    }
}

/// The account of a cycle that is open, or of which the budget command has not heard yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Out of whose budget.
    pub domain: Option<String>,
    /// What was set aside for it; `None`: nothing had to be.
    pub reserved: Option<Usd>,
    /// What it has cost, as far as that is booked.
    pub spent: Option<Usd>,
    /// What was given back, once it is closed.
    released: Option<Usd>,
    tell: bool,
}

impl Account {
    fn rest(&self) -> Usd {
        self.reserved.unwrap_or_default().without(self.spent.unwrap_or_default())
    }
}

/// What the budget command is still to be told of a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// Which.
    pub spell: Spell,
    /// Out of whose budget.
    pub domain: String,
    /// What it has cost, where that is known.
    pub spent: Option<Usd>,
    /// What was set aside and not used.
    pub released: Usd,
}

/// What a cycle that is over has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// So much.
    Known(Usd),
    /// Its agents do not say.
    Unknown,
    /// So much and perhaps more: it broke off in the middle of an agent's turn.
    AtLeast(Usd),
}

/// What the lines come to.
#[derive(Debug, Clone, Default)]
pub struct Balances {
    domains: BTreeMap<String, Balance>,
    runs: BTreeMap<String, Usd>,
    accounts: BTreeMap<Spell, Account>,
    /// The cycles that are settled.
    closed: HashSet<Spell>,
}

impl Balances {
    /// Takes account of one more line.
    pub fn take(&mut self, line: &Line) {
        match line.kind {
            Kind::Reserve => self.reserve(line),
            Kind::Spend => self.spend(line),
            Kind::Release => self.release(line),
            Kind::Told => {
                if self.accounts.get(&line.spell).is_some_and(|account| account.released.is_some()) {
                    self.accounts.remove(&line.spell);
                }
            }
        }
    }

    fn reserve(&mut self, line: &Line) {
        if self.is_closed(&line.spell) {
            return;
        }
        let account = self.account(line);
        let before = account.rest();
        account.reserved = Some(account.reserved.unwrap_or_default().and(line.usd));
        account.tell |= line.tell;
        let after = account.rest();
        self.shift(line, before, after);
    }

    fn spend(&mut self, line: &Line) {
        let is_known = self.accounts.get(&line.spell).is_some_and(|account| account.spent.is_some());
        if is_known || self.is_closed(&line.spell) {
            return;
        }
        let account = self.account(line);
        let before = account.rest();
        account.spent = Some(line.usd);
        account.tell |= line.tell;
        let (after, is_reserved) = (account.rest(), account.reserved.is_some());
        self.shift(line, before, after);
        let run = self.runs.entry(line.spell.run_id.clone()).or_default();
        *run = run.and(line.usd);
        if let Some(domain) = &line.domain {
            let balance = self.domains.entry(domain.clone()).or_default();
            balance.spent = balance.spent.and(line.usd);
            if line.estimated {
                balance.estimated = balance.estimated.and(line.usd);
            } else {
                balance.known = (balance.known.0.and(line.usd), balance.known.1 + 1);
            }
        }
        if !is_reserved {
            self.close(line, Usd::ZERO);
        }
    }

    fn release(&mut self, line: &Line) {
        if self.is_closed(&line.spell) {
            return;
        }
        let account = self.account(line);
        account.tell |= line.tell;
        let rest = account.rest();
        self.shift(line, rest, Usd::ZERO);
        self.close(line, rest);
    }

    fn account(&mut self, line: &Line) -> &mut Account {
        let account = self.accounts.entry(line.spell.clone()).or_default();
        account.domain = account.domain.take().or_else(|| line.domain.clone());
        account
    }

    /// What is set aside for one cycle has become another amount.
    fn shift(&mut self, line: &Line, before: Usd, after: Usd) {
        if let Some(domain) = &line.domain {
            let balance = self.domains.entry(domain.clone()).or_default();
            balance.reserved = balance.reserved.without(before).and(after);
        }
    }

    fn close(&mut self, line: &Line, released: Usd) {
        self.closed.insert(line.spell.clone());
        if let Some(account) = self.accounts.get_mut(&line.spell) {
            account.released = Some(released);
            if !account.tell || account.domain.is_none() {
                self.accounts.remove(&line.spell);
            }
        }
    }

    /// Whether a cycle is settled.
    pub fn is_closed(&self, spell: &Spell) -> bool {
        self.closed.contains(spell)
    }

    /// The domains for which there are lines.
    pub fn domains(&self) -> &BTreeMap<String, Balance> {
        &self.domains
    }

    /// What each run is known to have cost.
    pub fn runs(&self) -> &BTreeMap<String, Usd> {
        &self.runs
    }

    /// What a run is known to have cost; `None`: nothing is.
    pub fn run(&self, run_id: &str) -> Option<Usd> {
        self.runs.get(run_id).copied()
    }

    /// The cycles for which something is set aside, as far as the ledger knows.
    pub fn open(&self) -> impl Iterator<Item = (&Spell, &Account)> {
        self.accounts.iter().filter(|(_, account)| account.released.is_none())
    }

    /// What the budget command is still to be told.
    pub fn untold(&self) -> impl Iterator<Item = Untold> {
        self.accounts.iter().filter_map(|(spell, account)| {
            let domain = account.domain.clone()?;
            let released = account.released?;
            Some(Untold { spell: spell.clone(), domain, spent: account.spent, released })
        })
    }

    /// The lines that are missing to settle a cycle which is over; none, if it is settled already. `domain` and `tell`
    /// are for one for which nothing was set aside.
    pub fn settlement(&self, at: Timestamp, spell: &Spell, domain: Option<&str>, cost: Cost, tell: bool) -> Vec<Line> {
        if self.is_closed(spell) {
            return Vec::new();
        }
        let account = self.accounts.get(spell).cloned().unwrap_or_else(|| Account {
            domain: domain.map(str::to_owned),
            tell: tell && domain.is_some(),
            ..Account::default()
        });
        let line =
            |kind, usd| Line { tell: account.tell, ..Line::new(at, spell.clone(), account.domain.clone(), kind, usd) };
        let cost = match (account.spent, cost) {
            // It died between the two lines.
            (Some(_), _) | (None, Cost::Unknown) => None,
            (None, Cost::Known(usd)) => Some(line(Kind::Spend, usd)),
            (None, Cost::AtLeast(told)) => {
                let usd = told.max(account.reserved.unwrap_or_default());
                (usd > Usd::ZERO).then(|| Line { estimated: true, ..line(Kind::Spend, usd) })
            }
        };
        let spent = account.spent.or(cost.as_ref().map(|line| line.usd)).unwrap_or_default();
        let rest = account.reserved.map(|reserved| line(Kind::Release, reserved.without(spent)));
        cost.into_iter().chain(rest).collect()
    }
}
