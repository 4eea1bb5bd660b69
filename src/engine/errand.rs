//! One attempt: what is to be asked, and how it ended.

use crate::{
    domain::{Answer, RequestId, Seq, TenantId},
    partner_center::{request::Call, response::Incoming},
    record::{Exchange, Purpose},
};

/// What is to be carried.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) purpose: Purpose,
    pub(super) subject: Option<(u32, TenantId)>,
    /// The order that it changes, if it is not the customer itself.
    pub(super) about: Option<String>,
    pub(super) call: Call,
    /// 1 for the first try.
    pub(super) attempt: u32,
    /// For a change that is repeated: the identifier that it had.
    pub(super) request_id: Option<RequestId>,
    /// Whether the body of a 2xx is what was expected.
    pub(super) understood: fn(&Incoming) -> bool,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// With an answer.
    Answered {
        /// What it means.
        answer: Answer,
        /// The answer.
        incoming: Incoming,
    },
    /// It certainly did not reach the server.
    NotSent,
    /// It may have reached the server.
    Lost,
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) intent: Seq,
    pub(super) exchange: Exchange,
    pub(super) ended: Ended,
}
