//! Requests that belong to no run: a sign-in by itself, the look around before a run, and the comparison after it. They are on
//! record like all others.

use super::{
    decide::reconcile::ListedRemoval,
    halt::Halt,
    observe::{
        account_refusal::{self, failed_about, failed_on_page},
        judge_customer::customer,
        partner_identification::{self, PartnerIdentification},
        probe::{self, Probed},
        reading::{Read, answer_to, collect, page},
    },
    ports::Ports,
    send::client::{CHUNK, RecordedClient},
    sign_in::renewal::bearer,
};
use crate::{
    audit::{Observer, Store, WriteError, Writer},
    domain::{Day, Effect, Lookup, Purpose, Reason, RunId, Seq, TenantId, Time, counted, is_taken_out},
    partner_center::{
        Count, Service,
        graph::{self, AdminPage},
        model::{self, AuditRecord, Customer, RelationshipRequest, Subscription},
        request,
        response::Incoming,
        transport::Transport,
    },
    preconditions::{CustomerFacts, Facts, licences},
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

/// The end of the list of all the partner's customers.
#[derive(Clone, Copy, Debug)]
pub struct ListEnd {
    /// When it was asked for.
    pub asked_at: Time,
    /// How many customers it names.
    pub named: u64,
    /// The intent of its last page.
    pub last_page: Seq,
}

/// A customer's relationship, as it was read by its ID.
#[derive(Clone, Debug)]
pub struct SeenById {
    /// When it was asked for.
    pub asked_at: Time,
    /// The relationship in the service's word; none if it says that there is none. Or why it cannot be read.
    pub relationship: Result<Option<String>, String>,
    /// The intents of the requests that show it.
    pub basis: Vec<Seq>,
}

/// What of a customer's subscriptions goes on after its term.
#[derive(Clone, Debug)]
pub struct GoingOn {
    /// Their IDs; or why they cannot be read.
    pub ids: Result<Vec<String>, String>,
    /// The intents of the requests that show it.
    pub basis: Vec<Seq>,
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

    /// All the partner's customers, each told to `each` once, as the listing has them, with the intent of the page that names
    /// it. Gives the intent of the last page, which ends the list.
    pub async fn customers(
        &self,
        mut each: impl FnMut(TenantId, CustomerFacts, Seq),
    ) -> Result<ListEnd, Halt> {
        let asked_at = self.client.now();
        let mut next = Some(request::customers());
        let mut named = HashSet::new();
        let (mut said, mut unreadable, mut last) = (None, 0, 0);
        let mut pages = 0;
        while let Some(request) = next.take() {
            pages += 1;
            match page::<_, Customer>(&self.client, Purpose::Read(Lookup::Customers), None, request).await? {
                Read::Done(page, basis) => {
                    said = said.max(page.total);
                    last = basis.first().copied().unwrap_or_default();
                    let before = named.len();
                    for customer in page.items {
                        match customer.id.as_deref().and_then(|id| id.parse::<TenantId>().ok()) {
                            Some(id) if named.insert(id) => each(id, CustomerFacts::of(customer), last),
                            Some(_) => {}
                            None => unreadable += 1,
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
        let not_whole = |why: String| {
            Err(Halt::stop(StopCause::Service, format!("the listing of customers {why}; it is not whole")))
        };
        match (Count { came: named.len() as u64, said }, said) {
            _ if unreadable > 0 && !is_taken_out("a-customer-without-an-id-is-nobody") => {
                not_whole(format!("has {} without a valid ID", counted(unreadable, "customer")))
            }
            (count, Some(said)) if count.is_short() => {
                not_whole(format!("says that there are {said}, and names {}", count.came))
            }
            (count, _) => Ok(ListEnd { asked_at, named: count.came, last_page: last }),
        }
    }

    /// The relationship of one customer.
    pub async fn relationship(&self, id: TenantId) -> Result<SeenById, Halt> {
        let asked_at = self.client.now();
        Ok(match customer(&self.client, None, id).await? {
            Read::Done(facts, basis) => {
                SeenById { asked_at, relationship: Ok(Some(facts.relationship)), basis }
            }
            Read::NoRelationship(failure) => {
                SeenById { asked_at, relationship: Ok(None), basis: vec![failure.intent] }
            }
            Read::Failed(_, failure) => {
                let why = failure.exchange.described();
                SeenById { asked_at, relationship: Err(why), basis: vec![failure.intent] }
            }
        })
    }

    /// Which of a customer's new-commerce subscriptions go on after their terms, and the intents that show it; or why that
    /// cannot be read.
    pub async fn going_on(&self, customer: TenantId) -> Result<GoingOn, Halt> {
        let (purpose, call) = (Purpose::Read(Lookup::Subscriptions), request::subscriptions(customer));
        match collect::<_, Subscription>(&self.client, purpose, None, call).await? {
            Read::Done(subscriptions, basis) => {
                let now = self.client.now();
                let facts = Facts { subscriptions, ..Facts::new(now, CustomerFacts::default()) };
                let all = licences(&facts).filter(|licence| licence.cause.goes_on());
                Ok(GoingOn { ids: Ok(all.map(|licence| licence.id).collect()), basis })
            }
            Read::NoRelationship(failure) | Read::Failed(_, failure) => {
                Ok(GoingOn { ids: Err(failure.exchange.described()), basis: vec![failure.intent] })
            }
        }
    }

    /// Records what was found out, about a run that is over or about none.
    pub async fn record(&self, run: Option<&RunId>, events: Vec<Event>) -> Result<(), Halt> {
        let at = self.client.now();
        for chunk in events.chunks(CHUNK) {
            let record = |event: &Event| Record { at, run: run.cloned(), event: event.clone() };
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
