//! The next page of a collection.
//!
//! A link comes from outside. It is used only if it stays on the API's own host and on the path of
//! the collection that was asked for; of the headers that it wants, only the continuation token is
//! taken.

use super::{BaseUrl, model::Links};
use url::Url;

/// Where the next page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPage {
    /// The path with its query; it always begins with `/v1/`.
    pub path: String,
    /// `MS-ContinuationToken`.
    pub continuation: Option<String>,
}

/// How many items a collection has, and how many it says that it has.
///
/// `totalCount` is the page's number in some answers, and that of the whole in others (unconfirmed). Whichever it is, a
/// whole collection holds no fewer than the largest that any of its pages names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many came.
    pub came: u64,
    /// The largest `totalCount` of its pages; none if no page had one.
    pub said: Option<u64>,
}

impl Count {
    /// Takes a page with so many items, that says there are so many.
    pub fn add(&mut self, items: usize, total: Option<u64>) {
        self.came = self.came.saturating_add(items as u64);
        self.said = self.said.max(total);
    }

    /// Whether fewer came than it says that there are: then nothing that is not in it is known to be missing.
    pub fn is_short(self) -> bool {
        self.said.is_some_and(|said| self.came < said)
    }
}

/// Why a link is not followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NextLinkError {
    /// It leads away from the API or the collection.
    #[error("the link to the next page leads elsewhere, to `{0}`; it was not followed")]
    Elsewhere(String),
    /// It wants another method.
    #[error("the link to the next page wants the method `{0}`; it was not followed")]
    Method(String),
    /// Its token is not one.
    #[error("the link to the next page has a token of {0} characters; it was not followed")]
    Token(usize),
}

/// The page after the one that had these links; none after the last. `collection` is the path that
/// was asked for, such as `/v1/customers`.
pub fn next_page(
    base: &BaseUrl,
    collection: &str,
    links: Option<&Links>,
) -> Result<Option<NextPage>, NextLinkError> {
    const LONGEST_TOKEN: usize = 8192;
    let Some(link) = links.and_then(|links| links.next.as_ref()) else { return Ok(None) };
    let Some(uri) = link.uri.as_deref().filter(|uri| !uri.trim().is_empty()) else { return Ok(None) };
    let shown = || uri.chars().take(200).collect::<String>();
    if let Some(method) = link.method.as_deref().filter(|method| !method.eq_ignore_ascii_case("GET")) {
        return Err(NextLinkError::Method(method.chars().take(20).collect()));
    }
    let origin = base.url();
    let absolute =
        if uri.starts_with('/') && !uri.starts_with("//") { base.join(uri) } else { uri.to_owned() };
    let url = Url::parse(&absolute).map_err(|_error| NextLinkError::Elsewhere(shown()))?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if url.origin() != origin.origin() || has_user || url.fragment().is_some() {
        return Err(NextLinkError::Elsewhere(shown()));
    }
    let prefix = origin.path().trim_end_matches('/');
    let path = url.path().strip_prefix(prefix).unwrap_or(url.path());
    let path = if path.starts_with("/v1/") { path.to_owned() } else { format!("/v1{path}") };
    if !path.eq_ignore_ascii_case(collection) {
        return Err(NextLinkError::Elsewhere(shown()));
    }
    let continuation = link
        .headers
        .iter()
        .find(|header| header.key.eq_ignore_ascii_case("MS-ContinuationToken"))
        .map(|header| header.value.clone());
    if let Some(token) = &continuation {
        let plain = token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || token.len() > LONGEST_TOKEN || !plain {
            return Err(NextLinkError::Token(token.chars().count()));
        }
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(Some(NextPage { path: format!("{collection}{query}"), continuation }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn follow(uri: &str) -> Result<Option<NextPage>, NextLinkError> {
        let base = BaseUrl::parse("https://api.example").unwrap();
        let links = json!({"next": {"uri": uri, "method": "GET",
            "headers": [{"key": "MS-ContinuationToken", "value": "AAAA=="}, {"key": "Cookie", "value": "x"}]}});
        let links: Links = serde_json::from_value(links).unwrap();
        next_page(&base, "/v1/customers", Some(&links))
    }

    #[test]
    fn a_link_is_followed_with_and_without_its_prefix() {
        for uri in [
            "/customers?size=5&seekOperation=Next",
            "/v1/customers?size=5&seekOperation=Next",
            "https://api.example/v1/customers?size=5&seekOperation=Next",
        ] {
            let page = follow(uri).unwrap().unwrap();
            assert_eq!(page.path, "/v1/customers?size=5&seekOperation=Next");
            assert_eq!(page.continuation.as_deref(), Some("AAAA=="));
        }
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_not_followed() {
        for uri in [
            "https://evil.example/v1/customers",
            "//evil.example/v1/customers",
            "http://api.example/v1/customers",
            "https://u@api.example/v1/customers",
            "/v1/customers/0a/orders",
            "/v1/customers/../invoices",
            "javascript:alert(1)",
        ] {
            assert!(matches!(follow(uri), Err(NextLinkError::Elsewhere(_))), "{uri}");
        }
    }

    #[test]
    fn a_collection_is_short_if_fewer_came_than_any_of_its_pages_says() {
        let count = |pages: &[(usize, Option<u64>)]| {
            let mut count = Count::default();
            for (items, total) in pages {
                count.add(*items, *total);
            }
            count.is_short()
        };
        assert!(!count(&[]) && !count(&[(3, None)]) && !count(&[(3, Some(3)), (2, Some(2))]));
        assert!(!count(&[(3, Some(5)), (2, Some(5))]) && !count(&[(3, Some(0))]));
        assert!(count(&[(1, Some(3))]) && count(&[(0, Some(4))]) && count(&[(3, Some(6)), (2, Some(5))]));
    }

    #[test]
    fn no_link_is_the_last_page() {
        let base = BaseUrl::parse("https://api.example").unwrap();
        assert_eq!(next_page(&base, "/v1/customers", None), Ok(None));
        assert_eq!(next_page(&base, "/v1/customers", Some(&Links::default())), Ok(None));
    }
}
