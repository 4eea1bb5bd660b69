//! One attempt: what is to be asked, and how it ended.

use crate::{
    domain::{Answer, Purpose, RequestId, Seq, TenantId},
    partner_center::{request::Call, response::Incoming},
    record::Exchange,
};

/// What is to be carried, and what its answer is read as.
pub(super) struct Errand<'a, R> {
    pub(super) purpose: Purpose,
    pub(super) subject: Option<(u32, TenantId)>,
    /// The order that it changes, if it is not the customer itself.
    pub(super) about: Option<String>,
    pub(super) call: Call,
    /// 1 for the first try.
    pub(super) attempt: u32,
    /// For a change that is repeated: the identifier that it had.
    pub(super) request_id: Option<RequestId>,
    /// Reads an answer with a 2xx, if it is what was expected.
    pub(super) understand: &'a (dyn Fn(&Incoming) -> Option<R> + Sync),
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(super) enum Ended<R> {
    /// With what was expected.
    Understood(R),
    /// With an answer that means something else.
    Answered(Answer),
    /// It certainly did not reach the server.
    NotSent,
    /// It may have reached the server.
    Lost,
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub(super) struct Carried<R> {
    pub(super) intent: Seq,
    pub(super) exchange: Exchange,
    pub(super) ended: Ended<R>,
}
