//! A subscription that is given another status: it is read just before, and sent back whole.

use super::{
    courier::Courier,
    halt::Halt,
    procedure::Wire,
    reading::{Failure, Read},
    settle,
    snapshot::Snapshot,
    step::{Verdict, Which},
    undo,
};
use crate::{
    domain::{Act, Cause, Finding, Preparation, Reason, TenantId, Time, is_taken_out},
    partner_center::{
        model::{self, Subscription},
        request,
        resource::with_status,
        response::{self, Incoming},
        transport::Transport,
    },
    preconditions::is_active_legacy,
    record::{Change, Event, Judged, Observed, Purpose, Row, RowState, Seen},
};

/// Which subscription is given which status, and for what.
pub(super) fn target(which: &Which) -> Option<(&Preparation, Purpose, &'static str)> {
    match which {
        Which::First(one) if one.what == Act::SuspendSubscription => {
            Some((one, Purpose::SuspendSubscription, "suspended"))
        }
        Which::Undo(one) => Some((one, Purpose::ReactivateSubscription, "active")),
        Which::First(_) | Which::Last => None,
    }
}

/// Why a change is not sent.
type Why = (Reason, String);

/// The change as a request, over what the subscription is at this moment; or what is recorded instead.
pub(super) async fn wire<T: Transport>(
    courier: &Courier<T>,
    row: &Snapshot,
    customer: TenantId,
    which: &Which,
) -> Result<Result<Wire, Vec<Event>>, Halt> {
    let Some((one, purpose, status)) = target(which) else { return Ok(Err(Vec::new())) };
    let understand = |incoming: &Incoming| response::shows_subscription(incoming).then(|| incoming.clone());
    let call = request::subscription(customer, &one.id);
    let read =
        courier.answer_to(Purpose::ReadSubscription, Some((row.number, customer)), call, understand).await?;
    let is_first = is_first(row, which);
    let found = match read {
        Read::Done(incoming, _) => checked(&incoming, one, is_first && status == "suspended")
            .and_then(|()| with_status(incoming.text(), status).ok_or_else(unexpected)),
        Read::NoRelationship(failure) => Err(failed(Reason::RefusedByService, &failure)),
        Read::Failed(reason, failure) => Err(failed(reason, &failure)),
    };
    Ok(match found {
        Ok(changed) => Ok(Wire {
            purpose,
            call: request::change_subscription(customer, &one.id, changed),
            understand: |answer| response::shows_subscription(answer).then_some(()),
        }),
        Err(why) => Err(instead(row, one, which, is_first, why, courier.now())),
    })
}

/// Whether this change was never sent.
fn is_first(row: &Row, which: &Which) -> bool {
    match (&row.state, which) {
        (RowState::Changing(changing), Which::First(one)) => changing.of(one).is_none(),
        (RowState::Changing(changing), Which::Undo(one)) => changing.reactivation(one).is_none(),
        _ => true,
    }
}

/// Only what is still what the plan calls it is suspended.
fn checked(incoming: &Incoming, one: &Preparation, must_be_active: bool) -> Result<(), Why> {
    let subscription: Subscription = model::read(&incoming.body).map_err(|_unreadable| unexpected())?;
    if subscription.id.as_deref().is_some_and(|id| !id.eq_ignore_ascii_case(&one.id)) {
        return Err((Reason::UnexpectedAnswer, "the answer is about another subscription".to_owned()));
    }
    if must_be_active
        && !is_active_legacy(&subscription)
        && !is_taken_out("suspend-what-became-something-else")
    {
        let status = subscription.status.unwrap_or_default();
        return Err((Reason::ChangedSincePlan, format!("now it is `{status}`, or of another kind")));
    }
    Ok(())
}

fn unexpected() -> Why {
    (Reason::UnexpectedAnswer, "the answer is no subscription that could be sent back".to_owned())
}

fn failed(reason: Reason, failure: &Failure) -> Why {
    (reason, failure.exchange.described())
}

/// How the row ends instead.
fn instead(
    row: &Snapshot,
    one: &Preparation,
    which: &Which,
    is_first: bool,
    (reason, why): Why,
    now: Time,
) -> Vec<Event> {
    if matches!(which, Which::Undo(_)) {
        let closed = undo::closed(row);
        return closed.map(|settled| Event::Settled(Box::new(settled))).into_iter().collect();
    }
    let RowState::Changing(changing) = &row.state else {
        return judged(row, one, reason, why, now);
    };
    if is_first {
        return judged(row, one, reason, why, now);
    }
    // An earlier try may have been carried out: that this read told nothing is no end.
    if changing.of(one).is_some_and(Change::is_in_doubt) {
        let about = Some(one.id.clone());
        return vec![Event::Observed(Observed {
            row: row.number,
            about,
            seen: Seen::NotTold,
            detail: why,
            basis: None,
        })];
    }
    let verdict = Verdict::because(Reason::ServiceUnavailable, format!("{one}: {why}."));
    vec![settle::ended(row, settle::on_verdict(row, verdict.after(row.first(), changing), now))]
}

/// What was read takes the customer out of the plan.
fn judged(row: &Snapshot, one: &Preparation, reason: Reason, why: String, now: Time) -> Vec<Event> {
    let cause = Cause {
        what: one.words().thing.to_owned(),
        id: Some(one.id.clone()),
        name: one.name.clone(),
        detail: why,
    };
    let judged = Judged {
        row: row.number,
        verdict: reason.outcome(),
        name: row.name.clone(),
        domain: None,
        relationship: None,
        findings: vec![Finding::new(reason, vec![cause])],
        allowed: Vec::new(),
        first: Vec::new(),
        listed_as: None,
        seats: None,
        active_until: None,
        note: None,
        facts_at: now,
        basis: Vec::new(),
        exchange: None,
    };
    let settled = settle::on_looking_again(row, &judged, now);
    let mut events = vec![Event::Judged(Box::new(judged))];
    events.extend(settled.map(|settled| settle::ended(row, settled)));
    events
}
