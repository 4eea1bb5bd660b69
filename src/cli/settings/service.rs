//! Where Partner Center is, where its users sign in, and how both are reached.

use super::{Picker, Toml, Typed, named, tenant};
use crate::{
    cli::{
        args::{CloudName, ServiceOptions, SignInOptions},
        exit::Failure,
    },
    domain::{Procedure, TenantId},
    partner_center::{BaseUrl, Cloud},
    record::{RunOpened, Setting},
};
use std::{collections::BTreeMap, path::PathBuf};
use url::Url;

/// The profile that is meant when none is named.
const PROFILE: &str = "default";

/// Where Partner Center is, where its users sign in, and how both are reached.
#[derive(Clone, Debug)]
pub(in crate::cli) struct ServiceSettings {
    pub(in crate::cli) cloud: Cloud,
    pub(in crate::cli) api_url: BaseUrl,
    pub(in crate::cli) graph_url: BaseUrl,
    pub(in crate::cli) login_url: BaseUrl,
    pub(in crate::cli) partner: Option<TenantId>,
    /// Whether the app signs in by itself.
    pub(in crate::cli) app_only: bool,
    pub(in crate::cli) profile: String,
    /// Whether the profile was named, and is not only the usual one.
    pub(in crate::cli) names_profile: bool,
    pub(in crate::cli) token_command: Option<String>,
    pub(in crate::cli) ca_file: Option<PathBuf>,
    pub(in crate::cli) proxy: Option<Url>,
}

impl ServiceSettings {
    /// For a command that only signs in.
    pub(in crate::cli) fn resolve(typed: &Typed, options: &ServiceOptions) -> Result<Self, Failure> {
        let mut picker = Picker { typed, recorded: BTreeMap::new() };
        Self::pick(&mut picker, options, &Toml::read()?, &BTreeMap::new())
    }

    /// For a run that goes on: it has the addresses that it began with, and what is not said otherwise
    /// is as it was.
    pub(in crate::cli) fn again(
        typed: &Typed,
        options: &SignInOptions,
        opened: &RunOpened,
    ) -> Result<Self, Failure> {
        let file = Toml { cloud: None, api_url: None, partner_tenant: None, ..Toml::read()? };
        let options = ServiceOptions { sign_in: options.clone(), ..ServiceOptions::default() };
        let mut picker = Picker { typed, recorded: BTreeMap::new() };
        let settings = Self::pick(&mut picker, &options, &file, &opened.settings)?;
        let api_url = BaseUrl::parse(&opened.api_url).map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self { api_url, ..settings })
    }

    /// Refuses an app by itself for what the service lets only a user do, and where nothing says whose account it must be.
    pub(in crate::cli) fn require_user(&self, procedure: Procedure, changes: bool) -> Result<(), Failure> {
        if !self.app_only {
            return Ok(());
        }
        if changes && procedure.facts().needs_user {
            return Err(Failure::usage(format!(
                "`--app-only` cannot be used with `--procedure {procedure}`: Partner Center lets only a user end a relationship \
                 (App+User); sign in with `offboard login`"
            )));
        }
        if self.partner.is_none() {
            return Err(Failure::usage(
                "`--app-only` needs `--partner-tenant`: an app cannot read whose account it is, so its token and this must agree",
            ));
        }
        Ok(())
    }

    /// `before` are the settings of the run that goes on.
    pub(super) fn pick(
        picker: &mut Picker<'_>,
        options: &ServiceOptions,
        file: &Toml,
        before: &BTreeMap<String, Setting>,
    ) -> Result<Self, Failure> {
        let SignInOptions { app_only, graph_url, login_url, profile, token_command, ca_file, proxy } =
            options.sign_in.clone();
        let named_before = before.get("profile").is_some_and(|setting| setting.origin != "default");
        let before = |name: &str| {
            let value = before.get(name).map(|setting| setting.value.clone());
            value.filter(|value| !value.is_empty())
        };
        let in_file = file.cloud.clone().or_else(|| before("cloud"));
        let in_file =
            in_file.as_deref().map(|name| named::<CloudName>("cloud", name).map(Cloud::from)).transpose()?;
        let cloud = options.cloud.map(Cloud::from);
        let cloud = picker.pick("cloud", cloud, in_file, Cloud::Public, |cloud| cloud.as_str().to_owned());
        let mut address = |name: &str, typed: Option<String>, in_file: Option<String>, usual: &str| {
            let in_file = in_file.or_else(|| before(name));
            let url = picker.pick(name, typed, in_file, usual.to_owned(), String::clone);
            BaseUrl::parse(&url)
                .map_err(|error| Failure::usage(format!("`--{}`: {error}", name.replace('_', "-"))))
        };
        let api_url = address("api_url", options.api_url.clone(), file.api_url.clone(), cloud.api_url())?;
        let graph_url = address("graph_url", graph_url, file.graph_url.clone(), cloud.graph_url())?;
        let login_url = address("login_url", login_url, file.login_url.clone(), cloud.login_url())?;
        let partner =
            picker.optional("partner_tenant", options.partner_tenant.clone(), file.partner_tenant.clone());
        let app_only_before = before("app_only").map(|value| value == "true");
        let app_only = picker.pick(
            "app_only",
            app_only.then_some(true),
            file.app_only.or(app_only_before),
            false,
            ToString::to_string,
        );
        let names_profile = profile.is_some() || file.profile.is_some() || named_before;
        let in_file = file.profile.clone().or_else(|| before("profile"));
        let profile = picker.pick("profile", profile, in_file, PROFILE.to_owned(), String::clone);
        // Its arguments may hold what is nobody's business.
        let shown = |command: &Option<String>| command.as_deref().map(program_of).unwrap_or_default();
        let command = token_command.map(Some);
        let command =
            picker.pick("token_command", command, file.token_command.clone().map(Some), None, shown);
        let text = |path: PathBuf| path.display().to_string();
        let in_file = file.ca_file.clone().map(text).or_else(|| before("ca_file"));
        let ca_file = picker.optional("ca_file", ca_file.map(text), in_file);
        let in_file = file.proxy.clone().or_else(|| before("proxy"));
        for address in [&proxy, &in_file].into_iter().flatten() {
            refuse_login(address)?;
        }
        let proxy = picker.optional("proxy", proxy, in_file);
        Ok(Self {
            cloud,
            api_url,
            graph_url,
            login_url,
            partner: partner.map(|id| tenant("partner-tenant", &id)).transpose()?,
            app_only,
            profile: checked_profile(profile)?,
            names_profile,
            token_command: command,
            ca_file: ca_file.map(PathBuf::from),
            proxy: proxy.as_deref().map(parsed_proxy).transpose()?,
        })
    }
}

/// Which profile is meant by a command that needs nothing else.
pub(in crate::cli) fn profile(typed: &Typed, option: Option<&String>) -> Result<String, Failure> {
    let mut picker = Picker { typed, recorded: BTreeMap::new() };
    let in_file = Toml::read()?.profile;
    checked_profile(picker.pick("profile", option.cloned(), in_file, PROFILE.to_owned(), String::clone))
}

/// A profile's name becomes a file's name.
fn checked_profile(name: String) -> Result<String, Failure> {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_plain && (1..=40).contains(&name.len()) {
        return Ok(name);
    }
    let shown: String = name.chars().take(60).collect();
    Err(Failure::usage(format!(
        "`--profile {shown}`: a profile's name has up to 40 letters, digits, hyphens and underscores"
    )))
}

/// The program of a command line, and nothing of what it is told: a variable that is set before it may hold
/// anything.
pub(in crate::cli) fn program_of(command: &str) -> String {
    if command.split_whitespace().next().is_some_and(|word| word.contains('=')) {
        return "…".to_owned();
    }
    let name: String = command.split_whitespace().next().unwrap_or_default().chars().take(100).collect();
    if command.split_whitespace().nth(1).is_some() { format!("{name} …") } else { name }
}

fn refuse_login(proxy: &str) -> Result<(), Failure> {
    // Looked for in the text, so that an address that cannot be parsed is not shown with its password.
    if proxy.contains('@') {
        return Err(Failure::usage(
            "`--proxy`: a user and a password are never given in the address, where every process of this machine can \
             read them; set the environment variable OFFBOARD_PROXY_CREDENTIALS to `user:password` instead",
        ));
    }
    Ok(())
}

fn parsed_proxy(text: &str) -> Result<Url, Failure> {
    let refused = |why: &str| Failure::usage(format!("`--proxy {text}`: {why}"));
    let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refused("give `http://host:port` or `https://host:port`"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_cannot_name_another_file() {
        for good in ["default", "contoso-2", "A_b"] {
            assert!(checked_profile(good.to_owned()).is_ok());
        }
        for bad in ["", "../x", "a/b", "a.b", "ä", &"x".repeat(41)] {
            assert!(checked_profile(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_a_command_only_the_program_is_on_record() {
        assert_eq!(program_of("az account --secret x"), "az …");
        assert_eq!(program_of("/usr/bin/token"), "/usr/bin/token");
        assert_eq!(program_of("SECRET='x y' az account"), "…");
    }

    #[test]
    fn a_proxy_has_no_login_in_its_address() {
        assert!(refuse_login("http://u:p@proxy.example:3128").is_err());
        assert!(refuse_login("http://proxy.example:3128").is_ok());
        for bad in ["proxy", "socks5://x:1", "http://"] {
            assert!(parsed_proxy(bad).is_err(), "{bad}");
        }
    }
}
