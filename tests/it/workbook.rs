//! The workbook, as readers that are not ours see it.

use crate::{
    review::hostile,
    support::{Folder, is_available},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// All sheets as CSV: comma, quote, UTF-8, cells as they are shown.
const CONVERSION: &str = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1";

/// The folder of a run's reports, with a `customers.csv` as it is.
fn raw_reports(folder: &Folder) -> PathBuf {
    folder.offboard(&["report", "--reports", "raw", "--csv", "raw"]).exits(0);
    folder.path("raw").join(folder.latest().as_str())
}

#[test]
fn the_workbook_says_the_same_to_other_readers() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = project.join("target/readers/bin/python");
    if !is_available("openpyxl", &python, "--version", "`.ci/run` installs it in target/readers") {
        return;
    }
    let converts = is_available(
        "LibreOffice",
        Path::new("soffice"),
        "--version",
        "apt-get install libreoffice-calc-nogui",
    );
    let demo = Folder::new();
    demo.offboard(&["demo"]).exits(0);
    for folder in [hostile(), demo] {
        let reports = raw_reports(&folder);
        let mut compare = Command::new(&python);
        compare.arg(project.join("tests/readers/workbook.py"));
        compare.args([reports.join("report.xlsx"), reports.join("customers.csv")]);
        if converts {
            let home = format!("-env:UserInstallation=file://{}", folder.path("office").display());
            let office = Command::new("soffice")
                .args([&home, "--headless", "--convert-to", CONVERSION, "--outdir"])
                .arg(folder.path("converted"))
                .arg(reports.join("report.xlsx"))
                .output()
                .unwrap();
            assert!(office.status.success(), "{}", String::from_utf8_lossy(&office.stderr));
            compare.arg(folder.path("converted/report-Customers.csv"));
        }
        let compared = compare.output().unwrap();
        let said = String::from_utf8_lossy(&compared.stdout);
        assert!(compared.status.success(), "{said}{}", String::from_utf8_lossy(&compared.stderr));
    }
}
