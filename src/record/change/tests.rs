//! How a change goes on, whatever is answered and seen.

use super::*;
use crate::domain::{CorrelationId, Headers};
use uuid::Uuid;

fn id(n: u128) -> RequestId {
    RequestId::new(Uuid::from_u128(n))
}

fn intended(purpose: Purpose) -> RequestIntended {
    RequestIntended {
        row: Some(1),
        customer: None,
        about: None,
        purpose,
        attempt: 1,
        method: "PATCH".to_owned(),
        url: String::new(),
        request_id: id(1),
        correlation_id: CorrelationId::new(Uuid::from_u128(9)),
        headers: Headers::default(),
        body: None,
    }
}

fn sent() -> Change {
    Change::first(&intended(Purpose::RemoveRelationship), 0, Time::from_millis(0))
}

#[test]
fn a_change_whose_token_was_refused_may_be_sent_again_under_either_id() {
    let now = Time::from_millis(0);
    for (was_in_doubt, other_id) in [(false, true), (true, false)] {
        let mut change = sent();
        change.was_in_doubt = was_in_doubt;
        change.answered(Answer::TokenExpired, now);
        assert!(change.may_send_again(id(1)).is_ok());
        // While an earlier attempt may come back to life, it keeps the one that it had.
        assert_eq!(change.may_send_again(id(2)).is_ok(), other_id);
        assert!(!change.may_end_as(Outcome::Removed) && change.may_end_as(Outcome::NotAttempted));
    }
}

#[test]
fn refused_tokens_are_counted_until_another_answer() {
    let now = Time::from_millis(0);
    let mut change = sent();
    for times in 1..=3 {
        change.answered(Answer::TokenExpired, now);
        assert_eq!(change.refused_tokens, times);
        change.send_again(&intended(Purpose::RemoveRelationship), 0, now);
    }
    change.answered(Answer::Throttled, now);
    assert_eq!(change.refused_tokens, 0);
}
