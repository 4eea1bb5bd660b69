//! What was typed about the log as evidence.

use super::SignInOptions;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Which requests are shown, or what else is done with the log.
#[derive(Debug, Args, Clone)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct LogOptions {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<LogCommand>,
    #[command(flatten)]
    pub(in crate::cli) filter: LogFilter,
}

/// What else is done with the log.
#[derive(Debug, Subcommand, Clone)]
pub(in crate::cli) enum LogCommand {
    /// Write an evidence pack: a copy of the log, its heads, reports, and how to check all that; or tables for a warehouse, or events
    Export(ExportOptions),
}

/// What is exported, and where.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ExportOptions {
    /// As what [default: an evidence pack]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(in crate::cli) format: Option<ExportFormat>,
    /// This run: an ID, a unique prefix of one, or `latest` [default: of a pack, with the reports of the latest; else every run]
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) run: Option<String>,
    /// The folder. For a pack it must be empty, or not be there yet; tables are added to those of other logs and runs. For
    /// events, the file, which must not be there yet
    pub(in crate::cli) dir: PathBuf,
}

/// As what a log is exported, other than an evidence pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    /// Tables that a warehouse reads: runs, customers, effects, requests, records; with a signed manifest
    Parquet,
    /// Each record, one a line, for a security team's tools
    Jsonl,
    /// Events of the Open Cybersecurity Schema Framework, one a line: requests, sign-ins, what was done to customers
    Ocsf,
}

/// Which requests are shown.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct LogFilter {
    /// Of this run: an ID, a unique prefix of one, or `latest`
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) run: Option<String>,
    /// About this customer
    #[arg(long, value_name = "GUID")]
    pub(in crate::cli) customer: Option<String>,
    /// With this MS-RequestId, sent or answered
    #[arg(long, value_name = "GUID")]
    pub(in crate::cli) request_id: Option<String>,
    /// With this MS-CorrelationId, sent or answered
    #[arg(long, value_name = "GUID")]
    pub(in crate::cli) correlation_id: Option<String>,
    /// Answered with this status
    #[arg(long, value_name = "N")]
    pub(in crate::cli) status: Option<u16>,
    /// At this time or later: a date, or a date and time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) since: Option<String>,
    /// Before this time, or until the end of this day
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) until: Option<String>,
    /// Every record about the customer instead: also what was read from the list, judged and settled
    #[arg(long, requires = "customer", conflicts_with_all = ["request_id", "correlation_id", "status", "since", "until"])]
    pub(in crate::cli) timeline: bool,
    /// Each record that mentions this ID, or one that begins so: a tenant's, request's, order's, subscription's
    #[arg(long, value_name = "ID", conflicts_with_all = ["customer", "request_id", "correlation_id", "status", "since", "until"])]
    pub(in crate::cli) id: Option<String>,
}

/// What a log is compared with.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct VerifyOptions {
    /// Prove this run alone, whatever was added after it: an ID, a unique prefix of one, or `latest`
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) run: Option<String>,
    /// Signed heads of the log that were kept elsewhere, such as a checkpoint.txt; repeatable
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) checkpoint: Vec<PathBuf>,
    /// The only key that may have signed, or a file that holds it; repeatable
    #[arg(long, value_name = "VKEY|FILE")]
    pub(in crate::cli) key: Vec<String>,
    /// Print the keys that the log introduces, and nothing else
    #[arg(long, conflicts_with_all = ["run", "checkpoint", "key", "record"])]
    pub(in crate::cli) print_key: bool,
    /// Record in the log that it was verified, unless it was altered
    #[arg(long, conflicts_with_all = ["run", "export"])]
    pub(in crate::cli) record: bool,
    /// Look at what `log export --format parquet` wrote into this folder, with or without the log; repeatable
    ///
    /// Each file must be the one of a signed manifest, and follow from the records in the export, whose tree is that of the
    /// signed head. A log that is named with `--audit-log`, or with its variable, is compared as well, and so are exports of
    /// one log in several folders.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["run", "print_key"])]
    pub(in crate::cli) export: Vec<PathBuf>,
}

/// Whose certificate is made, or which one is checked.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ProveOptions {
    /// Make the certificate of this customer
    #[arg(long, value_name = "GUID", required_unless_present = "check")]
    pub(in crate::cli) customer: Option<String>,
    /// In this run: an ID, a unique prefix of one, or `latest` [default: the latest that names the customer]
    #[arg(long, value_name = "RUN", conflicts_with = "check")]
    pub(in crate::cli) run: Option<String>,
    /// Where to put it [default: certificates/GUID/ in the folder of the run's reports]
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Show the list's row with all its columns; without this it is withheld if there are others than ID, name and domain
    #[arg(long, conflicts_with = "check")]
    pub(in crate::cli) with_columns: bool,
    /// Check this certificate instead; neither the log nor a network is needed
    #[arg(long, value_name = "FILE", conflicts_with = "customer")]
    pub(in crate::cli) check: Option<PathBuf>,
    /// With --check: the only key that may have signed, or a file that holds it; repeatable
    #[arg(long, value_name = "VKEY|FILE", requires = "check")]
    pub(in crate::cli) key: Vec<String>,
    /// As of this signed head that was kept elsewhere; with --check, the certificate's must be one in FILE
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) checkpoint: Option<PathBuf>,
}

/// Which run is compared with Partner Center's own record.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ReconcileOptions {
    /// A run ID, a unique prefix of one, or `latest`: the latest that could change something
    #[arg(default_value = "latest")]
    pub(in crate::cli) run: String,
    /// For how long a removal may be missing there; how late Partner Center is, is not documented
    #[arg(long, value_name = "HOURS", default_value = "48", value_parser = clap::value_parser!(u32).range(0..=2160))]
    pub(in crate::cli) lag: u32,
    /// Ceiling, in requests per minute
    #[arg(long, value_name = "N", default_value = "300", value_parser = clap::value_parser!(u32).range(1..=6_000_000))]
    pub(in crate::cli) rate: u32,
    #[command(flatten)]
    pub(in crate::cli) sign_in: SignInOptions,
}

/// How the log is shown.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ReviewOptions {
    /// Listen on this port of 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    pub(in crate::cli) port: u16,
    /// Signed heads of the log that were kept elsewhere, such as a checkpoint.txt; repeatable
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) checkpoint: Vec<PathBuf>,
    /// The only key that may have signed, or a file that holds it; repeatable
    #[arg(long, value_name = "VKEY|FILE")]
    pub(in crate::cli) key: Vec<String>,
}
