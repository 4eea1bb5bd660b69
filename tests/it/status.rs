//! `offboard status`: a programme of many months, from the logs of all its runs.

use crate::support::{
    Done, Folder, World,
    evidence::{Question, tamper},
    id,
    in_process::{Death, InProcessRun, LifeEnded},
    list_of,
    subscriptions::subscription,
};
use offboard::{
    domain::{Day, Procedure, TenantId, Time},
    engine::Clock,
    simulator::Request,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, time::Duration};

pub(crate) fn status(folder: &Folder, arguments: &[&str], code: i32) -> Value {
    let all = [&["status", "--output", "json"], arguments].concat();
    folder.offboard(&all).exits(code).json()
}

/// What is said of the `n`th customer.
pub(crate) fn of(status: &Value, n: u32) -> Value {
    let all = status["customers"].as_array().unwrap();
    let is_it = |one: &&Value| one["customer_tenant_id"] == id(n).to_string();
    all.iter().find(is_it).unwrap_or_else(|| panic!("{n}: {status}")).clone()
}

pub(crate) fn kinds(customer: &Value) -> Vec<&str> {
    let all = customer["contradictions"].as_array().unwrap();
    all.iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

pub(crate) fn file(folder: &Folder, name: &str) -> String {
    let path = folder.path("reports").join("status").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn cells(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    csv.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Four customers: two may go, one has something that renews itself, and one is called as no spreadsheet likes it.
fn four() -> World {
    let licence = json!([{ "kind": "new_commerce", "id": subscription(3), "ends": "2099-03-04" }]);
    World::of(&json!({ "generated": { "count": 20 }, "customers": [
        { "id": id(1).to_string(), "name": "Contoso", "domain": "contoso.example" },
        { "id": id(2).to_string(), "name": "=cmd|' /C calc'!A0", "domain": "evil.example" },
        { "id": id(3).to_string(), "name": "Fabrikam", "subscriptions": licence },
        { "id": id(4).to_string(), "name": "<script>alert(1)</script>" },
    ] }))
}

fn plan(folder: &Folder, world: &World, list: &str, more: &[&str]) -> Done {
    folder.write("planned.csv", list);
    let plan = ["plan", "planned.csv", "--no-identity-check", "--rate", "600000", "--max-share", "100"];
    Done::of(&folder.against(world, &[&plan, more].concat()).output().unwrap())
}

#[test]
fn each_customer_has_its_latest_state_and_the_run_that_it_is_from() {
    let (folder, world) = (Folder::new(), four());
    let none = folder.offboard(&["status"]);
    assert_eq!(none.code, 6, "there is no log yet: {}", none.err);
    plan(&folder, &world, &list_of((1..=4).map(id)), &[]).exits(0);
    folder.run(&world, &list_of([id(1)]), &["--ticket", "CHG-7"]).exits(0);
    let removal = folder.latest();

    let said = status(&folder, &[], 3);
    assert_eq!(said["counts"], json!({ "removed": 1, "ready": 2, "skipped": 1 }));
    assert_eq!(
        said["in_words"],
        "Of these 4 customers, 1 is gone, 2 are due for another run, 1 needs somebody to act."
    );
    let gone = of(&said, 1);
    assert_eq!(
        (&gone["state"], &gone["run_id"], &gone["ticket"], &gone["prospect"]),
        (&json!("removed"), &json!(removal.to_string()), &json!("CHG-7"), &json!("gone"))
    );
    assert!(gone["confirmed_by"][0].is_string() && gone["since"].is_string(), "{gone}");
    let stays = of(&said, 3);
    assert_eq!(
        (&stays["reasons"], &stays["act_by"]),
        (&json!(["active_subscription"]), &json!("2099-03-01"))
    );
    assert!(stays["explanation"].as_str().unwrap().contains("renews itself"), "{stays}");

    // The table cannot act, the page shows text as text, and all of them are there.
    let table = cells(&file(&folder, "status.csv"));
    assert_eq!(table.len(), 5);
    let columns: Vec<&str> = table[0].iter().map(String::as_str).collect();
    assert_eq!(columns[..5], ["customer_tenant_id", "customer_name", "domain", "state", "prospect"]);
    assert_eq!(table[2][1], "'=cmd|' /C calc'!A0");
    let page = file(&folder, "status.html");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"), "{page}");
    assert!(
        page.contains("1 is gone, 2 are due for another run")
            && page.contains("CHG-7")
            && page.contains(removal.as_str())
    );
    assert!(page.contains("<th scope=\"row\">2099</th>"), "{page}");
    let calendar = file(&folder, "deadlines.ics");
    assert!(
        calendar.contains("SUMMARY:Act by: Fabrikam") && calendar.contains("DTSTART;VALUE=DATE:20990301")
    );
    assert!(folder.path("reports").join("status").join("status.xlsx").exists());
    // The letters to all of them, each by the run that says where the customer stands.
    let handed = cells(&file(&folder, "handover.csv"));
    let run = handed[0].iter().position(|name| name == "run_id").unwrap();
    assert_eq!(handed.len(), 5);
    for line in &handed[1..] {
        assert_eq!(line[run] == removal.as_str(), line[0] == id(1).to_string(), "{line:?}");
    }
    // For people, the same.
    let text = folder.offboard(&["status"]).exits(3).out;
    for part in ["1 is gone, 2 are due for another run", "Fabrikam", "2099-03-01", "status.html"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(world.changes().len(), 1, "nothing is changed");
}

#[test]
fn a_list_says_who_is_left_and_what_the_next_run_is_for() {
    let (folder, world) = (Folder::new(), four());
    let head = "Note,Customer tenant ID\n";
    let row = |n: u32| format!("\"=note {n}\",{}\n", id(n));
    let all = format!("{head}{}{}{}{}", row(4), row(2), row(3), row(2));
    folder.write("all.csv", &all);
    plan(&folder, &world, &list_of([id(1), id(2), id(3)]), &[]).exits(0);
    let said = status(&folder, &["all.csv", "--ready", "next.csv"], 3);
    assert_eq!(said["counts"], json!({ "ready": 1, "skipped": 1, "not_tried": 1 }));
    assert_eq!(said["list"]["not_listed"], 1);
    let order: Vec<_> =
        said["customers"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(order, ["not_tried", "ready", "skipped"]);
    // The list's own columns, and each customer once.
    let next = fs::read_to_string(folder.path("next.csv")).unwrap();
    assert_eq!(
        cells(&next),
        [vec!["Note".to_owned(), "Customer tenant ID".into()], vec!["=note 2".into(), id(2).to_string()]]
    );
    assert_eq!(said["ready"], json!({ "file": "next.csv", "customers": 1, "of_other_partners": [] }));
    // Nothing is overwritten, and nothing is written then.
    fs::remove_dir_all(folder.path("reports")).unwrap();
    let refused = folder.offboard(&["status", "all.csv", "--ready", "next.csv"]).exits(2);
    assert!(refused.err.contains("`--ready next.csv` is there already"), "{}", refused.err);
    assert!(!folder.path("reports").exists());
    // That list is what the next run takes.
    folder.run(&world, &next, &[]).exits(0);
    let one = format!("{head}{}", row(2));
    folder.write("one.csv", &one);
    let done = status(&folder, &["one.csv", "--ready", "later.csv"], 0);
    assert_eq!(
        (&done["in_words"], &done["ready"]["file"]),
        (&json!("The one customer is gone."), &Value::Null)
    );
    assert!(!folder.path("later.csv").exists());
    // Without a list, the next one has what a list is found by.
    let said = status(&folder, &["--ready", "later.csv"], 3);
    assert_eq!(said["ready"]["customers"], 1);
    let later = cells(&fs::read_to_string(folder.path("later.csv")).unwrap());
    assert_eq!(later[1], [id(1).to_string(), "Contoso".into(), "contoso.example".into()]);
    // A row without an ID is somebody who is not known to be gone.
    folder.write("one.csv", format!("{one}x,nonsense\n"));
    let said = status(&folder, &["one.csv"], 3);
    assert_eq!(said["list"]["rejected"], 1);
    let refused = folder.offboard(&["status", "--sheet", "One"]).exits(2);
    assert!(refused.err.contains("no list is named"), "{}", refused.err);
}

#[test]
fn what_another_log_says_counts_and_contradicts() {
    let (ours, theirs, world) = (Folder::new(), Folder::new(), four());
    ours.run(&world, &list_of([id(1), id(2)]), &["--ticket", "OURS"]).exits(0);
    let other = theirs.path("audit.db").display().to_string();
    plan(&theirs, &world, &list_of([id(3)]), &["--ticket", "THEIRS"]).exits(0);
    let said = status(&ours, &["--also", &other], 3);
    assert_eq!(said["counts"], json!({ "removed": 2, "skipped": 1 }));
    assert_eq!((&of(&said, 3)["log"], &of(&said, 3)["ticket"]), (&json!(other), &json!("THEIRS")));
    assert_eq!(said["contradicted"], 0);
    // The customer accepts again, and the other machine sees it.
    assert!(world.model().accept(Clock::System.now(), id(1)));
    plan(&theirs, &world, &list_of([id(1)]), &[]).exits(0);
    let said = status(&ours, &["--also", &other, "--also", "audit.db", "--also", &other], 3);
    assert_eq!(said["logs"], json!(["audit.db", other]), "each log once");
    let back = of(&said, 1);
    assert_eq!((&back["state"], kinds(&back)), (&json!("ready"), vec!["came_back"]));
    let text = back["contradictions"][0]["text"].as_str().unwrap();
    assert!(text.contains("(log audit.db)") && text.contains(&format!("(log {other})")), "{text}");
    assert!(file(&ours, "status.html").contains("What contradicts what"));
    // Our own log knows nothing of it; a log that is not there is said.
    assert_eq!(of(&status(&ours, &[], 0), 1)["state"], "removed");
    let missing = ours.offboard(&["status", "--also", "nowhere.db"]).exits(6);
    assert!(missing.err.contains("nowhere.db"), "{}", missing.err);
    // One that cannot be read is named, whichever it is.
    let broken = "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'facts_at', 'lost') AS BLOB)";
    tamper(&theirs.path("audit.db"), broken);
    let unread = ours.offboard(&["status", "--also", &other]).exits(6);
    assert!(unread.err.contains(&format!("the log `{other}`: ")), "{}", unread.err);
    ours.secret(theirs.token());
}

#[test]
fn a_rehearsal_says_nothing_of_real_customers() {
    let folder = Folder::new();
    folder.write("list.csv", list_of((1..=5).map(id)));
    let rehearse = ["run", "list.csv", "--rehearse", "--yes", "--rate", "600000", "--settle", "1"];
    folder.offboard(&rehearse);
    folder.offboard(&["demo"]).exits(0);
    let refused = folder.offboard(&["status"]).exits(2);
    assert!(refused.err.contains("2 runs were made against the built-in simulator"), "{}", refused.err);
    assert!(!folder.path("reports").join("status").exists());
    let said = status(&folder, &["list.csv"], 3);
    assert_eq!(said["counts"], json!({ "not_tried": 5 }));
    assert!(!file(&folder, "status.html").contains("/run/"));
}

#[test]
#[cfg(unix)]
fn the_files_are_whole_or_as_they_were() {
    let (folder, world) = (Folder::new(), four());
    plan(&folder, &world, &list_of((1..=4).map(id)), &[]).exits(0);
    status(&folder, &[], 3);
    let place = folder.path("reports").join("status");
    let names = |place: &std::path::Path| -> BTreeSet<String> {
        fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let whole =
        ["deadlines.ics", "handover.csv", "status.csv", "status.html", "status.xlsx"].map(str::to_owned);
    assert_eq!(names(&place), BTreeSet::from(whole.clone()));
    let before = file(&folder, "status.csv");
    // One of them cannot take its name: the others keep what they had.
    fs::remove_file(place.join("deadlines.ics")).unwrap();
    fs::create_dir(place.join("deadlines.ics")).unwrap();
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let failed = folder.offboard(&["status"]).exits(2);
    assert!(failed.err.contains("deadlines.ics"), "{}", failed.err);
    assert_eq!((file(&folder, "status.csv"), names(&place)), (before, BTreeSet::from(whole)));
    // Where no day is to come any more, none of an earlier call stays.
    fs::remove_dir(place.join("deadlines.ics")).unwrap();
    status(&folder, &[], 3);
    folder.write("one.csv", list_of([id(1)]));
    status(&folder, &["one.csv"], 0);
    assert!(!place.join("deadlines.ics").exists());
}

/// How many customers the long programme has.
fn count() -> u32 {
    std::env::var("OFFBOARD_TEST_CUSTOMERS").map_or(60, |count| count.parse().unwrap())
}

/// A programme of five months on a clock that is moved on, and ends today.
struct Months {
    run: InProcessRun,
    folder: Folder,
    first: Day,
}

impl Months {
    /// Terms end from 20 to 120 days after the beginning. Each tenth customer has an Azure plan besides.
    fn begin() -> Self {
        let first = Clock::System.now().day().plus_days(-151);
        let customers: Vec<Value> = (1..=count())
            .map(|n| {
                let ends = first.plus_days(20 + 25 * (n % 5)).to_string();
                let licence = json!({ "kind": "new_commerce", "id": subscription(n), "name": format!("M365 {n}"),
                    "quantity": n, "ends": ends });
                let mut all = vec![licence];
                if n % 10 == 3 {
                    all.push(json!({ "kind": "azure_plan" }));
                }
                json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "subscriptions": all })
            })
            .collect();
        let run = InProcessRun::new(&json!({ "customers": customers }), count(), 7);
        Self { run, folder: Folder::new(), first }
    }

    /// What time it is so many days after the beginning.
    fn day(&self, day: u32) -> Time {
        self.first.plus_days(day).begins().plus(Duration::from_hours(9))
    }

    fn runs(&mut self, day: u32, procedure: Procedure) {
        self.run.set_now(self.day(day));
        self.run.procedure = procedure;
        let ended = self.run.live(Death::Never);
        assert!(matches!(ended, LifeEnded::Sealed), "{day}: {ended:?}");
    }

    fn status(&self, more: &[&str], code: i32) -> Value {
        let log = self.run.log().display().to_string();
        status(&self.folder, &[&["--audit-log", &log], more].concat(), code)
    }

    /// Somebody has a subscription renew itself after all.
    fn renews(&self, day: u32, n: u32) {
        let now = self.day(day);
        let request = |method: &str, body: Vec<u8>| Request {
            method: method.to_owned(),
            target: format!("/v1/customers/{}/subscriptions/{}", id(n), subscription(n)),
            headers: vec![("authorization".to_owned(), "Bearer x".to_owned())],
            body,
        };
        let mut model = self.run.model.lock().unwrap();
        let read = model.handle(now, &request("GET", Vec::new()));
        let mut body: Value = serde_json::from_slice(&read.body).unwrap();
        body["autoRenewEnabled"] = json!(true);
        body["scheduledActions"] = json!([{ "scheduleType": "TermEnd", "actionType": "RenewToNewTerm" }]);
        assert_eq!(model.handle(now, &request("PATCH", body.to_string().into_bytes())).status, 200);
    }

    fn gone(&self) -> BTreeSet<TenantId> {
        self.run.model.lock().unwrap().journal().accepted().collect()
    }
}

fn all_gone(status: &Value) -> BTreeSet<TenantId> {
    let gone = status["customers"].as_array().unwrap().iter().filter(|one| one["prospect"] == "gone");
    gone.map(|one| one["customer_tenant_id"].as_str().unwrap().parse().unwrap()).collect()
}

/// What is scheduled first ends month by month; somebody changes their mind, and somebody comes back.
#[test]
fn a_programme_of_five_months_is_told_after_each_run() {
    let mut months = Months::begin();
    months.runs(0, Procedure::CancelAtTermEnd);
    let said = months.status(&[], 3);
    assert_eq!(said["counts"], json!({ "scheduled": count() }));
    assert_eq!(all_gone(&said).len(), 0);
    // Who goes on again: somebody with the latest term. Who comes back: somebody with the earliest.
    let (renewing, returning) = (4, 5);
    for (month, day) in [(1, 30), (2, 60), (3, 90), (4, 120), (5, 150)] {
        if month == 2 {
            months.renews(day - 10, renewing);
            let back = months.run.model.lock().unwrap().accept(months.day(day - 5), id(returning));
            assert!(back, "it was removed in the first month");
        }
        months.runs(day, Procedure::RemoveRelationship);
        let said = months.status(&[], 3);
        assert_eq!(said["total"], count());
        assert_eq!(all_gone(&said), months.gone(), "month {month}: {}", said["in_words"]);
        assert_eq!(said["runs"].as_array().unwrap().len(), month + 1);
        if month >= 2 {
            assert_eq!(kinds(&of(&said, renewing)), ["goes_on_again"], "month {month}");
            let back = of(&said, returning);
            assert_eq!((&back["state"], kinds(&back)), (&json!("removed"), vec!["came_back"]));
            assert!(back["contradictions"][0]["text"].as_str().unwrap().ends_with("and gone again since"));
        }
        if month == 1 {
            // Each of whom a day is known is dated, and those whose day has come by now are the next list.
            let dated = said["customers"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|one| one["prospect"] != "gone" && one["removable_from"].is_string());
            let next = cells(&{
                months.status(&["--ready", "next.csv"], 3);
                fs::read_to_string(months.folder.path("next.csv")).unwrap()
            });
            let dated: BTreeSet<&str> =
                dated.map(|one| one["customer_tenant_id"].as_str().unwrap()).collect();
            let listed: BTreeSet<&str> = next[1..].iter().map(|row| row[0].as_str()).collect();
            assert!(dated.len() > 20 && dated == listed, "{dated:?} {listed:?}");
        }
    }
    let said = months.status(&[], 3);
    let page = file(&months.folder, "status.html");
    let left: Vec<&Value> =
        said["customers"].as_array().unwrap().iter().filter(|one| one["prospect"] != "gone").collect();
    let expected = (1..=count()).filter(|n| n % 10 == 3 || *n == renewing).count();
    assert_eq!(left.len(), expected, "{}", said["in_words"]);
    for one in left {
        // Everybody is gone, or is named with what stands in the way.
        assert!(!one["reasons"].as_array().unwrap().is_empty(), "{one}");
        assert!(page.contains(one["customer_tenant_id"].as_str().unwrap()), "{one}");
    }
    let gone: u64 =
        said["months"].as_array().unwrap().iter().map(|month| month["gone"].as_u64().unwrap()).sum();
    assert_eq!(gone, all_gone(&said).len() as u64);
    assert_eq!(Question::new(months.run.log()).answer(), 8);
}
