//! A file that is being written is never claimed half.

use std::fs::{self, File};
use std::io::Write;

use crate::harness::{Running, Workspace};

const FIRST_HALF: &str = "# Slow\n\n```sh\necho first > first.txt\n```\n";
const SECOND_HALF: &str = "\n```sh\necho second > second.txt\n```\n";

fn half_written(w: &Workspace) -> File {
    let mut file = File::create(w.task_path("pending", "slow")).expect("create a task");
    file.write_all(FIRST_HALF.as_bytes()).expect("write");
    file
}

fn is_left_alone_until_it_is_closed(w: &Workspace, mut swarm: Running<'_>, mut file: File) {
    // Something that came later is done; the file that is being written is not even looked at.
    w.task("quick", "echo quick > quick.txt");
    swarm.wait_for_event(|event| event.moves("quick", "complete"));
    assert_eq!(w.is_in("pending", "slow"), FIRST_HALF);
    file.write_all(SECOND_HALF.as_bytes()).expect("write");
    drop(file);
    swarm.wait().code(0);
    w.is_in("complete", "slow");
    w.base().has("first.txt").has("second.txt");
    assert_eq!(w.cycles_of("slow").len(), 1);
    w.holds_the_laws();
}

#[test]
fn a_file_that_is_being_written_when_the_swarm_runs_is_taken_when_it_is_closed() {
    let w = Workspace::new();
    w.task("holds-the-run-open", &w.awaits("written"));
    let mut swarm = w.start_in_background(["--drain", "-n", "2"]);
    swarm.wait_for_event(|event| event.begins("implement", "holds-the-run-open"));
    let file = half_written(&w);
    fs::remove_file(w.task_path("current", "holds-the-run-open")).expect("end that attempt");
    swarm.wait_for_event(|event| event.is_of("task_moved", "holds-the-run-open"));
    w.task("quick", "echo quick > quick.txt");
    swarm.wait_for_event(|event| event.moves("quick", "complete"));
    is_left_alone_until_it_is_closed_after(&w, swarm, file);
}

fn is_left_alone_until_it_is_closed_after(w: &Workspace, swarm: Running<'_>, mut file: File) {
    assert_eq!(w.is_in("pending", "slow"), FIRST_HALF);
    file.write_all(SECOND_HALF.as_bytes()).expect("write");
    drop(file);
    swarm.wait();
    w.is_in("complete", "slow");
    w.base().has("first.txt").has("second.txt");
    assert_eq!(w.cycles_of("slow").len(), 1);
    w.holds_the_laws();
}

#[test]
fn a_file_that_is_being_written_when_the_swarm_starts_is_taken_when_it_is_closed() {
    let w = Workspace::new();
    let file = half_written(&w);
    let swarm = w.start_in_background(["--drain", "-n", "2"]);
    is_left_alone_until_it_is_closed(&w, swarm, file);
}

#[test]
fn a_task_in_one_line_of_shell_with_a_pause_is_done_whole() {
    let w = Workspace::new();
    let swarm = w.start_in_background(["-n", "2"]);
    let writer = w.run_in_background(
        "sh",
        &[
            "-c",
            &format!(
                "{{ printf '{}'; {}; printf '{}'; }} > tasks/pending/slow.md",
                FIRST_HALF.replace('\n', "\\n"),
                w.awaits("half"),
                SECOND_HALF.replace('\n', "\\n")
            ),
        ],
    );
    let mut swarm = swarm;
    w.task("quick", "echo quick > quick.txt");
    swarm.wait_for_event(|event| event.moves("quick", "complete"));
    w.give("half");
    writer.wait().code(0);
    swarm.wait_for_event(|event| event.moves("slow", "complete"));
    w.base().has("first.txt").has("second.txt");
}
