//! `offboard log`.

use super::{
    args::{Common, LogCommand, LogOptions},
    exit::{Exit, Failure},
    export,
    printer::Printer,
    settings::{Paths, Typed, tenant},
};
use crate::{
    audit::{Reader, RequestFilter, RequestLine},
    domain::{Day, Time},
    report::visible,
};

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
    let reader = Reader::open(&paths.audit_log)?;
    let run = options.run.as_deref().map(|name| reader.find(name)).transpose()?;
    let filter = RequestFilter {
        run: run.map(|run| run.run_id),
        customer: options.customer.as_deref().map(|id| tenant("customer", id)).transpose()?,
        request_id: options.request_id,
        correlation_id: options.correlation_id,
        status: options.status,
        since: options.since.as_deref().map(since).transpose()?,
    };
    reader.requests(&filter, |request| {
        let line =
            if printer.json { serde_json::to_string(&request).unwrap_or_default() } else { shown(&request) };
        printer.data(&line)
    })?;
    Ok(Exit::Done)
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
