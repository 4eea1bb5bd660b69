//! What a request asks for.

use super::super::scenario::On;
use super::Request;
use crate::domain::TenantId;

/// What a request asks for. Routing looks at neither the case of the path nor a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Profile,
    RelationshipRequest,
    List,
    Activity,
    Customer(TenantId),
    Subscriptions(TenantId),
    Subscription(TenantId, String),
    UpdateSubscription(TenantId, String),
    AzureEntitlements(TenantId, String),
    Entitlements(TenantId),
    Transfers(TenantId),
    /// The indirect resellers of a customer.
    Relationships(TenantId),
    /// All indirect resellers of the partner.
    Resellers,
    Orders(TenantId),
    Order(TenantId, String),
    CancelOrder(TenantId, String),
    Remove(TenantId),
    Delete(TenantId),
    RevokeConsent(TenantId, String),
    /// The delegated administration of this customer, at Microsoft Graph.
    Grants(Option<TenantId>),
    Terminate(String),
    DeleteGrant(String),
    /// A token, of the tenant that is named.
    Token(String),
    /// A device code, of the tenant that is named.
    DeviceCode(String),
    /// A customer ID that is no GUID.
    BadCustomer,
    /// No such path, or no such method on it.
    Nothing,
}

impl Route {
    pub(super) fn of(request: &Request) -> Self {
        let path = request.target.split(['?', '#']).next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let lower: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let method = request.method.as_str();
        match (method, lower.as_slice()) {
            ("POST", [tenant, "oauth2", "v2.0", "token"]) => return Self::Token((*tenant).to_owned()),
            ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) => {
                return Self::DeviceCode((*tenant).to_owned());
            }
            (method, ["v1.0", "tenantrelationships", "delegatedadminrelationships", rest @ ..]) => {
                return Self::of_graph(method, rest, request);
            }
            _ => {}
        }
        let ["v1", rest @ ..] = lower.as_slice() else { return Self::Nothing };
        let (id, under) = match (method, rest) {
            ("GET", ["profiles", "organization"]) => return Self::Profile,
            ("GET", ["customers"]) => return Self::List,
            ("GET", ["customers", "relationshiprequests"]) => return Self::RelationshipRequest,
            ("GET", ["auditrecords"]) => return Self::Activity,
            ("GET", ["relationships"]) => return Self::Resellers,
            (_, ["customers", id, under @ ..]) => (id, under),
            _ => return Self::Nothing,
        };
        let Ok(id) = id.parse::<TenantId>() else { return Self::BadCustomer };
        // The IDs of orders tell small and capital letters apart.
        let as_sent = segments.get(4).map(|segment| (*segment).to_owned()).unwrap_or_default();
        match (method, under) {
            ("GET", []) => Self::Customer(id),
            ("PATCH", []) => Self::Remove(id),
            ("DELETE", []) => Self::Delete(id),
            ("GET", ["subscriptions"]) => Self::Subscriptions(id),
            ("GET", ["subscriptions", _]) => Self::Subscription(id, as_sent),
            ("PATCH", ["subscriptions", _]) => Self::UpdateSubscription(id, as_sent),
            ("GET", ["subscriptions", _, "azureentitlements"]) => Self::AzureEntitlements(id, as_sent),
            ("GET", ["entitlements"]) => Self::Entitlements(id),
            ("GET", ["transfers"]) => Self::Transfers(id),
            ("GET", ["relationships"]) => Self::Relationships(id),
            ("GET", ["orders"]) => Self::Orders(id),
            ("GET", ["orders", _]) => Self::Order(id, as_sent),
            ("PATCH", ["orders", _]) => Self::CancelOrder(id, as_sent),
            ("DELETE", ["applicationconsents", _]) => Self::RevokeConsent(id, as_sent),
            _ => Self::Nothing,
        }
    }

    fn of_graph(method: &str, rest: &[&str], request: &Request) -> Self {
        match (method, rest) {
            ("GET", []) => {
                let filter = parameter(request, "$filter").unwrap_or_default();
                let id = filter.split("%27").nth(1).and_then(|id| id.parse().ok());
                Self::Grants(id)
            }
            ("POST", [id, "requests"]) => Self::Terminate((*id).to_owned()),
            ("DELETE", [id]) => Self::DeleteGrant((*id).to_owned()),
            _ => Self::Nothing,
        }
    }

    /// Whether it goes to Microsoft Graph.
    pub(super) const fn is_graph(&self) -> bool {
        matches!(self, Self::Grants(_) | Self::Terminate(_) | Self::DeleteGrant(_))
    }

    /// The word of the scenario; `Any` where only that word covers it.
    pub(super) const fn on(&self) -> On {
        match self {
            Self::Profile => On::Profile,
            Self::RelationshipRequest => On::RelationshipRequest,
            Self::List => On::List,
            Self::Activity => On::Activity,
            Self::Customer(_) => On::Customer,
            Self::Subscriptions(_) => On::Subscriptions,
            Self::Subscription(..) => On::Subscription,
            Self::UpdateSubscription(..) => On::UpdateSubscription,
            Self::AzureEntitlements(..) => On::AzureEntitlements,
            Self::Entitlements(_) => On::Entitlements,
            Self::Transfers(_) => On::Transfers,
            Self::Relationships(_) => On::Relationships,
            Self::Resellers => On::Resellers,
            Self::Orders(_) | Self::Order(..) => On::Orders,
            Self::CancelOrder(..) => On::CancelOrder,
            Self::Remove(_) => On::Remove,
            Self::Delete(_) => On::Delete,
            Self::RevokeConsent(..) => On::RevokeConsent,
            Self::Grants(_) => On::DelegatedAdmin,
            Self::Terminate(_) | Self::DeleteGrant(_) => On::EndDelegatedAdmin,
            Self::Token(_) => On::Token,
            Self::DeviceCode(_) => On::DeviceCode,
            Self::BadCustomer | Self::Nothing => On::Any,
        }
    }

    /// The customer that it concerns.
    pub(super) fn customer(&self) -> Option<TenantId> {
        match self {
            Self::Grants(id) => *id,
            // It begins with the customer's.
            Self::Terminate(id) | Self::DeleteGrant(id) => id.get(..36)?.parse().ok(),
            Self::Customer(id)
            | Self::Subscriptions(id)
            | Self::Subscription(id, _)
            | Self::UpdateSubscription(id, _)
            | Self::AzureEntitlements(id, _)
            | Self::Entitlements(id)
            | Self::Transfers(id)
            | Self::Relationships(id)
            | Self::Orders(id)
            | Self::Order(id, _)
            | Self::CancelOrder(id, _)
            | Self::RevokeConsent(id, _)
            | Self::Remove(id)
            | Self::Delete(id) => Some(*id),
            Self::Profile
            | Self::RelationshipRequest
            | Self::List
            | Self::Activity
            | Self::Resellers
            | Self::Token(_)
            | Self::DeviceCode(_)
            | Self::BadCustomer
            | Self::Nothing => None,
        }
    }

    /// Whether it goes to the sign-in service and not to Partner Center.
    pub(super) const fn is_sign_in(&self) -> bool {
        matches!(self, Self::Token(_) | Self::DeviceCode(_))
    }

    /// Whether it asks for a change.
    pub(super) const fn is_change(&self) -> bool {
        matches!(
            self,
            Self::Remove(_)
                | Self::Delete(_)
                | Self::CancelOrder(..)
                | Self::UpdateSubscription(..)
                | Self::RevokeConsent(..)
                | Self::Terminate(_)
                | Self::DeleteGrant(_)
        )
    }
}

impl On {
    /// Whether this word means those requests.
    pub(super) fn covers(self, other: Self) -> bool {
        self == Self::Any || self == other
    }
}

/// A parameter of the query; its name is read in any case.
pub(super) fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let (_, query) = request.target.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
