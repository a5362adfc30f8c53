//! Torn and foreign files among the program's own: set aside, and everything else works.

use std::fs;
use std::os::unix::fs::symlink;

use crate::harness::Workspace;

/// What a power cut, another program or a curious user leaves.
const TORN: [&[u8]; 5] = [b"", b"{\"schema\": 1, \"task\": \"on", b"[]", b"null\n", b"\0\0\0\0\xff\xfe"];

#[test]
fn torn_and_foreign_files_everywhere_stop_nothing() {
    for torn in TORN {
        let w = Workspace::new();
        w.config("verify: [\"true\"]");
        w.task("first", "echo first > first.txt");
        w.start(["--drain", "-n", "2"]).code(0);
        for file in [
            ".swarm/claims/first.json",
            ".swarm/claims/second.json",
            ".swarm/claims/stranger.json",
            ".swarm/slots/01.json",
            ".swarm/slots/02.json",
            ".swarm/slots/99.json",
            ".swarm/slots/note.txt",
            ".swarm/locks/slot-01.lock",
            ".swarm/locks/integrate.lock",
            ".swarm/locks/run-20200101T000000-aaaa.lock",
            ".swarm/verified/0000.json",
            "runs/note.txt",
            "runs/20200101T000000-aaaa/started.json",
            "runs/20200101T000000-aaaa/events.jsonl",
            "runs/20200101T000000-aaaa/cycles/w0-c1.json",
            "runs/20200101T000000-aaaa/.tmp-abcdef",
        ] {
            w.write(file, torn);
        }
        for file in fs::read_dir(w.path(".swarm/verified")).expect("list a folder").flatten() {
            fs::write(file.path(), torn).expect("write a file");
        }
        fs::create_dir_all(w.path(".swarm/claims/folder.json")).expect("make a folder");
        symlink("/nonexistent", w.path(".swarm/claims/link.json")).expect("make a link");
        w.task("second", "echo second > second.txt");
        w.start(["--drain", "-n", "2"]).code(0);
        w.is_in("complete", "second");
        w.base().has("first.txt").has("second.txt");
        w.swarm(["stop"]).code(0);
        w.holds_the_laws();
    }
}

#[test]
fn a_torn_claim_of_a_task_at_work_is_recovered_from() {
    for torn in TORN {
        let w = Workspace::new();
        w.task("claimed", "echo claimed > claimed.txt");
        w.move_task("claimed", "pending", "current");
        w.write(".swarm/claims/claimed.json", torn);
        w.start(["--drain"]).code(0);
        w.is_in("complete", "claimed");
        w.holds_the_laws();
    }
}

#[test]
fn without_its_own_folder_the_program_begins_anew() {
    let w = Workspace::new();
    w.task("first", "echo first > first.txt");
    w.start(["--drain"]).code(0);
    fs::remove_dir_all(w.path(".swarm")).expect("remove a folder");
    w.task("second", "echo second > second.txt");
    w.start(["--drain"]).code(0);
    w.base().has("first.txt").has("second.txt");
    w.holds_the_laws();
}
