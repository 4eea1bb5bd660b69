//! `handover.csv`: the customers of a list for whoever takes them over, and for the letters to them. One line for each
//! customer, with what a mail merge needs, and with what must still be told.
//!
//! A line is made from a run and the story of one of its rows, so that lines of many runs can stand in one table.

use super::{
    CsvStyle, ReportError,
    tables::{self, neutral},
};
use crate::{
    domain::{AdminLeft, Day, Ends, Outcome, Preparation, Procedure, Reason, RunId, Term, Thing, Time},
    record::{CustomerStory, Judged, RowEnd, RunStory, Value},
};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

/// The name of the file.
pub(super) const NAME: &str = "handover.csv";

/// What a subscription is called where it is the cause of a finding.
const SUBSCRIPTION: &str = "subscription";

/// A customer that is handed over, as a run tells it.
#[derive(Clone, Copy)]
pub(super) struct HandedOver<'a> {
    run: &'a RunStory,
    story: &'a CustomerStory,
    beyond: BeyondTheRun<'a>,
}

/// What is known of a customer from other runs than the one that tells it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BeyondTheRun<'a> {
    /// Its relationship is known to be gone, and no run of ours ended it.
    pub(super) gone_before: bool,
    /// What is left of delegated administration, and the run that says so, if it is another.
    pub(super) admin: Option<(&'a AdminTold, Option<&'a RunId>)>,
}

/// What a run says of delegated administration.
#[derive(Clone, Debug)]
pub(super) struct AdminTold {
    /// When it was so.
    pub(super) at: Time,
    /// What is left, or what became of each part.
    pub(super) in_words: String,
    /// What the customer could still approve.
    not_approved: Vec<String>,
}

/// A column of the hand-over list.
#[derive(Clone, Copy)]
pub(super) struct HandoverColumn {
    /// Its public name.
    pub(super) name: &'static str,
    /// Its heading in the workbook,
    pub(super) heading: &'static str,
    /// and its width there, in characters.
    pub(super) width: f64,
    /// What stands in it.
    pub(super) value: for<'a> fn(HandedOver<'a>) -> Value<'a>,
}

/// All of them, in their order.
pub(super) const HANDOVER_COLUMNS: [HandoverColumn; 20] = [
    column("customer_tenant_id", "Customer tenant ID", 38.0, tenant),
    column("customer_name", "Customer", 32.0, |one| text(one.story.name())),
    column("domain", "Domain", 32.0, |one| text(one.story.domain())),
    column("outcome", "Outcome", 16.0, |one| {
        Value::Outcome(if one.beyond.gone_before { Outcome::GONE_BEFORE } else { one.story.counts_as() })
    }),
    column("reasons", "Reasons", 34.0, reasons),
    column("run_id", "Run", 24.0, |one| text(Some(one.run.id.as_str()))),
    column("mode", "Mode", 12.0, |one| text(Some(one.run.opened.mode.as_str()))),
    column("ticket", "Ticket", 18.0, |one| text(one.run.opened.ticket.as_deref())),
    column("relationship_ended_on", "Ended on", 13.0, |one| day(one.story.relationship_ended_on())),
    column("ends_with_term_on", "Ends with its term on", 24.0, ends_with_term_on),
    column("subscriptions", "Subscriptions", 60.0, subscriptions),
    column("seats", "Seats", 8.0, |one| one.story.seats().map_or(Value::None, Value::Number)),
    column("latest_end", "Latest end", 13.0, |one| day(one.latest_end())),
    column("removable_from", "May go from", 13.0, |one| day(one.story.goes_from())),
    column("act_by", "Act by", 13.0, |one| day(one.story.act_by())),
    column("transferred", "Transferred", 40.0, transferred),
    column("reseller_mpn_id", "Reseller’s MPN ID", 18.0, reseller_mpn_id),
    column("reseller_name", "Reseller", 32.0, reseller_name),
    column("delegated_administration", "Delegated administration", 60.0, delegated_admin),
    column("still_to_tell", "Still to tell", 80.0, still_to_tell),
];

const fn column(
    name: &'static str,
    heading: &'static str,
    width: f64,
    value: for<'a> fn(HandedOver<'a>) -> Value<'a>,
) -> HandoverColumn {
    HandoverColumn { name, heading, width, value }
}

fn text<'a>(text: Option<impl Into<Cow<'a, str>>>) -> Value<'a> {
    text.map_or(Value::None, |text| Value::Text(text.into()))
}

fn day(day: Option<Day>) -> Value<'static> {
    day.map_or(Value::None, Value::Day)
}

/// Parts of a long text; nothing, if there are none.
fn parts(parts: &[String]) -> Value<'static> {
    if parts.is_empty() { Value::None } else { Value::Long(Cow::Owned(parts.join("; "))) }
}

/// Whether a run has customers to hand over: those of a sandbox are nobody's.
pub(super) fn is_for(run: &RunStory) -> bool {
    !run.opened.procedure.is_for_sandbox()
}

impl<'a> HandedOver<'a> {
    /// The customer of this row of the run's list. None if it names no customer, or one that stood further up already.
    pub(super) fn of(run: &'a RunStory, story: &'a CustomerStory) -> Option<Self> {
        let is_again = story.reasons().contains(&Reason::DuplicateRow);
        let beyond = BeyondTheRun::default();
        (story.customer().is_some() && !is_again).then_some(Self { run, story, beyond })
    }

    /// The same, with what other runs say.
    pub(super) const fn with(self, beyond: BeyondTheRun<'a>) -> Self {
        Self { beyond, ..self }
    }

    fn judged(self) -> Option<&'a Judged> {
        self.story.judged().last().map(|(.., judged)| judged)
    }

    /// What the run is known to have set to end with its term, and each of those terms.
    fn scheduled(self) -> impl Iterator<Item = &'a Term> {
        let story = self.story;
        story.planned().iter().filter_map(move |one| {
            let term = one.term.as_deref()?;
            let is_scheduled = !one.what.facts().stops_service && term.restored.is_none();
            (is_scheduled && story.is_done(one)).then_some(term)
        })
    }

    /// The last day of whatever is known to end: of what the run scheduled, and of what stands in the way. None as soon as
    /// something goes on, or may.
    fn latest_end(self) -> Option<Day> {
        // No other procedure looks at everything.
        if !self.run.opened.procedure.ends_relationship() {
            return None;
        }
        let stands =
            self.judged().into_iter().flat_map(|judged| judged.findings.iter().chain(&judged.left_out));
        let mut days: BTreeSet<Day> = self.scheduled().map(|term| term.last_day).collect();
        for finding in stands {
            // It is the first day without it.
            let Ends::On(first) = finding.ends else { return None };
            if finding.reason != Reason::PendingTransfer {
                days.insert(first.plus_days(-1));
            }
        }
        days.last().copied()
    }
}

fn tenant(one: HandedOver<'_>) -> Value<'_> {
    text(one.story.customer().map(|id| id.to_string()))
}

fn reasons(one: HandedOver<'_>) -> Value<'_> {
    let names: Vec<_> = one.story.reasons().iter().map(|reason| reason.as_str()).collect();
    if names.is_empty() { Value::None } else { Value::Names(names) }
}

fn ends_with_term_on(one: HandedOver<'_>) -> Value<'_> {
    let days: BTreeSet<Day> = one.scheduled().map(|term| term.last_day).collect();
    let days: Vec<_> = days.iter().map(Day::to_string).collect();
    text((!days.is_empty()).then(|| days.join(";")))
}

/// Those that the run changed, or would, and those that stood in its way; over ones are on record nowhere.
fn subscriptions(one: HandedOver<'_>) -> Value<'_> {
    let mut known = BTreeSet::new();
    let mut told = Vec::new();
    let is_one = |one: &&Preparation| one.what.facts().thing == Thing::Subscription;
    for one in one.story.planned().iter().filter(is_one) {
        known.insert(one.id.as_str());
        let term = one.term.as_ref().map(|term| term.in_words()).unwrap_or_default();
        told.push(subscription(one.name.as_deref(), Some(&one.id), &term));
    }
    let findings = one.judged().into_iter();
    let findings =
        findings.flat_map(|judged| judged.findings.iter().chain(&judged.allowed).chain(&judged.left_out));
    for cause in findings.flat_map(|finding| &finding.causes).filter(|cause| cause.what == SUBSCRIPTION) {
        if cause.id.as_deref().is_none_or(|id| known.insert(id)) {
            told.push(subscription(cause.name.as_deref(), cause.id.as_deref(), &cause.detail));
        }
    }
    parts(&told)
}

fn transferred(one: HandedOver<'_>) -> Value<'_> {
    let each = one.judged().into_iter().flat_map(|judged| &judged.transferred);
    parts(&each.map(ToString::to_string).collect::<Vec<_>>())
}

fn reseller_mpn_id(one: HandedOver<'_>) -> Value<'_> {
    text(one.story.reseller().map(|reseller| reseller.mpn_id.as_str()))
}

fn reseller_name(one: HandedOver<'_>) -> Value<'_> {
    text(one.story.reseller().and_then(|reseller| reseller.name.as_deref()))
}

/// What is left of it, as far as that was looked at; of a run that ends it, what became of each part. What was known later
/// counts.
fn delegated_admin(one: HandedOver<'_>) -> Value<'_> {
    if let Some((told, by)) = one.beyond.admin {
        let by = by.map(|run| format!("run {run} on {}: ", told.at.day())).unwrap_or_default();
        return Value::Long(Cow::Owned(format!("{by}{}", told.in_words)));
    }
    if let Some(told) = admin_told(one.run.opened.procedure, one.story) {
        return Value::Long(Cow::Owned(told.in_words));
    }
    match one.story.admin_left() {
        Some(left @ AdminLeft::NotRead(_)) => parts(&left.in_words()),
        _ if one.run.opened.procedure == Procedure::FOR_DELEGATED_ADMIN => Value::None,
        _ => text(Some("not looked at")),
    }
}

/// What a run says of delegated administration, if it was read. None if it was not.
pub(super) fn admin_told(procedure: Procedure, story: &CustomerStory) -> Option<AdminTold> {
    let told = |parts: Vec<String>, at: Time| AdminTold {
        at,
        in_words: if parts.is_empty() { "none".to_owned() } else { parts.join("; ") },
        not_approved: story.admin_not_approved(),
    };
    let (_, judged_at, judged) = story.judged().last()?;
    if procedure == Procedure::FOR_DELEGATED_ADMIN {
        let each = story.planned().iter().map(|planned| {
            let ended = if story.is_done(planned) { "ended" } else { "not known to have ended" };
            format!("{ended}: {planned}")
        });
        let left_out =
            judged.left_out.iter().map(|finding| format!("not ended: {}", finding.causes_in_words()));
        let each: Vec<_> = each.chain(left_out).collect();
        let is_none = story.outcome().is_some_and(Outcome::is_reached);
        let at = story.finished_at().unwrap_or(*judged_at);
        return (is_none || !each.is_empty()).then(|| told(each, at));
    }
    let mut all = story.judged().iter().rev();
    let (left, at) = all.find_map(|(.., judged)| Some((judged.admin_left.as_ref()?, judged.facts_at)))?;
    match left {
        AdminLeft::Relationships(_) => Some(told(left.in_words(), at)),
        AdminLeft::NotRead(_) => None,
    }
}

/// Nobody is told what only the simulator plays.
fn still_to_tell(one: HandedOver<'_>) -> Value<'_> {
    let not_approved = one.beyond.admin.map(|(told, _)| Cow::Borrowed(&told.not_approved));
    let not_approved = not_approved.unwrap_or_else(|| Cow::Owned(one.story.admin_not_approved()));
    let end =
        if one.beyond.gone_before { RowEnd::Settled(Outcome::GONE_BEFORE, None) } else { one.story.end() };
    let told = one.story.still_to_tell(end, &not_approved);
    let is_simulated = one.run.opened.mode.is_simulated();
    let told = if is_simulated { format!("Only simulated, and so for nobody: {told}") } else { told };
    Value::Long(Cow::Owned(told))
}

/// `Office 365 E3 (5d…): active, its term ends 2027-03-04`.
fn subscription(name: Option<&str>, id: Option<&str>, detail: &str) -> String {
    let name = name.unwrap_or("(no name)");
    let id = id.map(|id| format!(" ({id})")).unwrap_or_default();
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    format!("{name}{id}{detail}")
}

/// The table, while it is written.
pub(super) struct HandoverCsv<W: Write> {
    csv: csv::Writer<W>,
    path: PathBuf,
    style: CsvStyle,
}

impl<W: Write> HandoverCsv<W> {
    pub(super) fn begin(out: W, path: &Path, style: CsvStyle) -> Result<Self, ReportError> {
        let mut csv = tables::writer(out, path, style)?;
        let header = HANDOVER_COLUMNS.map(|column| column.name);
        csv.write_record(header).map_err(ReportError::writing(path))?;
        Ok(Self { csv, path: path.to_owned(), style })
    }

    pub(super) fn add(&mut self, one: HandedOver<'_>) -> Result<(), ReportError> {
        let failed = ReportError::writing::<csv::Error>(&self.path);
        for column in HANDOVER_COLUMNS {
            let value = (column.value)(one);
            let cell = value.to_text();
            let cell = match self.style {
                CsvStyle::Safe => neutral(&cell),
                CsvStyle::Raw => Cow::Borrowed(&*cell),
            };
            self.csv.write_field(cell.as_bytes()).map_err(&failed)?;
        }
        self.csv.write_record(None::<&[u8]>).map_err(&failed)
    }

    pub(super) fn end(self) -> Result<W, ReportError> {
        tables::end(self.csv, self.path)
    }
}
