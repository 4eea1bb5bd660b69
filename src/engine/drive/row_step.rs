//! One step of one row.

use super::shared::Shared;
use crate::{
    domain::{Answer, Purpose, Reason, RequestId, TenantId, Time},
    engine::{
        decide::{
            guards, sequence, settlement,
            step::{ChangeKind, Step},
        },
        halt::Halt,
        observe::{
            judge_customer::{Context, Subject, judge_customer},
            reading::{FailedRead, Read, answer_to, require_another_token},
            resellers::ResellersKnown,
        },
        send::client::{AttemptEnd, RecordedClient, RequestSpec},
        sign_in::renewal::permit,
    },
    partner_center::{request::Request, response::Incoming, transport::Transport},
    preconditions::ListedIdentity,
    procedure::{
        ToTakeBack,
        effects::{Instead, Look, Prepare, RowVerdict, Sight, Target, unit},
    },
    record::{Event, Observation, Observed, Row, RowState},
};

/// Settles rows, in one append; gives them back.
pub(crate) async fn settle<T: Transport>(
    shared: Shared<T>,
    rows: Vec<(u32, RowVerdict)>,
) -> Result<Vec<u32>, Halt> {
    let numbers = rows.iter().map(|(row, _)| *row).collect();
    let now = shared.client.now();
    let ended = shared.with_run(|run| {
        let ended = |(row, verdict)| run.row(row).cloned().map(|row| settled(&row, verdict, now));
        rows.into_iter().filter_map(ended).collect()
    });
    shared.client.record(ended).await?;
    Ok(numbers)
}

/// One step of one row; gives the row back.
pub(crate) async fn take_step<T: Transport>(shared: Shared<T>, row: u32, step: Step) -> Result<u32, Halt> {
    let client = &*shared.client;
    let Some(snapshot) = shared.with_run(|run| run.row(row).cloned()) else { return Ok(row) };
    let Some(customer) = snapshot.customer else { return Ok(row) };
    let events = match step {
        Step::Nothing | Step::Wait(_) => Vec::new(),
        Step::Settle(verdict) => vec![settled(&snapshot, verdict, client.now())],
        Step::Close => settlement::closing(&snapshot),
        Step::Rejudge => rejudge(&shared, &snapshot, customer).await?,
        Step::Change { kind, attempt, request_id } => {
            match prepared(&shared, &snapshot, customer, &kind).await? {
                Ok(request) => {
                    change(&shared, (row, customer), &kind, request, (attempt, request_id)).await?;
                    Vec::new()
                }
                Err(instead) => instead,
            }
        }
        Step::Observe { kind, why } => {
            vec![Event::Observed(observe(client, row, customer, &kind, why.in_doubt).await?)]
        }
    };
    if !events.is_empty() {
        client.record(events).await?;
    }
    Ok(row)
}

fn settled(row: &Row, verdict: RowVerdict, now: Time) -> Event {
    settlement::ended(row, settlement::on_verdict(row, verdict, now))
}

fn target<'a>(row: &Row, customer: TenantId, kind: &'a ChangeKind, now: Time) -> Target<'a> {
    let is_first = match (&row.state, kind) {
        (RowState::Changing(changing), ChangeKind::Preparation(one)) => changing.of(one).is_none(),
        (RowState::Changing(changing), ChangeKind::Reversal(one, _)) => changing.reversal(one).is_none(),
        _ => true,
    };
    let planned = kind.about();
    Target { customer, id: planned.map_or("", |one| &one.id), planned, is_first, now }
}

/// The change as a request; or what is recorded instead.
async fn prepared<T: Transport>(
    shared: &Shared<T>,
    row: &Row,
    customer: TenantId,
    kind: &ChangeKind,
) -> Result<Result<Request, Vec<Event>>, Halt> {
    let client = &*shared.client;
    let target = target(row, customer, kind, client.now());
    let (lookup, request, understands, make) = match unit(kind.effect()).prepare(&target) {
        Prepare::Ready(request) => return Ok(Ok(request)),
        Prepare::Fresh { lookup, request, understands, make } => (lookup, request, understands, make),
    };
    let understand = |incoming: &Incoming| understands(incoming).then(|| incoming.clone());
    let subject = Some((row.number, customer));
    let failed = |reason, failure: FailedRead| Err(Instead::because(reason, failure.exchange.described()));
    let result = match answer_to(client, Purpose::Read(lookup), subject, request, &understand).await? {
        // The gate may have been closed for long.
        Read::Done(incoming, _) => make(&incoming, &Target { now: client.now(), ..target }),
        Read::NoRelationship(failure) => failed(Reason::RefusedByService, failure),
        Read::Failed(reason, failure) => failed(reason, failure),
    };
    let procedure = shared.with_run(|run| run.opened.procedure);
    let is_first = target.is_first;
    Ok(result.map_err(|instead| settlement::instead(procedure, row, kind, is_first, instead, client.now())))
}

async fn rejudge<T: Transport>(
    shared: &Shared<T>,
    row: &Row,
    customer: TenantId,
) -> Result<Vec<Event>, Halt> {
    let of_run =
        shared.with_run(|run| Some((run.opened.procedure, run.policy.clone(), run.partner.clone()?)));
    let Some((procedure, policy, partner)) = of_run else {
        return Ok(Vec::new());
    };
    let was_there = Some("it was there when the plan was made, and is gone now");
    // What is taken back is what the plan names.
    let taken_back: Vec<_> =
        row.first.iter().map(|by| ToTakeBack { by: by.clone(), changed_by: None }).collect();
    let resellers = ResellersKnown::one(row.reseller.as_deref());
    let context = Context {
        procedure,
        policy: &policy,
        partner: &partner,
        was_there,
        taken_back: Some(&taken_back),
        resellers: &resellers,
        transfers_were_read: shared.transfers_were_read(),
    };
    // What was confirmed was this name, whatever the list called it.
    let listed = ListedIdentity { name: row.live_name().map(str::to_owned), domain: None };
    let subject = Subject { row: row.number, customer, listed, known: None };
    let judged = judge_customer(&shared.client, subject, context).await?;
    let judged = settlement::compared_with_plan(procedure, row, judged);
    let settled = settlement::on_looking_again(row, &judged, shared.client.now());
    let mut events = vec![Event::Judged(Box::new(judged))];
    events.extend(settled.map(|settled| settlement::ended(row, settled)));
    Ok(events)
}

async fn change<T: Transport>(
    shared: &Shared<T>,
    (row, customer): (u32, TenantId),
    kind: &ChangeKind,
    request: Request,
    (attempt, request_id): (u32, Option<RequestId>),
) -> Result<(), Halt> {
    let client = &*shared.client;
    let permit = permit(client, request.service).await?;
    // The gate may have been closed for long: ask again whether this is still to be done.
    let still = shared.with_run(|run| {
        let stopping = guards::surprise(&run.policy, &run.failures).is_some();
        let (row, now) = (run.row(row)?, client.now());
        Some(sequence::next(run.opened.procedure, row, &run.policy, now, !stopping))
    });
    if !matches!(&still, Some(Step::Change { kind: now, .. }) if now == kind) {
        return Ok(());
    }
    let effect = unit(kind.effect());
    let service = request.service;
    let spec = RequestSpec {
        purpose: Purpose::Change(kind.effect()),
        subject: Some((row, customer)),
        about: kind.about().map(|one| one.id.as_str()),
        attempt,
        request_id,
        request,
    };
    let understand = |answer: &Incoming| effect.understands(answer).then_some(());
    let made = client.attempt(permit, spec, &understand).await?;
    if let AttemptEnd::Answered(answer) = made.ended
        && matches!(answer, Answer::TokenExpired | Answer::SignInRefused)
    {
        let times = shared.with_run(|run| run.row(row).map_or(0, refused_tokens));
        require_another_token(client, service, (answer, times), &made.exchange)?;
    }
    client.require_network()
}

/// Looks whether a change is done.
async fn observe<T: Transport>(
    client: &RecordedClient<T>,
    row: u32,
    customer: TenantId,
    kind: &ChangeKind,
    in_doubt: bool,
) -> Result<Observed, Halt> {
    let id = kind.about().map(|one| one.id.clone());
    let (planned, now) = (kind.about(), client.now());
    let target = Target { customer, id: id.as_deref().unwrap_or_default(), planned, is_first: false, now };
    let Some(Look { lookup, request, see }) = unit(kind.effect()).look(&target, in_doubt) else {
        let (seen, detail) = (Observation::NotTold, "there is nothing that could be read".to_owned());
        return Ok(Observed { row, about: id.clone(), seen, instead: None, detail, basis: None });
    };
    let understand = |answer: &Incoming| see(answer, &target);
    let read = answer_to(client, Purpose::Read(lookup), Some((row, customer)), request, &understand).await?;
    // Only of the customer itself does "there is none" say anything.
    let is_customer = kind.effect().is_to_customer();
    let (sight, basis) = match read {
        Read::Done(sight, basis) => (sight, basis.first().copied()),
        Read::NoRelationship(failure) if is_customer => {
            let detail = failure.exchange.text.unwrap_or_else(|| "no relationship".to_owned());
            (Sight { seen: Observation::Gone, instead: None, detail }, Some(failure.intent))
        }
        Read::Failed(reason, failure) if is_customer => {
            let detail = format!("{reason}: {}", failure.exchange.described());
            (Sight::not_told(detail), Some(failure.intent))
        }
        Read::NoRelationship(failure) | Read::Failed(_, failure) => {
            (Sight::not_told(failure.exchange.described()), Some(failure.intent))
        }
    };
    let Sight { seen, instead, detail } = sight;
    Ok(Observed { row, about: id, seen, instead, detail, basis })
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
