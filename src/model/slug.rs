//! A task's name, made from its title.

/// Long enough to be told apart, short enough to be typed.
const LONGEST: usize = 50;

/// The words of `title` in lower case, joined by dashes: letters and digits of ASCII only; `task` if there is none.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for word in title.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if slug.len() + word.len() + 1 > LONGEST && !slug.is_empty() {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(word.chars().take(LONGEST).map(|char| char.to_ascii_lowercase()));
    }
    if slug.is_empty() { "task".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names() {
        for (title, name) in [
            ("Fix the typo in README.md", "fix-the-typo-in-readme-md"),
            ("  Ünïcode! 🦀 ", "n-code"),
            ("🦀", "task"),
            ("../../etc/passwd", "etc-passwd"),
        ] {
            assert_eq!(slug(title), name);
        }
        assert!(slug(&"word ".repeat(100)).len() <= LONGEST);
        assert_eq!(slug(&"x".repeat(100)).len(), LONGEST);
    }
}
