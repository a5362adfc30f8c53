//! A reason in one line, for tables and sentences.

/// The first line of `reason` that says something; where that only announces what follows (`… asks for changes:`), with
/// the first line of that.
pub fn gist(reason: &str) -> String {
    let mut lines = reason.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    match (first.strip_suffix(':'), lines.next()) {
        (Some(_), Some(second)) => format!("{first} {}", second.strip_prefix("- ").unwrap_or(second)),
        (Some(announced), None) => announced.to_owned(),
        (None, _) => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_announces_another_brings_it_along() {
        for (reason, expected) in [
            ("the gate `make` failed (exit 2)\n\nerror: b", "the gate `make` failed (exit 2)"),
            (
                "\njudge asks for changes (round 2):\n\n- [blocking] a.rs:1 no\n- [note] b",
                "judge asks for changes (round 2): [blocking] a.rs:1 no",
            ),
            ("judge asks for changes:\n", "judge asks for changes"),
            ("", ""),
        ] {
            assert_eq!(gist(reason), expected);
        }
    }
}
