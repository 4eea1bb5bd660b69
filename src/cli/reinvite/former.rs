//! Whose relationship a run ended, and what the log knows of former customers.

use crate::{
    audit::{QueryError, Reader, RunLine},
    domain::{Outcome, Procedure, RunId, TenantId},
    record::CustomerStory,
    report::{FormerCustomer, LoggedRemoval},
};
use std::collections::HashMap;

/// Whose relationship a run ended, in the order of its list.
#[derive(Debug, Default)]
pub(super) struct RemovedByRun {
    pub(super) customers: Vec<TenantId>,
    /// Of how many customers nobody knows whether it did.
    pub(super) unknown: u32,
}

impl RemovedByRun {
    pub(super) fn read(reader: &Reader, run: &RunId) -> Result<Self, QueryError> {
        let mut removed = Self::default();
        reader.customers::<QueryError>(run, |story| {
            match story.outcome() {
                Some(Outcome::Done(_)) => removed.customers.extend(story.customer()),
                // Whose removal was not sent is still a customer.
                Some(Outcome::Unknown) if story.effects().has_last() => removed.unknown += 1,
                _ => {}
            }
            Ok(())
        })?;
        Ok(removed)
    }
}

/// What all runs for this partner together know of these customers: the latest name and domain, and how the relationship
/// ended, by `of_run` if one is meant, else last.
pub(super) fn known(
    reader: &Reader,
    partner: TenantId,
    wanted: &[TenantId],
    of_run: Option<&RunId>,
) -> Result<Vec<FormerCustomer>, QueryError> {
    let unknown =
        |tenant: &TenantId| FormerCustomer { tenant: *tenant, name: None, domain: None, removal: None };
    let mut known: HashMap<TenantId, FormerCustomer> =
        wanted.iter().map(|tenant| (*tenant, unknown(tenant))).collect();
    let partner = partner.to_string();
    for line in reader.runs()? {
        if line.partner_tenant_id.as_deref() != Some(&*partner) || !line.has_seen_the_service() {
            continue;
        }
        let is_meant = ends_relationships(&line) && of_run.is_none_or(|run| *run == line.run_id);
        reader.customers::<QueryError>(&line.run_id, |story| {
            if let Some(customer) = story.customer().and_then(|id| known.get_mut(&id)) {
                take_names(customer, &story);
                if is_meant && story.outcome().is_some_and(Outcome::is_by_the_run) {
                    // A person who finds it out later does not know when it happened.
                    let at = story.finished_at().filter(|_| story.resolved().is_empty());
                    let (run, ticket) = (line.run_id.clone(), line.ticket.clone());
                    customer.removal = Some(LoggedRemoval { run, at, ticket });
                }
            }
            Ok(())
        })?;
    }
    Ok(wanted.iter().filter_map(|tenant| known.remove(tenant)).collect())
}

/// A name that the service gave counts before one of a list, which may be wrong.
fn take_names(customer: &mut FormerCustomer, story: &CustomerStory) {
    let settled = story.settled().and_then(|settled| settled.name.clone());
    let listed = story.listed();
    let name = settled.or_else(|| story.live_name().map(str::to_owned));
    let domain = story.live_domain().map(str::to_owned);
    let in_list = |known: Option<String>, listed: Option<String>| known.or(listed);
    customer.name = name.or_else(|| in_list(customer.name.take(), listed.and_then(|row| row.name.clone())));
    customer.domain =
        domain.or_else(|| in_list(customer.domain.take(), listed.and_then(|row| row.domain.clone())));
}

/// Whether it could end relationships that can begin again; what was deleted in a sandbox cannot.
pub(super) fn ends_relationships(line: &RunLine) -> bool {
    let procedure = line.procedure.as_deref().and_then(Procedure::from_name);
    line.is_real() && procedure.is_some_and(|one| one.ends_relationship() && !one.is_for_sandbox())
}
