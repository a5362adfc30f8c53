//! A workspace whose worker is a real agent, and the model server that it asks.

use std::env;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::Cli;
use crate::harness::{Ended, Running, Workspace};
use crate::server::{Server, Step};

/// What a slow agent may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(240);

/// The only task.
pub(crate) const TASK: &str = "work";

/// Words that only its body has.
pub(crate) const BODY: &str = "Build a small house of words.";

/// One task, one real agent, one model.
pub(crate) struct Scene {
    pub(crate) cli: Cli,
    pub(crate) w: Workspace,
    pub(crate) model: Server,
}

impl Scene {
    /// A workspace whose worker is `cli`, with its programs from that folder, and with one task.
    pub(crate) fn new(cli: Cli, programs: &Path) -> Self {
        let model = Server::start();
        let inherited = env::var_os("PATH").expect("there is a PATH");
        let folders = [programs.to_owned()].into_iter().chain(env::split_paths(&inherited));
        let path = env::join_paths(folders).expect("folders without a colon");
        let w = cli.settle(Workspace::new().with_env("PATH", path), &model.url());
        w.file(TASK, format!("# Write\n\n{BODY}\n"));
        let scene = Self { cli, w, model };
        scene.limits("silence: 2m, timeout: 3m");
        scene
    }

    /// One try without pauses, and these limits.
    pub(crate) fn limits(&self, more: &str) {
        let (agent, model) = (self.cli.name(), self.cli.model());
        self.w.config(&format!(
            "workers: [{{agent: {agent}, model: {model}}}]\nlimits: {{attempts: 1, infra: 1, backoff: 0s, {more}}}\n"
        ));
    }

    /// Lets the model answer so, and drains the queue.
    #[track_caller]
    pub(crate) fn drain(&self, steps: impl IntoIterator<Item = Step>) -> Ended {
        finish(self.begin(steps))
    }

    /// Lets the model answer so, and gives each worker one cycle.
    #[track_caller]
    pub(crate) fn once(&self, steps: impl IntoIterator<Item = Step>) -> Ended {
        self.model.answer(steps);
        finish(self.w.start_in_background(["--once"]))
    }

    /// Lets the model answer so, and begins to drain the queue.
    pub(crate) fn begin(&self, steps: impl IntoIterator<Item = Step>) -> Running<'_> {
        self.model.answer(steps);
        self.w.start_in_background(["--drain"])
    }

    /// Waits until a command of the agent's gives a sign.
    pub(crate) fn wait_for_sign(&self, sign: &str) {
        wait(|| self.w.sign(sign).exists());
        assert!(self.w.sign(sign).exists(), "waited {PATIENCE:?} in vain for the sign {sign}");
    }

    /// The record of the only cycle that there has been.
    #[track_caller]
    pub(crate) fn only_cycle(&self) -> Value {
        let mut cycles = self.w.cycles_of(TASK);
        assert_eq!(cycles.len(), 1, "the cycles: {cycles:#?}");
        cycles.remove(0)
    }
}

/// Waits for the end of a run with more patience than other tests need.
#[track_caller]
pub(crate) fn finish(mut run: Running<'_>) -> Ended {
    wait(|| run.has_ended());
    run.wait()
}

/// Waits until a condition holds, or patience has ended.
fn wait(mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !condition() && Instant::now() < until {
        thread::sleep(Duration::from_millis(10));
    }
}
