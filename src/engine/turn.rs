//! One step of one row.

use super::{
    errand::{Ended, Errand},
    guards,
    halt::Halt,
    look::{self, Context, Subject},
    observing::{observed, order_observed, subscription_observed},
    procedure::{self, Wire},
    run::{Engine, locked},
    settle,
    snapshot::Snapshot,
    step::{Step, Verdict, Which},
    subscribing, undo,
};
use crate::{
    domain::{Act, Answer, TenantId, Time},
    partner_center::{
        model::{Customer, Order, Subscription},
        request,
        transport::Transport,
    },
    preconditions::Listed,
    record::{Event, Purpose, Row, RowState, Run},
};
use std::sync::{Arc, Mutex};

type Courier<T> = Arc<super::courier::Courier<T>>;

impl<T: Transport> Engine<T> {
    /// What is next for a row.
    pub(super) fn step(&self, row: u32, may_send: bool) -> Step {
        let now = self.now();
        self.with_run(|run| {
            run.row(row).map_or(Step::Nothing, |row| procedure::next(run, row, now, may_send))
        })
    }

    /// Settles rows, in one append; gives them back.
    pub(super) fn settle(
        &self,
        rows: Vec<(u32, Verdict)>,
    ) -> impl Future<Output = Result<Vec<u32>, Halt>> + Send + use<T> {
        let (courier, run) = (Arc::clone(&self.courier), Arc::clone(&self.run));
        async move {
            let numbers = rows.iter().map(|(row, _)| *row).collect();
            let ended: Vec<_> = {
                let (run, now) = (locked(&run), courier.now());
                let ended = |(row, verdict)| Snapshot::take(&run, row).map(|row| settled(&row, verdict, now));
                rows.into_iter().filter_map(ended).collect()
            };
            courier.record(ended).await?;
            Ok(numbers)
        }
    }

    /// One step of one row; gives the row back.
    pub(super) fn take(
        &self,
        row: u32,
        step: Step,
    ) -> impl Future<Output = Result<u32, Halt>> + Send + use<T> {
        let (courier, run) = (Arc::clone(&self.courier), Arc::clone(&self.run));
        async move {
            let Some(snapshot) = Snapshot::take(&locked(&run), row) else { return Ok(row) };
            let Some(customer) = snapshot.customer else { return Ok(row) };
            let events = match step {
                Step::Nothing | Step::Wait(_) => Vec::new(),
                Step::Settle(verdict) => vec![settled(&snapshot, verdict, courier.now())],
                Step::Close => {
                    let closed = undo::closed(&snapshot);
                    closed.map(|settled| Event::Settled(Box::new(settled))).into_iter().collect()
                }
                Step::LookAgain => look_again(&courier, &run, &snapshot, customer).await?,
                Step::Change { which, attempt, request_id } => {
                    let procedure = locked(&run).opened.procedure;
                    let wire = match procedure::wire(procedure, &which, customer) {
                        Some(wire) => Ok(wire),
                        None => subscribing::wire(&courier, &snapshot, customer, &which).await?,
                    };
                    let Wire { purpose, call, understand } = match wire {
                        Ok(wire) => wire,
                        Err(instead) => {
                            courier.record(instead).await?;
                            return Ok(row);
                        }
                    };
                    let about = about(&which);
                    let subject = Some((row, customer));
                    let errand = Errand { purpose, subject, about, call, attempt, request_id, understand };
                    change(&courier, &run, row, &which, errand).await?;
                    Vec::new()
                }
                Step::Observe { which, why } => {
                    observe(&courier, row, customer, &which, why.in_doubt).await?
                }
            };
            if !events.is_empty() {
                courier.record(events).await?;
            }
            Ok(row)
        }
    }
}

fn settled(row: &Snapshot, verdict: Verdict, now: Time) -> Event {
    settle::ended(row, settle::on_verdict(row, verdict, now))
}

fn about(which: &Which) -> Option<String> {
    match which {
        Which::First(one) | Which::Undo(one) => Some(one.id.clone()),
        Which::Last => None,
    }
}

async fn look_again<T: Transport>(
    courier: &Courier<T>,
    run: &Mutex<Run>,
    row: &Snapshot,
    customer: TenantId,
) -> Result<Vec<Event>, Halt> {
    let Some((procedure, policy, partner)) = ({
        let run = locked(run);
        let of_run = (run.opened.procedure, run.policy.clone());
        run.partner.clone().map(|partner| (of_run.0, of_run.1, partner))
    }) else {
        return Ok(Vec::new());
    };
    let was_there = Some("it was there when the plan was made, and is gone now");
    let context = Context { procedure, policy: &policy, partner: &partner, was_there };
    // What was confirmed was this name, whatever the list called it.
    let listed = Listed { name: row.name.clone(), domain: None };
    let subject = Subject { row: row.number, customer, listed, known: None };
    let judged = look::look(courier, subject, context).await?;
    let judged = settle::compared_with_plan(row, judged);
    let settled = settle::on_looking_again(row, &judged, courier.now());
    let mut events = vec![Event::Judged(Box::new(judged))];
    events.extend(settled.map(|settled| settle::ended(row, settled)));
    Ok(events)
}

async fn change<T: Transport>(
    courier: &Courier<T>,
    run: &Mutex<Run>,
    row: u32,
    which: &Which,
    errand: Errand<()>,
) -> Result<(), Halt> {
    let pass = courier.pass().await?;
    // The gate may have been closed for long: ask again whether this is still to be done.
    let still = {
        let run = locked(run);
        let stopping = guards::surprise(&run.policy, &run.signs).is_some();
        let now = courier.now();
        run.row(row).map(|row| procedure::next(&run, row, now, !stopping))
    };
    if !matches!(&still, Some(Step::Change { which: now, .. }) if now == which) {
        return Ok(());
    }
    let carried = courier.attempt(pass, errand).await?;
    if let Ended::Answered(answer) = carried.ended
        && matches!(answer, Answer::TokenExpired | Answer::SignInRefused)
    {
        let times = locked(run).row(row).map_or(0, refused_tokens);
        courier.require_another_token(answer, times, &carried.exchange)?;
    }
    courier.require_network()
}

async fn observe<T: Transport>(
    courier: &Courier<T>,
    row: u32,
    customer: TenantId,
    which: &Which,
    in_doubt: bool,
) -> Result<Vec<Event>, Halt> {
    let subject = Some((row, customer));
    let observed = match which {
        Which::Last => {
            let purpose = if in_doubt { Purpose::SettleDoubt } else { Purpose::ConfirmRemoval };
            let read = courier.read::<Customer>(purpose, subject, request::customer(customer)).await?;
            observed(row, customer, read)
        }
        Which::First(one) | Which::Undo(one) if one.what == Act::SuspendSubscription => {
            let call = request::subscription(customer, &one.id);
            let read = courier.read::<Subscription>(Purpose::ReadSubscription, subject, call).await?;
            subscription_observed(row, &one.id, matches!(which, Which::Undo(_)), read)
        }
        Which::First(order) | Which::Undo(order) => {
            let call = request::order(customer, &order.id);
            let read = courier.read::<Order>(Purpose::PollOrder, subject, call).await?;
            order_observed(row, &order.id, read)
        }
    };
    Ok(vec![Event::Observed(observed)])
}

/// How often a change was refused because of its token.
fn refused_tokens(row: &Row) -> u16 {
    match &row.state {
        RowState::Changing(changing) => {
            changing.changes.iter().map(|change| change.refused_tokens).max().unwrap_or_default()
        }
        _ => 0,
    }
}
