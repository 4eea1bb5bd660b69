//! What an answer to a change shows, and what a collection shows: each through the real binary.

use crate::support::{Folder, World, id, list_of};
use offboard::record::Kind;
use offboard::simulator::Received;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// What becomes of a change that was answered so, and did not take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// It is sent again, under the same ID, once reading has shown that it did not happen.
    Again,
    /// It is not sent again; reading shows that it did not happen.
    No,
    /// The service itself says that it did nothing.
    OwnNo,
}

/// Statuses and bodies of an answer to a change.
fn answers() -> Vec<(Value, Meaning)> {
    use Meaning::{Again, No, OwnNo};
    let gateway = |status: u16| json!({ "statusCode": status, "message": "Resource not found" }).to_string();
    let mut all = Vec::new();
    for status in [408, 499, 500, 502, 503, 504, 599] {
        all.push((json!({ "status": status }), Again));
        all.push((json!({ "status": status, "html": "<html>busy</html>" }), Again));
        all.push((json!({ "status": status, "code": 800_003 }), Again));
        all.push((json!({ "status": status, "retry_after": "0" }), Again));
    }
    all.push((json!({ "status": 429, "retry_after": "0" }), Again));
    for status in [300, 302, 304, 400, 403, 404, 405, 409, 410, 412, 417, 418, 451, 600, 799, 999] {
        all.push((json!({ "status": status }), No));
        all.push((json!({ "status": status, "html": "<html>no</html>" }), No));
        all.push((json!({ "status": status, "json": gateway(status) }), No));
        // The form of the service's own, and a code that nobody knows.
        all.push((json!({ "status": status, "code": 77 }), No));
    }
    // Known codes under another status, or without the service's own form.
    all.push((json!({ "status": 404, "code": 900_150 }), No));
    all.push((json!({ "status": 404, "json": "{\"code\":\"60003\",\"description\":\"d\"}" }), No));
    all.push((json!({ "status": 409, "code": 800_060 }), No));
    // It does not exist, says the service; reading shows that it does.
    for (status, code) in [(403, 20_002), (404, 1000), (404, 60_003)] {
        all.push((json!({ "status": status, "code": code }), No));
    }
    for (status, code) in [(400, 900_127), (403, 900_150), (400, 3000), (417, 800_036)] {
        all.push((json!({ "status": status, "code": code }), OwnNo));
    }
    all
}

#[test]
fn every_answer_to_a_change_that_takes_effect_or_not_once_or_for_ever() {
    let mut cases = Vec::new();
    for (answer, meaning) in answers() {
        for effect in [false, true] {
            for times in [1, 0] {
                // The service does not lie about itself.
                if !(effect && meaning == Meaning::OwnNo) {
                    cases.push((answer.clone(), meaning, effect, times));
                }
            }
        }
    }
    let customers = (1..).zip(&cases).map(|(n, (answer, _, effect, times))| {
        let mut action = answer.clone();
        action["kind"] = json!("answer");
        action["effect"] = json!(effect);
        json!({ "id": id(n).to_string(), "faults": [{ "on": "remove", "times": times, "do": action }] })
    });
    let count = u32::try_from(cases.len()).unwrap();
    let others = [json!({ "id": id(90_001) }), json!({ "id": id(90_002) })];
    let customers: Vec<Value> = customers.chain(others).collect();
    let world = World::of(&json!({ "customers": customers }));
    let folder = Folder::new();
    folder.run(&world, &list_of((1..=count).map(id)), &["--settle", "2", "--concurrency", "16"]).exits(3);
    let removed: BTreeSet<_> = world.removed().into_iter().collect();
    assert_eq!(removed.len(), world.removed().len(), "a second effect");
    let mut wrong = Vec::new();
    for ((n, (answer, meaning, effect, times)), end) in (1..).zip(&cases).zip(folder.ends()) {
        let changes: Vec<Received> =
            world.changes().into_iter().filter(|it| it.target.contains(&id(n).to_string())).collect();
        let ids: BTreeSet<_> = changes.iter().map(|change| change.request_id.clone()).collect();
        let is_gone = removed.contains(&id(n));
        let is_missing = matches!(answer["code"].as_u64(), Some(20_002 | 1000 | 60_003))
            && *meaning == Meaning::No
            && answer["json"].is_null();
        let expected: &[&str] = match (effect, meaning) {
            // Whether it was gone before, nobody can tell.
            (true, _) if is_missing => &["already_removed"],
            (true, _) => &["removed"],
            (false, Meaning::Again) if *times == 1 => &["removed"],
            (false, _) => &["failed"],
        };
        let outcome = end.split(':').next().unwrap();
        let is_right = expected.contains(&outcome)
            && ids.len() == 1
            && is_gone == (*effect || outcome == "removed")
            && (*meaning == Meaning::Again || changes.len() == 1);
        if !is_right {
            wrong.push(format!(
                "{answer} effect {effect} times {times}: {end}, {} sent under {} IDs, gone {is_gone}",
                changes.len(),
                ids.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_401_without_another_token_is_no_end_of_a_row() {
    for effect in [true, false] {
        let answer = json!({ "kind": "answer", "status": 401, "code": 800_001, "effect": effect });
        let faults = json!([{ "on": "remove", "do": answer }]);
        let customers = json!([{ "id": id(1), "faults": faults }, { "id": id(2) }, { "id": id(3) }]);
        let world = World::of(&json!({ "customers": customers }));
        let folder = Folder::new();
        folder.run(&world, &list_of([id(1)]), &["--concurrency", "1"]).exits(5);
        assert_eq!(folder.ends(), ["open"]);
        let explanation = folder.report("customers.csv");
        assert!(explanation.contains("is not known yet"), "{explanation}");
        crate::support::Done::of(
            &folder.against(&world, &["resume", "--yes", "--rate", "600000"]).output().unwrap(),
        )
        .exits(0);
        assert_eq!(folder.ends(), ["removed"], "{effect}");
        let ids: BTreeSet<_> = world.changes().into_iter().map(|change| change.request_id).collect();
        assert_eq!((ids.len(), world.removed().len()), (1, 1), "{effect}");
    }
}

/// Answers as they are kept in a file, as faults of the simulator.
fn scenario(kept: &Value) -> Value {
    let on = |asked: &str| match asked {
        "GET /" => "customer",
        "PATCH /" => "remove",
        "GET /subscriptions" => "subscriptions",
        "GET /customers" => "list",
        other => panic!("{other}"),
    };
    let faults = |answers: &Value| -> Vec<Value> {
        let each = answers.as_object().into_iter().flatten().flat_map(|(asked, answers)| {
            answers.as_array().unwrap().iter().map(move |answer| {
                let mut action = json!({ "kind": "answer", "status": answer["status"],
                    "json": answer["body"].to_string(), "effect": answer["effect"].as_bool().unwrap_or_default() });
                if let Some(wait) = answer["headers"]["Retry-After"].as_str() {
                    action["retry_after"] = json!(wait);
                }
                let times = i32::from(answer["forever"] != json!(true));
                json!({ "on": on(asked), "times": times, "do": action })
            })
        });
        each.collect()
    };
    let customers: Vec<Value> = kept["customers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|customer| {
            json!({ "id": customer["id"], "name": customer["name"], "domain": customer["domain"],
                "faults": faults(&customer["answers"]) })
        })
        .collect();
    json!({ "customers": customers, "faults": faults(&kept["answers"]) })
}

/// Runs what a file of `tests/answers/` keeps. Gives the ends of its two rows.
fn ends_with(file: &str) -> (Vec<String>, World, Folder) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers").join(file);
    let kept: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let world = World::of(&scenario(&kept));
    let rows = kept["list"].as_array().unwrap().iter();
    let rows = rows.map(|row| format!("{},{}\n", row["id"].as_str().unwrap(), row["name"].as_str().unwrap()));
    let list = format!("Customer tenant ID,Company name\n{}", rows.collect::<String>());
    let folder = Folder::new();
    folder.run(&world, &list, &["--settle", "2"]);
    (folder.ends(), world, folder)
}

#[test]
fn in_a_plan_a_404_of_the_gateway_is_no_missing_relationship() {
    let (ends, world, _folder) = ends_with("plan-read-gateway-404.json");
    assert_eq!(ends, ["failed: unexpected_answer", "removed"]);
    assert_eq!(world.removed().len(), 1);
}

#[test]
fn accepted_without_effect_and_then_a_404_of_the_gateway_is_no_removal() {
    let (ends, world, folder) = ends_with("accepted-without-effect-then-gateway-404.json");
    assert_eq!(ends, ["unknown: answer_lost", "removed"]);
    assert_eq!(world.removed().len(), 1);
    assert!(
        folder.explanations()[0].contains("still shows the relationship"),
        "{}",
        folder.explanations()[0]
    );
}

#[test]
fn a_fraction_of_a_second_is_waited_for() {
    let (ends, _world, folder) = ends_with("retry-after-with-a-fraction.json");
    assert_eq!(ends, ["removed", "removed"]);
    let held = folder.reader().events(&folder.latest(), &[Kind::Held]).unwrap();
    let [(_, held)] = &held[..] else { panic!("one wait") };
    let line = format!("{:?}", held.event);
    assert!(line.contains("Retry-After 3 s"), "{line}");
}

#[test]
fn subscriptions_that_are_fewer_than_their_total_block() {
    let (ends, world, folder) = ends_with("subscriptions-cut-totalcount-3-one-item.json");
    assert_eq!(ends, ["failed: unexpected_answer", "removed"]);
    assert_eq!(world.removed().len(), 1);
    assert!(folder.explanations()[0].contains("says that it has 3 items, and 1 came"));
}

#[test]
fn a_listing_that_is_empty_or_short_shows_nobody_gone() {
    // Accepted, and without effect: whoever believed the listing would call all four removed.
    let accepted = json!({ "on": "remove", "times": 0,
        "do": { "kind": "answer", "status": 200, "json": "{\"relationshipToPartner\":\"none\"}" } });
    let customers: Vec<Value> = (1..=4).map(|n| json!({ "id": id(n) })).collect();
    for page in [
        json!({ "totalCount": 4, "items": [] }),
        json!({ "items": [] }),
        json!({ "totalCount": 0, "items": [] }),
        json!({ "totalCount": 4, "items": [{ "id": "not an ID", "relationshipToPartner": "reseller" }] }),
        json!({ "totalCount": 4, "items": [{ "id": id(7), "relationshipToPartner": "reseller" }] }),
    ] {
        let listing = json!({ "on": "list", "skip": 1, "times": 0,
            "do": { "kind": "answer", "status": 200, "json": page.to_string() } });
        let blind = json!({ "on": "customer", "times": 0,
            "do": { "kind": "answer", "status": 404, "json": "{\"statusCode\":404,\"message\":\"x\"}" } });
        for faults in [json!([accepted, listing]), json!([accepted, listing, blind])] {
            let world = World::of(&json!({ "customers": customers, "faults": faults }));
            let folder = Folder::new();
            folder.run(&world, &list_of((1..=4).map(id)), &["--settle", "1"]).exits(3);
            let ends = folder.ends();
            // Seen to be there, or not to be told.
            let observed =
                folder.customers().iter().filter(|line| line.evidence.as_deref() == Some("observed")).count();
            assert_eq!(observed, 0, "{page}: {ends:?}");
            assert!(ends.iter().all(|end| end == "unknown: answer_lost"), "{page}: {ends:?}");
        }
    }
}
