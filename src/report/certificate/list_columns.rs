//! Columns of the list beside the customer's ID, name and domain: notes of the partner, which are no part of what a
//! customer is shown unless somebody says so.

use super::{
    check,
    draft::{CannotProve, DraftRecord},
    form::WithheldBecause,
};
use crate::{
    domain::{RunId, Seq, TenantId, is_taken_out},
    record::{Event, InputFile, Record, RowRead},
};

/// Withholds each row of the list that has more than ID, name and domain. A record is shown whole or not at all, since
/// its hash is that of the whole.
pub(super) fn withhold_rows(
    run: &RunId,
    customer: TenantId,
    drafts: &mut [DraftRecord],
) -> Result<(), CannotProve> {
    if is_taken_out("a-certificate-with-every-column") {
        return Ok(());
    }
    let is_named = |drafts: &[DraftRecord]| {
        let shown = drafts.iter().filter(|draft| draft.why.is_none());
        let shown: Vec<(Seq, &Record)> = shown.map(|draft| (draft.seq, &draft.record)).collect();
        check::pick(run, customer, shown.into_iter()).is_some()
    };
    let was_named = is_named(drafts);
    let list = drafts.iter().find_map(|draft| match &draft.record.event {
        Event::RunOpened(opened) if draft.record.run.as_ref() == Some(run) => Some(opened.input.clone()),
        _ => None,
    });
    for draft in drafts.iter_mut() {
        if let Event::RowRead(read) = &draft.record.event
            && has_others(read, list.as_ref())
        {
            draft.why.get_or_insert(WithheldBecause::OtherColumns);
        }
    }
    if was_named && !is_named(drafts) {
        return Err(CannotProve::RowAlone { customer });
    }
    Ok(())
}

/// Whether the row has other columns than those of ID, name and domain. Where it is not on record which columns those
/// are, its cells tell: each must be empty, or be one of the three.
fn has_others(read: &RowRead, list: Option<&InputFile>) -> bool {
    let Some((list, reading)) = list.and_then(|list| Some((list, list.reading.as_ref()?))) else {
        return !read.cells.iter().all(|cell| is_known(cell.trim(), read));
    };
    let place = |heading: &String| list.columns.iter().position(|column| column == heading);
    let headings = [Some(&reading.id_column), reading.name_column.as_ref(), reading.domain_column.as_ref()];
    let known = headings.map(|heading| heading.and_then(place));
    (0..read.cells.len().max(list.columns.len())).any(|at| !known.contains(&Some(at)))
}

fn is_known(cell: &str, read: &RowRead) -> bool {
    let is_id = || cell.parse::<TenantId>().is_ok_and(|id| Some(id) == read.customer);
    let is = |field: &Option<String>| field.as_deref() == Some(cell);
    cell.is_empty() || is(&read.name) || is(&read.domain) || is_id()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ListReading, Sha256};

    fn row(cells: &[&str]) -> RowRead {
        let customer = "c0000000-0000-4000-8000-000000000001".parse().unwrap();
        RowRead {
            row: 2,
            customer: Some(customer),
            name: Some("Contoso".to_owned()),
            domain: Some("contoso.example".to_owned()),
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        }
    }

    fn list(columns: &[&str], name: Option<&str>, is_told: bool) -> InputFile {
        let reading = ListReading {
            id_column: "ID".to_owned(),
            name_column: name.map(str::to_owned),
            ..ListReading::default()
        };
        InputFile {
            file: "list.csv".to_owned(),
            sha256: Sha256::of(&[]),
            rows: 1,
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            reading: is_told.then_some(reading),
        }
    }

    #[test]
    fn the_columns_of_the_list_decide_and_not_what_is_in_them() {
        let has = |columns: &[&str], name, cells: &[&str]| {
            has_others(&row(cells), Some(&list(columns, name, true)))
        };
        assert!(!has(&["ID", "Name"], Some("Name"), &["{C0000000}", "contoso ltd."]));
        assert!(!has(&["ID"], None, &["x"]));
        assert!(has(&["ID", "Name"], None, &["x", "Contoso"]), "nobody compared it");
        assert!(has(&["ID", "Note"], None, &["x", ""]), "that there is none says something too");
        assert!(has(&["ID", "Name", "Name"], Some("Name"), &["x", "y", "z"]), "the second is another");
        assert!(has(&["ID"], None, &["x", "beyond"]));
    }

    #[test]
    fn without_them_its_cells_do() {
        let id = "C0000000-0000-4000-8000-000000000001";
        for opened in [None, Some(list(&["ID", "Any"], None, false))] {
            let has = |cells: &[&str]| has_others(&row(cells), opened.as_ref());
            assert!(!has(&[id, " Contoso ", "", "contoso.example"]) && !has(&[]));
            assert!(has(&[id, "owes us money"]) && has(&[id, "contoso"]));
        }
    }
}
