//! Many tasks that change the same line: each lands or says why, and clean ones are not held up.

use crate::harness::Workspace;

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
