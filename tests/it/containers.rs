//! A swarm in a container: it sees only a part of the processes, and its session began outside of that part.

use crate::harness::{Workspace, program_under_test};

/// A command in a process namespace of its own, in the session of the test.
const IN_A_CONTAINER: [&str; 4] = ["--map-root-user", "--pid", "--fork", "--mount-proc"];

#[test]
fn what_an_agent_leaves_is_ended_although_the_session_has_no_number() {
    let w = Workspace::new();
    let container = |command: &str| {
        let args = IN_A_CONTAINER.iter().copied().chain(["sh", "-c", command]).collect::<Vec<_>>();
        w.run_in_background("unshare", &args).wait()
    };
    if !container("true").status.success() {
        eprintln!("this machine gives its user no namespaces: nothing to see here");
        return;
    }
    w.task("one", "setsid sleep 1000 > /dev/null 2>&1 &\nsleep 1000 > /dev/null 2>&1 &\necho one > one.txt");
    w.task("two", "(sleep 1000 &) > /dev/null 2>&1\necho two > two.txt");
    let (swarm, left) = (program_under_test(), w.sign("left"));
    let (swarm, left) = (swarm.display(), left.display());
    // The shell stays, so the swarm is not the first process of the container.
    let ended = container(&format!(
        "'{swarm}' start --drain --json -n 2; code=$?; cat /proc/[0-9]*/cmdline > '{left}'; exit $code"
    ));
    ended.code(0);
    w.is_in("complete", "one");
    w.is_in("complete", "two");
    let left = w.read(w.sign("left")).replace('\0', " ");
    assert!(left.contains("sh -c") && !left.contains("sleep 1000"), "{left}");
}
