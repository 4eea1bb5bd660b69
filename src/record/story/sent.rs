//! What was sent, in numbers.

use super::request::{Ended, RequestStory};
use crate::{
    domain::Answer,
    record::{Event, Record},
};
use std::collections::BTreeMap;

/// What was sent, in numbers. Records may come in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// All requests.
    pub requests: u64,
    /// Those that would change something.
    pub changes: u64,
    /// Those that repeated an earlier one.
    pub retried: u64,
    /// Answers that asked for patience.
    pub throttled: u64,
    /// How many ended how: by the status of the answer, and `not_sent` and `unknown` beside them.
    pub by_status: BTreeMap<String, u64>,
}

impl Sent {
    /// Counts a record.
    pub fn take(&mut self, record: &Record) {
        let status = match &record.event {
            Event::RequestIntended(intent) => {
                self.requests += 1;
                self.changes += u64::from(intent.purpose.is_change());
                self.retried += u64::from(intent.attempt > 1);
                return;
            }
            Event::ResponseReceived(response) => {
                self.throttled += u64::from(response.answer == Answer::Throttled);
                response.status.to_string()
            }
            Event::RequestNotSent(_) => "not_sent".to_owned(),
            Event::OutcomeUnknown(_) => "unknown".to_owned(),
            _ => return,
        };
        *self.by_status.entry(status).or_default() += 1;
    }

    /// Counts a request with its end.
    pub fn add(&mut self, request: &RequestStory) {
        self.requests += 1;
        self.changes += u64::from(request.intended.purpose.is_change());
        self.retried += u64::from(request.intended.attempt > 1);
        let Some(ended) = request.ended() else { return };
        let status = match ended {
            Ended::Responded(response) => {
                self.throttled += u64::from(response.answer == Answer::Throttled);
                response.status.to_string()
            }
            ended => ended.as_str().to_owned(),
        };
        *self.by_status.entry(status).or_default() += 1;
    }

    /// How many have no end on record.
    pub fn open(&self) -> u64 {
        self.requests.saturating_sub(self.by_status.values().sum())
    }
}
