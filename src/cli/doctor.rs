//! `offboard doctor`: everything that a run needs, looked at before row 1.

use super::{
    access::Access,
    args::{Common, DoctorOptions, RunOptions},
    diagnostics,
    exit::{Exit, Failure},
    health::{self, HealthCheck, HealthState},
    printer::Printer,
    session,
    settings::{RunSettings, Typed, tenant},
    tables::{Table, table},
};
use crate::{
    audit::Store,
    domain::TenantId,
    engine::{Clock, Probed, StandaloneSession},
    partner_center::transport::Transport,
    record::Setting,
    report::visible,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is looked at with a token, in this order.
const WITH_A_TOKEN: [&str; 6] = ["audience", "partner", "mfa", "clock", "customers", "graph"];

#[derive(Serialize)]
struct Report<'a> {
    checks: &'a [HealthCheck],
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<&'a [Probed]>,
    settings: &'a BTreeMap<String, Setting>,
}

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: DoctorOptions,
) -> Result<Exit, Failure> {
    let DoctorOptions { probe, service, pace, sandbox } = options;
    let probe = probe.as_deref().map(|id| tenant("probe", id)).transpose()?;
    let options = RunOptions { pace, service, sandbox, ..RunOptions::default() };
    let mut settings = RunSettings::resolve(typed, common, &options)?;
    // There is no list yet.
    settings.recorded.remove("skip_invalid");
    let mut checks = vec![health::settings_file(settings.file.as_deref())];
    let approvers = settings.approvers.require_somebody();
    checks.extend(approvers.err().map(|failure| HealthCheck::failed("approval", failure)));
    checks.extend(health::folders(&settings.paths));
    // Where they cannot be written was said above.
    drop(diagnostics::start(&settings.paths.log_dir, printer.verbose));
    checks.push(health::pace(&settings.policy));
    let mut probed = None;
    match session::open_store(&settings.paths) {
        Ok(store) => {
            checks.extend(health::audit_log(&settings.paths.audit_log));
            let (found, answers) = session::block_on(visit(printer, &settings, probe, store))?;
            checks.extend(found);
            probed = answers;
        }
        Err(failure) => {
            checks.push(HealthCheck::failed("audit_log", failure));
            let why = "nothing is sent that cannot be recorded first";
            checks.extend(
                ["token"].iter().chain(&WITH_A_TOKEN).map(|name| HealthCheck::not_checked(name, why)),
            );
        }
    }
    let report = Report { checks: &checks, probe: probed.as_deref(), settings: &settings.recorded };
    show(printer, &report)?;
    let worst = checks.iter().find(|check| check.state == HealthState::Bad);
    Ok(worst.map_or(Exit::Done, |check| check.exit))
}

/// How each check ended, and what a probe found.
type Visited = (Vec<HealthCheck>, Option<Vec<Probed>>);

/// What the services say.
async fn visit(
    printer: &Printer,
    settings: &RunSettings,
    probe: Option<TenantId>,
    store: Store,
) -> Result<Visited, Failure> {
    let access = match Access::find(printer, &settings.service) {
        Ok(access) => access,
        Err(failure) => return Ok((without("token", &WITH_A_TOKEN, failure), None)),
    };
    let can_renew = access.can_renew();
    let ports = match access.ports() {
        Ok(ports) => ports,
        Err(failure) => return Ok((without("token", &WITH_A_TOKEN, failure), None)),
    };
    let begin = |ports| StandaloneSession::begin(store, settings.policy.rate, ports);
    let look = async |visit: &StandaloneSession<_>| {
        let mut checks = look(settings, visit, can_renew).await;
        let probed = match probe.filter(|_| checks.iter().all(|check| check.state != HealthState::Bad)) {
            Some(customer) => visit.probe(customer).await.map(Some),
            None => Ok(None),
        };
        let probed = probed.unwrap_or_else(|halt| {
            checks.push(HealthCheck::failed("probe", halt.into()));
            None
        });
        Ok((checks, probed))
    };
    session::visit(printer, ports, begin, "not everything was looked at", look).await
}

async fn look<T: Transport>(
    settings: &RunSettings,
    visit: &StandaloneSession<T>,
    can_renew: bool,
) -> Vec<HealthCheck> {
    let [_, rest @ ..] = WITH_A_TOKEN;
    let token = match visit.sign_in().await {
        Ok(token) => token,
        Err(halt) => return without("token", &WITH_A_TOKEN, halt.into()),
    };
    let mut checks = health::token(&token, can_renew, settings.service.cloud, Clock::System.now());
    match visit.identify().await {
        Ok(found) => checks.extend(health::identification(settings, &found)),
        Err(halt) => {
            let [first, rest @ ..] = rest;
            checks.extend(without(first, &rest, halt.into()));
            return checks;
        }
    }
    checks.push(match visit.require_listing().await {
        Ok(()) => HealthCheck::good("customers", "this user may list the partner's customers"),
        Err(halt) => HealthCheck::failed("customers", halt.into()),
    });
    checks.push(match visit.require_graph().await {
        Ok(Some(())) => HealthCheck::good("graph", "delegated administration can be read at Microsoft Graph"),
        Ok(None) => HealthCheck::not_checked(
            "graph",
            "there is no token for Microsoft Graph; only ending delegated administration needs one",
        ),
        // Nothing else needs it.
        Err(halt) => HealthCheck::care("graph", Failure::from(halt).text),
    });
    checks
}

/// A check that failed, and those that could not be made because of it.
fn without(name: &'static str, rest: &[&'static str], failure: Failure) -> Vec<HealthCheck> {
    let why = format!("not looked at, because of `{name}`");
    let mut checks = vec![HealthCheck::failed(name, failure)];
    checks.extend(rest.iter().map(|name| HealthCheck::not_checked(name, &why)));
    checks
}

fn show(printer: &Printer, report: &Report<'_>) -> Result<(), Failure> {
    if printer.json {
        let text = serde_json::to_string_pretty(report);
        return printer.data(&text.map_err(|error| Failure::new(Exit::Bug, error.to_string()))?);
    }
    let Report { checks, probe, settings } = report;
    let mut lines = Vec::new();
    for check in *checks {
        let mark = match check.state {
            HealthState::Good => "✓",
            HealthState::Care => "!",
            HealthState::Bad => "✗",
            HealthState::NotChecked => "–",
        };
        lines.push(format!("{mark} {:<12} {}", check.name, check.text));
    }
    let mut shown = Table::new(&["setting", "value", "from"]);
    for (name, setting) in *settings {
        shown.row([name.clone(), setting.value.clone(), setting.origin.clone()]);
    }
    let probed = probe.map(probed).unwrap_or_default();
    printer.show(&format!("{}\n\n{}{probed}", lines.join("\n"), table(&shown)))
}

/// What was open, and what the service has.
fn probed(all: &[Probed]) -> String {
    let mut text = "\n\nWhat no documentation tells, and what this service has:".to_owned();
    let mut read = "";
    for one in all {
        if one.read != read {
            read = one.read;
            text.push_str(&format!("\n\n  {read}"));
        }
        text.push_str(&format!("\n    {}:\n        {}", one.open, visible(&one.found)));
    }
    text
}
