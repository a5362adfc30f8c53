//! Whole stories, as tables of words, and what holds for every story there is.

use proptest::prelude::*;

use super::*;

const WORKS: [(&str, Work); 9] = [
    ("ready", Work::Ready),
    ("silent", Work::Silent),
    ("no-change", Work::NoChange),
    ("question", Work::NeedsInput),
    ("replan", Work::Replan),
    ("done", Work::Done),
    ("refused", Work::Refused),
    ("failed", Work::Failed),
    ("late", Work::TimedOut),
];
const GATES: [(&str, Gates); 3] = [
    ("green", Gates::Green { protected: false }),
    ("green-but-protected", Gates::Green { protected: true }),
    ("red", Gates::Red),
];
const VERDICTS: [(&str, Verdict); 3] =
    [("approved", Verdict::Approved), ("changes", Verdict::NeedsChanges), ("no-verdict", Verdict::Missing)];
const LANDINGS: [(&str, Landing); 6] = [
    ("published", Landing::Published),
    ("nothing-new", Landing::NothingNew),
    ("conflict", Landing::Conflict),
    ("merged-red", Landing::Red),
    ("task-changed", Landing::Changed),
    ("task-unreadable", Landing::Unreadable),
];
const HALTS: [(&str, Halt, Outcome); 6] = [
    ("interrupt", Halt::Interrupted, Outcome::Interrupted),
    ("cancel", Halt::Cancelled, Outcome::Cancelled),
    ("trouble", Halt::Infra, Outcome::Infra),
    ("limit", Halt::RateLimited, Outcome::RateLimited),
    ("broke", Halt::OverBudget, Outcome::OverBudget),
    ("red-base", Halt::BaseRed, Outcome::Interrupted),
];

/// Every event with its word.
fn events() -> Vec<(&'static str, Event)> {
    let works = WORKS.map(|(word, work)| (word, Event::Worked(work)));
    let gates = GATES.map(|(word, gates)| (word, Event::Verified(gates)));
    let verdicts = VERDICTS.map(|(word, verdict)| (word, Event::Reviewed(verdict)));
    let landings = LANDINGS.map(|(word, landing)| (word, Event::Integrated(landing)));
    let halts = HALTS.map(|(word, halt, _)| (word, Event::Halted(halt)));
    works.into_iter().chain(gates).chain(verdicts).chain(landings).chain(halts).collect()
}

fn event(word: &str) -> Event {
    events().into_iter().find(|(known, _)| *known == word).unwrap_or_else(|| panic!("no event is called {word}")).1
}

fn word(step: Step) -> String {
    match step {
        Step::Implement(Turn::First) => "implement".to_owned(),
        Step::Implement(Turn::Resumed(n)) => format!("resume-{n}"),
        Step::Implement(Turn::Nudged) => "nudge".to_owned(),
        Step::Verify => "verify".to_owned(),
        Step::Review(n) => format!("review-{n}"),
        Step::Fix(n) => format!("fix-{n}"),
        Step::Integrate => "integrate".to_owned(),
        Step::Resolve(n) => format!("resolve-{n}"),
        Step::End(outcome) => outcome.to_string(),
    }
}

/// The steps of a plan to which `happens` happens, without the first, which is always the same.
fn tell(rules: Rules, happens: &str) -> String {
    let mut plan = Plan::begin(rules);
    let mut told = Vec::new();
    for happening in happens.split_whitespace() {
        plan = plan.next(event(happening)).unwrap_or_else(|illegal| panic!("{happens}: {illegal}"));
        told.push(word(plan.step()));
    }
    told.join(" ")
}

const ALONE: Rules = Rules { resumes: 0, review: Review::Unneeded, resolves: 0 };
const PATIENT: Rules = Rules { resumes: 2, ..ALONE };
const REVIEWED: Rules = Rules { review: Review::Agent { rounds: 2 }, ..ALONE };
const HUMAN: Rules = Rules { review: Review::Human, ..ALONE };
const RESOLVING: Rules = Rules { resolves: 2, ..ALONE };

#[test]
fn every_cycle_begins_with_the_whole_prompt() {
    assert_eq!(Plan::begin(PATIENT).step(), Step::Implement(Turn::First));
}

#[test]
fn the_agents_word_decides_what_follows() {
    for (happens, steps) in [
        ("ready green published", "verify integrate merged"),
        ("no-change", "no_change"),
        ("question", "needs_input"),
        ("replan", "replan"),
        ("done", "done"),
        ("failed", "agent_error"),
        ("refused", "agent_error"),
        ("late", "timeout"),
        ("silent", "stuck"),
    ] {
        assert_eq!(tell(ALONE, happens), steps, "{happens}");
    }
}

#[test]
fn work_that_a_hook_refuses_is_mended_in_the_same_session_as_often_as_that_is_resumed() {
    for (happens, steps) in [
        ("refused ready", "resume-1 verify"),
        ("refused refused refused", "resume-1 resume-2 agent_error"),
        ("silent silent refused", "resume-1 resume-2 agent_error"),
        ("silent silent silent refused", "resume-1 resume-2 nudge agent_error"),
    ] {
        assert_eq!(tell(PATIENT, happens), steps, "{happens}");
    }
    assert_eq!(
        tell(Rules { review: REVIEWED.review, ..PATIENT }, "ready green changes refused"),
        "verify review-1 fix-1 resume-1"
    );
}

#[test]
fn a_silent_agent_is_resumed_then_nudged_then_given_up() {
    for (happens, steps) in [
        ("silent silent silent silent", "resume-1 resume-2 nudge stuck"),
        ("silent ready", "resume-1 verify"),
        ("silent silent silent ready", "resume-1 resume-2 nudge verify"),
        ("silent silent silent question", "resume-1 resume-2 nudge needs_input"),
        ("silent late", "resume-1 timeout"),
    ] {
        assert_eq!(tell(PATIENT, happens), steps, "{happens}");
    }
}

#[test]
fn the_gates_decide_whether_the_work_goes_on() {
    for (rules, happens, steps) in [
        (ALONE, "ready red", "verify verify_failed"),
        (ALONE, "ready green-but-protected", "verify awaiting_review"),
        (REVIEWED, "ready red", "verify verify_failed"),
        (REVIEWED, "ready green-but-protected approved published", "verify review-1 integrate merged"),
        (HUMAN, "ready green", "verify awaiting_review"),
        (HUMAN, "ready green-but-protected", "verify awaiting_review"),
        (HUMAN, "ready red", "verify verify_failed"),
    ] {
        assert_eq!(tell(rules, happens), steps, "{happens}");
    }
}

#[test]
fn the_author_mends_what_a_reviewer_finds_until_the_rounds_are_used_up() {
    for (happens, steps) in [
        ("ready green approved published", "verify review-1 integrate merged"),
        ("ready green no-verdict", "verify review-1 infra"),
        (
            "ready green changes ready green approved published",
            "verify review-1 fix-1 verify review-2 integrate merged",
        ),
        ("ready green changes ready green changes", "verify review-1 fix-1 verify review-2 rejected"),
        ("ready green changes ready red", "verify review-1 fix-1 verify verify_failed"),
        ("ready green changes silent", "verify review-1 fix-1 verify"),
        ("ready green changes no-change", "verify review-1 fix-1 verify"),
        ("ready green changes done", "verify review-1 fix-1 verify"),
        ("ready green changes question", "verify review-1 fix-1 needs_input"),
        ("ready green changes replan", "verify review-1 fix-1 replan"),
        ("ready green changes failed", "verify review-1 fix-1 agent_error"),
        ("ready green changes late", "verify review-1 fix-1 timeout"),
    ] {
        assert_eq!(tell(REVIEWED, happens), steps, "{happens}");
    }
}

#[test]
fn the_base_decides_how_the_work_lands() {
    for (rules, happens, steps) in [
        (ALONE, "ready green nothing-new", "verify integrate no_change"),
        (ALONE, "ready green merged-red", "verify integrate verify_failed"),
        (ALONE, "ready green conflict", "verify integrate conflict"),
        (RESOLVING, "ready green conflict ready green published", "verify integrate resolve-1 verify integrate merged"),
        (
            RESOLVING,
            "ready green conflict silent green conflict done green conflict",
            "verify integrate resolve-1 verify integrate resolve-2 verify integrate conflict",
        ),
        (RESOLVING, "ready green conflict question", "verify integrate resolve-1 needs_input"),
        (RESOLVING, "ready green conflict ready red", "verify integrate resolve-1 verify verify_failed"),
        (
            RESOLVING,
            "ready green conflict ready green-but-protected",
            "verify integrate resolve-1 verify awaiting_review",
        ),
    ] {
        assert_eq!(tell(rules, happens), steps, "{happens}");
    }
}

#[test]
fn a_resolved_conflict_is_reviewed_again_and_not_begun_where_no_round_is_left() {
    let rules = Rules { resolves: 1, ..REVIEWED };
    assert_eq!(
        tell(rules, "ready green approved conflict ready green approved published"),
        "verify review-1 integrate resolve-1 verify review-2 integrate merged"
    );
    assert_eq!(
        tell(rules, "ready green changes ready green approved conflict"),
        "verify review-1 fix-1 verify review-2 integrate conflict"
    );
}

#[test]
fn work_that_was_done_before_is_verified_first_and_a_persons_word_holds_until_it_changes() {
    let tell = |plan: Plan, happens: &str| {
        let steps = happens.split_whitespace().scan(plan, |plan, happening| {
            *plan = plan.next(event(happening)).unwrap();
            Some(word(plan.step()))
        });
        steps.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(Plan::go_on(ALONE).step(), Step::Verify);
    let reviewed = Rules { resolves: 1, ..REVIEWED };
    let human = Rules { resolves: 1, ..HUMAN };
    for (plan, happens, steps) in [
        (Plan::go_on(ALONE), "green published", "integrate merged"),
        (Plan::go_on(ALONE), "green-but-protected", "awaiting_review"),
        (Plan::go_on(REVIEWED), "green approved published", "review-1 integrate merged"),
        (Plan::go_on(HUMAN), "green", "awaiting_review"),
        (Plan::go_on_approved(ALONE), "green-but-protected published", "integrate merged"),
        (Plan::go_on_approved(HUMAN), "green published", "integrate merged"),
        (Plan::go_on_approved(HUMAN), "red", "verify_failed"),
        (Plan::go_on_approved(reviewed), "green published", "integrate merged"),
        (Plan::go_on_approved(human), "green conflict ready green", "integrate resolve-1 verify awaiting_review"),
        (Plan::go_on_approved(reviewed), "green conflict ready green", "integrate resolve-1 verify review-1"),
    ] {
        assert_eq!(tell(plan, happens), steps, "{happens}");
    }
}

#[test]
fn a_task_that_changes_after_the_approval_is_reviewed_again() {
    for (happens, steps) in [
        ("ready green approved task-changed approved published", "verify review-1 integrate review-2 integrate merged"),
        (
            "ready green approved task-changed approved task-changed",
            "verify review-1 integrate review-2 integrate awaiting_review",
        ),
    ] {
        assert_eq!(tell(REVIEWED, happens), steps, "{happens}");
    }
    assert_eq!(tell(ALONE, "ready green task-changed"), "verify integrate awaiting_review");
}

#[test]
fn a_task_that_nobody_can_read_ends_with_a_person_whoever_has_approved_it() {
    let happens = "ready green approved task-unreadable";
    assert_eq!(tell(REVIEWED, happens), "verify review-1 integrate needs_input");
    let again = "ready green approved task-changed approved task-unreadable";
    assert_eq!(tell(REVIEWED, again), "verify review-1 integrate review-2 integrate needs_input");
    for rules in [ALONE, HUMAN, REVIEWED] {
        let plan = Plan::go_on_approved(rules);
        let plan = plan.next(event("green")).and_then(|plan| plan.next(event("task-unreadable"))).unwrap();
        assert_eq!(plan.step(), Step::End(Outcome::NeedsInput), "{rules:?}");
    }
}

#[test]
fn a_halt_ends_every_step_at_once() {
    for (before, step) in [
        ("", "implement"),
        ("silent", "resume-1"),
        ("silent silent", "nudge"),
        ("ready", "verify"),
        ("ready green", "review-1"),
        ("ready green changes", "fix-1"),
        ("ready green approved", "integrate"),
        ("ready green approved conflict", "resolve-1"),
    ] {
        let rules = Rules { resumes: 1, resolves: 1, ..REVIEWED };
        let told = tell(rules, before);
        assert_eq!(told.rsplit(' ').next().filter(|last| !last.is_empty()).unwrap_or("implement"), step);
        for (halt, _, outcome) in HALTS {
            let told = tell(rules, &format!("{before} {halt}"));
            assert_eq!(told.rsplit(' ').next(), Some(outcome.as_str()), "{before} {halt}");
        }
    }
}

#[test]
fn what_cannot_follow_a_step_is_refused_in_words() {
    let steps = [
        Step::Implement(Turn::First),
        Step::Implement(Turn::Resumed(1)),
        Step::Implement(Turn::Nudged),
        Step::Verify,
        Step::Review(1),
        Step::Fix(1),
        Step::Integrate,
        Step::Resolve(1),
        Step::End(Outcome::Merged),
        Step::End(Outcome::Infra),
    ];
    for step in steps {
        for (_, event) in events() {
            let plan = Plan { step, reviews: 1, ..Plan::begin(REVIEWED) };
            match plan.next(event) {
                Ok(_) => assert!(belongs(step, event), "{event:?} after {step:?}"),
                Err(illegal) => {
                    assert!(!belongs(step, event), "{illegal}");
                    assert!(illegal.to_string().contains("please report it"), "{illegal}");
                }
            }
        }
    }
}

/// Whether `event` can be what came of `step`.
fn belongs(step: Step, event: Event) -> bool {
    match event {
        Event::Halted(_) => !matches!(step, Step::End(_)),
        Event::Worked(_) => matches!(step, Step::Implement(_) | Step::Fix(_) | Step::Resolve(_)),
        Event::Verified(_) => step == Step::Verify,
        Event::Reviewed(_) => matches!(step, Step::Review(_)),
        Event::Integrated(_) => step == Step::Integrate,
    }
}

/// The most steps that a cycle can take, its end aside.
fn most_steps(rules: Rules) -> u64 {
    let [resumes, resolves] = [rules.resumes, rules.resolves].map(u64::from);
    // The first turn, the resumed ones and the nudge.
    let turns = if resumes == 0 { 1 } else { resumes + 2 };
    turns
        + match rules.review {
            // Verify.
            Review::Human | Review::Agent { rounds: 0 } => 1,
            // Verify and integrate; then resolve, verify and integrate.
            Review::Unneeded => 2 + 3 * resolves,
            // Verify, review and integrate; for each further round a fix, or an integrate and a resolve, before it.
            Review::Agent { rounds } => {
                let further = u64::from(rounds) - 1;
                match u64::from(rules.resumes) {
                    0 => 3 + 3 * further + resolves.min(further),
                    // A fix that a hook refuses, and all turns to mend that, are longer than a conflict.
                    resumes => 3 + (3 + resumes + 1) * further,
                }
            }
        }
}

/// The steps of the longest story that goes on from here.
fn longest(plan: Plan) -> u64 {
    if let Step::End(_) = plan.step() {
        return 0;
    }
    let mut nexts: Vec<Plan> = Vec::new();
    for next in events().into_iter().filter_map(|(_, event)| plan.next(event).ok()) {
        if !nexts.contains(&next) {
            nexts.push(next);
        }
    }
    1 + nexts.into_iter().map(longest).max().unwrap_or(0)
}

#[test]
fn the_longest_story_is_as_long_as_the_rules_say() {
    let reviews = [Review::Unneeded, Review::Human].into_iter();
    for review in reviews.chain((0..4).map(|rounds| Review::Agent { rounds })) {
        for resumes in 0..3 {
            for resolves in 0..4 {
                let rules = Rules { resumes, review, resolves };
                assert_eq!(longest(Plan::begin(rules)), most_steps(rules), "{rules:?}");
            }
        }
    }
}

fn some_rules() -> impl Strategy<Value = Rules> {
    let review = prop_oneof![
        Just(Review::Unneeded),
        Just(Review::Human),
        (0u32..7).prop_map(|rounds| Review::Agent { rounds }),
    ];
    (0u32..9, review, 0u32..5).prop_map(|(resumes, review, resolves)| Rules { resumes, review, resolves })
}

/// A story to its end: where it may go on it mostly does, so that the long ones are seen too.
fn story(rules: Rules, choices: &[(prop::sample::Index, u8)]) -> Vec<Event> {
    let mut plan = Plan::begin(rules);
    let mut story = Vec::new();
    for (choice, mood) in choices.iter().cycle() {
        if let Step::End(_) = plan.step() {
            break;
        }
        let possible: Vec<(Event, Plan)> =
            events().into_iter().filter_map(|(_, event)| Some((event, plan.next(event).ok()?))).collect();
        let lively: Vec<(Event, Plan)> =
            possible.iter().filter(|(_, next)| !matches!(next.step(), Step::End(_))).copied().collect();
        let among = if *mood > 0 && !lively.is_empty() { lively } else { possible };
        let (event, next) = *choice.get(&among);
        story.push(event);
        plan = next;
        assert!(story.len() as u64 <= most_steps(rules), "{rules:?} goes on and on: {story:?}");
    }
    story
}

proptest! {
    #[test]
    fn every_story_keeps_the_promises(
        rules in some_rules(),
        choices in prop::collection::vec((any::<prop::sample::Index>(), 0u8..12), 80),
    ) {
        let story = story(rules, &choices);
        let mut plan = Plan::begin(rules);
        let mut green = None;
        let mut approved = false;
        let mut refused = false;
        for event in &story {
            plan = plan.next(*event).unwrap();
            match event {
                // Whatever an agent did, nothing that was said of the tree before it counts any more.
                Event::Worked(_) => (green, approved, refused) = (None, false, false),
                Event::Verified(Gates::Green { protected }) => green = Some(*protected),
                Event::Reviewed(Verdict::Approved) => approved = true,
                Event::Reviewed(Verdict::NeedsChanges) => refused = true,
                Event::Integrated(Landing::Changed) => approved = false,
                Event::Halted(halt) => {
                    let (_, _, outcome) = HALTS.into_iter().find(|(_, known, _)| known == halt).unwrap();
                    prop_assert_eq!(plan.step(), Step::End(outcome));
                }
                Event::Verified(Gates::Red) | Event::Reviewed(Verdict::Missing) | Event::Integrated(_) => {}
            }
            if matches!(plan.step(), Step::Integrate | Step::End(Outcome::Merged)) {
                prop_assert!(green.is_some(), "integrated what is not green");
                match rules.review {
                    Review::Human => prop_assert!(false, "integrated without the person"),
                    Review::Unneeded => prop_assert_eq!(green, Some(false), "integrated a protected path"),
                    Review::Agent { .. } => prop_assert!(approved, "integrated without an approval"),
                }
            }
        }
        let Step::End(outcome) = plan.step() else { panic!("{story:?} does not end") };
        let unreadable = story.last() == Some(&Event::Integrated(Landing::Unreadable));
        prop_assert!(!unreadable || outcome == Outcome::NeedsInput, "not with a person");
        prop_assert!(outcome != Outcome::Merged || story.last() == Some(&Event::Integrated(Landing::Published)));
        let no_rounds = rules.review == Review::Agent { rounds: 0 };
        prop_assert!(outcome != Outcome::Rejected || refused || no_rounds, "rejected by nobody");
        prop_assert!(plan.next(Event::Halted(Halt::Infra)).is_err(), "the end is the end");
    }
}
