//! Who works: the lines of `workers:` shared out over the number of workers.

use std::time::Duration;

use super::choices::{Choices, Overrides};
use super::config::{ClaimBy, Role, WorkerLine};

/// No run has more workers.
pub const MOST: u32 = 999;

/// How many tasks wait at least, where a planner's line says nothing of it.
const MAX_PENDING: u32 = 10;

/// One worker, as its line describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its agents, unless a task says otherwise.
    pub agents: Choices,
    /// What it does.
    pub role: Role,
    /// Who picks its tasks.
    pub claim: ClaimBy,
    /// How long it rests between two of its cycles.
    pub pause_between: Duration,
    /// As a planner it plans while fewer tasks than these wait.
    pub max_pending: u32,
}

impl Member {
    /// One who works on the tasks that the program picks.
    pub fn worker(agents: impl Into<Choices>) -> Self {
        Self::of(&WorkerLine::default(), agents.into())
    }

    fn of(line: &WorkerLine, agents: Choices) -> Self {
        Self {
            agents,
            role: line.role,
            claim: line.claim,
            pause_between: line.pause_between.unwrap_or_default(),
            max_pending: line.max_pending.unwrap_or(MAX_PENDING),
        }
    }

    /// What its agent must be able to be told, beyond the commands of a task; `None`: nothing.
    pub fn must_be_told(&self) -> Option<&'static str> {
        match (self.role, self.claim) {
            (Role::Planner, _) => Some("plan"),
            (Role::Worker | Role::Executor, ClaimBy::Agent) => Some("claim tasks"),
            (Role::Worker | Role::Executor, ClaimBy::Swarm) => None,
        }
    }
}

/// The members of a crew, one for each worker. `count` (from `-n`) is shared out over the lines of those who work on
/// tasks, in their proportion; without it each line has its own count, 1 where it names none, and a planner's line
/// always has. `instead` (from `--agent`) takes the place of every line's agents; `default` is who works where a line
/// names nobody.
pub fn crew(
    lines: &[WorkerLine],
    count: Option<u32>,
    instead: Option<&Choices>,
    default: &Choices,
) -> Result<Vec<Member>, String> {
    let lines = if lines.is_empty() { vec![WorkerLine::default()] } else { lines.to_vec() };
    let own: Vec<u32> = lines.iter().map(|line| line.count.unwrap_or(1)).collect();
    let has_tasks = |line: &WorkerLine| line.role.has_tasks();
    let weights: Vec<u32> =
        lines.iter().zip(&own).map(|(line, count)| if has_tasks(line) { *count } else { 0 }).collect();
    let planners = lines.iter().zip(&own).filter(|(line, _)| !has_tasks(line)).map(|(_, count)| *count);
    let planners = sum(planners);
    if count.is_some() && !lines.iter().any(has_tasks) {
        return Err("workers: every line is a planner's, so a number of workers has nobody to be shared out to".into());
    }
    let weight = sum(weights.iter().copied());
    if weight.saturating_add(planners) == 0 || (count.is_some_and(|count| count > 0) && weight == 0) {
        return Err("workers: nobody works; give a line a count of 1 or more".to_owned());
    }
    let shared = count.unwrap_or(weight);
    let all = shared.saturating_add(planners);
    if all > MOST {
        return Err(format!("workers: {all} are too many; {MOST} is the most"));
    }
    let shares = share(&weights, shared as usize);
    let members = lines.iter().zip(own).zip(shares).flat_map(|((line, own), share)| {
        let agents = instead.cloned().unwrap_or_else(|| agents(line, default));
        let count = if has_tasks(line) { share } else { own as usize };
        vec![Member::of(line, agents); count]
    });
    Ok(members.collect())
}

fn sum(counts: impl Iterator<Item = u32>) -> u32 {
    counts.fold(0, u32::saturating_add)
}

/// How a crew at work becomes another one: what each of those who are there is from now on (`None`: one too many),
/// and who is to be added. As many as can go on as what they are, the first ones first; then the others take the
/// places that are left. A planner never takes a worker's place, nor the other way round.
pub fn change(present: &[Member], wanted: &[Member]) -> (Vec<Option<Member>>, Vec<Member>) {
    let mut open = wanted.to_vec();
    let mut take = |fits: &dyn Fn(&Member) -> bool| open.iter().position(fits).map(|at| open.remove(at));
    let mut kept: Vec<Option<Member>> = present.iter().map(|member| take(&|wanted| wanted == member)).collect();
    for (member, place) in present.iter().zip(&mut kept).filter(|(_, place)| place.is_none()) {
        *place = take(&|wanted| wanted.role.has_tasks() == member.role.has_tasks());
    }
    (kept, open)
}

fn agents(line: &WorkerLine, default: &Choices) -> Choices {
    let words = Overrides { agent: line.agent.clone(), model: line.model.clone(), effort: line.effort.clone() };
    default.overridden_by(&words)
}

/// Shares `total` out in proportion to `weights`: whole parts first, the rest to the largest remainders, the
/// earlier line first.
fn share(weights: &[u32], total: usize) -> Vec<usize> {
    let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum::<u64>().max(1);
    let exact: Vec<u64> = weights.iter().map(|weight| u64::from(*weight) * total as u64).collect();
    let mut shares: Vec<usize> = exact.iter().map(|part| usize::try_from(part / sum).unwrap_or(0)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(exact[*at] % sum), *at));
    let rest = total - shares.iter().sum::<usize>();
    for at in order.into_iter().take(rest) {
        shares[at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(agent: &str, count: u32) -> WorkerLine {
        WorkerLine { agent: Some(agent.parse().unwrap()), count: Some(count), ..WorkerLine::default() }
    }

    fn names(lines: &[WorkerLine], count: Option<u32>) -> String {
        let default: Choices = "script".parse().unwrap();
        let crew = crew(lines, count, None, &default).unwrap();
        crew.iter().map(|member| member.agents.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn planners(agent: &str, count: u32) -> WorkerLine {
        WorkerLine { role: Role::Planner, ..line(agent, count) }
    }

    #[test]
    fn workers_are_shared_out_in_proportion() {
        let lines = [line("a", 1), line("b:m", 3)];
        assert_eq!(names(&lines, None), "a b:m b:m b:m");
        assert_eq!(names(&lines, Some(8)), "a a b:m b:m b:m b:m b:m b:m");
        assert_eq!(names(&lines, Some(2)), "a b:m");
        assert_eq!(names(&lines, Some(1)), "b:m");
        assert_eq!(names(&[], None), "script");
        assert_eq!(names(&[], Some(3)), "script script script");
        assert_eq!(names(&[WorkerLine::default()], Some(2)), "script script");
    }

    #[test]
    fn shares_always_add_up() {
        for weights in [&[1, 1, 1][..], &[5, 0, 2], &[7], &[1, 2, 3, 4]] {
            for total in 0..50 {
                assert_eq!(share(weights, total).iter().sum::<usize>(), total);
            }
        }
    }

    #[test]
    fn a_line_without_weight_never_gets_a_share() {
        assert_eq!(names(&[line("a", 0), line("b", 2), line("c", 1)], Some(4)), "b b b c");
        for total in 0..50 {
            assert_eq!(share(&[0, 3, 0, 4], total).iter().step_by(2).sum::<usize>(), 0);
        }
    }

    #[test]
    fn the_command_lines_agent_takes_the_place_of_every_line() {
        let [default, instead]: [Choices; 2] = ["script", "codex:m"].map(|word| word.parse().unwrap());
        let crew = |lines: &[WorkerLine], count| crew(lines, count, Some(&instead), &default).unwrap();
        let lines = [line("a", 1), line("b", 2)];
        let member = Member::worker(instead.clone());
        assert_eq!(crew(&lines, None), vec![member.clone(); 3]);
        assert_eq!(crew(&lines, Some(2)), vec![member.clone(); 2]);
        assert_eq!(crew(&[], None), vec![member]);
    }

    #[test]
    fn a_line_overrides_the_default_word_by_word() {
        let default: Choices = "script:small:low".parse().unwrap();
        let line = WorkerLine { effort: Some("high".to_owned()), ..WorkerLine::default() };
        let crew = crew(&[line], None, None, &default).unwrap();
        assert_eq!(crew.iter().map(|member| member.agents.to_string()).collect::<Vec<_>>(), ["script:small:high"]);
    }

    #[test]
    fn each_worker_of_a_line_has_all_of_its_agents() {
        let line = WorkerLine { effort: Some("low".to_owned()), ..line("a:m,b", 2) };
        assert_eq!(names(&[line], None), "a:m:low,b:low a:m:low,b:low");
    }

    #[test]
    fn a_planners_line_keeps_its_count() {
        let lines = [planners("p", 2), line("a", 1), line("b", 1)];
        assert_eq!(names(&lines, None), "p p a b");
        assert_eq!(names(&lines, Some(4)), "p p a a b b");
        assert_eq!(names(&lines, Some(1)), "p p a");
        assert_eq!(names(&[planners("p", 1)], None), "p");
    }

    #[test]
    fn a_line_says_what_its_workers_are() {
        let line = WorkerLine {
            role: Role::Planner,
            claim: ClaimBy::Agent,
            pause_between: Some(Duration::from_secs(7)),
            max_pending: Some(3),
            ..line("a", 1)
        };
        let [planner] = &crew(&[line], None, None, &Choices::default()).unwrap()[..] else { panic!("one") };
        assert_eq!((planner.role, planner.max_pending), (Role::Planner, 3));
        assert_eq!((planner.pause_between, planner.must_be_told()), (Duration::from_secs(7), Some("plan")));
        let worker = Member::worker(Choices::default());
        assert_eq!((worker.role, worker.claim, worker.must_be_told()), (Role::Worker, ClaimBy::Swarm, None));
        assert_eq!((worker.pause_between, worker.max_pending), (Duration::ZERO, 10));
        assert_eq!(Member { claim: ClaimBy::Agent, ..worker }.must_be_told(), Some("claim tasks"));
    }

    #[test]
    fn nobody_and_everybody_are_refused() {
        let default = Choices::default();
        assert!(crew(&[planners("p", 1)], Some(2), None, &default).is_err());
        assert!(crew(&[planners("p", 1), line("a", 0)], Some(2), None, &default).is_err());
        assert!(crew(&[line("a", 0)], None, None, &default).is_err());
        assert!(crew(&[line("a", u32::MAX), line("b", 2)], None, None, &default).is_err());
    }

    #[test]
    fn a_crew_changes_as_little_as_it_can() {
        let member = |word: &str| Member {
            role: if word.starts_with('p') { Role::Planner } else { Role::Worker },
            ..Member::worker(word.parse::<Choices>().unwrap())
        };
        let members = |words: &str| words.split_whitespace().map(member).collect::<Vec<Member>>();
        let changed = |present: &str, wanted: &str| {
            let (kept, added) = change(&members(present), &members(wanted));
            let kept: Vec<String> =
                kept.iter().map(|it| it.as_ref().map_or("-".to_owned(), |it| it.agents.to_string())).collect();
            let added: Vec<String> = added.iter().map(|it| it.agents.to_string()).collect();
            format!("{} + {}", kept.join(" "), added.join(" "))
        };
        assert_eq!(changed("a b b", "a b b"), "a b b + ");
        assert_eq!(changed("a b", "b a a"), "a b + a");
        assert_eq!(changed("a b b", "b"), "- b - + ");
        assert_eq!(changed("a a b", "b c"), "c - b + ");
        assert_eq!(changed("", "a b"), " + a b");
        assert_eq!(changed("a p", "p2 b"), "b p2 + ");
        assert_eq!(changed("a b", "p"), "- - + p");
    }
}
