//! Texts as they are safe in YAML.

/// In double quotes, with every escape that YAML asks for.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\0' => quoted.push('\u{fffd}'),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            char if char.is_control()
                || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                quoted.push_str(&format!("\\u{:04x}", u32::from(char)));
            }
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// Without quotes where nobody can take it for something else.
pub(super) fn plain(text: &str) -> String {
    let is_safe = |char: char| char.is_ascii_alphanumeric() || "-_./".contains(char);
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    let begins = text.starts_with(|char: char| char.is_ascii_alphabetic());
    if begins && !is_word && text.chars().all(is_safe) { text.to_owned() } else { quoted(text) }
}

/// A list in one line.
pub(super) fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| plain(text)).collect::<Vec<_>>().join(", "))
}
