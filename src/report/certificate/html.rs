//! `certificate.html`: the story for a person, on paper too.

use super::form::{Certificate, Item};
use crate::report::template::environment;
use minijinja::{Value, context, value::Serde};

const TEMPLATE: &str = include_str!("certificate.html");

/// The page. It follows from the certificate alone.
pub(super) fn render(certificate: &Certificate) -> Result<String, minijinja::Error> {
    let mut environment = environment()?;
    environment.add_template("certificate.html", TEMPLATE)?;
    let withheld: Vec<Value> = certificate
        .records
        .iter()
        .filter_map(|item| match item {
            Item::Withheld(withheld) => {
                let (seq, kind, why) = (withheld.seq, &withheld.kind, &withheld.why);
                Some(context! { seq, kind, why => Value::from(Serde(why)) })
            }
            Item::Shown(_) => None,
        })
        .collect();
    let size = certificate.checkpoint.lines().nth(1).unwrap_or_default();
    let values =
        context! { withheld, size, records => certificate.records.len(), ..Value::from(Serde(certificate)) };
    environment.get_template("certificate.html")?.render(values)
}
