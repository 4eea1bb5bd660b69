//! How a fault of the scenario changes the way of a request.

use super::super::scenario::{Action, EffectTime};
use super::answers::{Body, DraftAnswer};
use super::issuer;
use super::route::Route;
use super::service::{Model, Served, When};
use super::{Cut, Request};
use crate::domain::Time;
use std::time::Duration;

impl Model {
    /// Answers a request as this fault wants it, with its change now, later or never.
    pub(super) fn misbehave(
        &mut self,
        now: Time,
        request: &Request,
        route: &Route,
        action: &Action,
    ) -> Served {
        let later = |ms: u64| now.plus(Duration::from_millis(ms));
        let when = match action {
            Action::Answer { effect: false, .. }
            | Action::CutBeforeAnswer { effect: false }
            | Action::Entra { .. }
            | Action::Redirect { .. } => When::Never,
            Action::Slow { delay_ms, effect: EffectTime::AtEnd } => When::At(later(*delay_ms)),
            Action::LateEffect { after_ms, .. } => When::At(later(*after_ms)),
            _ => When::Now,
        };
        let mut served = self.serve_or_replay(now, request, route, when);
        match action {
            Action::Answer { .. } => served.answer = instead(action),
            Action::CutBeforeAnswer { .. } | Action::LateEffect { status: None, .. } => {
                served.cut = Cut::BeforeAnswer;
            }
            Action::CutInBody {} => served.cut = Cut::InBody,
            Action::Slow { delay_ms, .. } => served.delay = Duration::from_millis(*delay_ms),
            Action::LateEffect { status: Some(status), .. } => {
                served.answer = DraftAnswer::new(*status, Body::Empty);
            }
            Action::Garbage {} => {
                served.answer = text(200, "application/json", "{\"id\":\"0a0b0c0d-1111-4222");
            }
            Action::Casing { casing } => served.casing = Some(*casing),
            Action::Relationship { relationship } => served.answer.name_relationship(relationship),
            Action::Short { items, total } => served.answer.cut_short(*items, *total),
            Action::Redirect { status, location } => {
                served.answer =
                    DraftAnswer::new(*status, Body::Empty).with_header("Location", location.clone());
            }
            Action::Entra { error, code } => served.answer = issuer::refusal(now, error, *code),
            Action::HugeBody { bytes } => {
                let padding = "x".repeat(bytes.saturating_sub(r#"{"padding":""}"#.len()));
                served.answer = text(200, "application/json", &format!(r#"{{"padding":"{padding}"}}"#));
            }
        }
        served
    }
}

/// The answer that a fault gives instead.
fn instead(action: &Action) -> DraftAnswer {
    let Action::Answer { status, code, description, text: plain, html, json, retry_after, .. } = action
    else {
        return DraftAnswer::new(500, Body::Empty);
    };
    let answer = match (code, html, plain, json) {
        (Some(code), ..) => DraftAnswer::fault(
            *status,
            *code,
            description.clone().unwrap_or_else(|| "Simulated fault.".to_owned()),
        ),
        (None, Some(html), ..) => text(*status, "text/html; charset=utf-8", html),
        (None, None, Some(plain), _) => text(*status, "text/plain; charset=utf-8", plain),
        (None, None, None, Some(json)) => text(*status, "application/json", json),
        (None, None, None, None) if *status == 429 => {
            DraftAnswer::throttled(retry_after.as_deref().and_then(|wait| wait.parse().ok()).unwrap_or(1))
        }
        (None, None, None, None) => DraftAnswer::new(*status, Body::Empty),
    };
    match retry_after {
        Some(wait) => answer.with_header("Retry-After", wait.clone()),
        None => answer,
    }
}

fn text(status: u16, content_type: &'static str, text: &str) -> DraftAnswer {
    DraftAnswer::new(status, Body::Text { content_type, text: text.to_owned() })
}
