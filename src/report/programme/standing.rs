//! Where one customer stands.

use super::{
    CustomerOfList, Programme, ProgrammePartner, ProgrammeRun,
    contradiction::{Contradiction, ResolvedAs, RunSays},
    known::{CountsInLog, KnownCustomer, KnownRelationship, SaidByRun, SaidInFull, Witness},
};
use crate::{
    domain::{Day, Evidence, Outcome, Reason, TenantId, Time, capitalised, counted},
    record::IndirectReseller,
    report::{handover::BeyondTheRun, visible},
};
use std::borrow::Cow;

/// The latest that is known of a customer, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProgrammeState {
    /// How the run that says it ended for the customer.
    Ended(Outcome),
    /// It was gone, a refresh found it again, and no run has had it since.
    CameBack,
    /// No run has had it.
    NotTried,
}

impl ProgrammeState {
    /// All of them, in the order of reports.
    pub fn all() -> impl Iterator<Item = Self> {
        Outcome::ALL.into_iter().map(Self::Ended).chain([Self::CameBack, Self::NotTried])
    }

    /// The public name: that of the outcome, `came_back` or `not_tried`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ended(outcome) => outcome.as_str(),
            Self::CameBack => "came_back",
            Self::NotTried => "not_tried",
        }
    }

    /// As people read it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Ended(outcome) => outcome.in_words(),
            Self::CameBack => "came back",
            Self::NotTried => "not tried",
        }
    }
}

/// What is to come for a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prospect {
    /// Nothing: the relationship is known to be gone.
    Gone,
    /// It is worth another run now.
    Due,
    /// It may go on a later day that is known, if nobody does anything.
    Dated,
    /// No plan has looked since whether, and when, it may go.
    Unplanned,
    /// A change was sent, and nobody knows what became of it.
    InDoubt,
    /// Somebody has to act first.
    AwaitsAnAct,
    /// It stays, unless the list or the settings become others.
    Stays,
    /// No run has had it.
    NotTried,
}

impl Prospect {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 8] = [
        Self::Gone,
        Self::Due,
        Self::Dated,
        Self::AwaitsAnAct,
        Self::InDoubt,
        Self::Unplanned,
        Self::Stays,
        Self::NotTried,
    ];

    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Due => "due",
            Self::Dated => "dated",
            Self::Unplanned => "to_be_planned",
            Self::InDoubt => "in_doubt",
            Self::AwaitsAnAct => "awaits_an_act",
            Self::Stays => "stays",
            Self::NotTried => "not_tried",
        }
    }

    /// In a few words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Due => "due now",
            Self::Dated => "may go later",
            Self::Unplanned => "to be planned",
            Self::InDoubt => "in doubt",
            Self::AwaitsAnAct => "somebody must act",
            Self::Stays => "stays",
            Self::NotTried => "not tried",
        }
    }

    /// The rest of a sentence about so many customers: `12 are gone`.
    pub fn told(self, count: u32) -> String {
        let (is, needs, stays) = if count == 1 { ("is", "needs", "stays") } else { ("are", "need", "stay") };
        match self {
            Self::Gone => format!("{is} gone"),
            Self::Due => format!("{is} due for another run"),
            Self::Dated => "may go from a later day that is known".to_owned(),
            Self::Unplanned => format!("{needs} a new plan first"),
            Self::InDoubt => format!("{is} in doubt: a person must look"),
            Self::AwaitsAnAct => format!("{needs} somebody to act"),
            Self::Stays => format!("{stays}, for which another run would end the same"),
            Self::NotTried => format!("{} never tried", if count == 1 { "was" } else { "were" }),
        }
    }

    /// What it means, for a heading.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Gone => "The relationship is known to be gone.",
            Self::Due => {
                "The day on which nothing stands in the way any more has come, or nothing stood in the way, or the last \
                 run did not get so far, or found something else than its plan named. The next run reads each of them \
                 again."
            }
            Self::Dated => "What stands in the way ends by itself, on a day that is known.",
            Self::Unplanned => "No plan has looked since whether, and from when, they may go.",
            Self::InDoubt => {
                "A change was sent, and what became of it could not be found out, or its run is not over: `offboard resume` \
                 goes on with that. Else look in Partner Center, then `offboard resolve`, or run the list again."
            }
            Self::AwaitsAnAct => "What stands in the way does not end by itself, as far as is known.",
            Self::Stays => {
                "Protected, not a reseller customer, unknown to this partner (the wrong ID, or ended elsewhere), or otherwise \
                 not to be touched; another run would end the same."
            }
            Self::NotTried => "They are in the list, and no run of these logs has had them.",
        }
    }
}

/// Where a customer stands, and by which run that is known.
#[derive(Debug)]
pub struct CustomerStanding<'a> {
    /// Its tenant.
    pub tenant: TenantId,
    /// What it is called, by the service or else in a list.
    pub name: Option<&'a str>,
    /// Its domain.
    pub domain: Option<&'a str>,
    /// The partner whose customer it is or was.
    pub partner: Option<&'a ProgrammePartner>,
    /// The latest that is known.
    pub state: ProgrammeState,
    /// What is to come.
    pub prospect: Prospect,
    /// Since when that is known.
    pub since: Option<Time>,
    /// The run that says so,
    pub run: Option<&'a ProgrammeRun>,
    /// and the log in which it says it.
    pub log: Option<&'a str>,
    /// Whether that run is not over, so that it may say something else in the end.
    pub is_provisional: bool,
    /// How sure it is that it is gone.
    pub evidence: Option<Evidence>,
    /// Why it is not gone,
    pub reasons: &'a [Reason],
    /// and how it came to that, in words; or how it is known to be gone, if no run of ours ended it.
    pub explanation: Cow<'a, str>,
    /// The first day on which it may go if nobody does anything, as it was judged last.
    pub removable_from: Option<Day>,
    /// The day until which somebody can act so that everything of it ends with its term.
    pub act_by: Option<Day>,
    /// The first day on which another run may end the relationship, as far as that is known; it may need others to act
    /// besides.
    pub next_from: Option<Day>,
    /// Its indirect reseller.
    pub reseller: Option<&'a IndirectReseller>,
    /// What cannot both be so.
    pub contradictions: Vec<Contradiction<'a>>,
    /// When a refresh looked at it last.
    pub refreshed_at: Option<Time>,
    /// The run that tells most of it, and the log that has that run.
    pub(super) told_in: Option<(&'a ProgrammeRun, &'a str)>,
    /// What that run does not know.
    pub(super) beyond: BeyondTheRun<'a>,
}

impl<'a> CustomerStanding<'a> {
    pub(super) fn of(
        programme: &'a Programme,
        tenant: TenantId,
        listed: Option<&'a CustomerOfList>,
        today: Day,
    ) -> Self {
        let known = programme.customers.get(&tenant);
        let in_list = |of: fn(&'a CustomerOfList) -> Option<&'a str>| listed.and_then(of);
        let nothing = Self {
            tenant,
            name: known.and_then(KnownCustomer::name).or_else(|| in_list(|one| one.name.as_deref())),
            domain: known.and_then(KnownCustomer::domain).or_else(|| in_list(|one| one.domain.as_deref())),
            partner: None,
            state: ProgrammeState::NotTried,
            prospect: Prospect::NotTried,
            since: None,
            run: None,
            log: None,
            is_provisional: false,
            evidence: None,
            reasons: &[],
            explanation: Cow::Borrowed(""),
            removable_from: None,
            act_by: None,
            next_from: None,
            reseller: known.and_then(KnownCustomer::reseller),
            contradictions: Vec::new(),
            refreshed_at: None,
            told_in: None,
            beyond: BeyondTheRun::default(),
        };
        let Some((known, (partner, main))) = known.and_then(|known| Some((known, known.main()?))) else {
            return nothing;
        };
        let partner = partner.and_then(|partner| programme.partners.get(partner));
        let partner = partner.filter(|_| !main.is_only_missed());
        let contradictions = contradictions(programme, known, main);
        let standing = Self { partner, contradictions, refreshed_at: main.refreshed, ..nothing };
        // A run that did not get so far as to read whose customers these are.
        let last = main.last().or_else(|| known.of_nobody()?.last());
        let standing = match (main.gone(), last) {
            (Some(gone), _) => standing.gone(programme, main, gone),
            (None, last) => match (main.is_back_since(), last) {
                (Some(at), _) => standing.came_back(at),
                (None, Some(last)) => standing.last(programme, (main, last), today),
                (None, None) => standing.not_tried(main),
            },
        };
        let is_gone_before = matches!(standing.state, ProgrammeState::Ended(Outcome::AlreadyDone(_)));
        let gone_before = is_gone_before && standing.prospect == Prospect::Gone;
        let admin = main.admin.as_ref().and_then(|admin| {
            let by = programme.runs.get(admin.run)?;
            let is_other = standing.run.is_none_or(|run| run.id != by.id);
            Some((&admin.told, is_other.then_some(&by.id)))
        });
        Self { beyond: BeyondTheRun { gone_before, admin }, ..standing }
    }

    fn gone(self, programme: &'a Programme, main: &KnownRelationship, gone: SaidByRun) -> Self {
        let explanation =
            if gone.outcome.is_by_the_run() { String::new() } else { found_gone(programme, main, gone) };
        let explanation = Cow::Owned(explanation);
        let told_in = main.teller().and_then(|said| told_in(programme, said));
        let standing = Self { prospect: Prospect::Gone, explanation, ..self.said(programme, gone) };
        Self { told_in: standing.told_in.or(told_in), ..standing }
    }

    fn came_back(self, at: Time) -> Self {
        Self {
            state: ProgrammeState::CameBack,
            prospect: Prospect::Unplanned,
            since: Some(at),
            explanation: Cow::Borrowed(
                "It is a reseller customer again. A plan says what stands in the way now.",
            ),
            ..self
        }
    }

    fn not_tried(self, main: &KnownRelationship) -> Self {
        let Some(at) = main.missed_by_refresh() else { return self };
        let text = format!(
            "The partner had no relationship with it when `status --refresh` looked on {}.",
            at.day()
        );
        Self { explanation: Cow::Owned(text), ..self }
    }

    fn said(self, programme: &'a Programme, said: SaidByRun) -> Self {
        Self {
            state: ProgrammeState::Ended(said.outcome),
            since: Some(said.known_at),
            run: said.by.run(programme),
            told_in: told_in(programme, said),
            log: programme.logs.get(said.log).map(String::as_str),
            evidence: said.evidence,
            is_provisional: said.is_provisional,
            ..self
        }
    }

    fn last(
        self,
        programme: &'a Programme,
        (main, last): (&KnownRelationship, &'a SaidInFull),
        today: Day,
    ) -> Self {
        let SaidInFull { said, reasons, explanation, removable_from, act_by, next_from } = last;
        let changed = changed_since(main, said.at);
        let is_scheduled = matches!(said.outcome, Outcome::Done(_)) && next_from.is_some();
        let next_from = if is_scheduled { (*next_from).max(main.ends_before()) } else { *next_from };
        let next_from = next_from.filter(|_| changed.is_none());
        let explanation = match &changed {
            Some((_, told)) if explanation.is_empty() => Cow::Owned(told.clone()),
            Some((_, told)) => Cow::Owned(format!("{explanation} {told}")),
            None => Cow::Borrowed(&**explanation),
        };
        let is_for_good = !reasons.is_empty() && !reasons.iter().all(|reason| reason.worth_another_try());
        let prospect = match (said.outcome, &changed, next_from) {
            (Outcome::Unknown, ..) => Prospect::InDoubt,
            (_, Some((prospect, _)), _) => *prospect,
            (.., Some(day)) if day <= today => Prospect::Due,
            // What else stands in the way, only a plan says.
            (Outcome::Done(_) | Outcome::AlreadyDone(_), ..) => Prospect::Unplanned,
            (.., Some(_)) => Prospect::Dated,
            _ if is_for_good => Prospect::Stays,
            _ => Prospect::AwaitsAnAct,
        };
        Self {
            prospect,
            reasons,
            explanation,
            removable_from: *removable_from,
            act_by: *act_by,
            next_from,
            ..self.said(programme, *said)
        }
    }

    /// Whether it is worth another run now.
    pub fn is_ready(&self, today: Day) -> bool {
        // A run that is not over is resumed.
        !self.is_provisional
            && self.prospect != Prospect::Gone
            && self.next_from.is_some_and(|day| day <= today)
    }

    /// What it is called, or else its ID.
    pub fn called(&self) -> String {
        self.name.map_or_else(|| self.tenant.to_string(), str::to_owned)
    }
}

/// What a refresh saw after this was so, of a relationship that is there or may be: what is to come then, and why.
fn changed_since(main: &KnownRelationship, said_at: Time) -> Option<(Prospect, String)> {
    if let Some((at, relationship)) = main.instead().filter(|(at, _)| *at > said_at) {
        let text = format!(
            "When `status --refresh` looked on {}, its relationship was `{}`: there is no reseller relationship to end.",
            at.day(),
            visible(relationship)
        );
        return Some((Prospect::Stays, text));
    }
    let (at, count) = main.going_on().filter(|(at, _)| *at > said_at)?;
    let (goes, terms) = if count == 1 { ("goes", "its term") } else { ("go", "their terms") };
    let text = format!(
        "When `status --refresh` looked on {}, {} {goes} on after {terms}.",
        at.day(),
        counted(count, "subscription")
    );
    Some((Prospect::AwaitsAnAct, text))
}

impl Witness {
    fn run(self, programme: &Programme) -> Option<&ProgrammeRun> {
        match self {
            Self::Run(run) => programme.runs.get(run),
            Self::Refresh => None,
        }
    }
}

fn told_in(programme: &Programme, said: SaidByRun) -> Option<(&ProgrammeRun, &str)> {
    said.by.run(programme).zip(programme.logs.get(said.log).map(String::as_str))
}

/// What is known of a relationship that was gone when a run looked for it.
fn found_gone(programme: &Programme, main: &KnownRelationship, gone: SaidByRun) -> String {
    let Some(found) = RunSays::of(programme, gone) else { return String::new() };
    let told = format!("It was gone already when {} looked on {}.", found.named(), gone.at.day());
    let there = main.there().and_then(|(at, by, log)| RunSays::seen(programme, at, by, log));
    let Some(there) = there else { return told };
    let is_the_same = there.run.zip(found.run).is_some_and(|(there, found)| there.id == found.id);
    let seen = if is_the_same {
        "That run had seen it before".to_owned()
    } else {
        let (named, day) = (there.named(), there.at.day());
        format!("{} saw it last, on {day}", capitalised(&named))
    };
    format!("{told} {seen}; no run of these logs is known to have ended it since.")
}

fn contradictions<'a>(
    programme: &'a Programme,
    known: &'a KnownCustomer,
    main: &'a KnownRelationship,
) -> Vec<Contradiction<'a>> {
    let came_back = main.came_back().and_then(|(gone, (at, by, log))| {
        let (gone, seen) = (RunSays::of(programme, gone)?, RunSays::seen(programme, at, by, log)?);
        Some(Contradiction::CameBack { gone, seen, is_gone_again: main.gone().is_some() })
    });
    let goes_on = main.goes_on_again().and_then(|(scheduled, seen)| {
        let seen = RunSays::seen(programme, seen.at, seen.by, seen.log)?;
        Some(Contradiction::GoesOnAgain { scheduled: RunSays::of(programme, scheduled)?, seen })
    });
    let differs = main.differs.and_then(|(run, one, other)| {
        let log = |log: usize| programme.logs.get(log).map(String::as_str);
        Some(Contradiction::LogsDiffer { run: programme.runs.get(run)?, one: log(one)?, other: log(other)? })
    });
    let resolved = main.resolved_otherwise().and_then(|(run, one, other)| {
        let told = |(log, at, outcome): CountsInLog| {
            let log = programme.logs.get(log)?;
            Some(ResolvedAs { log, at, outcome })
        };
        let run = programme.runs.get(run)?;
        Some(Contradiction::ResolvedOtherwise { run, one: told(one)?, other: told(other)? })
    });
    let elsewhere = known.gone_elsewhere().filter_map(|(partner, gone)| {
        let partner = programme.partners.get(partner)?.name.as_str();
        Some(Contradiction::StaysElsewhere { gone: RunSays::of(programme, gone)?, partner })
    });
    came_back.into_iter().chain(goes_on).chain(differs).chain(resolved).chain(elsewhere).collect()
}
