//! Each page over a log that a run left.

use super::pages::{self, Frame, PageAddress, Tools, columns};
use crate::{
    audit::{
        Index, Snapshot, questions,
        verify::{Trust, Verification, verify_snapshot},
    },
    domain::{Mode, Procedure, Time},
    report::sample::{HOSTILE, Sample, Until, id},
};

/// A log, what answers questions about it, and the verdict.
struct Case {
    run: String,
    tools: Tools,
    found: Result<Verification, String>,
    _sample: Sample,
}

fn case(mode: Mode, procedure: Procedure, until: Until) -> Case {
    let sample = Sample::make(mode, procedure, until);
    let snapshot = Snapshot::take(&sample.path()).unwrap();
    let (reader, line) = (snapshot.reader().unwrap(), sample.reader().1);
    let index = Index::build(&snapshot, |_, _| {}).unwrap();
    let found = verify_snapshot(&snapshot, &Trust::default()).map_err(|error| error.to_string());
    Case {
        run: line.run_id.to_string(),
        tools: Tools::new(reader, index, Time::from_millis(1_795_166_130_000).day()),
        found,
        _sample: sample,
    }
}

impl Case {
    /// The page at this address; `RUN` stands for the run.
    fn get(&self, address: &str) -> (u16, String) {
        let checked = Some((Time::from_millis(0), &self.found));
        let log = format!("{HOSTILE}.db");
        // However far the check has come.
        for frame in [Frame::unread("/token", log.clone()), Frame::about("/token", log.clone(), None, None)] {
            self.framed(address, &frame);
        }
        self.framed(address, &Frame::about("/token", log, checked, None))
    }

    fn framed(&self, address: &str, frame: &Frame) -> (u16, String) {
        let address = address.replace("RUN", &self.run);
        let (path, query) = address.split_once('?').unwrap_or((&address, ""));
        let shown = pages::show(&self.tools, &PageAddress::of(path, query), Some(&self.found));
        let status = shown.status;
        (status, pages::render(shown, frame).unwrap())
    }
}

/// Every kind of page, and every way to filter.
fn addresses() -> Vec<String> {
    let customer = id(3);
    let fixed = [
        "/",
        "/status",
        "/run/RUN",
        "/run/RUN/customers",
        "/run/RUN/customers?outcome=removed",
        "/run/RUN/customers?outcome=skipped&reason=active_subscription&text=contoso",
        "/run/RUN/customers?outcome=open&after=3",
        "/run/RUN/customers?reason=active_subscription",
        "/run/RUN/customers?text=%3Cscript&from=2020-01-01&until=2099-12-31",
        "/run/RUN/records",
        "/run/RUN/records?after=3",
        "/run/RUN/sample",
        "/run/RUN/sample?seed=%3Cscript%3E&count=5",
        "/search",
        "/search?id=abc",
        "/search?id=20",
        "/search?id=%3Cscript%3Ealert(1)",
        "/controls",
        "/verify",
    ];
    let mut all: Vec<String> = fixed.into_iter().map(str::to_owned).collect();
    all.push(format!("/search?id={customer}"));
    all.push("/search?id=RUN".to_owned());
    all.extend((1..30).map(|row| format!("/run/RUN/customer/{row}")));
    all
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (mode, procedure, until) in [
        (Mode::Run, Procedure::RemoveRelationship, Until::Sealed),
        (Mode::Run, Procedure::RemoveRelationship, Until::Interrupted),
        (Mode::Plan, Procedure::RemoveRelationship, Until::Plan),
        (Mode::Demo, Procedure::DeleteSandboxCustomer, Until::Sealed),
    ] {
        all.push(case(mode, procedure, until));
    }
    all
}

#[test]
fn every_page_is_made_and_text_from_outside_stays_text() {
    for case in cases() {
        let mut rows = 0;
        for address in addresses() {
            let (status, html) = case.get(&address);
            assert!(
                status == 200 || (status == 404 && address.contains("/customer/")),
                "{address}: {status}"
            );
            rows += u32::from(status == 200 && address.contains("/customer/"));
            assert!(!html.contains("<script>"), "{address}");
            assert!(!html.contains(['\u{202e}', '\u{1b}']), "{address}");
            assert!(!html.contains(" style="), "the policy forbids it: {address}");
            assert_eq!(html.matches("<script").count(), 1, "{address}");
            assert!(html.contains("id=\"verdict\""), "{address}");
        }
        assert!(rows > 10);
    }
}

#[test]
fn no_question_reads_a_table_that_grows_with_the_log() {
    let case = case(Mode::Run, Procedure::RemoveRelationship, Until::Sealed);
    questions();
    for address in addresses() {
        case.get(&address);
    }
    // The sample has no bodies.
    case.tools.reader.body(0).unwrap();
    case.tools.index.answer_to(0).unwrap();
    let asked = questions();
    assert!(asked.len() > 14, "{asked:#?}");
    for sql in asked {
        let of_index = ["FROM customer", "FROM reason", "FROM about", "FROM mention", "FROM answer"]
            .iter()
            .any(|table| sql.contains(table));
        let plan = if of_index { case.tools.index.plan(&sql) } else { case.tools.reader.plan(&sql) };
        for step in plan.unwrap() {
            let grows =
                ["record", "payload", "checkpoint", "customer", "reason", "about", "mention", "answer"]
                    .iter()
                    .any(|table| step.starts_with(&format!("SCAN {table}")));
            assert!(!grows, "{step}\n{sql}");
            // A key that is made for one question alone reads everything once. The view `runs` joins lists
            // that have a line a run.
            assert!(!step.contains("AUTOMATIC") || sql.contains("FROM runs"), "{step}\n{sql}");
        }
    }
}

#[test]
fn the_columns_that_answer_a_control_are_there() {
    let case = case(Mode::Run, Procedure::RemoveRelationship, Until::Sealed);
    let mut seen = 0;
    for column in columns() {
        let (view, name) = column.split_once('.').unwrap();
        case.tools.reader.plan(&format!("SELECT {name} FROM {view}")).unwrap();
        seen += 1;
    }
    assert!(seen > 30);
}
