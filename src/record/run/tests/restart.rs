use super::{super::*, planning::up_to_the_plan};
use crate::record::{
    ChangePhase,
    samples::{policy, record},
};
use serde_json::{Value, json};

fn at(mut record: Value, time: &str) -> Record {
    record["at"] = json!(time);
    self::record(&record)
}

/// Somebody may set the machine's clock while the program is down, in either direction: what was in doubt has all its time
/// again whenever the program is started again.
#[test]
fn no_wait_outlives_a_restart() {
    let (mut run, digest) = up_to_the_plan(0, true);
    let confirmed = json!({ "kind": "confirmed", "by": "", "how": "yes", "digest": digest });
    run.apply(5, &record(&confirmed)).unwrap();
    let id = "5d0c0a4b-0000-4000-8000-000000000001";
    let intended = json!({ "kind": "request_intended", "row": 1, "customer": run.rows[0].customer, "attempt": 1,
        "purpose": "remove_relationship", "method": "PATCH", "url": "", "request_id": id, "correlation_id": id,
        "headers": {} });
    run.apply(6, &record(&intended)).unwrap();
    let mut resumed = policy();
    resumed["kind"] = json!("resumed");
    resumed["approval_above"] = json!(0);
    for (seq, time) in [(7, "2026-11-19T09:15:30.000Z"), (8, "2026-11-20T09:16:00.000Z")] {
        run.apply(seq, &at(resumed.clone(), time)).unwrap();
        let RowState::Changing(changing) = &run.rows[0].state else { panic!("it was sent") };
        let ChangePhase::InDoubt { since, .. } = changing.last().unwrap().phase else { panic!("in doubt") };
        assert_eq!(since.to_string(), time);
    }
}
