//! Rows that are put aside on disk until a page asks for them: there may be many, and a page shows them in another order
//! than they come in.

use minijinja::{Error, ErrorKind, Value, value::Serde};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write as _},
    path::Path,
};

/// Rows in a file without a name.
pub(super) struct Aside(BufWriter<File>);

impl Aside {
    pub(super) fn begin(folder: &Path) -> io::Result<Self> {
        tempfile::tempfile_in(folder).map(|file| Self(BufWriter::new(file)))
    }

    pub(super) fn put(&mut self, row: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, row)?;
        self.0.write_all(b"\n")
    }

    /// One by one, as the page asks for them.
    pub(super) fn rows<R: Serialize + DeserializeOwned>(self) -> io::Result<Value> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let rows = BufReader::new(file).lines().map(|line| {
            let row = line.and_then(|line| Ok(serde_json::from_str::<R>(&line)?));
            row.map_or_else(
                |error| Value::from(Error::new(ErrorKind::BadSerialization, error.to_string())),
                |row| Value::from(Serde(&row)),
            )
        });
        Ok(Value::make_one_shot_iterator(rows))
    }
}
