//! The prompt of an agent that is told the task's own shell blocks: one script.

use crate::model::task::{ShellBlock, Task};

/// The blocks one after the other, below a line with `tag` and the task's name.
pub fn script(tag: &str, task: &Task, blocks: &[ShellBlock]) -> String {
    let mut script = format!("# {tag} {}\n", task.id);
    for block in blocks {
        script.push_str(&block.text);
        if !block.text.ends_with('\n') {
            script.push('\n');
        }
    }
    script
}
