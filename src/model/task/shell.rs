//! The commands of a task that needs no model.

use crate::model::comment::body_without_comments;
use crate::model::markdown::{Lines, Part};

/// A fenced block of shell commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellBlock {
    /// The line of the body on which the fence opens, from 1.
    pub line: usize,
    /// The lines between the fences, each ended by `\n`.
    pub text: String,
}

/// The fenced blocks of `body` whose info string begins with the word `sh`, in order; those in comments do not count.
/// A fence that is never closed ends with the text.
pub fn shell_blocks(body: &str) -> Vec<ShellBlock> {
    let mut blocks: Vec<ShellBlock> = Vec::new();
    let mut shell = false;
    for (at, line) in Lines::new(body_without_comments(body)).enumerate() {
        match line.part {
            Part::Open(info) => {
                shell = info.split_whitespace().next() == Some("sh");
                if shell {
                    blocks.push(ShellBlock { line: at + 1, text: String::new() });
                }
            }
            Part::Code(code) if shell => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(code);
                    block.text.push('\n');
                }
            }
            Part::Code(_) | Part::Text | Part::Close => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str) -> Vec<(usize, String)> {
        shell_blocks(body).into_iter().map(|block| (block.line, block.text)).collect()
    }

    #[test]
    fn only_blocks_marked_sh_are_taken_in_order() {
        let body = "a\n```sh\necho 1\n```\n~~~ sh  title=x\necho \"$HOME\" \\\\ {{x}} 🦀\n\n# no heading\n~~~\n\
                    ```bash\nno\n```\n```shell\nno\n```\n```\nno\n```\n```SH\nno\n```\n";
        let expected = [(2, "echo 1\n".to_owned()), (5, "echo \"$HOME\" \\\\ {{x}} 🦀\n\n# no heading\n".to_owned())];
        assert_eq!(texts(body), expected);
    }

    #[test]
    fn the_edges_of_fences_are_commonmarks() {
        for (body, expected) in [
            ("```sh\r\necho 1\r\n```\r\n", "echo 1\n"),
            ("  ```sh\n  a\n    b\n c\n  ```\n", "a\n  b\nc\n"),
            ("````sh\n```\n````\n", "```\n"),
            ("```sh\nunclosed", "unclosed\n"),
            ("```sh\n```\n", ""),
            ("```sh\ncat <<'E'\n## Comments\nE\n```\n", "cat <<'E'\n## Comments\nE\n"),
        ] {
            assert_eq!(texts(body), [(1, expected.to_owned())], "{body:?}");
        }
    }

    #[test]
    fn commands_in_comments_are_never_run() {
        assert_eq!(texts("```sh\na\n```\n## Comments\n### x\n```sh\nrm -rf /\n```\n"), [(1, "a\n".to_owned())]);
    }
}
