//! What a text of ours says about a customer, as claims that can be compared with the truth.
//!
//! Every sentence that the program can say is known here. One that is not fails the test: whoever makes a new sentence
//! teaches it here what it claims.

use super::in_process::InProcessRun;
use offboard::domain::{Effect, EffectWords, Outcome, Procedure, Reason};

/// One thing that is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing of the customer is other than before.
    NothingChanged,
    /// We ended it.
    Ended,
    /// We did not end it.
    NotEnded,
    /// It is gone, whoever ended it.
    Gone,
    /// The service said yes to its end.
    AgreedToEnd,
    /// Whether we ended it is not known.
    EndNotKnown,
    /// Of something that the customer has.
    Thing(Thing, Stands, Option<Back>),
    /// A person found out.
    Resolved(Outcome),
    /// Somebody has to look.
    PersonMustLook,
}

/// An order or a subscription.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Thing {
    pub(crate) effect: Effect,
    pub(crate) id: String,
}

/// What is said to have been done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    Done,
    NotDone,
    NotKnown,
    Agreed,
    UnderWay,
}

/// What is said to have become of it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    Active,
    Agreed,
    NotKnown,
    /// It could not be, or nobody tried.
    Not,
    StaysSuspended,
}

/// What the simulator says, which stands in our sentences.
const SAID: [&str; 15] = [
    "Simulated fault",
    "Resource not found",
    "The order cannot be cancelled",
    "The order is in progress",
    "The order was not found",
    "The tenant was not found",
    "The subscription was changed meanwhile",
    "The status cannot be changed to that",
    "No more updates for this subscription",
    "The input is not the whole subscription",
    "The relationship between the partner and the customer does not exist",
    "The relationship does not exist",
    "The relationship was changed meanwhile",
    "A relationship in the state",
    "The partner has no relationship with the customer",
];

/// What may stand at a `¤` of a sentence.
#[derive(Clone, Copy)]
enum Hole {
    Number,
    /// `once`, `3 times`.
    Times,
    /// An answer of the service, or what went wrong on the way.
    Said,
    /// An order or a subscription.
    Thing,
    /// Words of whoever resolved it.
    Anything,
}

/// All sentences of a procedure, and what each claims; of several that begin alike, the longest first.
pub(crate) struct Sentences {
    all: Vec<(String, Vec<Hole>, Vec<Told>)>,
    /// What is done to a subscription.
    to_subscriptions: Effect,
}

/// What must still be told, where that does not follow from what was done.
fn to_tell() -> impl Iterator<Item = (String, Vec<Hole>, Vec<Told>)> {
    let nothing = ["Nothing yet.", "Nothing yet: the run is not over."].map(|text| (text, vec![], vec![]));
    let looks = vec![Told::Just(Claim::PersonMustLook)];
    let dated = [
        "Until ¤, whatever renews itself or would be extended can still be kept from that.",
        "From ¤ it may go, if nobody does anything; whatever is needed longer has to be elsewhere by then.",
    ];
    let dated = dated.map(|text| (text, vec![Hole::Anything], vec![]));
    let not_approved = "¤ was not approved yet when it was read: do not approve it.";
    let person = ("Nothing before a person has looked.", vec![], looks);
    let all = nothing.into_iter().chain([person, (not_approved, vec![Hole::Thing], vec![])]).chain(dated);
    all.map(|(text, holes, told)| (text.to_owned(), holes, told))
}

/// What a run does to subscriptions. Those of which it does several things are told in the same words.
pub(crate) fn to_subscriptions(run: &InProcessRun) -> Effect {
    match run.procedure {
        Procedure::RemoveRelationship if !run.allowed.is_empty() => *run.allowed.first().unwrap(),
        Procedure::RemoveRelationship | Procedure::DeleteSandboxCustomer => Effect::SuspendSubscription,
        Procedure::CancelAtTermEnd => Effect::ScheduleCancellation,
        Procedure::UndoCancelAtTermEnd => Effect::RestoreRenewal,
        Procedure::EndDelegatedAdmin => Effect::EndDelegatedAdmin,
    }
}

/// A claim of a sentence; of the thing in its first hole.
#[derive(Clone)]
enum Told {
    Just(Claim),
    OfThing(Stands),
}

impl Sentences {
    #[expect(clippy::too_many_lines, reason = "it is a list")]
    pub(crate) fn of(run: &InProcessRun) -> Self {
        use Claim::{AgreedToEnd, EndNotKnown, Ended, Gone, NotEnded, NothingChanged, PersonMustLook};
        let (procedure, to_subscriptions) = (run.procedure, to_subscriptions(run));
        let Some(end) = procedure.facts().last else { return Self::of_each(procedure, to_subscriptions) };
        let EffectWords { thing, verb, done, noun, .. } = end.words();
        let (none_left, gone_before) = match procedure {
            Procedure::RemoveRelationship => ("knew no relationship", "The relationship was gone before."),
            Procedure::DeleteSandboxCustomer => ("knew no such customer", "The customer was gone before."),
            other => panic!("{other}"),
        };
        let words = [
            ("[Thing]", capitalised(thing)),
            ("[thing]", thing.to_owned()),
            ("[verb]", verb.to_owned()),
            ("[done]", done.to_owned()),
            ("[noun]", noun.to_owned()),
            ("[none left]", none_left.to_owned()),
            ("[gone before]", gone_before.to_owned()),
        ];
        let not_seen = "no read that was to confirm it told anything.";
        let none: &[Hole] = &[];
        let (said, number) = (&[Hole::Said][..], &[Hole::Number][..]);
        let thing_said = &[Hole::Thing, Hole::Said][..];
        let thing_number = &[Hole::Thing, Hole::Number][..];
        let just = |claims: &[Claim]| claims.iter().cloned().map(Told::Just).collect::<Vec<_>>();
        let of_thing = |stands, claims: &[Claim]| [vec![Told::OfThing(stands)], just(claims)].concat();
        let list: Vec<(String, &[Hole], Vec<Told>)> = vec![
            // What became of what the procedure is for.
            ("[Thing] was [done]. A later read no longer showed it.".into(), none, just(&[Ended, Gone])),
            ("[Thing] was [done]. The service answered so; no later read showed it.".into(), none, just(&[Ended])),
            ("[Thing] was [done]; the run goes on with `offboard resume`.".into(), none, just(&[Ended])),
            (
                "When the [noun] was sent, the service said that there was nothing left; a later read shows none either."
                    .into(),
                none,
                just(&[NotEnded, Gone]),
            ),
            (
                "The [noun] was accepted, and is not confirmed yet: `offboard resume` looks.".into(),
                none,
                just(&[AgreedToEnd]),
            ),
            (
                "The service agreed to [verb] [thing]; no later read showed that it is [done].".into(),
                none,
                just(&[AgreedToEnd]),
            ),
            (
                "Whether [thing] was [done] is not known yet: `offboard resume` looks.".into(),
                none,
                just(&[EndNotKnown]),
            ),
            (
                "Whether [thing] was [done] is not known. A person must look.".into(),
                none,
                just(&[EndNotKnown, PersonMustLook]),
            ),
            (
                "[Thing] was not [done]; nobody has decided yet whether what came before it is taken back: \
                 `offboard resume` asks."
                    .into(),
                none,
                just(&[NotEnded]),
            ),
            ("[Thing] was not [done]: the service said no.".into(), none, just(&[NotEnded])),
            ("[Thing] was not [done]: the service said no, or did not answer.".into(), none, just(&[NotEnded])),
            (
                "[Thing] was not [done]: later reads show that it did not happen.".into(),
                none,
                just(&[NotEnded]),
            ),
            ("[Thing] was not [done]: the change did not get through.".into(), none, just(&[NotEnded])),
            ("[Thing] was not [done]: a precondition or a guard said no.".into(), none, just(&[NotEnded])),
            ("[Thing] was not [done]: the run stopped before.".into(), none, just(&[NotEnded])),
            ("[Thing] was not [done].".into(), none, just(&[NotEnded])),
            ("The run stopped before this row was settled: `offboard resume` goes on.".into(), none, vec![]),
            ("[gone before]".into(), none, just(&[NotEnded, Gone])),
            ("Nothing was changed.".into(), none, just(&[NothingChanged])),
            ("THE RUN IS NOT SEALED YET: this is not its last word.".into(), none, vec![]),
            // What must still be told.
            (procedure.facts().to_tell.into(), none, just(&[Ended])),
            // How a row was settled.
            ("A later read shows that [thing] is gone.".into(), none, just(&[Ended, Gone])),
            ("The answer was lost; a later read shows that [thing] is gone.".into(), none, just(&[Ended, Gone])),
            (
                "The answer (status ¤) did not tell; a later read shows that [thing] is gone.".into(),
                number,
                just(&[Ended, Gone]),
            ),
            (
                "When the [noun] was sent, the service [none left] any more (¤); a later read shows none either.".into(),
                said,
                just(&[NotEnded, Gone]),
            ),
            (
                "The service accepted the [noun], but still shows [thing] ¤ s later.".into(),
                number,
                just(&[AgreedToEnd]),
            ),
            (format!("The service answered that [thing] is gone, and {not_seen}"), none, just(&[AgreedToEnd])),
            (
                format!("The service answered with success, but not that [thing] is gone, and {not_seen}"),
                none,
                just(&[AgreedToEnd]),
            ),
            (
                format!("The change was tried ¤ times and not carried out: ¤. {}", Reason::ServiceUnavailable.advice()),
                &[Hole::Number, Hole::Said],
                just(&[NotEnded]),
            ),
            (
                "The change was sent ¤, and reading the customer shows that it did not happen.".into(),
                &[Hole::Times],
                just(&[NotEnded]),
            ),
            (
                "The change was sent and its answer is not known (¤); reading the customer did not tell either.".into(),
                said,
                just(&[EndNotKnown]),
            ),
            ("The change was not carried out.".into(), none, just(&[NotEnded])),
            ("Reading the customer shows that it did not happen.".into(), none, just(&[NotEnded])),
            // How it was settled because of what came before.
            ("¤: somebody changed it meanwhile (¤).".into(), thing_said, of_thing(Stands::NotDone, &[NotEnded])),
            (
                "¤: the service agreed to suspend it, but it is not seen suspended ¤ s later.".into(),
                thing_number,
                of_thing(Stands::Agreed, &[NotEnded]),
            ),
            (
                "¤: the service agreed to cancel it, but it is not seen cancelled ¤ s later.".into(),
                thing_number,
                of_thing(Stands::Agreed, &[NotEnded]),
            ),
            (
                format!(
                    "¤: the hours in which it could be cancelled are over (¤). {}",
                    Reason::RefusedByService.advice()
                ),
                thing_said,
                of_thing(Stands::NotDone, &[NotEnded]),
            ),
            (
                "¤: the service does not cancel it (¤). The customer was not deleted.".into(),
                thing_said,
                of_thing(Stands::NotDone, &[NotEnded]),
            ),
            (format!("¤: ¤. {}", Reason::ServiceUnavailable.advice()), thing_said, just(&[NotEnded])),
            (
                "Whether ¤ was cancelled is not known: the change was sent, its answer does not tell (¤), and reading it \
                 did not tell either."
                    .into(),
                thing_said,
                of_thing(Stands::NotKnown, &[NotEnded]),
            ),
            (
                "Whether ¤ was suspended is not known: the change was sent, its answer does not tell (¤), and reading it \
                 did not tell either."
                    .into(),
                thing_said,
                of_thing(Stands::NotKnown, &[NotEnded]),
            ),
            ("The [noun] was not sent.".into(), none, just(&[NotEnded])),
            ("Running the list again reads it first and tells.".into(), none, vec![]),
            ("Running the list again sends it once more.".into(), none, vec![]),
            // What the judgement noted.
            ("Partner Center shows the relationship as `none`.".into(), none, just(&[Gone])),
            ("It was there when the plan was made, and is gone now.".into(), none, just(&[Gone])),
            ("When the plan was made, nothing stood in the way. Now:".into(), none, vec![]),
        ];
        let mut all: Vec<_> = list
            .into_iter()
            .map(|(text, holes, told)| (filled(&text, &words), holes.to_vec(), told))
            .collect();
        for seen in ["it is not cancelled", "it could not be seen"] {
            let later = format!("but {seen} ¤ s later (`--order-timeout`). The customer was not deleted.");
            let agreed = format!("¤: the service agreed to cancel it, {later}");
            all.push((agreed, thing_number.to_vec(), of_thing(Stands::Agreed, &[NotEnded])));
            let under_way = format!("¤: the service said that it was being changed already, {later}");
            all.push((under_way, thing_number.to_vec(), of_thing(Stands::UnderWay, &[NotEnded])));
        }
        for noun in ["Suspension", "Cancellation"] {
            let not_done = || of_thing(Stands::NotDone, &[NotEnded]);
            let advice = Reason::ServiceUnavailable.advice();
            let tried = format!("{noun} of ¤: The change was tried ¤ times and not carried out: ¤. {advice}");
            all.push((tried, vec![Hole::Thing, Hole::Number, Hole::Said], not_done()));
            let sent = "The change was sent ¤, and reading the customer shows that it did not happen.";
            all.push((format!("{noun} of ¤: {sent}"), vec![Hole::Thing, Hole::Times], not_done()));
            for reason in [Reason::PermissionDenied, Reason::RefusedByService, Reason::UnexpectedAnswer] {
                let advice = reason.advice();
                let seen = "Reading the customer shows that it did not happen.";
                all.push((
                    format!("{noun} of ¤: Status ¤. {seen} {advice}"),
                    thing_said.to_vec(),
                    not_done(),
                ));
                all.push((format!("{noun} of ¤: Status ¤. {advice}"), thing_said.to_vec(), not_done()));
            }
        }
        // The service's own no, with what to do about it.
        for reason in [Reason::PermissionDenied, Reason::RefusedByService, Reason::UnexpectedAnswer] {
            let advice = reason.advice();
            let seen = "Reading the customer shows that it did not happen.";
            all.push((format!("Status ¤. {seen} {advice}"), said.to_vec(), just(&[NotEnded])));
            all.push((format!("Status ¤. {advice}"), said.to_vec(), just(&[NotEnded])));
        }
        let person = format!(
            "The program could not find out whether {thing} was {done}; ¤ looked, and says that it was"
        );
        for (said, outcome) in [
            (done.to_owned(), Outcome::Done(Procedure::RemoveRelationship)),
            (format!("not {done}"), Outcome::Failed),
        ] {
            let told = vec![Told::Just(Claim::Resolved(outcome))];
            all.push((format!("{person} {said}."), vec![Hole::Anything], told));
        }
        all.extend(to_tell());
        for outcome in Outcome::ALL {
            let name = outcome.as_str();
            all.push((
                format!("Resolved as {name} by ¤ at ¤: seen in Partner Center"),
                vec![Hole::Anything, Hole::Anything],
                vec![Told::Just(Claim::Resolved(outcome))],
            ));
        }
        for reason in Reason::ALL {
            let told = if *reason == Reason::AnswerLost { just(&[PersonMustLook]) } else { vec![] };
            all.push((reason.advice().to_owned(), vec![], told));
        }
        // A longer one may begin with a shorter one.
        all.sort_by_key(|(text, ..)| std::cmp::Reverse(text.len()));
        Self { all, to_subscriptions }
    }

    /// Those of a procedure whose plans name all that there is to do. That all of it is done by us is its end.
    #[expect(clippy::too_many_lines, reason = "it is a list")]
    fn of_each(procedure: Procedure, effect: Effect) -> Self {
        use Claim::{EndNotKnown, Ended, Gone, NotEnded, NothingChanged, PersonMustLook};
        let facts = procedure.facts();
        let (done, noun) = (effect.words().done, capitalised(effect.words().noun));
        let just = |claims: &[Claim]| claims.iter().cloned().map(Told::Just).collect::<Vec<_>>();
        let of_thing = |stands, claims: &[Claim]| [vec![Told::OfThing(stands)], just(claims)].concat();
        let (said, number) = (vec![Hole::Thing, Hole::Said], vec![Hole::Thing, Hole::Number]);
        let mut all: Vec<(String, Vec<Hole>, Vec<Told>)> = vec![
            (format!("{} Later reads show it.", facts.done.meaning), vec![], just(&[Ended])),
            (
                format!("{} The service answered so; no later read showed it.", facts.done.meaning),
                vec![],
                just(&[Ended]),
            ),
            (facts.gone_before.to_owned(), vec![], just(&[NotEnded, Gone])),
            (facts.to_tell.to_owned(), vec![], just(&[Ended])),
            (
                "Microsoft Graph lists no relationship of delegated administration with this tenant, not even one that is \
                 over; if there should have been one, check the ID."
                    .into(),
                vec![],
                just(&[NotEnded, Gone]),
            ),
            (
                "Nothing of it was done: a precondition or a guard said no.".into(),
                vec![],
                just(&[NotEnded, NothingChanged]),
            ),
            ("Not all of it was done.".into(), vec![], just(&[NotEnded])),
            ("Whether all of it was done is not known.".into(), vec![], just(&[EndNotKnown])),
            ("There are more records about it than are shown here.".into(), vec![], vec![]),
            ("Not all of it was done: the run stopped before.".into(), vec![], just(&[NotEnded])),
            (
                "Whether all of it was done is not known. A person must look.".into(),
                vec![],
                just(&[EndNotKnown, PersonMustLook]),
            ),
            (
                "The run stopped before this row was settled: `offboard resume` goes on.".into(),
                vec![],
                vec![],
            ),
            ("Nothing was changed.".into(), vec![], just(&[NothingChanged])),
            ("THE RUN IS NOT SEALED YET: this is not its last word.".into(), vec![], vec![]),
            ("The change was not carried out.".into(), vec![], just(&[NotEnded])),
            ("When the plan was made, nothing stood in the way. Now:".into(), vec![], vec![]),
            (
                "¤: somebody changed it meanwhile (¤).".into(),
                said.clone(),
                of_thing(Stands::NotDone, &[NotEnded]),
            ),
            (
                "¤: its end was to be scheduled, and the service shows an extended service term instead."
                    .into(),
                vec![Hole::Thing],
                of_thing(Stands::NotDone, &[NotEnded]),
            ),
            (
                "¤: the service agreed to schedule its end, but it is not seen scheduled ¤ s later.".into(),
                number.clone(),
                of_thing(Stands::Agreed, &[EndNotKnown]),
            ),
            (
                "¤: Microsoft Graph agreed to end it, but it is not seen ended ¤ s later (`--settle`)."
                    .into(),
                number.clone(),
                of_thing(Stands::Agreed, &[EndNotKnown]),
            ),
            (
                "¤: the service agreed to restore its renewal, but it is not seen set back ¤ s later.".into(),
                number,
                of_thing(Stands::Agreed, &[EndNotKnown]),
            ),
            (
                format!(
                    "Whether ¤ was {done} is not known: the change was sent, its answer does not tell (¤), and reading it \
                     did not tell either."
                ),
                said.clone(),
                of_thing(Stands::NotKnown, &[EndNotKnown]),
            ),
            (
                format!(
                    "{noun} of ¤: The change was tried ¤ times and not carried out: ¤. {}",
                    Reason::ServiceUnavailable.advice()
                ),
                vec![Hole::Thing, Hole::Number, Hole::Said],
                of_thing(Stands::NotDone, &[]),
            ),
            (
                format!(
                    "{noun} of ¤: The change was sent ¤, and reading the customer shows that it did not happen."
                ),
                vec![Hole::Thing, Hole::Times],
                of_thing(Stands::NotDone, &[]),
            ),
            (format!("¤: ¤. {}", Reason::ServiceUnavailable.advice()), said.clone(), just(&[NotEnded])),
        ];
        // What is said of one thing says nothing of all: of another it may not be known.
        for reason in [Reason::PermissionDenied, Reason::RefusedByService, Reason::UnexpectedAnswer] {
            let advice = reason.advice();
            for seen in ["", " Reading the customer shows that it did not happen."] {
                let text = format!("{noun} of ¤: Status ¤.{seen} {advice}");
                all.push((text, said.clone(), of_thing(Stands::NotDone, &[])));
            }
        }
        let person = "The program could not find out how it ended; ¤ looked, and says that it was";
        for (said, outcome) in [("all done", Outcome::Done(procedure)), ("not all done", Outcome::Failed)] {
            all.push((format!("{person} {said}."), vec![Hole::Anything], just(&[Claim::Resolved(outcome)])));
        }
        all.extend(to_tell());
        for outcome in Outcome::ALL {
            let text = format!("Resolved as {outcome} by ¤ at ¤: seen in Partner Center");
            all.push((text, vec![Hole::Anything, Hole::Anything], just(&[Claim::Resolved(outcome)])));
        }
        for reason in Reason::ALL {
            let told = if *reason == Reason::AnswerLost { just(&[PersonMustLook]) } else { vec![] };
            all.push((reason.advice().to_owned(), vec![], told));
        }
        all.sort_by_key(|(text, ..)| std::cmp::Reverse(text.len()));
        Self { all, to_subscriptions: effect }
    }

    /// What a text says, sentence by sentence. Panics at a sentence that is not known.
    pub(crate) fn read(&self, text: &str) -> Vec<Claim> {
        let mut claims = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let read = self.sentence(rest, &mut claims).or_else(|| findings(rest)).or_else(|| {
                let leads = ["Before that, ", "In the end, ", "Done: ", "So far: "];
                let told = leads.into_iter().find_map(|lead| rest.strip_prefix(lead));
                told_things(told.unwrap_or(rest), self.to_subscriptions, &mut claims)
            });
            let after =
                read.unwrap_or_else(|| panic!("nobody knows what this claims: `{rest}`, in `{text}`"));
            assert!(
                after.is_empty() || after.starts_with([' ', '|']),
                "a sentence goes on: `{after}`, in `{text}`"
            );
            rest = after.trim_start();
        }
        claims
    }

    fn sentence<'a>(&self, text: &'a str, claims: &mut Vec<Claim>) -> Option<&'a str> {
        self.all.iter().find_map(|(template, holes, told)| {
            let (filled, rest) = matched(template, text)?;
            let fits = holes.iter().zip(&filled).all(|(hole, text)| hole.fits(text, self.to_subscriptions));
            (filled.len() == holes.len() && fits).then(|| {
                claims.extend(told.iter().map(|told| match told {
                    Told::Just(claim) => claim.clone(),
                    Told::OfThing(stands) => {
                        Claim::Thing(thing(filled[0], self.to_subscriptions).unwrap().0, *stands, None)
                    }
                }));
                rest
            })
        })
    }
}

impl Hole {
    fn fits(self, text: &str, to_subscriptions: Effect) -> bool {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Number => is_number(text),
            Self::Times => text == "once" || text.strip_suffix(" times").is_some_and(is_number),
            Self::Thing => thing(text, to_subscriptions).is_some_and(|(_, rest)| rest.is_empty()),
            Self::Anything => !text.contains("relationship"),
            Self::Said => {
                let ours = SAID.iter().fold(text.to_owned(), |text, said| text.replace(said, ""));
                !["relationship", "subscription", "order", "customer", "changed"]
                    .iter()
                    .any(|word| ours.contains(word))
            }
        }
    }
}

/// What stands at each `¤` of a sentence with which a text begins, and the rest of the text.
fn matched<'a>(template: &str, text: &'a str) -> Option<(Vec<&'a str>, &'a str)> {
    let mut parts = template.split('¤');
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut filled = Vec::new();
    for part in parts {
        let at = if part.is_empty() { rest.len() } else { rest.find(part)? };
        filled.push(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    Some((filled, rest))
}

/// What was read of a customer and stands in its way: `active_subscription: subscription `A` (1): active. What to do.`
/// It claims nothing of what we did.
fn findings(text: &str) -> Option<&str> {
    let text = text.strip_prefix("| ").unwrap_or(text);
    let (name, found) = text.split_once(": ")?;
    let reason: Reason = name.parse().ok()?;
    let at = found.find(reason.advice())?;
    for ours in
        ["Before that,", "In the end,", "Done: ", " was suspended", " was cancelled", " was scheduled to end"]
    {
        assert!(!found[..at].contains(ours), "{text}");
    }
    Some(&found[at + reason.advice().len()..])
}

/// `order A was cancelled, subscription `Office` (B) was suspended and stays suspended.`
fn told_things<'a>(text: &'a str, to_subscriptions: Effect, claims: &mut Vec<Claim>) -> Option<&'a str> {
    let mut rest = text;
    loop {
        rest = told_thing(rest, to_subscriptions, claims)?;
        if let Some(after) = rest.strip_prefix('.') {
            return Some(after);
        }
        rest = rest.strip_prefix(", ")?;
    }
}

fn told_thing<'a>(text: &'a str, to_subscriptions: Effect, claims: &mut Vec<Claim>) -> Option<&'a str> {
    let thing = |text: &'a str| thing(text, to_subscriptions);
    let verbs = [Effect::CancelOrder, to_subscriptions].map(|effect| effect.words().verb);
    let lead = |words: &str| text.strip_prefix(words).or_else(|| text.strip_prefix(&*capitalised(words)));
    let (thing, stands, rest) = if let Some(rest) = lead("whether ") {
        let (found, rest) = thing(rest)?;
        let done = found.effect.words().done;
        (found, Stands::NotKnown, rest.strip_prefix(&*format!(" was {done} is not known"))?)
    } else if let Some(rest) = lead("the service agreed to ") {
        let rest = verbs.into_iter().find_map(|verb| rest.strip_prefix(verb)?.strip_prefix(' '))?;
        let (found, rest) = thing(rest)?;
        let done = found.effect.words().done;
        // Of what was taken back, it matters no more whether it was ever seen.
        let rest = rest
            .strip_prefix(&*format!(", and it was not seen {done}"))
            .or_else(|| Some(rest).filter(|rest| rest.starts_with([';', ','])))?;
        (found, Stands::Agreed, rest)
    } else {
        let (found, rest) = thing(text)?;
        let done = found.effect.words().done;
        let forms = [
            (format!(" was not {done}: the service shows another end of it instead"), Stands::NotDone),
            (format!(" was not {done}"), Stands::NotDone),
            (format!(" was being changed already, and was not seen {done}"), Stands::UnderWay),
            (format!(" was {done}"), Stands::Done),
        ];
        let form = forms.iter().find_map(|(form, stands)| Some((*stands, rest.strip_prefix(&**form)?)));
        let (stands, rest) = form?;
        (found, stands, rest)
    };
    let backs = [
        (", and was seen active again", Back::Active),
        (", and it was seen active again", Back::Active),
        ("; the service agreed to reactivate it, and it was not seen active again", Back::Agreed),
        ("; whether it was reactivated is not known", Back::NotKnown),
        ("; it could not be reactivated", Back::Not),
        ("; it was not reactivated", Back::Not),
        (" and stays suspended", Back::StaysSuspended),
    ];
    let back = backs.iter().find_map(|(words, back)| Some((*back, rest.strip_prefix(words)?)));
    let (back, rest) = back.map_or((None, rest), |(back, rest)| (Some(back), rest));
    claims.push(Claim::Thing(thing, stands, back));
    Some(rest)
}

/// ``order A``, ``subscription `Office` (B)``.
fn thing(text: &str, to_subscriptions: Effect) -> Option<(Thing, &str)> {
    let (effect, rest) = [Effect::CancelOrder, to_subscriptions].into_iter().find_map(|effect| {
        let word = effect.words().thing;
        let rest = text.strip_prefix(word).or_else(|| text.strip_prefix(&*capitalised(word)))?;
        Some((effect, rest.strip_prefix(' ')?))
    })?;
    let is_of_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let (id, rest) = match rest.strip_prefix('`') {
        Some(named) => named.split_once("` (")?.1.split_once(')')?,
        None => rest.split_at(rest.find(|c| !is_of_id(c)).unwrap_or(rest.len())),
    };
    let is_id = !id.is_empty() && id.chars().all(is_of_id);
    is_id.then(|| (Thing { effect, id: id.to_owned() }, rest))
}

fn filled(template: &str, words: &[(&str, String)]) -> String {
    words.iter().fold(template.to_owned(), |text, (name, word)| text.replace(name, word))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
