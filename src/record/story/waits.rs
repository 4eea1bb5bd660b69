//! When everything waited.

use crate::{domain::Time, record::Held};
use std::time::Duration;

/// Everything waited; answers that asked for it at the same time are one wait.
#[derive(Clone, Debug)]
pub struct Wait {
    /// When the first answer asked for it.
    pub from: Time,
    /// Until when the last one did.
    pub until: Time,
    /// The pace afterwards, in requests a minute.
    pub rate: u32,
    /// How many answers asked for it.
    pub answers: u32,
    /// What the one that asked for most of it said.
    pub why: String,
}

impl Wait {
    /// The waits of a run, from what is on record of each answer that asked for one, in its order.
    pub fn all(held: &[(Time, Held)]) -> Vec<Self> {
        let mut waits: Vec<Self> = Vec::new();
        for (at, Held { until, rate, why, .. }) in held {
            if let Some(wait) = waits.last_mut().filter(|wait| *at <= wait.until) {
                wait.answers += 1;
                wait.rate = *rate;
                if *until > wait.until {
                    (wait.until, wait.why) = (*until, why.clone());
                }
            } else {
                let why = why.clone();
                waits.push(Self { from: *at, until: *until, rate: *rate, answers: 1, why });
            }
        }
        waits
    }

    /// How long it lasted.
    pub fn lasted(&self) -> Duration {
        self.until.since(self.from)
    }
}
