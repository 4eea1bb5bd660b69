//! The requests that are ever sent, as values; those to the sign-in service are made in `auth`.

use super::{BaseUrl, Service, form::Form, paging::NextPage, resource::EditedResource};
use crate::domain::{CorrelationId, Day, RequestId, Secret, TenantId, is_taken_out};
use std::{borrow::Cow, fmt::Write as _};

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

/// A request, from whoever builds it to the socket.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where it goes; one that asks for a token goes to the sign-in service of that one.
    pub service: Service,
    /// The method.
    pub method: Method,
    /// The path with its query, `/v1/customers?size=500`; the whole address once it is known to whom it goes.
    pub url: String,
    /// The headers, but for `Authorization`.
    pub headers: Vec<(&'static str, String)>,
    /// What becomes `Authorization`; a request to the sign-in service has none.
    pub token: Option<Secret>,
    /// The body.
    pub body: Option<Body>,
}

impl Request {
    fn get(path: String) -> Self {
        let service = Service::PartnerCenter;
        Self { service, method: Method::Get, url: path, headers: Vec::new(), token: None, body: None }
    }

    /// Reads something of Microsoft Graph.
    pub(super) fn get_of_graph(path: String) -> Self {
        Self { service: Service::Graph, ..Self::get(path) }
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same address with another method and this body, if there is one.
    #[must_use]
    pub fn change(self, method: Method, body: Option<Cow<'static, str>>) -> Self {
        Self { method, body: body.map(Body::Plain), ..self }
    }

    /// A form for the sign-in service: always a `POST`.
    pub(super) fn form(url: String, form: Form) -> Self {
        Self { method: Method::Post, body: Some(Body::Form(form)), ..Self::get(url) }
    }

    /// Gives it its service's address, its token, its identifiers and the headers that every request there has.
    #[must_use]
    pub fn to_service(
        self,
        base: &BaseUrl,
        token: Secret,
        request_id: RequestId,
        correlation_id: CorrelationId,
    ) -> Self {
        let mut headers =
            vec![("accept", "application/json".to_owned()), ("accept-encoding", PLAIN.to_owned())];
        match self.service {
            Service::PartnerCenter => headers.extend([
                ("ms-requestid", request_id.to_string()),
                ("ms-correlationid", correlation_id.to_string()),
                ("ms-partnercenter-application", concat!("offboard/", env!("CARGO_PKG_VERSION")).to_owned()),
                ("x-locale", "en-US".to_owned()),
            ]),
            // It knows one identifier of the client's (`graph/best-practices-concept`, learn.microsoft.com).
            Service::Graph => headers.push(("client-request-id", request_id.to_string())),
        }
        if self.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        headers.extend(self.headers);
        Self { url: base.join(&self.url), headers, token: Some(token), ..self }
    }

    /// Gives it the headers that a request to the sign-in service has, which calls `client-request-id` what is the
    /// correlation ID in its own logs.
    #[must_use]
    pub fn to_sign_in_service(self, correlation_id: CorrelationId) -> Self {
        let headers = vec![
            ("accept", "application/json".to_owned()),
            ("accept-encoding", PLAIN.to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("client-request-id", correlation_id.to_string()),
        ];
        Self { headers, ..self }
    }
}

/// Who the token belongs to, and whether it comes from a sign-in with MFA:
/// `GET /v1/profiles/organization`.
pub fn organization_profile() -> Request {
    Request::get("/v1/profiles/organization".to_owned()).with("validatemfa", "true".to_owned())
}

/// Whether this user may list customers at all: `GET /v1/customers?size=1`.
pub fn one_customer() -> Request {
    Request::get("/v1/customers?size=1".to_owned())
}

/// The first page of all customers: `GET /v1/customers?size=…`.
pub fn customers() -> Request {
    Request::get(format!("/v1/customers?size={PAGE_SIZE}"))
}

/// The link by which a customer accepts a relationship with the partner: `GET /v1/customers/relationshiprequests`. It is
/// the same for all customers.
pub fn relationship_request() -> Request {
    Request::get("/v1/customers/relationshiprequests".to_owned())
}

/// The partner's indirect resellers: `GET /v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf`.
pub fn resellers() -> Request {
    Request::get("/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf".to_owned())
}

/// The first page of what was done in the partner's account on these days, of which there may be 31:
/// `GET /v1/auditrecords?startDate=…&endDate=…`.
pub fn activity(from: Day, to: Day) -> Request {
    Request::get(format!("/v1/auditrecords?startDate={from}&endDate={to}&size={PAGE_SIZE}"))
}

/// The next page of a collection.
pub fn next(next: NextPage) -> Request {
    let page = Request::get(next.path);
    match next.continuation {
        Some(token) => page.with("ms-continuationtoken", token),
        None => page,
    }
}

/// One customer: `GET /v1/customers/{id}`.
pub fn customer(id: TenantId) -> Request {
    Request::get(format!("/v1/customers/{id}"))
}

/// Its subscriptions: `GET /v1/customers/{id}/subscriptions`.
pub fn subscriptions(id: TenantId) -> Request {
    Request::get(format!("/v1/customers/{id}/subscriptions"))
}

/// Its entitlements with their expiry dates: `GET /v1/customers/{id}/entitlements?showExpiry=true`.
pub fn entitlements(id: TenantId) -> Request {
    Request::get(format!("/v1/customers/{id}/entitlements?showExpiry=true"))
}

/// One of its orders: `GET /v1/customers/{id}/orders/{order}`.
pub fn order(id: TenantId, order: &str) -> Request {
    Request::get(format!("/v1/customers/{id}/orders/{}", path_segment(order)))
}

/// One of its subscriptions: `GET /v1/customers/{id}/subscriptions/{subscription}`.
pub fn subscription(id: TenantId, subscription: &str) -> Request {
    Request::get(format!("/v1/customers/{id}/subscriptions/{}", path_segment(subscription)))
}

/// Its transfers to other partners and from them: `GET /v1/customers/{id}/transfers`.
pub fn transfers(id: TenantId) -> Request {
    Request::get(format!("/v1/customers/{id}/transfers"))
}

/// Its relationships, with indirect resellers for one: `GET /v1/customers/{id}/relationships`.
pub fn relationships(id: TenantId) -> Request {
    Request::get(format!("/v1/customers/{id}/relationships"))
}

/// Revokes an application's consent for a customer: `DELETE /v1/customers/{id}/applicationconsents/{application}`.
pub fn revoke_consent(id: TenantId, application: &str) -> Request {
    let path = format!("/v1/customers/{id}/applicationconsents/{}", path_segment(application));
    Request::get(path).change(Method::Delete, None)
}

/// Changes a subscription, its status or what happens at its term's end: `PATCH` with the whole resource as it was just read, and with its
/// version. Whatever is left out of such a body is reset, `autoRenewEnabled` for one.
pub fn change_subscription(id: TenantId, subscription: &str, changed: EditedResource) -> Request {
    let EditedResource { body, etag } = changed;
    let if_match = etag
        .filter(|_| !is_taken_out("suspend-over-any-version"))
        .map(|etag| format!("\"{}\"", etag.trim_matches('"')));
    let patch = self::subscription(id, subscription).change(Method::Patch, Some(Cow::Owned(body)));
    match if_match {
        Some(etag) => patch.with("if-match", etag),
        None => patch,
    }
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

    /// The secrets of its own that it has, by the names of their fields.
    pub fn secrets(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        let form = match self {
            Self::Plain(_) => None,
            Self::Form(form) => Some(form),
        };
        form.into_iter().flat_map(Form::secrets)
    }

    /// As it may be stored.
    pub fn stored(&self) -> Cow<'static, str> {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Form(form) => Cow::Owned(form.stored()),
        }
    }
}

/// Percent-encodes what an answer gave us before it becomes a part of a path.
pub(super) fn path_segment(text: &str) -> String {
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
    fn an_order_id_cannot_leave_its_path() {
        let id: TenantId = "0a0a0a0a-1111-4222-8333-444444444444".parse().unwrap();
        assert!(order(id, "../../x?y#z").url.ends_with("/orders/%2E%2E%2F%2E%2E%2Fx%3Fy%23z"));
    }
}
