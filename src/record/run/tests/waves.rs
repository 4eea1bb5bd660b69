//! Who is changed when.

use super::course::*;
use serde_json::json;

fn course(rows: u32, canary: u32) -> Course {
    Course::confirmed(&with_policy(rows, &json!({ "canary": canary })), &[])
}

fn rows(from: u32, to: u32) -> Vec<u32> {
    (from..=to).collect()
}

#[test]
fn a_few_go_ahead_then_five_times_as_many_then_the_rest() {
    for canary in [1, 2] {
        let (second, all) = (6 * canary, 6 * canary + 2);
        let mut course = course(all, canary);
        for (from, to) in [(1, canary), (canary + 1, second), (second + 1, all)] {
            assert_eq!(course.run.due(), rows(from, to));
            assert_eq!(course.run.has_later_waves(), to < all);
            for row in from..=to {
                if to < all {
                    course.assert_illegal(&removal(to + 1), "not of the current wave");
                }
                assert_eq!((course.run.to_change(), course.run.ready()), (all + 1 - row, all + 1 - row));
                course.removes(row);
            }
        }
        assert!(course.run.due().is_empty() && course.run.failures.surprise_in_canary.is_none());
    }
}

#[test]
fn without_waves_all_are_due_at_once_and_a_failure_is_no_surprise() {
    let mut course = course(3, 0);
    assert!(course.run.due() == rows(1, 3) && !course.run.has_later_waves());
    course.removes(3);
    course.fails(1);
    assert_eq!((course.run.due(), course.run.failures.surprise_in_canary), (vec![2], None));
}

#[test]
fn a_failure_or_a_doubt_in_an_early_wave_is_a_surprise() {
    let surprise = |before: u32, outcome: &str| {
        let mut course = course(8, 1);
        (1..=before).for_each(|row| course.removes(row));
        let row = before + 1;
        match outcome {
            "failed" => course.fails(row),
            "unknown" => {
                course.sends(&removal(row), "unclear");
                _ = course.must(&settled(row, "unknown"));
            }
            _ => _ = course.must(&settled(row, outcome)),
        }
        course.run.failures.surprise_in_canary
    };
    for outcome in ["failed", "unknown"] {
        assert_eq!([0, 1, 5, 6].map(|before| surprise(before, outcome)), [Some(1), Some(2), Some(6), None]);
    }
    assert_eq!(surprise(0, "not_attempted"), None);
}

#[test]
fn what_was_begun_is_first_when_the_plan_is_confirmed_again() {
    let mut course = course(9, 1);
    course.removes(1);
    course.sends(&removal(2), "understood");
    course.must(&stopped("guard"));
    course.must(&course.confirmation());
    // The one that is on its way, and one that goes ahead again.
    assert_eq!(course.run.due(), [2, 3]);
    course.assert_illegal(&removal(4), "not of the current wave");
    course.removes(3);
    course.assert_illegal(&removal(4), "not of the current wave");
    course.must(&observed(2, None, "gone"));
    course.must(&settled(2, "removed"));
    assert_eq!(course.run.due(), rows(4, 8));
}

#[test]
fn without_waves_what_was_begun_is_no_early_wave_either() {
    let mut course = course(3, 0);
    course.sends(&removal(1), "refused");
    course.must(&stopped("guard"));
    course.must(&course.confirmation());
    assert_eq!(course.run.due(), rows(1, 3));
    course.must(&settled(1, "failed"));
    assert_eq!(course.run.failures.surprise_in_canary, None);
}

#[test]
fn what_waits_for_a_decision_holds_up_no_wave() {
    let mut course = Course::fallen(8, json!({ "canary": 1 }));
    assert_eq!((course.run.due(), course.run.failures.surprise_in_canary), (rows(2, 6), Some(1)));
    assert_eq!(course.run.to_change(), 7);
    course.must(&stopped("guard"));
    course.must(&course.confirmation());
    assert_eq!(course.run.due(), [2], "it is dealt no wave again");
    course.removes(2);
    assert_eq!(course.run.due(), rows(3, 7));
}

#[test]
fn what_is_still_to_be_changed_is_what_was_not_answered_for_good() {
    let mut course = course(5, 0);
    assert_eq!(course.run.to_change(), 5);
    course.sends(&removal(1), "throttled");
    assert_eq!(course.run.to_change(), 5, "it is sent again");
    course.sends(&removal(2), "understood");
    course.sends(&removal(3), "refused");
    course.must(&removal(4));
    assert_eq!(course.run.to_change(), 2);
    let opened = with_policy(1, &json!({ "suspend_legacy": true }));
    let mut prepared = Course::confirmed(&opened, &[ready_after(1, &["S"])]);
    prepared.sends(&suspension(1, "S"), "understood");
    assert_eq!(prepared.run.to_change(), 1, "its last change is not sent yet");
    let mut each = Course::scheduling(&["S", "T"]);
    each.sends(&scheduling("S"), "refused");
    assert_eq!(each.run.to_change(), 1, "the other is not sent yet");
    each.sends(&scheduling("T"), "understood");
    assert_eq!(each.run.to_change(), 0);
}
