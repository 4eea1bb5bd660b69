//! Why a row did not end as removed: the one table of it.

use super::Outcome;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Which group of the table a reason belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonKind {
    /// The customer has something that must end first.
    Precondition,
    /// The row, the list or the settings say that this customer is not to be touched.
    Guard,
    /// The service said no.
    Service,
    /// The run ended first.
    Stopped,
    /// The row is not valid.
    Row,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $kind:ident, $outcome:ident, $allow:literal, $retry:literal, $advice:literal;)+) => {
        /// A reason. Its public name is what reports, views and scripts use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $($(#[$doc])* $variant,)+
        }

        impl Reason {
            /// Every reason, in the order of `docs/contract.md` (Reasons).
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The public name, for example `active_subscription`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Which group it belongs to.
            pub const fn kind(self) -> ReasonKind {
                match self { $(Self::$variant => ReasonKind::$kind,)+ }
            }

            /// The outcome of a row that has this reason.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$variant => Outcome::$outcome,)+ }
            }

            /// Whether `--allow` may leave the decision to the service.
            pub const fn may_be_allowed(self) -> bool {
                match self { $(Self::$variant => $allow,)+ }
            }

            /// Whether the row belongs in `retry.csv`: a later run may end otherwise.
            pub const fn worth_another_try(self) -> bool {
                match self { $(Self::$variant => $retry,)+ }
            }

            /// What a person does about it.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)+ }
            }
        }
    };
}

reasons! {
    /// A subscription is active.
    ActiveSubscription = "active_subscription", Precondition, Skipped, false, true,
        "Suspend the legacy subscription; have the new-commerce one cancelled at its term's end, cancel it while its \
         window is open (an extended service term or a trial: on any day), or have it transferred to another \
         partner. Then run again.";
    /// A subscription is pending.
    PendingSubscription = "pending_subscription", Precondition, Skipped, false, true,
        "Wait until the subscription is provisioned or refused, end it, then run again.";
    /// New commerce must be cancelled, not only suspended.
    SuspendedNewCommerceSubscription = "suspended_new_commerce_subscription", Precondition, Skipped, true, true,
        "Cancel the subscription while its window is open, or reactivate it and have it cancelled at its term's end or \
         transferred to another partner: a suspended new-commerce subscription is still billed.";
    /// Expired with a future end, or a status that is not known.
    UnclearSubscription = "unclear_subscription", Precondition, Skipped, true, true,
        "Look at the subscription in Partner Center; if it has truly ended, use `--allow unclear_subscription`.";
    /// An Azure plan is not cancelled.
    AzurePlan = "azure_plan", Precondition, Skipped, false, true,
        "Cancel the Azure subscriptions under the plan, then the plan, or have them transferred to another partner; \
         then run again.";
    /// A third-party product is not cancelled.
    MarketplaceSubscription = "marketplace_subscription", Precondition, Skipped, true, true,
        "Cancel the marketplace subscription if its offer allows it (Red Hat's and SUSE's do not), or see that it does \
         not renew itself and let its term end; then run again.";
    /// Disabled by the service, and its term is not over.
    DisabledSubscription = "disabled_subscription", Precondition, Skipped, true, true,
        "Wait until its term is over: it is not billed any more and cannot be reactivated. If the customer has to \
         go before that, use `--allow disabled_subscription`.";
    /// A transfer to another partner, or from one, is open.
    PendingTransfer = "pending_transfer", Precondition, Skipped, true, true,
        "Wait until the transfer is completed, refused or expired, or settle it in Partner Center; then run again. What a \
         removal does to it is not documented. If it does not matter, use `--allow pending_transfer`.";
    /// Less than two days before the end of a term, what happens then cannot be changed any more.
    TermEndTooClose = "term_end_too_close", Precondition, Skipped, false, true,
        "Wait until the term has ended, then look at the subscription again: if it has renewed itself, its cancellation is \
         possible for seven days; as an extended service term, on any day.";
    /// The service shows an extended service term instead of a cancellation.
    BecameExtendedTerm = "became_extended_term", Service, Failed, false, true,
        "Look at the subscription in Partner Center: as an extended service term it goes on month by month, and can be \
         cancelled on any day. Run again to schedule its end once more.";
    /// A relationship of delegated administration that the customer can still approve cannot be ended by the partner.
    DelegatedAdminAwaitsCustomer = "delegated_admin_awaits_customer", Precondition, Skipped, false, true,
        "Ask the customer not to approve it: the partner cannot withdraw it any more, and the invitation ends by itself \
         90 days after it was made. Then run again.";
    /// A reserved instance is in force.
    ReservedInstance = "reserved_instance", Precondition, Skipped, false, true,
        "Have the reservation cancelled through Azure support, have it transferred to another partner, or wait until it \
         ends.";
    /// A savings plan is in force.
    SavingsPlan = "savings_plan", Precondition, Skipped, false, true,
        "Have the savings plan transferred to another partner, or see that it does not renew itself and wait until it \
         ends; only Microsoft support can say whether it can be cancelled.";
    /// A software purchase is in force.
    SoftwarePurchase = "software_purchase", Precondition, Skipped, true, true,
        "Cancel the software order while its window is open (30 days for perpetual software, 7 for a \
         software subscription), or wait until the term ends.";
    /// An entitlement of a type that is not known is in force.
    UnknownEntitlement = "unknown_entitlement", Precondition, Skipped, true, true,
        "Look at the entitlement in Partner Center; if it does not matter, use `--allow unknown_entitlement`.";
    /// Sandbox: an order could not be cancelled, or not in time.
    OrderNotCancelled = "order_not_cancelled", Precondition, Skipped, false, true,
        "Look at the order in Partner Center; an order older than 60 days cannot be cancelled.";
    /// The relationship is `advisor` or another that this tool does not touch.
    NotAResellerCustomer = "not_a_reseller_customer", Guard, Skipped, false, false,
        "Nothing to do: this relationship is not a reseller relationship.";
    /// Partner Center knows no relationship with this ID.
    NoRelationship = "no_relationship", Guard, Skipped, false, false,
        "Check the ID: the relationship was removed long ago, or this is another tenant.";
    /// The list and Partner Center disagree about the name.
    NameMismatch = "name_mismatch", Guard, Skipped, false, true,
        "Check that the ID belongs to the customer that is meant, then correct the list.";
    /// The list and Partner Center disagree about the domain.
    DomainMismatch = "domain_mismatch", Guard, Skipped, false, true,
        "Check that the ID belongs to the customer that is meant, then correct the list.";
    /// The run that is taken back did not have the customer.
    NotInThatRun = "not_in_that_run", Guard, Skipped, false, false,
        "Take the row from the list, or name with `--of` the run that had this customer.";
    /// The customer is not of an indirect reseller that the run is for.
    OtherReseller = "other_reseller", Guard, Skipped, false, false,
        "Nothing to do: the run was only for customers of other indirect resellers (`--only-reseller`).";
    /// The customer is on the list of those that are never touched.
    ProtectedCustomer = "protected_customer", Guard, Skipped, false, false,
        "Nothing to do: the customer is protected. Take it from the protected list to change that.";
    /// The ID is the partner's own tenant.
    OwnTenant = "own_tenant", Guard, Skipped, false, false,
        "Take your own tenant from the list.";
    /// The ID stands further up already.
    DuplicateRow = "duplicate_row", Guard, Skipped, false, false,
        "Nothing to do: the earlier row counts.";
    /// What was approved is no longer so.
    ChangedSincePlan = "changed_since_plan", Guard, Skipped, false, true,
        "Make a new plan and have it approved.";
    /// The service refused the request.
    RefusedByService = "refused_by_service", Service, Failed, false, true,
        "Read the service's text; correct what it names, then run again.";
    /// The service says that this user or application may not.
    PermissionDenied = "permission_denied", Service, Failed, false, true,
        "Sign in as a user who has the role Admin agent, or give it to this one, then run again. Over Microsoft Graph, the \
         app needs the permission DelegatedAdminRelationship.ReadWrite.All as well.";
    /// The service did not answer, several times.
    ServiceUnavailable = "service_unavailable", Service, Failed, false, true,
        "Run again later.";
    /// The service answered something that cannot be understood.
    UnexpectedAnswer = "unexpected_answer", Service, Failed, false, true,
        "Look at the answer in the audit log; report it if it is a new form.";
    /// A change was sent and its outcome could not be found out.
    AnswerLost = "answer_lost", Service, Unknown, false, true,
        "Look at the customer in Partner Center. Running the list again reads it first and tells.";
    /// The run stopped before this row's turn.
    RunStopped = "run_stopped", Stopped, NotAttempted, false, true,
        "Find out why the run stopped, then run the rest.";
    /// As many customers as were asked for are ready.
    BeyondLimit = "beyond_limit", Stopped, NotAttempted, false, true,
        "Run the rest, which `retry.csv` has.";
    /// The row's ID is not a tenant ID.
    InvalidTenantId = "invalid_tenant_id", Row, Rejected, false, false,
        "Correct the ID in the list.";
    /// The row has no ID.
    MissingTenantId = "missing_tenant_id", Row, Rejected, false, false,
        "Add the ID to the list.";
}

/// A text that is no reason's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a reason")]
pub struct UnknownReason(pub String);

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(name: &str) -> Result<Self, UnknownReason> {
        let found = Self::ALL.iter().find(|reason| reason.as_str() == name);
        found.copied().ok_or_else(|| UnknownReason(name.to_owned()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_names_are_unique_and_are_the_names_in_json() {
        for (i, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(reason.as_str().parse(), Ok(*reason));
            assert!(!Reason::ALL[..i].contains(reason));
        }
    }

    #[test]
    fn only_preconditions_may_be_allowed() {
        for reason in Reason::ALL {
            assert!(!reason.may_be_allowed() || reason.kind() == ReasonKind::Precondition, "{reason}");
        }
    }
}
