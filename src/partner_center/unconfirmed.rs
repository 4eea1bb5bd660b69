//! What no documentation and nobody who was asked could confirm about the live service, and what an answer of it tells of
//! that. The program is built so that a wrong guess refuses; whoever has a live account can say here which guess is right.

use super::{json, response::Incoming};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Something that is open.
pub(crate) struct OpenQuestion {
    /// What, in words.
    pub(crate) open: &'static str,
    /// What an answer tells of it.
    pub(crate) tell: fn(&Answered<'_>) -> String,
}

/// An answer with which it is told.
pub(crate) struct Answered<'a> {
    incoming: &'a Incoming,
    body: Value,
}

impl<'a> Answered<'a> {
    /// With keys in one casing. None if it is no JSON.
    pub(crate) fn new(incoming: &'a Incoming) -> Option<Self> {
        Some(Self { incoming, body: json::parse(&incoming.body)? })
    }

    /// The items of a collection, whether it is a bare list or has them under `items`.
    fn items(&self) -> &[Value] {
        let items = if self.body.is_array() { Some(&self.body) } else { self.body.get("items") };
        items.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The ID of the first order that an entitlement comes from.
    pub(crate) fn first_order(&self) -> Option<String> {
        let id = self.items().iter().find_map(|item| item.pointer("/referenceOrder/id")?.as_str());
        id.map(str::to_owned)
    }
}

/// Of the organization profile.
pub(crate) const OF_PROFILE: &[OpenQuestion] = &[
    OpenQuestion {
        open: "Where it says whether the sign-in was done with MFA",
        tell: |answer| {
            let is_it = |name: &str| name.eq_ignore_ascii_case("isMfaCompliant");
            if let Some((name, value)) = answer.incoming.headers.iter().find(|(name, _)| is_it(name)) {
                return format!("in the header `{name}`: {value}");
            }
            let body = answer.body.as_object().and_then(|fields| fields.iter().find(|(name, _)| is_it(name)));
            body.map_or_else(
                || "nowhere".to_owned(),
                |(name, value)| format!("in the field `{name}`: {value}"),
            )
        },
    },
    OpenQuestion {
        open: "Whether a byte-order mark stands before the JSON",
        tell: |answer| yes_or_no(answer.incoming.body.starts_with(b"\xef\xbb\xbf")),
    },
    OpenQuestion {
        open: "What the headers are called that repeat request and correlation ID",
        tell: |answer| {
            let names = answer.incoming.headers.iter().map(|(name, _)| name.as_str());
            words(
                names.filter(|name| {
                    name.contains("request") || name.contains("correlation") || *name == "ms-cv"
                }),
            )
        },
    },
];

/// Of one page of all customers.
pub(crate) const OF_CUSTOMERS: &[OpenQuestion] = &[
    TOTAL,
    OpenQuestion {
        open: "How the next page is asked for",
        tell: |answer| {
            let Some(next) = answer.body.pointer("/links/next").filter(|next| !next.is_null()) else {
                return "there is none".to_owned();
            };
            let header = next.pointer("/headers/0/key").and_then(Value::as_str).unwrap_or("no header");
            format!("by a link with the fields {}, and {header}", fields(next))
        },
    },
    OpenQuestion {
        open: "Which relationships customers in the list have",
        tell: |answer| words(texts(answer, "/relationshipToPartner")),
    },
];

/// Of one customer.
pub(crate) const OF_CUSTOMER: &[OpenQuestion] = &[
    OpenQuestion {
        open: "How the relationship is written",
        tell: |answer| shown(answer.body.get("relationshipToPartner")),
    },
    OpenQuestion {
        open: "Whether it names an indirect reseller",
        tell: |answer| match answer.body.get("associatedPartnerId") {
            Some(Value::String(_) | Value::Number(_)) => "there is one".to_owned(),
            other => shown(other),
        },
    },
    OpenQuestion { open: "Which fields it has", tell: |answer| fields(&answer.body) },
];

/// Of a customer that nobody has.
pub(crate) const OF_NOBODY: &[OpenQuestion] = &[OpenQuestion {
    open: "What it says of a customer with whom there is no relationship",
    tell: |answer| {
        format!(
            "status {}, relationship {}",
            answer.incoming.status,
            shown(answer.body.get("relationshipToPartner"))
        )
    },
}];

/// Of a customer's subscriptions.
pub(crate) const OF_SUBSCRIPTIONS: &[OpenQuestion] = &[
    TOTAL,
    OpenQuestion { open: "Which statuses they have", tell: |answer| words(texts(answer, "/status")) },
    OpenQuestion {
        open: "What is scheduled for the ends of their terms, and in which words",
        tell: |answer| {
            let actions =
                answer.items().iter().filter_map(|item| item.get("scheduledActions")?.as_array()).flatten();
            let word = |action: &Value, name: &str| action.get(name).map_or_else(|| "?".to_owned(), plain);
            words(
                actions
                    .map(|action| format!("{} {}", word(action, "scheduleType"), word(action, "actionType"))),
            )
        },
    },
    OpenQuestion {
        open: "How many have instructions for a next term",
        tell: |answer| {
            how_many(answer, |item| item.get("scheduledNextTermInstructions").is_some_and(is_said))
        },
    },
    OpenQuestion {
        open: "How many say until when they can be cancelled, and in which form",
        tell: |answer| {
            let forms = texts(answer, "/cancellationAllowedUntilDate").map(form);
            let count =
                how_many(answer, |item| item.get("cancellationAllowedUntilDate").is_some_and(is_said));
            format!("{count}: {}", words(forms))
        },
    },
    OpenQuestion {
        open: "How many are called an extended service term, and by which field",
        tell: |answer| {
            let is_so = |value: &Value| plain(value).to_ascii_lowercase().contains("extended service term");
            let named = |item: &Value| -> Vec<String> {
                let all = item.as_object().into_iter().flatten();
                all.filter(|(_, value)| is_so(value)).map(|(name, _)| name.clone()).collect()
            };
            let count = how_many(answer, |item| !named(item).is_empty());
            format!("{count}: {}", words(answer.items().iter().flat_map(named)))
        },
    },
    OpenQuestion {
        open: "By what products are told apart",
        tell: |answer| {
            let of = |path: &'static str| format!("`{path}` {}", words(texts(answer, path)));
            ["/productType/id", "/productType/subType/id", "/billingType", "/unitType"].map(of).join("; ")
        },
    },
    OpenQuestion {
        open: "How many have a version (`attributes.etag`)",
        tell: |answer| how_many(answer, |item| item.pointer("/attributes/etag").is_some_and(is_said)),
    },
];

/// Of a customer's entitlements.
pub(crate) const OF_ENTITLEMENTS: &[OpenQuestion] = &[
    TOTAL,
    OpenQuestion { open: "Of which types they are", tell: |answer| words(texts(answer, "/entitlementType")) },
    OpenQuestion {
        open: "How many say when they expire",
        tell: |answer| how_many(answer, |item| item.get("expiryDate").is_some_and(is_said)),
    },
    OpenQuestion {
        open: "Whether one that is over stays, with a quantity of 0 or a state",
        tell: |answer| {
            let zero = how_many(answer, |item| item.get("quantity").and_then(Value::as_u64) == Some(0));
            let details =
                answer.items().iter().filter_map(|item| item.get("quantityDetails")?.as_array()).flatten();
            let states = details.filter_map(|one| one.get("status")?.as_str());
            format!("{zero} with a quantity of 0; states {}", words(states))
        },
    },
];

/// Of one order.
pub(crate) const OF_ORDER: &[OpenQuestion] =
    &[OpenQuestion { open: "Its status", tell: |answer| shown(answer.body.get("status")) }];

/// Of a customer's transfers.
pub(crate) const OF_TRANSFERS: &[OpenQuestion] = &[
    OpenQuestion {
        open: "Whether they come as a bare list or as a collection",
        tell: |answer| {
            let form = if answer.body.is_array() { "a bare list" } else { "a collection" };
            format!("{form} of {}", answer.items().len())
        },
    },
    OpenQuestion {
        open: "Which fields one has",
        tell: |answer| answer.items().first().map_or_else(nothing, fields),
    },
    OpenQuestion { open: "Which statuses they have", tell: |answer| words(texts(answer, "/status")) },
];

/// Of the relationships that a customer has with other partners.
pub(crate) const OF_RELATIONSHIPS: &[OpenQuestion] = &[
    TOTAL,
    OpenQuestion {
        open: "Which fields one has",
        tell: |answer| answer.items().first().map_or_else(nothing, fields),
    },
    OpenQuestion {
        open: "Of which types they are",
        tell: |answer| words(texts(answer, "/relationshipType")),
    },
];

/// Of the record of activity.
pub(crate) const OF_ACTIVITY: &[OpenQuestion] = &[
    OpenQuestion {
        open: "On which type of resource an operation on a relationship is recorded",
        tell: |answer| {
            let is_about = |item: &&Value| {
                item.get("operationType")
                    .is_some_and(|name| plain(name).to_ascii_lowercase().contains("relationship"))
            };
            let pair = |item: &Value| {
                let text = |name: &str| item.get(name).map_or_else(|| "?".to_owned(), plain);
                format!("{} on {}", text("operationType"), text("resourceType"))
            };
            words(answer.items().iter().filter(is_about).map(pair))
        },
    },
    OpenQuestion {
        open: "How many lines name the correlation ID of their request",
        tell: |answer| how_many(answer, |item| item.get("originalCorrelationId").is_some_and(is_said)),
    },
];

const TOTAL: OpenQuestion = OpenQuestion {
    open: "Whether `totalCount` is the page's or the whole's",
    tell: |answer| {
        let total = answer.body.get("totalCount").map_or_else(|| "not said".to_owned(), plain);
        let more = answer.body.pointer("/links/next").is_some_and(|next| !next.is_null());
        let after = if more { ", and there are more pages" } else { ", and no page comes after it" };
        format!("{total}; the page has {}{after}", answer.items().len())
    },
};

/// The most words, and the longest one, that are told of an answer.
const MOST_WORDS: usize = 30;
const LONGEST_WORD: usize = 60;

fn nothing() -> String {
    "there is none".to_owned()
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

/// Each word once.
fn words<T: AsRef<str> + Ord>(all: impl Iterator<Item = T>) -> String {
    let each: BTreeSet<T> = all.collect();
    if each.is_empty() {
        return nothing();
    }
    let shown = each.into_iter().take(MOST_WORDS).map(|word| {
        let short: String = word.as_ref().chars().take(LONGEST_WORD).collect();
        format!("`{short}`")
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn texts<'a>(answer: &'a Answered<'_>, path: &'static str) -> impl Iterator<Item = &'a str> {
    answer.items().iter().filter_map(move |item| item.pointer(path)?.as_str())
}

fn how_many(answer: &Answered<'_>, is_so: impl Fn(&Value) -> bool) -> String {
    let items = answer.items();
    format!("{} of {}", items.iter().filter(|item| is_so(item)).count(), items.len())
}

/// The names of its fields, and none of what stands in them.
fn fields(value: &Value) -> String {
    words(value.as_object().into_iter().flat_map(Map::keys).map(String::as_str))
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "there is no such field".to_owned(),
        Some(Value::Null) => "`null`".to_owned(),
        Some(value) => words(std::iter::once(plain(value).as_str())),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_said(value: &Value) -> bool {
    !matches!(value, Value::Null) && value.as_str().is_none_or(|text| !text.trim().is_empty())
}

/// `2026-12-04T10:11:12.5` is told as `9999-99-99T99:99:99.9`.
fn form(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(questions: &[OpenQuestion], body: &Value) -> Vec<String> {
        let incoming = Incoming {
            status: 200,
            headers: vec![
                ("ms-requestid".to_owned(), "1".to_owned()),
                ("ismfacompliant".to_owned(), "true".to_owned()),
            ],
            body: body.to_string().into_bytes(),
        };
        questions.iter().map(|one| (one.tell)(&Answered::new(&incoming).unwrap())).collect()
    }

    #[test]
    fn subscriptions_tell_their_words_and_forms_and_nothing_of_the_customer() {
        let action = json!([{ "scheduleType": "TermEnd", "actionType": "Cancel" }]);
        let body = json!({ "TotalCount": 2, "Items": [
            { "status": "active", "scheduledActions": action, "friendlyName": "Mail (Extended Service Term)",
                "cancellationAllowedUntilDate": "2026-12-04T10:11:12", "attributes": { "etag": "x" },
                "productType": { "id": "OnlineServices" } },
            { "status": "deleted", "scheduledActions": [], "friendlyName": "Contoso" },
        ] });
        let all = told(OF_SUBSCRIPTIONS, &body);
        assert_eq!(
            all,
            [
                "2; the page has 2, and no page comes after it",
                "`active`, `deleted`",
                "`TermEnd Cancel`",
                "0 of 2",
                "1 of 2: `9999-99-99T99:99:99`",
                "1 of 2: `friendlyName`",
                "`/productType/id` `OnlineServices`; `/productType/subType/id` there is none; `/billingType` there is \
                 none; `/unitType` there is none",
                "1 of 2",
            ]
        );
        assert!(!all.concat().contains("Contoso"));
    }

    #[test]
    fn a_list_is_told_from_a_collection_and_a_header_from_a_field() {
        let transfer = json!({ "id": "T", "status": "Active" });
        let of = |body: &Value| told(OF_TRANSFERS, body);
        assert_eq!(of(&json!([transfer])), ["a bare list of 1", "`id`, `status`", "`Active`"]);
        assert_eq!(of(&json!({ "items": [] })), ["a collection of 0", "there is none", "there is none"]);
        let profile = told(OF_PROFILE, &json!({}));
        assert_eq!(profile, ["in the header `ismfacompliant`: true", "no", "`ms-requestid`"]);
        let customer =
            told(OF_CUSTOMER, &json!({ "RelationshipToPartner": "reseller", "AssociatedPartnerId": null }));
        assert_eq!(customer, ["`reseller`", "`null`", "`associatedPartnerId`, `relationshipToPartner`"]);
        let activity = json!({ "items": [
            { "operationType": "remove_partner_customer_relationship", "resourceType": "customer" },
            { "operationType": "update_user", "resourceType": "user", "originalCorrelationId": "x" },
        ] });
        let expected = ["`remove_partner_customer_relationship on customer`", "1 of 2"];
        assert_eq!(told(OF_ACTIVITY, &activity), expected);
    }

    #[test]
    fn whatever_comes_is_told() {
        let all = [
            OF_PROFILE,
            OF_CUSTOMERS,
            OF_CUSTOMER,
            OF_NOBODY,
            OF_SUBSCRIPTIONS,
            OF_ENTITLEMENTS,
            OF_ORDER,
            OF_TRANSFERS,
            OF_RELATIONSHIPS,
            OF_ACTIVITY,
        ];
        for body in
            [json!(null), json!("x"), json!(7), json!([1, null, [], "x"]), json!({ "items": { "a": 1 } })]
        {
            for questions in all {
                assert!(told(questions, &body).iter().all(|text| !text.is_empty()), "{body}");
            }
        }
    }
}
