//! `swarm start --dry-run`: what would be claimed, in order, and what holds the rest. Changes nothing.

use super::{Desk, picture};
use crate::error::Result;
use crate::exit::Exit;
use crate::model::pick::{Filter, forecast};
use crate::os::clock;
use crate::os::workspace::Place;

pub(super) fn run(desk: &Desk, place: &Place, filter: &Filter) -> Result<Exit> {
    let board = picture::board_for(place, filter, clock::now())?;
    board.with_queue(|queue| {
        let (claimed, held) = forecast(queue, filter);
        if desk.json() {
            let invalid: Vec<_> = queue
                .invalid()
                .map(|(state, name, invalid)| {
                    let path = place.dirs.shown(&place.dirs.state(state).join(name));
                    serde_json::json!({"path": path, "line": invalid.line, "reason": invalid.reason})
                })
                .collect();
            return desk.print_json(&serde_json::json!({
                "schema": 1,
                "claim": claimed.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(),
                "skip": held.iter().map(|(entry, hold)| serde_json::json!({"id": entry.id.as_str(), "reason": hold.to_string()})).collect::<Vec<_>>(),
                "invalid": invalid,
            }));
        }
        for entry in &claimed {
            desk.print(&format!("claim {}\n", entry.id))?;
        }
        for (entry, hold) in &held {
            desk.print(&format!("skip  {}: {hold}\n", entry.id))?;
        }
        for (state, name, invalid) in queue.invalid() {
            let path = place.dirs.shown(&place.dirs.state(state).join(name));
            let line = invalid.line.map(|line| format!(":{line}")).unwrap_or_default();
            desk.print(&format!("skip  {path}{line}: {}\n", invalid.reason))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
