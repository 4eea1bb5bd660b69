//! What goes wrong: in order, as the scenario says, or at random.

use super::super::random::Random;
use super::super::scenario::{Action, Chaos, ChaosKind, EffectTime, On, ScriptedFault};
use crate::domain::TenantId;

/// The faults of a scenario and how often each was reached.
#[derive(Debug)]
pub(super) struct Faults {
    ordered: Vec<(ScriptedFault, u64)>,
    chaos: Option<(Chaos, Random)>,
}

impl Faults {
    pub(super) fn new(ordered: Vec<ScriptedFault>, chaos: Option<Chaos>) -> Self {
        let ordered = ordered.into_iter().map(|fault| (fault, 0)).collect();
        let chaos = chaos.map(|chaos| {
            let random = Random::new(chaos.seed, 3);
            (chaos, random)
        });
        Self { ordered, chaos }
    }

    /// What happens to this request; nothing, as a rule.
    pub(super) fn pick(&mut self, on: On, customer: Option<TenantId>) -> Option<Action> {
        for (fault, reached) in &mut self.ordered {
            let meant = fault.customer.is_none_or(|id| Some(id) == customer) && fault.on.covers(on);
            if !meant || (fault.times > 0 && *reached >= fault.skip.saturating_add(fault.times)) {
                continue;
            }
            *reached += 1;
            if *reached > fault.skip {
                return Some(fault.action.clone());
            }
        }
        // Chance is Partner Center's: what it does makes no sense as an answer of the sign-in service.
        let (chaos, random) = self.chaos.as_mut().filter(|_| !matches!(on, On::Token | On::DeviceCode))?;
        if !random.share(chaos.share) {
            return None;
        }
        let kinds = if chaos.kinds.is_empty() { ChaosKind::ALL } else { &chaos.kinds };
        let place = usize::try_from(random.next()).unwrap_or(0).checked_rem(kinds.len())?;
        kinds.get(place).map(|kind| at_random(*kind, random))
    }
}

fn at_random(kind: ChaosKind, random: &mut Random) -> Action {
    let page = "<html><body><h1>Service Unavailable</h1></body></html>";
    match kind {
        ChaosKind::ServerError => answer(500, Some(800_003), None, false),
        ChaosKind::ServerErrorWithEffect => answer(500, Some(800_003), None, true),
        ChaosKind::Unavailable => waiting(503, random.between(1, 9), false),
        ChaosKind::UnavailableWithEffect => waiting(503, random.between(1, 9), true),
        ChaosKind::Gateway => gateway(false),
        ChaosKind::GatewayWithEffect => gateway(true),
        ChaosKind::ConflictWithEffect => answer(409, Some(409_409), None, true),
        ChaosKind::Html => answer(503, None, Some(page), false),
        ChaosKind::Empty => answer(502, None, None, false),
        ChaosKind::Throttled => waiting(429, random.between(1, 9), false),
        ChaosKind::ThrottledWithEffect => waiting(429, random.between(1, 9), true),
        ChaosKind::Unauthorized => answer(401, Some(400), None, false),
        ChaosKind::Cut => Action::CutBeforeAnswer { effect: false },
        ChaosKind::CutWithEffect => Action::CutBeforeAnswer { effect: true },
        ChaosKind::CutInBody => Action::CutInBody {},
        ChaosKind::Slow => Action::Slow { delay_ms: random.between(100, 5_000), effect: EffectTime::AtOnce },
        ChaosKind::Late => Action::LateEffect { after_ms: random.between(100, 60_000), status: None },
        ChaosKind::Garbage => Action::Garbage {},
        ChaosKind::Short => {
            Action::Short { items: usize::try_from(random.between(0, 1)).unwrap_or(0), total: None }
        }
    }
}

fn answer(status: u16, code: Option<u32>, html: Option<&str>, effect: bool) -> Action {
    let html = html.map(str::to_owned);
    Action::Answer {
        status,
        code,
        html,
        effect,
        description: None,
        text: None,
        json: None,
        retry_after: None,
    }
}

fn waiting(status: u16, seconds: u64, effect: bool) -> Action {
    Action::Answer {
        status,
        retry_after: Some(seconds.to_string()),
        code: None,
        description: None,
        text: None,
        html: None,
        json: None,
        effect,
    }
}

fn gateway(effect: bool) -> Action {
    Action::Answer {
        status: 404,
        retry_after: None,
        code: None,
        description: None,
        text: None,
        html: None,
        json: Some(r#"{"statusCode":404,"message":"Resource not found"}"#.to_owned()),
        effect,
    }
}
