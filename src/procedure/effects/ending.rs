//! How a change comes to its end, and what that means for the customer's row.

use crate::{
    domain::{Answer, Effect, EffectWords, Evidence, Outcome, Preparation, Procedure, Reason, capitalised},
    record::{Change, Changing, Effects},
};
use std::time::Duration;

/// How a change ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is done.
    Done {
        /// Whether a look showed it, rather than the service's answer to a change that was repeated.
        seen: bool,
    },
    /// The service said yes, and until the deadline nothing showed that it is done.
    NotSeen {
        /// Whether the answer itself said that it is done.
        clearly: bool,
        /// Whether it was seen that it is not done, rather than nothing.
        still_there: bool,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It came to another end, which a look showed.
    Otherwise(Reason),
    /// The service said no.
    Refused(Answer),
    /// It could not be sent, or was sent back too often.
    NotCarriedOut,
    /// It did not happen, however often it was sent.
    DidNotHappen,
    /// Nobody knows what became of it.
    Unknown,
}

/// How a row ends after a change was sent, or would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowVerdict {
    pub(crate) outcome: Outcome,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) explanation: String,
}

impl RowVerdict {
    pub(crate) fn reached(outcome: Outcome, evidence: Evidence, explanation: impl Into<String>) -> Self {
        Self { outcome, evidence: Some(evidence), reasons: Vec::new(), explanation: explanation.into() }
    }

    pub(crate) fn because(reason: Reason, explanation: impl AsRef<str>) -> Self {
        Self {
            outcome: reason.outcome(),
            evidence: None,
            reasons: vec![reason],
            explanation: format!("{} {}", explanation.as_ref(), reason.advice()).trim().to_owned(),
        }
    }

    /// The same, and what was changed before, which nobody undoes.
    #[must_use]
    pub(crate) fn after(self, first: &[Preparation], changing: &Changing) -> Self {
        let effects = Effects::of(first, &changing.changes);
        Self { explanation: effects.told_after(self.explanation, changing.decisive()), ..self }
    }
}

/// A change that has come to its end.
pub(crate) struct EndedChange<'a> {
    pub(crate) procedure: Procedure,
    /// What was changed: ``order `Windows Server` (Zx1)``.
    pub(crate) thing: &'a str,
    pub(crate) change: &'a Change,
    pub(crate) end: End,
}

impl EndedChange<'_> {
    fn words(&self) -> EffectWords {
        self.change.effect.words()
    }

    /// How a row ends because of something that comes before the last change.
    pub(super) fn of_preparation(&self) -> RowVerdict {
        let Self { thing, change, end, .. } = *self;
        let ended = match end {
            End::Refused(answer) => refused(answer, change),
            End::DidNotHappen => did_not_happen(change),
            End::NotCarriedOut => not_carried_out(change),
            End::Otherwise(reason) => otherwise(reason, thing),
            End::Done { .. } | End::NotSeen { .. } | End::Unknown => {
                let text = change.text().unwrap_or("no answer");
                let looked = if change.effect.facts().answer_tells {
                    "there is nothing that could be read of it"
                } else {
                    "reading it did not tell either"
                };
                let text = format!(
                    "Whether {thing} was {} is not known: the change was sent, its answer does not tell ({text}), and {looked}.",
                    self.words().done
                );
                let Some(next) = self.next() else {
                    return RowVerdict::because(Reason::AnswerLost, text);
                };
                let unknown = RowVerdict::because(Reason::AnswerLost, "");
                return RowVerdict { explanation: format!("{text} {next}"), ..unknown };
            }
        };
        let noun = capitalised(self.words().noun);
        RowVerdict { explanation: format!("{noun} of {thing}: {}", ended.explanation), ..ended }
    }

    /// What was not sent because this is not known, and what finds it out. None if nothing comes after it.
    fn next(&self) -> Option<String> {
        let last = self.procedure.facts().last.map(Effect::words)?;
        let tells = if self.change.effect.facts().answer_tells {
            "Running the list again sends it once more."
        } else {
            "Running the list again reads it first and tells."
        };
        Some(format!("The {} was not sent. {tells}", last.noun))
    }

    /// How a row ends whose last change has come to its end. `none_left` is what the service said of the customer when there
    /// was nothing to change any more.
    pub(super) fn of_last(&self, none_left: &str) -> RowVerdict {
        let Self { procedure, change, end, .. } = *self;
        let EffectWords { noun, thing, .. } = self.words();
        let done = Outcome::Done(procedure);
        match end {
            End::Done { .. } if change.was_missing => RowVerdict {
                outcome: Outcome::AlreadyDone(procedure),
                evidence: None,
                reasons: Vec::new(),
                explanation: format!(
                    "When the {noun} was sent, the service {none_left} any more ({}); a later read shows none either.",
                    change.exchange().described()
                ),
            },
            End::Done { seen: true } if change.was_in_doubt && !change.was_accepted => {
                let lost = match change.status {
                    None => "The answer was lost".to_owned(),
                    Some(status) => format!("The answer (status {status}) did not tell"),
                };
                let text = format!("{lost}; a later read shows that {thing} is gone.");
                RowVerdict::reached(done, Evidence::Observed, text)
            }
            End::Done { seen: true } => RowVerdict::reached(
                done,
                Evidence::Observed,
                format!("A later read shows that {thing} is gone."),
            ),
            End::Done { seen: false } => RowVerdict::reached(
                done,
                Evidence::Accepted,
                format!(
                    "An earlier try may have been carried out; when it was repeated, the service {none_left} any more."
                ),
            ),
            End::NotSeen { clearly, still_there, waited } => {
                RowVerdict::because(Reason::AnswerLost, self.not_seen(clearly, still_there, waited))
            }
            End::Refused(answer) => refused(answer, change),
            End::Otherwise(reason) => otherwise(reason, thing),
            End::NotCarriedOut => not_carried_out(change),
            End::DidNotHappen => did_not_happen(change),
            End::Unknown => unknown(change),
        }
    }

    fn not_seen(&self, clearly: bool, still_there: bool, waited: Duration) -> String {
        let EffectWords { noun, thing, .. } = self.words();
        let no_read = "no read that was to confirm it told anything";
        if still_there {
            let waited = waited.as_secs();
            format!("The service accepted the {noun}, but still shows {thing} {waited} s later.")
        } else if clearly {
            format!("The service answered that {thing} is gone, and {no_read}.")
        } else {
            format!("The service answered with success, but not that {thing} is gone, and {no_read}.")
        }
    }
}

/// How a row ends whose change nobody could be made to carry out.
fn not_carried_out(change: &Change) -> RowVerdict {
    let text = change.text().unwrap_or("no answer");
    let text = format!("The change was tried {} times and not carried out: {text}.", change.attempts);
    RowVerdict::because(Reason::ServiceUnavailable, text)
}

/// How a row ends whose change came to another end.
fn otherwise(reason: Reason, thing: &str) -> RowVerdict {
    RowVerdict::because(reason, format!("The service shows another end of {thing} instead."))
}

/// How a row ends whose change did not happen.
pub(crate) fn did_not_happen(change: &Change) -> RowVerdict {
    let times = match change.attempts {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let text = format!("The change was sent {times}, and reading the customer shows that it did not happen.");
    RowVerdict::because(Reason::ServiceUnavailable, text)
}

/// How a row ends when nobody knows what became of its change.
fn unknown(change: &Change) -> RowVerdict {
    let text = change.text().unwrap_or("no answer");
    let text = format!(
        "The change was sent and its answer is not known ({text}); reading the customer did not tell either."
    );
    RowVerdict::because(Reason::AnswerLost, text)
}

/// What the service's no means.
fn refused(answer: Answer, change: &Change) -> RowVerdict {
    let reason = match (answer, change.status) {
        (Answer::Denied, _) | (_, Some(403)) => Reason::PermissionDenied,
        (_, Some(400..=499)) => Reason::RefusedByService,
        // Nothing of this API is known to redirect.
        _ => Reason::UnexpectedAnswer,
    };
    let seen = if change.was_in_doubt { " Reading the customer shows that it did not happen." } else { "" };
    let said = change.exchange().described();
    let said = said.trim_end_matches('.');
    RowVerdict::because(reason, format!("{}.{seen}", capitalised(said)))
}
