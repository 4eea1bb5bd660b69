//! The clients that are compared: the program's own engine, with everything on record; and the same HTTP
//! client making the same calls, with nothing beside it but that it reads the answers, or not even that.

use crate::{
    run::{self, Yes, id},
    server::PARTNER,
    shared::Failed,
    turns::Kind,
};
use offboard::{
    audit::{SigningKey, Store},
    conduct::{Begin, Log, conduct},
    domain::{Secret, TenantId},
    engine::{Clock, Ids, Ports, ServicePort, Source},
    partner_center::{
        BaseUrl,
        auth::AccessToken,
        model::{self, Customer, Entitlement, OrganizationProfile, Page, Subscription},
        next_page,
        redact::Scrubber,
        request::{self, Method, Request},
        response::Incoming,
        transport::{Connection, Http, Transport as _},
    },
    record::Run,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    future::pending,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::Mutex,
    time::{Interval, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// What it took, from the first request to the last record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) seconds: f64,
    /// The largest WAL that was seen, in bytes.
    pub(crate) wal: u64,
}

/// What is to be done, against which server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// By whom.
    pub(crate) kind: Kind,
    /// Where the server is.
    pub(crate) url: String,
    /// How many customers go.
    pub(crate) customers: usize,
    /// How many requests are in flight.
    pub(crate) concurrency: u32,
    /// The ceiling, in requests a minute.
    pub(crate) rate: u32,
    /// How many callers share one transaction.
    pub(crate) batch: usize,
}

fn token() -> Secret {
    Secret::new("a-token-for-measuring".to_owned())
}

/// The program's own engine.
pub(crate) async fn audited(job: &Job, folder: &Path) -> Result<Took, Failed> {
    let key = SigningKey::load_or_make(&folder.join("signing.key"), "bench@host")?;
    let clock = Clock::System;
    let store = Store::open(&folder.join("audit.db"), clock.now(), &[7; 16], &key)?.sharing(job.batch);
    let base = BaseUrl::parse(&job.url)?;
    let ports = Ports {
        transport: Http::new(&[&base], &Connection::default())?,
        partner_center: ServicePort {
            base,
            sign_in: Source::Given(AccessToken { secret: token(), source: "the benchmark".into() }),
        },
        graph: None,
        scrubber: Scrubber::new(&[token()]),
        clock,
        ids: Ids::Random,
        stop: CancellationToken::new(),
    };
    let pace = (job.rate, job.concurrency);
    let opened = run::opened(&job.url, PARTNER, job.customers, pace, 0);
    let list = run::list(job.customers)?;
    let log = Log::for_new(store, opened.mode, list.sha256()).map_err(|error| format!("{error:?}"))?;
    let begin = Begin::New { opened: Box::new(opened), approved: None, list: Some(Box::new(list)) };
    let (start, mut took, mut counts) = (Instant::now(), None, BTreeMap::new());
    let mut operator = Yes(|run: &Run| {
        took = Some(Took {
            seconds: start.elapsed().as_secs_f64(),
            // It is written from its beginning again and again, so it never shrinks while the log is open.
            wal: std::fs::metadata(folder.join("audit.db-wal")).map_or(0, |found| found.len()),
        });
        counts.clone_from(&run.counts);
    });
    let conducted = conduct(log, begin, ports, &mut operator, pending(), None).await;
    conducted.map_err(|error| format!("{error:?}"))?;
    let removed = counts.values().sum::<u32>();
    if counts.len() != 1 || removed as usize != job.customers {
        return Err(format!("not everybody was removed: {counts:?}").into());
    }
    Ok(took.ok_or("the run did not end")?)
}

/// A call about a customer, and how its answer is read.
type About = (fn(TenantId) -> Request, fn(&Incoming) -> bool);

/// What is asked about each customer, and then done to it.
const PHASES: [&[About]; 2] = [
    &[(request::subscriptions, is::<Page<Subscription>>), (request::entitlements, is::<Page<Entitlement>>)],
    &[(removal, is::<Customer>)],
];

fn removal(id: TenantId) -> Request {
    let body = r#"{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#;
    request::customer(id).change(Method::Patch, Some(body.into()))
}

fn is<R: DeserializeOwned>(answer: &Incoming) -> bool {
    model::read::<R>(&answer.body).is_ok()
}

/// The same calls, by as many workers. Nothing is kept of the answers.
pub(crate) async fn bare(job: &Job, reads: bool) -> Result<Took, Failed> {
    let base = BaseUrl::parse(&job.url)?;
    let mut turns = interval(Duration::from_mins(1) / job.rate);
    // A turn that nobody took is gone, as it is for the engine.
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let http = Http::new(&[&base], &Connection::default())?;
    let has_limit = job.rate < 6_000_000;
    let client = Arc::new(Bare { http, base, turns: Mutex::new(turns), has_limit, reads });
    let began = Instant::now();
    client.send(&request::organization_profile(), is::<OrganizationProfile>).await?;
    client.list().await?;
    let ids: Arc<Vec<TenantId>> =
        Arc::new((0..job.customers).map(|n| id(n).parse()).collect::<Result<_, _>>()?);
    for calls in PHASES {
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..job.concurrency {
            let (client, ids, next) = (Arc::clone(&client), Arc::clone(&ids), Arc::clone(&next));
            workers.spawn(async move {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for (call, read) in calls {
                        client.send(&call(*id), *read).await?;
                    }
                }
                Ok::<(), String>(())
            });
        }
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
    }
    client.list().await?;
    Ok(Took { seconds: began.elapsed().as_secs_f64(), wal: 0 })
}

/// The HTTP client, and a limit on the rate if there is one.
struct Bare {
    http: Http,
    base: BaseUrl,
    turns: Mutex<Interval>,
    has_limit: bool,
    /// Whether answers are read.
    reads: bool,
}

impl Bare {
    async fn send(&self, call: &Request, read: fn(&Incoming) -> bool) -> Result<Incoming, String> {
        if self.has_limit {
            self.turns.lock().await.tick().await;
        }
        let (request_id, correlation_id) = (Ids::Random.request_id(), Ids::Random.correlation_id());
        let outgoing = call.clone().to_service(&self.base, token(), request_id, correlation_id);
        let answer = self.http.send(&outgoing).await.map_err(|error| error.to_string())?;
        if !answer.is_success() || self.reads && !read(&answer) {
            return Err(format!("status {}", answer.status));
        }
        Ok(answer)
    }

    /// All customers, page by page.
    async fn list(&self) -> Result<(), Failed> {
        let mut next = Some(request::customers());
        while let Some(call) = next.take() {
            let answer = self.send(&call, |_| true).await?;
            let page: Page<Customer> = model::read(&answer.body)?;
            next = next_page(&self.base, "/v1/customers", page.links.as_ref())?.map(request::next);
        }
        Ok(())
    }
}
