//! What a run needs of this machine and of the services, as checks that can be shown.

use super::{
    exit::{Exit, Failure},
    settings::{Paths, RunSettings},
};
use crate::{
    domain::Time,
    engine::{PartnerIdentification, decide::guards},
    partner_center::Cloud,
    platform::{self, PRIVACY_OF_FILES},
    record::{Policy, TokenNamed},
    report::visible,
};
use serde::Serialize;
use std::{fs, path::Path, time::Duration};

/// A run of 500 customers writes about 20 MB.
const LITTLE_SPACE: u64 = 1 << 30;
const TOO_LITTLE_SPACE: u64 = 100 << 20;
/// What the documentation names for the resources that a run reads (`customer-resources`).
const DOCUMENTED_RATE: u32 = 500;
/// A token that cannot be renewed should live for longer than this.
const SHORT_LIFE: Duration = Duration::from_mins(10);

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HealthState {
    /// As it should be.
    Good,
    /// A run can begin; somebody should know.
    Care,
    /// A run cannot begin.
    Bad,
    /// Something before it failed.
    NotChecked,
}

/// One thing that a run needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct HealthCheck {
    pub(super) name: &'static str,
    pub(super) state: HealthState,
    /// What was found, and what to do.
    pub(super) text: String,
    /// How a run would end because of it.
    #[serde(skip)]
    pub(super) exit: Exit,
}

impl HealthCheck {
    pub(super) fn good(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, state: HealthState::Good, text: text.into(), exit: Exit::Done }
    }

    pub(super) fn care(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, state: HealthState::Care, text: text.into(), exit: Exit::Done }
    }

    pub(super) fn bad(name: &'static str, exit: Exit, text: impl Into<String>) -> Self {
        Self { name, state: HealthState::Bad, text: text.into(), exit }
    }

    pub(super) fn failed(name: &'static str, failure: Failure) -> Self {
        Self::bad(name, failure.exit, failure.text)
    }

    pub(super) fn not_checked(name: &'static str, why: &str) -> Self {
        Self { name, state: HealthState::NotChecked, text: why.to_owned(), exit: Exit::Done }
    }
}

/// Which settings file is in use.
pub(super) fn settings_file(path: Option<&Path>) -> HealthCheck {
    HealthCheck::good(
        "settings",
        match path {
            Some(path) => format!("`{}`", path.display()),
            None => "there is no `offboard.toml`, in this folder or above".to_owned(),
        },
    )
}

/// The folders that a run writes into.
pub(super) fn folders(paths: &Paths) -> Vec<HealthCheck> {
    [("reports", &paths.reports, "--reports"), ("diagnostics", &paths.log_dir, "--log-dir")]
        .into_iter()
        .map(|(name, folder, option)| {
            let shown = folder.display();
            // It is made when it is needed, below what there is of it.
            let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
            match tempfile::tempfile_in(existing) {
                Ok(_) => HealthCheck::good(name, format!("`{shown}` can be written")),
                Err(error) => HealthCheck::bad(
                    name,
                    Exit::Usage,
                    format!("`{shown}` cannot be written: {error}; choose another with `{option}`"),
                ),
            }
        })
        .collect()
}

/// The audit log, which is open: whose it is, and how much room there is.
pub(super) fn audit_log(path: &Path) -> Vec<HealthCheck> {
    let shown = path.display();
    let exposure = fs::metadata(path).ok().and_then(|found| platform::exposure(path, &found));
    let private = match exposure {
        Some(exposure) => HealthCheck::care("audit_log", format!("`{shown}` {exposure}")),
        None => HealthCheck::good(
            "audit_log",
            format!("`{shown}` is on a local disk, locked for this process, and {PRIVACY_OF_FILES}"),
        ),
    };
    vec![private, space(path)]
}

/// How much room there is for the audit log.
pub(super) fn space(audit_log: &Path) -> HealthCheck {
    let folder = platform::folder_of(audit_log);
    match platform::free_space(folder) {
        Ok(free) => room(free, folder),
        Err(error) => HealthCheck::care(
            "space",
            format!("how much room there is in `{}` cannot be told: {error}", folder.display()),
        ),
    }
}

fn room(free: u64, folder: &Path) -> HealthCheck {
    let text = format!("{} MiB are free in `{}`", free >> 20, folder.display());
    if free >= LITTLE_SPACE {
        HealthCheck::good("space", text)
    } else if free >= TOO_LITTLE_SPACE {
        HealthCheck::care(
            "space",
            format!("{text}; a run that fills the disk stops, and goes on once there is room"),
        )
    } else {
        HealthCheck::bad(
            "space",
            Exit::AuditLog,
            format!("{text}; make room, or choose another place with `--audit-log`"),
        )
    }
}

/// The pace, against the limit that is documented.
pub(super) fn pace(policy: &Policy) -> HealthCheck {
    let Policy { rate, concurrency, .. } = policy;
    let text = format!("at most {rate} requests a minute, {concurrency} at a time");
    if *rate <= DOCUMENTED_RATE {
        HealthCheck::good("rate", text)
    } else {
        let more =
            format!("{text}; the service documents {DOCUMENTED_RATE} a minute, and throttles what is faster");
        HealthCheck::care("rate", more)
    }
}

/// The token: whose it is, for what, and for how long.
pub(super) fn token(token: &TokenNamed, can_renew: bool, cloud: Cloud, now: Time) -> Vec<HealthCheck> {
    let unknown = || "cannot be read from the token".to_owned();
    let shown =
        |value: &Option<String>| value.as_deref().map_or_else(unknown, |value| visible(value).into_owned());
    let left = token.expires.map(|ends| ends.since(now));
    let minutes = left.map_or_else(unknown, |left| format!("{} min", left.as_secs() / 60));
    let text = format!(
        "from {}; tenant {}, user {}, app {}, left {minutes}",
        token.source,
        shown(&token.tenant),
        shown(&token.user),
        shown(&token.app),
    );
    let life = match left {
        Some(left) if left < SHORT_LIFE && !can_renew => HealthCheck::care(
            "token",
            format!("{text}; it cannot be renewed, and the run stops when it ends"),
        ),
        _ => HealthCheck::good("token", text),
    };
    let audience = match token.audience.as_deref() {
        Some(audience) if audience.trim_end_matches('/') == cloud.audience() => {
            HealthCheck::good("audience", cloud.audience())
        }
        // The API's own ID, instead of its address.
        Some("fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd") => {
            HealthCheck::good("audience", "the Partner Center API")
        }
        Some(other) => HealthCheck::care(
            "audience",
            format!(
                "the token is for {}, and not for {}; ask for one for the latter",
                visible(other),
                cloud.audience()
            ),
        ),
        None => HealthCheck::care("audience", "the token does not say what it is for"),
    };
    vec![life, audience]
}

/// What the organization profile shows.
pub(super) fn identification(settings: &RunSettings, found: &PartnerIdentification) -> Vec<HealthCheck> {
    let partner = &found.partner;
    let who = format!("{} ({})", visible(&partner.name), partner.tenant_id);
    let wrong = guards::wrong_partner(&settings.policy, None, partner)
        .or_else(|| guards::wrong_place(settings.procedure, &settings.policy, partner));
    let account = match wrong {
        Some(text) => HealthCheck::bad("partner", Exit::Guard, text),
        None if settings.policy.partner.is_none() => HealthCheck::care(
            "partner",
            format!("{who}; `--partner-tenant` would make sure that it is the right one"),
        ),
        None => HealthCheck::good("partner", who),
    };
    let mfa = match (guards::without_mfa(found.mfa), found.mfa) {
        (Some(text), _) => HealthCheck::bad("mfa", Exit::SignIn, text),
        (None, Some(_)) => HealthCheck::good("mfa", "the sign-in was done with MFA"),
        (None, None) => {
            HealthCheck::care("mfa", "the service does not say whether the sign-in was done with MFA")
        }
    };
    let clock = match (guards::clock_differs(found.clock_is_ahead_by), found.clock_is_ahead_by) {
        (Some(text), _) => HealthCheck::bad("clock", Exit::Guard, text),
        (None, Some((_, by))) => {
            HealthCheck::good("clock", format!("within {} s of the service's", by.as_secs() + 1))
        }
        (None, None) => HealthCheck::care("clock", "the service does not say what time it is"),
    };
    vec![account, mfa, clock]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_enough_little_or_too_little() {
        let state = |free| room(free, Path::new("x")).state;
        assert_eq!(state(LITTLE_SPACE), HealthState::Good);
        assert_eq!(state(LITTLE_SPACE - 1), HealthState::Care);
        assert_eq!(state(TOO_LITTLE_SPACE - 1), HealthState::Bad);
    }

    #[test]
    fn a_token_is_for_this_cloud_and_lives_long_enough() {
        let now = Time::from_millis(0);
        let of = |audience: Option<&str>, seconds: u64| TokenNamed {
            audience: audience.map(str::to_owned),
            expires: Some(now.plus(Duration::from_secs(seconds))),
            ..TokenNamed::default()
        };
        let states = |named: &TokenNamed, can_renew| {
            let checks = token(named, can_renew, Cloud::Public, now);
            checks.iter().map(|check| check.state).collect::<Vec<_>>()
        };
        let right = Some("https://api.partnercenter.microsoft.com/");
        assert_eq!(states(&of(right, 3600), false), [HealthState::Good, HealthState::Good]);
        assert_eq!(states(&of(right, 60), false), [HealthState::Care, HealthState::Good]);
        assert_eq!(states(&of(right, 60), true), [HealthState::Good, HealthState::Good]);
        for wrong in [None, Some("https://graph.windows.net")] {
            assert_eq!(states(&of(wrong, 3600), true), [HealthState::Good, HealthState::Care]);
        }
    }
}
