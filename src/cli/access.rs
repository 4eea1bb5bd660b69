//! What is needed to reach Partner Center: where it is, and which source of tokens is used.

use super::{
    bounded,
    credentials::{
        self, CLIENT_CERTIFICATE, CLIENT_ID, CLIENT_SECRET, Credentials, GRAPH_TOKEN, REFRESH_TOKEN,
        TENANT_ID,
    },
    exit::{Exit, Failure},
    invitation::Inviter,
    printer::Printer,
    profiles::{Forgetful, Keeper, Kept, Profiles},
    settings::ServiceSettings,
    token_command::TokenCommand,
};
use crate::{
    domain::Secret,
    engine::{Clock, Ids, Invite, KeepToken, Ports, Renewed, ServicePort, Source},
    partner_center::{
        BaseUrl, Cloud, Service,
        auth::{ACCESS_TOKEN, AccessToken, App, Authority, Proof, require_one_cloud},
        redact::Scrubber,
        transport::{Connection, Http},
    },
};
use std::{
    io::{self, IsTerminal as _},
    sync::{Arc, Mutex},
};
use tokio_util::sync::CancellationToken;

/// Where Partner Center is, and where its tokens come from.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) base: BaseUrl,
    graph: Option<ServicePort>,
    login: Option<BaseUrl>,
    source: Source,
    secrets: Vec<Secret>,
    connection: Connection,
}

impl Access {
    /// By the settings, with the first source of tokens that there is: the environment's access token,
    /// its refresh token, the profile, the token command.
    pub(super) fn find(printer: &Printer, settings: &ServiceSettings) -> Result<Self, Failure> {
        let credentials = Credentials::from_environment()?;
        // Whoever can type can also sign in.
        let inviter = || -> Option<Arc<dyn Invite>> {
            io::stdin().is_terminal().then(|| Arc::new(Inviter(printer.clone())) as Arc<dyn Invite>)
        };
        let (source, named) = if settings.app_only {
            (app_alone(settings, &credentials)?, "--app-only")
        } else if let Some(token) = &credentials.access_token {
            let token = AccessToken::new(token.expose(), ACCESS_TOKEN)
                .map_err(|error| Failure::new(Exit::SignIn, error.to_string()))?;
            (Source::Given(token), ACCESS_TOKEN)
        } else if let Some(token) = &credentials.refresh_token {
            (from_environment(settings, &credentials, token, inviter())?, REFRESH_TOKEN)
        } else if let Some(kept) = profile(settings)? {
            (from_profile(settings, &credentials, kept, inviter())?, "the profile")
        } else if let Some(command) = &settings.token_command {
            (Source::Printed(Arc::new(TokenCommand(command.clone()))), "--token-command")
        } else {
            return Err(Failure::new(Exit::SignIn, nothing(settings)));
        };
        if settings.token_command.is_some() && named != "--token-command" {
            printer.warn(&format!("`--token-command` is not used: the token comes from {named}"));
        }
        if settings.names_profile && named.starts_with("OFFBOARD_") {
            let profile = &settings.profile;
            printer.warn(&format!("the profile `{profile}` is not used: the token comes from {named}"));
        }
        Self::over(settings, &credentials, source)
    }

    /// For a person who is to sign in now.
    pub(super) fn for_login(
        printer: &Printer,
        settings: &ServiceSettings,
        kept: Kept,
    ) -> Result<Self, Failure> {
        let credentials = Credentials::from_environment()?;
        let inviter: Arc<dyn Invite> = Arc::new(Inviter(printer.clone()));
        let renewed = Renewed {
            app: app(settings, &credentials, &kept.tenant, &kept.client)?,
            refresh: Arc::default(),
            keeper: Arc::new(Keeper { path: Profiles::require()?.path(&settings.profile), kept }),
            inviter: Some(inviter),
            is_app_only: false,
            name: called(&settings.profile),
        };
        Self::over(settings, &credentials, Source::Renewed(Box::new(renewed)))
    }

    /// For the simulator, which takes any token.
    pub(super) fn simulated(base: BaseUrl) -> Self {
        let given = || {
            let secret = Secret::new("simulated-token".to_owned());
            Source::Given(AccessToken { secret, source: "the built-in simulator".to_owned() })
        };
        Self {
            graph: Some(ServicePort { base: base.clone(), sign_in: given() }),
            base,
            login: None,
            secrets: Vec::new(),
            source: given(),
            connection: Connection::default(),
        }
    }

    fn over(settings: &ServiceSettings, credentials: &Credentials, source: Source) -> Result<Self, Failure> {
        let mut secrets = credentials::raw_secrets();
        let login = match &source {
            Source::Renewed(renewed) => {
                require_one_cloud(settings.cloud, &settings.api_url, renewed.app.authority.login())
                    .map_err(|error| Failure::usage(error.to_string()))?;
                Some(renewed.app.authority.login().clone())
            }
            Source::Given(_) | Source::Printed(_) => None,
        };
        let proxy_login = credentials::proxy_login()?;
        secrets.extend(proxy_login.iter().map(|login| login.password.clone()));
        let roots = match &settings.ca_file {
            Some(path) => bounded::read(path, bounded::LARGE).map_err(|error| {
                Failure::usage(format!("`--ca-file`: cannot read `{}`: {error}", path.display()))
            })?,
            None => Vec::new(),
        };
        let proxy = settings.proxy.clone().map(|url| (url, proxy_login));
        let connection = Connection { proxy, roots, ..Connection::default() };
        let graph = graph(settings, credentials, &source)?;
        Ok(Self { base: settings.api_url.clone(), graph, login, source, secrets, connection })
    }

    /// Whether there may be another token after the first.
    pub(super) const fn can_renew(&self) -> bool {
        !matches!(self.source, Source::Given(_))
    }

    /// Over a real socket, with identifiers that nobody can guess.
    pub(super) fn ports(self) -> Result<Ports<Http>, Failure> {
        let graph = self.graph.as_ref().map(|graph| &graph.base);
        let addresses: Vec<&BaseUrl> = [&self.base].into_iter().chain(graph).chain(&self.login).collect();
        let transport = Http::new(&addresses, &self.connection).map_err(|error| {
            Failure::usage(format!("cannot make a client: {error}; check `--ca-file` and `--proxy`"))
        })?;
        Ok(Ports {
            transport,
            partner_center: ServicePort { base: self.base, sign_in: self.source },
            graph: self.graph,
            scrubber: Scrubber::new(&self.secrets),
            clock: Clock::System,
            ids: Ids::Random,
            stop: CancellationToken::new(),
        })
    }
}

/// The app by itself, with its secret or certificate.
fn app_alone(settings: &ServiceSettings, credentials: &Credentials) -> Result<Source, Failure> {
    let partner = settings.partner.map(|partner| partner.to_string());
    let tenant = credentials.tenant.clone().or(partner);
    let (Some(tenant), Some(client)) = (tenant, credentials.client.clone()) else {
        let text =
            format!("`--app-only` needs {TENANT_ID} and {CLIENT_ID}: the partner's tenant, and the app");
        return Err(Failure::new(Exit::SignIn, text));
    };
    if matches!(credentials.proof, Proof::None) {
        let text = format!(
            "`--app-only` needs {CLIENT_SECRET} or {CLIENT_CERTIFICATE}: the app shows by it that it is itself"
        );
        return Err(Failure::new(Exit::SignIn, text));
    }
    let scope = settings.cloud.app_scope(Service::PartnerCenter);
    Ok(Source::Renewed(Box::new(Renewed {
        app: App { scope, ..app(settings, credentials, &tenant, &client)? },
        refresh: Arc::default(),
        keeper: Arc::new(Forgetful),
        inviter: None,
        is_app_only: true,
        name: "the app by itself (`--app-only`)".to_owned(),
    })))
}

/// Microsoft Graph, with the environment's token for it, or the one that the same sign-in gives.
fn graph(
    settings: &ServiceSettings,
    credentials: &Credentials,
    source: &Source,
) -> Result<Option<ServicePort>, Failure> {
    let sign_in = match (&credentials.graph_token, source) {
        (Some(token), _) => {
            let token = AccessToken::new(token.expose(), GRAPH_TOKEN)
                .map_err(|error| Failure::new(Exit::SignIn, error.to_string()))?;
            Source::Given(token)
        }
        (None, Source::Renewed(renewed)) => {
            let scope = if renewed.is_app_only { Cloud::app_scope } else { Cloud::scope };
            Source::Renewed(Box::new(renewed.with_scope(scope(settings.cloud, Service::Graph))))
        }
        (None, Source::Given(_) | Source::Printed(_)) => return Ok(None),
    };
    Ok(Some(ServicePort { base: settings.graph_url.clone(), sign_in }))
}

/// The environment's refresh token, or what replaced it.
fn from_environment(
    settings: &ServiceSettings,
    credentials: &Credentials,
    token: &Secret,
    inviter: Option<Arc<dyn Invite>>,
) -> Result<Source, Failure> {
    let partner = settings.partner.map(|partner| partner.to_string());
    let tenant = credentials.tenant.clone().or(partner);
    let (Some(tenant), Some(client)) = (tenant, credentials.client.clone()) else {
        let text =
            format!("{REFRESH_TOKEN} needs {TENANT_ID} and {CLIENT_ID}: the partner's tenant, and the app");
        return Err(Failure::new(Exit::SignIn, text));
    };
    let profiles = Profiles::locate();
    let newer = profiles.as_ref().map(|profiles| profiles.replacing(&tenant, &client, token)).transpose()?;
    let keeper: Arc<dyn KeepToken> = match profiles {
        Some(profiles) => Arc::new(Keeper {
            path: profiles.replacement(&tenant, &client),
            kept: kept(settings, &tenant, &client).descending_from(token),
        }),
        None => Arc::new(Forgetful),
    };
    Ok(Source::Renewed(Box::new(Renewed {
        app: app(settings, credentials, &tenant, &client)?,
        refresh: Arc::new(Mutex::new(Some(newer.flatten().unwrap_or_else(|| token.clone())))),
        keeper,
        inviter,
        is_app_only: false,
        name: REFRESH_TOKEN.to_owned(),
    })))
}

fn profile(settings: &ServiceSettings) -> Result<Option<Kept>, Failure> {
    let Some(profiles) = Profiles::locate() else { return Ok(None) };
    let kept = profiles.profile(&settings.profile)?;
    if kept.is_none() && settings.names_profile && settings.token_command.is_none() {
        return Err(Failure::new(Exit::SignIn, nothing(settings)));
    }
    Ok(kept)
}

fn from_profile(
    settings: &ServiceSettings,
    credentials: &Credentials,
    kept: Kept,
    inviter: Option<Arc<dyn Invite>>,
) -> Result<Source, Failure> {
    if kept.login_url != settings.login_url.to_string() || kept.cloud != settings.cloud.as_str() {
        return Err(Failure::usage(format!(
            "{} is a sign-in at {} (cloud `{}`), and not at {} (cloud `{}`); choose another with `--profile`, or sign in \
             there with `offboard login`",
            called(&settings.profile),
            kept.login_url,
            kept.cloud,
            settings.login_url,
            settings.cloud.as_str()
        )));
    }
    Ok(Source::Renewed(Box::new(Renewed {
        app: app(settings, credentials, &kept.tenant, &kept.client)?,
        refresh: Arc::new(Mutex::new(Some(kept.token()))),
        keeper: Arc::new(Keeper { path: Profiles::require()?.path(&settings.profile), kept }),
        inviter,
        is_app_only: false,
        name: called(&settings.profile),
    })))
}

fn app(
    settings: &ServiceSettings,
    credentials: &Credentials,
    tenant: &str,
    client: &str,
) -> Result<App, Failure> {
    let authority = Authority::new(settings.login_url.clone(), tenant)
        .map_err(|error| Failure::usage(format!("{TENANT_ID}: {error}")))?;
    Ok(App {
        authority,
        client: client.to_owned(),
        proof: credentials.proof.clone(),
        scope: settings.cloud.scope(Service::PartnerCenter),
    })
}

/// A sign-in as it is kept, without its token yet.
pub(super) fn kept(settings: &ServiceSettings, tenant: &str, client: &str) -> Kept {
    Kept::new(settings.cloud.as_str(), &settings.login_url.to_string(), tenant, client)
}

fn called(profile: &str) -> String {
    format!("the profile `{profile}`")
}

/// What to do when there is no source of tokens at all.
fn nothing(settings: &ServiceSettings) -> String {
    format!(
        "nobody is signed in as `{}`; sign in with `offboard login`, or set {ACCESS_TOKEN}, or {REFRESH_TOKEN} with \
         {TENANT_ID} and {CLIENT_ID}, or give `--token-command`",
        settings.profile
    )
}
