//! All files of a run, or none.

use super::{
    CsvStyle, ReportError,
    facts::Facts,
    page::{self, Page},
    plan,
    rows::{Tally, walk},
    summary::Summary,
    tables::{Customers, Retry},
    workbook::Book,
};
use crate::{
    audit::{Reader, RunLine},
    domain::{Digest, Sha256, is_taken_out},
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The run in numbers.
    pub summary: Summary,
    /// How many rows `retry.csv` has: those that are worth another try.
    pub retry: u32,
    /// Each file's name in the folder and the digest of its bytes.
    pub files: Vec<(String, Sha256)>,
}

/// Writes `customers.csv`, `retry.csv`, `summary.json`, `report.html`, `report.xlsx`, `plan.json` if the run has a
/// plan, and `checkpoint.txt` if it has an end, into `folder`, from the log alone.
///
/// Each file is made under another name in the same folder, and all take their names at the end.
/// After an error the folder is what it was before.
pub fn write_all(
    reader: &Reader,
    run: &RunLine,
    folder: &Path,
    csv: CsvStyle,
) -> Result<Written, ReportError> {
    write_all_watched(reader, run, folder, csv, &mut |_| {})
}

/// As [`write_all`]; `done` hears of each part of the work when it is done.
pub fn write_all_watched(
    reader: &Reader,
    run: &RunLine,
    folder: &Path,
    csv: CsvStyle,
    done: &mut dyn FnMut(&'static str),
) -> Result<Written, ReportError> {
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(ReportError::writing(folder))?;
    let written = reader.at_one_moment(|| draft_all(reader, run, folder, csv, done)).and_then(
        |(tally, summary, drafts)| {
            Ok(Written { summary, retry: tally.retry, files: publish(folder, drafts)? })
        },
    );
    if written.is_err() && is_new {
        // Only an empty folder can be removed, and if that fails there is nothing more to do.
        drop(fs::remove_dir(folder));
    }
    written
}

/// Makes every file under a name that does not count.
fn draft_all(
    reader: &Reader,
    run: &RunLine,
    folder: &Path,
    style: CsvStyle,
    done: &mut dyn FnMut(&'static str),
) -> Result<(Tally, Summary, Vec<Finished>), ReportError> {
    let facts = Facts::of(reader, run)?;
    done("the run as a whole");
    let listed = &facts.opened.input.columns;
    let draft = |name| Draft::begin(folder, name);
    let mut customers =
        Customers::begin(draft("customers.csv")?, folder.join("customers.csv"), style, listed)?;
    let mut retry = Retry::begin(draft("retry.csv")?, folder.join("retry.csv"), style, listed)?;
    let mut groups = page::Groups::begin(folder);
    let mut book = Book::begin(folder, &facts)?;
    let (tally, of_the_run) = reader.by_row(&facts.id, |requests| {
        let mut told = 0;
        let mut of_row = |book: &mut Book, row| {
            let lines = requests.of(row)?;
            told += lines.len() as u64;
            book.add_requests(&lines)?;
            Ok::<_, ReportError>(lines)
        };
        let of_the_run = of_row(&mut book, None)?;
        let tally = walk(reader, &facts, |row| {
            customers.add(row)?;
            retry.add(row)?;
            book.add(row)?;
            groups.add(row, &of_row(&mut book, Some(row.line.row))?)
        })?;
        let total = facts.traffic.requests.total;
        if told == total || is_taken_out("a-report-without-some-requests") {
            Ok((tally, of_the_run))
        } else {
            Err(ReportError::RequestsMissing { total, told })
        }
    })?;
    let mut finished = vec![customers.end()?.end()?, retry.end()?.end()?];
    done("the rows: customers.csv, retry.csv, and what the others put aside");

    let summary = Summary::of(&facts, &tally);
    let mut out = draft("summary.json")?;
    let path = folder.join("summary.json");
    serde_json::to_writer_pretty(&mut out, &summary).map_err(ReportError::writing(&path))?;
    out.write_all(b"\n").map_err(ReportError::writing(&path))?;
    finished.push(out.end()?);

    if let Some(sealed) = &facts.plan {
        let mut out = draft("plan.json")?;
        plan::write(&mut out, &folder.join("plan.json"), reader, &facts, sealed, &tally)?;
        finished.push(out.end()?);
        done("plan.json");
    }

    if let Some(head) = &facts.checkpoint {
        let mut out = draft("checkpoint.txt")?;
        out.write_all(head.as_bytes()).map_err(ReportError::writing(&folder.join("checkpoint.txt")))?;
        finished.push(out.end()?);
    }

    let mut out = draft("report.xlsx")?;
    book.end(&mut out, &facts, &tally, &summary)?;
    finished.push(out.end()?);
    done("report.xlsx");

    let mut out = draft("report.html")?;
    let beside: Vec<_> = finished.iter().map(|file| (file.name, file.sha256)).collect();
    let page = Page::of(&facts, &tally, &summary, &of_the_run, &beside);
    page::render(&mut out, &folder.join("report.html"), &page, groups)?;
    finished.push(out.end()?);
    done("report.html");
    Ok((tally, summary, finished))
}

/// A file that is being written under a name that does not count; it is removed unless it is
/// published.
pub(super) struct Draft {
    name: &'static str,
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    digest: Digest,
}

/// A file that is whole and on disk, but not yet under its name.
pub(super) struct Finished {
    name: &'static str,
    path: PathBuf,
    file: NamedTempFile,
    sha256: Sha256,
}

impl Draft {
    pub(super) fn begin(folder: &Path, name: &'static str) -> Result<Self, ReportError> {
        let path = folder.join(name);
        let file = scratch(folder).map_err(ReportError::writing(&path))?;
        Ok(Self { name, path, file: BufWriter::with_capacity(1 << 16, file), digest: Digest::default() })
    }

    pub(super) fn end(self) -> Result<Finished, ReportError> {
        let Self { name, path, file, digest } = self;
        let writing = ReportError::writing::<io::Error>(&path);
        let file = file.into_inner().map_err(|error| writing(error.into_error()))?;
        file.as_file().sync_all().map_err(&writing)?;
        Ok(Finished { name, path, file, sha256: digest.done() })
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.digest.add(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn scratch(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".report-").suffix(".tmp").tempfile_in(folder)
}

/// Gives all files their names. A folder has no way to do so at once; so what stood under a name
/// before is kept until the last one has succeeded, and put back if one does not.
pub(super) fn publish(folder: &Path, finished: Vec<Finished>) -> Result<Vec<(String, Sha256)>, ReportError> {
    let mut earlier = Vec::with_capacity(finished.len());
    for file in &finished {
        earlier.push(keep(folder, &file.path).map_err(ReportError::writing(&file.path))?);
    }
    let mut files = Vec::with_capacity(finished.len());
    let mut done: Vec<(PathBuf, Option<NamedTempFile>)> = Vec::with_capacity(finished.len());
    for (file, before) in finished.into_iter().zip(earlier) {
        if let Err(error) = file.file.persist(&file.path) {
            for (path, before) in done {
                // The first error is the one to tell; a second one here could only hide it.
                match before {
                    Some(before) => drop(before.persist(path)),
                    None => drop(fs::remove_file(path)),
                }
            }
            return Err(ReportError::Write { path: file.path, source: error.error });
        }
        done.push((file.path, before));
        files.push((file.name.to_owned(), file.sha256));
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(ReportError::writing(folder))?;
    Ok(files)
}

/// A copy of what stands under a name, if something does.
fn keep(folder: &Path, path: &Path) -> io::Result<Option<NamedTempFile>> {
    if !path.try_exists()? {
        return Ok(None);
    }
    let copy = scratch(folder)?;
    fs::copy(path, copy.path())?;
    Ok(Some(copy))
}
