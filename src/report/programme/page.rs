//! `status.html`: the programme that a person reads. It has no script; what is said is in `status.html`, and in
//! `parts.html`, which the reviewer's page has as well.

use super::{CustomerStanding, ProgrammeRun, ProgrammeState, ProgrammeSums, ProgrammeView, Prospect};
use crate::{
    domain::Evidence,
    record::IndirectReseller,
    report::{
        ReportError,
        aside::Aside,
        page::{REPORT_STYLE, policy},
        template,
    },
};
use minijinja::{Value, context, value::Serde};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io::Write, path::Path};

const TEMPLATE: &str = include_str!("status.html");
/// So many contradictions are listed above; the others stand with their customers alone.
const LISTED: usize = 500;

/// What the page says of a customer.
#[derive(Serialize, Deserialize)]
struct ShownStanding {
    number: usize,
    name: Option<String>,
    id: String,
    domain: Option<String>,
    reseller: Option<String>,
    partner: Option<String>,
    state: String,
    state_in_words: String,
    evidence: Option<String>,
    since: Option<String>,
    run: Option<String>,
    ticket: Option<String>,
    is_provisional: bool,
    reasons: Vec<String>,
    explanation: String,
    removable_from: Option<String>,
    next_from: Option<String>,
    act_by: Option<String>,
    is_too_late: bool,
    contradictions: Vec<String>,
}

impl ShownStanding {
    fn of(number: usize, customer: &CustomerStanding<'_>, view: &ProgrammeView<'_>) -> Self {
        let several = view.programme().partners.len() > 1;
        let is_gone = customer.prospect == Prospect::Gone;
        // What is told already is not told twice.
        let reasons = customer.reasons.iter().map(|reason| reason.as_str());
        let next_from = customer.next_from.filter(|day| customer.removable_from != Some(*day));
        Self {
            number,
            name: customer.name.map(str::to_owned),
            id: customer.tenant.to_string(),
            domain: customer.domain.map(str::to_owned),
            reseller: customer.reseller.map(IndirectReseller::to_string),
            partner: customer.partner.filter(|_| several).map(|partner| partner.name.clone()),
            state: customer.state.as_str().to_owned(),
            state_in_words: customer.state.in_words().to_owned(),
            evidence: customer.evidence.map(Evidence::as_str).map(str::to_owned),
            since: customer.since.map(|since| since.day().to_string()),
            run: customer.run.map(|run| run.id.to_string()),
            ticket: customer.run.and_then(|run| run.ticket.clone()),
            is_provisional: customer.is_provisional,
            reasons: reasons.filter(|name| !customer.explanation.contains(name)).map(str::to_owned).collect(),
            explanation: customer.explanation.clone().into_owned(),
            removable_from: customer.removable_from.filter(|_| !is_gone).map(|day| day.to_string()),
            next_from: next_from.filter(|_| !is_gone).map(|day| day.to_string()),
            act_by: customer.act_by.filter(|_| !is_gone).map(|day| day.to_string()),
            is_too_late: customer.act_by.is_some_and(|day| day < view.today()),
            contradictions: customer.contradictions.iter().map(super::Contradiction::in_words).collect(),
        }
    }
}

/// Writes the page.
pub(super) fn render(
    out: &mut impl Write,
    (folder, path): (&Path, &Path),
    view: &ProgrammeView<'_>,
    sums: &ProgrammeSums,
) -> Result<(), ReportError> {
    let mut groups = BTreeMap::new();
    for prospect in Prospect::ALL.into_iter().filter(|prospect| sums.count(*prospect) > 0) {
        groups.insert(prospect, Aside::begin(folder).map_err(ReportError::writing(path))?);
    }
    for (number, customer) in (1..).zip(view.customers()) {
        if let Some(rows) = groups.get_mut(&customer.prospect) {
            rows.put(&ShownStanding::of(number, &customer, view)).map_err(ReportError::writing(path))?;
        }
    }
    let mut shown = Vec::new();
    for prospect in told_last(Prospect::Gone) {
        let Some(rows) = groups.remove(&prospect) else { continue };
        let rows = rows.rows::<ShownStanding>().map_err(ReportError::writing(path))?;
        shown.push(group(prospect, sums, rows, 0));
    }
    let style = format!("{}{REPORT_STYLE}", template::STYLE);
    let values = context! {
        policy => policy(&style, ""),
        style,
        groups => shown,
        ..programme_values(view, sums)
    };
    let mut environment = template::environment()?;
    environment.add_template("status.html", TEMPLATE)?;
    template::render(&environment, "status.html", values, out, path)
}

/// All of them, and this one after the others.
fn told_last(last: Prospect) -> impl Iterator<Item = Prospect> {
    Prospect::ALL.into_iter().filter(move |one| *one != last).chain([last])
}

fn group(prospect: Prospect, sums: &ProgrammeSums, rows: Value, more: usize) -> Value {
    context! {
        name => prospect.as_str(),
        class => class(prospect),
        words => prospect.in_words(),
        meaning => prospect.meaning(),
        count => sums.count(prospect),
        rows,
        more,
    }
}

/// What `parts.html` says, but for the customers one by one.
fn programme_values(view: &ProgrammeView<'_>, sums: &ProgrammeSums) -> Value {
    let programme = view.programme();
    let contradicted = view.customers().filter(|customer| !customer.contradictions.is_empty());
    let contradicted: Vec<_> =
        contradicted.take(LISTED).map(|customer| ShownStanding::of(0, &customer, view)).collect();
    let more = (sums.contradicted as usize).saturating_sub(contradicted.len());
    let prospects = Prospect::ALL.into_iter().filter(|prospect| sums.count(*prospect) > 0);
    let prospects: Vec<_> = prospects.map(|prospect| group(prospect, sums, Value::UNDEFINED, 0)).collect();
    let states: Vec<_> =
        ProgrammeState::all().filter_map(|state| Some((state, *sums.states.get(&state)?))).collect();
    let months = sums.periods(view.today()).into_iter().map(|(name, month)| {
        context! { name, gone => month.gone, may_go => month.may_go, act_by => month.act_by }
    });
    context! {
        sum => sums.in_words(),
        partners => programme.partners.iter().map(|partner| partner.name.clone()).collect::<Vec<_>>(),
        today => view.today().to_string(),
        list => view.list().map(|list| list.file.as_str()),
        not_listed => view.not_listed(),
        logs => programme.logs().to_vec(),
        left_out => programme.left_out(),
        customers => sums.customers,
        too_late => sums.too_late,
        prospects,
        states => states.into_iter().map(|(state, count)| {
            context! { name => state.as_str(), words => state.in_words(), count }
        }).collect::<Vec<_>>(),
        months => months.collect::<Vec<_>>(),
        contradicted => Value::from(Serde(&contradicted)),
        more_contradicted => more,
        runs => programme.runs().iter().map(|run| shown_run(view, run)).collect::<Vec<_>>(),
    }
}

/// The values of the reviewer's page, where no more than so many customers of each kind are shown.
pub fn programme_page(view: &ProgrammeView<'_>, sums: &ProgrammeSums, most: usize) -> Value {
    let mut groups: BTreeMap<Prospect, Vec<ShownStanding>> = BTreeMap::new();
    for (number, customer) in (1..).zip(view.customers()) {
        let rows = groups.entry(customer.prospect).or_default();
        if rows.len() < most {
            rows.push(ShownStanding::of(number, &customer, view));
        }
    }
    let shown = told_last(Prospect::Gone).filter_map(|prospect| {
        let rows = groups.remove(&prospect)?;
        let more = (sums.count(prospect) as usize).saturating_sub(rows.len());
        Some(group(prospect, sums, Value::from(Serde(&rows)), more))
    });
    let shown: Vec<_> = shown.collect();
    context! { groups => shown, ..programme_values(view, sums) }
}

fn shown_run(view: &ProgrammeView<'_>, run: &ProgrammeRun) -> Value {
    let logs = view.programme().logs();
    let log = logs.get(run.log).filter(|_| logs.len() > 1);
    context! {
        id => run.id.as_str(),
        began => run.started_at.day().to_string(),
        procedure => run.procedure.as_str(),
        is_plan => run.is_plan,
        ticket => run.ticket.as_deref(),
        operator => run.operator.as_str(),
        confirmed_by => run.confirmed_by.join(", "),
        approved_by => run.approved_by.as_deref(),
        log,
    }
}

/// By which colour of outcomes it is told.
const fn class(prospect: Prospect) -> &'static str {
    match prospect {
        Prospect::Gone => "o-removed",
        Prospect::Due => "o-ready",
        Prospect::Dated => "o-already_removed",
        Prospect::AwaitsAnAct => "o-skipped",
        Prospect::InDoubt => "o-unknown",
        Prospect::Stays => "o-rejected",
        Prospect::Unplanned | Prospect::NotTried => "o-not_attempted",
    }
}
