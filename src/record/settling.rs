//! The part of the fold that is about ends: of rows, of the run, of a process.

use super::{
    change::ChangePhase,
    endings::{Resolved, RunSealed, Settled},
    state::{RowState, Run, Stage},
};
use crate::domain::{Outcome, Seq, Time};

impl Run {
    pub(super) fn row_settled(&mut self, at: Time, settled: &Settled) -> Result<(), String> {
        let (changes, outcome) = (self.opened.changes, settled.outcome);
        let row = self.row_mut(settled.row)?;
        let may_end = match &row.state {
            RowState::Settled(outcome) => return Err(format!("row {} is settled as {outcome}", settled.row)),
            RowState::Unread(_) => {
                matches!(outcome, Outcome::Rejected | Outcome::Skipped | Outcome::NotAttempted)
            }
            RowState::Judged { verdict: Outcome::Ready, .. } => match outcome {
                Outcome::Ready => !changes,
                outcome => outcome == Outcome::NotAttempted,
            },
            RowState::Judged { verdict, .. } => outcome == *verdict,
            RowState::Changing(changing) => changing.may_end_as(outcome),
        };
        if !may_end {
            return Err(format!("row {} cannot end as {outcome} from where it is", settled.row));
        }
        let was_accepted = match &row.state {
            RowState::Changing(changing) => changing.last().is_some_and(|last| last.was_accepted),
            _ => false,
        };
        let is_first_word = matches!(row.state, RowState::Unread(_));
        row.started_at.get_or_insert(at);
        row.state = RowState::Settled(outcome);
        let wave = row.wave;
        self.judged += u32::from(is_first_word);
        *self.counts.entry(outcome).or_default() += 1;
        self.signs.settled(outcome, was_accepted);
        if self.stage == Stage::Confirmed {
            let is_early = self.leave_wave(wave);
            if is_early && matches!(outcome, Outcome::Failed | Outcome::Unknown) {
                self.signs.surprise_in_canary = Some(settled.row);
            }
        }
        Ok(())
    }

    pub(super) fn run_sealed(&mut self, sealed: &RunSealed) -> Result<(), String> {
        if sealed.counts != self.counts || self.settled() != self.opened.input.rows {
            return Err(format!(
                "{} rows are settled of the {} that the list has",
                self.settled(),
                self.opened.input.rows
            ));
        }
        if sealed.open_intents != self.open_intents() {
            return Err("it does not list the open intents".to_owned());
        }
        self.stage = Stage::Sealed;
        self.sealed = Some(sealed.clone());
        Ok(())
    }

    /// A person may say what the program could not find out, and may correct it later; nothing else.
    pub(super) fn resolved(&mut self, resolved: &Resolved) -> Result<(), String> {
        let row = self.row_mut(resolved.row)?;
        if row.customer != Some(resolved.customer) {
            return Err(format!("row {} names another customer", resolved.row));
        }
        match &row.state {
            RowState::Settled(Outcome::Unknown) => {}
            RowState::Settled(outcome) => {
                return Err(format!("row {} is settled as {outcome}", resolved.row));
            }
            _ => return Err(format!("row {} has no outcome yet", resolved.row)),
        }
        match resolved.outcome {
            Outcome::Removed | Outcome::Deleted | Outcome::Failed => Ok(()),
            outcome => Err(format!("an unknown outcome is not resolved as {outcome}")),
        }
    }

    /// Every intent without an end.
    pub fn open_intents(&self) -> Vec<Seq> {
        let mut all: Vec<Seq> = self.never_closed.iter().chain(self.open.keys()).copied().collect();
        all.sort_unstable();
        all
    }

    /// The program was started again. Whatever was on its way when it ended counts as sent. How much time
    /// has passed since then is not known: the machine's clock may have been set meanwhile, in either
    /// direction. So every wait begins again, and facts that seem to be from the future are old.
    pub(super) fn restarted(&mut self, now: Time) {
        self.forget_answers(now);
        for row in &mut self.rows {
            match &mut row.state {
                RowState::Changing(changing) => changing.restarted(now),
                RowState::Judged { facts_at, .. } if *facts_at > now => *facts_at = Time::from_millis(0),
                _ => {}
            }
        }
    }

    fn forget_answers(&mut self, now: Time) {
        for (intent, (number, is_change, _)) in std::mem::take(&mut self.open) {
            self.never_closed.push(intent);
            if !is_change {
                continue;
            }
            if let Ok(change) = self.open_change(number)
                && matches!(change.phase, ChangePhase::Open { intent: open, .. } if open == intent)
            {
                change.exchange.text = Some("the program ended before the answer was recorded".to_owned());
                change.lost(now);
            }
        }
    }
}
