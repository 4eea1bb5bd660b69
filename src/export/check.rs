//! Whether a folder of exports is what was exported, and whether what it holds follows from the records in it.
//!
//! Nothing is asked of the log: its tree is built again from the records in the files, and its heads are held against it.
//! Then each table is made again from those records, and compared row by row. Where the log is at hand, or heads that were
//! kept elsewhere, they are compared too: that alone shows that nobody who has the key has rewritten everything.

use super::{
    compare::{Rebuilt, differ, excerpt_from},
    decode::ParquetReader,
    error::ExportError,
    folder::{
        Folder, difference, files_in, is_among_tables, is_staged, place, place_meanwhile, place_of_log,
        place_of_run,
    },
    tables::{HEAD, ORIGIN, Provenance, ROOT, SIZE, VERSION, write_log, write_run},
};
use crate::{
    audit::{
        Head, Manifest, Reader, RunLine, SignedManifest, Survey,
        verify::{Check, ExcerptProof, LogFault, Outside, Trust, Verdict, verify, verify_excerpt},
    },
    domain::{RunId, counted, grouped, is_taken_out},
    record::RunState,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// What can be said about folders of exports.
#[derive(Clone, Debug, Serialize)]
pub struct ExportCheck {
    /// In one word.
    pub verdict: Verdict,
    /// Each log whose export is in one of them.
    pub logs: Vec<ExportedLog>,
    /// What is wrong with a folder as a whole.
    pub checks: Vec<Check>,
    /// What was not proved, in words.
    pub missing: Vec<String>,
    /// What an export that was broken off left behind, and the next one removes.
    pub left_over: Vec<String>,
}

/// What was exported of a log.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedLog {
    /// The folder.
    pub folder: String,
    /// The log's ID.
    pub log_id: String,
    /// How many records it had.
    pub records: u64,
    /// How many of them are in the export; of the others there is the leaf.
    pub exported: u64,
    /// The key that signed the manifest.
    pub key: String,
    /// The runs that are in it.
    pub runs: Vec<RunId>,
    /// The sizes of the heads from outside that agree.
    pub compared_with: Vec<u64>,
    /// Whether the log itself was compared.
    pub is_compared_with_log: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// A log whose export is looked at.
struct Looked<'a> {
    folder: &'a Folder,
    signed: &'a SignedManifest,
    /// Whether it is not in its place yet.
    is_pending: bool,
}

impl Looked<'_> {
    const fn manifest(&self) -> &Manifest {
        &self.signed.manifest
    }

    /// Where a file of it is.
    fn at(&self, path: &str) -> PathBuf {
        if self.is_pending {
            place_meanwhile(&self.folder.path, &self.manifest().log, path)
        } else {
            place(&self.folder.path, path)
        }
    }
}

/// Looks at folders of exports. `log` is a log that is at hand. Exports of one log in several folders are compared with each
/// other.
pub fn verify_export(
    folders: &[PathBuf],
    trust: &Trust,
    log: Option<&Path>,
) -> Result<ExportCheck, ExportError> {
    let mut found = ExportCheck {
        verdict: Verdict::Altered,
        logs: Vec::new(),
        checks: Vec::new(),
        missing: Vec::new(),
        left_over: Vec::new(),
    };
    match found.look(folders, trust, log) {
        Err(ExportError::Altered { path, why }) => {
            let mut check = Check::new("files");
            check.fault(LogFault::of_all(format!("`{}` {why}", path.display())));
            found.checks.push(check);
        }
        looked => looked?,
    }
    let checks = found.checks.iter().chain(found.logs.iter().flat_map(|log| &log.checks));
    let is_fine = checks.into_iter().all(Check::is_fine);
    found.verdict = match (is_fine, found.missing.is_empty()) {
        (false, _) => Verdict::Altered,
        (true, false) => Verdict::EndUnproved,
        (true, true) => Verdict::Proved,
    };
    Ok(found)
}

impl ExportCheck {
    fn look(&mut self, paths: &[PathBuf], trust: &Trust, log: Option<&Path>) -> Result<(), ExportError> {
        let mut seen = BTreeSet::new();
        let mut is_another = |path: &&PathBuf| path.canonicalize().ok().is_none_or(|real| seen.insert(real));
        let paths = paths.iter().filter(|path| is_another(path));
        let folders: Vec<Folder> = paths.map(|path| Folder::look(path)).collect::<Result<_, _>>()?;
        let all: Vec<Looked<'_>> = folders.iter().flat_map(looked).collect();
        for folder in &folders {
            if looked(folder).next().is_none() {
                return Err(ExportError::Nothing(folder.path.clone()));
            }
            self.left_over.extend(folder.drafts.iter().map(|draft| draft.display().to_string()));
            self.checks.extend(strangers(folder)?);
        }
        let at_hand = log.map(|path| -> Result<_, ExportError> { Ok((path, Reader::open(path)?.log_id()?)) });
        let at_hand = at_hand.transpose()?;
        for one in &all {
            if one.is_pending {
                self.missing.push(format!(
                    "the latest export of log {} into `{}` was broken off while it was put in its place, and some of its \
                     files still lie in a hidden folder; the next `log export` of that log there goes on with it",
                    one.manifest().log,
                    one.folder.path.display()
                ));
            }
            let at_hand = at_hand.as_ref().filter(|(_, id)| *id == one.manifest().log).map(|(path, _)| *path);
            let checked = self.check(one, &all, trust, at_hand)?;
            self.logs.push(checked);
        }
        if let Some((path, id)) = &at_hand
            && !self.logs.iter().any(|log| log.log_id == *id)
        {
            let path = path.display();
            self.missing
                .push(format!("nothing of the log `{path}` (ID {id}) is in it, so it was not compared"));
        }
        let is_about = |file: &&Outside| {
            all.iter().any(|one| file.has_any(&one.manifest().origin(), one.manifest().size))
        };
        for file in trust.outside.iter().filter(|file| !is_about(file)) {
            self.missing.push(format!(
                "the heads in `{}` are of other logs, or cover more records than were exported",
                file.name()
            ));
        }
        Ok(())
    }

    /// One log of them.
    fn check(
        &mut self,
        one: &Looked<'_>,
        all: &[Looked<'_>],
        trust: &Trust,
        log: Option<&Path>,
    ) -> Result<ExportedLog, ExportError> {
        let manifest = one.manifest();
        let mut checked = ExportedLog {
            folder: one.folder.path.display().to_string(),
            log_id: manifest.log.clone(),
            records: manifest.size,
            exported: 0,
            key: manifest.key.clone(),
            runs: manifest.runs.iter().map(|run| run.run.clone()).collect(),
            compared_with: Vec::new(),
            is_compared_with_log: log.is_some(),
            checks: Vec::new(),
        };
        checked.checks.push(files(one)?);
        checked.checks.extend(trusted(one, trust));
        // What is in a file that nobody has signed, or somebody else, is not worth reading.
        if !checked.checks.iter().all(Check::is_fine) {
            return Ok(checked);
        }
        let rebuilt = excerpt_from(manifest, |path| one.at(path))?;
        // Nor is what a key signed that the records do not introduce: of that export nothing else is decoded.
        let (versions, notes, stamps) = if is_signed_by_its_log(manifest, &rebuilt) {
            stamps(one)?
        } else {
            (BTreeMap::new(), vec![one.signed.head.clone()], None)
        };
        checked.checks.extend(stamps);
        let proof = verify_excerpt(&rebuilt.excerpt, &notes, trust)?;
        checked.exported = proof.records - proof.withheld;
        self.missing.extend(proof.not_judged.clone());
        let same_log = all.iter().filter(|other| other.manifest().log == manifest.log);
        checked.checks.push(signed(manifest, &proof, &rebuilt, same_log)?);
        checked.compared_with.clone_from(&proof.compared_with);
        let is_partial = proof.withheld > 0;
        checked.checks.extend(proof.checks);
        if checked.checks.iter().all(Check::is_fine) {
            let (tables, not_compared) = tables(one, &rebuilt, &versions, is_partial)?;
            checked.checks.push(tables);
            self.missing.extend(not_compared);
        }
        if let Some(log) = log {
            checked.checks.push(against(log, one, &rebuilt, trust)?);
        }
        Ok(checked)
    }

    /// The verdict in words; they may quote the exports.
    pub fn sentence(&self) -> String {
        let runs: BTreeSet<&RunId> = self.logs.iter().flat_map(|log| &log.runs).collect();
        match self.verdict {
            Verdict::Altered => "ALTERED: keep the folder as it is, and see what disagrees.".to_owned(),
            Verdict::EndUnproved => {
                format!("Nothing disagrees, but not all of it is proved: {}.", self.missing.join("; "))
            }
            Verdict::Proved => {
                let logs: Vec<String> = self.logs.iter().map(ExportedLog::as_of).collect();
                format!(
                    "Unaltered since it was exported, with {}: {}. What the log got later is not in it.",
                    counted(runs.len(), "run"),
                    logs.join("; ")
                )
            }
        }
    }
}

impl ExportedLog {
    /// As of which head it is, and whose.
    fn as_of(&self) -> String {
        format!("as of {} records of log {}, signed by `{}`", grouped(self.records), self.log_id, self.key)
    }
}

/// The exports in a folder: of one that was decided and is not in its place, the new one.
fn looked(folder: &Folder) -> impl Iterator<Item = Looked<'_>> {
    let is_replaced = |signed: &&SignedManifest| {
        !folder.pending.iter().any(|pending| pending.manifest.log == signed.manifest.log)
    };
    let of = move |signed, is_pending| Looked { folder, signed, is_pending };
    let pending = folder.pending.iter().map(move |signed| of(signed, true));
    folder.manifests.iter().filter(is_replaced).map(move |signed| of(signed, false)).chain(pending)
}

/// Files among the tables that no manifest names: an engine that reads the folder reads them too.
fn strangers(folder: &Folder) -> Result<Option<Check>, ExportError> {
    let named: BTreeSet<&str> = folder
        .manifests
        .iter()
        .chain(&folder.pending)
        .flat_map(|signed| &signed.manifest.files)
        .map(|file| &*file.path)
        .collect();
    let mut check = Check::new("folder");
    for path in files_in(&folder.path, "")? {
        if is_among_tables(&path)
            && !is_staged(&path)
            && !named.contains(&*path)
            && !is_taken_out("a-stranger-among-tables")
        {
            let at = place(&folder.path, &path);
            check.fault(LogFault::of_all(format!("`{}` is in no manifest", at.display())));
        }
    }
    Ok((!check.is_fine()).then_some(check))
}

/// Whether each file is the one that the manifest names.
fn files(one: &Looked<'_>) -> Result<Check, ExportError> {
    let mut check = Check::new("files");
    let files = &one.manifest().files;
    for file in files {
        let at = one.at(&file.path);
        if let Some(why) = difference(&at, file)?.filter(|_| !is_taken_out("a-file-of-any-bytes")) {
            check.fault(LogFault::of_all(format!("`{}` {why}", at.display())));
        }
    }
    let runs = counted(one.manifest().runs.len() as u64, "run");
    check.subject = format!(
        "{} of {runs}, each as its manifest says, which is signed",
        counted(files.len() as u64, "file")
    );
    Ok(check)
}

/// Whoever gave keys trusts no other.
fn trusted(one: &Looked<'_>, trust: &Trust) -> Option<Check> {
    let is_given = trust.keys.iter().any(|key| key.as_str() == one.manifest().key);
    if trust.keys.is_empty() || is_given {
        return None;
    }
    let mut check = Check::new("manifest");
    let text =
        format!("it is signed with `{}`, which is none of the keys that were given", one.manifest().key);
    check.fault(LogFault::of_all(text));
    Some(check)
}

/// What each file says of itself: the version that wrote it, by its path, and the heads that stand in them.
type Stamps = (BTreeMap<String, String>, Vec<String>, Option<Check>);

fn stamps(one: &Looked<'_>) -> Result<Stamps, ExportError> {
    let (mut versions, mut notes) = (BTreeMap::new(), BTreeSet::from([one.signed.head.clone()]));
    let mut check = Check::new("provenance");
    let origin = one.manifest().origin();
    for file in &one.manifest().files {
        let table = ParquetReader::open(&one.at(&file.path))?;
        let fact = |name| table.fact(name).unwrap_or_default();
        let head = fact(HEAD);
        let is_own = fact(ORIGIN) == origin
            && Head::claims(head).is_some_and(|(of, size)| of == origin && size.to_string() == fact(SIZE))
            && head.lines().nth(2) == Some(fact(ROOT));
        if !is_own {
            let path = one.at(&file.path);
            check.fault(LogFault::of_all(format!("`{}` does not say which head it is of", path.display())));
        }
        notes.insert(head.to_owned());
        versions.insert(file.path.clone(), fact(VERSION).to_owned());
    }
    check.subject =
        format!("each file names its log and its head; {} in all", counted(notes.len() as u64, "head"));
    Ok((versions, notes.into_iter().collect(), Some(check)))
}

/// Whether the key that signed the manifest is one that the records introduce. Whether they are a log, is not looked at.
fn is_signed_by_its_log(manifest: &Manifest, rebuilt: &Rebuilt) -> bool {
    let signers = rebuilt.excerpt.reader().and_then(|reader| reader.signers());
    signers.is_ok_and(|keys| keys.iter().any(|key| key.as_str() == manifest.key))
        || is_taken_out("tables-of-a-stranger")
}

/// Whether the manifest speaks of the log whose records are there, and whether other exports of it do.
fn signed<'a>(
    manifest: &Manifest,
    proof: &ExcerptProof,
    rebuilt: &Rebuilt,
    same_log: impl Iterator<Item = &'a Looked<'a>>,
) -> Result<Check, ExportError> {
    let mut check = Check::new("manifest");
    check.subject = format!("signed with `{}`, a key of the log", manifest.key);
    if proof.origin.as_deref() != Some(&manifest.origin()) || proof.records != manifest.size {
        check.fault(LogFault::of_all(format!(
            "it speaks of {} records of log {}, and the files hold others",
            manifest.size, manifest.log
        )));
    }
    if !proof.keys.contains(&manifest.key) && !is_taken_out("a-manifest-by-any-key") {
        let text = format!("it is signed with `{}`, which is no key of the log", manifest.key);
        check.fault(LogFault::of_all(text));
    }
    for seq in &rebuilt.twice {
        check.fault(LogFault::of_all(format!("record {seq} stands in the files twice")));
    }
    for other in same_log.filter(|other| other.manifest().size <= manifest.size) {
        let (size, root) = (other.manifest().size, &other.manifest().root);
        let is_same = rebuilt.excerpt.root_at(size)?.as_ref() == Some(root);
        if !is_same && !is_taken_out("two-exports-that-differ") {
            check.fault(LogFault::of_all(format!(
                "its first {size} records are not those that were exported into `{}`: two copies of this log went on \
                 differently",
                other.folder.path.display()
            )));
        }
    }
    Ok(check)
}

/// Makes each table again from the records, and compares. Also says of what that was not done.
fn tables(
    one: &Looked<'_>,
    rebuilt: &Rebuilt,
    versions: &BTreeMap<String, String>,
    is_partial: bool,
) -> Result<(Check, Vec<String>), ExportError> {
    let (manifest, reader) = (one.manifest(), rebuilt.excerpt.reader()?);
    let survey = reader.survey(&BTreeSet::new())?;
    let lines = reader.runs()?;
    let mut check = Check::new("tables");
    runs_agree(manifest, &survey, &lines, is_partial, &mut check);
    let scratch = tempfile::tempdir().map_err(ExportError::writing(&std::env::temp_dir()))?;
    let provenance = Provenance::of(manifest, &one.signed.head);
    let own = env!("CARGO_PKG_VERSION");
    let mut others = BTreeSet::new();
    let mut expected = BTreeSet::new();
    let mut compare = |at: &str, aside: Option<&str>| -> Result<(), ExportError> {
        for path in files_in(scratch.path(), at)? {
            let (made, found) = (place(scratch.path(), &path), one.at(&path));
            match versions.get(&path) {
                None => check.fault(LogFault::of_all(format!("`{}` is missing", found.display()))),
                Some(version) if version != own => drop(others.insert(version.clone())),
                Some(_) => {
                    if let Some(why) = differ(&found, &made, aside)? {
                        check.fault(LogFault::of_all(format!("`{}` {why}", found.display())));
                    }
                }
            }
            expected.insert(path);
        }
        // One run after another, so that the disk holds one.
        let made = place(scratch.path(), at);
        std::fs::remove_dir_all(&made).map_err(ExportError::writing(&made))
    };
    for line in &lines {
        let Some(extent) = survey.runs.get(&line.run_id) else { continue };
        let at = place_of_run(line.partner_tenant_id.as_deref(), &line.run_id);
        write_run(&reader, (line, extent), &place(scratch.path(), &at), &provenance)?;
        let aside = (is_partial && line.state != RunState::Sealed).then_some("state");
        compare(&at, aside)?;
    }
    let exported = survey.runs.keys().cloned().collect();
    let at = place_of_log(&manifest.log);
    write_log(&reader, (&exported, manifest.size), &place(scratch.path(), &at), &provenance)?;
    compare(&at, None)?;
    for path in versions.keys().filter(|path| !expected.contains(*path)) {
        check.fault(LogFault::of_all(format!("`{}` follows from no record", one.at(path).display())));
    }
    let subject = if others.is_empty() {
        "made again from the records, and the same row by row"
    } else {
        "those of this version were made again from the records, and are the same"
    };
    subject.clone_into(&mut check.subject);
    let not_compared = others.into_iter().map(|version| {
        format!("tables that version {version} wrote were not compared with the records, which that version can do")
    });
    Ok((check, not_compared.collect()))
}

/// Whether the manifest names the runs that are there, each with its records.
fn runs_agree(manifest: &Manifest, survey: &Survey, lines: &[RunLine], is_partial: bool, check: &mut Check) {
    for run in &manifest.runs {
        let is_same = survey
            .runs
            .get(&run.run)
            .is_some_and(|extent| (extent.records, extent.digest) == (run.records, run.digest));
        let line = lines.iter().find(|line| line.run_id == run.run);
        // Whether a later run was begun is not known where that was not exported.
        let is_state = line
            .is_some_and(|line| line.state == run.state || (is_partial && line.state != RunState::Sealed));
        if !is_same || !is_state {
            let text = format!("the records of run {} are not those that its manifest names", run.run);
            check.fault(LogFault::of_all(text));
        }
    }
    for run in survey.runs.keys().filter(|run| manifest.run(run).is_none()) {
        check.fault(LogFault::of_all(format!(
            "there are records of run {run}, which its manifest does not name"
        )));
    }
}

/// Compares the log that is at hand with the head of its export.
fn against(log: &Path, one: &Looked<'_>, rebuilt: &Rebuilt, trust: &Trust) -> Result<Check, ExportError> {
    let name = format!("{}/{}", one.folder.path.display(), SignedManifest::name(&one.manifest().log));
    let heads = Outside::parse(name, one.signed.head.as_bytes());
    let with = |outside| Trust { outside, keys: trust.keys.clone() };
    let found = verify(log, &with(heads.into_iter().collect()))?;
    let mut check = Check::new("log");
    check.subject = format!("`{}` has the same first {} records", log.display(), one.manifest().size);
    // A log in which nothing else is wrong was not altered: it is another copy.
    if found.verdict == Verdict::Altered
        && let Some(size) = other_records(log, one.manifest(), rebuilt)?
        && verify(log, &with(Vec::new()))?.verdict != Verdict::Altered
    {
        check.fault(LogFault::of_all(format!(
            "the first {size} records of `{}` are not those that were exported: two copies of this log went on differently",
            log.display()
        )));
        return Ok(check);
    }
    for fault in found.checks.iter().flat_map(|check| &check.faults) {
        check.fault(fault.clone());
    }
    Ok(check)
}

/// Up to which size this log and the one that was exported were compared, if their records are not the same.
fn other_records(log: &Path, manifest: &Manifest, rebuilt: &Rebuilt) -> Result<Option<u64>, ExportError> {
    let reader = Reader::open(log)?;
    let size = reader.count()?.min(manifest.size);
    // A log that cannot be read was altered, which is said already.
    let Ok(mut survey) = reader.survey(&BTreeSet::from([size])) else { return Ok(None) };
    let own = survey.roots.remove(&size);
    Ok((own.is_some() && own != rebuilt.excerpt.root_at(size)?).then_some(size))
}
