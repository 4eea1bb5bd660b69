//! The two clients that are compared: the program's own engine, with everything on record; and the same
//! HTTP client making the same calls, with nothing beside it.

use crate::{
    run::{self, id},
    server::PARTNER,
    shared::Failed,
    turns::Kind,
};
use offboard::{
    audit::{SigningKey, Store},
    domain::{Secret, TenantId},
    engine::{Clock, Engine, Ids, Ports, Source},
    partner_center::{
        BaseUrl,
        auth::AccessToken,
        redact::Scrubber,
        request::{self, Call, Outgoing},
        transport::{Connection, Http, Transport as _},
    },
    record::How,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::Mutex,
    time::{Interval, interval},
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
        base,
        sign_in: Source::Given(AccessToken { secret: token(), source: "the benchmark".into() }),
        scrubber: Scrubber::new(&[token()]),
        clock,
        ids: Ids::Random,
        stop: CancellationToken::new(),
    };
    let pace = (job.rate, job.concurrency);
    let opened = run::opened(&job.url, PARTNER, job.customers, pace, 0);
    let began = Instant::now();
    let engine = Engine::begin(store, opened, None, ports).await.map_err(|halt| halt.to_string())?;
    let worked = async {
        engine.take_rows(run::rows(job.customers)).await?;
        engine.identify().await?;
        engine.plan(HashSet::new()).await?;
        engine.confirm("bench".to_owned(), How::Yes).await?;
        engine.carry_out().await?;
        engine.seal(0).await
    };
    let sealed = worked.await.map_err(|halt| halt.to_string())?;
    let took = Took {
        seconds: began.elapsed().as_secs_f64(),
        // It is written from its beginning again and again, so it never shrinks while the log is open.
        wal: std::fs::metadata(folder.join("audit.db-wal")).map_or(0, |found| found.len()),
    };
    let removed = sealed.counts.values().sum::<u32>();
    if sealed.counts.len() != 1 || removed as usize != job.customers {
        return Err(format!("not everybody was removed: {:?}", sealed.counts).into());
    }
    engine.close().await.map_err(|halt| halt.to_string())?;
    Ok(took)
}

/// What is asked about each customer, and then done to it.
const PHASES: [&[About]; 2] =
    [&[request::subscriptions, request::entitlements], &[request::remove_relationship]];

/// A call about a customer.
type About = fn(TenantId) -> Call;

/// The same calls, by as many workers. Nothing is kept, and nothing is looked at but the status.
pub(crate) async fn bare(job: &Job) -> Result<Took, Failed> {
    let base = BaseUrl::parse(&job.url)?;
    let turns = interval(Duration::from_mins(1) / job.rate);
    let http = Http::new(&[&base], &Connection::default())?;
    let client = Arc::new(Bare { http, base, turns: Mutex::new(turns), has_limit: job.rate < 6_000_000 });
    let began = Instant::now();
    send(&client, &request::organization_profile()).await?;
    let ids: Arc<Vec<TenantId>> =
        Arc::new((0..job.customers).map(|n| id(n).parse()).collect::<Result<_, _>>()?);
    for calls in PHASES {
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..job.concurrency {
            let (client, ids, next) = (Arc::clone(&client), Arc::clone(&ids), Arc::clone(&next));
            workers.spawn(async move {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for call in calls {
                        send(&client, &call(*id)).await?;
                    }
                }
                Ok::<(), String>(())
            });
        }
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
    }
    Ok(Took { seconds: began.elapsed().as_secs_f64(), wal: 0 })
}

/// The HTTP client, and a limit on the rate if there is one.
struct Bare {
    http: Http,
    base: BaseUrl,
    turns: Mutex<Interval>,
    has_limit: bool,
}

async fn send(client: &Bare, call: &Call) -> Result<usize, String> {
    if client.has_limit {
        client.turns.lock().await.tick().await;
    }
    let outgoing =
        Outgoing::new(&client.base, call, token(), Ids::Random.request_id(), Ids::Random.correlation_id());
    let answer = client.http.send(&outgoing).await.map_err(|error| error.to_string())?;
    if answer.status >= 500 {
        return Err(format!("status {}", answer.status));
    }
    Ok(answer.body.len())
}
