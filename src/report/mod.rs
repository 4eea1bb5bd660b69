//! What a run was, for people: the files of `reports/<run-id>/`.
//!
//! [`write_all`] makes all of them from the audit log alone, so they can be made again at any time
//! and come out the same to the byte: there is no clock, no randomness and no state of a running
//! engine in them. Everything is computed and checked before the first file appears under its
//! name; when the outcomes do not add up to the rows of the list, nothing appears at all.
//!
//! What former customers are sent ([`write_reinvitations`]) is made from the log as well, and from the one link that
//! the service gives for all of them.
//!
//! The command line calls this room when a run ends and for `offboard report`. It must never write
//! to the log, talk to a network, or trust a text: names, cells and the service's messages are
//! data that somebody else wrote. A spreadsheet must not run them ([`CsvStyle::Safe`]), a browser
//! must not obey them (`template` escapes all of them), and a terminal must not either
//! ([`visible`]).

mod approver;
mod aside;
mod certificate;
mod deadlines;
mod error;
mod handover;
mod list_table;
mod page;
mod plain;
mod plan;
mod programme;
mod reinvitation;
mod rows;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod snapshots;
mod summary;
mod tables;
mod template;
#[cfg(test)]
mod tests;
mod told;
mod traffic;
mod workbook;
mod write;

pub use approver::{is_operators_own, signed_by, why_no_other_person};
pub use certificate::{
    CannotProve, Certificate, Proved, Refused, Trusted, Wanted, check, check_html, prove, write_certificate,
};
pub use error::ReportError;
pub use list_table::{ListCell, ListForm, ListTable};
pub(crate) use page::evidence;
pub use page::{Share, in_words, shares_of};
pub use plain::{harmless_json, visible};
pub use plan::{BadPlan, Plan, PlanEntry, Pointed, Surprise};
pub use programme::{
    Contradiction, CustomerOfList, CustomerStanding, CustomerToLookAt, LogNotRead, MonthOfProgramme,
    Programme, ProgrammeList, ProgrammePartner, ProgrammeRun, ProgrammeState, ProgrammeSums, ProgrammeView,
    Prospect, programme_page, write_programme,
};
pub use reinvitation::{FormerCustomer, LoggedRemoval, Reinvitation, write_reinvitations};
pub use rows::Shown;
pub use summary::{InputLine, PartnerLine, RequestCounts, Summary, summary};
pub use tables::CsvStyle;
pub use template::{STYLE, environment};
pub use write::{Written, write_all, write_all_watched, write_plan};
