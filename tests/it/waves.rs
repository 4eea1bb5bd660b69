//! A few customers go ahead; the rest follows only if nothing surprising happened to them.

use crate::support::{Done, Folder, World, id, list_of};
use offboard::domain::{Effect, Purpose};
use offboard::record::{Event, Kind};
use serde_json::{Value, json};

fn world(count: u32, faults: Value) -> World {
    let customers: Vec<Value> = (1..=count).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(&json!({ "customers": customers, "faults": faults }))
}

fn resume(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let mut arguments = vec!["resume", "--rate", "600000"];
    arguments.extend(more);
    Done::of(&folder.against(world, &arguments).output().unwrap())
}

/// The rows whose change was sent, and those that were settled, in the order of the records.
fn order(folder: &Folder) -> Vec<(char, u32)> {
    let mut order = Vec::new();
    let keep = |_, record: offboard::record::Record| {
        match record.event {
            Event::RequestIntended(intent)
                if intent.purpose == Purpose::Change(Effect::RemoveRelationship) =>
            {
                order.push(('>', intent.row.unwrap()));
            }
            Event::Settled(settled) => order.push(('=', settled.row)),
            _ => {}
        }
        Ok(())
    };
    folder.reader().records(&folder.latest(), keep).unwrap();
    order
}

#[test]
fn each_wave_is_confirmed_before_the_next_one_begins() {
    // Removals are seen late, so that a wave that was not waited for would be overtaken.
    let customers: Vec<Value> = (1..=20).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers, "quirks": { "visible_for_ms": 300 } }));
    let folder = Folder::new();
    folder.run(&world, &list_of((1..=20).map(id)), &["--canary", "2", "--settle", "30"]).exits(0);
    let order = order(&folder);
    let at = |what: char, row: u32| order.iter().position(|found| *found == (what, row)).unwrap();
    // Rows 2 and 3, then ten, then the rest.
    for (wave, next) in [(2..=3, 4..=13), (4..=13, 14..=21)] {
        let ended = wave.map(|row| at('=', row)).max().unwrap();
        let began = next.map(|row| at('>', row)).min().unwrap();
        assert!(ended < began, "{order:?}");
    }
}

#[test]
fn a_surprise_stops_it_before_the_second_wave_and_resume_asks_again() {
    let refused = json!({ "on": "remove", "do": { "kind": "answer", "status": 400, "code": 900_127 } });
    let lost = json!({ "on": "remove", "do": { "kind": "cut_before_answer", "effect": false } });
    let hidden = json!({ "on": "customer", "customer": id(1).to_string(), "times": 3,
        "do": { "kind": "relationship", "relationship": "something_new" } });
    let blind = crate::support::blind_listing(2);
    for (faults, ended) in [
        (json!([refused]), "failed: refused_by_service"),
        (json!([lost, hidden, blind]), "unknown: answer_lost"),
    ] {
        let (folder, world) = (Folder::new(), world(8, faults));
        let done =
            folder.run(&world, &list_of((1..=8).map(id)), &["--canary", "1", "--concurrency", "8"]).exits(4);
        assert!(done.err.contains("--canary") && done.err.contains("offboard resume"), "{}", done.err);
        assert_eq!(world.changes().len(), 1, "only the first wave was sent");
        assert_eq!(folder.ends()[..2], [ended, "open"]);
        let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
        assert_eq!(summary["counts"]["not_attempted"], 7);

        // Nobody is there to be asked, so nothing goes on.
        let done = resume(&folder, &world, &[]).exits(4);
        assert!(done.err.contains("nobody can confirm"), "{}", done.err);
        assert_eq!(world.changes().len(), 1);
        // Somebody allows it once more: a wave of one, and then the rest.
        resume(&folder, &world, &["--yes"]).exits(3);
        let mut removed = world.removed();
        removed.sort();
        assert_eq!(removed, (2..=8).map(id).collect::<Vec<_>>());
        let confirmed = folder.reader().events(&folder.latest(), &[Kind::Confirmed]).unwrap();
        assert_eq!(confirmed.len(), 2);
        assert_eq!(order(&folder)[2..4], [('>', 3), ('=', 3)]);
    }
}

#[test]
fn an_answer_that_nobody_understands_stops_it() {
    let garbage = json!({ "on": "remove", "skip": 1, "do": { "kind": "answer", "status": 200, "json": "{\"fine\":true}" } });
    let (folder, world) = (Folder::new(), world(6, json!([garbage])));
    let done = folder.run(&world, &list_of((1..=6).map(id)), &["--concurrency", "1"]).exits(4);
    assert!(done.err.contains("does not understand"), "{}", done.err);
    assert_eq!(world.changes().len(), 2);
    // A body that is not there is nothing new.
    let customers: Vec<Value> = (1..=6).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers, "quirks": { "removal_answer": "empty" } }));
    Folder::new().run(&world, &list_of((1..=6).map(id)), &["--canary", "1"]).exits(0);
}

#[test]
fn too_many_failures_among_the_latest_stop_it() {
    // Every second one, so that never two fail in a row.
    let refused = |n: u32| {
        json!({ "on": "remove", "customer": id(n).to_string(), "times": 0,
        "do": { "kind": "answer", "status": 400, "code": 900_127 } })
    };
    let faults: Vec<Value> = (1..=15).map(|n| refused(2 * n)).collect();
    let (folder, world) = (Folder::new(), world(30, json!(faults)));
    let more = ["--concurrency", "1", "--stop-after-failures", "2"];
    let done = folder.run(&world, &list_of((1..=30).map(id)), &more).exits(4);
    assert!(done.err.contains("4 of the latest 20"), "{}", done.err);
    assert_eq!(world.changes().len(), 8);
}

#[test]
fn failures_while_reading_count_before_the_next_is_read() {
    let refused = json!({ "on": "subscriptions", "times": 0, "do": { "kind": "answer", "status": 400, "code": 900_127 } });
    let (folder, world) = (Folder::new(), world(6, json!([refused])));
    let more = ["--concurrency", "1", "--stop-after-failures", "2"];
    let done = folder.run(&world, &list_of((1..=6).map(id)), &more).exits(4);
    assert!(done.err.contains("2 customers in a row"), "{}", done.err);
    let read = world.received().into_iter().filter(|received| received.target.ends_with("/subscriptions"));
    assert_eq!(read.count(), 2);
}
