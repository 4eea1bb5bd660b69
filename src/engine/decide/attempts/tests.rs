use super::*;
use crate::{
    domain::{Answer, Effect},
    record::{
        Observation, Rules,
        samples::{first_try, settling},
    },
};

const START: Time = Time::from_millis(100_000_000);
/// Longer than the settle time of five minutes.
const PATIENCE: Duration = Duration::from_mins(15);

/// So many milliseconds after the beginning.
fn after(millis: u64) -> Time {
    START.plus(Duration::from_millis(millis))
}

fn sent() -> Change {
    first_try(Effect::RemoveRelationship, None, START)
}

fn answered(answer: Answer) -> Change {
    let mut change = sent();
    change.answered(answer, Rules::LATEST, START);
    change
}

/// What is next for a change of which so many looks told nothing, the latest just now.
fn looked_at(mut change: Change, times: u16, at: Time) -> Change {
    for _ in 0..times {
        change.seen(Observation::NotTold, at);
    }
    change
}

fn next_at(change: &Change, millis: u64) -> Next {
    next(change, &settling(), PATIENCE, after(millis), true)
}

fn next_when_stopping(change: &Change, millis: u64) -> Next {
    next(change, &settling(), PATIENCE, after(millis), false)
}

fn again() -> Next {
    Next::Send(sent().request_id)
}

/// There is something to wait for until this moment, and then this is next.
fn assert_waits(change: &Change, until: u64, then: Next) {
    for before in [until - 1, until / 2] {
        assert_eq!(next_at(change, before), Next::Wait(after(until)), "{change:?}");
    }
    for late in [until, until + 1] {
        assert_eq!(next_at(change, late), then, "{change:?}");
    }
}

#[test]
fn what_cannot_be_sent_is_tried_five_times_with_pauses_that_double() {
    let mut change = sent();
    for pause in [2_000, 4_000, 8_000, 16_000] {
        change.not_sent(START);
        assert_waits(&change, pause, again());
        assert_eq!(next_when_stopping(&change, pause), Next::Nothing, "nothing new is sent");
    }
    change.not_sent(START);
    assert_eq!(next_at(&change, 0), Next::Ended(End::NotCarriedOut));
    assert_eq!(next_when_stopping(&change, 0), Next::Nothing);
}

#[test]
fn what_was_sent_back_is_sent_at_once_and_after_the_last_try_looked_at() {
    let mut change = answered(Answer::Throttled);
    assert_eq!(next_at(&change, 0), again());
    change.throttled = MOST_THROTTLED - 1;
    assert_eq!(next_at(&change, 0), again());
    change.throttled = MOST_THROTTLED;
    assert_waits(&change, 300_000, Next::Look(Why { in_doubt: true, was_blind: false }));
    // It may have been carried out, so it is looked at as well when nothing more is sent.
    let change = answered(Answer::TokenExpired);
    assert_eq!(next_when_stopping(&change, 0), Next::Wait(after(300_000)));
}

#[test]
fn what_three_looks_told_nothing_about_is_not_sent_any_more() {
    let change = |times| looked_at(answered(Answer::Throttled), times, after(300_000));
    assert_eq!(next_at(&change(2), 300_000), again());
    for times in 3..5 {
        assert_eq!(next_at(&change(times), 300_000), Next::Ended(End::Unknown));
    }
}

#[test]
fn what_was_accepted_is_looked_at_at_once_and_then_after_pauses_that_double() {
    let look = |was_blind| Next::Look(Why { in_doubt: false, was_blind });
    let mut change = answered(Answer::Understood);
    assert_eq!(next_at(&change, 0), look(false));
    let mut at = 0;
    for pause in [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000, 64_000] {
        change.seen(Observation::StillThere, after(at));
        assert_waits(&change, at + pause, look(false));
        at += pause;
    }
    let blind = looked_at(change, 1, after(at));
    assert_waits(&blind, at + 64_000, look(true));
    // Stopping changes nothing about what was sent.
    assert_eq!(next_when_stopping(&blind, at + 64_000), look(true));
}

#[test]
fn what_was_accepted_is_given_up_after_a_look_at_the_deadline() {
    let deadline = 900_000;
    for (seen, still_there) in [(Observation::StillThere, true), (Observation::NotTold, false)] {
        for (answer, clearly) in [(Answer::Understood, true), (Answer::Empty, false)] {
            let mut change = answered(answer);
            change.seen(seen, after(deadline - 1_000));
            let was_blind = seen == Observation::NotTold;
            assert_waits(&change, deadline, Next::Look(Why { in_doubt: false, was_blind }));
            for waited in [deadline, deadline + 5_000] {
                let mut late = change.clone();
                late.seen(seen, after(waited));
                let waited = Duration::from_millis(waited);
                let end = End::NotSeen { clearly, still_there, waited };
                assert_eq!(next_at(&late, deadline + 5_000), Next::Ended(end));
            }
        }
    }
    // However late it is, it is looked at once.
    let late = next_at(&answered(Answer::Understood), 2 * deadline);
    assert_eq!(late, Next::Look(Why { in_doubt: false, was_blind: false }));
}

#[test]
fn a_doubt_is_looked_at_after_its_time_and_given_up_after_three_looks_that_told_nothing() {
    let look = |was_blind| Next::Look(Why { in_doubt: true, was_blind });
    // After a no, an earlier try has all the time that a yes would have.
    for (answer, settled) in [(Answer::Unclear, 300_000), (Answer::Inconclusive, 900_000)] {
        let change = answered(answer);
        assert_waits(&change, settled, look(false));
        for times in [1, 2] {
            assert_waits(&looked_at(change.clone(), times, after(settled)), settled + 15_000, look(true));
        }
        for times in [3, 4] {
            let change = looked_at(change.clone(), times, after(settled));
            assert_eq!(next_at(&change, settled), Next::Ended(End::Unknown));
        }
    }
}

#[test]
fn between_two_looks_is_a_twentieth_of_the_settle_time_within_bounds() {
    for (settle, between) in [(0, 500), (9, 500), (20, 1_000), (300, 15_000), (600, 30_000), (6_000, 30_000)]
    {
        assert_eq!(between_looks(Duration::from_secs(settle)), Duration::from_millis(between), "{settle}");
    }
}

#[test]
fn what_did_not_happen_is_sent_three_times_in_all() {
    let mut change = answered(Answer::Unclear);
    change.seen(Observation::StillThere, after(300_000));
    for repeats in [0, 1] {
        change.repeats = repeats;
        assert_eq!(next_at(&change, 300_000), again());
        assert_eq!(next_when_stopping(&change, 300_000), Next::Nothing);
        for (throttled, unsent) in [(MOST_THROTTLED, 0), (0, MOST_UNSENT)] {
            let mut exhausted = change.clone();
            (exhausted.throttled, exhausted.unsent) = (throttled, unsent);
            assert_eq!(next_at(&exhausted, 300_000), Next::Ended(End::DidNotHappen));
        }
    }
    for repeats in [2, 3] {
        change.repeats = repeats;
        assert_eq!(next_at(&change, 300_000), Next::Ended(End::DidNotHappen));
    }
}

#[test]
fn what_is_on_its_way_is_waited_for_and_what_is_known_is_over() {
    assert_eq!(next_at(&sent(), 0), Next::Nothing);
    let refused = next_at(&answered(Answer::Refused), 0);
    assert_eq!(refused, Next::Ended(End::Refused(Answer::Refused)));
    let mut gone = answered(Answer::Understood);
    gone.seen(Observation::Gone, START);
    assert_eq!(next_at(&gone, 0), Next::Ended(End::Done { seen: true }));
}
