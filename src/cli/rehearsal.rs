//! The simulator, inside this process, for rehearsals and the demo.

use super::{access::Access, exit::Failure, settings::RunSettings};
use crate::{
    input::List,
    partner_center::BaseUrl,
    simulator::{
        Door, Keep, Model, Scenario,
        scenario::{Generated, ListedCustomer},
    },
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

/// A simulator that listens on loopback.
#[derive(Debug)]
pub(super) struct Rehearsal {
    door: Door,
}

impl Rehearsal {
    /// Opens it, and says how it is reached.
    pub(super) async fn open(model: Model) -> Result<(Self, Access), Failure> {
        // It ends with the run, and nobody asks it what happened.
        let model = model.with_journal(Keep::Counts).without_history();
        let model = Arc::new(Mutex::new(model));
        let door = Door::open(model, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .map_err(|error| Failure::usage(format!("the simulator cannot listen on loopback: {error}")))?;
        let base = BaseUrl::parse(&door.url()).map_err(|error| Failure::usage(error.to_string()))?;
        Ok((Self { door }, Access::simulated(base)))
    }

    pub(super) async fn close(self) {
        self.door.close().await;
    }
}

/// A Partner Center that has the customers of this list, in made-up states, and as many others.
pub(super) fn model(list: &List, settings: &RunSettings) -> Result<Model, Failure> {
    let mut scenario = Scenario::default();
    "Rehearsal Partner".clone_into(&mut scenario.partner.name);
    scenario.sandbox = settings.procedure.is_for_sandbox();
    let sandbox = settings.policy.sandbox;
    if let Some(partner) = sandbox.or(settings.policy.partner) {
        scenario.partner.tenant_id = partner;
    }
    let mut failed = None;
    let rows = list.rows()?.map_while(|row| row.map_err(|error| failed = Some(error)).ok());
    let known = rows.filter(|row| row.duplicate_of.is_none()).filter_map(|row| {
        let [name, domain] = [row.name, row.domain].map(|text| text.map(String::into_boxed_str));
        Some(ListedCustomer { id: row.customer.ok()?, name, domain })
    });
    let others = |known| {
        let count = u32::try_from(known).unwrap_or(u32::MAX).saturating_add(10);
        Generated { count, seed: 7, clean: true }
    };
    let model = Model::new(scenario).with_list(known, others);
    failed.map_or(Ok(model), |error| Err(error.into()))
}
