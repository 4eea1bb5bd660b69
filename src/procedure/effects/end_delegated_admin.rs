//! Ends a relationship of delegated administration over Microsoft Graph: what is in force is terminated, what was not offered
//! to the customer yet is deleted.

use super::{
    ending::{End, EndedChange, RowVerdict},
    unit::{EffectUnit, Instead, Look, Prepare, Sight, Target},
};
use crate::{
    domain::{Effect, Lookup, Reason, capitalised, is_taken_out},
    partner_center::{
        graph::{self, AdminPage, AdminRelationship, AdminState},
        request::Request,
        response::Incoming,
    },
    record::Observation,
};

pub(super) struct EndDelegatedAdmin;

impl EffectUnit for EndDelegatedAdmin {
    fn effect(&self) -> Effect {
        Effect::EndDelegatedAdmin
    }

    /// What is asked for depends on its state at this moment.
    fn prepare(&self, target: &Target<'_>) -> Prepare {
        Prepare::Fresh {
            lookup: Lookup::DelegatedAdminAgain,
            request: graph::admin_relationships(target.customer),
            understands: |answer| AdminPage::whole(answer).is_some(),
            make: ended_now,
        }
    }

    /// What is terminated is answered with the request for that; what is deleted, with nothing.
    fn understands(&self, answer: &Incoming) -> bool {
        answer.status == 204 || answer.is_json() && graph::is_accepted(answer)
    }

    fn look(&self, target: &Target<'_>, _in_doubt: bool) -> Option<Look> {
        let request = graph::admin_relationships(target.customer);
        Some(Look { lookup: Lookup::DelegatedAdminAgain, request, see })
    }

    fn ended(&self, ending: &EndedChange<'_>) -> RowVerdict {
        let EndedChange { thing, end, .. } = ending;
        match end {
            End::NotSeen { waited, .. } => {
                let (thing, waited) = (capitalised(thing), waited.as_secs());
                let text = format!(
                    "{thing}: Microsoft Graph agreed to end it, but it is not seen ended {waited} s later (`--settle`)."
                );
                RowVerdict::because(Reason::AnswerLost, text)
            }
            _ => ending.of_preparation(),
        }
    }

    /// It is read just before it is changed.
    fn cost(&self) -> f64 {
        3.0
    }
}

fn ended_now(answer: &Incoming, target: &Target<'_>) -> Result<Request, Instead> {
    let all = AdminPage::whole(answer).ok_or_else(|| {
        Instead::because(Reason::UnexpectedAnswer, "the answer is no whole list of relationships")
    })?;
    let Some(one) = all.iter().find(|one| one.is(target.id)) else {
        return Err(if is_draft(target) {
            Instead::IsDone
        } else {
            Instead::because(Reason::ChangedSincePlan, MISSING)
        });
    };
    match one.state() {
        AdminState::Over | AdminState::Ending => Err(Instead::IsDone),
        AdminState::Draft => Ok(graph::delete(target.id, one.etag.as_deref())),
        AdminState::AwaitsCustomer if !is_taken_out("terminate-what-the-customer-can-approve") => {
            Err(Instead::because(Reason::DelegatedAdminAwaitsCustomer, shown(one)))
        }
        // The plan promised to delete an offer that nobody had seen.
        AdminState::InForce if is_draft(target) => {
            let why = format!("it was a draft when it was planned, and now {}", shown(one));
            Err(Instead::because(Reason::ChangedSincePlan, why))
        }
        AdminState::InForce | AdminState::AwaitsCustomer => Ok(graph::terminate(target.id)),
        AdminState::NotKnown => Err(Instead::because(Reason::UnexpectedAnswer, shown(one))),
    }
}

/// Whether the plan has it as a draft, which vanishes when it is deleted. What was in force stays in the list when it has ended.
fn is_draft(target: &Target<'_>) -> bool {
    target.planned.and_then(|planned| planned.access.as_ref()).is_some_and(|access| access.is_draft())
}

const MISSING: &str = "the relationship is not in the list, where what has ended stays";

/// A draft that is not in a whole list any more is deleted; of anything else, that shows nothing.
fn see(answer: &Incoming, target: &Target<'_>) -> Option<Sight> {
    let all = AdminPage::whole(answer)?;
    let Some(one) = all.iter().find(|one| one.is(target.id)) else {
        if !is_draft(target) {
            return Some(Sight::not_told(MISSING));
        }
        let detail = "the draft is not in the list any more".to_owned();
        return Some(Sight { seen: Observation::Gone, instead: None, detail });
    };
    let seen = match one.state() {
        AdminState::Over => Observation::Gone,
        AdminState::Draft | AdminState::AwaitsCustomer | AdminState::InForce => Observation::StillThere,
        AdminState::Ending | AdminState::NotKnown => Observation::NotTold,
    };
    Some(Sight { seen, instead: None, detail: shown(one) })
}

fn shown(one: &AdminRelationship) -> String {
    match one.status.as_deref() {
        Some(status) => format!("the relationship is `{status}`"),
        None => "the state of the relationship is not given".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AdminAccess, Preparation, Time};
    use serde_json::json;

    const CUSTOMER: &str = "0a0b0c0d-1111-4222-8333-444444444444";

    fn target(id: &str) -> Target<'_> {
        let customer = CUSTOMER.parse().unwrap();
        Target { customer, id, planned: None, is_first: true, now: Time::from_millis(0) }
    }

    fn planned(state: &str) -> Preparation {
        let access = AdminAccess { state: state.to_owned(), roles: vec![], ends: None, extends: false };
        Preparation {
            access: Some(Box::new(access)),
            ..Preparation::new(Effect::EndDelegatedAdmin, "B".to_owned(), None)
        }
    }

    fn listed(status: &str) -> Incoming {
        let one = json!({ "id": "A", "status": status, "@odata.etag": "W/\"7\"" });
        Incoming { status: 200, headers: vec![], body: json!({ "value": [one] }).to_string().into_bytes() }
    }

    fn asked(status: &str) -> Result<(&'static str, String), String> {
        match ended_now(&listed(status), &target("a")) {
            Ok(request) => Ok((request.method.as_str(), request.url)),
            Err(Instead::IsDone) => Err("done".to_owned()),
            Err(Instead::Because { reason, .. }) => Err(reason.to_string()),
        }
    }

    #[test]
    fn what_is_asked_for_depends_on_the_state_at_that_moment() {
        let path = "/v1.0/tenantRelationships/delegatedAdminRelationships/a";
        for status in ["active", "approved", "activating", "expiring"] {
            assert_eq!(asked(status), Ok(("POST", format!("{path}/requests"))), "{status}");
        }
        assert_eq!(asked("created"), Ok(("DELETE", path.to_owned())));
        for status in ["terminated", "expired", "terminating", "terminationRequested"] {
            assert_eq!(asked(status), Err("done".to_owned()), "{status}");
        }
        assert_eq!(asked("approvalPending"), Err("delegated_admin_awaits_customer".to_owned()));
        assert_eq!(asked("somethingNew"), Err("unexpected_answer".to_owned()));
        let missing = |state: &str| {
            let planned = planned(state);
            ended_now(&listed("active"), &Target { planned: Some(&planned), ..target("B") })
        };
        assert!(matches!(missing("created"), Err(Instead::IsDone)), "a draft vanishes");
        assert!(
            matches!(missing("active"), Err(Instead::Because { reason: Reason::ChangedSincePlan, .. })),
            "what was in force stays in the list"
        );
        let planned = planned("created");
        let accepted = ended_now(&listed("active"), &Target { planned: Some(&planned), ..target("A") });
        assert!(
            matches!(accepted, Err(Instead::Because { reason: Reason::ChangedSincePlan, .. })),
            "a draft that the customer has approved since is not what was planned"
        );
    }

    #[test]
    fn only_the_end_and_a_whole_list_show_that_it_is_ended() {
        let seen = |status: &str| see(&listed(status), &target("A")).unwrap().seen;
        assert_eq!((seen("terminated"), seen("expired")), (Observation::Gone, Observation::Gone));
        assert_eq!((seen("active"), seen("created")), (Observation::StillThere, Observation::StillThere));
        assert_eq!((seen("terminating"), seen("somethingNew")), (Observation::NotTold, Observation::NotTold));
        let missing = |state: &str| {
            let planned = planned(state);
            see(&listed("active"), &Target { planned: Some(&planned), ..target("B") }).unwrap().seen
        };
        assert_eq!((missing("created"), missing("active")), (Observation::Gone, Observation::NotTold));
        let mut page = listed("active");
        page.body =
            json!({ "value": [], "@odata.nextLink": "https://graph.example/x" }).to_string().into_bytes();
        assert!(see(&page, &target("A")).is_none() && ended_now(&page, &target("A")).is_err());
        let one = |status: &str| json!({ "id": "A", "status": status });
        page.body = json!({ "value": [one("terminated"), one("active")] }).to_string().into_bytes();
        assert!(
            see(&page, &target("A")).is_none() && ended_now(&page, &target("A")).is_err(),
            "it is there twice"
        );
    }

    #[test]
    fn a_request_that_failed_at_once_is_not_accepted() {
        let answered = |status: u16, body: &str| {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            EndDelegatedAdmin.understands(&Incoming { status, headers, body: body.as_bytes().to_vec() })
        };
        assert!(answered(204, "") && answered(201, r#"{"action":"terminate","status":"created"}"#));
        assert!(answered(201, r#"{"action":"terminate"}"#));
        assert!(!answered(201, r#"{"action":"terminate","status":"failed"}"#));
        assert!(!answered(201, "[]") && !answered(200, "<html>"));
    }
}
