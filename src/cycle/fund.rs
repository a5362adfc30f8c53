//! The budget command of the settings: asked for money before a task is claimed, told afterwards what it has cost.
//!
//! What it is told stands in the ledger first, so nothing is lost when it cannot be run: it is told later. It may be told
//! the same twice, should we die in between; run, worker and cycle tell which it is.

use std::ffi::OsString;
use std::io;

use super::Workshop;
use crate::model::budget::{Kind, Line, Reply, Spell, Untold, Usd, reply};
use crate::model::config::BudgetCommand;
use crate::model::excerpt;
use crate::os::clock;
use crate::os::hook::{self, Hook};
use crate::os::lock::Lock;

/// The shell's exit codes for a command that is not executable, or not there.
const NOT_RUNNABLE: [i32; 2] = [126, 127];

/// What is said to the budget command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// May the task cost so much? Set it aside.
    Reserve,
    /// It has cost so much.
    Spend,
    /// So much of what was set aside is not needed.
    Release,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Action::Reserve => "reserve",
            Action::Spend => "spend",
            Action::Release => "release",
        }
    }
}

/// Runs the command; the error says why it could not be heard, which says nothing about the money.
pub(super) fn ask(
    shop: &Workshop,
    command: &BudgetCommand,
    action: Action,
    spell: &Spell,
    domain: &str,
    usd: Usd,
) -> Result<Reply, String> {
    let env: [(&'static str, OsString); 7] = [
        ("SWARM_BUDGET_ACTION", action.as_str().into()),
        ("SWARM_BUDGET_DOMAIN", domain.into()),
        ("SWARM_BUDGET_USD", usd.dollars().to_string().into()),
        ("SWARM_TASK", spell.task.as_str().into()),
        ("SWARM_RUN", spell.run_id.clone().into()),
        ("SWARM_WORKER", spell.worker.clone().into()),
        ("SWARM_CYCLE", spell.cycle.to_string().into()),
    ];
    let ran = hook::run(Hook {
        command: &command.command,
        folder: shop.dirs.root(),
        env: env.into(),
        stdin: &[],
        timeout: command.timeout(),
    });
    let failed = |why: String| Err(format!("the budget command `{}` {why}", excerpt::shorten(&command.command, 100)));
    let captured = match ran {
        Ok(captured) => captured,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            return failed(format!("took longer than {} s", command.timeout().as_secs_f64()));
        }
        Err(error) => return failed(format!("could not be run: {error}")),
    };
    let stdout = String::from_utf8_lossy(&captured.stdout);
    let stderr = String::from_utf8_lossy(&captured.stderr);
    match captured.status.code() {
        Some(code) if NOT_RUNNABLE.contains(&code) => {
            failed(format!("could not be run: {}", excerpt::last_line(&stderr)))
        }
        Some(code) => Ok(reply(code == 0, if stdout.trim().is_empty() { &stderr } else { &stdout })),
        None => failed("was ended by a signal".to_owned()),
    }
}

/// Tells the command of every settled cycle of which it has not heard. The reason says why some are left; they are told
/// the next time.
///
/// # Errors
/// The ledger cannot be read or written.
pub fn tell(shop: &Workshop) -> io::Result<Result<(), String>> {
    let settings = shop.settings();
    let Some(command) = &settings.config.budget else { return Ok(Ok(())) };
    let untold = || shop.funds.ledger.look(|balances| balances.untold().collect::<Vec<_>>());
    if untold()?.is_empty() {
        return Ok(Ok(()));
    }
    // One process at a time; who comes second has nothing to do.
    let Some(_lock) = Lock::try_exclusive(&shop.dirs.telling_lock())? else { return Ok(Ok(())) };
    for Untold { spell, domain, spent, released } in untold()? {
        let words = spent.map(|spent| (Action::Spend, spent)).into_iter().chain([(Action::Release, released)]);
        for (action, usd) in words {
            match ask(shop, command, action, &spell, &domain, usd) {
                Ok(Reply::Yes) => {}
                Ok(Reply::No(reason)) => return Ok(Err(format!("it refuses a {}: {reason}", action.as_str()))),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        let usd = spent.unwrap_or_default();
        shop.funds.ledger.write(|_| (vec![Line::new(clock::now(), spell, Some(domain), Kind::Told, usd)], ()))?;
    }
    Ok(Ok(()))
}
