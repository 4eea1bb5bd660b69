//! Tests that drive the real binary against a real server and a real file, and the engine in
//! process under a clock that stands still.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    reason = "a test that is surprised has failed"
)]

mod support;

mod answers;
mod app_only;
mod approvals;
mod architecture;
mod browser;
mod cancelling;
mod commands;
mod confirmation;
mod consents;
mod customers;
mod dates;
mod decided;
mod delegated_admin;
mod doctor;
mod engines;
mod events;
mod everything_on_record;
mod export;
mod exports;
#[cfg(unix)]
mod faults_of_the_disk;
mod first_edition;
mod goodbye;
mod guards;
mod handover;
mod interruption;
mod invariants;
mod kills;
mod list;
mod lists;
mod log_format;
mod login;
mod matching;
mod mutants;
mod network;
mod next;
mod places;
mod plans;
#[cfg(unix)]
mod power_cut;
mod prove;
mod readme;
mod reasons;
mod reconcile;
mod refresh;
mod reinvite;
mod renewal;
mod resellers;
mod resolve;
mod review;
mod sandbox;
#[cfg(unix)]
mod screens;
mod searching;
mod secrets;
mod settings;
mod sign_in;
mod sources;
mod standing;
mod status;
mod storage;
mod suspending;
mod term_end;
#[cfg(unix)]
mod terminal;
mod together;
mod transfers;
mod troubles;
mod trust;
mod truth;
mod verify;
mod waves;
mod workbook;
