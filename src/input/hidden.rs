//! What a worksheet hides: rows, columns, and where a filter is at work.

use super::{
    error::{Damage, ListFault},
    table::HiddenBy,
    xml::{Tag, Xml, XmlReader},
};
use std::ops::RangeInclusive;

pub(super) fn is_true(tag: &Tag<'_>, name: &str) -> Result<bool, Damage> {
    Ok(tag.attribute(name)?.is_some_and(|value| matches!(value.trim(), "1" | "true" | "on")))
}

fn number(tag: &Tag<'_>, name: &str) -> Result<Option<f64>, Damage> {
    Ok(tag.attribute(name)?.and_then(|value| value.trim().parse().ok()))
}

/// Whether nobody sees a row, and who hides it as far as it says so itself: a filter hides a row as a hand does.
pub(super) fn hidden(tag: &Tag<'_>) -> Result<Option<HiddenBy>, Damage> {
    let is_flat = number(tag, "ht")?.is_some_and(|height| height <= 0.0);
    if !is_flat && !is_true(tag, "hidden")? {
        return Ok(None);
    }
    let is_grouped = number(tag, "outlineLevel")?.is_some_and(|level| level > 0.0);
    Ok(Some(if is_grouped { HiddenBy::Group } else { HiddenBy::Hand }))
}

/// The columns, counted from 0, that this tag hides.
pub(super) fn hidden_columns(tag: &Tag<'_>) -> Result<Option<RangeInclusive<usize>>, Damage> {
    let is_flat = number(tag, "width")?.is_some_and(|width| width <= 0.0);
    if !is_flat && !is_true(tag, "hidden")? {
        return Ok(None);
    }
    let column =
        |name| Ok(tag.attribute(name)?.and_then(|value| value.trim().parse::<usize>().ok()?.checked_sub(1)));
    Ok(column("min")?.zip(column("max")?).map(|(first, last)| first..=last))
}

/// The rows among which a filter is at work, from here to the end of the part. One that shows everything, as Excel
/// puts it on every header, hides nothing.
pub(super) fn filters(xml: &mut XmlReader) -> Result<Vec<RangeInclusive<u32>>, ListFault> {
    let (mut all, mut rows) = (Vec::new(), None);
    loop {
        match xml.next()? {
            Xml::Start(tag, closed) if tag.is("autoFilter") => {
                let place = tag.attribute("ref").ok().flatten();
                rows = place.filter(|_| !closed).and_then(|place| rows_of(&place));
            }
            Xml::Start(tag, false) if tag.is("filterColumn") => all.extend(rows.take()),
            Xml::End(tag) if tag.is("autoFilter") => rows = None,
            Xml::Eof => return Ok(all),
            _ => {}
        }
    }
}

/// The rows of an area such as `A1:C11`.
fn rows_of(area: &str) -> Option<RangeInclusive<u32>> {
    let row = |place: &str| place.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok();
    let (first, last) = area.split_once(':')?;
    Some(row(first)?..=row(last)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_has_rows() {
        assert_eq!(rows_of("A1:C11"), Some(1..=11));
        assert_eq!(rows_of("$AB$2:$C$300"), Some(2..=300));
        assert_eq!(rows_of("A1"), None);
    }
}
