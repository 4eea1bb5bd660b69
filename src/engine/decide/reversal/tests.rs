use super::*;
use crate::{
    domain::{Answer, Effect, Outcome, RequestId, Time},
    engine::decide::attempts::Why,
    record::{
        Change, Observation, Rules,
        samples::{first_try, settling},
    },
};
use serde_json::json;
use std::time::Duration;

const NOW: Time = Time::from_millis(100_000_000);

fn subscription(id: &str) -> Preparation {
    Preparation::new(Effect::SuspendSubscription, id.to_owned(), None)
}

fn change(effect: Effect, id: &str, answer: Answer, seen: Option<Observation>) -> Change {
    let mut change = first_try(effect, Some(id), NOW);
    change.answered(answer, Rules::LATEST, NOW);
    if let Some(seen) = seen {
        change.seen(seen, NOW.plus(Duration::from_mins(15)));
    }
    change
}

fn suspended(id: &str) -> Change {
    change(Effect::SuspendSubscription, id, Answer::Understood, Some(Observation::Gone))
}

fn reactivated(id: &str, answer: Answer, seen: Option<Observation>) -> Change {
    change(Effect::ReactivateSubscription, id, answer, seen)
}

/// A row whose last change failed after these changes, and what was decided since.
fn fallen(changes: Vec<Change>, undo: Option<bool>) -> Row {
    let settled = json!({ "row": 1, "outcome": Outcome::Failed, "explanation": "It was refused.", "attempts": 1,
        "started_at": NOW });
    let mut changing = Changing::new(Outcome::Ready, NOW);
    changing.changes = changes;
    changing.failed_after = Some(Box::new(serde_json::from_value(settled).unwrap()));
    changing.undo = undo;
    let mut row = Row::new(1, None);
    row.first = [subscription("S"), subscription("T")].into();
    row.state = RowState::Changing(Box::new(changing));
    row
}

fn step(row: &Row) -> Step {
    let RowState::Changing(changing) = &row.state else { panic!("it is being changed") };
    next(row, changing, &settling(), NOW)
}

fn back(id: &str) -> ChangeKind {
    ChangeKind::Reversal(subscription(id), Effect::ReactivateSubscription)
}

fn sent(id: &str, attempt: u32, request_id: Option<RequestId>) -> Step {
    Step::Change { kind: back(id), attempt, request_id }
}

#[test]
fn nothing_is_taken_back_before_somebody_said_so() {
    let changes = vec![suspended("S"), suspended("T")];
    assert_eq!(step(&fallen(changes.clone(), None)), Step::Nothing);
    assert_eq!(step(&fallen(changes.clone(), Some(false))), Step::Close);
    assert_eq!(step(&fallen(changes, Some(true))), sent("S", 1, None));
}

#[test]
fn one_is_taken_back_after_the_other_and_then_the_row_is_closed() {
    use Observation::{Gone, StillThere};
    let after = |more: Vec<Change>| {
        let changes = [suspended("S"), suspended("T")].into_iter().chain(more).collect();
        step(&fallen(changes, Some(true)))
    };
    let request_id = suspended("S").request_id;
    let done = |id| reactivated(id, Answer::Understood, Some(Gone));
    // Sent back, it is sent again; accepted, it is looked at; open, it is waited for.
    assert_eq!(after(vec![reactivated("S", Answer::Throttled, None)]), sent("S", 2, Some(request_id)));
    let look = |in_doubt| Step::Observe { kind: back("S"), why: Why { in_doubt, was_blind: false } };
    assert_eq!(after(vec![reactivated("S", Answer::Understood, None)]), look(false));
    let open = first_try(Effect::ReactivateSubscription, Some("S"), NOW);
    assert_eq!(after(vec![open]), Step::Nothing);
    let doubtful = reactivated("S", Answer::Unclear, None);
    assert_eq!(after(vec![doubtful]), Step::Wait(NOW.plus(Duration::from_mins(5))));
    // It has come to its end, whichever.
    for end in [done("S"), reactivated("S", Answer::Refused, None)] {
        assert_eq!(after(vec![end.clone()]), sent("T", 1, None));
        assert_eq!(after(vec![end, done("T")]), Step::Close);
    }
    // What did not happen is sent again, even when nothing else is.
    let mut repeated = reactivated("S", Answer::Unclear, Some(StillThere));
    repeated.attempts = 3;
    assert_eq!(after(vec![repeated]), sent("S", 4, Some(request_id)));
}

#[test]
fn what_was_not_done_is_not_taken_back() {
    let refused = change(Effect::SuspendSubscription, "S", Answer::Refused, None);
    assert_eq!(step(&fallen(vec![refused.clone(), suspended("T")], Some(true))), sent("T", 1, None));
    assert_eq!(step(&fallen(vec![refused], Some(true))), Step::Close);
}

#[test]
fn it_ends_as_its_failure_was_recorded_with_what_became_of_the_rest() {
    let taken_back = reactivated("S", Answer::Understood, Some(Observation::Gone));
    let settled = closed(&fallen(vec![suspended("S"), suspended("T"), taken_back], Some(true))).unwrap();
    assert_eq!(settled.outcome, Outcome::Failed);
    assert_eq!(
        settled.explanation,
        "It was refused. In the end, subscription S was suspended, and was seen active again, subscription T was \
         suspended and stays suspended."
    );
    let mut failed = fallen(vec![suspended("S")], None);
    let RowState::Changing(changing) = &mut failed.state else { panic!("it is being changed") };
    changing.failed_after = None;
    assert_eq!(closed(&failed), None);
    assert_eq!(closed(&Row::new(1, None)), None);
}

#[test]
fn each_kind_of_change_says_what_it_does_and_to_what() {
    let first = ChangeKind::Preparation(subscription("S"));
    let last = ChangeKind::Final(Effect::RemoveRelationship);
    assert_eq!((first.effect(), first.about()), (Effect::SuspendSubscription, Some(&subscription("S"))));
    assert_eq!((last.effect(), last.about()), (Effect::RemoveRelationship, None));
    let back = back("S");
    assert_eq!((back.effect(), back.about()), (Effect::ReactivateSubscription, Some(&subscription("S"))));
}
