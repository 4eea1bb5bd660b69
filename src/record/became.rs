//! What became of a customer, and of each thing that was done to it, in words.
//!
//! The one place where sentences about that are made. They follow from what is on record of each change, and never from
//! the outcome alone: a removal that failed may have left a suspension behind. "Nothing was changed" is only said where
//! every change that was sent is known not to have happened.

use super::change::{Change, ChangePhase};
use crate::domain::{
    Day, Effect, EffectWords, Evidence, Outcome, Preparation, Procedure, capitalised, is_taken_out,
};
use serde::Serialize;

/// Where an effect stands, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It could not be sent.
    NotCarriedOut,
    /// The service said no.
    Refused,
    /// Reading showed that it did not happen.
    DidNotHappen,
    /// It may or may not have happened.
    InDoubt,
    /// The service said that something of the kind was being done already.
    UnderWay,
    /// The service said yes.
    Accepted,
    /// What the service shows is another end.
    Otherwise,
    /// It is known to be done.
    Done,
    /// It is known to be so, and the service said when it was first asked that there was nothing to do.
    DoneAlready,
}

impl Stands {
    const fn of(change: &Change) -> Self {
        match change.phase {
            ChangePhase::ToSend { .. } if change.is_unproven => Self::InDoubt,
            ChangePhase::ToSend { .. } => Self::NotCarriedOut,
            ChangePhase::Accepted { .. } if change.was_accepted => Self::Accepted,
            ChangePhase::Accepted { .. } if change.is_only_under_way() => Self::UnderWay,
            // A no after a lost answer, which the first edition took for a yes, is none.
            ChangePhase::Open { .. } | ChangePhase::InDoubt { .. } | ChangePhase::Accepted { .. } => {
                Self::InDoubt
            }
            ChangePhase::Refused { .. } => Self::Refused,
            ChangePhase::DidNotHappen => Self::DidNotHappen,
            ChangePhase::Otherwise { .. } => Self::Otherwise,
            ChangePhase::Gone { .. } if change.was_missing => Self::DoneAlready,
            ChangePhase::Gone { .. } => Self::Done,
        }
    }

    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotCarriedOut => "not_carried_out",
            Self::Refused => "refused",
            Self::DidNotHappen => "did_not_happen",
            Self::InDoubt => "in_doubt",
            Self::UnderWay => "under_way",
            Self::Accepted => "accepted",
            Self::Otherwise => "otherwise",
            Self::Done => "done",
            Self::DoneAlready => "done_already",
        }
    }

    /// Whether it is known that nothing is other than before.
    pub const fn is_without_effect(self) -> bool {
        matches!(self, Self::NotCarriedOut | Self::Refused | Self::DidNotHappen)
    }
}

/// One effect on a customer that was sent, or was about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectStory<'a> {
    /// What was to be done.
    pub effect: Effect,
    /// The ID of the order or subscription.
    pub about: Option<&'a str>,
    /// Its name.
    pub name: Option<&'a str>,
    /// How far it came.
    pub stands: Stands,
    /// How far what was to take it back came, if that was sent.
    pub taken_back: Option<Stands>,
    /// What was sent, with its latest answer.
    pub change: &'a Change,
}

impl EffectStory<'_> {
    /// ``subscription `Office` (5d…)``, `the relationship`.
    fn thing(&self) -> String {
        let thing = self.effect.words().thing;
        match (self.name, self.about) {
            (Some(name), Some(id)) => format!("{thing} `{name}` ({id})"),
            (None, Some(id)) => format!("{thing} {id}"),
            (_, None) => thing.to_owned(),
        }
    }

    /// What became of it, as part of a sentence. `stays`: the customer stays, and so does what was not taken back.
    fn told(&self, stays: bool) -> String {
        let (thing, words) = (self.thing(), self.effect.words());
        let done = words.done;
        let told = match self.stands {
            Stands::NotCarriedOut | Stands::Refused | Stands::DidNotHappen => {
                format!("{thing} was not {done}")
            }
            Stands::InDoubt => format!("whether {thing} was {done} is not known"),
            Stands::UnderWay => format!("{thing} was being changed already, and was not seen {done}"),
            Stands::Accepted if self.taken_back.is_some() => {
                format!("the service agreed to {} {thing}", words.verb)
            }
            Stands::Accepted => {
                format!("the service agreed to {} {thing}, and it was not seen {done}", words.verb)
            }
            Stands::Otherwise => {
                format!("{thing} was not {done}: the service shows another end of it instead")
            }
            Stands::Done => format!("{thing} was {done}"),
            // That it is not there does not show that it ever was.
            Stands::DoneAlready if self.effect.facts().answer_tells => {
                format!("the service says that there is no {thing}")
            }
            Stands::DoneAlready => format!("{thing} was {done} already"),
        };
        let back = self.effect.reversal().map(Effect::words);
        let stays = stays && !self.stands.is_without_effect();
        let Some(EffectWords { verb, done: undone, seen, .. }) = back else { return told };
        match self.taken_back {
            Some(Stands::Done | Stands::DoneAlready) if self.stands == Stands::Accepted => {
                format!("{told}, and it was seen {seen}")
            }
            Some(Stands::Done | Stands::DoneAlready) => format!("{told}, and was seen {seen}"),
            Some(Stands::Accepted | Stands::Otherwise) => {
                format!("{told}; the service agreed to {verb} it, and it was not seen {seen}")
            }
            Some(Stands::InDoubt | Stands::UnderWay) => {
                format!("{told}; whether it was {undone} is not known")
            }
            Some(Stands::Refused | Stands::DidNotHappen | Stands::NotCarriedOut) => {
                format!("{told}; it could not be {undone}")
            }
            None if stays && self.stands == Stands::Done => format!("{told} and stays {done}"),
            None if stays => format!("{told}; it was not {undone}"),
            None => told,
        }
    }
}

/// All that was, or may have been, done to a customer.
#[derive(Clone, Debug, Default)]
pub struct Effects<'a> {
    before: Vec<EffectStory<'a>>,
    last: Option<EffectStory<'a>>,
}

impl<'a> Effects<'a> {
    /// By what is on record of these changes; `first` knows the names of what came before the last one.
    pub fn of(first: &'a [Preparation], changes: &'a [Change]) -> Self {
        let mut effects = Self::default();
        for change in changes {
            let about = change.about.as_deref();
            let effect = change.effect;
            // What was taken back is told with it.
            if effect.is_reversal() {
                continue;
            }
            let is_reversal = |other: &&Change| {
                other.effect.facts().takes_back == Some(effect) && other.about.as_deref() == about
            };
            let taken_back = changes.iter().find(is_reversal).map(Stands::of);
            let named = first.iter().find(|one| Some(&*one.id) == about);
            let story = EffectStory {
                effect,
                about,
                name: named.and_then(|one| one.name.as_deref()),
                stands: Stands::of(change),
                taken_back,
                change,
            };
            if effect.is_last() {
                effects.last = Some(story);
            } else {
                effects.before.push(story);
            }
        }
        effects
    }

    /// Each effect, the last one at the end.
    pub fn all(&self) -> impl Iterator<Item = &EffectStory<'a>> {
        self.before.iter().chain(&self.last)
    }

    /// Whether what the procedure is for was sent, or was about to be.
    pub const fn has_last(&self) -> bool {
        self.last.is_some()
    }

    /// Whether it is known that nothing of the customer is other than before.
    fn is_nothing_changed(&self) -> bool {
        self.all().all(|effect| effect.stands.is_without_effect())
    }

    /// What is known to be done, each thing by itself: `subscription A was …, subscription B was …`. None if that is
    /// nothing.
    pub fn told_done(&self) -> Option<String> {
        let is_done = |one: &&EffectStory<'_>| matches!(one.stands, Stands::Done | Stands::DoneAlready);
        let told: Vec<_> = self.before.iter().filter(is_done).map(|effect| effect.told(false)).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    /// The explanation of a row's end, and what was done before the last change, or may have been, but for what the
    /// explanation tells itself.
    pub fn told_after(&self, explanation: String, told: Option<&Change>) -> String {
        match self.told_before(false, told).filter(|_| !is_taken_out("what-came-before-is-not-told")) {
            Some(told) => format!("{explanation} Before that, {told}."),
            None => explanation,
        }
    }

    /// What came before the last change and is other than before, or may be, but for the change that is told elsewhere:
    /// `order A was cancelled, subscription B was suspended`. None if that is nothing.
    pub fn told_before(&self, stays: bool, told: Option<&Change>) -> Option<String> {
        let is_told = |effect: &EffectStory<'_>| {
            told.is_some_and(|change| change.about.is_some() && change.about.as_deref() == effect.about)
                && effect.stands != Stands::Done
        };
        let left = self.before.iter().filter(|one| !one.stands.is_without_effect() && !is_told(one));
        let told: Vec<_> = left.map(|effect| effect.told(stays)).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowEnd<'a> {
    /// It has its outcome.
    Settled(Outcome, Option<Evidence>),
    /// The program could not find out, and a person did.
    Resolved(ByAPerson<'a>),
    /// The last change failed, and nobody has decided yet whether what came before it is taken back.
    Undecided,
    /// It has none yet.
    Open,
}

/// What a person found out about an unknown outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByAPerson<'a> {
    /// What they say.
    pub outcome: Outcome,
    /// Who they are.
    pub by: &'a str,
    /// Whether Partner Center has it on its own record as well.
    pub is_corroborated: bool,
}

/// How far a row without an outcome is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// What it is for is known to be done.
    Done,
    /// The service said yes.
    Accepted,
    /// It may or may not be done.
    InDoubt,
    /// It failed, and nobody has decided yet whether what came before it is taken back.
    Undecided,
    /// Something before it was done, or may have been.
    Begun,
    /// Nothing was done.
    NotBegun,
}

impl Pending {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Accepted, Self::InDoubt, Self::Undecided, Self::Begun, Self::NotBegun];

    pub(super) fn of(end: RowEnd<'_>, effects: &Effects<'_>) -> Option<Self> {
        let last = match end {
            RowEnd::Settled(..) | RowEnd::Resolved(_) => return None,
            RowEnd::Undecided => return Some(Self::Undecided),
            RowEnd::Open => effects.last.map(|last| last.stands),
        };
        // What is done by itself is in doubt by itself.
        let is_doubtful = |one: &EffectStory<'_>| one.effect.is_by_itself() && one.stands == Stands::InDoubt;
        if effects.before.iter().any(is_doubtful) {
            return Some(Self::InDoubt);
        }
        Some(match last {
            Some(Stands::Done | Stands::DoneAlready) => Self::Done,
            Some(Stands::Accepted | Stands::UnderWay) => Self::Accepted,
            Some(Stands::InDoubt) => Self::InDoubt,
            Some(Stands::NotCarriedOut | Stands::Refused | Stands::DidNotHappen) | None
                if effects.is_nothing_changed() =>
            {
                Self::NotBegun
            }
            Some(_) | None => Self::Begun,
        })
    }

    /// Its public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Accepted => "accepted",
            Self::InDoubt => "in_doubt",
            Self::Undecided => "undecided",
            Self::Begun => "begun",
            Self::NotBegun => "not_begun",
        }
    }

    /// The one with this public name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pending| pending.as_str() == name)
    }

    /// In words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Done => "done, not yet settled",
            Self::Accepted => "accepted, not yet confirmed",
            Self::InDoubt => "in doubt, not yet settled",
            Self::Undecided => "stays, to be decided",
            Self::Begun => "begun, not finished",
            Self::NotBegun => "not begun",
        }
    }

    /// What it means, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "What the run is for is done; `offboard resume` puts that on record.",
            Self::Accepted => "The service accepted the change; `offboard resume` looks whether it is done.",
            Self::InDoubt => {
                "A change was sent, and what became of it is not known yet; `offboard resume` looks."
            }
            Self::Undecided => {
                "The customer stays; `offboard resume` asks whether what was suspended for it is reactivated."
            }
            Self::Begun => {
                "Something was begun, and how it ends is not settled yet; `offboard resume` goes on."
            }
            Self::NotBegun => "Nothing was changed yet; `offboard resume` goes on.",
        }
    }

    /// The outcome under which it counts until it has its own.
    pub const fn counts_as(self) -> Outcome {
        match self {
            Self::Done | Self::Accepted | Self::InDoubt => Outcome::Unknown,
            Self::Undecided => Outcome::Failed,
            Self::Begun | Self::NotBegun => Outcome::NotAttempted,
        }
    }
}

/// What became of a customer, sentence by sentence. `missing` says which records of it are not known, if some are: then
/// it is not said that nothing was changed.
pub fn became(
    procedure: Procedure,
    end: RowEnd<'_>,
    effects: &Effects<'_>,
    missing: Option<&str>,
) -> Vec<String> {
    let stays = match end {
        RowEnd::Settled(outcome, _) => !outcome.is_gone(),
        RowEnd::Resolved(found) => !found.outcome.is_gone(),
        RowEnd::Undecided | RowEnd::Open => false,
    };
    let is_failed = matches!(end, RowEnd::Settled(Outcome::Failed, _));
    let mut sentences = vec![of_the_last(procedure, end, effects.last)];
    sentences.extend(effects.before.iter().map(|effect| sentence(&effect.told(stays))));
    match missing {
        Some(missing) => sentences.push(missing.to_owned()),
        None if effects.is_nothing_changed()
            || is_failed && is_taken_out("nothing-was-changed-for-who-failed") =>
        {
            sentences.push("Nothing was changed.".to_owned());
        }
        None => {}
    }
    sentences
}

/// What became of what the procedure is for.
fn of_the_last(procedure: Procedure, end: RowEnd<'_>, last: Option<EffectStory<'_>>) -> String {
    let Some(words) = procedure.facts().last.map(Effect::words) else { return of_all(end) };
    let (thing, done, noun) = (words.thing, words.done, words.noun);
    let capital = capitalised(thing);
    let resume = "`offboard resume`";
    if let RowEnd::Resolved(ByAPerson { outcome, by, is_corroborated }) = end {
        let not = if outcome.is_reached() { "" } else { "not " };
        let elsewhere = if is_corroborated { how_sure(Some(Evidence::Corroborated)) } else { "" };
        return format!(
            "The program could not find out whether {thing} was {done}; {by} looked, and says that it was {not}{done}.{elsewhere}"
        );
    }
    match (last.map(|last| last.stands), end) {
        (Some(Stands::Done), RowEnd::Settled(_, evidence)) => {
            format!("{capital} was {done}.{}", how_sure(evidence))
        }
        (Some(Stands::Done), _) => format!("{capital} was {done}; the run goes on with {resume}."),
        (Some(Stands::DoneAlready), _) => {
            format!(
                "When the {noun} was sent, the service said that there was nothing left; a later read shows none either."
            )
        }
        (Some(Stands::Accepted | Stands::UnderWay), RowEnd::Open)
            if is_taken_out("what-is-accepted-needs-a-person") =>
        {
            format!("Whether {thing} was {done} is not known. A person must look.")
        }
        (Some(Stands::Accepted | Stands::UnderWay), RowEnd::Open) => {
            format!("The {noun} was accepted, and is not confirmed yet: {resume} looks.")
        }
        (Some(Stands::Otherwise), _) => {
            format!("{capital} was not {done}: the service shows another end of it instead.")
        }
        (Some(Stands::Accepted | Stands::UnderWay), _) => {
            format!("The service agreed to {} {thing}; no later read showed that it is {done}.", words.verb)
        }
        // By the first edition's rules: what did not exist when it was sent again was ended by an earlier try.
        (Some(Stands::InDoubt), RowEnd::Settled(outcome, evidence)) if outcome.is_reached() => {
            format!("{capital} was {done}.{}", how_sure(evidence))
        }
        (Some(Stands::InDoubt), RowEnd::Open) => {
            format!("Whether {thing} was {done} is not known yet: {resume} looks.")
        }
        (Some(Stands::InDoubt), _) => format!("Whether {thing} was {done} is not known. A person must look."),
        (_, RowEnd::Undecided) => {
            format!(
                "{capital} was not {done}; nobody has decided yet whether what came before it is taken back: {resume} asks."
            )
        }
        (Some(Stands::Refused), _) => format!("{capital} was not {done}: the service said no."),
        (Some(Stands::DidNotHappen), _) => {
            format!("{capital} was not {done}: later reads show that it did not happen.")
        }
        (Some(Stands::NotCarriedOut), _) => {
            format!("{capital} was not {done}: the change did not get through.")
        }
        (None, RowEnd::Open) => format!("The run stopped before this row was settled: {resume} goes on."),
        (None, RowEnd::Resolved(_)) => String::new(),
        (None, RowEnd::Settled(outcome, _)) => match outcome {
            Outcome::Done(_) => {
                format!("{capital} is recorded as {done}, by a change that is not shown here.")
            }
            Outcome::AlreadyDone(procedure) => procedure.facts().gone_before.to_owned(),
            Outcome::Ready => "Nothing stands in the way. This was only a plan.".to_owned(),
            Outcome::Skipped => format!("{capital} was not {done}: a precondition or a guard said no."),
            Outcome::Failed => format!("{capital} was not {done}: the service said no, or did not answer."),
            Outcome::Unknown => format!("{capital} was not {done}."),
            Outcome::NotAttempted => format!("{capital} was not {done}: the run stopped before."),
            Outcome::Rejected => "The row of the list is not valid.".to_owned(),
        },
    }
}

/// How a row stands whose plan names all that there is to do; what became of each of that is told by itself.
fn of_all(end: RowEnd<'_>) -> String {
    match end {
        RowEnd::Settled(outcome, evidence) => match outcome {
            Outcome::Done(procedure) => {
                let sure = match evidence {
                    Some(Evidence::Observed) => " Later reads show it.",
                    Some(Evidence::Corroborated) => how_sure(evidence),
                    Some(Evidence::Accepted) => " The service answered so; no later read showed it.",
                    None => "",
                };
                format!("{}{sure}", procedure.facts().done.meaning)
            }
            Outcome::AlreadyDone(procedure) => procedure.facts().gone_before.to_owned(),
            Outcome::Ready => "Nothing stands in the way. This was only a plan.".to_owned(),
            Outcome::Skipped => "Nothing of it was done: a precondition or a guard said no.".to_owned(),
            Outcome::Failed => "Not all of it was done.".to_owned(),
            Outcome::Unknown => "Whether all of it was done is not known. A person must look.".to_owned(),
            Outcome::NotAttempted => "Not all of it was done: the run stopped before.".to_owned(),
            Outcome::Rejected => "The row of the list is not valid.".to_owned(),
        },
        RowEnd::Resolved(ByAPerson { outcome, by, .. }) => {
            let not = if outcome.is_reached() { "" } else { "not " };
            format!(
                "The program could not find out how it ended; {by} looked, and says that it was {not}all done."
            )
        }
        RowEnd::Undecided | RowEnd::Open => {
            "The run stopped before this row was settled: `offboard resume` goes on.".to_owned()
        }
    }
}

/// What the customer, or whoever takes over, must still be told, in a few sentences. Until `act_by`, what goes on can be kept
/// from it, and from `goes_from`, the customer may go. `not_approved` are relationships of delegated administration that it
/// could still approve.
pub fn still_to_tell(
    procedure: Procedure,
    end: RowEnd<'_>,
    effects: &Effects<'_>,
    (act_by, goes_from): (Option<Day>, Option<Day>),
    (not_approved, missing): (&[String], Option<&str>),
) -> String {
    if let Some(missing) = missing {
        return missing.to_owned();
    }
    let outcome = match end {
        RowEnd::Settled(outcome, _) => outcome,
        RowEnd::Resolved(found) => found.outcome,
        RowEnd::Undecided | RowEnd::Open => return "Nothing yet: the run is not over.".to_owned(),
    };
    let mut sentences = match outcome {
        Outcome::Done(done) => vec![done.facts().to_tell.to_owned()],
        Outcome::AlreadyDone(done) => vec![done.facts().gone_before.to_owned()],
        Outcome::Ready => vec![
            "Nothing yet: this was only a plan. Once it is carried out, this is to be told:".to_owned(),
            procedure.facts().to_tell.to_owned(),
        ],
        Outcome::Unknown => vec!["Nothing before a person has looked.".to_owned()],
        Outcome::Skipped | Outcome::Failed | Outcome::NotAttempted | Outcome::Rejected => {
            let act_by = act_by.map(|day| {
                format!(
                    "Until {day}, whatever renews itself or would be extended can still be kept from that."
                )
            });
            let goes_from = goes_from.map(|day| {
                format!("From {day} it may go, if nobody does anything; whatever is needed longer has to be elsewhere by then.")
            });
            act_by.into_iter().chain(goes_from).collect()
        }
    };
    sentences.extend(effects.told_before(!outcome.is_gone(), None).map(|told| sentence(&told)));
    if outcome != Outcome::Unknown {
        let told = |one: &String| {
            sentence(&format!("{one} was not approved yet when it was read: do not approve it"))
        };
        sentences.extend(not_approved.iter().map(told));
    }
    if sentences.is_empty() { "Nothing yet.".to_owned() } else { sentences.join(" ") }
}

const fn how_sure(evidence: Option<Evidence>) -> &'static str {
    match evidence {
        Some(Evidence::Observed) => " A later read no longer showed it.",
        Some(Evidence::Corroborated) => " Partner Center's own activity record says so too.",
        Some(Evidence::Accepted) => " The service answered so; no later read showed it.",
        None => "",
    }
}

fn sentence(text: &str) -> String {
    format!("{}.", capitalised(text))
}
