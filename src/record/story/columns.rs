//! The columns of customers: described once, for tables, workbook, view and documents alike.

use super::customer::CustomerStory;
use crate::domain::{Day, Evidence, Outcome, Time};
use std::borrow::Cow;

/// A column of customers.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in `customers.csv` and in the view `customers`.
    pub name: &'static str,
    /// Its heading in the workbook.
    pub heading: &'static str,
    /// Its width there, in characters.
    pub width: f64,
    /// What stands in it.
    pub meaning: &'static str,
    /// How the view works it out of `listed`, `settled` and `resolved`, each as JSON.
    pub sql: &'static str,
    /// What kind of value that is.
    pub holds: ColumnType,
    /// What stands in it for this customer.
    pub value: fn(&CustomerStory) -> Value<'_>,
}

/// What kind of values stand in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// Whole numbers.
    Number,
    /// Moments.
    Time,
    /// Days.
    Day,
    /// Bytes.
    Bytes,
}

/// What stands in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    None,
    /// Text; somebody else may have written it.
    Text(Cow<'a, str>),
    /// Text that may be long.
    Long(Cow<'a, str>),
    /// Names, one after another.
    Names(Vec<&'static str>),
    /// A number.
    Number(u64),
    /// A moment.
    Time(Time),
    /// A day.
    Day(Day),
    /// The outcome, or the one under which it counts.
    Outcome(Outcome),
}

impl<'a> Value<'a> {
    fn text(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        text.map_or(Self::None, |text| Self::Text(text.into()))
    }

    /// As text, for a table; empty if it is nothing.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::None => Cow::Borrowed(""),
            Self::Text(text) | Self::Long(text) => Cow::Borrowed(text),
            Self::Names(names) => Cow::Owned(names.join(";")),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Time(time) => Cow::Owned(time.to_string()),
            Self::Day(day) => Cow::Owned(day.to_string()),
            Self::Outcome(outcome) => Cow::Borrowed(outcome.as_str()),
        }
    }
}

/// All of them, in their order.
pub const CUSTOMER_COLUMNS: [Column; 16] = [
    Column {
        name: "row",
        heading: "Row",
        width: 7.0,
        meaning: "The number of the row in the list.",
        sql: "listed.row",
        holds: ColumnType::Number,
        value: |story| Value::Number(u64::from(story.row())),
    },
    Column {
        name: "customer_tenant_id",
        heading: "Customer tenant ID",
        width: 38.0,
        meaning: "The customer; empty if the row names none.",
        sql: "json_extract(listed.json, '$.customer')",
        holds: ColumnType::Text,
        value: |story| Value::text(story.customer().map(|id| id.to_string())),
    },
    Column {
        name: "customer_name",
        heading: "Customer",
        width: 32.0,
        meaning: "What the customer is called, by the service or else by the list.",
        sql: "coalesce(json_extract(settled.json, '$.name'), json_extract(listed.json, '$.name'))",
        holds: ColumnType::Text,
        value: |story| Value::text(story.name()),
    },
    Column {
        name: "outcome",
        heading: "Outcome",
        width: 16.0,
        meaning: "How the row ended, as a person resolved it if somebody did.",
        sql: "coalesce(json_extract(resolved.json, '$.outcome'), json_extract(settled.json, '$.outcome'))",
        holds: ColumnType::Text,
        value: |story| Value::Outcome(story.counts_as()),
    },
    Column {
        name: "evidence",
        heading: "Evidence",
        width: 14.0,
        meaning: "How sure it is that the relationship is gone.",
        sql: "CASE
        WHEN corroborated.row IS NOT NULL
            AND coalesce(json_extract(resolved.json, '$.outcome'), json_extract(settled.json, '$.outcome')) NOT IN ({not_reached})
        THEN 'corroborated'
        ELSE json_extract(settled.json, '$.evidence')
    END",
        holds: ColumnType::Text,
        value: |story| Value::text(story.last_word().evidence().map(Evidence::as_str)),
    },
    Column {
        name: "reasons",
        heading: "Reasons",
        width: 34.0,
        meaning: "Why it did not end as removed, each by its name.",
        sql: "(SELECT group_concat(value, ';') FROM json_each(settled.json, '$.reasons'))",
        holds: ColumnType::Text,
        value: |story| {
            let names: Vec<&str> = story.reasons().iter().map(|reason| reason.as_str()).collect();
            if names.is_empty() { Value::None } else { Value::Names(names) }
        },
    },
    Column {
        name: "explanation",
        heading: "Explanation",
        width: 80.0,
        meaning: "How it came to that, in words.",
        sql: "json_extract(settled.json, '$.explanation') || coalesce(
        ' Resolved as ' || json_extract(resolved.json, '$.outcome') || ' by ' || json_extract(resolved.json, '$.by')
            || ' at ' || resolved.at || ': ' || json_extract(resolved.json, '$.because'),
        ''
    )",
        holds: ColumnType::Text,
        value: |story| {
            let told = story.explanation();
            if told.is_empty() { Value::None } else { Value::Long(Cow::Owned(told)) }
        },
    },
    Column {
        name: "removable_from",
        heading: "May go from",
        width: 13.0,
        meaning: "The first day on which it may go if nobody does anything, where that is known.",
        sql: "json_extract(settled.json, '$.removable_from')",
        holds: ColumnType::Day,
        value: |story| story.removable_from().map_or(Value::None, Value::Day),
    },
    Column {
        name: "act_by",
        heading: "Act by",
        width: 13.0,
        meaning: "The day until which somebody can act so that everything which renews itself or is extended ends with its term.",
        sql: "json_extract(settled.json, '$.act_by')",
        holds: ColumnType::Day,
        value: |story| story.act_by().map_or(Value::None, Value::Day),
    },
    Column {
        name: "http_status",
        heading: "Status",
        width: 8.0,
        meaning: "The status of the answer that decided.",
        sql: "json_extract(settled.json, '$.exchange.status')",
        holds: ColumnType::Number,
        value: |story| {
            let status = story.exchange().and_then(|exchange| exchange.status);
            status.map_or(Value::None, |status| Value::Number(u64::from(status)))
        },
    },
    Column {
        name: "error_code",
        heading: "Error code",
        width: 12.0,
        meaning: "The service's error code in it.",
        sql: "json_extract(settled.json, '$.exchange.code')",
        holds: ColumnType::Text,
        value: |story| Value::text(story.exchange().and_then(|exchange| exchange.code.as_deref())),
    },
    Column {
        name: "request_id",
        heading: "Request ID",
        width: 38.0,
        meaning: "`MS-RequestId` of that request.",
        sql: "json_extract(settled.json, '$.exchange.request_id')",
        holds: ColumnType::Text,
        value: |story| {
            let id = story.exchange().and_then(|exchange| exchange.request_id);
            Value::text(id.map(|id| id.to_string()))
        },
    },
    Column {
        name: "correlation_id",
        heading: "Correlation ID",
        width: 38.0,
        meaning: "`MS-CorrelationId` of its latest attempt.",
        sql: "json_extract(settled.json, '$.exchange.correlation_id')",
        holds: ColumnType::Text,
        value: |story| {
            let id = story.exchange().and_then(|exchange| exchange.correlation_id);
            Value::text(id.map(|id| id.to_string()))
        },
    },
    Column {
        name: "attempts",
        heading: "Attempts",
        width: 10.0,
        meaning: "How often that change was sent, or was about to be.",
        sql: "json_extract(settled.json, '$.attempts')",
        holds: ColumnType::Number,
        value: |story| {
            story.settled().map_or(Value::None, |settled| Value::Number(u64::from(settled.attempts)))
        },
    },
    Column {
        name: "started_at",
        heading: "Started at (UTC)",
        width: 20.0,
        meaning: "When work on the row began.",
        sql: "json_extract(settled.json, '$.started_at')",
        holds: ColumnType::Time,
        value: |story| story.settled().map_or(Value::None, |settled| Value::Time(settled.started_at)),
    },
    Column {
        name: "finished_at",
        heading: "Finished at (UTC)",
        width: 20.0,
        meaning: "When it was settled.",
        sql: "settled.at",
        holds: ColumnType::Time,
        value: |story| story.finished_at().map_or(Value::None, Value::Time),
    },
];

/// What reports have besides: no view tells it.
const TOLD_COLUMNS: [Column; 2] = [
    Column {
        name: "reseller_mpn_id",
        heading: "Reseller’s MPN ID",
        width: 18.0,
        meaning: "The MPN ID of the indirect reseller through whom the customer is the partner's.",
        sql: "NULL",
        holds: ColumnType::Text,
        value: |story| Value::text(story.reseller().map(|reseller| reseller.mpn_id.as_str())),
    },
    Column {
        name: "reseller_name",
        heading: "Reseller",
        width: 32.0,
        meaning: "The reseller's name, where it is known.",
        sql: "NULL",
        holds: ColumnType::Text,
        value: |story| Value::text(story.reseller().and_then(|reseller| reseller.name.as_deref())),
    },
];

/// The columns of reports, before the list's own.
pub fn report_columns() -> impl Iterator<Item = Column> {
    CUSTOMER_COLUMNS.into_iter().chain(TOLD_COLUMNS)
}
