//! `offboard run` and `offboard plan`.

use super::{
    access::Access,
    args::{Common, RunOptions},
    check,
    consent::{self, Consent},
    diagnostics, ending,
    exit::{Exit, Failure},
    operator::Offer,
    printer::Printer,
    rehearsal::{self, Rehearsal},
    session,
    settings::{ApproversInFile, RunSettings, Typed},
};
use crate::{
    audit::Reader,
    conduct::{Begin, Log},
    domain::{ListReading, Mode, RunId},
    input::List,
    platform,
    record::{InputFile, Rules, RunOpened},
};
use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

pub(super) fn plan(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: RunOptions,
) -> Result<Exit, Failure> {
    start(printer, typed, common, options, false)
}

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: RunOptions,
) -> Result<Exit, Failure> {
    start(printer, typed, common, options, true)
}

fn start(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    mut options: RunOptions,
    changes: bool,
) -> Result<Exit, Failure> {
    let settings = RunSettings::resolve(typed, common, &options)?;
    settings.require_procedure(&options)?;
    if !options.rehearse {
        settings.service.require_user(settings.procedure, changes)?;
    }
    settings.approvers.require_somebody()?;
    if !changes && options.approval.require_approval && settings.approvers == ApproversInFile::Nobody {
        printer.warn(
            "an approval is required, and `offboard.toml` names no `approvers` under `[approval]`: `offboard apply` will \
             need `--approver`. An approver makes a key with `offboard approve --new-key`",
        );
    }
    let list = check::open(&options.list)?;
    let checked = check::read(&list, |_| Ok(()))?;
    check::refuse_invalid(&list, &checked, options.list.skip_invalid)?;
    session::show_list(printer, &list, &checked);

    let has_partner = settings.policy.partner.is_some() || options.rehearse;
    let consent = if changes { consent::require(options.yes, has_partner)? } else { Consent::Given };
    let reading = check::reading(&list, &options.list);
    if changes && !options.rehearse {
        let how =
            "acknowledge that with `--no-identity-check`, or head the columns so that they are compared";
        consent::require_identity(Some(&reading), options.yes, how)?;
    }
    let access = if options.rehearse { None } else { Some(Access::find(printer, &settings.service)?) };
    ask_why(printer, &mut options)?;
    diagnostics::start(&settings.paths.log_dir, printer.verbose)?;

    let mode = match (options.rehearse, changes) {
        (true, _) => Mode::Rehearsal,
        (false, true) => Mode::Run,
        (false, false) => Mode::Plan,
    };
    session::block_on(async {
        let store = session::open_log(&settings.paths)?;
        let takes_back = taken_back(&settings, options.of.as_deref(), store.path())?;
        let log = Log::for_new(store, mode, list.sha256())
            .map_err(|error| ending::failure(&settings.paths.again, error))?;
        let (access, rehearsal) = if let Some(access) = access {
            (access, None)
        } else {
            let model = rehearsal::model(&list, &settings)?;
            let (rehearsal, access) = Rehearsal::open(model).await?;
            (access, Some(rehearsal))
        };
        let opened = RunOpened {
            takes_back,
            ..opened(&settings, &options, (&list, reading), checked.rows, mode, changes, &access)
        };
        let begin = Begin::New { opened: Box::new(opened), approved: None, list: Some(Box::new(list)) };
        let answers = (consent, Offer::of(options.undo, options.yes));
        let ended = session::carry(printer, &settings.paths, log, begin, access, answers).await;
        if let Some(rehearsal) = rehearsal {
            rehearsal.close().await;
        }
        Ok(ending::tell_end(printer, &settings.paths, &ended?))
    })
}

/// The run that is taken back, if the procedure takes one back: one of the procedure that this belongs to.
fn taken_back(settings: &RunSettings, of: Option<&str>, log: &Path) -> Result<Option<RunId>, Failure> {
    let procedure = settings.procedure;
    let Some(wanted) = procedure.facts().takes_back else { return Ok(None) };
    let Some(of) = of else {
        return Err(Failure::usage(format!(
            "`--procedure {procedure}` needs `--of RUN`, the run that it takes back"
        )));
    };
    let found = Reader::open(log).and_then(|reader| reader.find(of));
    let found = found.map_err(|error| Failure::usage(error.to_string()))?;
    if found.procedure.as_deref() != Some(wanted.as_str()) {
        let text = format!(
            "the run {} is none of `--procedure {wanted}`, and `{procedure}` takes back no other",
            found.run_id
        );
        return Err(Failure::usage(text));
    }
    if !found.is_real() {
        let text = format!(
            "the run {} changed nothing of any real customer, so there is nothing to take back; name the run that did",
            found.run_id
        );
        return Err(Failure::usage(text));
    }
    Ok(Some(found.run_id))
}

pub(super) fn opened(
    settings: &RunSettings,
    options: &RunOptions,
    (list, reading): (&List, ListReading),
    rows: u32,
    mode: Mode,
    changes: bool,
    access: &Access,
) -> RunOpened {
    RunOpened {
        rules: Rules::LATEST,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        procedure: settings.procedure,
        mode,
        changes,
        applies: None,
        takes_back: None,
        api_url: access.base.to_string(),
        operator: consent::operator(),
        host: platform::host(),
        input: InputFile {
            file: list.name().to_owned(),
            sha256: list.sha256(),
            rows,
            columns: list.columns().to_vec(),
            reading: Some(reading),
        },
        ticket: options.ticket.clone(),
        reason: options.reason.clone(),
        policy: settings.policy.clone(),
        settings: settings.recorded.clone(),
    }
}

/// Why this is done, if a person is there and has not said.
fn ask_why(printer: &Printer, options: &mut RunOptions) -> Result<(), Failure> {
    if options.ticket.is_some() || options.reason.is_some() || options.yes || !io::stdin().is_terminal() {
        return Ok(());
    }
    printer.ask("Change ticket, for the reports (empty for none):");
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::usage(format!("cannot read from the terminal: {error}")))?;
    options.ticket = Some(line.trim().to_owned()).filter(|ticket| !ticket.is_empty());
    Ok(())
}
