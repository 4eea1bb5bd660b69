//! One request: slot, intent, on disk, send, answer.

use super::{
    pacer::{PaceNow, Pacer, Slot},
    ports::{Clock, Ids},
};
use crate::{
    audit::{Entry, WriteError, Writer},
    domain::{Answer, RequestId, RunId, Seq, TenantId, Time},
    partner_center::{
        BaseUrl,
        redact::Scrubber,
        request::{Call, Outgoing},
        response::{self, Fault, Incoming, RetryAfter},
        transport::{SendError, Transport},
    },
    record::{
        Event, Exchange, Held, NotSent, OutcomeUnknown, Payload, Purpose, Record, RequestIntended,
        ResponseReceived, StopCause,
    },
};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// So many attempts in a row without an answer are no accident of one customer's; but all that were
/// in flight may be lost with one connection, so it must also be more than two rounds of them.
const DEAD_NETWORK: u32 = 8;

/// Why the run cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Halt {
    /// The audit log cannot be written: nothing more is sent.
    #[error("{0}")]
    Log(#[from] WriteError),
    /// The gate was closed, because something else stops the run.
    #[error("something else stopped the run")]
    Closed,
    /// The run stops; what is on record says where.
    #[error("{text}")]
    Stop {
        /// Why.
        cause: StopCause,
        /// In words.
        text: String,
    },
}

impl Halt {
    /// A stop with this cause.
    pub(super) fn stop(cause: StopCause, text: impl Into<String>) -> Self {
        Self::Stop { cause, text: text.into() }
    }
}

/// What is to be carried.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) purpose: Purpose,
    pub(super) subject: Option<(u32, TenantId)>,
    pub(super) call: Call,
    /// 1 for the first try.
    pub(super) attempt: u32,
    /// For a change that is repeated: the identifier that it had.
    pub(super) request_id: Option<RequestId>,
    /// Whether the body of a 2xx is what was expected.
    pub(super) understood: fn(&Incoming) -> bool,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// With an answer.
    Answered {
        /// What it means.
        answer: Answer,
        /// The answer.
        incoming: Incoming,
    },
    /// It certainly did not reach the server.
    NotSent,
    /// It may have reached the server.
    Lost,
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) intent: Seq,
    pub(super) exchange: Exchange,
    pub(super) ended: Ended,
}

/// Carries requests to the service, each on record.
#[derive(Debug)]
pub struct Courier<T> {
    pub(super) transport: T,
    pub(super) base: BaseUrl,
    pub(super) scrubber: Scrubber,
    pub(super) writer: Writer,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    pub(super) run: RunId,
    pub(super) pacer: Pacer,
    /// How many attempts in a row, over all customers, ended without an answer.
    pub(super) unanswered: AtomicU32,
    /// Cancelled when somebody asks the run to stop.
    pub(super) stop: CancellationToken,
    /// Cancelled when the run has to stop: nothing more passes the gate.
    pub(super) closed: CancellationToken,
    /// The most requests in flight.
    pub(super) concurrency: u32,
}

impl<T: Transport> Courier<T> {
    /// Records events of this run that belong together; gives the place of the first.
    pub(super) async fn record(&self, events: Vec<Event>) -> Result<Seq, Halt> {
        let at = self.clock.now();
        let entries = events
            .into_iter()
            .map(|event| Entry::from(Record { at, run: Some(self.run.clone()), event }))
            .collect();
        Ok(self.writer.append(entries).await?)
    }

    /// Waits for a turn at the gate.
    pub(super) async fn slot(&self) -> Result<Slot, Halt> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(Halt::Closed),
            () = self.stop.cancelled() => Err(Halt::stop(StopCause::Interrupted, "the run was asked to stop")),
            slot = self.pacer.slot() => Ok(slot),
        }
    }

    /// Waits for a turn and makes one attempt.
    pub(super) async fn carry(&self, errand: Errand) -> Result<Carried, Halt> {
        let slot = self.slot().await?;
        self.attempt(slot, errand).await
    }

    /// Makes one attempt. From the intent on it cannot be stopped: an answer that arrives is always
    /// recorded.
    pub(super) async fn attempt(&self, slot: Slot, errand: Errand) -> Result<Carried, Halt> {
        let request_id = errand.request_id.unwrap_or_else(|| self.ids.request_id());
        let correlation_id = self.ids.correlation_id();
        let outgoing = Outgoing::new(&self.base, &errand.call, request_id, correlation_id);
        let intent = self.intend(&errand, &outgoing, request_id, correlation_id).await?;

        let began = Instant::now();
        let sent = self.transport.send(&outgoing).await;
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);

        let row = errand.subject.map(|(row, _)| row);
        let status = sent.as_ref().ok().map(|answer| answer.status);
        tracing::debug!(intent, purpose = ?errand.purpose, row, attempt = errand.attempt, status, duration_ms, "attempt");
        let mut exchange = Exchange {
            request_id: Some(request_id),
            correlation_id: Some(correlation_id),
            ..Exchange::default()
        };
        match sent {
            Ok(incoming) => {
                let incoming = self.scrubber.answer(incoming);
                let fault = response::fault(&incoming);
                let is_customer = errand.subject.is_some() && errand.purpose != Purpose::ReadOrder;
                let understood = incoming.is_success() && (errand.understood)(&incoming);
                let answer = response::classify(&incoming, &fault, understood, is_customer);
                self.unanswered.store(0, Ordering::Relaxed);
                exchange.status = Some(incoming.status);
                exchange.code.clone_from(&fault.code);
                exchange.text.clone_from(&fault.text);
                // The gate hears of it before the disk does: nobody passes meanwhile.
                let to_record = match answer {
                    Answer::Throttled => Some(self.hold(slot, intent, &incoming)),
                    Answer::TokenExpired | Answer::SignInRefused => {
                        self.closed.cancel();
                        None
                    }
                    _ => {
                        self.pacer.answered();
                        None
                    }
                };
                self.answered(intent, row, answer, fault, &incoming, duration_ms).await?;
                match to_record {
                    Some(Ok(held)) => drop(self.record(vec![Event::Held(held)]).await?),
                    Some(Err(halt)) => return Err(halt),
                    None => {}
                }
                Ok(Carried { intent, exchange, ended: Ended::Answered { answer, incoming } })
            }
            Err(error) => {
                let text = self.scrubber.text(&error.to_string());
                exchange.text = Some(text.clone());
                let (event, ended) = match error {
                    SendError::NotSent(_) => (
                        Event::RequestNotSent(NotSent { intent, row, error: text, duration_ms }),
                        Ended::NotSent,
                    ),
                    SendError::Unknown(_) => {
                        let lost = OutcomeUnknown { intent, row, error: text, duration_ms };
                        (Event::OutcomeUnknown(lost), Ended::Lost)
                    }
                };
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                self.record(vec![event]).await?;
                Ok(Carried { intent, exchange, ended })
            }
        }
    }

    /// Stops the run when nobody answers any more: the network is gone, and every further customer
    /// would fail for no reason of its own.
    pub(super) fn require_network(&self) -> Result<(), Halt> {
        let unanswered = self.unanswered.load(Ordering::Relaxed);
        if unanswered < DEAD_NETWORK.max(2 * self.concurrency + 1) {
            return Ok(());
        }
        let text =
            format!("the last {unanswered} requests had no answer: the network or the service is gone");
        Err(Halt::stop(StopCause::Service, text))
    }

    /// The pace now, for people.
    pub fn pace(&self) -> PaceNow {
        self.pacer.now()
    }

    async fn intend(
        &self,
        errand: &Errand,
        outgoing: &Outgoing,
        request_id: RequestId,
        correlation_id: crate::domain::CorrelationId,
    ) -> Result<Seq, Halt> {
        let salt = self.ids.salt();
        let body = outgoing.body.map(str::as_bytes);
        let headers = outgoing.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let intended = RequestIntended {
            row: errand.subject.map(|(row, _)| row),
            customer: errand.subject.map(|(_, customer)| customer),
            purpose: errand.purpose,
            attempt: errand.attempt,
            method: outgoing.method.as_str().to_owned(),
            url: self.scrubber.text(&outgoing.url),
            request_id,
            correlation_id,
            headers: self.scrubber.headers(headers),
            body: body.map(|bytes| Payload::of(&salt, bytes)),
        };
        let record = Record {
            at: self.clock.now(),
            run: Some(self.run.clone()),
            event: Event::RequestIntended(Box::new(intended)),
        };
        let payload = body.map(|bytes| (salt, bytes.to_vec()));
        let intent = self.writer.append(vec![Entry { record, payload }]).await?;
        if self.writer.is_full() {
            self.closed.cancel();
            let error = "the disk is full, so its answer could not be recorded".to_owned();
            let row = errand.subject.map(|(row, _)| row);
            self.record(vec![Event::RequestNotSent(NotSent { intent, row, error, duration_ms: 0 })]).await?;
            let text = "the disk is full: the audit log cannot grow. What was in flight is on record, and nothing more \
                        was sent. Make room";
            return Err(Halt::stop(StopCause::DiskFull, text));
        }
        Ok(intent)
    }

    async fn answered(
        &self,
        intent: Seq,
        row: Option<u32>,
        answer: Answer,
        fault: Fault,
        incoming: &Incoming,
        duration_ms: u64,
    ) -> Result<(), Halt> {
        let salt = self.ids.salt();
        let body = incoming.text();
        let headers = incoming.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let id = |name| incoming.header(name).map(short);
        let received = ResponseReceived {
            intent,
            row,
            status: incoming.status,
            answer,
            code: fault.code,
            text: fault.text,
            duration_ms,
            headers: self.scrubber.headers(headers),
            request_id: id("ms-requestid"),
            correlation_id: id("ms-correlationid"),
            body: (!body.is_empty()).then(|| Payload::of(&salt, body)),
        };
        let record = Record {
            at: self.clock.now(),
            run: Some(self.run.clone()),
            event: Event::ResponseReceived(Box::new(received)),
        };
        let payload = (!body.is_empty()).then(|| (salt, body.to_vec()));
        self.writer.append(vec![Entry { record, payload }]).await?;
        Ok(())
    }

    /// Everybody waits; what is given is to be recorded. What nobody waits for closes the gate.
    fn hold(&self, slot: Slot, basis: Seq, incoming: &Incoming) -> Result<Held, Halt> {
        let now = self.clock.now();
        let (wait, why) = match response::retry_after(incoming, now) {
            RetryAfter::Wait(wait) => {
                (Some(wait), format!("status {}, Retry-After {}", incoming.status, seconds(wait)))
            }
            RetryAfter::NotSaid => (None, format!("status {}, no Retry-After", incoming.status)),
            RetryAfter::Absurd(value) => {
                self.closed.cancel();
                let text =
                    format!("the service asks to be left alone until `{value}`, which nobody waits for");
                return Err(Halt::stop(StopCause::Service, text));
            }
        };
        let pace = self.pacer.refused(slot, wait);
        let until = now.plus(pace.held_for.unwrap_or_default());
        Ok(Held { until, rate: pace.per_minute, basis, why })
    }

    /// What time it is.
    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }
}

fn seconds(wait: Duration) -> String {
    format!("{} s", wait.as_secs())
}

fn short(value: &str) -> String {
    value.chars().take(100).collect()
}
