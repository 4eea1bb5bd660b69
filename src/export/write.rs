//! Exporting a log into a folder.

use super::{
    compare::excerpt_of,
    error::ExportError,
    folder::{Folder, difference, files_in, measure, place, place_of_log, place_of_run, sync_all},
    tables::{Provenance, write_log, write_run},
};
use crate::{
    audit::{
        ExportedFile, ExportedRun, Manifest, NoSuchRun, QueryError, Reader, RunLine, SignedManifest, Store,
        Survey,
    },
    domain::{RunId, Sha256, is_taken_out},
    platform,
    record::{Event, Record, RunState},
};
use std::{collections::BTreeSet, fs::File, io::Write as _, path::Path};
use tempfile::TempDir;

/// The version that writes.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An export that may be written.
#[derive(Debug)]
pub struct Export {
    folder: Folder,
    log: String,
    /// The run that was asked for; none: all of them.
    run: Option<RunId>,
    _lock: File,
}

/// What comes of looking at the log and at the folder.
#[derive(Debug)]
pub enum BegunExport {
    /// There is something to write.
    ToWrite(Box<Export>),
    /// The folder holds a later state of this very log, as of so many records: there is nothing to add.
    HasLater(u64),
}

/// An export that is written, and not in its place yet.
#[derive(Debug)]
pub struct WrittenExport {
    export: Export,
    draft: TempDir,
    /// What it is.
    pub summary: ExportSummary,
}

/// What was exported.
#[derive(Clone, Debug)]
pub struct ExportSummary {
    /// How many records the log had.
    pub records: u64,
    /// The runs of the log that are in the folder, oldest first.
    pub runs: Vec<RunId>,
    /// How many of them were there already, and stay as they are.
    pub kept: usize,
    /// Runs whose beginning a newer program wrote: there are their records, and no customers.
    pub not_understood: Vec<RunId>,
    /// How many bytes the manifest has, and their digest.
    pub manifest: (u64, Sha256),
}

/// The runs of an export, as they were written.
#[derive(Debug, Default)]
struct WrittenRuns {
    runs: Vec<ExportedRun>,
    /// The files of those that stay as they are.
    files: Vec<ExportedFile>,
    kept: usize,
    not_understood: Vec<RunId>,
}

impl Export {
    /// Looks at the log and at the folder, whether one may come into the other. Nothing is written to the log. `run` is the
    /// run that is asked for: an ID, a unique prefix of one, or `latest`; none: all of them.
    pub fn begin(log: &Path, dir: &Path, run: Option<&str>) -> Result<BegunExport, ExportError> {
        let reader = Reader::open(log)?;
        let run = run.map(|name| reader.find(name)).transpose()?.map(|line| line.run_id);
        if reader.runs()?.is_empty() {
            return Err(QueryError::from(NoSuchRun::Empty).into());
        }
        let log = reader.log_id()?;
        let (folder, lock) = Folder::open(dir, &log, &reader.signers()?)?;
        let export = Self { log, run, folder, _lock: lock };
        match export.later(&reader)? {
            Some(size) => Ok(BegunExport::HasLater(size)),
            None => Ok(BegunExport::ToWrite(Box::new(export))),
        }
    }

    fn before(&self) -> Option<&SignedManifest> {
        self.folder.of_log(&self.log)
    }

    /// How many records the log had that was exported before, if it was a later state of the same log. What went on
    /// differently is refused.
    fn later(&self, reader: &Reader) -> Result<Option<u64>, ExportError> {
        let Some(before) = self.before() else { return Ok(None) };
        let (count, size) = (reader.count()?, before.manifest.size);
        let compared = count.min(size);
        let own = reader.survey(&BTreeSet::from([compared]))?.roots.remove(&compared);
        let theirs = if size <= count {
            Some(before.manifest.root.clone())
        } else {
            excerpt_of(&self.folder.path, &before.manifest)?.excerpt.root_at(compared)?
        };
        if own != theirs && !is_taken_out("an-export-of-a-fork") {
            return Err(ExportError::Fork { dir: self.folder.path.clone(), size: compared });
        }
        Ok((size > count).then_some(size))
    }

    /// Writes what is to come into the folder, under another name. The head over all records of the log goes with it.
    pub fn write(self, store: &mut Store) -> Result<WrittenExport, ExportError> {
        let head = store.head_note()?;
        let reader = Reader::open(store.path())?;
        let survey = reader.survey(&BTreeSet::new())?;
        let lines: Vec<RunLine> = reader.runs()?;
        let exported = self.exported(&reader, &survey, &lines)?;
        let lines: Vec<RunLine> = lines.into_iter().filter(|line| exported.contains(&line.run_id)).collect();
        let mut manifest = Manifest {
            log: self.log.clone(),
            size: survey.count,
            root: head.lines().nth(2).unwrap_or_default().to_owned(),
            version: VERSION.to_owned(),
            key: store.key().as_str().to_owned(),
            runs: Vec::new(),
            files: Vec::new(),
        };
        let provenance = Provenance::of(&manifest, &head);
        let draft = self.folder.draft()?;
        let written = self.write_runs((&reader, &survey), &lines, draft.path(), &provenance)?;
        let at = place(draft.path(), &place_of_log(&self.log));
        write_log(&reader, (&exported, survey.count), &at, &provenance)?;
        manifest.files = written.files;
        for path in files_in(draft.path(), "")? {
            let (bytes, sha256) = measure(&place(draft.path(), &path))?;
            manifest.files.push(ExportedFile { sha256, bytes, path });
        }
        manifest.files.sort_by(|one, other| one.path.cmp(&other.path));
        manifest.runs = written.runs;
        let signed = store.sign_manifest(&manifest, &head)?;
        let path = draft.path().join(SignedManifest::name(&self.log));
        let file = platform::private().write(true).create_new(true).open(&path);
        file.and_then(|mut file| file.write_all(signed.as_bytes())).map_err(ExportError::writing(&path))?;
        sync_all(draft.path())?;
        let summary = ExportSummary {
            records: survey.count,
            runs: manifest.runs.into_iter().map(|run| run.run).collect(),
            kept: written.kept,
            not_understood: written.not_understood,
            manifest: (signed.len() as u64, Sha256::of(&[signed.as_bytes()])),
        };
        Ok(WrittenExport { export: self, draft, summary })
    }

    /// Writes these runs, but for those that stay as they are.
    fn write_runs(
        &self,
        (reader, survey): (&Reader, &Survey),
        lines: &[RunLine],
        draft: &Path,
        provenance: &Provenance,
    ) -> Result<WrittenRuns, ExportError> {
        let mut written = WrittenRuns::default();
        for line in lines {
            let Some(extent) = survey.runs.get(&line.run_id) else { continue };
            let run = ExportedRun {
                run: line.run_id.clone(),
                records: extent.records,
                state: line.state,
                digest: extent.digest,
            };
            let at = place_of_run(line.partner_tenant_id.as_deref(), &line.run_id);
            if let Some(files) = self.unchanged(&run, &at)? {
                written.files.extend(files);
                written.kept += 1;
            } else if !write_run(reader, (line, extent), &place(draft, &at), provenance)? {
                written.not_understood.push(line.run_id.clone());
            }
            written.runs.push(run);
        }
        Ok(written)
    }

    /// The runs that will be in the folder: those that are there, those that are asked for, and those whose plan one of them
    /// carries out.
    fn exported(
        &self,
        reader: &Reader,
        survey: &Survey,
        lines: &[RunLine],
    ) -> Result<BTreeSet<RunId>, ExportError> {
        let all = || lines.iter().map(|line| line.run_id.clone());
        let mut wanted: Vec<RunId> = match &self.run {
            Some(run) => vec![run.clone()],
            None => all().collect(),
        };
        let before = self.before().into_iter().flat_map(|before| &before.manifest.runs);
        wanted.extend(before.map(|run| run.run.clone()));
        let mut exported = BTreeSet::new();
        while let Some(run) = wanted.pop() {
            let Some(extent) = survey.runs.get(&run) else { continue };
            self.require_own(&run)?;
            reader.each_record(extent.first..extent.first.saturating_add(1), |record| {
                if let Ok(Record { event: Event::RunOpened(opened), .. }) = Record::from_bytes(record.body) {
                    let plan = opened.applies.map(|applied| applied.run);
                    wanted.extend(plan.filter(|plan| !exported.contains(plan)));
                }
                Ok::<_, QueryError>(())
            })?;
            exported.insert(run);
        }
        Ok(exported)
    }

    /// Whether no other log has this run in the folder.
    fn require_own(&self, run: &RunId) -> Result<(), ExportError> {
        let all = self.folder.manifests.iter().chain(&self.folder.pending);
        let others = all.filter(|other| other.manifest.log != self.log);
        match others.into_iter().find(|other| other.manifest.run(run).is_some()) {
            Some(other) if !is_taken_out("a-run-that-is-there-twice") => Err(ExportError::Twice {
                dir: self.folder.path.clone(),
                run: run.clone(),
                log: other.manifest.log.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The files of a run that is over and of which nothing was recorded since this version exported it. They must be what
    /// they were. What another version wrote is written again: only the version that wrote a table can compare it.
    fn unchanged(&self, run: &ExportedRun, at: &str) -> Result<Option<Vec<ExportedFile>>, ExportError> {
        let Some(before) = self.before() else { return Ok(None) };
        let is_same = before.manifest.version == VERSION && before.manifest.run(&run.run) == Some(run);
        if run.state != RunState::Sealed || !is_same {
            return Ok(None);
        }
        let own = |file: &&ExportedFile| file.path.strip_prefix(at).is_some_and(|rest| rest.starts_with('/'));
        let files: Vec<ExportedFile> = before.manifest.files.iter().filter(own).cloned().collect();
        for file in &files {
            let path = place(&self.folder.path, &file.path);
            if let Some(why) = difference(&path, file)? {
                return Err(ExportError::Altered { path, why: why.to_owned() });
            }
        }
        Ok((!files.is_empty()).then_some(files))
    }
}

impl WrittenExport {
    /// Puts it in its place.
    pub fn put(self) -> Result<(), ExportError> {
        self.export.folder.take(self.draft, &self.export.log)
    }
}
