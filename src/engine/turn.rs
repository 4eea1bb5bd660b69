//! One step of one row.

use super::{
    errand::{Ended, Errand},
    guards,
    halt::Halt,
    look::{self, Context, Subject},
    reading::{Failure, Read},
    run::{Engine, locked},
    sequence, settle,
    snapshot::Snapshot,
    step::{ChangeKind, Step},
};
use crate::{
    domain::{Answer, Purpose, Reason, RequestId, TenantId, Time},
    partner_center::{request::Call, response::Incoming, transport::Transport},
    preconditions::Listed,
    procedure::effects::{Instead, Look, Prepare, Sight, Target, Verdict, unit},
    record::{Event, Observed, Row, RowState, Run, Seen},
};
use std::sync::{Arc, Mutex};

type Courier<T> = Arc<super::courier::Courier<T>>;

impl<T: Transport> Engine<T> {
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
                Step::Close => settle::closing(&snapshot),
                Step::LookAgain => look_again(&courier, &run, &snapshot, customer).await?,
                Step::Change { kind, attempt, request_id } => {
                    let wire = match prepared(&courier, &snapshot, customer, &kind).await? {
                        Ok(call) => call,
                        Err(instead) => {
                            courier.record(instead).await?;
                            return Ok(row);
                        }
                    };
                    change(&courier, &run, (row, customer), &kind, wire, (attempt, request_id)).await?;
                    Vec::new()
                }
                Step::Observe { kind, why } => {
                    vec![Event::Observed(observe(&courier, row, customer, &kind, why.in_doubt).await?)]
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

fn target<'a>(row: &Row, customer: TenantId, kind: &'a ChangeKind) -> Target<'a> {
    let is_first = match (&row.state, kind) {
        (RowState::Changing(changing), ChangeKind::Preparation(one)) => changing.of(one).is_none(),
        (RowState::Changing(changing), ChangeKind::Reversal(one, _)) => changing.reversal(one).is_none(),
        _ => true,
    };
    Target { customer, id: kind.about().map_or("", |one| &one.id), is_first }
}

/// The change as a request; or what is recorded instead.
async fn prepared<T: Transport>(
    courier: &Courier<T>,
    row: &Snapshot,
    customer: TenantId,
    kind: &ChangeKind,
) -> Result<Result<Call, Vec<Event>>, Halt> {
    let target = target(row, customer, kind);
    let (lookup, call, understands, make) = match unit(kind.effect()).prepare(&target) {
        Prepare::Ready(call) => return Ok(Ok(call)),
        Prepare::Fresh { lookup, call, understands, make } => (lookup, call, understands, make),
    };
    let understand = |incoming: &Incoming| understands(incoming).then(|| incoming.clone());
    let subject = Some((row.number, customer));
    let failed = |reason, failure: Failure| Err(Instead { reason, why: failure.exchange.described() });
    let result = match courier.answer_to(Purpose::Read(lookup), subject, call, &understand).await? {
        Read::Done(incoming, _) => make(&incoming, &target),
        Read::NoRelationship(failure) => failed(Reason::RefusedByService, failure),
        Read::Failed(reason, failure) => failed(reason, failure),
    };
    Ok(result.map_err(|instead| settle::instead(row, kind, target.is_first, instead, courier.now())))
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
    (row, customer): (u32, TenantId),
    kind: &ChangeKind,
    call: Call,
    (attempt, request_id): (u32, Option<RequestId>),
) -> Result<(), Halt> {
    let pass = courier.pass().await?;
    // The gate may have been closed for long: ask again whether this is still to be done.
    let still = {
        let run = locked(run);
        let stopping = guards::surprise(&run.policy, &run.signs).is_some();
        let now = courier.now();
        run.row(row).map(|row| sequence::next(run.opened.procedure, row, &run.policy, now, !stopping))
    };
    if !matches!(&still, Some(Step::Change { kind: now, .. }) if now == kind) {
        return Ok(());
    }
    let effect = unit(kind.effect());
    let errand = Errand {
        purpose: Purpose::Change(kind.effect()),
        subject: Some((row, customer)),
        about: kind.about().map(|one| one.id.clone()),
        call,
        attempt,
        request_id,
        understand: &|answer| effect.understands(answer).then_some(()),
    };
    let carried = courier.attempt(pass, errand).await?;
    if let Ended::Answered(answer) = carried.ended
        && matches!(answer, Answer::TokenExpired | Answer::SignInRefused)
    {
        let times = locked(run).row(row).map_or(0, refused_tokens);
        courier.require_another_token(answer, times, &carried.exchange)?;
    }
    courier.require_network()
}

/// Looks whether a change is done.
async fn observe<T: Transport>(
    courier: &Courier<T>,
    row: u32,
    customer: TenantId,
    kind: &ChangeKind,
    in_doubt: bool,
) -> Result<Observed, Halt> {
    let id = kind.about().map(|one| one.id.clone());
    let target = Target { customer, id: id.as_deref().unwrap_or_default(), is_first: false };
    let Look { lookup, call, see } = unit(kind.effect()).look(&target, in_doubt);
    let understand = |answer: &Incoming| see(answer, &target);
    let read = courier.answer_to(Purpose::Read(lookup), Some((row, customer)), call, &understand).await?;
    // Only of the customer itself does "there is none" say anything.
    let is_customer = kind.effect().is_to_customer();
    let (sight, basis) = match read {
        Read::Done(sight, basis) => (sight, basis.first().copied()),
        Read::NoRelationship(failure) if is_customer => {
            let detail = failure.exchange.text.unwrap_or_else(|| "no relationship".to_owned());
            (Sight { seen: Seen::Gone, detail }, Some(failure.intent))
        }
        Read::Failed(reason, failure) if is_customer => {
            let detail = format!("{reason}: {}", failure.exchange.described());
            (Sight::not_told(detail), Some(failure.intent))
        }
        Read::NoRelationship(failure) | Read::Failed(_, failure) => {
            (Sight::not_told(failure.exchange.described()), Some(failure.intent))
        }
    };
    let Sight { seen, detail } = sight;
    Ok(Observed { row, about: id, seen, detail, basis })
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
