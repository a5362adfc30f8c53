//! The files that a task expects to touch, and whether two tasks would get in each other's way.

use globset::{GlobBuilder, GlobMatcher};

/// The globs of a task's `files` key, ready to be compared.
#[derive(Debug, Clone, Default)]
pub struct Footprint {
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
struct Pattern {
    /// The part before the first wildcard.
    literal: String,
    /// `None` for a plain path.
    matcher: Option<GlobMatcher>,
}

impl Footprint {
    /// Compiles `globs`; one that does not compile is taken literally (the task's own parser has refused it before).
    pub fn new(globs: &[String]) -> Self {
        let patterns = globs
            .iter()
            .map(|glob| {
                let wild = glob.find(['*', '?', '[', '{']);
                let literal = &glob[..wild.unwrap_or(glob.len())];
                let matcher = wild
                    .and_then(|_| GlobBuilder::new(glob).literal_separator(true).build().ok())
                    .map(|glob| glob.compile_matcher());
                Pattern { literal: literal.trim_end_matches('/').to_owned(), matcher }
            })
            .collect();
        Self { patterns }
    }

    /// Whether some path may lie in both. Two patterns with wildcards are compared by what stands before
    /// the wildcard, so the answer may be a false yes, never a false no.
    pub fn overlaps(&self, other: &Footprint) -> bool {
        self.patterns.iter().any(|mine| other.patterns.iter().any(|theirs| mine.meets(theirs)))
    }
}

impl Pattern {
    fn meets(&self, other: &Pattern) -> bool {
        match (&self.matcher, &other.matcher) {
            (None, None) => lies_in(&self.literal, &other.literal) || lies_in(&other.literal, &self.literal),
            (Some(glob), None) => glob.is_match(&other.literal) || lies_in(&self.literal, &other.literal),
            (None, Some(glob)) => glob.is_match(&self.literal) || lies_in(&other.literal, &self.literal),
            (Some(_), Some(_)) => self.literal.starts_with(&other.literal) || other.literal.starts_with(&self.literal),
        }
    }
}

/// Whether `path` is `folder` or lies below it.
fn lies_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_seen_between_paths_folders_and_globs() {
        for (a, b, meet) in [
            ("src/a.rs", "src/a.rs", true),
            ("src/a.rs", "src/b.rs", false),
            ("src", "src/a.rs", true),
            ("src/", "src/a.rs", true),
            ("src", "srcs/a.rs", false),
            ("src/*.rs", "src/a.rs", true),
            ("src/*.rs", "docs/a.md", false),
            ("src/*.rs", "src/deep/a.rs", false),
            ("src/**", "src/deep/er/a.rs", true),
            ("src/**", "src/deep/**", true),
            ("src/**", "docs/**", false),
            ("**/*.rs", "src/a.rs", true),
            // A false yes: by what stands before the wildcard.
            ("docs/a*.md", "docs/b*.md", false),
            ("docs/*.md", "docs/*.rs", true),
        ] {
            let footprint = |glob: &str| Footprint::new(&[glob.to_owned()]);
            assert_eq!(footprint(a).overlaps(&footprint(b)), meet, "{a} ~ {b}");
            assert_eq!(footprint(b).overlaps(&footprint(a)), meet, "{b} ~ {a}");
        }
        assert!(!Footprint::default().overlaps(&Footprint::new(&["**".to_owned()])));
    }
}
