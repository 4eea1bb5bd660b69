//! Where Partner Center is, and where its users sign in.

use super::Service;
use std::{fmt, net::IpAddr};
use url::{Host, Url};

/// A cloud, which has its own API host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// The public cloud.
    Public,
    /// The US Government cloud; its API host is the public one, its sign-in is not.
    UsGov,
    /// Operated by 21Vianet.
    China,
}

impl Cloud {
    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::UsGov => "usgov",
            Self::China => "china",
        }
    }

    /// The API's base address (`partner-center-rest-urls`, learn.microsoft.com).
    pub const fn api_url(self) -> &'static str {
        match self {
            Self::Public | Self::UsGov => "https://api.partnercenter.microsoft.com",
            Self::China => "https://partner.partnercenterapi.microsoftonline.cn",
        }
    }

    /// Where its users sign in (`authentication-national-cloud`, learn.microsoft.com).
    pub const fn login_url(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::UsGov => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        }
    }

    /// Where Microsoft Graph is, and what a token for it is for (`graph/deployments`, learn.microsoft.com).
    pub const fn graph_url(self) -> &'static str {
        match self {
            Self::Public => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// What is asked for with a token for this service: of Graph, whatever the app was given there.
    pub fn scope(self, service: Service) -> String {
        match service {
            Service::PartnerCenter => format!("{}/user_impersonation", self.audience()),
            Service::Graph => format!("{}/.default", self.graph_url()),
        }
    }

    /// What an app asks for by itself: whatever it was given there.
    pub fn app_scope(self, service: Service) -> String {
        match service {
            Service::PartnerCenter => format!("{}/.default", self.audience()),
            Service::Graph => format!("{}/.default", self.graph_url()),
        }
    }

    /// What a token for the API is for. It does not follow `--api-url`: a proxy in front of the API
    /// is no other audience.
    pub const fn audience(self) -> &'static str {
        self.api_url()
    }
}

/// Why an address cannot be a service's.
#[derive(Debug, thiserror::Error)]
pub enum BaseUrlError {
    /// It cannot be parsed.
    #[error("`{0}` is not an address: {1}")]
    NotAUrl(String, url::ParseError),
    /// It is not encrypted and does not stay on this machine.
    #[error("`{0}` is not encrypted; `http:` is only allowed to a loopback address")]
    NotEncrypted(String),
    /// It has a part that an API address does not have.
    #[error(
        "`{0}` must be a scheme, a host and perhaps a port and a path, without a user, a query or a fragment"
    )]
    Parts(String),
}

/// The address that requests to a service begin with: `https:`, or `http:` to a loopback address.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Checks an address.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text).map_err(|error| BaseUrlError::NotAUrl(text.to_owned(), error))?;
        if url.host().is_none() {
            return Err(BaseUrlError::Parts(text.to_owned()));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            _ => return Err(BaseUrlError::NotEncrypted(text.to_owned())),
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Parts(text.to_owned()));
        }
        Ok(Self(url))
    }

    /// The whole address of a path such as `/v1/customers`, which may have a query.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0.as_str().trim_end_matches('/'))
    }

    /// Whether it stays on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The parsed address.
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_may_be_unencrypted() {
        for good in ["https://api.example", "http://127.0.0.1:9", "http://[::1]:9/", "http://localhost:1"] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.example",
            "http://127.0.0.1.evil.example",
            "ftp://127.0.0.1",
            "https://u:p@api.example",
            "https://api.example/?x",
            "x",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_are_joined_without_a_double_slash() {
        let base = BaseUrl::parse("http://127.0.0.1:9/").unwrap();
        assert_eq!(base.join("/v1/customers"), "http://127.0.0.1:9/v1/customers");
    }
}
