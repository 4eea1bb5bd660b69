//! `offboard apply`: carries out exactly a plan that was sealed, once.

use super::{
    access::Access,
    approval,
    args::{ApplyOptions, Common},
    consent, diagnostics, ending,
    exit::{Exit, Failure},
    keys::KeyFile,
    operator::Offer,
    plan_file::{PlanFile, Planned},
    printer::Printer,
    session,
    settings::{ApprovalSettings, Paths, Sandbox, ServiceSettings, Typed, duration, pace_again, tenant},
};
use crate::{
    audit::Reader,
    conduct::{Begin, Log},
    domain::{Mode, Outcome, TenantId, is_taken_out},
    engine::{Clock, not_approved},
    platform,
    record::{Applies, Policy, RowState, Rules, Run, RunOpened},
    report::{is_operators_own, why_no_other_person},
};
use std::{path::PathBuf, time::Duration};

/// A plan is a day old at most, unless somebody says otherwise.
const MAX_AGE: Duration = Duration::from_hours(24);

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ApplyOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let max_age = options.plan_max_age.as_deref();
    let max_age = max_age.map_or(Ok(MAX_AGE), |text| duration(&format!("`--plan-max-age {text}`"), text))?;
    let file = PlanFile::read(&options.plan)?;
    let named = options.again.partner_tenant.as_deref().map(|id| tenant("partner-tenant", id)).transpose()?;
    // Whether there is anything to carry out is found out before anything else.
    let planned = file.find(&Reader::open(&paths.audit_log)?, Clock::System.now(), max_age)?;
    let partner = planned.run.partner.as_ref().map(|partner| partner.tenant_id);
    if named.is_some() && named != partner && !is_taken_out("a-plan-of-another-partner") {
        let text =
            "the plan was made for another partner account than `--partner-tenant` names. Nothing was sent";
        return Err(Failure::new(Exit::Guard, text));
    }
    Sandbox::again(typed, options.again.sandbox_tenant.as_ref())?
        .require_again(&planned.run, options.again.yes)?;
    let settings = ApprovalSettings::resolve(typed, &options.approval)?;
    let policy = policy(&planned, options, &settings);
    let is_approved = options.approval.approval.is_some();
    if let Some(text) = not_approved(planned.run.opened.procedure, &policy, &planned.plan, is_approved) {
        return Err(Failure::new(Exit::Guard, format!("{text}. Nothing was sent")));
    }
    let consent =
        consent::require(options.again.yes, named.is_some() || planned.run.policy.partner.is_some())?;
    let service = ServiceSettings::again(typed, &options.again.sign_in, &planned.run.opened)?;
    let service = ServiceSettings { partner, ..service };
    service.require_user(planned.run.opened.procedure, true)?;
    let access = Access::find(printer, &service)?;
    diagnostics::start(&paths.log_dir, printer.verbose)?;

    session::block_on(async {
        let store = session::open_log(&paths)?;
        // Found again now that no other process can write.
        let reader = Reader::open(&paths.audit_log)?;
        let planned = file.find(&reader, Clock::System.now(), max_age)?;
        let how = "make the plan again with `--no-identity-check`, or apply it without `--yes`";
        consent::require_identity(planned.run.opened.input.reading.as_ref(), options.again.yes, how)?;
        let log = Log::for_new(store, Mode::Run, planned.run.opened.input.sha256)
            .map_err(|error| ending::failure(&paths.again, error))?;
        let accept = |path: &PathBuf| {
            approval::accept(path, &settings, &file, &planned, &reader, &KeyFile::Signing.load_or_make()?)
        };
        let approved = options.approval.approval.as_ref().map(accept).transpose()?;
        let removed_since = removed_since(&reader, &planned.run)?;
        drop(reader);
        let opened = opened(&planned, options, policy, &settings, removed_since);
        if let Some(approved) = &approved
            && settings.other_person
            && let Some(why) = why_no_other_person(approved, &opened)
            && !is_taken_out("approved-by-the-same-person")
        {
            let text = format!(
                "the approval is not accepted: `other_person` under `[approval]` asks for another person, and {why}. Nothing \
                 was sent"
            );
            return Err(Failure::new(Exit::Guard, text));
        }
        if approved.as_ref().is_some_and(|approved| is_operators_own(approved, &opened)) {
            printer.warn(
                "the approval was signed with another key, but by the same user on the same machine as this run, as that \
                 machine says; it is carried out, and the reports say so",
            );
        }
        let begin = Begin::New { opened: Box::new(opened), approved, list: None };
        let answers = (consent, Offer::of(options.again.undo, options.again.yes));
        let end = session::carry(printer, &paths, log, begin, access, answers).await?;
        Ok(ending::tell_end(printer, &paths, &end))
    })
}

/// The plan's own policy, but for the pace and what may only make it more careful to watch.
fn policy(planned: &Planned, options: &ApplyOptions, settings: &ApprovalSettings) -> Policy {
    let run = &planned.run;
    let policy = pace_again(&options.again.pace, &run.policy);
    Policy {
        canary: options.canary.unwrap_or(policy.canary),
        stop_after_failures: options.stop_after_failures.unwrap_or(policy.stop_after_failures),
        partner: run.partner.as_ref().map(|partner| partner.tenant_id),
        // Whatever needed an approval when it was planned, or needs one now.
        approval_above: policy.approval_above.into_iter().chain(settings.above).min(),
        ..policy
    }
}

/// The customers that the plan calls ready, and that another run of this log has removed.
fn removed_since(reader: &Reader, plan_of: &Run) -> Result<Vec<TenantId>, Failure> {
    let Some(partner) = &plan_of.partner else { return Ok(Vec::new()) };
    let gone = reader.gone_before(partner.tenant_id)?;
    let ready = plan_of.rows.iter().filter(|row| matches!(row.state, RowState::Settled(Outcome::Ready)));
    Ok(ready.filter_map(|row| row.customer).filter(|customer| gone.contains(customer)).collect())
}

fn opened(
    planned: &Planned,
    options: &ApplyOptions,
    policy: Policy,
    approval: &ApprovalSettings,
    removed_since: Vec<TenantId>,
) -> RunOpened {
    let Planned { run, plan } = planned;
    let mut settings = run.opened.settings.clone();
    settings.extend(approval.recorded.clone());
    RunOpened {
        rules: Rules::LATEST,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: Mode::Run,
        changes: true,
        applies: Some(Applies {
            run: run.id.clone(),
            digest: plan.digest,
            removed_since: Some(removed_since),
        }),
        operator: consent::operator(),
        host: platform::host(),
        ticket: options.ticket.clone().or_else(|| run.opened.ticket.clone()),
        reason: options.reason.clone().or_else(|| run.opened.reason.clone()),
        policy,
        settings,
        ..run.opened.clone()
    }
}
