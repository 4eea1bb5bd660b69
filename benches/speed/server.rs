//! A Partner Center that answers at once: one thread, bodies of the size of real ones, and no rules. It is
//! a process of its own, so that what the clients cost can be told apart.

use crate::run::id;
use http_body_util::Full;
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::HashSet, convert::Infallible, io::Write as _, rc::Rc, time::Duration};
use tokio::{net::TcpListener, task::LocalSet, time::sleep};

/// The partner account that this server knows.
pub(crate) const PARTNER: &str = "3d3d3d3d-4444-4555-8666-777777777777";
/// The most customers on a page.
const PAGE: usize = 500;

/// What it plays.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Scene {
    /// How many customers the partner has.
    pub(crate) customers: usize,
    /// How long an answer takes, on average; each takes between half and one and a half of it.
    pub(crate) latency_ms: u64,
}

struct State {
    scene: Scene,
    removed: HashSet<usize>,
    requests: u64,
    dice: u64,
    subscriptions: Bytes,
    entitlements: Bytes,
}

/// Serves until the process is ended. Prints the address first.
pub(crate) fn serve(scene: Scene) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "http://{}", listener.local_addr()?)?;
        out.flush()?;
        let state = Rc::new(RefCell::new(State {
            scene,
            removed: HashSet::new(),
            requests: 0,
            dice: 1,
            subscriptions: text(&subscriptions()),
            entitlements: text(&entitlements()),
        }));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let state = Rc::clone(&state);
            tokio::task::spawn_local(async move {
                let service = service_fn(move |request| answer(Rc::clone(&state), request));
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service);
                // A client that went away has measured enough.
                drop(connection.await);
            });
        }
    })
}

async fn answer(
    state: Rc<RefCell<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let latency = state.borrow_mut().latency();
    if !latency.is_zero() {
        sleep(latency).await;
    }
    let (status, body) = state.borrow_mut().answer(&request);
    let echoed = |name| request.headers().get(name).cloned();
    let mut response = Response::builder().status(status);
    for name in ["ms-requestid", "ms-correlationid"] {
        if let Some(value) = echoed(name) {
            response = response.header(name, value);
        }
    }
    // As many as the real one sends.
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
        ("expires", "-1"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("ms-cv", "b3Rq1jHkCkWv2Lw3.0"),
        ("ms-serverid", "000020100"),
        ("request-context", "appId=cid-v1:03ce8ca8-8373-4021-8f25-d5dd45c7b12f"),
    ] {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(body)).unwrap_or_else(|_| Response::new(Full::new(Bytes::new()))))
}

impl State {
    fn latency(&mut self) -> Duration {
        // A small generator will do: the spread matters, and not the quality.
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros(
            self.scene.latency_ms * 500 + (self.dice >> 33) % (self.scene.latency_ms * 1000).max(1),
        )
    }

    fn answer(&mut self, request: &Request<Incoming>) -> (u16, Bytes) {
        let path = request.uri().path();
        if path == "/count" {
            return (200, Bytes::from(self.requests.to_string()));
        }
        self.requests += 1;
        let mut parts = path.trim_start_matches("/v1/").split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("profiles"), ..) => (200, text(&json!({ "tenantId": PARTNER, "companyName": "Fabrikam" }))),
            (Some("customers"), None, _) => (200, self.page(request)),
            (Some("customers"), Some(id), rest) => {
                let Some(n) = id.get(24..).and_then(|n| usize::from_str_radix(n, 16).ok()) else {
                    return (400, Bytes::new());
                };
                if self.removed.contains(&n) {
                    return (
                        404,
                        text(&json!({ "code": 1000, "description": "Relationship does not exist." })),
                    );
                }
                match (request.method() == Method::PATCH, rest) {
                    (true, _) => {
                        self.removed.insert(n);
                        (200, text(&customer(n, "none")))
                    }
                    (_, Some("subscriptions")) => (200, self.subscriptions.clone()),
                    (_, Some("entitlements")) => (200, self.entitlements.clone()),
                    _ => (200, text(&customer(n, "reseller"))),
                }
            }
            _ => (404, Bytes::new()),
        }
    }

    fn page(&self, request: &Request<Incoming>) -> Bytes {
        let token = request.headers().get("ms-continuationtoken").and_then(|token| token.to_str().ok());
        let from: usize = token.and_then(|token| token.parse().ok()).unwrap_or_default();
        // One more than are removed: a listing that names nobody shows nothing.
        let mut here = (from..=self.scene.customers).filter(|n| !self.removed.contains(n));
        let items: Vec<Value> = here.by_ref().take(PAGE).map(|n| customer(n, "reseller")).collect();
        let links = here.next().map(|next| {
            json!({ "next": { "uri": "/v1/customers?size=500&seekOperation=Next", "method": "GET",
                "headers": [{ "key": "MS-ContinuationToken", "value": next.to_string() }] } })
        });
        text(&json!({ "totalCount": items.len(), "items": items, "links": links }))
    }
}

fn text(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn customer(n: usize, relationship: &str) -> Value {
    json!({ "id": id(n), "commerceId": id(n), "relationshipToPartner": relationship, "allowDelegatedAccess": true,
        "companyProfile": { "tenantId": id(n), "domain": format!("customer{n}.onmicrosoft.com"),
            "companyName": format!("Customer number {n}"), "links": { "self": { "uri": "/customers", "method": "GET",
            "headers": [] } }, "attributes": { "objectType": "CustomerCompanyProfile" } },
        "attributes": { "objectType": "Customer" } })
}

/// Three subscriptions that are over: about 3.4 KB.
fn subscriptions() -> Value {
    let one = |n: u32| {
        json!({ "id": format!("5d0c0a4b-0000-4000-8000-{n:012x}"), "offerId": "91FD106F-4B2C-4938-95AC-F54F74E9A239",
            "entitlementId": "cb2bf1f3-1e8b-4d9f-8f9b-4a7bb7f0f4f2", "offerName": "Office 365 E3",
            "friendlyName": "Office 365 E3 for everybody", "quantity": 25, "unitType": "Licenses",
            "hasPurchasableAddons": true, "creationDate": "2019-03-04T05:06:07.123Z",
            "effectiveStartDate": "2019-03-04T00:00:00Z", "commitmentEndDate": "2020-03-03T00:00:00Z",
            "status": "suspended", "autoRenewEnabled": false, "isTrial": false, "billingType": "license",
            "billingCycle": "monthly", "termDuration": null, "isMicrosoftProduct": true, "partnerId": "6161616",
            "attentionNeeded": false, "actionTaken": false, "contractType": "subscription",
            "links": { "offer": { "uri": "/offers/91FD106F", "method": "GET", "headers": [] },
                "self": { "uri": "/customers/subscriptions", "method": "GET", "headers": [] } },
            "orderId": "9a9a9a9a9a9a", "attributes": { "etag": "eyJpZCI6IjVkMGMwYTRiIn0=", "objectType": "Subscription" } })
    };
    json!({ "totalCount": 3, "items": [one(1), one(2), one(3)], "attributes": { "objectType": "Collection" } })
}

/// Two software entitlements whose dates have passed: about 2 KB.
fn entitlements() -> Value {
    let one = |n: u32| {
        json!({ "includedEntitlements": [], "referenceOrder": { "id": format!("or-{n:020}"), "lineItemId": "0",
                "alternateId": "9a9a9a9a9a9a" },
            "productId": "DZH318DEMO01", "skuId": "00DE", "quantity": 1,
            "quantityDetails": [{ "quantity": 1, "status": "Fulfilled" }],
            "entitledArtifacts": [{ "artifactType": "software", "links": { "self": { "uri": "/artifacts", "method": "GET",
                "headers": [] } }, "resourceId": "cb2bf1f3-1e8b-4d9f-8f9b-4a7bb7f0f4f2" }],
            "entitlementType": "software", "expiryDate": "2021-01-01T00:00:00Z",
            "attributes": { "objectType": "Entitlement" } })
    };
    json!({ "totalCount": 2, "items": [one(1), one(2), one(3)], "attributes": { "objectType": "Collection" } })
}
