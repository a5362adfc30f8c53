//! Tests of reading and editing whole task files.

mod reading;
mod refusing;
mod editing;
mod properties;

use super::*;

/// Reads a file that must be valid.
fn read(text: &str) -> Task {
    let id = TaskId::parse("the-id").unwrap();
    Task::parse(id, text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Reads a file that must not be valid.
fn refuse(bytes: &[u8]) -> InvalidTask {
    let id = TaskId::parse("the-id").unwrap();
    match Task::parse(id, bytes) {
        Ok(task) => panic!("{:?}: {task:?}", String::from_utf8_lossy(bytes)),
        Err(error) => error,
    }
}
