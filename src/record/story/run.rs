//! What happened to a run as a whole.

use super::request::Requests;
use crate::{
    domain::{RunId, Seq, TenantId, Time},
    record::{
        Approved, Confirmed, Event, Held, Kind, Partner, PlanSealed, Policy, Reconciled, Record,
        ReportWritten, Rules, RunOpened, RunSealed, Stopped, TokenNamed, UndoDecided,
    },
};
use serde::Serialize;

/// How far a run is, by the few records that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// It may be at work.
    Open,
    /// It stopped, or nobody is at work on it any more, and it is not over.
    Interrupted,
    /// It is over.
    Sealed,
}

impl RunState {
    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Interrupted => "interrupted",
            Self::Sealed => "sealed",
        }
    }
}

/// What of a run's course tells its state.
#[derive(Clone, Copy, Debug)]
pub struct RunCourse {
    /// Where it was opened, or resumed last.
    pub taken_up: Seq,
    is_stopped: bool,
    is_sealed: bool,
}

impl RunCourse {
    /// It is opened at this place.
    pub const fn begin(seq: Seq) -> Self {
        Self { taken_up: seq, is_stopped: false, is_sealed: false }
    }

    /// Takes the kind of the next record of the run.
    pub const fn take(&mut self, seq: Seq, kind: Kind) {
        match kind {
            Kind::Resumed => (self.taken_up, self.is_stopped) = (seq, false),
            Kind::Stopped => self.is_stopped = true,
            Kind::RunSealed => self.is_sealed = true,
            _ => {}
        }
    }

    /// How far the run is, in a log whose latest run was opened at `latest`. One process writes a log, so a later run means
    /// that nobody is at work on this one any more.
    pub const fn state(&self, latest: Seq) -> RunState {
        if self.is_sealed {
            RunState::Sealed
        } else if self.is_stopped || latest > self.taken_up {
            RunState::Interrupted
        } else {
            RunState::Open
        }
    }
}

/// A run as a whole, from those of its records that are about no row, in their order.
#[derive(Clone, Debug)]
pub struct RunStory {
    /// Its name.
    pub id: RunId,
    /// When it began.
    pub started_at: Time,
    /// How far it is.
    pub course: RunCourse,
    /// What it was opened with; the protected customers are in its policy.
    pub opened: RunOpened,
    /// Whose customers these are, as it was read last.
    pub partner: Option<Partner>,
    /// The tokens that were used, one after another, by what each says of itself.
    pub tokens: Vec<TokenNamed>,
    /// What was decided.
    pub plan: Option<PlanStory>,
    /// Who approved what is carried out.
    pub approved: Option<(Time, Approved)>,
    /// Who allowed it, each time that somebody was asked.
    pub confirmed: Vec<(Seq, Time, Confirmed)>,
    /// How often it stopped, and why.
    pub stopped: Vec<(Time, Stopped)>,
    /// What happened to all rows at once.
    pub marks: Vec<(Seq, Time, Mark)>,
    /// Its end, if it has one.
    pub sealed: Option<(Seq, Time, RunSealed)>,
    /// Comparisons with Partner Center's own record.
    pub reconciled: Vec<(Time, Reconciled)>,
    /// When everything waited.
    pub held: Vec<(Time, Held)>,
    /// Reports that were written.
    pub reports: Vec<(Time, ReportWritten)>,
    /// Requests that are about no row.
    pub requests: Requests,
    /// How many of its records a newer program wrote.
    pub newer: u64,
}

/// The plan, and what its digest covers beside the decisions.
#[derive(Clone, Debug)]
pub struct PlanStory {
    /// The place of the record.
    pub seq: Seq,
    /// When it was sealed.
    pub at: Time,
    /// What was decided.
    pub sealed: PlanSealed,
    /// Whose customers these are, as it was known then.
    pub partner: Option<TenantId>,
}

/// What happens to all rows at once.
#[derive(Clone, Debug)]
pub enum Mark {
    /// The program was started again: no answer comes any more that had not come.
    Resumed(Policy),
    /// Somebody decided about what was suspended for nothing.
    UndoDecided(UndoDecided),
}

impl RunStory {
    /// Begins with the record that opened the run. None if the record is of another kind.
    pub fn begin(seq: Seq, record: &Record) -> Option<Self> {
        let (Some(id), Event::RunOpened(opened)) = (&record.run, &record.event) else { return None };
        Some(Self {
            id: id.clone(),
            started_at: record.at,
            course: RunCourse::begin(seq),
            opened: (**opened).clone(),
            partner: None,
            tokens: Vec::new(),
            plan: None,
            approved: None,
            confirmed: Vec::new(),
            stopped: Vec::new(),
            marks: Vec::new(),
            sealed: None,
            reconciled: Vec::new(),
            held: Vec::new(),
            reports: Vec::new(),
            requests: Requests::default(),
            newer: 0,
        })
    }

    /// Takes the next record of the run; those about a row are passed over.
    pub fn take(&mut self, seq: Seq, record: &Record) {
        let at = record.at;
        self.course.take(seq, record.event.kind());
        match &record.event {
            Event::CustomersProtected(list) => self.opened.policy.protected.clone_from(&list.customers),
            Event::TokenNamed(token) => self.tokens.push(token.clone()),
            Event::PartnerIdentified(partner) => self.partner = Some(partner.clone()),
            Event::PlanSealed(sealed) => {
                let partner = self.partner.as_ref().map(|partner| partner.tenant_id);
                self.plan = Some(PlanStory { seq, at, sealed: sealed.clone(), partner });
            }
            Event::Approved(approved) => self.approved = Some((at, (**approved).clone())),
            Event::Confirmed(confirmed) => self.confirmed.push((seq, at, confirmed.clone())),
            Event::Stopped(stopped) => self.stopped.push((at, stopped.clone())),
            Event::Resumed(policy) => self.marks.push((seq, at, Mark::Resumed((**policy).clone()))),
            Event::UndoDecided(decided) => self.marks.push((seq, at, Mark::UndoDecided(decided.clone()))),
            Event::RunSealed(sealed) => self.sealed = Some((seq, at, sealed.clone())),
            Event::Reconciled(found) => self.reconciled.push((at, (**found).clone())),
            Event::Held(held) => self.held.push((at, held.clone())),
            Event::ReportWritten(report) => self.reports.push((at, report.clone())),
            _ if record.event.about().row().is_none() => self.requests.take(seq, record),
            _ => {}
        }
    }

    /// Takes note of a record of the run that a newer program wrote.
    pub const fn pass_over(&mut self) {
        self.newer += 1;
    }

    /// Whether the days that it gives are days on which a customer may go if nobody does anything. The first edition took the
    /// end of a term for the end of the subscription.
    pub fn dates_hold(&self) -> bool {
        self.opened.rules != Rules::FIRST
    }

    /// When it was resumed, each time, and with which policy.
    pub fn resumed(&self) -> impl Iterator<Item = (Seq, Time, &Policy)> {
        self.marks.iter().filter_map(|(seq, at, mark)| match mark {
            Mark::Resumed(policy) => Some((*seq, *at, policy)),
            Mark::UndoDecided(_) => None,
        })
    }

    /// When it came to its end.
    pub fn finished_at(&self) -> Option<Time> {
        self.sealed.as_ref().map(|(_, at, _)| *at)
    }

    /// How it ended, for scripts.
    pub fn exit_code(&self) -> Option<u8> {
        self.sealed.as_ref().map(|(.., sealed)| sealed.exit_code)
    }
}
