//! What the files of a run say.

use super::{
    CsvStyle, ReportError,
    sample::{HOSTILE, Sample, Until, id},
    summary, write_all,
};
use crate::{
    domain::{Mode, Outcome, Procedure, Sha256},
    record::{Pending, canonical},
};
use serde_json::{Value, json};
use std::{fs, path::Path};

fn sealed() -> Sample {
    Sample::make(Mode::Run, Procedure::RemoveRelationship, Until::Sealed)
}

fn write(sample: &Sample, style: CsvStyle) -> std::path::PathBuf {
    let (reader, run) = sample.reader();
    let folder = sample.folder.path().join("reports").join(run.run_id.as_str());
    write_all(&reader, &run, &folder, style).unwrap();
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

fn table(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let mut csv = csv::ReaderBuilder::new().has_headers(false).from_path(folder.join(name)).unwrap();
    csv.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_same_log_gives_the_same_bytes() {
    let sample = sealed();
    let (reader, run) = sample.reader();
    let [a, b] = ["a", "b"].map(|name| sample.folder.path().join(name));
    let first = write_all(&reader, &run, &a, CsvStyle::Safe).unwrap();
    let again = write_all(&reader, &run, &b, CsvStyle::Safe).unwrap();
    let over = write_all(&reader, &run, &a, CsvStyle::Safe).unwrap();
    assert_eq!(first.files, again.files);
    assert_eq!(first.files, over.files);
    assert_eq!(
        names(&a),
        [
            "checkpoint.txt",
            "customers.csv",
            "deadlines.ics",
            "handover.csv",
            "plan.html",
            "plan.json",
            "plan.xlsx",
            "report.html",
            "report.xlsx",
            "retry.csv",
            "summary.json"
        ]
    );
    for (name, sha256) in first.files {
        let bytes = fs::read(a.join(&name)).unwrap();
        assert_eq!(bytes, fs::read(b.join(&name)).unwrap());
        assert_eq!(Sha256::of(&[&bytes]), sha256, "{name}");
    }
}

/// `docs/contract.md` (Reports) lists its fields.
#[test]
fn the_summary_is_that_of_the_contract() {
    let sample = sealed();
    let folder = write(&sample, CsvStyle::Safe);
    let summary: Value = serde_json::from_str(&read(&folder, "summary.json")).unwrap();
    assert_eq!(
        summary,
        json!({
            "schema_version": 1,
            "run_id": "20261120-093005-4be1c7",
            "procedure": "remove-relationship",
            "mode": "run",
            "partner": {"tenant_id": id(999), "name": "Nordic Cloud Partners A/S"},
            "input": {
                "file": "leaving-customers-2026.xlsx", "sha256": Sha256::of(&[b"list"]), "rows": 14
            },
            "counts": {
                "removed": 5, "already_removed": 1, "skipped": 4, "failed": 1, "unknown": 1,
                "not_attempted": 1, "rejected": 1
            },
            "reasons": {
                "active_subscription": 1, "reserved_instance": 1, "savings_plan": 1, "azure_plan": 1,
                "protected_customer": 1, "duplicate_row": 1, "refused_by_service": 1, "answer_lost": 1,
                "run_stopped": 1, "invalid_tenant_id": 1
            },
            "requests": {
                "total": 33, "by_status": {"200": 30, "403": 1, "429": 1, "504": 1}, "throttled": 1, "retried": 1
            },
            "started_at": "2026-11-20T09:15:30.000Z",
            "finished_at": "2026-11-20T09:22:15.000Z",
            "duration_seconds": 405.0,
            "operator": "dana",
            "ticket": "CHG-20417",
            "exit_code": 3,
            "checkpoint": read(&folder, "checkpoint.txt")
        })
    );
}

#[test]
fn customers_csv_has_every_row_and_nothing_that_runs() {
    let sample = sealed();
    let folder = write(&sample, CsvStyle::Safe);
    let text = read(&folder, "customers.csv");
    assert!(text.starts_with("\u{feff}\"row\",") && text.ends_with("\r\n"));
    let table = table(&folder, "customers.csv");
    assert_eq!(
        table[0].join(","),
        "row,customer_tenant_id,customer_name,outcome,evidence,reasons,explanation,removable_from,act_by,http_status,\
         error_code,request_id,correlation_id,attempts,started_at,finished_at,reseller_mpn_id,\
         reseller_name,Tenant ID,Company name,Note,list_outcome"
    );
    assert_eq!(table.len(), 15);
    let rows: Vec<_> = table[1..].iter().map(|line| line[0].parse::<u32>().unwrap()).collect();
    assert_eq!(rows, (2..16).collect::<Vec<_>>());
    assert_eq!(table[5][2], HOSTILE);
    let blocked = &table[7];
    assert_eq!(blocked[2], "'=cmd|'/c calc'!A0");
    assert_eq!(blocked[5], "active_subscription;reserved_instance");
    assert_eq!(blocked[7], "", "somebody must act");
    assert_eq!(blocked[8], "2027-01-28", "two days before the term's end");
    assert_eq!(blocked[20], "'-note 8; \"quoted\"");
    assert_eq!((&*table[1][16], &*table[4][16], &*table[4][17]), ("5200011", "5200011", ""));
    assert_eq!(table[13][18], "nonsense", "the cell of a rejected row can be seen");
    for cell in table.iter().flatten() {
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell}");
    }
}

#[test]
fn raw_tables_are_for_programs() {
    let sample = sealed();
    let folder = write(&sample, CsvStyle::Raw);
    assert!(read(&folder, "customers.csv").starts_with("row,customer_tenant_id,"));
    assert!(!read(&folder, "customers.csv").contains('\r'));
    assert_eq!(table(&folder, "customers.csv")[7][2], "=cmd|'/c calc'!A0");
}

#[test]
fn retry_csv_is_the_list_without_what_is_done() {
    let sample = sealed();
    for style in [CsvStyle::Safe, CsvStyle::Raw] {
        let folder = write(&sample, style);
        let table = table(&folder, "retry.csv");
        assert_eq!(table[0], ["Tenant ID", "Company name", "Note", "outcome"]);
        // Blocked twice, savings plan, failed, unknown, not attempted. A protected customer stays
        // protected when its Azure plan has ended.
        let ids: Vec<_> = table[1..].iter().map(|line| line[0].to_lowercase()).collect();
        assert_eq!(ids, [8, 9, 11, 12, 13].map(|row| id(row).to_string()));
        assert_eq!(table[1][1..], ["=cmd|'/c calc'!A0", "-note 8; \"quoted\"", "leaving"]);
    }
}

#[test]
fn the_digest_of_the_plan_can_be_computed_from_the_file_alone() {
    for procedure in [Procedure::RemoveRelationship, Procedure::DeleteSandboxCustomer] {
        let sample = Sample::make(Mode::Run, procedure, Until::Sealed);
        let folder = write(&sample, CsvStyle::Safe);
        let plan: Value = serde_json::from_str(&read(&folder, "plan.json")).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut lines = format!(
            "offboard plan v1\n{}\n{}\n{}\n",
            text(&plan["run_id"]),
            text(&plan["partner"]["tenant_id"]),
            text(&plan["procedure"])
        );
        let decisions = plan["decisions"].as_array().unwrap();
        assert_eq!(decisions.len(), 12);
        for decision in decisions {
            let digest = Sha256::of(&[&canonical::to_bytes(&decision["decision"]).unwrap()]);
            assert_eq!(decision["digest"], json!(digest));
            assert_eq!(decision["row"], decision["decision"]["row"]);
            assert_eq!(
                decision["customer_tenant_id"],
                json!(id(decision["row"].to_string().parse().unwrap()))
            );
            let customer = decision["customer_tenant_id"].as_str().unwrap();
            lines.push_str(&format!("{} {customer} {digest}\n", decision["row"]));
        }
        assert_eq!(plan["digest"], json!(Sha256::of(&[lines.as_bytes()])));
        assert_eq!(plan["ready"], 8);
    }
}

#[test]
fn a_run_that_is_not_over_says_so_and_guesses_nothing() {
    let sample = Sample::make(Mode::Run, Procedure::RemoveRelationship, Until::Interrupted);
    let folder = write(&sample, CsvStyle::Safe);
    let (reader, run) = sample.reader();
    let summary = summary(&reader, &run).unwrap();
    assert_eq!((summary.finished_at, summary.exit_code, summary.duration_seconds), (None, None, None));
    assert_eq!(summary.counts[&Outcome::Done(Procedure::RemoveRelationship)], 1);
    assert_eq!(summary.counts[&Outcome::Unknown], 1, "row 3 was sent");
    assert_eq!(summary.counts[&Outcome::NotAttempted], 10);
    assert_eq!(summary.counts.values().sum::<u32>(), 14);
    let table = table(&folder, "customers.csv");
    assert_eq!((table[2][3].as_str(), table[2][5].as_str()), ("unknown", ""));
    assert!(table[2][6].starts_with("The relationship was ended; the run goes on"), "{}", table[2][6]);
    assert_eq!(summary.provisional, [(Pending::Done, 1), (Pending::NotBegun, 10)].into());
    assert_eq!((table[3][3].as_str(), table[3][5].as_str()), ("not_attempted", "run_stopped"));
    let page = read(&folder, "report.html");
    assert!(page.contains("THIS RUN IS NOT OVER") && page.contains("interrupted by a signal"));
}

#[test]
fn nothing_is_written_when_the_rows_do_not_add_up() {
    let lost_row =
        "DELETE FROM record WHERE seq IN (SELECT seq FROM records WHERE kind = 'row_read' AND row = 5)";
    let lost_outcome =
        "DELETE FROM record WHERE seq IN (SELECT seq FROM records WHERE kind = 'settled' AND row = 5)";
    let changed = "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), '\"outcome\":\"failed\"',
        '\"outcome\":\"removed\"') AS BLOB) WHERE body ->> '$.kind' = 'settled'";
    for attack in [lost_row, lost_outcome, changed] {
        let sample = sealed();
        sample.tamper(attack);
        let (reader, run) = sample.reader();
        let folder = sample.folder.path().join("reports");
        let error = write_all(&reader, &run, &folder, CsvStyle::Safe).unwrap_err();
        assert!(matches!(error, ReportError::DoesNotAddUp { .. } | ReportError::NotAsSealed), "{error}");
        assert!(error.is_a_bug());
        assert!(!folder.exists());
    }
}

#[test]
fn nothing_is_written_when_a_request_has_no_place() {
    let sample = sealed();
    let moved =
        "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), '\"row\":5', '\"row\":99') AS BLOB)
        WHERE body ->> '$.kind' IN ('request_intended', 'response_received')";
    sample.tamper(moved);
    let (reader, run) = sample.reader();
    let folder = sample.folder.path().join("reports");
    let error = write_all(&reader, &run, &folder, CsvStyle::Safe).unwrap_err();
    assert!(matches!(error, ReportError::RequestsMissing { total: 33, told: 30 }), "{error}");
    assert!(error.is_a_bug() && !folder.exists());
}

#[test]
fn all_files_or_none() {
    let sample = sealed();
    let (reader, run) = sample.reader();
    let folder = sample.folder.path().join("reports");
    fs::create_dir_all(folder.join("report.html")).unwrap();
    fs::write(folder.join("customers.csv"), "earlier").unwrap();
    let error = write_all(&reader, &run, &folder, CsvStyle::Safe).unwrap_err();
    assert!(matches!(error, ReportError::Write { .. }), "{error}");
    assert!(!error.is_a_bug());
    assert_eq!(names(&folder), ["customers.csv", "report.html"]);
    assert_eq!(read(&folder, "customers.csv"), "earlier");
}

#[test]
fn a_folder_that_cannot_be_is_an_error() {
    let sample = sealed();
    let (reader, run) = sample.reader();
    let file = sample.folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(write_all(&reader, &run, &file.join("reports"), CsvStyle::Safe).is_err());
}
