//! A list that was recognised.

use super::{
    Options,
    csv::{CsvTable, Dialect, Separator, dialects},
    encoding::{ENOUGH_LETTERS, LEGACY, is_of_one_script, is_plausible, named},
    error::{ListError, ListFault},
    found::headings_beside,
    header::{ListLayout, find},
    rows::{Rows, swallowed},
    scanner::Marks,
    source::{FileKind, FileSurvey, Reopenable, survey},
    table::{TableCell, TableReader},
    text::shown,
    workbook::{Workbook, WorkbookSheet},
    xlsx::{SheetTable, TextsAndFormats},
};
use crate::domain::{Digest, EncodingFrom, ListReading, Sha256, is_taken_out};
use encoding_rs::Encoding;
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
enum RowAccess {
    Csv(Dialect),
    Workbook { workbook: Box<Workbook>, sheet: WorkbookSheet },
}

/// A list that was recognised: what it is and where its columns are. It holds no rows.
#[derive(Debug)]
pub struct List {
    name: String,
    source: Reopenable,
    survey: FileSurvey,
    layout: ListLayout,
    access: RowAccess,
    reading: ListReading,
}

impl List {
    /// Recognises the list in a file, and reads it to its end: whatever is wrong with it as a whole is found here.
    pub fn open(path: &Path, options: &Options) -> Result<Self, ListError> {
        Self::recognise(path.display().to_string(), Reopenable::Path(path.to_owned()), options)
    }

    /// Recognises a list that the program brings along; `name` stands for the file's.
    pub fn from_bytes(name: &str, bytes: impl Into<Arc<[u8]>>, options: &Options) -> Result<Self, ListError> {
        Self::recognise(name.to_owned(), Reopenable::Bytes(bytes.into()), options)
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
            RowAccess::Csv(dialect) => {
                Format::Csv { encoding: dialect.encoding.name(), separator: dialect.separator }
            }
            RowAccess::Workbook { sheet, .. } => Format::Workbook { sheet: sheet.name.clone() },
        }
    }

    /// The header as it stands in the list; `customer_tenant_id` for a list without one.
    pub fn columns(&self) -> &[String] {
        &self.layout.columns
    }

    /// The header of the column with the IDs; empty if there are none yet.
    pub fn id_column(&self) -> &str {
        self.layout.id.map_or("", |at| self.layout.header(at))
    }

    /// The header of the column with the names.
    pub fn name_column(&self) -> Option<&str> {
        self.layout.name.map(|at| self.layout.header(at))
    }

    /// The header of the column with the domains.
    pub fn domain_column(&self) -> Option<&str> {
        self.layout.domain.map(|at| self.layout.header(at))
    }

    /// What was found in the list that a person might not see, and what was decided about it.
    pub fn reading(&self) -> &ListReading {
        &self.reading
    }

    /// Reads the rows, one by one. If the file is no longer what it was when it was recognised,
    /// the last thing that comes is an error that says so.
    pub fn rows(&self) -> Result<Rows<'_>, ListError> {
        let table = self.access.table(&self.source, self.survey.sha256);
        let table = table.map_err(|fault| ListError { file: self.name.clone(), fault })?;
        Ok(Rows::new(&self.name, &self.layout, table))
    }

    fn recognise(name: String, source: Reopenable, options: &Options) -> Result<Self, ListError> {
        let recognised = survey(&source).and_then(|survey| {
            let recognised = match survey.kind {
                FileKind::Text { encoding, mark, from } => {
                    let (encoding, from) = chosen_encoding(encoding, from, options)?;
                    TextList { source: &source, sha256: survey.sha256, encoding, mark, from }
                        .recognise(options)
                }
                FileKind::Archive | FileKind::Compound if options.encoding.is_some() => {
                    Err(ListFault::NoEncoding)
                }
                FileKind::Archive => recognise_workbook(&source, survey.sha256, options),
                FileKind::Compound => Err(ListFault::OldWorkbook),
            }?;
            Ok((survey, recognised))
        });
        match recognised {
            Ok((survey, Recognised { access, layout, reading })) => {
                Ok(Self { name, source, survey, layout, access, reading })
            }
            Err(fault) => Err(ListError { file: name, fault }),
        }
    }
}

impl RowAccess {
    fn table(&self, source: &Reopenable, sha256: Sha256) -> Result<Box<dyn TableReader + Send>, ListFault> {
        Ok(match self {
            Self::Csv(dialect) => Box::new(CsvTable::new(source, *dialect, sha256)?),
            Self::Workbook { workbook, sheet } => {
                let context = Arc::new(TextsAndFormats::of(workbook)?);
                Box::new(SheetTable::new(source, workbook, sheet, context, sha256)?)
            }
        })
    }
}

/// What a list turned out to be.
struct Recognised {
    access: RowAccess,
    layout: ListLayout,
    reading: ListReading,
}

/// Reads a list to its end, and tells what was found on the way; the layout is widened by what stands beside the table.
fn read_through(
    access: &RowAccess,
    layout: &mut ListLayout,
    options: &Options,
    source: &Reopenable,
    sha256: Sha256,
) -> Result<ListReading, ListFault> {
    let mut rows = Rows::new("", layout, access.table(source, sha256)?).watching();
    let mut ended = rows.by_ref().find_map(Result::err).map(|error| error.fault);
    let (found, mut about) = rows.into_found();
    let mut reading = ListReading {
        header_row: layout.header,
        header_row_named: options.header_row.is_some(),
        id_column: layout.id.map_or("", |at| layout.header(at)).to_owned(),
        name_column: layout.name.map(|at| layout.header(at).to_owned()),
        domain_column: layout.domain.map(|at| layout.header(at).to_owned()),
        ..ListReading::default()
    };
    if let RowAccess::Workbook { workbook, sheet } = access {
        about.filtered.extend(workbook.filtered_by_tables(sheet)?);
    }
    if let Some(fault) = ended.take() {
        return Err(fault);
    }
    found.tell(&mut reading, layout, &about);
    if let (Some(hidden), None) = (reading.hidden_rows, layout.hidden)
        && !is_taken_out("hidden-rows-like-all-others")
    {
        return Err(ListFault::HiddenRows { hidden });
    }
    let beside = headings_beside(layout.columns.len(), found.widest);
    layout.columns.extend(beside.iter().cloned());
    reading.beside = beside;
    Ok(reading)
}

/// The encoding that is taken, and who said so.
fn chosen_encoding(
    found: &'static Encoding,
    from: EncodingFrom,
    options: &Options,
) -> Result<(&'static Encoding, EncodingFrom), ListFault> {
    let Some(wanted) = &options.encoding else { return Ok((found, from)) };
    let chosen = named(wanted).ok_or_else(|| ListFault::UnknownEncoding { wanted: shown(wanted) })?;
    match from {
        EncodingFrom::Mark if chosen != found => {
            Err(ListFault::OtherMark { wanted: chosen.name(), found: found.name() })
        }
        EncodingFrom::Mark => Ok((found, from)),
        _ => Ok((chosen, EncodingFrom::Option)),
    }
}

/// A list that is text.
struct TextList<'a> {
    source: &'a Reopenable,
    sha256: Sha256,
    encoding: &'static Encoding,
    mark: usize,
    from: EncodingFrom,
}

impl TextList<'_> {
    fn recognise(&self, options: &Options) -> Result<Recognised, ListFault> {
        let all = dialects(self.source, self.encoding, self.mark, options.header_row)?;
        if options.sheet.is_some() {
            return Err(ListFault::NoSheets);
        }
        if options.hidden.is_some() {
            return Err(ListFault::NothingHidden);
        }
        let mut first_fault = None;
        for dialect in all {
            match self.in_dialect(dialect, options) {
                Err(fault) if fault.is_no_match() => first_fault = first_fault.or(Some(fault)),
                // A proposal is worth more than the complaint that there is no header.
                Err(fault @ ListFault::HeaderBelow { .. }) => return Err(fault),
                Err(fault) => return Err(first_fault.unwrap_or(fault)),
                Ok(recognised) => {
                    if self.from == EncodingFrom::Guess && !is_taken_out("any-reading-of-a-name") {
                        self.require_certainty(&recognised)?;
                    }
                    return Ok(recognised);
                }
            }
        }
        Err(first_fault.unwrap_or(ListFault::Empty))
    }

    /// Where quotation marks go wrong in text between tabs, it may be that nobody ever quoted: then each line has as
    /// many cells as the header.
    fn in_dialect(&self, dialect: Dialect, options: &Options) -> Result<Recognised, ListFault> {
        match self.read(dialect, options) {
            Err(fault @ ListFault::QuotationMark { .. }) if dialect.separator == Separator::Tab => {
                let dialect = Dialect { marks: Marks::Text, ..dialect };
                if !self.is_rectangular(dialect, options).unwrap_or(false) {
                    return Err(fault);
                }
                self.read(dialect, options)
            }
            other => other,
        }
    }

    fn read(&self, dialect: Dialect, options: &Options) -> Result<Recognised, ListFault> {
        let mut table = CsvTable::new(self.source, dialect, self.sha256)?;
        let mut layout = find(&mut table, options)?;
        layout.separator = (dialect.marks == Marks::Quote).then_some(dialect.separator);
        let header: Vec<TableCell> = layout.columns.iter().cloned().map(TableCell::Text).collect();
        if let (Some(row), Some((at, text))) = (layout.header, swallowed(&header, &layout, header.len())) {
            return Err(ListFault::SwallowedRow { row, column: at + 1, text: shown(&text) });
        }
        let access = RowAccess::Csv(dialect);
        let reading = read_through(&access, &mut layout, options, self.source, self.sha256)?;
        let reading = ListReading {
            encoding: Some(dialect.encoding.name().to_owned()),
            encoding_from: Some(self.from),
            separator: Some(dialect.separator.to_string()),
            never_quoted: dialect.marks == Marks::Text,
            ..reading
        };
        Ok(Recognised { access, layout, reading })
    }

    /// Whether each line has as many cells as the header, and that more than one.
    fn is_rectangular(&self, dialect: Dialect, options: &Options) -> Result<bool, ListFault> {
        let mut table = CsvTable::new(self.source, dialect, self.sha256)?;
        let mut columns = None;
        while let Some(line) = table.next_filled()? {
            if options.header_row.is_some_and(|header| line.row < header) {
                continue;
            }
            if line.cells.len() != *columns.get_or_insert(line.cells.len()) || line.cells.len() < 2 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Refuses a guess that may be wrong, where a name or a domain depends on it.
    fn require_certainty(&self, Recognised { access, layout, .. }: &Recognised) -> Result<(), ListFault> {
        let RowAccess::Csv(dialect) = access else { return Ok(()) };
        let guessed = self.spoken(*dialect, layout)?;
        let is_enough =
            guessed.letters >= ENOUGH_LETTERS && is_of_one_script(self.encoding) && guessed.is_plausible;
        if guessed.first.is_empty() || is_enough {
            return Ok(());
        }
        let mut readings = vec![(self.encoding, guessed)];
        for encoding in LEGACY {
            // What is no text at all in an encoding is not meant in it.
            let Ok(spoken) = self.spoken(Dialect { encoding, ..*dialect }, layout) else { continue };
            if spoken.is_plausible && readings.iter().all(|(_, known)| known.digest != spoken.digest) {
                readings.push((encoding, spoken));
            }
        }
        let Some((_, other)) = readings.get(1) else { return Ok(()) };
        let Some((_, guessed)) = readings.first() else { return Ok(()) };
        let at = guessed.first.iter().zip(&other.first).position(|(a, b)| a != b).unwrap_or_default();
        let Some(&(row, what, _)) = guessed.first.get(at) else { return Ok(()) };
        let text = |spoken: &Spoken| spoken.first.get(at).map(|(_, _, text)| shown(text)).unwrap_or_default();
        let readings = readings.iter().map(|(encoding, spoken)| (encoding.name(), text(spoken))).collect();
        Err(ListFault::UncertainEncoding { row, what, readings })
    }

    /// The names and domains that are not ASCII alone.
    fn spoken(&self, dialect: Dialect, layout: &ListLayout) -> Result<Spoken, ListFault> {
        let mut table = CsvTable::new(self.source, dialect, self.sha256)?;
        let mut digest = Digest::default();
        let (mut first, mut letters, mut plausible) = (Vec::new(), 0, true);
        while let Some(line) = table.next_filled()? {
            if layout.header.is_some_and(|header| line.row <= header) {
                continue;
            }
            for (what, column) in [("name", layout.name), ("domain", layout.domain)] {
                let text = column.and_then(|at| line.cells.get(at)).map_or("", TableCell::shown);
                if text.is_ascii() {
                    continue;
                }
                letters += text.chars().filter(|c| !c.is_ascii() && c.is_alphabetic()).count();
                digest.add(text.as_bytes());
                digest.add(b"\n");
                plausible &= is_plausible(text, dialect.encoding);
                if first.len() < SHOWN {
                    first.push((line.row, what, text.to_owned()));
                }
            }
        }
        Ok(Spoken { first, letters, digest: digest.done(), is_plausible: plausible })
    }
}

/// How many names are kept, to show one that reads otherwise in another encoding.
const SHOWN: usize = 1000;

/// How the names and domains of a list read in an encoding.
struct Spoken {
    /// The first of them: row, what, text.
    first: Vec<(u32, &'static str, String)>,
    /// How many letters are not ASCII.
    letters: usize,
    digest: Sha256,
    is_plausible: bool,
}

fn recognise_workbook(
    source: &Reopenable,
    sha256: Sha256,
    options: &Options,
) -> Result<Recognised, ListFault> {
    let workbook = Workbook::open(source)?;
    let sheet_names = || {
        let name = |sheet: &WorkbookSheet| {
            format!("{}{}", shown(&sheet.name), if sheet.visible { "" } else { " (hidden)" })
        };
        workbook.sheets.iter().map(name).collect::<Vec<_>>()
    };
    let candidates: Vec<&WorkbookSheet> = match &options.sheet {
        None => workbook.sheets.iter().filter(|sheet| sheet.visible).collect(),
        Some(wanted) => {
            let plain = |name: &str| name.trim().to_lowercase();
            let exact = workbook.sheets.iter().find(|sheet| sheet.name == *wanted);
            let found =
                exact.or_else(|| workbook.sheets.iter().find(|sheet| plain(&sheet.name) == plain(wanted)));
            let missing = || ListFault::SheetNotFound { wanted: shown(wanted), sheets: sheet_names() };
            vec![found.ok_or_else(missing)?]
        }
    };
    let context = Arc::new(TextsAndFormats::of(&workbook)?);
    let is_single = candidates.len() == 1;
    let mut fits: Vec<(WorkbookSheet, ListLayout)> = Vec::new();
    let mut might: Vec<(WorkbookSheet, ListFault)> = Vec::new();
    for sheet in candidates {
        let mut table = SheetTable::new(source, &workbook, sheet, Arc::clone(&context), sha256)?;
        match find(&mut table, options) {
            Ok(layout) => fits.push((sheet.clone(), layout)),
            Err(fault) if is_single => return Err(fault),
            // An empty sheet, or one without IDs.
            Err(fault) if fault.is_no_match() => {}
            Err(
                ListFault::NoRows
                | ListFault::OnlyHiddenRows
                | ListFault::NoHeaderRow { .. }
                | ListFault::HeaderIsData { .. },
            ) => {}
            Err(fault @ (ListFault::HeaderBelow { .. } | ListFault::HiddenHeader { .. })) => {
                might.push((sheet.clone(), fault));
            }
            Err(fault) => return Err(fault),
        }
    }
    if fits.len() + might.len() > 1 && !is_taken_out("the-first-of-two-sheets") {
        let names = fits.iter().map(|(sheet, _)| sheet).chain(might.iter().map(|(sheet, _)| sheet));
        return Err(ListFault::AmbiguousSheet { sheets: names.map(|sheet| shown(&sheet.name)).collect() });
    }
    let Some((sheet, mut layout)) = fits.pop() else {
        return Err(match might.pop() {
            Some((sheet, ListFault::HeaderBelow { first, row, headers, .. })) => {
                let name = shown(&sheet.name);
                let sheet = Some(format!("'{}'", name.trim_matches('`')));
                ListFault::HeaderBelow { first, row, headers, sheet }
            }
            Some((_, fault)) => fault,
            None => ListFault::NoMatchingSheet { sheets: sheet_names() },
        });
    };
    layout.sheet = Some(sheet.name.clone());
    // The texts are held once, not twice.
    drop(context);
    let is_hidden = |other: &&WorkbookSheet| !other.visible && other.name != sheet.name;
    let hidden_sheets = workbook.sheets.iter().filter(is_hidden).count();
    let hidden_sheets = u32::try_from(hidden_sheets).unwrap_or(u32::MAX);
    let access = RowAccess::Workbook { workbook: Box::new(workbook), sheet };
    let reading = read_through(&access, &mut layout, options, source, sha256)?;
    let reading = ListReading { sheet: layout.sheet.clone(), hidden_sheets, ..reading };
    Ok(Recognised { access, layout, reading })
}
