//! The credentials of the environment.

use super::{
    exit::{Exit, Failure},
    private_file,
};
use crate::{
    domain::{Secret, TooLong},
    partner_center::{
        auth::{ACCESS_TOKEN, AppCertificate, Proof},
        transport::ProxyLogin,
    },
};
use std::{env, path::Path};

pub(super) const REFRESH_TOKEN: &str = "OFFBOARD_REFRESH_TOKEN";
pub(super) const TENANT_ID: &str = "OFFBOARD_TENANT_ID";
pub(super) const CLIENT_ID: &str = "OFFBOARD_CLIENT_ID";
pub(super) const GRAPH_TOKEN: &str = "OFFBOARD_GRAPH_ACCESS_TOKEN";
pub(super) const CLIENT_SECRET: &str = "OFFBOARD_CLIENT_SECRET";
pub(super) const CLIENT_CERTIFICATE: &str = "OFFBOARD_CLIENT_CERTIFICATE";
const PROXY: &str = "OFFBOARD_PROXY_CREDENTIALS";

/// The variables that hold a secret.
pub(super) const SECRETS: [&str; 5] = [ACCESS_TOKEN, GRAPH_TOKEN, REFRESH_TOKEN, CLIENT_SECRET, PROXY];

/// Shorter ones are found everywhere, and are no secrets of this kind.
const SHORTEST: usize = 8;

/// The credentials of the environment.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) access_token: Option<Secret>,
    /// A token for Microsoft Graph.
    pub(super) graph_token: Option<Secret>,
    pub(super) refresh_token: Option<Secret>,
    pub(super) tenant: Option<String>,
    pub(super) client: Option<String>,
    pub(super) proof: Proof,
}

impl Credentials {
    pub(super) fn from_environment() -> Result<Self, Failure> {
        let proof = match (secret(CLIENT_SECRET)?, text(CLIENT_CERTIFICATE)) {
            (None, None) => Proof::None,
            (Some(secret), None) => Proof::Secret(secret),
            (None, Some(path)) => Proof::Certificate(certificate(Path::new(&path))?),
            (Some(_), Some(_)) => {
                let text = format!(
                    "{CLIENT_SECRET} and {CLIENT_CERTIFICATE} are both set; an app shows one of them"
                );
                return Err(Failure::usage(text));
            }
        };
        Ok(Self {
            access_token: secret(ACCESS_TOKEN)?,
            graph_token: secret(GRAPH_TOKEN)?,
            refresh_token: secret(REFRESH_TOKEN)?,
            tenant: text(TENANT_ID),
            client: text(CLIENT_ID),
            proof,
        })
    }
}

/// The secrets of the environment, each as it is.
pub(super) fn raw_secrets() -> Vec<Secret> {
    let found = SECRETS.iter().filter_map(|name| text(name)).map(Secret::new);
    found.filter(|secret| secret.expose().len() >= SHORTEST).collect()
}

/// What a proxy wants to be told.
pub(super) fn proxy_login() -> Result<Option<ProxyLogin>, Failure> {
    let Some(both) = secret(PROXY)? else { return Ok(None) };
    let Some((user, password)) = both.expose().split_once(':') else {
        return Err(Failure::usage(format!("`{PROXY}` must be `user:password`")));
    };
    Ok(Some(ProxyLogin { user: user.to_owned(), password: Secret::new(password.to_owned()) }))
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn secret(name: &str) -> Result<Option<Secret>, Failure> {
    let refused =
        |error: TooLong| Failure::new(Exit::SignIn, format!("`{name}` cannot be a secret: {error}"));
    text(name).map(|text| Secret::from_outside(&text)).transpose().map_err(refused)
}

fn certificate(path: &Path) -> Result<AppCertificate, Failure> {
    let refused = |why: String| Failure::new(Exit::SignIn, format!("`{CLIENT_CERTIFICATE}`: {why}"));
    let bytes = private_file::read_as_it_is(path).map_err(|error| refused(error.to_string()))?;
    let bytes = bytes.ok_or_else(|| refused(format!("there is no file `{}`", path.display())))?;
    AppCertificate::from_pem(&bytes).map_err(|error| refused(format!("`{}`: {error}", path.display())))
}
