//! Prompts: the built-in one in full and at its barest, and that nothing a task says is read as a template.

use super::*;
use crate::model::comment::{Author, Comment};
use crate::model::signal::signals;
use crate::model::task::{ShellBlock, Task};
use crate::model::verdict::review;

/// The templates that the program brings along.
fn built_in() -> Prompts {
    let mut prompts = Prompts::default();
    for (name, text) in [
        ("worker", include_str!("../../../config/prompts/worker.md")),
        ("executor", include_str!("../../../config/prompts/executor.md")),
        ("planner", include_str!("../../../config/prompts/planner.md")),
        ("claim", include_str!("../../../config/prompts/claim.md")),
        ("reviewer", include_str!("../../../config/prompts/reviewer.md")),
        ("resume", include_str!("../../../config/prompts/resume.md")),
        ("nudge", include_str!("../../../config/prompts/nudge.md")),
        ("fix", include_str!("../../../config/prompts/fix.md")),
        ("resolve", include_str!("../../../config/prompts/resolve.md")),
        ("task", include_str!("../../../config/prompts/task.md")),
        ("rules", include_str!("../../../config/prompts/rules.md")),
        ("ending", include_str!("../../../config/prompts/ending.md")),
    ] {
        prompts.put(name, text);
    }
    prompts
}

/// The same with another worker's template.
fn with_worker(text: &str) -> Prompts {
    let mut prompts = built_in();
    prompts.put("worker", text);
    prompts
}

fn check(text: &str) -> Result<(), BadTemplate> {
    with_worker(text).check()
}

fn render(text: &str, facts: &Facts<'_>) -> Result<String, BadTemplate> {
    with_worker(text).render(Template::Worker, facts)
}

fn worker(facts: &Facts<'_>) -> String {
    built_in().render(Template::Worker, facts).unwrap()
}

/// A task that says nothing but what it must.
fn bare() -> Facts<'static> {
    Facts {
        run: "20261120T220001-k3qd",
        worker: "w0",
        id: "fix-typo",
        title: "Fix the typo",
        attempt: 1,
        base: "main",
        base_short: "3f2c1ab",
        completion: "exit",
        ..Facts::default()
    }
}

/// A task with a body and nothing else.
fn with_body(body: &str) -> Facts<'_> {
    Facts { body, ..bare() }
}

#[test]
fn the_built_in_prompt_tells_all_there_is_to_tell() {
    let acceptance = ["It compiles".to_owned(), "It is tested".to_owned()];
    let comment = Comment {
        at: Some("2026-11-20T22:10:00.5Z".parse().unwrap()),
        author: Author::Human,
        text: "Please.".to_owned(),
    };
    let protected = ["config/**".to_owned(), ".ci/**".to_owned()];
    let facts = Facts {
        domain: Some("backend"),
        body: "There is a typo in `README.md`.\n",
        acceptance: &acceptance,
        comments: vec![CommentFacts::of(&comment)],
        feedback: Some("cargo test failed (exit 101)"),
        attempt: 2,
        gates: vec!["cargo test", "make docs"],
        protected: &protected,
        completion: "signal",
        ..bare()
    };
    insta::assert_snapshot!(worker(&facts), @r"
    [swarm:20261120T220001-k3qd:w0]

    You are working alone on one task in a git worktree of your own. Nobody will answer questions while you work.

    # Task fix-typo: Fix the typo

    Domain: backend

    There is a typo in `README.md`.


    ## Done when

    1. It compiles
    2. It is tested

    ## Comments

    ### 2026-11-20T22:10:00Z human

    Please.

    ## What happened last time

    This is attempt 2. An earlier one ended like this:

    cargo test failed (exit 101)

    ## Rules

    - Work in this folder only. You are on a detached head at 3f2c1ab of `main`: do not switch branches, do not push, do not touch other worktrees.
    - Commit your work or leave it uncommitted: everything in the folder that git does not ignore counts.
    - When you end, these commands are run on the result; all must succeed:
      - `cargo test`
      - `make docs`
    - A change under these paths needs somebody's word before it is merged: config/**, .ci/**.
    - New tasks that you find go, one markdown file each, into the folder named by $SWARM_OUTBOX.

    ## How to end

    End your last message with exactly one of these, alone on its line and without quotes or indentation:

    - the word COMPLETE_AND_READY_FOR_MERGE when the work is done and the commands above succeed;
    - NEEDS_INPUT: and your question, when only a person can decide;
    - REPLAN: and the reason, when the task as written cannot be done;
    - NO_CHANGE: and the reason, when nothing needs to change.
    ");
}

#[test]
fn the_built_in_prompt_leaves_out_what_there_is_not() {
    insta::assert_snapshot!(worker(&with_body("Do it.\n")), @r"
    [swarm:20261120T220001-k3qd:w0]

    You are working alone on one task in a git worktree of your own. Nobody will answer questions while you work.

    # Task fix-typo: Fix the typo

    Do it.


    ## Rules

    - Work in this folder only. You are on a detached head at 3f2c1ab of `main`: do not switch branches, do not push, do not touch other worktrees.
    - Commit your work or leave it uncommitted: everything in the folder that git does not ignore counts.
    - When you end, these commands are run on the result; all must succeed:
      - (none)
    - A change under these paths needs somebody's word before it is merged: none.
    - New tasks that you find go, one markdown file each, into the folder named by $SWARM_OUTBOX.
    ");
}

/// Some tasks, named by their folder.
fn some(folder: &str, count: usize) -> Vec<Waiting> {
    (0..count).map(|number| Waiting { id: format!("{folder}-{number}"), title: format!("Do {number}") }).collect()
}

#[test]
fn a_planner_is_told_what_waits_and_what_is_done_already() {
    let [waiting, current, review, blocked] =
        [("p", 2), ("c", 1), ("r", 1), ("b", 2)].map(|(folder, count)| some(folder, count));
    let plan = Plan {
        waiting_count: 7,
        waiting: &waiting,
        current_count: 1,
        current: &current,
        review_count: 1,
        review: &review,
        blocked_count: 9,
        blocked: &blocked,
        room: 3,
    };
    let told = |plan: Plan<'_>| {
        let told = built_in().render(Template::Planner, &Facts { telling: Telling::Plan(plan), ..bare() }).unwrap();
        let begin = told.find(" tasks wait now").unwrap() - 1;
        told[begin..told.find("Find what should").unwrap()].to_owned()
    };
    insta::assert_snapshot!(told(plan), @r"
    7 tasks wait now; the first of them:

    - p-0: Do 0
    - p-1: Do 1

    1 is being worked on:

    - c-0: Do 0

    1 is done and waits for a person's word before it is merged:

    - r-0: Do 0

    9 cannot go on without a person:

    - b-0: Do 0
    - b-1: Do 1
    - and 7 more.

    Plan none of that again.
    ");
    assert_eq!(told(Plan::default()), "0 tasks wait now.\n\n");
}

#[test]
fn no_line_of_the_built_in_prompt_is_a_signal() {
    let granted = ["work".to_owned()];
    let tellings = [
        (Template::Worker, Telling::Work),
        (Template::Executor, Telling::Work),
        (Template::Nudge, Telling::Work),
        (Template::Resume, Telling::Resume(Resume { interrupted: true, refused: None })),
        (Template::Fix, Telling::Fix(Fix { fresh: true, ..Fix::default() })),
        (Template::Resolve, Telling::Resolve(Resolve { fresh: true, ..Resolve::default() })),
        (Template::Reviewer, Telling::Review(Review::default())),
        (Template::Planner, Telling::Plan(Plan::default())),
        (Template::Claim, Telling::Claim(Claiming::default())),
        (Template::Claim, Telling::Claim(Claiming { again: true, ..Claiming::default() })),
        (Template::Claim, Telling::Claim(Claiming { granted: &granted, ..Claiming::default() })),
    ];
    let acceptance = ["It works".to_owned()];
    for (template, telling) in tellings {
        for completion in ["signal", "exit"] {
            let facts = Facts { completion, telling: telling.clone(), acceptance: &acceptance, ..bare() };
            let prompt = built_in().render(template, &facts).unwrap();
            assert_eq!(signals(&prompt), [], "an agent that repeats its prompt says nothing: {template:?}");
            assert!(review(&prompt, 1).is_err(), "nor does a reviewer: {template:?}");
            assert!(prompt.starts_with("[swarm:20261120T220001-k3qd:w0]\n"), "{template:?}: {prompt}");
        }
    }
}

#[test]
fn the_built_in_prompt_is_one_that_a_user_could_write() {
    assert_eq!(built_in().check(), Ok(()));
    let names: Vec<String> = built_in().names().map(str::to_owned).collect();
    assert!(Template::ALL.iter().all(|template| names.iter().any(|name| name == template.name())));
}

#[test]
fn what_a_task_says_comes_through_unchanged() {
    for body in [
        "cd $HOME && echo ${HOME}",
        "{{ title }} and {{braces}} and {{ 1 + }}",
        "{% raw %}{{ id }}{% endraw %}",
        "{% for x in y %}{# no comment #}{% include \"/etc/passwd\" %}",
        r"C:\new\table \\ \n \u0041 \",
        "one\r\ntwo\r\n\r\n",
        "<b>&amp; \"quotes\" 'too'</b>",
        "\u{feff}ümläut \u{0}\u{1b}[31m",
        "  indented\n\n\n",
    ] {
        assert_eq!(render("{{ body }}", &with_body(body)).unwrap(), body);
        assert!(worker(&with_body(body)).contains(body), "{body:?}");
        let [title, feedback] = [body, body];
        let facts = Facts { title, feedback: Some(feedback), ..bare() };
        assert_eq!(render("{{ title }}|{{ feedback }}", &facts).unwrap(), format!("{body}|{body}"));
    }
}

#[test]
fn an_unknown_name_is_refused_with_its_line_and_the_nearest_one() {
    for (template, line, says) in [
        ("Hello\n{{ titel }}\n", 2, "unknown name `titel`; did you mean `title`?"),
        ("about bod\nthe bod.\n{% if bod %}x{% endif %}", 3, "unknown name `bod`; did you mean `body`?"),
        ("{{ body }}\n{{ id }}\n{{ bod.x }}", 3, "unknown name `bod`; did you mean `body`?"),
        ("{{ feedback\n  ~ wurker }}", 2, "unknown name `wurker`; did you mean `worker`?"),
        ("{% for gate in gatez %}{{ gate }}{% endfor %}", 1, "unknown name `gatez`; did you mean `gates`?"),
    ] {
        let bad = check(template).unwrap_err();
        assert_eq!((bad.line, bad.reason.as_str()), (Some(line), says), "{template}");
        assert!(render(template, &bare()).is_err() || template.contains("if"), "{template}");
    }
    let far = check("{{ zzzzzzzzzz }}").unwrap_err();
    assert!(far.reason.contains("known are"), "{far}");
    for name in ["run", "body", "acceptance", "protected"] {
        assert!(far.reason.contains(name), "{far}");
    }
    assert!(!far.reason.contains("objections"), "what a reviewer is told is not told to a worker: {far}");
}

#[test]
fn a_template_that_does_not_parse_is_refused_with_its_line() {
    for (template, line) in [("a\n{% if x %}\nb", 3), ("a\nb {{ id", 2), ("{% nonsense %}", 1)] {
        let bad = check(template).unwrap_err();
        assert_eq!(bad.line, Some(line), "{template:?}: {bad}");
        assert!(!bad.reason.is_empty());
        assert!(render(template, &bare()).is_err());
    }
}

#[test]
fn names_that_a_template_makes_itself_are_known() {
    let template = "{% set x = 1 %}{% for at in range(2) %}{{ loop.index + x }}{{ at }} {% endfor %}";
    assert_eq!(check(template), Ok(()));
    assert_eq!(render(template, &bare()).unwrap(), "20 31 ");
}

#[test]
fn templates_may_include_others_and_a_mistake_is_found_where_it_stands() {
    let facts = Facts { title: "{% include \"rules.md\" %}", ..bare() };
    let mut prompts = with_worker("<{% include \"house.md\" %}>");
    prompts.put("house", "{{ title }}");
    assert_eq!(prompts.check(), Ok(()));
    assert_eq!(prompts.render(Template::Worker, &facts).unwrap(), "<{% include \"rules.md\" %}>");
    let missing = check("a\n{% include \"nothing.md\" %}").unwrap_err();
    assert_eq!((missing.name.as_str(), missing.line), ("worker", Some(2)), "{missing}");
    assert!(missing.reason.contains("nothing.md"), "{missing}");
    prompts.put("house", "one\n{{ titel }}");
    let inside = prompts.check().unwrap_err();
    assert_eq!((inside.name.as_str(), inside.line), ("house", Some(2)), "{inside}");
    prompts.put("house", "one\n{{ diff }}");
    let elsewhere = prompts.check().unwrap_err();
    assert_eq!(
        (elsewhere.name.as_str(), elsewhere.line),
        ("house", Some(2)),
        "only a reviewer has a diff: {elsewhere}"
    );
}

#[test]
fn a_script_names_its_task_and_ends_every_block_with_a_line() {
    let task = Task::parse("t-1".parse().unwrap(), b"words\n").unwrap();
    let block = |text: &str| ShellBlock { text: text.to_owned(), line: 1 };
    assert_eq!(
        script("[swarm:r:w0]", &task, &[block("echo a"), block("echo b\n")]),
        "# [swarm:r:w0] t-1\necho a\necho b\n"
    );
    assert_eq!(script("x", &task, &[]), "# x t-1\n");
}
