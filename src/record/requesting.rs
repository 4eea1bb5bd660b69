//! The part of the fold that is about requests: what may be sent, and to whom.

use super::{
    changing::Changing,
    requests::{Purpose, RequestIntended},
    row::RowState,
    state::{Run, Stage},
};
use crate::domain::{Outcome, Seq, Time};

impl Run {
    pub(super) fn intended(&mut self, seq: Seq, at: Time, intent: &RequestIntended) -> Result<(), String> {
        let is_change = intent.purpose.is_change();
        if is_change {
            self.may_change(intent)?;
        }
        let rules = self.opened.rules;
        if let Some(number) = intent.row {
            let row = self.row_mut(number)?;
            row.begin(at);
            match &row.state {
                RowState::Settled(outcome) => return Err(format!("row {number} is settled as {outcome}")),
                // Once the relationship is known to be gone, nothing is sent to the customer.
                RowState::Changing(changing) if changing.is_gone() => {
                    return Err(format!("the relationship of row {number} is known to be gone"));
                }
                RowState::Changing(_) if is_change => {
                    if let Some((changing, first)) = row.changing() {
                        changing.send(intent, first, rules, (seq, at))?;
                    }
                }
                RowState::Judged { verdict, facts_at } if is_change => {
                    let (verdict, facts_at) = (*verdict, *facts_at);
                    let mut changing = Changing::new(verdict, facts_at);
                    changing.send(intent, row.first(), rules, (seq, at))?;
                    row.state = RowState::Changing(Box::new(changing));
                }
                _ => {}
            }
        }
        self.requests += 1;
        self.open.insert(seq, (intent.row, is_change, at));
        Ok(())
    }

    fn may_change(&self, intent: &RequestIntended) -> Result<(), String> {
        let takes_back = intent.purpose == Purpose::ReactivateSubscription;
        if self.stopped_by_guard.is_some() && !takes_back {
            return Err("a guard stopped the changes".to_owned());
        }
        if self.stage != Stage::Confirmed || !self.opened.changes {
            return Err("nobody has allowed changes".to_owned());
        }
        let procedure = self.opened.procedure;
        if !intent.purpose.belongs_to(procedure) {
            return Err(format!("the procedure {procedure} sends no such change"));
        }
        let number = intent.row.ok_or("a change belongs to a row")?;
        let row = self.row(number).ok_or_else(|| format!("there is no row {number}"))?;
        if row.customer.is_none() || row.customer != intent.customer {
            return Err(format!("row {number} names another customer"));
        }
        if !takes_back && !self.is_its_turn(row) {
            return Err(format!("row {number} is not of the current wave"));
        }
        match &row.state {
            RowState::Judged { verdict: Outcome::Ready, .. } | RowState::Changing(_) => Ok(()),
            _ => Err(format!("the plan does not call row {number} ready")),
        }
    }

    pub(super) fn close(&mut self, intent: Seq) -> Result<(Option<u32>, bool, Time), String> {
        self.open.remove(&intent).ok_or_else(|| format!("the intent {intent} is not open"))
    }
}
