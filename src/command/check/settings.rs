//! The settings.

use super::item::Item;
use crate::os::dirs::config_file;
use crate::os::workspace::Place;

/// Where the settings come from, and what it means where they name nobody.
pub(super) fn config(place: &Place, file: Option<&std::path::Path>) -> Vec<Item> {
    let path = file.map_or_else(|| config_file(place.dirs.root()), ToOwned::to_owned);
    let shown = place.dirs.shown(&path);
    let whence = if path.exists() { shown.clone() } else { format!("there is no {shown}: the defaults are used") };
    let mut items = vec![Item::ok("config", whence)];
    if place.config.workers.is_empty() {
        let detail = "no agent is named: `script` works, which runs the `sh` blocks of a task";
        let hint = "name another with `workers:` in config/swarm.yaml";
        items.push(Item { hint: Some(hint.to_owned()), ..Item::ok("agents", detail) });
    }
    items
}
