//! `offboard check`, and the first pass over a list that every run makes.

use super::{
    args::{HiddenRowsChoice, ListOptions, ReadingOptions},
    exit::{Exit, Failure},
    next_steps,
    printer::Printer,
    settings::{flag, option},
    tables,
};
use crate::{
    domain::{Hidden, ListReading, counted},
    input::{List, ListRow, Options},
    platform::quoted,
    report::visible,
};
use serde_json::json;

/// How many problems are listed one by one.
const LISTED: usize = 20;

/// What a list consists of.
#[derive(Debug, Default)]
pub(super) struct ListContents {
    pub(super) rows: u32,
    pub(super) valid: u32,
    pub(super) duplicates: u32,
    pub(super) rejected: u32,
    /// The first problems, in words.
    pub(super) problems: Vec<String>,
}

pub(super) fn open(options: &ListOptions) -> Result<List, Failure> {
    let wanted = Options { column: options.column.clone(), ..decided(&options.place.reading) };
    let list = List::open(&options.place.file, &wanted)?;
    if options.no_identity_check && list.reading().checks_identity() {
        let compared = list.reading().compared();
        let text = format!(
            "`--no-identity-check`: this list has what is compared ({compared}); leave the option out"
        );
        return Err(Failure::usage(text));
    }
    Ok(list)
}

/// What was said about how the list is read.
pub(super) fn decided(reading: &ReadingOptions) -> Options {
    Options {
        column: None,
        name_column: reading.name_column.clone(),
        sheet: reading.sheet.clone(),
        header_row: reading.header_row,
        hidden: reading.hidden.map(|hidden| match hidden {
            HiddenRowsChoice::Skip => Hidden::Skip,
            HiddenRowsChoice::Take => Hidden::Take,
        }),
        encoding: reading.encoding.clone(),
        without_ids: false,
    }
}

/// How the list was read, with what was acknowledged.
pub(super) fn reading(list: &List, options: &ListOptions) -> ListReading {
    ListReading { no_identity_check: options.no_identity_check, ..list.reading().clone() }
}

/// Reads the whole list once; `each` sees every row.
pub(super) fn read(
    list: &List,
    mut each: impl FnMut(&ListRow) -> Result<(), Failure>,
) -> Result<ListContents, Failure> {
    let mut checked = ListContents::default();
    for row in list.rows()? {
        let row = row?;
        checked.rows += 1;
        match (&row.customer, row.duplicate_of) {
            (Err(problem), _) => {
                checked.rejected += 1;
                if checked.problems.len() < LISTED {
                    checked.problems.push(problem.to_string());
                }
            }
            (Ok(_), Some(_)) => checked.duplicates += 1,
            (Ok(_), None) => checked.valid += 1,
        }
        each(&row)?;
    }
    Ok(checked)
}

/// Stops before anything is sent when rows are not valid and nobody said to go on without them.
pub(super) fn refuse_invalid(list: &List, checked: &ListContents, skip_invalid: bool) -> Result<(), Failure> {
    if checked.rejected == 0 || skip_invalid {
        return Ok(());
    }
    let mut text =
        format!("`{}` has {} that cannot be used:\n", list.name(), counted(checked.rejected, "row"));
    for problem in &checked.problems {
        text.push_str(&format!("  {problem}\n"));
    }
    if checked.rejected as usize > checked.problems.len() {
        text.push_str("  … (`offboard check` lists them all)\n");
    }
    text.push_str("Correct them, or go on without them with `--skip-invalid`. Nothing was sent.");
    Err(Failure::usage(text))
}

pub(super) fn run(printer: &Printer, options: &ListOptions) -> Result<Exit, Failure> {
    let list = open(options)?;
    let checked = read(&list, |row| {
        let shown = match (&row.customer, row.duplicate_of) {
            (Err(problem), _) => Some(("rejected", problem.reason.as_str(), problem.to_string())),
            (Ok(_), Some(earlier)) => Some((
                "skipped",
                "duplicate_row",
                format!("row {}: the same ID stands in row {earlier}", row.row),
            )),
            (Ok(_), None) => None,
        };
        match shown {
            Some((outcome, reason, text)) if printer.json => {
                let id = row.customer.as_ref().ok().map(ToString::to_string);
                let line = json!({"type": "problem", "row": row.row, "customer_tenant_id": id, "outcome": outcome,
                    "reason": reason, "text": text});
                printer.data(&line.to_string())
            }
            Some((outcome, _, text)) => printer.show(&format!("{outcome}: {}", visible(&text))),
            None => Ok(()),
        }
    })?;
    if printer.json {
        let line = json!({"type": "list", "file": list.name(), "sha256": list.sha256().to_string(),
            "format": list.format().to_string(), "reading": reading(&list, options),
            "identity_checked": list.reading().checks_identity(), "remarks": list.reading().warnings(), "id_column": list.id_column(), "name_column": list.name_column(),
            "domain_column": list.domain_column(), "rows": checked.rows, "customers": checked.valid,
            "duplicates": checked.duplicates, "rejected": checked.rejected});
        printer.data(&line.to_string())?;
    } else {
        printer.show(&described(&list, &checked))?;
    }
    let fine = checked.rejected == 0 || options.skip_invalid;
    if fine {
        next_steps::tell(printer, &[format!("offboard plan {}", again(options))], true);
    }
    Ok(if fine { Exit::Done } else { Exit::Usage })
}

/// The list and what was decided about it, as it is typed.
fn again(options: &ListOptions) -> String {
    let reading = &options.place.reading;
    let mut text = quoted(&options.place.file.to_string_lossy());
    let hidden = reading.hidden.map(|hidden| match hidden {
        HiddenRowsChoice::Skip => "skip",
        HiddenRowsChoice::Take => "take",
    });
    let row = reading.header_row.map(|row| row.to_string());
    for (name, value) in [
        ("column", options.column.as_deref()),
        ("name_column", reading.name_column.as_deref()),
        ("sheet", reading.sheet.as_deref()),
        ("header_row", row.as_deref()),
        ("hidden", hidden),
        ("encoding", reading.encoding.as_deref()),
    ] {
        text.extend(value.map(|value| option(name, value)));
    }
    for (name, is_typed) in
        [("no_identity_check", options.no_identity_check), ("skip_invalid", options.skip_invalid)]
    {
        text.extend(is_typed.then(|| flag(name)));
    }
    text
}

/// The list in a few lines.
pub(super) fn described(list: &List, checked: &ListContents) -> String {
    let column =
        |name: Option<&str>| name.map_or_else(|| "none".to_owned(), |name| format!("`{}`", visible(name)));
    let reading = list.reading();
    let mut remarks = String::new();
    for said in reading.warnings() {
        remarks.push('\n');
        remarks.push_str(&tables::sentence(&said));
    }
    format!(
        "{}: {}\ncolumns: ID {}, name {}, domain {}\ncompared: {}\n{}: {}, {}, {} not valid\n\
         SHA-256 {}{remarks}",
        visible(list.name()),
        list.format(),
        column(Some(list.id_column())),
        column(list.name_column()),
        column(list.domain_column()),
        reading.compared(),
        counted(checked.rows, "row"),
        counted(checked.valid, "customer"),
        counted(checked.duplicates, "duplicate"),
        checked.rejected,
        list.sha256()
    )
}
