//! The model: its state, and the way of a request through the layers.

use super::super::journal::{Journal, Keep, Received, without_secrets};
use super::super::random::Random;
use super::super::scenario::{
    Activity, Casing, Generated, Latency, ListedCustomer, Mfa, Paging, Partner, Quirks, Relationship,
    Reseller, Scenario, Subscription,
};
use super::super::synthetic_customer::synthetic_resellers;
use super::activity::Happened;
use super::answers::{self, DraftAnswer};
use super::auth::Tokens;
use super::customers::AllCustomers;
use super::endpoints::is_documented_body;
use super::faults::Faults;
use super::graph::AdminBecame;
use super::issuer::{self, Issuer};
use super::route::Route;
use super::term::Became;
use super::throttle::Throttle;
use super::{Cut, Removal, Reply, Request};
use crate::domain::{RequestId, TenantId, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A simulated Partner Center: pure, and the same for the same scenario and requests.
#[derive(Debug)]
pub struct Model {
    pub(super) partner: Partner,
    pub(super) sandbox: bool,
    pub(super) paging: Paging,
    pub(super) quirks: Quirks,
    pub(super) customers: AllCustomers,
    /// The partner's indirect resellers.
    pub(super) resellers: Vec<Reseller>,
    pub(super) tokens: Tokens,
    pub(super) mfa: Mfa,
    throttle: Throttle,
    faults: Faults,
    latency: Option<(Latency, Random)>,
    ids: Random,
    /// Orders whose cancellation was accepted, and when it takes place.
    pub(super) cancelling: BTreeMap<(TenantId, String), Time>,
    /// Subscriptions that were changed.
    pub(super) became: BTreeMap<(TenantId, String), Became>,
    /// Relationships of delegated administration that were ended.
    pub(super) admin_became: BTreeMap<String, AdminBecame>,
    /// Consents that were revoked, by customer and application.
    pub(super) revoked: BTreeSet<(TenantId, String)>,
    /// How many relationships of delegated administration a page has.
    pub(super) graph_page: Option<usize>,
    /// The only token that Microsoft Graph takes.
    pub(super) graph_token: Option<String>,
    /// How far the calendar of terms and windows is ahead of the clock, in milliseconds.
    pub(super) calendar_ahead: i64,
    /// What the calendar says when the first request comes.
    calendar_begins: Option<Time>,
    /// When the first request came.
    pub(super) began: Option<Time>,
    late: Vec<Late>,
    /// Old answers to changes, if they are given again.
    replays: Option<BTreeMap<Key, (DraftAnswer, Option<Casing>)>>,
    removals: Vec<Removal>,
    has_history: bool,
    pub(super) activity: Activity,
    pub(super) happened: Vec<Happened>,
    /// Who signs in.
    pub(super) user: String,
    journal: Journal,
    number: u64,
}

/// The end of time.
const NEVER: Time = Time::from_millis(i64::MAX);

/// Target and `MS-RequestId` of a change.
type Key = (String, String);

/// A change of the truth.
#[derive(Clone, Debug)]
pub(super) enum TruthChange {
    End {
        deleted: bool,
    },
    /// It takes this long; none is for ever.
    CancelOrder(String, Option<Duration>),
    Update(String, Box<Subscription>),
    /// It takes this long; none is for ever.
    Terminate(String, Option<Duration>),
    DeleteGrant(String),
    RevokeConsent(String),
}

/// A change that will take place.
#[derive(Debug)]
struct Late {
    at: Time,
    customer: TenantId,
    by: By,
    change: TruthChange,
}

/// Which request asked for a change.
#[derive(Clone, Debug)]
pub(super) struct By {
    pub request_id: Option<RequestId>,
    pub correlation_id: Option<String>,
}

/// When a change takes place.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Now,
    At(Time),
    Never,
}

/// An answer with what belongs to it.
#[derive(Debug)]
pub(super) struct Served {
    pub answer: DraftAnswer,
    pub casing: Option<Casing>,
    pub took_effect: bool,
    pub due: Option<Time>,
    pub delay: Duration,
    pub cut: Cut,
}

impl From<DraftAnswer> for Served {
    fn from(answer: DraftAnswer) -> Self {
        Self { answer, casing: None, took_effect: false, due: None, delay: Duration::ZERO, cut: Cut::None }
    }
}

/// What Partner Center or Microsoft Graph is told to know the request by.
fn request_id(request: &Request) -> Option<&str> {
    request.header("MS-RequestId").or_else(|| request.header("client-request-id"))
}

impl Model {
    /// A Partner Center as the scenario says, before its first request. All that it receives is
    /// kept in memory; see [`with_journal`](Self::with_journal).
    pub fn new(mut scenario: Scenario) -> Self {
        let own = scenario.customers.iter_mut().flat_map(|customer| {
            let id = customer.id;
            std::mem::take(&mut customer.faults).into_iter().map(move |mut fault| {
                fault.customer = Some(id);
                fault
            })
        });
        let mut ordered: Vec<_> = own.collect();
        ordered.append(&mut scenario.faults);
        let issuer = scenario.sign_in.take();
        let user = issuer.as_ref().map(|sign_in| sign_in.user.clone());
        let user = user.unwrap_or_else(|| format!("agent@{}", scenario.partner.domain));
        let issuer =
            issuer.map(|sign_in| Issuer::new(sign_in, &scenario.partner, Random::new(scenario.seed, 4)));
        Self {
            customers: AllCustomers::take(&mut scenario),
            resellers: scenario.resellers,
            partner: scenario.partner,
            sandbox: scenario.sandbox,
            paging: scenario.paging,
            quirks: scenario.quirks,
            tokens: Tokens::new(scenario.tokens, issuer),
            mfa: scenario.mfa,
            throttle: Throttle::new(scenario.throttling),
            faults: Faults::new(ordered, scenario.chaos),
            latency: scenario.latency.map(|latency| (latency, Random::new(scenario.seed, 2))),
            ids: Random::new(scenario.seed, 1),
            cancelling: BTreeMap::new(),
            became: BTreeMap::new(),
            admin_became: BTreeMap::new(),
            revoked: BTreeSet::new(),
            graph_page: scenario.graph_page,
            graph_token: scenario.graph_token,
            calendar_ahead: 0,
            calendar_begins: scenario.calendar,
            began: None,
            late: Vec::new(),
            replays: scenario.replay_request_ids.then(BTreeMap::new),
            removals: Vec::new(),
            has_history: true,
            activity: scenario.activity,
            happened: Vec::new(),
            user,
            journal: Journal::default(),
            number: 0,
        }
    }

    /// The same, with the customers of a list, each of which is as its ID says, and with as many others as `others`
    /// makes of their number. The list is taken as it is read: it may be long, and is not to be there twice.
    #[must_use]
    pub fn with_list(
        mut self,
        list: impl IntoIterator<Item = ListedCustomer>,
        others: impl FnOnce(usize) -> Generated,
    ) -> Self {
        self.customers.add(list);
        self.customers.surround(others(self.customers.known()));
        self.resellers.extend(synthetic_resellers());
        self
    }

    /// The same, with another way of keeping what it receives.
    #[must_use]
    pub fn with_journal(self, keep: Keep) -> Self {
        Self { journal: Journal::keeping(keep), ..self }
    }

    /// The same, with no memory of who was removed when, neither as the truth nor as the record of activity: for
    /// many customers, where nobody asks.
    #[must_use]
    pub fn without_history(self) -> Self {
        Self { has_history: false, ..self }
    }

    /// Answers a request that arrives at `now`. Its effects take place here, or when they are due.
    pub fn handle(&mut self, now: Time, request: &Request) -> Reply {
        self.begin(now);
        self.settle(now);
        self.number += 1;
        let route = Route::of(request);
        let (on, customer) = (route.on(), route.customer());
        let served = if let Some(refused) = self.throttled(now, &route) {
            refused.into()
        } else if let Some(action) = self.faults.pick(on, customer) {
            self.misbehave(now, request, &route, &action)
        } else {
            self.serve_or_replay(now, request, &route, When::Now)
        };
        self.note(now, request, &route, &served);
        let Served { answer, casing, mut delay, cut, .. } = served;
        if let Some((latency, random)) = &mut self.latency {
            delay =
                delay.saturating_add(Duration::from_millis(random.between(latency.min_ms, latency.max_ms)));
        }
        let quirks = self.quirks_for(&route);
        let (body, content_type) = answers::bytes(answer.body, quirks, casing);
        let mut headers = if route.is_sign_in() {
            answers::sign_in_headers(now, request, content_type)
        } else if route.is_graph() {
            answers::graph_headers(now, request, content_type, &mut self.ids)
        } else {
            answers::headers(now, request, quirks, content_type, &mut self.ids)
        };
        headers.extend(answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Reply { status: answer.status, headers, body, delay, cut }
    }

    /// From now on terms end.
    fn begin(&mut self, now: Time) {
        if self.began.is_none() {
            self.began = Some(now);
            self.calendar_ahead =
                self.calendar_begins.map_or(0, |begins| begins.as_millis().saturating_sub(now.as_millis()));
        }
    }

    /// The limits are Partner Center's.
    fn throttled(&mut self, now: Time, route: &Route) -> Option<DraftAnswer> {
        if route.is_sign_in() || route.is_graph() {
            return None;
        }
        self.throttle.refuse(now, route.on(), route.customer())
    }

    /// Everything that only the sign-in service and its client may know: the tokens of the scenario,
    /// and all that were given.
    pub fn secrets(&self) -> Vec<String> {
        self.tokens.secrets().map(str::to_owned).chain(self.graph_token.clone()).collect()
    }

    /// Whether this service takes the token, as far as each takes its own alone.
    pub(super) fn is_for_this(&self, request: &Request, route: &Route) -> bool {
        let Some(of_graph) = &self.graph_token else { return true };
        let sent = request.header("Authorization").and_then(|header| header.split_once(' '));
        (sent.is_some_and(|(_, token)| token.trim() == of_graph)) == route.is_graph()
    }

    /// What the partner really is to this customer at `now`; nothing if nobody knows it.
    pub fn relationship(&mut self, now: Time, id: TenantId) -> Option<Relationship> {
        self.settle(now);
        self.customers.find(id).map(|customer| customer.relationship())
    }

    /// The customer opens the partner's link and accepts: a relationship that had ended begins again. Says whether there
    /// was one.
    pub fn accept(&mut self, now: Time, id: TenantId) -> bool {
        self.settle(now);
        self.customers.begin_again(id)
    }

    /// Each time that a relationship really ended, in order.
    pub fn removals(&self) -> &[Removal] {
        &self.removals
    }

    /// What was received.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Lets what is due take place.
    pub(super) fn settle(&mut self, now: Time) {
        if !self.late.iter().any(|late| late.at <= now) {
            return;
        }
        let all = std::mem::take(&mut self.late).into_iter();
        let (mut due, later): (Vec<Late>, Vec<Late>) = all.partition(|late| late.at <= now);
        self.late = later;
        due.sort_by_key(|late| late.at);
        for Late { at, customer, by, change } in due {
            self.take_effect(at, customer, by, change);
        }
    }

    fn take_effect(&mut self, at: Time, customer: TenantId, by: By, change: TruthChange) {
        match change {
            TruthChange::End { deleted } => {
                if self.customers.end(customer, at) && self.has_history {
                    let request_id = by.request_id;
                    self.removals.push(Removal { at, customer, request_id, deleted });
                    let operation =
                        if deleted { "delete_customer" } else { "remove_partner_customer_relationship" };
                    self.happen(at, customer, by.correlation_id, operation);
                }
            }
            TruthChange::Update(subscription, short) => self.update(customer, subscription, *short, at),
            TruthChange::Terminate(id, takes) => {
                self.admin_became.entry(id).or_insert(AdminBecame::Ends(takes.map(|takes| at.plus(takes))));
                self.happen(at, customer, by.correlation_id, "granular_admin_relationship_terminated");
            }
            TruthChange::DeleteGrant(id) => {
                self.admin_became.insert(id, AdminBecame::Deleted);
            }
            TruthChange::RevokeConsent(application) => {
                self.revoked.insert((customer, application));
            }
            TruthChange::CancelOrder(order, takes) => {
                let due = takes.map_or(NEVER, |takes| at.plus(takes));
                self.cancelling.entry((customer, order)).or_insert(due);
            }
        }
    }

    fn happen(
        &mut self,
        at: Time,
        customer: TenantId,
        correlation_id: Option<String>,
        operation: &'static str,
    ) {
        if self.has_history {
            self.happened.push(Happened { at, customer, correlation_id, operation });
        }
    }

    /// Carries a change out now, later or never, and answers with `answer`.
    pub(super) fn change(
        &mut self,
        now: Time,
        request: &Request,
        customer: TenantId,
        when: When,
        change: TruthChange,
        answer: DraftAnswer,
    ) -> Served {
        let sent = request_id(request).and_then(|text| uuid::Uuid::try_parse(text).ok());
        let correlation_id = request.header("MS-CorrelationId").map(str::to_owned);
        let by = By { request_id: sent.map(RequestId::new), correlation_id };
        let mut served = Served::from(answer);
        match when {
            When::Never => {}
            When::Now => {
                self.take_effect(now, customer, by, change);
                served.took_effect = true;
            }
            When::At(at) => {
                self.late.push(Late { at, customer, by, change });
                served.due = Some(at);
            }
        }
        served
    }

    /// Serves a request, or gives the old answer to a change that was answered before.
    pub(super) fn serve_or_replay(
        &mut self,
        now: Time,
        request: &Request,
        route: &Route,
        when: When,
    ) -> Served {
        let key = request_id(request)
            .filter(|_| route.is_change() && self.replays.is_some())
            .map(|id| (request.target.to_lowercase(), id.to_lowercase()));
        let Some(key) = key else { return self.serve(now, request, route, when) };
        if let Some((answer, casing)) = self.replays.as_ref().and_then(|replays| replays.get(&key)).cloned() {
            return Served { casing, ..answer.into() };
        }
        let served = self.serve(now, request, route, when);
        if let (Some(replays), When::Now | When::At(_)) = (&mut self.replays, when) {
            replays.insert(key, (served.answer.clone(), served.casing));
        }
        served
    }

    fn note(&mut self, now: Time, request: &Request, route: &Route, served: &Served) {
        self.journal.add(Received {
            at: now,
            number: self.number,
            method: request.method.clone(),
            target: request.target.clone(),
            request_id: request_id(request).filter(|_| !route.is_sign_in()).map(str::to_owned),
            correlation_id: request.header("MS-CorrelationId").map(str::to_owned),
            headers: without_secrets(&request.headers),
            body: if route.is_sign_in() {
                issuer::field_names(&request.body)
            } else {
                String::from_utf8_lossy(&request.body).into_owned()
            },
            status: served.answer.status,
            cut: served.cut,
            took_effect: served.took_effect,
            effect_due: served.due,
            exact_body: matches!(route, Route::Remove(_)).then(|| is_documented_body(&request.body)),
        });
    }
}
