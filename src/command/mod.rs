//! One file per subcommand, named by its verb.
//!
//! Results go to standard output, talk to standard error; a reader that closes the pipe is no error.

mod init;
mod import;
mod add;
mod start;
mod dry_run;
mod detach;
mod announce;
mod ending;
mod stop;
mod pause;
mod scale;
mod moves;
mod approve;
mod comment;
mod demo;
mod demo_tasks;
mod status;
mod base;
mod workers;
mod live_run;
mod claims;
mod live;
mod doing;
mod day;
mod picture;
mod list;
mod show;
mod trail;
mod explain;
mod logs;
mod printed;
mod follow;
mod runs;
mod summary;
mod money;
mod costs;
mod lint;
mod check;
mod schema;
mod completions;
mod man;
mod desk;
mod paint;
mod table;
mod age;

use std::io::Write;

use anstyle::{AnsiColor, Style};

pub use desk::Desk;

use crate::cli::{Cli, Color, Command};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// Runs what was typed, says what went wrong, and gives the exit code.
pub fn run(cli: Cli) -> Exit {
    match cli.global.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let desk = Desk::new(cli.global);
    match dispatch(&desk, cli.command) {
        Ok(exit) => exit,
        Err(error) => {
            complain(&error);
            error.exit()
        }
    }
}

fn dispatch(desk: &Desk, command: Command) -> Result<Exit> {
    match command {
        Command::Init => init::run(desk),
        Command::Import(words) => import::run(desk, &words),
        Command::Add(words) => add::run(desk, &words),
        Command::Start(words) => start::run(desk, &words),
        Command::Stop(words) => stop::run(desk, &words),
        Command::Pause(words) => pause::pause(desk, &words),
        Command::Resume => pause::resume(desk),
        Command::Scale(words) => scale::run(desk, &words),
        Command::Status => status::run(desk),
        Command::List(words) => list::run(desk, &words),
        Command::Show(words) => show::run(desk, &words),
        Command::Explain(words) => explain::run(desk, &words),
        Command::Logs(words) => logs::run(desk, &words),
        Command::Runs(words) => runs::run(desk, &words),
        Command::Lint(words) => lint::run(desk, &words),
        Command::Check(words) => check::run(desk, &words),
        Command::Retry(words) => moves::retry(desk, &words),
        Command::Approve(words) => approve::run(desk, &words),
        Command::Hold(words) => moves::hold(desk, &words),
        Command::Cancel(words) => moves::cancel(desk, &words),
        Command::Comment(words) => comment::run(desk, &words),
        Command::Demo(words) => demo::run(desk, &words),
        Command::Schema(words) => schema::run(desk, &words),
        Command::Completions(words) => completions::run(desk, &words),
        Command::Man(words) => man::run(desk, &words),
    }
}

/// Prints an error with its causes and the next move.
fn complain(error: &Error) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let green = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
    let mut text = format!("{red}error:{red:#} {}\n", error.chain());
    if let Some(next) = error.next_move() {
        text.push_str(&format!("{green}hint:{green:#} {next}\n"));
    }
    // Nobody is left to be told if this fails.
    let _ = anstream::stderr().write_all(text.as_bytes());
}
