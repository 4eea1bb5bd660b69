//! `offboard.toml`, which can hold everything but credentials.

use super::{approval::ApprovalToml, duration::Written};
use crate::cli::{bounded, exit::Failure};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file, in the current folder.
pub(super) const FILE: &str = "offboard.toml";

/// What `offboard.toml` may hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Toml {
    pub(super) audit_log: Option<PathBuf>,
    pub(super) reports: Option<PathBuf>,
    pub(super) log_dir: Option<PathBuf>,
    pub(super) cloud: Option<String>,
    pub(super) api_url: Option<String>,
    pub(super) login_url: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) token_command: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) proxy: Option<String>,
    pub(super) partner_tenant: Option<String>,
    pub(super) procedure: Option<String>,
    pub(super) sandbox_tenant: Option<String>,
    pub(super) sandbox_tenants: Option<Vec<String>>,
    pub(super) order_timeout: Option<Written>,
    pub(super) suspend_legacy: Option<bool>,
    pub(super) rate: Option<u32>,
    pub(super) concurrency: Option<u32>,
    pub(super) canary: Option<u32>,
    pub(super) max_removals: Option<u32>,
    pub(super) max_share: Option<u32>,
    pub(super) stop_after_failures: Option<u32>,
    pub(super) protected: Option<PathBuf>,
    pub(super) allow: Option<Vec<String>>,
    pub(super) settle: Option<Written>,
    pub(super) approval: ApprovalToml,
}

impl Toml {
    pub(super) fn read() -> Result<Self, Failure> {
        let text = match bounded::text(Path::new(FILE), bounded::SMALL) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::usage(format!("cannot read `{FILE}`: {error}"))),
        };
        toml::from_str(&text).map_err(|error| {
            // Not the line itself: somebody may have put a secret there.
            let line = error
                .span()
                .map_or(0, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count())
                + 1;
            Failure::usage(format!("`{FILE}`, line {line}: {}", error.message()))
        })
    }
}
