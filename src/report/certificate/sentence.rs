//! A certificate in a sentence or two.

use super::story::Story;
use crate::domain::{Mode, Outcome};

impl Story {
    /// All that it says, for whoever reads one line.
    pub(super) fn sentence(&self) -> String {
        let is_resolved = self.rows.iter().any(|row| !row.resolved.is_empty());
        let by_person = if is_resolved {
            " The program could not find that out; a person did, and it is on record who and why."
        } else {
            ""
        };
        let sure = match self.evidence.as_deref() {
            Some("observed") => " A later read no longer showed the relationship.",
            Some("corroborated") => " Partner Center's own activity record says so too.",
            Some("accepted") => " The service answered so; no later read showed it.",
            _ => "",
        };
        let what = match self.outcome {
            None if self.is_sealed => "What became of this customer stands in a record that is withheld.",
            None => "This customer has no outcome yet.",
            Some(Outcome::Removed) => "The reseller relationship was ended.",
            Some(Outcome::Deleted) => "The sandbox customer was deleted.",
            Some(Outcome::AlreadyRemoved) => {
                "The reseller relationship was gone before this run. Nothing was changed."
            }
            Some(Outcome::AlreadyDeleted) => {
                "The sandbox customer was gone before this run. Nothing was changed."
            }
            Some(Outcome::Ready) => "Nothing stands in the way. This was only a plan: nothing was changed.",
            Some(Outcome::Skipped) => "A precondition or a guard said no. Nothing was changed.",
            Some(Outcome::Failed) if is_resolved => "The reseller relationship was not ended.",
            Some(Outcome::Failed) => "The service said no, or did not answer. Nothing was changed.",
            Some(Outcome::Unknown) => {
                "A change was sent, and what became of it could not be found out. A person must look."
            }
            Some(Outcome::NotAttempted) => {
                "The run stopped before this customer's turn. Nothing was changed."
            }
            Some(Outcome::Rejected) => "The row of the list is not valid. Nothing was sent.",
        };
        let simulated = match self.run.as_ref().map(|run| run.mode) {
            Some(Mode::Rehearsal | Mode::Demo) => {
                "NOT REAL: Partner Center was simulated, and no customer was touched. In the simulation: "
            }
            _ => "",
        };
        let open = if self.is_sealed { "" } else { " THE RUN IS NOT SEALED YET: this is not its last word." };
        format!("{simulated}{what}{sure}{by_person}{open}")
    }
}
