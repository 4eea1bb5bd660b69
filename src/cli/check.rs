//! `offboard check`, and the first pass over a list that every run makes.

use super::{
    args::ListOptions,
    exit::{Exit, Failure},
    printer::Printer,
};
use crate::{
    input::{List, Options, Row},
    report::visible,
};
use serde_json::json;

/// How many problems are listed one by one.
const LISTED: usize = 20;

/// What a list consists of.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) rows: u32,
    pub(super) valid: u32,
    pub(super) duplicates: u32,
    pub(super) rejected: u32,
    /// The first problems, in words.
    pub(super) problems: Vec<String>,
}

pub(super) fn open(options: &ListOptions) -> Result<List, Failure> {
    let wanted = Options {
        column: options.column.clone(),
        name_column: options.name_column.clone(),
        sheet: options.sheet.clone(),
    };
    Ok(List::open(&options.file, &wanted)?)
}

/// Reads the whole list once; `each` sees every row.
pub(super) fn read(
    list: &List,
    mut each: impl FnMut(&Row) -> Result<(), Failure>,
) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
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
pub(super) fn refuse_invalid(list: &List, checked: &Checked, skip_invalid: bool) -> Result<(), Failure> {
    if checked.rejected == 0 || skip_invalid {
        return Ok(());
    }
    let mut text = format!("`{}` has {} rows that are not valid:\n", list.name(), checked.rejected);
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
            Some((outcome, _, text)) => printer.data(&format!("{outcome}: {}", visible(&text))),
            None => Ok(()),
        }
    })?;
    if printer.json {
        let line = json!({"type": "list", "file": list.name(), "sha256": list.sha256().to_string(),
            "format": list.format().to_string(), "id_column": list.id_column(), "name_column": list.name_column(),
            "domain_column": list.domain_column(), "rows": checked.rows, "customers": checked.valid,
            "duplicates": checked.duplicates, "rejected": checked.rejected});
        printer.data(&line.to_string())?;
    } else {
        printer.data(&described(&list, &checked))?;
    }
    let fine = checked.rejected == 0 || options.skip_invalid;
    Ok(if fine { Exit::Done } else { Exit::Usage })
}

/// The list in a few lines.
pub(super) fn described(list: &List, checked: &Checked) -> String {
    let column =
        |name: Option<&str>| name.map_or_else(|| "none".to_owned(), |name| format!("`{}`", visible(name)));
    format!(
        "{}: {}\ncolumns: ID {}, name {}, domain {}\n{} rows: {} customers, {} duplicates, {} not valid\nSHA-256 {}",
        visible(list.name()),
        list.format(),
        column(Some(list.id_column())),
        column(list.name_column()),
        column(list.domain_column()),
        checked.rows,
        checked.valid,
        checked.duplicates,
        checked.rejected,
        list.sha256()
    )
}
