//! Tables for people: columns of plain text, no lines around them, one line per row.

use anstyle::Style;
use comfy_table::presets::NOTHING;

use super::paint::DIM;
use crate::model::clean::clean_text;
use crate::model::excerpt::shorten;

/// Longer cells are cut: a row that wraps in the terminal is no row any more.
const WIDEST: usize = 100;

/// What is to be printed; an absent value is a dash.
pub(super) struct Table {
    header: Vec<&'static str>,
    rows: Vec<(Style, Vec<String>)>,
}

impl Table {
    /// An empty table.
    pub(super) fn new<const N: usize>(header: [&'static str; N]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row<const N: usize>(&mut self, style: Style, cells: [String; N]) {
        self.rows.push((style, cells.iter().map(|cell| one_line(cell, WIDEST)).collect()));
    }

    /// The same without the columns in which each cell is one of `blank`.
    pub(super) fn without_columns_of(mut self, blank: &[&str]) -> Self {
        let says =
            |at: usize| self.rows.iter().any(|(_, cells)| cells.get(at).is_some_and(|it| !blank.contains(&&**it)));
        let kept: Vec<bool> = (0..self.header.len()).map(says).collect();
        let mut of_header = kept.iter();
        self.header.retain(|_| of_header.next().is_some_and(|kept| *kept));
        for (_, cells) in &mut self.rows {
            let mut of_row = kept.iter();
            cells.retain(|_| of_row.next().is_some_and(|kept| *kept));
        }
        self
    }

    /// Whether there is no row.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The whole table, each line ended; nothing at all where there is no row.
    pub(super) fn text(self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let mut table = comfy_table::Table::new();
        table.load_preset(NOTHING).set_header(&self.header);
        for (_, cells) in &self.rows {
            table.add_row(cells);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 3));
        }
        // Styles stand around whole lines: inside a cell they would be counted as text.
        let styles = std::iter::once(DIM).chain(self.rows.iter().map(|(style, _)| *style));
        table.lines().zip(styles).map(|(line, style)| format!("{style}{}{style:#}\n", line.trim_end())).collect()
    }
}

/// A text that a terminal cannot be told anything by, on one line of at most `limit` characters; a dash for none.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let clean = clean_text(text).replace(['\n', '\t'], " ");
    match clean.trim() {
        "" => "-".to_owned(),
        clean => shorten(clean, limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::paint::PLAIN;

    #[test]
    fn rows_stay_rows_whatever_they_hold() {
        let mut table = Table::new(["ID", "TITLE"]);
        table.row(PLAIN, ["a".into(), "one\ntwo\u{1b}[31m red".into()]);
        table.row(PLAIN, ["longer-id".into(), String::new()]);
        table.row(PLAIN, ["b".into(), "x".repeat(500)]);
        let text = anstream::adapter::strip_str(&table.text()).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..3], ["ID          TITLE", "a           one two red", "longer-id   -"]);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3].chars().count(), 12 + WIDEST);
    }

    #[test]
    fn columns_that_say_nothing_are_left_out() {
        let mut table = Table::new(["ID", "FIX", "COST"]);
        table.row(PLAIN, ["a".into(), "0".into(), "–".into()]);
        table.row(PLAIN, ["b".into(), "–".into(), "$1".into()]);
        let text = table.without_columns_of(&["–", "0"]).text();
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), "ID   COST\na    –\nb    $1\n");
    }

    #[test]
    fn no_rows_are_no_text() {
        assert_eq!(Table::new(["ID"]).text(), "");
    }
}
