//! Reads: tried again with patience, because they change nothing.

use super::account_refusal::sign_in;
use crate::{
    domain::{Answer, Purpose, Reason, Seq, TenantId},
    engine::{
        decide::retry::{Trouble, Troubles},
        halt::Halt,
        send::client::{AttemptEnd, RecordedClient, RequestSpec},
        sign_in::renewal::permit,
    },
    partner_center::{
        CollectionPage, Count, Service,
        model::{self, ListOrPage, Page},
        request::Request,
        response::Incoming,
        transport::Transport,
    },
    record::{Exchange, StopCause},
};
use serde::de::DeserializeOwned;

/// How a read ended.
#[derive(Clone, Debug)]
pub(crate) enum Read<T> {
    /// With what was asked for, and the intents of the requests that gave it.
    Done(T, Vec<Seq>),
    /// The service knows no relationship with this customer.
    NoRelationship(FailedRead),
    /// The service said no, or could not be made to answer.
    Failed(Reason, FailedRead),
}

/// The last attempt of a read that did not give what was asked for.
#[derive(Clone, Debug)]
pub(crate) struct FailedRead {
    pub(crate) intent: Seq,
    pub(crate) exchange: Exchange,
}

/// The most pages of one customer's collection. The documentation knows none that has two.
const MOST_PAGES: usize = 100;

/// One page of a collection.
#[derive(Clone, Debug)]
pub(crate) struct Paged<R> {
    pub(crate) items: Vec<R>,
    /// How many the service says that there are.
    pub(crate) total: Option<u64>,
    /// The request for the page after it.
    pub(crate) after: Option<Request>,
}

/// How often one request is sent again with another token. Each time but the first means that the token
/// ended on the way, or that the service will not have any for this.
const MOST_REFUSED_TOKENS: u16 = 5;

/// Reads one resource.
pub(crate) async fn read<T: Transport, R: DeserializeOwned>(
    client: &RecordedClient<T>,
    purpose: Purpose,
    subject: Option<(u32, TenantId)>,
    request: Request,
) -> Result<Read<R>, Halt> {
    answer_to(client, purpose, subject, request, &|incoming| model::read(&incoming.body).ok()).await
}

/// The answer to a read, as what it is understood to be.
pub(crate) async fn answer_to<T: Transport, R>(
    client: &RecordedClient<T>,
    purpose: Purpose,
    subject: Option<(u32, TenantId)>,
    request: Request,
    understand: &(dyn Fn(&Incoming) -> Option<R> + Sync),
) -> Result<Read<R>, Halt> {
    let mut attempts = 0;
    let mut refused_tokens = 0;
    let mut troubles = Troubles::default();
    loop {
        attempts += 1;
        let request = request.clone();
        let service = request.service;
        let spec =
            RequestSpec { purpose, subject, about: None, attempt: attempts, request_id: None, request };
        let permit = permit(client, service).await?;
        let attempt = client.attempt(permit, spec, understand).await?;
        let failure = FailedRead { intent: attempt.intent, exchange: attempt.exchange };
        let trouble = match attempt.ended {
            AttemptEnd::NotSent => Trouble::NotSent,
            AttemptEnd::Lost => Trouble::Lost,
            AttemptEnd::Understood(read) => return Ok(Read::Done(read, vec![failure.intent])),
            AttemptEnd::Answered(answer) => match answer {
                Answer::Throttled => Trouble::Throttled,
                Answer::Unclear => Trouble::Lost,
                Answer::Understood | Answer::Empty | Answer::NotUnderstood => {
                    return Ok(Read::Failed(Reason::UnexpectedAnswer, failure));
                }
                Answer::NoRelationship => return Ok(Read::NoRelationship(failure)),
                Answer::Denied => return Ok(Read::Failed(Reason::PermissionDenied, failure)),
                Answer::Refused | Answer::NothingThere | Answer::InProgress => {
                    return Ok(Read::Failed(Reason::RefusedByService, failure));
                }
                // A gateway, a wrong path, a form that is not known: nobody has answered the question.
                Answer::Inconclusive => return Ok(Read::Failed(Reason::UnexpectedAnswer, failure)),
                Answer::TokenExpired | Answer::SignInRefused => {
                    refused_tokens += 1;
                    require_another_token(client, service, (answer, refused_tokens), &failure.exchange)?;
                    continue;
                }
            },
        };
        let Some(wait) = troubles.next(trouble, client.jitter()) else {
            client.require_network()?;
            return Ok(Read::Failed(Reason::ServiceUnavailable, failure));
        };
        client.wait(wait).await;
    }
}

/// After a 401: whether it is worth asking again with another token. `times` counts those of this
/// request; one that no token satisfies must not keep the run busy.
pub(crate) fn require_another_token<T>(
    client: &RecordedClient<T>,
    service: Service,
    (answer, times): (Answer, u16),
    exchange: &Exchange,
) -> Result<(), Halt> {
    let can_renew = client.endpoint(service)?.tokens.can_renew();
    if answer == Answer::TokenExpired && can_renew && times < MOST_REFUSED_TOKENS {
        return Ok(());
    }
    Err(sign_in(service, exchange))
}

/// Reads a whole collection, page by page.
pub(crate) async fn collect<T: Transport, R: DeserializeOwned>(
    client: &RecordedClient<T>,
    purpose: Purpose,
    subject: Option<(u32, TenantId)>,
    first: Request,
) -> Result<Read<Vec<R>>, Halt> {
    collect_as::<_, Page<R>>(client, purpose, subject, first).await
}

/// The same of one that may come as a bare list.
pub(crate) async fn collect_list<T: Transport, R: DeserializeOwned>(
    client: &RecordedClient<T>,
    purpose: Purpose,
    subject: Option<(u32, TenantId)>,
    first: Request,
) -> Result<Read<Vec<R>>, Halt> {
    collect_as::<_, ListOrPage<R>>(client, purpose, subject, first).await
}

/// Reads a whole collection whose pages come in this form.
pub(crate) async fn collect_as<T: Transport, P: CollectionPage>(
    client: &RecordedClient<T>,
    purpose: Purpose,
    subject: Option<(u32, TenantId)>,
    first: Request,
) -> Result<Read<Vec<P::Item>>, Halt> {
    let mut items = Vec::new();
    let mut basis = Vec::new();
    let mut count = Count::default();
    let mut next = Some(first);
    while let Some(request) = next.take() {
        match page_as::<_, P>(client, purpose, subject, request).await? {
            Read::Done(page, seen) => {
                count.add(page.items.len(), page.total);
                items.extend(page.items);
                basis.extend(seen);
                if page.after.is_some() && basis.len() >= MOST_PAGES {
                    let why = format!("the collection does not end after {MOST_PAGES} pages");
                    return Ok(not_whole(why, &basis));
                }
                next = page.after;
            }
            Read::NoRelationship(failure) => return Ok(Read::NoRelationship(failure)),
            Read::Failed(reason, failure) => return Ok(Read::Failed(reason, failure)),
        }
    }
    if let Count { came, said: Some(said) } = count
        && count.is_short()
    {
        return Ok(not_whole(
            format!("the collection says that it has {said} items, and {came} came"),
            &basis,
        ));
    }
    Ok(Read::Done(items, basis))
}

/// Reads one page, and gives the request for the page after it. A link that leads elsewhere stops
/// the run.
pub(crate) async fn page<T: Transport, R: DeserializeOwned>(
    client: &RecordedClient<T>,
    purpose: Purpose,
    subject: Option<(u32, TenantId)>,
    request: Request,
) -> Result<Read<Paged<R>>, Halt> {
    page_as::<_, Page<R>>(client, purpose, subject, request).await
}

async fn page_as<T: Transport, P: CollectionPage>(
    client: &RecordedClient<T>,
    purpose: Purpose,
    subject: Option<(u32, TenantId)>,
    request: Request,
) -> Result<Read<Paged<P::Item>>, Halt> {
    let service = request.service;
    let collection = request.url.split('?').next().unwrap_or_default().to_owned();
    Ok(match answer_to(client, purpose, subject, request, &P::read).await? {
        Read::Done(page, basis) => {
            let after = page
                .after(&client.endpoint(service)?.base, &collection)
                .map_err(|error| Halt::stop(StopCause::Service, error.to_string()))?;
            let total = page.said();
            Read::Done(Paged { items: page.into_items(), total, after }, basis)
        }
        Read::NoRelationship(failure) => Read::NoRelationship(failure),
        Read::Failed(reason, failure) => Read::Failed(reason, failure),
    })
}

/// What is not read to its end, or is not what was asked for, must not pass for the whole.
pub(crate) fn not_whole<R>(why: String, basis: &[Seq]) -> Read<R> {
    let intent = basis.last().copied().unwrap_or_default();
    let exchange = Exchange { status: Some(200), text: Some(why), ..Exchange::default() };
    Read::Failed(Reason::UnexpectedAnswer, FailedRead { intent, exchange })
}
