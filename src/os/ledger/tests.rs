//! The ledger in a real folder: several writers, torn and foreign lines, a file that vanishes.

use std::fs;
use std::path::Path;

use super::*;
use crate::model::budget::{Kind, Spell, Usd};
use crate::model::config;
use crate::os::clock;

fn ledger(root: &Path) -> Ledger {
    let dirs = Dirs::new(root, &config::Dirs::default());
    fs::create_dir_all(dirs.locks()).unwrap();
    fs::create_dir_all(dirs.runs()).unwrap();
    Ledger::new(&dirs)
}

fn spend(cycle: u32, dollars: f64) -> Line {
    let spell = Spell { run_id: "run".into(), worker: "w0".into(), cycle, task: "t".parse().unwrap() };
    Line::new(clock::now(), spell, Some("d".into()), Kind::Spend, Usd::new(dollars).unwrap())
}

fn spent(ledger: &Ledger) -> f64 {
    ledger.look(|balances| balances.run("run").unwrap_or_default().dollars()).unwrap()
}

#[test]
fn what_is_written_is_known_to_others_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (ledger(folder.path()), ledger(folder.path()));
    assert_eq!(spent(&one), 0.0);
    one.write(|_| (vec![spend(1, 2.0)], ())).unwrap();
    assert_eq!(spent(&other), 2.0);
    let before = other.write(|balances| (vec![spend(2, 3.0)], balances.run("run"))).unwrap();
    assert_eq!(before, Usd::new(2.0));
    assert_eq!((spent(&one), spent(&ledger(folder.path()))), (5.0, 5.0));
    let text = fs::read_to_string(folder.path().join("runs/ledger.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&line["kind"], &line["usd"], &line["task"]), (&"spend".into(), &2.0.into(), &"t".into()));
    assert!(line.get("estimated").is_none());
}

#[test]
fn a_torn_end_is_passed_over_and_a_foreign_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ledger_file = folder.path().join("runs/ledger.jsonl");
    let one = ledger(folder.path());
    one.write(|_| (vec![spend(1, 2.0)], ())).unwrap();
    let add = |bytes: &[u8]| OpenOptions::new().append(true).open(&ledger_file).unwrap().write_all(bytes).unwrap();
    add(b"{\"schema\":1,\"at\":\"2026-");
    assert_eq!(spent(&one), 2.0);
    one.write(|_| (vec![spend(2, 3.0)], ())).unwrap();
    assert_eq!(spent(&one), 5.0);
    assert_eq!(one.odd_lines(), Vec::<String>::new());
    add(b"notes of mine\n{\"schema\":9}\n\n");
    add(&[vec![b'x'; 200_000], b"\n".to_vec()].concat());
    one.write(|_| (vec![spend(3, 1.0)], ())).unwrap();
    assert_eq!((spent(&one), spent(&ledger(folder.path()))), (6.0, 6.0));
    let odd = one.odd_lines();
    assert_eq!(odd.len(), 3, "{odd:?}");
    assert!(odd[0].starts_with("runs/ledger.jsonl:4: is no line of the ledger"), "{odd:?}");
    assert!(one.odd_lines().is_empty());
}

#[test]
fn a_last_line_without_its_end_counts_once_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let one = ledger(folder.path());
    one.write(|_| (vec![spend(1, 2.0)], ())).unwrap();
    let path = folder.path().join("runs/ledger.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    // As an editor leaves it.
    fs::write(&path, text.trim_end()).unwrap();
    one.write(|_| (vec![spend(2, 3.0)], ())).unwrap();
    assert_eq!(spent(&one), 5.0);
    fs::remove_file(&path).unwrap();
    assert_eq!(spent(&one), 0.0);
    fs::create_dir(&path).unwrap();
    assert!(one.look(|_| ()).is_err());
}

#[test]
fn many_writers_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    ledger(folder.path());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let root = folder.path();
            scope.spawn(move || {
                let own = ledger(root);
                for cycle in 0..25 {
                    own.write(|_| (vec![spend(writer * 100 + cycle, 0.01)], ())).unwrap();
                }
            });
        }
    });
    assert_eq!(spent(&ledger(folder.path())), 1.0);
}
