//! What a sweep must not touch.

use std::fs;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::super::{proc_fs, *};
use super::support::*;

#[test]
fn the_sweep_of_one_run_never_harms_another() {
    let wake = Wake::new().unwrap();
    let long = agent(&["spawn session; hang", "bare session; hang", "spawn session; spawn hang", "say ready", "hang"]);
    let log = long.folder.path().join("log");
    thread::scope(|scope| {
        let long = scope.spawn(|| long.run_with(&wake, &mut ()));
        wait_until("the long run's daemons", || {
            let log = fs::read(&log).unwrap_or_default();
            log.windows(6).any(|word| word == b"ready\n") && pids_in(&log).len() == 4
        });
        for _ in 0..5 {
            let short = agent(&["spawn session; hang", "sleep 30", "exit 2"]).run();
            assert_eq!(short.ending.how, How::Exited(2));
            assert_eq!(short.ending.strays.len(), 1, "{:?}", short.ending.strays);
            short.left_nothing();
        }
        let daemons = pids_in(&fs::read(&log).unwrap());
        // The third has exited by itself and left the fourth.
        assert_eq!(daemons.iter().filter(|pid| is_fake_agent(**pid)).count(), 3);
        wake.end_now();
        let long = long.join().unwrap();
        assert_eq!(long.ending.how, How::Interrupted);
        assert_eq!(long.ending.strays.len(), 3, "{:?}", long.ending.strays);
        long.left_nothing();
    });
}

#[test]
fn many_runs_at_once_each_end_their_own() {
    thread::scope(|scope| {
        for worker in 0..6 {
            scope.spawn(move || {
                for round in 0..5 {
                    let code = worker * 10 + round;
                    let exit = format!("exit {code}");
                    let ended = agent(&["spawn session; hang", "spawn spawn hang", "sleep 5", &exit]).run();
                    assert_eq!(ended.ending.how, How::Exited(code));
                    ended.left_nothing();
                }
            });
        }
    });
}

#[test]
fn a_child_that_was_started_elsewhere_keeps_its_life_and_its_exit_status() {
    let mut living = Command::new(fake_agent()).arg("hang").spawn().unwrap();
    let mut ended = Command::new(fake_agent()).arg("exit 9").spawn().unwrap();
    let ended_pid = i32::try_from(ended.id()).unwrap();
    wait_until("the end of a child", || proc_fs::stat(ended_pid).is_some_and(|stat| stat.has_ended()));
    agent(&["spawn session; hang", "sleep 30"]).run().left_nothing();
    assert_eq!(ended.wait().unwrap().code(), Some(9));
    assert!(living.try_wait().unwrap().is_none());
    living.kill().unwrap();
    living.wait().unwrap();
}

#[test]
fn an_orphan_without_evidence_is_left_alone() {
    let ended = agent(&["silent session; cd /; write {ready} x; hang", "await {ready}"]).run();
    let [orphan] = ended.pids()[..] else { panic!("one pid") };
    assert!(ended.ending.strays.is_empty(), "{:?}", ended.ending.strays);
    assert!(is_fake_agent(orphan));
    kill_process(Pid::from_raw(orphan).unwrap(), Signal::KILL).unwrap();
    wait_until("the burial of an orphan that ended by itself", || {
        agent(&[]).run();
        proc_fs::stat(orphan).is_none()
    });
}

#[test]
fn a_quick_command_beside_it_keeps_its_exit_status() {
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..10 {
                agent(&["storm 4"]).run().left_nothing();
            }
            drop(done);
        });
        while is_done.try_recv() == Err(mpsc::TryRecvError::Empty) {
            let captured = capture(Command::new("sh").args(["-c", "echo out; exit 6"]), LONG).unwrap();
            assert_eq!((captured.status.code(), captured.stdout.as_slice()), (Some(6), b"out\n".as_slice()));
        }
    });
}
