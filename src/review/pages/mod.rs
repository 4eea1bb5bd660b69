//! What is shown, from questions to the log and its index alone: no clock, no socket, no file.

/// Values for a template, from anything that can be serialised.
macro_rules! values {
    (@ $name:ident) => { $name };
    (@ $name:ident $value:expr) => { $value };
    ($($name:ident $(=> $value:expr)?),* $(,)?) => {
        minijinja::context! {
            $($name => minijinja::Value::from(minijinja::value::Serde(&values!(@ $name $($value)?)))),*
        }
    };
}

mod address;
mod controls;
mod customer;
mod customers;
mod difference;
mod form;
mod frame;
mod json;
mod programme;
mod records;
mod run;
mod runs;
mod sample;
mod search;
mod timeline;
mod verdict;

pub(super) use address::PageAddress;
#[cfg(test)]
pub(super) use controls::columns;
pub(super) use frame::{Frame, SCRIPT, render, style, verdict};

use crate::{
    audit::{Index, QueryError, Reader, verify::Verification},
    domain::Day,
    report::Programme,
};
use minijinja::Value;
use std::cell::OnceCell;

/// Where answers come from.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) reader: Reader,
    pub(super) index: Index,
    /// The day on which the log was looked at.
    pub(super) taken_on: Day,
    /// Where each customer stands, once somebody has asked.
    programme: OnceCell<Programme>,
}

impl Tools {
    pub(super) fn new(reader: Reader, index: Index, taken_on: Day) -> Self {
        Self { reader, index, taken_on, programme: OnceCell::new() }
    }
}

/// A page without its frame.
#[derive(Debug)]
pub(super) struct ShownPage {
    pub(super) status: u16,
    title: String,
    template: &'static str,
    values: Value,
}

impl ShownPage {
    fn new(template: &'static str, title: impl Into<String>, values: Value) -> Self {
        Self { status: 200, title: title.into(), template, values }
    }

    /// A page that says that there is none, and what to do.
    fn message(status: u16, title: &str, text: &str, more: &str) -> Self {
        let values = values! { text, more, waits => false };
        Self { status, ..Self::new("message.html", title, values) }
    }

    fn nothing(text: &str) -> Self {
        Self::message(
            404,
            "There is no such page",
            text,
            "The runs are listed on the first page; the search finds any ID.",
        )
    }
}

/// Makes a page. `found` is the verdict, once there is one.
pub(super) fn show(
    tools: &Tools,
    page: &PageAddress,
    found: Option<&Result<Verification, String>>,
) -> ShownPage {
    let made = match page {
        PageAddress::Runs => runs::show(tools),
        PageAddress::Programme => programme::show(tools),
        PageAddress::Run(run) => run::show(tools, run),
        PageAddress::Customers(run, asked) => customers::show(tools, run, asked),
        PageAddress::Customer(run, row) => customer::show(tools, run, *row),
        PageAddress::Records(run, after) => records::show(tools, run, *after),
        PageAddress::Sample(run, asked) => sample::show(tools, run, asked),
        PageAddress::Search(text) => search::show(tools, text),
        PageAddress::Controls => controls::show(tools),
        PageAddress::Verify => verdict::show(tools, found),
        PageAddress::Unknown | PageAddress::Style | PageAddress::Script | PageAddress::Verdict => {
            Ok(ShownPage::nothing("Nothing of the log has this address."))
        }
    };
    made.unwrap_or_else(|error: QueryError| failed(&error))
}

fn failed(error: &QueryError) -> ShownPage {
    let text = format!("The log could not be asked: {error}.");
    ShownPage::message(
        500,
        "This page could not be made",
        &text,
        "If the verdict above says that the log was altered, this may be why. Otherwise reload the page; if it stays so, \
         `offboard verify` says what is wrong with the file.",
    )
}

/// While the log is being read.
pub(super) fn reading(read: u64, total: u64) -> ShownPage {
    let text = if total == 0 {
        "The log has just been opened.".to_owned()
    } else {
        format!("{read} of {total} records were read.")
    };
    let more = "This page appears when that is done. Without a script, reload it.";
    let values = values! { text, more, waits => true };
    ShownPage { status: 503, ..ShownPage::new("message.html", "The log is being read", values) }
}

/// When the log changed while a page was made from it.
pub(super) fn changed() -> ShownPage {
    let text = "The log changed at this moment, so that this page would have shown two states of it.";
    let values =
        values! { text, more => "It is read again. Without a script, reload this page.", waits => true };
    ShownPage { status: 503, ..ShownPage::new("message.html", "The log is being read again", values) }
}

/// When the log cannot be read.
pub(super) fn broken(why: &str) -> ShownPage {
    ShownPage::message(
        500,
        "The log cannot be read",
        why,
        "Reload this page to try again. `offboard verify` says more about a file that is damaged; one that was moved \
         away is opened with `offboard review --audit-log PATH`.",
    )
}
