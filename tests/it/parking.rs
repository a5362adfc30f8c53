//! A provider that asks for a pause is left alone by everybody, until it can be asked again.

use crate::harness::Workspace;

/// Works on its task, but is at its limit (until `reset`, a moment in seconds) as often as the file `limits` says.
fn limited(w: &Workspace, name: &str, reset: &str) {
    let count = w.outside().join("limits");
    std::fs::write(&count, "1").expect("write a file");
    let script = format!(
        "left=$(cat '{0}')\nif test $left -gt 0; then echo $((left - 1)) > '{0}'; fails 429 'slow down' \",\\\"reset\\\":{reset}\"; fi\n\
         echo $SWARM_TASK > $SWARM_TASK.txt\nsay COMPLETE_AND_READY_FOR_MERGE\nend",
        count.display()
    );
    w.speaker(name, &script);
}

fn cycles(w: &Workspace) -> usize {
    w.cycles().len()
}

#[test]
fn nobody_asks_it_before_its_time_and_others_go_on() {
    let w = Workspace::new();
    w.config("workers: [{agent: author}]\nlimits: {attempts: 1}");
    limited(&w, "author", "4102444800");
    for id in ["a", "b", "c"] {
        w.file(id, "---\nagent: author\n---\n# A task\n");
    }
    w.task_with("other", "priority: 4\nagent: script", "echo x > other.txt");
    let mut swarm = w.start_in_background(["-n", "1"]);
    let parked = swarm.wait_for_event(|event| event.is("provider_parked"));
    assert!(parked.text("reason").contains("slow down"), "{}", parked.text("reason"));
    swarm.wait_for_event(|event| event.moves("other", "complete"));
    w.swarm(["status"]).code(0).says("author: not asked until ").says("slow down");
    w.swarm(["explain", "b"]).code(0).says("author is not asked until ");
    swarm.signal(rustix::process::Signal::INT);
    swarm.wait();
    assert_eq!(cycles(&w), 2, "one asked, and the other agent's");
    assert!(w.is_in("pending", "a").contains("attempts: 0"));
    // It holds after a restart too.
    w.task_with("more", "agent: script", "echo x > more.txt");
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.moves("more", "complete"));
    swarm.signal(rustix::process::Signal::INT);
    swarm.wait();
    assert_eq!(cycles(&w), 3);
    w.holds_the_laws();
}

/// Its worker would sleep as long, and nobody else would know of the limit.
#[test]
fn an_agent_that_waits_for_a_long_limit_by_itself_is_ended_and_its_provider_left_alone() {
    for (limits, words, told) in [
        ("grace: 100ms", "usage limit, try again in 3600s", "provider_parked"),
        ("patience: 100ms", "429 Too Many Requests", "provider_parked"),
        ("grace: 100ms", "401 Unauthorized", "does not accept the login"),
    ] {
        let w = Workspace::new();
        w.config(&format!("limits: {{attempts: 1, infra: 1, {limits}}}\n"));
        w.namer("patient", &format!("begin; waits '{words}'\n{}", w.awaits("never")));
        w.task_for("patient", "work");
        let mut swarm = w.start_in_background(["-n", "1"]);
        swarm.wait_for_event(|event| event.moves("work", "pending") || event.moves("work", "blocked"));
        swarm.signal(rustix::process::Signal::INT);
        swarm.wait().says(told);
        assert_eq!(w.cycles().len(), 1);
        w.holds_the_laws();
    }
}

#[test]
fn an_agent_gets_over_a_short_limit_by_itself() {
    let w = Workspace::new();
    w.config("limits: {grace: 10m, patience: 10m}\n");
    let waits = format!("begin; waits '429 Too Many Requests'\n{}\n{}", w.gives("waiting"), w.awaits("go"));
    w.namer("patient", &format!("{waits}\nthrough; echo x > x.txt; ready"));
    w.task_for("patient", "work");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("waiting");
    w.give("go");
    swarm.wait().code(0);
    w.is_in("complete", "work");
    w.holds_the_laws();
}

#[test]
fn when_its_time_has_come_one_goes_first_and_the_others_follow() {
    let w = Workspace::new();
    w.config("workers: [{agent: author}]\nlimits: {attempts: 1}");
    // It is over at once, so that it is asked again after a second.
    limited(&w, "author", "1");
    for id in ["a", "b", "c"] {
        w.file(id, "# A task\n");
    }
    let ended = w.start(["--drain", "-n", "1"]);
    ended.code(0);
    ended.event(|event| event.is("provider_parked") && event.text("provider") == "author");
    ended.event(|event| event.is("provider_resumed") && event.text("provider") == "author");
    assert_eq!(cycles(&w), 4, "one was limited");
    for id in ["a", "b", "c"] {
        w.is_in("complete", id);
    }
    assert!(!w.path(".swarm/providers/author.json").exists());
    w.holds_the_laws();
}

#[test]
fn agents_of_one_provider_share_its_pause_and_a_task_waits_for_its_reviewer() {
    let w = Workspace::new();
    w.config("workers: [{agent: author}]\nreviewer: judge\nlimits: {attempts: 1, infra: 1}");
    w.author("author", "echo x > x.txt\nready");
    w.speaker("judge", "fails 429 'slow down' ',\"reset\":4102444800'");
    w.speaker("cousin", "say COMPLETE_AND_READY_FOR_MERGE\nend");
    for name in ["judge", "cousin"] {
        let path = format!("config/agents/{name}.yaml");
        w.write(&path, format!("{}provider: acme\n", w.read(&path)));
    }
    w.file("work", "# Work\n");
    w.start(["--once"]);
    let text = w.is_in("pending", "work");
    assert!(text.contains("attempts: 0") && text.contains("not_before: "), "{text}");
    assert_eq!(w.cycles_of("work")[0]["outcome"], "rate_limited");
    w.file("cousins", "---\nagent: cousin\n---\n# Work\n");
    w.swarm(["list"]).code(0).says("cousin is not asked until ");
    w.holds_the_laws();
}
