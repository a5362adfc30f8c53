//! The signals in an agent's final message.
//!
//! A signal stands alone on its line, at its beginning, outside of fenced code; the last of a kind wins. Prose
//! that mentions one has no effect.

use super::markdown::{Lines, Part};
use super::task::TaskId;

/// What an agent may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The work is done.
    Ready,
    /// It asks a person.
    NeedsInput(String),
    /// The task must be planned anew.
    Replan(String),
    /// Nothing needs to change.
    NoChange(String),
    /// Nothing more in this cycle.
    Done,
    /// It wants these tasks.
    Claim(Vec<TaskId>),
}

/// The signals of one message: at most one of each kind, in the order of precedence.
pub fn signals(message: &str) -> Vec<Signal> {
    let mut found: [Option<Signal>; 6] = Default::default();
    for line in Lines::new(message).filter(|line| line.part == Part::Text) {
        if let Some(signal) = signal(line.text.trim_end()) {
            let rank = signal.rank();
            found[rank] = Some(signal);
        }
    }
    found.into_iter().flatten().collect()
}

fn signal(line: &str) -> Option<Signal> {
    let reason =
        |word: &str| line.strip_prefix(word).map(|rest| rest.trim().to_owned()).filter(|rest| !rest.is_empty());
    match line {
        "COMPLETE_AND_READY_FOR_MERGE" => Some(Signal::Ready),
        "__DONE__" => Some(Signal::Done),
        _ => reason("NEEDS_INPUT:")
            .map(Signal::NeedsInput)
            .or_else(|| reason("REPLAN:").map(Signal::Replan))
            .or_else(|| reason("NO_CHANGE:").map(Signal::NoChange))
            .or_else(|| claim(line).map(Signal::Claim)),
    }
}

fn claim(line: &str) -> Option<Vec<TaskId>> {
    let inside = line.strip_prefix("CLAIM(")?.strip_suffix(')')?;
    inside.split(',').map(|id| TaskId::parse(id.trim()).ok()).collect()
}

impl Signal {
    fn rank(&self) -> usize {
        match self {
            Signal::Ready => 0,
            Signal::NeedsInput(_) => 1,
            Signal::Replan(_) => 2,
            Signal::NoChange(_) => 3,
            Signal::Done => 4,
            Signal::Claim(_) => 5,
        }
    }

    /// The word, as it stands in records.
    pub fn word(&self) -> &'static str {
        match self {
            Signal::Ready => "COMPLETE_AND_READY_FOR_MERGE",
            Signal::NeedsInput(_) => "NEEDS_INPUT",
            Signal::Replan(_) => "REPLAN",
            Signal::NoChange(_) => "NO_CHANGE",
            Signal::Done => "__DONE__",
            Signal::Claim(_) => "CLAIM",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_counts_only_alone_on_its_line_outside_of_code() {
        for (message, expected) in [
            ("done\nCOMPLETE_AND_READY_FOR_MERGE", vec![Signal::Ready]),
            ("COMPLETE_AND_READY_FOR_MERGE  \r\n", vec![Signal::Ready]),
            ("I will print COMPLETE_AND_READY_FOR_MERGE when I am done", vec![]),
            ("> COMPLETE_AND_READY_FOR_MERGE", vec![]),
            ("`COMPLETE_AND_READY_FOR_MERGE`", vec![]),
            ("  COMPLETE_AND_READY_FOR_MERGE", vec![]),
            ("NOT COMPLETE_AND_READY_FOR_MERGE", vec![]),
            ("```\nCOMPLETE_AND_READY_FOR_MERGE\n```", vec![]),
            ("```\nx\n```\nCOMPLETE_AND_READY_FOR_MERGE", vec![Signal::Ready]),
            ("NEEDS_INPUT: which one?", vec![Signal::NeedsInput("which one?".into())]),
            ("NEEDS_INPUT: one\nNEEDS_INPUT: two", vec![Signal::NeedsInput("two".into())]),
            ("NEEDS_INPUT:", vec![]),
            ("REPLAN: no\nCOMPLETE_AND_READY_FOR_MERGE", vec![Signal::Ready, Signal::Replan("no".into())]),
            ("__DONE__\nNO_CHANGE: is so", vec![Signal::NoChange("is so".into()), Signal::Done]),
            ("CLAIM(a, b-2)", vec![Signal::Claim(vec![TaskId::parse("a").unwrap(), TaskId::parse("b-2").unwrap()])]),
            ("CLAIM(a, ../b)", vec![]),
            ("CLAIM()", vec![]),
        ] {
            assert_eq!(signals(message), expected, "{message:?}");
        }
    }
}
