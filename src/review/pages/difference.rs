//! What was read of a customer before and after the change, field by field.

use super::Tools;
use crate::{
    audit::QueryError,
    domain::{Seq, Tells},
    record::{Event, Judged, Observation, Observed, Record, RequestIntended, ResponseReceived},
};
use minijinja::Value;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What one answer says of the customer.
struct CustomerAnswer {
    seq: Seq,
    /// The run that asked, which may be the one that made the plan.
    run: String,
    /// Whether it is a page of all customers, which stands among the records of its run.
    is_listing: bool,
    at: String,
    status: u16,
    /// The customer itself; none if the answer does not show one.
    customer: Option<Json>,
    /// What the answer says instead.
    text: Option<String>,
}

/// The difference, if the customer was read both before and after.
pub(super) fn between(
    tools: &Tools,
    customer: &str,
    judged: Option<&Judged>,
    observed: Option<&Observed>,
) -> Result<Option<Value>, QueryError> {
    let (Some(judged), Some(basis)) = (judged, observed.and_then(|observed| observed.basis)) else {
        return Ok(None);
    };
    let mut before = None;
    for intent in &judged.basis {
        before = look(tools, *intent, customer)?.or(before);
    }
    let (Some(before), Some(mut after)) = (before, look(tools, basis, customer)?) else { return Ok(None) };
    if after.is_listing {
        // One page of several: what all of them showed was said when they were read.
        after.text = observed.map(|observed| observed.detail.clone());
    }
    let told = |look: &CustomerAnswer| {
        values! {
            seq => look.seq, run => look.run, is_listing => look.is_listing, at => look.at, status => look.status, text => look.text,
            is_there => look.customer.is_some(),
        }
    };
    let (old, new) = (flat(before.customer.as_ref()), flat(after.customer.as_ref()));
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changed = Vec::new();
    let mut same = 0;
    for name in names {
        let (old, new) = (old.get(name), new.get(name));
        if old == new {
            same += 1;
        } else {
            changed.push(values! { name, old, new });
        }
    }
    let is_gone = observed.is_some_and(|observed| observed.seen == Observation::Gone);
    Ok(Some(values! { before => told(&before), after => told(&after), changed, same, is_gone }))
}

/// What the answer to this request says of the customer; none if it was about something else.
fn look(tools: &Tools, intent: Seq, customer: &str) -> Result<Option<CustomerAnswer>, QueryError> {
    let record = |seq| Ok::<_, QueryError>(tools.reader.stored(seq)?.and_then(|stored| stored.record));
    let Some(Record { event: Event::RequestIntended(intended), .. }) = record(intent)? else {
        return Ok(None);
    };
    let RequestIntended { purpose, .. } = *intended;
    let is_listing = purpose.tells() == Tells::Customers;
    if purpose.is_change() || !is_listing && purpose.tells() != Tells::Customer {
        return Ok(None);
    }
    let Some(seq) = tools.index.answer_to(intent)? else { return Ok(None) };
    let Some(Record { at, run, event: Event::ResponseReceived(response) }) = record(seq)? else {
        return Ok(None);
    };
    let ResponseReceived { status, text, .. } = *response;
    let body = tools.reader.body(seq)?.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let body = serde_json::from_str::<Json>(body.trim_start_matches('\u{feff}')).ok();
    let found = body.filter(|_| (200..300).contains(&status));
    let shown = if is_listing { found.and_then(|page| of_listing(page, customer)) } else { found };
    let run = run.map(|run| run.to_string()).unwrap_or_default();
    Ok(Some(CustomerAnswer { seq, run, is_listing, at: at.to_string(), status, customer: shown, text }))
}

/// The customer's entry on a page of the listing.
fn of_listing(mut page: Json, customer: &str) -> Option<Json> {
    let items = page.get_mut("items")?.as_array_mut()?;
    let is_it = |item: &Json| {
        let id = item.get("id").or_else(|| item.pointer("/companyProfile/tenantId"));
        id.and_then(Json::as_str).is_some_and(|id| id.eq_ignore_ascii_case(customer))
    };
    let at = items.iter().position(is_it)?;
    Some(items.swap_remove(at))
}

/// Each value by its path: `companyProfile.companyName`.
fn flat(value: Option<&Json>) -> BTreeMap<String, String> {
    fn walk(name: &str, value: &Json, found: &mut BTreeMap<String, String>) {
        let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
        match value {
            Json::Object(fields) if !fields.is_empty() => {
                fields.iter().for_each(|(part, value)| walk(&below(part), value, found));
            }
            Json::Array(items) if !items.is_empty() => {
                items.iter().enumerate().for_each(|(at, value)| walk(&below(&at.to_string()), value, found));
            }
            Json::String(text) => drop(found.insert(name.to_owned(), text.clone())),
            value => drop(found.insert(name.to_owned(), value.to_string())),
        }
    }
    let mut found = BTreeMap::new();
    if let Some(value) = value {
        walk("", value, &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_value_has_its_path() {
        let value = json!({ "a": { "b": "x", "c": [] }, "d": [1, { "e": null }] });
        let found = flat(Some(&value));
        let expected = [("a.b", "x"), ("a.c", "[]"), ("d.0", "1"), ("d.1.e", "null")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn a_customer_is_found_on_a_page_of_the_listing() {
        let page = json!({ "items": [{ "id": "A" }, { "id": "B", "x": 1 }, { "companyProfile": { "tenantId": "c" } }] });
        assert_eq!(of_listing(page.clone(), "b").unwrap()["x"], 1);
        assert!(of_listing(page.clone(), "C").is_some());
        assert!(of_listing(page, "d").is_none());
    }
}
