//! A log with a run in it, for the tests of this room and of the reviewer's page. Each record is checked by the fold, so the
//! samples are runs that could have been.

use crate::{
    audit::{Entry, Reader, RunLine, Store, test_key},
    domain::{
        Answer, Cause, CorrelationId, Ends, Evidence, Finding, Mode, Outcome, Procedure, Reason, RequestId,
        RunId, Sha256, TenantId, Time,
    },
    record::{
        Confirmed, CustomersProtected, Event, Exchange, How, InputFile, Judged, Observed, Partner,
        PlanSealed, Policy, Purpose, Record, RequestIntended, ResponseReceived, RowRead, Run, RunOpened,
        RunSealed, Seen, Settled, StopCause, Stopped, TokenNamed,
    },
};
use serde_json::Map;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

pub(crate) const HOSTILE: &str = "<script>alert(\"1\")</script>\u{202e}\u{1b}[2J & 'Søn'";

/// How far the run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Plan,
    Interrupted,
    Sealed,
}

pub(crate) struct Sample {
    pub(crate) folder: TempDir,
    run: Run,
    store: Store,
    now: i64,
    next: u64,
}

struct Case {
    name: &'static str,
    end: Outcome,
    evidence: Option<Evidence>,
    reasons: Vec<Reason>,
    text: &'static str,
}

fn case(name: &'static str, end: Outcome, reasons: &[Reason], text: &'static str) -> Case {
    Case { name, end, evidence: None, reasons: reasons.to_vec(), text }
}

fn gone(name: &'static str, end: Outcome, evidence: Evidence) -> Case {
    let text = "A later read no longer shows the relationship.";
    Case { name, end, evidence: Some(evidence), reasons: vec![], text }
}

fn cases(procedure: Procedure) -> Vec<Case> {
    use Outcome::{
        AlreadyDeleted, AlreadyRemoved, Deleted, Failed, NotAttempted, Rejected, Removed, Skipped, Unknown,
    };
    let sandbox = procedure == Procedure::DeleteSandboxCustomer;
    let (end, before) = if sandbox { (Deleted, AlreadyDeleted) } else { (Removed, AlreadyRemoved) };
    vec![
        gone("Contoso Bikes", end, Evidence::Observed),
        gone("Fabrikam Residences", end, Evidence::Observed),
        gone("Northwind Traders", end, Evidence::Accepted),
        gone("株式会社ウッドグローブ", end, Evidence::Corroborated),
        gone(HOSTILE, end, Evidence::Observed),
        case("Adventure Works", before, &[], "The live relationship is `none`."),
        case(
            "=cmd|'/c calc'!A0",
            Skipped,
            &[Reason::ActiveSubscription, Reason::ReservedInstance],
            "active_subscription: subscription `Microsoft 365 Business` (5d5d5d5d-0000-4000-8000-000000000000): active, new commerce. Suspend the legacy subscription, or cancel the new-commerce one, then run again. | reserved_instance: reservation `VM D2s v5, 3 years` (7a7a7a7a-0000-4000-8000-000000000000): ends 2027-03-01. Have the reservation cancelled through Azure support, or wait until it ends.",
        ),
        case(
            "Tailspin Toys",
            Skipped,
            &[Reason::SavingsPlan],
            "savings_plan: savings plan (order 77): ends 2027-08-15. Wait until the savings plan ends, or ask Microsoft support whether it can be cancelled.",
        ),
        case(
            "Wide World Importers",
            Skipped,
            &[Reason::ProtectedCustomer, Reason::AzurePlan],
            "protected_customer: on the protected list.",
        ),
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

pub(crate) fn id(row: u32) -> TenantId {
    format!("0a0b0c0d-1111-4222-8333-{row:012}").parse().unwrap()
}

impl Sample {
    pub(crate) fn make(mode: Mode, procedure: Procedure, until: Until) -> Self {
        let cases = cases(procedure);
        let mut sample = Self::open(mode, procedure, u32::try_from(cases.len()).unwrap());
        sample.read(&cases);
        sample.plan(&cases);
        match until {
            Until::Plan => {
                for (row, case) in (2..).zip(&cases) {
                    let ready = may_be_sent(case);
                    let end = Case {
                        end: if ready { Outcome::Ready } else { case.end },
                        evidence: None,
                        reasons: if ready { vec![] } else { case.reasons.clone() },
                        ..*case
                    };
                    if !at_reading(case) {
                        sample.settle(row, &end);
                    }
                }
                sample.seal(0);
            }
            Until::Interrupted => {
                sample.confirm();
                sample.change(2, &cases[0]);
                sample.settle(2, &cases[0]);
                // Row 3 was sent and not settled.
                sample.change(3, &cases[1]);
                let text = "interrupted by a signal".to_owned();
                sample.record(Event::Stopped(Stopped { cause: StopCause::Interrupted, text }));
            }
            Until::Sealed => {
                sample.confirm();
                for (row, case) in (2..).zip(&cases) {
                    if may_be_sent(case) && case.end != Outcome::NotAttempted {
                        sample.change(row, case);
                    }
                    if !at_reading(case) {
                        sample.settle(row, case);
                    }
                }
                sample.seal(3);
            }
        }
        sample
    }

    fn open(mode: Mode, procedure: Procedure, rows: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log_made = Time::from_millis(1_795_166_000_000);
        let mut store =
            Store::open(&folder.path().join("audit.db"), log_made, &[7; 16], &test_key()).unwrap();
        let id: RunId = "20261120-093005-4be1c7".parse().unwrap();
        let policy = Policy {
            canary: 1,
            rate: 300,
            concurrency: 8,
            settle_seconds: 300,
            stop_after_failures: 3,
            max_removals: 500,
            approval_above: None,
            max_share: 50,
            allow: vec![Reason::SoftwarePurchase],
            protected: BTreeSet::new(),
            partner: None,
            sandbox: (procedure == Procedure::DeleteSandboxCustomer).then(|| self::id(999)),
            sandboxes: [].into(),
            suspend_legacy: false,
            order_timeout_seconds: None,
        };
        let opened = RunOpened {
            applies: None,
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
            },
            ticket: Some("CHG-20417".into()),
            reason: Some("End of the reseller contract in the Nordics".into()),
            policy,
            settings: BTreeMap::new(),
        };
        let at = Time::from_millis(1_795_166_130_000);
        let first = Record { at, run: Some(id), event: Event::RunOpened(Box::new(opened)) };
        let run = Run::begin(&first).unwrap();
        let next = store.append(&[first.into()]).unwrap() + 1;
        let mut sample = Self { folder, run, store, now: at.as_millis(), next };
        let customers = [self::id(10)].into();
        sample.record(Event::CustomersProtected(CustomersProtected { customers }));
        let user = Some("dana@partner.example".to_owned());
        let source = "OFFBOARD_ACCESS_TOKEN".to_owned();
        sample.record(Event::TokenNamed(TokenNamed { source, user, ..TokenNamed::default() }));
        let name = "Nordic Cloud Partners A/S".to_owned();
        sample.record(Event::PartnerIdentified(Partner { tenant_id: self::id(999), name, basis: 0 }));
        sample
    }

    fn record(&mut self, event: Event) -> u64 {
        self.record_all(vec![event])
    }

    fn record_all(&mut self, events: Vec<Event>) -> u64 {
        let first = self.next;
        let mut entries = Vec::new();
        for event in events {
            self.now += 1_250;
            let record = Record { at: Time::from_millis(self.now), run: Some(self.run.id.clone()), event };
            self.run.apply(self.next, &record).unwrap();
            self.next += 1;
            entries.push(Entry::from(record));
        }
        assert_eq!(self.store.append(&entries).unwrap(), first);
        first
    }

    fn read(&mut self, cases: &[Case]) {
        let mut events = Vec::new();
        for (row, case) in (2..).zip(cases) {
            let is_valid = case.end != Outcome::Rejected;
            let cell = if is_valid { id(row).to_string().to_uppercase() } else { "nonsense".into() };
            events.push(Event::RowRead(RowRead {
                row,
                customer: is_valid.then(|| id(row)),
                name: (!case.name.is_empty()).then(|| case.name.to_owned()),
                domain: None,
                cells: vec![cell, case.name.into(), format!("-note {row}; \"quoted\""), "leaving".into()],
            }));
            if at_reading(case) {
                events.push(self.settled(row, case));
            }
        }
        self.record_all(events);
    }

    fn plan(&mut self, cases: &[Case]) {
        let mut events = Vec::new();
        // Decisions come in the order of the answers, not in that of the list.
        for (row, case) in (2..).zip(cases).collect::<Vec<_>>().into_iter().rev() {
            if at_reading(case) {
                continue;
            }
            let cause = Cause {
                what: "subscription".into(),
                id: None,
                name: Some("é\u{7f}\"".into()),
                detail: "active".into(),
            };
            let blocked = !may_be_sent(case);
            let findings = case.reasons.iter().filter(|_| blocked);
            events.push(Event::Judged(Box::new(Judged {
                row,
                verdict: if blocked { case.end } else { Outcome::Ready },
                name: Some(case.name.into()),
                domain: Some(format!("customer{row}.example")),
                relationship: Some("reseller".into()),
                findings: findings
                    .map(|reason| Finding {
                        reason: *reason,
                        causes: vec![cause.clone()],
                        ends: Ends::ByAction,
                    })
                    .collect(),
                allowed: vec![],
                first: vec![],
                listed_as: None,
                seats: None,
                active_until: None,
                note: None,
                facts_at: Time::from_millis(self.now),
                basis: vec![],
                exchange: None,
            })));
        }
        self.record_all(events);
        let ready = cases.iter().filter(|case| may_be_sent(case)).count();
        let plan = PlanSealed {
            digest: self.run.plan_digest(),
            ready: u32::try_from(ready).unwrap(),
            counted: 412,
            customers_of_partner: Some(412),
        };
        self.record(Event::PlanSealed(plan));
    }

    fn confirm(&mut self) {
        let digest = self.run.plan_digest();
        self.record(Event::Confirmed(Confirmed { by: "dana".into(), how: How::Typed, digest }));
    }

    fn change(&mut self, row: u32, case: &Case) {
        let intent = self.record(Event::RequestIntended(Box::new(RequestIntended {
            row: Some(row),
            customer: Some(id(row)),
            about: None,
            purpose: match self.run.opened.procedure {
                Procedure::RemoveRelationship => Purpose::RemoveRelationship,
                Procedure::DeleteSandboxCustomer => Purpose::DeleteCustomer,
            },
            attempt: 1,
            method: "PATCH".into(),
            url: "https://api.partnercenter.microsoft.com/v1/customers/x".into(),
            request_id: RequestId::new(uuid::Uuid::from_u128(u128::from(row))),
            correlation_id: CorrelationId::new(uuid::Uuid::from_u128(1000 + u128::from(row))),
            headers: Map::new(),
            body: None,
        })));
        let (status, answer) = match case.end {
            Outcome::Failed => (403, Answer::Refused),
            Outcome::Unknown => (504, Answer::Unclear),
            _ => (200, Answer::Understood),
        };
        self.record(Event::ResponseReceived(Box::new(ResponseReceived {
            intent,
            row: Some(row),
            status,
            answer,
            code: None,
            text: None,
            duration_ms: 240,
            headers: Map::new(),
            request_id: None,
            correlation_id: None,
            body: None,
        })));
        if case.evidence.is_some_and(|evidence| evidence > Evidence::Accepted) {
            let detail = "the list of customers".to_owned();
            self.record(Event::Observed(Observed {
                row,
                about: None,
                seen: Seen::Gone,
                detail,
                basis: None,
            }));
        }
    }

    fn settled(&self, row: u32, case: &Case) -> Event {
        let was_sent = case.evidence.is_some() || matches!(case.end, Outcome::Failed | Outcome::Unknown);
        let exchange = Exchange {
            status: Some(if case.end == Outcome::Failed { 403 } else { 200 }),
            code: (case.end == Outcome::Failed).then(|| "900401".to_owned()),
            text: None,
            request_id: Some(RequestId::new(uuid::Uuid::from_u128(u128::from(row)))),
            correlation_id: Some(CorrelationId::new(uuid::Uuid::from_u128(1000 + u128::from(row)))),
        };
        let day = match case.reasons.last() {
            Some(Reason::ReservedInstance) => Some("2027-03-01"),
            Some(Reason::SavingsPlan) => Some("2027-08-15"),
            _ => None,
        };
        Event::Settled(Box::new(Settled {
            row,
            customer: (case.end != Outcome::Rejected).then(|| id(row)),
            name: (!case.name.is_empty()).then(|| case.name.to_owned()),
            outcome: case.end,
            evidence: case.evidence,
            reasons: case.reasons.clone(),
            explanation: case.text.into(),
            removable_from: day.map(|day| day.parse().unwrap()),
            exchange: if was_sent { exchange } else { Exchange::default() },
            attempts: u32::from(was_sent),
            started_at: Time::from_millis(self.now),
        }))
    }

    fn settle(&mut self, row: u32, case: &Case) {
        let settled = self.settled(row, case);
        self.record(settled);
    }

    fn seal(&mut self, exit_code: u8) {
        let sealed = RunSealed { counts: self.run.counts.clone(), open_intents: vec![], exit_code };
        self.record(Event::RunSealed(sealed));
        self.store.head().unwrap();
    }

    /// Where the log is.
    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.store.path().to_owned()
    }

    pub(crate) fn reader(&self) -> (Reader, RunLine) {
        let reader = Reader::open(self.store.path()).unwrap();
        let run = reader.find("latest").unwrap();
        (reader, run)
    }

    /// A second connection, for what no run of this program would do.
    pub(crate) fn tamper(&self, sql: &str) {
        rusqlite::Connection::open(self.store.path()).unwrap().execute_batch(sql).unwrap();
    }
}

fn at_reading(case: &Case) -> bool {
    case.end == Outcome::Rejected || case.reasons == [Reason::DuplicateRow]
}

fn may_be_sent(case: &Case) -> bool {
    use Outcome::{Deleted, Failed, NotAttempted, Removed, Unknown};
    matches!(case.end, Removed | Deleted | Failed | Unknown | NotAttempted)
}
