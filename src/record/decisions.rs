//! What is recorded of decisions, and of what was seen after them.

use super::{
    about::About,
    canonical::{self, CanonicalError},
    opening::Policy,
    requests::Exchange,
    reseller::IndirectReseller,
};
use crate::domain::{
    AdminLeft, Cause, Day, Finding, Outcome, Preparation, Reason, Seq, Sha256, Time, counted, is_taken_out,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// See [`super::Event::Judged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The row.
    pub row: u32,
    /// `ready`, or how the row ends without a change.
    pub verdict: Outcome,
    /// The customer's live name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The customer's live domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The live relationship.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationship: Option<String>,
    /// The indirect reseller through whom it is the partner's, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reseller: Option<IndirectReseller>,
    /// Everything that stands in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Findings that were left to the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Finding>,
    /// What is done before the last change, each once; or all that is done, if the procedure has no last change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<Preparation>,
    /// What cannot be done, though the rest is: the row then ends as failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Finding>,
    /// The day until which somebody can act so that everything of it which renews itself or is extended ends with its
    /// term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_by: Option<Day>,
    /// What the list calls the customer, where that is not literally its live name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_as: Option<String>,
    /// How many seats its subscriptions have, over or not; 0 where it has none, which the first programs left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u64>,
    /// The latest day, not after the facts, on which one of its subscriptions began or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_until: Option<Day>,
    /// The delegated administration that stays when the customer goes, if it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin_left: Option<AdminLeft>,
    /// What was transferred to another partner, or from one: where something is now, or has come from. It stands in nobody's
    /// way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transferred: Vec<Cause>,
    /// Why its transfers could not be read, if they could not in the whole run: that keeps nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers_not_read: Option<String>,
    /// What else the operator should know, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When the first request about this customer alone was made. Its name and relationship may come
    /// from a listing before that; should the relationship have ended since, the service says so.
    pub facts_at: Time,
    /// The intents of the requests that the facts come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<Seq>,
    /// The exchange that decided, if the service's answer did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
}

impl Judged {
    /// It is skipped because of these findings, and nothing else is known of the customer.
    pub fn skipped(row: u32, facts_at: Time, findings: Vec<Finding>) -> Self {
        Self {
            row,
            verdict: Outcome::Skipped,
            name: None,
            domain: None,
            relationship: None,
            reseller: None,
            findings,
            allowed: Vec::new(),
            first: Vec::new(),
            left_out: Vec::new(),
            act_by: None,
            listed_as: None,
            seats: None,
            active_until: None,
            admin_left: None,
            transferred: Vec::new(),
            transfers_not_read: None,
            note: None,
            facts_at,
            basis: Vec::new(),
            exchange: None,
        }
    }

    /// What is done, and what cannot be though the rest is, each in words.
    pub fn to_do(&self) -> Vec<String> {
        let cannot =
            |finding: &Finding| format!("cannot be done, {}: {}", finding.reason, finding.causes_in_words());
        let done = self.first.iter().map(Preparation::in_words);
        done.chain(self.left_out.iter().map(cannot)).collect()
    }

    /// What was transferred, in words; none if nothing was.
    pub fn transferred_in_words(&self) -> Option<String> {
        let each: Vec<_> = self.transferred.iter().map(Cause::to_string).collect();
        (!each.is_empty()).then(|| format!("Transferred: {}.", each.join("; ")))
    }

    /// The digest of the decision, over its canonical JSON: what is signed when a plan is approved.
    pub fn digest(&self) -> Result<Sha256, CanonicalError> {
        let bytes = canonical::to_bytes(self)?;
        Ok(Sha256::of(&[&bytes]))
    }

    /// The digest of what is left to the service, over its canonical JSON; none if nothing is.
    pub fn left_to_service(&self) -> Result<Option<Sha256>, CanonicalError> {
        if self.allowed.is_empty() {
            return Ok(None);
        }
        let bytes = canonical::to_bytes(&self.allowed)?;
        Ok(Some(Sha256::of(&[&bytes])))
    }
}

/// The customers whose transfers could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransfersNotRead {
    customers: u32,
    /// Why those of the first could not.
    why: String,
    /// Whether those of another could.
    others_were: bool,
}

impl TransfersNotRead {
    /// Takes what was decided about another customer.
    pub fn take(&mut self, judged: &Judged) {
        let Some(why) = &judged.transfers_not_read else {
            // Nobody is ready without, and nothing else tells of transfers.
            let found = judged.findings.iter().chain(&judged.allowed);
            let has_some = !judged.transferred.is_empty()
                || found.into_iter().any(|finding| finding.reason == Reason::PendingTransfer);
            self.others_were |= judged.verdict == Outcome::Ready || has_some;
            return;
        };
        if self.customers == 0 {
            self.why.clone_from(why);
        }
        self.customers += 1;
    }

    /// Whether those of some customer were read: then it is for want of no right that those of another were not.
    pub const fn others_were_read(&self) -> bool {
        self.others_were
    }

    /// That it is so, in words, once for all of them; none if it is not.
    pub fn in_words(&self) -> Option<String> {
        let Self { customers, why, others_were } = self;
        let those = format!("The transfers of {} could not be read ({why})", counted(*customers, "customer"));
        (*customers > 0).then(|| {
            if *others_were {
                format!(
                    "{those}, though those of others could. They are asked for again before anything of these customers \
                     is changed, and nobody is changed without an answer."
                )
            } else {
                format!(
                    "{those}, so nobody is held back by one that is open. To have them read, sign in as a user who has \
                     the role Admin agent."
                )
            }
        })
    }
}

/// See [`super::Event::PlanSealed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSealed {
    /// The digest over everything that was decided.
    pub digest: Sha256,
    /// How many customers are ready.
    pub ready: u32,
    /// How many different customers of the partner the listing named; there may be more.
    pub counted: u32,
    /// How many customers the partner has, if the listing came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers_of_partner: Option<u32>,
}

impl PlanSealed {
    /// Whether it removes no more than the policy allows, in number and as a share of the customers
    /// that were counted.
    pub fn is_within(&self, policy: &Policy) -> bool {
        self.needs(policy).is_none()
    }

    /// What would have to be allowed, if it is not within the policy.
    pub fn needs(&self, policy: &Policy) -> Option<Needed> {
        if self.ready > policy.max_removals && !is_taken_out("any-number-of-removals") {
            return Some(Needed::Removals(self.ready));
        }
        let (part, whole) = (u64::from(self.ready) * 100, u64::from(self.counted));
        // Who is gone is counted nowhere, so that more than all may be meant where no relationship is needed.
        let is_any = policy.max_share >= 100;
        let is_too_large = part > u64::from(policy.max_share) * whole && part > 0 && !is_any;
        (is_too_large && !is_taken_out("any-share-of-the-customers")).then(|| {
            let share = u32::try_from(part.div_ceil(whole.max(1))).unwrap_or(100);
            Needed::Share(share.min(100))
        })
    }

    /// Whether a second person must have approved it before it may be carried out.
    pub fn needs_approval(&self, policy: &Policy) -> bool {
        policy.approval_above.is_some_and(|above| self.ready > above)
    }
}

/// The option that allows a plan which is beyond its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// So many removals.
    Removals(u32),
    /// So large a share of the customers that were counted, in percent.
    Share(u32),
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removals(most) => write!(f, "--max-removals {most}"),
            Self::Share(most) => write!(f, "--max-share {most}"),
        }
    }
}

/// How a plan was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The partner's name and the number of customers were typed.
    Typed,
    /// With `--yes`, and the partner named beforehand.
    Yes,
}

/// See [`super::Event::Confirmed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// Who.
    pub by: String,
    /// How.
    pub how: How,
    /// Over which plan.
    pub digest: Sha256,
}

/// See [`super::Event::Approved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The public half of the approver's key, as signed notes write it: `<name>+<id>+<base64>`.
    pub approver: String,
    /// Over which plan.
    pub digest: Sha256,
    /// What the approver signed, with the signature: a C2SP signed note.
    pub note: String,
}

/// What a look after a change showed: at the customer, or at what a preparation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// What was to end is gone: the relationship; the order is cancelled; the subscription has the other state.
    Gone,
    /// It is still there: the relationship; the order stands; the subscription has the state that it had.
    StillThere,
    /// It could not be told.
    NotTold,
}

/// See [`super::Event::Observed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The row.
    pub row: u32,
    /// The order or the subscription that was looked at, if it was not the customer itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What was seen.
    pub seen: Observation,
    /// To which other end it came, as the service shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Reason>,
    /// By what, in words.
    pub detail: String,
    /// The intent of the request that showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Seq>,
}

impl Approved {
    /// What the approval says of whoever signed it, as the machine that signed says of itself: its `user`, its `host`.
    pub(super) fn says(&self, field: &str) -> Option<&str> {
        self.note.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(' '))
    }
}

impl About for PlanSealed {}
impl About for Approved {}
impl About for Confirmed {}

impl About for Judged {
    fn row(&self) -> Option<u32> {
        Some(self.row)
    }

    fn basis(&self) -> &[Seq] {
        &self.basis
    }

    fn names(&self) -> Vec<String> {
        self.name.iter().chain(&self.domain).cloned().collect()
    }
}

impl About for Observed {
    fn row(&self) -> Option<u32> {
        Some(self.row)
    }

    fn basis(&self) -> &[Seq] {
        self.basis.as_slice()
    }
}
