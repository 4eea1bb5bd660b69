//! Requests that belong to no run: a sign-in by itself, the look around before a run, and the comparison after it. They are on
//! record like all others.

use super::{
    decide::reconcile::ListedRemoval,
    halt::Halt,
    observe::{
        account_refusal::{self, failed_about, failed_on_page},
        partner_identification::{self, PartnerIdentification},
        probe::{self, Probed},
        reading::{Read, answer_to, page},
    },
    ports::Ports,
    send::client::{CHUNK, RecordedClient},
    sign_in::renewal::bearer,
};
use crate::{
    audit::{Observer, Store, WriteError, Writer},
    domain::{Day, Effect, Lookup, Purpose, Reason, RunId, TenantId},
    partner_center::{
        Count, Service,
        graph::{self, AdminPage},
        model::{self, AuditRecord, Customer, RelationshipRequest},
        request,
        response::Incoming,
        transport::Transport,
    },
    preconditions::CustomerFacts,
    record::{Event, Exchange, Record, Run, StopCause, TokenNamed},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// The most pages of activity that are read for some days: five million lines.
const MOST_PAGES: usize = 10_000;

/// Requests that belong to no run.
#[derive(Debug)]
pub struct StandaloneSession<T> {
    client: RecordedClient<T>,
    writer: JoinHandle<Result<Store, WriteError>>,
}

impl<T: Transport> StandaloneSession<T> {
    /// Begins a session, on record in this log, with at most `rate` requests a minute.
    pub fn begin(store: Store, rate: u32, ports: Ports<T>) -> Self {
        // There is no state that these records could contradict.
        Self::observed(store, rate, ports, Box::new(|_, _| Ok(())))
    }

    /// The same, to find out more about a run that is over.
    pub fn after(store: Store, mut run: Run, rate: u32, ports: Ports<T>) -> Self {
        Self::observed(store, rate, ports, Box::new(move |seq, record| run.apply(seq, record)))
    }

    fn observed(store: Store, rate: u32, ports: Ports<T>, observer: Observer) -> Self {
        let (writer, task) = Writer::start(store, observer);
        Self { client: RecordedClient::new(ports, writer, None, (rate, 1), Duration::ZERO), writer: task }
    }

    /// Gets a token, and has its new refresh token kept. Gives what the token says of itself.
    pub async fn sign_in(&self) -> Result<TokenNamed, Halt> {
        self.sign_in_to(Service::PartnerCenter).await
    }

    /// The same for one of the services.
    pub async fn sign_in_to(&self, service: Service) -> Result<TokenNamed, Halt> {
        bearer(&self.client, service).await?;
        Ok(self.client.endpoint(service)?.tokens.named().clone().unwrap_or_default())
    }

    /// Whose account it is, whether the sign-in was done with MFA, and what time it is there.
    pub async fn identify(&self) -> Result<PartnerIdentification, Halt> {
        partner_identification::identify(&self.client).await
    }

    /// Whether this user may list customers; the error says why not.
    pub async fn require_listing(&self) -> Result<(), Halt> {
        partner_identification::require_listing(&self.client).await
    }

    /// Whether delegated administration can be read at Microsoft Graph; the error says why not. None if there is no token for
    /// it.
    pub async fn require_graph(&self) -> Result<Option<()>, Halt> {
        if !self.client.has_graph() {
            return Ok(None);
        }
        let purpose = Purpose::Read(Lookup::DelegatedAdmin);
        let request = graph::one_admin_relationship();
        match answer_to(&self.client, purpose, None, request, &AdminPage::read).await? {
            Read::Done(..) => Ok(Some(())),
            Read::NoRelationship(failure) | Read::Failed(_, failure) => {
                Err(account_refusal::refused_by_graph(&failure.exchange))
            }
        }
    }

    /// What the service has where nobody could confirm it, for one customer; nothing is changed.
    pub async fn probe(&self, customer: TenantId) -> Result<Vec<Probed>, Halt> {
        probe::probe(&self.client, customer, self.client.now().day()).await
    }

    /// The link by which a customer accepts a relationship with the partner. It is what the service gave, and not looked at.
    pub async fn relationship_request(&self) -> Result<String, Halt> {
        let about = "the link by which customers accept cannot be read";
        let purpose = Purpose::Read(Lookup::RelationshipRequest);
        let understand = |incoming: &Incoming| {
            let request = model::read::<RelationshipRequest>(&incoming.body).ok()?;
            request.url.filter(|url| !url.trim().is_empty())
        };
        match answer_to(&self.client, purpose, None, request::relationship_request(), &understand).await? {
            Read::Done(link, _) => Ok(link),
            Read::NoRelationship(failure) => {
                Err(failed_about(about, Reason::RefusedByService, &failure.exchange))
            }
            Read::Failed(reason, failure) => Err(failed_about(about, reason, &failure.exchange)),
        }
    }

    /// What Partner Center has on record of this effect for these days, each told to `each`. Says whether all of
    /// them were read.
    pub async fn removals(
        &self,
        (from, to): (Day, Day),
        effect: Effect,
        mut each: impl FnMut(ListedRemoval),
    ) -> Result<bool, Halt> {
        let mut next = Some(request::activity(from, to));
        let mut count = Count::default();
        for _ in 0..MOST_PAGES {
            let Some(request) = next.take() else { return Ok(!count.is_short()) };
            match page::<_, AuditRecord>(&self.client, Purpose::Read(Lookup::Activity), None, request).await?
            {
                Read::Done(page, basis) => {
                    let basis = basis.last().copied().unwrap_or_default();
                    count.add(page.items.len(), page.total);
                    page.items
                        .into_iter()
                        .filter_map(|record| ListedRemoval::of(record, effect, basis))
                        .for_each(&mut each);
                    next = page.after;
                }
                Read::NoRelationship(failure) => {
                    return Err(unreadable(Reason::RefusedByService, &failure.exchange));
                }
                Read::Failed(reason, failure) => return Err(unreadable(reason, &failure.exchange)),
            }
        }
        // What is not read to its end must not pass for the whole.
        Ok(next.is_none() && !count.is_short())
    }

    /// All the partner's customers, each told to `each` once, as the listing has them.
    pub async fn customers(&self, mut each: impl FnMut(TenantId, CustomerFacts)) -> Result<(), Halt> {
        let mut next = Some(request::customers());
        let mut named = HashSet::new();
        let mut said = None;
        let mut pages = 0;
        while let Some(request) = next.take() {
            pages += 1;
            match page::<_, Customer>(&self.client, Purpose::Read(Lookup::Customers), None, request).await? {
                Read::Done(page, _) => {
                    said = said.max(page.total);
                    let before = named.len();
                    for customer in page.items {
                        let id = customer.id.as_deref().and_then(|id| id.parse::<TenantId>().ok());
                        if let Some(id) = id.filter(|id| named.insert(*id)) {
                            each(id, CustomerFacts::of(customer));
                        }
                    }
                    if page.after.is_some() && named.len() == before {
                        let text =
                            "the listing of customers goes on without naming anybody new; it is not whole";
                        return Err(Halt::stop(StopCause::Service, text));
                    }
                    next = page.after;
                }
                Read::NoRelationship(failure) => {
                    return Err(failed_on_page(pages, Reason::RefusedByService, &failure.exchange));
                }
                Read::Failed(reason, failure) => {
                    return Err(failed_on_page(pages, reason, &failure.exchange));
                }
            }
        }
        match (Count { came: named.len() as u64, said }, said) {
            (count, Some(said)) if count.is_short() => {
                let text = format!(
                    "the listing of customers says that there are {said}, and names {}; it is not whole",
                    count.came
                );
                Err(Halt::stop(StopCause::Service, text))
            }
            _ => Ok(()),
        }
    }

    /// Records what was found out about a run that is over.
    pub async fn record(&self, run: &RunId, events: Vec<Event>) -> Result<(), Halt> {
        let at = self.client.now();
        for chunk in events.chunks(CHUNK) {
            let record = |event: &Event| Record { at, run: Some(run.clone()), event: event.clone() };
            self.client.writer.append(chunk.iter().map(record).map(Into::into).collect()).await?;
        }
        Ok(())
    }

    /// Ends the session. Everything that was recorded is on disk already.
    pub async fn end(self) -> Result<(), Halt> {
        drop(self.client);
        let store = self.writer.await.map_err(|_panicked| WriteError::Closed)??;
        store.close().map_err(|error| WriteError::Store(Arc::new(error)))?;
        Ok(())
    }
}

fn unreadable(reason: Reason, exchange: &Exchange) -> Halt {
    failed_about("Partner Center's record of activity cannot be read", reason, exchange)
}
