//! What may not happen at all, whatever the customers' state. Pure, each with its own message.

use crate::{
    domain::{Account, Cause, Finding, Procedure, Reason, TenantId, counted, is_taken_out},
    record::{FailureHistory, IndirectReseller, Needed, Partner, PlanSealed, Policy, REMEMBERED},
};
use std::time::Duration;

/// How far this machine's clock may be from the service's.
const CLOCK_MAY_DIFFER: Duration = Duration::from_mins(5);

/// This account is not the one that was meant, or not the one with which the run began.
pub(crate) fn wrong_partner(
    policy: &Policy,
    began_with: Option<&Partner>,
    partner: &Partner,
) -> Option<String> {
    if let Some(before) = began_with.filter(|before| before.tenant_id != partner.tenant_id) {
        return Some(format!(
            "the token belongs to the partner account {} (`{}`), but the run was begun with {} (`{}`)",
            partner.tenant_id, partner.name, before.tenant_id, before.name
        ));
    }
    let expected = policy.partner?;
    (expected != partner.tenant_id && !is_taken_out("any-partner-account")).then(|| {
        format!(
            "the token belongs to the partner account {} (`{}`), not to {expected} as `--partner-tenant` or the plan \
             says; sign in to the right account, or correct the option",
            partner.tenant_id, partner.name
        )
    })
}

/// In an integration sandbox, ending a relationship destroys the customer's tenant; and customers are
/// deleted nowhere else.
pub(crate) fn wrong_place(procedure: Procedure, policy: &Policy, partner: &Partner) -> Option<String> {
    let Partner { tenant_id, name, .. } = partner;
    match (procedure.facts().account, policy.sandbox) {
        (Account::Production, _) if is_taken_out("end-relationships-in-a-sandbox") => None,
        (Account::Production, _) if policy.sandboxes.contains(tenant_id) => {
            let meant = Procedure::ALL.iter().find(|other| other.is_for_sandbox());
            let meant =
                meant.map_or_else(String::new, |other| format!("; `--procedure {other}` is meant for it"));
            Some(format!(
                "the partner account {tenant_id} (`{name}`) is an integration sandbox, where ending the relationship \
                 destroys the customer's tenant{meant}"
            ))
        }
        (_, Some(_)) if is_taken_out("delete-customers-of-any-account") => None,
        (Account::Sandbox, Some(sandbox)) if sandbox != *tenant_id => Some(format!(
            "the token belongs to the partner account {tenant_id} (`{name}`), and not to the sandbox {sandbox} that \
             `--sandbox-tenant` names; customers are deleted nowhere else"
        )),
        (Account::Sandbox, None) => Some(
            "no sandbox is named (`--sandbox-tenant`), and customers are deleted nowhere else".to_owned(),
        ),
        _ => None,
    }
}

/// Partner Center refuses, now or soon, what comes from a sign-in without MFA.
pub(crate) fn without_mfa(compliant: Option<bool>) -> Option<String> {
    (compliant == Some(false) && !is_taken_out("a-sign-in-without-mfa")).then(|| {
        "the token comes from a sign-in without MFA, which Partner Center does not accept; sign in again, with MFA".to_owned()
    })
}

/// By a clock that is wrong, the times on record are wrong, and tokens seem to live longer than they do.
pub(crate) fn clock_differs(ahead_by: Option<(bool, Duration)>) -> Option<String> {
    let (is_ahead, by) = ahead_by.filter(|(_, by)| *by > CLOCK_MAY_DIFFER)?;
    let (seconds, way) = (by.as_secs(), if is_ahead { "ahead of" } else { "behind" });
    Some(format!(
        "this machine's clock is {seconds} s {way} Partner Center's; the times on record would be wrong. Set the clock"
    ))
}

/// This customer is never touched, and not even read.
pub(crate) fn untouchable(customer: TenantId, policy: &Policy, partner: &Partner) -> Option<Finding> {
    let finding = |reason, detail: &str| {
        let cause = Cause {
            what: "tenant".to_owned(),
            id: Some(customer.to_string()),
            name: None,
            detail: detail.to_owned(),
        };
        Some(Finding::new(reason, vec![cause]))
    };
    if customer == partner.tenant_id && !is_taken_out("own-tenant-like-any-other") {
        finding(Reason::OwnTenant, "the partner's own")
    } else if policy.protected.contains(&customer) && !is_taken_out("protected-customers-like-any-other") {
        finding(Reason::ProtectedCustomer, "protected")
    } else {
        None
    }
}

/// This customer is of no indirect reseller that the run is for.
pub(crate) fn of_another_reseller(reseller: Option<&IndirectReseller>, policy: &Policy) -> Option<Finding> {
    let only = &policy.only_reseller;
    let is_meant = only.is_empty() || reseller.is_some_and(|reseller| only.contains(&reseller.mpn_id));
    (!is_meant && !is_taken_out("a-customer-of-any-reseller")).then(|| {
        let cause = Cause {
            what: "reseller".to_owned(),
            id: None,
            name: None,
            detail: reseller.map_or_else(|| "none".to_owned(), IndirectReseller::to_string),
        };
        Finding::new(Reason::OtherReseller, vec![cause])
    })
}

/// The plan would remove more customers than anybody meant, in number or as a share of all that were
/// counted.
pub fn beyond_limits(procedure: Procedure, policy: &Policy, plan: &PlanSealed) -> Option<String> {
    let would = procedure.facts().would;
    let PlanSealed { ready, counted: all, .. } = plan;
    let Policy { max_removals, max_share, .. } = policy;
    let needed = plan.needs(policy)?;
    Some(match needed {
        Needed::Removals(_) => format!(
            "the plan would {would} {}, more than the {max_removals} that `--max-removals` allows; check the \
             list, then allow it with `{needed}`, or take only the first of them with `--limit {max_removals}`",
            counted(*ready, "customer")
        ),
        Needed::Share(_) => format!(
            "the plan would {would} {ready} of the partner's {}, a larger share than the {max_share} % that \
             `--max-share` allows; check the list, then allow it with `{needed}`",
            counted(*all, "customer")
        ),
    })
}

/// A second person has to look at this plan, and none has.
pub fn not_approved(
    procedure: Procedure,
    policy: &Policy,
    plan: &PlanSealed,
    is_approved: bool,
) -> Option<String> {
    (plan.needs_approval(policy) && !is_approved && !is_taken_out("no-approval-needed")).then(|| {
        format!(
            "the plan would {} {}, and needs the approval of a second person: let them sign the \
             `plan.json` of `offboard plan` with `offboard approve`, and carry it out with `offboard apply --approval`",
            procedure.facts().would,
            counted(plan.ready, "customer")
        )
    })
}

/// So many failures among the latest [`REMEMBERED`] customers are no accident: 20 %.
const TOO_MANY_OF_LATEST: u32 = 4;

/// Customers fail one after the other: whatever the cause is, the next one would fail as well.
pub(crate) fn too_many_failures(policy: &Policy, failures: &FailureHistory) -> Option<String> {
    let (in_a_row, of_latest) = (failures.failures_in_a_row, failures.failures_of_latest());
    let failed = if policy.stop_after_failures == 0 {
        return None;
    } else if in_a_row >= policy.stop_after_failures && !is_taken_out("no-stop-after-failures-in-a-row") {
        let failed = counted(in_a_row, "customer");
        let in_a_row = if in_a_row == 1 { "" } else { " in a row" };
        format!("{failed}{in_a_row} ended in failure (`--stop-after-failures` sets the number)")
    } else if of_latest >= TOO_MANY_OF_LATEST && !is_taken_out("no-stop-after-failures-among-the-latest") {
        format!("{of_latest} of the latest {REMEMBERED} customers ended in failure")
    } else {
        return None;
    };
    Some(format!("{failed}; find out why before anybody else is changed"))
}

/// What has become of the customers so far says that nobody else may be changed.
pub(crate) fn surprise(policy: &Policy, failures: &FailureHistory) -> Option<String> {
    if let Some(row) = failures.surprise_in_canary
        && !is_taken_out("no-stop-after-a-surprise-in-a-wave")
    {
        let text = "failed or is unknown, in a wave that goes ahead to find that out (`--canary`)";
        return Some(format!("the customer of row {row} {text}; look at it before the rest follows"));
    }
    if let Some(row) = failures.not_understood
        && !is_taken_out("no-stop-after-an-answer-not-understood")
    {
        let text = "was answered with success, in words that this program does not understand";
        return Some(format!(
            "the change of row {row} {text}; look at the answer in the audit log before anybody else is changed"
        ));
    }
    too_many_failures(policy, failures).or_else(|| elsewhere(failures))
}

/// One customer may have gone by chance; two of one plan look like somebody at work.
const GONE_BY_OTHER_HANDS: u32 = 2;

/// Somebody else seems to carry out the same plan. A log cannot know of its copies.
fn elsewhere(failures: &FailureHistory) -> Option<String> {
    (failures.gone_by_other_hands >= GONE_BY_OTHER_HANDS).then(|| {
        format!(
            "{} customers of the plan were gone already when it was their turn, although nothing in this audit log removed \
             them: it looks as if somebody else carries out the same plan with another copy of this audit log, or removes \
             these customers in another way. Find out who, and let only one of you go on",
            failures.gone_by_other_hands
        )
    })
}

#[cfg(test)]
mod tests;
