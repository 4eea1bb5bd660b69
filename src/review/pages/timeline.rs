//! Records, one after another, in words and as they are.

use super::{Tools, json};
use crate::{
    audit::{QueryError, StoredRecord},
    domain::{Seq, Time},
    record::{Event, Record, Tone},
};
use minijinja::Value;

/// Each of these records, as a line of a timeline.
pub(super) fn of(tools: &Tools, places: &[Seq]) -> Result<Vec<Value>, QueryError> {
    let mut lines = Vec::with_capacity(places.len());
    let mut before: Option<Time> = None;
    for seq in places {
        let Some(stored) = tools.reader.stored(*seq)? else { continue };
        let at = stored.record.as_ref().map(|record| record.at);
        let later = before.zip(at).map(|(before, at)| at.since(before).as_millis());
        before = at.or(before);
        lines.push(line(tools, &stored, later.map(between).as_deref())?);
    }
    Ok(lines)
}

/// How much later, as people say it; nothing if it is the same moment.
fn between(millis: u128) -> String {
    match millis {
        0..10 => String::new(),
        10..10_000 => format!("+{millis} ms"),
        _ => format!("+{} s", millis / 1000),
    }
}

fn line(tools: &Tools, stored: &StoredRecord, later: Option<&str>) -> Result<Value, QueryError> {
    let Some(Record { at, event, .. }) = &stored.record else {
        let text = String::from_utf8_lossy(&stored.bytes).into_owned();
        let (what, kind, at) = match &stored.newer {
            Some(newer) => {
                let what = format!("Of a newer program; this one does not know the {}", newer.what);
                (what, newer.kind.clone(), newer.at.to_string())
            }
            None => ("A record that cannot be understood".to_owned(), "unreadable".to_owned(), String::new()),
        };
        return Ok(values! {
            seq => stored.seq, what, text, kind,
            at, later => "", parts => Vec::<Value>::new(), bare => true, tone => "bad",
        });
    };
    let told = event.line();
    let mut parts: Vec<Value> = Vec::new();
    let mut ids: Vec<(&str, String)> = Vec::new();
    let mut address = None;
    let whole: Option<serde_json::Value> = serde_json::from_slice(&stored.bytes).ok();
    match event {
        Event::RequestIntended(intent) => {
            address = Some(format!("{} {}", intent.method, intent.url));
            ids.push(("Request ID", intent.request_id.to_string()));
            ids.push(("Correlation ID", intent.correlation_id.to_string()));
            part(&mut parts, "Body sent", tools, stored.seq, intent.body.is_some())?;
            parts.push(values! { name => "Headers sent", body => json::laid_out(&intent.headers) });
        }
        Event::ResponseReceived(response) => {
            ids.extend(response.request_id.clone().map(|id| ("Request ID", id)));
            ids.extend(response.correlation_id.clone().map(|id| ("Correlation ID", id)));
            part(&mut parts, "Body received", tools, stored.seq, response.body.is_some())?;
            parts.push(values! { name => "Headers received", body => json::laid_out(&response.headers) });
        }
        _ => {}
    }
    if let Some(whole) = whole {
        parts.push(values! { name => format!("Record {}", stored.seq), body => json::laid_out(&whole) });
    }
    let ids: Vec<_> = ids.into_iter().map(|(name, id)| values! { name, id }).collect();
    Ok(values! {
        seq => stored.seq, at => at.to_string(), later, what => told.what, text => told.text,
        kind => event.kind().label(), tone => class(told.tone),
        parts, ids, address, bare => false,
    })
}

/// A body; a record may outlive the bytes that it names.
fn part(
    parts: &mut Vec<Value>,
    name: &str,
    tools: &Tools,
    seq: Seq,
    is_named: bool,
) -> Result<(), QueryError> {
    if !is_named {
        return Ok(());
    }
    match tools.reader.body(seq)? {
        Some(bytes) => {
            let body = json::body(&bytes);
            let text = body.get_attr("text").unwrap_or_default();
            let cut = body.get_attr("is_cut").is_ok_and(|cut| cut.is_true());
            parts.push(values! { name => format!("{name}, {} bytes", bytes.len()), body => text, cut });
        }
        None => parts.push(values! {
            name => format!("{name}: not in the log"),
            body => "The record names it by its digest, and its bytes are not there.",
        }),
    }
    Ok(())
}

/// The class of the page's style.
const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Change => "change",
        Tone::Ask => "ask",
        Tone::Good => "good",
        Tone::Care => "care",
        Tone::Bad => "bad",
        Tone::Strong => "strong",
        Tone::Plain => "plain",
    }
}
