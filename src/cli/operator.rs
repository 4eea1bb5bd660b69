//! The person at the terminal, or whoever gave the answers with the command.

use super::{
    args::{AfterFailure, UndoOptions},
    consent::{self, Consent},
    exit::Failure,
    health::{self, HealthState},
    next_steps,
    printer::{Paint, Printer},
    progress::Progress,
    settings::{Again, Paths},
    tables::{self, Table, table},
    to_do,
};
use crate::{
    conduct::{ConsentAnswer, Decision, LEAVE, News, NotWritten, Operator, Phrase, RunEnding, TAKE_BACK},
    domain::{EffectWords, Mode, Preparation, counted},
    engine::{Halt, Watch},
    partner_center::transport::Transport,
    record::{Row, RowState, Run},
    report::visible,
};
use std::io::{self, IsTerminal as _};

/// Who decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    /// It was decided beforehand.
    decided: Option<AfterFailure>,
    /// There is somebody to ask.
    asks: bool,
}

impl Offer {
    /// By these options; `yes` means that nobody is asked.
    pub(super) fn of(options: UndoOptions, yes: bool) -> Self {
        Self { decided: options.after_failure, asks: !yes && io::stdin().is_terminal() }
    }
}

/// Whoever is asked on a terminal, as far as it was not answered beforehand.
#[derive(Debug)]
pub(super) struct TerminalOperator<'a> {
    printer: &'a Printer,
    paths: &'a Paths,
    consent: Consent,
    offer: Offer,
    /// What comes next, once the run has ended.
    pub(super) next: Vec<next_steps::NextStep>,
}

impl<'a> TerminalOperator<'a> {
    pub(super) fn new(printer: &'a Printer, paths: &'a Paths, consent: Consent, offer: Offer) -> Self {
        Self { printer, paths, consent, offer, next: Vec::new() }
    }
}

impl<'a> Operator for TerminalOperator<'a> {
    type Progress = Progress;

    fn name(&self) -> String {
        consent::operator()
    }

    fn tell(&mut self, news: News<'_>, run: &Run) {
        match news {
            News::Begun => {
                let room = health::space(&self.paths.audit_log);
                if room.state != HealthState::Good {
                    self.printer.warn(&room.text);
                }
            }
            News::Planned if self.consent == Consent::Ask => self.printer.ask(&to_do::plan(run)),
            News::Planned => self.printer.say(&to_do::plan(run)),
            News::PlanWritten(Ok(folder)) if self.consent == Consent::Ask => self.printer.ask(&format!(
                "\nAll of it, by name: `{}` and `plan.xlsx` beside it",
                visible(&folder.join("plan.html").to_string_lossy())
            )),
            News::PlanWritten(Ok(_)) => {}
            News::PlanWritten(Err(why)) => {
                let why = match why {
                    NotWritten::NotFound(error) => error.to_string(),
                    NotWritten::Report(error) => error.to_string(),
                };
                self.printer.warn(&format!("the plan is not written for reading: {why}"));
            }
            News::Ended(how) => {
                if let Some(left) = left(run) {
                    self.printer.warn(&left);
                }
                let open = still_open(run, &self.paths.again);
                if let Some(text) = ending_in_words(how, run.opened.mode, open.as_deref()) {
                    self.printer.failure(&Failure::new(how.exit(), text));
                }
                self.next = next_steps::steps(self.paths, run);
            }
        }
    }

    fn working<T: Transport>(&mut self, watch: Watch<T>) -> Progress {
        Progress::start(self.printer, watch)
    }

    fn confirm(
        &mut self,
        run: &Run,
        phrase: &Phrase,
        is_again: bool,
    ) -> impl Future<Output = Result<ConsentAnswer, Halt>> + use<'a> {
        let asks = self.consent == Consent::Ask;
        if asks && is_again {
            self.printer.ask(&phrase.again());
        } else if asks {
            let about = about(run, self.printer);
            let what = phrase.what;
            self.printer.warn(&format!("{about}\nTo go on, type {what} and the number, `{phrase}`:"));
        }
        async move { if asks { Ok(ConsentAnswer::Typed(typed().await?)) } else { Ok(ConsentAnswer::Given) } }
    }

    fn take_back(&mut self, run: &Run) -> impl Future<Output = Result<Decision, Halt>> + use<'a> {
        let Offer { decided, asks } = self.offer;
        let asks = asks && decided.is_none();
        if asks {
            let shown = listed(undecided(run));
            let Words { things, done, taken_back, change } = Words::of(run, undecided(run));
            self.printer.warn(&format!(
                "these {things} were {done}, and then the {change} of their customers failed:\n{shown}\n\
                 Type `{TAKE_BACK}` to have exactly these {taken_back}, or `{LEAVE}` to leave them {done}:"
            ));
        }
        async move {
            match decided {
                Some(after) => Ok(Decision::Given { reactivate: after == AfterFailure::Reactivate }),
                None if asks => Ok(Decision::Typed(typed().await?)),
                None => Ok(Decision::Nobody),
            }
        }
    }

    fn undecided(&self, run: &Run) -> Option<String> {
        still_open(run, &self.paths.again)
    }

    /// The simulator forgets.
    fn can_resume(&self, run: &Run) -> bool {
        !run.opened.mode.is_simulated()
    }
}

/// A line that somebody types; an empty one if it cannot be read.
async fn typed() -> Result<String, Halt> {
    let read = || {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line).unwrap_or_default()
    };
    tokio::task::spawn_blocking(read).await.map_err(Halt::panicked)
}

/// What is about to happen, to whom, where, and how much of it.
fn about(run: &Run, printer: &Printer) -> String {
    let opened = &run.opened;
    let partner = run.partner.as_ref().map(|partner| partner.name.trim()).unwrap_or_default();
    let partner = printer.paint(Paint::Strong, &visible(partner));
    let tenant = run.partner.as_ref().map(|partner| partner.tenant_id.to_string()).unwrap_or_default();
    let cloud = opened.settings.get("cloud").map_or("public", |setting| &setting.value);
    let waves = match run.policy.canary {
        0 => "all at once".to_owned(),
        n => format!("{n} first, then {}, then the rest", u64::from(n) * 5),
    };
    let warning = match opened.mode {
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
    let to_do = || {
        let open = run.rows.iter().filter(|row| !matches!(row.state, RowState::Settled(_)));
        open.flat_map(to_do::still)
    };
    let terms = to_do::terms(to_do()).map(|terms| format!(" This concerns {terms}.")).unwrap_or_default();
    let lost = to_do::lost_at_once(to_do()).map(|lost| format!("\n{lost}")).unwrap_or_default();
    let open = run.rows.iter().filter(|row| !matches!(row.state, RowState::Settled(_)));
    let resellers = to_do::resellers(opened.procedure, open);
    let resellers = resellers.map(|resellers| format!("\n{resellers}")).unwrap_or_default();
    let of = opened.takes_back.as_ref().map(|run| format!(" of run {run}")).unwrap_or_default();
    format!(
        "about to {change} {} of {partner} ({tenant}).{terms}\n\
         Procedure {}{of}, cloud {cloud}, at {}; {waves}. Of {}, {} {} settled already.{}{lost}{resellers}\n{warning}{once}",
        counted(run.to_change(), "customer"),
        opened.procedure,
        visible(&opened.api_url),
        counted(opened.input.rows, "row"),
        run.settled(),
        if run.settled() == 1 { "is" } else { "are" },
        tables::about_list(run),
    )
}

/// What is done, taken back, and was for nothing, in words.
struct Words {
    things: &'static str,
    done: &'static str,
    taken_back: &'static str,
    change: &'static str,
}

impl Words {
    /// Of these; all of them are of one kind.
    fn of<'a>(run: &Run, mut all: impl Iterator<Item = (&'a Row, &'a Preparation)>) -> Self {
        let change = run.opened.procedure.facts().last.map_or("change", |last| last.words().noun);
        let Some((_, one)) = all.next() else {
            return Self { things: "changes", done: "made", taken_back: "taken back", change };
        };
        let EffectWords { things, done, .. } = one.words();
        let taken_back = one.what.reversal().map_or("taken back", |back| back.words().done);
        Self { things, done, taken_back, change }
    }
}

/// What is still to be decided, for whoever goes on with the run.
fn still_open(run: &Run, again: &Again) -> Option<String> {
    let customers = run.undecided().len();
    (customers > 0).then(|| {
        let Words { things, done, taken_back, change } = Words::of(run, undecided(run));
        format!(
            "{count} {things} of {customers} customers are {done}, and the {change} of these customers failed:\n{shown}\n\
             Decide what becomes of them: `{asks}` asks; `{takes_back}` has exactly these {taken_back}",
            count = undecided(run).count(),
            shown = listed(undecided(run)),
            asks = next_steps::resume(again, &run.id),
            takes_back =
                again.sending(&format!("resume {} --yes --after-failure {TAKE_BACK}", run.id)),
        )
    })
}

fn undecided(run: &Run) -> impl Iterator<Item = (&Row, &Preparation)> {
    run.undecided().into_iter().flat_map(|(row, all)| all.into_iter().map(move |one| (row, one)))
}

/// What was done for customers that are not gone, and was not taken back, for the end of the run.
fn left(run: &Run) -> Option<String> {
    let rows = run.rows.iter().filter(|row| !row.left_prepared.is_empty());
    let all: Vec<_> = rows.flat_map(|row| row.left_prepared.iter().map(move |one| (row, one))).collect();
    (!all.is_empty()).then(|| {
        let Words { things, done, taken_back, .. } = Words::of(run, all.iter().copied());
        let shown = listed(all.into_iter());
        format!("these {things} were {done} by this run, and were not seen {taken_back}:\n{shown}")
    })
}

fn listed<'a>(all: impl Iterator<Item = (&'a Row, &'a Preparation)>) -> String {
    let mut all = all.peekable();
    let thing = all.peek().map_or("what", |(_, one)| one.words().thing);
    let mut shown = Table::new(&["row", "customer", thing, "ID"]);
    for (row, one) in all {
        shown.row([
            row.number.to_string(),
            row.live_name().unwrap_or("(no name)").to_owned(),
            one.name.clone().unwrap_or_else(|| "(no name)".to_owned()),
            one.id.clone(),
        ]);
    }
    table(&shown)
}

/// What there is to say of how a run ended. `open` is what is still to be decided.
fn ending_in_words(ending: &RunEnding, mode: Mode, open: Option<&str>) -> Option<String> {
    let (text, besides) = match ending {
        RunEnding::Complete(_) => return None,
        RunEnding::Undecided(text) | RunEnding::StoppedByGuard { text, is_over: true } => {
            (text, String::new())
        }
        RunEnding::StoppedByGuard { text, is_over: false } => {
            (text, open.map(|open| format!(". Besides, {open}")).unwrap_or_default())
        }
        RunEnding::GivenUp { text, was_confirmed, .. } => {
            let nothing = if *was_confirmed { "Nothing more" } else { "Nothing" };
            (text, format!(". {nothing} was changed"))
        }
        RunEnding::Left { text, .. } => {
            let again =
                if mode.is_simulated() { ". A rehearsal cannot be resumed; run the list again" } else { "" };
            (text, again.to_owned())
        }
    };
    Some(format!("{text}{besides}"))
}
