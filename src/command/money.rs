//! What was spent, as far as anybody knows: for `swarm status` and `swarm runs`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::budget::Usd;
use crate::model::config::Config;
use crate::os::dirs::Dirs;
use crate::os::ledger::Ledger;
use crate::os::records::Records;

/// How the money stands.
#[derive(Debug, Default, Serialize)]
pub(super) struct Money {
    /// The domains that have a budget or have cost something.
    pub(super) domains: Vec<OfDomain>,
    #[serde(skip)]
    runs: BTreeMap<String, Usd>,
}

/// How the money of one domain stands, in dollars.
#[derive(Debug, Serialize)]
pub(super) struct OfDomain {
    pub(super) domain: String,
    spent_usd: Usd,
    /// As much of that is an estimate: the workers of those cycles died.
    estimated_usd: Usd,
    /// Set aside for tasks that are worked on.
    reserved_usd: Usd,
    /// Null: there is no limit.
    budget_usd: Option<Usd>,
}

impl Money {
    /// Reads the ledger; what it holds that cannot be understood is set aside.
    pub(super) fn look(dirs: &Dirs, config: &Config, records: &mut Records<'_>) -> Self {
        let ledger = Ledger::new(dirs);
        let (balances, runs) = match ledger.look(|balances| (balances.domains().clone(), balances.runs().clone())) {
            Ok(read) => read,
            Err(error) => {
                records.put_aside(&dirs.ledger(), error.to_string());
                Default::default()
            }
        };
        for line in ledger.odd_lines() {
            records.put_aside(&dirs.ledger(), line);
        }
        let budgets: BTreeMap<&String, Usd> = config
            .domains
            .iter()
            .filter_map(|(name, domain)| Some((name, domain.budget_usd.and_then(Usd::new)?)))
            .collect();
        let mut names: Vec<&String> = balances.keys().chain(budgets.keys().copied()).collect();
        names.sort();
        names.dedup();
        let domains = names.into_iter().map(|name| {
            let balance = balances.get(name).copied().unwrap_or_default();
            OfDomain {
                domain: name.clone(),
                spent_usd: balance.spent,
                estimated_usd: balance.estimated,
                reserved_usd: balance.reserved,
                budget_usd: budgets.get(name).copied(),
            }
        });
        Self { domains: domains.collect(), runs }
    }

    /// What is known of the cost of a run.
    pub(super) fn of_run(&self, run_id: &str) -> Option<Usd> {
        self.runs.get(run_id).copied()
    }
}

impl OfDomain {
    /// `backend: $3.20 of $20.00 spent, $5.00 set aside`.
    pub(super) fn text(&self) -> String {
        let Self { domain, spent_usd, estimated_usd, reserved_usd, budget_usd } = self;
        let of = budget_usd.map(|budget| format!(" of {budget}")).unwrap_or_default();
        let aside = if *reserved_usd > Usd::ZERO { format!(", {reserved_usd} set aside") } else { String::new() };
        let estimated = if *estimated_usd > Usd::ZERO {
            format!(" ({estimated_usd} of it is an estimate: cycles whose workers died)")
        } else {
            String::new()
        };
        format!("{domain}: {spent_usd}{of} spent{estimated}{aside}")
    }

    /// Whether nothing is left of its budget.
    pub(super) fn is_used_up(&self) -> bool {
        self.budget_usd.is_some_and(|budget| self.spent_usd >= budget)
    }
}
