//! Many workers in many processes: every task is granted exactly once.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::{env, fs, thread};

use swarm::cycle::{Bench, Claimed, Workshop, claim};
use swarm::model::choice::Choice;
use swarm::model::crew::Member;
use swarm::model::task::TaskId;
use swarm::os::journal::Journal;
use swarm::os::workspace;

use crate::harness::{Workspace, wait_until};

#[test]
fn three_processes_of_four_workers_do_every_task_exactly_once() {
    let w = Workspace::new();
    for number in 0..40 {
        w.task(&format!("change-{number}"), &format!("echo {number} > file-{number}.txt"));
    }
    for number in 0..160 {
        w.task_with(&format!("look-{number}"), "expect: no_change", "true");
    }
    let swarms = [0, 1, 2].map(|_| w.start_in_background(["--drain", "-n", "4"]));
    let ended = swarms.map(|swarm| swarm.wait());
    let mut claimed: BTreeMap<String, u32> = BTreeMap::new();
    for swarm in &ended {
        swarm.code(0);
        for event in swarm.events().iter().filter(|event| event.is("task_claimed")) {
            *claimed.entry(event.task().to_owned()).or_default() += 1;
        }
    }
    assert_eq!(claimed.len(), 200);
    assert!(claimed.values().all(|times| *times == 1), "{claimed:?}");
    assert_eq!(w.tasks_in("complete").len(), 200);
    assert_eq!(w.cycles().len(), 200);
    w.holds_the_laws();
}

/// In a child of the test below: the workspace in which it is to claim.
const RACE: &str = "SWARM_TEST_RACE";
const THREADS: usize = 3;
const TASKS: usize = 5000;

#[test]
fn threads_of_several_processes_that_race_for_five_thousand_tasks_get_each_once() {
    if let Some(root) = env::var_os(RACE) {
        return claim_all(root.as_ref());
    }
    let w = Workspace::new();
    for number in 0..TASKS {
        w.file(&format!("t{number:04}"), "x\n");
    }
    let own = env::current_exe().expect("the test's own program");
    let name = thread::current().name().expect("tests have names").to_owned();
    let racers = [0, 1, 2].map(|_| {
        let mut racer = Command::new(&own);
        racer.args(["--exact", "--nocapture", &name]).env(RACE, w.root());
        racer.stdout(std::process::Stdio::null()).spawn().expect("start a racer")
    });
    wait_until("all racers", || fs::read_dir(w.path("ready")).is_ok_and(|ready| ready.count() == 3 * THREADS));
    w.write("go", "");
    for mut racer in racers {
        assert!(racer.wait().expect("wait for a racer").success());
    }
    let mut granted: BTreeMap<String, u32> = BTreeMap::new();
    for file in fs::read_dir(w.path("granted")).expect("list a folder").flatten() {
        for id in fs::read_to_string(file.path()).expect("read a file").lines() {
            *granted.entry(id.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(granted.len(), TASKS);
    assert!(granted.values().all(|times| *times == 1));
    assert_eq!(w.tasks_in("current").len(), TASKS);
    assert_eq!(w.tasks_in("pending").len(), 0);
}

fn claim_all(root: &std::path::Path) {
    let place = workspace::Place::find(root, None).expect("find the workspace");
    let workspace = workspace::Workspace::open(place).expect("open the workspace");
    let (base, tip) = workspace.base().expect("there is a base");
    let run_id = format!("race-{}", std::process::id());
    let journal = Journal::create(workspace.dirs.runs(), &run_id, Box::new(|_| {})).expect("begin a run");
    let shop = Workshop::new(&workspace, base, workspace.settings(), journal);
    let shop = Arc::new(shop);
    for folder in ["ready", "granted"] {
        fs::create_dir_all(root.join(folder)).expect("make a folder");
    }
    let one = |number: usize| {
        let member = Member::worker(Choice { agent: "script".to_owned(), model: None, effort: None });
        let bench = Bench::take(&shop, format!("w{number}"), member, &tip).expect("take a worktree");
        let name = format!("{run_id}-{number}");
        fs::write(root.join("ready").join(&name), "").expect("write a file");
        wait_until("the start", || root.join("go").exists());
        let mut granted = String::new();
        for number in 0..TASKS {
            let id = TaskId::parse(&format!("t{number:04}")).expect("a name");
            match claim(&shop, &bench, 1, &id).expect("claim") {
                Claimed::Yes(_) => granted.push_str(&format!("{id}\n")),
                Claimed::Lost | Claimed::Locked => {}
                Claimed::Unpaid(why) => panic!("{id}: {why:?}"),
                Claimed::Invalid(invalid) => panic!("{id}: {invalid:?}"),
            }
        }
        fs::write(root.join("granted").join(&name), granted).expect("write a file");
    };
    thread::scope(|scope| (0..THREADS).for_each(|number| drop(scope.spawn(move || one(number)))));
}
