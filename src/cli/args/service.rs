//! What was typed about where Partner Center is and how its tokens are obtained.

use super::{DONE, NETWORK, PaceOptions, SANDBOX, SERVICE};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where Partner Center is, and whose account it must be.
#[derive(Debug, Args, Clone, Default)]
pub(in crate::cli) struct ServiceOptions {
    /// Base URL and sign-in authority [default: public]
    #[arg(long, value_enum, env = "OFFBOARD_CLOUD", hide_short_help = true, help_heading = SERVICE)]
    pub(in crate::cli) cloud: Option<CloudName>,
    /// Another base URL; `http:` only to a loopback address
    #[arg(long, value_name = "URL", env = "OFFBOARD_API_URL", hide_short_help = true, help_heading = SERVICE)]
    pub(in crate::cli) api_url: Option<String>,
    /// The partner account that this must be
    #[arg(long, value_name = "GUID", env = "OFFBOARD_PARTNER_TENANT", help_heading = SERVICE)]
    pub(in crate::cli) partner_tenant: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) sign_in: SignInOptions,
}

/// How tokens are obtained, and how the network is reached.
#[derive(Debug, Args, Clone, Default)]
pub(in crate::cli) struct SignInOptions {
    /// Sign in as the app itself, with its secret or certificate, where the service allows it: not for removals
    #[arg(long, help_heading = NETWORK)]
    pub(in crate::cli) app_only: bool,
    /// Another address of Microsoft Graph, without `/v1.0`; `http:` only to a loopback address
    #[arg(long, value_name = "URL", env = "OFFBOARD_GRAPH_URL", help_heading = NETWORK)]
    pub(in crate::cli) graph_url: Option<String>,
    /// Another sign-in authority; `http:` only to a loopback address
    #[arg(long, value_name = "URL", env = "OFFBOARD_LOGIN_URL", help_heading = NETWORK)]
    pub(in crate::cli) login_url: Option<String>,
    /// Whose sign-in is used, of several that `offboard login` keeps [default: default]
    #[arg(long, value_name = "NAME", env = "OFFBOARD_PROFILE", help_heading = NETWORK)]
    pub(in crate::cli) profile: Option<String>,
    /// A command whose output is an access token; run again when the token ends
    #[arg(long, value_name = "CMD", env = "OFFBOARD_TOKEN_COMMAND", help_heading = NETWORK)]
    pub(in crate::cli) token_command: Option<String>,
    /// Trust the certificates in this PEM file as well: a company's own root
    #[arg(long, value_name = "FILE", env = "OFFBOARD_CA_FILE", help_heading = NETWORK)]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// Reach the network through this proxy; no other setting of the machine is looked at
    #[arg(long, value_name = "URL", env = "OFFBOARD_PROXY", help_heading = NETWORK)]
    pub(in crate::cli) proxy: Option<String>,
}

/// The integration sandbox.
#[derive(Debug, Args, Clone, Default)]
pub(in crate::cli) struct SandboxOptions {
    /// The integration sandbox whose customers may be deleted: the partner account that this must be
    #[arg(long, value_name = "GUID", env = "OFFBOARD_SANDBOX_TENANT", help_heading = SANDBOX)]
    pub(in crate::cli) sandbox_tenant: Option<String>,
    /// How long an order of a sandbox customer has to be cancelled, for example `20s` or `15m` [default: 15m]
    #[arg(long, value_name = "TIME", help_heading = SANDBOX)]
    pub(in crate::cli) order_timeout: Option<String>,
}

/// What becomes of subscriptions that were suspended for a removal that then failed.
#[derive(Debug, Args, Clone, Copy, Default)]
pub(in crate::cli) struct UndoOptions {
    /// What to do with subscriptions that were suspended for a removal that then failed [default: ask]
    #[arg(long, value_enum, help_heading = DONE, hide_short_help = true)]
    pub(in crate::cli) after_failure: Option<AfterFailure>,
}

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AfterFailure {
    /// They are reactivated.
    Reactivate,
    /// They stay suspended.
    Leave,
}

/// Whose sign-in is meant.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ProfileOption {
    /// Whose sign-in it is, of several that `offboard login` keeps [default: default]
    #[arg(long, value_name = "NAME", env = "OFFBOARD_PROFILE")]
    pub(in crate::cli) profile: Option<String>,
}

/// What the checks can be told.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct DoctorOptions {
    /// Read for this customer what no documentation tells of the live service, and say what it has; nothing is changed
    #[arg(long, value_name = "CUSTOMER-ID")]
    pub(in crate::cli) probe: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) service: ServiceOptions,
    #[command(flatten)]
    pub(in crate::cli) pace: PaceOptions,
    #[command(flatten)]
    pub(in crate::cli) sandbox: SandboxOptions,
}

/// A cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CloudName {
    /// The public cloud.
    Public,
    /// US Government.
    Usgov,
    /// 21Vianet.
    China,
}
