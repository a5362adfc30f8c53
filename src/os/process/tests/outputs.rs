//! Whatever it prints: the log is right and memory stays flat.

use std::env;
use std::fs::{self, File};
use std::process::Command;

use super::super::*;
use super::support::*;

#[test]
fn bytes_that_are_no_text_are_logged_as_they_are() {
    let ended = agent(&["bytes fffe00c32801", "say x"]).run();
    assert_eq!(ended.log, b"\xff\xfe\0\xc3\x28\x01x\n");
    assert_eq!(ended.ending.tail, ended.log);
}

#[test]
fn the_tail_of_a_long_output_is_its_end() {
    let ended = agent(&["flood 1000000", "say end"]).run();
    assert_eq!(ended.ending.printed_bytes, 1_000_004);
    assert_eq!(ended.log.len(), 1_000_004);
    assert_eq!(ended.ending.tail.len(), 65_536);
    assert!(ended.ending.tail.ends_with(b"xxend\n"));
}

#[test]
fn a_log_at_its_limit_keeps_the_beginning_and_the_end() {
    let ended = agent(&["say begin", "flood 1000000", "say end"]).with(|spec| spec.log_bytes = 1000).run();
    let text = ended.text();
    assert!(text.starts_with("begin\nxxx"));
    assert!(text.ends_with("xxend\n"));
    assert!(text.contains("[swarm: the log ends here, at its limit of 1000 bytes]"));
    assert!(text.contains("bytes left out; the end follows]"));
    assert!(text.len() < 1000 + 65_536 + 300);
    assert_eq!(ended.ending.how, How::Exited(0));
}

#[test]
fn a_full_disk_neither_ends_nor_hangs_the_agent() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ended = agent(&["flood 300000", "write work.txt done", "say end", "exit 4"]).with(|spec| spec.log = full).run();
    assert_eq!(ended.ending.how, How::Exited(4));
    assert_eq!(ended.ending.log_error.unwrap().kind(), std::io::ErrorKind::StorageFull);
    assert!(ended.ending.tail.ends_with(b"xend\n"));
    assert!(ended.folder.path().join("work/work.txt").exists());
}

#[test]
fn a_flood_in_one_line_leaves_memory_flat() {
    // In a process of its own: memory is the whole process's.
    let helper = env::current_exe().unwrap();
    let name = "os::process::tests::outputs::helper_that_measures_a_flood";
    let output =
        Command::new(helper).args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let grown = text.lines().find_map(|line| line.split_once("grown by KiB: ")?.1.parse::<u64>().ok()).unwrap();
    assert!(grown < 16 * 1024, "{grown} KiB for 200 MB of output");
}

#[test]
#[ignore = "a part of the test above, which runs it as a program"]
fn helper_that_measures_a_flood() {
    agent(&["flood 1000000"]).with(|spec| spec.log_bytes = 1000).run();
    let before = peak_kib();
    let ended = agent(&["flood 200000000"]).with(|spec| spec.log_bytes = 1_000_000).run();
    assert_eq!(ended.ending.printed_bytes, 200_000_000);
    assert_eq!(ended.ending.how, How::Exited(0));
    println!("\ngrown by KiB: {}", peak_kib() - before);
}

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
