//! A log with a run in it, for the tests of this room and of the reviewer's page. Each record is checked by the fold, so the
//! samples are runs that could have been.

mod data;

use crate::{
    audit::{Entry, Reader, RunLine, Store, test_key},
    domain::{Answer, Evidence, Lookup, Mode, Outcome, Procedure, Purpose, RunId, TenantId, Time},
    record::{
        Confirmed, CustomersProtected, Event, Held, How, Observation, Observed, Partner, PlanSealed, Policy,
        Record, RowRead, Run, RunSealed, StopCause, Stopped, TokenNamed,
    },
};
use data::{Case, at_reading, cases, may_be_sent};
use tempfile::TempDir;

pub(crate) const HOSTILE: &str = "<script>alert(\"1\")</script>\u{202e}\u{1b}[2J & 'Søn'";

/// How far the run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Plan,
    Interrupted,
    /// Stopped by a guard, and gone on with three days later, when somebody said yes again.
    Resumed,
    Sealed,
}

pub(crate) struct Sample {
    pub(crate) folder: TempDir,
    run: Run,
    store: Store,
    now: i64,
    next: u64,
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
                        ..case.clone()
                    };
                    if !at_reading(case) {
                        sample.settle(row, &end);
                    }
                }
                sample.seal(0);
            }
            Until::Interrupted | Until::Resumed => {
                let rows: Vec<_> = (2..).zip(&cases).collect();
                sample.confirm();
                sample.carry_out(&rows[..1]);
                // Row 3 was sent and not settled.
                sample.change(3, &cases[1]);
                if until == Until::Interrupted {
                    sample.stop(StopCause::Interrupted, "interrupted by a signal");
                } else {
                    sample.stop(StopCause::Guard, "3 customers in a row ended in failure");
                    sample.resume();
                    sample.confirm();
                    sample.settle(3, &cases[1]);
                    sample.carry_out(&rows[2..]);
                    sample.seal(3);
                }
            }
            Until::Sealed => {
                sample.confirm();
                sample.carry_out(&(2..).zip(&cases).collect::<Vec<_>>());
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
        let at = Time::from_millis(1_795_166_130_000);
        let first = Record {
            at,
            run: Some(id),
            event: Event::RunOpened(Box::new(data::opened(mode, procedure, rows))),
        };
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

    /// What is read of each customer, and then the decisions, which come in the order of the answers and not
    /// in that of the list.
    fn plan(&mut self, cases: &[Case]) {
        self.ask(None, Purpose::Read(Lookup::Partner), 1, 200, Answer::Understood);
        let rows: Vec<_> = (2..).zip(cases).filter(|(_, case)| !at_reading(case)).collect();
        for (row, _) in &rows {
            if *row == 4 {
                let refused =
                    self.ask(Some(4), Purpose::Read(Lookup::Subscriptions), 1, 429, Answer::Throttled);
                self.hold(20, refused, 210);
            }
            let attempt = if *row == 4 { 2 } else { 1 };
            self.ask(Some(*row), Purpose::Read(Lookup::Subscriptions), attempt, 200, Answer::Understood);
            self.ask(Some(*row), Purpose::Read(Lookup::Entitlements), 1, 200, Answer::Understood);
        }
        let now = Time::from_millis(self.now);
        let judged = rows.iter().rev().map(|(row, case)| data::judged(*row, case, now));
        self.record_all(judged.collect());
        let ready = cases.iter().filter(|case| may_be_sent(case)).count();
        let plan = PlanSealed {
            digest: self.run.plan_digest(),
            ready: u32::try_from(ready).unwrap(),
            counted: 412,
            customers_of_partner: Some(412),
        };
        self.record(Event::PlanSealed(plan));
    }

    /// Everything waits so many seconds.
    fn hold(&mut self, seconds: i64, basis: u64, rate: u32) {
        let until = Time::from_millis(self.now + seconds * 1000);
        let why = format!("status 429, Retry-After {seconds} s");
        self.record(Event::Held(Held { until, rate, basis, why }));
        self.now = until.as_millis();
    }

    fn confirm(&mut self) {
        // Somebody read the plan, and went for a coffee.
        self.now += 240_000;
        let digest = self.run.plan_digest();
        self.record(Event::Confirmed(Confirmed { by: "dana".into(), how: How::Typed, digest }));
    }

    fn stop(&mut self, cause: StopCause, text: &str) {
        self.record(Event::Stopped(Stopped { cause, text: text.to_owned() }));
    }

    /// Three days later, at another pace.
    fn resume(&mut self) {
        self.now += 3 * 86_400_000;
        let policy = Policy { rate: 120, ..self.run.policy.clone() };
        self.record(Event::Resumed(Box::new(policy)));
    }

    fn carry_out(&mut self, rows: &[(u32, &Case)]) {
        for (row, case) in rows {
            if may_be_sent(case) && case.end != Outcome::NotAttempted {
                self.change(*row, case);
            }
            if !at_reading(case) {
                self.settle(*row, case);
            }
        }
    }

    fn change(&mut self, row: u32, case: &Case) {
        let purpose = Purpose::Change(self.run.opened.procedure.facts().last.unwrap());
        let (status, answer) = match case.end {
            Outcome::Failed => (403, Answer::Refused),
            Outcome::Unknown => (504, Answer::Unclear),
            _ => (200, Answer::Understood),
        };
        self.ask(Some(row), purpose, 1, status, answer);
        if case.evidence.is_some_and(|evidence| evidence > Evidence::Accepted) {
            let detail = "the list of customers".to_owned();
            self.record(Event::Observed(Observed {
                row,
                about: None,
                seen: Observation::Gone,
                instead: None,
                detail,
                basis: None,
            }));
        }
    }

    /// A request and its answer; gives the place of the intent.
    fn ask(&mut self, row: Option<u32>, purpose: Purpose, attempt: u32, status: u16, answer: Answer) -> u64 {
        let intent = self.record(data::intended(row, purpose, attempt, self.next));
        self.record(data::answered(intent, row, status, answer));
        intent
    }

    fn settled(&self, row: u32, case: &Case) -> Event {
        data::settled(row, case, Time::from_millis(self.now))
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

    /// A second connection, for what no run of this program would do. The triggers are as before afterwards.
    pub(crate) fn tamper(&self, sql: &str) {
        let log = rusqlite::Connection::open(self.store.path()).unwrap();
        let triggers =
            "SELECT 'DROP TRIGGER ' || name || ';', sql || ';' FROM sqlite_schema WHERE type = 'trigger'";
        let mut query = log.prepare(triggers).unwrap();
        let triggers = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let (drop_all, make_again): (String, String) = triggers.unwrap().map(Result::unwrap).unzip();
        log.execute_batch(&format!("{drop_all} {sql}; {make_again}")).unwrap();
    }
}
