//! What was typed about a second person's approval.

use super::GUARDS;
use clap::Args;
use std::path::PathBuf;

/// Whether a plan needs an approval.
#[derive(Debug, Args, Clone, Copy, Default)]
pub(in crate::cli) struct RequireApproval {
    /// Refuse a plan that no second person has approved
    #[arg(long, help_heading = GUARDS, hide_short_help = true)]
    pub(in crate::cli) require_approval: bool,
}

/// The approval of a plan that is carried out.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ApprovalOptions {
    #[command(flatten)]
    pub(in crate::cli) require: RequireApproval,
    /// The approval that `offboard approve` wrote; that another key signed it is proved, that another person did is not
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) approval: Option<PathBuf>,
    /// Who may approve: the public half of a key, or a file that holds it; repeatable
    #[arg(long, value_name = "VKEY|FILE")]
    pub(in crate::cli) approver: Vec<String>,
}

/// What is approved, and how.
#[derive(Debug, Args, Clone)]
pub(in crate::cli) struct ApproveOptions {
    /// The `plan.json` of the plan
    #[arg(required_unless_present = "new_key")]
    pub(in crate::cli) plan: Option<PathBuf>,
    /// Make the key that approves, and print its public half
    #[arg(long, conflicts_with_all = ["plan", "digest", "out"])]
    pub(in crate::cli) new_key: bool,
    /// Approve without being asked, if this is the plan's digest, as you know it from elsewhere
    #[arg(long, value_name = "SHA256")]
    pub(in crate::cli) digest: Option<String>,
    /// Where the approval is written [default: approval.txt beside the plan]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
}
