//! What a reviewer says: a verdict, findings, and an answer to each criterion, read from his final message.
//!
//! Nothing is guessed: prose that sounds like an approval is none, and neither is an approval beside a blocking
//! finding, an unmet criterion or a criterion without an answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clean::clip;
use super::markdown::{Lines, Part};

/// The most findings that are kept of one review.
const MOST_FINDINGS: usize = 200;
/// The longest text of a finding or a reason, in bytes.
const LONGEST_TEXT: usize = 4 * 1024;

/// Whether the work may be integrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Decision {
    /// It may.
    Approved,
    /// Something must change first.
    #[serde(rename = "NEEDS_CHANGES")]
    NeedsChanges,
}

/// Something that the reviewer has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The file, where one is named.
    #[serde(default)]
    pub path: Option<String>,
    /// The line, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// Whether it must be mended before the work may be integrated.
    pub blocking: bool,
    /// What it is.
    pub text: String,
}

/// The answer to one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// Which, from 1.
    pub criterion: usize,
    /// Whether it holds.
    pub met: bool,
    /// Why not.
    #[serde(default)]
    pub reason: String,
}

/// A complete review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What it comes to: an approval is one only if nothing in it says otherwise.
    pub decision: Decision,
    /// What was found.
    pub findings: Vec<Finding>,
    /// One for each criterion, in their order.
    pub acceptance: Vec<Answer>,
}

/// Why a message is no review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReview {
    /// It holds no verdict.
    #[error("the message holds no line `VERDICT: APPROVED` or `VERDICT: NEEDS_CHANGES`")]
    NoVerdict,
    /// It approves and leaves criteria open.
    #[error(
        "the approval does not answer the criteria {}: each needs a line `- [met] N` or `- [unmet] N why`",
        .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    Unanswered(Vec<usize>),
    /// Its beginning is lost.
    #[error("the message is so long that its beginning is lost: keep it to what the form asks for")]
    Cut,
}

/// The same as one JSON object.
#[derive(Deserialize)]
struct Object {
    verdict: Decision,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(default)]
    acceptance: Vec<Answer>,
}

/// Reads a reviewer's final message about work with so many criteria.
pub fn review(message: &str, criteria: usize) -> Result<Review, NoReview> {
    let said = match serde_json::from_str::<Object>(message.trim()) {
        Ok(object) => object,
        Err(_) => lines_of(message).ok_or(NoReview::NoVerdict)?,
    };
    let mut findings: Vec<Finding> = said.findings;
    let objects = findings.iter().any(|finding| finding.blocking);
    // Those that hold the work up are told first: none of them is lost among the others.
    findings.sort_by_key(|finding| !finding.blocking);
    findings.truncate(MOST_FINDINGS);
    for finding in &mut findings {
        finding.text = clip(&finding.text, LONGEST_TEXT);
    }
    // The last answer to a criterion counts.
    let answers: BTreeMap<usize, Answer> =
        said.acceptance.into_iter().map(|answer| (answer.criterion, answer)).collect();
    let open: Vec<usize> = (1..=criteria).filter(|number| !answers.contains_key(number)).collect();
    let acceptance: Vec<Answer> = answers
        .into_values()
        .filter(|answer| (1..=criteria).contains(&answer.criterion))
        .map(|answer| Answer { reason: clip(&answer.reason, LONGEST_TEXT), ..answer })
        .collect();
    let is_held = objects || acceptance.iter().any(|answer| !answer.met);
    let decision = match said.verdict {
        Decision::Approved if is_held => Decision::NeedsChanges,
        Decision::Approved if !open.is_empty() => return Err(NoReview::Unanswered(open)),
        decision => decision,
    };
    Ok(Review { decision, findings, acceptance })
}

fn lines_of(message: &str) -> Option<Object> {
    let mut verdict = None;
    let (mut findings, mut acceptance) = (Vec::new(), Vec::new());
    for line in Lines::new(message).filter(|line| line.part == Part::Text) {
        match line.text.trim_end() {
            "VERDICT: APPROVED" => verdict = Some(Decision::Approved),
            "VERDICT: NEEDS_CHANGES" => verdict = Some(Decision::NeedsChanges),
            text => {
                findings.extend(finding(text));
                acceptance.extend(answer(text));
            }
        }
    }
    Some(Object { verdict: verdict?, findings, acceptance })
}

fn finding(line: &str) -> Option<Finding> {
    let (blocking, rest) = match (line.strip_prefix("- [blocking]"), line.strip_prefix("- [note]")) {
        (Some(rest), _) => (true, rest.trim()),
        (None, Some(rest)) => (false, rest.trim()),
        (None, None) => return None,
    };
    let (first, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let place = first.trim_end_matches(':').rsplit_once(':').and_then(|(path, line)| Some((path, line.parse().ok()?)));
    Some(match place {
        Some((path, line)) if !path.is_empty() => {
            Finding { path: Some(path.to_owned()), line: Some(line), blocking, text: text.trim().to_owned() }
        }
        Some(_) | None => Finding { path: None, line: None, blocking, text: rest.to_owned() },
    })
}

fn answer(line: &str) -> Option<Answer> {
    let (met, rest) = match (line.strip_prefix("- [met]"), line.strip_prefix("- [unmet]")) {
        (Some(rest), _) => (true, rest.trim()),
        (None, Some(rest)) => (false, rest.trim()),
        (None, None) => return None,
    };
    let (number, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let criterion = number.trim_end_matches(['.', ':', ')']).parse().ok()?;
    Some(Answer { criterion, met, reason: reason.trim().to_owned() })
}

impl Finding {
    /// As one line: `path:line text`.
    pub fn to_line(&self) -> String {
        match (&self.path, self.line) {
            (Some(path), Some(line)) => format!("{path}:{line} {}", self.text),
            (Some(path), None) => format!("{path} {}", self.text),
            (None, _) => self.text.clone(),
        }
    }
}

impl Review {
    /// What must change, in the form in which a reviewer writes it: the feedback for the author.
    pub fn objections(&self) -> String {
        let word = |finding: &Finding| if finding.blocking { "blocking" } else { "note" };
        let findings = self.findings.iter().map(|finding| format!("- [{}] {}", word(finding), finding.to_line()));
        let unmet = self.acceptance.iter().filter(|answer| !answer.met);
        let unmet = unmet.map(|answer| format!("- [unmet] {} {}", answer.criterion, answer.reason));
        let lines: Vec<String> = findings.chain(unmet).collect();
        if lines.is_empty() { "(the reviewer gave no findings)".to_owned() } else { lines.join("\n") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(message: &str, criteria: usize) -> Option<Decision> {
        review(message, criteria).ok().map(|review| review.decision)
    }

    #[test]
    fn only_the_verdicts_own_line_is_a_verdict() {
        use Decision::{Approved, NeedsChanges};
        for (message, expected) in [
            ("VERDICT: APPROVED", Some(Approved)),
            ("Looks fine.\n\nVERDICT: APPROVED  \r\n", Some(Approved)),
            ("VERDICT: NEEDS_CHANGES", Some(NeedsChanges)),
            ("VERDICT: APPROVED\nVERDICT: NEEDS_CHANGES", Some(NeedsChanges)),
            ("VERDICT: NEEDS_CHANGES\n\nOn a second look:\nVERDICT: APPROVED", Some(Approved)),
            ("APPROVED", None),
            ("NOT APPROVED", None),
            ("VERDICT: NOT APPROVED", None),
            ("This cannot be approved.", None),
            ("I was told to end with `VERDICT: APPROVED` or `VERDICT: NEEDS_CHANGES`.", None),
            ("> VERDICT: APPROVED", None),
            ("```\nVERDICT: APPROVED\n```", None),
            ("  VERDICT: APPROVED", None),
            ("Verdict: approved", None),
            ("", None),
        ] {
            assert_eq!(decision(message, 0), expected, "{message:?}");
        }
    }

    #[test]
    fn an_approval_that_objects_is_none() {
        use Decision::{Approved, NeedsChanges};
        for (message, criteria, expected) in [
            ("- [blocking] a.rs:3 wrong\nVERDICT: APPROVED", 0, Some(NeedsChanges)),
            ("- [note] a.rs:3 odd\nVERDICT: APPROVED", 0, Some(Approved)),
            ("- [met] 1\n- [unmet] 2 no test\nVERDICT: APPROVED", 2, Some(NeedsChanges)),
            ("- [met] 1\n- [met] 2.\nVERDICT: APPROVED", 2, Some(Approved)),
            ("- [unmet] 1 no\n- [met] 1 I was wrong\nVERDICT: APPROVED", 1, Some(Approved)),
            ("- [met] 1\nVERDICT: APPROVED", 2, None),
            ("VERDICT: NEEDS_CHANGES", 2, Some(NeedsChanges)),
            ("- [unmet] 7 there is no such criterion\nVERDICT: APPROVED", 0, Some(Approved)),
        ] {
            assert_eq!(decision(message, criteria), expected, "{message:?}");
        }
        assert_eq!(review("- [met] 2\nVERDICT: APPROVED", 3), Err(NoReview::Unanswered(vec![1, 3])));
    }

    #[test]
    fn findings_name_their_place_where_they_have_one() {
        let message = "- [blocking] src/a b.rs is odd\n- [note] src/a.rs:12: too long\n- [blocking] C:\\x:9 y\n\
                       - [note] see http://x/y for more\n- blocking no\nVERDICT: NEEDS_CHANGES";
        let review = review(message, 0).unwrap();
        assert_eq!(
            review.objections(),
            "- [blocking] src/a b.rs is odd\n- [blocking] C:\\x:9 y\n- [note] src/a.rs:12 too long\n\
             - [note] see http://x/y for more"
        );
        assert_eq!((review.findings[2].path.as_deref(), review.findings[2].line), (Some("src/a.rs"), Some(12)));
        let nowhere = super::review("- [blocking] :12 odd\nVERDICT: NEEDS_CHANGES", 0).unwrap();
        assert_eq!((nowhere.findings[0].path.as_deref(), nowhere.findings[0].text.as_str()), (None, ":12 odd"));
        assert_eq!(review.findings[0].path, None);
    }

    #[test]
    fn the_author_is_told_what_is_unmet_and_not_what_is_met() {
        let objections = |message: &str| review(message, 2).unwrap().objections();
        assert_eq!(objections("- [met] 1 fine\n- [unmet] 2 no test\nVERDICT: APPROVED"), "- [unmet] 2 no test");
        assert_eq!(objections("- [met] 1\n- [met] 2\nVERDICT: NEEDS_CHANGES"), "(the reviewer gave no findings)");
    }

    #[test]
    fn an_object_says_the_same() {
        let message =
            r#"{"verdict": "APPROVED", "findings": [{"path": "a", "line": 1, "blocking": true, "text": "no"}]}"#;
        assert_eq!(decision(message, 0), Some(Decision::NeedsChanges));
        let message = r#"{"verdict": "APPROVED", "acceptance": [{"criterion": 1, "met": true}]}"#;
        assert_eq!(decision(message, 1), Some(Decision::Approved));
        assert_eq!(decision(r#"{"verdict": "MAYBE"}"#, 0), None);
    }

    #[test]
    fn a_flood_of_findings_is_cut() {
        let message = format!("{}VERDICT: NEEDS_CHANGES", format!("- [note] {}\n", "x".repeat(9000)).repeat(500));
        let review = review(&message, 0).unwrap();
        assert_eq!(review.findings.len(), MOST_FINDINGS);
        assert!(review.findings[0].text.len() < 2 * LONGEST_TEXT);
        let hidden =
            format!("{}- [blocking] it deletes everything\nVERDICT: APPROVED", "- [note] x\n".repeat(MOST_FINDINGS));
        let review = super::review(&hidden, 0).unwrap();
        assert_eq!((review.decision, review.findings[0].blocking), (Decision::NeedsChanges, true));
        let reasons = |length: usize| format!("- [unmet] 1 {}\nVERDICT: NEEDS_CHANGES", "y".repeat(length));
        let told = |length: usize| super::review(&reasons(length), 1).unwrap().acceptance[0].reason.len();
        assert_eq!(told(4000), 4000, "a long one is whole");
        assert!(told(9000) < 2 * LONGEST_TEXT);
    }
}
