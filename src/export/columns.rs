//! The columns of each table: described once, for the files and for the document.

use super::table::{Field, ParquetCell};
use crate::{
    audit::{Leaf, RunLine},
    domain::{Headers, RunId, Seq},
    record::{
        ColumnType, CustomerStory, EffectStory, Ended, RecordLabel, RequestStory, Stands, Value,
        report_columns,
    },
};
use std::borrow::Cow;

/// A column of a table of these.
pub(super) struct TableColumn<T> {
    name: &'static str,
    holds: ColumnType,
    meaning: &'static str,
    value: for<'a> fn(&'a T) -> ParquetCell<'a>,
}

const fn column<T>(
    name: &'static str,
    holds: ColumnType,
    meaning: &'static str,
    value: for<'a> fn(&'a T) -> ParquetCell<'a>,
) -> TableColumn<T> {
    TableColumn { name, holds, meaning, value }
}

pub(super) fn fields<T>(columns: &[TableColumn<T>]) -> Vec<Field> {
    columns.iter().map(|column| (column.name, column.holds)).collect()
}

pub(super) fn cells<'a, T>(
    columns: &'a [TableColumn<T>],
    of: &'a T,
) -> impl Iterator<Item = ParquetCell<'a>> {
    columns.iter().map(|column| (column.value)(of))
}

use ColumnType::{Bytes, Number, Text, Time};

/// `runs.parquet`.
pub(super) const RUNS: [TableColumn<RunLine>; 18] = [
    column("run_id", Text, "The run.", |run| ParquetCell::text(run.run_id.as_str())),
    column("procedure", Text, "What it does to each customer.", |run| {
        ParquetCell::maybe(run.procedure.as_deref())
    }),
    column("mode", Text, "`run`, `plan`, `rehearsal` or `demo`.", |run| {
        ParquetCell::maybe(run.mode.as_deref())
    }),
    column("partner_tenant_id", Text, "Whose customers these are.", |run| {
        ParquetCell::maybe(run.partner_tenant_id.as_deref())
    }),
    column("partner_name", Text, "The partner's name.", |run| {
        ParquetCell::maybe(run.partner_name.as_deref())
    }),
    column("operator", Text, "Who began it, as the machine names that person.", |run| {
        ParquetCell::maybe(run.operator.as_deref())
    }),
    column("host", Text, "The machine.", |run| ParquetCell::maybe(run.host.as_deref())),
    column("version", Text, "The version of the program that began it.", |run| {
        ParquetCell::maybe(run.version.as_deref())
    }),
    column("input_file", Text, "The list's file.", |run| ParquetCell::maybe(run.input_file.as_deref())),
    column("input_sha256", Text, "Its digest.", |run| ParquetCell::maybe(run.input_sha256.as_deref())),
    column("input_rows", Number, "How many rows it has.", |run| ParquetCell::number(run.input_rows)),
    column("ticket", Text, "The change ticket.", |run| ParquetCell::maybe(run.ticket.as_deref())),
    column("reason", Text, "Why it was done.", |run| ParquetCell::maybe(run.reason.as_deref())),
    column("started_at", Time, "When it began.", |run| ParquetCell::Time(run.started_at)),
    column("finished_at", Time, "When it was sealed.", |run| ParquetCell::time(run.finished_at)),
    column("state", Text, "`open`, `interrupted` or `sealed`, when it was exported.", |run| {
        ParquetCell::text(run.state.as_str())
    }),
    column("exit_code", Number, "How it ended, for scripts.", |run| ParquetCell::number(run.exit_code)),
    column("approved_by", Text, "Who approved the plan that it carries out, as the approval says.", |run| {
        ParquetCell::maybe(run.approved_by.as_deref())
    }),
];

/// The columns of `customers.parquet`: those of reports, behind the run.
pub(super) fn customer_fields() -> Vec<Field> {
    [("run_id", Text)].into_iter().chain(report_columns().map(|column| (column.name, column.holds))).collect()
}

/// A row of the list. What a report tells of it for the time being stays empty while it has no outcome.
pub(super) fn customer_cells<'a>(
    run: &'a RunId,
    story: &'a CustomerStory,
) -> impl Iterator<Item = ParquetCell<'a>> {
    let is_open = story.outcome().is_none();
    let of = move |value| match value {
        Value::Outcome(_) | Value::Names(_) | Value::Long(_) if is_open => ParquetCell::None,
        value => ParquetCell::of(value),
    };
    [ParquetCell::text(run.as_str())]
        .into_iter()
        .chain(report_columns().map(move |column| of((column.value)(story))))
}

/// One thing that was done to a customer, or may have been.
pub(super) struct EffectRow<'a> {
    pub(super) run: &'a RunId,
    pub(super) customer: &'a CustomerStory,
    pub(super) effect: EffectStory<'a>,
}

/// `effects.parquet`.
pub(super) fn effects<'e>() -> [TableColumn<EffectRow<'e>>; 13] {
    [
        column("run_id", Text, "The run.", |row| ParquetCell::text(row.run.as_str())),
        column("row", Number, "The row of the list.", |row| ParquetCell::Number(row.customer.row().into())),
        column("customer_tenant_id", Text, "The customer.", |row| {
            ParquetCell::maybe(row.customer.customer().map(|id| id.to_string()))
        }),
        column("effect", Text, "What was sent: the purpose of its request.", |row| {
            ParquetCell::text(row.effect.effect.as_str())
        }),
        column(
            "about",
            Text,
            "The order, subscription, relationship or app that it is about, if it is not the customer.",
            |row| ParquetCell::maybe(row.effect.about),
        ),
        column("name", Text, "What that is called, where it is known.", |row| {
            ParquetCell::maybe(row.effect.name)
        }),
        column(
            "stands",
            Text,
            "How far it came: `done`, `done_already`, `accepted`, `under_way`, `otherwise`, `in_doubt`, `refused`, \
             `did_not_happen` or `not_carried_out`.",
            |row| ParquetCell::text(row.effect.stands.as_str()),
        ),
        column("taken_back", Text, "How far what was to take it back came, if that was sent.", |row| {
            ParquetCell::maybe(row.effect.taken_back.map(Stands::as_str))
        }),
        column("attempts", Number, "How often it was sent, or was about to be.", |row| {
            ParquetCell::Number(row.effect.change.attempts.into())
        }),
        column("http_status", Number, "The status of its latest answer.", |row| {
            ParquetCell::number(row.effect.change.status)
        }),
        column("error_code", Text, "The service's error code in it.", |row| {
            ParquetCell::maybe(row.effect.change.code())
        }),
        column("request_id", Text, "`MS-RequestId` of the request.", |row| {
            ParquetCell::maybe(row.effect.change.exchange().request_id.map(|id| id.to_string()))
        }),
        column("correlation_id", Text, "`MS-CorrelationId` of its latest attempt.", |row| {
            ParquetCell::maybe(row.effect.change.exchange().correlation_id.map(|id| id.to_string()))
        }),
    ]
}

/// A request with its bodies.
pub(super) struct RequestRow<'a> {
    pub(super) run: Option<&'a RunId>,
    pub(super) request: &'a RequestStory,
    pub(super) sent: Option<Vec<u8>>,
    pub(super) received: Option<Vec<u8>>,
}

impl RequestRow<'_> {
    const fn response(&self) -> Option<&crate::record::ResponseReceived> {
        match &self.request.end {
            Some((_, Ended::Responded(response))) => Some(response),
            _ => None,
        }
    }
}

fn json(headers: &Headers) -> ParquetCell<'static> {
    ParquetCell::maybe(serde_json::to_string(headers).ok())
}

fn body(bytes: Option<&Vec<u8>>) -> ParquetCell<'_> {
    ParquetCell::maybe(bytes.map(|bytes| String::from_utf8_lossy(bytes)))
}

/// `requests.parquet`.
pub(super) fn requests<'r>() -> [TableColumn<RequestRow<'r>>; 23] {
    [
        column("run_id", Text, "The run; empty outside of one.", |row| {
            ParquetCell::maybe(row.run.map(RunId::as_str))
        }),
        column("seq", Number, "The place of the record that says that it is about to be sent.", |row| {
            ParquetCell::Number(row.request.seq)
        }),
        column("customer_tenant_id", Text, "The customer that it is for.", |row| {
            ParquetCell::maybe(row.request.intended.customer.map(|id| id.to_string()))
        }),
        column("purpose", Text, "What it is for.", |row| {
            ParquetCell::text(row.request.intended.purpose.as_str())
        }),
        column("attempt", Number, "1 for the first try.", |row| {
            ParquetCell::Number(row.request.intended.attempt.into())
        }),
        column("method", Text, "The method.", |row| ParquetCell::text(&*row.request.intended.method)),
        column("url", Text, "The whole address.", |row| ParquetCell::text(&*row.request.intended.url)),
        column("request_id", Text, "`MS-RequestId`.", |row| {
            ParquetCell::text(row.request.intended.request_id.to_string())
        }),
        column("correlation_id", Text, "`MS-CorrelationId`.", |row| {
            ParquetCell::text(row.request.intended.correlation_id.to_string())
        }),
        column("intended_at", Time, "When it was about to be sent.", |row| ParquetCell::Time(row.request.at)),
        column("request_headers", Text, "Its headers, as a JSON object.", |row| {
            json(&row.request.intended.headers)
        }),
        column("request_body", Text, "Its body.", |row| body(row.sent.as_ref())),
        column(
            "completion",
            Text,
            "`responded`, `not_sent` or `unknown`; empty if the program died before it knew.",
            |row| ParquetCell::maybe(row.request.ended().map(Ended::as_str)),
        ),
        column("completed_at", Time, "When that was known.", |row| {
            ParquetCell::time(row.request.end.as_ref().map(|(at, _)| *at))
        }),
        column("duration_ms", Number, "Milliseconds between sending and its end.", |row| {
            ParquetCell::number(row.request.ended().map(Ended::duration_ms))
        }),
        column("status", Number, "The status of the answer.", |row| {
            ParquetCell::number(row.request.status())
        }),
        column("response_headers", Text, "The answer's headers, as a JSON object.", |row| {
            row.response().map_or(ParquetCell::None, |response| json(&response.headers))
        }),
        column("response_body", Text, "The answer's body.", |row| body(row.received.as_ref())),
        column("response_request_id", Text, "`MS-RequestId` of the answer.", |row| {
            ParquetCell::maybe(row.response().and_then(|response| response.request_id.as_deref()))
        }),
        column("response_correlation_id", Text, "`MS-CorrelationId` of the answer.", |row| {
            ParquetCell::maybe(row.response().and_then(|response| response.correlation_id.as_deref()))
        }),
        column("error", Text, "What the service said, or what went wrong on the way.", |row| {
            ParquetCell::maybe(row.request.ended().and_then(Ended::text))
        }),
        column("row", Number, "The row of the list that it is for.", |row| {
            ParquetCell::number(row.request.intended.row)
        }),
        column("completed_seq", Number, "The place of the record that says how it ended.", |row| {
            ParquetCell::number(row.request.ended_in)
        }),
    ]
}

/// A record, or the leaf of one that was not exported.
pub(super) struct RecordRow<'a> {
    pub(super) seq: Seq,
    pub(super) label: Option<RecordLabel>,
    pub(super) body: Option<&'a str>,
    pub(super) payload: Option<(&'a [u8], &'a [u8])>,
    pub(super) leaf: Option<Leaf>,
}

/// The names of the columns of `records.parquet` that a reader needs to put the log together again.
pub(super) const SEQ: &str = "seq";
pub(super) const BODY: &str = "body";
pub(super) const SALT: &str = "payload_salt";
pub(super) const PAYLOAD: &str = "payload";
pub(super) const LEAF: &str = "leaf_hash";

/// `records.parquet`.
pub(super) fn records<'r>() -> [TableColumn<RecordRow<'r>>; 9] {
    [
        column(SEQ, Number, "Its place in the log.", |row| ParquetCell::Number(row.seq)),
        column("run_id", Text, "The run; empty outside of one.", |row| {
            ParquetCell::maybe(row.label.as_ref().and_then(|label| label.run.as_ref()).map(RunId::as_str))
        }),
        column("row", Number, "The row of the list that it is about.", |row| {
            ParquetCell::number(row.label.as_ref().and_then(|label| label.row))
        }),
        column("kind", Text, "What happened, by its name in the format of the log.", |row| {
            ParquetCell::maybe(row.label.as_ref().map(|label| label.kind.as_str()))
        }),
        column("at", Time, "When it was recorded.", |row| {
            ParquetCell::time(row.label.as_ref().map(|label| label.at))
        }),
        column(BODY, Text, "The record, byte by byte: the leaf of the tree.", |row| {
            ParquetCell::maybe(row.body)
        }),
        column(SALT, Bytes, "The salt of the request's or the answer's body.", |row| {
            ParquetCell::bytes(row.payload.map(|(salt, _)| salt))
        }),
        column(PAYLOAD, Bytes, "That body, byte by byte.", |row| {
            ParquetCell::bytes(row.payload.map(|(_, bytes)| bytes))
        }),
        column(
            LEAF,
            Bytes,
            "Of a record that was not exported, and of such a one alone: the hash of its leaf, by which the tree is whole.",
            |row| ParquetCell::bytes(row.leaf.as_ref().map(|leaf| leaf.as_bytes().as_slice())),
        ),
    ]
}

/// A table in words, for the document.
#[derive(Clone, Debug)]
pub struct TableText {
    /// Its name: the file's without `.parquet`.
    pub name: &'static str,
    /// Its columns, in their order.
    pub columns: Vec<ColumnText>,
}

/// A column in words.
#[derive(Clone, Debug)]
pub struct ColumnText {
    /// Its name.
    pub name: &'static str,
    /// What kind of values stand in it.
    pub holds: ColumnType,
    /// What they mean.
    pub meaning: Cow<'static, str>,
}

/// Each table in words.
pub fn table_texts() -> Vec<TableText> {
    fn texts<T>(columns: &[TableColumn<T>]) -> Vec<ColumnText> {
        let text = |column: &TableColumn<T>| ColumnText {
            name: column.name,
            holds: column.holds,
            meaning: column.meaning.into(),
        };
        columns.iter().map(text).collect()
    }
    let run = ColumnText { name: "run_id", holds: Text, meaning: "The run.".into() };
    let told = report_columns().map(|column| ColumnText {
        name: column.name,
        holds: column.holds,
        meaning: column.meaning.into(),
    });
    vec![
        TableText { name: "runs", columns: texts(&RUNS) },
        TableText { name: "customers", columns: [run].into_iter().chain(told).collect() },
        TableText { name: "effects", columns: texts(&effects()) },
        TableText { name: "requests", columns: texts(&requests()) },
        TableText { name: "records", columns: texts(&records()) },
    ]
}
