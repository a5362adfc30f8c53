use super::*;
use crate::model::outcome::Outcome;

fn some_progress() -> Progress {
    Progress {
        attempts: 2,
        not_before: Some("2026-11-20T23:10:00.75+01:00".parse().unwrap()),
        last: Some(Last {
            run: "20261120T220001-k3qd".into(),
            worker: "w2".into(),
            cycle: 7,
            outcome: Outcome::VerifyFailed,
        }),
        feedback: Some(
            "cargo test failed (exit 101):\n\n  \u{1b}[31merror\u{1b}[0m: it's \"bad\" 🦀 [[[\r\nend  \n".into(),
        ),
        ..Progress::default()
    }
}

fn edit(text: &str, progress: &Progress) -> String {
    let edited = with_progress(text.as_bytes(), progress).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    String::from_utf8(edited).unwrap()
}

#[test]
fn the_block_reads_like_the_contract() {
    insta::assert_snapshot!(edit("---\ntitle: x # mine\n---\nbody", &some_progress()), @r#"
    ---
    title: x # mine
    swarm:
      attempts: 2
      not_before: 2026-11-20T22:10:00Z
      last:
        run: 20261120T220001-k3qd
        worker: w2
        cycle: 7
        outcome: verify_failed
      feedback: |-
        cargo test failed (exit 101):

          error: it's "bad" 🦀 [[[
        end
      cost_usd: null
    ---
    body
    "#);
}

#[test]
fn the_block_takes_the_place_of_the_old_one_wherever_it_stands() {
    let block = "swarm:\n  attempts: 1\n  cost_usd: null\n";
    let progress = Progress { attempts: 1, ..Progress::default() };
    for (before, after) in [
        ("", "---\nBLOCK---\n"),
        ("body", "---\nBLOCK---\nbody"),
        ("\u{feff}body\n", "\u{feff}---\nBLOCK---\nbody\n"),
        ("---\n---", "---\nBLOCK---"),
        ("---\n# note\n---\n", "---\n# note\nBLOCK---\n"),
        ("---\na: b\n\n# end\n---\n", "---\na: b\n\n# end\nBLOCK---\n"),
        ("---\na: |+\n  x\n\n---\n", "---\na: |+\n  x\n\nBLOCK---\n"),
        ("---\nswarm:\n  attempts: 9\n\n# mine\nz: y\n---\n", "---\nBLOCK\n# mine\nz: y\n---\n"),
        ("---\nswarm: {attempts: 9,\nx: [\n1]\n} # gone\nz: y # kept\n---\n", "---\nBLOCKz: y # kept\n---\n"),
        ("---\na: |+\n  x\n\nswarm: ~\nz: y\n---\n", "---\na: |+\n  x\n\nBLOCKz: y\n---\n"),
        ("---\nswarm:\n---\n", "---\nBLOCK---\n"),
        ("---\n\"swarm\": {}\n---\n", "---\nBLOCK---\n"),
        ("---\nswarm:\n  attempts: 1\n      # deep note\n---\n", "---\nBLOCK      # deep note\n---\n"),
        ("---\nx:\n  swarm: mine\n---\n", "---\nx:\n  swarm: mine\nBLOCK---\n"),
        (
            "---\nx: |\n  a\nswarm:\n  feedback: |\n    a: [\n\n    ---x\ny: \"\nswarm: z\"\n---\n",
            "---\nx: |\n  a\nBLOCKy: \"\nswarm: z\"\n---\n",
        ),
    ] {
        let expected = after.replace("BLOCK", block).replace("  x: [\n1]\n", "");
        let unknown = if before.contains("x: [") { "  x:\n  - 1\n" } else { "" };
        let progress = Progress { other: read(before).progress.other, ..progress.clone() };
        let expected = expected.replace("cost_usd: null\n", &format!("cost_usd: null\n{unknown}"));
        assert_eq!(edit(before, &progress), expected, "{before:?}");
        let crlf = before.replace('\n', "\r\n");
        if before.contains('\n') {
            assert_eq!(edit(&crlf, &progress), expected.replace('\n', "\r\n"), "{crlf:?}");
        }
    }
}

#[test]
fn a_comment_of_the_users_below_the_block_is_never_drawn_into_the_feedback() {
    let before = "---\nswarm:\n  attempts: 1\n          # deep\n\n   # less deep\nz: y\n---\n";
    let after = edit(before, &some_progress());
    assert!(after.ends_with("  cost_usd: null\n          # deep\n\n   # less deep\nz: y\n---\n"), "{after}");
    assert_eq!(read(&after).progress, some_progress().normal());
}

#[test]
fn any_feedback_reads_back() {
    for feedback in [
        "---\n...\n--- x",
        "  indented first",
        "\tTab first\n\t\ttabs",
        "# comment\n#",
        "key: value\n- list\n? a\n: b\n*a &b !c %d @e `f`",
        "\"quotes' \\ $HOME {{x}} {% y %}",
        "a\n\n\n\nb",
        "a\n    \n   b",
        "| >\n|-\n>+",
        "swarm:\n  attempts: 9",
        "line\u{2028}separator\u{85}next\u{feff}bom\0nul\u{7}bell\u{fffe}",
        "\u{1b}]0;title\u{7}text",
        "🦀 \u{10ffff} \u{e000} \u{fffd} é e\u{301} \u{200d}\u{202e}",
        "\n\n  \n",
        "",
    ] {
        let progress = Progress { feedback: Some(feedback.into()), ..some_progress() };
        for text in ["body\n", "---\na: b\n---\n", "\u{feff}---\r\na: b\r\n---\r\n"] {
            let after = edit(text, &progress);
            assert_eq!(read(&after).progress, progress.normal(), "{after}");
            assert_eq!(edit(&after, &progress), after);
            assert_eq!(edit(&after, &read(&after).progress), after);
        }
    }
}

#[test]
fn a_feedback_of_any_size_leaves_a_file_that_can_be_read() {
    for feedback in ["[{\"".repeat(100_000), "x\n".repeat(500_000), "🦀".repeat(100_000), " \n.".repeat(100_000)] {
        let progress = Progress { feedback: Some(feedback), ..Progress::default() };
        let body = "x".repeat(MAX_BYTES);
        let after = edit(&body, &progress);
        let task = read(&after);
        assert_eq!(task.body, body);
        let kept = task.progress.feedback.unwrap();
        assert!(kept.len() <= FEEDBACK_BYTES && kept.len() > FEEDBACK_BYTES / 2, "{}", kept.len());
    }
}

#[test]
fn keys_of_another_version_in_our_block_are_kept() {
    let before = "---\nswarm:\n  attempts: 1\n  z: {deep: [1, two, 3.5, null, true]}\n  a: \"0123\"\n  m: |\n    x\n\n    y: z\n---\n";
    let task = read(before);
    let progress = Progress { attempts: 2, ..task.progress.clone() };
    let after = read(&edit(before, &progress)).progress;
    assert_eq!(after.other, task.progress.other);
    assert_eq!((after.attempts, after.other.len()), (2, 3));
}

#[test]
fn a_file_that_cannot_be_edited_with_certainty_is_left_alone() {
    for text in [
        "---\ntitle: x\n",
        "---\na: b: c\n---\n",
        "---\n{a: b}\n---\n",
        "---\na: b\na: c\n---\n",
        "a\0b",
        "---\n? a\n---\n",
    ] {
        assert!(with_progress(text.as_bytes(), &some_progress()).is_err(), "{text:?}");
    }
    assert!(with_progress(b"\xff", &some_progress()).is_err());
}

#[test]
fn a_wrong_value_of_the_users_does_not_hinder_the_edit() {
    assert!(edit("---\npriority: wrong\n---\n", &some_progress()).starts_with("---\npriority: wrong\nswarm:\n"));
}
