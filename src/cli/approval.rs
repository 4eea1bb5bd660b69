//! The approval of the plan that is carried out: a second person's, of exactly this plan.

use super::{
    bounded,
    exit::{Exit, Failure},
    plan_file::{PlanFile, Planned},
    settings::ApprovalSettings,
};
use crate::{
    audit::{Approval, Reader, SigningKey, Statement},
    domain::is_taken_out,
    record::Approved,
};
use std::path::Path;

/// Reads the approval and holds it against the plan, as the audit log has it. `own` signs this log's heads.
pub(super) fn accept(
    path: &Path,
    settings: &ApprovalSettings,
    file: &PlanFile,
    planned: &Planned,
    reader: &Reader,
    own: &SigningKey,
) -> Result<Approved, Failure> {
    let shown = path.display();
    let note = bounded::read(path, bounded::SMALL)
        .map_err(|error| Failure::usage(format!("cannot read the approval `{shown}`: {error}")))?;
    let refused = |why: &str| {
        let text = format!("the approval `{shown}` is not accepted: {why}. Nothing was sent");
        Err(Failure::new(Exit::Guard, text))
    };
    if settings.approvers.is_empty() && !is_taken_out("approved-by-anybody") {
        return refused(
            "nobody is named who may approve; name their keys as `approvers` under `[approval]` in `offboard.toml`, or \
             with `--approver`",
        );
    }
    let approval = match Approval::received(&note, &settings.approvers) {
        Ok(approval) => approval,
        Err(error) => return refused(&error.to_string()),
    };
    let operators = reader.signers()?;
    let is_own = |key: &_| approval.approver.is_same_as(key);
    if (is_own(own.public()) || operators.iter().any(is_own)) && !is_taken_out("approved-by-the-operator") {
        return refused("it is signed with a key that signs this audit log; nobody approves their own plan");
    }
    match difference(&approval.statement, file, planned) {
        Some(what) => refused(&format!("it is about another {what} than this plan's")),
        None => Ok(approval.record()),
    }
}

/// What the approval says that the plan does not.
fn difference(statement: &Statement, file: &PlanFile, planned: &Planned) -> Option<&'static str> {
    let Planned { run, plan } = planned;
    let partner = run.partner.as_ref().map(|partner| partner.tenant_id);
    let differs = [
        (statement.run != run.id, "run"),
        (statement.digest != plan.digest, "digest"),
        (Some(statement.partner) != partner, "partner account"),
        (statement.procedure != run.opened.procedure, "procedure"),
        (statement.removals != plan.ready, "number of removals"),
        (statement.plan_file != file.sha256(), "plan.json"),
    ];
    differs
        .into_iter()
        .find_map(|(differs, what)| (differs && !is_taken_out("approval-of-another-plan")).then_some(what))
}
