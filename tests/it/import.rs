//! `swarm import oompa`: a project of oompa's becomes a workspace.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::harness::Workspace;

const SETTINGS: &str = r#"{
  "workers": [
    {"model": "claude:opus", "prompt": ["config/prompts/planner.md"], "max_cycle": 5, "wait_between": 60},
    {
      "_role": "engineer",
      "model": "codex:gpt-5.3-codex:medium",
      "prompt": ["prompts/house.md", "prompts/front.md"],
      "max_cycle": 10, "count": 2, "can_plan": false, "max_resumes": 7, "can_claim_gpu": true
    },
    {"model": "opencode:openrouter/kimi:free", "prompt": ["prompts/house.md"], "can_plan": false, "max_wait_for_tasks": 900},
    {"model": "cursor:fast", "max_cycle": 2, "colour": "red"}
  ],
  "reviewers": ["claude:opus:high", {"model": "gpt-5.4:xhigh", "prompt": "prompts/judge.md"}],
  "planner": {"model": "gemini2:pro", "prompt": "prompts/plan.md", "max_pending": 25}
}
"#;

const FIRST: &str = r#"; written by hand
{:id "T/1 first"            ; no name of a file
 :task/summary "Caf\u00e9: add \"auth\""
 :description "Sign tokens.

## Comments are code too
## Comments
See docs."
 :difficulty :medium
 :priority 1
 #_#_ :priority 9
 :files #{"src/auth.py"}
 :target_files ["tests/" "[broken"]
 :acceptance "1. Login works.
2. Tests pass."
 :due #inst "2026-02-01"
 :role_hint "engineer"
 :gpu_heavy true}
"#;

/// A repository in which oompa has been at work.
fn project() -> Workspace {
    let w = Workspace::without_repository();
    let bin = w.outside().join("bin");
    fs::create_dir(&bin).expect("make a folder");
    for name in ["codex", "claude", "opencode", "gemini"] {
        fs::write(bin.join(name), "#!/bin/sh\n").expect("write a program");
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).expect("make it executable");
    }
    let path = std::env::var("PATH").expect("there is a PATH");
    let w = w.with_env("PATH", format!("{}:{path}", bin.display()));
    w.git(["init", "-q", "-b", "trunk"]);
    w.write("README.md", "A small house.\n");
    w.write("oompa.json", SETTINGS);
    w.write("prompts/house.md", "Mind {targets} and {queue_md}.\n#oompa_directive:include_file \"style.md\"\n");
    w.write("prompts/style.md", "No {{tabs}} {% here.\n");
    w.write("prompts/front.md", "Only the front.\n");
    w.write("prompts/plan.md", "Now {pending_count} wait:\n{pending_tasks}\nmv ../tasks/pending/x.edn away\n");
    w.write("prompts/judge.md", "Be fair.\n");
    w.write("tasks/pending/first.edn", FIRST);
    w.write(
        "tasks/pending/second.json",
        r#"{"id": "second", "summary": "The second", "depends_on": ["T/1 first", "third"], "priority": "soon"}"#,
    );
    w.write("tasks/current/third.edn", "{:id \"third\", :summary \"Half done\", :acceptance [\"it runs\"]}");
    w.write("tasks/complete/old.edn", "{:id \"old\" :summary \"Done\" :completed-by \"w3\" :review-rounds 2}");
    w.write("tasks/complete/nameless.edn", "{:summary \"Without an id\"}");
    w.write("runs/ab12cd34/started.json", "{\"swarm-id\": \"ab12cd34\"}");
    w.commit("The first commit");
    w
}

/// Every file of oompa's, and what it holds.
fn files_of_oompa(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("list a folder").map(|entry| entry.expect("an entry").path()) {
            let shown = entry.strip_prefix(root).expect("below the root").display().to_string();
            if entry.is_dir() {
                if !shown.starts_with('.') {
                    walk(&entry, root, found);
                }
            } else if !shown.starts_with("config") && !shown.ends_with(".gitignore") {
                found.insert(shown, fs::read(&entry).expect("read a file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found.retain(|path, _| !(path.starts_with("tasks") && path.ends_with(".md")));
    found
}

#[test]
fn one_command_makes_a_workspace_of_a_project() {
    let w = project();
    let before = files_of_oompa(w.root());
    let ended = w.swarm(["import", "oompa"]);
    ended.code(0);
    println!("{}\n{}\n{}", ended.stdout, ended.stderr, w.read("config/swarm.yaml"));
    println!("{}", w.read("tasks/pending/T-1-first.md"));
    println!("{}\n{}", w.read("config/prompts/oompa-executor.md"), w.read("config/prompts/oompa-planner.md"));
    println!("{}", w.swarm(["check", "--skip-gates"]).stdout);
    println!("{}", w.swarm(["lint"]).stdout);
    println!("{}", w.swarm(["list"]).stdout);
    assert_eq!(files_of_oompa(w.root()), before);
    let _: Option<Value> = None;
}
