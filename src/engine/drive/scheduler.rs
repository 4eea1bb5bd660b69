//! Which row gets the next turn. An event comes in, actions go out; there is no task, no clock and no lock.
//!
//! As many rows are at work as requests may be in flight, each for one step of its own, and after each step the pure
//! functions are asked again. A row that has to wait gives its turn back, so nobody blocks the others. Whoever finished a
//! step goes first, so that a customer is seen through.

use crate::{
    domain::Time,
    engine::{
        decide::{attempts::Why, bulk, guards, sequence, step::Step},
        halt::Halt,
        send::client::CHUNK,
    },
    procedure::effects::{RowVerdict, unit},
    record::Run,
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet, VecDeque},
};

/// How the work on the rows ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkEnd {
    /// Every row has its outcome.
    Complete,
    /// A guard stopped it; what was sent is settled, and the rest waits for somebody to allow it again.
    StoppedByGuard(String),
}

/// The rows as they are at this moment.
pub(crate) trait CurrentRows {
    /// Those whose turn has come.
    fn due(&self) -> Vec<u32>;
    /// What is next for one of them. `may_send` is false when nothing new is changed.
    fn next(&self, row: u32, may_send: bool) -> Step;
    /// What makes a guard stop the changes.
    fn surprise(&self) -> Option<String>;
}

/// The rows of a run, at a moment.
#[derive(Debug)]
pub(crate) struct At<'a>(pub(crate) &'a Run, pub(crate) Time);

impl CurrentRows for At<'_> {
    fn due(&self) -> Vec<u32> {
        self.0.due()
    }

    fn next(&self, row: u32, may_send: bool) -> Step {
        let Self(run, now) = *self;
        let next = |row| sequence::next(run.opened.procedure, row, &run.policy, now, may_send);
        run.row(row).map_or(Step::Nothing, next)
    }

    fn surprise(&self) -> Option<String> {
        guards::surprise(&self.0.policy, &self.0.failures)
    }
}

/// Something to be done while other things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// One step of one row.
    Step(u32, Step),
    /// Many that have reached what was asked for, in one append.
    Settle(Vec<(u32, RowVerdict)>),
}

impl Task {
    /// The rows that it is about.
    #[cfg(test)]
    fn rows(&self) -> Vec<u32> {
        match self {
            Self::Step(row, _) => vec![*row],
            Self::Settle(rows) => rows.iter().map(|(row, _)| *row).collect(),
        }
    }
}

/// Something that is done while nothing else is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Alone {
    /// It is recorded that a guard stopped the changes, and why.
    RecordGuard(String),
    /// These rows are looked at together, if that pays or if some of them need it.
    LookTogether(Together),
}

/// Rows to be looked at together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Together {
    pub(crate) rows: Vec<u32>,
    /// Those of them of whom a look at them alone told nothing.
    pub(crate) blind: HashSet<u32>,
}

/// What has happened.
#[derive(Debug)]
pub(crate) enum Occurrence {
    /// Nothing yet, or it is as late as was waited for.
    Woke,
    /// A task is over; these rows go on.
    Finished(Result<Vec<u32>, Halt>),
    /// What was done alone is over; of the rows that go on, some are to be looked at alone.
    FinishedAlone(Result<(Vec<u32>, HashSet<u32>), Halt>),
    /// Somebody asks for a stop.
    StopAsked,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Instruction {
    Start(Task),
    /// Always the last one.
    Alone(Alone),
    /// Nothing more passes the gate.
    CloseGate,
    WakeAt(Time),
    End(Result<WorkEnd, Halt>),
}

/// What is ready, waits and is in flight, as a value.
#[derive(Debug)]
pub(crate) struct Scheduler {
    concurrency: usize,
    ready: VecDeque<u32>,
    waiting: BinaryHeap<Reverse<(Time, u32)>>,
    in_flight: usize,
    to_be_seen: ToBeSeen,
    /// Why a guard stopped the changes. What was sent is seen through.
    guard: Option<String>,
    is_guard_recorded: bool,
    /// Why nothing new is begun.
    halted: Option<Halt>,
}

impl Scheduler {
    pub(crate) fn new(run: &Run) -> Self {
        let to_be_seen = ToBeSeen { pages: bulk::pages(run), ..ToBeSeen::default() };
        Self::with(run.due(), run.policy.concurrency as usize, run.stopped_by_guard.clone(), to_be_seen)
    }

    fn with(due: Vec<u32>, concurrency: usize, guard: Option<String>, to_be_seen: ToBeSeen) -> Self {
        Self {
            concurrency,
            ready: due.into(),
            waiting: BinaryHeap::new(),
            in_flight: 0,
            to_be_seen,
            is_guard_recorded: guard.is_some(),
            guard,
            halted: None,
        }
    }

    /// Whether nothing new is begun any more.
    pub(crate) const fn is_halted(&self) -> bool {
        self.halted.is_some()
    }

    /// Takes an event; gives what is to be done now.
    pub(crate) fn on(&mut self, event: Occurrence, rows: &impl CurrentRows, now: Time) -> Vec<Instruction> {
        let mut actions = Vec::new();
        match event {
            Occurrence::Woke => {}
            Occurrence::Finished(done) => {
                self.in_flight -= 1;
                match done {
                    Ok(done) => done.into_iter().rev().for_each(|row| self.ready.push_front(row)),
                    Err(halt) => self.halt(halt, &mut actions),
                }
            }
            Occurrence::FinishedAlone(Ok((done, alone))) => {
                self.to_be_seen.alone.extend(alone);
                self.ready.extend(done);
            }
            Occurrence::FinishedAlone(Err(halt)) => self.halt(halt, &mut actions),
            Occurrence::StopAsked => {
                self.halted.get_or_insert_with(Halt::interrupted);
            }
        }
        self.go_on(rows, now, &mut actions);
        actions
    }

    fn go_on(&mut self, rows: &impl CurrentRows, now: Time, actions: &mut Vec<Instruction>) {
        loop {
            if self.guard.is_none() {
                self.guard = rows.surprise();
            }
            // On record as soon as nothing is on its way that began before it. What made the guard stop is
            // on record already, so a restart before that stops at the same place.
            if let Some(why) = self.guard.clone().filter(|_| !self.is_guard_recorded && self.in_flight == 0) {
                self.is_guard_recorded = true;
                return actions.push(Instruction::Alone(Alone::RecordGuard(why)));
            }
            while self.waiting.peek().is_some_and(|Reverse((due, _))| *due <= now) {
                self.ready.extend(self.waiting.pop().map(|Reverse((_, row))| row));
            }
            self.begin(rows, actions);
            if self.in_flight > 0 {
                break;
            }
            if let Some(halt) = self.halted.take() {
                return actions.push(Instruction::End(Err(halt)));
            }
            if let Some(together) = self.to_be_seen.take() {
                return actions.push(Instruction::Alone(Alone::LookTogether(together)));
            }
            if !self.waiting.is_empty() {
                break;
            }
            // The wave has ended; whatever it showed is in the state by now.
            self.ready.extend(rows.due());
            if self.guard.is_some() || self.ready.is_empty() {
                let ended = self.guard.take().map_or(WorkEnd::Complete, WorkEnd::StoppedByGuard);
                return actions.push(Instruction::End(Ok(ended)));
            }
        }
        if let Some(Reverse((due, _))) = self.waiting.peek()
            && self.halted.is_none()
        {
            actions.push(Instruction::WakeAt(*due));
        }
    }

    /// Begins what is ready, as far as there is room. Many have reached their end at once; whoever failed takes a turn to its
    /// end, so that nobody else gets it before.
    fn begin(&mut self, rows: &impl CurrentRows, actions: &mut Vec<Instruction>) {
        let mut reached = Vec::new();
        while self.halted.is_none()
            && self.in_flight < self.concurrency
            && reached.len() < CHUNK
            && !self.to_be_seen.is_due(self.concurrency)
        {
            let Some(row) = self.ready.pop_front() else { break };
            match rows.next(row, self.guard.is_none()) {
                Step::Nothing => {}
                Step::Wait(due) => self.waiting.push(Reverse((due, row))),
                Step::Observe { kind, why }
                    if unit(kind.effect()).is_seen_in_listing() && self.to_be_seen.takes(row, why) => {}
                Step::Settle(verdict) if verdict.outcome.is_reached() => reached.push((row, verdict)),
                step => {
                    self.in_flight += 1;
                    actions.push(Instruction::Start(Task::Step(row, step)));
                }
            }
        }
        if !reached.is_empty() {
            self.in_flight += 1;
            actions.push(Instruction::Start(Task::Settle(reached)));
        }
    }

    /// The first reason counts; from now on nothing passes the gate.
    fn halt(&mut self, halt: Halt, actions: &mut Vec<Instruction>) {
        actions.push(Instruction::CloseGate);
        halt.keep_first(&mut self.halted);
    }
}

/// Rows whose change was accepted, until somebody looks whether it is done.
#[derive(Debug, Default)]
struct ToBeSeen {
    /// How many requests a listing costs, if one may pay.
    pages: Option<u32>,
    waiting: Together,
    /// They are to be looked at alone, the next time.
    alone: HashSet<u32>,
}

impl ToBeSeen {
    /// Whether so many wait that nothing else is begun before they are looked at.
    fn is_due(&self, concurrency: usize) -> bool {
        self.pages.is_some_and(|pages| bulk::is_due(pages, concurrency, self.waiting.rows.len()))
    }

    /// Takes a row that waits for others, or that needs the listing; one that is to be looked at alone is not taken.
    fn takes(&mut self, row: u32, why: Why) -> bool {
        let is_alone = self.alone.remove(&row);
        let waits = why.was_blind || (self.pages.is_some() && !why.in_doubt && !is_alone);
        if waits {
            self.waiting.rows.push(row);
        }
        if why.was_blind {
            self.waiting.blind.insert(row);
        }
        waits
    }

    fn take(&mut self) -> Option<Together> {
        (!self.waiting.rows.is_empty()).then(|| std::mem::take(&mut self.waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Effect, Evidence, Outcome, Procedure},
        engine::decide::step::ChangeKind,
    };
    use proptest::prelude::*;
    use std::cell::RefCell;

    const NOW: Time = Time::from_millis(1_000_000);

    /// What a row does, step by step.
    #[derive(Clone, Copy, Debug)]
    enum Does {
        Changes,
        Waits(u8),
        IsLookedAt { was_blind: bool },
        Fails,
    }

    fn step(does: Does, now: Time) -> Step {
        let kind = ChangeKind::Final(Effect::RemoveRelationship);
        match does {
            Does::Changes => Step::Change { kind, attempt: 1, request_id: None },
            Does::Waits(seconds) => {
                Step::Wait(now.plus(std::time::Duration::from_secs(u64::from(seconds) + 1)))
            }
            Does::IsLookedAt { was_blind } => Step::Observe { kind, why: Why { in_doubt: false, was_blind } },
            Does::Fails => Step::Rejudge,
        }
    }

    /// Rows with what they still do; a row without is over.
    struct Script {
        left: RefCell<Vec<Vec<Does>>>,
        now: Time,
        surprise: Option<usize>,
    }

    impl Script {
        fn is_over(&self, row: usize) -> bool {
            self.left.borrow()[row].is_empty()
        }
    }

    impl CurrentRows for Script {
        fn due(&self) -> Vec<u32> {
            let left = self.left.borrow();
            (0..).zip(left.iter()).filter(|(_, left)| !left.is_empty()).map(|(row, _)| row).collect()
        }

        fn next(&self, row: u32, may_send: bool) -> Step {
            let mut left = self.left.borrow_mut();
            let left = &mut left[row as usize];
            match left.last().copied() {
                None => Step::Nothing,
                Some(Does::Changes) if !may_send => {
                    left.clear();
                    Step::Nothing
                }
                Some(Does::Waits(seconds)) => {
                    left.pop();
                    step(Does::Waits(seconds), self.now)
                }
                Some(_) if left.len() == 1 => {
                    let done = Outcome::Done(Procedure::RemoveRelationship);
                    Step::Settle(RowVerdict::reached(done, Evidence::Observed, ""))
                }
                Some(does) => step(does, self.now),
            }
        }

        fn surprise(&self) -> Option<String> {
            let over = (0..self.left.borrow().len()).filter(|row| self.is_over(*row)).count();
            self.surprise.filter(|after| over >= *after).map(|_| "enough".to_owned())
        }
    }

    fn does() -> impl Strategy<Value = Does> {
        prop_oneof![
            3 => Just(Does::Changes),
            2 => any::<u8>().prop_map(Does::Waits),
            2 => any::<bool>().prop_map(|was_blind| Does::IsLookedAt { was_blind }),
            1 => Just(Does::Fails),
        ]
    }

    proptest! {
        /// In whatever order tasks finish: never more than allowed are in flight, no row is in two of them, what is alone is
        /// alone, and it ends.
        #[test]
        fn whatever_finishes_when(
            scripts in prop::collection::vec(prop::collection::vec(does(), 1..6), 0..20),
            concurrency in 1_usize..6,
            pages in prop::option::of(1_u32..3),
            surprise in prop::option::of(0_usize..20),
            stops_after in prop::option::of(0_usize..40),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 400),
        ) {
            let mut rows = Script { left: RefCell::new(scripts), now: NOW, surprise };
            let to_be_seen = ToBeSeen { pages, ..ToBeSeen::default() };
            let mut scheduler = Scheduler::with(rows.due(), concurrency, None, to_be_seen);
            let mut in_flight: Vec<Task> = Vec::new();
            let mut event = Occurrence::Woke;
            let mut picks = picks.into_iter();
            let mut ended = None;
            for turn in 0..2000 {
                let (mut wake, mut alone) = (None, None);
                for action in scheduler.on(event, &rows, rows.now) {
                    match action {
                        Instruction::Start(task) => in_flight.push(task),
                        Instruction::Alone(what) => alone = Some(what),
                        Instruction::CloseGate => {}
                        Instruction::WakeAt(due) => wake = Some(due),
                        Instruction::End(result) => ended = Some(result),
                    }
                }
                // What is settled sends nothing.
                let sending = in_flight.iter().filter(|task| matches!(task, Task::Step(..)));
                prop_assert!(sending.count() <= concurrency);
                let mut busy: Vec<u32> = in_flight.iter().flat_map(Task::rows).collect();
                busy.sort_unstable();
                prop_assert!(busy.windows(2).all(|pair| pair[0] != pair[1]), "{busy:?}");
                if ended.is_some() {
                    break;
                }
                event = if let Some(what) = alone {
                    prop_assert!(in_flight.is_empty());
                    Occurrence::FinishedAlone(Ok(match what {
                        Alone::RecordGuard(_) => Default::default(),
                        Alone::LookTogether(Together { rows: seen, .. }) => {
                            for row in &seen {
                                rows.left.borrow_mut()[*row as usize].pop();
                            }
                            (seen, HashSet::new())
                        }
                    }))
                } else if stops_after == Some(turn) {
                    Occurrence::StopAsked
                } else if in_flight.is_empty() {
                    rows.now = wake.expect("there is something to wait for");
                    Occurrence::Woke
                } else {
                    let place = picks.next().map_or(0, |pick| pick.index(in_flight.len()));
                    let done = in_flight.swap_remove(place).rows();
                    for row in &done {
                        rows.left.borrow_mut()[*row as usize].pop();
                    }
                    Occurrence::Finished(Ok(done))
                };
            }
            let ended = ended.expect("it ends");
            prop_assert!(in_flight.is_empty());
            if surprise.is_none() && stops_after.is_none() {
                prop_assert!(matches!(ended, Ok(WorkEnd::Complete)));
                prop_assert!(rows.due().is_empty());
            }
        }
    }
}
