//! Where each customer stands after all runs of the log: what `offboard status` writes, as a page.

use super::{ShownPage, Tools};
use crate::{
    audit::QueryError,
    report::{Programme, ProgrammeSums, ProgrammeView, programme_page},
};
use minijinja::context;

/// So many customers of each kind are shown; whoever needs all of them has `offboard status`.
const MOST: usize = 2_000;

pub(super) fn show(tools: &Tools) -> Result<ShownPage, QueryError> {
    let programme = if let Some(programme) = tools.programme.get() {
        programme
    } else {
        let read =
            Programme::read(&[("this log".to_owned(), &tools.reader)]).map_err(|unread| unread.source)?;
        tools.programme.get_or_init(|| read)
    };
    let view = ProgrammeView::new(programme, None, tools.taken_on);
    let sums = ProgrammeSums::of(&view);
    let values = context! { most => MOST, ..programme_page(&view, &sums, MOST) };
    Ok(ShownPage::new("programme.html", "Status", values))
}
