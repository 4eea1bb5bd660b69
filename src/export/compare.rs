//! What the files of an export hold: put together again as a log, and held against tables that are made from it.

use super::{
    columns::{BODY, LEAF, PAYLOAD, SALT, SEQ},
    decode::{DecodedRows, ParquetReader},
    error::ExportError,
    folder::place,
};
use crate::{
    audit::{Excerpt, ExcerptDraft, Manifest},
    domain::Seq,
};
use parquet::record::{Field, Row};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

const RECORDS: &str = "records.parquet";

/// A log that was put together again.
pub(super) struct Rebuilt {
    pub(super) excerpt: Excerpt,
    /// Places that stand twice in the files.
    pub(super) twice: BTreeSet<Seq>,
}

/// Puts the log of this manifest together again.
pub(super) fn excerpt_of(folder: &Path, manifest: &Manifest) -> Result<Rebuilt, ExportError> {
    excerpt_from(manifest, |path| place(folder, path))
}

/// The same, from wherever each file is.
pub(super) fn excerpt_from(
    manifest: &Manifest,
    at: impl Fn(&str) -> PathBuf,
) -> Result<Rebuilt, ExportError> {
    let (mut excerpt, mut twice) = (Excerpt::begin()?, BTreeSet::new());
    excerpt.fill(|draft| {
        for file in manifest.files.iter().filter(|file| file.path.ends_with(RECORDS)) {
            let path = at(&file.path);
            let table = ParquetReader::open(&path)?;
            let mut rows = table.rows()?;
            while let Some(row) = rows.next()? {
                let added = add(draft, &row)?;
                let no_record = || ExportError::Altered {
                    path: path.clone(),
                    why: "has a row that is no record".to_owned(),
                };
                let (seq, is_new) = added.ok_or_else(no_record)?;
                if !is_new {
                    twice.insert(seq);
                }
            }
        }
        Ok::<_, ExportError>(())
    })?;
    Ok(Rebuilt { excerpt, twice })
}

/// Adds a row of `records.parquet`. None if it is no record.
fn add(draft: &ExcerptDraft<'_>, row: &Row) -> Result<Option<(Seq, bool)>, ExportError> {
    let (mut seq, mut body, mut salt, mut payload, mut leaf) = (None, None, None, None, None);
    for (name, field) in row.get_column_iter() {
        match (name.as_str(), field) {
            (SEQ, Field::Long(place)) => seq = Seq::try_from(*place).ok(),
            (BODY, Field::Str(text)) => body = Some(text.as_bytes()),
            (SALT, Field::Bytes(bytes)) => salt = Some(bytes.data()),
            (PAYLOAD, Field::Bytes(bytes)) => payload = Some(bytes.data()),
            (LEAF, Field::Bytes(bytes)) => leaf = Some(bytes.data()),
            _ => {}
        }
    }
    Ok(match (seq, body, leaf) {
        (Some(seq), Some(body), None) => Some((seq, draft.add(seq, body, salt.zip(payload))?)),
        (Some(seq), None, Some(leaf)) if leaf.len() == 32 => Some((seq, draft.withhold(seq, leaf)?)),
        _ => None,
    })
}

/// What is different in two files of one table, if something is: the one that was exported, and the one that was made again
/// from the records. A column of this name does not matter.
pub(super) fn differ(
    exported: &Path,
    again: &Path,
    aside: Option<&str>,
) -> Result<Option<String>, ExportError> {
    let (one, other) = (ParquetReader::open(exported)?, ParquetReader::open(again)?);
    if one.columns() != other.columns() {
        return Ok(Some("has other columns than the version that it names writes".to_owned()));
    }
    if one.may_mislead(&other) {
        let why =
            "says more of its columns than this version writes, by which an engine could pass rows over";
        return Ok(Some(why.to_owned()));
    }
    let (mut rows, mut expected) = (one.rows()?, other.rows()?);
    let mut number = 0_u64;
    loop {
        number += 1;
        let (found, made) = match (next_exported(&mut rows)?, expected.next()?) {
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                return Ok(Some(format!("ends before line {number}, and the records tell more")));
            }
            (Some(_), None) => return Ok(Some(format!("has a line {number} of which no record tells"))),
            (Some(found), Some(made)) => (found, made),
        };
        let pairs = found.get_column_iter().zip(made.get_column_iter());
        let is_other = |((name, found), (_, made)): &((&String, &Field), (&String, &Field))| {
            found != made && Some(name.as_str()) != aside
        };
        if let Some(((name, _), _)) = pairs.into_iter().find(is_other) {
            return Ok(Some(format!("says in line {number} under `{name}` what the records do not say")));
        }
    }
}

/// The next row that is a whole one: of a record that was not exported there is the leaf alone, which the tree proves.
fn next_exported(rows: &mut DecodedRows<'_>) -> Result<Option<Row>, ExportError> {
    while let Some(row) = rows.next()? {
        let is_told = |(name, field): (&String, &Field)| name != SEQ && name != LEAF && *field != Field::Null;
        let is_leaf = |(name, field): (&String, &Field)| name == LEAF && *field != Field::Null;
        if row.get_column_iter().any(is_told) || !row.get_column_iter().any(is_leaf) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}
