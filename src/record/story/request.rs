//! A request, and how it ended.

use crate::{
    domain::{Seq, Time},
    record::{Event, NotSent, OutcomeUnknown, Record, RequestIntended, ResponseReceived},
};

/// A request that was sent, or was about to be.
#[derive(Clone, Debug)]
pub struct RequestStory {
    /// The place of its intent.
    pub seq: Seq,
    /// When it was about to be sent.
    pub at: Time,
    /// The intent.
    pub intended: RequestIntended,
    /// How it ended; none: the program died before it knew.
    pub end: Option<(Time, Ended)>,
    /// The place of the record that says so.
    pub ended_in: Option<Seq>,
}

/// How a request ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// It was answered.
    Responded(ResponseReceived),
    /// Nothing of it reached the server.
    NotSent(NotSent),
    /// It may have reached the server.
    Unknown(OutcomeUnknown),
}

impl Ended {
    fn of(record: &Record) -> Option<Self> {
        match &record.event {
            Event::ResponseReceived(response) => Some(Self::Responded((**response).clone())),
            Event::RequestNotSent(failure) => Some(Self::NotSent(failure.clone())),
            Event::OutcomeUnknown(failure) => Some(Self::Unknown(failure.clone())),
            _ => None,
        }
    }

    /// The public name: `responded`, `not_sent`, `unknown`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Responded(_) => "responded",
            Self::NotSent(_) => "not_sent",
            Self::Unknown(_) => "unknown",
        }
    }

    /// How long it took, in milliseconds.
    pub const fn duration_ms(&self) -> u64 {
        match self {
            Self::Responded(response) => response.duration_ms,
            Self::NotSent(failure) => failure.duration_ms,
            Self::Unknown(failure) => failure.duration_ms,
        }
    }

    /// What the service said, or what went wrong on the way.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Responded(response) => response.text.as_deref(),
            Self::NotSent(failure) => Some(&failure.error),
            Self::Unknown(failure) => Some(&failure.error),
        }
    }
}

impl RequestStory {
    /// The status of its answer.
    pub const fn status(&self) -> Option<u16> {
        match &self.end {
            Some((_, Ended::Responded(response))) => Some(response.status),
            _ => None,
        }
    }

    /// How it ended, if that is known.
    pub fn ended(&self) -> Option<&Ended> {
        self.end.as_ref().map(|(_, ended)| ended)
    }
}

/// Requests in the order in which they were about to be sent.
#[derive(Clone, Debug, Default)]
pub struct Requests(Vec<RequestStory>);

impl Requests {
    /// Takes the next record; those that belong to no request of these are passed over.
    pub(super) fn take(&mut self, seq: Seq, record: &Record) {
        if let Event::RequestIntended(intent) = &record.event {
            let intended = (**intent).clone();
            self.0.push(RequestStory { seq, at: record.at, intended, end: None, ended_in: None });
        } else if let Some(ended) = Ended::of(record) {
            let intent = record.event.about().intent();
            // The latest ones are answered first.
            if let Some(request) = self.0.iter_mut().rev().find(|request| Some(request.seq) == intent) {
                request.end.get_or_insert((record.at, ended));
                request.ended_in.get_or_insert(seq);
            }
        }
    }

    /// Takes the next record, and gives the request that it ends, which is kept no longer.
    pub fn take_ended(&mut self, seq: Seq, record: &Record) -> Option<RequestStory> {
        self.take(seq, record);
        let ended = self.0.iter().rposition(|request| request.ended_in == Some(seq))?;
        Some(self.0.remove(ended))
    }

    /// Each of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &RequestStory> {
        self.0.iter()
    }
}
