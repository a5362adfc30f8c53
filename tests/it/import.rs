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

/// Imports and gives the document that it prints.
fn import(w: &Workspace, args: &[&str], code: i32) -> Value {
    let ended = w.swarm(["import", "oompa", "--json"].iter().chain(args));
    ended.code(code);
    serde_json::from_str(&ended.stdout).expect("one document")
}

/// The files of a document with this result.
fn files<'a>(document: &'a Value, result: &str) -> Vec<&'a str> {
    let files = document["files"].as_array().expect("files").iter();
    files.filter(|file| file["result"] == result).filter_map(|file| file["path"].as_str()).collect()
}

/// The remarks of a kind, as `path:line what`.
fn remarks(document: &Value, kind: &str) -> Vec<String> {
    let remarks = document["remarks"].as_array().expect("remarks").iter().filter(|remark| remark["kind"] == kind);
    remarks
        .map(|remark| {
            let text = |key: &str| remark[key].as_str().unwrap_or_default().to_owned();
            let line = remark["line"].as_u64().map(|line| format!(":{line}")).unwrap_or_default();
            format!("{}{line} {}", text("path"), text("what")).trim_end().to_owned()
        })
        .collect()
}

#[test]
fn one_command_makes_a_workspace_of_a_project() {
    let w = project();
    let before = files_of_oompa(w.root());
    w.swarm(["import", "oompa"]).code(0).says("made config/swarm.yaml").says("no counterpart:");
    assert_eq!(files_of_oompa(w.root()), before, "what is oompa's is as it was");

    w.swarm(["check", "--skip-gates"]).code(0).says("gemini (built in)").says("2 workers");
    let settings = w.read("config/swarm.yaml");
    for line in [
        "  - {agent: gemini, model: pro, role: planner, count: 1, max_pending: 25}",
        "  - {agent: claude, model: opus, role: planner, count: 1, pause_between: 60s}",
        "  - {agent: codex, model: gpt-5.3-codex, effort: medium, role: executor, count: 2}",
        "  - {agent: opencode, model: \"openrouter/kimi:free\", role: executor, count: 1}",
        "  # - {agent: cursor, model: fast, count: 1}",
        "  - {agent: claude, model: opus, effort: high}",
        "  - {agent: codex, model: gpt-5.4, effort: xhigh}",
        "  resumes: 7",
    ] {
        assert!(settings.lines().any(|known| known == line), "{line}\n{settings}");
    }

    let first = w.is_in("pending", "T-1-first");
    for line in [
        "title: \"Café: add \\\"auth\\\"\"",
        "priority: 1",
        "domain: gpu",
        "agent: \"codex:gpt-5.3-codex:medium\"",
        "  - \"Login works.\"",
        "Sign tokens.",
        "- id: T/1 first",
        "- due: 2026-02-01",
        "- files: [broken",
    ] {
        assert!(first.lines().any(|known| known == line), "{line}\n{first}");
    }
    assert!(w.is_in("pending", "second").contains("depends_on:\n  - \"T-1-first\"\n  - \"third\"\n"));
    w.is_in("pending", "third");
    w.is_in("complete", "old");
    w.is_in("complete", "nameless");
    let list = w.swarm(["list", "pending"]);
    list.code(0).says("T-1-first").says("Half done");
    w.swarm(["lint"]).code(0);
    w.swarm(["status"]).code(0);
    w.swarm(["runs"]).code(0);
}

#[test]
fn prompts_become_parts_of_templates_where_they_can_be_used() {
    let w = project();
    let document = import(&w, &[], 0);
    assert_eq!(
        w.read("config/prompts/oompa-executor.md"),
        "Mind * and {queue_md}.\nNo {{ \"{{\" }}tabs}} {{ \"{%\" }} here.\n"
    );
    let plan = w.read("config/prompts/oompa-planner.md");
    assert!(plan.starts_with("Now {{ waiting_count }} wait:\n{% for task in waiting %}"), "{plan}");
    assert_eq!(w.read("config/prompts/oompa-reviewer.md"), "Be fair.\n");
    assert!(w.read("config/prompts/executor.md").contains("{% include \"oompa-executor.md\" %}"));
    assert!(!w.path("config/prompts/worker.md").exists(), "no worker has words of its own");
    let none = remarks(&document, "no_counterpart");
    for line in ["prompts/house.md:1 {queue_md}", "prompts/front.md", "config/prompts/planner.md", "tasks difficulty"] {
        assert!(none.iter().any(|known| known == line), "{line}: {none:?}");
    }
    let look = remarks(&document, "look");
    for line in ["prompts/plan.md:3 tasks/pending", "oompa.json workers[0]", "oompa.json workers[3]", "tasks"] {
        assert!(look.iter().any(|known| known == line), "{line}: {look:?}");
    }
}

#[test]
fn a_second_import_adds_only_what_is_new() {
    let w = project();
    let first = import(&w, &[], 0);
    let made = files(&first, "made");
    let settings = w.read("config/swarm.yaml");
    // Meanwhile one is done, and another one's text is the user's.
    w.swarm(["hold", "third"]).code(0);
    w.write("tasks/pending/second.md", format!("{}\nMy words.\n", w.read("tasks/pending/second.md")));
    w.write("tasks/pending/new.edn", "{:id \"new\"}");
    let again = import(&w, &[], 0);
    assert_eq!(files(&again, "made"), ["tasks/pending/new.md"]);
    assert_eq!(files(&again, "there").len(), made.len(), "{made:?}\n{again:#}");
    w.is_in("blocked", "third");
    assert!(w.is_in("pending", "second").ends_with("My words.\n"));
    assert_eq!(w.read("config/swarm.yaml"), settings);
    assert!(!w.path("config/swarm.oompa.yaml").exists());
}

#[test]
fn a_dry_run_says_the_same_and_makes_nothing() {
    let w = project();
    let before = w.git(["status", "--porcelain", "--ignored"]);
    w.swarm(["import", "oompa", "--dry-run"]).code(0).says("would make tasks/pending/third.md");
    let dry = import(&w, &["--dry-run"], 0);
    assert_eq!(w.git(["status", "--porcelain", "--ignored"]), before);
    let wet = import(&w, &[], 0);
    assert_eq!(files(&dry, "would_make"), files(&wet, "made"));
    assert_eq!(dry["remarks"], wet["remarks"]);
}

#[test]
fn settings_and_tasks_that_are_there_stay() {
    let w = project();
    w.swarm(["init"]).code(0);
    assert!(files(&import(&w, &["--dry-run"], 0), "would_make").contains(&"config/swarm.yaml"), "untouched since init");
    w.write("config/swarm.yaml", "workers: [{agent: script}]\n");
    w.write("config/prompts/executor.md", "{% include \"task.md\" %}\n");
    w.task("second", "true");
    let mine = w.read("tasks/pending/second.md");
    let document = import(&w, &[], 1);
    assert_eq!(w.read("config/swarm.yaml"), "workers: [{agent: script}]\n");
    assert_eq!(w.read("config/prompts/executor.md"), "{% include \"task.md\" %}\n");
    assert_eq!(w.read("tasks/pending/second.md"), mine);
    assert!(w.read("config/swarm.oompa.yaml").contains("agent: gemini"));
    assert!(!w.path("config/prompts/oompa-executor.md").exists(), "nobody would read it");
    assert!(remarks(&document, "look").contains(&"config/swarm.yaml".to_owned()));
    assert_eq!(remarks(&document, "refused"), ["tasks/pending/second.json second"]);
    w.swarm(["check", "--skip-gates", "--config", "config/swarm.oompa.yaml"]).code(0);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line_and_costs_nothing_else() {
    let w = project();
    w.write("oompa.json", "{\n  \"workers\": [,]\n}\n");
    w.write("tasks/pending/latex.edn", "{:id \"latex\"\n :description \"the \\sigma of x\"}");
    w.write("tasks/pending/open.edn", "{:id \"open\"\n");
    w.write("tasks/pending/bytes.json", b"{\"id\": \"\xff\"}");
    w.write("tasks/pending/word.edn", "hello");
    w.write("tasks/pending/two.edn", "{:id \"two\"}\n{:id \"lost\"}");
    w.write("tasks/someday/idea.edn", "{:id \"idea\"}");
    w.write("config/tasks.edn", "[{:id \"third\" :summary \"the same\"} {:id \"listed\" :status :blocked}]");
    let document = import(&w, &[], 1);
    assert_eq!(
        remarks(&document, "refused"),
        [
            "oompa.json:2",
            "tasks/pending/bytes.json:1",
            "tasks/pending/latex.edn:2",
            "tasks/pending/open.edn:1",
            "tasks/pending/word.edn:1",
        ]
    );
    let look = remarks(&document, "look");
    for line in ["tasks/pending/two.edn:2", "tasks/someday", "config/tasks.edn third"] {
        assert!(look.iter().any(|known| known == line), "{line}: {look:?}");
    }
    w.is_in("pending", "two");
    w.is_in("blocked", "listed");
    w.is_in("complete", "old");
    assert!(!w.path("config/swarm.yaml").exists());
}

#[test]
fn files_that_nest_or_include_each_other_without_end_cost_only_themselves() {
    let w = project();
    w.write("tasks/pending/spaces.edn", "#:a ".repeat(200_000) + "{:id \"x\"}");
    w.write("tasks/pending/lists.json", "[".repeat(200_000));
    w.write(
        "tasks/pending/wide.edn",
        format!("{{{}}}", (0..118_000).map(|key| format!("{key} 0 ")).collect::<String>()),
    );
    for number in 0..15 {
        let next = format!("#oompa_directive:include_file \"a{}.md\"\n", number + 1);
        w.write(&format!("prompts/a{number}.md"), next.repeat(7));
    }
    w.write("prompts/a15.md", "hello\n");
    w.write("oompa.json", r#"{"workers": [{"model": "codex:a", "prompt": ["prompts/house.md", "prompts/a0.md"]}]}"#);
    let ended = w.swarm(["import", "oompa", "--dry-run"]);
    ended.code(1).says("tasks/pending/spaces.edn:1: values lie deeper in each other than 64");
    ended.says("prompts/a0.md: it is left out").says("prompts/a15.md was too much");
    let document = import(&w, &["--dry-run"], 1);
    // The last one is read, and is no task only because of its size.
    let refused =
        ["prompts/a0.md", "tasks/pending/lists.json:1", "tasks/pending/spaces.edn:1", "tasks/pending/wide.edn wide"];
    assert_eq!(remarks(&document, "refused"), refused);
    let planned = files(&document, "would_make");
    for path in ["config/prompts/oompa-worker.md", "tasks/pending/T-1-first.md"] {
        assert!(planned.contains(&path), "{path}: {planned:?}");
    }
}

#[test]
fn prompts_of_oompa_that_would_be_taken_for_templates_are_named() {
    let w = project();
    w.write("config/prompts/worker.md", "You are a worker.\n");
    w.write("config/prompts/_task_header.md", "Tasks lie in {{TASKS_ROOT}}.\n");
    let document = import(&w, &[], 0);
    let look = remarks(&document, "look");
    for line in ["config/prompts/worker.md", "config"] {
        assert!(look.iter().any(|known| known == line), "{line}: {look:?}");
    }
    assert_eq!(w.read("config/prompts/worker.md"), "You are a worker.\n");
    let settings = w.read("config/swarm.yaml");
    assert!(settings.contains("\n  - {agent: codex,") && settings.contains("\n  # - {agent: cursor,"), "{settings}");
}

#[test]
fn another_folder_can_be_imported_and_one_without_oompa_is_refused() {
    let old = project();
    let w = Workspace::new();
    w.swarm(["import", "oompa"]).code(2).says("there is nothing of oompa in");
    let from = old.root().to_str().expect("a plain path");
    let document = import(&w, &[from, "--dry-run"], 0);
    assert!(files(&document, "would_make").contains(&"config/swarm.oompa.yaml"), "the settings here are somebody's");
    w.swarm(["import", "oompa", from]).code(0);
    w.is_in("pending", "T-1-first");
    w.swarm(["import", "oompa", "nowhere"]).code(2).says("cannot go to nowhere");
}
