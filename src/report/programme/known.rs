//! What the runs say of one customer, as far as its standing depends on it.
//!
//! Of each kind of thing that runs say, the latest is kept, and of what says that it is gone the first as well. So the order
//! in which runs are taken does not matter, nor does it that one is taken twice, and a customer is one small value
//! however many runs it was in.

use super::ProgrammeRun;
use crate::{
    domain::{Day, Evidence, Outcome, Procedure, Reason, Time, is_taken_out},
    record::{CustomerRefreshed, CustomerStory, IndirectReseller, Judged},
    report::handover::{self, AdminTold},
};
use std::cmp::Reverse;

/// The relationship that can be ended, as the service calls it.
const RESELLER: &str = "reseller";
/// An explanation is kept so far, in characters; the reports of the run have all of it.
const LONGEST: usize = 1_500;

/// Who saw something of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Witness {
    /// A refresh, outside of all runs.
    Refresh,
    /// The run with this number.
    Run(usize),
}

/// What a run says became of the customer, or a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SaidByRun {
    /// Since when it is so: that decides what is later.
    pub(super) at: Time,
    /// Since when that is known: later, if a person found it out.
    pub(super) known_at: Time,
    pub(super) by: Witness,
    /// The log that it was read from.
    pub(super) log: usize,
    pub(super) outcome: Outcome,
    pub(super) evidence: Option<Evidence>,
    /// The run is not over, and the outcome may be another in the end.
    pub(super) is_provisional: bool,
}

impl SaidByRun {
    fn of(run: (usize, &ProgrammeRun), log: usize, story: &CustomerStory) -> Self {
        let (number, run) = run;
        let judged_at = story.judged().last().map(|(_, at, _)| *at);
        let at = story.finished_at().or(judged_at).unwrap_or(run.started_at);
        Self {
            at,
            known_at: story.resolved().last().map_or(at, |(at, _)| *at),
            by: Witness::Run(number),
            log,
            outcome: story.counts_as(),
            evidence: story.last_word().evidence(),
            is_provisional: story.outcome().is_none(),
        }
    }

    /// What counts among several: the latest; of the same run, what an older copy of the log does not have yet; and
    /// where two copies differ, whatever does not say that the customer is gone.
    fn rank(&self) -> (Time, Witness, bool, Time, bool, Option<Evidence>, Outcome) {
        let Self { at, by, known_at, evidence, outcome, .. } = *self;
        (at, by, !self.is_provisional, known_at, !outcome.is_gone(), evidence, outcome)
    }
}

/// Keeps the one that counts.
fn keep<T>(kept: &mut Option<T>, new: T, rank: impl Fn(&T) -> SaidByRun) {
    let is_less = kept.as_ref().is_none_or(|kept| rank(kept).rank() < rank(&new).rank());
    if is_less {
        *kept = Some(new);
    }
}

/// What a run says, with why and what follows.
#[derive(Clone, Debug)]
pub(super) struct SaidInFull {
    pub(super) said: SaidByRun,
    pub(super) reasons: Box<[Reason]>,
    pub(super) explanation: Box<str>,
    pub(super) removable_from: Option<Day>,
    pub(super) act_by: Option<Day>,
    /// The first day on which another run may end otherwise, as far as that is known.
    pub(super) next_from: Option<Day>,
}

/// What people found out about an unknown outcome, as one log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ResolvedInLog {
    run: usize,
    log: usize,
    /// When, and as what; the last one counts.
    all: Box<[(Time, Outcome)]>,
}

/// As what an outcome counts in a log that people resolved: the log, since when, and the outcome.
pub(super) type CountsInLog = (usize, Time, Outcome);

impl ResolvedInLog {
    fn counts(&self) -> Option<CountsInLog> {
        self.all.last().map(|(at, outcome)| (self.log, *at, *outcome))
    }

    /// Whether the same outcome was resolved otherwise in the other log. A copy may be older, and have less of it.
    fn is_otherwise(&self, other: &Self) -> bool {
        let is_more = |one: &Self, other: &Self| one.all.starts_with(&other.all);
        let end = |one: &Self| one.counts().map(|(.., outcome)| outcome);
        self.run == other.run && end(self) != end(other) && !is_more(self, other) && !is_more(other, self)
    }
}

/// What a run says of delegated administration.
#[derive(Clone, Debug)]
pub(super) struct AdminByRun {
    pub(super) run: usize,
    pub(super) told: AdminTold,
}

/// Subscriptions that a run is known to have scheduled to end with their terms.
#[derive(Clone, Debug)]
pub(super) struct ScheduledByRun {
    pub(super) said: SaidByRun,
    ids: Box<[Box<str>]>,
    /// The day after the last of those terms.
    next_from: Option<Day>,
}

/// When a plan, or a refresh, looked at the subscriptions, and which of them it saw go on after their terms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TermsSeen {
    pub(super) at: Time,
    pub(super) by: Witness,
    pub(super) log: usize,
    go_on: Box<[Box<str>]>,
}

/// What is known of the relationship of the customer with one partner.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownRelationship {
    /// It was gone for the first time.
    gone_first: Option<SaidByRun>,
    /// A run ended it, or found it gone.
    removed: Option<SaidByRun>,
    found_gone: Option<SaidByRun>,
    /// It was there, for the last time,
    there: Option<(Time, Witness, usize)>,
    /// and for the first.
    there_first: Option<Time>,
    /// The service knew no relationship, for the first time and for the last. It is gone only if it was there before.
    missing_first: Option<SaidByRun>,
    missing: Option<SaidByRun>,
    /// Anything else that says something of it: that it was to be ended, or that something was done,
    other: Option<SaidInFull>,
    /// or that a procedure after something else had nothing to do, or did nothing,
    beside: Option<SaidInFull>,
    /// or that says only that somebody has tried.
    tried: Option<SaidInFull>,
    /// What each run scheduled.
    scheduled: Vec<ScheduledByRun>,
    restored: Option<SaidByRun>,
    seen: Option<TermsSeen>,
    /// Of which run two logs say different things, and which logs.
    pub(super) differs: Option<(usize, usize, usize)>,
    resolved: Vec<ResolvedInLog>,
    /// What is left of delegated administration, as it was read or ended last.
    pub(super) admin: Option<AdminByRun>,
    /// When a refresh looked last.
    pub(super) refreshed: Option<Time>,
    /// Another relationship with the partner, as a refresh saw it instead.
    instead: Option<(Time, Box<str>)>,
}

impl KnownRelationship {
    /// Takes what a run says of it.
    pub(super) fn take(&mut self, run: (usize, &ProgrammeRun), log: usize, story: &CustomerStory) {
        let said = SaidByRun::of(run, log, story);
        let (number, procedure) = (run.0, run.1.procedure);
        self.compare(&said);
        self.resolve((number, log), story);
        self.look(number, log, procedure, story);
        self.look_in_vain(said, story);
        self.look_for_admin(run, story);
        if said.outcome.is_gone() {
            let order = |said: &SaidByRun| (Reverse((said.at, said.by)), said.rank());
            self.gone_first = self.gone_first.into_iter().chain([said]).max_by_key(order);
            let is_by_the_run = said.outcome.is_by_the_run();
            let place = if is_by_the_run { &mut self.removed } else { &mut self.found_gone };
            keep(place, said, |said| *said);
            return;
        }
        let facts = procedure.facts();
        if facts.needs_relationship && facts.takes_back.is_some() {
            if said.outcome.is_by_the_run() {
                keep(&mut self.restored, said, |said| *said);
            }
        } else if facts.needs_relationship && !procedure.ends_relationship() {
            self.schedule(said, story);
        }
        let in_full = SaidInFull::of(said, procedure, story);
        let is_after_it = procedure.ends_relationship()
            || said.outcome.is_by_the_run()
            || matches!(said.outcome, Outcome::Unknown);
        let place = match tells_of_it(procedure, said.outcome, &in_full.reasons, story) {
            true if is_after_it => &mut self.other,
            true => &mut self.beside,
            false => &mut self.tried,
        };
        keep(place, in_full, |kept| kept.said);
    }

    /// What the run is known to have scheduled, whatever became of the rest.
    fn schedule(&mut self, said: SaidByRun, story: &CustomerStory) {
        let is_all = said.outcome.is_by_the_run();
        let done = || story.planned().iter().filter(|one| is_all || story.is_done(one));
        let ids: Box<[Box<str>]> = done().map(|one| one.id.clone().into()).collect();
        if ids.is_empty() {
            return;
        }
        let last = done().filter_map(|one| one.term.as_ref()).map(|term| term.last_day).max();
        let scheduled = ScheduledByRun { said, ids, next_from: last.map(Day::next) };
        match self.scheduled.iter_mut().find(|known| known.said.by == said.by) {
            Some(known) if known.said.rank() < said.rank() => *known = scheduled,
            Some(_) => {}
            None => self.scheduled.push(scheduled),
        }
    }

    /// Whether another log said something else of the same run.
    fn compare(&mut self, said: &SaidByRun) {
        let kept = [self.removed, self.found_gone, self.gone_first, self.restored];
        let in_full =
            [&self.other, &self.beside, &self.tried].map(|kept| kept.as_ref().map(|kept| kept.said));
        let is_other = |kept: &SaidByRun| {
            let is_of_both = kept.by == said.by && kept.log != said.log;
            let is_as_far = (kept.at, kept.known_at) == (said.at, said.known_at);
            is_of_both && is_as_far && kept.outcome != said.outcome
        };
        let found = kept.into_iter().chain(in_full).flatten().find(is_other);
        if let (Some(kept), Witness::Run(run)) = (found, said.by) {
            let (one, other) = (kept.log.min(said.log), kept.log.max(said.log));
            self.differs = self.differs.max(Some((run, one, other)));
        }
    }

    /// What people found out.
    fn resolve(&mut self, (run, log): (usize, usize), story: &CustomerStory) {
        let all: Box<[_]> = story.resolved().iter().map(|(at, found)| (*at, found.outcome)).collect();
        let is_known = self.resolved.iter().any(|known| (known.run, known.log) == (run, log));
        if !all.is_empty() && !is_known {
            self.resolved.push(ResolvedInLog { run, log, all });
        }
    }

    /// The run of which two logs say that people found out different things, and what each says.
    pub(super) fn resolved_otherwise(&self) -> Option<(usize, CountsInLog, CountsInLog)> {
        let pairs = self.resolved.iter().flat_map(|one| self.resolved.iter().map(move |other| (one, other)));
        let pairs = pairs.filter(|(one, other)| one.log < other.log && one.is_otherwise(other));
        let (one, other) = pairs.max_by_key(|(one, other)| (one.run, Reverse((one.log, other.log))))?;
        Some((one.run, one.counts()?, other.counts()?))
    }

    /// That the service knew no relationship when a run looked.
    fn look_in_vain(&mut self, said: SaidByRun, story: &CustomerStory) {
        if said.outcome != Outcome::Skipped || !story.reasons().contains(&Reason::NoRelationship) {
            return;
        }
        let looked_at = story.judged().last().map(|(.., judged)| judged.facts_at);
        // It may have been accepted anew while that run went on.
        self.miss(SaidByRun { at: looked_at.map_or(said.at, |at| at.min(said.at)), ..said });
    }

    fn miss(&mut self, said: SaidByRun) {
        let order = |said: &SaidByRun| (Reverse((said.at, said.by)), said.rank());
        self.missing_first = self.missing_first.into_iter().chain([said]).max_by_key(order);
        keep(&mut self.missing, said, |said| *said);
    }

    /// Takes what a refresh saw of it.
    pub(super) fn take_refreshed(&mut self, log: usize, seen: &CustomerRefreshed) {
        let at = seen.seen_at;
        self.refreshed = self.refreshed.max(Some(at));
        match &seen.relationship {
            Some(relationship) if relationship.eq_ignore_ascii_case(RESELLER) => {
                self.see(at, Witness::Refresh, log);
            }
            Some(relationship) => {
                self.instead = self.instead.take().max(Some((at, relationship.as_str().into())));
            }
            None => self.miss(SaidByRun {
                at,
                known_at: at,
                by: Witness::Refresh,
                log,
                outcome: Outcome::GONE_BEFORE,
                evidence: None,
                is_provisional: false,
            }),
        }
        if let Some(ids) = &seen.go_on {
            let go_on = ids.iter().map(|id| id.as_str().into()).collect();
            self.seen = self.seen.take().max(Some(TermsSeen { at, by: Witness::Refresh, log, go_on }));
        }
    }

    fn see(&mut self, at: Time, by: Witness, log: usize) {
        self.there = self.there.max(Some((at, by, log)));
        self.there_first = self.there_first.into_iter().chain([at]).min();
    }

    /// When the service knew no relationship any more, though it was there before. Nobody is on record to have ended it.
    fn gone_unseen(&self) -> impl Iterator<Item = SaidByRun> {
        let there = self.there_first.filter(|_| !is_taken_out("a-relationship-that-is-gone-stays"));
        let all = [self.missing_first, self.missing].into_iter().flatten();
        let all = all.filter(move |said| there.is_some_and(|there| there < said.at));
        all.map(|said| SaidByRun { outcome: Outcome::GONE_BEFORE, ..said })
    }

    /// What is left of delegated administration.
    fn look_for_admin(&mut self, (number, run): (usize, &ProgrammeRun), story: &CustomerStory) {
        let Some(told) = handover::admin_told(run.procedure, story) else { return };
        let rank = |told: &AdminTold, run: usize| (told.at, run, told.in_words.clone());
        let is_less = self.admin.as_ref().is_none_or(|kept| rank(&kept.told, kept.run) < rank(&told, number));
        if is_less {
            self.admin = Some(AdminByRun { run: number, told });
        }
    }

    /// What was seen of it before anything was done.
    fn look(&mut self, run: usize, log: usize, procedure: Procedure, story: &CustomerStory) {
        let is_there = |judged: &&Judged| {
            judged.relationship.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(RESELLER))
        };
        let facts = procedure.facts();
        for judged in story.judged().iter().map(|(.., judged)| judged).filter(is_there) {
            self.see(judged.facts_at, Witness::Run(run), log);
            let looks_at_terms = facts.needs_relationship && facts.takes_back.is_none();
            if looks_at_terms && matches!(judged.verdict, Outcome::Skipped | Outcome::Ready) {
                let go_on = if procedure.is_each_by_itself() {
                    judged.first.iter().map(|one| one.id.as_str()).collect()
                } else {
                    let causes = judged.findings.iter().flat_map(|finding| &finding.causes);
                    let going_on = causes.filter(|cause| cause.goes_on());
                    going_on.filter_map(|cause| cause.id.as_deref()).collect::<Vec<_>>()
                };
                let go_on = go_on.into_iter().map(Box::from).collect();
                self.seen = self.seen.take().max(Some(TermsSeen {
                    at: judged.facts_at,
                    by: Witness::Run(run),
                    log,
                    go_on,
                }));
            }
        }
    }

    /// By what it is known to be gone, if it is: a run that ended it, or the first that found it so.
    pub(super) fn gone(&self) -> Option<SaidByRun> {
        let is_since = |said: &SaidByRun| self.there.is_none_or(|(there, ..)| there <= said.at);
        let found = || {
            let found = [self.gone_first, self.found_gone].into_iter().flatten();
            found.chain(self.gone_unseen()).filter(is_since).min_by_key(|said| (said.at, said.by))
        };
        self.removed.filter(is_since).or_else(found)
    }

    /// When it was there for the last time, who saw it, and the log that says so.
    pub(super) const fn there(&self) -> Option<(Time, Witness, usize)> {
        self.there
    }

    /// When it was known to be gone, and seen again after that: what was said, and whoever saw it, with its log.
    pub(super) fn came_back(&self) -> Option<(SaidByRun, (Time, Witness, usize))> {
        let there = self.there?;
        let all = [self.removed, self.found_gone, self.gone_first];
        let all = self.gone_unseen().chain(all.into_iter().flatten());
        let before = all.filter(|said| said.at < there.0);
        before.max_by_key(|said| (said.outcome.is_by_the_run(), said.at)).map(|said| (said, there))
    }

    /// What was said last of a relationship that is not known to be gone.
    pub(super) fn last(&self) -> Option<&SaidInFull> {
        self.other.as_ref().or(self.beside.as_ref()).or(self.tried.as_ref())
    }

    /// What is scheduled to end, and is not known to have been taken back, of a relationship that is not known to be gone.
    fn to_end(&self) -> impl Iterator<Item = &ScheduledByRun> {
        let is_there = self.gone().is_none();
        let is_kept = move |one: &&ScheduledByRun| {
            is_there && self.restored.is_none_or(|restored| restored.at <= one.said.at)
        };
        self.scheduled.iter().filter(is_kept)
    }

    /// Whether something is known to be scheduled that a refresh could look at.
    pub(super) fn is_scheduled(&self) -> bool {
        self.to_end().next().is_some()
    }

    /// The day after the last term that is scheduled to be the last, by whatever run.
    pub(super) fn ends_before(&self) -> Option<Day> {
        self.to_end().filter_map(|one| one.next_from).max()
    }

    /// When a refresh saw last that something goes on after its term, and how many things.
    pub(super) fn going_on(&self) -> Option<(Time, usize)> {
        let seen = self.seen.as_ref().filter(|seen| seen.by == Witness::Refresh && !seen.go_on.is_empty())?;
        Some((seen.at, seen.go_on.len()))
    }

    /// Another relationship that a refresh saw instead, after this one was seen last.
    pub(super) fn instead(&self) -> Option<(Time, &str)> {
        let (at, relationship) = self.instead.as_ref()?;
        let is_latest = self.there.is_none_or(|(there, ..)| there < *at);
        is_latest.then_some((*at, &**relationship))
    }

    /// The run that tells most of one that is gone: the latest that says something, or the one that ended it or found it so.
    pub(super) fn teller(&self) -> Option<SaidByRun> {
        let is_by_a_run = |said: &SaidByRun| matches!(said.by, Witness::Run(_));
        let all = [self.last().map(|last| last.said), self.removed, self.found_gone, self.gone_first];
        all.into_iter().flatten().find(is_by_a_run)
    }

    /// Whether nothing is known of it but that a refresh did not find it.
    pub(super) fn is_only_missed(&self) -> bool {
        let is_by_refresh = |said: SaidByRun| said.by == Witness::Refresh;
        self.missing_first.is_some_and(is_by_refresh) && self.there.is_none() && self.teller().is_none()
    }

    /// Who scheduled what was seen to go on again after that, though nobody is on record to have taken it back.
    pub(super) fn goes_on_again(&self) -> Option<(SaidByRun, &TermsSeen)> {
        let seen = self.seen.as_ref()?;
        // Whatever was scheduled anew since may end again.
        let was_to_end = |id: &str| {
            let is_it = |one: &&ScheduledByRun| one.ids.iter().any(|scheduled| **scheduled == *id);
            self.to_end().filter(is_it).all(|one| one.said.at < seen.at)
        };
        let goes_on =
            |one: &&ScheduledByRun| one.ids.iter().any(|id| seen.go_on.contains(id) && was_to_end(id));
        self.to_end().filter(goes_on).max_by_key(|one| one.said.rank()).map(|one| (one.said, seen))
    }

    /// When a refresh found a relationship that was gone before, if no run has told of it since.
    pub(super) fn is_back_since(&self) -> Option<Time> {
        let (_, (at, by, _)) = self.came_back()?;
        let is_latest = self.gone().is_none() && self.last().is_none_or(|last| last.said.at < at);
        (by == Witness::Refresh && is_latest).then_some(at)
    }

    /// When a refresh missed it last.
    pub(super) fn missed_by_refresh(&self) -> Option<Time> {
        self.missing.filter(|said| said.by == Witness::Refresh).map(|said| said.at)
    }

    /// Whether the service is known to have had it.
    fn is_known(&self) -> bool {
        let last = self.other.as_ref().or(self.beside.as_ref());
        let is_told = last.is_some_and(|last| !last.reasons.contains(&Reason::NoRelationship));
        is_told || self.there.is_some() && self.gone().is_none()
    }

    /// When what is known of it was so.
    pub(super) fn at(&self) -> Option<Time> {
        let said = self.gone().or_else(|| self.last().map(|last| last.said)).map(|said| said.at);
        said.max(self.is_back_since())
    }
}

impl SaidInFull {
    fn of(said: SaidByRun, procedure: Procedure, story: &CustomerStory) -> Self {
        let reasons: Box<[Reason]> = story.reasons().into();
        Self {
            said,
            removable_from: story.goes_from(),
            act_by: story.act_by(),
            next_from: next_from(&said, procedure, &reasons, story),
            reasons,
            explanation: shortened(story.explanation()),
        }
    }
}

fn shortened(text: String) -> Box<str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// Whether this says something of the relationship, and not only that somebody has tried, or was after something else.
fn tells_of_it(procedure: Procedure, outcome: Outcome, reasons: &[Reason], story: &CustomerStory) -> bool {
    let was_read = || {
        let is_known = story.judged().last().is_some_and(|(.., judged)| judged.relationship.is_some());
        is_known || story.effects().all().any(|effect| !effect.stands.is_without_effect())
    };
    let of_others = [Reason::OtherReseller, Reason::NotInThatRun];
    procedure.facts().needs_relationship
        && match outcome {
            Outcome::Failed | Outcome::NotAttempted => was_read(),
            Outcome::Skipped => !reasons.iter().any(|reason| of_others.contains(reason)),
            _ => true,
        }
}

/// The first day on which another run may end the relationship, as far as that is known: that which is on record; the
/// day after the last term that this run scheduled to be the last; for whoever was only not reached, at once.
fn next_from(
    said: &SaidByRun,
    procedure: Procedure,
    reasons: &[Reason],
    story: &CustomerStory,
) -> Option<Day> {
    let is_worth_it = reasons.iter().all(|reason| reason.worth_another_try());
    // Nothing keeps it but that the plan was about something else: the next one is about what is there now.
    let is_only_to_be_planned = reasons.iter().all(|reason| *reason == Reason::ChangedSincePlan)
        && procedure.ends_relationship()
        && !reasons.is_empty();
    match said.outcome {
        Outcome::Skipped if is_only_to_be_planned => Some(said.at.day()),
        Outcome::Skipped if is_worth_it => story.goes_from(),
        Outcome::Ready | Outcome::Failed | Outcome::Unknown | Outcome::NotAttempted => {
            (is_worth_it && procedure.ends_relationship()).then(|| said.at.day())
        }
        Outcome::Done(done) if done.facts().takes_back.is_none() => {
            let terms = story.planned().iter().filter_map(|one| one.term.as_ref());
            terms.map(|term| term.last_day).max().map(Day::next)
        }
        _ => None,
    }
}

/// What is known of one customer.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownCustomer {
    /// The relationship with each partner of whom runs tell; with none, where the partner was not read.
    relationships: Vec<(Option<usize>, KnownRelationship)>,
    /// What it is called: by the service before by a list, and then as it was read last.
    name: Option<(bool, Time, Box<str>)>,
    domain: Option<(bool, Time, Box<str>)>,
    /// Its reseller, or that it has none, and when that was read.
    reseller: Option<(Time, Option<Box<IndirectReseller>>)>,
    /// The run and the row that it stood in first.
    pub(super) first: Option<(usize, u32)>,
}

impl KnownCustomer {
    /// Takes what a run says of it.
    pub(super) fn take(
        &mut self,
        partner: Option<usize>,
        run: (usize, &ProgrammeRun),
        log: usize,
        story: &CustomerStory,
    ) {
        let at = story.judged().last().map_or(run.1.started_at, |(_, at, _)| *at);
        let listed = story.listed();
        call(&mut self.name, at, story.live_name(), listed.and_then(|row| row.name.as_deref()));
        call(&mut self.domain, at, story.live_domain(), listed.and_then(|row| row.domain.as_deref()));
        if story.tells_of_reseller() && self.reseller.as_ref().is_none_or(|(since, _)| *since <= at) {
            self.reseller = Some((at, story.reseller().cloned().map(Box::new)));
        }
        let first = (run.0, story.row());
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
        self.of_partner(partner, |known| known.take(run, log, story));
    }

    /// Takes what a refresh saw of it.
    pub(super) fn take_refreshed(&mut self, partner: usize, log: usize, seen: &CustomerRefreshed) {
        self.of_partner(Some(partner), |known| known.take_refreshed(log, seen));
    }

    /// What was tried by a run of which nobody read whose customers these are.
    pub(super) fn of_nobody(&self) -> Option<&KnownRelationship> {
        self.relationships.iter().find(|(of, _)| of.is_none()).map(|(_, known)| known)
    }

    fn of_partner(&mut self, partner: Option<usize>, take: impl FnOnce(&mut KnownRelationship)) {
        if let Some((_, known)) = self.relationships.iter_mut().find(|(of, _)| *of == partner) {
            take(known);
        } else {
            let mut known = KnownRelationship::default();
            take(&mut known);
            self.relationships.push((partner, known));
        }
    }

    /// The relationships with this partner, and those of which nobody read with whom they are.
    pub(super) fn with(&self, partner: Option<usize>) -> impl Iterator<Item = &KnownRelationship> {
        let is_it = move |of: &Option<usize>| of.is_none() || *of == partner;
        self.relationships.iter().filter(move |(of, _)| is_it(of)).map(|(_, known)| known)
    }

    /// Whether it may be this partner's, as far as anybody knows.
    pub(super) fn may_be_of(&self, partner: Option<usize>) -> bool {
        self.with(partner).next().is_some()
            || self.relationships.iter().all(|(_, known)| known.is_only_missed())
    }

    /// The relationship that its standing is about: one that is not gone, before one that is; and then the latest. One
    /// of which nobody has read anything, or that the service does not know, counts only if there is no other.
    pub(super) fn main(&self) -> Option<&(Option<usize>, KnownRelationship)> {
        let rank = |(partner, known): &&(Option<usize>, KnownRelationship)| {
            let is_gone = known.gone().is_some();
            (is_gone || known.is_known(), partner.is_some(), !is_gone, known.at(), *partner)
        };
        self.relationships.iter().max_by_key(rank)
    }

    /// The relationships with other partners that are gone, where the one that counts is not.
    pub(super) fn gone_elsewhere(&self) -> impl Iterator<Item = (usize, SaidByRun)> {
        let main = self.main().filter(|(_, main)| main.gone().is_none());
        let others = main
            .into_iter()
            .flat_map(|(of, _)| self.relationships.iter().filter(move |(partner, _)| partner != of));
        others.filter_map(|(partner, known)| Some(((*partner)?, known.gone()?)))
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|(.., name)| &**name)
    }

    pub(super) fn domain(&self) -> Option<&str> {
        self.domain.as_ref().map(|(.., domain)| &**domain)
    }

    pub(super) fn reseller(&self) -> Option<&IndirectReseller> {
        self.reseller.as_ref().and_then(|(_, reseller)| reseller.as_deref())
    }
}

/// Keeps what it is called.
fn call(known: &mut Option<(bool, Time, Box<str>)>, at: Time, live: Option<&str>, listed: Option<&str>) {
    let said = live.map(|text| (true, at, text)).or_else(|| listed.map(|text| (false, at, text)));
    let Some((is_live, at, text)) = said else { return };
    let is_better = known
        .as_ref()
        .is_none_or(|(was_live, since, known)| (*was_live, *since, &**known) < (is_live, at, text));
    if is_better {
        *known = Some((is_live, at, text.into()));
    }
}
