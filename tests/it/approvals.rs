//! A second person looks at the plan, and what they signed is what is carried out.

use crate::support::{
    Done, Folder, PARTNER_NAME, Reviewing, World, id, list_of, sat_at, system::USER, typed,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Customers with subscriptions that are over, so that they may go and yet matter.
fn world() -> World {
    let customers: Vec<Value> = (1..=8)
        .map(|n| {
            json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "domain": format!("c{n}.example"),
                "subscriptions": [{ "kind": "legacy", "status": "suspended", "quantity": n * 10 }] })
        })
        .collect();
    World::of(&json!({ "customers": customers }))
}

/// The operator, who plans; and the approver, on a machine of their own.
struct Office {
    operator: Folder,
    approver: Folder,
    world: World,
}

impl Office {
    fn new() -> Self {
        Self { operator: Folder::new(), approver: Folder::new(), world: world() }
    }

    fn plan(&self, more: &[&str]) -> PathBuf {
        let list = "Customer tenant ID,Customer name\n".to_owned()
            + &format!("{},CUSTOMER-1\n{},Customer 2\n{},Customer 3\n", id(1), id(2), id(3))
            + &format!("{},Somebody Else\n", id(4));
        let list = self.operator.write("list.csv", list).display().to_string();
        let mut arguments = vec!["plan", &list, "--rate", "600000", "--max-share", "100", "--settle", "1"];
        arguments.extend(more);
        Done::of(&self.operator.against(&self.world, &arguments).output().unwrap()).exits(0);
        self.operator.path("reports").join(self.operator.latest().as_str()).join("plan.json")
    }

    fn apply(&self, plan: &Path, more: &[&str]) -> Done {
        let plan = plan.display().to_string();
        let mut arguments = vec!["apply", &plan, "--yes"];
        arguments.extend(more);
        Done::of(&self.operator.against(&self.world, &arguments).output().unwrap())
    }

    #[track_caller]
    fn refuses(&self, plan: &Path, more: &[&str], code: i32, says: &str) {
        let received = self.world.received().len();
        let done = self.apply(plan, more).exits(code);
        assert!(done.err.contains(says), "{says}: {}", done.err);
        assert_eq!(self.world.received().len(), received, "nothing at all was sent");
    }
}

fn as_approver(approver: &Folder, arguments: &[&str]) -> Command {
    let mut command = approver.command(arguments);
    command.env(USER, "alex").env_remove("OFFBOARD_SIGNING_KEY");
    command
}

fn new_key(approver: &Folder) -> String {
    let done = Done::of(&as_approver(approver, &["approve", "--new-key"]).output().unwrap()).exits(0);
    assert!(done.out.starts_with("alex@"), "{}", done.out);
    done.out.trim().to_owned()
}

/// Approves the plan in the way of a script. Gives the approval.
fn approval(approver: &Folder, plan: &Path, name: &str) -> PathBuf {
    let digest = serde_json::from_slice::<Value>(&fs::read(plan).unwrap()).unwrap()["digest"].clone();
    let out = approver.path(name);
    let (plan, out_text) = (plan.display().to_string(), out.display().to_string());
    let arguments = ["approve", &plan, "--digest", digest.as_str().unwrap(), "--out", &out_text];
    Done::of(&as_approver(approver, &arguments).output().unwrap()).exits(0);
    out
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn what_a_second_person_signed_is_carried_out_and_stays_on_record() {
    let office = Office::new();
    let plan = office.plan(&["--require-approval"]);
    office.refuses(&plan, &[], 4, "needs the approval of a second person");

    let vkey = new_key(&office.approver);
    let again =
        Done::of(&as_approver(&office.approver, &["approve", "--new-key"]).output().unwrap()).exits(2);
    assert!(again.err.contains(&vkey), "{}", again.err);
    let mut command = as_approver(&office.approver, &["approve", &text(&plan)]);
    let done = Done::of(&typed(&mut command, &format!("{PARTNER_NAME} 3\n"))).exits(0);
    // Names, counts and reasons, and what would surprise most before all.
    for part in ["Look at these first", "The most seats", "30", "The list calls them otherwise", "CUSTOMER-1"]
    {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
    for part in ["somebody else", "Somebody Else", "c2.example", "name_mismatch", "removes    3 customers"] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
    let signed = plan.with_file_name("approval.txt");

    let done = office.apply(&plan, &["--approval", &text(&signed), "--approver", &vkey]).exits(3);
    assert!(done.err.contains("Customer 2"), "{}", done.err);
    assert_eq!(office.world.removed().len(), 3);
    let log = rusqlite::Connection::open(office.operator.path("audit.db")).unwrap();
    let approved: String = log
        .query_row("SELECT CAST(body AS TEXT) FROM records WHERE kind = 'approved'", [], |row| row.get(0))
        .unwrap();
    let approved: Value = serde_json::from_str(&approved).unwrap();
    assert_eq!(
        (&approved["approver"], &approved["note"]),
        (&json!(vkey), &json!(fs::read_to_string(&signed).unwrap()))
    );
    let report = office.operator.report("report.html");
    let signed = text(&signed);
    let signed_at = fs::read_to_string(&signed).unwrap();
    let signed_at = signed_at.lines().find_map(|line| line.strip_prefix("at ")).unwrap();
    for part in [
        "It was approved with another key".to_owned(),
        // A test has one user, whatever it calls itself.
        "by alex (".to_owned(),
        "as that machine says: the same user on the same machine as the operator’s".to_owned(),
        format!("{} {} UTC, over the same digest", &signed_at[..10], &signed_at[11..19]),
        vkey.replace('/', "&#x2f;"),
    ] {
        assert!(report.contains(&part), "the report names the approver: {part}");
    }
    assert!(!report.contains("second person"));
    assert!(done.err.contains("warning: the approval was signed with another key, but by the same user"));
    office.operator.offboard(&["verify"]).exits(8);
    let review = Reviewing::start(&office.operator, &[]);
    let page = review.page(&format!("/run/{}", office.operator.latest()));
    assert!(
        page.contains("It was approved with another key")
            && page.contains("the same user on the same machine")
            && page.contains("Carries out the plan"),
        "{page}"
    );
    let digest = approved["digest"].as_str().unwrap();
    assert!(page.matches(digest).count() > 1, "it is what was approved that was confirmed");
}

#[test]
fn an_approval_travels_by_mail() {
    let office = Office::new();
    let plan = office.plan(&["--require-approval"]);
    let vkey = new_key(&office.approver);
    let signed = approval(&office.approver, &plan, "approval.txt");
    let note = fs::read_to_string(&signed).unwrap();
    let mailed =
        office.operator.write("mailed.txt", format!("\u{feff}\r\n{}\r\n", note.replace('\n', "\r\n")));
    for altered in
        [note.replacen(' ', "  ", 1), format!("> {note}"), format!("{note} "), format!("{note}\u{1f}")]
    {
        let altered = office.operator.write("altered.txt", altered);
        office.refuses(&plan, &["--approval", &text(&altered), "--approver", &vkey], 4, "not an approval");
    }
    office.apply(&plan, &["--approval", &text(&mailed), "--approver", &vkey]).exits(3);
    assert_eq!(office.world.removed().len(), 3);
    let log = rusqlite::Connection::open(office.operator.path("audit.db")).unwrap();
    let kept: String = log
        .query_row(
            "SELECT json_extract(CAST(body AS TEXT), '$.note') FROM records WHERE kind = 'approved'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kept, note, "what was signed is kept, not what the mail made of it");
    office.operator.offboard(&["verify"]).exits(8);
}

#[test]
fn whatever_is_not_exactly_that_is_refused() {
    let office = Office::new();
    let plan = office.plan(&["--require-approval"]);
    let vkey = new_key(&office.approver);
    let signed = approval(&office.approver, &plan, "approval.txt");
    let with = |approval: &Path, approver: &str| {
        vec!["--approval".to_owned(), text(approval), "--approver".to_owned(), approver.to_owned()]
    };
    let refuses = |plan: &Path, more: &[String], code, says: &str| {
        office.refuses(plan, &more.iter().map(String::as_str).collect::<Vec<_>>(), code, says);
    };

    // Nobody may approve, or somebody else may.
    refuses(&plan, &with(&signed, &vkey)[..2], 4, "nobody is named who may approve");
    let other = Folder::new();
    let stranger = new_key(&other);
    refuses(&plan, &with(&signed, &stranger), 4, "not among those who may approve");
    refuses(&plan, &with(&signed, "alex"), 2, "`--approver`");
    refuses(&plan, &with(&office.approver.path("none.txt"), &vkey), 2, "cannot read the approval");

    let large = office.operator.path("large.txt");
    fs::File::create(&large).unwrap().set_len(1 << 30).unwrap();
    refuses(&plan, &with(&large, &vkey), 2, "is larger than");
    fs::remove_file(&large).unwrap();

    // Edited, or something else.
    let note = fs::read_to_string(&signed).unwrap();
    let edited = office.operator.write("edited.txt", note.replace("removals 3", "removals 4"));
    refuses(&plan, &with(&edited, &vkey), 4, "signature is not good");
    let head = plan.with_file_name("checkpoint.txt");
    refuses(&plan, &with(&head, &vkey), 4, "not an approval");

    // Of another plan of the same list.
    let second = office.plan(&["--require-approval"]);
    refuses(&second, &with(&signed, &vkey), 4, "another run than this plan's");

    // With the key that signs this log, under whatever name.
    let mine = Folder::new();
    let key = mine.path("approval.key");
    fs::copy(office.operator.path("signing.key"), &key).unwrap();
    let digest = serde_json::from_slice::<Value>(&fs::read(&second).unwrap()).unwrap()["digest"].clone();
    let out = mine.path("approval.txt");
    let (plan_text, out_text) = (text(&second), text(&out));
    let arguments = ["approve", &plan_text, "--digest", digest.as_str().unwrap(), "--out", &out_text];
    Done::of(&mine.command(&arguments).env("OFFBOARD_APPROVAL_KEY", &key).output().unwrap()).exits(0);
    let printed = office.operator.offboard(&["verify", "--print-key"]).exits(0).out.trim().to_owned();
    refuses(&second, &with(&out, &printed), 4, "nobody approves their own plan");
    assert!(office.world.removed().is_empty());
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn nothing_is_signed_that_was_not_looked_at() {
    let office = Office::new();
    let plan = office.plan(&[]);
    let (approver, shown) = (&office.approver, text(&plan));
    let approve = |arguments: &[&str]| Done::of(&as_approver(approver, arguments).output().unwrap());
    assert!(approve(&["approve", &shown]).exits(2).err.contains("--new-key"));
    new_key(approver);
    // Not at a terminal, the wrong words, the wrong digest.
    assert!(approve(&["approve", &shown]).exits(4).err.contains("no terminal"));
    for words in ["yes\n", "Fabrikam Demo 4\n", "\n"] {
        let mut command = as_approver(approver, &["approve", &shown]);
        assert!(Done::of(&typed(&mut command, words)).exits(4).err.contains("not approved"));
    }
    assert!(approve(&["approve", &shown, "--digest", &"0".repeat(64)]).exits(4).err.contains("not the one"));
    // A plan that does not say what was decided.
    let written = fs::read_to_string(&plan).unwrap();
    for (from, to) in
        [("Customer 2", "Customer 9"), ("\"ready\": 3", "\"ready\": 2"), ("remove-rel", "remove-Rel")]
    {
        assert!(written.contains(from), "{from}");
        let edited = approver.write("edited.json", written.replacen(from, to, 1));
        approve(&["approve", &text(&edited)]).exits(2);
    }
    assert!(!plan.with_file_name("approval.txt").exists() && !approver.path("approval.txt").exists());
    // Another approval is not written over.
    let out = approval(approver, &plan, "approval.txt");
    let again = ["approve", &shown, "--out", &text(&out)];
    assert!(approve(&again).exits(2).err.contains("is there already"));
}

#[test]
fn a_company_can_make_it_compulsory_above_a_number() {
    let office = Office::new();
    let vkey = new_key(&office.approver);
    let toml = |above: u32| format!("[approval]\nrequired_above = {above}\napprovers = [\"{vkey}\"]\n");
    let list = office.operator.write("list.csv", format!("ID\n{}\n{}\n", id(5), id(6)));
    let run = |above: u32| {
        office.operator.write("offboard.toml", toml(above));
        let mut command = office.operator.run_command(&office.world, &list, &[]);
        Done::of(&command.output().unwrap())
    };
    // A run in one go cannot have been approved.
    let done = run(1).exits(4);
    assert!(done.err.contains("needs the approval of a second person"), "{}", done.err);
    assert!(office.world.changes().is_empty());
    assert_eq!(office.operator.ends(), ["not_attempted: run_stopped"; 2]);
    run(2).exits(0);
    assert_eq!(office.world.removed().len(), 2);

    // What the file says when the plan is carried out counts as well, and so do its approvers.
    office.operator.write("offboard.toml", "");
    let plan = office.plan(&[]);
    office.operator.write("offboard.toml", toml(2));
    office.refuses(&plan, &[], 4, "needs the approval of a second person");
    let signed = approval(&office.approver, &plan, "approval.txt");
    office.apply(&plan, &["--approval", &text(&signed)]).exits(3);
    assert_eq!(office.world.removed().len(), 5);
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn at_a_terminal_no_name_scrolls_away_and_no_id_is_broken() {
    let customers: Vec<Value> = (1..=60)
        .map(|n| {
            json!({ "id": id(n).to_string(), "domain": format!("a-rather-long-domain-of-customer-{n}.example"),
                "name": format!("A Customer With A Rather Long Name, Number {n}") })
        })
        .collect();
    let (world, operator, approver) =
        (World::of(&json!({ "customers": customers })), Folder::new(), Folder::new());
    let list = operator.write("list.csv", list_of((1..=60).map(id))).display().to_string();
    let plan = ["plan", &list, "--rate", "600000", "--max-share", "100", "--ticket", "CHG-20417"];
    Done::of(&operator.against(&world, &plan).output().unwrap()).exits(0);
    let plan = operator.path("reports").join(operator.latest().as_str()).join("plan.json");
    new_key(&approver);
    for columns in [80, 120] {
        let out = approver.path(&format!("approval-{columns}.txt"));
        let mut command = as_approver(&approver, &["approve", &text(&plan), "--out", &text(&out)]);
        let words = format!("\n\nq\nmistyped\n{PARTNER_NAME} 60\n");
        let (code, shown) = sat_at(&mut command, columns, &words);
        // Three screens of names, and the rest at once.
        assert_eq!(shown.matches("-- Enter: go on").count(), 3, "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        for n in 1..=60 {
            let id = id(n).to_string();
            let line =
                lines.iter().find(|line| line.contains(&id)).unwrap_or_else(|| panic!("{id}: {shown}"));
            assert!(line.find(&id).unwrap() + id.len() <= usize::from(columns), "{line}");
        }
        let (end, question) = (shown.rfind("CHG-20417").unwrap(), shown.find("To approve, type").unwrap());
        assert!(end < question && shown[end..question].lines().count() < 20, "{shown}");
        assert_eq!(code, 0, "{shown}");
    }
}

#[test]
fn an_approval_that_nobody_can_give_is_not_required() {
    let office = Office::new();
    let vkey = new_key(&office.approver);
    let list = office.operator.write("list.csv", format!("ID\n{}\n{}\n", id(5), id(6))).display().to_string();
    let requires = "[approval]\nrequired_above = 25\n";
    office.operator.write("offboard.toml", requires);
    let run = |command: &str, more: &[&str]| {
        let mut arguments =
            vec![command, &list, "--no-identity-check", "--max-share", "100", "--canary", "0"];
        arguments.extend(more);
        Done::of(&office.operator.against(&office.world, &arguments).output().unwrap())
    };
    for (command, more) in [("plan", &[][..]), ("run", &["--yes"]), ("run", &["--yes", "--rehearse"])] {
        let done = run(command, more).exits(2);
        for part in ["`required_above`", "`approvers`", "`offboard approve --new-key`", "Nothing was sent"] {
            assert!(done.err.contains(part), "{command}: {part}: {}", done.err);
        }
    }
    assert!(office.world.received().is_empty());
    let doctor = office.operator.against(&office.world, &["doctor"]).output().unwrap();
    let doctor = Done::of(&doctor).exits(2).out;
    assert!(doctor.contains("✗ approval") && doctor.contains("--new-key"), "{doctor}");

    // With the command alone it can still be given: whoever applies the plan says by whom.
    office.operator.write("offboard.toml", "");
    let done = run("plan", &["--require-approval"]).exits(0);
    assert!(
        done.err.contains("warning: an approval is required, and `offboard.toml` names no"),
        "{}",
        done.err
    );
    let plan = office.operator.path("reports").join(office.operator.latest().as_str()).join("plan.json");
    office.operator.write("offboard.toml", requires);
    let signed = approval(&office.approver, &plan, "approval.txt");
    office.refuses(&plan, &["--approval", &text(&signed)], 4, "nobody is named who may approve");
    office.apply(&plan, &["--approval", &text(&signed), "--approver", &vkey]).exits(0);
    assert_eq!(office.world.removed().len(), 2);

    // A key that is named may stand in a file, beside the settings.
    office.operator.write("alex.vkey", &vkey);
    office.operator.write("offboard.toml", format!("{requires}approvers = [\"alex.vkey\"]\n"));
    fs::create_dir(office.operator.path("below")).unwrap();
    office.operator.write("list.csv", format!("ID\n{}\n{}\n", id(7), id(8)));
    let done = run("plan", &["--require-approval"]).exits(0);
    assert!(!done.err.contains("warning: an approval"), "{}", done.err);
    let plan = office.operator.path("reports").join(office.operator.latest().as_str()).join("plan.json");
    let signed = approval(&office.approver, &plan, "again.txt");
    let arguments =
        ["apply", &text(&plan), "--yes", "--approval", &text(&signed), "--audit-log", "../audit.db"];
    let mut command = office.operator.against(&office.world, &arguments);
    Done::of(&command.current_dir(office.operator.path("below")).output().unwrap()).exits(0);
    assert_eq!(office.world.removed().len(), 4);
}

#[test]
fn a_company_can_ask_for_another_person() {
    let office = Office::new();
    let vkey = new_key(&office.approver);
    let settings = |more: &str| {
        let text = format!("[approval]\nrequired_above = 0\napprovers = [\"{vkey}\"]\n{more}");
        office.operator.write("offboard.toml", text);
    };
    settings("");
    let plan = office.plan(&[]);
    let signed = approval(&office.approver, &plan, "approval.txt");
    settings("other_person = true\n");
    // Both folders are of one machine and one user here.
    office.refuses(&plan, &["--approval", &text(&signed)], 4, "`other_person` under `[approval]`");
    settings("other_person = false\n");
    let done = office.apply(&plan, &["--approval", &text(&signed)]).exits(3);
    assert!(done.err.contains("by the same user on the same machine"), "{}", done.err);
    assert_eq!(office.world.removed().len(), 3);

    // The list of runs says who approved what, of which list, and what it came to.
    let runs = office.operator.offboard(&["runs"]).exits(0).out;
    for part in ["3 removed, 1 skipped", "approved by ", "sealed with 3", PARTNER_NAME, "list.csv\n"] {
        assert!(runs.contains(part), "{part}: {runs}");
    }
    let json = office.operator.offboard(&["runs", "--output", "json"]).exits(0).out;
    let last: Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(last["counts"], json!({ "removed": 3, "skipped": 1 }));
    assert!(last["approved_by"].as_str().unwrap().contains(" on "), "{last}");
}
