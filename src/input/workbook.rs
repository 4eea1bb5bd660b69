//! What a workbook says about itself: its sheets, its shared texts, which formats are dates.

use super::{
    error::{Damage, ListFault},
    hidden::filters,
    limits::{FORMATS, PART_BYTES, SHEETS, SMALL_PART_BYTES},
    package::Package,
    source::Reopenable,
    strings::{SharedTexts, rich_text},
    xml::{Xml, XmlReader},
};
use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
};

/// A worksheet.
#[derive(Debug, Clone)]
pub(super) struct WorkbookSheet {
    pub(super) name: String,
    pub(super) visible: bool,
    pub(super) part: String,
}

/// A workbook, without its shared texts and formats.
#[derive(Debug)]
pub(super) struct Workbook {
    pub(super) package: Package,
    pub(super) sheets: Vec<WorkbookSheet>,
    pub(super) days_from_1904: bool,
    shared: Option<String>,
    styles: Option<String>,
}

/// A link from one part to another.
struct PartLink {
    id: String,
    kind: String,
    target: String,
}

impl Workbook {
    pub(super) fn open(source: &Reopenable) -> Result<Self, ListFault> {
        let package = Package::open(source)?;
        let refuse = |what| Err(ListFault::NotAWorkbook { what });
        if !package.has("_rels/.rels") {
            return if package.has("mimetype") && package.has("content.xml") {
                refuse("an OpenDocument file")
            } else {
                refuse("an archive")
            };
        }
        let roots = links(&package, "")?;
        let Some(root) = roots.iter().find(|link| link.kind == "officeDocument") else {
            return refuse("another kind of document");
        };
        let path = root.target.clone();
        match path.rsplit('/').next() {
            Some("workbook.bin") => return refuse("a binary workbook (.xlsb)"),
            Some("document.xml") => return refuse("a Word document"),
            Some("presentation.xml") => return refuse("a presentation"),
            _ => {}
        }
        let links = links(&package, &path)?;
        let first = |kind| links.iter().find(|link| link.kind == kind).map(|link| link.target.clone());
        let shared = first("sharedStrings");
        let styles = first("styles");
        let parts: HashMap<&str, &PartLink> = links.iter().map(|link| (link.id.as_str(), link)).collect();

        let mut xml = XmlReader::new(&path, package.part(&path)?, SMALL_PART_BYTES);
        let mut sheets = Vec::new();
        let mut days_from_1904 = false;
        let mut damage = None;
        loop {
            match xml.next()? {
                Xml::Start(tag, _) if tag.is("sheet") => {
                    let read = || -> Result<Option<WorkbookSheet>, Damage> {
                        let name = tag.attribute("name")?.ok_or(Damage::Xml)?;
                        let visible = matches!(tag.attribute("state")?.as_deref(), None | Some("visible"));
                        let id = tag.attribute("id")?.ok_or(Damage::Xml)?;
                        let link = parts.get(id.as_str()).ok_or(Damage::Missing)?;
                        let part = link.target.clone();
                        // Chart sheets and macro sheets have no rows.
                        Ok((link.kind == "worksheet").then_some(WorkbookSheet { name, visible, part }))
                    };
                    match read() {
                        Ok(sheet) => sheets.extend(sheet),
                        Err(found) => damage = Some(found),
                    }
                    if sheets.len() > SHEETS {
                        damage = Some(Damage::TooManyParts);
                    }
                }
                Xml::Start(tag, _) if tag.is("workbookPr") => {
                    if let Ok(Some(flag)) = tag.attribute("date1904") {
                        days_from_1904 = flag == "1" || flag == "true";
                    }
                }
                Xml::Eof => break,
                _ => {}
            }
            if let Some(damage) = damage {
                return Err(xml.damaged(damage));
            }
        }
        drop(parts);
        Ok(Self { package, sheets, days_from_1904, shared, styles })
    }

    /// The texts that cells share.
    pub(super) fn shared_texts(&self) -> Result<SharedTexts, ListFault> {
        let mut texts = SharedTexts::default();
        let Some(part) = &self.shared else { return Ok(texts) };
        let mut xml = XmlReader::new(part, self.package.part(part)?, PART_BYTES);
        loop {
            match xml.next()? {
                Xml::Start(tag, closed) if tag.is("si") => {
                    let text = if closed { String::new() } else { rich_text(&mut xml, "si")? };
                    if !texts.push(&text) {
                        return Err(xml.damaged(Damage::TooLarge));
                    }
                }
                Xml::Eof => return Ok(texts),
                _ => {}
            }
        }
    }

    /// The rows among which a table of this sheet is filtered.
    pub(super) fn filtered_by_tables(
        &self,
        sheet: &WorkbookSheet,
    ) -> Result<Vec<RangeInclusive<u32>>, ListFault> {
        let mut rows = Vec::new();
        if !self.package.has(&rels_of(&sheet.part)) {
            return Ok(rows);
        }
        for link in links(&self.package, &sheet.part)?.iter().filter(|link| link.kind == "table") {
            let mut xml = XmlReader::new(&link.target, self.package.part(&link.target)?, SMALL_PART_BYTES);
            rows.extend(filters(&mut xml)?);
        }
        Ok(rows)
    }

    /// For each cell format, whether it shows a number as a date.
    pub(super) fn date_formats(&self) -> Result<Vec<bool>, ListFault> {
        let mut formats = Vec::new();
        let Some(part) = &self.styles else { return Ok(formats) };
        let mut xml = XmlReader::new(part, self.package.part(part)?, SMALL_PART_BYTES);
        let mut dates: HashSet<u32> = (14..=22).chain(27..=36).chain(45..=47).chain(50..=58).collect();
        let mut in_cells = false;
        loop {
            match xml.next()? {
                Xml::Start(tag, _) if tag.is("numFmt") => {
                    let id = tag.attribute("numFmtId").ok().flatten().and_then(|id| id.parse().ok());
                    let code = tag.attribute("formatCode").ok().flatten();
                    if let (Some(id), Some(code)) = (id, code)
                        && dates.len() < FORMATS
                        && is_date_code(&code)
                    {
                        dates.insert(id);
                    }
                }
                Xml::Start(tag, _) if tag.is("cellXfs") => in_cells = true,
                Xml::End(tag) if tag.is("cellXfs") => in_cells = false,
                Xml::Start(tag, _) if in_cells && tag.is("xf") && formats.len() < FORMATS => {
                    let id = tag.attribute("numFmtId").ok().flatten().and_then(|id| id.parse().ok());
                    formats.push(id.is_some_and(|id| dates.contains(&id)));
                }
                Xml::Eof => return Ok(formats),
                _ => {}
            }
        }
    }
}

/// The part with the links of a part.
fn rels_of(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}_rels/{name}.rels")
}

/// The links of a part; of the package itself if the path is empty.
fn links(package: &Package, path: &str) -> Result<Vec<PartLink>, ListFault> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let part = rels_of(path);
    let mut xml = XmlReader::new(&part, package.part(&part)?, SMALL_PART_BYTES);
    let mut links = Vec::new();
    loop {
        match xml.next()? {
            Xml::Start(tag, _) if tag.is("Relationship") => {
                let value = |name| tag.attribute(name).ok().flatten().unwrap_or_default();
                let kind = value("Type").rsplit('/').next().unwrap_or_default().to_owned();
                let target = resolved(folder, &value("Target"));
                links.push(PartLink { id: value("Id"), kind, target });
            }
            Xml::Eof => return Ok(links),
            _ => {}
        }
    }
}

/// A target, seen from a folder.
fn resolved(folder: &str, target: &str) -> String {
    let (folder, target) = match target.strip_prefix('/') {
        Some(absolute) => ("", absolute),
        None => (folder, target),
    };
    let mut path: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}

/// Whether a number format shows a date or a time: it has a letter of one outside quotation marks
/// and brackets.
fn is_date_code(code: &str) -> bool {
    let mut quoted = false;
    let mut bracketed = false;
    let mut escaped = false;
    for c in code.chars() {
        match c {
            _ if escaped => escaped = false,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => escaped = true,
            '[' => bracketed = true,
            ']' => bracketed = false,
            _ if bracketed => {}
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_show_dates_are_known() {
        for code in ["yyyy-mm-dd", "d/m/yy", "[$-409]h:mm AM/PM", "\"on\" dd"] {
            assert!(is_date_code(code), "{code}");
        }
        for code in ["0.00", "General", "\"days\" 0", "[Red]0", "#,##0\\d", "0_d"] {
            assert!(!is_date_code(code), "{code}");
        }
    }

    #[test]
    fn targets_are_seen_from_their_folder() {
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/sharedStrings.xml"), "xl/sharedStrings.xml");
        assert_eq!(resolved("xl/a", "../../../b.xml"), "b.xml");
    }
}
