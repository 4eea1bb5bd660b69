//! `offboard login` and `offboard logout`.

use super::{
    access::{self, Access},
    args::{Common, ProfileOption, ServiceOptions},
    credentials::{CLIENT_ID, Credentials, TENANT_ID},
    diagnostics,
    exit::{Exit, Failure},
    printer::Printer,
    private_file,
    profiles::Profiles,
    session,
    settings::{self, Paths, ServiceSettings, Typed},
};
use crate::{engine::StandaloneSession, report::visible};
use std::io::{self, IsTerminal as _};

/// Sign-in asks seldom; this only keeps a fault from asking often.
const RATE: u32 = 60;

pub(super) fn login(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ServiceOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let settings = ServiceSettings::resolve(typed, options)?;
    let profiles = Profiles::require()?;
    let (tenant, client) = whose(printer, &settings, &profiles)?;
    let kept = access::kept(&settings, &tenant, &client);
    let access = Access::for_login(printer, &settings, kept)?;
    diagnostics::start(&paths.log_dir, printer.verbose)?;
    session::block_on(async {
        let store = session::open_store(&paths)?;
        let begin = |ports| StandaloneSession::begin(store, RATE, ports);
        let token = session::visit(printer, access.ports()?, begin, "nobody is signed in", async |visit| {
            Ok(visit.sign_in().await?)
        })
        .await?;
        let path = profiles.path(&settings.profile);
        let user = token.user.map(|user| format!(" as {}", visible(&user))).unwrap_or_default();
        printer.say(&format!(
            "Signed in{user}. The sign-in is kept in {}, for you alone; `offboard logout` forgets it, and \
             `offboard doctor` looks whether a run can begin.",
            path.display()
        ));
        Ok(Exit::Done)
    })
}

pub(super) fn logout(printer: &Printer, typed: &Typed, options: &ProfileOption) -> Result<Exit, Failure> {
    let profile = settings::profile(typed, options.profile.as_ref())?;
    let profiles = Profiles::require()?;
    let credentials = Credentials::from_environment()?;
    let mut paths = vec![profiles.path(&profile)];
    if let (Some(tenant), Some(client)) = (&credentials.tenant, &credentials.client) {
        paths.push(profiles.replacement(tenant, client));
    }
    let mut was_there = false;
    for path in paths {
        let forgotten = private_file::forget(&path);
        was_there |= forgotten.map_err(|error| Failure::new(Exit::SignIn, error.to_string()))?;
    }
    printer.say(&if was_there {
        format!(
            "The sign-in `{profile}` is forgotten here. Tokens that were given before live until they end; \
             an administrator can revoke them for the user in Entra."
        )
    } else {
        format!("Nobody is signed in as `{profile}`.")
    });
    Ok(Exit::Done)
}

/// Which tenant and app: the environment's, else those of the sign-in before, else what a person types.
fn whose(
    printer: &Printer,
    settings: &ServiceSettings,
    profiles: &Profiles,
) -> Result<(String, String), Failure> {
    let credentials = Credentials::from_environment()?;
    // A sign-in that cannot be read is about to be replaced.
    let before = profiles.profile(&settings.profile).unwrap_or_default();
    let partner = settings.partner.map(|partner| partner.to_string());
    let tenant = credentials.tenant.or(partner).or_else(|| before.as_ref().map(|kept| kept.tenant.clone()));
    let client = credentials.client.or_else(|| before.map(|kept| kept.client));
    let tenant = typed(printer, tenant, "The partner's tenant ID or domain:", TENANT_ID)?;
    let client = typed(printer, client, "The client ID of the app registration:", CLIENT_ID)?;
    Ok((tenant, client))
}

fn typed(
    printer: &Printer,
    known: Option<String>,
    question: &str,
    variable: &str,
) -> Result<String, Failure> {
    if let Some(known) = known {
        return Ok(known);
    }
    let missing = || Failure::usage(format!("set the environment variable {variable}"));
    if !io::stdin().is_terminal() {
        return Err(missing());
    }
    printer.ask(question);
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::usage(format!("cannot read from the terminal: {error}")))?;
    Some(line.trim().to_owned()).filter(|line| !line.is_empty()).ok_or_else(missing)
}
