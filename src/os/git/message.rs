//! The message of a commit that we publish, with the one trailer by which the base tells what is merged, and others that
//! tell what it took.

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
    if body.is_empty() { format!("{task_id}\n\n{trailer}") } else { with_last_paragraph(body, &trailer) }
}

/// `text` without lines whose key begins with `Swarm-`, and with these trailers; a value is made one line.
pub fn with_trailers(text: &str, trailers: &[(&str, String)]) -> String {
    let is_ours = |line: &str| line.split_once(':').is_some_and(|(key, _)| is_our_key(key.trim()));
    let kept: Vec<&str> = text.lines().filter(|line| !is_ours(line)).collect();
    let body = kept.join("\n");
    if trailers.is_empty() {
        return body;
    }
    let one_line = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: String = trailers.iter().map(|(key, value)| format!("{key}: {}\n", one_line(value))).collect();
    with_last_paragraph(body.trim_matches('\n'), &lines)
}

/// The trailers below the body, in its last paragraph if that holds nothing but trailers.
fn with_last_paragraph(body: &str, trailers: &str) -> String {
    match body.rsplit_once("\n\n") {
        Some((_, last)) if last.lines().all(is_trailer) => format!("{body}\n{trailers}"),
        Some(_) | None => format!("{body}\n\n{trailers}"),
    }
}

fn is_our_key(key: &str) -> bool {
    key.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("swarm-")) && !key.contains(' ')
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

    #[test]
    fn what_it_took_stands_with_the_other_trailers_and_only_we_say_it() {
        let trailers = [("Swarm-Cost-Usd", "0.42".to_owned()), ("Swarm-Session", "a\nb".to_owned())];
        for (text, wanted) in [
            ("Fix", "Fix\n\nSwarm-Cost-Usd: 0.42\nSwarm-Session: a b\nTask-Id: t\n"),
            (
                "Fix\n\nswarm-cost-usd: 0\nSigned-off-by: A <a@b>\n",
                "Fix\n\nSigned-off-by: A <a@b>\nSwarm-Cost-Usd: 0.42\nSwarm-Session: a b\nTask-Id: t\n",
            ),
        ] {
            assert_eq!(Message { text: &with_trailers(text, &trailers), task_id: "t" }.to_text(), wanted);
        }
        assert_eq!(with_trailers("Fix\n\nSwarm- of bees: here", &[]), "Fix\n\nSwarm- of bees: here");
    }
}
