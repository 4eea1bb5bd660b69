//! The records of a run that are about no row: its beginning and end, listings, pauses, sign-ins.

use super::{ShownPage, Tools, timeline};
use crate::{
    audit::QueryError,
    domain::{RunId, Seq},
};

/// So many records make a page.
const RECORDS: u32 = 30;

pub(super) fn show(tools: &Tools, run: &RunId, after: Option<Seq>) -> Result<ShownPage, QueryError> {
    if tools.index.run(run).is_none() {
        return Ok(ShownPage::nothing(&format!("The log has no run `{run}`.")));
    }
    let mut places = tools.index.about(run, None, after, RECORDS + 1)?;
    let has_more = places.len() > RECORDS as usize;
    places.truncate(RECORDS as usize);
    let next = places.last().filter(|_| has_more);
    let values = values! {
        run => run.as_str(), next, is_first => after.is_none(), timeline => timeline::of(tools, &places)?,
    };
    Ok(ShownPage::new("timeline.html", format!("Records of run {run}"), values))
}
