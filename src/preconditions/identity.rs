//! Is this the customer that the list means?

use super::Facts;
use crate::domain::{Cause, Finding, Reason, is_blank, is_taken_out};
use unicode_normalization::UnicodeNormalization as _;

/// What the list says of the customer, beside its ID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedIdentity {
    /// The name.
    pub name: Option<String>,
    /// The domain.
    pub domain: Option<String>,
}

/// The relationship is one that this tool does not touch.
pub(super) fn not_a_reseller(facts: &Facts) -> Option<Finding> {
    let customer = &facts.customer;
    if customer.is_reseller() || customer.is_none() {
        return None;
    }
    let shown = if customer.relationship.is_empty() { "not given" } else { &customer.relationship };
    let cause = Cause {
        what: "relationship".to_owned(),
        id: None,
        name: None,
        detail: format!("`{shown}`, not `reseller`"),
    };
    Some(Finding::new(Reason::NotAResellerCustomer, vec![cause]))
}

/// The list gives another name than Partner Center.
pub(super) fn name_mismatch(facts: &Facts, listed: &ListedIdentity) -> Option<Finding> {
    let (listed, live) = (listed.name.as_deref(), facts.customer.name.as_deref());
    let listed = listed.filter(|_| !is_taken_out("a-name-of-anybody"));
    mismatch(Reason::NameMismatch, "name", listed, live, name_key)
}

/// The list gives another domain than Partner Center.
pub(super) fn domain_mismatch(facts: &Facts, listed: &ListedIdentity) -> Option<Finding> {
    let (listed, live) = (listed.domain.as_deref(), facts.customer.domain.as_deref());
    let listed = listed.filter(|_| !is_taken_out("a-domain-of-anybody"));
    mismatch(Reason::DomainMismatch, "domain", listed, live, domain_key)
}

fn mismatch(
    reason: Reason,
    what: &str,
    listed: Option<&str>,
    live: Option<&str>,
    key: fn(&str) -> String,
) -> Option<Finding> {
    let listed = listed?;
    if live.is_some_and(|live| key(listed) == key(live)) {
        return None;
    }
    let live = live.map_or_else(|| "none".to_owned(), |live| format!("`{live}`"));
    let detail = format!("the list says `{listed}`, Partner Center says {live}");
    Some(Finding::new(reason, vec![Cause { what: what.to_owned(), id: None, name: None, detail }]))
}

/// What two names have in common that are the same but for case, punctuation and blanks, and for the way in which
/// letters with marks were typed. A name without any letter or digit is only itself.
pub fn name_key(name: &str) -> String {
    let plain: String =
        name.nfkc().flat_map(char::to_lowercase).nfkc().filter(|c| c.is_alphanumeric()).collect();
    if plain.is_empty() { name.trim().to_owned() } else { plain }
}

/// What two domains have in common that are the same but for case, blanks and the full stop that may end them. A hyphen
/// counts: it makes another domain, which may be somebody else's.
pub fn domain_key(domain: &str) -> String {
    let domain = domain.nfkc().flat_map(char::to_lowercase).nfkc();
    let mut domain: String = domain.filter(|c| !is_blank(*c)).collect();
    if domain.ends_with('.') {
        domain.pop();
    }
    domain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_and_blanks_do_not_matter_in_names() {
        for (a, b) in [
            ("Contoso Ltd.", "CONTOSO, LTD"),
            ("Café Zoë", "Cafe\u{301} ZOE\u{308}"),
            ("A-B", "ab"),
            ("…", "…"),
        ] {
            assert_eq!(name_key(a), name_key(b), "{a} {b}");
        }
        for (a, b) in [("Contoso", "Contoso 2"), ("…", "?"), ("", "Contoso"), ("Fabrikam", "Contoso")] {
            assert_ne!(name_key(a), name_key(b), "{a} {b}");
        }
    }

    #[test]
    fn only_case_blanks_and_a_last_full_stop_do_not_matter_in_domains() {
        for (a, b) in [
            ("contoso.onmicrosoft.com", "Contoso.OnMicrosoft.com."),
            (" contoso.com\u{200b}", "contoso.com"),
            ("bücher.example", "BÜCHER.example"),
        ] {
            assert_eq!(domain_key(a), domain_key(b), "{a} {b}");
        }
        for (a, b) in [
            ("adatum-test.onmicrosoft.com", "adatumtest.onmicrosoft.com"),
            ("a-b.example", "ab.example"),
            ("a.bexample", "ab.example"),
            ("contoso.com", "contoso.com.evil"),
        ] {
            assert_ne!(domain_key(a), domain_key(b), "{a} {b}");
        }
    }
}
