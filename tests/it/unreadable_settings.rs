//! Settings that cannot be read: what they are is told at once, and a person can still stop and see.

use std::fs::{self, File};
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::harness::{Ended, Event, Workspace};

/// Runs `swarm` with little memory and little time, so that a test of what never ends does.
#[track_caller]
fn within_bounds(w: &Workspace, args: &[&str]) -> Ended {
    let script = "ulimit -v 2000000; exec timeout --signal=KILL 30 \"$@\"";
    let swarm = env!("CARGO_BIN_EXE_swarm");
    let args: Vec<&str> = ["-c", script, "sh", swarm].iter().chain(args).copied().collect();
    w.run_in_background("sh", &args).wait()
}

/// Puts something else than a plain file of a reasonable size in the place of `path`.
type Put = fn(&Workspace, &str);

/// What it is, and the words for it.
const ODD: [(Put, &str); 6] = [
    (|w, path| pipe(w, path), "is a pipe"),
    (
        |w, path| {
            pipe(w, "elsewhere");
            symlink(w.path("elsewhere"), w.path(path)).expect("make a link");
        },
        "is a pipe",
    ),
    (|w, path| symlink("/dev/zero", w.path(path)).expect("make a link"), "is a device"),
    (|w, path| symlink("/dev/tty", w.path(path)).expect("make a link"), "is a device"),
    (|w, path| huge(w, path, 8 << 30), "is 8.0 GiB large"),
    (|w, path| fs::create_dir(w.path(path)).expect("make a folder"), "is a folder"),
];

fn pipe(w: &Workspace, path: &str) {
    mknodat(CWD, &w.path(path), FileType::Fifo, Mode::RWXU, 0).expect("make a pipe");
}

/// A file of that size, of holes alone.
fn huge(w: &Workspace, path: &str, bytes: u64) {
    File::create(w.path(path)).expect("create a file").set_len(bytes).expect("make a large file");
}

fn take_away(w: &Workspace, path: &str) {
    let path = w.path(path);
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir(path).expect("remove a folder");
    } else {
        // Not everything needs a second file.
        let _ = fs::remove_file(path);
    }
}

#[test]
fn settings_that_are_no_plain_file_of_a_reasonable_size_are_refused_by_name() {
    let w = Workspace::new();
    w.task("work", "echo x > x.txt");
    fs::create_dir_all(w.path("config/agents")).expect("make a folder");
    // Who would claim what does not depend on agents and prompts.
    for (file, commands) in [
        ("config/agents/odd.yaml", &["start --drain", "check", "lint"][..]),
        ("config/prompts/odd.md", &["start --drain", "check", "lint"]),
        ("other.yaml", &["start --drain --config other.yaml", "lint --config other.yaml"]),
        ("config/swarm.yaml", &["start --drain", "start --dry-run", "check", "lint"]),
    ] {
        take_away(&w, file);
        for (put, says) in ODD {
            put(&w, file);
            for command in commands {
                let ended = within_bounds(&w, &command.split(' ').collect::<Vec<_>>());
                ended.code(2).says(&format!("{file}: {says}, and settings are plain files of at most 1.0 MiB"));
            }
            take_away(&w, file);
            take_away(&w, "elsewhere");
        }
    }
    w.is_in("pending", "work");
    w.config("");
    w.start(["--drain"]).code(0);
}

/// Settings may lie elsewhere, where a link leads to them.
#[test]
fn links_to_plain_files_are_followed() {
    let w = Workspace::new();
    w.config("limits: {attempts: 7}");
    fs::rename(w.path("config/swarm.yaml"), w.path("real.yaml")).expect("move a file");
    symlink("../real.yaml", w.path("config/swarm.yaml")).expect("make a link");
    w.task("work", "echo x > x.txt");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
}

/// A live run reads them again when they change: it says what they are, and goes on with the last good ones.
#[test]
fn a_live_run_is_not_caught_by_what_never_ends() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    let warns = |file: &str, says: &str| {
        let words = format!("{file}: {says}");
        move |event: &Event| event.is("warning") && event.text("message").contains(&words)
    };
    fs::create_dir_all(w.path("config/agents")).expect("make a folder");
    pipe(&w, "config/agents/odd.yaml");
    swarm.wait_for_event(warns("config/agents/odd.yaml", "is a pipe"));
    take_away(&w, "config/agents/odd.yaml");
    for (put, says) in ODD {
        put(&w, "made.yaml");
        // In one step, as `mv` and `ln -sf` do.
        if fs::rename(w.path("made.yaml"), w.path("config/swarm.yaml")).is_err() {
            take_away(&w, "config/swarm.yaml");
            fs::rename(w.path("made.yaml"), w.path("config/swarm.yaml")).expect("move it");
        }
        swarm.wait_for_event(warns("config/swarm.yaml", says));
        take_away(&w, "config/swarm.yaml");
        take_away(&w, "elsewhere");
    }
    w.task("work", "echo x > x.txt");
    swarm.wait_for_event(|event| event.moves("work", "complete"));
    w.swarm(["stop"]).code(0);
    swarm.wait().code(0);
}
