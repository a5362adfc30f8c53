//! The signals that people and init systems send.

use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// End; a second time: end now.
    Escalate,
    /// Finish the cycles, then end; saying it again changes nothing.
    Finish,
    /// End now; saying it again changes nothing.
    Now,
}

/// Calls `tell` for every signal, on a thread of its own that ends with the process.
pub fn listen(mut tell: impl FnMut(Ask) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            tell(match signal {
                SIGUSR1 => Ask::Finish,
                SIGUSR2 => Ask::Now,
                _ => Ask::Escalate,
            });
        }
    })?;
    Ok(())
}
