use super::*;
use crate::{
    domain::{Answer, Effect, Outcome, Procedure, RunId, Sha256, TenantId},
    record::{
        Event, Observation, PlanSealed, Record, Rules, RunOpened,
        samples::{first_try, opened, record},
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: Time = Time::from_millis(1_795_166_130_000);

fn ago(seconds: u64) -> Time {
    Time::from_millis(NOW.as_millis() - i64::try_from(seconds * 1000).unwrap())
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// A run with these rows, at 300 requests a minute and with a settle time of five minutes.
fn run(stage: Stage, states: impl IntoIterator<Item = RowState>) -> Run {
    let policy = json!({ "rate": 300, "concurrency": 8, "settle_seconds": 300, "stop_after_failures": 3,
        "max_removals": 9, "max_share": 50 });
    let opened = json!({ "version": "1", "procedure": "remove-relationship", "mode": "run", "changes": true,
        "api_url": "https://api.example", "operator": "dana", "host": "host", "policy": policy, "settings": {},
        "input": { "file": "list.csv", "sha256": Sha256::of(&[b"list"]), "rows": 0, "columns": [] } });
    let opened: RunOpened = serde_json::from_value(opened).unwrap();
    let id = RunId::new(NOW, [1, 2, 3]);
    let record = Record { at: NOW, run: Some(id), event: Event::RunOpened(Box::new(opened)) };
    let mut run = Run::begin(&record).unwrap();
    run.stage = stage;
    for (number, state) in (1..).zip(states) {
        let customer = format!("c0000000-0000-4000-8000-{number:012x}").parse().ok();
        let mut row = Row::new(number, customer);
        row.state = state;
        run.rows.push(row);
    }
    run
}

fn unread() -> RowState {
    RowState::Unread { domain: None }
}

fn ready(seconds_ago: u64) -> RowState {
    RowState::Judged { verdict: Outcome::Ready, facts_at: ago(seconds_ago) }
}

/// A removal that was answered so, so many seconds ago, or whose answer was lost; and looked at.
fn removal(answer: Option<Answer>, seen: Option<Observation>, seconds_ago: u64) -> RowState {
    let at = ago(seconds_ago);
    let mut change = first_try(Effect::RemoveRelationship, None, at);
    match answer {
        Some(answer) => change.answered(answer, Rules::LATEST, at),
        None => change.lost(at),
    }
    if let Some(seen) = seen {
        change.seen(seen, at);
    }
    let mut changing = Changing::new(Outcome::Ready, at);
    changing.changes.push(change);
    RowState::Changing(Box::new(changing))
}

fn many(count: usize, state: fn() -> RowState) -> Vec<RowState> {
    (0..count).map(|_| state()).collect()
}

#[test]
fn reading_takes_what_a_row_costs_at_the_pace_of_now() {
    let run = run(Stage::Judging, many(600, unread));
    let left = |pace, a_row| time_left(&run, pace, a_row, NOW);
    assert_eq!(left(Some(300.0), Some(2.0)), Some(TimeLeft::About(minutes(4))));
    assert_eq!(left(Some(100.0), Some(2.0)), Some(TimeLeft::About(minutes(12))));
    // Nobody asks for a row without an ID.
    let mut run = run.clone();
    run.rows[0].customer = None;
    assert_eq!(
        time_left(&run, Some(300.0), Some(2.0), NOW),
        Some(TimeLeft::About(Duration::from_millis(239_600)))
    );
    // What is not known yet is not said.
    assert_eq!(left(None, Some(2.0)), None);
    assert_eq!(left(Some(300.0), None), None);
}

#[test]
fn changing_takes_a_change_and_a_look() {
    let mut changing = run(Stage::Confirmed, many(300, || ready(60)));
    let left = |run: &Run| time_left(run, Some(300.0), None, NOW);
    assert_eq!(left(&changing), Some(TimeLeft::About(minutes(2))));
    // Whoever's turn comes more than a quarter of an hour after it was read is looked at again first.
    let old = run(Stage::Confirmed, many(300, || ready(1800)));
    assert_eq!(left(&old), Some(TimeLeft::About(minutes(6))));
    // A listing of 3,000 customers costs six requests, and one is taken for every 560 removals.
    let digest = Sha256::of(&[b"plan"]);
    changing.plan = Some(PlanSealed { digest, ready: 300, counted: 3000, customers_of_partner: Some(3000) });
    let Some(TimeLeft::About(left_then)) = left(&changing) else { panic!("it is known") };
    assert_eq!(left_then.as_millis(), 61_842);
    // A guard stopped it: nobody is changed any more.
    changing.stopped_by_guard = Some("enough".to_owned());
    assert_eq!(left(&changing), None);
}

#[test]
fn whoever_is_read_too_long_before_its_turn_is_looked_at_again() {
    // At 60 requests a minute, each customer's turn comes a second after the one before it. With 8 at a time and 300 a
    // minute, facts may be 15 minutes and 6.4 seconds old.
    let old = |count, facts_at: Time| {
        let state = || RowState::Judged { verdict: Outcome::Ready, facts_at };
        let run = run(Stage::Confirmed, (0..count).map(|_| state()));
        WorkLeft::of(&run, Some(60.0), NOW).requests
    };
    assert!((old(907, NOW) - 907.0).abs() < 0.1 && (old(1000, NOW) - (907.0 + 93.0 * 5.0)).abs() < 0.1);
    let limit = NOW.less(Duration::from_millis(906_400));
    let before = limit.less(Duration::from_millis(1));
    assert!((old(1, limit) - 1.0).abs() < 0.1 && (old(1, before) - 5.0).abs() < 0.1);
}

/// What a customer with these preparations and these changes still takes, in requests and in looks at customers.
fn work(first: &[Preparation], changes: Vec<Change>, is_stopped: bool) -> (f64, f64) {
    let mut changing = Changing::new(Outcome::Ready, NOW);
    changing.changes = changes;
    let mut run = run(Stage::Confirmed, [RowState::Changing(Box::new(changing))]);
    run.rows[0].first = first.into();
    run.stopped_by_guard = is_stopped.then(|| "enough".to_owned());
    let work = WorkLeft::of(&run, Some(300.0), NOW);
    (work.requests, work.looks)
}

#[test]
fn each_customer_takes_what_is_still_to_be_sent_and_looked_at() {
    let suspend = |id: &str| Preparation::new(Effect::SuspendSubscription, id.to_owned(), None);
    let first = [suspend("S"), suspend("T")];
    let answered = |mut change: Change, answer| {
        change.answered(answer, Rules::LATEST, NOW);
        change
    };
    let suspension = || first_try(Effect::SuspendSubscription, Some("S"), NOW);
    let removal = || first_try(Effect::RemoveRelationship, None, NOW);
    let accepted = || answered(suspension(), Answer::Understood);
    let did_not_happen = || {
        let mut change = answered(removal(), Answer::Unclear);
        change.seen(Observation::StillThere, NOW);
        change
    };
    let mut unsent = removal();
    unsent.not_sent(NOW);
    // Reading, changing and looking at each, the removal, and the look after it. Once a guard has stopped it, what was
    // sent is seen through, and no more.
    for (sent, going, stopped) in [
        (vec![], (7.0, 1.0), (0.0, 0.0)),
        (vec![suspension()], (5.0, 1.0), (1.0, 0.0)),
        (vec![accepted()], (5.0, 1.0), (1.0, 0.0)),
        (vec![answered(suspension(), Answer::Refused)], (4.0, 1.0), (0.0, 0.0)),
        (vec![answered(suspension(), Answer::Unclear)], (5.0, 1.0), (1.0, 0.0)),
        (vec![answered(suspension(), Answer::Throttled)], (6.0, 1.0), (1.0, 0.0)),
        (vec![accepted(), removal()], (4.0, 1.0), (1.0, 1.0)),
    ] {
        let found = [false, true].map(|is_stopped| work(&first, sent.clone(), is_stopped));
        assert_eq!(found, [going, stopped], "{sent:?}");
    }
    for (last, going, stopped) in [
        (answered(removal(), Answer::Understood), (0.0, 1.0), (0.0, 1.0)),
        (answered(removal(), Answer::Throttled), (1.0, 1.0), (0.0, 1.0)),
        (did_not_happen(), (1.0, 1.0), (0.0, 0.0)),
        (unsent, (1.0, 1.0), (0.0, 0.0)),
        (answered(removal(), Answer::Refused), (0.0, 0.0), (0.0, 0.0)),
    ] {
        let found = [false, true].map(|is_stopped| work(&[], vec![last.clone()], is_stopped));
        assert_eq!(found, [going, stopped], "{last:?}");
    }
}

#[test]
fn what_failed_after_a_preparation_takes_what_is_taken_back() {
    let first = [Preparation::new(Effect::SuspendSubscription, "S".to_owned(), None)];
    let mut suspended = first_try(Effect::SuspendSubscription, Some("S"), NOW);
    suspended.answered(Answer::Understood, Rules::LATEST, NOW);
    let settled = json!({ "row": 1, "outcome": Outcome::Failed, "attempts": 1, "started_at": NOW });
    for (undo, requests) in [(None, 0.0), (Some(false), 0.0), (Some(true), 3.0)] {
        let mut changing = Changing::new(Outcome::Ready, NOW);
        changing.changes = vec![suspended.clone()];
        (changing.failed_after, changing.undo) = (serde_json::from_value(settled.clone()).ok(), undo);
        let mut run = run(Stage::Confirmed, [RowState::Changing(Box::new(changing))]);
        run.rows[0].first = first.clone().into();
        let work = WorkLeft::of(&run, Some(300.0), NOW);
        assert_eq!((work.requests, work.looks), (requests, 0.0), "{undo:?}");
    }
}

#[test]
fn what_is_in_doubt_is_waited_for_and_what_is_accepted_has_a_bound() {
    let after = |states: Vec<RowState>, pace| time_left(&run(Stage::Confirmed, states), pace, None, NOW);
    let seconds = Duration::from_secs;
    let settled = || RowState::Settled(Outcome::Done(Procedure::RemoveRelationship));
    // An answer was lost a minute ago.
    let doubt = || removal(None, None, 60);
    assert_eq!(after(vec![settled(), doubt()], Some(300.0)), Some(TimeLeft::About(seconds(240))));
    assert_eq!(after(vec![settled(), doubt()], None), Some(TimeLeft::About(seconds(240))));
    // The wait is over, and nobody knows what the look shows.
    assert_eq!(after(vec![removal(None, None, 400)], None), None);
    // It was accepted a minute ago, and still shows.
    let shows = || removal(Some(Answer::Understood), Some(Observation::StillThere), 60);
    assert_eq!(after(vec![shows()], Some(300.0)), Some(TimeLeft::AtMost(seconds(240))));
    assert_eq!(after(vec![shows()], None), Some(TimeLeft::AtMost(seconds(240))));
    assert_eq!(after(vec![shows(), removal(None, None, 10)], None), Some(TimeLeft::About(seconds(290))));
    assert_eq!(after(vec![shows(), doubt()], None), Some(TimeLeft::About(seconds(240))));
    // Nobody knows yet whether it shows what was accepted and not looked at; the look takes its turn.
    let unseen = || removal(Some(Answer::Understood), None, 60);
    assert_eq!(after(vec![unseen()], Some(300.0)), Some(TimeLeft::About(Duration::from_millis(200))));
    // Without a pace, a wait is all that is known, and only where it is all that there is.
    assert_eq!(after(vec![settled()], None), None);
    assert_eq!(after(vec![doubt(), ready(1)], None), None);
    // With enough else to do, neither matters.
    let mut busy = many(900, || ready(1));
    busy.extend([shows(), doubt()]);
    let Some(TimeLeft::About(left)) = after(busy, Some(300.0)) else { panic!("it is known") };
    assert!(left >= minutes(6), "{left:?}");
    // What was seen gone needs nothing.
    assert_eq!(after(vec![removal(Some(Answer::Understood), Some(Observation::Gone), 1)], Some(300.0)), None);
}

#[test]
fn nothing_is_said_while_the_service_asks_to_wait_and_before_or_after_the_work() {
    let mut held = run(Stage::Judging, many(600, unread));
    held.held_until = Some(NOW.plus(Duration::from_secs(1)));
    assert_eq!(time_left(&held, Some(300.0), Some(2.0), NOW), None);
    held.held_until = Some(NOW);
    assert!(time_left(&held, Some(300.0), Some(2.0), NOW).is_some());
    for stage in [Stage::Planned, Stage::Sealed] {
        let run = run(stage, many(600, || ready(1)));
        assert_eq!(time_left(&run, Some(300.0), Some(2.0), NOW), None);
    }
}

#[test]
fn what_a_row_costs_is_known_after_ten_and_without_what_came_before_the_first() {
    let mut run = run(Stage::Judging, many(600, unread));
    (run.requests, run.judged) = (20, 5);
    let mut meter = Meter::default();
    let mut look = |requests, judged| {
        run.requests += requests;
        run.judged += judged;
        meter.look(&run, NOW);
        meter.a_row
    };
    // All customers are listed first.
    assert_eq!([look(0, 0), look(30, 0), look(30, 0)], [None; 3]);
    assert_eq!((look(18, 9), look(3, 1)), (None, Some(2.1)));
    assert_eq!(look(42, 20), Some(2.1));
}

#[test]
fn while_everything_waits_and_nothing_is_sent_the_wait_is_what_is_known() {
    let run = run(Stage::Confirmed, [removal(None, None, 60)]);
    let mut meter = Meter::default();
    for seconds in 0..=10 {
        meter.look(&run, NOW.plus(Duration::from_secs(seconds)));
    }
    assert_eq!(meter.per_minute(), Some(0.0));
    assert_eq!(meter.time_left(&run, NOW), Some(TimeLeft::About(minutes(4))));
}

#[test]
fn while_customers_wait_for_an_earlier_wave_nothing_is_said() {
    for (canary, is_said) in [(0, true), (1, false)] {
        let mut opened = opened(2);
        opened["policy"]["canary"] = json!(canary);
        let mut run = Run::begin(&record(&opened)).unwrap();
        let mut seq = 0;
        let mut apply = |run: &mut Run, more: Value| {
            seq += 1;
            run.apply(seq, &record(&more)).unwrap();
        };
        for row in [1, 2] {
            let customer = TenantId::from_bytes([row; 16]);
            apply(&mut run, json!({ "kind": "row_read", "row": row, "customer": customer, "cells": [] }));
        }
        for row in [1, 2] {
            apply(&mut run, json!({ "kind": "judged", "row": row, "verdict": "ready", "facts_at": NOW }));
        }
        let digest = run.plan_digest();
        apply(&mut run, json!({ "kind": "plan_sealed", "digest": digest, "ready": 2, "counted": 2 }));
        apply(&mut run, json!({ "kind": "confirmed", "by": "", "how": "yes", "digest": digest }));
        assert_eq!(time_left(&run, Some(300.0), None, NOW).is_some(), is_said, "{canary}");
    }
}

#[test]
fn the_pace_is_what_was_sent_in_the_last_minute_without_pauses() {
    let mut run = run(Stage::Judging, many(600, unread));
    let mut meter = Meter::default();
    let mut now = NOW;
    let mut go = |run: &mut Run, meter: &mut Meter, seconds: u64, a_second: u64| {
        for _ in 0..seconds * 10 {
            now = now.plus(Duration::from_millis(100));
            if now.as_millis() % 1000 == 0 {
                run.requests += a_second;
                run.judged += 1;
            }
            meter.look(run, now);
        }
        now
    };
    go(&mut run, &mut meter, 9, 5);
    assert_eq!(meter.per_minute(), None);
    let now = go(&mut run, &mut meter, 30, 5);
    assert_eq!(meter.per_minute(), Some(300.0));
    assert!(matches!(meter.time_left(&run, now), Some(TimeLeft::About(left)) if left == minutes(10)));
    go(&mut run, &mut meter, 61, 1);
    assert_eq!(meter.per_minute(), Some(60.0));
    // A pause begins it anew.
    run.held_until = Some(go(&mut run, &mut meter, 0, 0).plus(minutes(1)));
    go(&mut run, &mut meter, 30, 0);
    assert_eq!(meter.per_minute(), None);
    go(&mut run, &mut meter, 31, 2);
    assert_eq!(meter.per_minute(), None);
    go(&mut run, &mut meter, 10, 2);
    assert_eq!(meter.per_minute(), Some(120.0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However a run stands: nothing is said that is no time, more work never takes less, and a faster pace
    /// never takes more.
    #[test]
    fn more_work_takes_longer_and_a_faster_pace_is_quicker(
        rows in proptest::collection::vec(0_u8..6, 1..60), ago in 0_u64..2000, pace in 1_u32..600, more in 1_usize..40,
    ) {
        let state = |kind: &u8| match kind {
            0 | 1 => ready(ago),
            2 => removal(None, None, ago),
            3 => removal(Some(Answer::Understood), None, ago),
            4 => removal(Some(Answer::Empty), Some(Observation::StillThere), ago),
            _ => RowState::Settled(Outcome::Done(Procedure::RemoveRelationship)),
        };
        let took = |run: &Run, pace: f64| match time_left(run, Some(pace), Some(2.0), NOW) {
            Some(TimeLeft::About(left) | TimeLeft::AtMost(left)) => left,
            None => Duration::ZERO,
        };
        let pace = f64::from(pace);
        let few = run(Stage::Confirmed, rows.iter().map(state));
        let many = run(Stage::Confirmed, rows.iter().map(state).chain((0..more).map(|_| ready(ago))));
        prop_assert!(took(&few, pace) <= took(&many, pace));
        prop_assert!(took(&few, pace * 2.0) <= took(&few, pace));
        if let Some(TimeLeft::About(left) | TimeLeft::AtMost(left)) = time_left(&few, Some(pace), None, NOW) {
            prop_assert!(!left.is_zero());
        }
    }
}
