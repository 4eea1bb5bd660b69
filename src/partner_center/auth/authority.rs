//! Where a token is asked for, and that it is the same cloud's as the API.

use super::super::{BaseUrl, Cloud};
use url::Url;

/// The hosts that are known, each with the clouds that it belongs to. The China sign-in has an older
/// name as well.
const HOSTS: [(&str, &[Cloud]); 6] = [
    ("api.partnercenter.microsoft.com", &[Cloud::Public, Cloud::UsGov]),
    ("partner.partnercenterapi.microsoftonline.cn", &[Cloud::China]),
    ("login.microsoftonline.com", &[Cloud::Public]),
    ("login.microsoftonline.us", &[Cloud::UsGov]),
    ("login.partner.microsoftonline.cn", &[Cloud::China]),
    ("login.chinacloudapi.cn", &[Cloud::China]),
];

/// The partner's tenant at a sign-in service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    login: BaseUrl,
    tenant: String,
}

/// Why a text cannot name a tenant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// It is no tenant ID and no domain.
    #[error("`{0}` is no tenant: give the partner's tenant ID, or one of its verified domains")]
    NotATenant(String),
    /// It stands for many tenants.
    #[error("`{0}` stands for any tenant; name the partner's own, by its ID or one of its verified domains")]
    AnyTenant(String),
}

impl Authority {
    /// The tenant, by its ID or a verified domain.
    pub fn new(login: BaseUrl, tenant: &str) -> Result<Self, AuthorityError> {
        let tenant = tenant.trim().to_ascii_lowercase();
        let shown = || tenant.chars().take(100).collect();
        if matches!(tenant.as_str(), "common" | "organizations" | "consumers") {
            return Err(AuthorityError::AnyTenant(shown()));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let has_edges = tenant.starts_with(['.', '-']) || tenant.ends_with(['.', '-']);
        if tenant.is_empty() || tenant.len() > 253 || has_edges || !tenant.chars().all(is_name) {
            return Err(AuthorityError::NotATenant(shown()));
        }
        Ok(Self { login, tenant })
    }

    /// The sign-in service.
    pub const fn login(&self) -> &BaseUrl {
        &self.login
    }

    /// The tenant as it was named.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    pub(super) fn token_url(&self) -> String {
        self.login.join(&format!("/{}/oauth2/v2.0/token", self.tenant))
    }

    pub(super) fn device_code_url(&self) -> String {
        self.login.join(&format!("/{}/oauth2/v2.0/devicecode", self.tenant))
    }
}

/// Addresses that do not belong together: a token of one cloud is worth nothing in another, and must
/// not be sent there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MixedClouds {
    /// A known host of another cloud.
    #[error(
        "`{address}` does not belong to the cloud `{cloud}`; name the right one with `--cloud`, or correct \
         `--api-url` and `--login-url`"
    )]
    OtherCloud {
        /// The address.
        address: String,
        /// The cloud that was chosen.
        cloud: &'static str,
    },
    /// One of the two stays on this machine, the other does not.
    #[error(
        "the API is at `{api}` and the sign-in at `{login}`, of which only one stays on this machine; give \
         `--api-url` and `--login-url` together"
    )]
    HalfLoopback {
        /// The API.
        api: String,
        /// The sign-in service.
        login: String,
    },
}

/// Refuses an API and a sign-in service of different clouds. A host that is not known is the operator's
/// own affair.
pub fn require_one_cloud(cloud: Cloud, api: &BaseUrl, login: &BaseUrl) -> Result<(), MixedClouds> {
    let belongs = |url: &Url| {
        let known = HOSTS.iter().find(|(host, _)| url.host_str() == Some(*host));
        known.is_none_or(|(_, clouds)| clouds.contains(&cloud))
    };
    if let Some(stranger) = [api, login].into_iter().find(|address| !belongs(address.url())) {
        return Err(MixedClouds::OtherCloud { address: stranger.to_string(), cloud: cloud.as_str() });
    }
    if api.is_loopback() != login.is_loopback() {
        return Err(MixedClouds::HalfLoopback { api: api.to_string(), login: login.to_string() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    #[test]
    fn every_cloud_fits_itself_and_no_other() {
        let clouds = [Cloud::Public, Cloud::UsGov, Cloud::China];
        for cloud in clouds {
            for login in clouds {
                let fits = require_one_cloud(cloud, &url(cloud.api_url()), &url(login.login_url()));
                assert_eq!(fits.is_ok(), cloud == login, "{cloud:?} {login:?}");
            }
        }
        let china =
            require_one_cloud(Cloud::Public, &url(Cloud::China.api_url()), &url("https://proxy.example"));
        assert!(china.unwrap_err().to_string().contains("--cloud"));
        let older = "https://login.chinacloudapi.cn";
        assert!(require_one_cloud(Cloud::China, &url(Cloud::China.api_url()), &url(older)).is_ok());
    }

    #[test]
    fn loopback_goes_with_loopback() {
        let (here, there) = ("http://127.0.0.1:9", Cloud::Public.login_url());
        assert!(require_one_cloud(Cloud::Public, &url(here), &url("http://[::1]:8")).is_ok());
        for (api, login) in [(here, there), (Cloud::Public.api_url(), here)] {
            let refused = require_one_cloud(Cloud::Public, &url(api), &url(login)).unwrap_err();
            assert!(matches!(refused, MixedClouds::HalfLoopback { .. }));
        }
    }

    #[test]
    fn a_tenant_is_one_tenant_and_stays_in_its_path_segment() {
        let authority = Authority::new(url("https://login.example/"), " Contoso.Example ").unwrap();
        assert_eq!(authority.token_url(), "https://login.example/contoso.example/oauth2/v2.0/token");
        assert_eq!(
            authority.device_code_url(),
            "https://login.example/contoso.example/oauth2/v2.0/devicecode"
        );
        for wrong in ["", "..", "a/b", "a?b", "a b", "a%2fb", "common", "Organizations", "-x"] {
            assert!(Authority::new(url("https://login.example"), wrong).is_err(), "{wrong}");
        }
    }
}
