//! Ends the reseller relationship: `PATCH /v1/customers/{id}`.

use super::{
    customer,
    ending::{EndedChange, RowVerdict},
    unit::{EffectUnit, Look, Prepare, Target},
};
use crate::{
    domain::Effect,
    partner_center::{
        model::{self, Customer},
        request::{self, Method},
        response::Incoming,
    },
};
use std::borrow::Cow;

/// Exactly these 71 bytes, whatever was read of the customer before. The same method and address with another field ends
/// delegated administration instead.
const BODY: &str = r#"{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#;

pub(super) struct RemoveRelationship;

impl EffectUnit for RemoveRelationship {
    fn effect(&self) -> Effect {
        Effect::RemoveRelationship
    }

    fn prepare(&self, target: &Target<'_>) -> Prepare {
        let request = request::customer(target.customer).change(Method::Patch, Some(Cow::Borrowed(BODY)));
        Prepare::Ready(request)
    }

    fn understands(&self, answer: &Incoming) -> bool {
        let read = model::read::<Customer>(&answer.body);
        read.is_ok_and(|customer| customer.relationship_to_partner.as_deref() == Some("none"))
    }

    fn look(&self, target: &Target<'_>, in_doubt: bool) -> Option<Look> {
        Some(customer::look(target, in_doubt))
    }

    fn ended(&self, ending: &EndedChange<'_>) -> RowVerdict {
        ending.of_last("knew no relationship")
    }

    fn is_seen_in_listing(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;

    #[test]
    fn it_is_exactly_the_documented_body() {
        assert_eq!(BODY.len(), 71);
        let customer = "0a0a0a0a-1111-4222-8333-444444444444".parse().unwrap();
        let target = Target { customer, id: "", planned: None, is_first: true, now: Time::from_millis(0) };
        let Prepare::Ready(request) = RemoveRelationship.prepare(&target) else {
            panic!("nothing is read first")
        };
        assert_eq!(request.method.as_str(), "PATCH");
        assert_eq!(request.url, "/v1/customers/0a0a0a0a-1111-4222-8333-444444444444");
        assert_eq!(request.body.unwrap().stored(), BODY);
    }

    #[test]
    fn its_answer_is_read_in_either_casing() {
        for (body, expected) in [
            (r#"{"Id":null,"RelationshipToPartner":"None"}"#, true),
            ("\u{feff}{\"relationshipToPartner\":\"none\"}", true),
            (r#"{"relationshipToPartner":"reseller"}"#, false),
            ("", false),
        ] {
            let answer = Incoming { status: 200, headers: Vec::new(), body: body.into() };
            assert_eq!(RemoveRelationship.understands(&answer), expected, "{body}");
        }
    }
}
