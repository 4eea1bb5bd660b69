//! Reads: tried again with patience, because they change nothing.

use super::{
    account_refusal::sign_in,
    courier::Courier,
    errand::{Ended, Errand},
    halt::Halt,
    retry::{Trouble, Troubles},
};
use crate::{
    domain::{Answer, Purpose, Reason, Seq, TenantId},
    partner_center::{
        Count,
        model::{self, Page},
        next_page,
        request::{self, Call},
        response::Incoming,
        transport::Transport,
    },
    record::{Exchange, StopCause},
};
use serde::de::DeserializeOwned;

/// How a read ended.
#[derive(Clone, Debug)]
pub(super) enum Read<T> {
    /// With what was asked for, and the intents of the requests that gave it.
    Done(T, Vec<Seq>),
    /// The service knows no relationship with this customer.
    NoRelationship(Failure),
    /// The service said no, or could not be made to answer.
    Failed(Reason, Failure),
}

/// The last attempt of a read that did not give what was asked for.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) intent: Seq,
    pub(super) exchange: Exchange,
}

/// The most pages of one customer's collection. The documentation knows none that has two.
const MOST_PAGES: usize = 100;

/// One page of a collection.
#[derive(Clone, Debug)]
pub(super) struct Paged<R> {
    pub(super) items: Vec<R>,
    /// How many the service says that there are.
    pub(super) total: Option<u64>,
    /// The call for the page after it.
    pub(super) after: Option<Call>,
}

/// How often one request is sent again with another token. Each time but the first means that the token
/// ended on the way, or that the service will not have any for this.
const MOST_REFUSED_TOKENS: u16 = 5;

impl<T: Transport> Courier<T> {
    /// Reads one resource.
    pub(super) async fn read<R: DeserializeOwned>(
        &self,
        purpose: Purpose,
        subject: Option<(u32, TenantId)>,
        call: Call,
    ) -> Result<Read<R>, Halt> {
        self.answer_to(purpose, subject, call, &|incoming| model::read(&incoming.body).ok()).await
    }

    /// The answer to a read, as what it is understood to be.
    pub(super) async fn answer_to<R>(
        &self,
        purpose: Purpose,
        subject: Option<(u32, TenantId)>,
        call: Call,
        understand: &(dyn Fn(&Incoming) -> Option<R> + Sync),
    ) -> Result<Read<R>, Halt> {
        let mut attempt = 0;
        let mut refused_tokens = 0;
        let mut troubles = Troubles::default();
        loop {
            attempt += 1;
            let errand = Errand {
                purpose,
                subject,
                about: None,
                call: call.clone(),
                attempt,
                request_id: None,
                understand,
            };
            let carried = self.carry(errand).await?;
            let failure = Failure { intent: carried.intent, exchange: carried.exchange };
            let trouble = match carried.ended {
                Ended::NotSent => Trouble::NotSent,
                Ended::Lost => Trouble::Lost,
                Ended::Understood(read) => return Ok(Read::Done(read, vec![failure.intent])),
                Ended::Answered(answer) => match answer {
                    Answer::Throttled => Trouble::Throttled,
                    Answer::Unclear => Trouble::Lost,
                    Answer::Understood | Answer::Empty | Answer::NotUnderstood => {
                        return Ok(Read::Failed(Reason::UnexpectedAnswer, failure));
                    }
                    Answer::NoRelationship => return Ok(Read::NoRelationship(failure)),
                    Answer::Denied => return Ok(Read::Failed(Reason::PermissionDenied, failure)),
                    Answer::Refused | Answer::InProgress => {
                        return Ok(Read::Failed(Reason::RefusedByService, failure));
                    }
                    // A gateway, a wrong path, a form that is not known: nobody has answered the question.
                    Answer::Inconclusive => return Ok(Read::Failed(Reason::UnexpectedAnswer, failure)),
                    Answer::TokenExpired | Answer::SignInRefused => {
                        refused_tokens += 1;
                        self.require_another_token(answer, refused_tokens, &failure.exchange)?;
                        continue;
                    }
                },
            };
            let Some(wait) = troubles.next(trouble, self.jitter()) else {
                self.require_network()?;
                return Ok(Read::Failed(Reason::ServiceUnavailable, failure));
            };
            self.wait(wait).await;
        }
    }

    /// After a 401: whether it is worth asking again with another token. `times` counts those of this
    /// request; one that no token satisfies must not keep the run busy.
    pub(super) fn require_another_token(
        &self,
        answer: Answer,
        times: u16,
        exchange: &Exchange,
    ) -> Result<(), Halt> {
        if answer == Answer::TokenExpired && self.sign_in.can_renew() && times < MOST_REFUSED_TOKENS {
            return Ok(());
        }
        Err(sign_in(exchange))
    }

    /// Reads a whole collection, page by page.
    pub(super) async fn collect<R: DeserializeOwned>(
        &self,
        purpose: Purpose,
        subject: Option<(u32, TenantId)>,
        first: Call,
    ) -> Result<Read<Vec<R>>, Halt> {
        let mut items = Vec::new();
        let mut basis = Vec::new();
        let mut count = Count::default();
        let mut next = Some(first);
        while let Some(call) = next.take() {
            match self.page(purpose, subject, call).await? {
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

    /// Reads one page, and gives the call for the page after it. A link that leads elsewhere stops
    /// the run.
    pub(super) async fn page<R: DeserializeOwned>(
        &self,
        purpose: Purpose,
        subject: Option<(u32, TenantId)>,
        call: Call,
    ) -> Result<Read<Paged<R>>, Halt> {
        let collection = call.path.split('?').next().unwrap_or_default().to_owned();
        Ok(match self.read::<Page<R>>(purpose, subject, call).await? {
            Read::Done(page, basis) => {
                let next = next_page(&self.base, &collection, page.links.as_ref())
                    .map_err(|error| Halt::stop(StopCause::Service, error.to_string()))?;
                let after = next.map(request::next);
                Read::Done(Paged { items: page.items, total: page.total_count, after }, basis)
            }
            Read::NoRelationship(failure) => Read::NoRelationship(failure),
            Read::Failed(reason, failure) => Read::Failed(reason, failure),
        })
    }
}

/// What is not read to its end must not pass for the whole.
fn not_whole<R>(why: String, basis: &[Seq]) -> Read<R> {
    let intent = basis.last().copied().unwrap_or_default();
    let exchange = Exchange { status: Some(200), text: Some(why), ..Exchange::default() };
    Read::Failed(Reason::UnexpectedAnswer, Failure { intent, exchange })
}
