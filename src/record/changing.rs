//! All changes of one customer: its preparations, and after them the last one.

use super::{
    change::{Change, ChangePhase},
    decisions::Judged,
    endings::Settled,
    opening::Rules,
    requests::RequestIntended,
};
use crate::domain::{Effect, Outcome, Preparation, Procedure, Seq, Time, is_taken_out};

/// A customer of which a change was sent, or was about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changing {
    /// Its changes, in the order in which they were first sent. At most one of them is open.
    pub changes: Vec<Change>,
    /// What the latest judgement said; it was `ready` when the first change was sent.
    pub verdict: Outcome,
    /// When the first of the facts was read.
    pub facts_at: Time,
    /// How it ends, if something was done for the sake of a change that failed that may be taken back.
    pub failed_after: Option<Box<Settled>>,
    /// Whether it is taken back, once somebody has decided.
    pub undo: Option<bool>,
}

impl Changing {
    /// A customer of which no change was sent yet.
    pub fn new(verdict: Outcome, facts_at: Time) -> Self {
        Self { changes: Vec::new(), verdict, facts_at, failed_after: None, undo: None }
    }

    /// The last change, once it was sent.
    pub fn last(&self) -> Option<&Change> {
        self.changes.iter().find(|change| change.effect.is_last())
    }

    /// Whether the service ever said yes to the last change.
    pub(super) fn was_accepted(&self) -> bool {
        self.last().is_some_and(|last| last.was_accepted)
    }

    /// Whether people lost what they work with, for good, or the service has agreed to that: a customer of whom that is so
    /// and who stays was not just passed over.
    pub fn has_stopped_service(&self) -> bool {
        let is_so =
            |change: &Change| change.effect.facts().stops_service && (is_gone(change) || is_accepted(change));
        self.changes.iter().any(is_so)
    }

    /// Whether everything that was sent is known to be done.
    pub(super) fn are_all_done(&self) -> bool {
        self.changes.iter().all(is_gone)
    }

    /// Those of these that were done, as far as is known, and can be taken back.
    pub fn can_be_taken_back<'a>(&self, first: &'a [Preparation]) -> impl Iterator<Item = &'a Preparation> {
        let is_so = |one: &&Preparation| {
            one.what.reversal().is_some()
                && self.of(one).is_some_and(|change| is_gone(change) || is_accepted(change))
        };
        first.iter().filter(is_so)
    }

    /// What was done, can be taken back and was not, as far as is known.
    pub(super) fn left_prepared(&self, first: &[Preparation]) -> Box<[Preparation]> {
        let is_back = |one: &Preparation| self.reversal(one).is_some_and(is_gone);
        self.can_be_taken_back(first).filter(|one| !is_back(one)).cloned().collect()
    }

    /// The change that takes this back, once it was sent.
    pub fn reversal(&self, prepared: &Preparation) -> Option<&Change> {
        self.find(prepared.what.reversal()?, Some(&prepared.id))
    }

    /// Its change failed, and what was done for it may be taken back.
    pub(super) fn fall(&mut self, settled: &Settled, first: &[Preparation]) -> Result<(), &'static str> {
        let is_bad = matches!(settled.outcome, Outcome::Failed | Outcome::Skipped | Outcome::NotAttempted);
        if self.failed_after.is_some() || !is_bad || !self.may_end_as(settled.outcome) {
            return Err("it does not end so from where it is");
        }
        if self.can_be_taken_back(first).next().is_none() {
            return Err("nothing was done for it that can be taken back");
        }
        self.failed_after = Some(Box::new(settled.clone()));
        Ok(())
    }

    /// Whether somebody has still to decide what becomes of what was done for it.
    pub const fn is_undecided(&self) -> bool {
        self.failed_after.is_some() && self.undo.is_none()
    }

    /// The change of this preparation, once it was sent.
    pub fn of(&self, preparation: &Preparation) -> Option<&Change> {
        self.find(preparation.what, Some(&preparation.id))
    }

    /// The change that the reports are about: one that went wrong, else one that is not done yet, else the
    /// latest.
    pub fn decisive(&self) -> Option<&Change> {
        let went_wrong = |change: &&Change| !is_gone(change) && !is_accepted(change);
        let is_undone = |change: &&Change| !is_gone(change);
        let mut changes = self.changes.iter();
        let found = changes.clone().find(went_wrong).or_else(|| changes.find(is_undone));
        found.or_else(|| self.changes.last())
    }

    /// The preparations of these that are seen done.
    pub fn done<'a>(&self, first: &'a [Preparation]) -> impl Iterator<Item = &'a Preparation> {
        first.iter().filter(|one| self.of(one).is_some_and(is_gone))
    }

    /// Whether the relationship is known to be gone.
    pub(super) fn is_gone(&self) -> bool {
        self.last().is_some_and(is_gone)
    }

    fn find(&self, effect: Effect, about: Option<&str>) -> Option<&Change> {
        self.changes.iter().find(|change| change.effect == effect && change.about.as_deref() == about)
    }

    /// The change whose answer is awaited.
    pub(super) fn open(&mut self) -> Option<&mut Change> {
        self.changes.iter_mut().find(|change| matches!(change.phase, ChangePhase::Open { .. }))
    }

    /// The change that a look is about.
    pub(super) fn about(&mut self, about: Option<&str>) -> Option<&mut Change> {
        self.changes.iter_mut().rfind(|change| change.about.as_deref() == about)
    }

    /// An attempt of a change, by a procedure that sends it. `first` is what the judgement names. `Err` says why it
    /// must not be sent.
    pub(super) fn send(
        &mut self,
        intended: &RequestIntended,
        (procedure, first): (Procedure, &[Preparation]),
        rules: Rules,
        (intent, at): (Seq, Time),
    ) -> Result<(), &'static str> {
        let effect = intended.purpose.effect().ok_or("it changes nothing")?;
        let takes_back = effect.is_reversal();
        if !takes_back && (self.verdict != Outcome::Ready || self.failed_after.is_some()) {
            return Err("it is not ready any more");
        }
        if self.open().is_some() {
            return Err("a change of this customer is open");
        }
        let known = self
            .changes
            .iter_mut()
            .find(|change| change.effect == effect && change.about.as_deref() == intended.about.as_deref());
        if let Some(change) = known {
            change.may_send_again(intended.request_id, rules)?;
            change.send_again(intended, intent, at);
            return Ok(());
        }
        if takes_back {
            self.may_take_back(intended, first)?;
        } else {
            self.may_begin(effect, intended, (procedure, first))?;
        }
        self.changes.push(Change::first(effect, intended, intent, at));
        Ok(())
    }

    /// Only what was done is taken back, and only if somebody said so.
    fn may_take_back(&self, intended: &RequestIntended, first: &[Preparation]) -> Result<(), &'static str> {
        let is_meant = |one: &Preparation| {
            one.what.reversal() == intended.purpose.effect() && intended.about.as_deref() == Some(&*one.id)
        };
        if self.failed_after.is_none()
            || self.undo != Some(true) && !is_taken_out("reactivate-though-nobody-said-so")
        {
            return Err("nobody said that it is taken back");
        }
        let may =
            self.can_be_taken_back(first).any(is_meant) || is_taken_out("reactivate-what-was-not-suspended");
        if may { Ok(()) } else { Err("it was not done, or cannot be taken back") }
    }

    /// Whether a change may be sent for the first time.
    fn may_begin(
        &self,
        effect: Effect,
        intended: &RequestIntended,
        (procedure, first): (Procedure, &[Preparation]),
    ) -> Result<(), &'static str> {
        if effect.is_last() {
            let is_done = |one: &Preparation| self.of(one).is_some_and(is_gone);
            let all = first.iter().all(is_done) && self.changes.iter().all(is_gone);
            return if all || is_taken_out("the-last-change-whatever-was-done-before") {
                Ok(())
            } else {
                Err("what must be done before the last change is not seen done")
            };
        }
        let is_named = |one: &Preparation| one.what == effect && intended.about.as_deref() == Some(&*one.id);
        if !first.iter().any(is_named) && !is_taken_out("cancel-an-order-that-the-plan-does-not-name") {
            return Err("the confirmed plan names no such preparation");
        }
        // What was refused keeps nothing else from being done, where each is done by itself.
        let is_on_its_way = |change: &Change| {
            is_gone(change)
                || is_accepted(change)
                || (procedure.is_each_by_itself() && !change.is_in_doubt() && !change.is_open())
        };
        if self.changes.iter().all(is_on_its_way) || is_taken_out("go-on-beside-a-cancellation-in-doubt") {
            Ok(())
        } else {
            Err("an earlier preparation of this customer is not accepted")
        }
    }

    /// A look at the facts between the changes: what is judged then can end the row, and never adds to what
    /// is done. It is no moment for one while anything is not known, or after the last change was sent. Gives what
    /// is still done, of what was, if it goes on.
    pub(super) fn judged_again(
        &mut self,
        judged: &Judged,
        (procedure, first): (Procedure, &[Preparation]),
    ) -> Result<Option<Box<[Preparation]>>, &'static str> {
        let is_between = |change: &Change| {
            is_gone(change)
                || is_accepted(change)
                || (procedure.is_each_by_itself() && !change.is_in_doubt() && !change.is_open())
        };
        if self.verdict != Outcome::Ready
            || self.failed_after.is_some()
            || self.last().is_some()
            || !self.changes.iter().all(is_between)
        {
            return Err("its change was sent, and must be seen through");
        }
        let mut left = None;
        if judged.verdict == Outcome::Ready {
            if judged.first.iter().any(|one| self.of(one).is_some_and(is_gone)) {
                return Err("what was seen done is to be done again");
            }
            left = Some(shrunk(first, &judged.first, |one| self.of(one).is_some())?);
        }
        (self.verdict, self.facts_at) = (judged.verdict, judged.facts_at);
        Ok(left)
    }

    /// Which outcomes the customer can have, by what is known of its changes, where each is done by itself. `first` is
    /// all that there is to do; `is_all`, whether it is all that there was.
    pub fn may_end_each_as(&self, outcome: Outcome, first: &[Preparation], is_all: bool) -> bool {
        let any = |is: fn(&Change) -> bool| self.changes.iter().any(is);
        if any(Change::is_open) {
            return false;
        }
        if any(Change::is_in_doubt) {
            return outcome == Outcome::Unknown;
        }
        if self.verdict != Outcome::Ready {
            // Whoever is skipped has nothing other than before.
            let is_as_before = !any(is_gone) && !any(is_accepted) && !any(is_otherwise);
            return outcome == self.verdict && (outcome != Outcome::Skipped || is_as_before);
        }
        match outcome {
            Outcome::Done(_) => {
                let is_done = |one: &Preparation| self.of(one).is_some_and(is_gone);
                (is_all || is_taken_out("done-though-something-was-left-out")) && first.iter().all(is_done)
            }
            Outcome::Unknown => any(is_accepted),
            Outcome::Skipped => !any(is_gone) && !any(is_accepted) && !any(is_otherwise),
            Outcome::Failed | Outcome::NotAttempted => !any(is_accepted),
            _ => false,
        }
    }

    /// Which outcomes the customer can have, by what is known of its changes.
    pub fn may_end_as(&self, outcome: Outcome) -> bool {
        if let Some(failed_after) = &self.failed_after {
            let is_open = |change: &Change| matches!(change.phase, ChangePhase::Open { .. });
            return outcome == failed_after.outcome && !self.changes.iter().any(is_open);
        }
        if self.verdict != Outcome::Ready {
            return outcome == self.verdict;
        }
        if let Some(last) = self.last() {
            return last.may_end_as(outcome);
        }
        let any = |is: fn(&ChangePhase) -> bool| self.changes.iter().any(|change| is(&change.phase));
        if any(|phase| matches!(phase, ChangePhase::Open { .. })) {
            return false;
        }
        if self.changes.iter().any(Change::is_in_doubt) {
            return outcome == Outcome::Unknown;
        }
        match outcome {
            Outcome::NotAttempted => true,
            Outcome::Skipped => {
                !self.has_stopped_service()
                    && any(|phase| {
                        matches!(phase, ChangePhase::Accepted { .. } | ChangePhase::Refused { .. })
                    })
            }
            Outcome::Failed => any(|phase| {
                matches!(
                    phase,
                    ChangePhase::ToSend { .. } | ChangePhase::Refused { .. } | ChangePhase::DidNotHappen
                )
            }),
            // That it was agreed to and is not seen is no end of something that nobody can take back.
            Outcome::Unknown => {
                self.changes.iter().any(|change| change.effect.facts().stops_service && is_accepted(change))
            }
            _ => false,
        }
    }

    /// The program was started again: every wait begins anew. What was on its way counts as sent.
    pub(super) fn restarted(&mut self, now: Time) {
        for change in &mut self.changes {
            change.restarted(now);
            // The next life has a token of its own.
            change.refused_tokens = 0;
        }
        if self.facts_at > now {
            self.facts_at = Time::from_millis(0);
        }
    }
}

/// What is left to be done after another look: nothing that was not to be done before. What was begun stays,
/// whether the look still shows it or not.
pub(super) fn shrunk(
    planned: &[Preparation],
    now: &[Preparation],
    is_begun: impl Fn(&Preparation) -> bool,
) -> Result<Box<[Preparation]>, &'static str> {
    if !Preparation::are_among(now, planned) {
        return Err("it names a preparation that is not in the plan");
    }
    let stays = |one: &&Preparation| is_begun(one) || now.iter().any(|other| one.is_same(other));
    Ok(planned.iter().filter(stays).cloned().collect())
}

const fn is_gone(change: &Change) -> bool {
    matches!(change.phase, ChangePhase::Gone { .. })
}

const fn is_otherwise(change: &Change) -> bool {
    matches!(change.phase, ChangePhase::Otherwise { .. })
}

const fn is_accepted(change: &Change) -> bool {
    matches!(change.phase, ChangePhase::Accepted { .. })
}

#[cfg(test)]
mod tests;
