//! A collection as the services send it: page by page, each in a form of its own.

use super::{
    BaseUrl, NextLinkError,
    graph::{AdminPage, AdminRelationship},
    json,
    model::{ListOrPage, Page},
    next_page,
    request::{self, Request},
    response::Incoming,
};
use serde::de::DeserializeOwned;

/// A page of a collection.
pub trait CollectionPage: Sized {
    /// What the collection holds.
    type Item;

    /// A page, if the answer is one.
    fn read(answer: &Incoming) -> Option<Self>;

    /// The request for the page after it; none after the last. `collection` is the path that was asked for, such as
    /// `/v1/customers`.
    ///
    /// # Errors
    ///
    /// If the link leads away from there: it is not followed.
    fn after(&self, base: &BaseUrl, collection: &str) -> Result<Option<Request>, NextLinkError>;

    /// How many items the service says that there are, of the page or of the whole; see [`Count`](super::Count).
    fn said(&self) -> Option<u64>;

    /// What is on it.
    fn into_items(self) -> Vec<Self::Item>;
}

impl<T: DeserializeOwned> CollectionPage for Page<T> {
    type Item = T;

    fn read(answer: &Incoming) -> Option<Self> {
        json::read(&answer.body).ok()
    }

    fn after(&self, base: &BaseUrl, collection: &str) -> Result<Option<Request>, NextLinkError> {
        Ok(next_page(base, collection, self.links.as_ref())?.map(request::next))
    }

    fn said(&self) -> Option<u64> {
        self.total_count
    }

    fn into_items(self) -> Vec<T> {
        self.items
    }
}

impl<T: DeserializeOwned> CollectionPage for ListOrPage<T> {
    type Item = T;

    fn read(answer: &Incoming) -> Option<Self> {
        json::read(&answer.body).ok()
    }

    fn after(&self, base: &BaseUrl, collection: &str) -> Result<Option<Request>, NextLinkError> {
        match self {
            Self::List(_) => Ok(None),
            Self::Page(page) => page.after(base, collection),
        }
    }

    fn said(&self) -> Option<u64> {
        match self {
            Self::List(_) => None,
            Self::Page(page) => page.said(),
        }
    }

    fn into_items(self) -> Vec<T> {
        match self {
            Self::List(items) => items,
            Self::Page(page) => page.into_items(),
        }
    }
}

impl CollectionPage for AdminPage {
    type Item = AdminRelationship;

    fn read(answer: &Incoming) -> Option<Self> {
        Self::read(answer)
    }

    fn after(&self, base: &BaseUrl, _collection: &str) -> Result<Option<Request>, NextLinkError> {
        self.after(base)
    }

    fn said(&self) -> Option<u64> {
        self.count
    }

    fn into_items(self) -> Vec<AdminRelationship> {
        self.value
    }
}
