//! Any ID: whose, or of what, and where it stands.

use super::{ShownPage, Tools, customers::line};
use crate::{audit::QueryError, record::Line};
use minijinja::{Value, value::Serde};

/// Anything shorter begins too many IDs.
const SHORTEST: usize = 4;
/// So many places are shown of each kind.
const PLACES: u32 = 50;

pub(super) fn show(tools: &Tools, asked: &str) -> Result<ShownPage, QueryError> {
    let id = asked.trim().trim_matches(['{', '}']).to_lowercase();
    let title = "Search by ID";
    if id.chars().count() < SHORTEST {
        let is_short = !id.is_empty();
        return Ok(ShownPage::new("search.html", title, values! { asked, is_short, is_asked => false }));
    }
    let runs: Vec<Value> = tools
        .reader
        .runs()?
        .into_iter()
        .filter(|run| run.run_id.as_str().starts_with(&id))
        .map(|run| Value::from(Serde(&run)))
        .collect();
    let mut customers = tools.index.rows_of(&id, PLACES + 1)?;
    let mut mentions = tools.index.mentions(&id, PLACES + 1)?;
    let more = customers.len().max(mentions.len()) > PLACES as usize;
    customers.truncate(PLACES as usize);
    mentions.truncate(PLACES as usize);
    let mut places = Vec::with_capacity(mentions.len());
    for mention in &mentions {
        let Some(record) = tools.reader.stored(mention.seq)?.and_then(|stored| stored.record) else {
            continue;
        };
        let row = record.event.about().row();
        let Line { what, text, .. } = record.event.line();
        let run = record.run.map(|run| run.to_string());
        places.push(values! { id => mention.id, seq => mention.seq, at => record.at.to_string(), run, row, what, text });
    }
    let found = runs.len() + customers.len() + places.len();
    let values = values! {
        asked, is_asked => true, is_short => false, runs,
        customers => customers.iter().map(line).collect::<Vec<_>>(),
        places, more, found,
    };
    Ok(ShownPage::new("search.html", title, values))
}
