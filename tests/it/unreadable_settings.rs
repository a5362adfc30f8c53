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
    mknodat(CWD, w.path(path), FileType::Fifo, Mode::RWXU, 0).expect("make a pipe");
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

/// How often a command says on standard error that it goes on without the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warned {
    Once,
    Never,
}

/// What a person must always be able to do, the exit code, and what it says; in an order in which each has something
/// to do.
const ALWAYS: [(&str, i32, &str, Warned); 21] = [
    ("status", 0, "running", Warned::Once),
    ("status --json", 0, "\"counts\"", Warned::Once),
    ("list", 0, "waiting", Warned::Once),
    ("show waiting", 0, "waiting", Warned::Once),
    ("explain waiting", 0, "waiting", Warned::Once),
    ("logs done", 0, "a word", Warned::Once),
    ("runs", 0, "nothing left to do", Warned::Once),
    ("runs last", 0, "running", Warned::Once),
    ("add Another task --id another --not-before 2999-01-01T00:00:00Z", 0, "another", Warned::Once),
    ("comment waiting Of course", 0, "comment added", Warned::Once),
    ("hold waiting", 0, "pending → blocked", Warned::Once),
    ("retry waiting", 0, "blocked → pending", Warned::Once),
    ("cancel waiting", 0, "pending → blocked", Warned::Once),
    ("approve ready", 0, "review → pending", Warned::Once),
    ("pause for a while", 0, "paused", Warned::Never),
    ("resume", 0, "claiming goes on", Warned::Never),
    ("scale 2", 0, "goes to 2 workers", Warned::Never),
    ("stop", 0, "has stopped", Warned::Never),
    ("schema config", 0, "protected", Warned::Never),
    ("completions bash", 0, "swarm", Warned::Never),
    ("man", 0, "swarm", Warned::Never),
];

/// What refuses to go on without the settings, as it reports them.
const REFUSE: [&str; 4] = ["start --drain", "start --dry-run", "check", "lint"];

/// A run has ended and another one lives; there is a task for each command.
fn with_something_of_everything(w: &Workspace, words: &[&str], broken: impl FnOnce(&Workspace)) {
    w.task("done", "echo a word\necho x > x.txt");
    w.task_with("ready", "review: human", "echo y > y.txt");
    w.start(["--drain"]);
    w.is_in("review", "ready");
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.file("waiting", "---\nnot_before: 2999-01-01T00:00:00Z\n---\n# Not now\n");
    broken(w);
    for (command, code, says, warned) in ALWAYS {
        let ended = within_bounds(w, &command.split(' ').collect::<Vec<_>>());
        ended.code(code).says(says);
        let warnings: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("warning:")).collect();
        assert_eq!(warnings.len(), usize::from(warned == Warned::Once), "{command}\n{ended}");
        for warning in warnings {
            assert!(words.iter().all(|word| warning.contains(word)), "{command}: {words:?}\n{ended}");
            assert!(!ended.stdout.contains("warning:"), "results are not mixed with talk\n{ended}");
        }
    }
    swarm.wait();
    assert_eq!(
        (w.tasks_in("blocked"), w.tasks_in("pending")),
        (vec!["waiting".to_owned()], vec!["another".to_owned()])
    );
    for command in REFUSE {
        let ended = within_bounds(w, &command.split(' ').collect::<Vec<_>>());
        ended.code(2);
        for word in words {
            ended.says(word);
        }
    }
}

#[test]
fn whatever_the_settings_say_a_person_can_stop_and_see_and_move_tasks() {
    with_something_of_everything(&Workspace::new(), &["config/swarm.yaml:2: ", "unknown name `verfy`"], |w| {
        w.config("verfy: [true]");
    });
}

#[test]
fn so_it_is_where_they_are_no_yaml_at_all() {
    with_something_of_everything(&Workspace::new(), &["config/swarm.yaml:2: ", "tab"], |w| {
        w.write("config/swarm.yaml", "base: trunk\n\tlimits: {}\n");
    });
}

#[test]
fn so_it_is_where_they_never_end() {
    with_something_of_everything(&Workspace::new(), &["config/swarm.yaml: is a device"], |w| {
        take_away(w, "config/swarm.yaml");
        symlink("/dev/zero", w.path("config/swarm.yaml")).expect("make a link");
    });
}

/// The folders that they name are found all the same.
#[test]
fn so_it_is_where_the_queue_lies_elsewhere() {
    let w = Workspace::new();
    let dirs = "dirs:\n  tasks: queue\n  runs: records\n";
    w.config(dirs);
    let tasks = w.path("tasks");
    fs::remove_dir_all(&tasks).expect("remove a folder");
    fs::remove_dir_all(w.path("runs")).expect("remove a folder");
    w.swarm(["init"]).code(0);
    w.write("queue/pending/here.md", "# Here\n");
    w.config(&format!("{dirs}limits: {{atempts: 2}}"));
    let warning = "config/swarm.yaml:5: limits: unknown name `atempts`; did you mean `attempts`? (going on";
    w.swarm(["list"]).code(0).says("here").says(warning);
    w.swarm(["add", "There", "--id", "there"]).code(0).says(warning);
    assert!(w.path("queue/pending/there.md").is_file());
    for command in ["pause", "resume", "stop"] {
        w.swarm([command]).code(0);
    }
    assert!(!tasks.exists() && !w.path("runs").exists(), "no other folders are made");
    // Where they lie cannot be told any more, and nothing is guessed.
    w.config("dirs: [queue, records]");
    for command in [&["list"][..], &["add", "There"], &["status"]] {
        w.swarm(command.iter()).code(2).says("config/swarm.yaml:2: ");
    }
    w.swarm(["stop"]).code(0);
}

/// Only who starts agents needs to understand what is said of them.
#[test]
fn descriptions_and_prompts_are_not_missed_by_who_only_looks() {
    for file in ["config/agents/odd.yaml", "config/prompts/worker.md"] {
        let w = Workspace::new();
        w.file("waiting", "# Not now\n");
        w.write(file, "argv: [\n{{ nothing\n");
        for command in ["status", "list", "show waiting", "explain waiting", "runs", "hold waiting", "retry waiting"] {
            let ended = w.swarm(command.split(' '));
            ended.code(0);
            assert!(!ended.stderr.contains("warning:") && !ended.stderr.contains(file), "{command}\n{ended}");
        }
        for command in ["start --drain", "check --skip-gates", "lint"] {
            w.swarm(command.split(' ')).code(2).says(file);
        }
    }
}
