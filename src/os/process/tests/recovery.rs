//! What holds after the program itself was killed.

use std::env;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use fs2::FileExt;

use super::super::*;
use super::support::*;

const FOLDER: &str = "SWARM_TEST_FOLDER";
const STEPS: &str = "SWARM_TEST_STEPS";

/// A program of ours that runs an agent with a locked prompt and writes down what a recovery needs.
struct Supervisor {
    program: Child,
    folder: tempfile::TempDir,
}

impl Supervisor {
    fn start(steps: &[&str]) -> Self {
        become_subreaper().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fake_agent();
        let name = "os::process::tests::recovery::helper_that_supervises";
        let program = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .env(STEPS, steps.join("\n"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self { program, folder };
        wait_until("the agent", || this.log().ends_with("ready\n"));
        this
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn prompt(&self) -> File {
        File::open(self.folder.path().join("prompt")).unwrap()
    }

    fn claim(&self) -> (Mark, Identity) {
        serde_json::from_slice(&fs::read(self.folder.path().join("claim")).unwrap()).unwrap()
    }

    fn kill(&mut self) {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
    }
}

#[test]
#[ignore = "a part of the tests below, which run it as a program"]
fn helper_that_supervises() {
    struct Claim(PathBuf, Mark);
    impl Watch for Claim {
        fn started(&mut self, identity: &Identity) -> Verdict {
            fs::write(self.0.join("claim"), serde_json::to_vec(&(&self.1, identity)).unwrap()).unwrap();
            Verdict::GoOn
        }
    }
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let steps = env::var(STEPS).unwrap();
    let agent = agent(&steps.lines().collect::<Vec<_>>());
    let prompt = File::create_new(folder.join("prompt")).unwrap();
    FileExt::try_lock_exclusive(&prompt).unwrap();
    let log = File::create_new(folder.join("log")).unwrap();
    let mut claim = Claim(folder, agent.spec.mark.clone());
    let stdin = prompt.try_clone().unwrap();
    agent.with(|spec| (spec.stdin, spec.log) = (Some(stdin), log)).run_with(&Wake::new().unwrap(), &mut claim);
}

#[test]
fn the_lock_of_a_prompt_lives_as_long_as_the_agent() {
    let mut supervisor = Supervisor::start(&["say ready", "hang"]);
    let prompt = supervisor.prompt();
    assert!(FileExt::try_lock_exclusive(&prompt).is_err());
    supervisor.kill();
    let (mark, identity) = supervisor.claim();
    assert!(identity.is_alive());
    assert!(FileExt::try_lock_exclusive(&prompt).is_err(), "the agent still writes, so the task is not free");

    let ended = end_remains(&mark, Some(&identity)).unwrap();
    assert_eq!(ended.iter().map(|stray| stray.pid).collect::<Vec<_>>(), [identity.pid]);
    assert!(!identity.is_alive());
    FileExt::try_lock_exclusive(&prompt).unwrap();
}

#[test]
fn all_that_carries_the_mark_is_ended_even_without_a_recorded_group() {
    let steps = ["close stdin", "spawn session; hang", "spawn spawn session; hang", "sleep 100", "say ready", "hang"];
    let mut supervisor = Supervisor::start(&steps);
    supervisor.kill();
    let (mark, identity) = supervisor.claim();
    let ended = end_remains(&mark, None).unwrap();
    assert_eq!(ended.len(), 3, "{ended:?}");
    assert!(!identity.is_alive());
    assert!(pids_in(supervisor.log().as_bytes()).into_iter().all(|pid| !is_fake_agent(pid)));
    assert!(end_remains(&mark, None).unwrap().is_empty());
}

#[test]
fn a_recorded_group_is_ended_even_without_the_mark() {
    let mut leader = Command::new(fake_agent()).args(["spawn hang", "hang"]).process_group(0).spawn().unwrap();
    let identity = Identity::of(leader.id()).unwrap();
    wait_until("its child", || group_size(leader.id()) == 2);
    let ended = end_remains(&Mark::new(), Some(&identity)).unwrap();
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert_eq!(group_size(leader.id()), 0);
    // Its exit status may have been taken by the recovery, which is never the parent in earnest.
    let _ = leader.wait();
}

#[test]
fn an_innocent_program_with_the_same_number_is_not_touched() {
    let mut innocent = Command::new(fake_agent()).arg("hang").process_group(0).spawn().unwrap();
    let identity = Identity::of(innocent.id()).unwrap();
    let earlier = Identity { start_ticks: identity.start_ticks - 1, ..identity.clone() };
    let other_boot = Identity { boot_id: "0".repeat(36), ..identity.clone() };
    for recorded in [earlier, other_boot] {
        assert!(end_remains(&Mark::new(), Some(&recorded)).unwrap().is_empty());
        assert!(identity.is_alive());
    }
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}

fn group_size(group: u32) -> usize {
    let group = i32::try_from(group).unwrap();
    let is_member = |pid: &i32| proc_fs::stat(*pid).is_some_and(|stat| stat.group == group && !stat.has_ended());
    proc_fs::pids().unwrap().into_iter().filter(is_member).count()
}
