//! `plan.html`: what is to be allowed, as a page. It has no script and folds nothing, so that whoever looks for a name
//! finds it.

use super::{
    PlanEntry, PlanHead, PlannedBy,
    surprises::{Surprise, left_to_the_service},
};
use crate::{
    domain::{AdminLeft, AdminLeftCount, Finding, ListReading, Outcome, Procedure, counted},
    record::{CustomersOfResellers, IndirectReseller, Judged, TransfersNotRead},
    report::{
        ReportError,
        aside::Aside,
        page::policy,
        template::{self, moment},
    },
};
use minijinja::{Value, context, value::Serde};
use serde::{Deserialize, Serialize};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

const TEMPLATE: &str = include_str!("plan.html");

/// What is said of the plan as a whole.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PlanFact {
    pub(super) name: &'static str,
    pub(super) text: String,
    is_mono: bool,
}

#[derive(Serialize, Deserialize)]
struct Leaving {
    row: u32,
    name: String,
    id: String,
    reseller: Option<String>,
    domain: String,
    seats: Option<u64>,
    first: Vec<String>,
    allowed: Vec<String>,
    stays: Vec<String>,
    transferred: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Staying {
    row: u32,
    name: String,
    id: String,
    reseller: Option<String>,
    outcome: String,
    outcome_in_words: String,
    findings: Vec<Found>,
    note: Option<String>,
    transferred: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Found {
    reason: String,
    text: String,
}

/// The page while a plan is gone through. Its rows are put aside on disk: there may be many.
pub(super) struct PlanPage {
    path: PathBuf,
    leaving: Aside,
    staying: Aside,
    /// How many stay.
    others: usize,
    /// What stays of delegated administration with those who go.
    admin_left: AdminLeftCount,
    not_read: TransfersNotRead,
    /// The resellers of those who would go.
    resellers: CustomersOfResellers,
}

impl PlanPage {
    pub(super) fn begin(folder: &Path) -> Result<Self, ReportError> {
        let path = folder.join("plan.html");
        let aside = || Aside::begin(folder).map_err(ReportError::writing(&path));
        let (leaving, staying) = (aside()?, aside()?);
        Ok(Self {
            path,
            leaving,
            staying,
            others: 0,
            admin_left: AdminLeftCount::default(),
            not_read: TransfersNotRead::default(),
            resellers: CustomersOfResellers::default(),
        })
    }

    pub(super) fn add(&mut self, entry: &PlanEntry<&Judged>) -> Result<(), ReportError> {
        self.not_read.take(entry.decision);
        let put = if entry.decision.verdict == Outcome::Ready {
            entry.decision.admin_left.iter().for_each(|left| self.admin_left.add(left));
            self.resellers.take(entry.decision.reseller.as_ref());
            self.leaving.put(&leaving(entry))
        } else {
            self.others += 1;
            self.staying.put(&staying(entry))
        };
        put.map_err(ReportError::writing(&self.path))
    }

    pub(super) fn end(
        self,
        out: &mut impl Write,
        head: &PlanHead,
        first: &[Surprise],
    ) -> Result<(), ReportError> {
        let Self { path, leaving, staying, others, admin_left, not_read, resellers } = self;
        let ends = Procedure::FOR_DELEGATED_ADMIN.as_str();
        let admin_left = head.procedure.leaves_delegated_admin().then(|| admin_left.in_words(ends));
        let said = head.list.as_ref().map(ListReading::warnings).unwrap_or_default();
        let warnings: Vec<_> = said.into_iter().chain(not_read.in_words()).collect();
        let values = context! {
            partner => head.partner.name.as_deref().unwrap_or("partner not read"),
            run_id => head.run_id.as_str(),
            ready => head.ready,
            done => Outcome::Done(head.procedure).in_words(),
            is_each => head.procedure.is_each_by_itself(),
            is_simulated => head.mode.is_simulated(),
            cannot_be_applied => head.cannot_be_applied.as_deref(),
            lines => Value::from(Serde(lines(head))),
            warnings,
            resellers_heading => resellers.heading(head.procedure),
            resellers => resellers.counted().iter().map(|(one, count)| context! { name => one.to_string(), count }).collect::<Vec<_>>(),
            surprises => Value::from(Serde(first)),
            customers => leaving.rows::<Leaving>().map_err(ReportError::writing(&path))?,
            others => staying.rows::<Staying>().map_err(ReportError::writing(&path))?,
            others_count => others,
            admin_left => admin_left,
            policy => policy(template::STYLE, ""),
            style => template::STYLE,
        };
        let mut environment = template::environment()?;
        environment.add_template("plan.html", TEMPLATE)?;
        template::render(&environment, "plan.html", values, out, &path)
    }
}

/// What is asked, by whom, and of what it was made.
pub(super) fn lines(head: &PlanHead) -> Vec<PlanFact> {
    let mut lines = Vec::new();
    let mut line = |name, text: String, is_mono| lines.push(PlanFact { name, text, is_mono });
    if let Some(planned) = &head.planned {
        let PlannedBy { planned_at, operator, host, ticket, reason, input, .. } = planned;
        line("Ticket", ticket.clone().unwrap_or_else(|| "none named".to_owned()), false);
        line("Reason", reason.clone().unwrap_or_else(|| "none given".to_owned()), false);
        line("Planned", format!("{}, by {operator} on {host}", moment(&planned_at.to_string())), false);
        line("List", format!("{}, {}", input.file, counted(input.rows, "row")), false);
        line("SHA-256 of the list", input.sha256.to_string(), true);
        if !planned.limits.is_empty() {
            line("Limits", planned.limits_in_words(), false);
        }
    }
    line("Partner tenant", head.partner.tenant_id.map(|id| id.to_string()).unwrap_or_default(), true);
    line("Procedure", head.procedure.to_string(), false);
    if let Some(run) = &head.takes_back {
        line("Takes back run", run.to_string(), true);
    }
    let of_all = head.customers_of_partner.map(|all| format!(" of the partner’s {all}")).unwrap_or_default();
    line("Customers", format!("{}{of_all}", head.ready), false);
    line("Plan digest", head.digest.to_string(), true);
    lines
}

fn name_of(entry: &PlanEntry<&Judged>) -> String {
    entry.decision.name.clone().unwrap_or_else(|| "(no name)".to_owned())
}

fn id_of(entry: &PlanEntry<&Judged>) -> String {
    entry.customer_tenant_id.map(|id| id.to_string()).unwrap_or_default()
}

fn leaving(entry: &PlanEntry<&Judged>) -> Leaving {
    let decision = entry.decision;
    Leaving {
        row: decision.row,
        name: name_of(entry),
        id: id_of(entry),
        reseller: decision.reseller.as_ref().map(IndirectReseller::to_string),
        domain: decision.domain.clone().unwrap_or_default(),
        seats: decision.seats,
        first: decision.to_do(),
        allowed: left_to_the_service(decision).into_iter().map(str::to_owned).collect(),
        stays: decision.admin_left.as_ref().map(AdminLeft::in_words).unwrap_or_default(),
        transferred: decision.transferred_in_words(),
    }
}

fn staying(entry: &PlanEntry<&Judged>) -> Staying {
    let decision = entry.decision;
    let found = |one: &Finding| Found { reason: one.reason.to_string(), text: one.explanation() };
    Staying {
        row: decision.row,
        name: name_of(entry),
        id: id_of(entry),
        reseller: decision.reseller.as_ref().map(IndirectReseller::to_string),
        outcome: decision.verdict.as_str().to_owned(),
        outcome_in_words: decision.verdict.in_words().to_owned(),
        findings: decision.findings.iter().map(found).collect(),
        note: decision.note.clone(),
        transferred: decision.transferred_in_words(),
    }
}
