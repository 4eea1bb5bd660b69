//! A programme of many months: where each customer stands after all runs of one log, or of several.
//!
//! ```text
//!  logs ──Reader::tell──▶ Programme::take ──▶ one small value a customer
//!                              │ with a list, and a day
//!                              ▼
//!                     ProgrammeView ──▶ page · book · table · deadlines
//! ```
//!
//! [`Programme`] is a pure fold over the stories of all runs, and reads no more than one of them at a time. What it came
//! to is looked at through a [`ProgrammeView`], which knows the list that is meant, if one is, and what day it is. The command
//! `status` writes it into files, and the reviewer's page shows it.
//!
//! A run against the simulator says nothing of any real customer, and is left out. A plan is knowledge and no act, and so is a
//! refresh, which looks outside of all runs. The programme never asks the service itself, and never says more than is
//! recorded.

mod book;
mod contradiction;
mod handed_over;
mod known;
mod page;
mod standing;
mod sums;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use contradiction::Contradiction;
pub use page::programme_page;
pub use standing::{CustomerStanding, ProgrammeState, Prospect};
pub use sums::{MonthOfProgramme, ProgrammeSums};
pub use write::write_programme;

use crate::{
    audit::{Approval, Listener, QueryError, Reader},
    domain::{Day, Mode, Procedure, Reason, RunId, TenantId, Time, is_taken_out},
    record::{CustomerStory, RunStory},
};
use known::{KnownCustomer, KnownRelationship};
use std::collections::{BTreeSet, HashMap};

/// Why there is no programme: one of its logs cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("the log `{log}`: {source}")]
pub struct LogNotRead {
    /// Which, as it was named.
    pub log: String,
    /// Why.
    pub source: QueryError,
}

/// A run, as far as the standing of customers is told with it.
#[derive(Clone, Debug)]
pub struct ProgrammeRun {
    /// Its name.
    pub id: RunId,
    /// The first log that has it.
    pub log: usize,
    /// When it began.
    pub started_at: Time,
    /// What it did to each customer.
    pub procedure: Procedure,
    /// Whether it only planned.
    pub is_plan: bool,
    /// Why it was made, if that was said.
    pub ticket: Option<String>,
    /// Who ran it.
    pub operator: String,
    /// Who confirmed it, each once.
    pub confirmed_by: Vec<String>,
    /// Who approved its plan, if a second person did.
    pub approved_by: Option<String>,
    partner: Option<usize>,
}

/// A partner for whom runs were made.
#[derive(Clone, Debug)]
pub struct ProgrammePartner {
    /// Its tenant.
    pub tenant_id: TenantId,
    /// Its name, as it was read last.
    pub name: String,
}

/// A customer that is to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerToLookAt {
    /// Its tenant.
    pub customer: TenantId,
    /// Whether its subscriptions are scheduled to end with their terms, as far as that is known.
    pub is_scheduled: bool,
    /// Whether its relationship is known to be gone.
    pub is_gone: bool,
}

/// A customer of the list that is meant.
#[derive(Clone, Debug)]
pub struct CustomerOfList {
    /// Its tenant.
    pub tenant: TenantId,
    /// What the list calls it.
    pub name: Option<String>,
    /// The domain that the list gives.
    pub domain: Option<String>,
}

/// The list of those who are to go.
#[derive(Clone, Debug, Default)]
pub struct ProgrammeList {
    /// The file, as it was named.
    pub file: String,
    /// Each customer once, in the order of the list.
    pub customers: Vec<CustomerOfList>,
    /// How many rows name no customer.
    pub rejected: u32,
}

/// What all runs of some logs say of all customers.
#[derive(Debug, Default)]
pub struct Programme {
    logs: Vec<String>,
    partners: Vec<ProgrammePartner>,
    runs: Vec<ProgrammeRun>,
    /// Which log has runs for which partner.
    partners_of_logs: BTreeSet<(usize, usize)>,
    numbers: HashMap<RunId, usize>,
    customers: HashMap<TenantId, KnownCustomer>,
    simulated: BTreeSet<RunId>,
    of_sandboxes: BTreeSet<RunId>,
    newer: BTreeSet<RunId>,
}

impl Programme {
    /// Takes all runs of these logs, each with the name by which it is told, the earliest first whatever log it is in.
    pub fn read(logs: &[(String, &Reader)]) -> Result<Self, LogNotRead> {
        let mut programme =
            Self { logs: logs.iter().map(|(name, _)| name.clone()).collect(), ..Self::default() };
        let unread = |log: &str| {
            let log = log.to_owned();
            move |source| LogNotRead { log, source }
        };
        let mut all = Vec::new();
        for (log, (name, reader)) in logs.iter().enumerate() {
            let lines = reader.runs().map_err(unread(name))?.into_iter();
            all.extend(lines.map(|line| (line.started_at, line.run_id, log, name, *reader)));
        }
        all.sort_by(|one, other| (one.0, &one.1, one.2).cmp(&(other.0, &other.1, other.2)));
        for (_, run, log, name, reader) in all {
            let mut telling = ProgrammeListener { programme: &mut programme, log, run: None };
            if !reader.tell(&run, &mut telling).map_err(unread(name))? {
                programme.newer.insert(run);
            }
        }
        for (log, (name, reader)) in logs.iter().enumerate() {
            programme.take_refreshed(log, reader).map_err(unread(name))?;
        }
        Ok(programme)
    }

    /// Takes what was seen of customers outside of all runs, as the log with this number has it.
    pub fn take_refreshed(&mut self, log: usize, reader: &Reader) -> Result<(), QueryError> {
        reader.refreshed(|seen| {
            let partner = self.partner(seen.partner, &seen.partner_name);
            self.customers.entry(seen.customer).or_default().take_refreshed(partner, log, &seen);
        })
    }

    /// Those customers of the list, or else of all runs, who are this partner's as far as anybody knows, in their order.
    pub fn to_look_at(&self, partner: TenantId, list: Option<&ProgrammeList>) -> Vec<CustomerToLookAt> {
        let partner = self.partners.iter().position(|known| known.tenant_id == partner);
        let all = match list {
            Some(list) => list.customers.iter().map(|one| one.tenant).collect(),
            None => self.in_order(),
        };
        let looked_at = |customer: TenantId| {
            let known = self.customers.get(&customer);
            let with = || known.into_iter().flat_map(|known| known.with(partner));
            known.is_none_or(|known| known.may_be_of(partner)).then(|| CustomerToLookAt {
                customer,
                is_scheduled: with().any(KnownRelationship::is_scheduled),
                is_gone: with().any(|known| known.gone().is_some()),
            })
        };
        all.into_iter().filter_map(looked_at).collect()
    }

    /// All customers whom a run has had, each with the run and the row that it stood in first.
    fn of_runs(&self) -> impl Iterator<Item = ((usize, u32), TenantId)> {
        self.customers.iter().filter_map(|(id, known)| Some((known.first?, *id)))
    }

    /// The same, in the order in which runs have them.
    fn in_order(&self) -> Vec<TenantId> {
        let mut all: Vec<_> = self.of_runs().collect();
        all.sort_unstable();
        all.into_iter().map(|(_, id)| id).collect()
    }

    /// Begins to take a run of this log. None if it says nothing of real customers.
    pub fn begin(&mut self, log: usize, story: &RunStory) -> Option<usize> {
        if story.opened.mode.is_simulated() && !is_taken_out("rehearsals-in-the-programme") {
            self.simulated.insert(story.id.clone());
            return None;
        }
        if story.opened.procedure.is_for_sandbox() {
            self.of_sandboxes.insert(story.id.clone());
            return None;
        }
        let partner = story.partner.as_ref().map(|partner| self.partner(partner.tenant_id, &partner.name));
        self.partners_of_logs.extend(partner.map(|partner| (log, partner)));
        let mut confirmed_by: Vec<String> = Vec::new();
        for (.., confirmed) in &story.confirmed {
            if !confirmed_by.contains(&confirmed.by) {
                confirmed_by.push(confirmed.by.clone());
            }
        }
        let approved_by = story.approved.as_ref().and_then(|(_, approved)| Approval::who(approved));
        if let Some(number) = self.numbers.get(&story.id).copied() {
            // A copy of the log may have less of it.
            if let Some(run) = self.runs.get_mut(number) {
                run.partner = run.partner.or(partner);
                if run.confirmed_by.len() < confirmed_by.len() {
                    (run.confirmed_by, run.log) = (confirmed_by, log);
                }
                run.approved_by = run.approved_by.take().or(approved_by);
            }
            return Some(number);
        }
        let number = self.runs.len();
        self.numbers.insert(story.id.clone(), number);
        self.runs.push(ProgrammeRun {
            id: story.id.clone(),
            log,
            started_at: story.started_at,
            procedure: story.opened.procedure,
            is_plan: story.opened.mode == Mode::Plan,
            ticket: story.opened.ticket.clone(),
            operator: story.opened.operator.clone(),
            confirmed_by,
            approved_by,
            partner,
        });
        Some(number)
    }

    /// Takes what a run that was begun says of a row of its list.
    pub fn take(&mut self, number: usize, log: usize, story: &CustomerStory) {
        let Some(run) = self.runs.get(number) else { return };
        // The earlier row of the same customer counts.
        let is_duplicate = story.reasons().contains(&Reason::DuplicateRow);
        if let (Some(customer), false) = (story.customer(), is_duplicate) {
            self.customers.entry(customer).or_default().take(run.partner, (number, run), log, story);
        }
    }

    fn partner(&mut self, tenant_id: TenantId, name: &str) -> usize {
        let known = self.partners.iter().position(|partner| partner.tenant_id == tenant_id);
        known.unwrap_or_else(|| {
            self.partners.push(ProgrammePartner { tenant_id, name: name.to_owned() });
            self.partners.len() - 1
        })
    }

    /// The logs, as they were named.
    pub fn logs(&self) -> &[String] {
        &self.logs
    }

    /// For whom runs of this log were made.
    pub fn partners_of(&self, log: usize) -> impl Iterator<Item = &ProgrammePartner> {
        let of_it = self.partners_of_logs.iter().filter(move |(of, _)| *of == log);
        of_it.filter_map(|(_, partner)| self.partners.get(*partner))
    }

    /// The partners for whom runs were made, or whose customers were looked at again.
    pub fn partners(&self) -> &[ProgrammePartner] {
        &self.partners
    }

    /// The runs that count, the earliest first.
    pub fn runs(&self) -> &[ProgrammeRun] {
        &self.runs
    }

    /// Which runs do not count, in words: rehearsals, and what a newer program wrote.
    pub fn left_out(&self) -> Vec<String> {
        let of = |runs: &BTreeSet<RunId>, one: &str, more: &str| match runs.len() {
            0 => None,
            1 => Some(format!("1 run {one}")),
            count => Some(format!("{count} runs {more}")),
        };
        let simulated = "made against the built-in simulator, and";
        [
            of(
                &self.simulated,
                &format!("was {simulated} says nothing of real customers"),
                &format!("were {simulated} say nothing of real customers"),
            ),
            of(
                &self.of_sandboxes,
                "was made in an integration sandbox, where nobody is a real customer",
                "were made in an integration sandbox, where nobody is a real customer",
            ),
            of(
                &self.newer,
                "was written by a newer version of this program, and is not told here: look with that one",
                "were written by a newer version of this program, and are not told here: look with that one",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A run of a log, told to the programme.
struct ProgrammeListener<'a> {
    programme: &'a mut Programme,
    log: usize,
    run: Option<usize>,
}

impl Listener<QueryError> for ProgrammeListener<'_> {
    fn run(&mut self, story: RunStory) -> Result<(), QueryError> {
        self.run = self.programme.begin(self.log, &story);
        Ok(())
    }

    fn customer(&mut self, story: CustomerStory) -> Result<(), QueryError> {
        if let Some(run) = self.run {
            self.programme.take(run, self.log, &story);
        }
        Ok(())
    }
}

/// The programme as it is looked at: with the list that is meant, if one is, and on a day.
#[derive(Debug)]
pub struct ProgrammeView<'a> {
    programme: &'a Programme,
    list: Option<&'a ProgrammeList>,
    today: Day,
    /// Without a list: all customers, in the order in which runs have them.
    order: Vec<TenantId>,
}

impl<'a> ProgrammeView<'a> {
    /// Of the customers of this list, or of all.
    pub fn new(programme: &'a Programme, list: Option<&'a ProgrammeList>, today: Day) -> Self {
        let order = if list.is_none() { programme.in_order() } else { Vec::new() };
        Self { programme, list, today, order }
    }

    /// The programme itself.
    pub const fn programme(&self) -> &'a Programme {
        self.programme
    }

    /// The list that is meant, if one is.
    pub const fn list(&self) -> Option<&'a ProgrammeList> {
        self.list
    }

    /// What day it is.
    pub const fn today(&self) -> Day {
        self.today
    }

    /// How many customers of the runs the list does not have.
    pub fn not_listed(&self) -> usize {
        let is_known = |one: &&CustomerOfList| {
            self.programme.customers.get(&one.tenant).is_some_and(|known| known.first.is_some())
        };
        let listed = self.list.map(|list| list.customers.iter().filter(is_known).count());
        listed.map_or(0, |listed| self.programme.of_runs().count().saturating_sub(listed))
    }

    /// Where each customer stands, in the order of the list or of the runs.
    pub fn customers(&self) -> impl Iterator<Item = CustomerStanding<'a>> + '_ {
        let listed = self.list.map(|list| &list.customers[..]).unwrap_or_default();
        let listed = listed.iter().map(|one| self.standing(one.tenant, Some(one)));
        listed.chain(self.order.iter().map(|id| self.standing(*id, None)))
    }

    fn standing(&self, tenant: TenantId, listed: Option<&'a CustomerOfList>) -> CustomerStanding<'a> {
        CustomerStanding::of(self.programme, tenant, listed, self.today)
    }
}
