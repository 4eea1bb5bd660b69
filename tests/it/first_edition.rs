//! What the first edition of the program wrote (0.1.0) is read, proved, reported and gone on with as long as there is a
//! program. What is in each of its logs, and how they were made, stands in `tests/first-edition/README.md`.

use crate::support::{
    Done, Folder, PARTNER, Reviewing, World,
    evidence::{Question, both_answer, files_below, first_edition, of_the_first_edition},
};
use offboard::{audit::RunLine, domain::Outcome};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

/// Every log, with what `verify` says of it and of its latest head: one of them was never brought to its end.
const ALL: [(&str, i32); 5] =
    [("demo", 0), ("suspension", 0), ("everything", 0), ("interrupted", 8), ("sandbox", 0)];

/// Every kind of record that it wrote.
const KINDS: [&str; 29] = [
    "log_opened",
    "key_introduced",
    "run_opened",
    "customers_protected",
    "row_read",
    "token_named",
    "partner_identified",
    "request_intended",
    "response_received",
    "request_not_sent",
    "outcome_unknown",
    "judged",
    "plan_sealed",
    "approved",
    "confirmed",
    "observed",
    "held",
    "stopped",
    "resumed",
    "fell",
    "undo_decided",
    "settled",
    "run_sealed",
    "resolved",
    "corroborated",
    "reconciled",
    "report_written",
    "log_verified",
    "log_exported",
];

/// Everything that it sent a request for.
const PURPOSES: [&str; 17] = [
    "sign_in",
    "read_partner",
    "list_customers",
    "read_customer",
    "read_subscriptions",
    "read_entitlements",
    "read_order",
    "cancel_order",
    "poll_order",
    "read_subscription",
    "suspend_subscription",
    "reactivate_subscription",
    "remove_relationship",
    "delete_customer",
    "confirm_removal",
    "settle_doubt",
    "read_activity",
];

/// What the reports of `interrupted` say otherwise today: file, place, and why. Those of all other runs say the same, to
/// the byte; `report.html` is not compared.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("customers.csv", "8 outcome", REFUSED),
    ("customers.csv", "8 reasons", REFUSED),
    ("customers.csv", "8 explanation", REFUSED),
    ("customers.csv", "10 explanation", IN_DOUBT),
    ("customers.csv", "11 explanation", IN_DOUBT),
    ("customers.csv", "12 explanation", IN_DOUBT),
    ("customers.csv", "13 outcome", SUSPENDED),
    ("customers.csv", "13 reasons", SUSPENDED),
    ("customers.csv", "13 explanation", SUSPENDED),
    ("customers.csv", "14 explanation", IN_DOUBT),
    ("customers.csv", "15 reasons", ACCEPTED),
    ("customers.csv", "15 explanation", ACCEPTED),
    ("customers.csv", "16 explanation", IN_DOUBT),
    ("customers.csv", "17 explanation", NOT_BEGUN),
    ("customers.csv", "18 explanation", NOT_BEGUN),
    ("retry.csv", "c0000000-0000-4000-8000-000000000014", ACCEPTED),
    ("summary.json", "/counts/failed", COUNTED),
    ("summary.json", "/counts/not_attempted", COUNTED),
    ("summary.json", "/counts/skipped", COUNTED),
    ("summary.json", "/counts/unknown", COUNTED),
    ("summary.json", "/reasons/answer_lost", COUNTED),
    ("summary.json", "/reasons/changed_since_plan", COUNTED),
    ("summary.json", "/reasons/refused_by_service", COUNTED),
    ("summary.json", "/reasons/run_stopped", COUNTED),
    ("summary.json", "/provisional/accepted", NEW),
    ("summary.json", "/provisional/in_doubt", NEW),
    ("summary.json", "/provisional/not_begun", NEW),
    ("summary.json", "/provisional/undecided", NEW),
];

const REFUSED: &str = "its removal was refused: nothing is in doubt, and no answer was lost";
const SUSPENDED: &str =
    "it was its turn, and something was changed: the service had agreed to suspend a subscription";
const ACCEPTED: &str = "its removal was accepted: no answer was lost, and nobody is to try it again";
const IN_DOUBT: &str =
    "it was not false; today it is said what exactly is not known, and what was done before";
const NOT_BEGUN: &str = "the same in other words";
/// Columns that later editions put before the list's own.
const LATER_COLUMNS: [&str; 3] = [" act_by", " reseller_mpn_id", " reseller_name"];
const COUNTED: &str = "it counts what `customers.csv` says of rows 8, 13 and 15";
const NEW: &str = "how far the rows are that have no outcome: there was no such field";

/// What a `plan.json` has today and had not then: who asks for what, within which limits.
const PLANS_SAY_MORE: [&str; 8] =
    ["/planned_at", "/operator", "/host", "/ticket", "/reason", "/input", "/limits", "/cannot_be_applied"];

/// The certificates that say `Nothing was changed.` of a customer of whom something was, each with a part of what is told
/// of it today.
const NOT_SO: &[(&str, &str, &str)] = &[
    ("suspension", "certificate.json", "was suspended and stays suspended"),
    ("everything", "certificates/failed-and-reactivated/certificate.json", "it could not be reactivated"),
    ("everything", "certificates/skipped-after-a-suspension/certificate.json", "was seen active again"),
    ("sandbox", "certificates/failed/certificate.json", "Order `Windows Server` (Zx8) was cancelled"),
    ("sandbox", "certificates/order-refused/certificate.json", "service agreed to cancel order"),
];

fn runs(folder: &Folder) -> Vec<RunLine> {
    folder.reader().runs().unwrap()
}

/// What stands at this place of the records, wherever there is such a place.
fn on_record(log: &Connection, place: &str) -> BTreeSet<String> {
    let sql =
        "SELECT DISTINCT CAST(body AS TEXT) ->> ?1 FROM record WHERE CAST(body AS TEXT) ->> ?1 NOT NULL";
    let mut query = log.prepare(sql).unwrap();
    query.query_map([place], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_kind_of_record_that_it_wrote_is_kept() {
    let (mut kinds, mut purposes, mut outcomes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (name, _) in ALL {
        let folder = of_the_first_edition(name);
        let log = Connection::open(folder.path("audit.db")).unwrap();
        kinds.extend(on_record(&log, "$.kind"));
        purposes.extend(on_record(&log, "$.purpose"));
        outcomes.extend(on_record(&log, "$.outcome"));
        outcomes.extend(on_record(&log, "$.verdict"));
        assert_eq!(on_record(&log, "$.version"), ["0.1.0".to_owned()].into(), "{name}");
        assert!(on_record(&log, "$.rules").is_empty(), "{name}: it knew of no rules");
    }
    assert_eq!(kinds, KINDS.map(str::to_owned).into());
    assert_eq!(purposes, PURPOSES.map(str::to_owned).into());
    let is_known = |outcome: &Outcome| match outcome {
        Outcome::Done(procedure) | Outcome::AlreadyDone(procedure) => !procedure.is_each_by_itself(),
        _ => true,
    };
    let known = Outcome::ALL.into_iter().filter(is_known).map(|outcome| outcome.as_str().to_owned());
    assert_eq!(outcomes, known.collect());
}

#[test]
fn nothing_of_the_machine_is_kept_with_it() {
    for (name, _) in ALL {
        for file in files_below(&first_edition(name)) {
            let bytes = fs::read(&file).unwrap();
            for part in ["/home/", "/root/", "/tmp/", "/srv/", "/work/"] {
                assert!(
                    memchr::memmem::find(&bytes, part.as_bytes()).is_none(),
                    "{}: {part}",
                    file.display()
                );
            }
        }
    }
    for name in ["everything", "interrupted", "sandbox"] {
        let folder = of_the_first_edition(name);
        let log = Connection::open(folder.path("audit.db")).unwrap();
        assert_eq!(on_record(&log, "$.host"), ["office".to_owned()].into(), "{name}");
        let people: BTreeSet<String> =
            ["$.operator", "$.by"].iter().flat_map(|place| on_record(&log, place)).collect();
        assert_eq!(people, ["dana (uid 1000)".to_owned()].into(), "{name}");
    }
}

#[test]
fn its_logs_are_legal_by_their_own_rules() {
    let all: Vec<(Folder, &str, i32)> =
        ALL.map(|(name, code)| (of_the_first_edition(name), name, code)).into();
    let question = |folder: &Folder, head: PathBuf| Question::new(folder.path("audit.db")).with(head);
    let mut questions: Vec<_> = all
        .iter()
        .map(|(folder, name, code)| {
            ((*name).to_owned(), question(folder, folder.path("checkpoint.txt")), *code)
        })
        .collect();
    // The log that was interrupted is the beginning of the other one, and its head covers that and no more.
    let whole = &all.iter().find(|(_, name, _)| *name == "everything").unwrap().0;
    let beginning = first_edition("interrupted").join("checkpoint.txt");
    questions.push(("an earlier head".to_owned(), question(whole, beginning), 8));
    both_answer(&questions);
    for (folder, _, code) in &all {
        folder.offboard(&["verify", "--checkpoint", "checkpoint.txt"]).exits(*code);
    }
}

#[test]
fn its_runs_are_listed_told_and_shown() {
    for (name, _) in ALL {
        let folder = of_the_first_edition(name);
        folder.offboard(&["runs"]).exits(0);
        let review = Reviewing::start(&folder, &[]);
        for run in runs(&folder) {
            let run = run.run_id.as_str();
            assert!(!folder.offboard(&["log", "--run", run]).exits(0).out.is_empty(), "{name}");
            assert!(review.page(&format!("/run/{run}")).contains(run), "{name}");
        }
        for file in files_below(&first_edition(name)).iter().filter(|file| file.ends_with("certificate.json"))
        {
            let certificate: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            let (customer, run) = (certificate["customer"].as_str().unwrap(), &certificate["run_id"]);
            assert!(!folder.offboard(&["log", "--customer", customer]).exits(0).out.is_empty());
            let told = folder.offboard(&["log", "--customer", customer, "--timeline"]).exits(0).out;
            assert!(told.contains(run.as_str().unwrap()), "{told}");
            let row = certificate["story"]["rows"][0]["row"].as_u64().unwrap();
            review.page(&format!("/run/{}/customer/{row}", run.as_str().unwrap()));
        }
        review.end().exits(0);
    }
}

#[test]
fn its_reports_say_the_same_today_but_for_what_is_named_here() {
    let mut otherwise = BTreeMap::new();
    for (name, _) in ALL {
        let folder = of_the_first_edition(name);
        for run in runs(&folder) {
            folder.offboard(&["report", run.run_id.as_str()]).exits(0);
            let (then, now) = (folder.path("runs"), folder.path("reports"));
            let [then, now] = [then, now].map(|folder| folder.join(run.run_id.as_str()));
            if !then.exists() {
                assert!(["demo", "suspension"].contains(&name), "{name}: its reports were kept");
                continue;
            }
            for file in files_below(&then) {
                let file = file.file_name().unwrap().to_str().unwrap();
                if ["report.html", "approval.txt"].contains(&file) {
                    continue;
                }
                let [then, now] = [&then, &now].map(|folder| fs::read_to_string(folder.join(file)).unwrap());
                for (place, how) in differences(file, &then, &now) {
                    let is_new = PLANS_SAY_MORE.iter().any(|field| place.starts_with(field));
                    if file == "plan.json" && is_new && how.starts_with("None became") {
                        continue;
                    }
                    // A column of later editions, of which nothing was on record then.
                    let is_later = LATER_COLUMNS.iter().any(|column| place.ends_with(column));
                    if file == "customers.csv" && is_later && how.ends_with("Some(\"\")") {
                        continue;
                    }
                    otherwise.insert((name, file.to_owned(), place), how);
                }
            }
        }
    }
    let expected: BTreeMap<_, _> = OTHERWISE
        .iter()
        .map(|(file, place, why)| (("interrupted", (*file).to_owned(), (*place).to_owned()), *why))
        .collect();
    for (place, how) in &otherwise {
        assert!(expected.contains_key(place), "{place:?}: {how}");
    }
    for (place, why) in &expected {
        assert!(otherwise.contains_key(place), "{place:?} is as it was, although {why}");
    }
}

/// Where two editions of a report differ, and how.
fn differences(file: &str, then: &str, now: &str) -> BTreeMap<String, String> {
    let told = [then, now].map(|text| told(file, text));
    let places: BTreeSet<&String> = told.iter().flat_map(BTreeMap::keys).collect();
    let mut found = BTreeMap::new();
    for place in places {
        let [then, now] = [&told[0], &told[1]].map(|told| told.get(place));
        if then != now {
            found.insert(place.clone(), format!("{then:?} became {now:?}"));
        }
    }
    if then != now && found.is_empty() {
        found.insert("its form".to_owned(), format!("{then} became {now}"));
    }
    found
}

/// What a report tells, by its place: a row and a column, a customer, a pointer.
fn told(file: &str, text: &str) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    match file {
        "customers.csv" | "retry.csv" => {
            let mut table = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let columns = table.headers().unwrap().clone();
            for cells in table.records().map(Result::unwrap) {
                if file == "retry.csv" {
                    told.insert(cells[0].to_owned(), format!("{cells:?}"));
                    continue;
                }
                let cell =
                    |(column, cell): (&str, &str)| (format!("{} {column}", &cells[0]), cell.to_owned());
                told.extend(columns.iter().zip(&cells).map(cell));
            }
        }
        "summary.json" | "plan.json" => flatten(&serde_json::from_str(text).unwrap(), "", &mut told),
        _ => drop(told.insert("all of it".to_owned(), text.to_owned())),
    }
    told
}

fn flatten(value: &Value, place: &str, told: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(value, &format!("{place}/{name}"), told));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| flatten(value, &format!("{place}/{n}"), told));
        }
        _ => drop(told.insert(place.to_owned(), value.to_string())),
    }
}

#[test]
fn its_certificates_are_proved_and_told_as_the_records_have_it() {
    let mut not_so = BTreeSet::new();
    for (name, _) in ALL {
        let folder = of_the_first_edition(name);
        for file in files_below(&first_edition(name)) {
            let file = file.strip_prefix(first_edition(name)).unwrap().to_str().unwrap().replace('\\', "/");
            let file = file.as_str();
            let check = |file: &str| {
                let checked =
                    folder.offboard(&["prove", "--check", file, "--output", "json"]).exits(0).json();
                // Its sentences are those of another edition.
                let verdict = (&checked["verdict"], &checked["words_compared"]);
                assert_eq!(verdict, (&json!("good"), &json!(false)), "{name}, {file}");
                checked
            };
            if file.ends_with("certificate.html") {
                check(file);
            }
            if !file.ends_with("certificate.json") {
                continue;
            }
            let checked = check(file);
            let kept: Value = serde_json::from_str(&fs::read_to_string(folder.path(file)).unwrap()).unwrap();
            assert_eq!(checked["outcome"], kept["story"]["outcome"], "{name}, {file}");
            let [then, now] = [&kept["story"], &checked].map(|told| told["in_short"].as_str().unwrap());
            let not_so_here = NOT_SO.iter().find(|(of, path, _)| (*of, *path) == (name, file));
            if let Some((_, _, so)) = not_so_here {
                assert!(then.contains("Nothing was changed."), "{name}, {file}: {then}");
                assert!(now.contains(so) && !now.contains("Nothing was changed"), "{name}, {file}: {now}");
                not_so.insert((name, file.to_owned()));
            } else if then.contains("Nothing was changed.") {
                let is_so = !["suspend", "cancel"].iter().any(|change| now.contains(change));
                assert!(is_so, "{name}, {file}: {now}");
            }
            // One that is made today is about the same records, and maybe more of them.
            let (customer, run) = (kept["customer"].as_str().unwrap(), kept["run_id"].as_str().unwrap());
            let made = ["prove", "--customer", customer, "--run", run, "--out", "made"];
            folder.offboard(&made).exits(0);
            let checked = ["prove", "--check", "made/certificate.json", "--output", "json"];
            let checked = folder.offboard(&checked).exits(0).json();
            assert_eq!((&checked["verdict"], &checked["words_compared"]), (&json!("good"), &json!(true)));
            let made = fs::read_to_string(folder.path("made/certificate.json")).unwrap();
            let made: Value = serde_json::from_str(&made).unwrap();
            let shown = |certificate: &Value| -> BTreeSet<u64> {
                let items = certificate["records"].as_array().unwrap();
                items.iter().map(|item| item["seq"].as_u64().unwrap()).collect()
            };
            assert!(shown(&made).is_superset(&shown(&kept)), "{name}, {file}");
        }
    }
    assert_eq!(not_so.len(), NOT_SO.len(), "{not_so:?}");
}

#[test]
fn a_record_of_it_that_was_changed_is_found_all_the_same() {
    let folder = of_the_first_edition("suspension");
    let text = fs::read_to_string(folder.path("certificate.json")).unwrap();
    folder.write("certificate.json", text.replace("900127", "900128"));
    folder.offboard(&["prove", "--check", "certificate.json"]).exits(7);
}

#[test]
fn what_it_brought_to_an_end_is_not_gone_on_with() {
    for (name, _) in ALL {
        let folder = of_the_first_edition(name);
        for run in runs(&folder).into_iter().filter(RunLine::is_sealed) {
            let done = folder.offboard(&["resume", run.run_id.as_str()]);
            let done = done.exits(run.exit_code.unwrap().into());
            assert!(done.err.contains("there is nothing to go on with"), "{name}: {}", done.err);
        }
    }
}

#[test]
fn a_plan_of_it_is_understood_and_carried_out_no_second_time() {
    let folder = of_the_first_edition("everything");
    let plan = runs(&folder).into_iter().find(|run| run.mode.as_deref() == Some("plan")).unwrap().run_id;
    let plan = format!("runs/{plan}/plan.json");
    // Somebody who looks at it today sees the same digest.
    let written: Value = serde_json::from_str(&fs::read_to_string(folder.path(&plan)).unwrap()).unwrap();
    folder.offboard(&["approve", "--new-key"]).exits(0);
    let digest = written["digest"].as_str().unwrap();
    folder.offboard(&["approve", &plan, "--digest", digest, "--out", "approval.txt"]).exits(0);

    let world = World::of(&json!({}));
    let apply = ["apply", &plan, "--yes", "--plan-max-age", "1000000h", "--approval", "approval.txt"];
    let refused = Done::of(&folder.against(&world, &apply).output().unwrap()).exits(4);
    assert!(refused.err.contains("carried it out already"), "{}", refused.err);
    let edited = fs::read_to_string(folder.path(&plan)).unwrap().replacen("\"ready\": 4", "\"ready\": 5", 1);
    fs::write(folder.path(&plan), edited).unwrap();
    let refused = Done::of(&folder.against(&world, &apply).output().unwrap()).exits(4);
    assert!(refused.err.contains("not the one that was written"), "{}", refused.err);
    assert!(world.received().is_empty());

    // Who approved it is told as it is on record: by a key, of which nobody knows whose it is.
    let is_applied = |run: &RunLine| {
        run.mode.as_deref() == Some("run") && run.input_file.as_deref() == Some("planned.csv")
    };
    let applied = runs(&folder).into_iter().find(is_applied).unwrap();
    let page = format!("runs/{}/report.html", applied.run_id);
    assert!(fs::read_to_string(folder.path(&page)).unwrap().contains("A second person approved it"));
    folder.offboard(&["report", applied.run_id.as_str()]).exits(0);
    let page = fs::read_to_string(folder.path(&page.replacen("runs", "reports", 1))).unwrap();
    assert!(page.contains("approved with another key") && !page.contains("A second person approved it"));
}

/// A customer of its lists.
fn customer(n: u32) -> String {
    format!("c0000000-0000-4000-8000-{n:012}")
}

#[test]
fn a_run_that_it_left_in_the_middle_is_brought_to_its_end() {
    let subscription =
        |n: u32, status: &str| json!({ "id": format!("5d0c0a4b-0000-4000-8000-{n:012}"), "status": status });
    // Partner Center as it was then: one more was removed than was heard of, and five are left.
    let world = World::at(
        &json!({ "partner": { "tenant_id": PARTNER }, "customers": [
            { "id": customer(7), "subscriptions": [subscription(70, "suspended"), subscription(71, "suspended")] },
            { "id": customer(10) },
            { "id": customer(12), "subscriptions": [subscription(120, "suspended"), subscription(121, "active")] },
            { "id": customer(13) },
            // Their facts are old by now: they are looked at again, and must be who they were.
            { "id": customer(16), "name": "Graphic Design Institute" },
            { "id": customer(17), "name": "School of Fine Art" },
        ] }),
        // The address that is on record.
        ([127, 0, 11, 26], 8400).into(),
    );
    let folder = of_the_first_edition("interrupted");
    let resume = ["resume", "--yes", "--after-failure", "reactivate"];
    Done::of(&folder.against(&world, &resume).output().unwrap()).exits(3);
    assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "sealed");
    let ends = [("already_removed", 1), ("failed", 4), ("rejected", 2), ("removed", 14), ("skipped", 11)];
    assert_eq!(folder.counts(), ends.map(|(outcome, count)| (outcome.to_owned(), count)).into());

    // What was left to be done, and nothing else: two whose turn had not come, two of whom it turned out that nothing had
    // happened, and what was suspended for nothing.
    let mut changes: Vec<String> = world.changes().into_iter().map(|received| received.target).collect();
    changes.sort();
    let removals = [10, 13, 16, 17].map(|n| format!("/v1/customers/{}", customer(n)));
    let back = [(7, 70), (7, 71), (12, 120)].map(|(n, of)| {
        format!("/v1/customers/{}/subscriptions/5d0c0a4b-0000-4000-8000-{of:012}", customer(n))
    });
    let mut expected = [&removals[..], &back[..]].concat();
    expected.sort();
    assert_eq!(changes, expected);
    // What was in doubt was sent again under the request ID that it had.
    for n in [10, 13] {
        let requests = folder.requests().into_iter().filter(|line| {
            line.purpose.as_deref() == Some("remove_relationship")
                && line.customer_tenant_id == Some(customer(n))
        });
        let ids: Vec<_> = requests.map(|line| line.request_id.unwrap()).collect();
        assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
    }
    folder.write("ticket.txt", folder.report("checkpoint.txt"));
    let question = Question::new(folder.path("audit.db")).with(folder.path("ticket.txt"));
    both_answer(&[("brought to its end".to_owned(), question, 0)]);
}
