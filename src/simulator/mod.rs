//! A Partner Center that never was.
//!
//! Real customers cannot be used to practise something that cannot be undone. This room answers
//! the requests that the program sends as Partner Center is documented to answer them, with every
//! known quirk, limit and mishap, and remembers what *really* happened, so that a test can compare
//! the truth with what the program wrote down.
//!
//! * [`Model`] is pure: a request and the time go in, a [`Reply`] comes out. Its only randomness is
//!   a generator that starts from the scenario's seed, so the same scenario and the same sequence
//!   of requests give the same replies, byte for byte.
//! * [`Scenario`] says which customers there are and what goes wrong, and when.
//! * [`Journal`] is what the model received, in order.
//! * [`Door`] puts a model behind HTTP on a loopback address.
//!
//! The demo, a rehearsal, `offboard simulate` and the tests call it. It must never reach a network
//! beyond loopback, never read a clock outside the door, and never learn how the rest of the
//! program works: it imports the words of the trade and nothing else, so that a mistake there
//! cannot hide behind the same mistake here.

mod http;
mod journal;
mod model;
mod random;
pub mod scenario;
mod synthetic_customer;

pub use http::Door;
pub use journal::{Counts, Journal, Keep, Received};
pub use model::{AdminTruth, Cut, Model, Removal, Reply, Request, TermEndTruth};
pub use scenario::{Relationship, Scenario, ScenarioError};
pub use synthetic_customer::{generated_id, synthetic_domain, synthetic_name};
