//! How well the pacer finds a limit that nobody tells it: the whole engine, a real log, and a service with a
//! hidden quota, under a clock that does not wait. So the figures are the same on every machine.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../shared/run.rs"]
mod planned;
mod service;
#[path = "../shared/mod.rs"]
mod shared;

use offboard::{
    audit::{SigningKey, Store},
    conduct::{Begin, Log, RunEnding, conduct},
    domain::Secret,
    engine::{Ids, Ports, ServicePort, Source},
    partner_center::{BaseUrl, auth::AccessToken, redact::Scrubber},
};
use planned::Yes;
use service::{BASE, Kind, Observation, PARTNER, Quota, Says, Service};
use shared::{Failed, Section};
use std::{future::pending, time::Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Customers to remove: enough for a quarter of an hour.
const CUSTOMERS: usize = 2500;
/// The ceiling that the operator sets, in requests a minute: twice what the service allows.
const CEILING: u32 = 1000;
/// What the service allows.
const LIMIT: u32 = 500;

fn main() -> Result<(), Failed> {
    let mut section = Section::new(
        "quotas",
        "A ceiling of 1,000 requests a minute against a hidden limit of 500: time ÷ the time that the limit itself \
         needs, the share of requests that were refused, and requests that came before the time that a refusal had \
         named. Under a clock that does not wait: the same on every machine.",
    );
    section.head(&["hidden quota", "requests", "minutes", "÷ ideal", "refused", "too early"]);
    let limit = f64::from(LIMIT);
    let steady = |requests: f64| requests / limit;
    // Five minutes at the lower limit, the rest at the higher one.
    let changing = |requests: f64| 5.0 + (requests - 5.0 * 200.0) / limit;
    let quotas: [Case<'_>; 6] = [
        ("500 in each minute", Kind::Window(LIMIT), Says::Seconds, &steady),
        ("500 a minute, 50 at once", Kind::Bucket(LIMIT, 50), Says::Seconds, &steady),
        ("500 a minute, one at a time", Kind::Bucket(LIMIT, 8), Says::Seconds, &steady),
        ("and 3 a minute for each customer", Kind::PerCustomer(LIMIT, 3), Says::Seconds, &steady),
        ("500, from minute 3 to 8 only 200", Kind::Changing(LIMIT, 200), Says::Seconds, &changing),
        ("500 in each minute, no Retry-After", Kind::Window(LIMIT), Says::Nothing, &steady),
    ];
    for (name, kind, says, ideal) in quotas {
        let (ended, seen, took) = run(Quota { kind, says })?;
        if !matches!(ended, RunEnding::Complete(_)) {
            return Err(format!("{ended:?}").into());
        }
        let (requests, minutes) = (f64::from(seen.requests - seen.refused), took.as_secs_f64() / 60.0);
        section.row(&[
            name.to_owned(),
            seen.requests.to_string(),
            format!("{minutes:.1}"),
            format!("{:.3}", minutes / ideal(requests)),
            format!("{:.2} %", 100.0 * f64::from(seen.refused) / f64::from(seen.requests)),
            seen.too_early.to_string(),
        ]);
    }
    let (ended, seen, _) = run(Quota { kind: Kind::Window(LIMIT), says: Says::Never })?;
    section.say("");
    let after = match ended {
        RunEnding::Left { text, .. } => format!("the run stops after {} requests: {text}", seen.requests),
        _ => "the run goes on, which it must not".to_owned(),
    };
    section.say(format!("With a `Retry-After` of 31 years, {after}."));
    section.write()
}

/// A quota, and how many minutes so many requests need at least under it.
type Case<'a> = (&'static str, Kind, Says, &'a dyn Fn(f64) -> f64);

/// One run to its end, or to where it stopped.
fn run(quota: Quota) -> Result<(RunEnding, Observation, Duration), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let clock = service::clock();
        let key = SigningKey::load_or_make(&folder.path().join("signing.key"), "bench@host")?;
        let store = Store::open(&folder.path().join("audit.db"), clock.now(), &[7; 16], &key)?;
        let service = Service::new(quota, CUSTOMERS);
        let secret = Secret::new("a-token-for-measuring".to_owned());
        let ports = Ports {
            transport: service.clone(),
            partner_center: ServicePort {
                base: BaseUrl::parse(BASE)?,
                sign_in: Source::Given(AccessToken { secret, source: "the benchmark".into() }),
            },
            graph: None,
            scrubber: Scrubber::default(),
            clock,
            ids: Ids::seeded(1),
            stop: CancellationToken::new(),
        };
        let opened = planned::opened(BASE, PARTNER, CUSTOMERS, (CEILING, 8), 1);
        let list = planned::list(CUSTOMERS)?;
        let log = Log::for_new(store, opened.mode, list.sha256()).map_err(|error| format!("{error:?}"))?;
        let begin = Begin::New { opened: Box::new(opened), approved: None, list: Some(Box::new(list)) };
        let start = Instant::now();
        let conducted = conduct(log, begin, ports, &mut Yes(|_: &_| ()), pending(), None).await;
        let took = start.elapsed();
        let ending = conducted.map_err(|error| format!("{error:?}"))?.ending;
        Ok((ending, service.seen(), took))
    })
}
