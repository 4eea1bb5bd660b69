//! Where IDs stand in addresses and bodies.

/// The parts of an address that are IDs of things: an order's, a subscription's.
pub(super) fn ids_of_path(url: &str) -> impl Iterator<Item = &str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let after_customer = path.split('/').skip_while(|part| *part != "customers").skip(2);
    after_customer.filter(|part| part.len() >= 8 && is_an_id(part))
}

/// The longest text that counts as an ID, so that nobody fills the index with other things.
const LONGEST: usize = 100;

/// The IDs in the answer of a service about subscriptions, entitlements or orders: the values of `id`,
/// `orderId`, `subscriptionId` and `entitlementId`, found without reading the rest.
pub(super) fn ids_of_body(body: &[u8]) -> Vec<&str> {
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(body, b"d\"") {
        let before = body.get(..at).unwrap_or_default();
        let is_name = [&b"\"i"[..], b"\"orderI", b"\"subscriptionI", b"\"entitlementI"]
            .into_iter()
            .any(|name| ends_with(before, name));
        if !is_name {
            continue;
        }
        let rest = body.get(at + 2..).unwrap_or_default().trim_ascii_start();
        let Some(rest) = rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start) else { continue };
        let Some(rest) = rest.strip_prefix(b"\"") else { continue };
        let value = rest.get(..rest.len().min(LONGEST + 1)).unwrap_or_default();
        let value = value.split(|byte| *byte == b'"').next().filter(|found| found.len() < value.len());
        let id = value.and_then(|value| std::str::from_utf8(value).ok());
        found.extend(id.filter(|id| is_an_id(id)));
    }
    found
}

/// Whether `bytes` end so, in any case.
fn ends_with(bytes: &[u8], name: &[u8]) -> bool {
    let end = bytes.len().checked_sub(name.len()).and_then(|from| bytes.get(from..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(name))
}

/// A word without a digit, such as the kind of a product, is none.
fn is_an_id(text: &str) -> bool {
    text.len() >= 4 && text.bytes().any(|byte| byte.is_ascii_digit()) && !text.contains(['\\', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_addresses_and_answers() {
        let url =
            "https://api.example/v1/customers/c0000000-0000-4000-8000-000000000001/orders/ka2b1FKIM6Ah1?x=1";
        assert_eq!(ids_of_path(url).collect::<Vec<_>>(), ["ka2b1FKIM6Ah1"]);
        assert_eq!(ids_of_path("https://api.example/v1/customers?size=500").count(), 0);
        let body = br#"{"items":[{"id":"5d5d5d5d-1","OrderId" : "ka2b1F","quantity":1,"offerId":"no-such","name":"id"},
            {"Id":"with \"quotes","id":17,"subscriptionId":"abcd-1234"}],"id":"cut"#;
        assert_eq!(ids_of_body(body), ["5d5d5d5d-1", "ka2b1F", "abcd-1234"]);
    }
}
