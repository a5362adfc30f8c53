//! The agents: whether those that are used can work, what they are and where they come from.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::crew::{Post, members, posts};
use super::item::Item;
use super::query::{Said, ask};
use crate::error::{Error, Result};
use crate::model::choices::Choices;
use crate::model::config::Config;
use crate::model::yaml::nearest;
use crate::os::agents::{Catalogue, Described, Layer};
use crate::os::dirs::Dirs;
use crate::os::settings::{Settings, Source};
use crate::os::workspace::Place;

/// What is known of them.
pub(super) struct Known {
    pub(super) catalogue: Catalogue,
    pub(super) posts: Vec<Post>,
    pub(super) items: Vec<Item>,
}

/// Looks at all that are described, and asks those that have a post.
pub(super) fn look(place: &Place, file: Option<&Path>) -> Result<Known> {
    let catalogue = Catalogue::read(place.dirs.root())?;
    let members = members(&place.config, &catalogue)?;
    let posts = posts(&place.config, &members);
    let mut items = Vec::new();
    let mut tell = |found: Result<Vec<Error>>| {
        let told = match found {
            Ok(absent) => absent.iter().map(passed_over).collect(),
            Err(error) => vec![Item::failed("agents", &error)],
        };
        for item in told {
            if !items.contains(&item) {
                items.push(item);
            }
        }
    };
    let unknown = Source::new(place.dirs.root(), file).check_names(&place.config, &catalogue).err();
    let is_known = |agents: &Choices| agents.names().all(|name| catalogue.described(name).is_ok());
    if let Some(error) = unknown {
        tell(Err(error));
    } else {
        tell(Settings { config: Arc::clone(&place.config), agents: Arc::new(catalogue.clone()) }.absent_reviewers());
    }
    let known = members.iter().filter(|member| is_known(&member.agents));
    known.for_each(|member| tell(catalogue.find_for(member)));
    let used: Vec<(&Post, &Described)> =
        posts.iter().filter_map(|post| Some((post, find(&catalogue, post)?))).collect();
    for ((post, described), said) in used.iter().zip(ask_all(place, &used)) {
        items.extend(employed(&place.dirs, post, described, &said));
    }
    items.extend(strangers(&place.config, &catalogue));
    items.extend(unemployed(&place.dirs, &catalogue, &posts));
    Ok(Known { catalogue, posts, items })
}

/// One of a list whose program is not there.
fn passed_over(error: &Error) -> Item {
    let hint = error.next_move().map(str::to_owned);
    let detail = format!("{}; the others of its list are asked instead", error.chain());
    Item { hint, ..Item::note("agents", detail) }
}

/// Its description; nothing where its program is missing, which has been told by then.
fn find<'a>(catalogue: &'a Catalogue, post: &Post) -> Option<&'a Described> {
    let mut all = catalogue.all();
    all.find(|(name, described)| *name == post.agent && described.program.is_some()).map(|(_, described)| described)
}

/// All at once: each takes up to some seconds to start.
fn ask_all(place: &Place, used: &[(&Post, &Described)]) -> Vec<Said> {
    let root = place.dirs.root();
    thread::scope(|scope| {
        let asked: Vec<_> = used.iter().map(|(_, described)| scope.spawn(|| ask(root, described))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap_or_default()).collect()
    })
}

fn employed(dirs: &Dirs, post: &Post, described: &Described, said: &Said) -> Vec<Item> {
    let agent = &described.agent;
    let version = said.version.as_ref().and_then(|version| version.as_ref().ok());
    let name = version.map_or_else(|| post.agent.clone(), |version| format!("{} {version}", post.agent));
    let mut detail = format!("{name} ({}): {}; {}", whence(dirs, described), program(described), post.shown());
    let mut is_ok = true;
    match (&said.version, &agent.tested) {
        (Some(Ok(version)), Some(tested)) if version != tested => {
            is_ok = false;
            detail.push_str(&format!("; its description was tested with {tested}"));
        }
        (Some(Err(reason)), _) => {
            is_ok = false;
            detail.push_str(&format!("; its version is not known: {reason}"));
        }
        (Some(Ok(_)) | None, _) => {}
    }
    let mut items = vec![if is_ok { Item::ok("agents", detail) } else { Item::note("agents", detail) }];
    if said.is_logged_out {
        let hint = agent.login.as_ref().map(|login| format!("log in with `{login}`, unless it is set up to need none"));
        items.push(Item { hint, ..Item::note("agents", format!("{} says that nobody has logged in", post.agent)) });
    }
    items
}

/// Providers of the settings that answer nobody: their caps hold nothing back.
fn strangers(config: &Config, catalogue: &Catalogue) -> Vec<Item> {
    let strange = config.providers.keys().filter(|name| catalogue.provider_named(name).is_none());
    let item = |name: &String| {
        let known: BTreeSet<&str> =
            catalogue.all().flat_map(|(agent, it)| [agent, it.agent.provider_of(agent)]).collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        let detail = format!("providers.{name}: no agent has that name, nor a provider of that name");
        Item { hint: Some(hint), ..Item::note("agents", detail) }
    };
    strange.map(item).collect()
}

/// Who is described and has no post. What is only built in and is not there needs no line of its own.
fn unemployed(dirs: &Dirs, catalogue: &Catalogue, posts: &[Post]) -> Vec<Item> {
    let (mut items, mut absent) = (Vec::new(), Vec::new());
    for (name, described) in catalogue.all().filter(|(name, _)| posts.iter().all(|post| post.agent != *name)) {
        let about = format!("{name} ({})", whence(dirs, described));
        match (&described.program, described.layers.as_slice()) {
            (Some(_), _) => items.push(Item::ok("agents", format!("{about}: {}; not used", program(described)))),
            (None, [Layer::BuiltIn(name)]) => absent.push(*name),
            (None, _) => {
                let program = described.agent.argv.first().map_or("", String::as_str);
                let detail = format!("{about}: the program `{program}` was not found; not used");
                items.push(Item::note("agents", detail));
            }
        }
    }
    if !absent.is_empty() {
        items.push(Item::ok("agents", format!("not used, and not installed: {}", absent.join(", "))));
    }
    items
}

fn whence(dirs: &Dirs, described: &Described) -> String {
    let layer = |layer: &Layer| match layer {
        Layer::BuiltIn(_) => "built in".to_owned(),
        Layer::File(file) => dirs.shown(file),
    };
    described.layers.iter().map(layer).collect::<Vec<_>>().join(" + ")
}

fn program(described: &Described) -> String {
    described.program.as_ref().map(|program| program.display().to_string()).unwrap_or_default()
}
