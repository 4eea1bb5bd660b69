//! What is found out about a list while its rows are read.

use super::{
    header::{ListLayout, looks_like_an_id},
    limits::COLUMNS,
    table::{CellKind, HiddenBy, TableCell, TableProperties},
    text::{is_domain, letters, trimmed},
};
use crate::domain::{HiddenRows, ListReading, Uncomputed};
use std::ops::RangeInclusive;

/// The most columns that are named as ones that look like another.
const NAMED: usize = 3;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct ListObservations {
    /// Rows that are hidden, one after the other, by the same means.
    hidden: Vec<(RangeInclusive<u32>, HiddenBy)>,
    pub(super) text_markers: u32,
    uncomputed: Uncomputed,
    names: u32,
    domains: u32,
    columns: Vec<ColumnAppearance>,
    /// How many columns the widest row has.
    pub(super) widest: usize,
}

/// What the cells of a column look like.
#[derive(Debug, Clone, Default)]
struct ColumnAppearance {
    filled: u32,
    like_names: u32,
    like_domains: u32,
    first: Option<String>,
    /// Not each row has the same.
    differs: bool,
}

impl ListObservations {
    pub(super) fn of(columns: usize) -> Self {
        Self { columns: vec![ColumnAppearance::default(); columns], ..Self::default() }
    }

    pub(super) fn has_hidden(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// A row that is not blank and that nobody sees.
    pub(super) fn hide(&mut self, row: u32, by: HiddenBy) {
        match self.hidden.last_mut() {
            Some((rows, before)) if *before == by && rows.end().checked_add(1) == Some(row) => {
                *rows = *rows.start()..=row;
            }
            _ => self.hidden.push((row..=row, by)),
        }
    }

    /// The cells of a row. Of `is_compared` rows the names and domains are compared.
    pub(super) fn see(&mut self, layout: &ListLayout, cells: &[TableCell], is_compared: bool) {
        for (at, cell) in cells.iter().enumerate() {
            let is_unknown = cell.is(CellKind::Uncomputed);
            if Some(at) == layout.name || Some(at) == layout.domain {
                let is_unknown = is_unknown || cell.is(CellKind::ZeroOfFormula);
                let is_given = u32::from(is_compared && !is_unknown && !cell.is_blank());
                let is_missing = u32::from(is_compared && is_unknown);
                if Some(at) == layout.name {
                    self.names += is_given;
                    self.uncomputed.names += is_missing;
                } else {
                    self.domains += is_given;
                    self.uncomputed.domains += is_missing;
                }
            } else if is_unknown {
                self.uncomputed.others += 1;
            }
            if !cell.is_blank() {
                self.widest = self.widest.max(at + 1);
                if let (TableCell::Text(text), Some(looks)) = (cell, self.columns.get_mut(at)) {
                    looks.see(trimmed(text));
                }
            }
        }
    }

    /// The hidden rows, with who hid them.
    pub(super) fn hidden_rows(&self, layout: &ListLayout, about: &TableProperties) -> Option<HiddenRows> {
        let first = *self.hidden.first()?.0.start();
        let mut hidden = HiddenRows { rows: 0, first, by_filter: 0, in_group: 0, decided: layout.hidden };
        for (rows, by) in &self.hidden {
            let count = rows.end() - rows.start() + 1;
            hidden.rows += count;
            let filtered = rows.clone().filter(|row| about.filtered.iter().any(|area| area.contains(row)));
            let filtered = u32::try_from(filtered.count()).unwrap_or(count);
            match by {
                // An advanced filter leaves no trace of where it is at work.
                HiddenBy::Hand if about.is_filtered && about.filtered.is_empty() => hidden.by_filter += count,
                HiddenBy::Hand => hidden.by_filter += filtered,
                HiddenBy::Group => {
                    hidden.by_filter += filtered;
                    hidden.in_group += count - filtered;
                }
            }
        }
        Some(hidden)
    }

    /// What is to be said of it.
    pub(super) fn tell(&self, reading: &mut ListReading, layout: &ListLayout, about: &TableProperties) {
        reading.hidden_rows = self.hidden_rows(layout, about);
        let used = [layout.id, layout.name, layout.domain].into_iter().flatten();
        let is_hidden = |at: &usize| about.hidden_columns.iter().any(|columns| columns.contains(at));
        reading.hidden_columns = used.filter(is_hidden).map(|at| layout.header(at).to_owned()).collect();
        reading.text_markers = self.text_markers;
        reading.uncomputed = self.uncomputed;
        reading.names_compared = self.names;
        reading.domains_compared = self.domains;
        let others = || {
            let others = self
                .columns
                .iter()
                .enumerate()
                .filter(|(at, looks)| Some(*at) != layout.id && looks.filled > 0);
            others.filter(|(at, _)| Some(*at) != layout.name && Some(*at) != layout.domain)
        };
        let named = |at: usize| match layout.header(at) {
            "" => letters(at),
            header => header.to_owned(),
        };
        if layout.name.is_none() {
            let like = others().filter(|(_, looks)| looks.differs && looks.like_names * 2 > looks.filled);
            reading.like_names = like.take(NAMED).map(|(at, _)| named(at)).collect();
        }
        if layout.domain.is_none() {
            let like = others().filter(|(_, looks)| looks.like_domains * 2 > looks.filled);
            reading.like_domains = like.take(NAMED).map(|(at, _)| named(at)).collect();
        }
    }
}

impl ColumnAppearance {
    fn see(&mut self, text: &str) {
        self.filled += 1;
        if is_domain(text) {
            self.like_domains += 1;
        } else if text.chars().filter(|c| c.is_alphabetic()).count() > 1
            && !looks_like_an_id(text)
            && !text.contains('@')
        {
            self.like_names += 1;
        }
        match &self.first {
            None => self.first = Some(text.to_owned()),
            Some(first) => self.differs |= first != text,
        }
    }
}

/// The headings of columns that have none, beside the table.
pub(super) fn headings_beside(columns: usize, widest: usize) -> Vec<String> {
    (columns..widest.min(COLUMNS)).map(|at| format!("column {}", letters(at))).collect()
}
