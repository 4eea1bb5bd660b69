//! A service with a quota that nobody tells: it answers at once, or asks for patience.

use crate::planned::id;
use offboard::{
    engine::Clock,
    partner_center::{
        request::{Method, Request},
        response::Incoming,
        transport::{SendError, Transport},
    },
};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Where it is, for whoever asks; nothing listens there.
pub(crate) const BASE: &str = "http://127.0.0.1:9";
/// The partner account that it knows.
pub(crate) const PARTNER: &str = "3d3d3d3d-4444-4555-8666-777777777777";
/// How long an answer takes.
const LATENCY: Duration = Duration::from_millis(200);
const MINUTE: Duration = Duration::from_mins(1);

/// How much it allows, and how it says that it was too much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    pub(crate) kind: Kind,
    pub(crate) says: Says,
}

/// How requests are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// So many in each minute by the clock.
    Window(u32),
    /// So many a minute, of which so many may come at once.
    Bucket(u32, u32),
    /// A window for all, and so many a minute for each customer.
    PerCustomer(u32, u32),
    /// A window whose limit is another one between the third and the eighth minute.
    Changing(u32, u32),
}

/// What a refusal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// After how many seconds to ask again.
    Seconds,
    /// Nothing.
    Nothing,
    /// That nobody should ask again in this life.
    Never,
}

/// What it saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Observation {
    pub(crate) requests: u32,
    pub(crate) refused: u32,
    /// Requests that came although a refusal had said, long enough before to be heard, that it was too early.
    pub(crate) too_early: u32,
}

#[derive(Debug)]
struct State {
    quota: Quota,
    began: Instant,
    seen: Observation,
    /// The window, and how many were allowed in it, by customer; all together under none.
    windows: HashMap<Option<String>, (u128, u32)>,
    /// What is in the bucket, and as of when.
    bucket: (f64, Instant),
    /// When it may be asked again, and since when everybody can know.
    closed: Option<(Instant, Instant)>,
    customers: usize,
    removed: HashSet<String>,
}

/// The service, and a handle to it.
#[derive(Clone, Debug)]
pub(crate) struct Service(Arc<Mutex<State>>);

impl Service {
    pub(crate) fn new(quota: Quota, customers: usize) -> Self {
        let now = Instant::now();
        let burst = if let Kind::Bucket(_, burst) = quota.kind { f64::from(burst) } else { 0.0 };
        Self(Arc::new(Mutex::new(State {
            quota,
            began: now,
            seen: Observation::default(),
            windows: HashMap::new(),
            bucket: (burst, now),
            closed: None,
            customers,
            removed: HashSet::new(),
        })))
    }

    pub(crate) fn seen(&self) -> Observation {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).seen
    }
}

impl Transport for Service {
    async fn send(&self, outgoing: &Request) -> Result<Incoming, SendError> {
        sleep(LATENCY / 2).await;
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).answer(outgoing);
        sleep(LATENCY / 2).await;
        Ok(answer)
    }
}

impl State {
    fn answer(&mut self, outgoing: &Request) -> Incoming {
        let now = Instant::now();
        let path = outgoing.url.strip_prefix(BASE).unwrap_or_default();
        let customer = path.strip_prefix("/v1/customers/").and_then(|rest| rest.split(['/', '?']).next());
        self.seen.requests += 1;
        if self.closed.is_some_and(|(until, known)| now < until && now > known) {
            self.seen.too_early += 1;
        }
        if let Err(wait) = self.allow(customer, now) {
            self.seen.refused += 1;
            let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            match self.quota.says {
                Says::Seconds => {
                    let seconds = wait.as_secs() + 1;
                    headers.push(("retry-after".to_owned(), seconds.to_string()));
                    // Whoever had a slot before the refusal was heard may still come.
                    let until = now + Duration::from_secs(seconds);
                    self.closed = Some((until, now + LATENCY));
                }
                Says::Nothing => {}
                Says::Never => headers.push(("retry-after".to_owned(), "999999999".to_owned())),
            }
            return Incoming { status: 429, headers, body: Vec::new() };
        }
        let body = self.body(outgoing, path, customer);
        let status = if body.is_null() { 404 } else { 200 };
        let body = if body.is_null() { json!({ "code": 600_009, "description": "gone" }) } else { body };
        Incoming { status, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    fn body(&mut self, outgoing: &Request, path: &str, customer: Option<&str>) -> Value {
        let shown = |id: &str, relationship: &str| {
            json!({ "id": id, "relationshipToPartner": relationship,
                "companyProfile": { "tenantId": id, "companyName": "Customer", "domain": "c.example" } })
        };
        match customer {
            Some(id) if self.removed.contains(id) => Value::Null,
            Some(id) if outgoing.method == Method::Patch => {
                self.removed.insert(id.to_owned());
                shown(id, "none")
            }
            Some(_) if path.contains("/subscriptions") || path.contains("/entitlements") => {
                json!({ "totalCount": 0, "items": [] })
            }
            Some(id) => shown(id, "reseller"),
            None if path.contains("/profiles/") => json!({ "tenantId": PARTNER, "companyName": "Partner" }),
            None => {
                let ids = (0..self.customers).map(id).filter(|id| !self.removed.contains(id));
                json!({ "items": ids.map(|id| shown(&id, "reseller")).collect::<Vec<_>>() })
            }
        }
    }

    /// Counts the request, or says how long to wait.
    fn allow(&mut self, customer: Option<&str>, now: Instant) -> Result<(), Duration> {
        let since = now.saturating_duration_since(self.began);
        match self.quota.kind {
            Kind::Window(limit) => self.window(None, limit, since),
            Kind::Changing(limit, other) => {
                let minute = since.as_secs() / 60;
                self.window(None, if (3..8).contains(&minute) { other } else { limit }, since)
            }
            Kind::PerCustomer(limit, each) => {
                if let Some(customer) = customer {
                    self.window(Some(customer.to_owned()), each, since)?;
                }
                self.window(None, limit, since)
            }
            Kind::Bucket(limit, burst) => {
                let a_second = f64::from(limit) / 60.0;
                let (held, as_of) = self.bucket;
                let held = (now - as_of).as_secs_f64().mul_add(a_second, held).min(f64::from(burst));
                self.bucket = (held, now);
                if held < 1.0 {
                    return Err(Duration::from_secs_f64((1.0 - held) / a_second));
                }
                self.bucket.0 -= 1.0;
                Ok(())
            }
        }
    }

    fn window(&mut self, key: Option<String>, limit: u32, since: Duration) -> Result<(), Duration> {
        let this = since.as_millis() / MINUTE.as_millis();
        let (window, count) = self.windows.entry(key).or_insert((this, 0));
        if *window != this {
            (*window, *count) = (this, 0);
        }
        if *count >= limit {
            return Err(MINUTE.saturating_sub(Duration::from_millis(
                u64::try_from(since.as_millis() % MINUTE.as_millis()).unwrap_or_default(),
            )));
        }
        *count += 1;
        Ok(())
    }
}

/// A clock for the records that follows the one that is moved.
pub(crate) fn clock() -> Clock {
    Clock::starting_at(offboard::domain::Time::from_millis(1_795_166_130_000))
}
