//! What was typed. Nothing here is looked at by the rest of the program; see `settings`.

mod approval;
mod evidence;
mod running;
mod service;

pub(super) use approval::{ApprovalOptions, ApproveOptions, RequireApproval};
pub(super) use evidence::{
    ExportFormat, ExportOptions, LogCommand, LogFilter, LogOptions, ProveOptions, ReconcileOptions,
    ReviewOptions, VerifyOptions,
};
pub(super) use running::{ApplyOptions, ResumeOptions, RunOptions};
pub(super) use service::{
    AfterFailure, CloudName, DoctorOptions, ProfileOption, SandboxOptions, ServiceOptions, SignInOptions,
    UndoOptions,
};

use crate::audit::sqlite_version;
use clap::{Args, Command as Parsed, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::{path::PathBuf, sync::LazyLock};

/// Ends the reseller relationship with the customers of a list, each request on record.
#[derive(Debug, Parser)]
#[command(name = "offboard", version, long_version = BUILD.as_str(), max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done · 2 usage or input · 3 some rows not removed · 4 a guard or no confirmation \
· 5 sign-in · 6 audit log · 7 altered · 8 end not proved · 130 interrupted.\nCredentials never come from an option: sign in with `offboard login`, or set \
OFFBOARD_ACCESS_TOKEN, or OFFBOARD_REFRESH_TOKEN with OFFBOARD_TENANT_ID and OFFBOARD_CLIENT_ID."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The version, and what it is made of, for whoever reports a fault.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let commit = match env!("OFFBOARD_COMMIT") {
        "" => "not known",
        commit => commit,
    };
    format!(
        "{}\ncommit    {commit}\nSQLite    {}\nplatform  {}",
        env!("CARGO_PKG_VERSION"),
        sqlite_version(),
        env!("OFFBOARD_PLATFORM")
    )
});

/// The groups in which options are shown.
const EVERYWHERE: &str = "For every command";
const LIST: &str = "The list";
const READING: &str = "How the list is read";
const DONE: &str = "What is done";
const GUARDS: &str = "Guards";
const RECORD: &str = "On record";
const PACE: &str = "Pace";
const SERVICE: &str = "Partner Center";
const NETWORK: &str = "Sign-in and network";
const SANDBOX: &str = "Integration sandbox";
/// Those that few people need on most days: `-h` leaves them to `--help`.
const ELSEWHERE: [&str; 4] = [EVERYWHERE, READING, NETWORK, SANDBOX];

impl Cli {
    /// The command line, with its help as it is shown.
    pub(super) fn shown() -> Parsed {
        shown(Self::command())
    }
}

fn shown(command: Parsed) -> Parsed {
    // What a variable holds is nobody's who looks over a shoulder.
    let command = command.mut_args(|arg| {
        let is_for_all = matches!(arg.get_id().as_str(), "audit_log" | "reports");
        let is_elsewhere = arg.get_help_heading().is_some_and(|group| ELSEWHERE.contains(&group));
        let arg = arg.hide_env_values(true);
        if is_elsewhere && !is_for_all { arg.hide_short_help(true) } else { arg }
    });
    command.mut_subcommands(shown)
}

/// Options that every command has.
#[derive(Debug, Args, Clone)]
pub(super) struct Common {
    /// The audit log, an `SQLite` file; many runs live in one [default: audit.db]
    #[arg(long, global = true, value_name = "PATH", env = "OFFBOARD_AUDIT_LOG", help_heading = EVERYWHERE)]
    pub(super) audit_log: Option<PathBuf>,
    /// Reports of a run go to DIR/RUN-ID/, those of `status` to DIR/status/ [default: reports]
    #[arg(long, global = true, value_name = "DIR", env = "OFFBOARD_REPORTS", help_heading = EVERYWHERE)]
    pub(super) reports: Option<PathBuf>,
    /// What goes to standard output [default: text]
    #[arg(long, global = true, value_enum, help_heading = EVERYWHERE)]
    pub(super) output: Option<Output>,
    /// Where diagnostic logs go; the audit log is another thing [default: logs]
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    pub(super) log_dir: Option<PathBuf>,
    /// No progress and no tables; errors only
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub(super) quiet: bool,
    /// More of what is going on
    #[arg(long, short, global = true, conflicts_with = "quiet", help_heading = EVERYWHERE)]
    pub(super) verbose: bool,
    /// Whether to use colours [default: auto]
    #[arg(long, global = true, value_enum, help_heading = EVERYWHERE)]
    pub(super) color: Option<Color>,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Whether to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The whole job, with no account: the built-in simulator, a sample list, every report
    Demo(DemoOptions),
    /// Read the list, offline: what each row would become, every problem with its row number
    #[command(
        after_help = "A list is read as a person sees it. What is hidden, ambiguous, malformed or not compared is said, \
and refused where somebody has to decide: with these options, and nowhere else. Neither `offboard.toml` nor the \
environment can hold them, because what is right for one list is wrong for the next."
    )]
    Check(ListOptions),
    /// Write all the partner's customers as a list, which is what a run begins with; changes nothing
    ///
    /// Partner Center's list of customers says neither how many seats a customer has nor, of most, through which indirect
    /// reseller it buys. Those columns have what plans and runs in this audit log read last; where none did, they are empty.
    Customers(Box<CustomersOptions>),
    /// Add tenant IDs to a list of domains or names, from the partner's customers; says what matched and how
    Match(Box<MatchOptions>),
    /// Read each customer's live state and decide; changes nothing; writes plan.json
    Plan(Box<RunOptions>),
    /// Plan, show, confirm, remove, report in one go
    Run(Box<RunOptions>),
    /// Look at a plan as a second person, and sign it
    Approve(ApproveOptions),
    /// Carry out exactly a plan that `offboard plan` made, once
    ///
    /// Once in this audit log: a log cannot know of its copies, so keep one copy to work with. If a second customer of
    /// the plan turns out to be gone already, and nothing in this log removed it, the run stops (exit code 4): somebody
    /// else may be carrying out the same plan. `offboard resume` asks again.
    Apply(Box<ApplyOptions>),
    /// Go on with a run that was interrupted; settles what was left in doubt first
    Resume(Box<ResumeOptions>),
    /// Say what became of a customer whose outcome the program could not find out
    Resolve(ResolveOptions),
    /// Sign in with another device, and keep the sign-in for the runs to come
    Login(ServiceOptions),
    /// Forget what `login` kept
    Logout(ProfileOption),
    /// Check everything that a run needs, and show each setting with where it came from
    Doctor(DoctorOptions),
    /// The runs in the audit log
    Runs,
    /// Write the reports of a run again, from the audit log alone
    Report(ReportOptions),
    /// Search the requests in the audit log; or export it, as an evidence pack or as tables
    Log(Box<LogOptions>),
    /// Prove the audit log, or an export of it, complete and unaltered; it is only looked at
    Verify(VerifyOptions),
    /// One customer's certificate, to be shown without showing the others; or check one
    Prove(ProveOptions),
    /// Compare a run with Partner Center's own record of activity, both ways
    Reconcile(ReconcileOptions),
    /// The way back: write what customers are sent so that they can accept the partner again; changes nothing
    ///
    /// A relationship that was ended begins again only if the customer accepts, in the Microsoft 365 admin center. This
    /// reads the link for that from Partner Center, and writes a letter to each customer and a table for a mail merge.
    Reinvite(Box<ReinviteOptions>),
    /// Where each customer stands after all runs: who is gone, who may go and when, who is left and why; changes nothing
    ///
    /// From the audit log alone, unless `--refresh` has everybody looked at again. Rehearsals and demos do not count. Writes `status.html`, `status.xlsx`, `status.csv`,
    /// `handover.csv` and `deadlines.ics` into `status/` in the folder of the reports. Ends with 0 when all customers are gone,
    /// else with 3.
    Status(Box<StatusOptions>),
    /// Read the audit log in a browser, on this machine alone; nothing is written
    Review(ReviewOptions),
    /// The simulator by itself on a port, for rehearsal
    Simulate(SimulateOptions),
    /// Shell completions
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one for each command, into an empty or new folder
    Man {
        /// The folder
        dir: PathBuf,
    },
}

/// Where the list is, and what is in it.
#[derive(Debug, Args, Clone, Default)]
pub(super) struct ListOptions {
    #[command(flatten)]
    pub(super) place: ListPlace,
    /// The header of the IDs, when guessing is not enough
    #[arg(long, value_name = "NAME", help_heading = LIST)]
    pub(super) column: Option<String>,
    /// I know that this list has neither names nor domains to compare, so that nothing shows if an ID is the wrong one
    #[arg(long, help_heading = LIST)]
    pub(super) no_identity_check: bool,
    /// Go on without rows that are not valid; they are reported as `rejected`
    #[arg(long, help_heading = LIST)]
    pub(super) skip_invalid: bool,
}

/// Where the list is, and how it is read.
#[derive(Debug, Args, Clone, Default)]
pub(super) struct ListPlace {
    /// The list: CSV or XLSX
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
}

/// How a list is read.
#[derive(Debug, Args, Clone, Default, PartialEq, Eq)]
pub(super) struct ReadingOptions {
    /// The header of the names, when guessing is not enough
    #[arg(long, value_name = "NAME", help_heading = READING)]
    pub(super) name_column: Option<String>,
    /// The worksheet, when more than one has IDs
    #[arg(long, value_name = "NAME", help_heading = READING)]
    pub(super) sheet: Option<String>,
    /// The row with the headings, as the spreadsheet numbers it, when it is not the first; what stands above is not read
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = READING)]
    pub(super) header_row: Option<u32>,
    /// What becomes of rows that are hidden, by a filter or by hand; a list that has some is refused without this
    #[arg(long, value_enum, help_heading = READING)]
    pub(super) hidden: Option<HiddenRowsChoice>,
    /// The encoding of a CSV file, when it cannot be found out, for example windows-1250, Big5 or GB18030
    #[arg(long, value_name = "NAME", help_heading = READING)]
    pub(super) encoding: Option<String>,
}

/// Where the list of all customers is written.
#[derive(Debug, Args, Clone)]
pub(super) struct CustomersOptions {
    /// Where the list is written: CSV or a workbook, as .csv or .xlsx says; nothing is ever overwritten
    /// [default: CSV on standard output]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Ceiling, in requests per minute
    #[arg(long, value_name = "N", default_value = "300", value_parser = clap::value_parser!(u32).range(1..=6_000_000))]
    pub(super) rate: u32,
    #[command(flatten)]
    pub(super) service: ServiceOptions,
}

/// Which list is given IDs, and where it is written.
#[derive(Debug, Args, Clone)]
pub(super) struct MatchOptions {
    #[command(flatten)]
    pub(super) place: ListPlace,
    /// Where the list with the IDs is written: CSV or a workbook, as .csv or .xlsx says; nothing is ever overwritten
    #[arg(long, value_name = "NEW")]
    pub(super) out: PathBuf,
    /// Ceiling, in requests per minute
    #[arg(long, value_name = "N", default_value = "300", value_parser = clap::value_parser!(u32).range(1..=6_000_000))]
    pub(super) rate: u32,
    #[command(flatten)]
    pub(super) service: ServiceOptions,
}

/// Who is written to, and where the letters go.
#[derive(Debug, Args, Clone)]
#[command(group = clap::ArgGroup::new("whom").args(["customer", "run"]).required(true))]
pub(super) struct ReinviteOptions {
    /// Write to this customer; repeatable
    #[arg(long, value_name = "GUID")]
    pub(super) customer: Vec<String>,
    /// Write to each customer that this run removed: an ID, a unique prefix of one, or `latest`: the latest that could
    /// remove somebody
    #[arg(long, value_name = "RUN")]
    pub(super) run: Option<String>,
    /// The folder; it must be empty, or not be there yet [default: reinvite/ in the folder of the run's reports, or in that
    /// of all reports]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Ceiling, in requests per minute
    #[arg(long, value_name = "N", default_value = "300", value_parser = clap::value_parser!(u32).range(1..=6_000_000))]
    pub(super) rate: u32,
    #[command(flatten)]
    pub(super) service: ServiceOptions,
}

/// Whose standing is told, and from which logs.
#[derive(Debug, Args, Clone)]
pub(super) struct StatusOptions {
    /// The list of those who are to go: CSV or XLSX; without it, all customers of all runs
    pub(super) file: Option<PathBuf>,
    /// Another audit log, of another machine or another partner; repeatable
    #[arg(long, value_name = "LOG")]
    pub(super) also: Vec<PathBuf>,
    /// Write the next run's list: those who may be run again now, with the columns of FILE if it is given; nothing is ever
    /// overwritten
    #[arg(long, value_name = "NEW")]
    pub(super) ready: Option<PathBuf>,
    /// The header of the IDs, when guessing is not enough
    #[arg(long, value_name = "NAME", requires = "file")]
    pub(super) column: Option<String>,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
    /// First look at Partner Center whether anybody came back, or is gone, and whether what was scheduled to end still is: on
    /// record, and without changing anything
    #[arg(long)]
    pub(super) refresh: bool,
    #[command(flatten)]
    pub(super) looking: LookingOptions,
}

/// How a partner's customers are looked at outside of a run.
#[derive(Debug, Args, Clone)]
pub(super) struct LookingOptions {
    /// Ceiling, in requests per minute
    #[arg(long, value_name = "N", default_value = "300", value_parser = clap::value_parser!(u32).range(1..=6_000_000))]
    pub(super) rate: u32,
    #[command(flatten)]
    pub(super) service: ServiceOptions,
}

/// What becomes of rows that nobody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum HiddenRowsChoice {
    /// They are left out.
    Skip,
    /// They are read like all others.
    Take,
}

/// Pace, which may also differ when a run is resumed.
#[derive(Debug, Args, Clone, Default)]
pub(super) struct PaceOptions {
    /// Ceiling, in requests per minute, over everything that is sent [default: 300]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=6_000_000), help_heading = PACE)]
    pub(super) rate: Option<u32>,
    /// Requests in flight [default: 8]
    #[arg(long, value_name = "N", hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..=256), help_heading = PACE)]
    pub(super) concurrency: Option<u32>,
}

/// What the demo can be told.
#[derive(Debug, Args, Clone, Copy)]
pub(super) struct DemoOptions {
    /// A made-up list of N customers instead of the sample list
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub(super) customers: Option<u32>,
}

/// What a person found out about a customer.
#[derive(Debug, Args, Clone)]
pub(super) struct ResolveOptions {
    /// The customer whose outcome is unknown
    #[arg(long, value_name = "GUID")]
    pub(super) customer: String,
    /// What became of the relationship
    #[arg(long = "as", value_enum)]
    pub(super) found: ManualFinding,
    /// How you know: what you looked at, and what it showed
    #[arg(long, value_name = "TEXT")]
    pub(super) because: String,
    /// Of this run: an ID, a unique prefix of one, or `latest` [default: the latest in which it is unknown]
    #[arg(long, value_name = "RUN")]
    pub(super) run: Option<String>,
}

/// What a person found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ManualFinding {
    /// The change happened: the customer is gone, or what was to be scheduled is.
    #[value(alias = "done")]
    Removed,
    /// The change did not happen.
    #[value(alias = "not-done")]
    NotRemoved,
}

/// Which run's reports are written, and how.
#[derive(Debug, Args, Clone)]
pub(super) struct ReportOptions {
    /// A run ID, a unique prefix of one, or `latest`
    #[arg(default_value = "latest")]
    pub(super) run: String,
    /// `safe` opens in a spreadsheet; `raw` is for machines
    #[arg(long, value_enum, default_value = "safe")]
    pub(super) csv: Csv,
}

/// How cells are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Csv {
    /// No cell can act as a formula.
    Safe,
    /// As it is.
    Raw,
}

/// What the simulator plays.
#[derive(Debug, Args, Clone)]
pub(super) struct SimulateOptions {
    /// The scenario, as JSON; docs/scenario.md says how
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
    /// Without a scenario: N made-up customers
    #[arg(long, value_name = "N", default_value = "50", conflicts_with = "scenario")]
    pub(super) customers: u32,
    /// Where to listen; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) listen: std::net::SocketAddr,
    /// Write each request that arrives to this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
}
