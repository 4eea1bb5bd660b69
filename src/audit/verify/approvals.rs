//! Approvals on record: each is signed, by somebody else, over exactly the plan that is carried out.

use super::super::{
    approval::{Approval, Statement},
    keys::VerifyingKey,
};
use crate::{
    domain::is_taken_out,
    record::{Approved, Run},
};

/// Says what is wrong with an approval, if anything is. `planned` is the run that made the plan, as the log
/// has it; `operators` are the keys that sign the log's heads.
pub(super) fn require_good(
    approved: &Approved,
    planned: Option<&Run>,
    operators: &[VerifyingKey],
) -> Result<(), String> {
    let approval = Approval::of_record(approved).map_err(|error| format!("the approval: {error}"))?;
    if operators.iter().any(|key| key.is_same_as(&approval.approver)) {
        return Err("the approval is signed with an operator's own key".to_owned());
    }
    let Some((run, plan)) = planned.and_then(|run| Some((run, run.plan.as_ref()?))) else {
        return Err("the approval is of no plan in the log".to_owned());
    };
    let Statement { run: of, digest, partner, procedure, removals, .. } = &approval.statement;
    let is_so = *of == run.id
        && *digest == plan.digest
        && Some(*partner) == run.partner.as_ref().map(|partner| partner.tenant_id)
        && *procedure == run.opened.procedure
        && *removals == plan.ready;
    if is_so || is_taken_out("approval-not-checked-in-the-log") {
        Ok(())
    } else {
        Err(format!("the approval is not of the plan of run {}", run.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::test_key,
        domain::{Procedure, Sha256, Time},
        record::{Partner, PlanSealed, samples},
    };

    fn planned() -> Run {
        let mut opened = samples::opened(2);
        (opened["mode"], opened["changes"]) = ("plan".into(), false.into());
        let mut run = Run::begin(&samples::record(&opened)).unwrap();
        run.partner = Some(Partner {
            tenant_id: "3d3d3d3d-4444-4555-8666-777777777777".parse().unwrap(),
            name: "P".into(),
            basis: 0,
        });
        run.plan = Some(PlanSealed {
            digest: Sha256::of(&[b"plan"]),
            ready: 2,
            counted: 2,
            customers_of_partner: None,
        });
        run
    }

    fn statement() -> Statement {
        let run = planned();
        Statement {
            run: run.id.clone(),
            digest: Sha256::of(&[b"plan"]),
            partner: run.partner.unwrap().tenant_id,
            procedure: Procedure::RemoveRelationship,
            removals: 2,
            plan_file: Sha256::of(&[]),
            at: Time::from_millis(1),
            by: None,
        }
    }

    fn signed(statement: Statement) -> Approved {
        statement.sign(&test_key()).unwrap().record()
    }

    #[test]
    fn only_another_persons_word_on_this_plan_is_good() {
        let good = signed(statement());
        assert_eq!(require_good(&good, Some(&planned()), &[]), Ok(()));
        let why = require_good(&good, Some(&planned()), &[test_key().public().clone()]).unwrap_err();
        assert!(why.contains("own key"), "{why}");
        assert!(require_good(&good, None, &[]).unwrap_err().contains("no plan"));
        for other in [
            Statement { run: "20261120-091530-bbbbbb".parse().unwrap(), ..statement() },
            Statement { partner: "3d3d3d3d-4444-4555-8666-777777777778".parse().unwrap(), ..statement() },
            Statement { procedure: Procedure::DeleteSandboxCustomer, ..statement() },
            Statement { removals: 3, ..statement() },
            Statement { digest: Sha256::of(&[b"another"]), ..statement() },
        ] {
            let why = require_good(&signed(other), Some(&planned()), &[]).unwrap_err();
            assert!(why.contains("not of the plan"), "{why}");
        }
    }

    #[test]
    fn a_signature_that_was_made_up_is_found() {
        let good = signed(statement());
        let forged = Approved { note: good.note.replace("removals 2", "removals 1"), ..good.clone() };
        assert!(require_good(&forged, Some(&planned()), &[]).unwrap_err().contains("not good"));
        // The record must say what the note says.
        let moved = Approved { digest: Sha256::of(&[]), ..good.clone() };
        assert!(require_good(&moved, Some(&planned()), &[]).is_err());
        let nobody = Approved { approver: "nobody".to_owned(), ..good };
        assert!(require_good(&nobody, Some(&planned()), &[]).is_err());
    }
}
