//! What of a draft is withheld: whatever names another customer.

use super::{
    draft::{CannotProve, DraftRecord, each_record},
    form::WithheldBecause,
    name_matching::{Texts, names_in},
};
use crate::{
    audit::{Prover, Reader},
    domain::{RunId, Seq, Tells, TenantId, is_taken_out},
    record::{Event, InCertificate, Record, RequestIntended},
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Whether a request for a page, or its answer, holds the mark by which the next page is asked for. It may
/// be made from the name of the last customer on a page.
pub(super) fn holds_mark(record: &Record) -> bool {
    const MARK: &str = "ms-continuationtoken";
    match &record.event {
        Event::RequestIntended(intent) => {
            let query = intent.url.split_once('?').map(|(_, query)| query.to_ascii_lowercase());
            intent.headers.has(MARK)
                || query.is_some_and(|query| query.contains("token") || query.contains("seek"))
        }
        Event::ResponseReceived(response) => response.headers.has(MARK),
        _ => false,
    }
}

/// Finds whoever else is named in the drafts, and withholds those. All records pass, and go into the tree.
pub(super) fn withhold(
    reader: &Reader,
    (run, own): (&RunId, TenantId),
    size: u64,
    drafts: &mut [DraftRecord],
) -> Result<Prover, CannotProve> {
    let mut texts = Texts::default();
    let mut where_it_stands = BTreeMap::new();
    for (place, draft) in drafts.iter().enumerate() {
        where_it_stands.insert(texts.add_record(&draft.text), (place, false));
        if let Some((_, bytes)) = draft.attached.as_ref().filter(|_| draft.is_own_body) {
            where_it_stands.insert(texts.add_body(bytes), (place, true));
        }
    }
    for name in own_names(own, drafts) {
        texts.allow(&name);
    }
    let mut prover = Prover::new(size, drafts.iter().map(|draft| draft.seq));
    let shown: BTreeSet<Seq> = drafts.iter().map(|draft| draft.seq).collect();
    let mut named: BTreeSet<usize> = BTreeSet::new();
    let mut listings = HashSet::new();
    let own = own.to_string();
    each_record(reader, run, |seq, record, body| {
        prover.push(body);
        let Some(record) = record else { return Ok(()) };
        let mut found = Vec::new();
        match &record.event {
            Event::RequestIntended(intent) if is_listing(intent) => drop(listings.insert(seq)),
            Event::ResponseReceived(response) if listings.remove(&response.intent) => {
                if let Some((_, bytes)) = reader.attached(seq)? {
                    let text = String::from_utf8_lossy(&bytes);
                    let value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
                    names_in(&value, &own, &mut found);
                }
            }
            // What the run says of itself may name others, shown or not.
            event if !shown.contains(&seq) || event.kind().in_certificate() == InCertificate::Frame => {
                found.extend(event.about().names());
            }
            _ => {}
        }
        for name in found {
            named.extend(texts.naming(&name));
            if name.parse::<TenantId>().is_ok() {
                named.extend(texts.naming(&name.replace('-', "")));
            }
        }
        Ok(())
    })?;
    for text in named.into_iter().filter(|_| !is_taken_out("a-certificate-that-names-others")) {
        let Some((place, is_body)) = where_it_stands.get(&text) else { continue };
        let Some(draft) = drafts.get_mut(*place) else { continue };
        let why = if *is_body { &mut draft.why_body } else { &mut draft.why };
        why.get_or_insert(WithheldBecause::NamesAnother);
    }
    Ok(prover)
}

fn is_listing(intent: &RequestIntended) -> bool {
    matches!(intent.purpose.tells(), Tells::Customers | Tells::Activity)
}

/// What the customer and the partner are called, by the service and not by the list: a list may have the
/// wrong name beside an ID.
fn own_names(own: TenantId, drafts: &[DraftRecord]) -> Vec<String> {
    let mut names = vec![own.to_string(), own.to_string().replace('-', "")];
    for draft in drafts {
        match &draft.record.event {
            Event::Judged(judged) => names.extend(judged.name.iter().chain(&judged.domain).cloned()),
            Event::PartnerIdentified(partner) => {
                names.extend([partner.tenant_id.to_string(), partner.name.clone()]);
            }
            _ => {}
        }
    }
    names
}
