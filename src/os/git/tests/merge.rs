//! Merges in memory: what comes out, and for whom.

use super::super::testing::{Fixture, commit, git, write};
use super::super::{Merge, Message, Oid, Repo, Strategy};

const ALL: [Strategy; 3] = [Strategy::Squash, Strategy::MergeCommit, Strategy::Rebase];
const MESSAGE: Message<'static> = Message { text: "Do it\n\nBecause.\n\nTask-Id: forged\n", task_id: "t-1" };

fn merge(repo: &Repo, tip: &Oid, head: &Oid, strategy: Strategy) -> Merge {
    repo.merge(tip, head, strategy, &MESSAGE).unwrap()
}

fn clean(merge: Merge) -> (Oid, Oid, Strategy) {
    match merge {
        Merge::Clean { commit, tree, how } => (commit, tree, how),
        other => panic!("{other:?}"),
    }
}

/// The commits of `range`, newest first, with author and message.
fn log(fixture: &Fixture, range: &str) -> Vec<String> {
    let format = "--format=%an|%s|%(trailers:key=Task-Id,valueonly,separator=%x2c)";
    fixture.git(["log", "--first-parent", format, range]).lines().map(str::to_owned).collect()
}

#[test]
fn every_strategy_brings_the_same_tree_whether_the_tip_moved_or_not() {
    for has_moved in [false, true] {
        let fixture = Fixture::new();
        let start = fixture.head();
        let slot = fixture.slot(0);
        write(slot.path(), "a", "1");
        commit(slot.path(), "first\n\nSigned-off-by: A <a@b>\nTask-Id: other");
        write(slot.path(), "README.md", "one\ntwo\nchanged\n");
        let head = commit(slot.path(), "second");
        let tip = if has_moved { fixture.commit_on(&start, "b", "2") } else { start };
        for strategy in ALL {
            let before = fixture.git(["for-each-ref"]);
            let (commit, tree, how) = clean(merge(&fixture.repo(), &tip, &head, strategy));
            assert_eq!(how, strategy);
            assert_eq!(fixture.rev(&format!("{commit}^{{tree}}")), tree);
            assert_eq!(fixture.git(["show", &format!("{commit}:a")]), "1");
            assert_eq!(fixture.git(["show", &format!("{commit}:README.md")]), "one\ntwo\nchanged");
            assert_eq!(fixture.git(["ls-tree", "--name-only", commit.as_str()]).contains('b'), has_moved);
            let wanted = match strategy {
                Strategy::Squash | Strategy::MergeCommit => vec!["swarm|Do it|t-1"],
                Strategy::Rebase => vec!["An Agent|second|t-1", "An Agent|first|t-1"],
            };
            assert_eq!(log(&fixture, &format!("{tip}..{commit}")), wanted);
            let parents = fixture.git(["rev-parse", &format!("{commit}^@")]);
            assert_eq!(parents.contains(head.as_str()), strategy == Strategy::MergeCommit);
            assert_eq!(fixture.repo().merged_as(Some(&tip), &commit, "t-1").unwrap(), Some(commit));
            assert_eq!(fixture.git(["for-each-ref"]), before, "nothing is published");
        }
    }
}

#[test]
fn a_rebase_keeps_author_date_and_text_of_each_commit() {
    let fixture = Fixture::new();
    let start = fixture.head();
    let slot = fixture.slot(0);
    for n in 0..4 {
        write(slot.path(), &format!("file-{n}"), "x");
        git(slot.path(), ["add", "-A"]);
        let author = format!("Ünï {n} <u{n}@example.org>");
        let date = format!("17000000{n}0 +0530");
        git(
            slot.path(),
            ["commit", "-q", "--author", &author, "--date", &date, "-m", &format!("Step {n} ü\n\nwhy {n}")],
        );
    }
    git(slot.path(), ["-c", "i18n.commitEncoding=latin1", "commit", "-q", "--allow-empty", "-m", "empty"]);
    let head = fixture.repo().resolve(&git(slot.path(), ["rev-parse", "HEAD"])).unwrap().unwrap();
    let tip = fixture.commit_on(&start, "moved", "x");
    let (commit, ..) = clean(merge(&fixture.repo(), &tip, &head, Strategy::Rebase));
    let format = "--format=%an <%ae> %ad%n%B";
    let of = |range: String| fixture.git(["log", "--date=raw", format, &range]);
    let original = of(format!("{start}..{head}^"));
    let replayed = of(format!("{tip}..{commit}")).replace("\n\nTask-Id: t-1", "");
    assert_eq!(replayed, original);
    assert!(fixture.git(["log", "--format=%cn", &format!("{tip}..{commit}")]).lines().all(|name| name == "swarm"));
}

#[test]
fn what_is_there_already_is_nothing_to_do() {
    let fixture = Fixture::new();
    let start = fixture.head();
    let slot = fixture.slot(0);
    write(slot.path(), "a", "1");
    let head = commit(slot.path(), "work");
    let empty = commit(slot.path(), "nothing more");
    write(slot.path(), "a", "2");
    commit(slot.path(), "there");
    write(slot.path(), "a", "1");
    let and_back = commit(slot.path(), "and back");
    let same = fixture.commit_on(&start, "a", "1");
    let further = fixture.commit_on(&same, "b", "2");
    let cases =
        [(&head, &start), (&head, &head), (&same, &head), (&further, &head), (&head, &empty), (&head, &and_back)];
    for (tip, head) in cases {
        for strategy in ALL {
            assert_eq!(merge(&fixture.repo(), tip, head, strategy), Merge::NothingToDo, "{strategy:?} {tip} {head}");
        }
    }
}

#[test]
fn a_conflict_names_the_files_and_what_happened() {
    let fixture = Fixture::new();
    fixture.write("sp ace/ü", "one\n");
    fixture.write("gone", "x\ny\nz\n");
    let start = fixture.commit("more");
    let slot = fixture.slot(0);
    write(slot.path(), "sp ace/ü", "theirs\n");
    std::fs::remove_file(slot.path().join("gone")).unwrap();
    write(slot.path(), "free", "x");
    let head = commit(slot.path(), "theirs");
    let tip = fixture.commit_on(&start, "sp ace/ü", "ours\n");
    let tip = fixture.commit_on(&tip, "gone", "x\ny\nchanged\n");
    for strategy in ALL {
        let Merge::Conflict { files, text } = merge(&fixture.repo(), &tip, &head, strategy) else { panic!() };
        assert_eq!(files, ["gone", "sp ace/ü"], "{strategy:?}");
        assert!(text.contains("CONFLICT (content): Merge conflict in sp ace/ü"), "{text}");
        assert!(text.contains("CONFLICT (modify/delete): gone"), "{text}");
        assert!(!text.contains("Auto-merging"), "{text}");
        assert_eq!(text.contains("theirs):"), strategy == Strategy::Rebase, "{text}");
    }
}

#[test]
fn work_with_merges_in_it_is_squashed_instead_of_rebased() {
    let fixture = Fixture::new();
    let start = fixture.head();
    let slot = fixture.slot(0);
    write(slot.path(), "a", "1");
    commit(slot.path(), "work");
    let tip = fixture.commit_on(&start, "b", "2");
    git(slot.path(), ["merge", "-q", "--no-edit", tip.as_str()]);
    write(slot.path(), "c", "3");
    let head = commit(slot.path(), "after the merge");
    for tip in [tip.clone(), fixture.commit_on(&tip, "d", "4")] {
        let (commit, _, how) = clean(merge(&fixture.repo(), &tip, &head, Strategy::Rebase));
        assert_eq!(how, Strategy::Squash);
        assert_eq!(log(&fixture, &format!("{tip}..{commit}")), ["swarm|Do it|t-1"]);
        let changed = fixture.git(["diff", "--name-only", tip.as_str(), commit.as_str()]);
        assert_eq!(changed, "a\nc");
    }
}

#[test]
fn work_that_shares_no_history_is_a_conflict() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    git(slot.path(), ["checkout", "-q", "--orphan", "other"]);
    let head = commit(slot.path(), "from nothing");
    write(slot.path(), "x", "y");
    let head_with_file = commit(slot.path(), "x");
    for strategy in ALL {
        let merged = merge(&fixture.repo(), &fixture.head(), &head_with_file, strategy);
        let Merge::Conflict { files, text } = merged else { panic!() };
        assert!(files.is_empty() && text.contains("shares no commit"), "{text}");
    }
    assert_eq!(merge(&fixture.repo(), &fixture.head(), &head, Strategy::Squash), Merge::NothingToDo);
}

#[test]
fn replacements_an_agent_planted_do_not_change_what_is_merged() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    write(slot.path(), "a", "honest");
    let honest = commit(slot.path(), "honest");
    write(slot.path(), "a", "false");
    let false_one = commit(slot.path(), "false");
    git(slot.path(), ["replace", honest.as_str(), false_one.as_str()]);
    let (_, tree, _) = clean(merge(&fixture.repo(), &fixture.head(), &honest, Strategy::Squash));
    assert_eq!(fixture.git(["show", &format!("{tree}:a")]), "honest");
}
