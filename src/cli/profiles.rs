//! The sign-ins that are kept for the next start: one protected file each, in the user's data folder.
//!
//! A profile is kept by `offboard login` under a name of the user's choice. What replaces a refresh token
//! of the environment, which the program cannot change, is kept under a name that no profile can have,
//! together with the digest of the one that it came from.

use super::{
    exit::{Exit, Failure},
    private_file,
};
use crate::{
    domain::{Secret, Sha256},
    engine::KeepToken,
    platform::{self, DATA_FOLDER_NEEDS},
};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::PathBuf;

/// The folder of the kept sign-ins.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    folder: PathBuf,
}

/// A sign-in that is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    version: u32,
    /// Which cloud it belongs to.
    pub(super) cloud: String,
    /// Where it signs in.
    pub(super) login_url: String,
    /// The partner's tenant.
    pub(super) tenant: String,
    /// The app's client ID.
    pub(super) client: String,
    /// The digest of the environment's refresh token that this one came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    descends_from: Option<Sha256>,
    #[serde(serialize_with = "shown", deserialize_with = "hidden")]
    refresh_token: Secret,
}

/// The one place where a refresh token is written.
fn shown<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn hidden<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let text = String::deserialize(deserializer)?;
    Secret::from_outside(&text).map_err(serde::de::Error::custom)
}

impl Kept {
    /// A sign-in without its token yet.
    pub(super) fn new(cloud: &str, login_url: &str, tenant: &str, client: &str) -> Self {
        Self {
            version: 1,
            cloud: cloud.to_owned(),
            login_url: login_url.to_owned(),
            tenant: tenant.to_owned(),
            client: client.to_owned(),
            descends_from: None,
            refresh_token: Secret::new(String::new()),
        }
    }

    /// The same, as what replaces this token of the environment.
    pub(super) fn descending_from(self, token: &Secret) -> Self {
        Self { descends_from: Some(digest(token)), ..self }
    }

    /// The refresh token.
    pub(super) fn token(&self) -> Secret {
        self.refresh_token.clone()
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({} {} {})", self.cloud, self.tenant, self.client)
    }
}

impl Profiles {
    /// Where they are.
    pub(super) fn locate() -> Option<Self> {
        platform::data_folder().map(|folder| Self { folder })
    }

    /// Where they are, or what is missing.
    pub(super) fn require() -> Result<Self, Failure> {
        Self::locate().ok_or_else(|| {
            Failure::usage(format!("there is no place to keep a sign-in; {DATA_FOLDER_NEEDS}"))
        })
    }

    /// The file of a profile.
    pub(super) fn path(&self, profile: &str) -> PathBuf {
        self.folder.join("profiles").join(format!("{profile}.json"))
    }

    /// The file of what replaces a refresh token of the environment.
    pub(super) fn replacement(&self, tenant: &str, client: &str) -> PathBuf {
        let name = Sha256::of(&[tenant.as_bytes(), b"\n", client.as_bytes()]).to_string();
        let short: String = name.chars().take(32).collect();
        self.folder.join("environment").join(format!("{short}.json"))
    }

    /// A profile's sign-in, if it is kept.
    pub(super) fn profile(&self, profile: &str) -> Result<Option<Kept>, Failure> {
        read(&self.path(profile))
    }

    /// What replaces this refresh token of the environment, if that is what is kept.
    pub(super) fn replacing(
        &self,
        tenant: &str,
        client: &str,
        token: &Secret,
    ) -> Result<Option<Secret>, Failure> {
        let kept = read(&self.replacement(tenant, client))?;
        Ok(kept.filter(|kept| kept.descends_from == Some(digest(token))).map(|kept| kept.token()))
    }
}

fn read(path: &std::path::Path) -> Result<Option<Kept>, Failure> {
    let refused = |text: String| Failure::new(Exit::SignIn, text);
    let Some(bytes) = private_file::read(path).map_err(|error| refused(error.to_string()))? else {
        return Ok(None);
    };
    let kept: Result<Kept, _> = serde_json::from_slice(&bytes);
    match kept {
        Ok(kept) if kept.version == 1 && !kept.refresh_token.expose().is_empty() => Ok(Some(kept)),
        // Not what is wrong with it: that might quote the token.
        _ => Err(refused(format!(
            "`{}` is no sign-in that this version of the program kept; sign in again with `offboard login`",
            path.display()
        ))),
    }
}

fn digest(token: &Secret) -> Sha256 {
    Sha256::of(&[token.expose().as_bytes()])
}

/// Keeps a sign-in in its file.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) path: PathBuf,
    pub(super) kept: Kept,
}

impl KeepToken for Keeper {
    fn keep(&self, token: &Secret) -> Result<(), String> {
        let kept = Kept { refresh_token: token.clone(), ..self.kept.clone() };
        let bytes = serde_json::to_vec_pretty(&kept).map_err(|error| error.to_string())?;
        let bytes = Zeroizing::new(bytes);
        private_file::write(&self.path, &bytes).map_err(|error| {
            format!("the new refresh token cannot be kept, and was not used: {error}. The one before is still there")
        })
    }
}

/// Keeps nothing: there is no data folder, and the token's source cannot be changed.
#[derive(Debug)]
pub(super) struct Forgetful;

impl KeepToken for Forgetful {
    fn keep(&self, _token: &Secret) -> Result<(), String> {
        tracing::warn!("there is no data folder: the new refresh token is kept in memory only");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_is_kept_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles { folder: folder.path().to_owned() };
        assert!(profiles.profile("default").unwrap().is_none());
        let kept = Kept::new("public", "https://login.example", "t", "c");
        let keeper = Keeper { path: profiles.path("default"), kept: kept.clone() };
        for token in ["one", "two"] {
            keeper.keep(&Secret::new(token.to_owned())).unwrap();
            assert_eq!(profiles.profile("default").unwrap().unwrap().token().expose(), token);
        }
        assert!(!format!("{keeper:?}").contains("two"));
        std::fs::write(profiles.path("default"), "{\"refresh_token\":\"two\"}").unwrap();
        let refused = profiles.profile("default").unwrap_err();
        assert!(refused.text.contains("offboard login") && !refused.text.contains("two"), "{}", refused.text);
    }

    #[test]
    fn what_replaces_a_token_of_the_environment_is_used_for_that_token_only() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles { folder: folder.path().to_owned() };
        let secret = |text: &str| Secret::new(text.to_owned());
        let kept = Kept::new("public", "https://login.example", "t", "c").descending_from(&secret("first"));
        let keeper = Keeper { path: profiles.replacement("t", "c"), kept };
        keeper.keep(&secret("second")).unwrap();
        let replacing = |token: &str| profiles.replacing("t", "c", &secret(token)).unwrap();
        assert_eq!(replacing("first").unwrap().expose(), "second");
        assert!(replacing("another").is_none());
        assert!(profiles.replacing("t", "d", &secret("first")).unwrap().is_none());
    }
}
