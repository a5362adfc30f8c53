//! The contract of a task: what an author was asked to do, as a digest. An approval holds for one contract only.

use sha2::{Digest, Sha256};

use super::definition::Task;
use crate::model::comment::body_without_comments;

impl Task {
    /// The digest of what is asked for: title, text without comments, criteria, gates and expectation, as 16 hex
    /// digits. Priority, comments and what the program notes are no part of it.
    pub fn contract(&self) -> String {
        let mut hash = Sha256::new();
        let gates = format!("{:?}", self.verify);
        let expect = format!("{:?}", self.expect);
        let parts = [self.title.as_str(), body_without_comments(&self.body).trim_end(), &gates, &expect];
        for part in parts.into_iter().chain(self.acceptance.iter().map(String::as_str)) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The agent whose session knows the task as it reads now, where there is one.
    pub fn session_holder(&self) -> Option<&str> {
        let session = self.progress.session.as_ref()?;
        let knows = session.contract.as_deref().is_some_and(|contract| contract == self.contract());
        knows.then_some(session.agent.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::task::TaskId;

    fn contract(text: &str) -> String {
        Task::parse(TaskId::parse("t").unwrap(), text.as_bytes()).unwrap().contract()
    }

    #[test]
    fn what_is_asked_for_counts_and_nothing_else_does() {
        let plain = contract("# Title\n\nDo it.\n");
        assert_eq!(plain.len(), 16);
        for same in [
            "---\npriority: 0\n---\n# Title\n\nDo it.\n",
            "---\nswarm:\n  attempts: 2\n---\n# Title\n\nDo it.\n",
            "# Title\n\nDo it.\n\n## Comments\n\n### 2026-01-01T00:00:00Z human\n\nplease\n",
        ] {
            assert_eq!(contract(same), plain, "{same:?}");
        }
        for other in [
            "# Title\n\nDo it twice.\n",
            "# Another\n\nDo it.\n",
            "---\nacceptance: [it works]\n---\n# Title\n\nDo it.\n",
            "---\nexpect: no_change\n---\n# Title\n\nDo it.\n",
            "---\nverify: [make]\n---\n# Title\n\nDo it.\n",
        ] {
            assert_ne!(contract(other), plain, "{other:?}");
        }
    }
}
