//! Text from programs, made fit for a file that people read.

/// `text` without what a terminal would act on: escape sequences, control characters and invisible marks go, those too
/// that turn the order of what is shown;
/// every kind of line end becomes `\n`; blanks at line ends, empty first lines and empty last lines go.
pub fn clean_text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_control_sequence(&mut chars),
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    end_line(&mut clean);
                }
            }
            '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => end_line(&mut clean),
            '\t' => clean.push('\t'),
            '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {}
            char if char.is_control() || turns_order(char) => {}
            char => clean.push(char),
        }
    }
    clean.truncate(clean.trim_end().len());
    clean
}

/// Whether a mark, itself invisible, makes a terminal show what is around it in another order. Scripts that are written
/// from the right need none: their letters say so themselves.
fn turns_order(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Ends a line; a first line that is empty is dropped.
fn end_line(clean: &mut String) {
    clean.truncate(clean.trim_end_matches([' ', '\t']).len());
    if !clean.is_empty() {
        clean.push('\n');
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// After ESC: a control sequence (`[`), a string up to its terminator (`]`, `P`, `X`, `^`, `_`), or two or three characters.
fn skip_escape(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_control_sequence(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(' '..='/') => {
            while chars.next_if(|char| matches!(char, ' '..='/')).is_some() {}
            chars.next_if(|char| matches!(char, '0'..='~'));
        }
        Some('0'..='~') => {
            chars.next();
        }
        Some(_) | None => {}
    }
}

/// Parameters, then one final character. A sequence that breaks off swallows nothing more.
fn skip_control_sequence(chars: &mut Chars<'_>) {
    while chars.next_if(|char| matches!(char, ' '..='?')).is_some() {}
    chars.next_if(|char| matches!(char, '@'..='~'));
}

/// Up to BEL or ESC `\`. One that is never ended stops at the end of its line, so that it cannot hide the rest.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(char) = chars.next_if(|char| *char != '\n') {
        match char {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// What the word about the left-out middle may take, in bytes.
const GAP_BYTES: usize = 64;

/// The first and last lines of `text`, together at most `bytes` bytes (but never less than 64), with a word on what was
/// left out between. The end gets three quarters of the room: that is where programs say what went wrong.
pub fn clip(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let room = bytes.saturating_sub(GAP_BYTES);
    let head = text.floor_char_boundary(room / 4);
    let head = text[..head].rfind('\n').unwrap_or(head);
    let tail = text.ceil_char_boundary(text.len() - room * 3 / 4);
    let tail = text[tail..].find('\n').map_or(tail, |at| tail + at + 1);
    format!("{}\n[... {} bytes left out ...]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_act_on_is_taken_out() {
        for (text, clean) in [
            ("plain\ttext", "plain\ttext"),
            ("\u{1b}[1;31merror\u{1b}[0m: no", "error: no"),
            ("\u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\ end", "link end"),
            ("\u{1b}]0;never ended\nnext", "next"),
            ("\u{1b}(Bx \u{1b}7y\u{1b}", "x y"),
            ("\u{9b}31mred", "red"),
            ("a\r\nb\rc\u{2028}d\u{85}e", "a\nb\nc\nd\ne"),
            ("a\0b\u{8}c\u{7f}d\u{feff}", "abcd"),
            ("\n \n  first\nlast  \n\n", "  first\nlast"),
            ("a\n\n\nb", "a\n\n\nb"),
            ("emoji 🦀 and ümlaut", "emoji 🦀 and ümlaut"),
            ("\u{202e}a\u{2066}b\u{2069}\u{202c} \u{200e}c\u{200f}\u{61c} \u{202a} \u{202e}\n", "ab c"),
            ("from the right: \u{5e9}\u{5dc}\u{5d5}\u{5dd}", "from the right: \u{5e9}\u{5dc}\u{5d5}\u{5dd}"),
            ("joined: 👩\u{200d}💻", "joined: 👩\u{200d}💻"),
            ("\u{1b}[", ""),
            ("", ""),
        ] {
            assert_eq!(clean_text(text), clean, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_keeps_its_two_ends() {
        let text: String = (0..1000).map(|line| format!("line {line}\n")).collect();
        let clipped = clip(&text, 400);
        assert!(clipped.len() <= 400, "{}", clipped.len());
        assert!(clipped.starts_with("line 0\nline 1\n"));
        assert!(clipped.ends_with("line 998\nline 999\n"));
        assert!(clipped.contains("bytes left out"));
        assert_eq!(clip("short", 400), "short");
        assert!(clip(&"🦀".repeat(1000), 101).chars().all(|char| char != '\u{fffd}'));
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(text in any::<String>()) {
            let once = clean_text(&text);
            prop_assert_eq!(clean_text(&once), once.clone());
            prop_assert!(once.chars().all(|char| char == '\n' || char == '\t' || !char.is_control()));
            prop_assert!(!once.contains(turns_order));
        }

        #[test]
        fn clipping_never_splits_a_character(text in "\\PC{0,300}", bytes in 8usize..200) {
            prop_assert!(clip(&text, bytes).len() <= bytes.max(GAP_BYTES));
        }
    }
}
