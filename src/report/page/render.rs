//! The page itself: the rows that are put aside until it is their turn, the template, and the policy that
//! lets the browser run what is embedded here and nothing else.

use super::{
    super::{
        ReportError,
        rows::{Row, Shown},
        template,
    },
    Page,
    lines::Line,
};
use crate::domain::is_taken_out;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use minijinja::{ErrorKind, Value, context, value::Serde};
use sha2::Digest as _;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

const TEMPLATE: &str = include_str!("report.html");
/// What makes the table of customers handier; the page says all without it.
const SCRIPT: &str = include_str!("report.js");

/// The rows by outcome. They are put aside on disk, in files without a name, because the page shows
/// them in another order than the list has them and there may be many.
pub(in crate::report) struct Groups {
    folder: PathBuf,
    files: BTreeMap<Shown, BufWriter<File>>,
}

impl Groups {
    pub(in crate::report) fn begin(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), files: BTreeMap::new() }
    }

    pub(in crate::report) fn add(&mut self, row: &Row) -> Result<(), ReportError> {
        let writing = ReportError::writing::<io::Error>(&self.folder);
        let file = match self.files.remove(&row.shown()) {
            Some(file) => file,
            None => BufWriter::new(tempfile::tempfile_in(&self.folder).map_err(&writing)?),
        };
        let file = self.files.entry(row.shown()).or_insert(file);
        serde_json::to_writer(&mut *file, &Line::of(row)).map_err(|error| writing(error.into()))?;
        file.write_all(b"\n").map_err(&writing)
    }

    /// The rows of which this is shown, read one by one as the page asks for them.
    fn take(&mut self, name: &str) -> io::Result<Value> {
        let shown = Shown::all().find(|shown| shown.name() == name);
        let Some(file) = shown.and_then(|shown| self.files.remove(&shown)) else {
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
pub(in crate::report) fn render(
    out: &mut impl Write,
    path: &Path,
    page: &Page<'_>,
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
    let style = format!("{}{}", template::STYLE, include_str!("report.css"));
    let values = context! {
        groups => shown,
        policy => policy(&style, SCRIPT),
        style,
        script => SCRIPT,
        ..Value::from(Serde(page))
    };
    let rendered = environment.get_template("report.html")?.render_captured_to(values, out);
    match rendered {
        Ok(_nothing_captured) => Ok(()),
        Err(error) if error.kind() == ErrorKind::WriteFailure => {
            Err(ReportError::Write { path: path.to_owned(), source: io::Error::other(error) })
        }
        Err(error) => Err(error.into()),
    }
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
