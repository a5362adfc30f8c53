//! A program that misbehaves on request: what the tests run in place of an agent or a gate.
//!
//! Each argument is one step, its words divided by blanks; the steps are done in order, and after the last it
//! exits 0. A spawned child does the steps that follow in the same argument, divided by `;`; its own child's are
//! divided by `|`, and that one's by `||`.
//!
//! ```text
//! fake_agent "say working" "spawn session; hang" "write notes.txt done" "exit 1"
//! ```
//!
//! | step | what it does |
//! |---|---|
//! | `say TEXT`, `complain TEXT` | prints a line to standard output or standard error |
//! | `read` | prints all of its standard input |
//! | `env`, `pwd` | prints its environment, one variable a line; its folder |
//! | `flood BYTES` | prints that many bytes without a line end |
//! | `bytes HEX` | prints those bytes |
//! | `chatter MS` | prints a dot every so many milliseconds, for ever |
//! | `sleep MS`, `hang`, `await FILE` | waits: so long, for ever or so, until there is such a file |
//! | `deaf` | does not end by TERM, INT and HUP from now on |
//! | `polite TEXT` | prints a line and exits 0 when TERM or INT comes, waits for it now |
//! | `close stdin`, `close output` | closes standard input, or both outputs |
//! | `write FILE TEXT` | writes a file |
//! | `cd FOLDER` | goes there |
//! | `session`, `group` | moves into a session, or a process group, of its own |
//! | `spawn STEPS` | starts itself in the background; prints `pid N` |
//! | `bare STEPS` | the same with an empty environment |
//! | `silent STEPS` | the same with an empty environment and no output |
//! | `storm N` | starts N that hang, every second one in a session of its own |
//! | `phoenix LIVES SIGN` | starts itself again and exits, so many times; the sign is for who looks for it |
//! | `exit CODE`, `die` | ends so, or by SIGKILL |

use std::error::Error;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio, exit};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::{env, fs, thread};

use rustix::process::{Signal, getpid, kill_process, setpgid, setsid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    env::args().skip(1).try_for_each(|argument| step(&argument))
}

fn step(step: &str) -> Done {
    let (name, rest) = step.split_once(' ').unwrap_or((step, ""));
    match name {
        "say" => say(&format!("{rest}\n"))?,
        "complain" => writeln!(io::stderr(), "{rest}")?,
        "read" => {
            let mut text = Vec::new();
            io::stdin().read_to_end(&mut text)?;
            print(&text)?;
        }
        "env" => {
            env::vars_os().try_for_each(|(key, value)| say(&format!("{}={}\n", key.display(), value.display())))?
        }
        "pwd" => say(&format!("{}\n", env::current_dir()?.display()))?,
        "flood" => flood(rest.parse()?)?,
        "bytes" => print(&hex(rest)?)?,
        "chatter" => loop {
            say(".")?;
            thread::sleep(Duration::from_millis(rest.parse()?));
        },
        "sleep" => thread::sleep(Duration::from_millis(rest.parse()?)),
        "await" => {
            while !fs::exists(rest)? {
                thread::sleep(Duration::from_millis(1));
            }
        }
        "hang" => thread::sleep(Duration::from_secs(600)),
        "deaf" => {
            for signal in [SIGTERM, SIGINT, SIGHUP] {
                signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
            }
        }
        "polite" => {
            let mut signals = Signals::new([SIGTERM, SIGINT])?;
            say("listening\n")?;
            signals.forever().next();
            say(&format!("{rest}\n"))?;
            exit(0);
        }
        "close" => close(rest)?,
        "write" => {
            let (file, text) = rest.split_once(' ').ok_or("write FILE TEXT")?;
            fs::write(file, text)?;
        }
        "cd" => env::set_current_dir(rest)?,
        "session" => drop(setsid()?),
        "group" => setpgid(None, None)?,
        "spawn" => spawn(&mut itself(rest)?)?,
        "bare" => spawn(itself(rest)?.env_clear())?,
        "silent" => spawn(itself(rest)?.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?,
        "storm" => {
            for number in 0..rest.parse::<usize>()? {
                spawn(&mut itself(if number % 2 == 0 { "hang" } else { "session; hang" })?)?;
            }
        }
        "phoenix" => {
            let (lives, sign) = rest.split_once(' ').ok_or("phoenix LIVES SIGN")?;
            if let Some(left) = lives.parse::<u32>()?.checked_sub(1) {
                itself(&format!("phoenix {left} {sign}"))?.stdout(Stdio::null()).spawn()?;
            }
            exit(0);
        }
        "exit" => exit(rest.parse()?),
        "die" => kill_process(getpid(), Signal::KILL)?,
        unknown => return Err(format!("no such step: {unknown}").into()),
    }
    Ok(())
}

fn say(text: &str) -> io::Result<()> {
    print(text.as_bytes())
}

/// One write where the system allows it, at once: what is said before a crash must be out.
fn print(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn flood(bytes: usize) -> io::Result<()> {
    let chunk = [b'x'; 64 * 1024];
    let mut left = bytes;
    while left > 0 {
        let length = left.min(chunk.len());
        rustix::io::write(rustix::stdio::stdout(), &chunk[..length]).map(|written| left -= written)?;
    }
    Ok(())
}

fn hex(digits: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}

/// Safe Rust cannot close the standard descriptors; putting `/dev/null` in their place gives up the same file.
fn close(what: &str) -> Done {
    let null = fs::File::options().read(true).write(true).open("/dev/null")?;
    match what {
        "stdin" => rustix::stdio::dup2_stdin(&null)?,
        "output" => {
            rustix::stdio::dup2_stdout(&null)?;
            rustix::stdio::dup2_stderr(&null)?;
        }
        unknown => return Err(format!("cannot close {unknown}").into()),
    }
    Ok(())
}

fn itself(steps: &str) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    // One level less of nesting for the child.
    let inner = |step: &str| step.replace("||", "\0").replace('|', ";").replace('\0', "|");
    command.args(steps.split(';').map(|step| inner(step.trim())));
    Ok(command)
}

fn spawn(command: &mut Command) -> Done {
    let child = command.spawn()?;
    Ok(say(&format!("pid {}\n", child.id()))?)
}
