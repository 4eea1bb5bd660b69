//! Diagnostic logs: for finding faults of this program, never evidence.

use super::exit::Failure;
use std::path::Path;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{EnvFilter, fmt};

/// Writes diagnostics to a new file a day in `folder`. Straight to the file: the queue that the
/// appender offers loses lines when it is full. Only what this program says itself is written, whatever
/// `RUST_LOG` asks for.
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
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    // Only what this program says itself: a library might log a header.
    let own = wanted.split(',').filter_map(|directive| match directive.trim() {
        own if own.starts_with("offboard") => Some(own.to_owned()),
        level if !level.is_empty() && !level.contains(['=', ':', '[']) => Some(format!("offboard={level}")),
        _ => None,
    });
    let own = own.collect::<Vec<_>>().join(",");
    let filter = EnvFilter::builder().parse_lossy(if own.is_empty() { level } else { &own });
    let subscriber = fmt().with_ansi(false).with_env_filter(filter).with_writer(files).finish();
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Failure::new(super::exit::Exit::Bug, error.to_string()))?;
    Ok(())
}
