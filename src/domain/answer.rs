//! What an answer means.

use serde::{Deserialize, Serialize};

/// What an answer means, by its status and its error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// 2xx, and the body says what was expected.
    Understood,
    /// 2xx without a body, where one was expected.
    Empty,
    /// 2xx, and the body says something else.
    NotUnderstood,
    /// 429, or 503 with `Retry-After`: not carried out.
    Throttled,
    /// 401 that a new token may cure.
    TokenExpired,
    /// 401 that no new token cures: the wrong audience, or a sign-in without MFA.
    SignInRefused,
    /// 403: this user or application may not.
    Denied,
    /// The service knows no relationship with this customer.
    NoRelationship,
    /// 409: what it is about is being changed already.
    InProgress,
    /// Another 4xx, or a redirect: the service said no.
    Refused,
    /// 408 or 5xx: it may have been carried out.
    Unclear,
}
