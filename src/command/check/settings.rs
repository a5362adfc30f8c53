//! The settings and the agents.

use std::collections::BTreeMap;

use super::item::Item;
use crate::error::{Error, Result};
use crate::model::crew::crew;
use crate::os::agents::{Catalogue, Described, Layer};
use crate::os::dirs::config_file;
use crate::os::workspace::Place;

/// Where the settings come from.
pub(super) fn config(place: &Place, file: Option<&std::path::Path>) -> Vec<Item> {
    let path = file.map_or_else(|| config_file(place.dirs.root()), ToOwned::to_owned);
    let shown = place.dirs.shown(&path);
    let whence = if path.exists() { shown.clone() } else { format!("there is no {shown}: the defaults are used") };
    vec![Item::ok("config", whence)]
}

/// Every known agent, and whether those that would work can.
pub(super) fn agents(place: &Place) -> Vec<Item> {
    match look(place) {
        Ok(items) => items,
        Err(error) => vec![Item::failed("agents", &error)],
    }
}

fn look(place: &Place) -> Result<Vec<Item>> {
    let catalogue = Catalogue::read(place.dirs.root())?;
    let workers = crew(&place.config.workers, None, None, &catalogue.first_usable())
        .map_err(|reason| Error::usage(format!("config/swarm.yaml: {reason}")))?;
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    let mut items = Vec::new();
    for member in &workers {
        let agent = &member.choice.agent;
        *used.entry(agent.clone()).or_default() += 1;
        match catalogue.find_for(member) {
            Err(error) if used.get(agent) == Some(&1) => items.push(Item::failed("agents", &error)),
            Ok(_) | Err(_) => {}
        }
    }
    for (name, described) in catalogue.all() {
        items.extend(agent(place, name, described, used.get(name).copied().unwrap_or(0)));
    }
    Ok(items)
}

/// Nothing where a missing program has been told already.
fn agent(place: &Place, name: &str, described: &Described, workers: usize) -> Option<Item> {
    let layer = |layer: &Layer| match layer {
        Layer::BuiltIn(_) => "built in".to_owned(),
        Layer::File(file) => place.dirs.shown(file),
    };
    let whence = described.layers.iter().map(layer).collect::<Vec<_>>().join(" + ");
    let used = match workers {
        0 => String::new(),
        1 => "; 1 worker".to_owned(),
        workers => format!("; {workers} workers"),
    };
    match &described.program {
        Some(program) => Some(Item::ok("agents", format!("{name} ({whence}): {}{used}", program.display()))),
        None if workers > 0 => None,
        None => {
            let program = described.agent.argv.first().map_or("", String::as_str);
            Some(Item::note("agents", format!("{name} ({whence}): the program `{program}` was not found")))
        }
    }
}
