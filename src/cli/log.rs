//! `offboard log`.

use super::{
    args::{Common, LogCommand, LogFilter, LogOptions},
    exit::{Exit, Failure},
    export,
    printer::Printer,
    settings::{Paths, Typed, tenant},
};
use crate::{
    audit::{Index, Reader, RequestFilter, RequestLine, Snapshot, StoredRecord},
    domain::{Day, Seq, Time},
    record::{Event, Line, Newer, Record},
    report::visible,
};
use serde_json::json;

/// Anything shorter begins too many IDs.
const SHORTEST: usize = 4;

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: LogOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    if let Some(LogCommand::Export(export)) = &options.command {
        return export::run(printer, &paths, export);
    }
    let options = options.filter;
    if options.timeline || options.id.is_some() {
        return records(printer, &paths, &options);
    }
    let reader = Reader::open(&paths.audit_log)?;
    let run = options.run.as_deref().map(|name| reader.find(name)).transpose()?;
    let filter = RequestFilter {
        run: run.map(|run| run.run_id),
        customer: options.customer.as_deref().map(|id| tenant("customer", id)).transpose()?,
        request_id: options.request_id,
        correlation_id: options.correlation_id,
        status: options.status,
        since: options.since.as_deref().map(since).transpose()?,
        before: options.until.as_deref().map(until).transpose()?,
    };
    let mut has_any = false;
    reader.requests(&filter, |request| {
        has_any = true;
        let line =
            if printer.json { serde_json::to_string(&request).unwrap_or_default() } else { shown(&request) };
        printer.show(&line)
    })?;
    tell_if_nothing(printer, &paths, has_any);
    Ok(Exit::Done)
}

/// An empty answer must not pass for one that is still to come.
fn tell_if_nothing(printer: &Printer, paths: &Paths, has_any: bool) {
    if !has_any {
        printer.say(&format!("no matching requests in `{}`", paths.audit_log.display()));
    }
}

/// Times in the log are in UTC with milliseconds, so they sort as text once they are written so.
fn since(text: &str) -> Result<String, Failure> {
    let refused = || {
        Failure::usage(format!(
            "`--since {text}`: give a date, `2026-11-20`, or a date and time, `2026-11-20T09:30:00Z`"
        ))
    };
    if let Ok(time) = text.parse::<Time>() {
        return Ok(time.to_string());
    }
    text.parse::<Day>().map(|day| format!("{day}T00:00:00.000Z")).map_err(|_neither| refused())
}

/// The same for an end: a day is meant as a whole.
fn until(text: &str) -> Result<String, Failure> {
    match text.parse::<Day>() {
        Ok(day) if text.parse::<Time>().is_err() => Ok(format!("{}T00:00:00.000Z", day.next())),
        _ => since(text).map_err(|_refused| {
            Failure::usage(format!("`--until {text}`: give a date, `2026-11-20`, or a date and time"))
        }),
    }
}

/// Whole records: those about a customer, or those that mention an ID. An index over the log is made for it
/// first, as for the reviewer's page.
fn records(printer: &Printer, paths: &Paths, options: &LogFilter) -> Result<Exit, Failure> {
    let snapshot = Snapshot::take(&paths.audit_log)?;
    let reader = snapshot.reader()?;
    let run = options.run.as_deref().map(|name| reader.find(name)).transpose()?.map(|run| run.run_id);
    let index = Index::build(&snapshot, |_, _| {})?;
    let mut places: Vec<Seq> = Vec::new();
    let id = match (&options.id, &options.customer) {
        (Some(id), _) => {
            let id = id.trim_matches(['{', '}']).to_lowercase();
            if id.chars().count() < SHORTEST {
                let text = format!("`--id {id}`: give {SHORTEST} characters at least");
                return Err(Failure::usage(text));
            }
            places.extend(index.mentions(&id, u32::MAX)?.into_iter().map(|mention| mention.seq));
            id
        }
        (None, customer) => tenant("customer", customer.as_deref().unwrap_or_default())?.to_string(),
    };
    for row in index.rows_of(&id, u32::MAX)? {
        if run.as_ref().is_none_or(|run| row.run == *run) {
            places.extend(index.about(&row.run, Some(row.row), None, u32::MAX)?);
        }
    }
    places.sort_unstable();
    places.dedup();
    let mut has_any = false;
    for seq in places {
        let Some(stored) = reader.stored(seq)? else { continue };
        let is_of_run = |record: &Record| run.is_none() || record.run == run;
        if stored.record.as_ref().is_none_or(is_of_run) {
            has_any = true;
            printer.show(&if printer.json { as_json(&stored) } else { told(&stored) })?;
        }
    }
    tell_if_nothing(printer, paths, has_any);
    Ok(Exit::Done)
}

/// The record as it is, and where it stands.
fn as_json(stored: &StoredRecord) -> String {
    let record: serde_json::Value = serde_json::from_slice(&stored.bytes).unwrap_or_default();
    json!({ "seq": stored.seq, "record": record }).to_string()
}

fn told(stored: &StoredRecord) -> String {
    let Some(record) = &stored.record else {
        return match &stored.newer {
            Some(newer) => {
                let Newer { at, kind, what, .. } = &**newer;
                format!(
                    "{at} {kind}: of a newer program; this one does not know the {what}\n    record {}",
                    stored.seq
                )
            }
            None => format!("record {} cannot be understood", stored.seq),
        };
    };
    let Line { what, text, .. } = record.event.line();
    let run = record.run.as_ref().map(|run| format!(" run {run}")).unwrap_or_default();
    let first = format!("{} {what}", record.at);
    let mut lines = vec![first, format!("    record {}{run}", stored.seq)];
    if let Event::RequestIntended(intent) = &record.event {
        lines.push(format!("    {} {}", intent.method, intent.url));
        lines.push(format!("    request {} correlation {}", intent.request_id, intent.correlation_id));
    }
    if !text.is_empty() {
        lines.push(format!("    {}", text.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    lines.iter().map(|line| visible(line)).collect::<Vec<_>>().join("\n")
}

fn shown(request: &RequestLine) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let status = match (request.status, request.completion.as_deref()) {
        (Some(status), _) => status.to_string(),
        (None, Some(completion)) => completion.to_owned(),
        (None, None) => "open".to_owned(),
    };
    let took = request.duration_ms.map(|ms| format!(" {ms} ms")).unwrap_or_default();
    let mut lines = vec![
        format!(
            "{} {:>5} {} {}{took}",
            text(&request.intended_at),
            status,
            text(&request.method),
            text(&request.url),
        ),
        format!(
            "    {} request {} correlation {}",
            text(&request.purpose),
            text(&request.request_id),
            text(&request.correlation_id),
        ),
    ];
    lines.extend(
        request
            .error
            .as_ref()
            .map(|error| format!("    {}", error.split_whitespace().collect::<Vec<_>>().join(" "))),
    );
    lines.iter().map(|line| visible(line)).collect::<Vec<_>>().join("\n")
}
