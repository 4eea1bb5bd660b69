//! The model itself: requests in, replies out, the truth kept.
//!
//! A request goes through the layers that the real one goes through: the gateway's limits
//! (`throttle`), then what the scenario lets go wrong (`faults`, `mishaps`), then sign-in (`auth`), then the
//! endpoint (`endpoints`), which reads and changes the `customers`. Tokens come from the sign-in service
//! beside it (`issuer`), which knows faults but no limits. `answers` writes the outcome as
//! the bytes that the quirks ask for, and the journal notes it.
//!
//! Everything here is pure. It must never read a clock, sleep, or draw chance from anywhere but
//! the scenario's seed.

mod activity;
mod answers;
mod auth;
mod customers;
mod endpoints;
mod exchange;
mod faults;
mod graph;
mod issuer;
mod mishaps;
mod products;
mod route;
mod rules;
mod sandbox;
mod service;
mod subscribing;
mod synthetic_customers;
mod term;
#[cfg(test)]
mod tests;
mod throttle;

pub use exchange::{Cut, Removal, Reply, Request};
pub use graph::AdminTruth;
pub use service::Model;
pub use subscribing::TermEndTruth;
