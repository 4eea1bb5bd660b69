//! `offboard simulate`.

use super::{
    args::{Common, SimulateOptions},
    bounded,
    exit::{Exit, Failure},
    printer::Printer,
    session,
    settings::Typed,
    signals,
};
use crate::simulator::{Door, Keep, Model, Scenario};
use std::{
    fs::File,
    sync::{Arc, Mutex},
};

pub(super) fn run(
    printer: &Printer,
    _typed: &Typed,
    _common: &Common,
    options: &SimulateOptions,
) -> Result<Exit, Failure> {
    let scenario = match &options.scenario {
        Some(path) => {
            let shown = path.display();
            let text = bounded::text(path, bounded::LARGE)
                .map_err(|error| Failure::usage(format!("cannot read `{shown}`: {error}")))?;
            Scenario::from_json(&text).map_err(|error| Failure::usage(format!("`{shown}`: {error}")))?
        }
        None => Scenario::generated(options.customers, 1),
    };
    let keep = match &options.journal {
        Some(path) => {
            let file = File::create(path)
                .map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", path.display())))?;
            Keep::Lines(Box::new(file))
        }
        None => Keep::Counts,
    };
    let partner = scenario.partner.clone();
    let model = Arc::new(Mutex::new(Model::new(scenario).with_journal(keep)));
    session::block_on(async {
        let told = printer.clone();
        let door = Door::open_and_tell(model, options.listen, move |text| told.warn(text))
            .await
            .map_err(|error| Failure::usage(format!("cannot listen on {}: {error}", options.listen)))?;
        printer.data(&door.url())?;
        printer.say(&format!(
            "Simulating Partner Center for `{}` ({}). Any token is accepted unless the scenario names some. Ctrl-C ends it.",
            partner.name, partner.tenant_id
        ));
        signals::first().await;
        door.close().await;
        Ok(Exit::Done)
    })
}
