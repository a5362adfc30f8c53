use super::*;
use crate::model::task::Session;

const OUTCOMES: [(Outcome, bool, bool); 19] = [
    // Whether the next cycle goes on with the work, and whether it may verify it without asking the author again.
    (Outcome::Interrupted, true, true),
    (Outcome::Infra, true, true),
    (Outcome::RateLimited, true, true),
    (Outcome::NeedsInput, true, false),
    (Outcome::AwaitingReview, true, false),
    (Outcome::OverBudget, true, true),
    (Outcome::Merged, false, false),
    (Outcome::NoChange, false, false),
    (Outcome::Claimed, false, false),
    (Outcome::Planned, false, false),
    (Outcome::VerifyFailed, false, false),
    (Outcome::Rejected, false, false),
    (Outcome::Conflict, false, false),
    (Outcome::AgentError, false, false),
    (Outcome::Stuck, false, false),
    (Outcome::Timeout, false, false),
    (Outcome::Replan, false, false),
    (Outcome::Cancelled, false, false),
    (Outcome::Done, false, false),
];

fn oid(digit: char) -> Oid {
    String::from(digit).repeat(40).parse().unwrap()
}

fn kept(ready: bool, approved: bool) -> Kept {
    Kept { commit: oid('a').to_string(), contract: "text".to_owned(), ready, approved }
}

fn session_named(id: &str) -> Session {
    Session {
        agent: "ada".to_owned(),
        id: id.to_owned(),
        contract: Some("text".to_owned()),
        told: 0,
        slot: None,
        counted: None,
    }
}

fn begin(kept: Option<&Kept>, session: Option<&str>, last: Option<Outcome>, salvaged: Option<Oid>) -> Beginning {
    begin_with(kept.map(|kept| (kept, oid('a'))), session.map(session_named), last, || Ok(salvaged)).unwrap()
}

fn in_session(work: Option<Oid>) -> Beginning {
    Beginning::InSession { session: session_named("s"), work }
}

fn with_work(approved: bool, session: Option<&str>) -> Beginning {
    Beginning::WithWork { head: oid('a'), approved, session: session.map(session_named) }
}

#[test]
fn an_outcome_that_says_nothing_against_the_work_lets_the_next_cycle_go_on_with_it() {
    for (outcome, goes, was_cut) in OUTCOMES {
        assert_eq!((goes_on(outcome), was_broken_off(outcome)), (goes, was_cut), "{outcome}");
        assert!(goes || !was_cut, "{outcome}");
    }
}

#[test]
fn work_that_a_person_has_approved_needs_no_author_whatever_came_last() {
    for last in OUTCOMES.map(|(outcome, ..)| Some(outcome)).into_iter().chain([None]) {
        for (session, ready) in [(None, true), (Some("s"), true), (Some("s"), false)] {
            assert_eq!(begin(Some(&kept(ready, true)), session, last, None), with_work(true, session), "{last:?}");
        }
    }
}

#[test]
fn work_that_was_done_is_verified_without_its_author_only_after_a_cycle_that_was_broken_off() {
    for (outcome, _, was_cut) in OUTCOMES {
        let found = begin(Some(&kept(true, false)), Some("s"), Some(outcome), None);
        let expected = if was_cut { with_work(false, Some("s")) } else { in_session(Some(oid('a'))) };
        assert_eq!(found, expected, "{outcome}");
        let alone = begin(Some(&kept(true, false)), None, Some(outcome), None);
        assert_eq!(alone, if was_cut { with_work(false, None) } else { Beginning::Afresh }, "{outcome}");
    }
    assert_eq!(begin(Some(&kept(true, false)), None, None, None), Beginning::Afresh);
}

#[test]
fn half_done_work_goes_on_only_in_the_session_that_knows_it() {
    for last in OUTCOMES.map(|(outcome, ..)| Some(outcome)).into_iter().chain([None]) {
        assert_eq!(begin(Some(&kept(false, false)), Some("s"), last, Some(oid('b'))), in_session(Some(oid('a'))));
        assert_eq!(begin(Some(&kept(false, false)), None, last, Some(oid('b'))), Beginning::Afresh, "{last:?}");
    }
}

#[test]
fn what_a_dead_worker_left_is_looked_for_only_where_he_was_interrupted() {
    for last in OUTCOMES.map(|(outcome, ..)| Some(outcome)).into_iter().chain([None]) {
        let work = (last == Some(Outcome::Interrupted)).then(|| oid('b'));
        assert_eq!(begin(None, Some("s"), last, Some(oid('b'))), in_session(work), "{last:?}");
        assert_eq!(begin(None, None, last, Some(oid('b'))), Beginning::Afresh, "{last:?}");
    }
    assert_eq!(begin(None, Some("s"), Some(Outcome::Interrupted), None), in_session(None));
    let trouble =
        begin_with(None, Some(session_named("s")), Some(Outcome::Interrupted), || Err(Infra("no".to_owned())));
    assert!(trouble.is_err());
}

#[test]
fn a_session_is_taken_up_only_by_its_own_agent_for_the_task_as_it_reads_now() {
    let progress = |contract: Option<&str>| {
        let contract = contract.map(str::to_owned);
        Progress { session: Some(Session { contract, ..session_named("s") }), ..Progress::default() }
    };
    let known = progress(Some("text"));
    assert_eq!(session_for(&known, "text", "ada", true), known.session);
    assert_eq!(session_for(&known, "other text", "ada", true), None);
    assert_eq!(session_for(&known, "text", "bob", true), None);
    assert_eq!(session_for(&known, "text", "ada", false), None);
    assert_eq!(session_for(&progress(None), "text", "ada", true), None);
    assert_eq!(session_for(&Progress::default(), "text", "ada", true), None);
}

#[test]
fn the_commit_and_the_session_of_a_beginning_are_its_own() {
    let of = |beginning: Beginning| (beginning.commit().cloned(), beginning.session());
    let session = || Some(session_named("s"));
    assert_eq!(of(Beginning::Afresh), (None, None));
    assert_eq!(of(in_session(Some(oid('b')))), (Some(oid('b')), session()));
    assert_eq!(of(in_session(None)), (None, session()));
    assert_eq!(of(with_work(false, Some("s"))), (Some(oid('a')), session()));
    assert_eq!(of(with_work(true, None)), (Some(oid('a')), None));
}

#[test]
fn the_refs_of_an_attempt_are_its_first_and_those_with_a_number_behind_it() {
    let first = "refs/swarm/salvage/work/1";
    for (name, is_of_it) in [
        ("refs/swarm/salvage/work/1", true),
        ("refs/swarm/salvage/work/1-2", true),
        ("refs/swarm/salvage/work/10", false),
        ("refs/swarm/salvage/work/2", false),
        ("refs/swarm/salvage/work/1/nested/HEAD", false),
        ("refs/swarm/salvage/work/1-2/nested/HEAD", false),
        ("refs/swarm/salvage/work-1/1", false),
    ] {
        assert_eq!(is_of_attempt(name, first), is_of_it, "{name}");
    }
}
