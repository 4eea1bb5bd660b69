//! `offboard verify --export`.

use super::{
    check_line::{line, verdict_line},
    exit::{Exit, Failure},
    export_tables::refused,
    printer::Printer,
};
use crate::{
    audit::verify::Trust,
    export::{ExportCheck, ExportError, verify_export},
    report::visible,
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// `log` is a log that is at hand.
pub(super) fn run(
    printer: &Printer,
    folders: &[PathBuf],
    trust: &Trust,
    log: Option<&Path>,
) -> Result<Exit, Failure> {
    let found = verify_export(folders, trust, log).map_err(|error| match error {
        error @ ExportError::Read { .. } => Failure::usage(error.to_string()),
        error => refused(error),
    })?;
    let exit = Exit::from_code(found.verdict.exit_code());
    if printer.json {
        let bug = |error: serde_json::Error| Failure::new(Exit::Bug, error.to_string());
        let mut value = serde_json::to_value(&found).map_err(bug)?;
        if let Some(map) = value.as_object_mut() {
            map.insert("exit_code".to_owned(), json!(exit.code()));
        }
        printer.data(&serde_json::to_string_pretty(&value).map_err(bug)?)?;
    } else {
        printer.show(&as_text(printer, &found))?;
    }
    Ok(exit)
}

fn as_text(printer: &Printer, found: &ExportCheck) -> String {
    let mut lines: Vec<String> = found.checks.iter().map(|check| line(printer, check)).collect();
    for log in &found.logs {
        let title = format!("Log {} in {}", log.log_id, log.folder);
        lines.push(visible(&title).into_owned());
        lines.extend(log.checks.iter().map(|check| line(printer, check)));
    }
    for left in &found.left_over {
        let text = format!(
            "  `{left}` is left of an export that was broken off; the next one into the folder removes it."
        );
        lines.push(visible(&text).into_owned());
    }
    lines.push(String::new());
    lines.push(verdict_line(printer, found.verdict, &found.sentence()));
    lines.join("\n")
}
