//! The rows of a list: customers and problems.

use super::{
    error::{Fault, ListError},
    header::{Layout, tenant_id},
    limits::ROWS,
    table::{Cell, Line, Table},
    text::{shown, trimmed},
};
use crate::domain::{IdError, Reason, TenantId};
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
pub struct Row {
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
struct Seen(BTreeMap<u8, HashMap<TenantId, u32>>);

impl Seen {
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
    layout: &'a Layout,
    table: Box<dyn Table + Send>,
    seen: Seen,
    count: u32,
    header_is_next: bool,
    ended: bool,
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("file", &self.file).field("count", &self.count).finish_non_exhaustive()
    }
}

impl<'a> Rows<'a> {
    pub(super) fn new(file: &'a str, layout: &'a Layout, table: Box<dyn Table + Send>) -> Self {
        let header_is_next = layout.has_header;
        Self { file, layout, table, seen: Seen::default(), count: 0, header_is_next, ended: false }
    }

    fn advance(&mut self) -> Result<Option<Row>, Fault> {
        if self.header_is_next {
            self.header_is_next = false;
            self.table.next_filled()?;
        }
        let Some(line) = self.table.next_filled()? else {
            return if self.count == 0 { Err(Fault::NoRows) } else { Ok(None) };
        };
        self.count += 1;
        if self.count > ROWS {
            return Err(Fault::TooManyRows { row: line.row });
        }
        self.row(line).map(Some)
    }

    fn row(&mut self, Line { row, mut cells }: Line) -> Result<Row, Fault> {
        let columns = self.layout.columns.len();
        let beyond = cells.iter().enumerate().skip(columns).find(|(_, cell)| !cell.is_blank());
        if let Some((at, cell)) = beyond {
            let text = shown(cell.shown());
            return Err(Fault::TooManyCells { row, column: at + 1, columns, text });
        }
        cells.resize(columns, Cell::Text(String::new()));
        let customer = self.customer(row, cells.get(self.layout.id));
        let duplicate_of = match &customer {
            Ok(id) => self.seen.before(*id, row),
            Err(_) => None,
        };
        let text = |column: Option<usize>| {
            let text = trimmed(cells.get(column?)?.shown());
            (!text.is_empty()).then(|| text.to_owned())
        };
        let (name, domain) = (text(self.layout.name), text(self.layout.domain));
        let cells = cells.into_iter().map(Cell::into_shown).collect();
        Ok(Row { row, customer, name, domain, duplicate_of, cells })
    }

    fn customer(&self, row: u32, cell: Option<&Cell>) -> Result<TenantId, Problem> {
        let column = shown(self.layout.header(self.layout.id));
        let problem = |reason, what: &str| {
            Err(Problem { reason, message: format!("row {row}, column {column}: {what}") })
        };
        match cell {
            Some(cell) if !cell.is_blank() => match cell {
                Cell::Text(text) => tenant_id(text).or_else(|error| {
                    let why = match error {
                        IdError::Nil => "is the GUID that consists of zeros, which names no tenant",
                        _ => "is not a tenant ID of the form `00000000-0000-0000-0000-000000000000`",
                    };
                    problem(Reason::InvalidTenantId, &format!("{} {why}", shown(trimmed(text))))
                }),
                Cell::Other { kind, shown: text } => {
                    let what = format!("{} is {}, not a tenant ID", shown(text), kind.describe());
                    problem(Reason::InvalidTenantId, &what)
                }
            },
            _ => problem(Reason::MissingTenantId, "the tenant ID is missing"),
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.advance().map_err(|fault| ListError { file: self.file.to_owned(), fault });
        self.ended = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}
