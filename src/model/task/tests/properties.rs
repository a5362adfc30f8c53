use std::time::{Duration, Instant};

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::model::budget::Usd;
use crate::model::outcome::Outcome;

fn a_moment() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::of((0i64..4_000_000_000, 0i32..1_000_000_000).prop_map(|(s, n)| Timestamp::new(s, n).unwrap()))
}

fn a_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ \t\na#:|>\"'\\[{\\]}\\-]{0,40}",
        "[a-z0-9.]{1,8}",
        Just("true".to_owned()),
        Just("0x1".to_owned())
    ]
}

prop_compose! {
    fn a_progress()(
        attempts in 0u32..9,
        (infra, review_rounds) in (0u32..3, 0u32..3),
        not_before in a_moment(),
        completed_at in a_moment(),
        feedback in prop::option::of(a_text()),
        last in prop::option::of((a_text(), a_text(), any::<u32>())),
        commit in prop::option::of(a_text()),
        cost_usd in prop::option::of(0.0f64..1e6),
        session in prop::option::of((a_text(), a_text(), [prop::option::of(a_text()), prop::option::of(a_text())], 0usize..99)),
        counted in prop::option::of((prop::option::of(0u64..1 << 60), prop::option::of(0.0f64..1e6))),
        held in any::<bool>(),
        kept in prop::option::of((a_text(), a_text(), any::<bool>(), any::<bool>())),
        other in prop::collection::vec((a_text(), a_text(), any::<i64>()), 0..3),
    ) -> Progress {
        Progress {
            attempts,
            infra,
            review_rounds,
            not_before,
            last: last.map(|(run, worker, cycle)| Last { run, worker, cycle, outcome: Outcome::Stuck }),
            feedback,
            commit,
            completed_at,
            cost_usd,
            failed_usd: cost_usd.map(|cost| cost / 2.0),
            cycles_without_cost: review_rounds,
            session: session.map(|(agent, id, [contract, slot], told)| Session {
                agent,
                id,
                contract,
                told,
                slot,
                counted: counted.map(|(tokens, usd)| Counted {
                    input_tokens: tokens,
                    cost_usd: usd.and_then(Usd::new),
                    ..Counted::default()
                }),
            }),
            held,
            kept: kept.map(|(commit, contract, ready, approved)| Kept { commit, contract, ready, approved }),
            other: other
                .iter()
                .map(|(key, text, number)| {
                    let values = vec![text.as_str().into(), (*number).into(), serde_yaml::Value::Null];
                    (format!("x{key}").into(), values.into())
                })
                .collect(),
        }
    }
}

/// Pieces of which front matters are made, right and wrong ones.
fn a_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("# a comment".into()),
        Just("  # indented".into()),
        "[a-d]: [a-z0-9 ]{0,6}",
        "[a-d]: (\"x: y\"|'it''s'|\\[a, b\\]|\\{a: b\\}|\\|-?|>|\"open|\\[open|~|- x|b: c)",
        "[ ]{1,4}(- )?[a-z]{1,3}(: [a-z]{0,3})?",
        "[ ]{0,3}[\\]}\"',]{1,2}",
        "- [a-z\"]{1,4}",
        Just("swarm:".into()),
        Just("  attempts: 1".into()),
        Just("  feedback: |".into()),
        Just("    some: [text".into()),
        Just("swarm: {attempts: 3}".into()),
        "[ -~]{0,12}",
    ]
}

prop_compose! {
    fn a_file()(
        bom in any::<bool>(),
        crlf in any::<bool>(),
        fenced in prop::bool::weighted(0.9),
        lines in prop::collection::vec(a_line(), 0..8),
        body in prop_oneof![any::<String>(), "(# x\n|```sh\n|text\n|---\n|## Comments\n|\n){0,6}"],
    ) -> String {
        let head = if fenced { format!("---\n{}\n---\n", lines.join("\n")) } else { String::new() };
        let text = if crlf { head.replace('\n', "\r\n") } else { head };
        format!("{}{text}{body}", if bom { "\u{feff}" } else { "" })
    }
}

fn parse(text: &[u8]) -> Result<Task, InvalidTask> {
    Task::parse(TaskId::parse("x").unwrap(), text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_file_that_reads_can_be_edited_and_keeps_every_byte(text in a_file(), progress in a_progress()) {
        let Ok(task) = parse(text.as_bytes()) else { return Ok(()) };
        let edited = with_progress(text.as_bytes(), &progress);
        prop_assert!(edited.is_ok(), "{:?}: {:?}", text, edited);
        let edited = edited.unwrap();
        let after = parse(&edited).unwrap();
        prop_assert_eq!(&after.progress, &progress.normal());
        prop_assert_eq!(&after.body, &task.body);
        let same = |task: &Task| Task {
            progress: Progress::default(),
            body_line: 0,
            unknown: task.unknown.iter().map(|(key, _)| (key.clone(), 0)).collect(),
            ..task.clone()
        };
        prop_assert_eq!(same(&after), same(&task));
        prop_assert_eq!(with_progress(&edited, &progress).unwrap(), edited.clone(), "twice is once");
        prop_assert_eq!(with_progress(&edited, &after.progress).unwrap(), edited.clone(), "what was read is what is written");

        // What stands before and after the block, taken from the two files without the help of the parser.
        let edited = String::from_utf8(edited).unwrap();
        let kept = edited.find("swarm:").unwrap();
        if text.matches("swarm").count() == 0 && text.starts_with("---") && task.body_line > 1 {
            prop_assert!(text.starts_with(&edited[..kept]));
            let rest = &text[kept..];
            prop_assert!(edited.ends_with(rest));
        }
    }

    #[test]
    fn any_bytes_are_judged_without_a_panic_and_in_time(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let start = Instant::now();
        let _ = parse(&bytes);
        let _ = with_progress(&bytes, &Progress::default());
        let fenced = [b"---\n", bytes.as_slice(), b"\n---\n"].concat();
        let _ = parse(&fenced);
        prop_assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn any_text_between_fences_is_judged_without_a_panic(text in "[ \n\ta-c:#'\"\\[\\]{},|>&*!%@`?0-9+.\r\\\\\u{e9}\u{2028}-]{0,60}") {
        let file = format!("---\n{text}\n---\n");
        if let Ok(task) = parse(file.as_bytes()) {
            let edited = with_progress(file.as_bytes(), &Progress::default());
            prop_assert!(edited.is_ok(), "{:?} {:?}", file, edited);
            prop_assert_eq!(parse(&edited.unwrap()).unwrap().unknown, task.unknown);
        }
    }

    #[test]
    fn what_the_parser_reads_the_outline_reads_alike(lines in prop::collection::vec(a_line(), 1..8)) {
        let yaml = lines.join("\n") + "\n";
        if lines.iter().any(|line| line.starts_with("---") || line.starts_with("swarm") || line.contains("feedback") || line.contains("attempts")) {
            return Ok(());
        }
        let file = format!("---\n{yaml}---\n");
        if let Err(error) = parse(file.as_bytes()) {
            prop_assert!(!error.reason.contains("with certainty"), "{}: {}", yaml, error);
        }
    }
}
