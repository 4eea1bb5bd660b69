//! The reviewer's page: a log to read in a browser, for somebody who has no access to Partner Center.
//!
//! ```text
//!  browser ──▶ server ──access_check──▶ log_session ──view──▶ pages ──▶ HTML
//!                                 │
//!                                 └─ in the background: snapshot ─▶ index ─▶ verdict
//! ```
//!
//! `access_check` says who may come in, `desk` holds what is looked at, `pages` are made from questions alone, and
//! `server` is the only part that knows sockets. The log is opened so that it cannot be changed, and nothing
//! is written beside it: what is shown is a [`crate::audit::Snapshot`], and the verdict on top of each page
//! is about the very bytes that the page was made from. It is the verdict of `offboard verify`, from the
//! same code.
//!
//! The command line calls this room. It must never write to a log, follow a link, obey a text, send anything
//! anywhere, or listen where another machine can reach it.

mod access_check;
mod log_session;
mod pages;
mod server;
#[cfg(test)]
mod tests;

pub use log_session::LogSession;
pub use server::Review;
