//! The settings as a file that a person goes on with.

use super::policy::Policy;
use super::remark::{Kind, Remark};
use super::setup::{Setup, WorkerLine};
use super::yaml_text::{list, plain};
use crate::model::choice::Choice;
use crate::model::config::{Config, Role};

/// Writes what `setup` and `policy` say. `remarks` are those about the settings: each stands beside what it is about.
/// `is_described` says whether there is an agent of a name; a line with another one is written as a comment.
pub fn settings(
    setup: &Setup,
    policy: &Policy,
    path: &str,
    remarks: &mut Vec<Remark>,
    is_described: &dyn Fn(&str) -> bool,
) -> String {
    let mut text = format!(
        "# Made by `swarm import oompa` from {path}. What is not here has its default (`swarm schema config`).\n\n"
    );
    text.push_str(&workers(setup, path, remarks, is_described));
    text.push_str(&reviewers(setup, path, remarks, is_described));
    text.push_str(
        "# What must succeed on a tree before it is published. oompa has nothing like it, so nothing is checked yet:\n\
         # name what tells you that the work is right.\n\
         # verify:\n\
         #   - npm test\n\n",
    );
    text.push_str(&limits(setup, policy));
    if !policy.deny.is_empty() {
        let mut globs = vec!["config/**".to_owned()];
        globs.extend(policy.deny.iter().cloned());
        text.push_str("# `deny` of config/policy.edn: such a change waits for a reviewer's approval, or a person's.\n");
        text.push_str(&format!("protected: {}\n\n", list(&globs)));
    }
    if let Err(bad) = Config::parse(&text) {
        // A glob or a number of theirs that is none here: the rest serves, and the file shows what was meant.
        remarks.push(Remark::new(Kind::Look, path, format!("the settings made of it are refused: {}", bad.reason)));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn workers(setup: &Setup, path: &str, remarks: &mut Vec<Remark>, is_described: &dyn Fn(&str) -> bool) -> String {
    let mut lines = String::new();
    let mut some = false;
    let mut put = |choice: &Choice, place: &str, rest: &[(&str, String)], remarks: &mut Vec<Remark>| {
        let is_known = is_described(&choice.agent);
        if !is_known {
            let file = format!("config/agents/{}.yaml", choice.agent);
            let reason = format!("there is no agent `{}`: describe it in {file}, then take the `#` away", choice.agent);
            remarks.push(Remark::new(Kind::Look, path, reason).about(place));
        }
        lines.push_str(&comments(remarks, place));
        let keys: Vec<String> = agent_keys(choice)
            .into_iter()
            .chain(rest.iter().map(|(key, value)| (*key, value.clone())))
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        lines.push_str(&format!("  {}- {{{}}}\n", if is_known { "" } else { "# " }, keys.join(", ")));
        some |= is_known;
    };
    if let Some(planner) = &setup.planner {
        let rest = [
            ("role", Role::Planner.as_str().to_owned()),
            ("count", "1".to_owned()),
            ("max_pending", planner.max_pending.min(u64::from(u32::MAX)).to_string()),
        ];
        put(&planner.choice, "planner", &rest, remarks);
    }
    for line in &setup.workers {
        put(&line.choice, &line.place, &keys_of(line), remarks);
    }
    if !some {
        return format!("# workers:\n{}\n", commented(&lines));
    }
    let choosing =
        "# The program gives a worker the first task in line; with `claim: agent` the agent chooses, as in oompa.\n";
    format!("{choosing}workers:\n{lines}\n")
}

fn keys_of(line: &WorkerLine) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    match line.role {
        Role::Worker => {}
        Role::Executor | Role::Planner => keys.push(("role", line.role.as_str().to_owned())),
    }
    keys.push(("count", line.count.min(u64::from(u32::MAX)).to_string()));
    keys.extend(line.pause_s.map(|seconds| ("pause_between", format!("{seconds}s"))));
    keys
}

fn reviewers(setup: &Setup, path: &str, remarks: &mut Vec<Remark>, is_described: &dyn Fn(&str) -> bool) -> String {
    if setup.reviewers.is_empty() {
        return "# Nobody reviews.\n# reviewer: {agent: claude, model: opus}\n\n".to_owned();
    }
    let mut text = String::new();
    let mut known = false;
    for reviewer in &setup.reviewers {
        let is_known = is_described(&reviewer.choice.agent);
        if !is_known {
            let reason =
                format!("there is no agent `{}` to review: describe it in config/agents/", reviewer.choice.agent);
            remarks.push(Remark::new(Kind::Look, path, reason).about("reviewer"));
        }
        let keys: Vec<String> =
            agent_keys(&reviewer.choice).into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
        text.push_str(&format!("  {}- {{{}}}\n", if is_known { "" } else { "# " }, keys.join(", ")));
        known |= is_known;
    }
    let order = "# The next one is asked where one gives no verdict.\n";
    if known { format!("{order}reviewer:\n{text}\n") } else { format!("# reviewer:\n{}\n", commented(&text)) }
}

fn limits(setup: &Setup, policy: &Policy) -> String {
    let keys = [
        ("resumes", setup.resumes.map(|most| most.min(u64::from(u32::MAX)).to_string())),
        ("review_rounds", policy.rounds.map(|most| most.min(u64::from(u32::MAX)).to_string())),
        ("timeout", policy.timeout_s.map(|seconds| format!("{seconds}s"))),
    ];
    let keys: Vec<String> =
        keys.iter().filter_map(|(key, value)| Some(format!("  {key}: {}\n", value.as_ref()?))).collect();
    if keys.is_empty() { String::new() } else { format!("limits:\n{}\n", keys.concat()) }
}

fn agent_keys(choice: &Choice) -> Vec<(&'static str, String)> {
    let mut keys = vec![("agent", plain(&choice.agent))];
    keys.extend(choice.model.as_deref().map(|model| ("model", plain(model))));
    keys.extend(choice.effort.as_deref().map(|effort| ("effort", plain(effort))));
    keys
}

/// What is to be said of one place of the settings, as comments.
fn comments(remarks: &[Remark], place: &str) -> String {
    let mut text = format!("  # {place}\n");
    for remark in remarks {
        let Some(what) = &remark.what else { continue };
        let Some(rest) = what.strip_prefix(place).filter(|rest| rest.is_empty() || rest.starts_with(['.', '['])) else {
            continue;
        };
        let key = rest.trim_start_matches('.');
        let about = if key.is_empty() { String::new() } else { format!("{key}: ") };
        let kind = match remark.kind {
            Kind::Look => "look",
            Kind::NoCounterpart => "no counterpart",
            Kind::Refused => "not taken",
        };
        text.push_str(&format!("  #   {kind}: {about}{}\n", remark.reason));
    }
    text
}

/// Lines of which none may count.
fn commented(lines: &str) -> String {
    lines
        .lines()
        .map(|line| {
            if line.trim_start().starts_with('#') {
                format!("# {}\n", line.trim_start().trim_start_matches("# "))
            } else {
                format!("#{line}\n")
            }
        })
        .collect()
}
