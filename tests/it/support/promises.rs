//! The promises of `docs/decisions/README.md` that a log and the simulator's own journal can show, by their numbers.

use super::{customers::customers, evidence::Question, in_process::InProcessRun};
use offboard::{
    domain::{Answer, Effect, Evidence, Outcome, Purpose, TenantId, Time},
    record::{Event, Observation},
    simulator::Received,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

/// One change: its row, whether it takes another back, and the order or subscription that it is about.
type Key = (u32, bool, Option<String>);

/// Asserts that they hold. `whole` is a run that came to its end.
#[expect(clippy::too_many_lines, reason = "it is a list")]
pub(crate) fn hold(simulated: &InProcessRun, whole: bool) {
    // Whenever the process died, the log is one that the program would have written.
    assert_ne!(Question::new(simulated.log()).answer(), 7);
    let reader = simulated.reader();
    let run = simulated.id();
    // Every record follows from those before it: the fold is the only place that knows what is legal.
    let state = reader.fold(&run).unwrap().unwrap();

    // 1 is looked at by the transport. 3: a change only for a customer that the plan calls ready.
    let mut verdicts: HashMap<u32, Outcome> = HashMap::new();
    // Changes by their intent; those that are not answered yet; and the request ID that the next
    // change of a row must have, if the last one's outcome was not known.
    let mut changes: HashMap<u64, (Key, String)> = HashMap::new();
    let mut open: BTreeMap<u64, u32> = BTreeMap::new();
    let mut must_keep: HashMap<Key, String> = HashMap::new();
    let mut in_doubt: BTreeMap<Key, Time> = BTreeMap::new();
    let mut accepted: BTreeSet<Key> = BTreeSet::new();
    // What the plan names as to be done first, what the latest look does, and what is seen done.
    let mut planned: HashMap<u32, Vec<String>> = HashMap::new();
    let mut first: HashMap<u32, Vec<String>> = HashMap::new();
    let mut done: BTreeSet<Key> = BTreeSet::new();
    // The rows whose suspensions are taken back.
    let mut undone: BTreeSet<u32> = BTreeSet::new();
    let mut gone: BTreeSet<u32> = BTreeSet::new();
    let mut settled: BTreeMap<u32, Outcome> = BTreeMap::new();
    reader
        .records(&run, |seq, record| {
            let mut doubt = |intent: u64| {
                if let Some((key, id)) = changes.get(&intent) {
                    in_doubt.insert(key.clone(), record.at);
                    must_keep.insert(key.clone(), id.clone());
                }
            };
            match record.event {
                Event::Judged(judged) => {
                    verdicts.insert(judged.row, judged.verdict);
                    let named: Vec<String> = judged.first.into_iter().map(|one| one.id).collect();
                    planned.entry(judged.row).or_insert_with(|| named.clone());
                    first.insert(judged.row, named);
                }
                Event::RequestIntended(intent) => {
                    if let Some(row) = intent.row {
                        // 5: nothing is sent to a customer that is known to be gone, or has its outcome.
                        assert!(!gone.contains(&row) && !settled.contains_key(&row), "row {row}");
                    }
                    if intent.purpose.is_change() {
                        let row = intent.row.unwrap();
                        assert!(
                            intent.purpose == Purpose::Change(Effect::ReactivateSubscription)
                                || verdicts.get(&row) == Some(&Outcome::Ready)
                        );
                        // 3: one at a time. 4: never again blindly; when again, under the same request ID.
                        assert!(!open.values().any(|other| *other == row), "two changes of row {row}");
                        let is_undo = intent.purpose == Purpose::Change(Effect::ReactivateSubscription);
                        let key = (row, is_undo, intent.about.clone());
                        assert!(!in_doubt.contains_key(&key), "row {row} was in doubt");
                        assert!(!accepted.contains(&key), "the change of row {row} was accepted");
                        // 3: nothing that the plan does not name, and the last change when all else is done.
                        match &intent.about {
                            Some(order) => assert!(planned[&row].contains(order), "row {row}: {order}"),
                            None => assert!(
                                first[&row].iter().all(|order| done.contains(&(
                                    row,
                                    false,
                                    Some(order.clone())
                                ))),
                                "row {row}"
                            ),
                        }
                        let id = intent.request_id.to_string();
                        if let Some(kept) = must_keep.get(&key) {
                            assert_eq!(kept, &id, "row {row}");
                        }
                        open.insert(seq, row);
                        changes.insert(seq, (key, id));
                    }
                }
                Event::UndoDecided(decided) => {
                    assert!(decided.rows.iter().all(|row| !gone.contains(row)));
                    undone.extend(decided.rows);
                }
                Event::OutcomeUnknown(unknown) => {
                    open.remove(&unknown.intent);
                    doubt(unknown.intent);
                }
                Event::ResponseReceived(response) => {
                    open.remove(&response.intent);
                    match response.answer {
                        Answer::Unclear | Answer::Inconclusive | Answer::NoRelationship => {
                            doubt(response.intent);
                        }
                        Answer::Understood | Answer::Empty | Answer::NotUnderstood | Answer::InProgress => {
                            accepted.extend(changes.get(&response.intent).map(|(key, _)| key.clone()));
                        }
                        _ => must_keep.extend(changes.get(&response.intent).cloned()),
                    }
                }
                Event::RequestNotSent(failure) => {
                    open.remove(&failure.intent);
                    must_keep.extend(changes.get(&failure.intent).cloned());
                }
                // 2: what was open when the process died counts as sent.
                Event::Resumed(_) => {
                    let lost: Vec<u64> = std::mem::take(&mut open).into_keys().collect();
                    lost.into_iter().for_each(doubt);
                    // 4: the clock may have been set meanwhile, so the settle time begins again.
                    for since in in_doubt.values_mut() {
                        *since = record.at;
                    }
                }
                Event::Observed(observed) => match observed.seen {
                    Observation::Gone => {
                        if observed.about.is_none() {
                            gone.insert(observed.row);
                        }
                        let key = (observed.row, undone.contains(&observed.row), observed.about);
                        in_doubt.remove(&key);
                        done.insert(key);
                    }
                    Observation::StillThere => {
                        // The service had its time before it was asked.
                        let key = (observed.row, undone.contains(&observed.row), observed.about);
                        if let Some(since) = in_doubt.remove(&key) {
                            assert!(record.at >= since.plus(Duration::from_mins(1)), "row {}", observed.row);
                        }
                    }
                    Observation::NotTold => {}
                },
                // 6: one outcome a row.
                Event::Settled(end) => {
                    assert_eq!(settled.insert(end.row, end.outcome), None);
                    // What is called observed was seen, each part of it.
                    let is_seen = |id: &String| done.contains(&(end.row, false, Some(id.clone())));
                    let is_each = simulated.procedure.is_each_by_itself();
                    let was_seen = gone.contains(&end.row)
                        || (is_each
                            && changes
                                .values()
                                .filter(|((row, ..), _)| *row == end.row)
                                .all(|((_, _, id), _)| id.iter().all(is_seen)));
                    assert!(end.evidence != Some(Evidence::Observed) || was_seen, "row {}", end.row);
                }
                _ => {}
            }
            Ok(())
        })
        .unwrap();

    // Nobody is removed twice, and nobody without a change on record.
    let model = simulated.model.lock().unwrap();
    let removed: Vec<TenantId> = model.journal().accepted().collect();
    let distinct: BTreeSet<TenantId> = removed.iter().copied().collect();
    assert_eq!(removed.len(), distinct.len(), "somebody was removed twice");
    let is_change = |received: &&Received| {
        matches!(received.method.as_str(), "PATCH" | "DELETE") || received.target.ends_with("/requests")
    };
    assert!(model.journal().entries().iter().filter(is_change).count() <= changes.len());
    // No order is cancelled twice, and nobody is to be deleted while an order lives.
    let cancelled: Vec<_> = model.journal().cancelled().collect();
    let orders: BTreeSet<_> = cancelled.iter().collect();
    assert_eq!(cancelled.len(), orders.len(), "an order was cancelled twice");
    let is_of_customer = |received: &Received| received.target.starts_with("/v1/customers/");
    let too_early = |received: &Received| {
        received.method == "DELETE" && received.status == 400 && is_of_customer(received)
    };
    assert!(!model.journal().entries().iter().any(too_early), "deleted with a living order");

    if !whole {
        return;
    }
    if simulated.procedure.is_each_by_itself() {
        assert_eq!(settled.len(), simulated.count as usize);
        // What becomes of the customer itself is nobody's business then.
        assert!(distinct.is_empty() && removed.is_empty());
        return;
    }
    assert_eq!(settled.len(), simulated.count as usize);
    assert!(state.sealed.is_some());
    for line in customers(&simulated.log(), &state.id) {
        let customer: TenantId = line.customer_tenant_id.unwrap().parse().unwrap();
        let is_gone = distinct.contains(&customer);
        match line.outcome.unwrap() {
            // What is called removed is removed, and what is called untouched is untouched.
            Outcome::Done(_) => assert!(is_gone, "row {}", line.row),
            Outcome::Skipped | Outcome::Failed | Outcome::AlreadyDone(_) => {
                assert!(!is_gone, "row {}", line.row);
            }
            _ => {}
        }
    }
}
