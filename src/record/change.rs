//! What has become of one change that was sent for a customer.

use super::{
    decisions::Observation,
    opening::Rules,
    requests::{Exchange, RequestIntended, ResponseReceived},
};
use crate::domain::{Answer, CorrelationId, Effect, Outcome, Reason, RequestId, Seq, Time, is_taken_out};
use std::time::Duration;

/// One change of a customer, over all its attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, whatever the others are")]
pub struct Change {
    /// What it does.
    pub effect: Effect,
    /// The order that it is about, if it is not the customer itself.
    pub about: Option<Box<str>>,
    /// `MS-RequestId`: the same for every attempt whose outcome was not known.
    pub request_id: RequestId,
    /// How often it was sent, or was about to be.
    pub attempts: u32,
    /// How often it was repeated after a read had shown that it did not happen.
    pub repeats: u16,
    /// Whether it was ever in doubt what an attempt did.
    pub was_in_doubt: bool,
    /// Whether an attempt may have been carried out, and nothing has shown since that it was not.
    pub is_unproven: bool,
    /// Whether the service knew no relationship when it was first sent: somebody else may have ended it before.
    pub was_missing: bool,
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
    /// It was sent back or could not be sent, and may be sent again.
    ToSend {
        /// Whether the server answered.
        answered: bool,
        /// When that became known.
        since: Time,
        /// What was seen since.
        looks: Looks,
    },
    /// The service said yes, or that it is being done.
    Accepted {
        /// Whether the answer itself says that it is done.
        clearly: bool,
        /// When it was answered.
        since: Time,
        /// What was seen since.
        looks: Looks,
    },
    /// The service said no.
    Refused {
        /// What it said.
        answer: Answer,
    },
    /// It may or may not have happened.
    InDoubt {
        /// When the answer came, or was given up.
        since: Time,
        /// The no that was said, if one was, and that proves nothing by itself.
        no: Option<Answer>,
        /// What was seen since.
        looks: Looks,
    },
    /// A look after the settle time showed that it did not happen.
    DidNotHappen,
    /// A look showed that it came to another end.
    Otherwise {
        /// Which.
        reason: Reason,
    },
    /// What it was to end is gone: the relationship, or the order.
    Gone {
        /// Whether a look showed it, rather than the service's answer to a change that was repeated.
        seen: bool,
    },
}

/// What looks showed after a change was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    /// How often it was seen that it is not done yet.
    pub still_there: u16,
    /// How often a look told nothing.
    pub not_told: u16,
    /// Whether the latest told nothing.
    pub is_blind: bool,
    /// When it was last looked at; before the first look, since when it is waited for.
    pub at: Time,
}

impl Looks {
    /// None yet.
    pub const fn none(since: Time) -> Self {
        Self { still_there: 0, not_told: 0, is_blind: false, at: since }
    }

    /// How many there were.
    pub const fn count(&self) -> u16 {
        self.still_there.saturating_add(self.not_told)
    }

    fn add(self, seen: Observation, at: Time) -> Self {
        let is_blind = seen == Observation::NotTold;
        Self {
            still_there: self.still_there.saturating_add(u16::from(seen == Observation::StillThere)),
            not_told: self.not_told.saturating_add(u16::from(is_blind)),
            is_blind,
            at,
        }
    }
}

impl Change {
    /// The first attempt.
    pub fn first(effect: Effect, intended: &RequestIntended, intent: Seq, since: Time) -> Self {
        Self {
            effect,
            about: intended.about.as_deref().map(Box::from),
            request_id: intended.request_id,
            attempts: 1,
            repeats: 0,
            was_in_doubt: false,
            is_unproven: false,
            was_missing: false,
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

    /// Whether its answer is awaited.
    pub const fn is_open(&self) -> bool {
        matches!(self.phase, ChangePhase::Open { .. })
    }

    /// Whether it may or may not have happened, as far as is known.
    pub const fn is_in_doubt(&self) -> bool {
        match self.phase {
            ChangePhase::InDoubt { .. } => true,
            ChangePhase::ToSend { .. } => self.is_unproven,
            _ => false,
        }
    }

    /// Whether all that the service has said is that something of the kind was being done already.
    pub const fn is_only_under_way(&self) -> bool {
        matches!(self.phase, ChangePhase::Accepted { .. })
            && !self.was_accepted
            && matches!(self.status, Some(409))
    }

    /// Which outcomes the customer can have, by what is known of this change: its last one.
    pub fn may_end_as(&self, outcome: Outcome) -> bool {
        let is_done = match outcome {
            Outcome::Done(procedure) => !self.was_missing && procedure.facts().last == Some(self.effect),
            Outcome::AlreadyDone(procedure) => {
                self.was_missing && procedure.facts().last == Some(self.effect)
            }
            _ => false,
        };
        match self.phase {
            ChangePhase::Open { .. } => false,
            ChangePhase::ToSend { .. } if self.is_unproven => matches!(outcome, Outcome::Unknown),
            ChangePhase::ToSend { .. } => matches!(outcome, Outcome::NotAttempted | Outcome::Failed),
            ChangePhase::Accepted { .. } => is_done || matches!(outcome, Outcome::Unknown),
            ChangePhase::Refused { .. } | ChangePhase::DidNotHappen | ChangePhase::Otherwise { .. } => {
                matches!(outcome, Outcome::Failed)
            }
            ChangePhase::InDoubt { .. } => matches!(outcome, Outcome::Unknown),
            ChangePhase::Gone { .. } => is_done,
        }
    }

    /// Whether another attempt may be sent, and under which request ID. `Err` says why not.
    pub fn may_send_again(&self, request_id: RequestId, rules: Rules) -> Result<(), &'static str> {
        match self.phase {
            ChangePhase::ToSend { answered: true, .. } if rules == Rules::FIRST && !self.was_in_doubt => {
                Ok(())
            }
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
            ChangePhase::Otherwise { .. } => Err("it came to another end"),
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
    pub fn answered(&mut self, answer: Answer, rules: Rules, now: Time) {
        self.throttled = self.throttled.saturating_add(u16::from(answer == Answer::Throttled));
        let is_token = matches!(answer, Answer::TokenExpired | Answer::SignInRefused);
        self.refused_tokens = if is_token { self.refused_tokens.saturating_add(1) } else { 0 };
        self.was_accepted |= matches!(answer, Answer::Understood | Answer::Empty | Answer::NotUnderstood);
        self.phase = if rules == Rules::FIRST {
            self.phase_by_the_first_rules(answer, now)
        } else {
            self.phase_after(answer, now)
        };
    }

    /// Only an answer that could not have come from anybody else, and that says so, shows that nothing was done.
    fn phase_after(&mut self, answer: Answer, now: Time) -> ChangePhase {
        let is_first_send = self.attempts <= 1 + u32::from(self.unsent);
        match answer {
            Answer::Understood if self.effect.facts().answer_tells => ChangePhase::Gone { seen: false },
            Answer::Empty | Answer::NotUnderstood if self.effect.facts().answer_tells => {
                self.doubt(None, now)
            }
            Answer::NothingThere => {
                self.was_missing |= is_first_send;
                ChangePhase::Gone { seen: false }
            }
            Answer::Understood | Answer::Empty | Answer::NotUnderstood => {
                accepted(answer == Answer::Understood, now)
            }
            Answer::InProgress if is_taken_out("an-order-in-progress-is-refused") => {
                ChangePhase::Refused { answer }
            }
            // Somebody's change of the order is on its way; looking at the order tells what comes of it.
            Answer::InProgress if !self.effect.is_last() => accepted(false, now),
            Answer::Throttled | Answer::TokenExpired | Answer::SignInRefused => {
                self.is_unproven |= !is_taken_out("too-many-is-never-carried-out");
                to_send(true, now)
            }
            Answer::NoRelationship if is_taken_out("missing-after-a-try-is-a-refusal") => {
                ChangePhase::Refused { answer }
            }
            Answer::NoRelationship if !is_first_send && is_taken_out("missing-after-a-try-is-gone") => {
                ChangePhase::Gone { seen: false }
            }
            // Whether an earlier try of ours ended what the service misses now, or nobody did, a look tells.
            Answer::NoRelationship => {
                self.was_missing |= is_first_send;
                self.doubt(Some(answer), now)
            }
            Answer::Refused | Answer::Denied if is_first_send => ChangePhase::Refused { answer },
            Answer::Inconclusive if is_first_send && is_taken_out("any-no-is-a-refusal") => {
                ChangePhase::Refused { answer }
            }
            Answer::Refused | Answer::Denied if is_taken_out("a-refusal-after-doubt-is-a-yes") => {
                accepted(false, now)
            }
            // An earlier try may have done what the service says cannot be done now.
            Answer::Refused | Answer::Denied | Answer::InProgress | Answer::Inconclusive => {
                self.doubt(Some(answer), now)
            }
            Answer::Unclear => self.doubt(None, now),
        }
    }

    /// As [`Rules::FIRST`] have it.
    fn phase_by_the_first_rules(&mut self, answer: Answer, now: Time) -> ChangePhase {
        match answer {
            Answer::Understood | Answer::Empty | Answer::NotUnderstood => {
                accepted(answer == Answer::Understood, now)
            }
            Answer::InProgress if !self.effect.is_last() => accepted(false, now),
            Answer::NoRelationship | Answer::Refused if !self.effect.is_last() && self.was_in_doubt => {
                accepted(false, now)
            }
            Answer::Throttled | Answer::TokenExpired | Answer::SignInRefused => to_send(true, now),
            Answer::NoRelationship if self.was_in_doubt => ChangePhase::Gone { seen: false },
            Answer::NoRelationship
            | Answer::NothingThere
            | Answer::InProgress
            | Answer::Denied
            | Answer::Refused => ChangePhase::Refused { answer },
            Answer::Inconclusive => self.doubt(Some(answer), now),
            Answer::Unclear => self.doubt(None, now),
        }
    }

    /// Whether it is the last one, and the service has just said yes.
    pub(super) const fn was_agreed_to(&self) -> bool {
        self.effect.is_last() && matches!(self.phase, ChangePhase::Accepted { .. })
    }

    /// Nothing of the open attempt reached the server.
    pub fn not_sent(&mut self, now: Time) {
        self.unsent = self.unsent.saturating_add(1);
        self.phase = to_send(false, now);
    }

    /// The open attempt may have reached the server; its answer is given up now.
    pub fn lost(&mut self, now: Time) {
        self.phase = self.doubt(None, now);
    }

    fn doubt(&mut self, no: Option<Answer>, since: Time) -> ChangePhase {
        self.was_in_doubt = true;
        self.is_unproven = true;
        ChangePhase::InDoubt { since, no, looks: Looks::none(since) }
    }

    /// The program was started again: every wait begins anew, because no clock is sure to have gone on.
    pub(super) fn restarted(&mut self, now: Time) {
        match &mut self.phase {
            ChangePhase::Accepted { since, looks, .. }
            | ChangePhase::InDoubt { since, looks, .. }
            | ChangePhase::ToSend { since, looks, .. } => (*since, looks.at) = (now, now),
            ChangePhase::Open { .. }
            | ChangePhase::Refused { .. }
            | ChangePhase::DidNotHappen
            | ChangePhase::Otherwise { .. }
            | ChangePhase::Gone { .. } => {}
        }
    }

    /// Whether this is a moment to have seen that. `Err` says why not: that a change in doubt did not happen is only
    /// believed once the service has had `settle` to carry it out.
    pub fn may_be_seen(&self, seen: Observation, now: Time, settle: Duration) -> Result<(), &'static str> {
        match self.phase {
            ChangePhase::Accepted { .. } => Ok(()),
            ChangePhase::InDoubt { since, .. } | ChangePhase::ToSend { since, .. } if self.is_in_doubt() => {
                if seen == Observation::StillThere && now < since.plus(settle) {
                    Err("the settle time of the change is not over")
                } else {
                    Ok(())
                }
            }
            _ => Err("a look is only taken after a change was accepted or is in doubt"),
        }
    }

    /// A look at what it changed, which may show another end. After anything but a change that was accepted or is in
    /// doubt, it tells nothing new.
    pub fn looked_at(&mut self, seen: Observation, instead: Option<Reason>, now: Time) {
        let is_awaited = self.is_in_doubt() || matches!(self.phase, ChangePhase::Accepted { .. });
        match instead {
            Some(reason) if is_awaited && !is_taken_out("another-end-is-not-kept") => {
                self.is_unproven = false;
                self.phase = ChangePhase::Otherwise { reason };
            }
            _ => self.seen(seen, now),
        }
    }

    /// A look at what it changed, which shows no other end.
    pub fn seen(&mut self, seen: Observation, now: Time) {
        let is_in_doubt = self.is_in_doubt();
        let (no, looks) = match &mut self.phase {
            ChangePhase::Accepted { looks, .. } if seen != Observation::Gone => {
                return *looks = looks.add(seen, now);
            }
            ChangePhase::Accepted { looks, .. } => (None, looks),
            ChangePhase::InDoubt { no, looks, .. } => (*no, looks),
            ChangePhase::ToSend { looks, .. } if is_in_doubt => (None, looks),
            _ => return,
        };
        match seen {
            Observation::Gone => self.phase = ChangePhase::Gone { seen: true },
            Observation::NotTold => *looks = looks.add(seen, now),
            Observation::StillThere => {
                self.is_unproven = false;
                self.phase = no.map_or(ChangePhase::DidNotHappen, |answer| ChangePhase::Refused { answer });
            }
        }
    }
}

/// The service said yes just now.
const fn accepted(clearly: bool, now: Time) -> ChangePhase {
    ChangePhase::Accepted { clearly, since: now, looks: Looks::none(now) }
}

const fn to_send(answered: bool, now: Time) -> ChangePhase {
    ChangePhase::ToSend { answered, since: now, looks: Looks::none(now) }
}

#[cfg(test)]
mod tests;
