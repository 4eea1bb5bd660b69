//! Which records of a log a certificate is made of.

use crate::{
    domain::{RunId, Seq, TenantId},
    record::{InCertificate, Record, Scope},
};
use std::collections::{BTreeMap, BTreeSet};

/// Goes through records and picks: what is about the customer in this run, the requests that it was judged
/// by, and the frame, which is what the run and the log say of themselves.
#[derive(Debug)]
pub(super) struct Choice {
    run: RunId,
    customer: TenantId,
    /// The customer's rows in the list.
    rows: BTreeSet<u32>,
    picked: BTreeSet<Seq>,
    /// Requests that something rests upon.
    basis: BTreeSet<Seq>,
    /// Requests about this customer, or about no single one.
    requests: BTreeMap<Seq, RequestRecords>,
}

#[derive(Debug)]
struct RequestRecords {
    is_about_customer: bool,
    /// The records that answer it.
    ends: Vec<Seq>,
}

/// What was picked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) records: BTreeSet<Seq>,
    /// Those of them whose bodies are this customer's own.
    pub(super) own_bodies: BTreeSet<Seq>,
}

impl Choice {
    pub(super) fn new(run: RunId, customer: TenantId) -> Self {
        Self {
            run,
            customer,
            rows: BTreeSet::new(),
            picked: BTreeSet::new(),
            basis: BTreeSet::new(),
            requests: BTreeMap::new(),
        }
    }

    /// Learns from a record which rows are the customer's. Where the first such record is missing, a later
    /// one says so too.
    pub(super) fn learn(&mut self, record: &Record) {
        let about = record.event.about();
        if let Some((customer, row)) = about.customer().zip(about.row())
            && customer == self.customer
            && record.run.as_ref() == Some(&self.run)
        {
            self.rows.insert(row);
        }
    }

    /// Takes the next record.
    pub(super) fn take(&mut self, seq: Seq, record: &Record) {
        self.learn(record);
        let is_of_run = record.run.as_ref() == Some(&self.run);
        let (kind, about) = (record.event.kind(), record.event.about());
        let is_own = |row: u32| is_of_run && self.rows.contains(&row);
        match kind.in_certificate() {
            InCertificate::Frame if is_of_run || kind.scope() == Scope::Log => self.pick(seq),
            // The other rows in it are numbers, and no names.
            InCertificate::IfNamed if about.rows().iter().any(|row| is_own(*row)) => self.pick(seq),
            InCertificate::Own if about.row().is_some_and(is_own) => {
                self.basis.extend(about.basis());
                self.pick(seq);
            }
            InCertificate::Exchange => match about.intent() {
                Some(intent) => self.end(intent, seq),
                None => self.intended(seq, about.customer(), is_of_run),
            },
            InCertificate::Frame | InCertificate::IfNamed | InCertificate::Own | InCertificate::Withheld => {}
        }
    }

    fn intended(&mut self, seq: Seq, customer: Option<TenantId>, is_of_run: bool) {
        let is_about_customer = customer == Some(self.customer);
        if is_about_customer || customer.is_none() {
            self.requests.insert(seq, RequestRecords { is_about_customer, ends: Vec::new() });
        }
        if is_about_customer && is_of_run {
            self.pick(seq);
        }
    }

    fn pick(&mut self, seq: Seq) {
        self.picked.insert(seq);
    }

    fn end(&mut self, intent: Seq, seq: Seq) {
        if let Some(request) = self.requests.get_mut(&intent) {
            request.ends.push(seq);
        }
    }

    /// What was picked. None if no record is about the customer in this run.
    pub(super) fn picked(self) -> Option<Picked> {
        let Self { rows, picked: mut records, basis, requests, .. } = self;
        if rows.is_empty() {
            return None;
        }
        let mut own_bodies = BTreeSet::new();
        for (intent, request) in requests {
            if !(records.contains(&intent) || basis.contains(&intent)) {
                continue;
            }
            let all = || request.ends.iter().copied().chain([intent]);
            records.extend(all());
            if request.is_about_customer {
                own_bodies.extend(all());
            }
        }
        Some(Picked { records, own_bodies })
    }
}
