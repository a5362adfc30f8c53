//! Halves of characters in JSON: a program that cuts texts by UTF-16 units leaves them, and no parser takes them.

/// `json` with every escaped half that stands alone replaced by the sign for a lost character; `None` if there is none.
pub(super) fn mended(json: &str) -> Option<String> {
    let mut mended = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        let escape = at + found;
        at = match unit(json, escape) {
            Some(0xD800..0xDC00) if matches!(unit(json, escape + 6), Some(0xDC00..0xE000)) => escape + 12,
            Some(0xD800..0xE000) => {
                mended.push_str(&json[kept..escape]);
                mended.push_str("\\ufffd");
                kept = escape + 6;
                kept
            }
            Some(_) => escape + 6,
            // Whatever else is escaped: one character.
            None => json[escape + 1..].chars().next().map_or(json.len(), |char| escape + 1 + char.len_utf8()),
        };
    }
    (kept > 0).then(|| mended + &json[kept..])
}

/// The UTF-16 unit that the escape at `at` stands for.
fn unit(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_halves_that_stand_alone_are_replaced() {
        for (json, expected) in [
            (r#""a\ud83d""#, Some(r#""a\ufffd""#)),
            (r#""\uDE00 b\ud83d\n""#, Some(r#""\ufffd b\ufffd\n""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\ud83d\ude00 \u00e4""#, None),
            (r#""\\ud83d""#, None),
            (r#""\"\u12""#, None),
            (r"\ä\", None),
            ("", None),
        ] {
            assert_eq!(mended(json).as_deref(), expected, "{json}");
        }
    }
}
