use super::*;
use crate::{
    domain::{Answer, Effect, Procedure, TenantId, Term},
    record::{
        Rules,
        samples::{called, first_try},
    },
};
use std::time::Duration;

const PROCEDURE: Procedure = Procedure::DeleteSandboxCustomer;

const NOW: Time = Time::from_millis(100_000_000);
const BEFORE: Time = Time::from_millis(90_000_000);

fn customer() -> TenantId {
    TenantId::from_bytes([1; 16])
}

fn order(id: &str) -> Preparation {
    Preparation::new(Effect::CancelOrder, id.to_owned(), Some("Server".to_owned()))
}

fn subscription(id: &str) -> Preparation {
    Preparation::new(Effect::SuspendSubscription, id.to_owned(), None)
}

fn finding(reason: Reason) -> Finding {
    let cause = Cause { what: "order".to_owned(), id: None, name: None, detail: "stands".to_owned() };
    Finding::new(reason, vec![cause])
}

/// What a look at a customer gave that has nothing in its way.
fn is_ready() -> Judged {
    Judged { verdict: Outcome::Ready, name: Some("Contoso".to_owned()), ..Judged::skipped(7, BEFORE, vec![]) }
}

/// A row that the plan calls ready, with what it names to be done first.
fn row(first: &[Preparation]) -> Row {
    let mut row = called(Row::new(7, Some(customer())), "Live");
    row.first = first.into();
    row.state = RowState::Judged { verdict: Outcome::Ready, facts_at: BEFORE };
    row
}

/// The same, after these changes.
fn changed(first: &[Preparation], changes: Vec<Change>) -> Row {
    let mut changing = Changing::new(Outcome::Ready, BEFORE);
    changing.changes = changes;
    let mut row = row(first);
    row.state = RowState::Changing(Box::new(changing));
    row
}

fn change(effect: Effect, id: Option<&str>, answer: Answer, seen: Option<Observation>) -> Change {
    let mut change = first_try(effect, id, BEFORE);
    change.answered(answer, Rules::LATEST, BEFORE);
    if let Some(seen) = seen {
        change.seen(seen, NOW);
    }
    change
}

fn cancelled(id: &str) -> Change {
    change(Effect::CancelOrder, Some(id), Answer::Understood, Some(Observation::Gone))
}

fn suspended(id: &str) -> Change {
    change(Effect::SuspendSubscription, Some(id), Answer::Understood, Some(Observation::Gone))
}

fn removal(answer: Answer) -> Change {
    change(Effect::RemoveRelationship, None, answer, None)
}

/// The row as it is when its last change failed after a suspension.
fn fallen(undo: Option<bool>) -> Row {
    let mut row = changed(&[subscription("S")], vec![suspended("S"), removal(Answer::Refused)]);
    let settled = on_verdict(&row, RowVerdict::because(Reason::RefusedByService, "No."), NOW);
    let RowState::Changing(changing) = &mut row.state else { panic!("it is being changed") };
    (changing.failed_after, changing.undo) = (Some(Box::new(settled)), undo);
    row
}

#[test]
fn a_row_that_cannot_be_worked_on_ends_as_soon_as_it_is_read() {
    let read = |customer, duplicate_of| input::ListRow {
        row: 7,
        customer,
        name: Some("Contoso".to_owned()),
        domain: None,
        duplicate_of,
        cells: vec![],
    };
    assert_eq!(on_reading(&read(Ok(customer()), None), NOW), None);
    let twice = on_reading(&read(Ok(customer()), Some(3)), NOW).unwrap();
    assert_eq!((twice.row, twice.customer, twice.attempts), (7, Some(customer()), 0));
    assert_eq!((twice.outcome, &*twice.reasons), (Outcome::Skipped, &[Reason::DuplicateRow][..]));
    assert!(twice.explanation.contains("row 3") && twice.started_at == NOW, "{}", twice.explanation);
    // What is not valid is no duplicate of anything.
    for duplicate_of in [None, Some(3)] {
        let problem = input::Problem { reason: Reason::MissingTenantId, message: "No ID.".to_owned() };
        let invalid = on_reading(&read(Err(problem), duplicate_of), NOW).unwrap();
        assert_eq!((invalid.outcome, invalid.customer), (Outcome::Rejected, None));
        assert_eq!(&*invalid.reasons, [Reason::MissingTenantId]);
        assert!(invalid.explanation.starts_with("No ID. "), "{}", invalid.explanation);
    }
}

#[test]
fn a_judgement_ends_a_row_that_is_not_ready() {
    assert_eq!(on_judging(&row(&[]), &is_ready(), NOW), None);
    let findings = vec![finding(Reason::NameMismatch), finding(Reason::AzurePlan)];
    let judged = Judged { findings, ..Judged::skipped(7, BEFORE, vec![]) };
    let settled = on_judging(&row(&[]), &judged, NOW).unwrap();
    assert_eq!((settled.outcome, settled.customer), (Outcome::Skipped, Some(customer())));
    assert_eq!(settled.reasons, [Reason::NameMismatch, Reason::AzurePlan]);
    assert_eq!((settled.explanation, settled.started_at), (in_one_text(&judged.findings), BEFORE));
    // A note says it better, and the work began when the row's first record was made, if that is not to come.
    let noted = Judged { note: Some("it was gone before".to_owned()), ..judged };
    let mut begun = row(&[]);
    for (started_at, expected) in
        [(Time::from_millis(5), Time::from_millis(5)), (NOW.plus(Duration::from_secs(1)), NOW)]
    {
        begun.started_at = Some(started_at);
        let settled = on_judging(&begun, &noted, NOW).unwrap();
        assert_eq!((&*settled.explanation, settled.started_at), ("It was gone before.", expected));
    }
}

#[test]
fn what_is_left_to_the_service_is_what_the_plan_left_to_it_or_less() {
    let left =
        |reasons: &[Reason]| Judged { allowed: reasons.iter().copied().map(finding).collect(), ..is_ready() };
    let [none, one, other] =
        [left(&[]), left(&[Reason::UnclearSubscription]), left(&[Reason::DisabledSubscription])];
    for (planned, now, is_same) in [
        (&none, &none, true),
        (&one, &one, true),
        (&one, &none, true),
        (&none, &one, false),
        (&one, &other, false),
    ] {
        let mut row = row(&[]);
        row.left_to_service = planned.left_to_service().unwrap();
        let compared = compared_with_plan(PROCEDURE, &row, now.clone());
        if is_same {
            assert_eq!(compared, *now);
            continue;
        }
        assert_eq!((compared.verdict, compared.name.as_deref()), (Outcome::Skipped, Some("Contoso")));
        let [found] = &*compared.findings else { panic!("one finding") };
        assert_eq!((found.reason, &found.causes), (Reason::ChangedSincePlan, &now.allowed[0].causes));
        // Whoever is not ready ends with what was found.
        let skipped =
            Judged { verdict: Outcome::Skipped, findings: vec![finding(Reason::AzurePlan)], ..now.clone() };
        assert_eq!(compared_with_plan(PROCEDURE, &row, skipped.clone()), skipped);
    }
}

#[test]
fn nothing_is_done_first_that_the_plan_does_not_name_and_nothing_twice() {
    let ready = |first: &[Preparation]| Judged { first: first.to_vec(), ..is_ready() };
    let planned = [order("A"), order("B")];
    let mut renamed = order("A");
    renamed.name = None;
    for (row, first) in [
        (row(&planned), vec![]),
        (row(&planned), vec![order("B")]),
        (row(&planned), vec![renamed, order("B")]),
        (changed(&planned, vec![cancelled("A")]), vec![order("B")]),
    ] {
        assert_eq!(compared_with_plan(PROCEDURE, &row, ready(&first)), ready(&first));
    }
    for (row, first, why) in [
        (row(&planned), vec![order("A"), order("C")], "order `Server` (C): not in the plan"),
        (row(&planned), vec![subscription("A")], "subscription (A): not in the plan"),
        (
            changed(&planned, vec![cancelled("A")]),
            vec![order("A"), order("B")],
            "order `Server` (A): stands again",
        ),
    ] {
        let compared = compared_with_plan(PROCEDURE, &row, ready(&first));
        assert_eq!((compared.verdict, compared.first.len()), (Outcome::Skipped, 0));
        let [found] = &*compared.findings else { panic!("one finding") };
        assert_eq!(found.reason, Reason::ChangedSincePlan);
        assert_eq!(found.causes.iter().map(Cause::to_string).collect::<Vec<_>>(), [why]);
        let skipped = Judged { verdict: Outcome::Skipped, findings: vec![], ..ready(&first) };
        assert_eq!(
            compared_with_plan(PROCEDURE, &row, skipped.clone()),
            skipped,
            "whoever is not ready stays so"
        );
    }
}

#[test]
fn whoever_is_not_ready_any_more_was_when_the_plan_was_made() {
    let skipped = |reason| Judged { findings: vec![finding(reason)], ..Judged::skipped(7, BEFORE, vec![]) };
    assert_eq!(on_looking_again(&row(&[]), &is_ready(), NOW), None);
    let settled = on_looking_again(&row(&[]), &skipped(Reason::AzurePlan), NOW).unwrap();
    assert_eq!(settled.reasons, [Reason::ChangedSincePlan, Reason::AzurePlan]);
    assert!(
        settled.explanation.starts_with("When the plan was made, nothing stood in the way. Now: azure_plan")
    );
    let settled = on_looking_again(&row(&[]), &skipped(Reason::ChangedSincePlan), NOW).unwrap();
    assert_eq!(settled.reasons, [Reason::ChangedSincePlan], "once");
    // Any other end is what it is.
    let failed = Judged { verdict: Outcome::Failed, ..skipped(Reason::UnexpectedAnswer) };
    assert_eq!(on_looking_again(&row(&[]), &failed, NOW), on_judging(&row(&[]), &failed, NOW));
    // What was done before is told.
    let half = changed(&[order("A"), order("B")], vec![cancelled("A")]);
    let settled = on_looking_again(&half, &skipped(Reason::AzurePlan), NOW).unwrap();
    let told = "Before that, order `Server` (A) was cancelled.";
    assert!(settled.explanation.ends_with(told), "{}", settled.explanation);
}

fn not_sent(row: &Row, kind: &ChangeKind, is_first: bool) -> Vec<Event> {
    let why = "now it is `none`".to_owned();
    instead(PROCEDURE, row, kind, is_first, Instead::because(Reason::ChangedSincePlan, why), NOW)
}

#[test]
fn what_is_not_sent_after_a_read_takes_the_customer_out_of_the_plan() {
    let first = [subscription("S"), subscription("T")];
    let begins = ChangeKind::Preparation(subscription("S"));
    let mut named = row(&first);
    named.started_at = Some(BEFORE);
    let [Event::Judged(judged), Event::Settled(settled)] = &*not_sent(&named, &begins, true) else {
        panic!("it is judged again, and ends")
    };
    assert_eq!((judged.row, judged.verdict, judged.name.as_deref()), (7, Outcome::Skipped, Some("Live")));
    assert_eq!(judged.findings[0].reason, Reason::ChangedSincePlan);
    assert_eq!(judged.findings[0].causes[0].to_string(), "subscription (S): now it is `none`");
    assert_eq!((settled.outcome, &*settled.reasons), (Outcome::Skipped, &[Reason::ChangedSincePlan][..]));
    // It ends as its reason says.
    let why = String::new();
    let events =
        instead(PROCEDURE, &named, &begins, true, Instead::because(Reason::UnexpectedAnswer, why), NOW);
    let [Event::Judged(judged), Event::Settled(settled)] = &*events else { panic!("{events:?}") };
    assert_eq!((judged.verdict, settled.outcome), (Outcome::Failed, Outcome::Failed));
    // After a suspension, somebody decides first whether that is taken back.
    let half = changed(&first, vec![suspended("S")]);
    let goes_on = ChangeKind::Preparation(subscription("T"));
    let events = not_sent(&half, &goes_on, true);
    assert!(matches!(&*events, [Event::Judged(_), Event::FailedAfterPreparation(_)]), "{events:?}");
}

#[test]
fn what_was_sent_before_and_is_not_sent_again_failed() {
    let first = [subscription("S")];
    let kind = ChangeKind::Preparation(subscription("S"));
    let refused = change(Effect::SuspendSubscription, Some("S"), Answer::Refused, None);
    let [Event::Settled(settled)] = &*not_sent(&changed(&first, vec![refused]), &kind, false) else {
        panic!("it ends")
    };
    assert_eq!((settled.outcome, &*settled.reasons), (Outcome::Failed, &[Reason::ServiceUnavailable][..]));
    assert!(settled.explanation.starts_with("subscription S: now it is `none`."), "{}", settled.explanation);
    // What may have been carried out is no end.
    for (kind, sent) in [
        (kind, change(Effect::SuspendSubscription, Some("S"), Answer::Unclear, None)),
        (ChangeKind::Final(Effect::RemoveRelationship), removal(Answer::Unclear)),
    ] {
        let row = changed(&first, vec![sent]);
        let [Event::Observed(observed)] = &*not_sent(&row, &kind, false) else {
            panic!("it is still in doubt")
        };
        assert_eq!((observed.row, observed.seen), (7, Observation::NotTold));
        assert_eq!(observed.about.as_deref(), kind.about().map(|one| &*one.id));
    }
}

#[test]
fn a_last_change_that_is_not_sent_ends_the_row_and_a_reversal_closes_it() {
    let last = ChangeKind::Final(Effect::RemoveRelationship);
    let [Event::Settled(settled)] = &*not_sent(&row(&[]), &last, true) else { panic!("it ends") };
    assert_eq!(settled.reasons, [Reason::ChangedSincePlan]);
    assert!(settled.explanation.starts_with("Now it is `none`."), "{}", settled.explanation);
    let back = ChangeKind::Reversal(subscription("S"), Effect::ReactivateSubscription);
    let [Event::Settled(settled)] = &*not_sent(&fallen(Some(true)), &back, true) else { panic!("it ends") };
    assert_eq!((settled.outcome, &*settled.reasons), (Outcome::Failed, &[Reason::RefusedByService][..]));
}

#[test]
fn the_end_of_a_row_has_the_exchange_of_the_change_that_decided() {
    let verdict = || RowVerdict::because(Reason::RefusedByService, "No.");
    let mut refused = removal(Answer::Refused);
    (refused.status, refused.attempts) = (Some(400), 3);
    let row = changed(&[order("A")], vec![cancelled("A"), refused]);
    let settled = on_verdict(&row, verdict(), NOW);
    assert_eq!((settled.row, settled.customer, settled.outcome), (7, Some(customer()), Outcome::Failed));
    assert_eq!((settled.exchange.status, settled.attempts), (Some(400), 3));
    assert_eq!(settled.name.as_deref(), Some("Live"));
    assert_eq!((&*settled.reasons, settled.started_at), (&[Reason::RefusedByService][..], NOW));
    let unsent = on_verdict(&self::row(&[]), verdict(), NOW);
    assert_eq!((unsent.exchange, unsent.attempts), (Exchange::default(), 0));
}

#[test]
fn a_bad_end_waits_for_a_decision_where_something_can_be_taken_back() {
    let waits = |row: &Row, outcome| {
        let settled =
            Settled { outcome, ..on_verdict(row, RowVerdict::because(Reason::RunStopped, ""), NOW) };
        matches!(ended(row, settled), Event::FailedAfterPreparation(_))
    };
    let suspended = changed(&[subscription("S")], vec![suspended("S"), removal(Answer::Refused)]);
    let cancelled = changed(&[order("A")], vec![cancelled("A")]);
    for (outcome, is_bad) in [
        (Outcome::Failed, true),
        (Outcome::Skipped, true),
        (Outcome::NotAttempted, true),
        (Outcome::Unknown, false),
        (Outcome::Ready, false),
    ] {
        assert_eq!(waits(&suspended, outcome), is_bad, "{outcome}");
        assert!(!waits(&cancelled, outcome) && !waits(&row(&[]), outcome), "{outcome}");
    }
}

#[test]
fn a_row_that_nobody_goes_on_with_was_not_attempted_unless_it_failed_before() {
    let given_up = on_giving_up(&row(&[]), NOW);
    assert_eq!((given_up.outcome, &*given_up.reasons), (Outcome::NotAttempted, &[Reason::RunStopped][..]));
    let failed = on_giving_up(&fallen(None), NOW);
    assert_eq!((failed.outcome, &*failed.reasons), (Outcome::Failed, &[Reason::RefusedByService][..]));
    assert!(
        failed.explanation.contains(" In the end, subscription S was suspended"),
        "{}",
        failed.explanation
    );
    assert!(closing(&row(&[])).is_empty());
    assert!(matches!(&*closing(&fallen(Some(false))), [Event::Settled(settled)] if **settled == failed));
}

#[test]
fn a_plan_says_of_each_row_whether_it_is_ready_or_beyond_what_was_asked_for() {
    let beyond = beyond_limit(&row(&[]), 20, NOW);
    assert_eq!((beyond.row, beyond.outcome), (7, Outcome::NotAttempted));
    assert_eq!(beyond.reasons, [Reason::BeyondLimit]);
    assert!(beyond.explanation.contains("first 20"), "{}", beyond.explanation);
    let alone = ready(&row(&[]), NOW);
    assert_eq!((alone.row, alone.outcome, &*alone.reasons), (7, Outcome::Ready, &[][..]));
    assert_eq!(alone.explanation, "Nothing stands in the way.");
    let prepared = ready(&row(&[order("A"), subscription("S")]), NOW);
    assert_eq!(
        prepared.explanation,
        "Nothing stands in the way. Before it goes: cancel order `Server` (A), suspend subscription S."
    );
}

#[test]
fn what_nobody_can_take_back_is_done_as_planned_or_not_at_all() {
    let licence = |seats: u64| Preparation {
        term: Some(Box::new(Term {
            seats: Some(seats),
            last_day: "2027-03-04".parse().unwrap(),
            planned_over: None,
            restored: None,
        })),
        ..Preparation::new(Effect::CancelInWindow, "W".to_owned(), None)
    };
    let compared = |row: &Row, seats| {
        let judged = Judged { first: vec![licence(seats)], ..is_ready() };
        compared_with_plan(Procedure::RemoveRelationship, row, judged).verdict
    };
    let planned = [licence(10)];
    assert_eq!(compared(&row(&planned), 10), Outcome::Ready);
    assert_eq!(compared(&row(&planned), 11), Outcome::Skipped);
    // Once some of it is done, whoever stays was not just passed over.
    let both = [licence(10), Preparation { id: "V".to_owned(), ..licence(10) }];
    let done = change(Effect::CancelInWindow, Some("V"), Answer::Understood, Some(Observation::Gone));
    assert_eq!(compared(&changed(&both, vec![done]), 11), Outcome::Failed);
}

#[test]
fn what_the_plan_of_an_undo_leaves_out_stays_left_out() {
    let restored = Preparation::new(Effect::RestoreRenewal, "A".to_owned(), None);
    let mut row = row(std::slice::from_ref(&restored));
    row.left_out = Box::from([finding(Reason::ChangedSincePlan)]);
    let judged = Judged { first: vec![restored], ..is_ready() };
    let left = |procedure| compared_with_plan(procedure, &row, judged.clone()).left_out.len();
    assert_eq!((left(Procedure::UndoCancelAtTermEnd), left(Procedure::CancelAtTermEnd)), (1, 0));
}

fn licence(id: &str) -> Preparation {
    Preparation::new(Effect::ScheduleCancellation, id.to_owned(), None)
}

fn scheduled(id: &str) -> Change {
    change(Effect::ScheduleCancellation, Some(id), Answer::Understood, Some(Observation::Gone))
}

/// What a plan of things that are each done by itself makes of what was read.
fn each_compared(row: &Row, judged: Judged) -> Judged {
    compared_with_plan(Procedure::CancelAtTermEnd, row, judged)
}

fn causes(findings: &[Finding]) -> Vec<String> {
    findings.iter().flat_map(|finding| &finding.causes).map(Cause::to_string).collect()
}

#[test]
fn each_thing_is_done_as_the_plan_has_it_and_once_and_the_rest_is_left_out() {
    let judged = |first: &[Preparation]| Judged { first: first.to_vec(), ..is_ready() };
    let planned = [licence("A"), licence("B")];
    let compared = each_compared(&row(&planned), judged(&[licence("B"), licence("C")]));
    assert_eq!((compared.verdict, &*compared.first), (Outcome::Ready, &[licence("B")][..]));
    assert_eq!(causes(&compared.left_out), ["subscription (C): not so in the plan"]);
    // What this run has done stands again: somebody else wanted it so.
    let begun = changed(&planned, vec![scheduled("A")]);
    let compared = each_compared(&begun, judged(&planned));
    assert_eq!((compared.verdict, &*compared.first), (Outcome::Ready, &[licence("B")][..]));
    assert_eq!(causes(&compared.left_out), ["subscription (A): changed again since"]);
    // What the plan names and this reading does not is no reason for anything.
    let whole = each_compared(&begun, judged(&[licence("B")]));
    assert_eq!(whole, judged(&[licence("B")]));
}

#[test]
fn what_a_run_itself_did_does_not_make_a_customer_one_with_nothing_to_do() {
    let planned = [licence("A"), licence("B")];
    let already = Outcome::AlreadyDone(Procedure::CancelAtTermEnd);
    let judged = |verdict| Judged { verdict, ..is_ready() };
    let before = row(&planned);
    let refused =
        changed(&planned, vec![change(Effect::ScheduleCancellation, Some("A"), Answer::Refused, None)]);
    let half = changed(&planned, vec![scheduled("A")]);
    for (row, read, expected) in [
        (&before, already, already),
        (&refused, already, Outcome::Ready),
        (&half, already, Outcome::Ready),
        // Whoever is in somebody's way was not just passed over once something was done.
        (&before, Outcome::Skipped, Outcome::Skipped),
        (&refused, Outcome::Skipped, Outcome::Skipped),
        (&half, Outcome::Skipped, Outcome::Failed),
        (&half, Outcome::Failed, Outcome::Failed),
        // Nothing of what was planned is left to be done.
        (&before, Outcome::Ready, already),
        (&half, Outcome::Ready, Outcome::Ready),
    ] {
        assert_eq!(each_compared(row, judged(read)).verdict, expected, "{read} {:?}", row.state);
    }
    assert_eq!(each_compared(&before, judged(already)), judged(already));
    let nothing = each_compared(&before, is_ready());
    assert_eq!(nothing.note.as_deref(), Procedure::CancelAtTermEnd.facts().gone_before.strip_suffix('.'));
    // What cannot be done is why.
    for (reason, outcome) in
        [(Reason::TermEndTooClose, Outcome::Skipped), (Reason::UnexpectedAnswer, Outcome::Failed)]
    {
        let left_out = vec![finding(reason)];
        let judged = each_compared(&before, Judged { left_out: left_out.clone(), ..is_ready() });
        assert_eq!((judged.verdict, judged.findings, judged.left_out), (outcome, left_out, vec![]));
    }
}

#[test]
fn one_thing_that_is_not_sent_after_a_read_is_left_out_and_the_others_are_done() {
    let planned = [licence("A"), licence("B"), licence("C")];
    let events = |row: &Row, id: &str, why: Instead| {
        instead(Procedure::CancelAtTermEnd, row, &ChangeKind::Preparation(licence(id)), true, why, NOW)
    };
    let too_close = || Instead::because(Reason::TermEndTooClose, "it is less than 48 h away");
    for (row, id, left) in [
        (row(&planned), "A", vec![licence("B"), licence("C")]),
        (changed(&planned, vec![scheduled("A")]), "B", vec![licence("C")]),
    ] {
        for (why, told) in [
            (too_close(), vec![format!("subscription ({id}): it is less than 48 h away")]),
            (Instead::IsDone, vec![]),
        ] {
            let events = events(&row, id, why);
            let [Event::Judged(judged)] = &*events else { panic!("it goes on: {events:?}") };
            assert_eq!((judged.row, judged.verdict, judged.facts_at), (7, Outcome::Ready, BEFORE));
            assert_eq!((judged.name.as_deref(), &judged.first), (Some("Live"), &left));
            assert_eq!(causes(&judged.left_out), told);
        }
    }
    // What was left out before stays so.
    let mut named = row(&planned);
    named.left_out = Box::from([finding(Reason::UnclearSubscription)]);
    let events_then = events(&named, "A", too_close());
    let [Event::Judged(judged)] = &*events_then else { panic!("it goes on: {events_then:?}") };
    let reasons: Vec<_> = judged.left_out.iter().map(|finding| finding.reason).collect();
    assert_eq!(reasons, [Reason::UnclearSubscription, Reason::TermEndTooClose]);
    // The last that was left of a customer for whom nothing was done.
    let alone = events(&row(&[licence("A")]), "A", too_close());
    let [Event::Judged(judged), Event::Settled(settled)] = &*alone else { panic!("it ends: {alone:?}") };
    assert_eq!((judged.verdict, settled.outcome), (Outcome::Skipped, Outcome::Skipped));
    assert_eq!(settled.reasons, [Reason::ChangedSincePlan, Reason::TermEndTooClose]);
    // Once something was sent, the end of all of it is told when it is known.
    let last = events(&changed(&planned[..2], vec![scheduled("A")]), "B", too_close());
    assert!(matches!(&*last, [Event::Judged(judged)] if judged.verdict == Outcome::Ready), "{last:?}");
}

#[test]
fn whoever_lost_a_service_for_nothing_was_not_just_passed_over() {
    let window = |id: &str| Preparation::new(Effect::CancelInWindow, id.to_owned(), None);
    let done = change(Effect::CancelInWindow, Some("V"), Answer::Understood, Some(Observation::Gone));
    let stopped = changed(&[window("V")], vec![done]);
    let ended_as = |row: &Row, outcome| {
        let because = on_verdict(row, RowVerdict::because(Reason::RunStopped, ""), NOW);
        let Event::Settled(settled) = ended(row, Settled { outcome, ..because }) else { panic!("it ends") };
        settled.outcome
    };
    assert_eq!(ended_as(&stopped, Outcome::Skipped), Outcome::Failed);
    assert_eq!(ended_as(&row(&[]), Outcome::Skipped), Outcome::Skipped);
    for outcome in [Outcome::NotAttempted, Outcome::Unknown] {
        assert_eq!(ended_as(&stopped, outcome), outcome);
    }
    // That the plan was made of something else is said then, too, and of no other failure.
    let failed =
        Judged { findings: vec![finding(Reason::AzurePlan)], verdict: Outcome::Failed, ..is_ready() };
    let again = |row: &Row| on_looking_again(row, &failed, NOW).unwrap().reasons;
    assert_eq!(again(&stopped), [Reason::ChangedSincePlan, Reason::AzurePlan]);
    assert_eq!(again(&row(&[window("V")])), [Reason::AzurePlan]);
}
