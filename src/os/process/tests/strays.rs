//! Nothing that an agent starts outlives its run.

use std::time::Duration;

use super::super::{proc_fs, *};
use super::support::*;

/// Runs an agent that leaves `count` processes behind and exits 0: they are told and gone.
fn leaves(count: usize, steps: &[&str]) -> Ended {
    let ended = agent(steps).run();
    assert_eq!(ended.ending.how, How::Exited(0));
    let told = &ended.ending.strays;
    assert_eq!(told.len(), count, "{told:?} {}", ended.text());
    assert!(told.iter().all(|stray| !stray.survived && stray.command.contains("fake_agent")), "{told:?}");
    ended.left_nothing();
    ended
}

#[test]
fn a_child_in_the_background_that_holds_the_output() {
    let ended = leaves(1, &["spawn hang", "say bye"]);
    assert!(ended.text().ends_with("bye\n"));
}

#[test]
fn a_child_in_a_group_of_its_own() {
    leaves(1, &["spawn group; write {ready} x; hang", "await {ready}"]);
}

#[test]
fn a_daemon_in_a_session_of_its_own() {
    leaves(1, &["spawn session; write {ready} x; hang", "await {ready}"]);
}

#[test]
fn a_daemon_whose_parent_is_gone() {
    let ended = agent(&["spawn session; spawn hang; write {ready} x", "await {ready}", "sleep 20"]).run();
    // The parent may still be in the middle of its end.
    assert!(matches!(ended.ending.strays.len(), 1 | 2), "{:?}", ended.ending.strays);
    assert_eq!(ended.pids().len(), 2);
    ended.left_nothing();
}

#[test]
fn a_whole_family_in_sessions_of_their_own() {
    let one = "spawn session; spawn hang; write {ready}1 x; hang";
    let other = "spawn group; bare hang; write {ready}2 x; hang";
    leaves(4, &[one, other, "await {ready}1", "await {ready}2"]);
}

#[test]
fn a_daemon_without_the_mark_that_works_in_the_folder() {
    leaves(1, &["silent session; write {ready} x; hang", "await {ready}"]);
}

#[test]
fn a_daemon_without_the_mark_that_holds_the_output() {
    leaves(1, &["bare session; cd /; write {ready} x; hang", "await {ready}"]);
}

#[test]
fn a_daemon_whose_only_trace_is_the_session_it_shares() {
    // Its parent, which carries the mark, is gone; the first of the session, which carries it too, is not.
    let steps = "spawn session; spawn silent cd / || write {ready} x || hang; hang";
    let ended = agent(&[steps, "await {ready}", "sleep 20"]).run();
    assert!(matches!(ended.ending.strays.len(), 2 | 3), "{:?}", ended.ending.strays);
    assert_eq!(ended.pids().len(), 3);
    ended.left_nothing();
}

#[test]
fn a_daemon_that_ignores_every_signal_it_can() {
    leaves(1, &["spawn session; deaf; write {ready} x; hang", "await {ready}"]);
}

#[test]
fn a_storm_of_forks() {
    leaves(50, &["storm 50"]);
}

#[test]
fn daemons_of_an_agent_that_is_killed_itself() {
    for daemon in ["spawn session; write {ready} x; hang", "spawn write {ready} x; hang"] {
        let ended = agent(&[daemon, "await {ready}", "die"]).run();
        assert_eq!(ended.ending.how, How::Signalled(9));
        assert_eq!(ended.pids().len(), 1);
        ended.left_nothing();
    }
}

#[test]
fn daemons_of_an_agent_that_is_ended_by_a_clock() {
    let clocks = Clocks { silence: Some(Duration::from_millis(200)), ..Clocks::default() };
    let ended = agent(&["storm 5", "deaf", "hang"]).with(|spec| spec.clocks = clocks).run();
    assert_eq!(ended.ending.how, How::TimedOut(Clock::Silence));
    assert_eq!(ended.pids().len(), 5);
    ended.left_nothing();
}

#[test]
fn a_daemon_that_prints_for_ever() {
    let ended = leaves(1, &["spawn session; say ...; write {ready} x; chatter 0", "await {ready}"]);
    assert!(ended.text().contains("..."));
}

#[test]
fn what_rises_again_faster_than_it_can_be_looked_at() {
    let ended = agent(&["spawn session; write {ready} x; phoenix 5000 {ready}", "await {ready}", "sleep 20"]).run();
    assert_eq!(ended.ending.how, How::Exited(0));
    let sign = ended.folder.path().join("ready").display().to_string();
    for pid in proc_fs::pids().unwrap() {
        assert!(!proc_fs::command(pid).contains(&sign), "{} lives on", proc_fs::command(pid));
    }
}
