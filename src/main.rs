//! Parses the command line, runs the command, and turns its end into an exit code.

use clap::Parser;
use swarm::cli::Cli;
use swarm::exit::Exit;

fn main() -> Exit {
    swarm::command::run(Cli::parse())
}
