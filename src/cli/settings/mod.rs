//! What was meant: each value with where it came from.
//!
//! Precedence is option, environment, `offboard.toml` in the current folder or the nearest one above, default. Credentials are no
//! settings: they come from the environment or a protected file, and never from here.

mod again;
mod approval;
mod duration;
mod file;
mod pick;
mod place;
mod protected;
mod sandbox;
mod service;
mod spelling;

pub(super) use again::{Again, flag, option};
pub(super) use approval::{ApprovalSettings, ApproversInFile};
pub(super) use duration::duration;
pub(super) use sandbox::Sandbox;
pub(super) use service::{ServiceSettings, profile, program_of};

use duration::DAY;
use file::{FILE, Toml};
use pick::Picker;
use protected::protected;

use super::{
    args::{CloudName, Common, PaceOptions, RunOptions},
    exit::Failure,
};
use crate::{
    audit::names_a_file,
    domain::{Effect, Procedure, Reason, TenantId},
    partner_center::Cloud,
    record::{Policy, Setting},
};
use clap::{ArgMatches, parser::ValueSource};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
};
use uuid::Uuid;

/// How long a change whose answer was lost is given, unless somebody says otherwise.
const SETTLE: &str = "5m";

/// Which arguments were typed, and which came from the environment.
#[derive(Debug)]
pub(super) struct Typed {
    origins: HashMap<String, &'static str>,
    again: Again,
}

impl Typed {
    pub(super) fn new(matches: &ArgMatches) -> Self {
        let (mut origins, mut again) = (HashMap::new(), Again::default());
        let mut level = Some(matches);
        while let Some(matches) = level {
            for id in matches.ids() {
                let origin = match matches.value_source(id.as_str()) {
                    Some(ValueSource::CommandLine) => {
                        again.take(matches, id.as_str());
                        "option"
                    }
                    Some(ValueSource::EnvVariable) => "environment",
                    _ => continue,
                };
                origins.insert(id.as_str().to_owned(), origin);
            }
            level = matches.subcommand().map(|(_, matches)| matches);
        }
        Self { origins, again }
    }

    /// Whether this option was given, and not only a variable that says the same.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.origins.get(name) == Some(&"option")
    }

    fn origin(&self, name: &str) -> &'static str {
        self.origins.get(name).copied().unwrap_or("option")
    }
}

/// The paths that every command uses.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) audit_log: PathBuf,
    pub(super) reports: PathBuf,
    pub(super) log_dir: PathBuf,
    /// How the next command is told the same.
    pub(super) again: Again,
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub(super) struct RunSettings {
    pub(super) paths: Paths,
    pub(super) procedure: Procedure,
    pub(super) service: ServiceSettings,
    pub(super) sandbox: Sandbox,
    pub(super) policy: Policy,
    /// The settings file, if there is one.
    pub(super) file: Option<PathBuf>,
    /// What that says about who may approve.
    pub(super) approvers: ApproversInFile,
    /// For the record.
    pub(super) recorded: BTreeMap<String, Setting>,
}

impl Paths {
    pub(super) fn resolve(typed: &Typed, common: &Common) -> Result<Self, Failure> {
        Self::pick(&mut Picker { typed, recorded: BTreeMap::new() }, common, &Toml::read()?)
    }

    fn pick(picker: &mut Picker<'_>, common: &Common, file: &Toml) -> Result<Self, Failure> {
        let audit_log = common.audit_log.as_ref();
        let audit_log = picker.path("audit_log", audit_log, file.audit_log.clone(), "audit.db");
        if !names_a_file(&audit_log) {
            let shown = audit_log.display();
            let text = format!(
                "an audit log must be a file, and `{shown}` is not the name of one; name another with `--audit-log`"
            );
            return Err(Failure::usage(text));
        }
        Ok(Self {
            audit_log,
            reports: picker.path("reports", common.reports.as_ref(), file.reports.clone(), "reports"),
            log_dir: picker.path("log_dir", common.log_dir.as_ref(), file.log_dir.clone(), "logs"),
            again: picker.typed.again.clone(),
        })
    }
}

/// The pace of a run that goes on: what was typed, else what it had.
pub(super) fn pace_again(options: &PaceOptions, policy: &Policy) -> Policy {
    Policy {
        rate: options.rate.unwrap_or(policy.rate),
        concurrency: options.concurrency.unwrap_or(policy.concurrency),
        ..policy.clone()
    }
}

impl RunSettings {
    pub(super) fn resolve(typed: &Typed, common: &Common, options: &RunOptions) -> Result<Self, Failure> {
        let file = Toml::read()?;
        let mut picker = Picker { typed, recorded: BTreeMap::new() };
        let paths = Paths::pick(&mut picker, common, &file)?;
        let service = ServiceSettings::pick(&mut picker, &options.service, &file, &BTreeMap::new())?;
        let in_file = file.procedure.as_deref();
        let in_file = in_file.map(procedure_named).transpose()?;
        let procedure =
            picker.pick("procedure", options.procedure, in_file, Procedure::DEFAULT, ToString::to_string);
        let first = FirstSettings::pick(&mut picker, options, &file, procedure)?;
        let sandbox = Sandbox::pick(&mut picker, &options.sandbox, &file)?;
        let rate = picker.number("rate", options.pace.rate, file.rate, 300);
        let concurrency = picker.number("concurrency", options.pace.concurrency, file.concurrency, 8);
        let settle_seconds = picker.seconds(
            "settle",
            options.settle.as_ref(),
            file.settle.as_ref(),
            SETTLE,
            (0..=DAY, "no time to one day"),
        )?;
        let protected = protected(&mut picker, options.protected.as_ref(), &file)?;
        let allow = (!options.allow.is_empty()).then(|| options.allow.clone());
        let allow = picker.pick("allow", allow, file.allow.clone(), Vec::new(), |names| names.join(", "));
        let only_reseller = only_reseller(&mut picker, procedure, &options.only_reseller, &file)?;
        let above = approval::above(&mut picker, options.approval.require_approval, &file);
        let policy = Policy {
            rate: in_range("rate", rate, 1..=6_000_000)?,
            concurrency: in_range("concurrency", concurrency, 1..=256)?,
            settle_seconds,
            stop_after_failures: picker.number(
                "stop_after_failures",
                options.stop_after_failures,
                file.stop_after_failures,
                3,
            ),
            canary: picker.number("canary", options.canary, file.canary, 1),
            max_removals: picker.number("max_removals", options.max_removals, file.max_removals, 500),
            max_share: in_range(
                "max_share",
                picker.number("max_share", options.max_share, file.max_share, 50),
                0..=100,
            )?,
            // It is about this list, and so is in no file.
            limit: picker.optional("limit", options.limit, None),
            // A rehearsal cannot be approved: nothing would be carried out.
            approval_above: above.filter(|_| !options.rehearse),
            allow: allowed(&allow)?,
            only_reseller,
            protected,
            partner: service.partner,
            sandbox: None,
            sandboxes: BTreeSet::new(),
            suspend_legacy: first.suspend_legacy,
            allowed: first.allowed,
            revoke_consent: first.consents,
            order_timeout_seconds: None,
        };
        let policy = sandbox.obeyed(procedure, policy);
        let _known =
            picker.pick("skip_invalid", Some(options.list.skip_invalid), None, false, ToString::to_string);
        let (approvers, recorded) = (ApproversInFile::of(&file), picker.recorded);
        Ok(Self { paths, procedure, service, sandbox, policy, file: file.path, approvers, recorded })
    }

    /// Refuses what does not belong to the procedure, and what it lacks.
    pub(super) fn require_procedure(&self, options: &RunOptions) -> Result<(), Failure> {
        let procedure = self.procedure;
        let is_sandbox = procedure.is_for_sandbox();
        let foreign = [
            ("--order-timeout", options.sandbox.order_timeout.is_some() && !is_sandbox),
            ("--suspend-legacy", options.suspend_legacy && !procedure.may_begin_with(Effect::SUSPEND_LEGACY)),
            (
                "--cancel",
                !options.cancel.is_empty()
                    && !Effect::BY_CANCEL.iter().any(|(.., effect)| procedure.may_begin_with(*effect)),
            ),
            ("--revoke-consent", !options.revoke_consent.is_empty() && self.policy.revoke_consent.is_empty()),
            (
                "--only-reseller",
                !options.only_reseller.is_empty() && (is_sandbox || !procedure.facts().needs_relationship),
            ),
            ("--allow", !options.allow.is_empty() && (is_sandbox || procedure.is_each_by_itself())),
            ("--of", options.of.is_some() && procedure.facts().takes_back.is_none()),
        ];
        if let Some((option, _)) = foreign.into_iter().find(|(_, is_foreign)| *is_foreign) {
            return Err(Failure::usage(format!("`{option}` means nothing with `--procedure {procedure}`")));
        }
        self.sandbox.require(procedure, self.service.partner)
    }
}

/// What a plan may name to be done before a removal.
struct FirstSettings {
    suspend_legacy: bool,
    allowed: BTreeSet<Effect>,
    /// The applications whose consent is revoked.
    consents: BTreeSet<String>,
}

impl FirstSettings {
    fn pick(
        picker: &mut Picker<'_>,
        options: &RunOptions,
        file: &Toml,
        procedure: Procedure,
    ) -> Result<Self, Failure> {
        let typed_suspend = options.suspend_legacy.then_some(true);
        let suspend_legacy =
            picker.pick("suspend_legacy", typed_suspend, file.suspend_legacy, false, ToString::to_string);
        // There is no undo, so it is said each time, and no file allows it.
        let cancel = (!options.cancel.is_empty()).then(|| options.cancel.clone());
        let cancel = picker.pick("cancel", cancel, None, Vec::new(), |names| names.join(", "));
        let cancel =
            Effect::BY_CANCEL.into_iter().filter(|(name, ..)| cancel.iter().any(|named| named == name));
        let consents = (!options.revoke_consent.is_empty()).then(|| options.revoke_consent.clone());
        let in_file = file.revoke_consent.clone();
        let consents = picker.pick("revoke_consent", consents, in_file, Vec::new(), |ids| ids.join(", "));
        let may_revoke = procedure.may_begin_with(Effect::BY_REVOKE_CONSENT);
        let consents = if may_revoke { applications(&consents)? } else { BTreeSet::new() };
        Ok(Self {
            suspend_legacy: suspend_legacy && procedure.may_begin_with(Effect::SUSPEND_LEGACY),
            allowed: cancel
                .map(|(.., effect)| effect)
                .filter(|effect| procedure.may_begin_with(*effect))
                .chain((!consents.is_empty()).then_some(Effect::BY_REVOKE_CONSENT))
                .collect(),
            consents,
        })
    }
}

impl From<CloudName> for Cloud {
    fn from(name: CloudName) -> Self {
        match name {
            CloudName::Public => Self::Public,
            CloudName::Usgov => Self::UsGov,
            CloudName::China => Self::China,
        }
    }
}

fn procedure_named(name: &str) -> Result<Procedure, Failure> {
    Procedure::from_name(name).ok_or_else(|| {
        let known: Vec<_> = Procedure::ALL.iter().map(|known| format!("`{known}`")).collect();
        Failure::usage(format!("`{FILE}`: `procedure` is `{name}`; it can be {}", known.join(", ")))
    })
}

fn named<T: clap::ValueEnum>(key: &str, name: &str) -> Result<T, Failure> {
    T::from_str(name, false).map_err(|_unknown| {
        let known: Vec<_> = T::value_variants()
            .iter()
            .filter_map(|value| value.to_possible_value().map(|value| format!("`{}`", value.get_name())))
            .collect();
        Failure::usage(format!("`{FILE}`: `{key}` is `{name}`; it can be {}", known.join(", ")))
    })
}

/// A value of the file has not passed clap.
fn in_range(name: &str, value: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32, Failure> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Failure::usage(format!("`{name}` is {value}; it can be {} to {}", range.start(), range.end())))
}

/// Reads a tenant ID that was given as an option.
pub(super) fn tenant(name: &str, text: &str) -> Result<TenantId, Failure> {
    text.trim().parse().map_err(|error| Failure::usage(format!("`--{name}`: {error}")))
}

/// The IDs of applications, each in one form.
fn applications(ids: &[String]) -> Result<BTreeSet<String>, Failure> {
    let one = |id: &String| {
        let found = Uuid::try_parse(id.trim());
        found.map(|id| id.hyphenated().to_string()).map_err(|_error| {
            Failure::usage(format!("`--revoke-consent {id}`: an application's ID is a GUID"))
        })
    };
    ids.iter().map(one).collect()
}

/// The indirect resellers whose customers alone are meant. Recorded only if there are some.
fn only_reseller(
    picker: &mut Picker<'_>,
    procedure: Procedure,
    typed: &[String],
    file: &Toml,
) -> Result<BTreeSet<String>, Failure> {
    let typed = (!typed.is_empty()).then(|| typed.to_vec());
    let may_be = !procedure.is_for_sandbox() && procedure.facts().needs_relationship;
    let in_file = file.only_reseller.clone().filter(|ids| !ids.is_empty() && may_be);
    if typed.is_none() && in_file.is_none() {
        return Ok(BTreeSet::new());
    }
    let ids = picker.pick("only_reseller", typed, in_file, Vec::new(), |ids| ids.join(", "));
    ids.into_iter()
        .map(|id| {
            let id = id.trim().to_owned();
            let is_id = !id.is_empty() && id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit());
            is_id.then_some(id.clone()).ok_or_else(|| {
                Failure::usage(format!(
                    "`--only-reseller {id}`: an MPN ID is a number, for example `5200011`"
                ))
            })
        })
        .collect()
}

fn allowed(names: &[String]) -> Result<Vec<Reason>, Failure> {
    let known = || {
        let may = Reason::ALL.iter().filter(|reason| reason.may_be_allowed());
        may.map(|reason| format!("`{reason}`")).collect::<Vec<_>>().join(", ")
    };
    names
        .iter()
        .map(|name| match name.parse::<Reason>() {
            Ok(reason) if reason.may_be_allowed() => Ok(reason),
            Ok(_) => Err(Failure::usage(format!(
                "`--allow {name}`: this reason is never left to the service; {} may be",
                known()
            ))),
            Err(error) => Err(Failure::usage(format!("`--allow`: {error}; it can be {}", known()))),
        })
        .collect()
}
