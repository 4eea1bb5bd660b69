//! `offboard.toml`, which can hold everything but credentials.

use super::{duration::WrittenDuration, place, spelling};
use crate::{
    audit::{VerifyingKey, names_a_file},
    cli::exit::Failure,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file's name.
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
    pub(super) graph_url: Option<String>,
    pub(super) login_url: Option<String>,
    pub(super) app_only: Option<bool>,
    pub(super) profile: Option<String>,
    pub(super) token_command: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) proxy: Option<String>,
    pub(super) partner_tenant: Option<String>,
    pub(super) procedure: Option<String>,
    pub(super) sandbox_tenant: Option<String>,
    pub(super) sandbox_tenants: Option<Vec<String>>,
    pub(super) order_timeout: Option<WrittenDuration>,
    pub(super) suspend_legacy: Option<bool>,
    pub(super) revoke_consent: Option<Vec<String>>,
    pub(super) only_reseller: Option<Vec<String>>,
    pub(super) rate: Option<u32>,
    pub(super) concurrency: Option<u32>,
    pub(super) canary: Option<u32>,
    pub(super) max_removals: Option<u32>,
    pub(super) max_share: Option<u32>,
    pub(super) stop_after_failures: Option<u32>,
    pub(super) protected: Option<PathBuf>,
    pub(super) allow: Option<Vec<String>>,
    pub(super) settle: Option<WrittenDuration>,
    pub(super) approval: ApprovalToml,
    /// Where the file is, if there is one.
    #[serde(skip)]
    pub(super) path: Option<PathBuf>,
}

/// `[approval]` in `offboard.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ApprovalToml {
    /// A plan that removes more than this needs an approval.
    pub(super) required_above: Option<u32>,
    /// The public halves of the keys that may approve.
    pub(super) approvers: Vec<String>,
    /// Whether an approval by the operator's own user is refused, whatever key signed it.
    pub(super) other_person: Option<bool>,
}

impl Toml {
    /// Reads the file in the current folder, or the nearest one above. Its paths are meant from where it is.
    pub(super) fn read() -> Result<Self, Failure> {
        let Some(found) = place::find()? else { return Ok(Self::default()) };
        let text = &found.text;
        let file: Self = toml::from_str(text).map_err(|error| {
            // Not the line itself: somebody may have put a secret there.
            let line = error
                .span()
                .map_or(0, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count())
                + 1;
            let what = spelling::explained(error.message());
            Failure::usage(format!("`{}`, line {line}: {what}", found.shown()))
        })?;
        let file = Self { path: Some(found.path), ..file };
        Ok(match found.above {
            Some(folder) => file.seen_from(&folder),
            None => file,
        })
    }

    /// The same from anywhere: what is relative is in this folder.
    fn seen_from(mut self, folder: &Path) -> Self {
        let place = |path: &mut Option<PathBuf>| *path = path.take().map(|path| folder.join(path));
        [&mut self.reports, &mut self.log_dir, &mut self.ca_file, &mut self.protected]
            .into_iter()
            .for_each(place);
        // What is no name of a file does not become one.
        self.audit_log =
            self.audit_log.map(|path| if names_a_file(&path) { folder.join(path) } else { path });
        for approver in &mut self.approval.approvers {
            let path = folder.join(&*approver);
            if approver.parse::<VerifyingKey>().is_err() && path.exists() {
                *approver = path.to_string_lossy().into_owned();
            }
        }
        self
    }
}
