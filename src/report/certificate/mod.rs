//! `certificate.json` and `certificate.html`: what the log says of one customer, to be shown without showing
//! the others, nor what the partner noted of it.
//!
//! A certificate holds the customer's own records and the frame of the run, byte by byte, each with the
//! hashes that lead from it to a signed head; so it is checked with a public key, without the log. What
//! names another customer is withheld, and only its hash is shown ([`redaction`] looks for the names). So is a row of
//! the list that has other columns than ID, name and domain ([`list_columns`]). The
//! story is computed from the records, and computed again when the certificate is checked: [`check()`] makes
//! the whole file anew from its parts and compares the bytes, so no byte of it can be changed unseen.
//!
//! A certificate proves that its records are in the log. That there are no others about the customer, only
//! the whole log can show.

mod check;
mod draft;
mod exchanges;
mod form;
mod html;
mod known;
mod list_columns;
mod make;
mod name_matching;
mod record_selection;
mod redaction;
mod sentence;
mod story;

pub use check::{Refused, Trusted, check, check_html};
pub use draft::CannotProve;
pub use form::Certificate;
pub use make::{Proved, Wanted, prove, write_certificate};
