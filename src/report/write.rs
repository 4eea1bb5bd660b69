//! All files of a run, or none.

use super::{
    CsvStyle, ReportError,
    deadlines::{self, Deadlines},
    handover::{self, HandedOver, HandoverCsv},
    page::{self, ReportPage},
    plan,
    rows::{ReportedRow, Tally},
    summary::Summary,
    tables::{CustomersCsv, RetryCsv},
    told::{ReportedRun, Teller, tell},
    workbook::RunWorkbook,
};
use crate::{
    audit::{Reader, RunLine},
    domain::{Digest, Sha256},
    platform,
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

/// Writes `customers.csv`, `retry.csv`, `summary.json`, `report.html`, `report.xlsx`, `plan.json`, `plan.html` and
/// `plan.xlsx` if the run has a plan, `checkpoint.txt` if it has an end, `handover.csv` unless its customers are a sandbox's,
/// and `deadlines.ics` if it has any, into `folder`, from the log alone.
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

/// What is written while the rows are told.
struct Making {
    customers: CustomersCsv<Draft>,
    retry: RetryCsv<Draft>,
    groups: page::Groups,
    book: RunWorkbook,
    plan: Option<plan::Writing<Draft>>,
    deadlines: Deadlines<Draft>,
    handover: Option<HandoverCsv<Draft>>,
}

/// The files of a run.
struct Files<'a> {
    folder: &'a Path,
    style: CsvStyle,
}

impl Files<'_> {
    fn draft(&self, name: &'static str) -> Result<(Draft, PathBuf), ReportError> {
        Ok((Draft::begin(self.folder, name)?, self.folder.join(name)))
    }
}

impl Teller for Files<'_> {
    type Made = Making;

    fn begin(&self, told: &ReportedRun) -> Result<Making, ReportError> {
        let listed = &told.run.opened.input.columns;
        let (customers, path) = self.draft("customers.csv")?;
        let customers = CustomersCsv::begin(customers, path, self.style, listed)?;
        let (retry, path) = self.draft("retry.csv")?;
        let retry = RetryCsv::begin(retry, path, self.style, listed)?;
        let mut book = RunWorkbook::begin(self.folder, told)?;
        book.add_requests(&told.run.requests)?;
        let plan = match &told.run.plan {
            Some(plan) => {
                let (out, path) = self.draft("plan.json")?;
                Some(plan::Writing::begin(out, path, told, plan)?)
            }
            None => None,
        };
        let begin = |folder: &Path| Draft::begin(folder, deadlines::NAME);
        let deadlines = Deadlines::in_folder(self.folder, begin);
        let handover = if handover::is_for(&told.run) {
            let (out, path) = self.draft(handover::NAME)?;
            Some(HandoverCsv::begin(out, &path, self.style)?)
        } else {
            None
        };
        let groups = page::Groups::begin(self.folder);
        Ok(Making { customers, retry, groups, book, plan, deadlines, handover })
    }

    fn row(making: &mut Making, told: &ReportedRun, row: &ReportedRow) -> Result<(), ReportError> {
        let Making { customers, retry, groups, book, plan, deadlines, handover } = making;
        customers.add(row)?;
        deadlines.add(&told.run.id, row)?;
        retry.add(row)?;
        book.add(row)?;
        book.add_requests(row.story.requests())?;
        groups.add(row)?;
        if let (Some(handover), Some(one)) = (handover, HandedOver::of(&told.run, &row.story)) {
            handover.add(one)?;
            book.add_handed_over(one, row)?;
        }
        plan.as_mut().map_or(Ok(()), |plan| plan.add(row))
    }
}

/// Makes every file under a name that does not count.
fn draft_all(
    reader: &Reader,
    run: &RunLine,
    folder: &Path,
    style: CsvStyle,
    done: &mut dyn FnMut(&'static str),
) -> Result<(Tally, Summary, Vec<Finished>), ReportError> {
    let files = Files { folder, style };
    let (told, tally, making) = tell(reader, run, &files)?;
    let Making { customers, retry, groups, book, plan, deadlines, handover } = making;
    let mut finished = vec![customers.end()?.end()?, retry.end()?.end()?];
    finished.extend(deadlines.end()?.map(Draft::end).transpose()?);
    if let Some(handover) = handover {
        finished.push(handover.end()?.end()?);
    }
    done("the rows: customers.csv, retry.csv, handover.csv, plan.json, and what the others put aside");

    let summary = Summary::of(&told, &tally);
    let (mut out, path) = files.draft("summary.json")?;
    serde_json::to_writer_pretty(&mut out, &summary).map_err(ReportError::writing(&path))?;
    out.write_all(b"\n").map_err(ReportError::writing(&path))?;
    finished.push(out.end()?);

    if let Some(plan) = plan {
        finished.extend(end_plan(folder, plan)?);
        done("plan.html, plan.xlsx");
    }

    if let Some(head) = &told.checkpoint {
        let (mut out, path) = files.draft("checkpoint.txt")?;
        out.write_all(head.as_bytes()).map_err(ReportError::writing(&path))?;
        finished.push(out.end()?);
    }

    let (mut out, _) = files.draft("report.xlsx")?;
    book.end(&mut out, &told, &tally, &summary)?;
    finished.push(out.end()?);
    done("report.xlsx");

    let (mut out, path) = files.draft("report.html")?;
    let beside: Vec<_> = finished.iter().map(|file| (file.name, file.sha256)).collect();
    let page = ReportPage::of(&told, &tally, &summary, &beside);
    page::render(&mut out, &path, &page, groups)?;
    finished.push(out.end()?);
    done("report.html");
    Ok((tally, summary, finished))
}

/// The plan, and what people read of it.
fn end_plan(folder: &Path, plan: plan::Writing<Draft>) -> Result<[Finished; 3], ReportError> {
    let mut page = Draft::begin(folder, "plan.html")?;
    let mut book = Draft::begin(folder, "plan.xlsx")?;
    let plan = plan.end(&mut page, &mut book)?;
    Ok([plan.end()?, page.end()?, book.end()?])
}

/// Writes `plan.json`, `plan.html` and `plan.xlsx` of a run whose plan is sealed, into `folder`, before anybody is asked
/// about it.
pub fn write_plan(reader: &Reader, run: &RunLine, folder: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(folder).map_err(ReportError::writing(folder))?;
    let drafts = reader.at_one_moment(|| -> Result<Vec<Finished>, ReportError> {
        let (_, _, plan) = tell(reader, run, &PlanAlone { folder })?;
        let Some(plan) = plan else { return Ok(Vec::new()) };
        Ok(end_plan(folder, plan)?.into())
    })?;
    publish(folder, drafts).map(drop)
}

/// The plan of a run, and nothing else.
struct PlanAlone<'a> {
    folder: &'a Path,
}

impl Teller for PlanAlone<'_> {
    type Made = Option<plan::Writing<Draft>>;

    fn begin(&self, told: &ReportedRun) -> Result<Self::Made, ReportError> {
        let Some(plan) = &told.run.plan else { return Ok(None) };
        let (out, path) = (Draft::begin(self.folder, "plan.json")?, self.folder.join("plan.json"));
        plan::Writing::begin(out, path, told, plan).map(Some)
    }

    fn row(plan: &mut Self::Made, _told: &ReportedRun, row: &ReportedRow) -> Result<(), ReportError> {
        plan.as_mut().map_or(Ok(()), |plan| plan.add(row))
    }
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
        earlier.push(keep(folder, &file.path).map_err(ReportError::replacing(&file.path))?);
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
            return Err(ReportError::replacing(&file.path)(error.error));
        }
        done.push((file.path, before));
        files.push((file.name.to_owned(), file.sha256));
    }
    platform::sync_folder(folder).map_err(ReportError::writing(folder))?;
    Ok(files)
}

/// A copy of what stands under a name, if something does.
fn keep(folder: &Path, path: &Path) -> io::Result<Option<NamedTempFile>> {
    if !path.try_exists()? {
        return Ok(None);
    }
    let mut copy = scratch(folder)?;
    io::copy(&mut File::open(path)?, &mut copy)?;
    Ok(Some(copy))
}
