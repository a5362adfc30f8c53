//! Asks everything, tells everything, and gives the exit code of the worst.

use std::sync::Arc;

use super::item::{Found, Item, exit};
use super::{agents, gates, machine, prices, probe, repository, room, settings};
use crate::cli::Check;
use crate::command::Desk;
use crate::command::paint::{DIM, GREEN, RED, YELLOW};
use crate::error::Result;
use crate::exit::Exit;
use crate::model::clean::clean_text;
use crate::model::config::Config;
use crate::model::record::SCHEMA;
use crate::os::dirs::{self, Dirs};
use crate::os::workspace::Place;

pub(in crate::command) fn run(desk: &Desk, words: &Check) -> Result<Exit> {
    let root = dirs::find_root(&desk.folder()?)?;
    let file = desk.global().config.as_deref();
    let mut items = Vec::new();
    let mut unread = false;
    let place = match Place::at(&root, file) {
        Ok(place) => {
            items.extend(settings::config(&place, file));
            place
        }
        Err(error) => {
            items.push(Item::failed("config", &error));
            unread = true;
            // The rest can be looked at all the same.
            let config = Config::default();
            Place { dirs: Dirs::new(&root, &config.dirs), config: Arc::new(config) }
        }
    };
    let known = agents::look(&place, file);
    match &known {
        // Who works, and in what room, is not known without the settings.
        _ if unread => {}
        Ok(known) => {
            items.extend(known.items.iter().cloned());
            items.extend(prices::look(known));
        }
        Err(error) => items.push(Item::failed("agents", error)),
    }
    let (fit, of_git) = repository::look(&place);
    items.extend(of_git);
    if let (Some((workspace, ..)), Ok(known), false) = (&fit, &known, unread) {
        items.extend(room::look(workspace, known));
    }
    items.extend(machine::folders(&place.dirs));
    items.push(machine::events(&place.dirs));
    let mut interrupted = false;
    if words.probe {
        let (of_probe, was_interrupted) = match known {
            _ if exit(&items) == Exit::Usage => (vec![probe::not_asked()], false),
            Ok(known) => probe::run(desk, &place, &known),
            Err(_) => (Vec::new(), false),
        };
        items.extend(of_probe);
        interrupted = was_interrupted;
    }
    let (of_gates, interrupted) = match fit {
        _ if interrupted => (vec![gates::not_run(&place, "interrupted")], true),
        // Which gates there are is not known without the settings.
        _ if unread => (Vec::new(), false),
        _ if exit(&items) != Exit::Done => (vec![gates::not_run(&place, "mend what is above first")], false),
        _ if words.skip_gates => (vec![gates::not_run(&place, "--skip-gates")], false),
        Some((workspace, branch, tip)) => gates::run(desk, &workspace, &branch, &tip),
        None => (Vec::new(), false),
    };
    items.extend(of_gates);
    let exit = if interrupted { Exit::Interrupted } else { exit(&items) };
    if desk.json() {
        desk.print_json(&serde_json::json!({"schema": SCHEMA, "ok": exit == Exit::Done, "checks": items}))?;
    } else {
        desk.print(&text(&items))?;
    }
    Ok(exit)
}

fn text(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        let style = match item.result {
            Found::Ok => GREEN,
            Found::Note => YELLOW,
            Found::Failed(_) => RED,
        };
        let detail = clean_text(&item.detail);
        let mut lines = detail.lines().filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or_default();
        text.push_str(&format!("{style}{:<6}{style:#} {:<8} {first}\n", item.result.as_str(), item.area));
        for line in lines {
            text.push_str(&format!("                  {line}\n"));
        }
        if let Some(hint) = &item.hint {
            text.push_str(&format!("                {DIM}{hint}{DIM:#}\n"));
        }
    }
    text
}
