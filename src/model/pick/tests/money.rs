//! Tasks whose domain cannot pay for them.

use jiff::Timestamp;

use crate::model::budget::{Balances, Closed, Kind, Line, Spell, Usd};
use crate::model::config::Config;
use crate::model::pick::{Filter, Hold, Outlook, forecast, hold, outlook, pick, short_of_money};
use crate::model::queue::Queue;
use crate::model::queue::testing::{at, id, queue};

/// The queue with a budget of 10 dollars for the domain x, of which 7 are spent.
fn with_budget(lines: &str) -> Queue {
    let mut queue = queue(lines);
    let spell = Spell { run_id: "r".into(), worker: "w0".into(), cycle: 1, task: id("before") };
    let mut balances = Balances::default();
    let spent = Usd::new(7.0).unwrap();
    balances.take(&Line::new(Timestamp::UNIX_EPOCH, spell, Some("x".into()), Kind::Spend, spent));
    queue.purse.heed(&Config::parse("domains: {x: {budget_usd: 10}}\nlimits: {cost_usd: 3}").unwrap());
    queue.purse.count(balances.domains().clone());
    queue
}

fn close(queue: &mut Queue, until: i64, needs_a_person: bool) {
    let reason = "no".to_owned();
    queue.purse.close(Closed { domain: "x".into(), reason, until: at(until), needs_a_person });
}

fn picked(queue: &Queue) -> Option<&str> {
    pick(queue, &Filter::default()).map(|entry| entry.id.as_str())
}

#[test]
fn what_does_not_fit_into_the_budget_is_passed_over() {
    let all = Filter::default();
    let queue =
        with_budget("pending a p0 domain:x costs:4\n pending b domain:x\n pending c domain:y costs:99\n pending d");
    assert_eq!(picked(&queue), Some("b"));
    let (claimed, held) = forecast(&queue, &all);
    assert_eq!(claimed.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["b", "c", "d"]);
    assert!(matches!(&held[..], [(entry, hold @ Hold::Budget(_))] if entry.id == id("a") && hold.needs_a_person()));
    assert_eq!(short_of_money(&queue, &all).len(), 1);
    assert_eq!(outlook(&queue, &all, at(10)), Outlook::Nothing);
}

#[test]
fn a_live_task_of_the_domain_is_told_before_its_money() {
    let queue = with_budget("pending a domain:x costs:4\n current b domain:x");
    let said = hold(&queue, &Filter::default(), queue.pending(&id("a")).unwrap());
    assert!(matches!(said, Some(Hold::Domain(..))), "{said:?}");
    assert!(short_of_money(&queue, &Filter::default()).is_empty());
}

#[test]
fn a_domain_that_gets_nothing_is_asked_about_again() {
    let all = Filter::default();
    for (needs_a_person, later) in [(false, Outlook::At(at(20))), (true, Outlook::AuthorsTime(at(20)))] {
        let mut queue = with_budget("pending a domain:x\n pending b p4");
        close(&mut queue, 20, needs_a_person);
        assert_eq!(picked(&queue), Some("b"));
        let held = hold(&queue, &all, queue.pending(&id("a")).unwrap()).unwrap();
        assert_eq!(held.needs_a_person(), needs_a_person, "{held}");
        assert_eq!(outlook(&queue, &all, at(10)), later);
        queue.advance(at(20));
        assert_eq!(picked(&queue), Some("a"));
    }
}

#[test]
fn the_nearest_moment_counts_whatever_it_brings() {
    let mut queue = with_budget("pending a domain:x\n pending b pause:15\n pending c wish:12");
    close(&mut queue, 20, true);
    assert_eq!(outlook(&queue, &Filter::default(), at(10)), Outlook::At(at(12)));
    let mut queue = with_budget("pending a domain:x\n pending c wish:30");
    close(&mut queue, 20, true);
    assert_eq!(outlook(&queue, &Filter::default(), at(10)), Outlook::AuthorsTime(at(20)));
    close(&mut queue, 20, false);
    assert_eq!(outlook(&queue, &Filter::default(), at(10)), Outlook::At(at(20)));
}
