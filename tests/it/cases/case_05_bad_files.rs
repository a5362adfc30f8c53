//! Files that are no tasks: each is named with its path and the reason, none is touched, and the others run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::harness::{Ended, Running, Workspace};

#[test]
fn every_bad_file_is_named_with_its_reason_and_the_others_run() {
    let w = Workspace::new();
    w.file("broken", "---\ntitle: fine\npriority: [\n---\n# Broken\n");
    w.file("wrong-type", "---\npriority: soon\n---\n# Wrong\n");
    w.file("large", "x".repeat(10 << 20));
    w.file("latin", b"# caf\xe9\n");
    w.file("two\nlines", "# Two\n");
    w.file("with space", "# Space\n");
    fs::create_dir(w.task_path("pending", "folder")).expect("make a folder");
    symlink("/etc/passwd", w.task_path("pending", "link")).expect("make a link");
    let before = contents(&w);
    w.task("good", "echo good > good.txt");

    let ended = w.start(["--drain", "-n", "2"]);
    ended.code(1);
    w.is_in("complete", "good");
    for (name, words, line) in [
        ("broken.md", "", true),
        ("wrong-type.md", "priority", true),
        ("large.md", "1 MiB", false),
        ("latin.md", "UTF-8", true),
        ("two\nlines.md", "", false),
        ("with space.md", "", false),
        ("folder.md", "folder", false),
        ("link.md", "symbolic link", false),
    ] {
        complains(&ended, name, words, line);
    }
    assert_eq!(contents(&w), before, "bad files are left as they are");
    w.complete_means_merged();
    w.nothing_is_left_behind();
}

#[test]
fn bad_files_that_come_while_the_swarm_runs_are_named_too() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.file("broken", "---\npriority: [\n---\n");
    swarm.wait_for_event(|event| event.is("invalid_task") && event.text("path") == "tasks/pending/broken.md");
    fs::create_dir(w.task_path("pending", "folder")).expect("make a folder");
    swarm.wait_for_event(|event| event.is("invalid_task") && event.text("path") == "tasks/pending/folder.md");
    symlink("/etc/passwd", w.task_path("pending", "link")).expect("make a link");
    swarm.wait_for_event(|event| event.is("invalid_task") && event.text("path") == "tasks/pending/link.md");
    // Mended in place, it runs.
    w.task("broken", "echo mended > mended.txt");
    swarm.wait_for_event(|event| event.moves("broken", "complete"));
    w.base().has("mended.txt");
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_runs_once_it_can() {
    let w = Workspace::new();
    w.task("secret", "echo secret > secret.txt");
    w.task("good", "echo good > good.txt");
    fs::set_permissions(w.task_path("pending", "secret"), fs::Permissions::from_mode(0o000)).expect("chmod");
    // Root reads everything, unless it gives that up.
    let mut command = w.command("setpriv");
    command.args(["--bounding-set=-dac_override,-dac_read_search", env!("CARGO_BIN_EXE_swarm")]);
    if fs::read(w.task_path("pending", "secret")).is_err() {
        command = w.command(env!("CARGO_BIN_EXE_swarm"));
    }
    command.args(["start", "--json", "--drain"]);
    let ended = Running::start(&w, command).wait();
    ended.code(1);
    complains(&ended, "secret.md", "cannot be read", false);
    w.is_in("complete", "good");
    w.is_in("pending", "secret");
    fs::set_permissions(w.task_path("pending", "secret"), fs::Permissions::from_mode(0o644)).expect("chmod");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "secret");
}

#[test]
fn hidden_files_backups_and_other_kinds_are_none_of_our_business() {
    let w = Workspace::new();
    for name in [".hidden.md", "old.md~", "notes.txt", ".x.md.swp", "README"] {
        w.write(&format!("tasks/pending/{name}"), "---\n[\n");
    }
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert!(!ended.events().iter().any(|event| event.is("invalid_task")), "{ended}");
}

#[track_caller]
fn complains(ended: &Ended, name: &str, words: &str, with_line: bool) {
    let path = format!("tasks/pending/{name}");
    let event = ended.event(|event| event.is("invalid_task") && event.text("path") == path);
    assert!(event.text("reason").contains(words), "{name}: {}", event.text("reason"));
    assert!(!event.text("reason").is_empty());
    assert_eq!(event.0["line"].is_u64(), with_line, "{name}: {}", event.0);
}

fn contents(w: &Workspace) -> Vec<(std::path::PathBuf, Option<Vec<u8>>)> {
    let listing = fs::read_dir(w.path("tasks/pending")).expect("list a folder").flatten();
    let mut all: Vec<_> = listing.map(|entry| (entry.path(), fs::read(entry.path()).ok())).collect();
    all.sort();
    all
}
