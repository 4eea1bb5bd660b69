//! `report.html`: the report that a person reads.
//!
//! What is said is in `page.html`; here is what it is said about.

use super::{ReportError, page::Page, rows::Row, template};
use crate::domain::{Outcome, Reason};
use minijinja::{ErrorKind, Value, context, value::Serde};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

const TEMPLATE: &str = include_str!("page.html");
/// A row as the page shows it.
#[derive(Serialize, Deserialize)]
struct Line {
    row: u32,
    name: Option<String>,
    id: Option<String>,
    evidence: Option<String>,
    /// The reasons that no finding names.
    reasons: Vec<String>,
    findings: Vec<Finding>,
    removable_from: Option<String>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    correlation_id: Option<String>,
    attempts: u32,
    started_at: Option<String>,
    finished_at: Option<String>,
    is_provisional: bool,
    cells: Vec<String>,
}

/// One sentence or more of an explanation, with the reason that it begins with.
#[derive(Serialize, Deserialize)]
struct Finding {
    reason: Option<String>,
    text: String,
}

impl Finding {
    fn of(text: &str, reasons: &[Reason]) -> Self {
        let named = text.split_once(": ").filter(|(name, _)| reasons.iter().any(|r| r.as_str() == *name));
        match named {
            Some((name, text)) => Self { reason: Some(name.to_owned()), text: text.to_owned() },
            None => Self { reason: None, text: text.to_owned() },
        }
    }
}

impl Line {
    fn of(row: &Row) -> Self {
        let line = &row.line;
        // Several findings are told one after the other, each with its reason.
        let explanation = line.explanation.as_deref().unwrap_or_default();
        let told = explanation.split(" | ").filter(|text| !text.is_empty());
        let findings: Vec<_> = told.map(|text| Finding::of(text, &row.reasons)).collect();
        let mut reasons: Vec<_> = row.reason_names().into_iter().map(str::to_owned).collect();
        reasons.retain(|name| !findings.iter().any(|finding| finding.reason.as_ref() == Some(name)));
        // What stood in the list is all that there is to recognise a rejected row by.
        let cells = if line.customer_tenant_id.is_none() { row.cells.clone() } else { Vec::new() };
        Self {
            row: line.row,
            name: line.customer_name.clone(),
            id: line.customer_tenant_id.clone(),
            evidence: line.evidence.clone(),
            reasons,
            findings,
            removable_from: line.removable_from.clone(),
            status: line.http_status,
            code: line.error_code.clone(),
            request_id: line.request_id.clone(),
            correlation_id: line.correlation_id.clone(),
            attempts: line.attempts.unwrap_or_default(),
            started_at: line.started_at.clone(),
            finished_at: line.finished_at.clone(),
            is_provisional: row.is_provisional,
            cells,
        }
    }
}

/// The rows by outcome. They are put aside on disk, in files without a name, because the page shows
/// them in another order than the list has them and there may be many.
pub(super) struct Groups {
    folder: PathBuf,
    files: BTreeMap<Outcome, BufWriter<File>>,
}

impl Groups {
    pub(super) fn begin(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), files: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, row: &Row) -> Result<(), ReportError> {
        let writing = ReportError::writing::<io::Error>(&self.folder);
        let file = match self.files.remove(&row.outcome) {
            Some(file) => file,
            None => BufWriter::new(tempfile::tempfile_in(&self.folder).map_err(&writing)?),
        };
        let file = self.files.entry(row.outcome).or_insert(file);
        serde_json::to_writer(&mut *file, &Line::of(row)).map_err(|error| writing(error.into()))?;
        file.write_all(b"\n").map_err(&writing)
    }

    /// The rows with this outcome, read one by one as the page asks for them.
    fn take(&mut self, outcome: &str) -> io::Result<Value> {
        let outcome = Outcome::from_name(outcome);
        let Some(file) = outcome.and_then(|outcome| self.files.remove(&outcome)) else {
            return Ok(Value::from(Vec::<Value>::new()));
        };
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let lines = BufReader::new(file).lines().map(|line| {
            let line = line.and_then(|line| Ok(serde_json::from_str::<Line>(&line)?));
            line.map_or_else(
                |error| Value::from(minijinja::Error::new(ErrorKind::BadSerialization, error.to_string())),
                |line| Value::from(Serde(&line)),
            )
        });
        Ok(Value::make_one_shot_iterator(lines))
    }
}

/// Writes the page.
pub(super) fn render(
    out: &mut impl Write,
    path: &Path,
    page: &Page<'_>,
    mut groups: Groups,
) -> Result<(), ReportError> {
    let mut environment = template::environment()?;
    environment.add_template("page.html", TEMPLATE)?;

    let mut shown = Vec::new();
    for share in &page.outcomes {
        let rows = groups.take(share.name).map_err(ReportError::writing(path))?;
        shown.push(context! { share => Value::from(Serde(share)), rows });
    }
    let values = context! { groups => shown, style => template::STYLE, ..Value::from(Serde(page)) };
    let rendered = environment.get_template("page.html")?.render_captured_to(values, out);
    match rendered {
        Ok(_nothing_captured) => Ok(()),
        Err(error) if error.kind() == ErrorKind::WriteFailure => {
            Err(ReportError::Write { path: path.to_owned(), source: io::Error::other(error) })
        }
        Err(error) => Err(error.into()),
    }
}
