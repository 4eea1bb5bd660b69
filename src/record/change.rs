//! What has become of one change that was sent for a customer.

use super::{
    decisions::Seen,
    requests::{Exchange, Purpose, RequestIntended, ResponseReceived},
};
use crate::domain::{Answer, CorrelationId, Outcome, RequestId, Seq, Time};
use std::time::Duration;

/// One change of a customer, over all its attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it does.
    pub purpose: Purpose,
    /// The order that it is about, if it is not the customer itself.
    pub about: Option<Box<str>>,
    /// `MS-RequestId`: the same for every attempt whose outcome was not known.
    pub request_id: RequestId,
    /// How often it was sent, or was about to be.
    pub attempts: u32,
    /// How often it was repeated after a read had shown that it did not happen.
    pub repeats: u16,
    /// Whether any attempt may have reached the server without its answer reaching us.
    pub was_in_doubt: bool,
    /// How often the service asked for patience.
    pub throttled: u16,
    /// How often in a row its token was refused.
    pub refused_tokens: u16,
    /// How often it could not be sent at all.
    pub unsent: u16,
    /// Whether the service has said yes, whatever was seen since.
    pub was_accepted: bool,
    /// What is known now.
    pub phase: ChangePhase,
    /// `MS-CorrelationId` of the latest attempt.
    correlation_id: CorrelationId,
    /// The status of its answer.
    pub status: Option<u16>,
    /// What was said with it. Whoever agrees says nothing: of 100,000 changes that are waited for, few have words.
    said: Option<Box<Said>>,
}

/// What was said of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    /// The service's error code.
    code: Option<String>,
    /// The service's text, or what went wrong on the way.
    text: Option<String>,
}

/// What is known of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangePhase {
    /// The intent is on record, its end is not.
    Open {
        /// The intent.
        intent: Seq,
        /// When it was recorded.
        since: Time,
    },
    /// It was not carried out, and may be sent again.
    ToSend {
        /// Whether the server answered, so that the request ID is used up.
        answered: bool,
        /// When that became known.
        since: Time,
    },
    /// The service said yes.
    Accepted {
        /// Whether the answer itself says that it is done.
        clearly: bool,
        /// When it was answered.
        since: Time,
        /// How often it was seen afterwards that it is not done yet.
        still_seen: u16,
        /// How often a look told nothing.
        not_told: u16,
        /// When it was last looked at.
        looked_at: Time,
    },
    /// The service said no.
    Refused {
        /// What it said.
        answer: Answer,
    },
    /// It may or may not have happened.
    InDoubt {
        /// When the answer was given up.
        since: Time,
        /// How often a look told nothing.
        not_told: u16,
        /// When it was last looked at.
        looked_at: Time,
    },
    /// A look after the settle time showed that it did not happen.
    DidNotHappen,
    /// What it was to end is gone: the relationship, or the order.
    Gone {
        /// Whether a look showed it, rather than the service's answer to a change that was repeated.
        seen: bool,
    },
}

impl Change {
    /// The first attempt.
    pub fn first(intended: &RequestIntended, intent: Seq, since: Time) -> Self {
        Self {
            purpose: intended.purpose,
            about: intended.about.as_deref().map(Box::from),
            request_id: intended.request_id,
            attempts: 1,
            repeats: 0,
            was_in_doubt: false,
            throttled: 0,
            refused_tokens: 0,
            unsent: 0,
            was_accepted: false,
            phase: ChangePhase::Open { intent, since },
            correlation_id: intended.correlation_id,
            status: None,
            said: None,
        }
    }

    /// Which outcomes the customer can have, by what is known of this change: its last one.
    pub const fn may_end_as(&self, outcome: Outcome) -> bool {
        let is_done = matches!(
            (self.purpose, outcome),
            (Purpose::RemoveRelationship, Outcome::Removed) | (Purpose::DeleteCustomer, Outcome::Deleted)
        );
        match self.phase {
            ChangePhase::Open { .. } => false,
            ChangePhase::ToSend { .. } => matches!(outcome, Outcome::NotAttempted | Outcome::Failed),
            ChangePhase::Accepted { .. } => is_done || matches!(outcome, Outcome::Unknown),
            ChangePhase::Refused { .. } | ChangePhase::DidNotHappen => matches!(outcome, Outcome::Failed),
            ChangePhase::InDoubt { .. } => matches!(outcome, Outcome::Unknown),
            ChangePhase::Gone { .. } => is_done,
        }
    }

    /// Whether another attempt may be sent, and under which request ID. `Err` says why not.
    pub fn may_send_again(&self, request_id: RequestId) -> Result<(), &'static str> {
        match self.phase {
            ChangePhase::ToSend { answered: true, .. } if !self.was_in_doubt => Ok(()),
            ChangePhase::ToSend { .. } | ChangePhase::DidNotHappen => {
                if request_id == self.request_id {
                    Ok(())
                } else {
                    Err("a change that is repeated keeps its request ID")
                }
            }
            ChangePhase::Open { .. } => Err("a change of this customer is open"),
            ChangePhase::Accepted { .. } => Err("the change was accepted"),
            ChangePhase::Refused { .. } => Err("the change was refused"),
            ChangePhase::InDoubt { .. } => {
                Err("the change is in doubt, and nothing has shown that it did not happen")
            }
            ChangePhase::Gone { .. } => Err("it is known to be done"),
        }
    }

    /// Another attempt.
    pub fn send_again(&mut self, intended: &RequestIntended, intent: Seq, since: Time) {
        if self.phase == ChangePhase::DidNotHappen {
            self.repeats = self.repeats.saturating_add(1);
        }
        self.request_id = intended.request_id;
        self.attempts = self.attempts.saturating_add(1);
        self.phase = ChangePhase::Open { intent, since };
        self.correlation_id = intended.correlation_id;
        (self.status, self.said) = (None, None);
    }

    /// The latest attempt and its answer.
    pub fn exchange(&self) -> Exchange {
        Exchange {
            status: self.status,
            code: self.code().map(str::to_owned),
            text: self.text().map(str::to_owned),
            request_id: Some(self.request_id),
            correlation_id: Some(self.correlation_id),
        }
    }

    /// The service's error code.
    pub fn code(&self) -> Option<&str> {
        self.said.as_ref()?.code.as_deref()
    }

    /// The service's text, or what went wrong on the way.
    pub fn text(&self) -> Option<&str> {
        self.said.as_ref()?.text.as_deref()
    }

    /// What the open attempt was answered.
    pub(super) fn heard(&mut self, response: &ResponseReceived) {
        let (code, text) = (response.code.clone(), response.text.clone());
        self.status = Some(response.status);
        self.said = (code.is_some() || text.is_some()).then(|| Box::new(Said { code, text }));
    }

    /// What went wrong with the open attempt.
    pub(super) fn told(&mut self, text: &str) {
        self.said.get_or_insert_default().text = Some(text.to_owned());
    }

    /// The answer to the open attempt.
    pub fn answered(&mut self, answer: Answer, now: Time) {
        self.throttled = self.throttled.saturating_add(u16::from(answer == Answer::Throttled));
        let is_token = matches!(answer, Answer::TokenExpired | Answer::SignInRefused);
        self.refused_tokens = if is_token { self.refused_tokens.saturating_add(1) } else { 0 };
        self.phase = match answer {
            Answer::Understood | Answer::Empty | Answer::NotUnderstood => {
                accepted(answer == Answer::Understood, now)
            }
            // Somebody's change of the order is on its way; looking at the order tells what comes of it.
            Answer::InProgress if !self.purpose.is_last() => accepted(false, now),
            // An earlier try of ours may have done what the service says cannot be done now.
            Answer::NoRelationship | Answer::Refused if !self.purpose.is_last() && self.was_in_doubt => {
                accepted(false, now)
            }
            Answer::Throttled | Answer::TokenExpired | Answer::SignInRefused => {
                ChangePhase::ToSend { answered: true, since: now }
            }
            // An earlier try of ours may have ended the relationship that the service misses now.
            Answer::NoRelationship if self.was_in_doubt => ChangePhase::Gone { seen: false },
            Answer::NoRelationship | Answer::InProgress | Answer::Denied | Answer::Refused => {
                ChangePhase::Refused { answer }
            }
            Answer::Unclear => self.doubt(now),
        };
        self.was_accepted |= matches!(self.phase, ChangePhase::Accepted { .. });
    }

    /// Whether it is the last one, and the service has just said yes.
    pub(super) const fn was_agreed_to(&self) -> bool {
        self.purpose.is_last() && matches!(self.phase, ChangePhase::Accepted { .. })
    }

    /// Nothing of the open attempt reached the server.
    pub fn not_sent(&mut self, now: Time) {
        self.unsent = self.unsent.saturating_add(1);
        self.phase = ChangePhase::ToSend { answered: false, since: now };
    }

    /// The open attempt may have reached the server; its answer is given up now.
    pub fn lost(&mut self, now: Time) {
        self.phase = self.doubt(now);
    }

    fn doubt(&mut self, since: Time) -> ChangePhase {
        self.was_in_doubt = true;
        ChangePhase::InDoubt { since, not_told: 0, looked_at: since }
    }

    /// The program was started again: every wait begins anew, because no clock is sure to have gone on.
    pub(super) fn restarted(&mut self, now: Time) {
        match &mut self.phase {
            ChangePhase::Accepted { since, looked_at, .. }
            | ChangePhase::InDoubt { since, looked_at, .. } => {
                (*since, *looked_at) = (now, now);
            }
            ChangePhase::ToSend { since, .. } => *since = now,
            ChangePhase::Open { .. }
            | ChangePhase::Refused { .. }
            | ChangePhase::DidNotHappen
            | ChangePhase::Gone { .. } => {}
        }
    }

    /// A look at what it changed. `Err` says why this is no moment to look: that a change in doubt did
    /// not happen is only believed once the service has had `settle` to carry it out.
    pub fn observed(&mut self, seen: Seen, now: Time, settle: Duration) -> Result<(), &'static str> {
        self.phase = match (self.phase, seen) {
            (ChangePhase::Accepted { .. } | ChangePhase::InDoubt { .. }, Seen::Gone) => {
                ChangePhase::Gone { seen: true }
            }
            (ChangePhase::Accepted { clearly, since, still_seen, not_told, .. }, seen) => {
                ChangePhase::Accepted {
                    clearly,
                    since,
                    still_seen: still_seen.saturating_add(u16::from(seen == Seen::StillThere)),
                    not_told: not_told.saturating_add(u16::from(seen == Seen::NotTold)),
                    looked_at: now,
                }
            }
            (ChangePhase::InDoubt { since, .. }, Seen::StillThere) if now < since.plus(settle) => {
                return Err("the settle time of the change is not over");
            }
            (ChangePhase::InDoubt { .. }, Seen::StillThere) => ChangePhase::DidNotHappen,
            (ChangePhase::InDoubt { since, not_told, .. }, Seen::NotTold) => {
                ChangePhase::InDoubt { since, not_told: not_told.saturating_add(1), looked_at: now }
            }
            _ => return Err("a look is only taken after a change was accepted or is in doubt"),
        };
        Ok(())
    }
}

/// The service said yes just now.
const fn accepted(clearly: bool, now: Time) -> ChangePhase {
    ChangePhase::Accepted { clearly, since: now, still_seen: 0, not_told: 0, looked_at: now }
}

#[cfg(test)]
mod tests;
