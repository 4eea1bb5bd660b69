//! Diagnostic logs: for finding faults of this program, never evidence.

use super::exit::Failure;
use std::path::Path;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{EnvFilter, fmt};

/// Writes diagnostics to a new file a day in `folder`. Straight to the file: the queue that the
/// appender offers loses lines when it is full. What a library would log of headers is left out,
/// whatever `RUST_LOG` says.
pub(super) fn start(folder: &Path, verbose: bool) -> Result<(), Failure> {
    let refused = |error: &dyn std::fmt::Display| {
        let folder = folder.display();
        Failure::usage(format!(
            "cannot write diagnostic logs to `{folder}`: {error}; choose another folder with `--log-dir`"
        ))
    };
    // The appender complains on standard error when it has to make the folder itself.
    std::fs::create_dir_all(folder).map_err(|error| refused(&error))?;
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("offboard")
        .filename_suffix("log")
        .max_log_files(14)
        .build(folder)
        .map_err(|error| refused(&error))?;
    let level = if verbose { "offboard=debug" } else { "offboard=info" };
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_unset| level.to_owned());
    let capped =
        ["hyper", "hyper_util", "h2", "rustls", "reqwest"].map(|library| format!("{library}=info")).join(",");
    let filter = EnvFilter::builder().parse_lossy(format!("{wanted},{capped}"));
    let subscriber = fmt().with_ansi(false).with_env_filter(filter).with_writer(files).finish();
    // A second start, as in a demo that plans and then runs, keeps the first.
    drop(tracing::subscriber::set_global_default(subscriber));
    Ok(())
}
