//! The log of a run: all it printed up to a limit, then the end.

use std::fs::File;
use std::io::{self, Write};

/// How much of the end is kept, in bytes.
const TAIL_BYTES: usize = 64 * 1024;

/// A log file that cannot grow for ever and whose failures harm nobody.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    limit: u64,
    printed: u64,
    written: u64,
    tail: Vec<u8>,
    error: Option<io::Error>,
}

impl Log {
    /// Writes into `file` from where it stands, `limit` bytes of output at most.
    pub(super) fn new(file: File, limit: u64) -> Self {
        Self { file, limit, printed: 0, written: 0, tail: Vec::new(), error: None }
    }

    /// Takes what the child printed.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.limit - self.written).unwrap_or(usize::MAX);
        let (fits, rest) = bytes.split_at(bytes.len().min(room));
        let was_whole = self.written == self.printed;
        self.write(fits);
        self.written += fits.len() as u64;
        self.printed += bytes.len() as u64;
        if was_whole && !rest.is_empty() {
            let limit = self.limit;
            self.write(format!("\n[swarm: the log ends here, at its limit of {limit} bytes]\n").as_bytes());
        }
        self.keep_tail(bytes);
    }

    /// Appends the end of what did not fit. Gives how many bytes there were in all, the last of them, and the first
    /// error of the file.
    pub(super) fn finish(mut self) -> (u64, Vec<u8>, Option<io::Error>) {
        let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
        let missing = self.printed - self.written;
        if missing > 0 {
            let kept = self.tail.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
            let left_out = missing - kept as u64;
            let printed = self.printed;
            self.write(format!("[swarm: {left_out} of {printed} bytes left out; the end follows]\n").as_bytes());
            let end = self.tail.split_off(self.tail.len() - kept);
            self.write(&end);
            self.tail.extend(end);
        }
        (self.printed, self.tail, self.error)
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.error = self.file.write_all(bytes).err();
        }
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        // Only now and then, so that each byte is moved once at most.
        if self.tail.len() > 4 * TAIL_BYTES {
            self.tail.drain(..self.tail.len() - TAIL_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    fn logged(limit: u64, chunks: &[&[u8]]) -> (String, u64, Vec<u8>) {
        let mut file = tempfile::tempfile().unwrap();
        let mut log = Log::new(file.try_clone().unwrap(), limit);
        chunks.iter().for_each(|chunk| log.take(chunk));
        let (printed, tail, error) = log.finish();
        assert!(error.is_none());
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        (text, printed, tail)
    }

    #[test]
    fn what_fits_is_logged_as_it_came() {
        let (text, printed, tail) = logged(6, &[b"abc", b"", b"def"]);
        assert_eq!((text.as_str(), printed, tail.as_slice()), ("abcdef", 6, b"abcdef".as_slice()));
    }

    #[test]
    fn what_does_not_fit_is_told_once_and_its_end_is_kept_once() {
        let (text, printed, tail) = logged(4, &[b"abc", b"def", b"ghi"]);
        let whole = "abcd\n[swarm: the log ends here, at its limit of 4 bytes]\n\
            [swarm: 0 of 9 bytes left out; the end follows]\nefghi";
        assert_eq!((text.as_str(), printed, tail.as_slice()), (whole, 9, b"abcdefghi".as_slice()));
    }

    #[test]
    fn a_flood_leaves_a_short_log_and_a_short_tail() {
        let chunk = vec![b'x'; 100_000];
        let (text, printed, tail) = logged(10, &[&chunk[..]; 9]);
        assert_eq!((printed, tail.len()), (900_000, TAIL_BYTES));
        assert!(text.len() < TAIL_BYTES + 300);
        assert!(text.contains(&format!("{} of 900000 bytes left out", 900_000 - 10 - TAIL_BYTES)));
    }

    #[test]
    fn a_full_disk_is_remembered_and_the_tail_is_there() {
        let mut log = Log::new(File::options().write(true).open("/dev/full").unwrap(), 100);
        log.take(b"abc");
        log.take(b"def");
        let (printed, tail, error) = log.finish();
        assert_eq!((printed, tail.as_slice()), (6, b"abcdef".as_slice()));
        assert_eq!(error.unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
