//! `config/policy.edn` of the first versions: bounds for every change.

use super::datum::Datum;
use super::remark::{Kind, Remark};

/// What of it has a meaning here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Globs that no change may touch.
    pub deny: Vec<String>,
    /// Rounds of review.
    pub rounds: Option<u64>,
    /// How long an author may take, in seconds.
    pub timeout_s: Option<u64>,
}

/// Reads the policy that stood in the file `path`.
pub fn policy(datum: &Datum, path: &str) -> (Policy, Vec<Remark>) {
    let mut policy = Policy::default();
    let mut remarks = Vec::new();
    let Datum::Map(entries) = datum else { return (policy, remarks) };
    let nested = entries.iter().filter(|(key, _)| key == "limits").flat_map(|(_, limits)| match limits {
        Datum::Map(limits) => limits.as_slice(),
        Datum::Nothing | Datum::Truth(_) | Datum::Number(_) | Datum::Text(_) | Datum::List(_) => &[],
    });
    for (key, value) in entries.iter().filter(|(key, _)| key != "limits").chain(nested) {
        let reason = match key.as_str() {
            "deny" => {
                policy.deny = value.texts().unwrap_or_default();
                let reason =
                    "such a change is not forbidden here: it waits for a reviewer's approval or a person's word";
                remarks.push(Remark::new(Kind::Look, path, reason).about("deny"));
                continue;
            }
            "max-review-attempts" => {
                policy.rounds = value.count().filter(|rounds| *rounds > 0);
                continue;
            }
            "propose-timeout-seconds" => {
                policy.timeout_s = value.count().filter(|seconds| *seconds > 0);
                continue;
            }
            "allow" => "a task's `files` say what it should touch, and `protected` what needs an approval",
            "review-timeout-seconds" => "`limits.timeout` is for every step, a reviewer's too",
            "max-lines-added" | "max-lines-deleted" | "max-files" | "allow-binary?" => {
                "no change is too large by itself: write a gate that counts, such as a script in `verify`"
            }
            _ => super::unknown::STRANGE,
        };
        remarks.push(Remark::new(Kind::NoCounterpart, path, reason).about(key));
    }
    (policy, remarks)
}
