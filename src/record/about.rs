//! What each payload says of its place among the records.

use super::payload::Payload;
use crate::domain::{Seq, TenantId};

/// What a record says of its place among the others. Most say no more than their row.
pub trait About {
    /// The row of the list that it is about.
    fn row(&self) -> Option<u32> {
        None
    }

    /// The rows that it is about, if it decides about several.
    fn rows(&self) -> &[u32] {
        &[]
    }

    /// The customer that it is about.
    fn customer(&self) -> Option<TenantId> {
        None
    }

    /// The intent that it ends, or from whose answer it follows.
    fn intent(&self) -> Option<Seq> {
        None
    }

    /// The intents of the requests that it rests upon.
    fn basis(&self) -> &[Seq] {
        &[]
    }

    /// The body of the request or of the answer, which lies beside it.
    fn body(&self) -> Option<&Payload> {
        None
    }

    /// The names and IDs of customers in it. A certificate of another customer must not show them.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<T: About> About for Box<T> {
    fn row(&self) -> Option<u32> {
        (**self).row()
    }

    fn rows(&self) -> &[u32] {
        (**self).rows()
    }

    fn customer(&self) -> Option<TenantId> {
        (**self).customer()
    }

    fn intent(&self) -> Option<Seq> {
        (**self).intent()
    }

    fn basis(&self) -> &[Seq] {
        (**self).basis()
    }

    fn body(&self) -> Option<&Payload> {
        (**self).body()
    }

    fn names(&self) -> Vec<String> {
        (**self).names()
    }
}
