//! What a list of gates says of a tree, and what two such words about one tree mean.
//!
//! Gates are taken at their word: red is red, and is paid for with an attempt. A second try of a gate that failed
//! doubles the price of every honest failure, so it is granted on evidence alone ([`deserves_a_second_try`]): the
//! same gate has passed on this very tree before, or it has been seen to contradict itself before, on any tree. That
//! work passed alone and fails once it is merged is *no* evidence: two works that contradict each other look the
//! same, all others wait for the one that merges, and the next attempt begins on the newest base anyway.

use serde::{Deserialize, Serialize};

use super::gate::Gate;

/// What the gates say of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Judgement {
    /// All succeeded.
    Green,
    /// One failed.
    Red {
        /// Its command.
        gate: String,
        /// The sentence, and the end of its output.
        reason: String,
    },
}

/// What is known of a gate that has just failed on a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// It has passed on this very tree before.
    pub passed_on_this_tree: bool,
    /// It has been seen to contradict itself, on any tree.
    pub is_known_to_flake: bool,
}

/// Whether a gate that has failed is run once more before its word counts.
pub fn deserves_a_second_try(evidence: Evidence) -> bool {
    evidence.passed_on_this_tree || evidence.is_known_to_flake
}

/// The gate that said two different things of one tree, if one did. `gates` are those of both judgements, in the
/// order they ran; whatever stands before the one that failed has passed.
pub fn flaky_gate<'a>(before: &'a Judgement, now: &'a Judgement, gates: &[Gate]) -> Option<&'a str> {
    let place = |command: &str| gates.iter().position(|gate| gate.run == command);
    match (before, now) {
        (Judgement::Green, Judgement::Green) => None,
        (Judgement::Green, Judgement::Red { gate, .. }) | (Judgement::Red { gate, .. }, Judgement::Green) => Some(gate),
        (Judgement::Red { gate: one, .. }, Judgement::Red { gate: other, .. }) if one == other => None,
        (Judgement::Red { gate: one, .. }, Judgement::Red { gate: other, .. }) => {
            Some(if place(one) < place(other) { one } else { other })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(gate: &str) -> Judgement {
        Judgement::Red { gate: gate.to_owned(), reason: "it failed".to_owned() }
    }

    #[test]
    fn a_second_try_needs_evidence() {
        for (passed_on_this_tree, is_known_to_flake, granted) in
            [(false, false, false), (true, false, true), (false, true, true), (true, true, true)]
        {
            let evidence = Evidence { passed_on_this_tree, is_known_to_flake };
            assert_eq!(deserves_a_second_try(evidence), granted, "{evidence:?}");
        }
    }

    #[test]
    fn the_gate_that_said_two_things_is_named() {
        let gates = ["fmt", "test", "docs"].map(Gate::command);
        for (before, now, flaky) in [
            (Judgement::Green, Judgement::Green, None),
            (Judgement::Green, red("test"), Some("test")),
            (red("test"), Judgement::Green, Some("test")),
            (red("test"), red("test"), None),
            // The later one failed, so the earlier one has passed this time; or it had passed the other time.
            (red("fmt"), red("docs"), Some("fmt")),
            (red("docs"), red("fmt"), Some("fmt")),
        ] {
            assert_eq!(flaky_gate(&before, &now, &gates), flaky, "{before:?}, then {now:?}");
        }
    }

    #[test]
    fn a_judgement_that_is_read_and_written_again_is_the_same() {
        assert_eq!(serde_json::to_string(&Judgement::Green).unwrap(), r#"{"verdict":"green"}"#);
        let text = serde_json::to_string(&red("test")).unwrap();
        assert_eq!(serde_json::from_str::<Judgement>(&text).unwrap(), red("test"));
    }
}
