//! Everything that people read of a run, made from its log alone, and what each says of each row.

use super::{in_process::InProcessRun, in_process::opened_again};
use calamine::{Reader as _, Xlsx, open_workbook};
use offboard::{
    audit::{Reader, verify::Trust},
    domain::{Outcome, RunId, TenantId},
    record::{Event, Line, Pending, Record, Resolved},
    report::{CsvStyle, Trusted, Wanted, check, check_html, prove, write_all},
    review::{LogSession, Review},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
};

/// What one output says of one row.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) output: &'static str,
    pub(crate) row: u32,
    /// Sentences.
    pub(crate) text: String,
    /// Whether it tells all that became of the customer, and not one moment of it.
    pub(crate) is_whole: bool,
}

/// What all outputs say of a run.
#[derive(Debug)]
pub(crate) struct Outputs {
    /// The customer of each row, and its outcome or how far it is: by all outputs the same.
    pub(crate) rows: BTreeMap<u32, (TenantId, Shown)>,
    pub(crate) told: Vec<Told>,
}

/// The one word of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Outcome(Outcome),
    Pending(Pending),
}

impl Shown {
    fn named(name: &str) -> Self {
        let pending = || Pending::from_name(name).map(Self::Pending);
        Outcome::from_name(name).map(Self::Outcome).or_else(pending).unwrap_or_else(|| panic!("{name}"))
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::Outcome(outcome) => outcome.in_words(),
            Self::Pending(pending) => pending.in_words(),
        }
    }

    const fn counts_as(self) -> Outcome {
        match self {
            Self::Outcome(outcome) => outcome,
            Self::Pending(pending) => pending.counts_as(),
        }
    }

    /// What there is beside the reports, where a row without an outcome has no word.
    const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Outcome(outcome) => Some(outcome),
            Self::Pending(_) => None,
        }
    }
}

impl Outputs {
    /// Renders all of them. The reviewer's pages come over a socket, and each certificate takes the whole log: of all
    /// rows only if `whole`, else no page, and the certificates of every third row.
    pub(crate) fn of(run: &InProcessRun, whole: bool) -> Self {
        // As every command that writes does: what is on record is signed.
        let mut store = opened_again(&run.log(), run.now());
        store.head().unwrap();
        store.close().unwrap();
        let reader = run.reader();
        let line = reader.find(run.id().as_str()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write_all(&reader, &line, folder.path(), CsvStyle::Raw).unwrap();
        let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();

        let mut outputs = Self { rows: BTreeMap::new(), told: Vec::new() };
        let page = text("report.html");
        let in_page = rows_of_page(&page);
        let mut csv = csv::Reader::from_path(folder.path().join("customers.csv")).unwrap();
        let lines: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
        let mut book: Xlsx<_> = open_workbook(folder.path().join("report.xlsx")).unwrap();
        let sheet = book.worksheet_range("Customers").unwrap();
        assert_eq!((in_page.len(), sheet.height()), (lines.len(), lines.len() + 1));
        for (cells, in_book) in lines.iter().zip(sheet.rows().skip(1)) {
            let row: u32 = cells[0].parse().unwrap();
            let customer: TenantId = cells[1].parse().unwrap();
            let PageRow { name, meaning, explanation } = &in_page[&row];
            let shown = Shown::named(name);
            outputs.rows.insert(row, (customer, shown));
            // All say the same of it, in one word and in all words.
            // What is still to be decided about ends as it is on record.
            if shown != Shown::Pending(Pending::Undecided) {
                assert_eq!(shown.counts_as().as_str(), &cells[3], "customers.csv, row {row}");
            }
            assert_eq!(shown.in_words(), in_book[3].to_string(), "report.xlsx, row {row}");
            assert_eq!(explanation, &cells[6], "report.html, row {row}");
            assert_eq!(in_book[6].to_string(), cells[6], "report.xlsx, row {row}");
            outputs.tell("the reports", row, cells[6].to_owned());
            outputs.tell_a_part("report.html, above the row", row, meaning.clone());
            let reasons = cells[5].split(';').any(|reason| reason == "answer_lost");
            assert!(
                !(reasons && name == "accepted"),
                "row {row} was accepted, and its answer is called lost"
            );
        }
        outputs.add_up(&text("summary.json"), &lines);
        outputs.in_retry(&text("retry.csv"));
        if !run.procedure.is_for_sandbox() {
            outputs.of_handover(&text("handover.csv"), &mut book);
        }
        outputs.of_certificates(&reader, &line.run_id, if whole { 1 } else { 3 });
        outputs.of_timeline(&reader, &line.run_id);
        if whole {
            outputs.of_review(run, line.run_id.as_str());
        }
        outputs
    }

    fn tell(&mut self, output: &'static str, row: u32, text: String) {
        self.told.push(Told { output, row, text, is_whole: true });
    }

    fn tell_a_part(&mut self, output: &'static str, row: u32, text: String) {
        self.told.push(Told { output, row, text, is_whole: false });
    }

    /// `summary.json` counts what the others name.
    fn add_up(&self, summary: &str, table: &[csv::StringRecord]) {
        let summary: Value = serde_json::from_str(summary).unwrap();
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut provisional: BTreeMap<&str, u64> = BTreeMap::new();
        for cells in table {
            *counts.entry(&cells[3]).or_default() += 1;
        }
        for (_, shown) in self.rows.values() {
            if let Shown::Pending(pending) = shown {
                *provisional.entry(pending.as_str()).or_default() += 1;
            }
        }
        for (name, counted) in [("counts", counts), ("provisional", provisional)] {
            let said = summary.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
            let said: BTreeMap<_, _> =
                said.iter().map(|(word, n)| (word.as_str(), n.as_u64().unwrap())).collect();
            assert_eq!(said, counted, "summary.json, {name}");
        }
    }

    /// Nobody is to be tried again for whom there is nothing left to do.
    fn in_retry(&self, retry: &str) {
        for (customer, shown) in self.rows.values() {
            let is_over = match shown {
                Shown::Outcome(outcome) => outcome.is_gone(),
                Shown::Pending(pending) => matches!(pending, Pending::Done | Pending::Accepted),
            };
            assert!(!(is_over && retry.contains(&customer.to_string())), "{customer} is in retry.csv");
        }
    }

    /// The hand-over list has each customer, in one word and in what is to be told; so has its sheet.
    fn of_handover(&mut self, table: &str, book: &mut Xlsx<BufReader<fs::File>>) {
        let mut csv = csv::Reader::from_reader(table.as_bytes());
        let header = csv.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|one| one == name).unwrap();
        let (tenant, outcome, ended, tell) =
            (at("customer_tenant_id"), at("outcome"), at("relationship_ended_on"), at("still_to_tell"));
        let lines: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
        let sheet = book.worksheet_range("Hand-over").unwrap();
        assert_eq!((lines.len(), sheet.height()), (self.rows.len(), self.rows.len() + 1));
        for ((row, (customer, shown)), (cells, in_book)) in
            self.rows.clone().into_iter().zip(lines.iter().zip(sheet.rows().skip(1)))
        {
            assert_eq!(cells[tenant], customer.to_string());
            if shown != Shown::Pending(Pending::Undecided) {
                assert_eq!(shown.counts_as().as_str(), &cells[outcome], "handover.csv, row {row}");
            }
            let is_gone = matches!(shown, Shown::Outcome(end) if end.is_by_the_run() && end.is_gone());
            assert!(cells[ended].is_empty() || is_gone, "handover.csv, row {row}: {cells:?}");
            assert_eq!(
                (shown.in_words(), &cells[tell]),
                (&*in_book[outcome].to_string(), &*in_book[tell].to_string())
            );
            self.tell_a_part("handover.csv", row, cells[tell].to_owned());
        }
    }

    fn of_certificates(&mut self, reader: &Reader, run: &RunId, step: usize) {
        for (row, (customer, shown)) in self.rows.clone().into_iter().step_by(step) {
            let wanted = Wanted { customer, run: run.clone(), head: None, with_columns: false };
            let proved = prove(reader, &wanted).unwrap();
            assert_eq!(proved.uncovered, 0);
            let certificate = check(proved.json.as_bytes(), &Trusted::default()).unwrap();
            check_html(proved.html.as_bytes(), &certificate).unwrap();
            assert_eq!(certificate.outcome(), shown.outcome(), "the certificate of row {row}");
            self.tell("the certificate", row, certificate.in_short().to_owned());
        }
    }

    /// `log --timeline`, and the reviewer's list of records: what each says by itself.
    fn of_timeline(&mut self, reader: &Reader, run: &RunId) {
        let mut told = Vec::new();
        let mut ends: BTreeMap<u32, String> = BTreeMap::new();
        reader
            .records(run, |_, record| {
                let Line { what, text, .. } = record.event.line();
                match record.event {
                    Event::Settled(settled) => {
                        told.push((settled.row, text));
                        ends.insert(settled.row, what);
                    }
                    Event::FailedAfterPreparation(fell) => told.push((fell.row, text)),
                    Event::Resolved(resolved) => {
                        ends.insert(resolved.row, what);
                    }
                    _ => {}
                }
                Ok(())
            })
            .unwrap();
        for (row, (_, shown)) in &self.rows {
            let end = ends.get(row).map(String::as_str);
            let words = shown.outcome().map(Outcome::in_words);
            let said = end.map(|end| end.split_once(": ").unwrap().1.split(',').next().unwrap());
            assert_eq!(said, words, "the timeline, row {row}");
        }
        for (row, text) in told {
            self.tell_a_part("the timeline", row, text);
        }
    }

    fn of_review(&mut self, run: &InProcessRun, id: &str) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let session = LogSession::open(&run.log(), Trust::default()).unwrap();
        let review = runtime.block_on(Review::open(session, 0, "token", |_| {})).unwrap();
        let url = review.url();
        let (host, root) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        for (row, (_, shown)) in self.rows.clone() {
            let html = got(host, &format!("/{root}run/{id}/customer/{row}"));
            let outcome = shown.outcome().map_or("open", Outcome::as_str);
            let panel = between(&html, &format!("<section class=\"panel o-{outcome}\""), "</section>");
            let badge = unescaped(between(panel, "<span class=\"badge\">", "</span>"));
            assert_eq!(badge, shown.outcome().map_or("no outcome yet", Outcome::in_words), "row {row}");
            let became = panel.split("<p><bdi>").nth(1).unwrap().split("</p>").next().unwrap();
            let became = unescaped(&became.replace("</bdi>", "").replace("<bdi>", ""));
            self.tell("the reviewer's page", row, became.trim().to_owned());
            if let Some(soft) = panel.split("<p class=\"soft\"><bdi>").nth(1) {
                let explanation = unescaped(soft.split("</bdi>").next().unwrap());
                self.tell_a_part("the reviewer's page, below", row, explanation);
            }
        }
        drop(review);
        runtime.shutdown_background();
    }
}

/// What `report.html` says of a row: under which word, what that is said to mean, and its own explanation.
#[derive(Debug)]
struct PageRow {
    name: String,
    meaning: String,
    explanation: String,
}

fn rows_of_page(page: &str) -> BTreeMap<u32, PageRow> {
    let groups = between(page, "<div id=\"groups\">", "<h2 id=\"requests\">");
    let mut rows = BTreeMap::new();
    for group in groups.split("<section class=\"o-").skip(1) {
        let name = group.split('"').next().unwrap().to_owned();
        let meaning = unescaped(between(group, "<caption>", "</caption>"));
        for line in group.split("<tr role=\"row\"><td role=\"cell\" class=\"n\">").skip(1) {
            let row = line.split('<').next().unwrap().parse().unwrap();
            let cell = between(line, "<td role=\"cell\"><p>", "</td></tr>");
            let cell = cell.split("<details>").next().unwrap();
            let of_finding = |text: &str| {
                let (reason, text) = text.split_once("<bdi>")?;
                let reason = reason.split_once("<code>").map(|(_, name)| {
                    let name = name.split("</code>").next().unwrap_or_default();
                    format!("{}: ", name.replace("<wbr>", ""))
                });
                let text = unescaped(text.split("</bdi>").next()?);
                Some((reason.is_some(), format!("{}{text}", reason.unwrap_or_default())))
            };
            // The first paragraph has the word and the reasons.
            let (mut explanation, mut was_finding) = (String::new(), false);
            for (is_finding, text) in cell.split("<p>").skip(1).filter_map(of_finding) {
                let between = if was_finding && is_finding { " | " } else { " " };
                explanation.push_str(if explanation.is_empty() { "" } else { between });
                explanation.push_str(&text);
                was_finding = is_finding;
            }
            let (name, meaning) = (name.clone(), meaning.clone());
            rows.insert(row, PageRow { name, meaning, explanation });
        }
    }
    rows
}

/// A page, as a browser asks for it; again, while the log is being read.
fn got(host: &str, path: &str) -> String {
    loop {
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        if answer.starts_with("HTTP/1.1 200") {
            return answer;
        }
        assert!(answer.starts_with("HTTP/1.1 503"), "{path}: {answer}");
    }
}

#[track_caller]
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no `{from}` in {text}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no `{to}` after `{from}`")).0
}

fn unescaped(html: &str) -> String {
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    entities.iter().fold(html.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// What a person found out about the rows whose outcome is unknown, put on record as `offboard resolve` does it.
pub(crate) fn resolve(run: &InProcessRun, unknown: &[(u32, TenantId, Outcome)]) {
    let reader = run.reader();
    let id = run.id();
    let mut state = reader.fold(&id).unwrap().unwrap();
    drop(reader);
    let mut store = opened_again(&run.log(), run.now());
    for (row, customer, outcome) in unknown {
        let resolved = Resolved {
            row: *row,
            customer: *customer,
            outcome: *outcome,
            by: "tester".into(),
            host: "host".into(),
            because: "seen in Partner Center".into(),
            advice: String::new(),
        };
        let event = Event::Resolved(Box::new(resolved));
        let record = Record { at: run.now(), run: Some(id.clone()), event };
        state.apply(0, &record).unwrap();
        store.append(&[record.into()]).unwrap();
    }
    store.close().unwrap();
}
