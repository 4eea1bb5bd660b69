//! Addresses, and the questions in them.

use super::{customers, form::FormAnswers, sample};
use crate::domain::{RunId, Seq};

/// What an address asks for.
#[derive(Debug)]
pub(in crate::review) enum PageAddress {
    Runs,
    Programme,
    Run(RunId),
    Customers(RunId, customers::CustomerSearch),
    Customer(RunId, u32),
    Records(RunId, Option<Seq>),
    Sample(RunId, sample::SampleChoice),
    Search(String),
    Controls,
    Verify,
    /// The verdict alone.
    Verdict,
    Style,
    Script,
    Unknown,
}

impl PageAddress {
    /// Reads an address: its path behind the token, and its query.
    pub(in crate::review) fn of(path: &str, query: &str) -> Self {
        let form = FormAnswers::of(query);
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let run = |name: &str| name.parse::<RunId>().ok();
        let found = match *parts.as_slice() {
            [] => Some(Self::Runs),
            ["style.css"] => Some(Self::Style),
            ["review.js"] => Some(Self::Script),
            ["status"] => Some(Self::Programme),
            ["verdict"] => Some(Self::Verdict),
            ["verify"] => Some(Self::Verify),
            ["controls"] => Some(Self::Controls),
            ["search"] => Some(Self::Search(form.text("id").unwrap_or_default())),
            ["run", name] => run(name).map(Self::Run),
            ["run", name, "customers"] => {
                run(name).map(|run| Self::Customers(run, customers::CustomerSearch::of(&form)))
            }
            ["run", name, "customer", row] => {
                run(name).zip(row.parse().ok()).map(|(run, row)| Self::Customer(run, row))
            }
            ["run", name, "records"] => run(name).map(|run| Self::Records(run, form.number("after"))),
            ["run", name, "sample"] => {
                run(name).map(|run| Self::Sample(run, sample::SampleChoice::of(&form)))
            }
            _ => None,
        };
        found.unwrap_or(Self::Unknown)
    }
}
