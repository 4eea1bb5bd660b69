//! One request to Partner Center: a token, a slot, intent, on disk, send, answer.

use super::{
    errand::{Carried, Ended, Errand},
    halt::Halt,
    ledger::{Heard, Intent},
    pace::PaceNow,
    pacer::{Pacer, Slot},
    ports::{Clock, Ids, Ports},
    sign_in::SignIn,
    token::Bearer,
};
use crate::{
    audit::Writer,
    domain::{Answer, RunId, Seq, Tells, Time, is_taken_out},
    partner_center::{
        BaseUrl,
        redact::{Scrubber, Unread},
        request::Outgoing,
        response::{self, Asked, Incoming, LONGEST_WAIT, RetryAfter},
        transport::{SendError, Transport},
    },
    record::{Event, Exchange, Held, StopCause},
};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// So many attempts in a row without an answer are no accident of one customer's; but all that were
/// in flight may be lost with one connection, so it must also be more than two rounds of them.
const DEAD_NETWORK: u32 = 8;

/// Permission to send one request, and the token to send it with.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    slot: Slot,
    bearer: Bearer,
}

/// Carries requests to the service, each on record.
#[derive(Debug)]
pub(super) struct Courier<T> {
    pub(super) transport: T,
    pub(super) base: BaseUrl,
    pub(super) sign_in: SignIn,
    pub(super) scrubber: Scrubber,
    pub(super) writer: Writer,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    /// The run that the requests belong to; a sign-in by itself and a look around belong to none.
    pub(super) run: Option<RunId>,
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

impl<T> Courier<T> {
    /// Over these ports, at a `rate` a minute. `held_for` is what is left of the patience that the
    /// service asked for.
    pub(super) fn new(
        ports: Ports<T>,
        writer: Writer,
        run: Option<RunId>,
        (rate, concurrency): (u32, u32),
        held_for: Duration,
    ) -> Self {
        ports.scrubber.learn(&ports.sign_in.secrets());
        Self {
            transport: ports.transport,
            base: ports.base,
            sign_in: SignIn::new(ports.sign_in),
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
}

impl<T: Transport> Courier<T> {
    /// Waits for a turn at the gate.
    pub(super) async fn slot(&self) -> Result<Slot, Halt> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(Halt::Closed),
            () = self.stop.cancelled() => Err(Halt::interrupted()),
            slot = self.pacer.slot() => Ok(slot),
        }
    }

    /// Waits for a turn at the gate, with a token that is good when the turn comes: the wait may have
    /// been longer than the token lives.
    pub(super) async fn pass(&self) -> Result<Pass, Halt> {
        loop {
            let bearer = self.bearer().await?;
            let slot = self.slot().await?;
            if self.sign_in.is_current(&bearer, self.now()) {
                return Ok(Pass { slot, bearer });
            }
        }
    }

    /// Waits for a while, unless the run stops: whoever is stopped while waiting is stopped at the gate.
    pub(super) async fn wait(&self, wait: Duration) {
        tokio::select! {
            () = sleep(wait) => {}
            () = self.stop.cancelled() => {}
            () = self.closed.cancelled() => {}
        }
    }

    /// Waits for a turn and makes one attempt.
    pub(super) async fn carry<R>(&self, errand: Errand<'_, R>) -> Result<Carried<R>, Halt> {
        let pass = self.pass().await?;
        self.attempt(pass, errand).await
    }

    /// Makes one attempt. From the intent on it cannot be stopped: an answer that arrives is always
    /// recorded.
    pub(super) async fn attempt<R>(&self, pass: Pass, errand: Errand<'_, R>) -> Result<Carried<R>, Halt> {
        let Pass { slot, bearer } = pass;
        let request_id = errand.request_id.unwrap_or_else(|| self.ids.request_id());
        let correlation_id = self.ids.correlation_id();
        let outgoing =
            Outgoing::new(&self.base, &errand.call, bearer.token.clone(), request_id, correlation_id);
        let Errand { purpose, subject, attempt, .. } = errand;
        let about = errand.about.as_deref();
        let row = subject.map(|(row, _)| row);
        let intent =
            Intent { purpose, subject, about, attempt, request_id, correlation_id, outgoing: &outgoing };
        let is_early = is_taken_out("send-before-the-intent-is-on-disk");
        let early = if is_early { Some(self.send(&outgoing).await) } else { None };
        let intent = self.intend(intent).await?;

        let (sent, duration_ms) = if let Some(sent) = early { sent } else { self.send(&outgoing).await };
        let status = sent.as_ref().ok().map(Unread::status);
        tracing::debug!(intent, ?purpose, row, attempt, status, duration_ms, "attempt");
        let mut exchange = Exchange {
            request_id: Some(request_id),
            correlation_id: Some(correlation_id),
            ..Exchange::default()
        };
        match sent {
            Ok(unread) => {
                let incoming = self.scrubber.answer(unread);
                let fault = response::fault(&incoming);
                let asked = Asked {
                    is_change: purpose.is_change(),
                    is_customer: subject.is_some() && purpose.tells() == Tells::Customer,
                };
                let understood = incoming.is_success().then(|| (errand.understand)(&incoming)).flatten();
                let answer = response::classify(&incoming, &fault, understood.is_some(), asked);
                self.unanswered.store(0, Ordering::Relaxed);
                exchange.status = Some(incoming.status);
                exchange.code.clone_from(&fault.code);
                exchange.text.clone_from(&fault.text);
                // The gate hears of it before the disk does: nobody passes meanwhile.
                let held = self.told(answer, slot, &bearer, intent, &incoming);
                let heard = Heard { intent, row, answer, fault, duration_ms, incoming: &incoming };
                // What becomes of a change is decided by what its answer adds to the state.
                if purpose.is_change() {
                    self.heard(heard).await?;
                } else {
                    self.heard_in_passing(heard).await?;
                }
                if let Some(held) = held.transpose()? {
                    self.record(vec![Event::Held(held)]).await?;
                }
                let ended = understood.map_or(Ended::Answered(answer), Ended::Understood);
                Ok(Carried { intent, exchange, ended })
            }
            Err(error) => {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                exchange.text = Some(self.unheard(intent, row, &error, duration_ms).await?);
                let ended = match error {
                    SendError::NotSent(_) => Ended::NotSent,
                    SendError::Unknown(_) => Ended::Lost,
                };
                Ok(Carried { intent, exchange, ended })
            }
        }
    }

    /// Sends, and says how many milliseconds it took. Whatever comes back passes the scrubber before it is read.
    pub(super) async fn send(&self, outgoing: &Outgoing) -> (Result<Unread, SendError>, u64) {
        let began = Instant::now();
        let sent = self.transport.send(outgoing).await;
        (sent.map(Unread::new), u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// What an answer means for everybody else. Gives what is to be recorded of a pause.
    fn told(
        &self,
        answer: Answer,
        slot: Slot,
        bearer: &Bearer,
        intent: Seq,
        incoming: &Incoming,
    ) -> Option<Result<Held, Halt>> {
        match answer {
            Answer::Throttled => return Some(self.hold(slot, intent, incoming)),
            // A change may have been carried out all the same; the service is to be left alone in any case.
            Answer::Unclear if incoming.header("retry-after").is_some() => {
                return Some(self.hold(slot, intent, incoming));
            }
            Answer::TokenExpired if self.sign_in.can_renew() => self.sign_in.refused(bearer, self.now()),
            // There is no other token, or another one of the same sign-in would be no better.
            Answer::TokenExpired | Answer::SignInRefused => self.closed.cancel(),
            Answer::Unclear => self.pacer.answered(slot),
            _ => {
                self.pacer.answered(slot);
                self.sign_in.accepted(bearer);
            }
        }
        None
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
    pub(super) fn pace(&self) -> PaceNow {
        self.pacer.now()
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

    /// What time it is.
    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Between 0 and 1.
    pub(super) fn jitter(&self) -> f64 {
        let [byte, ..] = self.ids.bytes();
        f64::from(byte) / 255.0
    }
}

/// The service asks to wait longer than anybody would.
pub(super) fn absurd(value: &str) -> Halt {
    let text =
        format!("the service asks to wait (`Retry-After: {value}`) for longer than an hour; resume later");
    Halt::stop(StopCause::Service, text)
}
