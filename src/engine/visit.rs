//! Requests that belong to no run: a sign-in by itself, and the look around before a run. They are on
//! record like all others.

use super::{courier::Courier, halt::Halt, introduction::Introduction, ports::Ports};
use crate::{
    audit::{Store, WriteError, Writer},
    partner_center::transport::Transport,
    record::TokenNamed,
};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// A visit to the services.
#[derive(Debug)]
pub struct Visit<T> {
    courier: Courier<T>,
    writer: JoinHandle<Result<Store, WriteError>>,
}

impl<T: Transport> Visit<T> {
    /// Begins a visit, on record in this log, with at most `rate` requests a minute.
    pub fn begin(store: Store, rate: u32, ports: Ports<T>) -> Self {
        // There is no state that these records could contradict.
        let (writer, task) = Writer::start(store, Box::new(|_, _| Ok(())));
        Self { courier: Courier::new(ports, writer, None, (rate, 1), Duration::ZERO), writer: task }
    }

    /// Gets a token, and has its new refresh token kept. Gives what the token says of itself.
    pub async fn sign_in(&self) -> Result<TokenNamed, Halt> {
        self.courier.bearer().await?;
        Ok(self.courier.sign_in.named().clone().unwrap_or_default())
    }

    /// Whose account it is, whether the sign-in was done with MFA, and what time it is there.
    pub async fn introduce(&self) -> Result<Introduction, Halt> {
        self.courier.introduce().await
    }

    /// Whether this user may list customers; the error says why not.
    pub async fn may_list(&self) -> Result<(), Halt> {
        self.courier.may_list().await
    }

    /// Ends the visit. Everything that was recorded is on disk already.
    pub async fn end(self) -> Result<(), Halt> {
        drop(self.courier);
        let store = self.writer.await.map_err(|_panicked| WriteError::Closed)??;
        store.close().map_err(|error| WriteError::Store(Arc::new(error)))?;
        Ok(())
    }
}
