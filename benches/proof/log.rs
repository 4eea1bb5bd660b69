//! A log as runs leave it: each customer is read, judged, removed and looked at again.

use offboard::{
    audit::{Entry, Store},
    domain::{
        Answer, CorrelationId, Effect, Evidence, Lookup, Mode, Outcome, Procedure, Purpose, RequestId, RunId,
        Sha256, TenantId, Time,
    },
    record::{
        Confirmed, Event, Exchange, How, InputFile, Judged, Observation, Observed, Partner, Payload,
        PlanSealed, Policy, Record, RequestIntended, ResponseReceived, RowRead, Run, RunOpened, RunSealed,
        Settled,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use uuid::Uuid;

type Failed = Box<dyn std::error::Error>;

/// Entries that go to the disk together.
const BATCH: usize = 256;
/// From one record to the next.
const STEP: Duration = Duration::from_millis(20);

/// Writes one run of so many customers.
pub(crate) fn write_run(store: &mut Store, number: u32, customers: u32) -> Result<(), Failed> {
    write_run_of(store, number, customers, 0)
}

/// Writes one run of so many customers, who come after the first `before`. Each run begins a day after the one before.
pub(crate) fn write_run_of(
    store: &mut Store,
    number: u32,
    customers: u32,
    before: u32,
) -> Result<(), Failed> {
    let at = Time::from_millis(1_795_166_130_000 + i64::from(number) * 86_400_000);
    let [_, a, b, c] = number.to_be_bytes();
    let id = RunId::new(at, [a, b, c]);
    let opened = Record { at, run: Some(id.clone()), event: Event::RunOpened(Box::new(opened(customers))) };
    let run = Run::begin(&opened).ok_or("a run begins with the record that opens it")?;
    let mut writer = RunWriter { store, run, at, before, waiting: vec![opened.into()] };
    let partner = Partner { tenant_id: customer(0)?, name: "Fabrikam".to_owned(), basis: 0 };
    writer.write(Event::PartnerIdentified(partner))?;
    for row in 1..=customers {
        let (customer, name) = (writer.customer(row)?, writer.name(row));
        let cells = vec![customer.to_string(), name.clone(), "leaving".to_owned()];
        let name = Some(name);
        writer.write(Event::RowRead(RowRead { row, customer: Some(customer), name, domain: None, cells }))?;
    }
    for row in 1..=customers {
        let basis = [Purpose::Read(Lookup::Subscriptions), Purpose::Read(Lookup::Entitlements)];
        let basis = basis.map(|purpose| writer.exchange(row, purpose));
        let basis = basis.into_iter().collect::<Result<_, _>>()?;
        writer.judge(row, basis)?;
    }
    let plan = PlanSealed {
        digest: writer.run.plan_digest(),
        ready: customers,
        counted: customers,
        customers_of_partner: Some(customers),
    };
    let confirmed = Confirmed { by: "dana (uid 1000)".to_owned(), how: How::Yes, digest: plan.digest };
    writer.write(Event::PlanSealed(plan))?;
    writer.write(Event::Confirmed(confirmed))?;
    for row in 1..=customers {
        writer.exchange(row, Purpose::Change(Effect::RemoveRelationship))?;
        let basis = Some(writer.exchange(row, Purpose::Read(Lookup::CustomerAgain))?);
        let detail = "the relationship is `none`".to_owned();
        writer.write(Event::Observed(Observed {
            instead: None,
            row,
            about: None,
            seen: Observation::Gone,
            detail,
            basis,
        }))?;
        writer.settle(row)?;
    }
    let sealed = RunSealed { counts: writer.run.counts.clone(), open_intents: Vec::new(), exit_code: 0 };
    writer.write(Event::RunSealed(sealed))?;
    writer.flush()?;
    writer.store.head()?;
    Ok(())
}

/// Some records as they come one by one.
pub(crate) fn some(count: usize) -> Vec<Entry> {
    let record = |n: usize| Record {
        at: Time::from_millis(0),
        run: None,
        event: Event::KeyIntroduced(offboard::record::KeyIntroduced { vkey: format!("{n:0400}") }),
    };
    (0..count).map(|n| record(n).into()).collect()
}

struct RunWriter<'a> {
    store: &'a mut Store,
    run: Run,
    at: Time,
    /// How many customers come before those of this run.
    before: u32,
    waiting: Vec<Entry>,
}

impl RunWriter<'_> {
    fn customer(&self, row: u32) -> Result<TenantId, Failed> {
        customer(self.before + row)
    }

    fn name(&self, row: u32) -> String {
        format!("Customer number {}", self.before + row)
    }

    fn write(&mut self, event: Event) -> Result<u64, Failed> {
        self.write_with(event, None)
    }

    fn write_with(&mut self, event: Event, payload: Option<([u8; 16], Vec<u8>)>) -> Result<u64, Failed> {
        let seq = self.store.next() + self.waiting.len() as u64;
        self.at = self.at.plus(STEP);
        let record = Record { at: self.at, run: Some(self.run.id.clone()), event };
        self.run.apply(seq, &record)?;
        self.waiting.push(Entry { record, payload });
        if self.waiting.len() >= BATCH {
            self.flush()?;
        }
        Ok(seq)
    }

    fn flush(&mut self) -> Result<(), Failed> {
        self.store.append(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// A request and its answer, with bodies; gives the place of the intent.
    fn exchange(&mut self, row: u32, purpose: Purpose) -> Result<u64, Failed> {
        let customer = self.customer(row)?;
        let body = br#"{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#;
        let body = (purpose == Purpose::Change(Effect::RemoveRelationship)).then(|| ([1; 16], body.to_vec()));
        let intent = RequestIntended {
            row: Some(row),
            customer: Some(customer),
            about: None,
            purpose,
            attempt: 1,
            method: if body.is_some() { "PATCH" } else { "GET" }.to_owned(),
            url: format!("https://api.partnercenter.microsoft.com/v1/customers/{customer}"),
            request_id: RequestId::new(Uuid::from_u128(u128::from(row))),
            correlation_id: CorrelationId::new(Uuid::from_u128(u128::from(row) << 32)),
            headers: serde_json::from_str(
                r#"{"accept":"application/json","authorization":"[9 characters]"}"#,
            )?,
            body: body.as_ref().map(|(salt, bytes)| Payload::of(salt, bytes)),
        };
        let intent = self.write_with(Event::RequestIntended(Box::new(intent)), body)?;
        let body = format!(r#"{{"totalCount":1,"items":["{}"]}}"#, "x".repeat(700)).into_bytes();
        let response = ResponseReceived {
            intent,
            row: Some(row),
            status: 200,
            answer: Answer::Understood,
            code: None,
            text: None,
            duration_ms: 120,
            headers: serde_json::from_str(r#"{"content-type":"application/json","date":"[29 characters]"}"#)?,
            request_id: Some(Uuid::from_u128(u128::from(row)).to_string()),
            correlation_id: Some(Uuid::from_u128(u128::from(row) << 32).to_string()),
            body: Some(Payload::of(&[2; 16], &body)),
        };
        self.write_with(Event::ResponseReceived(Box::new(response)), Some(([2; 16], body)))?;
        Ok(intent)
    }

    fn judge(&mut self, row: u32, basis: Vec<u64>) -> Result<(), Failed> {
        let judged = Judged {
            verdict: Outcome::Ready,
            name: Some(self.name(row)),
            domain: Some(format!("customer{}.example", self.before + row)),
            relationship: Some("reseller".to_owned()),
            basis,
            ..Judged::skipped(row, self.at, Vec::new())
        };
        self.write(Event::Judged(Box::new(judged))).map(drop)
    }

    fn settle(&mut self, row: u32) -> Result<(), Failed> {
        let settled = Settled {
            act_by: None,
            row,
            customer: Some(self.customer(row)?),
            name: Some(self.name(row)),
            outcome: Outcome::Done(Procedure::RemoveRelationship),
            evidence: Some(Evidence::Observed),
            reasons: Vec::new(),
            explanation: "A later read shows that the relationship is gone.".to_owned(),
            removable_from: None,
            exchange: Exchange { status: Some(200), ..Exchange::default() },
            attempts: 1,
            started_at: self.at,
        };
        self.write(Event::Settled(Box::new(settled))).map(drop)
    }
}

fn customer(n: u32) -> Result<TenantId, Failed> {
    Ok(format!("c0000000-0000-4000-8000-{n:012x}").parse()?)
}

fn opened(rows: u32) -> RunOpened {
    RunOpened {
        takes_back: None,
        rules: offboard::record::Rules::LATEST,
        version: "benchmark".to_owned(),
        procedure: Procedure::RemoveRelationship,
        mode: Mode::Run,
        changes: true,
        applies: None,
        api_url: "https://api.partnercenter.microsoft.com".to_owned(),
        operator: "dana (uid 1000)".to_owned(),
        host: "host".to_owned(),
        input: InputFile {
            file: "list.csv".to_owned(),
            sha256: Sha256::of(&[b"list"]),
            rows,
            columns: vec!["ID".to_owned(), "Name".to_owned(), "Note".to_owned()],
            reading: None,
        },
        ticket: None,
        reason: None,
        policy: Policy {
            rate: 300,
            concurrency: 8,
            settle_seconds: 300,
            stop_after_failures: 3,
            max_removals: rows,
            max_share: 100,
            canary: 0,
            limit: None,
            approval_above: None,
            allow: Vec::new(),
            protected: BTreeSet::new(),
            partner: None,
            sandbox: None,
            sandboxes: [].into(),
            suspend_legacy: false,
            allowed: BTreeSet::new(),
            revoke_consent: BTreeSet::new(),
            order_timeout_seconds: None,
            only_reseller: BTreeSet::new(),
        },
        settings: BTreeMap::new(),
    }
}
