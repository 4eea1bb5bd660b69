//! The columns of the programme, for the table and the workbook alike.

use super::{CustomerStanding, ProgrammeState};
use crate::{
    domain::Evidence,
    record::Value,
    report::{
        CsvStyle, ReportError,
        tables::{self, neutral},
    },
};
use std::{io::Write, path::PathBuf};

/// A column of the programme.
pub(super) struct ProgrammeColumn {
    /// Its public name.
    pub(super) name: &'static str,
    /// Its heading in the workbook, and its width there.
    pub(super) heading: &'static str,
    pub(super) width: f64,
    /// What stands in it.
    pub(super) value: for<'a> fn(&'a CustomerStanding<'_>) -> Value<'a>,
}

const fn column(
    name: &'static str,
    heading: &'static str,
    width: f64,
    value: for<'a> fn(&'a CustomerStanding<'_>) -> Value<'a>,
) -> ProgrammeColumn {
    ProgrammeColumn { name, heading, width, value }
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::None, |text| Value::Text(text.into()))
}

fn long(text: String) -> Value<'static> {
    if text.is_empty() { Value::None } else { Value::Long(text.into()) }
}

/// All of them, in their order.
pub(super) const COLUMNS: [ProgrammeColumn; 23] = [
    column("customer_tenant_id", "Customer tenant ID", 38.0, |one| {
        Value::Text(one.tenant.to_string().into())
    }),
    column("customer_name", "Customer", 32.0, |one| text(one.name)),
    column("domain", "Domain", 32.0, |one| text(one.domain)),
    column("state", "State", 16.0, |one| match one.state {
        ProgrammeState::Ended(outcome) => Value::Outcome(outcome),
        ProgrammeState::CameBack | ProgrammeState::NotTried => Value::Text(one.state.as_str().into()),
    }),
    column("prospect", "What is to come", 18.0, |one| Value::Text(one.prospect.as_str().into())),
    column("since", "Since (UTC)", 20.0, |one| one.since.map_or(Value::None, Value::Time)),
    column("removable_from", "May go from", 13.0, |one| one.removable_from.map_or(Value::None, Value::Day)),
    column("next_from", "Next run from", 13.0, |one| one.next_from.map_or(Value::None, Value::Day)),
    column("act_by", "Act by", 13.0, |one| one.act_by.map_or(Value::None, Value::Day)),
    column("reasons", "Reasons", 34.0, |one| {
        let names: Vec<_> = one.reasons.iter().map(|reason| reason.as_str()).collect();
        if names.is_empty() { Value::None } else { Value::Names(names) }
    }),
    column("explanation", "Explanation", 80.0, |one| long(one.explanation.clone().into_owned())),
    column("contradictions", "What contradicts what", 60.0, |one| {
        let told: Vec<_> = one.contradictions.iter().map(super::Contradiction::in_words).collect();
        long(told.join(" | "))
    }),
    column("evidence", "Evidence", 14.0, |one| text(one.evidence.map(Evidence::as_str))),
    column("run_id", "Run", 24.0, |one| text(one.run.map(|run| run.id.as_str()))),
    column("ticket", "Ticket", 18.0, |one| text(one.run.and_then(|run| run.ticket.as_deref()))),
    column("confirmed_by", "Confirmed by", 24.0, |one| {
        let names = one.run.map(|run| run.confirmed_by.join("; ")).unwrap_or_default();
        if names.is_empty() { Value::None } else { Value::Text(names.into()) }
    }),
    column("approved_by", "Approved by", 30.0, |one| {
        text(one.run.and_then(|run| run.approved_by.as_deref()))
    }),
    column("log", "Log", 24.0, |one| text(one.log)),
    column("partner_tenant_id", "Partner’s tenant ID", 38.0, |one| {
        one.partner.map_or(Value::None, |partner| Value::Text(partner.tenant_id.to_string().into()))
    }),
    column("partner_name", "Partner", 32.0, |one| text(one.partner.map(|partner| partner.name.as_str()))),
    column("reseller_mpn_id", "Reseller’s MPN ID", 18.0, |one| {
        text(one.reseller.map(|reseller| reseller.mpn_id.as_str()))
    }),
    column("reseller_name", "Reseller", 32.0, |one| {
        text(one.reseller.and_then(|reseller| reseller.name.as_deref()))
    }),
    column("refreshed_at", "Looked at again", 22.0, |one| one.refreshed_at.map_or(Value::None, Value::Time)),
];

/// `status.csv`: one line a customer.
pub(super) struct StatusCsv<W: Write> {
    csv: csv::Writer<W>,
    path: PathBuf,
}

impl<W: Write> StatusCsv<W> {
    pub(super) fn begin(out: W, path: PathBuf) -> Result<Self, ReportError> {
        let mut csv = tables::writer(out, &path, CsvStyle::Safe)?;
        csv.write_record(COLUMNS.iter().map(|column| column.name)).map_err(ReportError::writing(&path))?;
        Ok(Self { csv, path })
    }

    pub(super) fn add(&mut self, customer: &CustomerStanding<'_>) -> Result<(), ReportError> {
        let cells = COLUMNS.iter().map(|column| neutral(&(column.value)(customer).to_text()).into_owned());
        self.csv.write_record(cells).map_err(ReportError::writing(&self.path))
    }

    pub(super) fn end(self) -> Result<W, ReportError> {
        tables::end(self.csv, self.path)
    }
}
