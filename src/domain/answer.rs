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
    /// 429; of a read also 503 with `Retry-After`: to be asked again later. That a change was not carried out is likely,
    /// and not shown.
    Throttled,
    /// 401 that a new token may cure.
    TokenExpired,
    /// 401 that no new token cures: the wrong audience, or a sign-in without MFA.
    SignInRefused,
    /// 403: this user or application may not. Of a change, the service itself says so.
    Denied,
    /// The service itself says that it knows no relationship with this customer.
    NoRelationship,
    /// 404: the service itself says that what was to be taken away is not there. Only of what is known by its answer alone.
    NothingThere,
    /// 409: the service itself says that what it is about is being changed already.
    InProgress,
    /// The service itself said no, by a code which means that it did nothing.
    Refused,
    /// 408, 499 or 5xx: it may have been carried out.
    Unclear,
    /// A no that anybody on the way may have said, or whose code is not known: it proves nothing, and a change may have
    /// been carried out.
    Inconclusive,
}
