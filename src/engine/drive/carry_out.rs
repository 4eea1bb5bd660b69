//! A plan is carried out: what the scheduler says is done.

use super::{
    row_step::{settle, take_step},
    scheduler::{Alone, At, Instruction, Occurrence, Scheduler, Task, Together, WorkEnd},
    shared::Shared,
};
use crate::{
    engine::{decide::bulk, halt::Halt, observe::bulk_confirmation},
    partner_center::transport::Transport,
    record::{Event, Observation, StopCause},
};
use std::{collections::HashSet, time::Duration};
use tokio::{task::JoinSet, time::sleep};

/// Changes every customer that the confirmed plan calls ready, wave by wave, and sees each through to
/// its outcome.
pub(crate) async fn carry_out<T: Transport>(shared: &Shared<T>) -> Result<WorkEnd, Halt> {
    let client = &shared.client;
    let mut scheduler = shared.with_run(Scheduler::new);
    let mut at_work: JoinSet<Result<Vec<u32>, Halt>> = JoinSet::new();
    let mut happened = Occurrence::Woke;
    loop {
        let (now, mut wake, mut alone) = (client.now(), None, None);
        for action in shared.with_run(|run| scheduler.on(happened, &At(run, now), now)) {
            match action {
                Instruction::Start(Task::Step(row, step)) => {
                    let taken = take_step(shared.clone(), row, step);
                    at_work.spawn(async { Ok(vec![taken.await?]) });
                }
                Instruction::Start(Task::Settle(rows)) => drop(at_work.spawn(settle(shared.clone(), rows))),
                Instruction::Alone(what) => alone = Some(what),
                Instruction::CloseGate => client.closed.cancel(),
                Instruction::WakeAt(due) => wake = Some(due.since(client.now())),
                Instruction::End(ended) => return ended,
            }
        }
        if let Some(what) = alone {
            happened = Occurrence::FinishedAlone(do_alone(shared, what).await);
            continue;
        }
        happened = tokio::select! {
            Some(done) = at_work.join_next() => {
                Occurrence::Finished(done.map_err(Halt::panicked).and_then(|rows| rows))
            }
            () = sleep(wake.unwrap_or(Duration::MAX)), if wake.is_some() => Occurrence::Woke,
            () = client.stop.cancelled(), if !scheduler.is_halted() => Occurrence::StopAsked,
        };
    }
}

/// What is done while nothing else is. Gives the rows that go on, and those of them that are to be looked at alone.
async fn do_alone<T: Transport>(shared: &Shared<T>, what: Alone) -> Result<(Vec<u32>, HashSet<u32>), Halt> {
    match what {
        Alone::RecordGuard(why) => {
            shared.leave(StopCause::Guard, why).await?;
            Ok((Vec::new(), HashSet::new()))
        }
        Alone::LookTogether(together) => look_together(shared, together).await,
    }
}

/// Looks at customers that wait to be seen. Those that were not seen together are to be looked at alone.
async fn look_together<T: Transport>(
    shared: &Shared<T>,
    Together { rows, blind }: Together,
) -> Result<(Vec<u32>, HashSet<u32>), Halt> {
    let (asked, pages) = shared.with_run(|run| {
        let customer = |row: &u32| Some((*row, run.row(*row)?.customer?));
        (rows.iter().filter_map(customer).collect::<Vec<_>>(), bulk::pages(run))
    });
    let pays = pages.is_some_and(|pages| bulk::is_cheaper(pages, asked.len()));
    if !pays && blind.is_empty() {
        let alone = rows.iter().copied().collect();
        return Ok((rows, alone));
    }
    let others = shared.with_run(bulk::others);
    let alone = match bulk_confirmation::look(&shared.client, others, &asked).await? {
        Ok(listing) => {
            let seen: Vec<_> = asked.iter().map(|(row, customer)| listing.of(*row, *customer)).collect();
            // A listing may lag behind; the next look is at the customer itself.
            let alone = seen.iter().filter(|one| one.seen != Observation::Gone).map(|one| one.row).collect();
            shared.client.record_all(seen.into_iter().map(Event::Observed)).await?;
            alone
        }
        Err(why) => {
            let blind = asked.iter().map(|(row, _)| *row).filter(|row| blind.contains(row));
            let seen = blind.map(|row| bulk_confirmation::not_told(row, &why));
            shared.client.record_all(seen.map(Event::Observed)).await?;
            rows.iter().copied().collect()
        }
    };
    Ok((rows, alone))
}
