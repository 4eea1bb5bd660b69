//! Which row gets the next turn.
//!
//! One loop gives turns: as many rows are at work as requests may be in flight, each for one step of
//! its own, and after each step the pure functions are asked again. A row that has to wait gives its
//! turn back, so nobody blocks the others.

use super::{
    attempts::Why,
    guards,
    halt::Halt,
    look::{self, Context, Subject},
    run::{CHUNK, Ended, Engine, locked},
    settle,
    snapshot::Snapshot,
    step::Step,
    survey, together,
};
use crate::{
    domain::{Outcome, TenantId, Time},
    partner_center::transport::Transport,
    preconditions::Listed,
    procedure::effects::unit,
    record::{Event, RowState, Run, Seen, StopCause},
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::{task::JoinSet, time::sleep};

impl<T: Transport> Engine<T> {
    /// Reads and judges every row that is not judged yet, then seals the plan. `gone_before` are the
    /// customers that earlier runs of this log removed.
    pub async fn plan(&self, gone_before: HashSet<TenantId>) -> Result<(), Halt> {
        let Some(partner) = self.with_run(|run| run.partner.clone()) else {
            return Err(Halt::stop(StopCause::Guard, "the partner account is not identified"));
        };
        let (procedure, policy) = self.with_run(|run| (run.opened.procedure, run.policy.clone()));
        let unread: Vec<(u32, TenantId)> = self.with_run(|run| {
            let unread = run.rows.iter().filter(|row| matches!(row.state, RowState::Unread { .. }));
            unread.filter_map(|row| Some((row.number, row.customer?))).collect()
        });
        let wanted = unread.iter().map(|(_, customer)| *customer);
        let wanted = wanted.filter(|id| guards::untouchable(*id, &policy, &partner).is_none());
        let ready = self.with_run(Run::ready);
        let survey = survey::survey(&self.courier, wanted, ready, policy.max_share).await?;

        let shared = Arc::new((policy, partner, gone_before));
        let mut waiting = unread.into_iter();
        let mut at_work: JoinSet<Result<(), Halt>> = JoinSet::new();
        let mut halted = None;
        loop {
            while halted.is_none() && at_work.len() < shared.0.concurrency as usize {
                if let Some(text) = self.with_run(|run| guards::too_many_failures(&run.policy, &run.signs)) {
                    halted = Some(Halt::stop(StopCause::Guard, text));
                    break;
                }
                let Some((row, customer)) = waiting.next() else { break };
                let listed = self.with_run(|run| listed(run, row));
                let subject = Subject { row, customer, listed, known: survey.known(customer) };
                let (courier, run, shared) =
                    (Arc::clone(&self.courier), Arc::clone(&self.run), Arc::clone(&shared));
                at_work.spawn(async move {
                    let (policy, partner, gone_before) = &*shared;
                    let was_there = gone_before
                        .contains(&customer)
                        .then_some("an earlier run in this audit log removed it");
                    let context = Context { procedure, policy, partner, was_there };
                    let judged = look::look(&courier, subject, context).await?;
                    let settled = Snapshot::take(&locked(&run), row)
                        .and_then(|row| settle::on_judging(&row, &judged, courier.now()));
                    let failed = judged.verdict == Outcome::Failed;
                    let mut events = vec![Event::Judged(Box::new(judged))];
                    events.extend(settled.map(|settled| Event::Settled(Box::new(settled))));
                    // The guard counts failures before anybody else gets a turn.
                    if failed {
                        courier.record(events).await.map(drop)
                    } else {
                        courier.record_in_passing(events).await
                    }
                });
            }
            let Some(done) = at_work.join_next().await else { break };
            if let Err(halt) = flattened(done) {
                self.halt(&mut halted, halt);
            }
        }
        self.courier.writer.caught_up().await?;
        match halted {
            Some(halt) => Err(halt),
            None => self.seal_plan(survey.counted, survey.complete).await,
        }
    }

    /// Changes every customer that the confirmed plan calls ready, wave by wave, and sees each through to
    /// its outcome.
    pub async fn carry_out(&self) -> Result<Ended, Halt> {
        let mut ready = VecDeque::from(self.with_run(Run::due));
        let concurrency = self.with_run(|run| run.policy.concurrency as usize);
        let mut waiting: BinaryHeap<Reverse<(Time, u32)>> = BinaryHeap::new();
        let mut at_work: JoinSet<Result<Vec<u32>, Halt>> = JoinSet::new();
        let mut guard = self.with_run(|run| run.stopped_by_guard.clone());
        let mut is_told = guard.is_some();
        let mut halted: Option<Halt> = None;
        let mut to_be_seen = ToBeSeen { pages: self.with_run(together::pages), ..ToBeSeen::default() };
        loop {
            if guard.is_none() {
                guard = self.with_run(|run| guards::surprise(&run.policy, &run.signs));
            }
            // On record as soon as nothing is on its way that began before it. What made the guard stop is
            // on record already, so a restart before that stops at the same place.
            if let Some(text) = guard.as_ref().filter(|_| !is_told && at_work.is_empty()) {
                self.leave(StopCause::Guard, text).await?;
                is_told = true;
            }
            let now = self.now();
            while waiting.peek().is_some_and(|Reverse((due, _))| *due <= now) {
                ready.extend(waiting.pop().map(|Reverse((_, row))| row));
            }
            // Many are seen gone at once; whoever failed takes a turn to its end, so that nobody else gets it before.
            let mut gone = Vec::new();
            while halted.is_none()
                && at_work.len() < concurrency
                && gone.len() < CHUNK
                && !to_be_seen.is_due(concurrency)
            {
                let Some(row) = ready.pop_front() else { break };
                match self.step(row, guard.is_none()) {
                    Step::Nothing => {}
                    Step::Wait(due) => waiting.push(Reverse((due, row))),
                    Step::Observe { kind, why }
                        if unit(kind.effect()).is_seen_in_listing() && to_be_seen.takes(row, why) => {}
                    Step::Settle(verdict) if verdict.outcome.is_reached() => gone.push((row, verdict)),
                    step => {
                        let taken = self.take(row, step);
                        at_work.spawn(async { Ok(vec![taken.await?]) });
                    }
                }
            }
            if !gone.is_empty() {
                at_work.spawn(self.settle(gone));
            }
            if halted.is_some() && at_work.is_empty() {
                break;
            }
            if at_work.is_empty() && !to_be_seen.rows.is_empty() {
                match self.see_together(&mut to_be_seen).await {
                    Ok(rows) => ready.extend(rows),
                    Err(halt) => self.halt(&mut halted, halt),
                }
                continue;
            }
            let next_due = waiting.peek().map(|Reverse((due, _))| due.since(self.now()));
            if at_work.is_empty() && next_due.is_none() {
                // The wave has ended; whatever it showed is in the state by now.
                ready.extend(self.with_run(Run::due));
                if guard.is_some() || ready.is_empty() {
                    break;
                }
                continue;
            }
            tokio::select! {
                Some(done) = at_work.join_next() => match done.map_err(Halt::panicked).and_then(|rows| rows) {
                    Ok(rows) => rows.into_iter().rev().for_each(|row| ready.push_front(row)),
                    Err(halt) => self.halt(&mut halted, halt),
                },
                () = sleep(next_due.unwrap_or(Duration::MAX)), if next_due.is_some() && halted.is_none() => {}
                () = self.courier.stop.cancelled(), if halted.is_none() => {
                    halted = Some(Halt::interrupted());
                }
            }
        }
        match (halted, guard) {
            (Some(halt), _) => Err(halt),
            (None, Some(text)) => Ok(Ended::StoppedByGuard(text)),
            (None, None) => Ok(Ended::Complete),
        }
    }

    /// Looks at the customers that wait to be seen, while nothing is being changed. Gives their rows back: those
    /// that were not seen together are to be looked at alone.
    async fn see_together(&self, to_be_seen: &mut ToBeSeen) -> Result<Vec<u32>, Halt> {
        let rows = std::mem::take(&mut to_be_seen.rows);
        let blind = std::mem::take(&mut to_be_seen.blind);
        let asked = self.with_run(|run| {
            let customer = |row: &u32| Some((*row, run.row(*row)?.customer?));
            rows.iter().filter_map(customer).collect::<Vec<_>>()
        });
        let pays = to_be_seen.pages.is_some_and(|pages| together::is_cheaper(pages, asked.len()));
        if !pays && blind.is_empty() {
            to_be_seen.alone.extend(&rows);
            return Ok(rows);
        }
        let others = self.with_run(together::others);
        match together::look(&self.courier, others, &asked).await? {
            Ok(listing) => {
                let seen = asked.iter().map(|(row, customer)| listing.of(*row, *customer)).inspect(|one| {
                    // A listing may lag behind; the next look is at the customer itself.
                    if one.seen != Seen::Gone {
                        to_be_seen.alone.insert(one.row);
                    }
                });
                self.record_all(seen.map(Event::Observed)).await?;
            }
            Err(why) => {
                let blind = asked.iter().map(|(row, _)| *row).filter(|row| blind.contains(row));
                let seen = blind.map(|row| together::not_told(row, &why));
                self.record_all(seen.map(Event::Observed)).await?;
                to_be_seen.alone.extend(&rows);
            }
        }
        Ok(rows)
    }

    /// The first reason counts; from now on nothing passes the gate.
    fn halt(&self, halted: &mut Option<Halt>, halt: Halt) {
        self.courier.closed.cancel();
        if !matches!(halted, Some(known) if !matches!(known, Halt::Closed)) {
            *halted = Some(halt);
        }
    }
}

/// Rows whose change was accepted, until somebody looks whether it is done.
#[derive(Debug, Default)]
struct ToBeSeen {
    /// How many requests a listing costs, if one may pay.
    pages: Option<u32>,
    /// They wait to be looked at together.
    rows: Vec<u32>,
    /// Those of them of whom a look at them alone told nothing.
    blind: HashSet<u32>,
    /// They are to be looked at alone, the next time.
    alone: HashSet<u32>,
}

impl ToBeSeen {
    /// Whether so many wait that nothing else is begun before they are looked at.
    fn is_due(&self, concurrency: usize) -> bool {
        self.pages.is_some_and(|pages| together::is_due(pages, concurrency, self.rows.len()))
    }

    /// Takes a row that waits for others, or that needs the listing; one that is to be looked at alone is not taken.
    fn takes(&mut self, row: u32, why: Why) -> bool {
        let is_alone = self.alone.remove(&row);
        let waits = why.was_blind || (self.pages.is_some() && !why.in_doubt && !is_alone);
        if waits {
            self.rows.push(row);
        }
        if why.was_blind {
            self.blind.insert(row);
        }
        waits
    }
}

/// What the list says of a row that is not judged yet.
fn listed(run: &Run, row: u32) -> Listed {
    let (name, domain) = run.row(row).map(|row| run.in_list(row)).unwrap_or_default();
    Listed { name: name.map(str::to_owned), domain: domain.map(str::to_owned) }
}

fn flattened(done: Result<Result<(), Halt>, tokio::task::JoinError>) -> Result<(), Halt> {
    done.map_err(Halt::panicked)?
}
