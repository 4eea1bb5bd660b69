//! What the room promises as a whole: from bytes to rows.

mod bombs;
mod csv;
mod mutated;
mod properties;
mod xlsx;

use super::{List, ListError, ListFault, ListRow, Options};
use flate2::{Compression, Crc, write::DeflateEncoder};
use std::io::Write;

const ID: &str = "0a0b0c0d-1111-4222-8333-444444444444";
const OTHER: &str = "0a0b0c0d-1111-4222-8333-555555555555";

fn read_with(bytes: &[u8], options: &Options) -> Result<Vec<ListRow>, ListError> {
    List::from_bytes("list", bytes, options)?.rows()?.collect()
}

fn read(bytes: &[u8]) -> Result<Vec<ListRow>, ListFault> {
    read_with(bytes, &Options::default()).map_err(|error| error.fault)
}

fn list(bytes: &[u8]) -> List {
    List::from_bytes("list", bytes, &Options::default()).unwrap()
}

fn sheet_option(name: &str) -> Options {
    Options { sheet: Some(name.to_owned()), ..Options::default() }
}

/// An archive, made by hand so that it can be dishonest.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Archive {
    fn add(&mut self, name: &str, chunks: impl IntoIterator<Item = Vec<u8>>) -> &mut Self {
        let mut crc = Crc::new();
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        for chunk in chunks {
            crc.update(&chunk);
            encoder.write_all(&chunk).unwrap();
        }
        let packed = encoder.finish().unwrap();
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
        common.extend(crc.sum().to_le_bytes());
        common.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        common.extend(crc.amount().to_le_bytes());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        let start = u32::try_from(self.bytes.len()).unwrap();
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(packed);
        self.directory.extend(b"PK\x01\x02\x14\0");
        self.directory.extend(common);
        self.directory.extend([0; 10]);
        self.directory.extend(start.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.entries += 1;
        self
    }

    fn finish(&self) -> Vec<u8> {
        self.finish_claiming(self.entries)
    }

    fn finish_claiming(&self, entries: u16) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes.extend(&self.directory);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend(entries.to_le_bytes());
        bytes.extend(entries.to_le_bytes());
        bytes.extend(u32::try_from(self.directory.len()).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(self.bytes.len()).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }

    /// The wide form of the end, which some programs always write.
    fn finish_wide(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let start = bytes.len() as u64;
        bytes.extend(&self.directory);
        let end = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(u64::from(self.entries).to_le_bytes());
        bytes.extend(u64::from(self.entries).to_le_bytes());
        bytes.extend((end - start).to_le_bytes());
        bytes.extend(start.to_le_bytes());
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(end.to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([0xff; 12]);
        bytes.extend([0, 0]);
        bytes
    }
}

const LINK: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook of one sheet, without the parts for its texts, formats and rows.
fn bare_workbook() -> Archive {
    let one = |text: String| [text.into_bytes()];
    let mut archive = Archive::default();
    archive.add(
        "_rels/.rels",
        one(format!("<Relationships><Relationship Id='a' Type='{LINK}/officeDocument' Target='xl/workbook.xml'/></Relationships>")),
    );
    archive.add(
        "xl/workbook.xml",
        one("<workbook><sheets><sheet name='S' sheetId='1' r:id='s'/></sheets></workbook>".to_owned()),
    );
    archive.add(
        "xl/_rels/workbook.xml.rels",
        one(format!(
            "<Relationships><Relationship Id='s' Type='{LINK}/worksheet' Target='worksheets/sheet1.xml'/>\
             <Relationship Id='t' Type='{LINK}/sharedStrings' Target='sharedStrings.xml'/>\
             <Relationship Id='f' Type='{LINK}/styles' Target='styles.xml'/></Relationships>"
        )),
    );
    archive
}

const NO_TEXTS: &str = "<sst/>";
const NO_STYLES: &str = "<styleSheet/>";

/// A workbook whose sheet has these rows, as XML.
fn workbook(rows: &str) -> Vec<u8> {
    archive_of(rows).finish()
}

fn archive_of(rows: &str) -> Archive {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let mut archive = bare_workbook();
    archive.add("xl/sharedStrings.xml", [NO_TEXTS.into()]);
    archive.add("xl/styles.xml", [NO_STYLES.into()]);
    archive.add("xl/worksheets/sheet1.xml", [sheet.into_bytes()]);
    archive
}
