//! The link at which a customer accepts a relationship. The service gives it, and people send it on: so it is looked at first.

use super::Cloud;
use crate::domain::TenantId;
use url::Url;

/// Where administrators of customers sign in: the Microsoft 365 admin centers (`microsoft-365/admin`, learn.microsoft.com).
const fn admin_centers(cloud: Cloud) -> &'static [&'static str] {
    match cloud {
        Cloud::Public => &["admin.microsoft.com", "admin.cloud.microsoft"],
        Cloud::UsGov => &["portal.office365.us", "admin.microsoft.us", "portal.apps.mil"],
        Cloud::China => &["portal.partner.microsoftonline.cn"],
    }
}

/// Why somebody must look at this link before it is sent, as the rest of a sentence about it; none if it leads to a known
/// admin center of this cloud and is about no other partner.
pub fn doubt_about_link(link: &str, cloud: Cloud, partner: TenantId) -> Option<String> {
    // What a parser passes over in silence, a mail program may not.
    if link.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("has characters that no link has".to_owned());
    }
    let Some(url) = Url::parse(link).ok().filter(|url| url.scheme() == "https") else {
        return Some("is no `https:` link".to_owned());
    };
    if url.port().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Some("has a port or a user name, as no link to an admin center has".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    if !admin_centers(cloud).contains(&host) {
        let cloud = cloud.as_str();
        return Some(format!(
            "leads to `{host}`, which is not known as a Microsoft 365 admin center of the cloud `{cloud}`"
        ));
    }
    let named = url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("partnerId"));
    let (_, named) = named.filter(|(_, id)| id.parse::<TenantId>().ok() != Some(partner))?;
    Some(format!("names the partner `{named}`, and the account is {partner}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTNER: &str = "3d3d3d3d-4444-4555-8666-777777777777";

    fn doubt(link: &str, cloud: Cloud) -> Option<String> {
        doubt_about_link(link, cloud, PARTNER.parse().unwrap())
    }

    #[test]
    fn a_link_to_an_admin_center_of_its_cloud_is_in_no_doubt() {
        let path = format!(
            "/Adminportal/Home?invType=ResellerRelationship&partnerId={PARTNER}&msppId=0#/BillingAccounts/x"
        );
        let clouds = [Cloud::Public, Cloud::UsGov, Cloud::China];
        for (at, cloud) in clouds.into_iter().enumerate() {
            for host in admin_centers(cloud) {
                assert_eq!(doubt(&format!("https://{host}{path}"), cloud), None);
                let other = clouds[(at + 1) % 3];
                let said = doubt(&format!("https://{host}{path}"), other).unwrap();
                assert!(said.contains(host) && said.contains(other.as_str()), "{said}");
            }
        }
        assert_eq!(
            doubt(
                "https://ADMIN.microsoft.com/x?partnerid=3D3D3D3D-4444-4555-8666-777777777777",
                Cloud::Public
            ),
            None
        );
        assert_eq!(doubt("https://admin.microsoft.com/", Cloud::Public), None);
    }

    #[test]
    fn any_other_link_needs_a_look_and_it_is_said_why() {
        for (link, why) in [
            ("http://admin.microsoft.com/", "is no `https:` link"),
            ("javascript:alert(1)", "is no `https:` link"),
            ("admin.microsoft.com", "is no `https:` link"),
            ("", "is no `https:` link"),
            ("https://admin.microsoft.com.evil.example/", "leads to `admin.microsoft.com.evil.example`"),
            ("https://evil.example\\@admin.microsoft.com/", "leads to `evil.example`"),
            ("https://admin.micrоsoft.com/", "leads to `admin.xn--"),
            ("https://admin.microsoft.com@evil.example/", "has a port or a user name"),
            ("https://u:p@admin.microsoft.com/", "has a port or a user name"),
            ("https://admin.microsoft.com:8443/", "has a port or a user name"),
            ("https://admin.microsoft.com/\nSubject: x", "has characters that no link has"),
            (" https://admin.microsoft.com/", "has characters that no link has"),
            ("https://admin.microsoft.com/?partnerId=x", "names the partner `x`"),
            (
                "https://admin.microsoft.com/?PartnerId=4d3d3d3d-4444-4555-8666-777777777777",
                "names the partner `4d3d3d3d-4444-4555-8666-777777777777`",
            ),
        ] {
            let said = doubt(link, Cloud::Public).unwrap_or_default();
            assert!(said.starts_with(why), "{link}: {said}");
        }
    }
}
