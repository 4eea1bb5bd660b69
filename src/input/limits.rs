//! How much a list may be, and why. Every limit is far above an honest list and far below what
//! would hurt the machine that reads a dishonest one.

/// A CSV file is streamed, so this only bounds the time: a million rows with names are 100 MiB.
pub(super) const CSV_BYTES: u64 = 256 << 20;

/// A workbook as it lies on disk. A million rows of two columns are about 40 MiB.
pub(super) const WORKBOOK_BYTES: u64 = 64 << 20;

/// The longest cell. A name, a domain or a remark is far below; Excel itself ends at 32,767
/// characters.
pub(super) const FIELD_BYTES: usize = 8 << 10;

/// The longest row. It is also what an unclosed quotation mark can swallow before it is noticed.
pub(super) const ROW_BYTES: usize = 64 << 10;

/// The widest list. Partner Center's own exports have fewer than fifty columns.
pub(super) const COLUMNS: usize = 256;

/// The most rows of data. The table of IDs already seen then takes about 90 MiB.
pub(super) const ROWS: u32 = 2_000_000;

/// The last row of a worksheet, by the file format.
pub(super) const SHEET_ROWS: u32 = 1_048_576;

/// The columns of a worksheet, by the file format.
pub(super) const SHEET_COLUMNS: usize = 16_384;

/// The most files in a workbook. Excel writes a dozen, and a few for each sheet and picture.
pub(super) const PARTS: u64 = 4_096;

/// The table of contents of a workbook, which is held in memory while it is read.
pub(super) const DIRECTORY_BYTES: u64 = 1 << 20;

/// What one part of a workbook may unpack to. Sheets are streamed, so this bounds the time that
/// a file packed 1000:1 can take. A million rows of six texts are about 250 MiB.
pub(super) const PART_BYTES: u64 = 256 << 20;

/// The parts that say where things are (the workbook, its styles, its relationships).
pub(super) const SMALL_PART_BYTES: u64 = 8 << 20;

/// The texts that the cells of a workbook share. They are the one thing of a workbook that is
/// held in memory: a million IDs and a million names are 70 MiB.
pub(super) const SHARED_BYTES: usize = 96 << 20;

/// How many texts are shared; each costs four bytes beside its characters.
pub(super) const SHARED_TEXTS: usize = 4 << 20;

/// The longest tag or run of text in a part. 32,767 characters are at most 196,602 bytes when
/// every one of them is escaped.
pub(super) const TOKEN_BYTES: u64 = 256 << 10;

/// How deep tags may be nested. Sheets need about eight.
pub(super) const DEPTH: u32 = 64;

/// The most cell formats that Excel allows.
pub(super) const FORMATS: usize = 65_536;

/// The most sheets that are looked at.
pub(super) const SHEETS: usize = 256;
