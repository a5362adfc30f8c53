//! What a task's cycles have left behind: each step with its log and its prompt, and the reviews.

use std::path::Path;

use serde::Serialize;

use super::paint::{BOLD, DIM, GREEN, PLAIN, RED};
use super::table::{Table, one_line};
use super::{age, costs};
use crate::model::record::{CostFrom, Cycle, Review, StepName, StepResult, Usage};
use crate::model::verdict::Decision;
use crate::os::dirs::Dirs;

/// A step and its files, their paths from the workspace's root.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    run_id: String,
    worker: String,
    cycle: u32,
    step: StepName,
    round: u32,
    result: StepResult,
    agent: Option<String>,
    command: Option<String>,
    duration_ms: u64,
    /// How many tools the agent called; null: its output does not tell.
    tool_calls: Option<u32>,
    cost_usd: Option<f64>,
    /// Where the dollars come from.
    cost_from: Option<CostFrom>,
    usage: Usage,
    /// What was printed; null: there was nothing, or it is gone.
    log: Option<String>,
    /// What the agent was told.
    prompt: Option<String>,
}

/// The steps of `cycles`, in their order.
pub(super) fn steps(dirs: &Dirs, cycles: &[Cycle]) -> Vec<Step> {
    cycles.iter().flat_map(|cycle| of_cycle(dirs, cycle)).collect()
}

fn of_cycle<'a>(dirs: &'a Dirs, cycle: &'a Cycle) -> impl Iterator<Item = Step> + 'a {
    let run = dirs.run(&cycle.run_id);
    let there = |path: &Path| path.is_file().then(|| dirs.shown(path));
    cycle.steps.iter().map(move |step| {
        let name = step.log.as_deref().and_then(|log| log.strip_prefix("logs/"));
        let name = name.filter(|name| !name.contains('/'));
        Step {
            run_id: cycle.run_id.clone(),
            worker: cycle.worker.clone(),
            cycle: cycle.cycle,
            step: step.step,
            round: step.round,
            result: step.result,
            agent: step.agent.clone(),
            command: step.command.clone(),
            duration_ms: step.duration_ms,
            tool_calls: step.tool_calls,
            cost_usd: step.cost_usd,
            cost_from: step.cost_from,
            usage: step.usage,
            log: name.and_then(|name| there(&run.join("logs").join(name))),
            prompt: name.and_then(|name| there(&run.join("prompts").join(name).with_extension("md"))),
        }
    })
}

/// The steps and reviews of the last cycle, or of all.
pub(super) fn text(steps: &[Step], reviews: &[Review], whole: bool) -> String {
    let Some(last) = steps.last() else { return String::new() };
    let is_shown = |run: &str, worker: &str, cycle: u32| {
        whole || (run == last.run_id && worker == last.worker && cycle == last.cycle)
    };
    let mut table = Table::new(["CYCLE", "STEP", "RESULT", "TOOK", "TOOLS", "COST", "TOKENS", "LOG"]);
    let mut told = None;
    for step in steps.iter().filter(|it| is_shown(&it.run_id, &it.worker, it.cycle)) {
        let round = if step.round > 1 { format!(" {}", step.round) } else { String::new() };
        let style = match step.result {
            StepResult::Ok => PLAIN,
            StepResult::Failed | StepResult::Conflict | StepResult::Rejected => RED,
            StepResult::Skipped | StepResult::CouldNotRun | StepResult::Interrupted => DIM,
        };
        let row = [
            format!("{}-c{}", step.worker, step.cycle),
            format!("{}{round}", step.step.as_str()),
            word(step.result).to_owned(),
            age::length_ms(step.duration_ms),
            step.tool_calls.map_or("–".to_owned(), |calls| calls.to_string()),
            costs::cost(step.cost_usd, true),
            costs::tokens(&step.usage),
            step.log.clone().unwrap_or_default(),
        ];
        table.row(style, row);
        told = step.prompt.as_ref().or(told);
    }
    let mut text = format!("\n{}", table.without_columns_of(&[costs::UNKNOWN]).text());
    if let Some(prompt) = told {
        text.push_str(&format!("{DIM}what the agents were told has the same names: {prompt}{DIM:#}\n"));
    }
    let shown: Vec<&Review> = reviews.iter().filter(|it| is_shown(&it.run_id, &it.worker, it.cycle)).collect();
    if !shown.is_empty() {
        text.push_str(&format!("\n{BOLD}Reviews{BOLD:#}\n{}", shown.into_iter().map(of_review).collect::<String>()));
    }
    text
}

/// As it stands in records.
fn word(result: StepResult) -> &'static str {
    match result {
        StepResult::Ok => "ok",
        StepResult::Failed => "failed",
        StepResult::Skipped => "skipped",
        StepResult::Conflict => "conflict",
        StepResult::Rejected => "rejected",
        StepResult::CouldNotRun => "could not run",
        StepResult::Interrupted => "interrupted",
    }
}

/// A review: whose, what it came to, and what it found.
fn of_review(review: &Review) -> String {
    let (style, verdict) = match review.verdict {
        Decision::Approved => (GREEN, "approved"),
        Decision::NeedsChanges => (RED, "asks for changes"),
    };
    let Review { worker, cycle, round, agent, .. } = review;
    let head = format!("  {style}{verdict}{style:#} {DIM}{worker}-c{cycle}, round {round}, {agent}{DIM:#}\n");
    let findings = review.findings.iter().map(|finding| {
        let weight = if finding.blocking { "blocking" } else { "note" };
        format!("    [{weight}] {}\n", one_line(&finding.to_line(), 400))
    });
    let unmet = review.acceptance.iter().filter(|answer| !answer.met);
    let unmet = unmet.map(|answer| format!("    [unmet] {} {}\n", answer.criterion, one_line(&answer.reason, 400)));
    std::iter::once(head).chain(findings).chain(unmet).collect()
}
