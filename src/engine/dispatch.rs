//! A plan is made, and carried out: what the scheduler says is done.

use super::{
    guards,
    halt::Halt,
    look::{self, Context, Subject},
    run::{Ended, Engine, locked},
    scheduler::{Action, Alone, At, Event as Happened, Scheduler, Task, Together},
    settle,
    snapshot::Snapshot,
    survey, together,
};
use crate::{
    domain::{Outcome, TenantId},
    partner_center::transport::Transport,
    preconditions::Listed,
    record::{Event, RowState, Run, Seen, StopCause},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
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
        let mut scheduler = self.with_run(Scheduler::new);
        let mut at_work: JoinSet<Result<Vec<u32>, Halt>> = JoinSet::new();
        let mut happened = Happened::Woke;
        loop {
            let (now, mut wake, mut alone) = (self.now(), None, None);
            for action in self.with_run(|run| scheduler.on(happened, &At(run, now), now)) {
                match action {
                    Action::Start(Task::Step(row, step)) => {
                        let taken = self.take(row, step);
                        at_work.spawn(async { Ok(vec![taken.await?]) });
                    }
                    Action::Start(Task::Settle(rows)) => drop(at_work.spawn(self.settle(rows))),
                    Action::Alone(what) => alone = Some(what),
                    Action::CloseGate => self.courier.closed.cancel(),
                    Action::WakeAt(due) => wake = Some(due.since(self.now())),
                    Action::End(ended) => return ended,
                }
            }
            if let Some(what) = alone {
                happened = Happened::FinishedAlone(self.alone(what).await);
                continue;
            }
            happened = tokio::select! {
                Some(done) = at_work.join_next() => {
                    Happened::Finished(done.map_err(Halt::panicked).and_then(|rows| rows))
                }
                () = sleep(wake.unwrap_or(Duration::MAX)), if wake.is_some() => Happened::Woke,
                () = self.courier.stop.cancelled(), if !scheduler.is_halted() => Happened::StopAsked,
            };
        }
    }

    /// What is done while nothing else is. Gives the rows that go on, and those of them that are to be looked at alone.
    async fn alone(&self, what: Alone) -> Result<(Vec<u32>, HashSet<u32>), Halt> {
        match what {
            Alone::RecordGuard(why) => {
                self.leave(StopCause::Guard, &why).await?;
                Ok((Vec::new(), HashSet::new()))
            }
            Alone::LookTogether(together) => self.look_together(together).await,
        }
    }

    /// Looks at customers that wait to be seen. Those that were not seen together are to be looked at alone.
    async fn look_together(
        &self,
        Together { rows, blind }: Together,
    ) -> Result<(Vec<u32>, HashSet<u32>), Halt> {
        let (asked, pages) = self.with_run(|run| {
            let customer = |row: &u32| Some((*row, run.row(*row)?.customer?));
            (rows.iter().filter_map(customer).collect::<Vec<_>>(), together::pages(run))
        });
        let pays = pages.is_some_and(|pages| together::is_cheaper(pages, asked.len()));
        if !pays && blind.is_empty() {
            let alone = rows.iter().copied().collect();
            return Ok((rows, alone));
        }
        let others = self.with_run(together::others);
        let alone = match together::look(&self.courier, others, &asked).await? {
            Ok(listing) => {
                let seen: Vec<_> = asked.iter().map(|(row, customer)| listing.of(*row, *customer)).collect();
                // A listing may lag behind; the next look is at the customer itself.
                let alone = seen.iter().filter(|one| one.seen != Seen::Gone).map(|one| one.row).collect();
                self.record_all(seen.into_iter().map(Event::Observed)).await?;
                alone
            }
            Err(why) => {
                let blind = asked.iter().map(|(row, _)| *row).filter(|row| blind.contains(row));
                let seen = blind.map(|row| together::not_told(row, &why));
                self.record_all(seen.map(Event::Observed)).await?;
                rows.iter().copied().collect()
            }
        };
        Ok((rows, alone))
    }

    /// The first reason counts; from now on nothing passes the gate.
    fn halt(&self, halted: &mut Option<Halt>, halt: Halt) {
        self.courier.closed.cancel();
        halt.keep_first(halted);
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
