//! The longer helps: examples, and what a user must know who has only the program.

/// Below the help of the program.
pub(super) const EXIT_CODES: &str = "Exit codes: 0 done; 1 it ran, but something failed or is blocked; 2 wrong usage or \
configuration; 3 the environment (git, agent, disk) is not fit; 130 interrupted.";

/// Below that of `import`.
pub(super) const IMPORT: &str = "Examples:
  swarm import oompa --dry-run          what would be made, and what has no counterpart
  swarm import oompa                    from the root of this repository
  swarm import oompa ../old             from another folder into this repository
  swarm import oompa --json | jq -r '.remarks[] | select(.kind == \"look\") | .reason'

Stop oompa before. A task keeps its id, made a valid one where it is not; tasks in current/ become pending. Afterwards:

  swarm check --skip-gates              do the settings load, are the agents there
  swarm list                            the tasks in the order in which they would be claimed

Then name the gates (`verify`) in config/swarm.yaml: oompa has none. Exit code 1: something could not be read; it \
is named with its file, and all the rest was imported.";

/// Below that of `status`.
pub(super) const STATUS: &str = "Examples:
  swarm status --json | jq .counts
  watch -n 5 swarm status";

/// Below that of `list`.
pub(super) const LIST: &str = "Examples:
  swarm list pending              what is next, and why the others wait
  swarm list blocked review       what waits for a person, and why
  swarm list --json | jq -r '.tasks[] | select(.hold) | [.id, .hold] | @tsv'";

/// Below that of `explain`.
pub(super) const EXPLAIN: &str = "Examples:
  swarm explain fix-typo
  swarm explain fix-typo --json | jq -r '.moves[]'";

/// Below that of `logs`.
pub(super) const LOGS: &str = "Examples:
  swarm logs fix-typo                    all attempts, all steps
  swarm logs fix-typo -f                 goes on until the task needs no more work
  swarm logs w0 -f                       goes on until the run ends
  swarm logs fix-typo --step verify      only what the gates printed
  swarm logs fix-typo --whole | less     all that was said, nothing cut
  swarm logs fix-typo --raw              the records of the agent as they are";

/// Below that of `runs`.
pub(super) const RUNS: &str = "Examples:
  swarm runs last                 what the newest run came to, and what needs a person
  swarm runs last --all           each of its tasks and cycles
  swarm runs 20261120T22          the only run whose name begins so
  swarm runs last --json | jq -r '.cycles[] | [.task, .outcome, .duration_ms] | @tsv'";

/// Below that of `add`.
pub(super) const ADD: &str = r#"The same by hand: a markdown file in tasks/pending/, whose name is the id. It may begin with keys, all of them optional:

  ---
  title: Fix the login        else the first heading, else the id
  priority: 1                 0 (first) to 4
  type: task                  or epic, which is complete with its children
  parent: the-epic
  depends_on: [other-task]    claimed when all of them are complete
  domain: web                 one task of a domain at a time, with its own gates and budget
  files: ["src/web/**"]       tasks whose files overlap are not worked on side by side
  acceptance: ["no flicker"]  what a reviewer must answer
  verify: [npm test]          gates besides those of the settings
  review: human               or auto, none
  expect: change              or no_change
  agent: claude:opus          or agent, model and effort as keys of their own; or [claude, codex]: in this order
  model: opus
  effort: high
  timeout: 30m                for each turn of the agent
  attempts: 3
  max_cost_usd: 2.50
  not_before: 2026-11-20T22:00:00Z
  ---
  # Fix the login

  What is to be done, in your own words.

A block `swarm:` is the program's own. `swarm schema task` has all of it as a JSON schema, `swarm lint` checks files."#;

/// Below that of `start`.
pub(super) const START: &str = r#"Agents are described in config/agents/NAME.yaml; the least is:

  argv: [my-agent, --flag]    the prompt comes on standard input
  completion: exit            exit code 0 says that the work is done; without this line, words that
                              the prompt asks for

`swarm schema agent` names all keys. An agent works in a git worktree of its own. In its environment are
SWARM_TASK, SWARM_TASK_FILE, SWARM_RUN, SWARM_WORKER, SWARM_CYCLE, SWARM_ATTEMPT, SWARM_BASE, SWARM_SLOT,
SWARM_PORT_BASE (the first of 20 ports that no other worker uses) and SWARM_OUTBOX (for new tasks)."#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::agent::{Agent, Completion};
    use crate::model::front_matter::SWARM;
    use crate::model::task::{Task, TaskId, known_keys};

    #[test]
    fn the_help_of_add_shows_every_key_and_is_a_task_itself() {
        let begin = ADD.find("---").unwrap();
        let end = ADD.find("\n\nA block").unwrap();
        let file: String = ADD[begin..end]
            .lines()
            .map(|line| line.strip_prefix("  ").unwrap_or(line))
            .map(|line| line.split("  ").next().unwrap_or_default().to_owned() + "\n")
            .collect();
        for key in known_keys().filter(|key| *key != SWARM) {
            assert!(file.lines().any(|line| line.starts_with(&format!("{key}: "))), "{key}");
        }
        let task = Task::parse(TaskId::parse("a").unwrap(), file.as_bytes()).unwrap();
        assert_eq!((task.title.as_str(), task.unknown.len()), ("Fix the login", 0));
    }

    #[test]
    fn the_help_of_start_shows_a_description_that_is_one() {
        let lines: Vec<&str> = START.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        let of_keys = lines.iter().filter(|line| !line.starts_with(' '));
        let file: String = of_keys.map(|line| line.split("  ").next().unwrap_or_default().to_owned() + "\n").collect();
        let agent: Agent = serde_yaml::from_str(&file).unwrap();
        assert_eq!((agent.argv.len(), agent.completion), (2, Completion::Exit));
    }
}
