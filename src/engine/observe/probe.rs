//! What the live service has where nobody could confirm what it has: read for one customer, without changing anything.

use super::reading::{Read, answer_to};
use crate::{
    domain::{Day, Lookup, Purpose, TenantId},
    engine::{halt::Halt, send::client::RecordedClient},
    partner_center::{
        request::{self, Request},
        response::Incoming,
        transport::Transport,
        unconfirmed::{
            Answered, OF_ACTIVITY, OF_CUSTOMER, OF_CUSTOMERS, OF_ENTITLEMENTS, OF_NOBODY, OF_ORDER,
            OF_PROFILE, OF_RELATIONSHIPS, OF_SUBSCRIPTIONS, OF_TRANSFERS, OpenQuestion,
        },
    },
    record::Exchange,
};
use serde::Serialize;

/// A customer that nobody has.
const NOBODY: TenantId = TenantId::from_bytes(*b"offboard\x80probe\0\0");

/// What is told of a read that told nothing else.
const WHETHER: &str = "Whether it can be read";

/// Something that was open, and what the service has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probed {
    /// What was read.
    pub read: &'static str,
    /// What was open.
    pub open: &'static str,
    /// What the answer tells.
    pub found: String,
}

/// Reads everything of which something is open.
pub(crate) async fn probe<T: Transport>(
    client: &RecordedClient<T>,
    customer: TenantId,
    today: Day,
) -> Result<Vec<Probed>, Halt> {
    let mut all = Vec::new();
    let reads: [(&'static str, Request, &[OpenQuestion]); 8] = [
        ("organization profile", request::organization_profile(), OF_PROFILE),
        ("all customers", request::customers(), OF_CUSTOMERS),
        ("record of activity", request::activity(today, today), OF_ACTIVITY),
        ("customer that nobody has", request::customer(NOBODY), OF_NOBODY),
        ("customer", request::customer(customer), OF_CUSTOMER),
        ("transfers", request::transfers(customer), OF_TRANSFERS),
        ("relationships", request::relationships(customer), OF_RELATIONSHIPS),
        ("subscriptions", request::subscriptions(customer), OF_SUBSCRIPTIONS),
    ];
    for (read, request, questions) in reads {
        ask(client, read, request, questions, &mut all).await?;
    }
    let request = request::entitlements(customer);
    let entitlements = ask(client, "entitlements", request, OF_ENTITLEMENTS, &mut all).await?;
    if let Some(order) = entitlements.and_then(|answer| Answered::new(&answer)?.first_order()) {
        ask(client, "order", request::order(customer, &order), OF_ORDER, &mut all).await?;
    }
    Ok(all)
}

async fn ask<T: Transport>(
    client: &RecordedClient<T>,
    read: &'static str,
    request: Request,
    questions: &[OpenQuestion],
    all: &mut Vec<Probed>,
) -> Result<Option<Incoming>, Halt> {
    let understand = |incoming: &Incoming| Some(incoming.clone());
    let failure = match answer_to(client, Purpose::Read(Lookup::Probe), None, request, &understand).await? {
        Read::Done(answer, _) => {
            let Some(answered) = Answered::new(&answer) else {
                let found = format!("no: status {}, and what came is no JSON", answer.status);
                all.push(Probed { read, open: WHETHER, found });
                return Ok(None);
            };
            let told =
                questions.iter().map(|one| Probed { read, open: one.open, found: (one.tell)(&answered) });
            all.extend(told);
            return Ok(Some(answer));
        }
        Read::NoRelationship(failure) | Read::Failed(_, failure) => failure,
    };
    // Its text may name whose it is.
    let Exchange { status, code, .. } = failure.exchange;
    let code = code.map(|code| format!(", code {code}")).unwrap_or_default();
    let said = status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}{code}"));
    all.push(match questions {
        [only] => Probed { read, open: only.open, found: said },
        _ => Probed { read, open: WHETHER, found: format!("no: {said}") },
    });
    Ok(None)
}
