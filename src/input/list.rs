//! A list that was recognised.

use super::{
    Options,
    csv::{CsvTable, Dialect, Separator, dialects},
    error::{Fault, ListError},
    header::{Layout, locate},
    rows::Rows,
    source::{Kind, Source, Survey, survey},
    table::Table,
    text::shown,
    workbook::{Sheet, Workbook},
    xlsx::{Context, SheetTable},
};
use crate::domain::Sha256;
use std::{fmt, path::Path, sync::Arc};

/// What kind of file a list is, in words that a person knows: `CSV, UTF-8, comma` or
/// ``workbook, sheet `Customers` ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Separated values.
    Csv {
        /// The encoding's name.
        encoding: &'static str,
        /// What stands between two cells.
        separator: Separator,
    },
    /// An XLSX workbook.
    Workbook {
        /// The sheet that is read.
        sheet: String,
    },
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Csv { encoding, separator } => write!(f, "CSV, {encoding}, {separator}"),
            Self::Workbook { sheet } => write!(f, "workbook, sheet {}", shown(sheet)),
        }
    }
}

/// How to get at the rows again.
#[derive(Debug)]
enum Access {
    Csv(Dialect),
    Workbook { workbook: Box<Workbook>, sheet: Sheet },
}

/// A list that was recognised: what it is and where its columns are. It holds no rows.
#[derive(Debug)]
pub struct List {
    name: String,
    source: Source,
    survey: Survey,
    layout: Layout,
    access: Access,
}

impl List {
    /// Recognises the list in a file.
    pub fn open(path: &Path, options: &Options) -> Result<Self, ListError> {
        Self::recognise(path.display().to_string(), Source::Path(path.to_owned()), options)
    }

    /// Recognises a list that the program brings along; `name` stands for the file's.
    pub fn from_bytes(name: &str, bytes: impl Into<Arc<[u8]>>, options: &Options) -> Result<Self, ListError> {
        Self::recognise(name.to_owned(), Source::Bytes(bytes.into()), options)
    }

    /// The file, as it was named.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of the file's bytes.
    pub fn sha256(&self) -> Sha256 {
        self.survey.sha256
    }

    /// What kind of file it is.
    pub fn format(&self) -> Format {
        match &self.access {
            Access::Csv(dialect) => {
                Format::Csv { encoding: dialect.encoding.name(), separator: dialect.separator }
            }
            Access::Workbook { sheet, .. } => Format::Workbook { sheet: sheet.name.clone() },
        }
    }

    /// The header as it stands in the list; `customer_tenant_id` for a list without one.
    pub fn columns(&self) -> &[String] {
        &self.layout.columns
    }

    /// The header of the column with the IDs.
    pub fn id_column(&self) -> &str {
        self.layout.header(self.layout.id)
    }

    /// The header of the column with the names.
    pub fn name_column(&self) -> Option<&str> {
        self.layout.name.map(|at| self.layout.header(at))
    }

    /// The header of the column with the domains.
    pub fn domain_column(&self) -> Option<&str> {
        self.layout.domain.map(|at| self.layout.header(at))
    }

    /// Reads the rows, one by one. If the file is no longer what it was when it was recognised,
    /// the last thing that comes is an error that says so.
    pub fn rows(&self) -> Result<Rows<'_>, ListError> {
        let table = self.table().map_err(|fault| ListError { file: self.name.clone(), fault })?;
        Ok(Rows::new(&self.name, &self.layout, table))
    }

    fn table(&self) -> Result<Box<dyn Table + Send>, Fault> {
        let sha256 = self.survey.sha256;
        Ok(match &self.access {
            Access::Csv(dialect) => Box::new(CsvTable::new(&self.source, *dialect, sha256)?),
            Access::Workbook { workbook, sheet } => {
                let context = Arc::new(Context::of(workbook)?);
                Box::new(SheetTable::new(&self.source, workbook, sheet, context, sha256)?)
            }
        })
    }

    fn recognise(name: String, source: Source, options: &Options) -> Result<Self, ListError> {
        let recognised = survey(&source).and_then(|survey| {
            let (access, layout) = match survey.kind {
                Kind::Text { encoding, mark } => {
                    recognise_text(&source, encoding, mark, survey.sha256, options)
                }
                Kind::Archive => recognise_workbook(&source, survey.sha256, options),
                Kind::Compound => Err(Fault::OldWorkbook),
            }?;
            Ok((survey, access, layout))
        });
        match recognised {
            Ok((survey, access, layout)) => Ok(Self { name, source, survey, layout, access }),
            Err(fault) => Err(ListError { file: name, fault }),
        }
    }
}

fn recognise_text(
    source: &Source,
    encoding: &'static encoding_rs::Encoding,
    mark: usize,
    sha256: Sha256,
    options: &Options,
) -> Result<(Access, Layout), Fault> {
    if options.sheet.is_some() {
        return Err(Fault::NoSheets);
    }
    let mut first_fault = None;
    for dialect in dialects(source, encoding, mark)? {
        let mut table = CsvTable::new(source, dialect, sha256)?;
        match layout(&mut table, options) {
            Ok(layout) => return Ok((Access::Csv(dialect), layout)),
            Err(fault) if is_no_match(&fault) => first_fault = first_fault.or(Some(fault)),
            Err(fault) => return Err(first_fault.unwrap_or(fault)),
        }
    }
    Err(first_fault.unwrap_or(Fault::Empty))
}

fn recognise_workbook(source: &Source, sha256: Sha256, options: &Options) -> Result<(Access, Layout), Fault> {
    let workbook = Workbook::open(source)?;
    let names = |sheets: &[Sheet]| sheets.iter().map(|sheet| shown(&sheet.name)).collect::<Vec<_>>();
    let candidates: Vec<Sheet> = match &options.sheet {
        None => workbook.sheets.iter().filter(|sheet| sheet.visible).cloned().collect(),
        Some(wanted) => {
            let plain = |name: &str| name.trim().to_lowercase();
            let exact = workbook.sheets.iter().find(|sheet| sheet.name == *wanted);
            let found =
                exact.or_else(|| workbook.sheets.iter().find(|sheet| plain(&sheet.name) == plain(wanted)));
            let missing = || Fault::SheetNotFound { wanted: shown(wanted), sheets: names(&workbook.sheets) };
            vec![found.ok_or_else(missing)?.clone()]
        }
    };
    let context = Arc::new(Context::of(&workbook)?);
    let single = candidates.len() == 1;
    for sheet in candidates {
        let mut table = SheetTable::new(source, &workbook, &sheet, Arc::clone(&context), sha256)?;
        match layout(&mut table, options) {
            Ok(layout) => {
                let access = Access::Workbook { workbook: Box::new(workbook), sheet };
                return Ok((access, layout));
            }
            Err(fault) if single || !is_no_match(&fault) => return Err(fault),
            Err(_no_match) => {}
        }
    }
    Err(Fault::NoMatchingSheet { sheets: names(&workbook.sheets) })
}

/// Whether this fault only says that the list is elsewhere.
fn is_no_match(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Empty | Fault::NoIdColumn { .. } | Fault::ColumnNotFound { .. } | Fault::HeaderMissing { .. }
    )
}

/// Finds the columns, and that there is at least one row.
fn layout(table: &mut dyn Table, options: &Options) -> Result<Layout, Fault> {
    let first = table.next_filled()?.ok_or(Fault::Empty)?;
    let layout = locate(first.row, &first.cells, options)?;
    if layout.has_header && table.next_filled()?.is_none() {
        return Err(Fault::NoRows);
    }
    Ok(layout)
}
