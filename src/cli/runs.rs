//! `offboard runs`.

use super::{
    args::Common,
    exit::{Exit, Failure},
    printer::Printer,
    settings::{Paths, Typed},
    tables::{Table, table},
};
use crate::audit::Reader;

pub(super) fn run(printer: &Printer, typed: &Typed, common: &Common) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let runs = Reader::open(&paths.audit_log)?.runs()?;
    if printer.json {
        for run in &runs {
            printer.data(&serde_json::to_string(run).unwrap_or_default())?;
        }
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        printer.data("no runs yet")?;
        return Ok(Exit::Done);
    }
    let mut shown = Table::new(&["run", "mode", "partner", "list", "rows", "state", "exit"]);
    for run in runs {
        shown.row([
            run.run_id.to_string(),
            run.mode.unwrap_or_default(),
            run.partner_name.unwrap_or_default(),
            run.input_file.unwrap_or_default(),
            run.input_rows.map(|rows| rows.to_string()).unwrap_or_default(),
            run.state.as_str().to_owned(),
            run.exit_code.map(|code| code.to_string()).unwrap_or_default(),
        ]);
    }
    printer.data(&table(&shown))?;
    Ok(Exit::Done)
}
