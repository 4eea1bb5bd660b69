//! What was meant: each value with where it came from.
//!
//! Precedence is option, environment, `offboard.toml` in the current folder, default.

use super::{
    args::{CloudName, Common, PaceOptions, ProcedureName, RunOptions},
    exit::Failure,
};
use crate::{
    domain::{Procedure, Reason, TenantId},
    partner_center::{BaseUrl, Cloud},
    record::{Policy, Setting},
};
use clap::{ArgMatches, parser::ValueSource};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Display,
    fs,
    path::{Path, PathBuf},
};

/// The file that can hold everything but credentials.
const FILE: &str = "offboard.toml";

/// Which arguments were typed, and which came from the environment.
#[derive(Debug)]
pub(super) struct Typed {
    origins: HashMap<String, &'static str>,
}

impl Typed {
    pub(super) fn new(matches: &ArgMatches) -> Self {
        let mut origins = HashMap::new();
        let mut level = Some(matches);
        while let Some(matches) = level {
            for id in matches.ids() {
                let origin = match matches.value_source(id.as_str()) {
                    Some(ValueSource::CommandLine) => "option",
                    Some(ValueSource::EnvVariable) => "environment",
                    _ => continue,
                };
                origins.insert(id.as_str().to_owned(), origin);
            }
            level = matches.subcommand().map(|(_, matches)| matches);
        }
        Self { origins }
    }

    fn origin(&self, name: &str) -> &'static str {
        self.origins.get(name).copied().unwrap_or("option")
    }
}

/// What `offboard.toml` may hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    audit_log: Option<PathBuf>,
    reports: Option<PathBuf>,
    log_dir: Option<PathBuf>,
    cloud: Option<String>,
    api_url: Option<String>,
    partner_tenant: Option<String>,
    procedure: Option<String>,
    rate: Option<u32>,
    concurrency: Option<u32>,
    canary: Option<u32>,
    max_removals: Option<u32>,
    max_share: Option<u32>,
    stop_after_failures: Option<u32>,
    protected: Option<PathBuf>,
    allow: Option<Vec<String>>,
    settle: Option<u32>,
}

impl File {
    fn read() -> Result<Self, Failure> {
        let text = match fs::read_to_string(FILE) {
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

/// The paths that every command uses.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) audit_log: PathBuf,
    pub(super) reports: PathBuf,
    pub(super) log_dir: PathBuf,
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub(super) struct RunSettings {
    pub(super) paths: Paths,
    pub(super) procedure: Procedure,
    pub(super) api_url: BaseUrl,
    pub(super) policy: Policy,
    /// For the record.
    pub(super) recorded: BTreeMap<String, Setting>,
}

/// Picks each value and remembers where it came from.
struct Picker<'a> {
    typed: &'a Typed,
    recorded: BTreeMap<String, Setting>,
}

impl Picker<'_> {
    /// `shown` is how the value is recorded.
    fn pick<T>(
        &mut self,
        name: &str,
        typed: Option<T>,
        file: Option<T>,
        default: T,
        shown: impl Fn(&T) -> String,
    ) -> T {
        let (value, origin) = match (typed, file) {
            (Some(value), _) => (value, self.typed.origin(name)),
            (None, Some(value)) => (value, "file"),
            (None, None) => (default, "default"),
        };
        let setting = Setting { value: shown(&value), origin: origin.to_owned() };
        self.recorded.insert(name.to_owned(), setting);
        value
    }

    fn number(&mut self, name: &str, typed: Option<u32>, file: Option<u32>, default: u32) -> u32 {
        self.pick(name, typed, file, default, ToString::to_string)
    }

    fn path(&mut self, name: &str, typed: Option<&PathBuf>, file: Option<PathBuf>, default: &str) -> PathBuf {
        self.pick(name, typed.cloned(), file, PathBuf::from(default), |path| path.display().to_string())
    }

    /// A value that need not be given.
    fn optional<T: Clone + Display>(&mut self, name: &str, typed: Option<T>, file: Option<T>) -> Option<T> {
        let shown = |value: &Option<T>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        self.pick(name, typed.map(Some), file.map(Some), None, shown)
    }

    fn paths(&mut self, common: &Common, file: &File) -> Paths {
        Paths {
            audit_log: self.path("audit_log", common.audit_log.as_ref(), file.audit_log.clone(), "audit.db"),
            reports: self.path("reports", common.reports.as_ref(), file.reports.clone(), "reports"),
            log_dir: self.path("log_dir", common.log_dir.as_ref(), file.log_dir.clone(), "logs"),
        }
    }

    fn pace(&mut self, options: &PaceOptions, file: &File, rate: u32, concurrency: u32) -> (u32, u32) {
        (
            self.number("rate", options.rate, file.rate, rate),
            self.number("concurrency", options.concurrency, file.concurrency, concurrency),
        )
    }
}

impl Paths {
    pub(super) fn resolve(typed: &Typed, common: &Common) -> Result<Self, Failure> {
        let file = File::read()?;
        Ok(Picker { typed, recorded: BTreeMap::new() }.paths(common, &file))
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
        let file = File::read()?;
        let mut picker = Picker { typed, recorded: BTreeMap::new() };
        let paths = picker.paths(common, &file);
        let in_file = file
            .cloud
            .as_deref()
            .map(|name| named::<CloudName>("cloud", name).map(Cloud::from))
            .transpose()?;
        let cloud = options.cloud.map(Cloud::from);
        let cloud = picker.pick("cloud", cloud, in_file, Cloud::Public, |cloud| cloud.as_str().to_owned());
        let api_url = picker.pick(
            "api_url",
            options.api_url.clone(),
            file.api_url.clone(),
            cloud.api_url().to_owned(),
            String::clone,
        );
        let api_url =
            BaseUrl::parse(&api_url).map_err(|error| Failure::usage(format!("`--api-url`: {error}")))?;
        let in_file = file.procedure.as_deref();
        let in_file =
            in_file.map(|name| named::<ProcedureName>("procedure", name).map(Procedure::from)).transpose()?;
        let procedure = options.procedure.map(Procedure::from);
        let default = Procedure::RemoveRelationship;
        let procedure = picker.pick("procedure", procedure, in_file, default, ToString::to_string);
        let partner =
            picker.optional("partner_tenant", options.partner_tenant.clone(), file.partner_tenant.clone());
        let (rate, concurrency) = picker.pace(&options.pace, &file, 300, 8);
        let protected_file = options.protected.as_ref().map(|path| path.display().to_string());
        let protected_in_file = file.protected.as_ref().map(|path| path.display().to_string());
        let protected_file = picker.optional("protected", protected_file, protected_in_file);
        let allow = (!options.allow.is_empty()).then(|| options.allow.clone());
        let allow = picker.pick("allow", allow, file.allow.clone(), Vec::new(), |names| names.join(", "));
        let policy = Policy {
            rate: in_range("rate", rate, 1..=6_000_000)?,
            concurrency: in_range("concurrency", concurrency, 1..=256)?,
            settle_seconds: in_range(
                "settle",
                picker.number("settle", options.settle, file.settle, 300),
                0..=86_400,
            )?,
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
            allow: allowed(&allow)?,
            protected: protected_file
                .map(|path| protected(Path::new(&path)))
                .transpose()?
                .unwrap_or_default(),
            partner: partner.map(|id| tenant("partner-tenant", &id)).transpose()?,
        };
        let _known =
            picker.pick("skip_invalid", Some(options.list.skip_invalid), None, false, ToString::to_string);
        Ok(Self { paths, procedure, api_url, policy, recorded: picker.recorded })
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

impl From<ProcedureName> for Procedure {
    fn from(name: ProcedureName) -> Self {
        match name {
            ProcedureName::RemoveRelationship => Self::RemoveRelationship,
        }
    }
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

/// Reads the list of customers that are never touched. A line that is no ID is an error: a customer
/// that was meant to be protected must not lose that to a typing error.
fn protected(path: &Path) -> Result<BTreeSet<TenantId>, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read `{shown}`: {error}")))?;
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    lines
        .map(|(i, line)| (i + 1, line.split('#').next().unwrap_or_default().trim()))
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            line.parse().map_err(|error| Failure::usage(format!("`{shown}`, line {number}: {error}")))
        })
        .collect()
}
