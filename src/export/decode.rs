//! Tables that somebody else may have written.
//!
//! The library that decodes them panics over some that were made to mislead it. That is no fault of this program's, and no
//! end of it: such a file is one that cannot be read.

use super::{error::ExportError, folder::open_plain};
use crate::domain::is_taken_out;
use parquet::{
    basic::Encoding,
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData},
        reader::{FileReader, SerializedFileReader},
    },
    record::{Row, reader::RowIter},
};
use std::{
    cell::Cell,
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

/// So many rows are decoded at a time.
const BATCH: usize = 64;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread decodes a table: a panic then is about that table, which is said where it is found.
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// Decodes something of this file.
fn decode<T>(path: &Path, decoding: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ExportError> {
    if is_taken_out("a-table-that-makes-it-panic") {
        return decoding().map_err(|error| unreadable(path, &error.to_string()));
    }
    DECODING.set(true);
    let decoded = catch_unwind(AssertUnwindSafe(decoding));
    DECODING.set(false);
    match decoded {
        Ok(decoded) => decoded.map_err(|error| unreadable(path, &error.to_string())),
        Err(_panicked) => Err(unreadable(path, "what it says of itself cannot be")),
    }
}

/// Whether anything is said of the values of a column before they are read.
fn has_hints(column: &ColumnChunkMetaData) -> bool {
    let places = [column.column_index_offset(), column.offset_index_offset(), column.bloom_filter_offset()];
    let is_dictionary = |encoding| matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
    column.statistics().is_some()
        || places.iter().any(Option::is_some)
        || column.dictionary_page_offset().is_some()
        || column.encodings().any(is_dictionary)
        || column.definition_level_histogram().is_some()
        || column.repetition_level_histogram().is_some()
}

fn unreadable(path: &Path, why: &str) -> ExportError {
    ExportError::Altered { path: path.to_owned(), why: format!("cannot be read as a table: {why}") }
}

/// A file of an export that is open.
pub(super) struct ParquetReader {
    file: SerializedFileReader<File>,
    path: PathBuf,
}

impl ParquetReader {
    pub(super) fn open(path: &Path) -> Result<Self, ExportError> {
        let file = open_plain(path)?;
        let file = decode(path, || SerializedFileReader::new(file))?;
        Ok(Self { file, path: path.to_owned() })
    }

    pub(super) fn metadata(&self) -> &ParquetMetaData {
        self.file.metadata()
    }

    /// What the file says of itself under this name.
    pub(super) fn fact(&self, name: &str) -> Option<&str> {
        let facts = self.metadata().file_metadata().key_value_metadata()?;
        facts.iter().find(|fact| fact.key == name)?.value.as_deref()
    }

    /// The columns, each with its type.
    pub(super) fn columns(&self) -> Vec<String> {
        let schema = self.metadata().file_metadata().schema_descr();
        schema.columns().iter().map(|column| format!("{:?}", column.self_type())).collect()
    }

    /// Under which names the file says something of itself.
    fn facts(&self) -> Vec<&str> {
        let facts = self.metadata().file_metadata().key_value_metadata();
        facts.into_iter().flatten().map(|fact| &*fact.key).collect()
    }

    /// Whether an engine could tell other rows, or fewer, from this file than stand in it: by statistics, an index, a filter
    /// or a dictionary that it looks at before it reads a row, or by a note of its own beside them. This version writes none.
    pub(super) fn may_mislead(&self, again: &Self) -> bool {
        let groups = self.metadata().row_groups();
        let rows: i64 = groups.iter().map(RowGroupMetaData::num_rows).sum();
        let is_odd = |group: &RowGroupMetaData| {
            let is_odd =
                |column: &ColumnChunkMetaData| has_hints(column) || column.num_values() != group.num_rows();
            group.sorting_columns().is_some() || group.columns().iter().any(is_odd)
        };
        (rows != self.metadata().file_metadata().num_rows()
            || groups.iter().any(is_odd)
            || self.facts() != again.facts())
            && !is_taken_out("statistics-that-nobody-proved")
    }

    pub(super) fn rows(&self) -> Result<DecodedRows<'_>, ExportError> {
        let rows = decode(&self.path, || RowIter::from_file(None, &self.file))?;
        Ok(DecodedRows { rows: rows.with_batch_size(BATCH), path: &self.path })
    }
}

/// The rows of a file, one after another. After one that cannot be read there is no sense in asking for the next.
pub(super) struct DecodedRows<'a> {
    rows: RowIter<'a>,
    path: &'a Path,
}

impl DecodedRows<'_> {
    pub(super) fn next(&mut self) -> Result<Option<Row>, ExportError> {
        let Self { rows, path } = self;
        decode(path, || rows.next().transpose())
    }
}
