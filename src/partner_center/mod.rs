//! Partner Center's REST API as values.
//!
//! [`request`] builds requests, [`response`] says what an answer means, [`model`] reads the bodies
//! in all the forms that the service is known to write, [`redact`] says what of an exchange may be
//! stored, [`auth`] knows the token, and [`transport`] is the only place in the program with a
//! client socket. The engine asks for one request at a time and gets exactly one attempt: nothing
//! in here retries, follows a redirect or waits, because an attempt that is not on record must not
//! happen.
//!
//! This room never writes to the log, never decides about a customer, and never lets a token out in
//! any form.

mod acceptance_link;
pub mod auth;
mod cloud;
mod collection;
pub mod form;
pub mod graph;
mod json;
pub mod model;
mod paging;
pub mod redact;
pub mod request;
pub mod resource;
pub mod response;
mod service;
pub mod transport;
pub(crate) mod unconfirmed;

pub use acceptance_link::doubt_about_link;
pub use cloud::{BaseUrl, BaseUrlError, Cloud};
pub use collection::CollectionPage;
pub use paging::{Count, NextLinkError, NextPage, next_page};
pub use service::Service;
