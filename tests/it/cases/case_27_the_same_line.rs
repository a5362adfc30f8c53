//! Many tasks that change the same line: each lands or says why, no side is dropped, and clean ones are not held up.

use std::collections::BTreeMap;

use crate::harness::{Ended, Workspace};

#[test]
fn tasks_that_change_the_same_line_land_one_after_the_other() {
    let w = Workspace::new();
    w.config("limits: {backoff: 0s, attempts: 20}");
    w.write("line.txt", "0\n");
    w.commit("A line");
    for number in 1..=12 {
        w.task(&format!("same-{number:02}"), &format!("echo \"$(cat line.txt) {number}\" > line.txt"));
        w.task(&format!("clean-{number:02}"), &format!("echo {number} > clean-{number}.txt"));
    }
    let ended = w.start(["--drain", "-n", "4"]);
    ended.code(0);
    assert_eq!(w.tasks_in("complete").len(), 24);
    let line = w.base().read("line.txt");
    let mut numbers: Vec<u32> = line.split(' ').map(|number| number.parse().expect("a number")).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..=12).collect::<Vec<_>>(), "no side is dropped");
    for cycle in w.cycles() {
        let outcome = cycle["outcome"].as_str().unwrap_or_default().to_owned();
        let is_clean = cycle["task"].as_str().is_some_and(|id| id.starts_with("clean"));
        assert!(outcome == "merged" || (outcome == "conflict" && !is_clean), "{cycle:#}");
        if outcome == "conflict" {
            assert!(cycle["reason"].as_str().is_some_and(|reason| reason.contains("line.txt")), "{cycle:#}");
        }
    }
    w.holds_the_laws();
}

/// An author with sessions that puts its own line behind the first, and keeps both sides' lines where they contradict
/// each other.
const KEEPS_BOTH: &str = "case $told in\n\
    *'your work contradicts it'*) sed -i -e '/^|||||||/,/^=======/d' -e '/^<<<<<<<\\|^>>>>>>>/d' lines.txt ;;\n\
    *) case $SWARM_TASK in\n\
       clean*) echo x > $SWARM_TASK.txt ;;\n\
       *) sed -i \"1a line of $SWARM_TASK\" lines.txt ;;\n\
       esac ;;\n\
    esac\nready";

/// What came of a storm.
struct Storm {
    w: Workspace,
    ended: Ended,
}

impl Storm {
    /// So many tasks that change the last line of one file, and some that touch files of their own.
    fn of(tasks: u32, clean: u32, workers: &str, settings: &str) -> Self {
        let w = Workspace::new();
        w.config(&format!("workers: [{{agent: author}}]\n{settings}"));
        w.write("lines.txt", "the first line\nthe last line\n");
        w.commit("Lines");
        w.author("author", KEEPS_BOTH);
        for number in 1..=tasks {
            w.file(&format!("line-{number:02}"), format!("# Line {number}\n"));
        }
        for number in 1..=clean {
            w.file(&format!("clean-{number:02}"), format!("# Clean {number}\n"));
        }
        let ended = w.start(["--drain", "-n", workers]);
        Self { w, ended }
    }

    /// Every task has landed or says why; the lines of those that have are there, and no others.
    #[track_caller]
    fn drops_nothing(&self) {
        let Self { w, ended } = self;
        let (complete, blocked) = (w.tasks_in("complete"), w.tasks_in("blocked"));
        ended.code(i32::from(!blocked.is_empty()));
        for id in &blocked {
            let text = w.is_in("blocked", id);
            assert!(text.contains("contradicts trunk in lines.txt"), "{id} does not say why: {text}");
            assert!(!w.refs(&format!("refs/swarm/salvage/{id}/")).is_empty(), "the work of {id} is not kept");
        }
        let text = w.base().read("lines.txt");
        let mut lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("line of ")).collect();
        lines.sort_unstable();
        let landed: Vec<&String> = complete.iter().filter(|id| id.starts_with("line")).collect();
        assert_eq!(lines, landed, "the lines of those that have landed");
        assert!(text.starts_with("the first line\n"), "{text}");
        assert_eq!(complete.len() + blocked.len(), self.cycles_by_task().len(), "every task is somewhere");
        for id in complete.iter().chain(&blocked).filter(|id| id.starts_with("clean")) {
            assert_eq!(w.whereabouts(id), ["complete"]);
            let cycles = w.cycles_of(id);
            assert_eq!((cycles.len(), &cycles[0]["outcome"]), (1, &"merged".into()), "{id} was held up");
        }
        w.holds_the_laws();
    }

    fn cycles_by_task(&self) -> BTreeMap<String, u32> {
        let mut count = BTreeMap::new();
        for cycle in self.w.cycles() {
            *count.entry(cycle["task"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        count
    }

    /// What there is to see with `--nocapture`.
    fn tell(&self, name: &str) {
        let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
        let mut resolves = 0;
        for cycle in self.w.cycles() {
            *outcomes.entry(cycle["outcome"].to_string()).or_default() += 1;
            let steps = cycle["steps"]
                .as_array()
                .map_or(0, |steps| steps.iter().filter(|step| step["step"] == "resolve").count());
            resolves += steps;
        }
        let ms = self.ended.events().last().map_or(0, crate::harness::Event::t_ms);
        println!(
            "{name}: {} landed in {ms} ms, {resolves} resolves, cycles {outcomes:?}",
            self.w.tasks_in("complete").len()
        );
        for id in self.w.tasks_in("blocked") {
            let cycle = self.w.cycles_of(&id).pop().unwrap_or_default();
            println!("  {id}: {}", cycle["reason"].as_str().unwrap_or_default().lines().next().unwrap_or_default());
        }
    }
}

#[test]
fn in_a_storm_every_task_lands_or_says_why_and_nothing_is_dropped() {
    let gate = "verify: [\"! grep -q '<<<<' lines.txt\"]\n";
    for (tasks, name, settings) in [
        (12, "gates", format!("limits: {{backoff: 0s}}\n{gate}")),
        (6, "gates and batches", format!("limits: {{backoff: 0s}}\n{gate}integrate: {{batch: 8}}\n")),
        (6, "one chance", "limits: {backoff: 0s, attempts: 1, resolves: 0}\n".to_owned()),
    ] {
        let storm = Storm::of(tasks, 3, "4", &settings);
        storm.tell(name);
        storm.drops_nothing();
    }
}
