//! The part of the fold that is about ends: of rows, of the run, of a process.

use super::{
    change::ChangePhase,
    endings::{Resolved, RunSealed, Settled, UndoDecided},
    row::{Row, RowState},
    state::{Run, Stage},
};
use crate::domain::{Outcome, Preparation, Seq, Time, is_taken_out};

impl Run {
    /// Lets go of the rows: the records say what became of each, and the counts what they add up to. For when
    /// nothing more is decided or sent, and whatever comes next needs the room.
    pub fn let_go_of_rows(&mut self) {
        (self.rows, self.texts, self.decided) = Default::default();
    }

    pub(super) fn row_settled(&mut self, settled: &Settled) -> Result<(), String> {
        let (changes, outcome) = (self.opened.changes, settled.outcome);
        let row = self.row_mut(settled.row)?;
        let may_end = match &row.state {
            RowState::Settled(outcome) => return Err(format!("row {} is settled as {outcome}", settled.row)),
            RowState::Unread { .. } => {
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
        let was_accepted = matches!(&row.state, RowState::Changing(changing) if changing.was_accepted());
        let is_first_word = matches!(row.state, RowState::Unread { .. });
        // What fell was counted when it did.
        let fell = matches!(&row.state, RowState::Changing(changing) if changing.fell.is_some());
        row.end(outcome);
        let wave = row.wave;
        if is_first_word {
            self.judged += 1;
            self.decided(settled.row, None);
        }
        *self.counts.entry(outcome).or_default() += 1;
        if !fell {
            self.take_as_sign(settled.row, wave, outcome, was_accepted);
        }
        Ok(())
    }

    fn take_as_sign(&mut self, row: u32, wave: u8, outcome: Outcome, was_accepted: bool) {
        self.signs.settled(outcome, was_accepted);
        if self.stage == Stage::Confirmed {
            let is_early = self.leave_wave(wave);
            if self.is_gone_by_other_hands(row, outcome) {
                self.signs.gone_by_other_hands += 1;
            }
            if is_early && matches!(outcome, Outcome::Failed | Outcome::Unknown) {
                self.signs.surprise_in_canary = Some(row);
            }
        }
    }

    /// Whether a customer that was there when the plan was made went without any run of this log.
    fn is_gone_by_other_hands(&self, row: u32, outcome: Outcome) -> bool {
        let Some(ours) = self.opened.applies.as_ref().and_then(|plan| plan.removed_since.as_ref()) else {
            return false;
        };
        let customer = self.row(row).and_then(|row| row.customer);
        matches!(outcome, Outcome::AlreadyRemoved | Outcome::AlreadyDeleted)
            && customer.is_some_and(|customer| !ours.contains(&customer))
    }

    /// The row has its end, but for what was suspended for it.
    pub(super) fn row_fell(&mut self, settled: &Settled) -> Result<(), String> {
        let row = self.row_mut(settled.row)?;
        let wave = row.wave;
        let Some((changing, first)) = row.changing() else {
            return Err(format!("no change of row {} was sent", settled.row));
        };
        changing.fall(settled, first)?;
        let was_accepted = changing.was_accepted();
        self.take_as_sign(settled.row, wave, settled.outcome, was_accepted);
        Ok(())
    }

    pub(super) fn undo_decided(&mut self, decided: &UndoDecided) -> Result<(), String> {
        for number in &decided.rows {
            let changing = self.changing(Some(*number))?;
            if !changing.is_undecided() {
                return Err(format!("there is nothing to decide about row {number}"));
            }
            changing.undo = Some(decided.reactivate);
        }
        Ok(())
    }

    /// The rows whose suspended subscriptions wait for somebody to decide, with these.
    pub fn undecided(&self) -> Vec<(&Row, Vec<&Preparation>)> {
        let mut undecided = Vec::new();
        for row in &self.rows {
            if let RowState::Changing(changing) = &row.state
                && changing.is_undecided()
            {
                undecided.push((row, changing.suspended(row.first()).collect()));
            }
        }
        undecided
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
                RowState::Changing(_) if is_taken_out("trust-the-clock-across-a-restart") => {}
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
                change.told("the program ended before the answer was recorded");
                change.lost(now);
            }
        }
    }
}
