//! `swarm start`: runs the swarm here, or in the background, or only says what it would do.

use std::time::Duration;

use super::add::parse_id;
use super::moves::whereabouts;
use super::{Desk, announce, detach, dry_run, ending};
use crate::cli::Start;
use crate::cycle::{preflight, sandboxes};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::model::choice::Choice;
use crate::model::choices::{Choices, Overrides};
use crate::model::pick::Filter;
use crate::model::span;
use crate::os::control;
use crate::os::settings::Source;
use crate::os::workspace::Workspace;
use crate::swarm::{Order, Wanted, WhenEmpty, alive, muster, supervise};

pub(super) fn run(desk: &Desk, words: &Start) -> Result<Exit> {
    let place = desk.place()?;
    let filter = filter(words)?;
    if (words.dry_run || words.detach) && control::is_paused(&place.dirs) {
        // Where it runs here, its events say so.
        desk.say("claiming is paused: nothing is claimed until `swarm resume`");
    }
    for id in &filter.tasks {
        whereabouts(&place.dirs, id)?;
    }
    if words.dry_run {
        return dry_run::run(desk, &place, &filter);
    }
    let workspace = Workspace::open(place)?;
    let order = order(desk, words, filter)?;
    // A mistake is told before anything goes to the background.
    Source::new(workspace.dirs.root(), order.config.as_deref()).check_names(&workspace.config, &workspace.agents)?;
    let settings = workspace.settings();
    let members = muster(&settings, &order.wanted)?;
    let choices: Vec<Choice> =
        members.iter().flat_map(|member| member.agents.iter().cloned()).chain(settings.config.reviewers()).collect();
    for (sandbox, choice) in sandboxes(&settings, &choices) {
        let agent = &settings.agents.find(choice)?.agent;
        preflight(&workspace.dirs, workspace.repo.common_dir(), sandbox, &choice.agent, agent)?;
    }
    if let Some(other) = alive(&workspace.dirs).first().filter(|_| !words.detached) {
        desk.say(&format!(
            "another swarm works here already ({}); both share the queue, and `swarm scale` changes how many workers one has",
            other.run_id
        ));
    }
    if words.detach {
        return detach::run(desk, &workspace);
    }
    let ready = |run_id: &str| {
        if words.detached {
            detach::tell_parent(run_id);
        }
    };
    let show = if words.detached {
        detach::leave_terminal()?;
        // Its standard output belongs to the half that waits for a word on it.
        announce::show_text(desk)
    } else {
        announce::show(desk)
    };
    let (show, run) = ending::noting_its_name(show);
    let ended = supervise(&workspace, order, show, &ready);
    if words.detached || !desk.json() {
        ending::tell(desk, &workspace, &run);
    }
    ended
}

fn filter(words: &Start) -> Result<Filter> {
    Ok(Filter {
        tasks: words.tasks.iter().map(|id| parse_id(id)).collect::<Result<_>>()?,
        parent: words.parent.as_deref().map(parse_id).transpose()?,
        domain: words.domain.clone(),
    })
}

/// The words of the command line, as the swarm takes them.
fn order(desk: &Desk, words: &Start, filter: Filter) -> Result<Order> {
    let duration = words
        .duration
        .as_deref()
        .map(span::parse)
        .transpose()
        .map_err(|reason| Error::usage(format!("--for: {reason}")))?;
    Ok(Order {
        wanted: Wanted { total: words.workers, instead: overruled(words)? },
        config: desk.global().config.clone(),
        filter,
        when_empty: if words.drain || words.once { WhenEmpty::End } else { WhenEmpty::Wait },
        each: words.once.then_some(1),
        cycles: words.max_cycles,
        duration: duration.filter(|duration| *duration > Duration::ZERO),
        arguments: std::env::args().skip(1).collect(),
    })
}

/// What the command line says about who works.
fn overruled(words: &Start) -> Result<Option<Choices>> {
    let Some(agent) = &words.agent else {
        return match &words.model {
            None => Ok(None),
            Some(_) => Err(Error::usage("--model needs --agent: a model's name means nothing to another agent")),
        };
    };
    let agents: Choices = agent.parse().map_err(|reason| Error::usage(format!("--agent: {reason}")))?;
    agents.refuse_model(words.model.as_deref()).map_err(|reason| Error::usage(format!("--model: {reason}")))?;
    Ok(Some(agents.overridden_by(&Overrides { model: words.model.clone(), ..Overrides::default() })))
}
