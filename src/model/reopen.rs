//! Whether a person's words bring a blocked task back.

use super::comment::{Author, comments};
use super::task::{Progress, Task};

/// Whether the last word about a blocked task is a person's answer to what the program said last. A task that a person
/// has put aside, or moved there without a word of ours, stays.
pub fn is_answered(task: &Task) -> bool {
    let all = comments(&task.body);
    let ours = all.iter().rposition(|comment| comment.author == Author::Swarm);
    let last_is_human = all.last().is_some_and(|comment| comment.author == Author::Human);
    !task.progress.held && ours.is_some() && last_is_human
}

/// What the program has noted, after a person has looked at the task: it is tried again from the beginning of its
/// limits, and told what went wrong.
#[must_use]
pub fn looked_at(progress: &Progress) -> Progress {
    Progress { attempts: 0, infra: 0, not_before: None, held: false, ..progress.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::task::TaskId;

    fn task(text: &str) -> Task {
        Task::parse(TaskId::parse("t").unwrap(), text.as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_to_our_last_word_brings_a_task_back() {
        let at = "2026-11-20T00:00:00Z";
        let human = format!("### {at} human\n\ngreen\n\n");
        let swarm = format!("### {at} swarm\n\nwhich colour?\n\n");
        let agent = format!("### {at} agent:codex\n\nhm\n\n");
        for (comments, answered) in [
            (String::new(), false),
            (swarm.clone(), false),
            (human.clone(), false),
            (format!("{swarm}{human}"), true),
            (format!("{human}{swarm}"), false),
            (format!("{swarm}{human}{swarm}"), false),
            (format!("{swarm}{agent}{human}"), true),
            (format!("{swarm}{human}{agent}"), false),
        ] {
            let body = format!("# T\n\n## Comments\n\n{comments}");
            assert_eq!(is_answered(&task(&body)), answered, "{body}");
            let held = format!("---\nswarm:\n  attempts: 0\n  held: true\n---\n{body}");
            assert!(!is_answered(&task(&held)), "{held}");
        }
    }

    #[test]
    fn a_person_who_looked_gives_a_fresh_start_and_takes_nothing_else_away() {
        let before = task("---\nswarm:\n  attempts: 3\n  infra: 1\n  held: true\n  feedback: why\n---\n# T\n").progress;
        let after = looked_at(&before);
        assert_eq!((after.attempts, after.infra, after.held), (0, 0, false));
        assert_eq!(after.feedback.as_deref(), Some("why"));
    }
}
