//! Is this the customer that the list means?

use super::Facts;
use crate::domain::{Cause, Finding, Reason};
use unicode_normalization::UnicodeNormalization as _;

/// What the list says of the customer, beside its ID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
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
pub(super) fn name_mismatch(facts: &Facts, listed: &Listed) -> Option<Finding> {
    mismatch(Reason::NameMismatch, "name", listed.name.as_deref(), facts.customer.name.as_deref())
}

/// The list gives another domain than Partner Center.
pub(super) fn domain_mismatch(facts: &Facts, listed: &Listed) -> Option<Finding> {
    mismatch(Reason::DomainMismatch, "domain", listed.domain.as_deref(), facts.customer.domain.as_deref())
}

fn mismatch(reason: Reason, what: &str, listed: Option<&str>, live: Option<&str>) -> Option<Finding> {
    let listed = listed?;
    if live.is_some_and(|live| is_same(listed, live)) {
        return None;
    }
    let live = live.map_or_else(|| "none".to_owned(), |live| format!("`{live}`"));
    let detail = format!("the list says `{listed}`, Partner Center says {live}");
    Some(Finding::new(reason, vec![Cause { what: what.to_owned(), id: None, name: None, detail }]))
}

/// Whether two names are the same but for case, punctuation and blanks, and for the way in which
/// letters with marks were typed. A name without any letter or digit is only itself.
fn is_same(a: &str, b: &str) -> bool {
    let (plain_a, plain_b) = (plain(a), plain(b));
    if plain_a.is_empty() || plain_b.is_empty() { a.trim() == b.trim() } else { plain_a == plain_b }
}

fn plain(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).nfkc().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_and_blanks_do_not_matter() {
        for (a, b) in [
            ("Contoso Ltd.", "CONTOSO, LTD"),
            ("Café Zoë", "Cafe\u{301} ZOE\u{308}"),
            ("contoso.onmicrosoft.com", "Contoso.OnMicrosoft.com."),
            ("…", "…"),
        ] {
            assert!(is_same(a, b), "{a} {b}");
        }
        for (a, b) in [("Contoso", "Contoso 2"), ("…", "?"), ("", "Contoso"), ("Fabrikam", "Contoso")] {
            assert!(!is_same(a, b), "{a} {b}");
        }
    }
}
