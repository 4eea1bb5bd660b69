//! The requests that are ever sent, as values; those to the sign-in service are made in `auth`.

use super::{
    BaseUrl,
    auth::request::{Form, SignInRequest},
    paging::NextPage,
    resource::Changed,
};
use crate::domain::{CorrelationId, Day, RequestId, Secret, TenantId, is_taken_out};
use std::{borrow::Cow, fmt::Write as _};

/// The body of the removal: exactly these 71 bytes, whatever was read of the customer before.
/// The same method and address with another field ends delegated administration instead.
pub const REMOVAL_BODY: &str = r#"{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#;

/// Who does not say so may be sent anything, and what is compressed cannot be looked through for secrets.
const PLAIN: &str = "identity";

/// How many customers a page is asked to have. Partner Center's own samples use 40 to 500.
pub const PAGE_SIZE: u32 = 500;

/// An HTTP method that this program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes.
    Patch,
    /// Asks for a token.
    Post,
    /// Deletes a customer of the sandbox.
    Delete,
}

impl Method {
    /// As it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, complete but for its identifiers and its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, with its query: `/v1/customers?size=500`.
    pub path: String,
    /// The token of the page, for the pages after the first.
    pub continuation: Option<String>,
    /// Whether the answer is to tell if the sign-in was done with MFA (`ValidateMfa: true`).
    pub asks_for_mfa: bool,
    /// The version that is to be changed, `If-Match`.
    pub if_match: Option<String>,
    /// The body.
    pub body: Option<Cow<'static, str>>,
}

impl Call {
    fn get(path: String) -> Self {
        Self {
            method: Method::Get,
            path,
            continuation: None,
            asks_for_mfa: false,
            if_match: None,
            body: None,
        }
    }
}

/// Who the token belongs to, and whether it comes from a sign-in with MFA:
/// `GET /v1/profiles/organization`.
pub fn organization_profile() -> Call {
    Call { asks_for_mfa: true, ..Call::get("/v1/profiles/organization".to_owned()) }
}

/// Whether this user may list customers at all: `GET /v1/customers?size=1`.
pub fn one_customer() -> Call {
    Call::get("/v1/customers?size=1".to_owned())
}

/// The first page of all customers: `GET /v1/customers?size=…`.
pub fn customers() -> Call {
    Call::get(format!("/v1/customers?size={PAGE_SIZE}"))
}

/// The first page of what was done in the partner's account on these days, of which there may be 31:
/// `GET /v1/auditrecords?startDate=…&endDate=…`.
pub fn activity(from: Day, to: Day) -> Call {
    Call::get(format!("/v1/auditrecords?startDate={from}&endDate={to}&size={PAGE_SIZE}"))
}

/// The next page of a collection.
pub fn next(next: NextPage) -> Call {
    Call { continuation: next.continuation, ..Call::get(next.path) }
}

/// One customer: `GET /v1/customers/{id}`.
pub fn customer(id: TenantId) -> Call {
    Call::get(format!("/v1/customers/{id}"))
}

/// Its subscriptions: `GET /v1/customers/{id}/subscriptions`.
pub fn subscriptions(id: TenantId) -> Call {
    Call::get(format!("/v1/customers/{id}/subscriptions"))
}

/// Its entitlements with their expiry dates: `GET /v1/customers/{id}/entitlements?showExpiry=true`.
pub fn entitlements(id: TenantId) -> Call {
    Call::get(format!("/v1/customers/{id}/entitlements?showExpiry=true"))
}

/// One of its orders: `GET /v1/customers/{id}/orders/{order}`.
pub fn order(id: TenantId, order: &str) -> Call {
    Call::get(format!("/v1/customers/{id}/orders/{}", path_segment(order)))
}

/// The change: `PATCH /v1/customers/{id}` with [`REMOVAL_BODY`].
pub fn remove_relationship(id: TenantId) -> Call {
    let body = Some(Cow::Borrowed(REMOVAL_BODY));
    Call { method: Method::Patch, body, ..Call::get(format!("/v1/customers/{id}")) }
}

/// Cancels one of its orders: `PATCH /v1/customers/{id}/orders/{order}`, with nothing of the order but its
/// ID and the new status, so that nothing else of it is changed.
pub fn cancel_order(id: TenantId, order: &str) -> Call {
    let body = serde_json::json!({ "id": order, "status": "cancelled" }).to_string();
    Call { method: Method::Patch, body: Some(Cow::Owned(body)), ..self::order(id, order) }
}

/// One of its subscriptions: `GET /v1/customers/{id}/subscriptions/{subscription}`.
pub fn subscription(id: TenantId, subscription: &str) -> Call {
    Call::get(format!("/v1/customers/{id}/subscriptions/{}", path_segment(subscription)))
}

/// Gives a subscription another status: `PATCH` with the whole resource as it was just read, and with its
/// version. Whatever is left out of such a body is reset, `autoRenewEnabled` for one.
pub fn change_subscription(id: TenantId, subscription: &str, changed: Changed) -> Call {
    let Changed { body, etag } = changed;
    let if_match = etag
        .filter(|_| !is_taken_out("suspend-over-any-version"))
        .map(|etag| format!("\"{}\"", etag.trim_matches('"')));
    let body = Some(Cow::Owned(body));
    Call { method: Method::Patch, if_match, body, ..self::subscription(id, subscription) }
}

/// Deletes a customer of the integration sandbox: `DELETE /v1/customers/{id}`.
pub fn delete_customer(id: TenantId) -> Call {
    Call { method: Method::Delete, ..Call::get(format!("/v1/customers/{id}")) }
}

/// What a request carries.
#[derive(Clone, Debug)]
pub enum Body {
    /// These bytes.
    Plain(Cow<'static, str>),
    /// A form, which has secrets.
    Form(Form),
}

impl Body {
    /// As it goes over the wire.
    pub fn sent(&self) -> Secret {
        match self {
            Self::Plain(text) => Secret::new(text.clone().into_owned()),
            Self::Form(form) => form.encoded(),
        }
    }

    /// As it may be stored.
    pub fn stored(&self) -> Cow<'static, str> {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Form(form) => Cow::Owned(form.stored()),
        }
    }
}

/// A request as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// The headers, but for `Authorization`.
    pub headers: Vec<(&'static str, String)>,
    /// What becomes `Authorization`; a request to the sign-in service has none.
    pub token: Option<Secret>,
    /// The body.
    pub body: Option<Body>,
}

impl Outgoing {
    /// Gives a call its address, its token, its identifiers and the headers that every request has.
    pub fn new(
        base: &BaseUrl,
        call: &Call,
        token: Secret,
        request_id: RequestId,
        correlation_id: CorrelationId,
    ) -> Self {
        let mut headers = vec![
            ("accept", "application/json".to_owned()),
            ("accept-encoding", PLAIN.to_owned()),
            ("ms-requestid", request_id.to_string()),
            ("ms-correlationid", correlation_id.to_string()),
            ("ms-partnercenter-application", concat!("offboard/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("x-locale", "en-US".to_owned()),
        ];
        if call.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        if call.asks_for_mfa {
            headers.push(("validatemfa", "true".to_owned()));
        }
        if let Some(etag) = &call.if_match {
            headers.push(("if-match", etag.clone()));
        }
        if let Some(token) = &call.continuation {
            headers.push(("ms-continuationtoken", token.clone()));
        }
        let body = call.body.clone().map(Body::Plain);
        Self { method: call.method, url: base.join(&call.path), headers, token: Some(token), body }
    }

    /// A request to the sign-in service, which calls `client-request-id` what is the correlation ID
    /// in its own logs.
    pub fn sign_in(request: &SignInRequest, correlation_id: CorrelationId) -> Self {
        let headers = vec![
            ("accept", "application/json".to_owned()),
            ("accept-encoding", PLAIN.to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("client-request-id", correlation_id.to_string()),
        ];
        let body = Some(Body::Form(request.form.clone()));
        Self { method: Method::Post, url: request.url.clone(), headers, token: None, body }
    }
}

/// Percent-encodes what an answer gave us before it becomes a part of a path.
fn path_segment(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut path, byte| {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
        if plain {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _infallible = write!(path, "%{byte:02X}");
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_removal_is_exactly_the_documented_body() {
        assert_eq!(REMOVAL_BODY.len(), 71);
        let id: TenantId = "0a0a0a0a-1111-4222-8333-444444444444".parse().unwrap();
        let call = remove_relationship(id);
        assert_eq!(call.method.as_str(), "PATCH");
        assert_eq!(call.path, "/v1/customers/0a0a0a0a-1111-4222-8333-444444444444");
    }

    #[test]
    fn a_cancellation_says_which_order_and_nothing_else_of_it() {
        let id: TenantId = "0a0a0a0a-1111-4222-8333-444444444444".parse().unwrap();
        let call = cancel_order(id, "Zx\"1");
        assert_eq!(call.path, "/v1/customers/0a0a0a0a-1111-4222-8333-444444444444/orders/Zx%221");
        assert_eq!(call.body.unwrap(), r#"{"id":"Zx\"1","status":"cancelled"}"#);
        let call = delete_customer(id);
        assert_eq!((call.method.as_str(), call.body), ("DELETE", None));
    }

    #[test]
    fn an_order_id_cannot_leave_its_path() {
        let id: TenantId = "0a0a0a0a-1111-4222-8333-444444444444".parse().unwrap();
        assert!(order(id, "../../x?y#z").path.ends_with("/orders/%2E%2E%2F%2E%2E%2Fx%3Fy%23z"));
    }
}
