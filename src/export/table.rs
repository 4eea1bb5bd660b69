//! One table as a file, some rows at a time.

use super::error::ExportError;
use crate::{
    domain::{Day, Time},
    platform,
    record::{ColumnType, Value},
};
use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type},
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};
use std::{
    borrow::Cow,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Rows are written together that are so many, or so many bytes.
const ROWS: usize = 1 << 15;
const BYTES: usize = 8 << 20;
const DAY: i64 = 86_400_000;

/// What stands in a row of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ParquetCell<'a> {
    None,
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    Number(u64),
    Time(Time),
    Day(Day),
}

impl<'a> ParquetCell<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// Nothing, or a text.
    pub(super) fn maybe(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        text.map_or(Self::None, Self::text)
    }

    pub(super) fn number(number: Option<impl Into<u64>>) -> Self {
        number.map_or(Self::None, |number| Self::Number(number.into()))
    }

    pub(super) fn time(time: Option<Time>) -> Self {
        time.map_or(Self::None, Self::Time)
    }

    pub(super) fn bytes(bytes: Option<&'a [u8]>) -> Self {
        bytes.map_or(Self::None, Self::Bytes)
    }

    /// What a report shows of a customer.
    pub(super) fn of(value: Value<'a>) -> Self {
        match value {
            Value::None => Self::None,
            Value::Text(text) | Value::Long(text) => Self::Text(text),
            Value::Names(names) => Self::text(names.join(";")),
            Value::Number(number) => Self::Number(number),
            Value::Time(time) => Self::Time(time),
            Value::Day(day) => Self::Day(day),
            Value::Outcome(outcome) => Self::text(outcome.as_str()),
        }
    }
}

/// What a column is called, and what it holds.
pub(super) type Field = (&'static str, ColumnType);

/// How a column is declared.
fn declared((name, holds): Field) -> String {
    let of = match holds {
        ColumnType::Text => format!("binary {name} (STRING)"),
        ColumnType::Bytes => format!("binary {name}"),
        ColumnType::Number => format!("int64 {name}"),
        ColumnType::Time => format!("int64 {name} (TIMESTAMP(MILLIS,true))"),
        ColumnType::Day => format!("int32 {name} (DATE)"),
    };
    format!("optional {of};")
}

/// A column of the rows that are not written yet.
#[derive(Debug)]
struct Waiting {
    /// 1 where there is a value.
    levels: Vec<i16>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Long(Vec<i64>),
    Int(Vec<i32>),
    Bytes(Vec<ByteArray>),
}

impl Waiting {
    const fn new(holds: ColumnType) -> Self {
        let values = match holds {
            ColumnType::Text | ColumnType::Bytes => Values::Bytes(Vec::new()),
            ColumnType::Number | ColumnType::Time => Values::Long(Vec::new()),
            ColumnType::Day => Values::Int(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    /// Takes the next value, and gives its size. A value of another type than the column's is a mistake of this program's.
    fn take(&mut self, cell: ParquetCell<'_>) -> usize {
        let size = match (&mut self.values, cell) {
            (Values::Bytes(all), ParquetCell::Text(text)) => {
                let size = text.len();
                all.push(ByteArray::from(text.into_owned().into_bytes()));
                size
            }
            (Values::Bytes(all), ParquetCell::Bytes(bytes)) => {
                all.push(ByteArray::from(bytes.to_vec()));
                bytes.len()
            }
            (Values::Long(all), ParquetCell::Number(number)) => {
                all.push(i64::try_from(number).unwrap_or(i64::MAX));
                8
            }
            (Values::Long(all), ParquetCell::Time(time)) => {
                all.push(time.as_millis());
                8
            }
            (Values::Int(all), ParquetCell::Day(day)) => {
                all.push(i32::try_from(day.begins().as_millis().div_euclid(DAY)).unwrap_or(i32::MAX));
                4
            }
            (_, cell) => {
                debug_assert_eq!(cell, ParquetCell::None, "a value of another type");
                self.levels.push(0);
                return 2;
            }
        };
        self.levels.push(1);
        size + 2
    }

    fn clear(&mut self) {
        self.levels.clear();
        match &mut self.values {
            Values::Long(all) => all.clear(),
            Values::Int(all) => all.clear(),
            Values::Bytes(all) => all.clear(),
        }
    }
}

/// A table that is being written. No more than a few rows of it are in memory.
pub(super) struct TableWriter {
    file: SerializedFileWriter<File>,
    path: PathBuf,
    waiting: Vec<Waiting>,
    rows: usize,
    bytes: usize,
    written: u64,
}

impl TableWriter {
    /// Begins a file, where there must be none. `facts` go with it, each under its name.
    pub(super) fn begin(
        path: &Path,
        fields: &[Field],
        facts: &[(&'static str, String)],
    ) -> Result<Self, ExportError> {
        let failed = ExportError::writing_table(path);
        let declared = fields.iter().copied().map(declared).collect::<Vec<_>>().join(" ");
        let schema = parse_message_type(&format!("message offboard {{ {declared} }}")).map_err(&failed)?;
        let facts = facts.iter().map(|(name, value)| KeyValue::new((*name).to_owned(), value.clone()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("offboard version {}", env!("CARGO_PKG_VERSION")))
            // An engine passes rows over by what stands there, and a lie in it would be in no row.
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_dictionary_enabled(false)
            .set_key_value_metadata(Some(facts.collect()))
            .build();
        let file = platform::private().write(true).create_new(true).open(path);
        let file = file.map_err(ExportError::writing(path))?;
        let file =
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(&failed)?;
        let waiting = fields.iter().map(|(_, holds)| Waiting::new(*holds)).collect();
        Ok(Self { file, path: path.to_owned(), waiting, rows: 0, bytes: 0, written: 0 })
    }

    /// Adds a row; its cells are in the order of the columns.
    pub(super) fn add<'a>(
        &mut self,
        cells: impl IntoIterator<Item = ParquetCell<'a>>,
    ) -> Result<(), ExportError> {
        let mut cells = cells.into_iter();
        for column in &mut self.waiting {
            self.bytes += column.take(cells.next().unwrap_or(ParquetCell::None));
        }
        self.rows += 1;
        if self.rows >= ROWS || self.bytes >= BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        let failed = ExportError::writing_table(&self.path);
        let mut group = self.file.next_row_group().map_err(&failed)?;
        for column in &mut self.waiting {
            let Some(mut writer) = group.next_column().map_err(&failed)? else { break };
            let levels = Some(column.levels.as_slice());
            let wrote = match &column.values {
                Values::Long(all) => writer.typed::<Int64Type>().write_batch(all, levels, None),
                Values::Int(all) => writer.typed::<Int32Type>().write_batch(all, levels, None),
                Values::Bytes(all) => writer.typed::<ByteArrayType>().write_batch(all, levels, None),
            };
            wrote.and_then(|_count| writer.close()).map_err(&failed)?;
            column.clear();
        }
        group.close().map_err(&failed)?;
        self.written += self.rows as u64;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// Ends the file, and gives the number of its rows.
    pub(super) fn end(mut self) -> Result<u64, ExportError> {
        if self.rows > 0 {
            self.flush()?;
        }
        self.file.close().map_err(ExportError::writing_table(&self.path))?;
        Ok(self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::{
        file::reader::{FileReader, SerializedFileReader},
        record::Field as Found,
    };

    fn read(path: &Path) -> (usize, Vec<Vec<Found>>) {
        let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
        let groups = reader.num_row_groups();
        let cells =
            |row: parquet::record::Row| row.into_columns().into_iter().map(|(_, cell)| cell).collect();
        let rows = reader.get_row_iter(None).unwrap().map(|row| cells(row.unwrap())).collect();
        (groups, rows)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let fields = [
            ("text", ColumnType::Text),
            ("number", ColumnType::Number),
            ("time", ColumnType::Time),
            ("day", ColumnType::Day),
            ("bytes", ColumnType::Bytes),
        ];
        let mut table = TableWriter::begin(&path, &fields, &[("offboard.size", "7".to_owned())]).unwrap();
        let (at, day) = (Time::from_millis(1_790_000_000_123), Day::new(2026, 11, 20));
        let bytes = [0, 255];
        table
            .add([
                ParquetCell::text("é"),
                ParquetCell::Number(3),
                ParquetCell::Time(at),
                ParquetCell::Day(day),
                ParquetCell::Bytes(&bytes),
            ])
            .unwrap();
        table.add(std::iter::repeat_n(ParquetCell::None, 5)).unwrap();
        assert_eq!(table.end().unwrap(), 2);
        let (groups, rows) = read(&path);
        assert_eq!(groups, 1);
        let day = i32::try_from(day.begins().as_millis() / DAY).unwrap();
        let expected = vec![
            Found::Str("é".to_owned()),
            Found::Long(3),
            Found::TimestampMillis(at.as_millis()),
            Found::Date(day),
            Found::Bytes(bytes.to_vec().into()),
        ];
        assert_eq!(rows, [expected, vec![Found::Null; 5]]);
    }

    /// However many rows there are, and however large, few of them wait in memory.
    #[test]
    fn a_table_of_any_size_waits_in_little_memory() {
        let folder = tempfile::tempdir().unwrap();
        let many = folder.path().join("many.parquet");
        let mut table = TableWriter::begin(&many, &[("n", ColumnType::Number)], &[]).unwrap();
        for n in 0..=(3 * ROWS) {
            table.add([ParquetCell::Number(n as u64)]).unwrap();
            assert!(table.rows < ROWS);
        }
        assert_eq!(table.end().unwrap(), 3 * ROWS as u64 + 1);
        assert_eq!(read(&many).0, 4);
        let large = folder.path().join("large.parquet");
        let mut table = TableWriter::begin(&large, &[("text", ColumnType::Text)], &[]).unwrap();
        for _ in 0..5 {
            table.add([ParquetCell::text("x".repeat(BYTES / 2))]).unwrap();
            assert!(table.bytes < BYTES);
        }
        table.end().unwrap();
        assert_eq!(read(&large).0, 3);
    }

    #[test]
    fn a_table_without_rows_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        assert_eq!(TableWriter::begin(&path, &[("n", ColumnType::Number)], &[]).unwrap().end().unwrap(), 0);
        assert_eq!(read(&path), (0, Vec::new()));
        assert!(
            TableWriter::begin(&path, &[("n", ColumnType::Number)], &[]).is_err(),
            "nothing is overwritten"
        );
    }
}
