//! The records around one request: its intent before it is sent, and its end afterwards.

use super::{courier::Courier, halt::Halt};
use crate::{
    audit::{Brake, Entry, Salt},
    domain::{Answer, CorrelationId, Purpose, RequestId, Seq, TenantId, is_taken_out},
    partner_center::{
        request::Outgoing,
        response::{Fault, Incoming},
        transport::SendError,
    },
    record::{Event, NotSent, OutcomeUnknown, Payload, Record, RequestIntended, ResponseReceived, StopCause},
};

/// A request that is about to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intent<'a> {
    pub(super) purpose: Purpose,
    pub(super) subject: Option<(u32, TenantId)>,
    /// The order that it changes, if it is not the customer itself.
    pub(super) about: Option<&'a str>,
    /// 1 for the first try.
    pub(super) attempt: u32,
    pub(super) request_id: RequestId,
    pub(super) correlation_id: CorrelationId,
    pub(super) outgoing: &'a Outgoing,
}

/// A request that has its answer.
#[derive(Clone, Debug)]
pub(super) struct Heard<'a> {
    pub(super) intent: Seq,
    pub(super) row: Option<u32>,
    pub(super) answer: Answer,
    pub(super) fault: Fault,
    pub(super) duration_ms: u64,
    /// The answer as it may be stored.
    pub(super) incoming: &'a Incoming,
}

/// The bytes that a record owns, with their salt.
type Owned = (Salt, Vec<u8>);

impl<T> Courier<T> {
    /// Records events that belong together; gives the place of the first.
    pub(super) async fn record(&self, events: Vec<Event>) -> Result<Seq, Halt> {
        Ok(self.writer.append(self.entries(events)).await?)
    }

    /// Records events that nobody waits for: they are on disk before whatever is recorded after them.
    pub(super) async fn record_in_passing(&self, events: Vec<Event>) -> Result<(), Halt> {
        Ok(self.writer.append_before_the_next(self.entries(events)).await?)
    }

    fn entries(&self, events: Vec<Event>) -> Vec<Entry> {
        let at = self.clock.now();
        let record = |event| Entry::from(Record { at, run: self.run.clone(), event });
        events.into_iter().map(record).collect()
    }

    /// Records that a request is about to be sent. When this returns, that is on disk.
    pub(super) async fn intend(&self, intent: Intent<'_>) -> Result<Seq, Halt> {
        let outgoing = intent.outgoing;
        let headers = outgoing.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = outgoing.body.as_ref().map(|body| self.scrubber.text(&body.stored()).into_bytes());
        let (payload, owned) = self.owned(body);
        let intended = RequestIntended {
            row: intent.subject.map(|(row, _)| row),
            customer: intent.subject.map(|(_, customer)| customer),
            about: intent.about.map(|about| self.scrubber.text(about)),
            purpose: intent.purpose,
            attempt: intent.attempt,
            method: outgoing.method.as_str().to_owned(),
            url: self.scrubber.text(&outgoing.url),
            request_id: intent.request_id,
            correlation_id: intent.correlation_id,
            headers: self.scrubber.headers(headers),
            body: payload,
        };
        let entry = self.entry(Event::RequestIntended(Box::new(intended)), owned);
        let place = self.writer.append(vec![entry]).await?;
        if let Some(brake) = self.writer.brake()
            && !is_taken_out("send-on-when-the-disk-was-full")
        {
            return Err(self.stop_unsent(place, intent, brake).await?);
        }
        Ok(place)
    }

    /// The intent is on disk, but nothing may be sent any more.
    async fn stop_unsent(&self, place: Seq, intent: Intent<'_>, brake: Brake) -> Result<Halt, Halt> {
        self.closed.cancel();
        let (cause, error, text) = match brake {
            Brake::DiskFull => (
                StopCause::DiskFull,
                "the disk is full, so its answer could not be recorded",
                "the disk is full: the audit log cannot grow. What was in flight is on record, and nothing more was \
                 sent. Make room",
            ),
            Brake::FileLimit => (
                StopCause::DiskFull,
                "the audit log may not grow much further, so its answer might not be recorded",
                "the audit log has come near to the largest size that a file may have here (`ulimit -f`). What was in \
                 flight is on record, and nothing more was sent. Raise that limit",
            ),
            Brake::StopFile => (
                StopCause::StopFile,
                "a file beside the audit log says stop",
                "somebody put a file beside the audit log that says stop (its name ends with `.stop`). What was in \
                 flight is on record, and nothing more was sent. Find out why, and remove the file",
            ),
        };
        let unsent = NotSent {
            intent: place,
            row: intent.subject.map(|(row, _)| row),
            error: error.to_owned(),
            duration_ms: 0,
        };
        self.record(vec![Event::RequestNotSent(unsent)]).await?;
        Ok(Halt::stop(cause, text))
    }

    /// Records an answer. When this returns, that is on disk.
    pub(super) async fn heard(&self, heard: Heard<'_>) -> Result<(), Halt> {
        self.writer.append(vec![self.answer(heard)]).await?;
        Ok(())
    }

    /// Records the answer to a read, which changes nothing that is waited for: it is on disk before whatever
    /// is recorded after it, the next intent among it.
    pub(super) async fn heard_in_passing(&self, heard: Heard<'_>) -> Result<(), Halt> {
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
            request_id: id(&["ms-requestid", "x-ms-request-id"]),
            correlation_id: id(&["ms-correlationid", "client-request-id"]),
            body: payload,
        };
        self.entry(Event::ResponseReceived(Box::new(received)), owned)
    }

    /// Records that there is no answer; gives the reason in words.
    pub(super) async fn unheard(
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

    /// What a record says of a body, and the body with its salt.
    fn owned(&self, body: Option<Vec<u8>>) -> (Option<Payload>, Option<Owned>) {
        let salt = self.ids.salt();
        (body.as_ref().map(|bytes| Payload::of(&salt, bytes)), body.map(|bytes| (salt, bytes)))
    }

    fn entry(&self, event: Event, payload: Option<Owned>) -> Entry {
        Entry { record: Record { at: self.clock.now(), run: self.run.clone(), event }, payload }
    }
}

fn short(value: &str) -> String {
    value.chars().take(100).collect()
}
