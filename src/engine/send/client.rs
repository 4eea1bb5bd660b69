//! One request, from its intent to its end: on record, on disk, sent, answered, on record again.

use super::{
    pace::PaceNow,
    pacer::{Pacer, Slot},
    token::{Bearer, RunTokens},
};
use crate::{
    audit::{Entry, Salt, SendStop, Writer},
    domain::{Answer, CorrelationId, Purpose, RequestId, RunId, Seq, Tells, TenantId, Time, is_taken_out},
    engine::{
        halt::Halt,
        ports::{Clock, Ids, Ports, ServicePort},
    },
    partner_center::{
        BaseUrl, Service,
        redact::{Scrubber, Unread},
        request::Request,
        response::{self, Asked, Fault, Incoming, LONGEST_WAIT, RetryAfter},
        transport::{SendError, Transport},
    },
    record::{
        Event, Exchange, Held, NotSent, OutcomeUnknown, Payload, Record, RequestIntended, ResponseReceived,
        StopCause,
    },
};
use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// So many attempts in a row without an answer are no accident of one customer's; but all that were
/// in flight may be lost with one connection, so it must also be more than two rounds of them.
const DEAD_NETWORK: u32 = 8;

/// How many records go into one append when there are many.
pub(crate) const CHUNK: usize = 500;

/// What is asked, of whom, and why.
#[derive(Clone, Debug)]
pub(crate) struct RequestSpec<'a> {
    pub(crate) purpose: Purpose,
    /// The row, and its customer.
    pub(crate) subject: Option<(u32, TenantId)>,
    /// The order or subscription that it changes, if it is not the customer itself.
    pub(crate) about: Option<&'a str>,
    /// 1 for the first try.
    pub(crate) attempt: u32,
    /// For a change that is repeated: the identifier that it had.
    pub(crate) request_id: Option<RequestId>,
    pub(crate) request: Request,
}

impl RequestSpec<'_> {
    fn row(&self) -> Option<u32> {
        self.subject.map(|(row, _)| row)
    }
}

/// Permission to send one request, and the token to send it with.
#[derive(Clone, Debug)]
pub(crate) struct SendPermit {
    pub(crate) slot: Slot,
    pub(crate) bearer: Bearer,
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub(crate) struct Attempt<R> {
    pub(crate) intent: Seq,
    pub(crate) exchange: Exchange,
    pub(crate) ended: AttemptEnd<R>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(crate) enum AttemptEnd<R> {
    /// With what was expected.
    Understood(R),
    /// With an answer that means something else.
    Answered(Answer),
    /// It certainly did not reach the server.
    NotSent,
    /// It may have reached the server.
    Lost,
}

/// An answer, as it is recorded.
pub(crate) struct Heard<'a> {
    pub(crate) intent: Seq,
    pub(crate) row: Option<u32>,
    pub(crate) answer: Answer,
    pub(crate) fault: Fault,
    pub(crate) duration_ms: u64,
    /// Scrubbed.
    pub(crate) incoming: &'a Incoming,
}

/// The bytes that a record owns, with their salt.
type Owned = (Salt, Vec<u8>);

/// A service, as it is reached.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) base: BaseUrl,
    pub(crate) tokens: RunTokens,
}

impl Endpoint {
    fn new(port: ServicePort) -> Self {
        Self { base: port.base, tokens: RunTokens::new(port.sign_in) }
    }
}

/// The only thing that sends: each request is on record before it leaves, and its answer after it has come.
#[derive(Debug)]
pub(crate) struct RecordedClient<T> {
    transport: T,
    partner_center: Endpoint,
    graph: Option<Endpoint>,
    is_without_graph: AtomicBool,
    /// Whoever holds this renews a token: those of both services may come from one sign-in.
    pub(crate) turn: tokio::sync::Mutex<()>,
    pub(crate) scrubber: Scrubber,
    pub(crate) writer: Writer,
    clock: Clock,
    pub(crate) ids: Ids,
    /// The run that the requests belong to; a sign-in by itself and a look around belong to none.
    run: Option<RunId>,
    pacer: Pacer,
    /// How many attempts in a row, over all customers, ended without an answer.
    unanswered: AtomicU32,
    /// Cancelled when somebody asks the run to stop.
    pub(crate) stop: CancellationToken,
    /// Cancelled when the run has to stop: nothing more passes the gate.
    pub(crate) closed: CancellationToken,
    /// The most requests in flight.
    concurrency: u32,
}

impl<T> RecordedClient<T> {
    /// Over these ports, at a `rate` a minute. `held_for` is what is left of the patience that the service asked for.
    pub(crate) fn new(
        ports: Ports<T>,
        writer: Writer,
        run: Option<RunId>,
        (rate, concurrency): (u32, u32),
        held_for: Duration,
    ) -> Self {
        for port in [&ports.partner_center].into_iter().chain(&ports.graph) {
            ports.scrubber.learn(&port.sign_in.secrets());
        }
        Self {
            transport: ports.transport,
            partner_center: Endpoint::new(ports.partner_center),
            graph: ports.graph.map(Endpoint::new),
            is_without_graph: AtomicBool::new(false),
            turn: tokio::sync::Mutex::default(),
            scrubber: ports.scrubber,
            writer,
            clock: ports.clock,
            ids: ports.ids,
            run,
            pacer: Pacer::new(rate, held_for.min(LONGEST_WAIT)),
            unanswered: AtomicU32::new(0),
            stop: ports.stop,
            closed: CancellationToken::new(),
            concurrency,
        }
    }

    /// A service, if it can be reached at all: without a token there is no Graph.
    pub(crate) fn endpoint(&self, service: Service) -> Result<&Endpoint, Halt> {
        match service {
            Service::PartnerCenter => Ok(&self.partner_center),
            Service::Graph => self.graph.as_ref().filter(|_| self.has_graph()).ok_or_else(|| {
                let text = "there is no token for Microsoft Graph; sign in with `offboard login`, or set \
                            OFFBOARD_GRAPH_ACCESS_TOKEN";
                Halt::stop(StopCause::SignIn, text)
            }),
        }
    }

    /// Whether there may be a token for Microsoft Graph.
    pub(crate) fn has_graph(&self) -> bool {
        self.graph.is_some() && !self.is_without_graph.load(Ordering::Relaxed)
    }

    /// Whether a token for Microsoft Graph is at hand, without anybody being asked for one.
    pub(crate) fn has_graph_token(&self) -> bool {
        self.has_graph() && self.graph.as_ref().is_some_and(|graph| !graph.tokens.can_renew())
    }

    /// Nothing more is asked of Microsoft Graph: it does not answer us, and nothing here needs it.
    pub(crate) fn do_without_graph(&self) {
        self.is_without_graph.store(true, Ordering::Relaxed);
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Between 0 and 1.
    pub(crate) fn jitter(&self) -> f64 {
        let [byte, ..] = self.ids.bytes();
        f64::from(byte) / 255.0
    }

    /// The pace now, for people.
    pub(crate) fn pace(&self) -> PaceNow {
        self.pacer.now()
    }

    /// Waits for a turn at the gate.
    pub(crate) async fn slot(&self) -> Result<Slot, Halt> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(Halt::Closed),
            () = self.stop.cancelled() => Err(Halt::interrupted()),
            slot = self.pacer.slot() => Ok(slot),
        }
    }

    /// Waits for a while, unless the run stops: whoever is stopped while waiting is stopped at the gate.
    pub(crate) async fn wait(&self, wait: Duration) {
        tokio::select! {
            () = sleep(wait) => {}
            () = self.stop.cancelled() => {}
            () = self.closed.cancelled() => {}
        }
    }

    /// Stops the run when nobody answers any more: the network is gone, and every further customer
    /// would fail for no reason of its own.
    pub(crate) fn require_network(&self) -> Result<(), Halt> {
        let unanswered = self.unanswered.load(Ordering::Relaxed);
        if unanswered < DEAD_NETWORK.max(2 * self.concurrency + 1) {
            return Ok(());
        }
        let text =
            format!("the last {unanswered} requests had no answer: the network or the service is gone");
        Err(Halt::stop(StopCause::Service, text))
    }

    /// Records events that belong together; gives the place of the first.
    pub(crate) async fn record(&self, events: Vec<Event>) -> Result<Seq, Halt> {
        Ok(self.writer.append(self.entries(events)).await?)
    }

    /// Records events that nobody waits for: they are on disk before whatever is recorded after them.
    pub(crate) async fn record_in_passing(&self, events: Vec<Event>) -> Result<(), Halt> {
        Ok(self.writer.append_before_the_next(self.entries(events)).await?)
    }

    /// Records events as they are made, some at a time: nobody holds those of 100,000 rows at once.
    pub(crate) async fn record_all(&self, events: impl IntoIterator<Item = Event>) -> Result<(), Halt> {
        let mut events = events.into_iter();
        loop {
            let chunk: Vec<_> = events.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            self.record(chunk).await?;
        }
    }

    fn entries(&self, events: Vec<Event>) -> Vec<Entry> {
        let at = self.clock.now();
        let record = |event| Entry::from(Record { at, run: self.run.clone(), event });
        events.into_iter().map(record).collect()
    }

    fn entry(&self, event: Event, payload: Option<Owned>) -> Entry {
        Entry { record: Record { at: self.clock.now(), run: self.run.clone(), event }, payload }
    }

    /// What a record says of a body, and the body with its salt.
    fn owned(&self, body: Option<Vec<u8>>) -> (Option<Payload>, Option<Owned>) {
        let salt = self.ids.salt();
        (body.as_ref().map(|bytes| Payload::of(&salt, bytes)), body.map(|bytes| (salt, bytes)))
    }
}

impl<T: Transport> RecordedClient<T> {
    /// Makes one attempt at a service. From the intent on it cannot be stopped: an answer that arrives is always
    /// recorded. `understand` reads an answer with a 2xx, if it is what was expected.
    pub(crate) async fn attempt<R>(
        &self,
        SendPermit { slot, bearer }: SendPermit,
        spec: RequestSpec<'_>,
        understand: &(dyn Fn(&Incoming) -> Option<R> + Sync),
    ) -> Result<Attempt<R>, Halt> {
        let endpoint = self.endpoint(spec.request.service)?;
        let request_id = spec.request_id.unwrap_or_else(|| self.ids.request_id());
        let ids = (request_id, self.ids.correlation_id());
        let request = spec.request.clone().to_service(&endpoint.base, bearer.token.clone(), ids.0, ids.1);
        let spec = RequestSpec { request, ..spec };
        let is_early = is_taken_out("send-before-the-intent-is-on-disk");
        let early = if is_early { Some(self.send(&spec).await) } else { None };
        let intent = self.intend(&spec, ids).await?;
        let (sent, duration_ms) = if let Some(sent) = early { sent } else { self.send(&spec).await };
        debug(intent, &spec, &sent, duration_ms);

        let mut exchange =
            Exchange { request_id: Some(ids.0), correlation_id: Some(ids.1), ..Exchange::default() };
        let unread = match sent {
            Ok(unread) => unread,
            Err(error) => {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                exchange.text = Some(self.unheard(intent, spec.row(), &error, duration_ms).await?);
                let ended = match error {
                    SendError::NotSent(_) => AttemptEnd::NotSent,
                    SendError::Unknown(_) => AttemptEnd::Lost,
                };
                return Ok(Attempt { intent, exchange, ended });
            }
        };
        let incoming = self.scrubber.answer(unread);
        let fault = response::fault(&incoming);
        let asked = Asked {
            is_change: spec.purpose.is_change(),
            is_customer: spec.purpose.tells() == Tells::Customer,
            is_told_by_answer: spec.purpose.effect().is_some_and(|effect| effect.facts().answer_tells),
            can_do_without: spec.purpose.can_do_without(),
        };
        let understood = incoming.is_success().then(|| understand(&incoming)).flatten();
        let answer = response::classify(&incoming, &fault, understood.is_some(), asked);
        self.unanswered.store(0, Ordering::Relaxed);
        exchange.status = Some(incoming.status);
        exchange.code.clone_from(&fault.code);
        exchange.text.clone_from(&fault.text);
        // The gate hears of it before the disk does: nobody passes meanwhile.
        let held = self.heed(answer, (spec.request.service, slot), (endpoint, &bearer), intent, &incoming);
        let heard = Heard { intent, row: spec.row(), answer, fault, duration_ms, incoming: &incoming };
        // What becomes of a change is decided by what its answer adds to the state.
        if asked.is_change {
            self.heard(heard).await?;
        } else {
            self.heard_in_passing(heard).await?;
        }
        if let Some(held) = held.transpose()? {
            self.record(vec![Event::Held(held)]).await?;
        }
        let ended = understood.map_or(AttemptEnd::Answered(answer), AttemptEnd::Understood);
        Ok(Attempt { intent, exchange, ended })
    }

    /// Records that a request is about to be sent. When this returns, that is on disk.
    pub(crate) async fn intend(
        &self,
        spec: &RequestSpec<'_>,
        (request_id, correlation_id): (RequestId, CorrelationId),
    ) -> Result<Seq, Halt> {
        let request = &spec.request;
        let headers = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = request.body.as_ref().map(|body| self.scrubber.text(&body.stored()).into_bytes());
        let (payload, owned) = self.owned(body);
        let intended = RequestIntended {
            row: spec.row(),
            customer: spec.subject.map(|(_, customer)| customer),
            about: spec.about.map(|about| self.scrubber.text(about)),
            purpose: spec.purpose,
            attempt: spec.attempt,
            method: request.method.as_str().to_owned(),
            url: self.scrubber.text(&request.url),
            request_id,
            correlation_id,
            headers: self.scrubber.headers(headers),
            body: payload,
        };
        let entry = self.entry(Event::RequestIntended(Box::new(intended)), owned);
        let place = self.writer.append(vec![entry]).await?;
        if let Some(send_stop) = self.writer.send_stop()
            && !is_taken_out("send-on-when-the-disk-was-full")
        {
            return Err(self.stop_unsent(place, spec.row(), send_stop).await?);
        }
        Ok(place)
    }

    /// The intent is on disk, but nothing may be sent any more.
    async fn stop_unsent(&self, intent: Seq, row: Option<u32>, send_stop: SendStop) -> Result<Halt, Halt> {
        self.closed.cancel();
        let (cause, error, text) = match send_stop {
            SendStop::DiskFull => (
                StopCause::DiskFull,
                "the disk is full, so its answer could not be recorded",
                "the disk is full: the audit log cannot grow. What was in flight is on record, and nothing more was \
                 sent. Make room",
            ),
            SendStop::FileLimit => (
                StopCause::DiskFull,
                "the audit log may not grow much further, so its answer might not be recorded",
                "the audit log has come near to the largest size that a file may have here (`ulimit -f`). What was in \
                 flight is on record, and nothing more was sent. Raise that limit",
            ),
            SendStop::StopFile => (
                StopCause::StopFile,
                "a file beside the audit log says stop",
                "somebody put a file beside the audit log that says stop (its name ends with `.stop`). What was in \
                 flight is on record, and nothing more was sent. Find out why, and remove the file",
            ),
        };
        let unsent = NotSent { intent, row, error: error.to_owned(), duration_ms: 0 };
        self.record(vec![Event::RequestNotSent(unsent)]).await?;
        Ok(Halt::stop(cause, text))
    }

    /// Sends, and says how many milliseconds it took. Whatever comes back passes the scrubber before it is read.
    pub(crate) async fn send(&self, spec: &RequestSpec<'_>) -> (Result<Unread, SendError>, u64) {
        let began = Instant::now();
        let sent = self.transport.send(&spec.request).await;
        (sent.map(Unread::new), u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Records an answer. When this returns, that is on disk.
    pub(crate) async fn heard(&self, heard: Heard<'_>) -> Result<(), Halt> {
        self.writer.append(vec![self.answer(heard)]).await?;
        Ok(())
    }

    /// Records the answer to a read, which changes nothing that is waited for: it is on disk before whatever
    /// is recorded after it, the next intent among it.
    async fn heard_in_passing(&self, heard: Heard<'_>) -> Result<(), Halt> {
        Ok(self.writer.append_before_the_next(vec![self.answer(heard)]).await?)
    }

    fn answer(&self, heard: Heard<'_>) -> Entry {
        let incoming = heard.incoming;
        let headers = incoming.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let id = |names: &[&str]| names.iter().find_map(|name| incoming.header(name)).map(short);
        let body = Some(incoming.text().to_vec()).filter(|body| !body.is_empty());
        let (payload, owned) = self.owned(body);
        let received = ResponseReceived {
            intent: heard.intent,
            row: heard.row,
            status: incoming.status,
            answer: heard.answer,
            code: heard.fault.code,
            text: heard.fault.text,
            duration_ms: heard.duration_ms,
            headers: self.scrubber.headers(headers),
            request_id: id(&["ms-requestid", "x-ms-request-id", "request-id"]),
            correlation_id: id(&["ms-correlationid", "client-request-id"]),
            body: payload,
        };
        self.entry(Event::ResponseReceived(Box::new(received)), owned)
    }

    /// Records that there is no answer; gives the reason in words.
    pub(crate) async fn unheard(
        &self,
        intent: Seq,
        row: Option<u32>,
        error: &SendError,
        duration_ms: u64,
    ) -> Result<String, Halt> {
        let text = self.scrubber.text(&error.to_string());
        let event = match error {
            SendError::NotSent(_) => {
                Event::RequestNotSent(NotSent { intent, row, error: text.clone(), duration_ms })
            }
            SendError::Unknown(_) => {
                Event::OutcomeUnknown(OutcomeUnknown { intent, row, error: text.clone(), duration_ms })
            }
        };
        self.record(vec![event]).await?;
        Ok(text)
    }

    /// What an answer means for everybody else. Gives what is to be recorded of a pause.
    fn heed(
        &self,
        answer: Answer,
        (service, slot): (Service, Slot),
        (endpoint, bearer): (&Endpoint, &Bearer),
        intent: Seq,
        incoming: &Incoming,
    ) -> Option<Result<Held, Halt>> {
        let tokens = &endpoint.tokens;
        match answer {
            Answer::Throttled => return Some(self.hold(slot, intent, incoming)),
            // A change may have been carried out all the same; the service is to be left alone in any case.
            Answer::Unclear if incoming.header("retry-after").is_some() => {
                return Some(self.hold(slot, intent, incoming));
            }
            Answer::TokenExpired if tokens.can_renew() => tokens.refused(bearer, self.now()),
            // There is no other token, or another one of the same sign-in would be no better.
            Answer::TokenExpired | Answer::SignInRefused if service == Service::PartnerCenter => {
                self.closed.cancel();
            }
            Answer::TokenExpired | Answer::SignInRefused | Answer::Unclear => self.pacer.answered(slot),
            _ => {
                self.pacer.answered(slot);
                tokens.accepted(bearer);
            }
        }
        None
    }

    /// Everybody waits; what is given is to be recorded. What nobody waits for closes the gate.
    fn hold(&self, slot: Slot, basis: Seq, incoming: &Incoming) -> Result<Held, Halt> {
        let now = self.clock.now();
        let (wait, why) = match response::retry_after(incoming, now) {
            RetryAfter::Wait(wait) => {
                (Some(wait), format!("status {}, Retry-After {} s", incoming.status, wait.as_secs()))
            }
            RetryAfter::NotSaid => (None, format!("status {}, no Retry-After", incoming.status)),
            RetryAfter::Absurd(value) => {
                self.closed.cancel();
                return Err(absurd(&value));
            }
        };
        let pace = self.pacer.refused(slot, wait);
        let until = now.plus(pace.held_for.unwrap_or_default());
        Ok(Held { until, rate: pace.per_minute, basis, why })
    }
}

/// The service asks to wait longer than anybody would.
pub(crate) fn absurd(value: &str) -> Halt {
    let text =
        format!("the service asks to wait (`Retry-After: {value}`) for longer than an hour; resume later");
    Halt::stop(StopCause::Service, text)
}

/// Tells whoever looks for a fault of an attempt; nothing of what was sent or came back.
pub(crate) fn debug(intent: Seq, spec: &RequestSpec<'_>, sent: &Result<Unread, SendError>, duration_ms: u64) {
    let status = sent.as_ref().ok().map(Unread::status);
    let RequestSpec { purpose, attempt, .. } = spec;
    tracing::debug!(intent, ?purpose, row = spec.row(), attempt, status, duration_ms, "attempt");
}

fn short(value: &str) -> String {
    value.chars().take(100).collect()
}
