//! A run of the fake agent that reads like a sentence, and what can be asked about it afterwards.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, thread};

use rustix::process::RawPid;
use tempfile::TempDir;

use super::super::{proc_fs, *};

/// Longer than anything here takes on a loaded machine; a test that needs it has failed.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// How agents are asked to end in most tests.
pub(super) const TERM_THEN_KILL: [StopStep; 2] = [
    StopStep { signal: Signal::TERM, to: SendTo::Group, wait: Duration::from_millis(500) },
    StopStep { signal: Signal::KILL, to: SendTo::Group, wait: Duration::from_secs(10) },
];

/// A run that waits to be started.
pub(super) struct Agent {
    pub(super) folder: TempDir,
    pub(super) spec: Spec,
}

/// What is left after it.
pub(super) struct Ended {
    pub(super) ending: Ending,
    pub(super) log: Vec<u8>,
    pub(super) folder: TempDir,
}

/// The fake agent that does `steps`, in a new folder, with a total clock so that no test hangs. `{ready}` in a step is
/// a file that is not there yet.
pub(super) fn agent(steps: &[&str]) -> Agent {
    become_subreaper().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = File::create(folder.path().join("log")).unwrap();
    let work = folder.path().join("work");
    fs::create_dir(&work).unwrap();
    let ready = folder.path().join("ready").display().to_string();
    let steps = steps.iter().map(|step| OsString::from(step.replace("{ready}", &ready)));
    let argv = [fake_agent().as_os_str().to_owned()].into_iter().chain(steps).collect();
    let spec = Spec {
        argv,
        folder: work,
        env: vec![("PATH".into(), "/usr/bin:/bin".into()), ("COLOUR".into(), "blue".into())],
        stdin: None,
        log,
        log_bytes: u64::MAX,
        clocks: Clocks { total: Some(LONG), ..Clocks::default() },
        stop: TERM_THEN_KILL.to_vec(),
        mark: Mark::new(),
    };
    Agent { folder, spec }
}

impl Agent {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Spec)) -> Self {
        change(&mut self.spec);
        self
    }

    pub(super) fn run(self) -> Ended {
        self.run_with(&Wake::new().unwrap(), &mut ())
    }

    pub(super) fn run_with(self, wake: &Wake, watch: &mut dyn Watch) -> Ended {
        let Self { folder, spec } = self;
        let ending = run(spec, wake, watch).unwrap();
        let log = fs::read(folder.path().join("log")).unwrap();
        Ended { ending, log, folder }
    }

    pub(super) fn fails(self) -> io::Error {
        run(self.spec, &Wake::new().unwrap(), &mut ()).unwrap_err()
    }
}

impl Ended {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.log).into_owned()
    }

    /// The ids of the processes that the agent said it had started.
    pub(super) fn pids(&self) -> Vec<RawPid> {
        pids_in(&self.log)
    }

    /// Nothing that the agent started lives, and nothing of it waits to be buried.
    pub(super) fn left_nothing(&self) {
        for pid in self.pids() {
            assert!(!is_fake_agent(pid), "process {pid} lives on: {}", proc_fs::command(pid));
        }
    }
}

pub(super) fn pids_in(log: &[u8]) -> Vec<RawPid> {
    let log = String::from_utf8_lossy(log);
    log.lines().filter_map(|line| line.strip_prefix("pid ")?.parse().ok()).collect()
}

/// Whether this number is a living fake agent's.
pub(super) fn is_fake_agent(pid: RawPid) -> bool {
    proc_fs::stat(pid).is_some_and(|stat| !stat.has_ended()) && proc_fs::command(pid).contains("fake_agent")
}

/// Waits until `condition` holds.
pub(super) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < until, "in vain: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The fake agent, built anew if its source is newer: cargo builds examples only when it tests everything.
pub(super) fn fake_agent() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // This test lies in <target>/<profile>/deps.
        let test = env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = profile.join("examples/fake_agent");
        if written(&file) < written(&package.join("examples/fake_agent.rs")) {
            let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let name = profile.file_name().unwrap().to_str().unwrap();
            let mut build = Command::new(cargo);
            build.current_dir(package).args(["build", "--quiet", "--example", "fake_agent", "--target-dir"]);
            build.arg(profile.parent().unwrap()).args(["--profile", if name == "debug" { "dev" } else { name }]);
            assert!(build.status().unwrap().success());
        }
        file
    })
}

fn written(file: &Path) -> SystemTime {
    fs::metadata(file).and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}
