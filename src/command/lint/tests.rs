//! Small workspaces and what is said about them.

use std::fs;
use std::path::Path;

use super::run::{look, text};
use crate::model::state::State;
use crate::os::workspace::Place;

fn workspace(config: &str, tasks: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for state in State::ALL {
        fs::create_dir_all(folder.path().join("tasks").join(state.folder())).unwrap();
    }
    fs::create_dir_all(folder.path().join("config")).unwrap();
    fs::write(folder.path().join("config/swarm.yaml"), config).unwrap();
    for (name, text) in tasks {
        fs::write(folder.path().join("tasks").join(name), text).unwrap();
    }
    folder
}

fn found(root: &Path) -> Vec<String> {
    let place = Place::at(root, None).unwrap();
    let findings = look(&place).unwrap();
    anstream::adapter::strip_str(&text(&[], &findings)).to_string().lines().map(str::to_owned).collect()
}

#[test]
fn fine_tasks_are_nothing_to_talk_about() {
    let tasks = [("pending/a.md", "# A\n\nDo it.\n"), ("blocked/notes.txt", ""), ("complete/b.md", "# B\n")];
    assert_eq!(found(workspace("", &tasks).path()), Vec::<String>::new());
}

#[test]
fn each_mistake_is_named_with_its_place_and_what_to_do() {
    let folder = workspace(
        "verify: ['true', '# later']",
        &[
            ("pending/a.md", "---\ncolour: green\nagent: scrpt\nverify: none\ndepends_on: [bb]\n---\n# A\n"),
            ("blocked/b.md", "---\npriority: 9\n---\n# B\n"),
            ("pending/c.md", "---\ndepends_on: [d]\n---\n# C\n"),
            ("pending/d.md", "---\ndepends_on: [c]\nparent: c\n---\n# D\n"),
            ("pending/e.md", "---\ntype: epic\n---\n# E\n"),
            ("pending/f.md", ""),
            ("pending/g.MD", "# G\n"),
            ("review/My task.md", "# H\n"),
            ("complete/c.md", "# C\n"),
        ],
    );
    let expected = [
        "config/swarm.yaml: note: the gate `# later` does nothing",
        "tasks/blocked/b.md:2: error: priority",
        "tasks/complete/c.md: error: a task of the same name lies in pending/ too",
        "tasks/pending/a.md:2: note: the key `colour` means nothing; it is kept",
        "tasks/pending/a.md:3: error: there is no agent `scrpt`; did you mean `script`?",
        "tasks/pending/a.md:4: note: `verify: none` does not switch the workspace's gates off",
        "tasks/pending/a.md:5: error: depends on bb, and no task has that name",
        "tasks/pending/d.md:3: note: its parent c is no epic",
        "tasks/pending/e.md:2: note: is an epic without children",
        "tasks/pending/f.md: note: says nothing but its name",
        "tasks/pending/g.MD: error: is not seen",
        "tasks/review/My task.md: error: the id `My task` holds ' '",
    ];
    let found = found(folder.path());
    for (line, begins) in found.iter().zip(expected) {
        assert!(line.starts_with(begins), "{line}\n{begins}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_circle_is_told_once() {
    let tasks = [
        ("pending/a.md", "---\ndepends_on: [b]\n---\n# A\n"),
        ("pending/b.md", "---\ndepends_on: [c]\n---\n# B\n"),
        ("pending/c.md", "---\ndepends_on: [a]\n---\n# C\n"),
    ];
    let found = found(workspace("", &tasks).path());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("depends on itself: a → b → c → a"), "{found:#?}");
}
