//! Templates of pages, and what they have in common.
//!
//! Every value goes through one formatter, which makes hidden characters visible and escapes for HTML, so
//! that no place in a template can forget it.

use super::{error::ReportError, plain::visible};
use crate::domain::{grouped, is_taken_out};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter,
    syntax::SyntaxConfig,
};
use std::{
    io::{self, Write},
    path::Path,
};

/// The palette and the components of everything that people read.
pub const STYLE: &str = include_str!("style.css");
const COMPONENTS: &str = include_str!("components.html");
const PROGRAMME: &str = include_str!("programme/parts.html");

/// Where templates of pages are kept; it has `components.html` and `programme-parts.html` already.
pub fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_name| {
        if is_taken_out("names-that-are-markup") { AutoEscape::None } else { AutoEscape::Html }
    });
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => escape_formatter(out, state, &Value::from(visible(text))),
        _ => escape_formatter(out, state, value),
    });
    environment.add_filter("number", |count: u64| grouped(count));
    environment.add_filter("moment", |time: String| moment(&time));
    environment.add_filter("exact", |time: String| time.replacen('T', " ", 1).replacen('Z', "", 1));
    environment.add_filter("clock", |time: String| time.get(11..19).unwrap_or(&time).to_owned());
    environment.add_filter("day", |time: String| time.get(..10).unwrap_or(&time).to_owned());
    environment.add_filter("urlencode", |text: String| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
    });
    environment.add_template("components.html", COMPONENTS)?;
    environment.add_template("programme-parts.html", PROGRAMME)?;
    Ok(environment)
}

/// Writes a page into `out`, which is to be the file at `path`.
pub(super) fn render(
    environment: &Environment<'_>,
    name: &str,
    values: Value,
    out: &mut impl Write,
    path: &Path,
) -> Result<(), ReportError> {
    match environment.get_template(name)?.render_captured_to(values, out) {
        Ok(_nothing_captured) => Ok(()),
        Err(error) if error.kind() == ErrorKind::WriteFailure => {
            Err(ReportError::Write { path: path.to_owned(), source: io::Error::other(error) })
        }
        Err(error) => Err(error.into()),
    }
}

/// `2026-11-20 09:30:05 UTC`; the milliseconds are in the tables for machines.
pub(super) fn moment(time: &str) -> String {
    match (time.get(..10), time.get(11..19), time.ends_with('Z')) {
        (Some(day), Some(clock), true) => format!("{day} {clock} UTC"),
        _ => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_people_read_them() {
        assert_eq!(moment("2026-11-20T09:30:05.123Z"), "2026-11-20 09:30:05 UTC");
    }
}
