//! The simulator, inside this process, for rehearsals and the demo.

use super::{access::Access, exit::Failure, settings::RunSettings};
use crate::{
    domain::Procedure,
    input::List,
    partner_center::BaseUrl,
    simulator::{Door, Keep, Model, Scenario, scenario::Generated},
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
    pub(super) async fn open(scenario: Scenario) -> Result<(Self, Access), Failure> {
        // It ends with the run, and nobody asks it what happened.
        let model = Model::new(scenario).with_journal(Keep::Counts).without_history();
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
pub(super) fn scenario(list: &List, settings: &RunSettings) -> Result<Scenario, Failure> {
    let mut customers = Vec::new();
    for row in list.rows()? {
        let row = row?;
        if let (Ok(id), None) = (row.customer, row.duplicate_of) {
            customers.push((id, row.name, row.domain));
        }
    }
    let others = u32::try_from(customers.len()).unwrap_or(u32::MAX).saturating_add(10);
    let mut scenario = Scenario::rehearsal(customers);
    scenario.generated = Some(Generated { count: others, seed: 7, clean: true });
    "Rehearsal Partner".clone_into(&mut scenario.partner.name);
    scenario.sandbox = settings.procedure == Procedure::DeleteSandboxCustomer;
    let sandbox = settings.policy.sandbox;
    if let Some(partner) = sandbox.or(settings.policy.partner) {
        scenario.partner.tenant_id = partner;
    }
    Ok(scenario)
}
