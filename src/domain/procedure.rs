//! What a run does to each customer, and in what earnest: the one table of procedures, with their words and the facts that
//! follow from what they are. What must be known for one, and what follows from that, is [`crate::procedure`]'s to say.

use super::{Effect, word::word};
use serde::{Deserialize, Serialize};
use std::fmt;

/// With which kind of partner account something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// A real one.
    Production,
    /// The integration sandbox.
    Sandbox,
}

/// The words of an outcome that belongs to one procedure.
#[derive(Clone, Copy, Debug)]
pub struct OutcomeWords {
    /// Its public name: `already_removed`.
    pub name: &'static str,
    /// As people read it: `already removed`.
    pub words: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// What it is called in the documentation of the log.
    pub stored: &'static str,
}

/// What is known of a procedure, whatever customer it is for.
#[derive(Clone, Copy, Debug)]
pub struct ProcedureFacts {
    /// The public name.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub meaning: &'static str,
    /// What its plans may name to be done first, always,
    pub first: &'static [Effect],
    /// and only if an option allows it.
    pub optional: &'static [Effect],
    /// What it is for, after everything else: what ends the relationship. None where what its plans name is all that there
    /// is to do.
    pub last: Option<Effect>,
    /// The procedure whose runs it takes back, one at a time.
    pub takes_back: Option<Procedure>,
    /// Whether it is only for customers with whom there is a reseller relationship.
    pub needs_relationship: bool,
    /// Whether the service lets only a user do it, and no app by itself.
    pub needs_user: bool,
    /// With which kind of account.
    pub account: Account,
    /// How a customer ends for whom it was done,
    pub done: OutcomeWords,
    /// and one for whom there was nothing left to do.
    pub already: OutcomeWords,
    /// What one customer was when there was nothing left to do: `The relationship was gone before.`
    pub gone_before: &'static str,
    /// What a run of it is about: `Ending reseller relationships`.
    pub heading: &'static str,
    /// What it is for whoever chooses one.
    pub help: &'static str,
    /// What is under way: `removing`.
    pub going: &'static str,
    /// What a plan does: `removes`,
    pub does: &'static str,
    /// and would do: `remove`.
    pub would: &'static str,
    /// About to do what to so many customers: `end the reseller relationship with`.
    pub asks: &'static str,
    /// What whoever confirms it must know.
    pub warns: &'static str,
    /// What a customer for whom it was done, or whoever takes over, must be told, in a sentence.
    pub to_tell: &'static str,
}

macro_rules! procedures {
    ($($(#[doc = $doc:literal])+ $procedure:ident = $name:literal {
        done: $done:tt, already: $already:tt, $($field:ident: $value:expr,)+
    })+) => {
        /// What is done to each customer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Procedure {
            $($(#[doc = $doc])+ $procedure,)+
        }

        impl Procedure {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$procedure,)+];

            /// What is known of it.
            pub const fn facts(self) -> ProcedureFacts {
                match self {
                    $(Self::$procedure => ProcedureFacts {
                        name: $name,
                        meaning: concat!($($doc),+),
                        done: OutcomeWords $done,
                        already: OutcomeWords $already,
                        $($field: $value,)+
                    },)+
                }
            }
        }
    };
}

procedures! {
    /// End the reseller relationship: `PATCH /v1/customers/{id}`, `relationshipToPartner: none`.
    RemoveRelationship = "remove-relationship" {
        done: {
            name: "removed", words: "removed",
            meaning: "This run ended the reseller relationship.",
            stored: "This run removed the relationship.",
        },
        already: {
            name: "already_removed", words: "already removed",
            meaning: "The relationship was gone already; this run had nothing left to end.",
            stored: "The relationship was gone before.",
        },
        first: &[],
        optional: &[
            Effect::SuspendSubscription, Effect::CancelExtended, Effect::CancelInWindow, Effect::RevokeApplicationConsent,
        ],
        last: Some(Effect::RemoveRelationship),
        takes_back: None,
        needs_relationship: true,
        needs_user: true,
        account: Account::Production,
        gone_before: "The relationship was gone before.",
        heading: "Ending reseller relationships",
        help: "End the reseller relationship",
        going: "removing",
        does: "removes",
        would: "remove",
        asks: "end the reseller relationship with",
        warns: "There is no undo: each customer would have to accept a new relationship.",
        to_tell: "This partner is no longer the reseller, and whatever is bought or renewed from now on needs another partner, \
                  or Microsoft itself.",
    }
    /// Delete a customer of the integration sandbox.
    DeleteSandboxCustomer = "delete-sandbox-customer" {
        done: {
            name: "deleted", words: "deleted",
            meaning: "This run deleted the sandbox customer.",
            stored: "This run deleted the sandbox customer.",
        },
        already: {
            name: "already_deleted", words: "already deleted",
            meaning: "The sandbox customer was gone already; this run had nothing left to delete.",
            stored: "The sandbox customer was gone before.",
        },
        first: &[Effect::CancelOrder],
        optional: &[],
        last: Some(Effect::DeleteCustomer),
        takes_back: None,
        needs_relationship: true,
        needs_user: false,
        account: Account::Sandbox,
        gone_before: "The customer was gone before.",
        heading: "Deleting customers of the integration sandbox",
        help: "Cancel the orders of a customer of the integration sandbox, and delete it",
        going: "deleting",
        does: "deletes",
        would: "delete",
        asks: "cancel the orders of, and delete,",
        warns: "There is no undo: each customer's tenant is destroyed, with everything in it.",
        to_tell: "The tenant of the sandbox is gone, and nobody has to be told.",
    }
    /// Have the subscriptions of a customer end with their terms.
    CancelAtTermEnd = "cancel-at-term-end" {
        done: {
            name: "scheduled", words: "scheduled",
            meaning: "This run scheduled each subscription that would have gone on to end with its term.",
            stored: "This run scheduled each subscription that would have gone on to end with its term.",
        },
        already: {
            name: "already_scheduled", words: "already scheduled",
            meaning: "No new-commerce licence would have gone on after its term; this run had nothing left to schedule.",
            stored: "No new-commerce licence would have gone on after its term.",
        },
        first: &[Effect::ScheduleCancellation],
        optional: &[],
        last: None,
        takes_back: None,
        needs_relationship: true,
        needs_user: false,
        account: Account::Production,
        gone_before: "No new-commerce licence goes on after its term: each ends with it, or is scheduled to.",
        heading: "Having subscriptions end with their terms",
        help: "Schedule each new-commerce licence subscription that would renew or be extended to end with its term",
        going: "scheduling",
        does: "schedules the subscriptions of",
        would: "schedule the subscriptions of",
        asks: "schedule subscriptions to end with their terms for",
        warns: "Each subscription ends for good at the end of its term, and its users lose the service then. Until two \
                days before that, `--procedure undo-cancel-at-term-end` takes it back.",
        to_tell: "Each subscription that was scheduled ends for good with its term, and whatever is needed longer has to be \
                  bought anew, or transferred, before that day.",
    }
    /// Give the subscriptions of a run of `cancel-at-term-end` back what they were set to do at their terms' ends.
    UndoCancelAtTermEnd = "undo-cancel-at-term-end" {
        done: {
            name: "restored", words: "restored",
            meaning: "This run gave each subscription back what it was set to do at its term's end before.",
            stored: "This run gave each subscription back what it was set to do at its term's end before.",
        },
        already: {
            name: "already_restored", words: "already restored",
            meaning: "No subscription of the customer was still as that run left it; this run had nothing to restore.",
            stored: "No subscription was still as the run that is taken back left it.",
        },
        first: &[Effect::RestoreRenewal],
        optional: &[],
        last: None,
        takes_back: Some(Procedure::CancelAtTermEnd),
        needs_relationship: true,
        needs_user: false,
        account: Account::Production,
        gone_before: "Nothing that the run which is taken back scheduled is still to be restored.",
        heading: "Restoring what subscriptions do at their terms' ends",
        help: "Restore what a run of `cancel-at-term-end` (`--of RUN`) changed, where nobody has changed it since",
        going: "restoring",
        does: "restores the subscriptions of",
        would: "restore the subscriptions of",
        asks: "set back what happens at the ends of subscriptions' terms for",
        warns: "Each subscription then does again at the end of its term what it was set to do before: most renew \
                themselves, and are billed for another term.",
        to_tell: "Each subscription that was set back does at its term's end what it was to do before, and most renew \
                  themselves.",
    }
    /// End the delegated administration that customers have granted the partner.
    EndDelegatedAdmin = "end-delegated-admin" {
        done: {
            name: "ended", words: "ended",
            meaning: "This run ended each relationship of delegated administration that was not over, or being ended already.",
            stored: "This run ended each relationship of delegated administration that was left to end.",
        },
        already: {
            name: "already_ended", words: "already ended",
            meaning: "Each relationship of delegated administration was over, or being ended already; this run had nothing left to end.",
            stored: "No relationship of delegated administration was left to end: each is over, or being ended already.",
        },
        first: &[Effect::EndDelegatedAdmin],
        optional: &[],
        last: None,
        takes_back: None,
        needs_relationship: false,
        needs_user: false,
        account: Account::Production,
        gone_before: "No relationship of delegated administration was left to end: each is over, or being ended already.",
        heading: "Ending delegated administration",
        help: "End each relationship of delegated administration (GDAP) with a customer, over Microsoft Graph; before, after or \
               without a removal",
        going: "ending",
        does: "ends the delegated administration of",
        would: "end the delegated administration of",
        asks: "end delegated administration for",
        warns: "The partner's people can then no longer administer these customers by it. There is no undo: each customer would \
                have to approve a new relationship.",
        to_tell: "This partner can no longer administer the tenant by delegated administration, and whoever takes over needs \
                  an approval of their own.",
    }
}

impl Procedure {
    /// The one that is carried out if nothing else is said.
    pub const DEFAULT: Self = Self::RemoveRelationship;

    /// The public name.
    pub const fn as_str(self) -> &'static str {
        self.facts().name
    }

    /// The one that ends what a removal leaves behind of delegated administration.
    pub const FOR_DELEGATED_ADMIN: Self = Self::EndDelegatedAdmin;

    /// Whether customers go by it who may leave delegated administration behind.
    pub const fn leaves_delegated_admin(self) -> bool {
        self.ends_relationship() && !self.is_for_sandbox()
    }

    /// Whether its plans may name this effect to be done first, always or if an option allows it.
    pub fn may_begin_with(self, effect: Effect) -> bool {
        let facts = self.facts();
        facts.first.contains(&effect) || facts.optional.contains(&effect)
    }

    /// Whether it sends such changes: what it is for, what comes first, and what takes that back.
    pub fn sends(self, effect: Effect) -> bool {
        let first = effect.facts().takes_back.unwrap_or(effect);
        self.facts().last == Some(effect) || self.may_begin_with(first)
    }

    /// Whether its plans name all that there is to do: then each thing is done by itself, whatever becomes of the
    /// others, and nothing is a preparation.
    pub const fn is_each_by_itself(self) -> bool {
        self.facts().last.is_none()
    }

    /// Whether a customer is gone for whom it was done.
    pub const fn ends_relationship(self) -> bool {
        matches!(self.facts().last, Some(last) if last.facts().ends_relationship)
    }

    /// The effect of which Partner Center's own record of activity tells, if it does of one.
    pub fn on_record_elsewhere(self) -> Option<Effect> {
        let facts = self.facts();
        let first = facts.first.iter().filter(|_| self.is_each_by_itself());
        facts.last.iter().chain(first).copied().find(|effect| !effect.facts().elsewhere.is_empty())
    }

    /// Whether it is for the integration sandbox alone.
    pub const fn is_for_sandbox(self) -> bool {
        matches!(self.facts().account, Account::Sandbox)
    }
}

impl Effect {
    /// Whether it is done for its own sake, and comes before no last change.
    pub fn is_by_itself(self) -> bool {
        let is_of = |procedure: &&Procedure| procedure.facts().first.contains(&self);
        Procedure::ALL.iter().filter(is_of).any(|procedure| procedure.is_each_by_itself())
    }
}

word!(Procedure, "procedure");

/// In what earnest a run was made. Said on every screen and report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Reads and decides; changes nothing.
    Plan,
    /// The real thing.
    Run,
    /// Against the built-in simulator, with the operator's own list.
    Rehearsal,
    /// Against the built-in simulator, with the sample list.
    Demo,
}

impl Mode {
    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Run => "run",
            Self::Rehearsal => "rehearsal",
            Self::Demo => "demo",
        }
    }

    /// Whether no real Partner Center was involved.
    pub const fn is_simulated(self) -> bool {
        matches!(self, Self::Rehearsal | Self::Demo)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_procedure_sends_its_own_effects_and_what_takes_them_back() {
        use Effect::{
            CancelExtended, CancelInWindow, CancelOrder, DeleteCustomer, ReactivateSubscription,
            RemoveRelationship, RevokeApplicationConsent, SuspendSubscription,
        };
        for (procedure, first, other) in [
            (
                Procedure::RemoveRelationship,
                &[SuspendSubscription, CancelExtended, CancelInWindow, RevokeApplicationConsent][..],
                &[RemoveRelationship, ReactivateSubscription][..],
            ),
            (Procedure::DeleteSandboxCustomer, &[CancelOrder], &[DeleteCustomer]),
        ] {
            for effect in Effect::ALL {
                let is_first = first.contains(effect);
                assert_eq!(procedure.may_begin_with(*effect), is_first, "{procedure} {effect}");
                let sends = is_first || other.contains(effect);
                assert_eq!(procedure.sends(*effect), sends, "{procedure} {effect}");
            }
        }
        for procedure in Procedure::ALL {
            let is_each = matches!(
                procedure,
                Procedure::CancelAtTermEnd | Procedure::UndoCancelAtTermEnd | Procedure::EndDelegatedAdmin
            );
            assert_eq!(procedure.is_each_by_itself(), is_each, "{procedure}");
        }
        for effect in Effect::ALL {
            let is_by_itself = matches!(
                effect,
                Effect::ScheduleCancellation | Effect::RestoreRenewal | Effect::EndDelegatedAdmin
            );
            assert_eq!(effect.is_by_itself(), is_by_itself, "{effect}");
        }
        assert!(!Procedure::RemoveRelationship.is_for_sandbox());
        assert!(Procedure::DeleteSandboxCustomer.is_for_sandbox());
    }

    #[test]
    fn names_are_the_names_in_json() {
        for procedure in Procedure::ALL {
            assert_eq!(procedure.as_str(), procedure.facts().name);
            assert_eq!(serde_json::to_value(procedure).unwrap(), procedure.facts().name);
        }
        for (mode, is_simulated) in
            [(Mode::Plan, false), (Mode::Run, false), (Mode::Rehearsal, true), (Mode::Demo, true)]
        {
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
            assert_eq!((mode.to_string().as_str(), mode.is_simulated()), (mode.as_str(), is_simulated));
        }
    }
}
