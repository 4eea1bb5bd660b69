//! What the shown records say of the customer, in order. It follows from them alone.

use super::super::approver::signed_by;
use super::{
    exchanges::{CertifiedRequest, request, subscriptions},
    known::ParsedRecord,
};
use crate::{
    domain::{Day, Effect, Finding, Mode, Outcome, Procedure, Time},
    record::{
        Activity, Corroborated, CustomerStory, Event, How, Judged, Kind, Line, Observation, Observed,
        RequestStory, Resolved, RunStory, Settled,
    },
};
use serde::Serialize;

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Story {
    /// All of it in one sentence or two.
    pub(super) in_short: String,
    /// How it ended, in one word.
    pub(super) outcome: Option<Outcome>,
    /// How sure it is that the relationship is gone.
    pub(super) evidence: Option<String>,
    /// The live name, as it was read then.
    pub(super) customer_name: Option<String>,
    customer_domain: Option<String>,
    partner_tenant_id: Option<String>,
    partner_name: Option<String>,
    pub(super) run: Option<CertifiedRun>,
    signed_in_as: Vec<String>,
    approvals: Vec<CertifiedConsent>,
    /// What became of the run, in order.
    course: Vec<CertifiedMoment>,
    /// Whether the run came to its end; after that nothing is added to it but what is found out later.
    pub(super) is_sealed: bool,
    pub(super) rows: Vec<RowStory>,
    requests: Vec<CertifiedRequest>,
    /// How many records are not shown.
    pub(super) withheld: usize,
    /// How many of them are rows of the list that have other columns than ID, name and domain.
    pub(super) rows_withheld: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CertifiedRun {
    pub(super) procedure: Procedure,
    pub(super) mode: Mode,
    operator: String,
    host: String,
    program: String,
    api_url: String,
    list: String,
    list_sha256: String,
    rows: u32,
    ticket: Option<String>,
    reason: Option<String>,
    /// The run that made the plan, if it was another.
    plan_of_run: Option<String>,
    began: String,
}

#[derive(Clone, Debug, Serialize)]
struct CertifiedConsent {
    at: String,
    by: String,
    how: String,
    plan_digest: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CertifiedMoment {
    at: String,
    text: String,
}

/// One row of the list that names the customer.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct RowStory {
    row: u32,
    in_list: Vec<String>,
    /// Why the row is not shown as it stands in the list, if it is not because of others.
    not_in_list: Option<&'static str>,
    decisions: Vec<CertifiedDecision>,
    looks: Vec<CertifiedMoment>,
    end: Option<CertifiedEnd>,
    pub(super) resolved: Vec<CertifiedMoment>,
    corroborated: Vec<CertifiedMoment>,
}

#[derive(Clone, Debug, Serialize)]
struct CertifiedDecision {
    at: String,
    verdict: Outcome,
    name: Option<String>,
    domain: Option<String>,
    relationship: Option<String>,
    subscriptions: Vec<String>,
    findings: Vec<CertifiedFinding>,
    left_to_service: Vec<CertifiedFinding>,
    note: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct CertifiedFinding {
    reason: &'static str,
    text: String,
}

#[derive(Clone, Debug, Serialize)]
struct CertifiedEnd {
    at: String,
    outcome: Outcome,
    evidence: Option<String>,
    reasons: Vec<&'static str>,
    explanation: String,
    removable_from: Option<String>,
    changes_sent: u32,
}

/// What is said in place of a row of the list that has other columns.
const OTHER_COLUMNS: &str = "how it stands in the list is withheld here, because the list has other columns than ID, name and \
domain; `offboard prove --with-columns` shows them";

/// What the records are stories of: the run, and each row that names the customer.
struct CertifiedStories {
    run: Option<RunStory>,
    rows: Vec<CustomerStory>,
}

impl CertifiedStories {
    fn of(known: &[ParsedRecord]) -> Self {
        let run = known.iter().find_map(|known| RunStory::begin(known.seq, &known.record));
        let mut told = Self { run, rows: Vec::new() };
        for ParsedRecord { seq, record, .. } in known {
            if let Some(run) = &mut told.run {
                run.take(*seq, record);
            }
            if let Some(row) = record.event.about().row()
                && !told.rows.iter().any(|story| story.row() == row)
            {
                let procedure = || procedure_of(known);
                let story = told.run.as_ref().map(|run| CustomerStory::of(run, row));
                told.rows.push(story.unwrap_or_else(|| CustomerStory::new(row, procedure())));
            }
            told.rows.iter_mut().for_each(|row| row.take(*seq, record));
        }
        told
    }

    /// A second row of the same customer ends as a duplicate; the first one tells what became of it.
    fn main(&self) -> Option<&CustomerStory> {
        let is_worked_on = |row: &&CustomerStory| row.effects().all().next().is_some();
        self.rows.iter().find(is_worked_on).or_else(|| self.rows.first())
    }
}

/// Which procedure it was, where the record that began the run is withheld: by what was sent, or by how a row ended.
fn procedure_of(known: &[ParsedRecord]) -> Procedure {
    let of_effect = |effect: Effect| Procedure::ALL.iter().copied().find(|procedure| procedure.sends(effect));
    let told = |known: &ParsedRecord| match &known.record.event {
        Event::RequestIntended(intent) => intent.purpose.effect().and_then(of_effect),
        Event::Settled(settled) => match settled.outcome {
            Outcome::Done(procedure) | Outcome::AlreadyDone(procedure) => Some(procedure),
            _ => None,
        },
        _ => None,
    };
    known.iter().find_map(told).unwrap_or(Procedure::DEFAULT)
}

impl Story {
    /// What these records say, of which `withheld` more are not shown; `rows_withheld` of those are rows of the list, and
    /// tell nothing of what became of the customer.
    pub(super) fn of(known: &[ParsedRecord], withheld: usize, rows_withheld: usize) -> Self {
        let told = CertifiedStories::of(known);
        let (run, main) = (told.run.as_ref(), told.main());
        let judged = told.rows.iter().flat_map(CustomerStory::judged).map(|(.., judged)| judged);
        let partner = run.and_then(|run| run.partner.as_ref());
        let mut story = Self {
            in_short: String::new(),
            outcome: main.and_then(CustomerStory::outcome),
            evidence: main.and_then(|main| main.last_word().evidence()).map(|evidence| evidence.to_string()),
            customer_name: judged.clone().rev().find_map(|judged| judged.name.clone()),
            customer_domain: judged.rev().find_map(|judged| judged.domain.clone()),
            partner_tenant_id: partner.map(|partner| partner.tenant_id.to_string()),
            partner_name: partner.map(|partner| partner.name.clone()),
            run: run.map(CertifiedRun::of),
            signed_in_as: run.map(signed_in_as).unwrap_or_default(),
            approvals: run.map(approvals).unwrap_or_default(),
            course: known.iter().filter_map(step).collect(),
            is_sealed: run.is_some_and(|run| run.sealed.is_some()),
            rows: told.rows.iter().map(|row| RowStory::of(row, known, rows_withheld > 0)).collect(),
            requests: requests(&told),
            withheld,
            rows_withheld,
        };
        story.in_short = story.sentence(main);
        story
    }
}

impl CertifiedRun {
    fn of(run: &RunStory) -> Self {
        let opened = &run.opened;
        Self {
            procedure: opened.procedure,
            mode: opened.mode,
            operator: opened.operator.clone(),
            host: opened.host.clone(),
            program: format!("offboard {}", opened.version),
            api_url: opened.api_url.clone(),
            list: opened.input.file.clone(),
            list_sha256: opened.input.sha256.to_string(),
            rows: opened.input.rows,
            ticket: opened.ticket.clone(),
            reason: opened.reason.clone(),
            plan_of_run: opened.applies.as_ref().map(|plan| plan.run.to_string()),
            began: run.started_at.to_string(),
        }
    }
}

/// The users whose tokens were used, each once.
fn signed_in_as(run: &RunStory) -> Vec<String> {
    let mut users: Vec<String> = Vec::new();
    for user in run.tokens.iter().filter_map(|token| token.user.as_ref()) {
        if !users.contains(user) {
            users.push(user.clone());
        }
    }
    users
}

/// Who said yes to the plan.
fn approvals(run: &RunStory) -> Vec<CertifiedConsent> {
    let approved = run.approved.iter().map(|(at, approved)| CertifiedConsent {
        at: at.to_string(),
        by: approved.approver.clone(),
        how: format!("approved the plan with another key; signed {}", signed_by(approved, Some(&run.opened))),
        plan_digest: approved.digest.to_string(),
    });
    let confirmed = run.confirmed.iter().map(|(_, at, yes)| CertifiedConsent {
        at: at.to_string(),
        by: yes.by.clone(),
        how: match yes.how {
            How::Typed => "typed the partner's name and the number of customers".to_owned(),
            How::Yes => "with `--yes`, and the partner account named beforehand".to_owned(),
        },
        plan_digest: yes.digest.to_string(),
    });
    approved.chain(confirmed).collect()
}

/// A step of the run in a line, unless it stands elsewhere.
fn step(known: &ParsedRecord) -> Option<CertifiedMoment> {
    let kind = known.record.event.kind();
    let stands_elsewhere = matches!(
        kind,
        Kind::LogOpened
            | Kind::KeyIntroduced
            | Kind::RunOpened
            | Kind::TokenNamed
            | Kind::PartnerIdentified
            | Kind::Approved
            | Kind::Confirmed
            | Kind::Resolved
    );
    (kind.is_step() && !stands_elsewhere).then(|| {
        let Line { what, text, .. } = known.record.event.line();
        let text = if text.is_empty() { what } else { format!("{what}: {text}") };
        CertifiedMoment { at: known.record.at.to_string(), text }
    })
}

/// All requests that are shown, in the order in which they were about to be sent.
fn requests(told: &CertifiedStories) -> Vec<CertifiedRequest> {
    let of_run = told.run.iter().flat_map(|run| run.requests.iter());
    let of_rows = told.rows.iter().flat_map(|row| row.requests().iter());
    let mut all: Vec<&RequestStory> = of_run.chain(of_rows).collect();
    all.sort_by_key(|request| request.seq);
    all.into_iter().map(request).collect()
}

impl RowStory {
    fn of(row: &CustomerStory, known: &[ParsedRecord], may_be_withheld: bool) -> Self {
        let moment = |at: &Time, text: String| CertifiedMoment { at: at.to_string(), text };
        Self {
            row: row.row(),
            in_list: row.listed().map(|read| read.cells.clone()).unwrap_or_default(),
            not_in_list: (may_be_withheld && row.listed().is_none()).then_some(OTHER_COLUMNS),
            decisions: row
                .judged()
                .iter()
                .map(|(_, at, judged)| CertifiedDecision::of(*at, judged, known))
                .collect(),
            looks: row.looks().iter().map(|(at, look)| moment(at, seen(look))).collect(),
            end: row
                .finished_at()
                .zip(row.settled())
                .map(|(at, settled)| CertifiedEnd::of(at, settled, row.goes_from())),
            resolved: row.resolved().iter().map(|(at, resolved)| moment(at, said(resolved))).collect(),
            corroborated: row
                .corroborated()
                .iter()
                .map(|(at, found)| moment(at, found_there(found)))
                .collect(),
        }
    }
}

impl CertifiedDecision {
    fn of(at: Time, judged: &Judged, known: &[ParsedRecord]) -> Self {
        let reasons = |findings: &[Finding]| {
            let reason = |finding: &Finding| CertifiedFinding {
                reason: finding.reason.as_str(),
                text: finding.explanation(),
            };
            findings.iter().map(reason).collect::<Vec<_>>()
        };
        Self {
            at: at.to_string(),
            verdict: judged.verdict,
            name: judged.name.clone(),
            domain: judged.domain.clone(),
            relationship: judged.relationship.clone(),
            subscriptions: subscriptions(known, &judged.basis),
            findings: reasons(&judged.findings),
            left_to_service: reasons(&judged.allowed),
            note: judged.note.clone(),
        }
    }
}

impl CertifiedEnd {
    fn of(at: Time, settled: &Settled, goes_from: Option<Day>) -> Self {
        Self {
            at: at.to_string(),
            outcome: settled.outcome,
            evidence: settled.evidence.map(|evidence| evidence.to_string()),
            reasons: settled.reasons.iter().map(|reason| reason.as_str()).collect(),
            explanation: settled.explanation.clone(),
            removable_from: goes_from.map(|day| day.to_string()),
            changes_sent: settled.attempts,
        }
    }
}

fn seen(observed: &Observed) -> String {
    // What it was that was looked at, and whether it is done, its own words say.
    let seen = match (observed.seen, &observed.about) {
        (Observation::Gone, None) => "the relationship is gone".to_owned(),
        (Observation::StillThere, None) => "the relationship is still there".to_owned(),
        (Observation::Gone, Some(id)) => format!("what was asked for {id} is done"),
        (Observation::StillThere, Some(id)) => format!("what was asked for {id} is not done yet"),
        (Observation::NotTold, _) => "nothing could be told".to_owned(),
    };
    format!("{seen}: {}", observed.detail)
}

fn found_there(corroborated: &Corroborated) -> String {
    let Activity { operation, at: when, user, correlation_id, .. } = &corroborated.activity;
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "not said".to_owned());
    let whose = if corroborated.is_our_request { "our own request" } else { "customer and time agree" };
    format!(
        "Partner Center's own record: {operation} at {}, by {}, correlation ID {}: {whose}",
        word(when),
        word(user),
        word(correlation_id)
    )
}

fn said(resolved: &Resolved) -> String {
    let Resolved { outcome, by, host, because, .. } = resolved;
    format!("{by} on {host} says that it is {}: {because}", outcome.in_words())
}
