//! The page itself: the rows that are put aside until it is their turn, the template, and the policy that
//! lets the browser run what is embedded here and nothing else.

use super::{
    super::{
        ReportError,
        aside::Aside,
        rows::{ReportedRow, Shown},
        template,
    },
    ReportPage,
    rows::ShownRow,
};
use crate::domain::is_taken_out;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use minijinja::{Value, context, value::Serde};
use sha2::Digest as _;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    io::{self, Write},
    path::{Path, PathBuf},
};

const TEMPLATE: &str = include_str!("report.html");
/// What reports have beyond the reviewer's page.
pub(in crate::report) const REPORT_STYLE: &str = include_str!("report.css");
/// What makes the table of customers handier; the page says all without it.
const SCRIPT: &str = include_str!("report.js");

/// The rows by outcome. They are put aside on disk, in files without a name, because the page shows
/// them in another order than the list has them and there may be many.
pub(in crate::report) struct Groups {
    folder: PathBuf,
    rows: BTreeMap<Shown, Aside>,
}

impl Groups {
    pub(in crate::report) fn begin(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), rows: BTreeMap::new() }
    }

    pub(in crate::report) fn add(&mut self, row: &ReportedRow) -> Result<(), ReportError> {
        let put = match self.rows.entry(row.shown()) {
            Entry::Occupied(rows) => rows.into_mut().put(&ShownRow::of(row)),
            Entry::Vacant(none) => {
                Aside::begin(&self.folder).and_then(|rows| none.insert(rows).put(&ShownRow::of(row)))
            }
        };
        put.map_err(ReportError::writing(&self.folder))
    }

    /// The rows of which this is shown, read one by one as the page asks for them.
    fn take(&mut self, name: &str) -> io::Result<Value> {
        let shown = Shown::all().find(|shown| shown.name() == name);
        match shown.and_then(|shown| self.rows.remove(&shown)) {
            Some(rows) => rows.rows::<ShownRow>(),
            None => Ok(Value::from(Vec::<Value>::new())),
        }
    }
}

/// Writes the page.
pub(in crate::report) fn render(
    out: &mut impl Write,
    path: &Path,
    page: &ReportPage<'_>,
    mut groups: Groups,
) -> Result<(), ReportError> {
    let mut environment = template::environment()?;
    environment.add_template("parts.html", include_str!("parts.html"))?;
    environment.add_template("report.html", TEMPLATE)?;

    let mut shown = Vec::new();
    for share in &page.outcomes {
        let rows = groups.take(share.name).map_err(ReportError::writing(path))?;
        shown.push(context! { share => Value::from(Serde(share)), rows });
    }
    let style = format!("{}{REPORT_STYLE}", template::STYLE);
    let values = context! {
        groups => shown,
        policy => policy(&style, SCRIPT),
        style,
        script => SCRIPT,
        ..Value::from(Serde(page))
    };
    template::render(&environment, "report.html", values, out, path)
}

/// What the browser may do with the page: nothing but what is embedded, which it knows by its digest.
pub(in crate::report) fn policy(style: &str, script: &str) -> String {
    let digest = |text: &str| BASE64_STANDARD.encode(sha2::Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        digest(if is_taken_out("a-policy-for-another-script") { style } else { script }),
        digest(style)
    )
}
