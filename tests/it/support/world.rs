//! A simulator on loopback, in a thread of the test's own.

use offboard::{
    domain::TenantId,
    simulator::{Door, Model, Received, Scenario},
};
use serde_json::Value;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// A simulated Partner Center that a program can talk to.
pub(crate) struct World {
    model: Arc<Mutex<Model>>,
    url: String,
    login_url: String,
    graph_url: String,
    _doors: [Door; 3],
    _runtime: Runtime,
}

impl World {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self::open(scenario, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap()
    }

    /// A world from a scenario in JSON, at the very address that a record names. Waits until nobody else has it: these
    /// tests may run twice on one machine.
    pub(crate) fn at(scenario: &Value, listen: SocketAddr) -> Self {
        let began = Instant::now();
        loop {
            match Self::open(Scenario::from_json(&scenario.to_string()).unwrap(), listen) {
                Ok(world) => return world,
                Err(error) => assert!(began.elapsed() < Duration::from_mins(1), "{listen}: {error}"),
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn open(scenario: Scenario, listen: SocketAddr) -> io::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let model = Arc::new(Mutex::new(Model::new(scenario)));
        // An address each, as the real services have.
        let open =
            |port| runtime.block_on(Door::open(Arc::clone(&model), SocketAddr::new(listen.ip(), port)));
        let doors = [open(listen.port())?, open(0)?, open(0)?];
        let [url, login_url, graph_url] = doors.each_ref().map(Door::url);
        Ok(Self { model, url, login_url, graph_url, _doors: doors, _runtime: runtime })
    }

    /// A world from a scenario in JSON.
    pub(crate) fn of(scenario: &Value) -> Self {
        Self::new(Scenario::from_json(&scenario.to_string()).unwrap())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where the sign-in service is.
    pub(crate) fn login_url(&self) -> &str {
        &self.login_url
    }

    /// Where Microsoft Graph is.
    pub(crate) fn graph_url(&self) -> &str {
        &self.graph_url
    }

    /// The model, for whoever outlives the world.
    pub(crate) fn shared(&self) -> Arc<Mutex<Model>> {
        Arc::clone(&self.model)
    }

    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the command, and kills it when so many requests have arrived. Says whether it had to be killed.
    pub(crate) fn kills_after(&self, requests: u64, command: &mut Command) -> bool {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while self.model().journal().counts().requests < requests {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        true
    }

    /// Everything that arrived.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.model().journal().entries().to_vec()
    }

    /// The requests for a token, or on the way to one.
    pub(crate) fn sign_ins(&self) -> Vec<Received> {
        self.received().into_iter().filter(|received| received.method == "POST").collect()
    }

    /// The changes that arrived.
    pub(crate) fn changes(&self) -> Vec<Received> {
        self.received()
            .into_iter()
            .filter(|received| {
                matches!(received.method.as_str(), "PATCH" | "DELETE")
                    || received.target.ends_with("/requests")
            })
            .collect()
    }

    /// The orders whose cancellation the service accepted, in order.
    pub(crate) fn cancelled(&self) -> Vec<(TenantId, String)> {
        self.model().journal().cancelled().map(|(customer, order)| (customer, order.to_owned())).collect()
    }

    /// Whose removal or deletion the service accepted, in order.
    pub(crate) fn removed(&self) -> Vec<TenantId> {
        self.model().journal().accepted().collect()
    }
}

/// Waits until it is so, while the program is at work.
pub(crate) fn wait_until(child: &mut Child, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(child.try_wait().unwrap().is_none(), "the program ended too soon");
        // It takes some seconds, or it never ends.
        if began.elapsed() > Duration::from_mins(1) {
            child.kill().unwrap();
            panic!("the program stands still");
        }
        thread::yield_now();
    }
}

/// Waits until this many changes have arrived.
pub(crate) fn wait_for_changes(world: &World, child: &mut Child, wanted: usize) {
    wait_until(child, || world.changes().len() >= wanted);
}
