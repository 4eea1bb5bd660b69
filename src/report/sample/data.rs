//! What the run of the sample is about: its list, its policy, and how each row ends.

use super::{HOSTILE, id};
use crate::{
    domain::{
        Answer, Cause, CorrelationId, Day, Effect, Evidence, Finding, Headers, Lookup, Mode, Outcome,
        Procedure, Purpose, Reason, RequestId, Sha256, Time, in_one_text,
    },
    record::{
        Event, Exchange, IndirectReseller, InputFile, Judged, Policy, RequestIntended, ResponseReceived,
        Rules, RunOpened, Settled,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// How a row ends.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) end: Outcome,
    pub(super) evidence: Option<Evidence>,
    pub(super) reasons: Vec<Reason>,
    /// What its judgement found, if that ended it.
    pub(super) findings: Vec<Finding>,
    pub(super) text: String,
}

fn case(name: &'static str, end: Outcome, reasons: &[Reason], text: &str) -> Case {
    Case { name, end, evidence: None, reasons: reasons.to_vec(), findings: vec![], text: text.to_owned() }
}

fn gone(name: &'static str, end: Outcome, evidence: Evidence) -> Case {
    let text = "A later read no longer shows the relationship.";
    Case { evidence: Some(evidence), ..case(name, end, &[], text) }
}

/// A reason, and what caused it: what it is, its ID, its name, and its state.
type Found<'a> = (Reason, &'a str, Option<&'a str>, Option<&'a str>, &'a str);

/// What ends it is what these findings say.
fn skipped(name: &'static str, found: &[Found<'_>]) -> Case {
    let finding = |(reason, what, id, name, detail): &Found<'_>| {
        let [id, name] = [id, name].map(|text| text.map(str::to_owned));
        let cause = Cause { what: (*what).to_owned(), id, name, detail: (*detail).to_owned() };
        Finding::new(*reason, vec![cause])
    };
    let findings: Vec<_> = found.iter().map(finding).collect();
    let reasons: Vec<_> = findings.iter().map(|finding| finding.reason).collect();
    let text = in_one_text(&findings);
    Case { findings, ..case(name, Outcome::Skipped, &reasons, &text) }
}

pub(super) fn cases(procedure: Procedure) -> Vec<Case> {
    use Outcome::{Failed, NotAttempted, Rejected, Skipped, Unknown};
    let (end, before) = (Outcome::Done(procedure), Outcome::AlreadyDone(procedure));
    vec![
        gone("Contoso Bikes", end, Evidence::Observed),
        gone("Fabrikam Residences", end, Evidence::Observed),
        gone("Northwind Traders", end, Evidence::Accepted),
        gone("株式会社ウッドグローブ", end, Evidence::Corroborated),
        gone(HOSTILE, end, Evidence::Observed),
        case("Adventure Works", before, &[], "The live relationship is `none`."),
        skipped(
            "=cmd|'/c calc'!A0",
            &[
                (
                    Reason::ActiveSubscription,
                    "subscription",
                    Some("5d5d5d5d-0000-4000-8000-000000000000"),
                    Some("Microsoft 365 Business"),
                    "active, its term ends 2027-01-31 and it then renews itself",
                ),
                (
                    Reason::ReservedInstance,
                    "reservation",
                    Some("7a7a7a7a-0000-4000-8000-000000000000"),
                    Some("VM D2s v5, 3 years"),
                    "until 2027-02-28",
                ),
            ],
        ),
        skipped(
            "Tailspin Toys",
            &[(
                Reason::SavingsPlan,
                "savings plan",
                None,
                Some("order 77"),
                "active, its term ends 2027-08-14 and it then ends",
            )],
        ),
        Case {
            reasons: vec![Reason::ProtectedCustomer, Reason::AzurePlan],
            ..skipped(
                "Wide World Importers",
                &[(Reason::ProtectedCustomer, "tenant", None, None, "protected")],
            )
        },
        case(
            "Proseware",
            Failed,
            &[Reason::RefusedByService],
            "The service said: <b>no</b>.\nRead the service's text; correct what it names, then run again.",
        ),
        case(
            "Litware",
            Unknown,
            &[Reason::AnswerLost],
            "The connection was reset after the change was sent.",
        ),
        case("Lucerne Publishing", NotAttempted, &[Reason::RunStopped], "The run stopped before its turn."),
        case(
            "",
            Rejected,
            &[Reason::InvalidTenantId],
            "row 14, column `Tenant ID`: `nonsense` is not a tenant ID.",
        ),
        case("Contoso Bikes", Skipped, &[Reason::DuplicateRow], "Stands in row 2 already."),
    ]
}

pub(super) fn at_reading(case: &Case) -> bool {
    case.end == Outcome::Rejected || case.reasons == [Reason::DuplicateRow]
}

pub(super) fn may_be_sent(case: &Case) -> bool {
    use Outcome::{Done, Failed, NotAttempted, Unknown};
    matches!(case.end, Done(_) | Failed | Unknown | NotAttempted)
}

/// The record that opens the run.
pub(super) fn opened(mode: Mode, procedure: Procedure, rows: u32) -> RunOpened {
    let policy = Policy {
        canary: 1,
        rate: 300,
        concurrency: 8,
        settle_seconds: 300,
        stop_after_failures: 3,
        max_removals: 500,
        limit: None,
        approval_above: None,
        max_share: 50,
        allow: vec![Reason::SoftwarePurchase],
        protected: BTreeSet::new(),
        partner: None,
        sandbox: (procedure == Procedure::DeleteSandboxCustomer).then(|| id(999)),
        sandboxes: [].into(),
        suspend_legacy: false,
        allowed: BTreeSet::new(),
        revoke_consent: BTreeSet::new(),
        order_timeout_seconds: None,
        only_reseller: BTreeSet::new(),
    };
    RunOpened {
        rules: Rules::LATEST,
        applies: None,
        takes_back: None,
        version: "0.1.0".into(),
        procedure,
        mode,
        changes: mode != Mode::Plan,
        api_url: "https://api.partnercenter.microsoft.com".into(),
        operator: "dana".into(),
        host: "ops-laptop-7".into(),
        input: InputFile {
            file: "leaving-customers-2026.xlsx".into(),
            sha256: Sha256::of(&[b"list"]),
            rows,
            columns: ["Tenant ID", "Company name", "Note", "outcome"].map(str::to_owned).to_vec(),
            reading: None,
        },
        ticket: Some("CHG-20417".into()),
        reason: Some("End of the reseller contract in the Nordics".into()),
        policy,
        settings: BTreeMap::new(),
    }
}

/// Its subscription renews itself after 2027-01-31.
fn act_by(case: &Case) -> Option<Day> {
    case.reasons.contains(&Reason::ActiveSubscription).then(|| "2027-01-28".parse().unwrap())
}

pub(super) fn judged(row: u32, case: &Case, facts_at: Time) -> Event {
    let blocked = !may_be_sent(case);
    Event::Judged(Box::new(Judged {
        verdict: if blocked { case.end } else { Outcome::Ready },
        name: Some(case.name.into()),
        domain: Some(format!("customer{row}.example")),
        relationship: Some("reseller".into()),
        reseller: [2, 5].contains(&row).then(|| IndirectReseller {
            mpn_id: "5200011".to_owned(),
            name: (row == 2).then(|| format!("Blue Harbor {HOSTILE}")),
        }),
        act_by: act_by(case),
        ..Judged::skipped(row, facts_at, case.findings.clone())
    }))
}

/// A request for this row, or for the run as a whole.
pub(super) fn intended(row: Option<u32>, purpose: Purpose, attempt: u32, place: u64) -> Event {
    let number = if purpose.is_change() { row.map_or(0, u128::from) } else { u128::from(place) << 32 };
    let (method, end) = match purpose {
        Purpose::Read(Lookup::Subscriptions) => ("GET", "/subscriptions"),
        Purpose::Read(Lookup::Entitlements) => ("GET", "/entitlements?showExpiry=true"),
        Purpose::Change(Effect::DeleteCustomer) => ("DELETE", ""),
        _ => ("PATCH", ""),
    };
    let path =
        row.map_or_else(|| "profiles/organization".to_owned(), |row| format!("customers/{}{end}", id(row)));
    Event::RequestIntended(Box::new(RequestIntended {
        row,
        customer: row.map(id),
        about: None,
        purpose,
        attempt,
        method: if row.is_some() { method } else { "GET" }.into(),
        url: format!("https://api.partnercenter.microsoft.com/v1/{path}"),
        request_id: RequestId::new(uuid::Uuid::from_u128(number)),
        correlation_id: CorrelationId::new(uuid::Uuid::from_u128(1000 + number)),
        headers: Headers::default(),
        body: None,
    }))
}

pub(super) fn answered(intent: u64, row: Option<u32>, status: u16, answer: Answer) -> Event {
    Event::ResponseReceived(Box::new(ResponseReceived {
        intent,
        row,
        status,
        answer,
        code: None,
        text: (status == 429).then(|| format!("Too many. {HOSTILE}")),
        duration_ms: 240,
        headers: Headers::default(),
        request_id: None,
        correlation_id: None,
        body: None,
    }))
}

pub(super) fn settled(row: u32, case: &Case, started_at: Time) -> Event {
    let was_sent = case.evidence.is_some() || matches!(case.end, Outcome::Failed | Outcome::Unknown);
    let number = u128::from(row);
    let exchange = Exchange {
        status: Some(if case.end == Outcome::Failed { 403 } else { 200 }),
        code: (case.end == Outcome::Failed).then(|| "900401".to_owned()),
        text: None,
        request_id: Some(RequestId::new(uuid::Uuid::from_u128(number))),
        correlation_id: Some(CorrelationId::new(uuid::Uuid::from_u128(1000 + number))),
    };
    let day = (case.reasons == [Reason::SavingsPlan]).then_some("2027-08-15");
    Event::Settled(Box::new(Settled {
        row,
        customer: (case.end != Outcome::Rejected).then(|| id(row)),
        name: (!case.name.is_empty()).then(|| case.name.to_owned()),
        outcome: case.end,
        evidence: case.evidence,
        reasons: case.reasons.clone(),
        explanation: case.text.clone(),
        removable_from: day.map(|day| day.parse().unwrap()),
        act_by: act_by(case),
        exchange: if was_sent { exchange } else { Exchange::default() },
        attempts: u32::from(was_sent),
        started_at,
    }))
}
