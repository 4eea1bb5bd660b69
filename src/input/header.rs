//! Which column is which, and which row is the header.

use super::{
    Options,
    csv::Separator,
    error::ListFault,
    headings::{Holds, is_one, plain},
    table::{TableCell, TableReader, TableRow},
    text,
};
use crate::domain::{Hidden, IdError, TenantId};

/// How many rows are looked at for a header, when the first is none.
const LOOKED_AT: usize = 40;
/// How many rows below what looks like a header are looked at for an ID.
const BELOW: usize = 5;

/// The column of a list that has only IDs and no header.
const ONLY_COLUMN: &str = "customer_tenant_id";

/// Where things are in a list, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListLayout {
    pub(super) columns: Vec<String>,
    /// None: the list has no IDs yet.
    pub(super) id: Option<usize>,
    pub(super) name: Option<usize>,
    pub(super) domain: Option<usize>,
    /// The row of the header, if the list has one.
    pub(super) header: Option<u32>,
    /// What becomes of hidden rows.
    pub(super) hidden: Option<Hidden>,
    /// What stands between the cells of a text whose marks are quotation marks.
    pub(super) separator: Option<Separator>,
    /// The sheet of a workbook.
    pub(super) sheet: Option<String>,
}

impl ListLayout {
    pub(super) fn header(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", String::as_str)
    }
}

/// Finds the header, and that there is at least one row below it.
///
/// The header is the first row that is not blank and that somebody sees, unless `--header-row` names another. What
/// only looks like one further down is proposed, never taken: what stands above it might be a row of the list.
pub(super) fn find(table: &mut dyn TableReader, options: &Options) -> Result<ListLayout, ListFault> {
    let takes_hidden = options.hidden == Some(Hidden::Take);
    let mut above: Vec<TableRow> = Vec::new();
    let first = loop {
        let Some(line) = table.next_filled()? else {
            return Err(match options.header_row {
                Some(row) => ListFault::NoHeaderRow { row },
                None if above.is_empty() => ListFault::Empty,
                None => ListFault::OnlyHiddenRows,
            });
        };
        match options.header_row {
            Some(wanted) if line.row < wanted => {}
            Some(wanted) if line.row > wanted => return Err(ListFault::NoHeaderRow { row: wanted }),
            None if line.hidden.is_some() && !takes_hidden => {
                if above.len() < LOOKED_AT {
                    above.push(line);
                }
            }
            Some(_) | None => break line,
        }
    };
    match locate(first.row, &first.cells, options) {
        Ok(layout) if layout.header.is_some() && table.next_filled()?.is_none() => Err(ListFault::NoRows),
        Err(ListFault::HeaderMissing { .. }) if options.header_row.is_some() => {
            Err(ListFault::HeaderIsData { row: first.row })
        }
        Err(fault) if fault.is_no_match() && options.header_row.is_none() => {
            let looks_like_it = |line: &&TableRow| {
                locate(line.row, &line.cells, options).is_ok_and(|found| found.header.is_some())
            };
            if let Some(line) = above.iter().find(looks_like_it) {
                return Err(ListFault::HiddenHeader { row: line.row });
            }
            Err(further_down(table, &first, options).unwrap_or(fault))
        }
        other => other,
    }
}

/// The first row further down that looks like a header: its headings are known, and an ID stands below.
fn further_down(table: &mut dyn TableReader, first: &TableRow, options: &Options) -> Option<ListFault> {
    // What cannot be read down there is not what is wrong here.
    let lines: Vec<TableRow> = (0..LOOKED_AT).map_while(|_| table.next_filled().ok().flatten()).collect();
    lines.iter().enumerate().find_map(|(at, line)| {
        let layout = locate(line.row, &line.cells, options).ok()?;
        layout.header?;
        let is_row = |line: &TableRow| match layout.id {
            Some(id) => line.cells.get(id).is_some_and(|cell| looks_like_an_id(cell.shown())),
            None => true,
        };
        let has_row = lines.iter().skip(at + 1).take(BELOW).any(is_row);
        let named: Vec<usize> = [layout.id, layout.name, layout.domain].into_iter().flatten().collect();
        let headers = named.iter().map(|at| text::shown(layout.header(*at))).collect();
        has_row.then_some(ListFault::HeaderBelow { first: first.row, row: line.row, headers, sheet: None })
    })
}

/// Finds the columns in a row that should be the header.
fn locate(row: u32, cells: &[TableCell], options: &Options) -> Result<ListLayout, ListFault> {
    let used = cells.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1);
    let columns: Vec<String> = cells.iter().take(used).map(|cell| cell.shown().to_owned()).collect();
    let names: Vec<String> = columns.iter().map(|header| plain(header)).collect();
    let is_data = cells.iter().any(|cell| looks_like_an_id(cell.shown()));
    let headless = |fault| if is_data { ListFault::HeaderMissing { row } } else { fault };

    let chosen_id =
        chosen("ID", "--column", options.column.as_deref(), &columns, &names).map_err(headless)?;
    let chosen_name = chosen("name", "--name-column", options.name_column.as_deref(), &columns, &names)
        .map_err(headless)?;
    if let (Some(id), Some(name)) = (chosen_id, chosen_name)
        && id == name
    {
        return Err(ListFault::SameColumn {
            header: text::shown(columns.get(id).map_or("", String::as_str)),
        });
    }
    // A column that was named for one thing is no candidate for another.
    let guess = |what, option, holds| {
        let free = |at: &usize| Some(*at) != chosen_id && Some(*at) != chosen_name;
        let found: Vec<usize> = positions(&names, |name| is_one(name, holds)).filter(free).collect();
        single(what, option, &found, &columns)
    };
    let layout = |columns, id, header| ListLayout {
        columns,
        id,
        name: None,
        domain: None,
        header,
        hidden: options.hidden,
        separator: None,
        sheet: None,
    };
    let id = match chosen_id {
        Some(id) => Some(id),
        None => guess("ID", Some("--column"), Holds::Id)?,
    };
    if options.without_ids {
        if let Some(id) = id {
            return Err(ListFault::HasIds {
                header: text::shown(columns.get(id).map_or("", String::as_str)),
            });
        }
        let name = match chosen_name {
            Some(name) => Some(name),
            None => guess("name", Some("--name-column"), Holds::Name)?,
        };
        let domain = guess("domain", None, Holds::Domain)?;
        if name.or(domain).is_none() {
            return Err(ListFault::NothingToMatch { row, headers: quoted(&columns) });
        }
        return Ok(ListLayout { name, domain, ..layout(columns, None, Some(row)) });
    }
    let Some(id) = id else {
        let only = columns.len() == 1 && is_data && options.name_column.is_none();
        if only && options.header_row.is_none() {
            return Ok(layout(vec![ONLY_COLUMN.to_owned()], Some(0), None));
        }
        return Err(headless(ListFault::NoIdColumn { row, headers: quoted(&columns) }));
    };
    let name = match chosen_name {
        Some(name) => Some(name),
        None => guess("name", Some("--name-column"), Holds::Name)?,
    };
    let domain = guess("domain", None, Holds::Domain)?;
    Ok(ListLayout { name, domain, ..layout(columns, Some(id), Some(row)) })
}

/// The column that an option names.
fn chosen(
    what: &'static str,
    option: &'static str,
    wanted: Option<&str>,
    columns: &[String],
    names: &[String],
) -> Result<Option<usize>, ListFault> {
    let Some(wanted) = wanted else { return Ok(None) };
    let wanted_plain = plain(wanted);
    let is_it = |name: &str| !wanted_plain.is_empty() && name == wanted_plain;
    let found: Vec<usize> = positions(names, is_it).collect();
    match single(what, Some(option), &found, columns)? {
        Some(at) => Ok(Some(at)),
        None => {
            Err(ListFault::ColumnNotFound { option, wanted: text::shown(wanted), headers: quoted(columns) })
        }
    }
}

fn positions(names: &[String], fits: impl Fn(&str) -> bool) -> impl Iterator<Item = usize> {
    names.iter().enumerate().filter(move |(_, name)| fits(name)).map(|(at, _)| at)
}

fn single(
    what: &'static str,
    option: Option<&'static str>,
    found: &[usize],
    columns: &[String],
) -> Result<Option<usize>, ListFault> {
    if found.len() > 1 {
        let headers =
            found.iter().filter_map(|at| columns.get(*at)).map(|header| text::shown(header)).collect();
        return Err(ListFault::AmbiguousColumn { what, headers, option });
    }
    Ok(found.first().copied())
}

fn quoted(headers: &[String]) -> Vec<String> {
    headers.iter().map(|header| text::shown(header)).collect()
}

pub(super) fn looks_like_an_id(text: &str) -> bool {
    matches!(tenant_id(text), Ok(_) | Err(IdError::Nil))
}

/// Reads an ID from a cell: what is blank around it does not matter, inside its braces and its text marker neither.
pub(super) fn tenant_id(text: &str) -> Result<TenantId, IdError> {
    let bare = text::trimmed(unmarked(text).unwrap_or(text));
    match bare.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
        Some(inner) => format!("{{{}}}", text::trimmed(inner)).parse(),
        None => bare.parse(),
    }
}

/// The text without the marker that has Excel take it for text: `="…"`, or `'` before it. Nothing if it has none.
pub(super) fn unmarked(text: &str) -> Option<&str> {
    let bare = text::trimmed(text);
    let between = bare.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    between.or_else(|| bare.strip_prefix('\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a0b0c0d-1111-4222-8333-444444444444";

    fn find_in(headers: &[&str], options: &Options) -> Result<ListLayout, ListFault> {
        let cells: Vec<TableCell> = headers.iter().map(|text| TableCell::Text((*text).to_owned())).collect();
        locate(1, &cells, options)
    }

    fn guess(headers: &[&str]) -> Result<ListLayout, ListFault> {
        find_in(headers, &Options::default())
    }

    #[test]
    fn every_alias_is_found_however_it_is_written() {
        for id in
            ["Customer Tenant ID", "TENANT-ID", "customer_id", "Microsoft\u{a0}Id", "\u{feff}id\u{200b}"]
        {
            for name in ["Customer Name", "company-name", "NAME", "Customer", "displayName"] {
                for domain in [
                    "Domain",
                    "Primary_Domain",
                    "primary domain name",
                    "Default-Domain",
                    "CustomerDomainName",
                ] {
                    let layout = guess(&["Remark", domain, id, name]).unwrap();
                    assert_eq!((layout.id, layout.name, layout.domain), (Some(2), Some(3), Some(1)));
                }
            }
        }
    }

    #[test]
    fn two_candidates_are_an_error_that_names_the_option() {
        for (headers, option) in [
            (["Tenant ID", "id", "x"], "--column"),
            (["Tenant ID", "Name", "Customer Name"], "--name-column"),
            (["Tenant ID", "Domain", "Primary domain"], "rename"),
            (["Tenant ID", "tenant_id", "x"], "--column"),
        ] {
            let error = guess(&headers).unwrap_err().to_string();
            assert!(error.contains(option), "{error}");
        }
    }

    #[test]
    fn an_option_decides_between_candidates() {
        let options = Options { column: Some("ID".into()), ..Options::default() };
        assert_eq!(find_in(&["Tenant ID", "id"], &options).unwrap().id, Some(1));
        let options = Options { name_column: Some("company_name".into()), ..Options::default() };
        assert_eq!(find_in(&["Name", "Company Name", "id"], &options).unwrap().name, Some(1));
        // What is named for the ID is no candidate for the name.
        let options = Options { column: Some("customer".into()), ..Options::default() };
        assert_eq!(find_in(&["Customer", "Name"], &options).unwrap().name, Some(1));
    }

    #[test]
    fn an_option_that_fits_no_column_lists_the_headers() {
        let options = Options { column: Some("GUID".into()), ..Options::default() };
        let error = find_in(&["Tenant ID", "Contact"], &options).unwrap_err().to_string();
        assert!(error.contains("`GUID`") && error.contains("`Contact`"), "{error}");
        let options = Options { column: Some(" ".into()), ..Options::default() };
        assert!(matches!(find_in(&["Tenant ID"], &options), Err(ListFault::ColumnNotFound { .. })));
    }

    #[test]
    fn one_column_cannot_be_both() {
        let options =
            Options { column: Some("id".into()), name_column: Some("ID".into()), ..Options::default() };
        assert!(matches!(find_in(&["id", "x"], &options), Err(ListFault::SameColumn { .. })));
    }

    #[test]
    fn a_single_column_of_ids_needs_no_header() {
        let layout = guess(&[ID, "", ""]).unwrap();
        assert_eq!((layout.columns, layout.header), (vec![ONLY_COLUMN.to_owned()], None));
    }

    #[test]
    fn data_in_the_first_row_says_that_the_header_is_missing() {
        assert!(matches!(guess(&["Contoso", ID]), Err(ListFault::HeaderMissing { row: 1 })));
        let options = Options { column: Some("id".into()), ..Options::default() };
        assert!(matches!(find_in(&[ID], &options), Err(ListFault::HeaderMissing { row: 1 })));
    }

    #[test]
    fn a_list_without_an_id_column_says_which_headers_it_has() {
        let error = guess(&["Name", "Contact"]).unwrap_err().to_string();
        assert!(error.contains("--column") && error.contains("`Contact`"), "{error}");
    }

    #[test]
    fn equal_headers_matter_only_where_they_are_used() {
        assert_eq!(guess(&["Remark", "Remark", "id"]).unwrap().id, Some(2));
        let options = Options { column: Some("Key".into()), ..Options::default() };
        assert!(matches!(find_in(&["Key", "Key"], &options), Err(ListFault::AmbiguousColumn { .. })));
    }

    #[test]
    fn blanks_around_an_id_and_inside_its_braces_do_not_matter() {
        let upper = ID.to_uppercase();
        for text in [format!("\u{a0}{upper}\u{200b} "), format!("{{ {ID}\t}}"), format!("\u{feff}{{{ID}}}\n")]
        {
            assert_eq!(tenant_id(&text).unwrap().to_string(), ID);
        }
        assert!(tenant_id(&format!("{{{{{ID}}}}}")).is_err());
        assert!(tenant_id(&format!("{ID} x")).is_err());
        assert!(tenant_id(&format!("'{ID}'")).is_err());
        for text in [format!("=\"{ID}\""), format!("'{ID}"), format!(" '{{{ID}}} ")] {
            assert_eq!(tenant_id(&text).unwrap().to_string(), ID);
        }
    }
}
