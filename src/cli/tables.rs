//! Tables for a terminal.

use crate::{
    domain::{ListReading, Reason},
    record::Run,
    report::{Shown, visible},
};

/// The widest line of running text, in characters: any terminal has so many.
const WIDTH: usize = 79;
/// The widest cell, in characters.
const WIDEST: usize = 48;

/// Rows of text under a header.
#[derive(Debug)]
pub(super) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// The table as lines. Foreign text in a cell cannot move the cursor.
pub(super) fn table(table: &Table) -> String {
    let clean = |row: &Vec<String>| row.iter().map(|cell| shortened(&visible(cell))).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = std::iter::once(&table.header).chain(&table.rows).map(clean).collect();
    let columns = table.header.len();
    let widths: Vec<usize> = (0..columns)
        .map(|i| {
            rows.iter()
                .filter_map(|row| row.get(i))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}

/// Outcomes with their numbers, and reasons with what to do.
pub(super) fn summary(
    counts: impl IntoIterator<Item = (Shown, u32)>,
    reasons: impl IntoIterator<Item = (Reason, u32)>,
) -> String {
    let mut outcomes = Table::new(&["outcome", "rows"]);
    for (shown, n) in counts {
        outcomes.row([shown.in_words().to_owned(), n.to_string()]);
    }
    let mut text = table(&outcomes);
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    // The most frequent first; among equals, in the order of `docs/contract.md` (Reasons).
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    if !reasons.is_empty() {
        text.push_str("\n\n  why, and what to do");
    }
    for (reason, n) in reasons {
        text.push_str(&format!("\n  {n:>4}  {reason}{}", indented(reason.advice())));
    }
    text
}

/// Lines under a reason, broken between words.
fn indented(text: &str) -> String {
    broken(text, WIDTH, 8)
}

/// A sentence about the list, with a mark before it.
pub(super) fn sentence(text: &str) -> String {
    format!("!{}", broken(&visible(text), 1, 2))
}

/// One of several things that are said, in as many lines as it takes.
pub(super) fn item(text: &str) -> String {
    format!(" {}", broken(&visible(text), 1, 4))
}

/// What must be known of how the list was read, before anything is allowed.
pub(super) fn about_list(run: &Run) -> String {
    let said = run.opened.input.reading.as_ref().map(ListReading::warnings).unwrap_or_default();
    let lines: Vec<_> = said.iter().map(|said| sentence(said)).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.join("\n")) }
}

/// Lines broken between words: the first goes on where `width` characters stand already, the others are indented.
fn broken(text: &str, mut width: usize, indent: usize) -> String {
    let mut lines = String::new();
    for word in text.split(' ') {
        let length = word.chars().count();
        if width + 1 + length > WIDTH {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            width = indent;
        } else {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_text_is_broken_between_words() {
        for reason in Reason::ALL {
            let lines = indented(reason.advice());
            assert!(lines.lines().all(|line| line.chars().count() <= WIDTH), "{lines}");
            assert_eq!(lines.split_whitespace().collect::<Vec<_>>().join(" "), reason.advice());
        }
    }

    #[test]
    fn columns_line_up_and_foreign_text_stays_in_its_cell() {
        let mut shown = Table::new(&["a", "b"]);
        shown.row(["long cell".to_owned(), "x\u{1b}[2J".to_owned()]);
        shown.row(["é".to_owned(), "y".repeat(99)]);
        let text = table(&shown);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "  a          b");
        assert!(!text.contains('\u{1b}'));
        assert!(lines[2].starts_with("  é          yyy") && lines[2].ends_with('…'));
    }
}
