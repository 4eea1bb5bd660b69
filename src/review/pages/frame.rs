//! What every page has around it: the verdict on top, the ways to the other pages, the style.

use super::{ShownPage, verdict as verdicts};
use crate::{audit::verify::Verification, domain::Time, report};
use minijinja::{Environment, Error, Value, context, value::merge_maps};
use std::sync::OnceLock;

/// What little script there is.
pub(in crate::review) const SCRIPT: &str = include_str!("templates/review.js");

const TEMPLATES: [(&str, &str); 15] = [
    ("table.html", include_str!("templates/table.html")),
    ("lines.html", include_str!("templates/lines.html")),
    ("frame.html", include_str!("templates/frame.html")),
    ("verdict.html", include_str!("templates/verdict.html")),
    ("message.html", include_str!("templates/message.html")),
    ("runs.html", include_str!("templates/runs.html")),
    ("programme.html", include_str!("templates/programme.html")),
    ("run.html", include_str!("templates/run.html")),
    ("customers.html", include_str!("templates/customers.html")),
    ("customer.html", include_str!("templates/customer.html")),
    ("timeline.html", include_str!("templates/timeline.html")),
    ("sample.html", include_str!("templates/sample.html")),
    ("search.html", include_str!("templates/search.html")),
    ("controls.html", include_str!("templates/controls.html")),
    ("verify.html", include_str!("templates/verify.html")),
];

/// The style of the report, and what the reviewer's pages have beyond it.
pub(in crate::review) fn style() -> String {
    format!("{}\n{}", report::STYLE, include_str!("templates/review.css"))
}

/// What every page needs to know.
#[derive(Debug)]
pub(in crate::review) struct Frame {
    root: String,
    log: String,
    verdict: Value,
    /// The moment that is shown, if the log may have changed since.
    moment: Option<String>,
}

impl Frame {
    /// Around a page about no log, or about one that is still being read.
    pub(in crate::review) fn unread(root: &str, log: String) -> Self {
        Self { root: root.to_owned(), log, verdict: verdicts::unread(), moment: None }
    }

    /// Around a page about a log.
    pub(in crate::review) fn about(
        root: &str,
        log: String,
        checked: Option<(Time, &Result<Verification, String>)>,
        moment: Option<Time>,
    ) -> Self {
        let verdict = checked.map_or_else(verdicts::pending, |(at, found)| verdicts::summary(at, found));
        Self { root: root.to_owned(), log, verdict, moment: moment.map(|at| at.to_string()) }
    }

    fn values(&self) -> Value {
        values! { root => self.root, log => self.log, verdict => self.verdict, moment => self.moment }
    }
}

fn environment() -> Result<&'static Environment<'static>, Error> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    if let Some(environment) = ENVIRONMENT.get() {
        return Ok(environment);
    }
    let mut environment = report::environment()?;
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(ENVIRONMENT.get_or_init(|| environment))
}

/// The whole page.
pub(in crate::review) fn render(shown: ShownPage, frame: &Frame) -> Result<String, Error> {
    let ShownPage { title, template, values, .. } = shown;
    environment()?.get_template(template)?.render(merge_maps([context! { title }, frame.values(), values]))
}

/// The verdict alone.
pub(in crate::review) fn verdict(frame: &Frame) -> Result<String, Error> {
    environment()?.get_template("verdict.html")?.render(frame.values())
}
