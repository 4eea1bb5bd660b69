//! A folder with the exports of one log or of several, and how another one comes into it.
//!
//! An export is written into a *draft*, a folder that is hidden in the folder itself. When all of it is on disk, its
//! manifest among it, the draft is renamed to *pending*: that decides. Then each file is moved to its place, what the
//! manifest does not name any more is removed, and the manifest comes last. Whoever is killed before the decision leaves
//! the old exports and a draft, which the next one removes; whoever is killed after it leaves what the next one of the same
//! log puts into place first, if a key of that log has signed it.

use super::error::ExportError;
use crate::{
    audit::{ExportedFile, SignedManifest, VerifyingKey},
    domain::{Digest, RunId, Sha256, is_taken_out},
    platform,
};
use std::{
    collections::BTreeSet,
    fs::{self, File, FileType},
    io::{self, Read as _},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const DRAFT: &str = ".offboard-draft-";
const PENDING: &str = ".offboard-pending-";
/// No manifest is larger.
const LARGEST: u64 = 256 << 20;

/// What is said of a link, a pipe, or a folder in place of a file.
const NOT_PLAIN: &str = "is neither a plain file nor a folder of tables, so no export left it there";

/// What a run whose partner is not on record has for one, as engines write it.
const NO_PARTNER: &str = "__HIVE_DEFAULT_PARTITION__";

/// A folder of exports.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) manifests: Vec<SignedManifest>,
    /// What was decided and is not in its place yet.
    pub(super) pending: Vec<SignedManifest>,
    /// What was begun and never decided.
    pub(super) drafts: Vec<PathBuf>,
}

impl Folder {
    /// Looks at it, and changes nothing.
    pub(super) fn look(path: &Path) -> Result<Self, ExportError> {
        let mut found =
            Self { path: path.to_owned(), manifests: Vec::new(), pending: Vec::new(), drafts: Vec::new() };
        for (name, kind) in entries(path)? {
            let at = path.join(&name);
            if !kind.is_dir() {
                if let Some(log) = name.strip_prefix(&SignedManifest::name("")) {
                    found.manifests.push(manifest(&at, log)?);
                } else if name.starts_with(PENDING) {
                    let why = "is no folder, so no export left it there".to_owned();
                    return Err(ExportError::Altered { path: at, why });
                }
            } else if name.starts_with(DRAFT) {
                found.drafts.push(at);
            } else if let Some(log) = name.strip_prefix(PENDING) {
                let manifest_at = at.join(SignedManifest::name(log));
                if manifest_at.exists() {
                    found.pending.push(manifest(&manifest_at, log)?);
                } else {
                    // All of it is in its place; the manifest went last.
                    found.drafts.push(at);
                }
            }
        }
        // What lies in a folder of anything else is nobody's business.
        if found.is_ours() {
            require_plain(path, "")?;
        }
        found.pending.iter().try_for_each(|pending| found.require_newer(pending))?;
        Ok(found)
    }

    /// Refuses a pending export that is older than the one in its place: no program makes such a one, and whoever has an
    /// old export could take back the new one with it.
    fn require_newer(&self, pending: &SignedManifest) -> Result<(), ExportError> {
        let log = &pending.manifest.log;
        let is_older = |before: &SignedManifest| pending.manifest.size < before.manifest.size;
        if !self.of_log(log).is_some_and(is_older) || is_taken_out("an-older-pending-export") {
            return Ok(());
        }
        Err(ExportError::Altered {
            path: staged(&self.path, log),
            why: "is an older export than the one in its place, so no program left it there".to_owned(),
        })
    }

    const fn is_ours(&self) -> bool {
        !(self.manifests.is_empty() && self.pending.is_empty() && self.drafts.is_empty())
    }

    /// The same for whoever adds an export of this log, which has these keys: it is made if there is none, what was decided
    /// is put into place first, and what was not is removed. Held by one process at a time.
    pub(super) fn open(path: &Path, log: &str, keys: &[VerifyingKey]) -> Result<(Self, File), ExportError> {
        let failed = || ExportError::writing(path);
        fs::create_dir_all(path).map_err(failed())?;
        let lock = platform::lock_folder(path).map_err(failed())?;
        let found = Self::look(path)?;
        if !found.is_ours() && entries(path)?.iter().any(|(name, _)| name != ".lock") {
            return Err(ExportError::NotOurs(path.to_owned()));
        }
        let pending = found.pending.iter().find(|pending| pending.manifest.log == log);
        if let Some(before) = found.of_log(log)
            && !is_taken_out("an-export-upon-anybodys")
        {
            require_key(&path.join(SignedManifest::name(log)), before, keys)?;
        }
        if let Some(pending) = pending
            && !is_taken_out("a-pending-export-of-anybodys")
        {
            require_key(&staged(path, log).join(SignedManifest::name(log)), pending, keys)?;
            require_files(path, pending)?;
        }
        for draft in &found.drafts {
            fs::remove_dir_all(draft).map_err(ExportError::writing(draft))?;
        }
        if let Some(pending) = pending {
            put(path, pending, found.of_log(log))?;
        }
        Ok((Self::look(path)?, lock))
    }

    /// The manifest of this log.
    pub(super) fn of_log(&self, log: &str) -> Option<&SignedManifest> {
        self.manifests.iter().find(|signed| signed.manifest.log == log)
    }

    /// A folder for what is to come into it.
    pub(super) fn draft(&self) -> Result<TempDir, ExportError> {
        let draft = tempfile::Builder::new().prefix(DRAFT).tempdir_in(&self.path);
        draft.map_err(ExportError::writing(&self.path))
    }

    /// Puts the draft of this log's export in its place. It must be on disk.
    pub(super) fn take(&self, draft: TempDir, log: &str) -> Result<(), ExportError> {
        let pending = self.path.join(format!("{PENDING}{log}"));
        let failed = || ExportError::writing(&pending);
        fs::rename(draft.path(), &pending).map_err(failed())?;
        // It has another name now.
        drop(draft.keep());
        platform::sync_folder(&self.path).map_err(failed())?;
        let signed = manifest(&pending.join(SignedManifest::name(log)), log)?;
        put(&self.path, &signed, self.of_log(log))
    }
}

/// Where the tables of a run are.
pub(super) fn place_of_run(partner: Option<&str>, run: &RunId) -> String {
    let is_id = |text: &&str| text.parse::<crate::domain::TenantId>().is_ok();
    let partner = partner.filter(is_id).unwrap_or(NO_PARTNER);
    format!("partner={partner}/run={run}")
}

/// Where the tables of a log are.
pub(super) fn place_of_log(log: &str) -> String {
    format!("log={log}")
}

/// Where a file of an export is, in this folder.
pub(super) fn place(folder: &Path, path: &str) -> PathBuf {
    path.split('/').fold(folder.to_owned(), |at, name| at.join(name))
}

/// Where the files of a pending export are meanwhile.
fn staged(folder: &Path, log: &str) -> PathBuf {
    folder.join(format!("{PENDING}{log}"))
}

/// Where a file of a pending export is: it may have come to its place.
pub(super) fn place_meanwhile(folder: &Path, log: &str, path: &str) -> PathBuf {
    let meanwhile = place(&staged(folder, log), path);
    if meanwhile.exists() { meanwhile } else { place(folder, path) }
}

/// What is in a folder, by name. A link is a link, wherever it leads.
fn entries(path: &Path) -> Result<Vec<(String, FileType)>, ExportError> {
    let failed = || ExportError::reading(path);
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let kind = entry.file_type().map_err(failed())?;
        entries.push((entry.file_name().to_string_lossy().into_owned(), kind));
    }
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(entries)
}

/// Whether a file at this place is one of a draft, or of an export that is not in its place yet.
pub(super) fn is_staged(path: &str) -> bool {
    path.split_once('/').is_some_and(|(first, _)| first.starts_with(DRAFT) || first.starts_with(PENDING))
}

/// Whether an engine that reads the folder reads a file at this place.
pub(super) fn is_among_tables(path: &str) -> bool {
    let is_table = |ending: &[u8; 8]| ending.eq_ignore_ascii_case(b".parquet");
    path.starts_with("partner=")
        || path.starts_with("log=")
        || path.as_bytes().last_chunk().is_some_and(is_table)
}

/// Refuses a folder in which something that matters is neither a file nor a folder: what is read through a link lies
/// elsewhere, and a pipe waits for whoever writes into it.
fn require_plain(folder: &Path, below: &str) -> Result<(), ExportError> {
    for (name, kind) in entries(&place(folder, below))? {
        let is_staging = below.is_empty() && (name.starts_with(DRAFT) || name.starts_with(PENDING));
        let is_manifest = below.is_empty() && name.starts_with(&SignedManifest::name(""));
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let at = place(folder, &path);
        if kind.is_dir() {
            if is_manifest {
                return Err(not_plain(&at));
            }
            // Nothing in a draft is read, and what is removed with it is a link and not where it leads.
            if !(is_staging && path.starts_with(DRAFT)) {
                require_plain(folder, &path)?;
            }
        } else if !kind.is_file() {
            let matters = is_manifest || is_staging || is_staged(&path) || is_among_tables(&path);
            // Through a link to a folder an engine reads what lies there.
            if (matters || at.is_dir()) && !is_taken_out("a-link-among-tables") {
                return Err(not_plain(&at));
            }
        }
    }
    Ok(())
}

/// The manifest in this file, which is called as that of this log.
fn manifest(path: &Path, log: &str) -> Result<SignedManifest, ExportError> {
    let mut text = String::new();
    let read = open_plain(path)?.take(LARGEST).read_to_string(&mut text);
    let altered = |why: String| ExportError::Altered { path: path.to_owned(), why };
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(altered("is no text, so it was altered".to_owned()));
        }
        read => drop(read.map_err(ExportError::reading(path))?),
    }
    let signed = SignedManifest::open(&text).map_err(|bad| altered(bad.to_string()))?;
    if signed.manifest.log != log {
        return Err(altered(format!("is the manifest of another log, `{}`", signed.manifest.log)));
    }
    Ok(signed)
}

/// Refuses what none of these keys has signed.
fn require_key(path: &Path, signed: &SignedManifest, keys: &[VerifyingKey]) -> Result<(), ExportError> {
    let key = signed.key.as_str();
    if keys.iter().any(|own| own.as_str() == key) {
        return Ok(());
    }
    let why = format!("is signed with `{key}`, which is no key of this log");
    Err(ExportError::Altered { path: path.to_owned(), why })
}

/// Refuses a pending export whose files are not those that it names, before anything is replaced by them.
fn require_files(folder: &Path, pending: &SignedManifest) -> Result<(), ExportError> {
    for file in &pending.manifest.files {
        let path = place_meanwhile(folder, &pending.manifest.log, &file.path);
        if let Some(why) = difference(&path, file)? {
            return Err(ExportError::Altered { path, why: why.to_owned() });
        }
    }
    Ok(())
}

/// Moves each file of an export that was decided to its place. Whatever of that was done before is not done again.
fn put(folder: &Path, new: &SignedManifest, old: Option<&SignedManifest>) -> Result<(), ExportError> {
    let log = &new.manifest.log;
    let pending = staged(folder, log);
    let mut touched = BTreeSet::from([folder.to_owned()]);
    for file in &new.manifest.files {
        let (from, to) = (place(&pending, &file.path), place(folder, &file.path));
        if !from.exists() {
            continue;
        }
        let parent = to.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(ExportError::writing(parent))?;
        fs::rename(&from, &to).map_err(ExportError::writing(&to))?;
        touched
            .extend(to.ancestors().skip(1).take_while(|above| above.starts_with(folder)).map(Path::to_owned));
    }
    let named: BTreeSet<&str> = new.manifest.files.iter().map(|file| &*file.path).collect();
    let old = old.iter().flat_map(|old| &old.manifest.files);
    for file in old.filter(|file| !named.contains(&*file.path)) {
        let gone = place(folder, &file.path);
        match fs::remove_file(&gone) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ExportError::writing(&gone)(error));
            }
            _ => {}
        }
        // A folder in which there is something stays.
        for above in gone.ancestors().skip(1).take_while(|above| *above != folder) {
            if fs::remove_dir(above).is_err() {
                break;
            }
        }
    }
    for at in touched.iter().filter(|at| at.exists()) {
        platform::sync_folder(at).map_err(ExportError::writing(at))?;
    }
    let name = SignedManifest::name(log);
    let to = folder.join(&name);
    if !is_taken_out("an-export-without-its-manifest") {
        fs::rename(pending.join(&name), &to).map_err(ExportError::writing(&to))?;
    }
    platform::sync_folder(folder).map_err(ExportError::writing(folder))?;
    fs::remove_dir_all(&pending).map_err(ExportError::writing(&pending))
}

/// Has a file, or the names in a folder and all that is in it, on disk.
pub(super) fn sync_all(path: &Path) -> Result<(), ExportError> {
    for (name, kind) in entries(path)? {
        let at = path.join(name);
        if kind.is_dir() {
            sync_all(&at)?;
        } else {
            // What was opened for reading alone cannot be synced everywhere.
            let file = File::options().read(true).write(true).open(&at);
            file.and_then(|file| file.sync_all()).map_err(ExportError::writing(&at))?;
        }
    }
    platform::sync_folder(path).map_err(ExportError::writing(path))
}

/// Every file in a folder, and in those in it, by its path from there; nothing that leads elsewhere is followed.
pub(super) fn files_in(folder: &Path, below: &str) -> Result<Vec<String>, ExportError> {
    let mut files = Vec::new();
    for (name, kind) in entries(&place(folder, below))? {
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if kind.is_dir() {
            files.extend(files_in(folder, &path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// Opens a file that is one: nothing that leads elsewhere, and nothing that waits for somebody to write into it.
pub(super) fn open_plain(path: &Path) -> Result<File, ExportError> {
    let kind = fs::symlink_metadata(path).map_err(ExportError::reading(path))?;
    if !kind.is_file() {
        return Err(not_plain(path));
    }
    File::open(path).map_err(ExportError::reading(path))
}

fn not_plain(path: &Path) -> ExportError {
    ExportError::Altered { path: path.to_owned(), why: NOT_PLAIN.to_owned() }
}

/// The size and the digest of a file.
pub(super) fn measure(path: &Path) -> Result<(u64, Sha256), ExportError> {
    let failed = || ExportError::reading(path);
    let mut file = open_plain(path)?;
    let (mut digest, mut bytes, mut chunk) = (Digest::default(), 0, vec![0; 1 << 16]);
    loop {
        let count = file.read(&mut chunk).map_err(failed())?;
        if count == 0 {
            return Ok((bytes, digest.done()));
        }
        digest.add(chunk.get(..count).unwrap_or_default());
        bytes += count as u64;
    }
}

/// What is wrong with a file of an export, if something is.
pub(super) fn difference(path: &Path, file: &ExportedFile) -> Result<Option<&'static str>, ExportError> {
    match measure(path) {
        Ok(found) if found == (file.bytes, file.sha256) => Ok(None),
        Ok(_) => Ok(Some("is not the file that was exported: it was altered")),
        Err(ExportError::Read { source, .. })
            if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(Some("is missing, and was exported"))
        }
        Err(error) => Err(error),
    }
}
