//! What comes next, when a run has ended or was left: commands that work as they stand.

use super::{
    printer::Printer,
    settings::{Again, Paths, flag, option},
};
use crate::{
    domain::{Mode, Outcome, RunId, counted},
    platform::quoted,
    record::{Row, RowState, Run, Stage},
};
use std::path::PathBuf;

/// The settings of a run that another run of the same customers needs, if they were typed. The pace and the guards
/// are among them, so that it is no other run by accident.
const OF_A_RUN: [&str; 15] = [
    "cloud",
    "api_url",
    "graph_url",
    "partner_tenant",
    "procedure",
    "sandbox_tenant",
    "order_timeout",
    "protected",
    "rate",
    "concurrency",
    "settle",
    "canary",
    "stop_after_failures",
    "max_removals",
    "max_share",
];
/// Those that have no value.
const FLAGS: [&str; 1] = ["suspend_legacy"];
/// Those that are given once for each value.
const REPEATED: [&str; 3] = ["cancel", "revoke_consent", "only_reseller"];

/// How a run that is not over is gone on with.
pub(super) fn resume(again: &Again, run: &RunId) -> String {
    again.sending(&format!("resume {run}"))
}

/// Says what comes next. How a run that is not over is gone on with matters even when quiet.
pub(super) fn tell(printer: &Printer, steps: &[String], is_over: bool) {
    if steps.is_empty() {
        return;
    }
    let text = format!("\nNext:\n  {}", steps.join("\n  "));
    if is_over { printer.say(&text) } else { printer.ask(&text) }
}

/// What comes next: a command and why.
#[derive(Debug)]
pub(super) enum NextStep {
    /// Whatever the reports say.
    Always(String),
    /// If there are rows that are worth another try: the command for them.
    Retry(String),
}

/// What comes next in words, when the reports say how many rows are worth another try.
pub(super) fn in_words(steps: Vec<NextStep>, retry: u32) -> Vec<String> {
    let rows = if retry == 1 { "the row that is".to_owned() } else { format!("the {retry} rows that are") };
    let step = |step| match step {
        NextStep::Always(text) => Some(text),
        NextStep::Retry(command) => (retry > 0)
            .then(|| format!("{command}  ({rows} worth another try, when the reasons are dealt with)")),
    };
    steps.into_iter().filter_map(step).collect()
}

/// What comes next. Nothing if there is nothing to do.
pub(super) fn steps(paths: &Paths, run: &Run) -> Vec<NextStep> {
    let again = &paths.again;
    let id = &run.id;
    let always = match run.opened.mode {
        mode if run.stage != Stage::Sealed && mode.is_simulated() => Vec::new(),
        _ if run.stage != Stage::Sealed => vec![resume(again, id)],
        Mode::Demo => {
            let head = in_reports(paths, id, "checkpoint.txt");
            let verify = format!("verify --checkpoint {}", quoted(&head.to_string_lossy()));
            vec![format!("{}  (the log in a browser)", again.reading("review")), again.reading(&verify)]
        }
        Mode::Rehearsal => vec![after_rehearsal(run)],
        Mode::Plan => plan(paths, run),
        Mode::Run => return after_changes(paths, run),
    };
    always.into_iter().map(NextStep::Always).collect()
}

/// The real run, if that would not be refused as well.
fn after_rehearsal(run: &Run) -> String {
    let Some(needed) = run.plan.as_ref().and_then(|plan| plan.needs(&run.policy)) else {
        return "the same without `--rehearse`, when you have looked at the reports".to_owned();
    };
    format!("the same with `{needed}`, if so many are meant; the real run would be refused like this one")
}

/// A plan is approved, if it has to be, and carried out.
fn plan(paths: &Paths, run: &Run) -> Vec<String> {
    let ready = run.counts.get(&Outcome::Ready).copied().unwrap_or_default();
    // One that nobody could carry out says itself what to do.
    if ready == 0 || run.plan.as_ref().is_none_or(|plan| !plan.is_within(&run.policy)) {
        return Vec::new();
    }
    let file = in_reports(paths, &run.id, "plan.json");
    let shown = quoted(&file.to_string_lossy());
    let apply = paths.again.sending(&format!("apply {shown}"));
    let page = quoted(&file.with_file_name("plan.html").to_string_lossy());
    let read = format!("read {page}, or `plan.xlsx` beside it: every name, and what to look at first");
    if run.policy.approval_above.is_none_or(|above| ready <= above) {
        return vec![read, apply];
    }
    let approval = option("approval", &file.with_file_name("approval.txt").to_string_lossy());
    vec![
        read,
        format!("offboard approve {shown}  (a second person, with a copy of the plan)"),
        format!("{apply}{approval}"),
    ]
}

fn after_changes(paths: &Paths, run: &Run) -> Vec<NextStep> {
    let mut steps = Vec::new();
    let again = &paths.again;
    steps.extend(resolving(again, run).into_iter().map(NextStep::Always));
    let has_done_some = run.counts.iter().any(|(outcome, count)| outcome.is_by_the_run() && *count > 0);
    // Whoever declined, or was refused before anything was changed, knows why, and has the list.
    if !has_done_some && run.counts.contains_key(&Outcome::NotAttempted) {
        return steps;
    }
    let file = in_reports(paths, &run.id, "retry.csv");
    let command = again.listing(&format!("run {}", quoted(&file.to_string_lossy())));
    steps.push(NextStep::Retry(format!("{command}{}", of_run(run))));
    let facts = run.opened.procedure.facts();
    let is_elsewhere = facts.last.is_some_and(|last| !last.facts().elsewhere.is_empty());
    if has_done_some && is_elsewhere && !run.opened.procedure.is_for_sandbox() {
        let reconcile = again.visiting(&format!("reconcile {}", run.id));
        let why = "(in two days, when Partner Center's own record has caught up)";
        steps.push(NextStep::Always(format!("{reconcile}  {why}")));
    }
    steps
}

/// How a person settles what the program could not find out: one command for those for whom what the run is for was sent,
/// one for those whom only something before that was sent for, who cannot have gone.
fn resolving(again: &Again, run: &Run) -> Vec<String> {
    let procedure = run.opened.procedure;
    let is_unknown = |row: &&Row| matches!(row.state, RowState::Settled(Outcome::Unknown));
    let (sent, before): (Vec<_>, Vec<_>) = run
        .rows
        .iter()
        .filter(is_unknown)
        .partition(|row| row.last_was_sent || procedure.is_each_by_itself());
    let done = if procedure.ends_relationship() { "removed" } else { "done" };
    let command = |rows: &[&Row], found: &str| {
        let first = rows.iter().find_map(|row| row.customer)?;
        let others = match rows.len().saturating_sub(1) {
            0 => String::new(),
            others => format!(", and the same for {}", counted(others, "other")),
        };
        let resolve = again.reading(&format!("resolve --customer {first} --run {}", run.id));
        Some((format!("{resolve} --as {found} --because {}", quoted("what you saw")), others))
    };
    let sent = command(&sent, done).map(|(command, others)| {
        format!(
            "{command}  (or `--as not-{done}`, when you have looked at the customer in Partner Center{others})"
        )
    });
    let before = command(&before, &format!("not-{done}")).map(|(command, others)| {
        format!(
            "{command}  (the change itself was not sent, because what comes before it is not known{others})"
        )
    });
    sent.into_iter().chain(before).collect()
}

/// What was typed when the run was begun, by whatever command.
fn of_run(run: &Run) -> String {
    let typed = |name: &&'static str| {
        let setting = run.opened.settings.get(*name)?;
        (setting.origin == "option" && !setting.value.is_empty()).then_some((*name, setting.value.as_str()))
    };
    let mut text: String =
        OF_A_RUN.iter().filter_map(&typed).map(|(name, value)| option(name, value)).collect();
    let flags = FLAGS.iter().filter_map(typed).filter(|(_, value)| *value == "true");
    text.extend(flags.map(|(name, _)| flag(name)));
    for (name, values) in REPEATED.iter().filter_map(typed) {
        text.extend(values.split(", ").map(|value| option(name, value)));
    }
    if let Some(taken_back) = &run.opened.takes_back {
        text.push_str(&option("of", taken_back.as_str()));
    }
    for reason in &run.policy.allow {
        text.push_str(&option("allow", reason.as_str()));
    }
    text
}

fn in_reports(paths: &Paths, run: &RunId, name: &str) -> PathBuf {
    paths.reports.join(run.as_str()).join(name)
}
