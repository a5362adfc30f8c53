//! The agents' own programs, as their makers ship them, run by `swarm start` against a model server of ours.
//!
//! They are installed once from the npm registry, at the versions named in `cli.rs`. Nothing else leaves this machine,
//! and no key is used. Where a program cannot be installed its tests are ignored, each with the reason, and counted.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "../it/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other tests use the rest of it")]
mod harness;

mod cli;
mod install;
mod scene;
mod server;

mod crashes;
mod endings;
mod limits;
mod refusals;
mod room;
mod silence;
mod words;
mod work;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

use cli::Cli;
use install::Missing;
use scene::Scene;

/// One of the tests, with its name.
type Test = (&'static str, fn(&Scene));

/// The tests of these names, which are those of their functions.
macro_rules! named {
    ($($room:ident::$test:ident),+ $(,)?) => {
        &[$((concat!(stringify!($room), "::", stringify!($test)), $room::$test)),+]
    };
}

/// What is tried with each of them.
const TESTS: &[Test] = named![
    work::what_it_commits_is_merged_and_its_bill_is_kept,
    work::a_probe_gets_an_answer,
    work::a_session_that_says_nothing_is_taken_up_again,
    limits::a_limit_in_the_middle_costs_no_attempt_and_when_it_is_over_the_session_goes_on,
    limits::a_limit_of_a_second_is_waited_for_by_the_agent_itself,
    limits::a_provider_with_too_much_to_do_costs_no_attempt,
    refusals::a_model_that_does_not_exist_costs_no_attempt,
    refusals::a_session_that_is_too_long_is_made_shorter_or_followed_by_one_that_finds_its_files,
    silence::a_model_that_never_answers,
    silence::a_model_that_falls_silent_in_the_middle,
    silence::a_command_that_hangs_with_a_process_in_a_session_of_its_own,
    crashes::a_swarm_killed_in_the_middle_of_a_command_is_followed_by_one_that_merges_once,
    endings::one_that_leaves_a_process_in_a_session_of_its_own_is_merged_and_the_process_ended,
    endings::one_whose_command_prints_many_odd_bytes_is_merged,
    endings::one_that_fails_after_a_good_commit_has_its_commit_kept,
    endings::one_that_is_killed_has_its_files_kept,
    endings::one_that_is_ready_and_has_changed_nothing_is_not_merged,
    endings::one_whose_answer_breaks_off_once_goes_on,
    room::what_the_user_has_set_up_for_himself_does_not_run,
    room::its_git_pushes_nothing_and_moves_nothing_of_the_swarms,
    words::words_of_a_signal_where_they_are_none_have_no_effect,
    words::the_answer_to_a_question_reaches_the_session_that_asked,
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials: Vec<Trial> =
        Cli::ALL.into_iter().flat_map(|cli| TESTS.iter().map(move |test| trial(cli, *test))).collect();
    let count = trials.len();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if conclusion.num_ignored > 0 {
        eprintln!("agents: {} of {count} skipped, for the reasons above", conclusion.num_ignored);
    }
    conclusion.exit_code()
}

fn trial(cli: Cli, (name, test): Test) -> Trial {
    Trial::ignorable_test(format!("{}::{name}", cli.name()), move || match install::programs_of(cli) {
        Ok(_) if let Some(reason) = cli.cannot(name) => Ok(Completion::ignored_with(reason)),
        Ok(programs) => {
            test(&Scene::new(cli, &programs));
            Ok(Completion::Completed)
        }
        Err(Missing::Here(reason)) => Ok(Completion::ignored_with(reason)),
        Err(Missing::Anywhere(reason)) => Err(reason.into()),
    })
}
