//! The engine in process, against the simulator's pure model, with a real log, under a clock that
//! stands still while nothing waits. It can be killed between any two requests and started again.

use super::{PARTNER, canary::Canary, id, key};
use offboard::{
    audit::{QueryError, Reader, RequestFilter, Store},
    conduct::{
        Begin, CannotConduct, ConsentAnswer, Decision, Log, News, Operator, Phrase, RunEnding, conduct,
    },
    domain::{Effect, Mode, Procedure, RunId, Secret, Sha256, Time},
    engine::{Clock, Halt, Ids, Ports, ServicePort, Source, Watch},
    input::{List, Options},
    partner_center::{
        BaseUrl, Service,
        auth::AccessToken,
        redact::Scrubber,
        request,
        response::Incoming,
        transport::{SendError, Transport},
    },
    record::{InputFile, Policy, Rules, Run, RunOpened},
    simulator::{Cut, Model, Request, Scenario},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    future::{pending, ready},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const BASE: &str = "http://127.0.0.1:9";
/// Requests a minute.
const RATE: u32 = 60_000;

/// When the process dies, counted in requests of this life.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Death {
    Never,
    /// Before the service sees the request.
    Before(u32),
    /// After the service acted, before its answer is recorded.
    After(u32),
    /// Not at all: it is asked to stop, as by Ctrl-C.
    Asked(u32),
}

/// The simulator without a socket. It also looks each request up in the log, through a connection of
/// its own, at the moment when it arrives.
struct InProcess {
    model: Arc<Mutex<Model>>,
    /// The service's clock, which nobody sets.
    clock: Clock,
    log: PathBuf,
    sent: AtomicU32,
    death: Death,
    died: Arc<Notify>,
    stop: CancellationToken,
}

impl InProcess {
    fn require_intent(&self, outgoing: &request::Request) {
        let is_id = |(name, _): &&(&str, String)| matches!(*name, "ms-correlationid" | "client-request-id");
        let id = Some(outgoing.headers.iter().find(is_id).unwrap().1.clone());
        // Microsoft Graph is told the identifier that a change keeps when it is sent again.
        let is_graph = outgoing.service == Service::Graph && outgoing.token.is_some();
        let filter = if is_graph {
            RequestFilter { request_id: id, ..RequestFilter::default() }
        } else {
            RequestFilter { correlation_id: id, ..RequestFilter::default() }
        };
        let mut found = 0;
        let count = |_| {
            found += 1;
            Ok::<(), QueryError>(())
        };
        Reader::open(&self.log).unwrap().requests(&filter, count).unwrap();
        assert!(found == 1 || (is_graph && found > 1), "a request that is not on record");
    }

    async fn die(&self) {
        self.died.notify_one();
        pending::<()>().await;
    }
}

impl Transport for InProcess {
    async fn send(&self, outgoing: &request::Request) -> Result<Incoming, SendError> {
        self.require_intent(outgoing);
        let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        if matches!(self.death, Death::Before(at) if number >= at) {
            self.die().await;
        }
        if matches!(self.death, Death::Asked(at) if number >= at) {
            self.stop.cancel();
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        if let Some(token) = &outgoing.token {
            headers.push(("authorization".to_owned(), format!("Bearer {}", token.expose())));
        }
        headers.extend(outgoing.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let reply = self.model.lock().unwrap().handle(
            self.clock.now(),
            &Request {
                method: outgoing.method.as_str().to_owned(),
                target: outgoing.url.strip_prefix(BASE).unwrap().to_owned(),
                headers,
                body: outgoing.body.as_ref().map_or_else(Vec::new, |body| body.sent().expose().into()),
            },
        );
        if matches!(self.death, Death::After(at) if number >= at) {
            self.die().await;
        }
        tokio::time::sleep(reply.delay).await;
        match reply.cut {
            Cut::None => {
                Ok(Incoming { status: reply.status, headers: lower(reply.headers), body: reply.body })
            }
            Cut::BeforeAnswer | Cut::InBody => Err(SendError::Unknown("the connection broke".to_owned())),
        }
    }
}

/// As they come over the wire.
fn lower(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()
}

impl Drop for InProcessRun {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let secrets = self.model.lock().unwrap().secrets();
            Canary::new(&secrets).clean_log(&self.log());
        }
    }
}

/// A run over several lives of the process.
pub(crate) struct InProcessRun {
    folder: tempfile::TempDir,
    pub(crate) model: Arc<Mutex<Model>>,
    pub(crate) count: u32,
    pub(crate) concurrency: u32,
    pub(crate) procedure: Procedure,
    /// What its plan may name to be done to subscriptions, because an option allowed it.
    pub(crate) allowed: BTreeSet<Effect>,
    /// The run that is taken back, and what was set to happen before it: whether auto-renew was on, and what was scheduled.
    pub(crate) takes_back: Option<RunId>,
    pub(crate) before: BTreeMap<String, (bool, Vec<String>)>,
    /// Whether a guard's stop ends the run, as it does where nobody can go on with it.
    pub(crate) gives_up: bool,
    /// Requests a minute of a life that goes on.
    pub(crate) rate_again: u32,
    /// Where the tokens of each life come from.
    pub(crate) source: Box<dyn Fn() -> Source>,
    /// Whether there is a token for Microsoft Graph.
    pub(crate) has_graph: bool,
    /// What time it really is, and by how many milliseconds this machine's clock is wrong.
    now: Time,
    pub(crate) skew: i64,
    seed: u64,
    lives: u64,
    run: Option<RunId>,
}

/// How a life ended.
#[derive(Debug)]
pub(crate) enum LifeEnded {
    Sealed,
    /// The run was given up before anything was changed. The next life begins another.
    Refused,
    /// The next life goes on.
    Stopped,
    Killed,
}

impl InProcessRun {
    pub(crate) fn new(scenario: &Value, count: u32, seed: u64) -> Self {
        let scenario = Scenario::from_json(&scenario.to_string()).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            model: Arc::new(Mutex::new(Model::new(scenario))),
            count,
            concurrency: 4,
            procedure: Procedure::RemoveRelationship,
            allowed: BTreeSet::new(),
            takes_back: None,
            before: BTreeMap::new(),
            gives_up: false,
            rate_again: RATE,
            source: Box::new(|| given("any-token-at-all")),
            has_graph: false,
            now: Time::from_millis(1_795_166_130_000),
            skew: 0,
            seed,
            lives: 0,
            run: None,
        }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("audit.db")
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.log()).unwrap()
    }

    /// The run of the latest life. By the clock, which may have been wrong, it need not be the log's latest.
    pub(crate) fn id(&self) -> RunId {
        self.run.clone().unwrap()
    }

    /// What time it really is.
    pub(crate) const fn now(&self) -> Time {
        self.now
    }

    /// Another Partner Center, and with it whatever became of its customers.
    pub(crate) fn meet(&mut self, scenario: &Value) {
        let scenario = Scenario::from_json(&scenario.to_string()).unwrap();
        self.model = Arc::new(Mutex::new(Model::new(scenario)));
    }

    /// When the next life begins.
    pub(crate) fn set_now(&mut self, now: Time) {
        self.now = now;
    }

    /// One life of the process: it begins the run, or goes on with it.
    pub(crate) fn live(&mut self, death: Death) -> LifeEnded {
        self.lives += 1;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let ended = runtime.block_on(async {
            let real = Clock::starting_at(self.now);
            let clock = Clock::starting_at(Time::from_millis(self.now.as_millis() + self.skew));
            let died = Arc::new(Notify::new());
            let stop = CancellationToken::new();
            let ports = Ports {
                transport: InProcess {
                    model: Arc::clone(&self.model),
                    clock: real,
                    log: self.log(),
                    sent: AtomicU32::new(0),
                    death,
                    died: Arc::clone(&died),
                    stop: stop.clone(),
                },
                partner_center: port((self.source)()),
                graph: self.has_graph.then(|| port(given("a-token-for-graph"))),
                scrubber: Scrubber::default(),
                clock,
                // A counter of its own for each life.
                ids: Ids::seeded((self.seed << 24) ^ (self.lives << 56)),
                stop,
            };
            let log = self.log();
            let ended = self.life(&log, ports, &died).await;
            self.now = real.now();
            ended
        });
        // What was on its way to the disk arrives or does not, as with a real process.
        runtime.shutdown_background();
        ended
    }

    async fn life(&mut self, log: &Path, ports: Ports<InProcess>, died: &Notify) -> LifeEnded {
        let store = opened_again(log, ports.clock.now());
        let open = Reader::open(log).unwrap().runs().unwrap().into_iter().rfind(|line| !line.is_sealed());
        let (log, begin) = if let Some(line) = open {
            let (log, run) = Log::to_resume(store, &line.run_id).unwrap();
            let policy = Policy { rate: self.rate_again, ..run.policy.clone() };
            (log, Begin::Again { run: Box::new(run), policy })
        } else {
            let list = List::from_bytes("list", list(self.count), &Options::default()).unwrap();
            let what = (self.procedure, &self.allowed);
            let takes_back = self.takes_back.clone();
            let opened = Box::new(RunOpened { takes_back, ..opened(what, self.count, self.concurrency) });
            let log = Log::for_new(store, Mode::Run, list.sha256()).unwrap();
            (log, Begin::New { opened, approved: None, list: Some(Box::new(list)) })
        };
        let mut script = Script { gives_up: self.gives_up, run: &mut self.run };
        let conducted = match conduct(log, begin, ports, &mut script, died.notified(), None).await {
            Ok(conducted) => conducted,
            Err(CannotConduct::LeftAtOnce(_)) => return LifeEnded::Killed,
            Err(error) => panic!("{error:?}"),
        };
        match conducted.ending {
            RunEnding::Left { cause, text } | RunEnding::GivenUp { cause, text, was_confirmed: true } => {
                println!("{cause:?}: {text}");
                LifeEnded::Stopped
            }
            RunEnding::GivenUp { cause, text, .. } => {
                println!("{cause:?}: {text}");
                LifeEnded::Refused
            }
            ending if ending.is_over() => LifeEnded::Sealed,
            _ => LifeEnded::Stopped,
        }
    }
}

/// Says yes to everything.
struct Script<'a> {
    gives_up: bool,
    run: &'a mut Option<RunId>,
}

impl<'a> Operator for Script<'a> {
    type Progress = ();

    fn name(&self) -> String {
        "tester".to_owned()
    }

    fn tell(&mut self, news: News<'_>, run: &Run) {
        if matches!(news, News::Begun) {
            *self.run = Some(run.id.clone());
        }
    }

    fn working<T: Transport>(&mut self, _: Watch<T>) {}

    fn confirm(
        &mut self,
        _: &Run,
        _: &Phrase,
        _: bool,
    ) -> impl Future<Output = Result<ConsentAnswer, Halt>> + use<'a> {
        ready(Ok(ConsentAnswer::Given))
    }

    /// As long as their number is odd, somebody wants it back.
    fn take_back(&mut self, run: &Run) -> impl Future<Output = Result<Decision, Halt>> + use<'a> {
        ready(Ok(Decision::Given { reactivate: run.undecided().len() % 2 == 1 }))
    }

    fn undecided(&self, _: &Run) -> Option<String> {
        None
    }

    fn can_resume(&self, _: &Run) -> bool {
        !self.gives_up
    }
}

/// The log, once the life before has written its last batch.
pub(crate) fn opened_again(log: &Path, now: Time) -> Store {
    loop {
        match Store::open(log, now, &[3; 16], &key()) {
            Ok(store) => return store,
            Err(offboard::audit::StoreError::Locked(_)) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

fn opened((procedure, allowed): (Procedure, &BTreeSet<Effect>), rows: u32, concurrency: u32) -> RunOpened {
    RunOpened {
        rules: Rules::LATEST,
        version: "test".into(),
        procedure,
        mode: Mode::Run,
        changes: true,
        applies: None,
        takes_back: None,
        api_url: BASE.into(),
        operator: "tester".into(),
        host: "host".into(),
        input: InputFile {
            file: "list".into(),
            sha256: Sha256::of(&[b"x"]),
            rows,
            columns: vec!["id".into()],
            reading: None,
        },
        ticket: None,
        reason: None,
        policy: Policy {
            only_reseller: BTreeSet::new(),
            rate: RATE,
            concurrency,
            // Longer than the simulator is ever late: 60 s until it acts, and 30 until that shows.
            settle_seconds: 120,
            stop_after_failures: 0,
            canary: 1,
            max_removals: 5000,
            max_share: 100,
            limit: None,
            approval_above: None,
            allow: vec![],
            protected: BTreeSet::new(),
            partner: Some(PARTNER.parse().unwrap()),
            sandbox: (procedure == Procedure::DeleteSandboxCustomer).then(|| PARTNER.parse().unwrap()),
            sandboxes: BTreeSet::new(),
            suspend_legacy: allowed.contains(&Effect::SUSPEND_LEGACY),
            allowed: allowed.iter().copied().filter(|effect| *effect != Effect::SUSPEND_LEGACY).collect(),
            revoke_consent: BTreeSet::new(),
            order_timeout_seconds: Some(120),
        },
        settings: BTreeMap::new(),
    }
}

/// A list of the first customers.
fn list(count: u32) -> Vec<u8> {
    let lines = (1..=count).map(|n| format!("{}\n", id(n)));
    std::iter::once("id\n".to_owned()).chain(lines).collect::<String>().into_bytes()
}

fn given(token: &str) -> Source {
    let secret = Secret::new(token.to_owned());
    Source::Given(AccessToken { secret, source: "the test".into() })
}

fn port(sign_in: Source) -> ServicePort {
    ServicePort { base: BaseUrl::parse(BASE).unwrap(), sign_in }
}
