//! What a programme says after several runs, from their records alone.

use super::*;
use crate::{
    domain::Outcome,
    record::samples::{self, record_of},
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A run of a log: when it began, in days from the first, and what it did.
#[derive(Clone, Debug)]
struct Given {
    log: usize,
    day: u32,
    procedure: &'static str,
    mode: &'static str,
    partner: u32,
    /// What it recorded of row 1.
    records: Vec<Value>,
}

const REMOVE: &str = "remove-relationship";
const CANCEL: &str = "cancel-at-term-end";

fn customer(n: u32) -> TenantId {
    format!("0a0b0c0d-1111-4222-8333-{n:012}").parse().unwrap()
}

fn at(day: u32, minute: u32) -> String {
    let first: Day = "2026-07-01".parse().unwrap();
    format!("{}T09:{minute:02}:00.000Z", first.plus_days(day))
}

fn given(day: u32, procedure: &'static str, records: Vec<Value>) -> Given {
    Given { log: 0, day, procedure, mode: "run", partner: 1, records }
}

/// With these fields besides, or instead.
fn add(whole: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("{more} has no fields") };
    whole.as_object_mut().unwrap().extend(more);
}

fn judged(day: u32, verdict: &str, more: Value) -> Value {
    let mut whole = json!({ "kind": "judged", "at": at(day, 1), "row": 1, "verdict": verdict, "name": "Contoso",
        "relationship": "reseller", "facts_at": at(day, 1) });
    add(&mut whole, more);
    whole
}

fn settled(day: u32, outcome: &str, more: Value) -> Value {
    let mut whole = json!({ "kind": "settled", "at": at(day, 5), "row": 1, "customer": customer(1), "outcome": outcome,
        "attempts": 1, "started_at": at(day, 1) });
    add(&mut whole, more);
    whole
}

/// One subscription that goes on, or ends with its term.
fn active(day: u32, then: &str, more: Value) -> Vec<Value> {
    let cause = json!({ "what": "subscription", "id": "sub-1",
        "detail": format!("active, its term ends 2026-12-31 and it then {then}") });
    let finding = json!({ "reason": "active_subscription", "causes": [cause], "ends": "by_action" });
    let why = json!({ "reasons": ["active_subscription"], "explanation": "active_subscription: one" });
    let mut end = settled(day, "skipped", why);
    add(&mut end, more);
    vec![judged(day, "skipped", json!({ "findings": [finding] })), end]
}

fn removed(day: u32) -> Vec<Value> {
    let done = json!({ "evidence": "observed" });
    vec![judged(day, "ready", json!({})), settled(day, "removed", done)]
}

fn scheduled(day: u32) -> Vec<Value> {
    let first =
        json!([{ "what": "schedule_cancellation", "id": "sub-1", "term": { "last_day": "2026-12-31" } }]);
    vec![judged(day, "ready", json!({ "first": first })), settled(day, "scheduled", json!({}))]
}

fn found_gone(day: u32) -> Vec<Value> {
    let gone = judged(day, "already_removed", json!({ "relationship": "none" }));
    vec![gone, settled(day, "already_removed", json!({ "evidence": "observed" }))]
}

fn id(run: &Given) -> String {
    let first: Day = "2026-07-01".parse().unwrap();
    format!("{}-090000-aaaa{:02}", first.plus_days(run.day).to_string().replace('-', ""), run.partner)
}

fn told(run: &Given) -> (RunStory, CustomerStory) {
    let name = id(run);
    let record = |value: &Value| record_of(Some(&name), value);
    let mut opened = samples::opened(1);
    let more = json!({ "at": at(run.day, 0), "procedure": run.procedure, "mode": run.mode, "rules": 2,
        "ticket": format!("CHG-{}", run.day), "operator": "dana" });
    add(&mut opened, more);
    let mut story = RunStory::begin(0, &record(&opened)).unwrap();
    let partner = json!({ "kind": "partner_identified", "tenant_id": customer(900 + run.partner),
        "name": format!("Partner {}", run.partner), "basis": 0 });
    story.take(1, &record(&partner));
    let confirmed = json!({ "kind": "confirmed", "by": "alex", "how": "typed", "digest": "0".repeat(64) });
    story.take(2, &record(&confirmed));
    let mut row = CustomerStory::of(&story, 1);
    let read = json!({ "kind": "row_read", "at": at(run.day, 0), "row": 1, "customer": customer(1), "name": "Listed",
        "cells": [] });
    for (seq, value) in (3..).zip([&read].into_iter().chain(&run.records)) {
        row.take(seq, &record(value));
    }
    (story, row)
}

/// The programme of these runs; `order` says in which they are taken.
fn programme(runs: &[Given], order: &[usize]) -> Programme {
    let mut programme = Programme { logs: vec!["a.db".into(), "b.db".into()], ..Programme::default() };
    let stories: Vec<_> = runs.iter().map(told).collect();
    let mut by_day: Vec<_> = (0..runs.len()).collect();
    by_day.sort_by_key(|at| (runs[*at].day, *at));
    let mut numbers = vec![None; runs.len()];
    for at in by_day {
        numbers[at] = programme.begin(runs[at].log, &stories[at].0);
    }
    for at in order {
        if let Some(number) = numbers[*at] {
            programme.take(number, runs[*at].log, &stories[*at].1);
        }
    }
    programme
}

/// What is said of the one customer: its state, what is to come, since when, by which run, and what contradicts what.
fn said(programme: &Programme, today: &str) -> (String, Prospect, String, Vec<&'static str>) {
    let view = ProgrammeView::new(programme, None, today.parse().unwrap());
    let all: Vec<_> = view.customers().collect();
    let [one] = &all[..] else { panic!("{} customers", all.len()) };
    let by = one.run.map(|run| format!("{} {}", one.since.unwrap().day(), run.ticket.as_deref().unwrap()));
    let contradictions = one.contradictions.iter().map(Contradiction::name).collect();
    (one.state.as_str().to_owned(), one.prospect, by.unwrap_or_default(), contradictions)
}

fn after(runs: &[Given], today: &str) -> (String, Prospect, String, Vec<&'static str>) {
    let order: Vec<_> = (0..runs.len()).collect();
    said(&programme(runs, &order), today)
}

fn expected(
    state: &str,
    prospect: Prospect,
    by: &str,
    contradictions: &[&'static str],
) -> (String, Prospect, String, Vec<&'static str>) {
    (state.to_owned(), prospect, by.to_owned(), contradictions.to_vec())
}

const TODAY: &str = "2026-11-27";

#[test]
fn who_was_removed_stays_so_whatever_later_runs_are_about() {
    let gdap = given(40, "end-delegated-admin", vec![settled(40, "ended", json!({}))]);
    let not_reached =
        given(50, REMOVE, vec![settled(50, "not_attempted", json!({ "reasons": ["run_stopped"] }))]);
    let runs = [given(10, REMOVE, removed(10)), given(30, REMOVE, found_gone(30)), gdap, not_reached];
    assert_eq!(after(&runs, TODAY), expected("removed", Prospect::Gone, "2026-07-11 CHG-10", &[]));
}

#[test]
fn whoever_comes_back_is_not_gone_until_a_run_ends_it_again() {
    let back = given(30, REMOVE, active(30, "renews itself", json!({ "act_by": "2026-12-28" })));
    let mut runs = vec![given(10, REMOVE, removed(10)), back];
    let waits = expected("skipped", Prospect::AwaitsAnAct, "2026-07-31 CHG-30", &["came_back"]);
    assert_eq!(after(&runs, TODAY), waits);
    runs.push(given(60, REMOVE, removed(60)));
    assert_eq!(after(&runs, TODAY), expected("removed", Prospect::Gone, "2026-08-30 CHG-60", &["came_back"]));
    let order = [0, 1, 2];
    let programme = programme(&runs, &order);
    let view = ProgrammeView::new(&programme, None, TODAY.parse().unwrap());
    let text = view.customers().next().unwrap().contradictions[0].in_words();
    assert!(text.ends_with(", and gone again since"), "{text}");
}

#[test]
fn what_was_scheduled_and_renews_again_is_a_contradiction_unless_it_was_taken_back() {
    let renews = |day| given(day, REMOVE, active(day, "renews itself", json!({ "act_by": "2026-12-28" })));
    let ends = |day| given(day, REMOVE, active(day, "ends", json!({ "removable_from": "2027-01-01" })));
    let schedule = given(10, CANCEL, scheduled(10));
    // The terms that were scheduled say from when another run is worth it.
    assert_eq!(
        after(std::slice::from_ref(&schedule), TODAY),
        expected("scheduled", Prospect::Unplanned, "2026-07-11 CHG-10", &[])
    );
    assert_eq!(after(std::slice::from_ref(&schedule), "2027-01-01").1, Prospect::Due);
    assert_eq!(
        after(&[schedule.clone(), ends(20)], TODAY),
        expected("skipped", Prospect::Dated, "2026-07-21 CHG-20", &[])
    );
    assert_eq!(
        after(&[schedule.clone(), renews(20)], TODAY),
        expected("skipped", Prospect::AwaitsAnAct, "2026-07-21 CHG-20", &["goes_on_again"])
    );
    // Scheduled once more, or seen to end after all.
    for later in [given(30, CANCEL, scheduled(30)), ends(30)] {
        let contradictions = after(&[schedule.clone(), renews(20), later], TODAY).3;
        assert!(contradictions.is_empty(), "{contradictions:?}");
    }
    let undo = given(
        15,
        "undo-cancel-at-term-end",
        vec![judged(15, "ready", json!({})), settled(15, "restored", json!({}))],
    );
    assert!(after(&[schedule.clone(), undo, renews(20)], TODAY).3.is_empty());
    // Another subscription was never scheduled.
    let other = judged(
        20,
        "skipped",
        json!({ "findings": [{ "reason": "active_subscription", "ends": "by_action",
        "causes": [{ "what": "subscription", "id": "sub-2", "detail": "active, its term ends 2026-12-31 and it then renews itself" }] }] }),
    );
    let end = settled(20, "skipped", json!({ "reasons": ["active_subscription"] }));
    assert!(after(&[schedule, given(20, REMOVE, vec![other, end])], TODAY).3.is_empty());
}

#[test]
fn what_a_person_found_out_counts() {
    let mut records =
        vec![judged(10, "ready", json!({})), settled(10, "unknown", json!({ "reasons": ["answer_lost"] }))];
    let unknown = given(10, REMOVE, records.clone());
    assert_eq!(after(&[unknown], TODAY), expected("unknown", Prospect::InDoubt, "2026-07-11 CHG-10", &[]));
    records.push(
        json!({ "kind": "resolved", "at": at(12, 0), "row": 1, "customer": customer(1), "outcome": "removed",
        "by": "dana", "host": "desk", "because": "seen", "advice": "" }),
    );
    assert_eq!(
        after(&[given(10, REMOVE, records)], TODAY),
        expected("removed", Prospect::Gone, "2026-07-13 CHG-10", &[])
    );
}

#[test]
fn what_only_tried_or_was_never_real_says_nothing() {
    let dated = given(10, REMOVE, active(10, "ends", json!({ "removable_from": "2026-11-01" })));
    let unread =
        given(20, REMOVE, vec![settled(20, "failed", json!({ "reasons": ["service_unavailable"] }))]);
    let other = given(25, REMOVE, vec![settled(25, "skipped", json!({ "reasons": ["other_reseller"] }))]);
    let rehearsed = Given { mode: "rehearsal", ..given(30, REMOVE, removed(30)) };
    let now = expected("skipped", Prospect::Due, "2026-07-11 CHG-10", &[]);
    assert_eq!(after(&[dated, unread.clone(), other, rehearsed.clone()], TODAY), now);
    // Where nothing else is known, that somebody tried is.
    assert_eq!(after(&[unread], TODAY).0, "failed");
    let nobody = programme(&[rehearsed], &[0]);
    assert!(nobody.runs().is_empty());
    assert_eq!(
        nobody.left_out(),
        ["1 run was made against the built-in simulator, and says nothing of real customers"]
    );
}

#[test]
fn two_copies_of_a_log_are_one_and_what_they_say_differently_is_said() {
    let run = given(10, REMOVE, removed(10));
    let copy = Given { log: 1, ..run.clone() };
    assert_eq!(
        after(&[run.clone(), copy], TODAY),
        expected("removed", Prospect::Gone, "2026-07-11 CHG-10", &[])
    );
    let failed = vec![
        judged(10, "ready", json!({})),
        settled(10, "failed", json!({ "reasons": ["refused_by_service"] })),
    ];
    let other = Given { log: 1, records: failed, ..run.clone() };
    for runs in [[run.clone(), other.clone()], [other, run.clone()]] {
        assert_eq!(after(&runs, TODAY).3, ["logs_differ"]);
    }
    // What a copy does not have yet is no difference.
    let older = Given { log: 1, records: vec![judged(10, "ready", json!({}))], ..run.clone() };
    assert_eq!(after(&[older, run], TODAY), expected("removed", Prospect::Gone, "2026-07-11 CHG-10", &[]));
}

#[test]
fn gone_for_one_partner_is_not_gone_for_another() {
    let gone = given(10, REMOVE, removed(10));
    let stays = Given { partner: 2, ..given(5, REMOVE, active(5, "renews itself", json!({}))) };
    for runs in [[gone.clone(), stays.clone()], [stays, gone]] {
        let found = after(&runs, TODAY);
        assert_eq!(
            found,
            expected("skipped", Prospect::AwaitsAnAct, "2026-07-06 CHG-5", &["stays_elsewhere"])
        );
    }
}

/// Whoever plans something else takes nothing back that a plan of removals said.
#[test]
fn another_procedure_leaves_what_a_removal_was_told() {
    let ready = given(5, REMOVE, vec![judged(5, "ready", json!({})), settled(5, "ready", json!({}))]);
    let nothing = vec![judged(8, "already_scheduled", json!({})), settled(8, "already_scheduled", json!({}))];
    let cancel = given(8, CANCEL, nothing);
    for runs in [[ready.clone(), cancel.clone()], [cancel, ready]] {
        assert_eq!(after(&runs, TODAY), expected("ready", Prospect::Due, "2026-07-06 CHG-5", &[]));
    }
}

/// Who knows no relationship says nothing of that with another partner.
#[test]
fn another_partner_that_knows_nothing_is_no_news() {
    let gone = given(5, REMOVE, removed(5));
    let reasons = json!({ "reasons": ["no_relationship"] });
    let absent =
        vec![judged(10, "skipped", json!({ "relationship": null })), settled(10, "skipped", reasons)];
    let nothing = Given { partner: 2, ..given(10, REMOVE, absent) };
    for runs in [[gone.clone(), nothing.clone()], [nothing, gone]] {
        assert_eq!(after(&runs, TODAY), expected("removed", Prospect::Gone, "2026-07-06 CHG-5", &[]));
    }
}

fn unknown_to_the_service(day: u32) -> Vec<Value> {
    let why = json!({ "reasons": ["no_relationship"], "explanation": "no_relationship: ask" });
    vec![judged(day, "skipped", json!({ "relationship": null })), settled(day, "skipped", why)]
}

/// What is said of the one customer.
fn explained(runs: &[Given]) -> String {
    let order: Vec<_> = (0..runs.len()).collect();
    let programme = programme(runs, &order);
    let view = ProgrammeView::new(&programme, None, TODAY.parse().unwrap());
    view.customers().next().unwrap().explanation.into_owned()
}

#[test]
fn whoever_was_seen_and_is_unknown_later_is_gone_by_no_run_of_ours() {
    let seen = given(5, REMOVE, active(5, "renews itself", json!({ "act_by": "2026-12-28" })));
    let unknown = |day| given(day, REMOVE, unknown_to_the_service(day));
    let by_another = Given { procedure: CANCEL, ..unknown(10) };
    let gone = expected("already_removed", Prospect::Gone, "2026-07-11 CHG-10", &[]);
    for later in [unknown(10), by_another] {
        for runs in [vec![seen.clone(), later.clone(), unknown(30)], vec![unknown(30), later, seen.clone()]] {
            assert_eq!(after(&runs, TODAY), gone);
            assert_eq!(
                explained(&runs),
                format!(
                    "It was gone already when run {} (log a.db) looked on 2026-07-11. Run {} (log a.db) saw it last, on \
                     2026-07-06; no run of \
                     these logs is known to have ended it since.",
                    id(&unknown(10)),
                    id(&seen)
                )
            );
        }
    }
    // Nobody has seen it, or not before, or only with another partner: it may be the wrong ID.
    let stays = |by: &str| expected("skipped", Prospect::Stays, by, &[]);
    assert_eq!(after(&[unknown(3)], TODAY), stays("2026-07-04 CHG-3"));
    assert_eq!(after(&[unknown(3), seen.clone()], TODAY).1, Prospect::AwaitsAnAct);
    let elsewhere = Given { partner: 2, ..seen.clone() };
    assert_eq!(after(&[elsewhere, unknown(10)], TODAY).1, Prospect::AwaitsAnAct);
    // Whom a run of ours ended is still that run's.
    let ended = after(&[seen.clone(), given(7, REMOVE, removed(7)), unknown(10)], TODAY);
    assert_eq!(ended, expected("removed", Prospect::Gone, "2026-07-08 CHG-7", &[]));
    // It was accepted anew.
    let back = given(40, REMOVE, active(40, "renews itself", json!({})));
    let text = after(&[seen.clone(), unknown(10), back], TODAY);
    assert_eq!(text, expected("skipped", Prospect::AwaitsAnAct, "2026-08-10 CHG-40", &["came_back"]));
    // One that was found gone is told in the same words.
    assert!(explained(&[given(10, REMOVE, found_gone(10))]).ends_with("looked on 2026-07-11."));
    assert!(explained(&[seen, given(10, REMOVE, found_gone(10))]).contains("saw it last, on 2026-07-06"));
}

#[test]
fn a_plan_that_no_longer_holds_is_a_reason_for_another() {
    let because = |reasons: Value| {
        let end = settled(10, "skipped", json!({ "reasons": reasons }));
        after(&[given(10, REMOVE, vec![judged(10, "skipped", json!({})), end])], TODAY).1
    };
    assert_eq!(because(json!(["changed_since_plan"])), Prospect::Due);
    // What stands in the way now is what counts.
    assert_eq!(because(json!(["changed_since_plan", "active_subscription"])), Prospect::AwaitsAnAct);
    assert_eq!(because(json!(["active_subscription"])), Prospect::AwaitsAnAct);
}

#[test]
fn a_reseller_that_a_customer_has_no_more_is_not_told() {
    let of = |day: u32, more: Value| {
        given(day, REMOVE, vec![judged(day, "ready", more), settled(day, "ready", json!({}))])
    };
    let reseller = of(5, json!({ "reseller": { "mpn_id": "5200011", "name": "Blue Harbor" } }));
    let told = |runs: &[Given]| {
        let order: Vec<_> = (0..runs.len()).collect();
        let programme = programme(runs, &order);
        let view = ProgrammeView::new(&programme, None, TODAY.parse().unwrap());
        view.customers().next().unwrap().reseller.map(|reseller| reseller.mpn_id.clone())
    };
    assert_eq!(told(&[of(3, json!({})), reseller.clone()]).as_deref(), Some("5200011"));
    let none = of(8, json!({}));
    for runs in [[reseller.clone(), none.clone()], [none, reseller.clone()]] {
        assert_eq!(told(&runs), None);
    }
    // Whoever is gone has none to be read.
    for later in [found_gone(9), unknown_to_the_service(9)] {
        assert_eq!(told(&[reseller.clone(), given(9, REMOVE, later)]).as_deref(), Some("5200011"));
    }
}

#[test]
fn what_two_logs_say_that_people_found_out_is_compared() {
    let resolved = |at: &str, outcome: &str| {
        json!({ "kind": "resolved", "at": at, "row": 1, "customer": customer(1), "outcome": outcome, "by": "dana",
            "host": "desk", "because": "seen", "advice": "" })
    };
    let run = |log: usize, found: &[Value]| {
        let lost = settled(10, "unknown", json!({ "reasons": ["answer_lost"] }));
        let records = [&[judged(10, "ready", json!({})), lost], found].concat();
        Given { log, ..given(10, REMOVE, records) }
    };
    let (gone, stays) = (resolved(&at(12, 0), "removed"), resolved(&at(13, 0), "failed"));
    let (ours, theirs) = (run(0, std::slice::from_ref(&gone)), run(1, std::slice::from_ref(&stays)));
    for runs in [[ours.clone(), theirs.clone()], [theirs, ours.clone()]] {
        assert_eq!(after(&runs, TODAY).3, ["logs_differ"]);
        let programme = programme(&runs, &[0, 1]);
        let view = ProgrammeView::new(&programme, None, TODAY.parse().unwrap());
        assert_eq!(
            view.customers().next().unwrap().contradictions[0].in_words(),
            format!(
                "what run {} did not know was resolved as removed on 2026-07-13 in the log a.db, and as failed on \
                 2026-07-14 in the log b.db: look at the customer in Partner Center",
                id(&ours)
            )
        );
    }
    // An older copy has less of the same, and two who found out the same agree.
    for other in [run(1, &[]), run(1, &[gone.clone(), stays]), run(1, &[resolved(&at(14, 0), "removed")])] {
        assert!(after(&[ours.clone(), other], TODAY).3.is_empty());
    }
}

/// A copy that was made before somebody confirmed the run knows nobody who did.
#[test]
fn who_confirmed_is_what_the_fuller_copy_says() {
    let (story, row) = told(&given(10, REMOVE, removed(10)));
    let mut older = story.clone();
    older.confirmed.clear();
    for order in [[&older, &story], [&story, &older]] {
        let mut programme = Programme { logs: vec!["a.db".into(), "b.db".into()], ..Programme::default() };
        for (log, story) in order.into_iter().enumerate() {
            let number = programme.begin(log, story).unwrap();
            programme.take(number, log, &row);
        }
        assert_eq!(programme.runs().len(), 1);
        assert_eq!(programme.runs()[0].confirmed_by, ["alex"]);
    }
}

#[test]
fn a_list_has_its_own_customers_and_those_that_nobody_tried() {
    let programme = programme(&[given(10, REMOVE, removed(10))], &[0]);
    let listed =
        |n, name: &str| CustomerOfList { tenant: customer(n), name: Some(name.to_owned()), domain: None };
    let list = ProgrammeList {
        file: "list.csv".into(),
        customers: vec![listed(2, "Two"), listed(1, "One")],
        rejected: 1,
    };
    let view = ProgrammeView::new(&programme, Some(&list), TODAY.parse().unwrap());
    let all: Vec<_> = view.customers().map(|one| (one.called(), one.state.as_str())).collect();
    assert_eq!(all, [("Two".to_owned(), "not_tried"), ("Contoso".to_owned(), "removed")]);
    let sums = ProgrammeSums::of(&view);
    assert!(!sums.is_done());
    assert_eq!(
        sums.in_words(),
        "Of these 2 customers, 1 is gone, 1 was never tried. 1 row of the list names no customer: `offboard check` lists them."
    );
    let short = ProgrammeList { customers: vec![listed(2, "Two")], ..ProgrammeList::default() };
    let view = ProgrammeView::new(&programme, Some(&short), TODAY.parse().unwrap());
    assert_eq!(view.not_listed(), 1);
    assert_eq!(ProgrammeSums::of(&view).in_words(), "Of this 1 customer, none is gone, 1 was never tried.");
}

fn some_run() -> impl Strategy<Value = Given> {
    let kinds = 0..8_u32;
    (1..28_u32, kinds, 0..2_usize, 1..3_u32).prop_map(|(day, kind, log, partner)| {
        // Each run has a day of its own, or it is the same run.
        let day = day * 8 + kind;
        let (procedure, records) = match kind {
            0 => (REMOVE, removed(day)),
            1 => (REMOVE, found_gone(day)),
            2 => (REMOVE, active(day, "renews itself", json!({ "act_by": "2026-12-28" }))),
            3 => (REMOVE, active(day, "ends", json!({ "removable_from": "2026-11-01" }))),
            4 => (CANCEL, scheduled(day)),
            5 => (REMOVE, vec![settled(day, "not_attempted", json!({ "reasons": ["run_stopped"] }))]),
            6 => (
                "undo-cancel-at-term-end",
                vec![judged(day, "ready", json!({})), settled(day, "restored", json!({}))],
            ),
            _ => (
                REMOVE,
                vec![
                    judged(day, "ready", json!({})),
                    settled(day, "failed", json!({ "reasons": ["refused_by_service"] })),
                ],
            ),
        };
        Given { log, partner, ..given(day, procedure, records) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Nor does it matter that one is taken twice.
    #[test]
    fn the_order_in_which_runs_are_taken_does_not_matter(
        runs in prop::collection::vec(some_run(), 1..9),
        shuffle in prop::collection::vec(any::<u32>(), 9),
    ) {
        let mut order: Vec<usize> = (0..runs.len()).collect();
        let straight = said(&programme(&runs, &order), TODAY);
        order.sort_by_key(|at| shuffle[*at]);
        order.push(order[0]);
        prop_assert_eq!(said(&programme(&runs, &order), TODAY), straight);
    }

    /// The latest of those runs that say whether it is there decides, partner by partner.
    #[test]
    fn it_is_gone_if_the_latest_that_looked_says_so(runs in prop::collection::vec(some_run(), 1..9)) {
        let order: Vec<usize> = (0..runs.len()).collect();
        let mut gone: HashMap<u32, bool> = HashMap::new();
        let mut sorted = runs.clone();
        sorted.sort_by_key(|run| run.day);
        for run in &sorted {
            let end = run.records.last().unwrap()["outcome"].as_str().unwrap().to_owned();
            let is_told = end != "not_attempted";
            let is_gone = matches!(&*end, "removed" | "already_removed");
            if is_told {
                gone.insert(run.partner, is_gone);
            }
        }
        let is_gone = !gone.is_empty() && gone.values().all(|gone| *gone);
        let (state, prospect, ..) = said(&programme(&runs, &order), TODAY);
        prop_assert_eq!(prospect == Prospect::Gone, is_gone);
        prop_assert_eq!(Outcome::from_name(&state).unwrap().is_gone(), is_gone);
    }
}
