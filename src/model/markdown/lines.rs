//! The lines of a markdown text, each with what it is to the fences around it.

/// A line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Where it begins in the text.
    pub(crate) start: usize,
    /// Its text, without its end.
    pub(crate) text: &'a str,
    /// What it is.
    pub(crate) part: Part<'a>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Outside of fences.
    Text,
    /// Opens a fence; holds its info string.
    Open(&'a str),
    /// Inside a fence; holds the line without the fence's own indentation.
    Code(&'a str),
    /// Closes a fence.
    Close,
}

/// An open fence, by CommonMark's rules: at least three backticks or tildes, indented by at most three spaces, closed by
/// a line of at least as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fence {
    mark: char,
    length: usize,
    indent: usize,
}

/// Goes through a text line by line.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    at: usize,
    open: Option<Fence>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, open: None }
    }

    /// After the last line: the line that closes the fence which is still open.
    pub(crate) fn closing(&self) -> Option<String> {
        self.open.map(|fence| String::from(fence.mark).repeat(fence.length))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        self.at += length;
        let line = rest[..length].strip_suffix('\n').unwrap_or(rest);
        let text = line.strip_suffix('\r').unwrap_or(line);
        let part = match self.open {
            Some(fence) if closes(text, fence) => {
                self.open = None;
                Part::Close
            }
            Some(fence) => Part::Code(without_indent(text, fence.indent)),
            None => match opens(text) {
                Some((fence, info)) => {
                    self.open = Some(fence);
                    Part::Open(info)
                }
                None => Part::Text,
            },
        };
        Some(Line { start, text, part })
    }
}

/// The line without up to three spaces before it, and how many there were; `None` for an indented code block.
pub(crate) fn shallow(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches(' ');
    let indent = line.len() - rest.len();
    (indent <= 3).then_some((indent, rest))
}

fn opens(line: &str) -> Option<(Fence, &str)> {
    let (indent, rest) = shallow(line)?;
    let mark = rest.chars().next().filter(|char| matches!(char, '`' | '~'))?;
    let info = rest.trim_start_matches(mark);
    let length = rest.len() - info.len();
    let sound = length >= 3 && !(mark == '`' && info.contains('`'));
    sound.then(|| (Fence { mark, length, indent }, info.trim()))
}

fn closes(line: &str, fence: Fence) -> bool {
    shallow(line).is_some_and(|(_, rest)| {
        let after = rest.trim_start_matches(fence.mark);
        rest.len() - after.len() >= fence.length && after.trim_matches([' ', '\t']).is_empty()
    })
}

fn without_indent(line: &str, indent: usize) -> &str {
    let spaces = line.bytes().take(indent).take_while(|byte| *byte == b' ').count();
    &line[spaces..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `t`ext, `o`pen, `c`ode, `e`nd.
    fn kinds(text: &str) -> String {
        let kind = |line: Line<'_>| match line.part {
            Part::Text => 't',
            Part::Open(_) => 'o',
            Part::Code(_) => 'c',
            Part::Close => 'e',
        };
        Lines::new(text).map(kind).collect()
    }

    #[test]
    fn fences_follow_commonmark() {
        for (text, expected) in [
            ("a\n```\nb\n```\nc", "tocet"),
            ("~~~\n```\n~~~~\nx", "ocet"),
            ("````\n```\n````", "oce"),
            ("```\n~~~\n```", "oce"),
            ("   ```\n   b\n  ```  \nc", "ocet"),
            ("    ```\nb", "tt"),
            ("\t```\nb", "tt"),
            ("```\n    ```\n```", "oce"),
            ("``` a`b\nx", "tt"),
            ("~~~ a`b~\nx", "oc"),
            ("``\nx", "tt"),
            ("```\n``` x\n```", "oce"),
            ("```sh\r\nb\r\n```\r\nc\r\n", "ocet"),
            ("```\nnever closed\n", "oc"),
            ("", ""),
            ("\n\n", "tt"),
        ] {
            assert_eq!(kinds(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_open_fence_knows_how_to_be_closed() {
        let mut lines = Lines::new("~~~~ sh\nx\n");
        lines.by_ref().for_each(drop);
        assert_eq!(lines.closing().as_deref(), Some("~~~~"));
    }
}
