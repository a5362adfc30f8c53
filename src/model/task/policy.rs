//! The policy of a task: the keys by which its work is judged and bounded. A task that is being worked on lies where its
//! agent can write it, so those keys are taken from the claim, and what asks for less afterwards needs a person's word.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::choices::{Expect, Gates, Kind, Review};
use super::definition::Task;
use super::progress::Progress;
use crate::model::choices::Choices;
use crate::model::config::Limits;
use crate::model::excerpt::shorten;
use crate::model::gate::Gate;
use crate::model::span;

/// How much of one value is shown, in characters.
const SHOWN: usize = 80;

/// The policy keys of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    kind: Kind,
    review: Review,
    verify: Gates,
    acceptance: Vec<String>,
    expect: Expect,
    agent: Option<Choices>,
    domain: Option<String>,
    timeout: Option<Duration>,
    attempts: Option<NonZeroU32>,
    max_cost_usd: Option<f64>,
}

impl Task {
    /// Its policy.
    pub fn policy(&self) -> Policy {
        Policy {
            kind: self.kind,
            review: self.review,
            verify: self.verify.clone(),
            acceptance: self.acceptance.clone(),
            expect: self.expect,
            agent: self.agent.clone(),
            domain: self.domain.clone(),
            timeout: self.timeout,
            attempts: self.attempts,
            max_cost_usd: self.max_cost_usd,
        }
    }

    /// The task as its file reads now, worked on as it was `claimed`: what is asked for is the file's (text, place in
    /// line), who works and how that is judged and bounded is the claim's, and so is what the program noted. Criteria
    /// may be added, and none is lost.
    #[must_use]
    pub fn worked_on_as(self, claimed: &Task) -> Task {
        let Progress { other, .. } = self.progress;
        Task {
            title: self.title,
            priority: self.priority,
            parent: self.parent,
            depends_on: self.depends_on,
            files: self.files,
            acceptance: joined(&claimed.acceptance, self.acceptance),
            not_before: self.not_before,
            body: self.body,
            body_line: self.body_line,
            unknown: self.unknown,
            id: claimed.id.clone(),
            kind: claimed.kind,
            domain: claimed.domain.clone(),
            verify: claimed.verify.clone(),
            agent: claimed.agent.clone(),
            model: claimed.model.clone(),
            effort: claimed.effort.clone(),
            timeout: claimed.timeout,
            attempts: claimed.attempts,
            max_cost_usd: claimed.max_cost_usd,
            review: claimed.review,
            expect: claimed.expect,
            progress: Progress { other, ..claimed.progress.clone() },
        }
    }
}

impl Policy {
    /// What a task that an agent has made must not say, because it would be judged less or may cost more than a person
    /// wants of any task; each as words for a person.
    pub fn presumes(&self, limits: &Limits) -> Vec<String> {
        let plain = Policy {
            kind: self.kind,
            review: Review::Auto,
            verify: Gates::default(),
            acceptance: Vec::new(),
            expect: self.expect,
            agent: self.agent.clone(),
            domain: self.domain.clone(),
            timeout: None,
            attempts: None,
            max_cost_usd: None,
        };
        plain.weakened_by(self, limits)
    }

    /// What `now` asks or bounds less than this one, each as words for a person; `limits` are the workspace's, which
    /// count where a task names none. More gates, more criteria, a stricter review or a lower ceiling are no weakening.
    pub fn weakened_by(&self, now: &Policy, limits: &Limits) -> Vec<String> {
        let mut weaker = Vec::new();
        let mut became = |is_weaker: bool, key: &str, before: &str, after: &str| {
            if is_weaker {
                weaker.push(format!("`{key}: {}` became `{key}: {}`", shown(before), shown(after)));
            }
        };
        became(self.kind == Kind::Task && now.kind == Kind::Epic, "type", "task", "epic");
        became(strictness(now.review) < strictness(self.review), "review", word(self.review), word(now.review));
        became(self.expect == Expect::Change && now.expect == Expect::NoChange, "expect", "change", "no_change");
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "null".to_owned());
        became(names(&self.agent) != names(&now.agent), "agent", &listed(&self.agent), &listed(&now.agent));
        became(self.domain.is_some() && self.domain != now.domain, "domain", &name(&self.domain), &name(&now.domain));
        let time = |of: &Policy| of.timeout.unwrap_or(limits.timeout);
        became(time(now) > time(self), "timeout", &span::print(time(self)), &span::print(time(now)));
        let attempts = |of: &Policy| of.attempts.map_or(limits.attempts, NonZeroU32::get);
        let [before, after] = [attempts(self), attempts(now)];
        became(after > before, "attempts", &before.to_string(), &after.to_string());
        let cost = |of: &Policy| of.max_cost_usd.or(limits.cost_usd).unwrap_or(f64::INFINITY);
        let [before, after] = [cost(self), cost(now)];
        let dollars = |cost: f64| if cost.is_finite() { cost.to_string() } else { "null".to_owned() };
        became(after > before, "max_cost_usd", &dollars(before), &dollars(after));
        weaker.extend(lost_gates(&self.verify, &now.verify));
        let lost = self.acceptance.iter().filter(|criterion| !now.acceptance.contains(criterion));
        weaker.extend(lost.map(|criterion| format!("`acceptance` lost `{}`", shown(criterion))));
        weaker
    }
}

/// What was asked for, and what is asked for besides.
fn joined(claimed: &[String], now: Vec<String>) -> Vec<String> {
    let added = now.into_iter().filter(|criterion| !claimed.contains(criterion));
    claimed.iter().cloned().chain(added).collect()
}

/// A value on one line.
fn shown(value: &str) -> String {
    shorten(&value.split_whitespace().collect::<Vec<_>>().join(" "), SHOWN)
}

/// The greater, the more must be said before the work is let in.
fn strictness(review: Review) -> u8 {
    match review {
        Review::None => 0,
        Review::Auto => 1,
        Review::Human => 2,
    }
}

fn word(review: Review) -> &'static str {
    match review {
        Review::None => "none",
        Review::Auto => "auto",
        Review::Human => "human",
    }
}

/// Whose descriptions are used; their models and efforts judge and bound nothing.
fn names(agents: &Option<Choices>) -> Vec<&str> {
    agents.iter().flat_map(Choices::names).collect()
}

/// The agents as they may stand in a file.
fn listed(agents: &Option<Choices>) -> String {
    match agents {
        None => "null".to_owned(),
        Some(agents) if agents.is_list() => format!("[{}]", agents.to_string().replace(',', ", ")),
        Some(agent) => agent.to_string(),
    }
}

fn lost_gates(before: &Gates, now: &Gates) -> Vec<String> {
    let gates = match (before, now) {
        (Gates::None, Gates::None | Gates::Added(_)) => return Vec::new(),
        (Gates::Added(_), Gates::None) => return vec!["`verify` became `none`".to_owned()],
        (Gates::Added(before), Gates::Added(now)) => before.iter().filter(|gate| !now.contains(gate)),
    };
    gates.map(|Gate { run, .. }| format!("`verify` lost `{}`, or changed it", shown(run))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::task::TaskId;

    fn task(keys: &str) -> Task {
        Task::parse(TaskId::parse("t").unwrap(), format!("---\n{keys}\n---\n# T\n").as_bytes()).unwrap()
    }

    fn weakened(before: &str, now: &str) -> String {
        task(before).policy().weakened_by(&task(now).policy(), &Limits::default()).join("; ")
    }

    #[test]
    fn what_asks_for_less_or_allows_more_is_named() {
        for (before, now, said) in [
            ("", "review: none", "`review: auto` became `review: none`"),
            ("review: human", "", "`review: human` became `review: auto`"),
            ("review: human", "review: none", "`review: human` became `review: none`"),
            ("verify: [make, test]", "verify: [test]", "`verify` lost `make`, or changed it"),
            ("verify: [make]", "verify: [make || true]", "`verify` lost `make`, or changed it"),
            ("verify: [{run: make}]", "verify: [{run: make, skip_exit: [1]}]", "`verify` lost `make`, or changed it"),
            ("verify: [make]", "verify: none", "`verify` became `none`"),
            ("", "verify: none", "`verify` became `none`"),
            ("acceptance: [a, b]", "acceptance: [b, c]", "`acceptance` lost `a`"),
            ("", "expect: no_change", "`expect: change` became `expect: no_change`"),
            ("", "type: epic", "`type: task` became `type: epic`"),
            ("agent: claude", "agent: 'script:x'", "`agent: claude` became `agent: script:x`"),
            ("", "agent: script", "`agent: null` became `agent: script`"),
            ("agent: claude", "", "`agent: claude` became `agent: null`"),
            ("agent: claude", "agent: [claude, script]", "`agent: claude` became `agent: [claude, script]`"),
            (
                "agent: [claude, codex]",
                "agent: [codex, claude]",
                "`agent: [claude, codex]` became `agent: [codex, claude]`",
            ),
            ("domain: web", "", "`domain: web` became `domain: null`"),
            ("domain: web", "domain: docs", "`domain: web` became `domain: docs`"),
            ("timeout: 5m", "timeout: 2h", "`timeout: 5m` became `timeout: 2h`"),
            ("timeout: 5m", "", "`timeout: 5m` became `timeout: 30m`"),
            ("attempts: 1", "attempts: 2", "`attempts: 1` became `attempts: 2`"),
            ("attempts: 1", "", "`attempts: 1` became `attempts: 3`"),
            ("", "attempts: 99", "`attempts: 3` became `attempts: 99`"),
            ("max_cost_usd: 2", "max_cost_usd: 50", "`max_cost_usd: 2` became `max_cost_usd: 50`"),
            ("max_cost_usd: 2", "", "`max_cost_usd: 2` became `max_cost_usd: null`"),
            (
                "review: human\nverify: [make]",
                "review: none",
                "`review: human` became `review: none`; `verify` lost `make`, or changed it",
            ),
        ] {
            assert_eq!(weakened(before, now), said, "{before:?} to {now:?}");
        }
    }

    #[test]
    fn what_asks_for_more_or_judges_nothing_is_not() {
        for (before, now) in [
            ("", ""),
            ("review: none", ""),
            ("", "review: human"),
            ("", "verify: [make]"),
            ("verify: [a, b]", "verify: [b, c, a]"),
            ("verify: none", "verify: [make]"),
            ("verify: none", ""),
            ("", "acceptance: [it works]"),
            ("expect: no_change", ""),
            ("", "domain: web"),
            ("agent: claude", "agent: 'claude:opus:high'"),
            ("agent: [claude, codex]", "agent: [claude, 'codex:gpt-5']"),
            ("", "model: opus\neffort: high"),
            ("timeout: 2h", "timeout: 5m"),
            ("", "timeout: 30m\nattempts: 3\nmax_cost_usd: 5"),
            ("attempts: 9", "attempts: 1"),
            (
                "",
                "title: Other\npriority: 0\nparent: house\ndepends_on: [x]\nfiles: [a]\nnot_before: 2099-01-01T00:00:00Z\nodd: 1",
            ),
            ("", "swarm:\n  attempts: 7\n  held: true"),
        ] {
            assert_eq!(weakened(before, now), "", "{before:?} to {now:?}");
        }
    }

    #[test]
    fn where_a_task_names_no_ceiling_the_workspaces_counts() {
        let limits = Limits { cost_usd: Some(5.0), ..Limits::default() };
        let weakened =
            |before: &str, now: &str| task(before).policy().weakened_by(&task(now).policy(), &limits).join("; ");
        assert_eq!(weakened("max_cost_usd: 2", ""), "`max_cost_usd: 2` became `max_cost_usd: 5`");
        assert_eq!(weakened("", "max_cost_usd: 9.5"), "`max_cost_usd: 5` became `max_cost_usd: 9.5`");
        assert_eq!(weakened("max_cost_usd: 9", ""), "");
    }

    #[test]
    fn a_task_in_work_is_asked_what_its_file_says_and_judged_as_it_was_claimed() {
        let claimed = task("review: human\nverify: [make]\nagent: claude\nmax_cost_usd: 2\nswarm:\n  attempts: 2");
        let file = "title: New\npriority: 0\nacceptance: [more]\nreview: none\nagent: script\nattempts: 9\n\
                    expect: no_change\ntype: epic\nswarm:\n  attempts: 0\n  kept: {commit: x, contract: y, approved: true}";
        let now = task(file).worked_on_as(&claimed);
        assert_eq!(
            (now.title.as_str(), now.priority.level(), &now.acceptance[..]),
            ("New", 0, &["more".to_owned()][..])
        );
        assert_eq!(now.progress, claimed.progress);
        assert_eq!(Policy { acceptance: Vec::new(), ..now.policy() }, claimed.policy());
        let strict = task("acceptance: [a, b]");
        assert_eq!(task("acceptance: [c, b]").worked_on_as(&strict).acceptance, ["a", "b", "c"]);
        let newer = task("swarm:\n  attempts: 1\n  of_a_newer_version: 5").worked_on_as(&claimed);
        assert_eq!(newer.progress.other.len(), 1, "{:?}", newer.progress.other);
    }

    #[test]
    fn a_policy_reads_back_as_it_was_written() {
        for keys in [
            "",
            "review: human\nverify: [make, {run: x, timeout: 3m}]\nacceptance: [a]\nexpect: no_change\nagent: [x, 'y:m']\ndomain: d\ntimeout: 90s\nattempts: 2\nmax_cost_usd: 0.5",
            "verify: none",
        ] {
            let policy = task(keys).policy();
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy, "{json}");
        }
    }
}
