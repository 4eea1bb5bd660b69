//! A certificate in a sentence or two.

use super::story::Story;
use crate::{domain::Mode, record::CustomerStory};

impl Story {
    /// All that it says, for whoever reads one line. `main` is the row that tells what became of the customer.
    pub(super) fn sentence(&self, main: Option<&CustomerStory>) -> String {
        let simulated = match self.run.as_ref().map(|run| run.mode) {
            Some(Mode::Rehearsal | Mode::Demo) => {
                "NOT REAL: Partner Center was simulated, and no customer was touched. In the simulation: "
            }
            Some(Mode::Run | Mode::Plan) => "",
            None => {
                "How the run was made stands in a record that is withheld: whether it was real is not shown here. "
            }
        };
        let open = if self.is_sealed { "" } else { " THE RUN IS NOT SEALED YET: this is not its last word." };
        format!("{simulated}{}{open}", self.became(main))
    }

    fn became(&self, main: Option<&CustomerStory>) -> String {
        let missing = (self.withheld > self.rows_withheld)
            .then_some("Some of its records are withheld here, because of other customers.");
        match main {
            Some(row) if row.outcome().is_some() || !(self.is_sealed || self.run.is_none()) => {
                row.became(missing).join(" ")
            }
            _ => "What became of this customer stands in a record that is withheld.".to_owned(),
        }
    }
}
