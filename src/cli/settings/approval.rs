//! Who must look at a plan before it is carried out, beside the operator.

use super::{FILE, Picker, Toml, Typed};
use crate::{
    audit::VerifyingKey,
    cli::{args::ApprovalOptions, exit::Failure, keys},
    domain::{counted, is_taken_out},
    record::Setting,
};
use std::collections::BTreeMap;

/// What the settings file says about who may approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum ApproversInFile {
    /// It names somebody.
    Named,
    /// It names nobody, and requires no approval.
    Nobody,
    /// It requires what nobody can give.
    RequiredOfNobody,
}

impl ApproversInFile {
    pub(super) fn of(file: &Toml) -> Self {
        match (&*file.approval.approvers, file.approval.required_above) {
            ([], Some(_)) => Self::RequiredOfNobody,
            ([], None) => Self::Nobody,
            _ => Self::Named,
        }
    }

    /// Refuses a file that requires an approval of nobody: the plan could be made, and never be carried out by it.
    pub(in crate::cli) fn require_somebody(self) -> Result<(), Failure> {
        if self != Self::RequiredOfNobody || is_taken_out("an-approval-of-nobody") {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "`required_above` under `[approval]` in `{FILE}` requires an approval, and no `approvers` are named there who \
             could give it. An approver makes a key with `offboard approve --new-key`, and its public half goes there. \
             Nothing was sent"
        )))
    }
}

/// When an approval is needed, and whose counts.
#[derive(Clone, Debug)]
pub(in crate::cli) struct ApprovalSettings {
    /// A plan that removes more than this needs one.
    pub(in crate::cli) above: Option<u32>,
    /// Who may approve.
    pub(in crate::cli) approvers: Vec<VerifyingKey>,
    /// Whether an approval by the operator's own user is refused.
    pub(in crate::cli) other_person: bool,
    /// For the record.
    pub(in crate::cli) recorded: BTreeMap<String, Setting>,
}

impl ApprovalSettings {
    pub(in crate::cli) fn resolve(typed: &Typed, options: &ApprovalOptions) -> Result<Self, Failure> {
        let file = Toml::read()?;
        let mut picker = Picker { typed, recorded: BTreeMap::new() };
        let above = above(&mut picker, options.require.require_approval, &file);
        let named = (!options.approver.is_empty()).then(|| options.approver.clone());
        let in_file = Some(file.approval.approvers).filter(|approvers| !approvers.is_empty());
        let option = if named.is_some() { "--approver" } else { "approval.approvers" };
        let given = named.clone().or_else(|| in_file.clone()).unwrap_or_default();
        let approvers: Vec<VerifyingKey> =
            given.iter().map(|text| keys::public(option, text)).collect::<Result<_, _>>()?;
        let shown = approvers.iter().map(VerifyingKey::as_str).collect::<Vec<_>>().join(", ");
        picker.pick("approver", named, in_file, Vec::new(), |_| shown.clone());
        let other_person =
            picker.pick("other_person", None, file.approval.other_person, false, ToString::to_string);
        Ok(Self { above, approvers, other_person, recorded: picker.recorded })
    }
}

/// Above how many removals a plan needs an approval.
pub(super) fn above(picker: &mut Picker<'_>, is_required: bool, file: &Toml) -> Option<u32> {
    let typed = is_required.then_some(Some(0));
    let in_file = file.approval.required_above.map(Some);
    picker.pick("require_approval", typed, in_file, None, |above| match above {
        Some(0) => "each plan".to_owned(),
        Some(n) => format!("above {}", counted(*n, "removal")),
        None => "no".to_owned(),
    })
}
