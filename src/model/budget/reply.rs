//! What the budget command of the settings answers: plain words, or one JSON object.

use serde::Deserialize;

use super::Usd;
use crate::model::excerpt::shorten;

/// How much of a reason is kept, in bytes.
const REASON_BYTES: usize = 300;

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Yes.
    Yes,
    /// No, for this reason.
    No(String),
}

#[derive(Deserialize)]
struct Spoken {
    ok: Option<bool>,
    reason: Option<String>,
    budget_usd: Option<Usd>,
}

/// Reads what it printed before it exited, with 0 if `succeeded`. Both must say yes; in plain words only the exit
/// counts, and the first line is the reason.
pub fn reply(succeeded: bool, printed: &str) -> Reply {
    let spoken: Option<Spoken> = serde_json::from_str(printed.trim()).ok();
    let said_no = spoken.as_ref().is_some_and(|spoken| spoken.ok == Some(false));
    if succeeded && !said_no {
        return Reply::Yes;
    }
    let plain = || printed.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
    let words = match &spoken {
        Some(spoken) => spoken.reason.clone().filter(|reason| !reason.trim().is_empty()),
        None => plain(),
    };
    let mut reason = words.unwrap_or_else(|| "the budget command says no".to_owned());
    if let Some(budget) = spoken.and_then(|spoken| spoken.budget_usd) {
        reason.push_str(&format!(" (its budget is {budget})"));
    }
    Reply::No(shorten(&reason, REASON_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_be_json_or_plain_words() {
        for (succeeded, printed, answer) in [
            (true, "", None),
            (true, "fine, go on\n", None),
            (true, "{\"ok\": true, \"budget_usd\": 20}", None),
            (true, "{}", None),
            (false, "\n  no money left \nat all", Some("no money left")),
            (false, "", Some("the budget command says no")),
            (true, "{\"ok\": false, \"reason\": \"empty\"}\n", Some("empty")),
            (false, "{\"ok\": true}", Some("the budget command says no")),
            (false, "{\"reason\": \"empty\", \"budget_usd\": 20}", Some("empty (its budget is $20.00)")),
            (false, "{\"ok\": \"maybe\"}", Some("{\"ok\": \"maybe\"}")),
        ] {
            let expected = answer.map_or(Reply::Yes, |reason| Reply::No(reason.to_owned()));
            assert_eq!(reply(succeeded, printed), expected, "{printed:?}");
        }
    }
}
