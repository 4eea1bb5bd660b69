//! The only place with a client socket: one attempt, no more.
//!
//! Everything that a client library does by itself is off: redirects, retries of any kind,
//! proxies from the environment, cookies, decompression. An attempt that is not on record must not
//! happen, and what is recorded must be what was on the wire. It reaches the addresses that it was made
//! for and no other, whatever a request says.

use super::{
    BaseUrl,
    request::{Method, Request},
    response::Incoming,
};
use crate::domain::{Secret, is_taken_out};
use reqwest::{
    Certificate, Client, Proxy,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
    redirect, retry,
};
use std::{error::Error, future::Future, time::Duration};
use url::{Origin, Url};

/// The largest answer that is read: a page of 500 customers is about 300 KiB.
pub const LARGEST_ANSWER: usize = 8 << 20;

/// How long each part of an attempt may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To connect, the TLS handshake included.
    pub connect: Duration,
    /// Without a byte from the server.
    pub read: Duration,
    /// Altogether. Longer than a gateway's own 100 to 120 seconds, so that the server says first
    /// that it gave up.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            read: Duration::from_secs(130),
            total: Duration::from_secs(150),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It is certain that nothing reached the server.
    #[error("{0}")]
    NotSent(String),
    /// Something may have reached the server.
    #[error("{0}")]
    Unknown(String),
}

/// Sends one request and gives the whole answer.
pub trait Transport: Send + Sync + 'static {
    /// One attempt.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Incoming, SendError>> + Send;
}

/// How the network is reached, beside where.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// How long each part of an attempt may take.
    pub timeouts: Timeouts,
    /// A proxy, and what it wants to be told.
    pub proxy: Option<(Url, Option<ProxyLogin>)>,
    /// Certificates, as PEM, that are trusted beside those of this machine.
    pub roots: Vec<u8>,
}

/// What a proxy wants to be told.
#[derive(Clone, Debug)]
pub struct ProxyLogin {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// The transport over real sockets.
#[derive(Debug)]
pub struct Http {
    client: Client,
    origins: Vec<Origin>,
}

impl Http {
    /// A client for these addresses and no others.
    pub fn new(addresses: &[&BaseUrl], connection: &Connection) -> Result<Self, SendError> {
        let refused = |error: reqwest::Error| SendError::NotSent(chain(&error));
        let timeouts = connection.timeouts;
        let mut client = Client::builder()
            .user_agent(concat!("offboard/", env!("CARGO_PKG_VERSION")))
            .https_only(addresses.iter().all(|address| address.url().scheme() == "https"))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.read)
            .timeout(timeouts.total);
        if let Some((url, login)) = &connection.proxy {
            let mut proxy = Proxy::all(url.clone()).map_err(refused)?;
            if let Some(login) = login {
                proxy = proxy.basic_auth(&login.user, login.password.expose());
            }
            client = client.proxy(proxy);
        }
        if !connection.roots.is_empty() {
            let roots = Certificate::from_pem_bundle(&connection.roots).map_err(refused)?;
            if roots.is_empty() {
                return Err(SendError::NotSent("there is no certificate in the file of roots".to_owned()));
            }
            client = client.tls_certs_merge(roots);
        }
        let client = client.build().map_err(refused)?;
        Ok(Self { client, origins: addresses.iter().map(|address| address.url().origin()).collect() })
    }

    fn request(&self, outgoing: &Request) -> Result<reqwest::RequestBuilder, SendError> {
        let refused = |text: &str| SendError::NotSent(text.to_owned());
        let url = Url::parse(&outgoing.url).map_err(|error| refused(&error.to_string()))?;
        if !self.origins.contains(&url.origin()) && !is_taken_out("reach-any-address") {
            return Err(refused("this address is neither the API's nor the sign-in service's"));
        }
        let method = match outgoing.method {
            Method::Get => reqwest::Method::GET,
            Method::Patch => reqwest::Method::PATCH,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, url);
        if let Some(token) = &outgoing.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
                .map_err(|_unprintable| refused("the token cannot stand in a header"))?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        for (name, value) in &outgoing.headers {
            builder = builder.header(HeaderName::from_static(name), value);
        }
        if let Some(body) = &outgoing.body {
            builder = builder.body(body.sent().expose().to_owned());
        }
        Ok(builder)
    }
}

impl Transport for Http {
    async fn send(&self, request: &Request) -> Result<Incoming, SendError> {
        let builder = self.request(request)?;
        let mut response = builder.send().await.map_err(failure)?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                let text = format!("the answer (status {status}) is larger than {LARGEST_ANSWER} bytes");
                return Err(SendError::Unknown(text));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Incoming { status, headers, body })
    }
}

/// Only what failed before a connection stood, or before a request could be made, was certainly
/// not sent.
#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn failure(error: reqwest::Error) -> SendError {
    let text = chain(&error);
    if error.is_connect() || error.is_builder() { SendError::NotSent(text) } else { SendError::Unknown(text) }
}

/// The error and its causes, without the address, which has its own column.
fn chain(error: &reqwest::Error) -> String {
    let kind = match error {
        error if error.is_timeout() && error.is_connect() => "no connection in time",
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "cannot connect",
        error if error.is_builder() => "the request cannot be made",
        _ => "the connection broke",
    };
    let mut text = kind.to_owned();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let shown = inner.to_string();
        if !text.contains(&shown) {
            text.push_str(": ");
            text.push_str(&shown);
        }
        cause = inner.source();
    }
    text
}
