//! Whoever answers what a person is asked.

use super::{ending::RunEnding, reports::NotWritten};
use crate::{
    domain::{TenantId, is_taken_out},
    engine::{Halt, Watch},
    partner_center::transport::Transport,
    record::Run,
    report::visible,
};
use std::{fmt, path::Path};

/// Whoever answers what a person is asked: a terminal, `--yes`, a script of answers.
pub trait Operator {
    /// Shows the progress of the work until it is dropped.
    type Progress;

    /// Who answers, as it stands on record.
    fn name(&self) -> String;

    /// Something worth knowing about the run. Nothing depends on it.
    fn tell(&mut self, news: News<'_>, run: &Run);

    /// Work has begun.
    fn working<T: Transport>(&mut self, watch: Watch<T>) -> Self::Progress;

    /// Whether what is planned, or what is left of it, is to be carried out. Whoever means it types the phrase.
    /// `is_again`: what was typed before was not it.
    fn confirm(
        &mut self,
        run: &Run,
        phrase: &Phrase,
        is_again: bool,
    ) -> impl Future<Output = Result<ConsentAnswer, Halt>> + use<Self>;

    /// What becomes of what was prepared for a change that then failed.
    fn take_back(&mut self, run: &Run) -> impl Future<Output = Result<Decision, Halt>> + use<Self>;

    /// What is still to be decided of that kind, in words: they go on record for whoever goes on with the run.
    fn undecided(&self, run: &Run) -> Option<String>;

    /// Whether the run can be gone on with later.
    fn can_resume(&self, run: &Run) -> bool;
}

/// What an operator is told.
#[derive(Debug)]
pub enum News<'a> {
    /// The run is open, and all its rows are in.
    Begun,
    /// This is the plan, or what is left of it, that is confirmed next.
    Planned,
    /// The plan is in this folder, for whoever confirms it; or why it is not.
    PlanWritten(Result<&'a Path, &'a NotWritten>),
    /// This is how it ended; the reports are still to be written.
    Ended(&'a RunEnding),
}

/// Whether it is to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentAnswer {
    /// This was typed.
    Typed(String),
    /// It was allowed beforehand.
    Given,
}

/// What is typed to have taken back what was prepared for nothing,
pub const TAKE_BACK: &str = "reactivate";
/// and to leave it as it is.
pub const LEAVE: &str = "leave";

/// What becomes of what was prepared for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This was typed: [`TAKE_BACK`] or [`LEAVE`], or what decides nothing.
    Typed(String),
    /// It was decided beforehand.
    Given {
        /// Whether it is taken back.
        reactivate: bool,
    },
    /// There is nobody to ask.
    Nobody,
}

/// How often it may be typed.
pub const TRIES: u32 = 3;

/// What somebody types to the letter who means it: a name, and the number of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// What the name is called.
    pub what: &'static str,
    text: String,
}

impl Phrase {
    /// The partner's name as it is shown. In a sandbox, its own number: nobody has it in the fingers.
    pub fn new(sandbox: Option<TenantId>, partner: &str, customers: u32) -> Self {
        let (what, name) = match sandbox.filter(|_| !is_taken_out("type-the-partners-name-in-a-sandbox")) {
            Some(sandbox) => ("the sandbox's tenant ID", sandbox.to_string()),
            None => ("the partner's name", visible(partner.trim()).into_owned()),
        };
        Self { what, text: format!("{name} {customers}") }
    }

    /// What is said to whoever typed something else.
    pub fn again(&self) -> String {
        format!("That is not {} and the number. Type `{}`, or nothing to decline:", self.what, self.text)
    }

    /// Whether this line is it.
    pub fn is(&self, typed: &str) -> bool {
        typed.trim() == self.text
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
