//! The balances and the purse: by example, and that no order of events and deaths loses or invents money.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::model::config::Config;

fn usd(dollars: f64) -> Usd {
    Usd::new(dollars).unwrap()
}

fn spell(cycle: u32) -> Spell {
    Spell { run_id: "run".to_owned(), worker: "w0".to_owned(), cycle, task: "t".parse().unwrap() }
}

fn line(cycle: u32, kind: Kind, dollars: f64) -> Line {
    Line::new(Timestamp::UNIX_EPOCH, spell(cycle), Some("d".to_owned()), kind, usd(dollars))
}

fn balances(lines: &[Line]) -> Balances {
    let mut balances = Balances::default();
    lines.iter().for_each(|line| balances.take(line));
    balances
}

fn of(balances: &Balances) -> (f64, f64) {
    let balance = balances.domains().get("d").copied().unwrap_or_default();
    (balance.spent.dollars(), balance.reserved.dollars())
}

fn settle(balances: &Balances, cycle: u32, cost: Cost) -> Vec<Line> {
    balances.settlement(Timestamp::UNIX_EPOCH, &spell(cycle), Some("d"), cost, false)
}

#[test]
fn what_is_not_spent_of_what_was_set_aside_is_free_again() {
    use Kind::{Release, Reserve, Spend};
    for (lines, spent, reserved) in [
        (vec![line(1, Reserve, 5.0)], 0.0, 5.0),
        (vec![line(1, Reserve, 5.0), line(1, Spend, 2.0)], 2.0, 3.0),
        (vec![line(1, Reserve, 5.0), line(1, Spend, 2.0), line(1, Release, 3.0)], 2.0, 0.0),
        (vec![line(1, Reserve, 5.0), line(1, Spend, 7.0), line(1, Release, 0.0)], 7.0, 0.0),
        (vec![line(1, Reserve, 5.0), line(1, Release, 5.0), line(1, Spend, 9.0)], 0.0, 0.0),
        (vec![line(1, Spend, 2.0), line(1, Spend, 2.0)], 2.0, 0.0),
        (vec![line(1, Release, 5.0)], 0.0, 0.0),
        (vec![line(1, Reserve, 5.0), line(2, Reserve, 1.0), line(1, Release, 5.0)], 0.0, 1.0),
    ] {
        assert_eq!(of(&balances(&lines)), (spent, reserved), "{lines:?}");
    }
}

#[test]
fn a_cycle_that_is_over_is_settled_by_what_is_known_of_it() {
    use Kind::{Release, Reserve, Spend};
    let said = |lines: &[Line]| lines.iter().map(|line| (line.kind, line.usd.dollars())).collect::<Vec<_>>();
    let begun = balances(&[line(1, Reserve, 5.0)]);
    for (cost, lines) in [
        (Cost::Known(usd(2.0)), vec![(Spend, 2.0), (Release, 3.0)]),
        (Cost::Known(usd(6.0)), vec![(Spend, 6.0), (Release, 0.0)]),
        (Cost::Unknown, vec![(Release, 5.0)]),
        (Cost::AtLeast(usd(2.0)), vec![(Spend, 5.0), (Release, 0.0)]),
        (Cost::AtLeast(usd(6.0)), vec![(Spend, 6.0), (Release, 0.0)]),
    ] {
        assert_eq!(said(&settle(&begun, 1, cost)), lines, "{cost:?}");
    }
    let none = Balances::default();
    assert_eq!(said(&settle(&none, 1, Cost::Known(usd(2.0)))), [(Spend, 2.0)]);
    assert_eq!(said(&settle(&none, 1, Cost::Unknown)), []);
    assert_eq!(said(&settle(&none, 1, Cost::AtLeast(Usd::ZERO))), []);
    let torn = balances(&[line(1, Reserve, 5.0), line(1, Spend, 2.0)]);
    assert_eq!(said(&settle(&torn, 1, Cost::Known(usd(2.0)))), [(Release, 3.0)]);
    let done = balances(&[line(1, Reserve, 5.0), line(1, Spend, 2.0), line(1, Release, 3.0)]);
    assert_eq!(said(&settle(&done, 1, Cost::AtLeast(usd(9.0)))), []);
}

#[test]
fn a_budget_allows_what_fits_into_it() {
    let purse = |config: &str, lines: &[Line]| {
        let mut purse = Purse::default();
        purse.heed(&Config::parse(config).unwrap());
        purse.count(balances(lines).domains().clone());
        purse
    };
    let spent = [line(1, Kind::Spend, 2.0), line(2, Kind::Spend, 4.0)];
    let live = [line(1, Kind::Spend, 2.0), line(2, Kind::Reserve, 4.0)];
    let task = |limit: Option<f64>, spent: f64| Appetite { limit: limit.map(usd), spent: usd(spent) };
    let (any, five, five_of_which_four) = (task(None, 0.0), task(Some(5.0), 0.0), task(Some(5.0), 4.0));
    let of_ten = "domains: {d: {budget_usd: 10}}";
    let with_limit = "domains: {d: {budget_usd: 10}}\nlimits: {cost_usd: 4.5}";
    for (config, lines, appetite, needed, fits) in [
        (of_ten, &[][..], any, 0.0, true),
        (of_ten, &spent, any, 3.0, true),
        (of_ten, &spent, five, 5.0, false),
        (of_ten, &spent, five_of_which_four, 1.0, true),
        (of_ten, &live, any, 2.0, true),
        (of_ten, &live, five, 5.0, false),
        (with_limit, &spent, any, 4.5, false),
        (with_limit, &[], any, 4.5, true),
        (with_limit, &spent, five_of_which_four, 1.0, true),
        ("domains: {d: {budget_usd: 6}}", &spent, task(Some(0.0), 0.0), 0.0, false),
        ("domains: {d: {budget_usd: 0}}", &[], any, 0.0, false),
        ("domains: {d: {}}", &spent, five, 5.0, true),
    ] {
        let purse = purse(config, lines);
        assert_eq!(purse.expected("d", &appetite), usd(needed), "{config} {appetite:?}");
        assert_eq!(purse.short("d", &appetite).is_none(), fits, "{config} {lines:?} {appetite:?}");
        assert_eq!(purse.refuses(None, &appetite), None);
    }
    let short = purse(of_ten, &live).short("d", &five).unwrap().to_string();
    assert_eq!(
        short,
        "$2.00 of the $10.00 for the domain d are spent, $4.00 are set aside, and it may cost $5.00: raise `domains.d.budget_usd`"
    );
}

#[test]
fn the_command_is_told_once_of_what_is_settled() {
    let told = |mut line: Line| {
        line.tell = true;
        line
    };
    let mut lines = vec![told(line(1, Kind::Reserve, 5.0)), line(2, Kind::Reserve, 5.0)];
    assert_eq!(balances(&lines).untold().count(), 0);
    for cycle in [1, 2] {
        lines.extend(settle(&balances(&lines), cycle, Cost::Known(usd(2.0))));
    }
    let untold: Vec<Untold> = balances(&lines).untold().collect();
    let expected = Untold { spell: spell(1), domain: "d".into(), spent: Some(usd(2.0)), released: usd(3.0) };
    assert_eq!(untold, [expected]);
    lines.push(line(1, Kind::Told, 2.0));
    assert_eq!(balances(&lines).untold().count(), 0);
    assert_eq!(of(&balances(&lines)), (4.0, 0.0));
}

/// What can happen to the cycles of a domain.
#[derive(Debug, Clone)]
enum Happens {
    /// A cycle begins, if the budget allows it.
    Begins { may_cost: u32 },
    /// The oldest cycle that runs ends, and only so many of its lines reach the disk before a crash.
    Ends { cost: Option<u32>, written: usize },
    /// The oldest cycle that runs dies in the middle of a turn.
    Dies { told: u32, written: usize },
    /// Whoever comes later settles what is open; a line may be written twice.
    Recovered { twice: bool },
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (0u32..500).prop_map(|may_cost| Happens::Begins { may_cost }),
        3 => (prop::option::of(0u32..700), 0usize..3).prop_map(|(cost, written)| Happens::Ends { cost, written }),
        1 => (0u32..300, 0usize..3).prop_map(|(told, written)| Happens::Dies { told, written }),
        1 => any::<bool>().prop_map(|twice| Happens::Recovered { twice }),
    ]
}

proptest! {
    #[test]
    fn no_order_of_events_and_deaths_loses_or_invents_money(all in prop::collection::vec(happens(), 0..60)) {
        let cents = |cents: u32| usd(f64::from(cents) / 100.0);
        let budget = usd(20.0);
        let (mut lines, mut running) = (Vec::<Line>::new(), Vec::<(u32, Usd)>::new());
        let mut over = BTreeMap::<u32, (Usd, Cost)>::new();
        let mut number = 0;
        for happens in all.into_iter().chain([Happens::Recovered { twice: true }]) {
            let now = balances(&lines);
            match happens {
                Happens::Begins { may_cost } => {
                    let mut purse = Purse::default();
                    purse.heed(&Config::parse("domains: {d: {budget_usd: 20}}").unwrap());
                    purse.count(now.domains().clone());
                    let appetite = Appetite { limit: Some(cents(may_cost)), spent: Usd::ZERO };
                    let balance = now.domains().get("d").copied().unwrap_or_default();
                    let bound = balance.spent.and(balance.reserved);
                    if purse.short("d", &appetite).is_none() {
                        prop_assert!(bound.and(cents(may_cost)) <= budget);
                        number += 1;
                        lines.push(Line { usd: cents(may_cost), ..line(number, Kind::Reserve, 0.0) });
                        running.push((number, cents(may_cost)));
                    } else {
                        prop_assert!(bound >= budget || bound.and(cents(may_cost)) > budget);
                    }
                }
                Happens::Ends { .. } | Happens::Dies { .. } if running.is_empty() => {}
                Happens::Ends { cost, written } => {
                    let (cycle, reserved) = running.remove(0);
                    let cost = cost.map_or(Cost::Unknown, |cost| Cost::Known(cents(cost)));
                    lines.extend(settle(&now, cycle, cost).into_iter().take(written));
                    over.insert(cycle, (reserved, cost));
                }
                Happens::Dies { told, written } => {
                    let (cycle, reserved) = running.remove(0);
                    let cost = Cost::AtLeast(cents(told));
                    lines.extend(settle(&now, cycle, cost).into_iter().take(written));
                    over.insert(cycle, (reserved, cost));
                }
                Happens::Recovered { twice } => {
                    for (cycle, (_, cost)) in &over {
                        let missing = settle(&balances(&lines), *cycle, *cost);
                        lines.extend(missing.clone());
                        if twice {
                            lines.extend(missing);
                        }
                    }
                    let spent = over.values().map(|(reserved, cost)| match cost {
                        Cost::Known(cost) => *cost,
                        Cost::Unknown => Usd::ZERO,
                        Cost::AtLeast(told) => (*told).max(*reserved),
                    });
                    let spent = spent.fold(Usd::ZERO, Usd::and);
                    let reserved = running.iter().fold(Usd::ZERO, |sum, (_, reserved)| sum.and(*reserved));
                    let now = balances(&lines);
                    prop_assert_eq!(of(&now), (spent.dollars(), reserved.dollars()));
                    prop_assert_eq!(now.run("run").unwrap_or_default(), spent);
                    prop_assert_eq!(now.open().count(), running.len());
                }
            }
        }
    }
}
