//! The whole goodbye against a service that is not the simulator's: consents, delegated administration and the removal, with
//! answers that are lost and kills, and each thing done once.

use crate::support::{
    Done, Folder, PARTNER,
    evidence::Question,
    id, list_of,
    other_service::{Customer, OtherService},
};
use std::{collections::BTreeMap, process::Command, process::Stdio};

const GRAPH_TOKEN: &str = "cAnArY/of+another~Graph!-77aa0c6a51d4";
const APP: &str = "0f0f0f0f-1111-4222-8333-444444444444";
const END: [&str; 2] = ["--procedure", "end-delegated-admin"];
const REMOVE: [&str; 2] = ["--revoke-consent", APP];

fn service(folder: &Folder) -> OtherService {
    let grants = |of: &[(&str, &'static str)]| {
        of.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect::<BTreeMap<_, _>>()
    };
    let first = Customer {
        consents: vec![APP.to_owned()],
        grants: grants(&[("Helpdesk", "active"), ("Draft", "created"), ("Old", "terminated")]),
        ..Customer::default()
    };
    let second = Customer { grants: grants(&[("Security", "active")]), ..Customer::default() };
    let mut customers = BTreeMap::from([(id(1), first), (id(2), second)]);
    customers.extend((3..=9).map(|n| (id(n), Customer::default())));
    folder.secret(GRAPH_TOKEN);
    OtherService::new(customers, [folder.token().to_owned(), GRAPH_TOKEN.to_owned()])
}

fn command(folder: &Folder, service: &OtherService, arguments: &[&str]) -> Command {
    let mut command = folder.command(arguments);
    command
        .env("OFFBOARD_API_URL", service.url())
        .env("OFFBOARD_GRAPH_URL", service.url())
        .env("OFFBOARD_LOGIN_URL", service.url())
        .env("OFFBOARD_ACCESS_TOKEN", folder.token())
        .env("OFFBOARD_GRAPH_ACCESS_TOKEN", GRAPH_TOKEN)
        .env("OFFBOARD_PARTNER_TENANT", PARTNER);
    command
}

fn run(folder: &Folder, service: &OtherService, more: &[&str]) -> Command {
    let list = folder.write("list.csv", list_of([id(1), id(2)])).display().to_string();
    let mut arguments =
        vec!["run", &list, "--yes", "--rate", "600000", "--settle", "1", "--no-identity-check"];
    arguments.extend(["--canary", "0", "--stop-after-failures", "0", "--concurrency", "1"]);
    arguments.extend(more);
    command(folder, service, &arguments)
}

/// What each procedure has to do here, in its order.
fn wanted(more: &[&str]) -> Vec<String> {
    if more == END {
        return ["delete Draft", "terminate Helpdesk", "terminate Security"].map(str::to_owned).to_vec();
    }
    vec![format!("remove {}", id(1)), format!("remove {}", id(2)), format!("revoke {APP} of {}", id(1))]
}

/// Everything was done once, with the right token, and the record of it can be checked.
fn assert_done(folder: &Folder, service: &OtherService, more: &[&str], what: &str) {
    let state = service.state();
    let mut changes = state.changes.clone();
    changes.sort_unstable();
    assert_eq!(changes, wanted(more), "{what}");
    assert!(state.without_token.is_empty(), "{what}: {:?}", state.without_token);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8, "{what}");
}

#[test]
fn each_thing_is_done_once_and_what_a_removal_leaves_is_told() {
    let folder = Folder::new();
    let service = service(&folder);
    let removed = Done::of(&run(&folder, &service, &REMOVE).output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ["removed", "removed"]);
    assert_done(&folder, &service, &REMOVE, "removal");
    let told = removed.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("read for 2 customers: 2 had some then (3 relationships)"), "{told}");
    // Delegated administration outlives the relationship, and is ended then.
    service.state().changes.clear();
    Done::of(&run(&folder, &service, &END).output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ["ended", "ended"]);
    assert_done(&folder, &service, &END, "delegated administration");
    folder.no_secret_is_left();
}

/// Each change in turn is carried out and not answered.
#[test]
fn an_answer_that_is_lost_is_looked_for() {
    for (more, changes) in [(END, 3), (REMOVE, 3)] {
        for lost in 1..=changes {
            let folder = Folder::new();
            let service = service(&folder);
            service.state().lost = lost;
            Done::of(&run(&folder, &service, &more).output().unwrap());
            let ends = folder.ends();
            let what = format!("{more:?} {lost}: {ends:?}");
            if more == REMOVE && service.state().changes.len() < 3 {
                // Nothing can be read of a consent, so its customer stays, and is told as what it is.
                assert_eq!(ends, ["unknown: answer_lost", "removed"], "{what}");
                Done::of(&run(&folder, &service, &more).output().unwrap()).exits(0);
                assert_eq!(folder.ends(), ["removed", "already_removed"], "{what}");
            } else {
                assert!(ends.iter().all(|end| end == "removed" || end == "ended"), "{what}");
            }
            assert_done(&folder, &service, &more, &what);
        }
    }
}

/// Killed after each request in turn, whatever it was, and gone on with.
#[test]
fn killed_at_each_request() {
    for more in [END, REMOVE] {
        for at in 1.. {
            let folder = Folder::new();
            let service = service(&folder);
            let mut command_ = run(&folder, &service, &more);
            let mut child = command_.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while service.state().requests < at && child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
            let is_over = child.try_wait().unwrap().is_some();
            child.kill().ok();
            child.wait().unwrap();
            if !is_over && !folder.reader().runs().unwrap().is_empty() {
                Done::of(&command(&folder, &service, &["resume", "latest", "--yes"]).output().unwrap());
            }
            let what = format!("{more:?}, killed at {at}: {:?}", folder.ends());
            let has_all = service.state().changes.len() == wanted(&more).len();
            if !has_all && !is_over {
                // Nobody can find out about a consent; the list is run again, and nothing is done twice.
                Done::of(&run(&folder, &service, &more).output().unwrap()).exits(0);
            }
            assert_done(&folder, &service, &more, &what);
            if is_over {
                break;
            }
        }
    }
}
