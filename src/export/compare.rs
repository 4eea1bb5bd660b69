//! What the files of an export hold: put together again as a log, and held against tables that are made from it.

use super::{
    columns::{BODY, LEAF, PAYLOAD, SALT, SEQ},
    error::ExportError,
    folder::place,
};
use crate::{
    audit::{Excerpt, ExcerptDraft, Manifest},
    domain::Seq,
};
use parquet::{
    errors::ParquetError,
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, Row, reader::RowIter},
};
use std::{collections::BTreeSet, fs::File, path::Path};

/// So many rows are decoded at a time.
const BATCH: usize = 64;
const RECORDS: &str = "records.parquet";

/// A log that was put together again.
pub(super) struct Rebuilt {
    pub(super) excerpt: Excerpt,
    /// Places that stand twice in the files.
    pub(super) twice: BTreeSet<Seq>,
}

/// A file of an export that is open.
pub(super) struct ParquetReader(SerializedFileReader<File>);

impl ParquetReader {
    pub(super) fn open(path: &Path) -> Result<Self, ExportError> {
        let file = File::open(path).map_err(ExportError::reading(path))?;
        Ok(Self(SerializedFileReader::new(file).map_err(unreadable(path))?))
    }

    /// What the file says of itself under this name.
    pub(super) fn fact(&self, name: &str) -> Option<&str> {
        let facts = self.0.metadata().file_metadata().key_value_metadata()?;
        facts.iter().find(|fact| fact.key == name)?.value.as_deref()
    }

    /// The columns, each with its type.
    fn columns(&self) -> Vec<String> {
        let schema = self.0.metadata().file_metadata().schema_descr();
        schema.columns().iter().map(|column| format!("{:?}", column.self_type())).collect()
    }

    fn rows(&self) -> Result<RowIter<'_>, ParquetError> {
        Ok(RowIter::from_file(None, &self.0)?.with_batch_size(BATCH))
    }
}

fn unreadable(path: &Path) -> impl Fn(ParquetError) -> ExportError + use<> {
    let path = path.to_owned();
    move |error| ExportError::Altered {
        path: path.clone(),
        why: format!("cannot be read as a table: {error}"),
    }
}

/// Puts the log of this manifest together again.
pub(super) fn excerpt_of(folder: &Path, manifest: &Manifest) -> Result<Rebuilt, ExportError> {
    excerpt_from(manifest, |path| place(folder, path))
}

/// The same, from wherever each file is.
pub(super) fn excerpt_from(
    manifest: &Manifest,
    at: impl Fn(&str) -> std::path::PathBuf,
) -> Result<Rebuilt, ExportError> {
    let (mut excerpt, mut twice) = (Excerpt::begin()?, BTreeSet::new());
    excerpt.fill(|draft| {
        for file in manifest.files.iter().filter(|file| file.path.ends_with(RECORDS)) {
            let path = at(&file.path);
            let table = ParquetReader::open(&path)?;
            for row in table.rows().map_err(unreadable(&path))? {
                let row = row.map_err(unreadable(&path))?;
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
    let mut rows = one.rows().map_err(unreadable(exported))?;
    let mut expected = other.rows().map_err(unreadable(again))?;
    let mut number = 0_u64;
    loop {
        number += 1;
        let found = next_exported(&mut rows).map_err(unreadable(exported))?;
        let (found, made) = match (found, expected.next().transpose().map_err(unreadable(again))?) {
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
fn next_exported(rows: &mut RowIter<'_>) -> Result<Option<Row>, ParquetError> {
    for row in rows {
        let row = row?;
        let is_told = |(name, field): (&String, &Field)| name != SEQ && name != LEAF && *field != Field::Null;
        let is_leaf = |(name, field): (&String, &Field)| name == LEAF && *field != Field::Null;
        if row.get_column_iter().any(is_told) || !row.get_column_iter().any(is_leaf) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}
