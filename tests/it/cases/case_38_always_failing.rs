//! A task that always fails is tried a counted number of times, with growing pauses, and then waits for a person.

use crate::harness::Workspace;

#[test]
fn a_task_that_always_fails_is_tried_exactly_three_times_with_growing_pauses() {
    let w = Workspace::new();
    w.config("limits: {attempts: 3, backoff: 1s}");
    w.task_with("a-hopeless", "priority: 0", "echo 'no hope here'\nexit 1");
    w.task("b-fine", "echo fine > fine.txt");
    let ended = w.start(["--drain", "-n", "1"]);
    ended.code(1);
    let cycles = w.cycles_of("a-hopeless");
    let tried: Vec<_> = cycles.iter().map(|cycle| (cycle["attempt"].clone(), cycle["outcome"].clone())).collect();
    assert_eq!(tried, [1, 2, 3].map(|attempt| (attempt.into(), "agent_error".into())));

    let text = w.is_in("blocked", "a-hopeless");
    assert!(text.contains("attempts: 3") && text.contains("no hope here") && text.contains("swarm retry"), "{text}");
    let claims: Vec<u64> = ended
        .events()
        .iter()
        .filter(|event| event.is_of("task_claimed", "a-hopeless"))
        .map(|event| event.t_ms())
        .collect();
    assert!(claims[1] - claims[0] >= 750 && claims[2] - claims[1] >= 1500, "the pauses do not grow: {claims:?}");
    let fine = ended.event(|event| event.moves("b-fine", "complete"));
    assert!(fine.t_ms() < claims[1], "the other was starved");
    w.holds_the_laws();

    // Nothing moves it but a person.
    w.start(["--drain"]).code(0);
    assert_eq!(w.cycles_of("a-hopeless").len(), 3);
    w.swarm(["retry", "a-hopeless"]).code(0);
    w.start(["--once"]).code(1);
    assert_eq!(w.cycles_of("a-hopeless").len(), 4);
}

#[test]
fn a_tasks_own_number_of_attempts_goes_before_the_settings() {
    let w = Workspace::new();
    w.config("limits: {attempts: 3, backoff: 0s}");
    w.task_with("once", "attempts: 1", "exit 1");
    w.start(["--drain"]).code(1);
    assert_eq!(w.cycles_of("once").len(), 1);
    w.is_in("blocked", "once");
}

#[test]
fn a_gate_that_cannot_be_run_costs_no_attempt_and_ends_with_a_person() {
    let w = Workspace::new();
    w.config("verify: [\"test ! -e fine.txt || no-such-program-anywhere\"]\nlimits: {backoff: 0s, infra: 2}");
    w.task("fine", "echo fine > fine.txt");
    w.start(["--drain"]).code(1);
    let text = w.is_in("blocked", "fine");
    assert!(text.contains("attempts: 0") && text.contains("no-such-program-anywhere"), "{text}");
    assert_eq!(w.cycles_of("fine").len(), 2);
    w.holds_the_laws();
}
