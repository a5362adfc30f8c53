//! Writes our block into a task file and leaves every other byte as it is.

use std::ops::Range;

use serde_yaml::{Mapping, Value};

use super::progress::Progress;
use super::read;
use crate::model::front_matter::{BOM, Head, InvalidTask, SWARM, decode, newline, split};

/// The file with `progress`, in its [normal](Progress::normal) form, as its only `swarm:` block: in the place of the old
/// one, else at the end of the front matter, else in a new front matter.
///
/// # Errors
/// The file is none that can be edited with certainty, or the result did not read back as it should: then nothing is
/// lost, because nothing is returned.
pub fn with_progress(bytes: &[u8], progress: &Progress) -> Result<Vec<u8>, InvalidTask> {
    let text = decode(bytes)?;
    let parts = split(text)?;
    let head = Head::read(&parts)?;
    let progress = progress.normal();
    let newline = newline(text);
    let block = block(&progress)?.replace('\n', newline);
    let bom = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    let (place, insert) = match (&parts.yaml, &head.swarm) {
        (Some(yaml), Some(old)) => (yaml.start + old.span.start..yaml.start + old.span.end, block),
        (Some(yaml), None) => (yaml.end..yaml.end, block),
        (None, _) => (bom..bom, format!("---{newline}{block}---{newline}")),
    };
    let edited = [&text[..place.start], &insert, &text[place.end..]].concat();
    check(text, &place, &edited, &progress)?;
    Ok(edited.into_bytes())
}

/// Our block as YAML, with `\n` at its line ends.
fn block(progress: &Progress) -> Result<String, InvalidTask> {
    let unwritable = |error: serde_yaml::Error| cannot_write(&error.to_string());
    let Value::Mapping(notes) = serde_yaml::to_value(progress).map_err(unwritable)? else {
        return Err(cannot_write("it is no mapping"));
    };
    let mut block = format!("{SWARM}:\n");
    for (key, value) in notes {
        let lines = match (key.as_str(), value) {
            (Some("feedback"), Value::String(text)) => literal("feedback", &text),
            (_, value) => serde_yaml::to_string(&Mapping::from_iter([(key, value)])).map_err(unwritable)?,
        };
        for line in lines.lines() {
            if !line.is_empty() {
                block.push_str("  ");
            }
            block.push_str(line);
            block.push('\n');
        }
    }
    Ok(block)
}

/// A text as a block that reads as it is. The text is clean: no control characters, no blanks at line ends, no empty
/// first or last lines. (The serialiser would put a text with an emoji on one line, in quotes and escapes.)
fn literal(key: &str, text: &str) -> String {
    let indicator = if text.starts_with([' ', '\t']) { "|2-" } else { "|-" };
    let mut lines = format!("{key}: {indicator}\n");
    for line in text.lines() {
        if !line.is_empty() {
            lines.push_str("  ");
        }
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

/// Reads the result again: the block says what it should, and the user's part is the same, byte for byte.
fn check(text: &str, place: &Range<usize>, edited: &str, progress: &Progress) -> Result<(), InvalidTask> {
    let parts = split(edited)?;
    let head = Head::read(&parts)?;
    if read::progress(&head)? != *progress {
        return Err(cannot_write("it would read back differently"));
    }
    let (Some(yaml), Some(swarm)) = (&parts.yaml, &head.swarm) else {
        return Err(cannot_write("it would not be found again"));
    };
    let old = split(text)?;
    let body_kept = parts.body() == old.body();
    let keys_kept = match &old.yaml {
        Some(range) => {
            let before = [&text[range.start..place.start], &text[place.end..range.end]].concat();
            let after =
                [&edited[yaml.start..yaml.start + swarm.span.start], &edited[yaml.start + swarm.span.end..yaml.end]];
            before == after.concat()
        }
        None => true,
    };
    if body_kept && keys_kept { Ok(()) } else { Err(cannot_write("it would change what the user wrote")) }
}

fn cannot_write(why: &str) -> InvalidTask {
    let reason = format!("the `{SWARM}` block cannot be written here: {why}");
    InvalidTask::new(None, reason, "write the front matter as plain `key: value` lines")
}
