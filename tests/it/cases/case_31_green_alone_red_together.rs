//! Branches that are green alone and red together: the base is never red, and only the later one is to blame, whether
//! they come one by one or in a batch.

use crate::harness::{Running, Workspace};

/// A workspace whose gate fails where both `left.txt` and `right.txt` are; it waits where the plug is merged onto the
/// base, so that what gets ready meanwhile queues up.
fn workspace(batch: u32) -> Workspace {
    let w = Workspace::new();
    let gate = format!(
        "if test -e plug.txt -a -e first.txt; then {}; {}; fi; test ! -e left.txt -o ! -e right.txt",
        w.gives("plugged"),
        w.awaits("go")
    );
    w.config(&format!(
        "verify: [{}]\nintegrate: {{batch: {batch}}}\nlimits: {{attempts: 1, backoff: 0s}}\n",
        serde_json::to_string(&gate).expect("write JSON")
    ));
    w
}

/// Starts a swarm and lets these tasks get ready one after the other while the merge queue is busy.
fn queue_up<'a>(w: &'a Workspace, ids: &[&str]) -> Running<'a> {
    w.task("plug", &format!("{}\necho plug > plug.txt", w.awaits("first-landed")));
    w.task("first", "echo first > first.txt");
    let mut swarm = w.start_in_background(["--drain", "-n", "2"]);
    swarm.wait_for_event(|event| event.moves("first", "complete"));
    // One of the two workers; the other has the plug, and then all that follows.
    w.task("holder", &format!("{}\n{}\necho holder > holder.txt", w.gives("held"), w.awaits("go")));
    w.wait_for_sign("held");
    w.give("first-landed");
    w.wait_for_sign("plugged");
    for (place, id) in ids.iter().enumerate() {
        let wait = if place == 0 { w.awaits("all") } else { "true".to_owned() };
        w.task_with(id, &format!("priority: {}", place.min(3)), &format!("{wait}\necho {id} > {id}.txt"));
        if place == 0 {
            swarm.wait_for_event(|event| event.begins("implement", id));
        }
    }
    w.task_with("last", "priority: 4", &format!("{}\n{}\necho last > last.txt", w.gives("queued"), w.awaits("go")));
    w.give("all");
    // Its worker has handed over all before it.
    w.wait_for_sign("queued");
    swarm
}

/// Everybody but `blamed` has landed, in this order, and no commit on the base is red.
#[track_caller]
fn only_blamed_is(w: &Workspace, blamed: &str, landed: &[&str]) {
    assert_eq!(w.tasks_in("blocked"), [blamed]);
    let cycle = w.cycles_of(blamed).pop().expect("a cycle");
    assert_eq!(cycle["outcome"], "verify_failed");
    let text = w.is_in("blocked", blamed);
    assert!(text.contains("merged onto the newest trunk") && text.contains("left.txt"), "{text}");
    w.at_commit(&format!("refs/swarm/salvage/{blamed}/1")).has(&format!("{blamed}.txt"));
    let mut carried: Vec<String> = w.base().carried().into_iter().map(|(_, id)| id).collect();
    carried.reverse();
    let order: Vec<&str> = carried.iter().map(String::as_str).filter(|id| landed.contains(id)).collect();
    assert_eq!(order, landed);
    for id in ["first", "plug", "holder", "last"] {
        assert_eq!(w.cycles_of(id).len(), 1, "{id} was tried again");
    }
    for commit in w.git(["rev-list", "trunk"]).lines() {
        let files = w.at_commit(commit).files();
        let has = |name: &str| files.iter().any(|file| file == name);
        assert!(!(has("left.txt") && has("right.txt")), "{commit} is red");
    }
    w.holds_the_laws();
}

#[test]
fn one_by_one_the_later_is_to_blame() {
    for ids in [["left", "right"], ["right", "left"]] {
        let w = workspace(1);
        let swarm = queue_up(&w, &ids);
        w.give("go");
        swarm.wait().code(1);
        only_blamed_is(&w, ids[1], &ids[..1]);
    }
}

#[test]
fn in_a_batch_the_later_is_to_blame_and_the_earlier_lands() {
    for ids in [["left", "right"], ["right", "left"]] {
        let w = workspace(8);
        let swarm = queue_up(&w, &ids);
        w.give("go");
        swarm.wait().code(1);
        only_blamed_is(&w, ids[1], &ids[..1]);
    }
}

#[test]
fn the_innocent_of_a_red_batch_land_in_their_order() {
    let w = workspace(8);
    let swarm = queue_up(&w, &["a", "left", "b", "right", "c"]);
    w.give("go");
    swarm.wait().code(1);
    only_blamed_is(&w, "right", &["a", "left", "b", "c"]);
    for id in ["a", "left", "b", "c"] {
        assert_eq!(w.cycles_of(id).len(), 1, "{id} was tried again");
    }
}

#[test]
fn a_batch_that_is_green_together_is_verified_once() {
    let w = workspace(8);
    let swarm = queue_up(&w, &["a", "b", "c", "d"]);
    w.give("go");
    swarm.wait().code(0);
    let runs = |id: &str| {
        let cycle = w.cycles_of(id).pop().expect("a cycle");
        cycle["steps"].as_array().expect("steps").iter().filter(|step| step["step"] == "verify").count()
    };
    for id in ["a", "b", "c", "d"] {
        assert_eq!(runs(id), 2, "{id}: alone, and once with the others");
    }
    let logs = std::fs::read_dir(w.last_run().folder.join("logs")).expect("list").flatten();
    let merged = logs.filter(|log| log.file_name().to_string_lossy().starts_with("queue-gate")).count();
    assert!(merged <= 4, "{merged} runs of the gate in the merge queue");
    w.holds_the_laws();
}
