//! The terminal in which a person reads.

use std::io;

use rustix::termios::tcgetwinsize;

/// How many characters a line of standard output has; `None`: nobody knows, or it is no terminal.
pub fn width() -> Option<usize> {
    // It may have become another one since the last line.
    let size = tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
