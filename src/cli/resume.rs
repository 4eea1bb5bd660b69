//! `offboard resume`.

use super::{
    access::Access,
    args::{Common, ResumeOptions},
    consent::{self, Consent},
    diagnostics, ending,
    exit::{Exit, Failure},
    operator::Offer,
    printer::Printer,
    session,
    settings::{Paths, Sandbox, ServiceSettings, Typed, pace_again, tenant},
};
use crate::{
    audit::Reader,
    conduct::{Begin, Log},
    domain::{counted, is_taken_out},
    record::Stage,
};

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ResumeOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let reader = Reader::open(&paths.audit_log)?;
    let mut line = reader.find(&options.run)?;
    if options.run == "latest" && line.is_sealed() {
        // A plan or a rehearsal may have come after the run that waits to be gone on with.
        let waiting = reader.runs()?.into_iter().rfind(|run| !run.is_sealed() && run.is_real());
        line = waiting.unwrap_or(line);
    }
    if line.is_sealed() {
        printer.say(&format!("Run {} is complete; there is nothing to go on with.", line.run_id));
        return Ok(line.exit_code.map_or(Exit::Done, Exit::from_code));
    }
    let Some(run) = reader.fold(&line.run_id)? else {
        return Err(Failure::new(Exit::AuditLog, format!("run {} has no first record", line.run_id)));
    };
    if run.rows.len() != run.opened.input.rows as usize {
        return Err(Failure::usage(format!(
            "run {} ended while its list was being read; nothing was sent for it. Run the list again",
            line.run_id
        )));
    }
    if run.opened.mode.is_simulated() {
        return Err(Failure::usage(format!(
            "run {} was made against the built-in simulator, which has forgotten it; run the list again",
            line.run_id
        )));
    }
    let named = options.again.partner_tenant.as_deref().map(|id| tenant("partner-tenant", id)).transpose()?;
    if let (Some(named), Some(partner)) = (named, &run.partner)
        && named != partner.tenant_id
    {
        let text = format!("the run belongs to the partner account {}, not to {named}", partner.tenant_id);
        return Err(Failure::new(Exit::Guard, text));
    }
    // What was confirmed once is carried out; what was not is asked for.
    let is_asked_for = run.awaits_consent() && !is_taken_out("resume-without-asking");
    let is_confirmed = !run.opened.changes || (run.stage >= Stage::Confirmed && !is_asked_for);
    let nobody_types = options.again.yes && !is_confirmed;
    Sandbox::again(typed, options.again.sandbox_tenant.as_ref())?.require_again(&run, nobody_types)?;
    let how = "resume it without `--yes`";
    consent::require_identity(run.opened.input.reading.as_ref(), nobody_types, how)?;
    let has_partner = named.is_some() || run.policy.partner.is_some();
    let consent =
        if is_confirmed { Consent::Given } else { consent::require(options.again.yes, has_partner)? };
    let partner = run.partner.as_ref().map(|partner| partner.tenant_id);
    let service = ServiceSettings::again(typed, &options.again.sign_in, &run.opened)?;
    let service = ServiceSettings { partner: partner.or(run.policy.partner), ..service };
    service.require_user(run.opened.procedure, run.opened.changes)?;
    let access = Access::find(printer, &service)?;
    diagnostics::start(&paths.log_dir, printer.verbose)?;
    drop(reader);

    session::block_on(async {
        let store = session::open_log(&paths)?;
        let (log, run) =
            Log::to_resume(store, &line.run_id).map_err(|error| ending::failure(&paths.again, error))?;
        let policy = pace_again(&options.again.pace, &run.policy);
        printer.say(&format!(
            "Resuming run {}: {} of {} settled.",
            run.id,
            run.settled(),
            counted(run.opened.input.rows, "row")
        ));
        let begin = Begin::Again { run: Box::new(run), policy };
        let answers = (consent, Offer::of(options.again.undo, options.again.yes));
        let end = session::carry(printer, &paths, log, begin, access, answers).await?;
        Ok(ending::tell_end(printer, &paths, &end))
    })
}
