//! Which column is which.

use super::{Options, error::Fault, table::Cell, text};
use crate::domain::{IdError, TenantId};

const ID: &[&str] = &["customertenantid", "tenantid", "customerid", "microsoftid", "id"];
const NAME: &[&str] = &["customername", "companyname", "name", "customer"];
const DOMAIN: &[&str] = &["domain", "primarydomain", "primarydomainname", "defaultdomain"];

/// The column of a list that has only IDs and no header.
const ONLY_COLUMN: &str = "customer_tenant_id";

/// Where things are in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) columns: Vec<String>,
    pub(super) id: usize,
    pub(super) name: Option<usize>,
    pub(super) domain: Option<usize>,
    /// Whether the first row is a header, not data.
    pub(super) has_header: bool,
}

impl Layout {
    pub(super) fn header(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", String::as_str)
    }
}

/// Finds the columns in the first row of a list that is not blank.
pub(super) fn locate(row: u32, cells: &[Cell], options: &Options) -> Result<Layout, Fault> {
    let used = cells.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1);
    let columns: Vec<String> = cells.iter().take(used).map(|cell| cell.shown().to_owned()).collect();
    let names: Vec<String> = columns.iter().map(|header| normalised(header)).collect();
    let is_data = cells.iter().any(|cell| looks_like_an_id(cell.shown()));
    let headless = |fault| if is_data { Fault::HeaderMissing { row } } else { fault };

    let chosen_id =
        chosen("ID", "--column", options.column.as_deref(), &columns, &names).map_err(headless)?;
    let chosen_name = chosen("name", "--name-column", options.name_column.as_deref(), &columns, &names)
        .map_err(headless)?;
    if let (Some(id), Some(name)) = (chosen_id, chosen_name)
        && id == name
    {
        return Err(Fault::SameColumn { header: text::shown(columns.get(id).map_or("", String::as_str)) });
    }
    // A column that was named for one thing is no candidate for another.
    let guess = |what, option, aliases: &[&str]| {
        let free = |at: &usize| Some(*at) != chosen_id && Some(*at) != chosen_name;
        let found: Vec<usize> = positions(&names, |name| aliases.contains(&name)).filter(free).collect();
        single(what, option, &found, &columns)
    };
    let id = match chosen_id {
        Some(id) => Some(id),
        None => guess("ID", Some("--column"), ID)?,
    };
    let Some(id) = id else {
        let only = columns.len() == 1 && is_data && options.name_column.is_none();
        if only {
            let columns = vec![ONLY_COLUMN.to_owned()];
            return Ok(Layout { columns, id: 0, name: None, domain: None, has_header: false });
        }
        return Err(headless(Fault::NoIdColumn { headers: quoted(&columns) }));
    };
    let name = match chosen_name {
        Some(name) => Some(name),
        None => guess("name", Some("--name-column"), NAME)?,
    };
    let domain = guess("domain", None, DOMAIN)?;
    Ok(Layout { columns, id, name, domain, has_header: true })
}

/// The column that an option names.
fn chosen(
    what: &'static str,
    option: &'static str,
    wanted: Option<&str>,
    columns: &[String],
    names: &[String],
) -> Result<Option<usize>, Fault> {
    let Some(wanted) = wanted else { return Ok(None) };
    let plain = normalised(wanted);
    let found: Vec<usize> = positions(names, |name| !plain.is_empty() && name == plain).collect();
    match single(what, Some(option), &found, columns)? {
        Some(at) => Ok(Some(at)),
        None => Err(Fault::ColumnNotFound { option, wanted: text::shown(wanted), headers: quoted(columns) }),
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
) -> Result<Option<usize>, Fault> {
    if found.len() > 1 {
        let headers =
            found.iter().filter_map(|at| columns.get(*at)).map(|header| text::shown(header)).collect();
        return Err(Fault::AmbiguousColumn { what, headers, option });
    }
    Ok(found.first().copied())
}

fn quoted(headers: &[String]) -> Vec<String> {
    headers.iter().map(|header| text::shown(header)).collect()
}

/// A header without what people write in different ways: case, blanks, hyphens, underscores.
fn normalised(header: &str) -> String {
    let ignored = |c: char| text::is_blank(c) || matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}');
    header.chars().filter(|c| !ignored(*c)).flat_map(char::to_lowercase).collect()
}

fn looks_like_an_id(text: &str) -> bool {
    matches!(tenant_id(text), Ok(_) | Err(IdError::Nil))
}

/// Reads an ID from a cell: what is blank around it does not matter, inside its braces neither.
pub(super) fn tenant_id(text: &str) -> Result<TenantId, IdError> {
    let bare = text::trimmed(text);
    match bare.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
        Some(inner) => format!("{{{}}}", text::trimmed(inner)).parse(),
        None => bare.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a0b0c0d-1111-4222-8333-444444444444";

    fn find(headers: &[&str], options: &Options) -> Result<Layout, Fault> {
        let cells: Vec<Cell> = headers.iter().map(|text| Cell::Text((*text).to_owned())).collect();
        locate(1, &cells, options)
    }

    fn guess(headers: &[&str]) -> Result<Layout, Fault> {
        find(headers, &Options::default())
    }

    #[test]
    fn every_alias_is_found_however_it_is_written() {
        for id in
            ["Customer Tenant ID", "TENANT-ID", "customer_id", "Microsoft\u{a0}Id", "\u{feff}id\u{200b}"]
        {
            for name in ["Customer Name", "company-name", "NAME", "Customer"] {
                for domain in ["Domain", "Primary_Domain", "primary domain name", "Default-Domain"] {
                    let layout = guess(&["Remark", domain, id, name]).unwrap();
                    assert_eq!((layout.id, layout.name, layout.domain), (2, Some(3), Some(1)));
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
        assert_eq!(find(&["Tenant ID", "id"], &options).unwrap().id, 1);
        let options = Options { name_column: Some("company_name".into()), ..Options::default() };
        assert_eq!(find(&["Name", "Company Name", "id"], &options).unwrap().name, Some(1));
        // What is named for the ID is no candidate for the name.
        let options = Options { column: Some("customer".into()), ..Options::default() };
        assert_eq!(find(&["Customer", "Name"], &options).unwrap().name, Some(1));
    }

    #[test]
    fn an_option_that_fits_no_column_lists_the_headers() {
        let options = Options { column: Some("GUID".into()), ..Options::default() };
        let error = find(&["Tenant ID", "Contact"], &options).unwrap_err().to_string();
        assert!(error.contains("`GUID`") && error.contains("`Contact`"), "{error}");
        let options = Options { column: Some(" ".into()), ..Options::default() };
        assert!(matches!(find(&["Tenant ID"], &options), Err(Fault::ColumnNotFound { .. })));
    }

    #[test]
    fn one_column_cannot_be_both() {
        let options =
            Options { column: Some("id".into()), name_column: Some("ID".into()), ..Options::default() };
        assert!(matches!(find(&["id", "x"], &options), Err(Fault::SameColumn { .. })));
    }

    #[test]
    fn a_single_column_of_ids_needs_no_header() {
        let layout = guess(&[ID, "", ""]).unwrap();
        assert_eq!((layout.columns, layout.has_header), (vec![ONLY_COLUMN.to_owned()], false));
    }

    #[test]
    fn data_in_the_first_row_says_that_the_header_is_missing() {
        assert!(matches!(guess(&["Contoso", ID]), Err(Fault::HeaderMissing { row: 1 })));
        let options = Options { column: Some("id".into()), ..Options::default() };
        assert!(matches!(find(&[ID], &options), Err(Fault::HeaderMissing { row: 1 })));
    }

    #[test]
    fn a_list_without_an_id_column_says_which_headers_it_has() {
        let error = guess(&["Name", "Contact"]).unwrap_err().to_string();
        assert!(error.contains("--column") && error.contains("`Contact`"), "{error}");
    }

    #[test]
    fn equal_headers_matter_only_where_they_are_used() {
        assert_eq!(guess(&["Remark", "Remark", "id"]).unwrap().id, 2);
        let options = Options { column: Some("Key".into()), ..Options::default() };
        assert!(matches!(find(&["Key", "Key"], &options), Err(Fault::AmbiguousColumn { .. })));
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
    }
}
