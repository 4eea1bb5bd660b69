//! The integration sandbox: where customers may be deleted, and where no relationship is ended, because there
//! that destroys the customer.

use super::{FILE, Picker, Toml, Typed, duration::DAY, tenant};
use crate::{
    cli::{
        args::SandboxOptions,
        exit::{Exit, Failure},
    },
    domain::{Account, Procedure, TenantId, is_taken_out},
    record::{ORDER_TIMEOUT, Policy, Run},
};
use std::collections::{BTreeMap, BTreeSet};

/// What was said of the sandbox.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Sandbox {
    /// The one that is meant.
    pub(in crate::cli) named: Option<TenantId>,
    /// All that are known.
    known: BTreeSet<TenantId>,
    order_timeout_seconds: u32,
}

impl Sandbox {
    pub(super) fn pick(
        picker: &mut Picker<'_>,
        options: &SandboxOptions,
        file: &Toml,
    ) -> Result<Self, Failure> {
        let named =
            picker.optional("sandbox_tenant", options.sandbox_tenant.clone(), file.sandbox_tenant.clone());
        let known = picker
            .pick("sandbox_tenants", None, file.sandbox_tenants.clone(), Vec::new(), |all| all.join(", "));
        let usual = format!("{}m", ORDER_TIMEOUT.as_secs() / 60);
        let order_timeout_seconds = picker.seconds(
            "order_timeout",
            options.order_timeout.as_ref(),
            file.order_timeout.as_ref(),
            &usual,
            (1..=DAY, "one second to one day"),
        )?;
        let named = named.map(|id| tenant("sandbox-tenant", &id)).transpose()?;
        let in_file = known.iter().map(|id| {
            id.trim()
                .parse::<TenantId>()
                .map_err(|error| Failure::usage(format!("`{FILE}`: `sandbox_tenants`: {error}")))
        });
        let known = in_file.chain(named.map(Ok)).collect::<Result<_, _>>()?;
        Ok(Self { named, known, order_timeout_seconds })
    }

    /// For a run that goes on, or a plan that is carried out: what is said now.
    pub(in crate::cli) fn again(typed: &Typed, named: Option<&String>) -> Result<Self, Failure> {
        let mut picker = Picker { typed, recorded: BTreeMap::new() };
        let options = SandboxOptions { sandbox_tenant: named.cloned(), order_timeout: None };
        Self::pick(&mut picker, &options, &Toml::read()?)
    }

    /// What the engine obeys of it.
    pub(super) fn obeyed(&self, procedure: Procedure, policy: Policy) -> Policy {
        match procedure.facts().account {
            Account::Production => Policy { sandboxes: self.known.clone(), ..policy },
            Account::Sandbox => Policy {
                sandbox: self.named,
                order_timeout_seconds: Some(self.order_timeout_seconds),
                ..policy
            },
        }
    }

    /// Whether the procedure may be carried out by what was said. `partner` is the account that was named.
    pub(super) fn require(&self, procedure: Procedure, partner: Option<TenantId>) -> Result<(), Failure> {
        match (procedure.facts().account, self.named, partner) {
            (Account::Production, ..) | (_, Some(_), None) => Ok(()),
            (_, Some(_), Some(_)) if is_taken_out("two-tenants-that-differ") => Ok(()),
            (_, Some(sandbox), Some(partner)) if sandbox == partner => Ok(()),
            (_, Some(sandbox), Some(partner)) => {
                let text = format!(
                    "`--sandbox-tenant` is {sandbox} and `--partner-tenant` is {partner}; customers are deleted in the \
                     sandbox's own account alone, so both must be the same. Nothing was sent"
                );
                Err(Failure::new(Exit::Guard, text))
            }
            (_, None, _) => Err(Failure::usage(format!(
                "`--procedure {procedure}` needs `--sandbox-tenant`: name the tenant of the integration sandbox. \
                 Nothing was sent"
            ))),
        }
    }

    /// Whether a run may be gone on with by what is said now. `must_be_named` is true when nobody types the
    /// sandbox's tenant.
    pub(in crate::cli) fn require_again(&self, run: &Run, must_be_named: bool) -> Result<(), Failure> {
        let guard = |text: String| Err(Failure::new(Exit::Guard, format!("{text}. Nothing was sent")));
        let partner = run.partner.as_ref().map(|partner| partner.tenant_id).or(run.policy.partner);
        match (run.opened.procedure.facts().account, partner, self.named) {
            (Account::Production, ..) if is_taken_out("a-plan-for-what-is-a-sandbox-now") => Ok(()),
            (Account::Production, Some(partner), _) if self.known.contains(&partner) => guard(format!(
                "the partner account {partner} is an integration sandbox, where ending a relationship destroys the \
                     customer's tenant"
            )),
            (_, _, Some(_)) if is_taken_out("a-plan-for-another-sandbox") => Ok(()),
            (Account::Sandbox, _, Some(named)) if run.policy.sandbox != Some(named) => {
                let meant = run.policy.sandbox.map(|id| id.to_string()).unwrap_or_default();
                guard(format!(
                    "it is meant for the sandbox {meant}, and not for {named} (`--sandbox-tenant`)"
                ))
            }
            (_, _, None) if is_taken_out("no-prompt-without-the-sandboxes-tenant") => Ok(()),
            (Account::Sandbox, _, None) if must_be_named => Err(Failure::usage(
                "`--yes` needs `--sandbox-tenant` as well: name the tenant of the integration sandbox",
            )),
            _ => Ok(()),
        }
    }
}
