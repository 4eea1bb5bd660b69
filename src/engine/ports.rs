//! What the engine works with: the outside world, so that a test can bring its own.

use super::source::Source;
use crate::{
    audit::Salt,
    domain::{CorrelationId, RequestId, RunId, Time},
    partner_center::{BaseUrl, redact::Scrubber},
    platform::since_boot,
};
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What the engine works with.
#[derive(Debug)]
pub struct Ports<T> {
    /// Sends requests.
    pub transport: T,
    /// Partner Center.
    pub partner_center: ServicePort,
    /// Microsoft Graph, if there is a token for it.
    pub graph: Option<ServicePort>,
    /// Knows the secrets, and learns those that come.
    pub scrubber: Scrubber,
    /// The clock of the records.
    pub clock: Clock,
    /// Identifiers and salts.
    pub ids: Ids,
    /// Cancelled when the run is asked to stop.
    pub stop: CancellationToken,
}

/// A service.
#[derive(Debug)]
pub struct ServicePort {
    /// Where it is.
    pub base: BaseUrl,
    /// Where tokens for it come from.
    pub sign_in: Source,
}

/// Where the time of records comes from. Waiting is always done on tokio's clock.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// This machine's clock.
    System,
    /// A moment, and from there on tokio's clock, which a test can pause and move.
    From {
        /// What the time was.
        epoch: Time,
        /// When it was that.
        start: Instant,
    },
}

impl Clock {
    /// Begins at `epoch` and follows tokio's clock.
    pub fn starting_at(epoch: Time) -> Self {
        Self::From { epoch, start: Instant::now() }
    }

    /// What time it is.
    pub fn now(&self) -> Time {
        match self {
            Self::System => {
                // The wall clock once, and from then on the clock that nobody sets, which goes on while
                // the machine sleeps: a step of the wall clock neither shortens a settle time nor makes
                // the records run backwards.
                static BEGAN: OnceLock<(Time, Duration)> = OnceLock::new();
                let (wall, boot) = BEGAN.get_or_init(|| (wall_clock(), since_boot()));
                wall.plus(since_boot().saturating_sub(*boot))
            }
            Self::From { epoch, start } => epoch.plus(start.elapsed()),
        }
    }
}

fn wall_clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Where identifiers and salts come from.
#[derive(Debug)]
pub enum Ids {
    /// The operating system's randomness.
    Random,
    /// A counter over a seed: the same each time.
    Seeded(AtomicU64),
}

impl Ids {
    /// The same identifiers each time.
    pub const fn seeded(seed: u64) -> Self {
        Self::Seeded(AtomicU64::new(seed))
    }

    /// Sixteen bytes that have not been given before.
    pub fn bytes(&self) -> [u8; 16] {
        match self {
            Self::Random => *Uuid::new_v4().as_bytes(),
            Self::Seeded(counter) => {
                let n = counter.fetch_add(1, Ordering::Relaxed);
                let digest = crate::domain::Sha256::of(&[&n.to_be_bytes()]);
                let mut bytes = [0; 16];
                bytes.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
                *uuid::Builder::from_random_bytes(bytes).into_uuid().as_bytes()
            }
        }
    }

    /// A fresh `MS-RequestId`.
    pub fn request_id(&self) -> RequestId {
        RequestId::new(Uuid::from_bytes(self.bytes()))
    }

    /// A fresh `MS-CorrelationId`.
    pub fn correlation_id(&self) -> CorrelationId {
        CorrelationId::new(Uuid::from_bytes(self.bytes()))
    }

    /// A fresh salt.
    pub fn salt(&self) -> Salt {
        self.bytes()
    }

    /// The name of a run that begins at `at`.
    pub fn run_id(&self, at: Time) -> RunId {
        let [a, b, c, ..] = self.bytes();
        RunId::new(at, [a, b, c])
    }
}
