//! Ends each relationship of delegated administration that a customer has with the partner. Nothing is read of the customer
//! but these, so that it can be done before, after or without a removal; and what cannot be ended keeps nothing else from
//! being ended.

use super::unit::{Given, KnownSoFar, Need, ProcedureUnit};
use crate::{
    domain::{AdminAccess, Cause, Effect, Finding, Preparation, Procedure, Reason},
    partner_center::graph::{AdminRelationship, AdminState},
    preconditions::{Facts, Judgement, judge_known_identity},
};
use std::collections::BTreeMap;

pub(super) struct EndDelegatedAdmin;

impl ProcedureUnit for EndDelegatedAdmin {
    fn procedure(&self) -> Procedure {
        Procedure::EndDelegatedAdmin
    }

    fn needs(&self, known: KnownSoFar<'_>) -> Need {
        if known.given.facts.delegated_admin.is_some() { Need::Nothing } else { Need::DelegatedAdmin }
    }

    /// What is over stays in the list for a year. That there is nothing at all may be the wrong ID as well.
    fn nothing_to_do(&self, facts: &Facts) -> String {
        if facts.delegated_admin.iter().flatten().next().is_some() {
            return self.procedure().facts().gone_before.trim_end_matches('.').to_owned();
        }
        "Microsoft Graph lists no relationship of delegated administration with this tenant, not even one that is over; if \
         there should have been one, check the ID"
            .to_owned()
    }

    fn judge(&self, given: &Given<'_>) -> (Judgement, Vec<Preparation>) {
        let judgement = judge_known_identity(given.facts, given.listed);
        let mut left_out: BTreeMap<Reason, Vec<_>> = BTreeMap::new();
        let mut all = Vec::new();
        for one in given.facts.delegated_admin.iter().flatten() {
            match (one.state(), &one.id) {
                (AdminState::Over | AdminState::Ending, _) => {}
                (AdminState::Draft | AdminState::InForce, Some(id)) => all.push(to_end(one, id)),
                (AdminState::AwaitsCustomer, _) => {
                    left_out.entry(Reason::DelegatedAdminAwaitsCustomer).or_default().push(admin_cause(one));
                }
                (AdminState::NotKnown, _) | (_, None) => {
                    left_out.entry(Reason::UnexpectedAnswer).or_default().push(admin_cause(one));
                }
            }
        }
        let left_out = left_out.into_iter().map(|(reason, causes)| Finding::new(reason, causes)).collect();
        (Judgement { left_out, ..judgement }, all)
    }
}

fn to_end(one: &AdminRelationship, id: &str) -> Preparation {
    let access = Some(Box::new(access(one)));
    Preparation {
        access,
        ..Preparation::new(Effect::EndDelegatedAdmin, id.to_owned(), one.display_name.clone())
    }
}

fn access(one: &AdminRelationship) -> AdminAccess {
    let roles = one.access_details.iter().flat_map(|details| &details.unified_roles);
    AdminAccess {
        state: one.status.clone().unwrap_or_default(),
        roles: roles.filter_map(|role| role.role_definition_id.clone()).collect(),
        ends: one.ends(),
        extends: one.extends(),
    }
}

/// A relationship, as something that is told.
pub(crate) fn admin_cause(one: &AdminRelationship) -> Cause {
    let what = Effect::EndDelegatedAdmin.words().thing.to_owned();
    Cause { what, id: one.id.clone(), name: one.display_name.clone(), detail: access(one).in_words() }
}
