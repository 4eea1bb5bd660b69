//! The partner's indirect resellers.
//!
//! A listing of customers does not say through which reseller a customer is the partner's, only the customer itself does,
//! and only by an ID. So one request for each run asks which resellers there are, by ID and name: a partner that has none
//! reads no customer for that, and of one that has some, each customer is read by itself.

use super::reading::{Read, collect};
use crate::{
    domain::{Lookup, Purpose},
    engine::{halt::Halt, send::client::RecordedClient},
    partner_center::{model::PartnerRelationship, request, transport::Transport},
    record::IndirectReseller,
};
use std::collections::BTreeMap;

/// What is known of the partner's indirect resellers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResellersKnown {
    /// Their names, by their MPN IDs.
    names: BTreeMap<String, String>,
    /// Whether there may be some.
    pub(crate) may_be_some: bool,
}

impl ResellersKnown {
    /// One that is known from before.
    pub(crate) fn one(reseller: Option<&IndirectReseller>) -> Self {
        let name = |one: &IndirectReseller| Some((one.mpn_id.clone(), one.name.clone()?));
        Self { names: reseller.and_then(name).into_iter().collect(), may_be_some: true }
    }

    fn of(all: Vec<PartnerRelationship>) -> Self {
        let filled =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let may_be_some = !all.is_empty();
        let named = all.into_iter().filter_map(|one| Some((filled(one.mpn_id)?, filled(one.name)?)));
        Self { names: named.collect(), may_be_some }
    }

    /// The reseller with this MPN ID, by its name if that is known.
    pub(crate) fn with_name(&self, mpn_id: &str) -> IndirectReseller {
        IndirectReseller { mpn_id: mpn_id.to_owned(), name: self.names.get(mpn_id).cloned() }
    }
}

/// Asks which there are. A partner that is no indirect provider may not ask; of one who could not be answered it is not
/// known.
pub(crate) async fn list_resellers<T: Transport>(client: &RecordedClient<T>) -> Result<ResellersKnown, Halt> {
    let purpose = Purpose::Read(Lookup::Resellers);
    Ok(match collect::<_, PartnerRelationship>(client, purpose, None, request::resellers()).await? {
        Read::Done(all, _) => ResellersKnown::of(all),
        Read::NoRelationship(_) => ResellersKnown::default(),
        Read::Failed(_, failure) => {
            let may_not = matches!(failure.exchange.status, Some(401 | 403 | 404));
            ResellersKnown { may_be_some: !may_not, ..ResellersKnown::default() }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reseller_is_known_by_its_mpn_id_and_named_where_a_name_is_known() {
        let of = |all| ResellersKnown::of(serde_json::from_value(all).unwrap());
        let known = of(json!([{ "mpnId": " 7 ", "name": "Blue Harbor" }, { "mpnId": 8, "name": " " }, {}]));
        assert!(known.may_be_some && !of(json!([])).may_be_some);
        assert_eq!(known.with_name("7").to_string(), "Blue Harbor (MPN 7)");
        for nameless in ["8", "9"] {
            assert_eq!(known.with_name(nameless).to_string(), format!("MPN {nameless}"));
        }
        let again = ResellersKnown::one(Some(&known.with_name("7")));
        assert_eq!(again.with_name("7"), known.with_name("7"));
    }
}
