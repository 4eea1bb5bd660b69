//! From which day a customer may go if nobody does anything: never promised where somebody must act.

use crate::support::{Done, Folder, World, id, list_of};
use offboard::{
    domain::{Day, Reason, Time, removable_from},
    partner_center::model::{self, Page, Subscription},
    preconditions::{CustomerFacts, Facts, Licence, LicenceEnd, ListedIdentity, act_by, judge, licences},
    simulator::{Model, Request, Scenario},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A customer, how its row ends, the date that it is given, and what is said of it.
struct Case {
    state: Value,
    end: &'static str,
    from: &'static str,
    says: &'static [&'static str],
}

const FROM: &str = "2099-03-05";
const ACT_BY: &str = "2099-03-01";
const ENDS: &str = "its term ends 2099-03-04 and it then ends";
const RENEWS: &str = "its term ends 2099-03-04 and it then renews itself";
const EXTENDS: &str = "its term ends 2099-03-04 and it then becomes an extended service term, month by month";
const NOT_KNOWN: &str = "its term ends 2099-03-04; what happens then is not known: ";
const ACTIVE: &str = "skipped: active_subscription";

/// Customers with one subscription each that ends on 2099-03-04.
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn cases() -> Vec<Case> {
    let one = |fields: Value| {
        let mut whole = json!({ "kind": "new_commerce", "ends": "2099-03-04" });
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        whole
    };
    let case = |fields: Value, from, says| {
        let state = json!({ "subscriptions": [one(fields)] });
        Case { state, end: ACTIVE, from, says }
    };
    let set = |auto_renew: bool, action: &str| json!({ "auto_renew": auto_renew, "scheduled": [{ "action": action }] });
    let on = |day: &str| json!({ "auto_renew": false, "scheduled": [{ "action": "Cancel", "schedule": "CustomDate", "on": day }] });
    let mut all = vec![
        case(set(false, "Cancel"), FROM, &[ENDS]),
        case(set(true, "RenewToNewTerm"), "", &[RENEWS]),
        case(json!({}), "", &[RENEWS, "or becomes an extended service term"]),
        case(set(true, "Transition"), "", &["and it then becomes another product"]),
        case(json!({ "auto_renew": false }), "", &[EXTENDS]),
        case(set(true, "RenewToExtendedServiceTerm"), "", &[EXTENDS]),
        case(set(false, "RenewToExtendedServiceTerm"), "", &[EXTENDS]),
        case(
            set(false, "Hibernate"),
            "",
            &[NOT_KNOWN, "`Hibernate` is scheduled for it, which is not understood"],
        ),
        case(set(true, "Cancel"), "", &[NOT_KNOWN, "and yet it is set to renew itself"]),
        case(set(false, "RenewToNewTerm"), "", &[NOT_KNOWN, "and yet it is set not to renew itself"]),
        case(json!({ "with": { "autoRenewEnabled": null } }), "", &[NOT_KNOWN, "whether it renews itself"]),
        case(json!({ "with": { "scheduledActions": "Cancel" } }), "", &[NOT_KNOWN, "is not understood"]),
        case(on("2099-03-04"), FROM, &[ENDS]),
        case(on("2099-01-01"), FROM, &["scheduled for 2099-01-01, before its term ends 2099-03-04"]),
        case(on("2099-04-01"), "", &[NOT_KNOWN, "`Cancel` is scheduled for 2099-04-01"]),
        // Bought long before such a thing was extended.
        case(json!({ "auto_renew": false, "term": "P80Y" }), FROM, &[ENDS]),
        case(json!({ "auto_renew": false, "term": "" }), "", &[NOT_KNOWN, "when its term began"]),
        case(json!({ "auto_renew": false, "with": { "productType": { "id": "Software" } } }), FROM, &[ENDS]),
        case(json!({ "auto_renew": false, "trial": true }), "", &[NOT_KNOWN, "may be cancelled on any day"]),
        case(
            json!({ "name": "Visio (Extended Service Term)", "auto_renew": false }),
            "",
            &["goes on as an extended service term", "may be cancelled on any day"],
        ),
        case(
            json!({ "cancellable_until": "2099-01-02" }),
            "",
            &[RENEWS, "may be cancelled until 2099-01-02"],
        ),
        case(
            json!({ "cancellable_until": "2020-01-02" }),
            "",
            &[RENEWS, "may be cancelled until 2020-01-02"],
        ),
        case(json!({ "kind": "legacy" }), "", &[RENEWS]),
        case(json!({ "kind": "legacy", "auto_renew": false }), FROM, &[ENDS]),
    ];
    let other = |kind: &str, auto_renew: bool, end, from, says| {
        let subscription = one(json!({ "kind": kind, "auto_renew": auto_renew }));
        Case { state: json!({ "subscriptions": [subscription] }), end, from, says }
    };
    all.extend([
        other(
            "savings_plan",
            false,
            "skipped: savings_plan",
            FROM,
            &[ENDS, "transferred to another partner"],
        ),
        other("savings_plan", true, "skipped: savings_plan", "", &[RENEWS]),
        other("marketplace", false, "skipped: marketplace_subscription", "", &[NOT_KNOWN]),
        other("azure_plan", false, "skipped: azure_plan", "", &["active, it does not end by itself"]),
    ]);
    let state = |subscriptions: Value, entitlements: Value| json!({ "subscriptions": subscriptions, "entitlements": entitlements });
    let ending = one(set(false, "Cancel"));
    let reservation =
        json!({ "kind": "reserved_instance", "expires": "2099-05-01", "order_status": "completed" });
    all.extend([
        Case {
            state: state(json!([one(json!({ "status": "disabled" }))]), json!([])),
            end: "skipped: disabled_subscription",
            from: FROM,
            says: &["disabled, ", ENDS, "`--allow disabled_subscription`"],
        },
        Case {
            state: state(json!([one(json!({ "status": "disabled", "ends": "2020-01-01" }))]), json!([])),
            end: "ready",
            from: "",
            says: &[],
        },
        Case {
            state: state(
                json!([one(json!({ "status": "odd", "auto_renew": false, "term": "P80Y" }))]),
                json!([]),
            ),
            end: "skipped: unclear_subscription",
            from: "",
            says: &[NOT_KNOWN],
        },
        Case {
            state: state(json!([ending, one(json!({}))]), json!([])),
            end: ACTIVE,
            from: "",
            says: &[ENDS, RENEWS],
        },
        Case {
            state: state(json!([ending]), json!([reservation])),
            end: "skipped: active_subscription;reserved_instance",
            from: "2099-05-02",
            says: &[ENDS, "until 2099-05-01", "transferred to another partner"],
        },
        // The reservation ends; nobody ends the other.
        Case {
            state: state(json!([one(json!({ "kind": "legacy" }))]), json!([reservation])),
            end: "skipped: active_subscription;reserved_instance",
            from: "",
            says: &[RENEWS, "until 2099-05-01"],
        },
    ]);
    all
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap() + 1
}

/// Plans all cases; one customer each, and then the first one again.
fn planned(cases: &[Case]) -> Folder {
    let customers = cases.iter().enumerate().map(|(place, case)| {
        let mut customer = json!({ "id": id(number(place)).to_string() });
        customer.as_object_mut().unwrap().extend(case.state.as_object().unwrap().clone());
        customer
    });
    let world = World::of(&json!({ "customers": customers.collect::<Vec<_>>() }));
    let folder = Folder::new();
    let list = list_of((0..cases.len()).map(|place| id(number(place))).chain([id(1)]));
    folder.write("list.csv", list);
    let arguments = ["plan", "list.csv", "--rate", "600000", "--max-share", "100"];
    Done::of(&folder.against(&world, &arguments).output().unwrap()).exits(0);
    assert!(world.changes().is_empty());
    folder
}

fn cells(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().unwrap().clone();
    let named = |record: csv::StringRecord| {
        headers.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| named(record.unwrap())).collect()
}

#[test]
fn a_date_is_given_only_where_nobody_has_to_act() {
    let cases = cases();
    let folder = planned(&cases);
    let lines = cells(&folder.report("customers.csv"));
    let plan: Value = serde_json::from_str(&folder.report("plan.json")).unwrap();
    for (place, (case, line)) in cases.iter().zip(&lines).enumerate() {
        let end = match &*line["reasons"] {
            "" => line["outcome"].clone(),
            reasons => format!("{}: {reasons}", line["outcome"]),
        };
        assert_eq!(end, case.end, "{}", case.state);
        assert_eq!(line["removable_from"], case.from, "{}: {}", case.state, line["explanation"]);
        // 48 h before the end of what goes on, whatever else stands in the way.
        let goes_on = ["and it then renews", "and it then becomes", "and it then goes on"];
        let act_by = if goes_on.iter().any(|part| line["explanation"].contains(part)) { ACT_BY } else { "" };
        assert_eq!(line["act_by"], act_by, "{}: {}", case.state, line["explanation"]);
        for part in case.says {
            assert!(line["explanation"].contains(part), "{part}: {}", line["explanation"]);
        }
        // What is approved says the same.
        let decision = &plan["decisions"][place]["decision"];
        let findings = decision["findings"].as_array().cloned().unwrap_or_default();
        let dated = findings.iter().filter_map(|finding| finding["ends"]["on"].as_str());
        let latest = dated.clone().max().unwrap_or_default();
        let is_dated = dated.count() == findings.len();
        assert_eq!(if is_dated { latest } else { "" }, case.from, "{decision}");
    }
}

#[test]
fn the_report_counts_those_who_have_no_date() {
    let cases = cases();
    let folder = planned(&cases);
    let page = folder.report("report.html");
    let dated = cases.iter().filter(|case| !case.from.is_empty()).count();
    let skipped = cases.iter().filter(|case| case.end != "ready").count();
    let lines = cells(&folder.report("customers.csv"));
    let to_act = lines.iter().filter(|line| !line["act_by"].is_empty()).count();
    let no_date = skipped - dated;
    // The row that stands in the list twice is skipped as well, and waits for nobody.
    let all = skipped + 1;
    assert!(page.contains(&format!("Of {all} skipped, {dated} may go even if nobody does anything")));
    assert!(page.contains(&format!("{to_act} have subscriptions that go on unless somebody acts")));
    let rest = no_date - to_act;
    assert!(to_act > 0 && rest > 0);
    assert!(page.contains(&format!("{rest} of {all} skipped have no date: somebody must act")));
    assert_eq!(page.matches("<p>May go from <time").count(), dated);
    assert_eq!(page.matches("<p>No date: somebody must act").count(), no_date);
}

#[test]
fn nobody_vanishes_when_nobody_has_a_date() {
    let staying = || {
        let state = json!({ "subscriptions": [{ "kind": "azure_plan" }] });
        Case { state, end: "skipped: azure_plan", from: "", says: &[] }
    };
    let page = planned(&[staying(), staying()]).report("report.html");
    assert!(page.contains("When the rest can go"));
    assert!(page.contains("2 of 3 skipped have no date: somebody must act"), "{page}");
    assert!(!page.contains("may go even if nobody does anything"));
}

#[test]
fn what_is_disabled_can_be_left_to_the_service() {
    let world = World::of(&json!({ "customers": [
        { "id": id(1).to_string(), "subscriptions": [{ "kind": "new_commerce", "status": "disabled" }] },
    ] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &["--allow", "disabled_subscription"]).exits(0);
    assert_eq!(folder.ends(), ["removed"]);
    assert_eq!(folder.report("retry.csv").lines().count(), 1);
    folder.offboard(&["verify"]).exits(8);
}

/// A simulated customer, and what is read of it.
struct Simulated {
    model: Model,
    at: String,
}

impl Simulated {
    fn of(subscriptions: &[Value]) -> Self {
        let customer = json!({ "id": id(1).to_string(), "subscriptions": subscriptions });
        let scenario = Scenario::from_json(&json!({ "customers": [customer] }).to_string()).unwrap();
        Self { model: Model::new(scenario), at: format!("/v1/customers/{}", id(1)) }
    }

    fn send(&mut self, now: Time, method: &str, under: &str, body: &str) -> (u16, Vec<u8>) {
        let request = Request {
            method: method.to_owned(),
            target: format!("{}{under}", self.at),
            headers: vec![("authorization".to_owned(), "Bearer x".to_owned())],
            body: body.as_bytes().to_vec(),
        };
        let reply = self.model.handle(now, &request);
        (reply.status, reply.body)
    }

    fn facts(&mut self, now: Time) -> Facts {
        let (status, body) = self.send(now, "GET", "/subscriptions", "");
        assert_eq!(status, 200);
        let customer = CustomerFacts { relationship: "reseller".to_owned(), ..CustomerFacts::default() };
        let mut facts = Facts::new(now, customer);
        facts.subscriptions = model::read::<Page<Subscription>>(&body).unwrap().items;
        facts
    }

    fn remove(&mut self, now: Time) -> u16 {
        let body = r#"{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#;
        self.send(now, "PATCH", "", body).0
    }
}

fn any_of(values: &[Value]) -> impl Strategy<Value = Value> + use<> {
    prop::sample::select(values.to_vec())
}

prop_compose! {
    fn some_subscription()(
        kind in any_of(&[json!("new_commerce"), json!("new_commerce"), json!("legacy"), json!("savings_plan"),
            json!("marketplace"), json!("azure_plan")]),
        status in any_of(&[json!("active"), json!("active"), json!("suspended"), json!("deleted")]),
        ends in any_of(&[json!("2026-11-21"), json!("2026-11-23"), json!("2026-12-31"), json!("2027-03-04"),
            json!("2028-03-30"), json!("2028-04-02")]),
        term in any_of(&[Value::Null, json!("P1M"), json!("P1Y"), json!("P3Y")]),
        renews in any_of(&[json!(true), json!(false)]),
        scheduled in any_of(&[Value::Null, Value::Null, json!("Cancel"), json!("RenewToNewTerm"),
            json!("RenewToExtendedServiceTerm"), json!("Transition")]),
        trial in any::<bool>(),
    ) -> Value {
        let scheduled = if scheduled.is_null() { Value::Null } else { json!([{ "action": scheduled }]) };
        json!({ "kind": kind, "status": status, "ends": ends, "term": term, "auto_renew": renews,
            "scheduled": scheduled, "trial": trial && kind == "new_commerce" })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// The simulator's calendar goes on, and nobody does anything.
    #[test]
    fn on_the_day_that_is_promised_the_customer_really_may_go(
        subscriptions in prop::collection::vec(some_subscription(), 1..4),
    ) {
        let planned: Time = "2026-11-20T09:15:30Z".parse().unwrap();
        let mut simulated = Simulated::of(&subscriptions);
        let facts = simulated.facts(planned);
        let findings = judge(&facts, &ListedIdentity::default(), &[]).findings;
        if let Some(day) = removable_from(&findings) {
            prop_assert_eq!(simulated.remove(day.begins()), 200, "{:?} on {}", &subscriptions, day);
        }
    }

    /// Whatever is scheduled in the last moment of that day is still taken by the service.
    #[test]
    fn until_the_day_that_is_named_somebody_can_really_act(
        subscriptions in prop::collection::vec(some_subscription(), 1..4),
    ) {
        let planned: Time = "2026-11-20T09:15:30Z".parse().unwrap();
        let mut simulated = Simulated::of(&subscriptions);
        let facts = simulated.facts(planned);
        // What is not known goes on or not; no day is promised for it.
        let is_known = |licence: &Licence| !matches!(licence.end, LicenceEnd::Blocked(_));
        prop_assume!(licences(&facts).all(|licence| is_known(&licence)));
        let Some(day) = act_by(&facts).filter(|day| *day >= planned.day()) else { return Ok(()) };
        let last = Time::from_millis(day.next().begins().as_millis() - 1);
        let later = simulated.facts(last);
        for licence in licences(&later) {
            let is_too_late = licence.end == LicenceEnd::Blocked(Reason::TermEndTooClose);
            prop_assert!(!is_too_late, "{:?} on {}", &subscriptions, day);
            if !matches!(licence.end, LicenceEnd::GoesOn { .. }) {
                continue;
            }
            let under = format!("/subscriptions/{}", licence.id);
            let (_, read) = simulated.send(last, "GET", &under, "");
            let mut body: Value = serde_json::from_slice(&read).unwrap();
            body["autoRenewEnabled"] = json!(false);
            body["scheduledActions"] = json!([{ "scheduleType": "TermEnd", "actionType": "Cancel" }]);
            prop_assert_eq!(simulated.send(last, "PATCH", &under, &body.to_string()).0, 200, "{:?}", &subscriptions);
        }
        let set: Vec<Day> = licences(&simulated.facts(last)).filter_map(|licence| match licence.end {
            LicenceEnd::GoesOn { term, .. } => Some(term.last_day),
            _ => None,
        }).collect();
        prop_assert!(set.is_empty(), "{:?} goes on: {:?}", &subscriptions, set);
    }
}
