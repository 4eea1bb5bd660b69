//! The rows of a list: customers and problems.

use super::{
    error::{ListError, ListFault},
    found::ListObservations,
    header::{ListLayout, tenant_id, unmarked},
    limits::{COLUMNS, ROWS},
    lookalike::wrong_letter,
    table::{CellKind, TableCell, TableProperties, TableReader, TableRow},
    text::{is_domain, letters, shown, trimmed},
    xlsx::place,
};
use crate::domain::{Hidden, IdError, Reason, TenantId, is_taken_out};
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    fmt,
};

/// Why a row is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// [`Reason::InvalidTenantId`] or [`Reason::MissingTenantId`].
    pub reason: Reason,
    /// The row, the column, what stands there, and what is wrong with it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// Its number, as the spreadsheet shows it.
    pub row: u32,
    /// Whom it is about, or why that cannot be said.
    pub customer: Result<TenantId, Problem>,
    /// The name that the list gives, without blanks around it.
    pub name: Option<String>,
    /// The domain that the list gives, without blanks around it.
    pub domain: Option<String>,
    /// The earlier row with the same ID.
    pub duplicate_of: Option<u32>,
    /// Every cell as it stands in the list, one for each column.
    pub cells: Vec<String>,
}

/// In which row each ID stands first. Many small tables: one large one would be there twice whenever it grows, and
/// the room that it leaves in memory is of little use to anything else.
#[derive(Debug, Default)]
struct FirstRows(BTreeMap<u8, HashMap<TenantId, u32>>);

impl FirstRows {
    /// The earlier row with this ID; if there is none, it is this one.
    fn before(&mut self, id: TenantId, row: u32) -> Option<u32> {
        let [.., last] = *id.as_bytes();
        match self.0.entry(last).or_default().entry(id) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(place) => {
                place.insert(row);
                None
            }
        }
    }
}

/// The rows of a list, in its order. Blank rows are left out; after an error nothing follows.
pub struct Rows<'a> {
    file: &'a str,
    layout: &'a ListLayout,
    table: Box<dyn TableReader + Send>,
    seen: FirstRows,
    count: u32,
    found: ListObservations,
    watches: bool,
    ended: bool,
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("file", &self.file).field("count", &self.count).finish_non_exhaustive()
    }
}

impl<'a> Rows<'a> {
    pub(super) fn new(file: &'a str, layout: &'a ListLayout, table: Box<dyn TableReader + Send>) -> Self {
        let (seen, found) = (FirstRows::default(), ListObservations::of(layout.columns.len()));
        Self { file, layout, table, seen, count: 0, found, watches: false, ended: false }
    }

    /// Also looks at what the cells are like.
    pub(super) fn watching(self) -> Self {
        Self { watches: true, ..self }
    }

    /// What was found on the way, and beside the rows.
    pub(super) fn into_found(self) -> (ListObservations, TableProperties) {
        (self.found, self.table.into_properties())
    }

    fn advance(&mut self) -> Result<Option<ListRow>, ListFault> {
        loop {
            let Some(line) = self.table.next_filled()? else {
                return match self.count {
                    0 if self.found.has_hidden() => Err(ListFault::OnlyHiddenRows),
                    0 => Err(ListFault::NoRows),
                    _ => Ok(None),
                };
            };
            if self.layout.header.is_some_and(|header| line.row <= header) {
                continue;
            }
            if let Some(by) = line.hidden {
                self.found.hide(line.row, by);
                if self.layout.hidden == Some(Hidden::Skip) {
                    continue;
                }
            }
            self.count += 1;
            if self.count > ROWS {
                return Err(ListFault::TooManyRows { row: line.row });
            }
            return self.row(line).map(Some);
        }
    }

    fn row(&mut self, TableRow { row, mut cells, .. }: TableRow) -> Result<ListRow, ListFault> {
        self.refuse_beyond(row, &cells)?;
        if let Some((at, text)) = swallowed(&cells, self.layout, self.layout.columns.len()) {
            return Err(ListFault::SwallowedRow { row, column: at + 1, text: shown(&text) });
        }
        cells.resize(self.layout.columns.len().max(cells.len()), TableCell::Text(String::new()));
        let customer = self.customer(row, self.layout.id.and_then(|id| cells.get(id)))?;
        let duplicate_of = match &customer {
            Ok(id) => self.seen.before(*id, row),
            Err(_) => None,
        };
        if self.watches {
            self.found.see(self.layout, &cells, customer.is_ok() && duplicate_of.is_none());
        }
        let text = |column: Option<usize>| {
            let cell = cells.get(column?)?;
            let is_known = !cell.is(CellKind::Uncomputed) && !cell.is(CellKind::ZeroOfFormula);
            let text = trimmed(cell.shown());
            (is_known && !text.is_empty()).then(|| text.to_owned())
        };
        let (name, domain) = (text(self.layout.name), text(self.layout.domain));
        cells.truncate(self.layout.columns.len());
        let cells = cells.into_iter().map(TableCell::into_shown).collect();
        Ok(ListRow { row, customer, name, domain, duplicate_of, cells })
    }

    /// In a text, a cell beyond the header may be the rest of one that has a separator in it. In a sheet it stands
    /// where somebody put it, and is no more than a remark, unless it is an ID.
    fn refuse_beyond(&self, row: u32, cells: &[TableCell]) -> Result<(), ListFault> {
        let columns = self.layout.columns.len();
        let mut beyond = cells.iter().enumerate().skip(columns).filter(|(_, cell)| !cell.is_blank());
        let Some(sheet) = &self.layout.sheet else {
            let Some((at, cell)) = beyond.next() else { return Ok(()) };
            let text = shown(cell.shown());
            return Err(ListFault::TooManyCells { row, column: at + 1, columns, text });
        };
        match beyond.find(|(_, cell)| tenant_id(cell.shown()).is_ok()) {
            Some((at, cell)) => Err(ListFault::IdBeside {
                place: place(sheet, row, at),
                last: shown(self.layout.columns.last().map_or("", String::as_str)),
                text: shown(cell.shown()),
            }),
            None => Ok(()),
        }
    }

    fn customer(
        &mut self,
        row: u32,
        cell: Option<&TableCell>,
    ) -> Result<Result<TenantId, Problem>, ListFault> {
        let id = self.layout.id.unwrap_or_default();
        let column = shown(self.layout.header(id));
        let at = self.layout.sheet.as_ref().map(|_| format!(" (cell {}{row})", letters(id)));
        let at = at.unwrap_or_default();
        let problem = |reason, what: &str| {
            Ok(Err(Problem { reason, message: format!("row {row}, column {column}{at}: {what}") }))
        };
        match cell {
            Some(cell) if cell.is(CellKind::Uncomputed) => {
                let sheet = self.layout.sheet.as_deref().unwrap_or_default();
                Err(ListFault::Uncomputed { place: place(sheet, row, id), what: "the tenant ID" })
            }
            Some(cell) if !cell.is_blank() => match cell {
                TableCell::Text(text) => match tenant_id(text) {
                    Ok(id) => {
                        self.found.text_markers += u32::from(unmarked(text).is_some());
                        Ok(Ok(id))
                    }
                    Err(error) => {
                        let what = format!("{} {}", shown(trimmed(text)), no_id(text, &error));
                        problem(Reason::InvalidTenantId, &what)
                    }
                },
                TableCell::Other { kind, shown: text } => {
                    let what = format!("{} is {}, not a tenant ID", shown(text), kind.describe());
                    problem(Reason::InvalidTenantId, &what)
                }
            },
            _ => problem(Reason::MissingTenantId, "the tenant ID is missing"),
        }
    }
}

/// Why a text is no ID.
fn no_id(text: &str, error: &IdError) -> String {
    if *error == IdError::Nil {
        return "is the GUID that consists of zeros, which names no tenant".to_owned();
    }
    if let Some(letter) = wrong_letter(trimmed(text)) {
        return format!("is not a tenant ID: {letter}");
    }
    if is_domain(trimmed(text)) {
        return "is a domain, not a tenant ID; `offboard match` finds the IDs of a list of domains"
            .to_owned();
    }
    "is not a tenant ID of the form `00000000-0000-0000-0000-000000000000`".to_owned()
}

/// The cell of a text in which a whole row stands, counted from 0, and that row: one of its lines has as many cells as
/// the header, and an ID in the column of the IDs. So many things do not come together in a remark.
pub(super) fn swallowed(cells: &[TableCell], layout: &ListLayout, columns: usize) -> Option<(usize, String)> {
    let (separator, id_column) = (char::from(layout.separator?.byte()), layout.id?);
    let is_end = |c: char| matches!(c, '\n' | '\r');
    for (at, cell) in cells.iter().take(COLUMNS).enumerate().filter(|(_, cell)| cell.shown().contains(is_end))
    {
        let lines: Vec<&str> = cell.shown().split(is_end).collect();
        for (number, line) in lines.iter().enumerate() {
            let before = if number == 0 { at } else { 0 };
            // Blank cells at the end of a row may be there or not.
            let filled =
                cells.iter().skip(at + 1).rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1);
            let behind = if number + 1 == lines.len() { filled..=cells.len() - at - 1 } else { 0..=0 };
            let fields: Vec<&str> = line.split(separator).collect();
            let id = id_column.checked_sub(before).and_then(|id| fields.get(id));
            let is_id = id.is_some_and(|text| tenant_id(text.trim_matches('"')).is_ok());
            let is_whole =
                columns.checked_sub(before + fields.len()).is_some_and(|left| behind.contains(&left));
            if is_id && is_whole && !is_taken_out("a-row-inside-a-cell") {
                return Some((at, (*line).to_owned()));
            }
        }
    }
    None
}

impl Iterator for Rows<'_> {
    type Item = Result<ListRow, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.advance().map_err(|fault| ListError { file: self.file.to_owned(), fault });
        self.ended = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}
