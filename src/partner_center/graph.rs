//! Microsoft Graph, as far as it has the delegated administration that customers grant the partner
//! (learn.microsoft.com, `graph/api/resources/delegatedadminrelationship`).

use super::{
    BaseUrl, NextLinkError, json,
    request::{Method, Request},
    response::Incoming,
};
use crate::domain::{Day, TenantId};
use serde::Deserialize;
use std::{borrow::Cow, collections::HashSet};
use url::Url;

/// The collection of all relationships.
const COLLECTION: &str = "/v1.0/tenantRelationships/delegatedAdminRelationships";

/// How many a page is asked to have, which is as many as it may.
const PAGE_SIZE: u32 = 300;

/// A relationship of delegated administration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AdminRelationship {
    /// Its ID.
    pub id: Option<String>,
    /// Its name, which the partner gave it.
    pub display_name: Option<String>,
    /// Its state.
    pub status: Option<String>,
    /// Whose tenant is administered.
    pub customer: Option<AdminParty>,
    /// Who administers it, where that is said.
    pub partner: Option<AdminParty>,
    /// What may be done.
    pub access_details: Option<AccessDetails>,
    /// When it was made.
    pub created_date_time: Option<String>,
    /// When it ends.
    pub end_date_time: Option<String>,
    /// By how much it extends itself then; `PT0S` if it does not.
    pub auto_extend_duration: Option<String>,
    /// Its version.
    #[serde(rename = "@odata.etag")]
    pub etag: Option<String>,
}

/// A tenant of such a relationship.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AdminParty {
    /// The tenant.
    pub tenant_id: Option<String>,
    /// Its name.
    pub display_name: Option<String>,
}

/// What a relationship allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AccessDetails {
    /// The roles.
    pub unified_roles: Vec<UnifiedRole>,
}

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UnifiedRole {
    /// The ID of its template, which is the same in every tenant.
    pub role_definition_id: Option<String>,
}

/// What a state means for whoever wants it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminState {
    /// It is not offered to the customer yet: it can be deleted.
    Draft,
    /// The customer can approve it, and the partner cannot end it.
    AwaitsCustomer,
    /// It is in force, or will be: it can be terminated.
    InForce,
    /// It is being terminated.
    Ending,
    /// It is over.
    Over,
    /// It is not documented.
    NotKnown,
}

impl AdminRelationship {
    /// What its state means.
    pub fn state(&self) -> AdminState {
        let status = self.status.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
        match status.as_str() {
            "created" => AdminState::Draft,
            "approvalpending" => AdminState::AwaitsCustomer,
            "approved" | "activating" | "active" | "expiring" => AdminState::InForce,
            "terminationrequested" | "terminating" => AdminState::Ending,
            "expired" | "terminated" => AdminState::Over,
            _ => AdminState::NotKnown,
        }
    }

    /// The day on which it ends, if it says so.
    pub fn ends(&self) -> Option<Day> {
        self.end_date_time.as_deref().and_then(Day::from_lenient)
    }

    /// Whether it extends itself.
    pub fn extends(&self) -> bool {
        self.auto_extend_duration.as_deref().is_some_and(|text| !matches!(text.trim(), "" | "PT0S" | "P0D"))
    }

    /// Whether it has this ID.
    pub fn is(&self, id: &str) -> bool {
        self.id.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(id))
    }

    /// Whether it is with this customer.
    pub fn is_with(&self, customer: TenantId) -> bool {
        self.customer.as_ref().and_then(AdminParty::tenant) == Some(customer)
    }

    /// Whether it says that it is another partner's.
    pub fn is_of_another(&self, partner: TenantId) -> bool {
        self.partner.as_ref().and_then(AdminParty::tenant).is_some_and(|other| other != partner)
    }
}

impl AdminParty {
    fn tenant(&self) -> Option<TenantId> {
        self.tenant_id.as_deref()?.parse().ok()
    }
}

/// The request to end a relationship, as it is answered (learn.microsoft.com,
/// `graph/api/resources/delegatedadminrelationshiprequest`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TerminationRequest {
    status: Option<String>,
}

/// Whether the answer to a request to end one says that it will be: with what was asked for, which has not failed.
pub fn is_accepted(answer: &Incoming) -> bool {
    let is_object = json::parse(&answer.body).is_some_and(|value| value.is_object());
    let asked: Option<TerminationRequest> = json::read(&answer.body).ok().filter(|_| is_object);
    let status = asked.map(|asked| asked.status.unwrap_or_default());
    status.is_some_and(|status| !status.trim().eq_ignore_ascii_case("failed"))
}

/// A page of relationships.
#[derive(Clone, Debug, Deserialize)]
pub struct AdminPage {
    /// The relationships.
    pub value: Vec<AdminRelationship>,
    /// The address of the next page.
    #[serde(default, rename = "@odata.nextLink")]
    next: Option<String>,
    /// How many there are in all, where that is said.
    #[serde(default, rename = "@odata.count")]
    pub count: Option<u64>,
}

impl AdminPage {
    /// A page, if the answer is one.
    pub fn read(answer: &Incoming) -> Option<Self> {
        let page: Option<Self> = json::read(&answer.body).ok();
        page.filter(|_| answer.status == 200)
    }

    /// All of them, if the answer has all.
    pub fn whole(answer: &Incoming) -> Option<Vec<AdminRelationship>> {
        let is_whole = |page: &Self| {
            let has_next = page.next.as_deref().is_some_and(|next| !next.trim().is_empty());
            let has_all = page.count.is_none_or(|count| count <= page.value.len() as u64);
            !has_next && has_all && !has_one_twice(&page.value)
        };
        Self::read(answer).filter(is_whole).map(|page| page.value)
    }

    /// The request for the next page; none after the last. A link that leads away from the collection is not followed.
    pub fn after(&self, base: &BaseUrl) -> Result<Option<Request>, NextLinkError> {
        let Some(next) = self.next.as_deref().filter(|next| !next.trim().is_empty()) else { return Ok(None) };
        let elsewhere = || NextLinkError::Elsewhere(next.chars().take(200).collect());
        let url = Url::parse(next).map_err(|_error| elsewhere())?;
        let prefix = base.url().path().trim_end_matches('/');
        let has_user = !url.username().is_empty() || url.password().is_some();
        let path = url.path().strip_prefix(prefix).unwrap_or(url.path());
        let is_same = url.origin() == base.url().origin() && path.eq_ignore_ascii_case(COLLECTION);
        if has_user || url.fragment().is_some() || !is_same {
            return Err(elsewhere());
        }
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Some(Request::get_of_graph(format!("{COLLECTION}{query}"))))
    }
}

/// Why a list of relationships does not tell which this customer has.
pub fn doubt_about_list(all: &[AdminRelationship], customer: TenantId) -> Option<&'static str> {
    if all.iter().any(|one| !one.is_with(customer)) {
        return Some("the list of relationships is not this customer's alone");
    }
    has_one_twice(all).then_some("the list has a relationship twice")
}

/// Nobody can tell which of the two is to be believed.
fn has_one_twice(all: &[AdminRelationship]) -> bool {
    let mut seen = HashSet::new();
    let ids = all.iter().filter_map(|one| one.id.as_deref());
    ids.map(str::to_ascii_lowercase).any(|id| !seen.insert(id))
}

/// The relationships with a customer: `GET …/delegatedAdminRelationships?$filter=customer/tenantId eq '…'`.
pub fn admin_relationships(customer: TenantId) -> Request {
    Request::get_of_graph(format!(
        "{COLLECTION}?$filter=customer/tenantId%20eq%20%27{customer}%27&$top={PAGE_SIZE}"
    ))
}

/// Whether relationships may be read at all: `GET …/delegatedAdminRelationships?$top=1`.
pub fn one_admin_relationship() -> Request {
    Request::get_of_graph(format!("{COLLECTION}?$top=1"))
}

/// Asks to end one that is in force: `POST …/{id}/requests`.
pub fn terminate(id: &str) -> Request {
    let path = format!("{COLLECTION}/{}/requests", super::request::path_segment(id));
    Request::get_of_graph(path).change(Method::Post, Some(Cow::Borrowed(r#"{"action":"terminate"}"#)))
}

/// Deletes one that is not offered to the customer yet, in the version that was read: `DELETE …/{id}`.
pub fn delete(id: &str, etag: Option<&str>) -> Request {
    let path = format!("{COLLECTION}/{}", super::request::path_segment(id));
    let request = Request::get_of_graph(path).change(Method::Delete, None);
    match etag {
        Some(etag) => request.with("if-match", etag.to_owned()),
        None => request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(body: &serde_json::Value) -> Incoming {
        Incoming { status: 200, headers: vec![], body: body.to_string().into_bytes() }
    }

    #[test]
    fn a_state_that_is_not_documented_is_not_known() {
        for (status, state) in [
            ("created", AdminState::Draft),
            ("approvalPending", AdminState::AwaitsCustomer),
            ("approved", AdminState::InForce),
            ("activating", AdminState::InForce),
            ("Active", AdminState::InForce),
            ("expiring", AdminState::InForce),
            ("terminationRequested", AdminState::Ending),
            ("terminating", AdminState::Ending),
            ("terminated", AdminState::Over),
            ("expired", AdminState::Over),
            ("unknownFutureValue", AdminState::NotKnown),
            ("", AdminState::NotKnown),
        ] {
            let one = AdminRelationship { status: Some(status.to_owned()), ..AdminRelationship::default() };
            assert_eq!(one.state(), state, "{status}");
        }
        assert_eq!(AdminRelationship::default().state(), AdminState::NotKnown);
    }

    #[test]
    fn the_next_page_is_of_the_same_collection() {
        let base = BaseUrl::parse("https://graph.example/proxy").unwrap();
        let next = |link: &str| {
            let page = answer(&json!({ "value": [], "@odata.nextLink": link }));
            assert!(AdminPage::whole(&page).is_none(), "it is not all");
            AdminPage::read(&page).unwrap().after(&base)
        };
        let good = format!("https://graph.example/proxy{COLLECTION}?$skiptoken=x");
        assert_eq!(next(&good).unwrap().unwrap().url, format!("{COLLECTION}?$skiptoken=x"));
        for bad in [
            format!("https://evil.example{COLLECTION}"),
            format!("https://u@graph.example{COLLECTION}"),
            "https://graph.example/proxy/v1.0/users".to_owned(),
            COLLECTION.to_owned(),
        ] {
            assert!(matches!(next(&bad), Err(NextLinkError::Elsewhere(_))), "{bad}");
        }
        assert!(AdminPage::read(&answer(&json!({ "value": [] }))).unwrap().after(&base).unwrap().is_none());
    }

    #[test]
    fn an_id_stays_a_part_of_its_path() {
        assert!(terminate("a/../b?x").url.ends_with("/a%2F%2E%2E%2Fb%3Fx/requests"));
        let deleted = delete("a", Some("W/\"1\""));
        assert_eq!(
            (deleted.method, deleted.headers),
            (Method::Delete, vec![("if-match", "W/\"1\"".to_owned())])
        );
    }
}
