//! Short commands whose output is wanted.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::RawPid;

use super::super::{proc_fs, *};
use super::support::*;

fn fake(steps: &[&str]) -> Command {
    let mut command = Command::new(fake_agent());
    command.args(steps).stdin(Stdio::null());
    command
}

#[test]
fn both_outputs_and_the_status_are_kept() {
    let captured = capture(&mut fake(&["say out", "complain err", "read", "exit 3"]), LONG).unwrap();
    assert_eq!(captured.status.code(), Some(3));
    assert_eq!(captured.stdout, b"out\n");
    assert_eq!(captured.stderr, b"err\n");
}

#[test]
fn large_outputs_do_not_block() {
    let captured = capture(&mut fake(&["flood 5000000", "say x", "complain y"]), LONG).unwrap();
    assert_eq!((captured.stdout.len(), captured.stderr.as_slice()), (5_000_002, b"y\n".as_slice()));
}

#[test]
fn too_much_output_is_refused() {
    let error = capture(&mut fake(&["flood 999999999"]), LONG).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}");
    assert!(error.to_string().contains("fake_agent"), "{error}");
}

#[test]
fn a_command_that_hangs_is_ended_with_its_whole_group() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    let step = format!("spawn write {} x; deaf; hang", note.display());
    let begun = Instant::now();
    let error = capture(&mut fake(&[&step, "deaf", "hang"]), Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(begun.elapsed() < LONG);
    assert!(note.exists());
    let names_the_note = |pid: &RawPid| proc_fs::command(*pid).contains(&*note.to_string_lossy());
    wait_until("the end of the child", || !proc_fs::pids().unwrap().iter().any(names_the_note));
}

#[test]
fn what_stays_in_the_background_is_not_waited_for() {
    let captured = capture(&mut fake(&["spawn hang", "say done"]), LONG).unwrap();
    let [pid] = pids_in(&captured.stdout)[..] else { panic!("one pid") };
    assert!(captured.stdout.ends_with(b"done\n"));
    assert!(is_fake_agent(pid));
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn a_missing_command_is_not_found() {
    assert_eq!(capture(&mut Command::new("no-such-command"), LONG).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn many_at_once_each_get_their_own() {
    thread::scope(|scope| {
        for worker in 0..8 {
            scope.spawn(move || {
                for round in 0..25 {
                    let word = format!("{worker}-{round}");
                    let captured = capture(Command::new("echo").arg(&word), LONG).unwrap();
                    assert_eq!(captured.stdout, format!("{word}\n").into_bytes());
                }
            });
        }
    });
}
