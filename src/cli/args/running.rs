//! What was typed about a run: one that plans, one that carries out, and one that goes on.

use super::{
    ApprovalOptions, DONE, GUARDS, ListOptions, PACE, PaceOptions, RECORD, RequireApproval, SANDBOX, SERVICE,
    SandboxOptions, ServiceOptions, SignInOptions, UndoOptions,
};
use crate::domain::{Effect, Procedure};
use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use std::path::PathBuf;

/// Everything that a run can be told.
#[derive(Debug, Args, Clone, Default)]
pub(in crate::cli) struct RunOptions {
    #[command(flatten)]
    pub(in crate::cli) list: ListOptions,
    #[command(flatten)]
    pub(in crate::cli) pace: PaceOptions,
    #[command(flatten)]
    pub(in crate::cli) service: ServiceOptions,
    #[arg(long, value_parser = procedures(), help = format!("What is done to each customer [default: {}]", Procedure::DEFAULT), help_heading = DONE)]
    pub(in crate::cli) procedure: Option<Procedure>,
    /// The run that `--procedure undo-cancel-at-term-end` takes back: an ID, a unique prefix of one, or `latest`
    #[arg(long, value_name = "RUN", help_heading = DONE, hide_short_help = true)]
    pub(in crate::cli) of: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) sandbox: SandboxOptions,
    /// Let the plan suspend active legacy subscriptions, each by its name, where nothing else stands in the way
    #[arg(long, help_heading = DONE, hide_short_help = true)]
    pub(in crate::cli) suspend_legacy: bool,
    /// Let the plan cancel such new-commerce subscriptions before a removal, each by its name, where nothing else stands
    /// in the way. Their users lose the service at once, and there is no undo; repeatable
    #[arg(long, value_name = "WHICH", value_parser = cancellable(), help_heading = DONE, hide_short_help = true)]
    pub(in crate::cli) cancel: Vec<String>,
    /// Let the plan revoke the consent of this application of yours before a removal; may be repeated
    #[arg(long, value_name = "APP-ID", help_heading = DONE, hide_short_help = true)]
    pub(in crate::cli) revoke_consent: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) undo: UndoOptions,
    /// Refuse a plan that would remove more than this [default: 500]
    #[arg(long, value_name = "N", help_heading = GUARDS)]
    pub(in crate::cli) max_removals: Option<u32>,
    /// Refuse a plan that would remove a larger share of all the partner's customers [default: 50]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100), help_heading = GUARDS)]
    pub(in crate::cli) max_share: Option<u32>,
    /// Only the first N that are ready; the others are `not_attempted`, and not read
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = GUARDS, hide_short_help = true)]
    pub(in crate::cli) limit: Option<u32>,
    /// Only customers of the indirect reseller with this MPN ID; repeatable. The others are skipped
    #[arg(long, value_name = "MPN-ID", help_heading = GUARDS, hide_short_help = true)]
    pub(in crate::cli) only_reseller: Vec<String>,
    /// The first wave; the rest follows only if it ended without surprise; 0 turns it off [default: 1]
    #[arg(long, value_name = "N", help_heading = GUARDS, hide_short_help = true)]
    pub(in crate::cli) canary: Option<u32>,
    /// Stop when N customers in a row fail, or 4 of the latest 20; 0 never [default: 3]
    #[arg(long, value_name = "N", help_heading = GUARDS, hide_short_help = true)]
    pub(in crate::cli) stop_after_failures: Option<u32>,
    #[command(flatten)]
    pub(in crate::cli) approval: RequireApproval,
    /// Tenant IDs that are never touched, one a line, `#` begins a comment
    #[arg(long, value_name = "FILE", help_heading = GUARDS)]
    pub(in crate::cli) protected: Option<PathBuf>,
    /// Let the service decide about this reason; repeatable
    #[arg(long, value_name = "REASON", help_heading = GUARDS, hide_short_help = true)]
    pub(in crate::cli) allow: Vec<String>,
    /// The change ticket; printed on every report
    #[arg(long, value_name = "TEXT", help_heading = RECORD)]
    pub(in crate::cli) ticket: Option<String>,
    /// Why; printed on every report
    #[arg(long, value_name = "TEXT", help_heading = RECORD)]
    pub(in crate::cli) reason: Option<String>,
    /// No prompt; needs --partner-tenant
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    /// How long to wait before asking what became of a change whose answer was lost, for example `90s` or `5m`
    /// [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = PACE, hide_short_help = true)]
    pub(in crate::cli) settle: Option<String>,
    /// The same against the simulator: each customer of the list gets a made-up state
    #[arg(long)]
    pub(in crate::cli) rehearse: bool,
}

/// The procedures, by their names.
fn procedures() -> impl TypedValueParser<Value = Procedure> {
    let value = |procedure: &Procedure| PossibleValue::new(procedure.as_str()).help(procedure.facts().help);
    let names = PossibleValuesParser::new(Procedure::ALL.iter().map(value));
    names.map(|name| Procedure::from_name(&name).unwrap_or(Procedure::DEFAULT))
}

/// What `--cancel` can name.
fn cancellable() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(Effect::BY_CANCEL.map(|(name, help, _)| PossibleValue::new(name).help(help)))
}

/// What is said anew when something that was planned or begun before is carried out.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct AgainOptions {
    #[command(flatten)]
    pub(in crate::cli) pace: PaceOptions,
    /// The partner account that this must be
    #[arg(long, value_name = "GUID", env = "OFFBOARD_PARTNER_TENANT", help_heading = SERVICE)]
    pub(in crate::cli) partner_tenant: Option<String>,
    /// The integration sandbox for which this is meant
    #[arg(long, value_name = "GUID", env = "OFFBOARD_SANDBOX_TENANT", help_heading = SANDBOX)]
    pub(in crate::cli) sandbox_tenant: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) undo: UndoOptions,
    #[command(flatten)]
    pub(in crate::cli) sign_in: SignInOptions,
    /// No prompt; needs --partner-tenant
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}

/// Which plan is carried out, and how.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ApplyOptions {
    /// The `plan.json` of the plan
    pub(in crate::cli) plan: PathBuf,
    /// How old the plan may be, for example `90m` or `24h` [default: 24h]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) plan_max_age: Option<String>,
    /// The first wave; the rest follows only if it ended without surprise; 0 turns it off [default: as planned]
    #[arg(long, value_name = "N", help_heading = GUARDS, hide_short_help = true)]
    pub(in crate::cli) canary: Option<u32>,
    /// Stop when N customers in a row fail, or 4 of the latest 20; 0 never [default: as planned]
    #[arg(long, value_name = "N", help_heading = GUARDS, hide_short_help = true)]
    pub(in crate::cli) stop_after_failures: Option<u32>,
    #[command(flatten)]
    pub(in crate::cli) approval: ApprovalOptions,
    #[command(flatten)]
    pub(in crate::cli) again: AgainOptions,
    /// The change ticket; printed on every report [default: as planned]
    #[arg(long, value_name = "TEXT", help_heading = RECORD)]
    pub(in crate::cli) ticket: Option<String>,
    /// Why; printed on every report [default: as planned]
    #[arg(long, value_name = "TEXT", help_heading = RECORD)]
    pub(in crate::cli) reason: Option<String>,
}

/// Which run is to go on.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ResumeOptions {
    /// A run ID, a unique prefix of one, or `latest`
    #[arg(default_value = "latest")]
    pub(in crate::cli) run: String,
    #[command(flatten)]
    pub(in crate::cli) again: AgainOptions,
}
