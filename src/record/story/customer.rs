//! What happened to one row of the list.

use super::{
    request::{RequestStory, Requests},
    run::{Mark, RunStory},
};
use crate::{
    domain::{
        AdminAccess, AdminLeft, Cause, Day, Effect, Evidence, Outcome, Preparation, Procedure, Reason, Seq,
        TenantId, Time,
    },
    record::{
        ByAPerson, Change, ChangePhase, Corroborated, Effects, Event, Exchange, IndirectReseller, Judged,
        Observed, Pending, Record, RequestIntended, Resolved, RowEnd, RowRead, Rules, Settled, Stands,
        UndoDecided, became, still_to_tell,
    },
};
use std::{borrow::Cow, collections::BTreeMap};

/// The last word about a row: how it ended, as a person resolved it if somebody did.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastWord {
    /// Where and when it was settled, as what, and how sure that was then.
    pub settled: Option<(Seq, Time, Outcome, Option<Evidence>)>,
    /// Where a person said what it was that could not be found out; the last one counts.
    pub resolved: Option<(Seq, Outcome)>,
    /// Whether Partner Center has its change on its own record.
    pub is_corroborated: bool,
}

impl LastWord {
    /// Takes the next record about the row.
    pub fn take(&mut self, seq: Seq, record: &Record) {
        match &record.event {
            Event::Settled(settled) => {
                self.settled = Some((seq, record.at, settled.outcome, settled.evidence));
            }
            Event::Resolved(resolved) => self.resolved = Some((seq, resolved.outcome)),
            Event::Corroborated(_) => self.is_corroborated = true,
            _ => {}
        }
    }

    /// The outcome; none while it is open.
    pub fn outcome(&self) -> Option<Outcome> {
        let resolved = self.resolved.map(|(_, outcome)| outcome);
        resolved.or_else(|| self.settled.map(|(.., outcome, _)| outcome))
    }

    /// How sure that is.
    pub fn evidence(&self) -> Option<Evidence> {
        if self.is_corroborated && self.outcome().is_some_and(Outcome::is_reached) {
            return Some(Evidence::Corroborated);
        }
        self.settled.and_then(|(.., evidence)| evidence)
    }
}

/// One row of the list, and everything on record that happened for it.
#[derive(Clone, Debug)]
pub struct CustomerStory {
    row: u32,
    procedure: Procedure,
    /// See [`RunStory::dates_hold`].
    dates_hold: bool,
    listed: Option<RowRead>,
    judged: Vec<(Seq, Time, Judged)>,
    looks: Vec<(Time, Observed)>,
    requests: Requests,
    /// What a judgement named to be done first, each once.
    first: Vec<Preparation>,
    changes: Vec<Change>,
    /// Which change each intent is of.
    intents: BTreeMap<Seq, usize>,
    last: LastWord,
    settled: Option<(Time, Settled)>,
    /// How it ends, once it is decided what becomes of what was suspended for it.
    failed_after: Option<(Time, Settled)>,
    undo: Vec<(Time, UndoDecided)>,
    corroborated: Vec<(Time, Corroborated)>,
    resolved: Vec<(Time, Resolved)>,
    /// How many records about it, or about nobody knows what, a newer program wrote.
    newer: u64,
}

impl CustomerStory {
    /// Nothing has happened yet.
    pub fn new(row: u32, procedure: Procedure) -> Self {
        Self {
            row,
            procedure,
            dates_hold: false,
            listed: None,
            judged: Vec::new(),
            looks: Vec::new(),
            requests: Requests::default(),
            first: Vec::new(),
            changes: Vec::new(),
            intents: BTreeMap::new(),
            last: LastWord::default(),
            settled: None,
            failed_after: None,
            undo: Vec::new(),
            corroborated: Vec::new(),
            resolved: Vec::new(),
            newer: 0,
        }
    }

    /// A row of this run: where records of the run are not understood that are about no row, they may be about it.
    pub fn of(run: &RunStory, row: u32) -> Self {
        let (newer, dates_hold) = (run.newer, run.dates_hold());
        Self { dates_hold, newer, ..Self::new(row, run.opened.procedure) }
    }

    /// A row of a run whose beginning is not understood, because a newer program wrote it.
    pub fn of_a_newer_run(row: u32) -> Self {
        Self { newer: 1, ..Self::new(row, Procedure::DEFAULT) }
    }

    /// Takes the next record of the run; those of other rows are passed over.
    pub fn take(&mut self, seq: Seq, record: &Record) {
        let (at, about) = (record.at, record.event.about());
        match &record.event {
            Event::Resumed(_) => return self.changes.iter_mut().for_each(|change| give_up(change, at)),
            Event::UndoDecided(decided) if decided.rows.contains(&self.row) => {
                return self.undo.push((at, decided.clone()));
            }
            _ if about.row().is_some_and(|row| row != self.row) => return,
            _ => {}
        }
        if about.row().is_some() {
            self.requests.take(seq, record);
            self.last.take(seq, record);
        }
        match &record.event {
            Event::RowRead(read) => self.listed = Some(read.clone()),
            Event::Judged(judged) => {
                for one in &judged.first {
                    if !self.first.iter().any(|known| known.is_same(one)) {
                        self.first.push(one.clone());
                    }
                }
                self.judged.push((seq, at, (**judged).clone()));
            }
            Event::RequestIntended(intent) if intent.row.is_some() => self.intended(seq, at, intent),
            Event::ResponseReceived(response) => {
                if let Some(change) = self.change_of(response.intent) {
                    change.heard(response);
                    change.answered(response.answer, Rules::LATEST, at);
                }
            }
            Event::RequestNotSent(failure) => {
                if let Some(change) = self.change_of(failure.intent) {
                    change.told(&failure.error);
                    change.not_sent(at);
                }
            }
            Event::OutcomeUnknown(failure) => {
                if let Some(change) = self.change_of(failure.intent) {
                    change.told(&failure.error);
                    change.lost(at);
                }
            }
            Event::Observed(observed) => {
                let about = observed.about.as_deref();
                let change = self.changes.iter_mut().rfind(|change| change.about.as_deref() == about);
                if let Some(change) = change {
                    // Nobody looks while an answer is awaited.
                    give_up(change, at);
                    change.looked_at(observed.seen, observed.instead, at);
                }
                self.looks.push((at, observed.clone()));
            }
            Event::Settled(settled) => self.settled = Some((at, (**settled).clone())),
            Event::FailedAfterPreparation(settled) => self.failed_after = Some((at, (**settled).clone())),
            Event::Resolved(resolved) => self.resolved.push((at, (**resolved).clone())),
            Event::Corroborated(found) => self.corroborated.push((at, (**found).clone())),
            _ => {}
        }
    }

    fn intended(&mut self, seq: Seq, at: Time, intent: &RequestIntended) {
        let Some(effect) = intent.purpose.effect() else { return };
        let is_same =
            |change: &Change| change.effect == effect && change.about.as_deref() == intent.about.as_deref();
        let place = self.changes.iter().position(is_same);
        if let Some(change) = place.and_then(|place| self.changes.get_mut(place)) {
            give_up(change, at);
            change.send_again(intent, seq, at);
        } else {
            self.changes.push(Change::first(effect, intent, seq, at));
        }
        self.intents.insert(seq, place.unwrap_or(self.changes.len() - 1));
    }

    /// What happened to all rows at this moment.
    pub fn mark(&mut self, at: Time, mark: &Mark) {
        match mark {
            Mark::Resumed(_) => self.changes.iter_mut().for_each(|change| give_up(change, at)),
            Mark::UndoDecided(decided) if decided.rows.contains(&self.row) => {
                self.undo.push((at, decided.clone()));
            }
            Mark::UndoDecided(_) => {}
        }
    }

    /// Takes note of a record about the row that a newer program wrote.
    pub const fn pass_over(&mut self) {
        self.newer += 1;
    }

    fn change_of(&mut self, intent: Seq) -> Option<&mut Change> {
        let place = *self.intents.get(&intent)?;
        self.changes.get_mut(place)
    }

    /// What its judgements named to be done, each once.
    pub fn planned(&self) -> &[Preparation] {
        &self.first
    }

    /// All that was, or may have been, done.
    pub fn effects(&self) -> Effects<'_> {
        Effects::of(&self.first, &self.changes)
    }

    /// How it stands.
    pub fn end(&self) -> RowEnd<'_> {
        if let Some((_, Resolved { outcome, by, .. })) = self.resolved.last() {
            let is_corroborated = self.last.is_corroborated && outcome.is_reached();
            return RowEnd::Resolved(ByAPerson { outcome: *outcome, by, is_corroborated });
        }
        match (self.settled(), &self.failed_after) {
            (Some(settled), _) => {
                let is_gone = settled.outcome.is_reached() && self.last.is_corroborated;
                let evidence = if is_gone { Some(Evidence::Corroborated) } else { settled.evidence };
                RowEnd::Settled(settled.outcome, evidence)
            }
            (None, Some(_)) => RowEnd::Undecided,
            (None, None) => RowEnd::Open,
        }
    }

    /// How far it is, while it has no outcome.
    pub fn pending(&self) -> Option<Pending> {
        let pending = Pending::of(self.end(), &self.effects())?;
        // What is not understood may say more.
        Some(if self.newer > 0 { pending.min(Pending::InDoubt) } else { pending })
    }

    /// Its number in the list.
    pub const fn row(&self) -> u32 {
        self.row
    }

    /// The row as it was read, if that is on record.
    pub const fn listed(&self) -> Option<&RowRead> {
        self.listed.as_ref()
    }

    /// The customer, if the row names one.
    pub fn customer(&self) -> Option<TenantId> {
        self.listed.as_ref().and_then(|read| read.customer)
    }

    /// What the customer is called: by the service, and else in the list.
    pub fn name(&self) -> Option<&str> {
        let settled = self.settled().and_then(|settled| settled.name.as_deref());
        settled.or_else(|| self.listed.as_ref().and_then(|read| read.name.as_deref()))
    }

    /// What the service called it when it was looked at last.
    pub fn live_name(&self) -> Option<&str> {
        self.judged.iter().rev().find_map(|(.., judged)| judged.name.as_deref())
    }

    /// Its domain then.
    pub fn live_domain(&self) -> Option<&str> {
        self.judged.iter().rev().find_map(|(.., judged)| judged.domain.as_deref())
    }

    /// What was decided about it, each time that it was looked at.
    pub fn judged(&self) -> &[(Seq, Time, Judged)] {
        &self.judged
    }

    /// What looks after changes showed.
    pub fn looks(&self) -> &[(Time, Observed)] {
        &self.looks
    }

    /// What was sent for it.
    pub const fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Its settlement.
    pub fn settled(&self) -> Option<&Settled> {
        self.settled.as_ref().map(|(_, settled)| settled)
    }

    /// When it was settled.
    pub fn finished_at(&self) -> Option<Time> {
        self.settled.as_ref().map(|(at, _)| *at)
    }

    /// How it ends, once it is decided what becomes of what was suspended for it.
    pub const fn failed_after(&self) -> Option<&(Time, Settled)> {
        self.failed_after.as_ref()
    }

    /// Who decided about what was suspended for it, and how.
    pub fn undo(&self) -> &[(Time, UndoDecided)] {
        &self.undo
    }

    /// What people found out about its unknown outcome.
    pub fn resolved(&self) -> &[(Time, Resolved)] {
        &self.resolved
    }

    /// Where Partner Center has it on its own record.
    pub fn corroborated(&self) -> &[(Time, Corroborated)] {
        &self.corroborated
    }

    /// How many records about it, or about nobody knows what, a newer program wrote.
    pub const fn newer(&self) -> u64 {
        self.newer
    }

    /// The last word about it.
    pub const fn last_word(&self) -> &LastWord {
        &self.last
    }

    /// The outcome, as a person resolved it if somebody did.
    pub fn outcome(&self) -> Option<Outcome> {
        self.last.outcome()
    }

    /// The outcome, or the one under which it counts until it has its own.
    pub fn counts_as(&self) -> Outcome {
        let failed_after = || self.failed_after.as_ref().map(|(_, failed_after)| failed_after.outcome);
        let pending = || self.pending().unwrap_or(Pending::NotBegun).counts_as();
        self.outcome().or_else(failed_after).unwrap_or_else(pending)
    }

    /// Why it ended so, or why it has not ended yet.
    pub fn reasons(&self) -> Cow<'_, [Reason]> {
        match (self.settled(), &self.failed_after) {
            (Some(settled), _) => Cow::Borrowed(&settled.reasons),
            (None, Some((_, failed_after))) => Cow::Borrowed(&failed_after.reasons),
            (None, None) => match self.pending().unwrap_or(Pending::NotBegun) {
                Pending::Done | Pending::Accepted => Cow::Borrowed(&[]),
                Pending::InDoubt => Cow::Borrowed(&[Reason::AnswerLost]),
                Pending::Undecided | Pending::Begun | Pending::NotBegun => {
                    Cow::Borrowed(&[Reason::RunStopped])
                }
            },
        }
    }

    /// How it came to that, for people.
    pub fn explanation(&self) -> String {
        let Some(settled) = self.settled() else {
            let became = self.became(self.missing().as_deref());
            return match &self.failed_after {
                // What came before is told in it already.
                Some((_, failed_after)) => [&*failed_after.explanation]
                    .into_iter()
                    .chain(became.first().map(String::as_str))
                    .collect::<Vec<_>>()
                    .join(" "),
                None => became.join(" "),
            };
        };
        let mut told = settled.explanation.clone();
        if let Some((at, Resolved { outcome, by, because, .. })) = self.resolved.last() {
            told.push_str(&format!(" Resolved as {outcome} by {by} at {at}: {because}"));
        }
        if let Some(missing) = self.missing() {
            let between = if told.is_empty() { "" } else { " " };
            told.push_str(&format!("{between}{missing}"));
        }
        told
    }

    /// What of it is not understood.
    fn missing(&self) -> Option<String> {
        (self.newer > 0).then(|| {
            "Records of it, or of its run, are of a newer program and are not told here: look with that one.".to_owned()
        })
    }

    /// The delegated administration that stays, as it was last looked at.
    pub fn admin_left(&self) -> Option<&AdminLeft> {
        self.judged().iter().rev().find_map(|(.., judged)| judged.admin_left.as_ref())
    }

    /// The first day on which it may go if nobody does anything, where that is known.
    pub fn goes_from(&self) -> Option<Day> {
        self.removable_from().filter(|_| self.dates_hold)
    }

    /// Whether it has a day that nobody can rely upon any more.
    pub fn has_a_day_of_the_first_edition(&self) -> bool {
        self.removable_from().is_some() && !self.dates_hold
    }

    /// The first day on which it may go, as it is on record.
    pub fn removable_from(&self) -> Option<Day> {
        self.settled()?.removable_from
    }

    /// The day until which somebody can act so that everything which renews itself or is extended ends with its term.
    pub fn act_by(&self) -> Option<Day> {
        self.settled()?.act_by
    }

    /// Its domain: by the service, and else in the list.
    pub fn domain(&self) -> Option<&str> {
        let judged = self.judged.iter().rev().find_map(|(.., judged)| judged.domain.as_deref());
        judged.or_else(|| self.listed.as_ref().and_then(|read| read.domain.as_deref()))
    }

    /// The day on which this run ended the relationship. It is that of the service's answer, or of the request if the
    /// answer was lost, and the end was seen on the same day; else nobody knows it.
    pub fn relationship_ended_on(&self) -> Option<Day> {
        let is_ended = |outcome: Outcome| outcome.is_by_the_run() && outcome.is_gone();
        self.outcome().filter(|outcome| is_ended(*outcome))?;
        let ends = |request: &&RequestStory| request.intended.purpose.effect().is_some_and(Effect::is_last);
        let said_yes =
            |request: &&RequestStory| request.status().is_some_and(|status| (200..300).contains(&status));
        let answered = self.requests.iter().filter(ends).find(said_yes);
        if let Some((at, _)) = answered.and_then(|request| request.end.as_ref()) {
            return Some(at.day());
        }
        let sent = self.requests.iter().find(ends)?.at.day();
        self.finished_at().map(Time::day).filter(|seen| *seen == sent && self.resolved.is_empty())
    }

    /// How many seats its subscriptions have, as they were read last.
    pub fn seats(&self) -> Option<u64> {
        self.judged.iter().rev().find_map(|(.., judged)| judged.seats)
    }

    /// Its indirect reseller, as it was read last, with its name if that is known from any time.
    pub fn reseller(&self) -> Option<&IndirectReseller> {
        let all = || self.judged.iter().rev().filter_map(|(.., judged)| judged.reseller.as_ref());
        let last =
            self.judged.iter().rev().map(|(.., judged)| judged).find(|judged| tells_of_reseller(judged));
        let last = last?.reseller.as_ref()?;
        all().find(|one| one.mpn_id == last.mpn_id && one.name.is_some()).or(Some(last))
    }

    /// Whether it was read whether it has one.
    pub fn tells_of_reseller(&self) -> bool {
        self.judged.iter().any(|(.., judged)| tells_of_reseller(judged))
    }

    /// The answer that decided.
    pub fn exchange(&self) -> Option<&Exchange> {
        self.settled().map(|settled| &settled.exchange)
    }

    /// What the customer, or whoever takes over, must still be told. A day until which somebody could act and that is over is
    /// none. `end` is how it stands; `not_approved` are [those of delegated administration](Self::admin_not_approved).
    pub fn still_to_tell(&self, end: RowEnd<'_>, not_approved: &[String]) -> String {
        let judged_on = self.finished_at().map(Time::day);
        let act_by = self.act_by().filter(|day| judged_on.is_some_and(|judged_on| *day >= judged_on));
        let dates = (act_by, self.goes_from());
        let missing = self.missing();
        still_to_tell(self.procedure, end, &self.effects(), dates, (not_approved, missing.as_deref()))
    }

    /// The relationships of delegated administration that the customer could still approve, as the run saw or left them, by
    /// their names and IDs.
    pub fn admin_not_approved(&self) -> Vec<String> {
        let Some((.., judged)) = self.judged.last() else { return Vec::new() };
        let left = match self.admin_left() {
            Some(AdminLeft::Relationships(all)) => &all[..],
            _ => &[],
        };
        let left = left.iter().filter(|one| AdminAccess::is_not_approved(one));
        let findings = judged.findings.iter().chain(&judged.left_out);
        let findings = findings.filter(|finding| finding.reason == Reason::DelegatedAdminAwaitsCustomer);
        let left = left.chain(findings.flat_map(|finding| &finding.causes));
        let left = left.map(|one| Cause { detail: String::new(), ..one.clone() }.to_string());
        let is_draft = |one: &&Preparation| one.access.as_ref().is_some_and(|access| access.is_draft());
        let drafts = self.first.iter().filter(is_draft).filter(|one| !self.is_done(one));
        left.chain(drafts.map(Preparation::to_string)).collect()
    }

    /// Whether it is known that this was done.
    pub fn is_done(&self, planned: &Preparation) -> bool {
        self.effects().all().any(|one| {
            let is_it = one.effect == planned.what && one.about == Some(&*planned.id);
            is_it && matches!(one.stands, Stands::Done | Stands::DoneAlready)
        })
    }

    /// What became of it, sentence by sentence. `missing` says which of its records are not known, if some are.
    pub fn became(&self, missing: Option<&str>) -> Vec<String> {
        became(self.procedure, self.end(), &self.effects(), missing)
    }
}

/// Whether this judgement knows its reseller, or that it has none: whoever is gone has none to be read.
fn tells_of_reseller(judged: &Judged) -> bool {
    let is_there = judged.relationship.as_deref().is_some_and(|found| !found.eq_ignore_ascii_case("none"));
    is_there || judged.reseller.is_some()
}

/// Nobody waits for its answer any more: the program ended before it came.
fn give_up(change: &mut Change, at: Time) {
    if matches!(change.phase, ChangePhase::Open { .. }) {
        change.lost(at);
    }
}
