//! Who allows the changes.

use super::{
    exit::{Exit, Failure},
    printer::{Paint, Printer},
    show,
};
use crate::{
    domain::{ListReading, Mode, TenantId, is_taken_out},
    engine::{Engine, Halt},
    partner_center::transport::Http,
    record::{How, Run, StopCause},
    report::visible,
};
use std::io::{self, IsTerminal as _};
use tokio_util::sync::CancellationToken;

/// How the plan is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// A person types the partner's name and the number.
    Ask,
    /// It was given beforehand.
    Given,
}

/// Nobody can be asked where nobody types.
pub(super) fn require(yes: bool, has_partner: bool) -> Result<Consent, Failure> {
    match (yes, has_partner || is_taken_out("yes-whoever-the-partner-is")) {
        (true, true) => Ok(Consent::Given),
        (true, false) => Err(Failure::usage(
            "`--yes` needs `--partner-tenant`: name the partner account whose customers these are",
        )),
        (false, _) if io::stdin().is_terminal() => Ok(Consent::Ask),
        (false, _) => Err(Failure::new(
            Exit::Guard,
            "nobody can confirm, because standard input is no terminal; give `--yes` and `--partner-tenant`, or run \
             it in a terminal. Nothing was sent",
        )),
    }
}

/// With `--yes`, nobody reads that neither names nor domains are compared; so it must have been acknowledged. `how`
/// says in which way. Of lists that an older program read, it is not known.
pub(super) fn require_identity(reading: Option<&ListReading>, yes: bool, how: &str) -> Result<(), Failure> {
    let yes = yes && !is_taken_out("unread-that-nothing-is-compared");
    let gap = reading.filter(|reading| yes && !reading.no_identity_check).and_then(ListReading::identity_gap);
    gap.map_or(Ok(()), |gap| Err(Failure::usage(format!("{gap} With `--yes`: {how}. Nothing was sent"))))
}

/// Asks the person, unless consent was given beforehand.
pub(super) async fn ask(
    printer: &Printer,
    engine: &Engine<Http>,
    consent: Consent,
    stop: &CancellationToken,
) -> Result<How, Halt> {
    if consent == Consent::Given {
        return Ok(How::Yes);
    }
    // What is to be typed is what is shown.
    let name = engine.with_run(|run| run.partner.as_ref().map(|partner| partner.name.clone()));
    let name = visible(name.unwrap_or_default().trim()).into_owned();
    let (what, meant) = meant(engine.with_run(|run| run.policy.sandbox), &name);
    let phrase = format!("{meant} {}", engine.with_run(Run::to_change));
    let about = engine.with_run(|run| about(run, &printer.paint(Paint::Strong, &name)));
    printer.warn(&format!("{about}\nTo go on, type {what} and the number, `{phrase}`:"));
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let stopped = |cause, text: &str| Halt::Stop { cause, text: text.to_owned() };
    let typed = tokio::select! {
        typed = typed => typed,
        () = stop.cancelled() => return Err(stopped(StopCause::Interrupted, "the run was asked to stop")),
    };
    match typed {
        Ok(Ok(line)) if line.trim() == phrase || is_taken_out("any-words-are-a-yes") => Ok(How::Typed),
        Ok(_) => Err(stopped(
            StopCause::NotConfirmed,
            &format!("it was not confirmed: what was typed is not {what} and the number"),
        )),
        Err(panicked) => Err(Halt::panicked(panicked)),
    }
}

/// What is typed before the number, and what it is called: the name that is shown. In a sandbox, its own number:
/// nobody has it in the fingers.
pub(super) fn meant(sandbox: Option<TenantId>, shown: &str) -> (&'static str, String) {
    match sandbox.filter(|_| !is_taken_out("type-the-partners-name-in-a-sandbox")) {
        Some(sandbox) => ("the sandbox's tenant ID", sandbox.to_string()),
        None => ("the partner's name", shown.to_owned()),
    }
}

/// What is about to happen, to whom, where, and how much of it.
fn about(run: &Run, partner: &str) -> String {
    let opened = &run.opened;
    let tenant = run.partner.as_ref().map(|partner| partner.tenant_id.to_string()).unwrap_or_default();
    let cloud = opened.settings.get("cloud").map_or("public", |setting| &setting.value);
    let waves = match run.policy.canary {
        0 => "all at once".to_owned(),
        n => format!("{n} first, then {}, then the rest", u64::from(n) * 5),
    };
    let earnest = match opened.mode {
        Mode::Rehearsal | Mode::Demo => "This is a rehearsal: no real customer is touched.",
        Mode::Plan | Mode::Run => opened.procedure.facts().warns,
    };
    let change = opened.procedure.facts().asks;
    // No log knows of its copies.
    let once = match opened.applies {
        Some(_) => {
            "\nNothing keeps a plan from being carried out with another copy of its audit log: see that nobody does."
        }
        None => "",
    };
    format!(
        "about to {change} {} customers of {partner} ({tenant}).\n\
         Procedure {}, cloud {cloud}, at {}; {waves}. Of {} rows, {} have their outcome.{}\n{earnest}{once}",
        run.to_change(),
        opened.procedure,
        visible(&opened.api_url),
        opened.input.rows,
        run.settled(),
        show::about_list(run),
    )
}

/// The person's name on this machine, and the number that it cannot be changed with a variable.
pub(super) fn operator() -> String {
    let uid = format!("uid {}", rustix::process::getuid().as_raw());
    named_user().map_or_else(|| uid.clone(), |name| format!("{name} ({uid})"))
}

/// The person's name on this machine, or the number if it has none.
pub(super) fn user() -> String {
    named_user().unwrap_or_else(|| rustix::process::getuid().as_raw().to_string())
}

fn named_user() -> Option<String> {
    ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// This machine's name.
pub(super) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
