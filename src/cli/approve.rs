//! `offboard approve`: a second person looks at a plan, on their own machine, and signs it.

use super::{
    approval_view::ApprovalView,
    args::ApproveOptions,
    bounded, consent,
    exit::{Exit, Failure},
    keys::KeyFile,
    pager,
    printer::Printer,
};
use crate::{
    audit::{Approval, KeyError, SignedBy, SigningKey, Statement, key_name},
    conduct::{Phrase, TRIES},
    domain::{Mode, TenantId, is_taken_out},
    engine::Clock,
    platform::{self, quoted},
    report::{Plan, visible},
};
use serde_json::json;
use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

/// The approval, beside the plan.
const APPROVAL_FILE: &str = "approval.txt";

pub(super) fn run(printer: &Printer, options: &ApproveOptions) -> Result<Exit, Failure> {
    let Some(path) = options.plan.as_deref().filter(|_| !options.new_key) else { return new_key(printer) };
    let shown = path.display();
    let text = bounded::read(path, bounded::PLAN)
        .map_err(|error| Failure::usage(format!("cannot read the plan `{shown}`: {error}")))?;
    let refused = |why: &str| Failure::new(Exit::Guard, format!("the plan `{shown}` is not approved: {why}"));
    let plan = Plan::parse(&text).map_err(|error| Failure::usage(format!("`{shown}`: {error}")))?;
    if plan.head.mode != Mode::Plan {
        return Err(refused("it is none of `offboard plan`; only such a plan is carried out by itself"));
    }
    let Some(partner) = plan.head.partner.tenant_id.filter(|_| plan.head.ready > 0) else {
        return Err(refused("it would change nobody"));
    };
    if let Some(why) = &plan.head.cannot_be_applied {
        return Err(refused(&format!("it could not be carried out. {}", visible(why))));
    }
    // Whoever cannot sign need not read.
    let key = key()?;
    let out = options.out.clone().unwrap_or_else(|| path.with_file_name(APPROVAL_FILE));
    refuse_existing(&out)?;
    if !printer.json {
        show(printer, &ApprovalView::of(printer, &plan))?;
    }
    require_consent(printer, options, &plan, partner)?;
    let approval = sign(&plan, partner, &text, &key)?;
    write(&out, &approval.note)?;
    if printer.json {
        let head = &plan.head;
        let approved = json!({ "approval": out.display().to_string(), "approver": key.public().as_str(),
            "run_id": head.run_id, "digest": head.digest, "removals": head.ready });
        printer.data(&approved.to_string())?;
    }
    if let Some(SignedBy { user, host }) = &approval.statement.by {
        printer.say(&format!("The approval says that {} signed on {}.", visible(user), visible(host)));
    }
    printer.say(&format!(
        "Approved: `{}`, signed with the key\n{}\n\nNext:\n  send it to the operator, who carries the plan out:\n  \
         offboard apply PLAN --approval {}",
        out.display(),
        key.public().as_str(),
        quoted(&out.file_name().unwrap_or_default().to_string_lossy()),
    ));
    Ok(Exit::Done)
}

/// Every name, a screen at a time if somebody is there; then what to look at first, which the question follows.
fn show(printer: &Printer, view: &ApprovalView) -> Result<(), Failure> {
    let surprises = format!("\n{}", view.surprises);
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        printer.show(&view.names)?;
        return printer.show(&surprises);
    }
    pager::show(printer, &view.names)?;
    if !pager::is_longer_than_a_screen(&surprises) {
        return pager::show(printer, &surprises);
    }
    pager::pause(printer);
    pager::show(printer, &view.surprises)
}

/// Makes the approver's key.
fn new_key(printer: &Printer) -> Result<Exit, Failure> {
    let path = KeyFile::Approval.path()?;
    let shown = path.display();
    if let Ok(key) = SigningKey::load(&path) {
        let text =
            format!("you have a key already, in `{shown}`; its public half is {}", key.public().as_str());
        return Err(Failure::usage(text));
    }
    let name = key_name(&consent::user(), &platform::host());
    let key = SigningKey::load_or_make(&path, &name).map_err(|error| Failure::usage(error.to_string()))?;
    printer.say(&format!(
        "Your key is in `{shown}`; keep it to yourself. Its public half goes to whoever keeps `offboard.toml`, as one \
         of the `approvers` under `[approval]`:"
    ));
    printer.data(key.public().as_str())?;
    Ok(Exit::Done)
}

fn key() -> Result<SigningKey, Failure> {
    let path = KeyFile::Approval.path()?;
    SigningKey::load(&path).map_err(|error| match error {
        KeyError::Missing(_) => Failure::usage(format!(
            "you have no key to approve with, in `{}` or where `{}` says; `offboard approve --new-key` makes one",
            path.display(),
            KeyFile::Approval.variable()
        )),
        error => Failure::usage(error.to_string()),
    })
}

/// The partner's name and the number are typed, in a sandbox its tenant ID, or the digest is known from elsewhere.
fn require_consent(
    printer: &Printer,
    options: &ApproveOptions,
    plan: &Plan,
    partner: TenantId,
) -> Result<(), Failure> {
    let head = &plan.head;
    let refused =
        |why: &str| Err(Failure::new(Exit::Guard, format!("not approved: {why}. Nothing was signed")));
    if let Some(digest) = &options.digest {
        return if digest.trim().eq_ignore_ascii_case(&head.digest.to_string()) {
            Ok(())
        } else {
            refused(&format!("the plan's digest is {}, not the one that you gave", head.digest))
        };
    }
    if !io::stdin().is_terminal() {
        return refused(
            "standard input is no terminal; give `--digest` with the plan's digest as you know it from elsewhere",
        );
    }
    let sandbox = head.procedure.is_for_sandbox().then_some(partner);
    let sandbox = sandbox.filter(|_| !is_taken_out("approve-a-sandbox-by-its-partners-name"));
    let name = head.partner.name.as_deref().unwrap_or_default();
    let phrase = Phrase::new(sandbox, name, head.ready);
    let what = phrase.what;
    printer.ask(&format!("\nTo approve, type {what} and the number, `{phrase}`:"));
    for left in (0..TRIES).rev() {
        let mut line = String::new();
        match io::stdin().read_line(&mut line) {
            Ok(_) if phrase.is(&line) => return Ok(()),
            Ok(_) if line.trim().is_empty() => return refused("it was declined"),
            Ok(_) if left > 0 => printer.ask(&phrase.again()),
            Ok(_) => break,
            Err(error) => return refused(&format!("cannot read from the terminal: {error}")),
        }
    }
    refused(&format!("what was typed is not {what} and the number"))
}

fn sign(plan: &Plan, partner: TenantId, text: &[u8], key: &SigningKey) -> Result<Approval, Failure> {
    let statement = Statement {
        run: plan.head.run_id.clone(),
        digest: plan.head.digest,
        partner,
        procedure: plan.head.procedure,
        removals: plan.head.ready,
        plan_file: Plan::file_digest(text),
        at: Clock::System.now(),
        by: SignedBy::new(&consent::operator(), &platform::host()),
    };
    statement.sign(key).map_err(|error| Failure::new(Exit::Bug, error.to_string()))
}

fn refuse_existing(out: &Path) -> Result<(), Failure> {
    if !out.exists() {
        return Ok(());
    }
    let text =
        format!("`{}` is there already; name another file with `--out`, or move it away", out.display());
    Err(Failure::usage(text))
}

/// Whole or not at all, and never over another one.
fn write(out: &Path, note: &str) -> Result<(), Failure> {
    let folder: PathBuf = platform::folder_of(out).to_owned();
    let written = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".approval-").tempfile_in(&folder)?;
        file.write_all(note.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(out).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", out.display())))
}
