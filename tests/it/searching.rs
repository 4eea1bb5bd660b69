//! The log in the terminal: the same questions as on the reviewer's page.

use crate::{
    review::hostile,
    support::{Folder, id},
};
use serde_json::Value;

fn ask(folder: &Folder, arguments: &[&str]) -> Vec<Value> {
    let done = folder.offboard(&[&["log", "--output", "json"], arguments].concat()).exits(0);
    done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_customers_timeline_has_every_record_about_it() {
    let folder = hostile();
    let customer = id(4).to_string();
    let records = ask(&folder, &["--customer", &customer, "--timeline"]);
    let kinds: Vec<&str> = records.iter().map(|record| record["record"]["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), ("row_read", "settled"));
    assert!(kinds.contains(&"judged") && kinds.contains(&"observed") && kinds.contains(&"request_intended"));
    assert!(records.iter().all(|record| record["record"]["row"] == 5), "{records:?}");
    assert!(records.is_sorted_by_key(|record| record["seq"].as_u64().unwrap()));
    assert_eq!(ask(&folder, &["--customer", &customer, "--timeline", "--run", "latest"]), records);
    let text = folder.offboard(&["log", "--customer", &customer, "--timeline"]).exits(0).out;
    assert!(text.contains("END THE RELATIONSHIP") && text.contains("note 3"), "{text}");
    assert!(!text.contains(['\u{202e}', '\u{1b}']));
    folder.offboard(&["log", "--timeline"]).exits(2);
    folder.offboard(&["log", "--timeline", "--customer", &customer, "--status", "200"]).exits(2);
}

#[test]
fn any_id_is_found_however_it_begins() {
    let folder = hostile();
    let change =
        folder.requests().into_iter().find(|request| request.method.as_deref() == Some("PATCH")).unwrap();
    let request_id = change.request_id.unwrap();
    for asked in [
        request_id.clone(),
        request_id.to_uppercase(),
        format!("{{{request_id}}}"),
        request_id[..9].to_owned(),
    ] {
        let found = ask(&folder, &["--id", &asked]);
        assert!(found.iter().any(|record| record["seq"] == change.seq), "{asked}");
        assert!(found.len() < 4);
    }
    // A customer's ID finds its records.
    assert_eq!(
        ask(&folder, &["--id", &id(4).to_string()]),
        ask(&folder, &["--customer", &id(4).to_string(), "--timeline"])
    );
    assert_eq!(ask(&folder, &["--id", "ffffffff-ffff"]), [Value::Null; 0]);
    folder.offboard(&["log", "--id", "abc"]).exits(2);
}

#[test]
fn a_time_ends_the_search() {
    let folder = hostile();
    let all = ask(&folder, &[]).len();
    assert_eq!(ask(&folder, &["--until", "2099-01-01"]).len(), all);
    assert_eq!(ask(&folder, &["--until", "2020-01-01"]).len(), 0);
    let requests = folder.requests();
    let third = requests[2].intended_at.clone().unwrap();
    let earlier = requests.iter().filter(|request| request.intended_at.as_ref().unwrap() < &third).count();
    assert_eq!(ask(&folder, &["--until", &third]).len(), earlier);
    // A day is meant as a whole.
    assert_eq!(ask(&folder, &["--until", &third[..10]]).len(), all);
    folder.offboard(&["log", "--until", "tomorrow"]).exits(2);
}
