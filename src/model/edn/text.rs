//! What backslashes mean, in texts and in characters.

/// Resolves the escapes of a text, given without its quotes.
///
/// # Errors
/// Where the wrong one begins, in bytes from the beginning, and what is wrong.
pub(super) fn unescape(raw: &str) -> Result<String, (usize, String)> {
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(found) = raw[at..].find('\\') {
        text.push_str(&raw[at..at + found]);
        at += found;
        let (char, length) = escape(&raw[at..]).map_err(|reason| (at, reason))?;
        text.push(char);
        at += length;
    }
    text.push_str(&raw[at..]);
    Ok(text)
}

/// The character that the escape at the beginning of `raw` means, and how many bytes it takes.
fn escape(raw: &str) -> Result<(char, usize), String> {
    let Some(sign) = raw.chars().nth(1) else { return Err("the text ends in a backslash".to_owned()) };
    let simple = match sign {
        't' => '\t',
        'r' => '\r',
        'n' => '\n',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '\\' | '"' => sign,
        'u' => return unicode(raw),
        '0'..='7' => return octal(raw),
        _ => return Err(format!("`\\{sign}` is no escape of a text; a backslash itself is written `\\\\`")),
    };
    Ok((simple, 2))
}

/// `\u00e9`; what lies beyond the first plane takes two of them.
fn unicode(raw: &str) -> Result<(char, usize), String> {
    let unit = |from: usize| raw.get(from..from + 6).and_then(|six| six.strip_prefix("\\u")).and_then(hex);
    let wrong = || "`\\u` takes four hexadecimal digits, and two of it make one character together".to_owned();
    let first = unit(0).ok_or_else(wrong)?;
    if let Some(char) = char::from_u32(first) {
        return Ok((char, 6));
    }
    let both = unit(6).filter(|second| first < 0xdc00 && (0xdc00..0xe000).contains(second));
    let char = both.and_then(|second| char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)));
    char.map(|char| (char, 12)).ok_or_else(wrong)
}

fn hex(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// `\101`: up to three digits of base eight.
fn octal(raw: &str) -> Result<(char, usize), String> {
    let digits = raw[1..].bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let code = u32::from_str_radix(&raw[1..=digits], 8).ok().filter(|code| *code <= 0o377);
    let char = code.and_then(char::from_u32);
    char.map(|char| (char, digits + 1)).ok_or_else(|| format!("`\\{}` is more than `\\377`", &raw[1..=digits]))
}

/// The character that a token after a backslash means: `a`, `newline`, `u00e9`, `o101`.
pub(super) fn character(token: &str) -> Option<char> {
    let mut chars = token.chars();
    if let (Some(only), None) = (chars.next(), chars.next()) {
        return Some(only);
    }
    match token {
        "newline" => Some('\n'),
        "space" => Some(' '),
        "tab" => Some('\t'),
        "return" => Some('\r'),
        "backspace" => Some('\u{8}'),
        "formfeed" => Some('\u{c}'),
        _ => {
            let four = token.strip_prefix('u').filter(|digits| digits.len() == 4).and_then(hex);
            let octal = || token.strip_prefix('o').and_then(|digits| u32::from_str_radix(digits, 8).ok());
            four.or_else(|| octal().filter(|code| *code <= 0o377)).and_then(char::from_u32)
        }
    }
}
