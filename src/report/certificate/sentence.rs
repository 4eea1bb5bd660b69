//! A certificate in a sentence or two.

use super::story::Story;
use crate::{
    domain::{Mode, Outcome},
    record::CustomerStory,
};

impl Story {
    /// All that it says, for whoever reads one line. `told` are its rows, in order.
    pub(super) fn sentence(&self, told: &[CustomerStory]) -> String {
        let simulated = match self.run.as_ref().map(|run| run.mode) {
            Some(Mode::Rehearsal | Mode::Demo) => {
                "NOT REAL: Partner Center was simulated, and no customer was touched. In the simulation: "
            }
            _ => "",
        };
        let open = if self.is_sealed { "" } else { " THE RUN IS NOT SEALED YET: this is not its last word." };
        format!("{simulated}{}{open}", self.became(told))
    }

    fn became(&self, told: &[CustomerStory]) -> String {
        let missing = (self.withheld > 0)
            .then_some("Some of its records are withheld here, because of other customers.");
        // A second row of the same customer ends as a duplicate; the first one tells what became of it.
        let main = told.iter().find(|row| row.effects().all().next().is_some()).or_else(|| told.first());
        match (main, self.run.as_ref()) {
            (Some(row), _) if self.is_sealed && row.outcome().is_none() => {
                "What became of this customer stands in a record that is withheld.".to_owned()
            }
            (Some(row), Some(_)) => row.became(missing).join(" "),
            _ => match self.outcome {
                None => "What became of this customer stands in a record that is withheld.".to_owned(),
                Some(Outcome::Removed | Outcome::AlreadyRemoved) => "It is recorded as removed.".to_owned(),
                Some(outcome) => format!("It is recorded as {}.", outcome.in_words()),
            },
        }
    }
}
