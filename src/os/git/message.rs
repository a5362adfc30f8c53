//! The message of a commit that we publish, with the one trailer by which the base tells what is merged.

/// The trailer's key.
pub(super) const TASK_ID: &str = "Task-Id";

/// What to say in a commit, and for which task it is.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The text. A `Task-Id` line in it is dropped: only we say whose work a commit is.
    pub text: &'a str,
    /// The task's id.
    pub task_id: &'a str,
}

impl Message<'_> {
    /// The whole message.
    pub(super) fn to_text(self) -> String {
        with_task_id(self.text, self.task_id)
    }
}

/// `text` without any `Task-Id` line, and with ours as its last trailer: in the last paragraph if that holds
/// trailers already, because git knows only one such paragraph.
pub(super) fn with_task_id(text: &str, task_id: &str) -> String {
    let kept: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !is_task_id(line)).collect();
    let body = kept.join("\n");
    let body = body.trim_matches('\n');
    let trailer = format!("{TASK_ID}: {task_id}\n");
    match body.rsplit_once("\n\n") {
        _ if body.is_empty() => format!("{task_id}\n\n{trailer}"),
        Some((_, last)) if last.lines().all(is_trailer) => format!("{body}\n{trailer}"),
        _ => format!("{body}\n\n{trailer}"),
    }
}

/// git takes keys in any case and allows white space before the colon.
fn is_task_id(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, _)| key.trim().eq_ignore_ascii_case(TASK_ID))
}

fn is_trailer(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(key, value)| {
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !key.is_empty() && key.bytes().all(is_key) && !value.trim().is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trailer_stands_where_git_finds_it() {
        let cases = [
            ("Fix it", "Fix it\n\nTask-Id: t\n"),
            ("fix: it", "fix: it\n\nTask-Id: t\n"),
            ("Fix\n\nBecause.\n\n", "Fix\n\nBecause.\n\nTask-Id: t\n"),
            ("Fix\n\nSigned-off-by: A <a@b>\n", "Fix\n\nSigned-off-by: A <a@b>\nTask-Id: t\n"),
            ("Fix\n\nTask-Id: other\nSigned-off-by: A <a@b>\n", "Fix\n\nSigned-off-by: A <a@b>\nTask-Id: t\n"),
            ("Fix\n\n task-ID : other\n", "Fix\n\nTask-Id: t\n"),
            ("Fix\r\n\r\nWhy\r\n", "Fix\n\nWhy\n\nTask-Id: t\n"),
            ("Task-Id: other", "t\n\nTask-Id: t\n"),
            ("", "t\n\nTask-Id: t\n"),
            ("Fix\n\nsee https: //x\nand so: on\n", "Fix\n\nsee https: //x\nand so: on\n\nTask-Id: t\n"),
        ];
        for (text, wanted) in cases {
            assert_eq!(Message { text, task_id: "t" }.to_text(), wanted, "{text:?}");
        }
    }
}
