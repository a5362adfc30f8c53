//! Who works: the lines of `workers:` shared out over the number of workers.

use super::choice::{Choice, Overrides};
use super::config::WorkerLine;

/// No run has more workers.
pub const MOST: u32 = 999;

/// The agent of each worker. `count` (from `-n`) is shared out over the lines in their proportion; without it
/// each line has its own count, 1 where it names none. `instead` (from `--agent`) takes the place of all lines;
/// `default` is who works where a line names nobody.
pub fn crew(
    lines: &[WorkerLine],
    count: Option<u32>,
    instead: Option<&Choice>,
    default: &Choice,
) -> Result<Vec<Choice>, String> {
    let own: Vec<u32> = lines.iter().map(|line| line.count.unwrap_or(1)).collect();
    let total = own.iter().try_fold(0u32, |sum, count| sum.checked_add(*count)).unwrap_or(u32::MAX);
    if !lines.is_empty() && total == 0 {
        return Err("workers: nobody works; give a line a count of 1 or more".to_owned());
    }
    let wanted = count.unwrap_or(if lines.is_empty() { 1 } else { total });
    if wanted > MOST {
        return Err(format!("workers: {wanted} are too many; {MOST} is the most"));
    }
    let wanted = wanted as usize;
    match (instead, lines) {
        (Some(choice), _) => Ok(vec![choice.clone(); wanted]),
        (None, []) => Ok(vec![default.clone(); wanted]),
        (None, lines) => {
            let choices: Vec<Choice> = lines.iter().map(|line| choice(line, default)).collect();
            let shares = share(&own, wanted);
            Ok(choices.iter().zip(shares).flat_map(|(choice, share)| vec![choice.clone(); share]).collect())
        }
    }
}

/// How a crew at work becomes another one: what each of those who are there is from now on (`None`: one too many),
/// and who is to be added. As many as can go on as what they are, the first ones first; then the others take the
/// places that are left.
pub fn change(present: &[Choice], wanted: &[Choice]) -> (Vec<Option<Choice>>, Vec<Choice>) {
    let mut open = wanted.to_vec();
    let mut kept: Vec<Option<Choice>> = present
        .iter()
        .map(|choice| open.iter().position(|wanted| wanted == choice).map(|at| open.remove(at)))
        .collect();
    for place in kept.iter_mut().filter(|place| place.is_none()) {
        if !open.is_empty() {
            *place = Some(open.remove(0));
        }
    }
    (kept, open)
}

fn choice(line: &WorkerLine, default: &Choice) -> Choice {
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
        WorkerLine { agent: Some(agent.to_owned()), count: Some(count), ..WorkerLine::default() }
    }

    fn names(lines: &[WorkerLine], count: Option<u32>) -> String {
        let default: Choice = "script".parse().unwrap();
        let crew = crew(lines, count, None, &default).unwrap();
        crew.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
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
        let [default, instead]: [Choice; 2] = ["script", "codex:m"].map(|word| word.parse().unwrap());
        let crew = |lines: &[WorkerLine], count| crew(lines, count, Some(&instead), &default).unwrap();
        let lines = [line("a", 1), line("b", 2)];
        assert_eq!(crew(&lines, None), vec![instead.clone(); 3]);
        assert_eq!(crew(&lines, Some(2)), vec![instead.clone(); 2]);
        assert_eq!(crew(&[], None), vec![instead.clone()]);
    }

    #[test]
    fn a_line_overrides_the_default_word_by_word() {
        let default: Choice = "script:small:low".parse().unwrap();
        let line = WorkerLine { effort: Some("high".to_owned()), ..WorkerLine::default() };
        let crew = crew(&[line], None, None, &default).unwrap();
        assert_eq!(crew.iter().map(ToString::to_string).collect::<Vec<_>>(), ["script:small:high"]);
    }

    #[test]
    fn nobody_and_everybody_are_refused() {
        let default = Choice::default();
        assert!(crew(&[line("a", 0)], None, None, &default).is_err());
        assert!(crew(&[line("a", u32::MAX), line("b", 2)], None, None, &default).is_err());
    }

    #[test]
    fn a_crew_changes_as_little_as_it_can() {
        let choices = |words: &str| words.split_whitespace().map(|word| word.parse().unwrap()).collect::<Vec<Choice>>();
        let changed = |present: &str, wanted: &str| {
            let (kept, added) = change(&choices(present), &choices(wanted));
            let kept: Vec<String> =
                kept.iter().map(|choice| choice.as_ref().map_or("-".to_owned(), ToString::to_string)).collect();
            let added: Vec<String> = added.iter().map(ToString::to_string).collect();
            format!("{} + {}", kept.join(" "), added.join(" "))
        };
        assert_eq!(changed("a b b", "a b b"), "a b b + ");
        assert_eq!(changed("a b", "b a a"), "a b + a");
        assert_eq!(changed("a b b", "b"), "- b - + ");
        assert_eq!(changed("a a b", "b c"), "c - b + ");
        assert_eq!(changed("", "a b"), " + a b");
    }
}
