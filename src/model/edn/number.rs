//! Which tokens are numbers.

/// Whether a token is meant as a number: a digit, perhaps after a sign.
pub(super) fn looks_like_one(token: &str) -> bool {
    token.strip_prefix(['+', '-']).unwrap_or(token).starts_with(|char: char| char.is_ascii_digit())
}

/// The number that a token is, without a plus, and without the `N` or `M` at its end; `None` if it is none.
pub(super) fn number(token: &str) -> Option<String> {
    let unsigned = token.strip_prefix(['+', '-']).unwrap_or(token);
    let plain = if is_whole(unsigned) {
        unsigned.strip_suffix('N').unwrap_or(unsigned)
    } else if is_ratio(unsigned) {
        unsigned
    } else if is_decimal(unsigned) {
        unsigned.strip_suffix('M').unwrap_or(unsigned)
    } else {
        return None;
    };
    Some(format!("{}{plain}", if token.starts_with('-') { "-" } else { "" }))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `42`, `42N`, `0x2A`, `2r101010`. A zero in front would mean base eight: only a zero alone may begin with one.
fn is_whole(text: &str) -> bool {
    let text = text.strip_suffix('N').unwrap_or(text);
    let in_base = |digits: &str, base: u32| !digits.is_empty() && digits.chars().all(|char| char.is_digit(base));
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return in_base(digits, 16);
    }
    if let Some((base, digits)) = text.split_once(['r', 'R']) {
        return base.parse().is_ok_and(|base: u32| (2..=36).contains(&base) && in_base(digits, base));
    }
    is_digits(text) && (text == "0" || !text.starts_with('0') || in_base(text, 8))
}

/// `2/3`.
fn is_ratio(text: &str) -> bool {
    text.split_once('/').is_some_and(|(over, under)| is_digits(over) && is_digits(under))
}

/// `1.5`, `1.`, `1e9`, `1.5M`, `1M`.
fn is_decimal(text: &str) -> bool {
    if is_digits(text) {
        return false;
    }
    let text = text.strip_suffix('M').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_exponent = |text: &str| is_digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    is_digits(whole) && (part.is_empty() || is_digits(part)) && exponent.is_none_or(is_exponent)
}
