//! Lists as people really have them, and as programs write them: what each comes to.

use crate::support::{Done, Folder};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What is right for a list.
enum Right {
    /// It is refused, and the message says this.
    Refused(&'static [&'static str]),
    /// It is read.
    Read {
        customers: u32,
        rejected: u32,
        /// How many names and domains are compared.
        compared: (u32, u32),
        says: &'static [&'static str],
    },
}

use Right::{Read, Refused};

const fn read(customers: u32, compared: (u32, u32), says: &'static [&'static str]) -> Right {
    Read { customers, rejected: 0, compared, says }
}

const NOT_CHECKED: &str = "IDENTITY IS NOT CHECKED";
const SKIP: &[&str] = &["--hidden", "skip"];
const TAKE: &[&str] = &["--hidden", "take"];

/// The list, the options, and what must come out.
const PEOPLE: &[(&str, &[&str], Right)] = &[
    (
        "01a-autofilter-7-of-10-hidden.xlsx",
        &[],
        Refused(&[
            "7 rows are hidden (by a filter); the first is row 3",
            "`--hidden skip`",
            "`--hidden take`",
        ]),
    ),
    (
        "01a-autofilter-7-of-10-hidden.xlsx",
        SKIP,
        read(
            3,
            (3, 0),
            &["7 rows are hidden (by a filter); the first is row 3: left out, because of `--hidden skip`."],
        ),
    ),
    ("01a-autofilter-7-of-10-hidden.xlsx", TAKE, read(10, (10, 0), &["READ LIKE ALL OTHERS"])),
    ("03b-partner-center-export-zh-cn-headings.csv", &[], read(10, (10, 10), &[])),
    ("03c-partner-center-export-de-headings.csv", &[], read(10, (10, 10), &[])),
    ("03d-partner-center-export-fr-headings.csv", &[], read(10, (10, 10), &[])),
    ("04a-export-csv-type-line.csv", &[], read(3, (3, 3), &[])),
    ("04b-graph-contracts-displayname.csv", &[], read(3, (3, 3), &[])),
    ("04c-msol-partner-contract.csv", &[], read(3, (3, 3), &[])),
    ("04d-recon-file-same-customer-many-lines.csv", &[], read(3, (3, 3), &[])),
    (
        "05a-two-stray-quotes-swallow-a-row.csv",
        &[],
        Refused(&["row 3, column 3: text stands behind the closing quotation mark", "`asked twice"]),
    ),
    (
        "05b-inch-marks-in-notes.csv",
        &[],
        Refused(&["row 2, column 2: text stands behind", "`19`", "written twice"]),
    ),
    ("05c-legal-multi-line-note.csv", &[], read(2, (2, 0), &[])),
    ("05g-stray-quote-in-the-header.csv", &[], Refused(&["row 1, column 2: text stands behind"])),
    ("06a-cr-only-excel-for-mac.csv", &[], read(3, (3, 0), &[])),
    ("06b-cr-only-one-column.csv", &[], read(3, (0, 0), &[NOT_CHECKED])),
    ("06e-one-cr-among-lf-three-columns.csv", &[], read(3, (3, 0), &[])),
    (
        "07a-title-lines-above-merged.xlsx",
        &[],
        Refused(&["row 4 looks like it", "`Tenant ID`", "`--header-row 4`"]),
    ),
    (
        "07a-title-lines-above-merged.xlsx",
        &["--header-row", "4"],
        Read {
            customers: 3,
            rejected: 1,
            compared: (3, 0),
            says: &["The header is row 4 because of `--header-row`", "`Total` is not a tenant ID"],
        },
    ),
    (
        "07c-numbers-export-table-name-in-row-1.xlsx",
        &[],
        Refused(&["row 2 looks like it", "`--header-row 2` and `--sheet 'Sheet 1 - Table 1'`"]),
    ),
    ("07c-numbers-export-table-name-in-row-1.xlsx", &["--header-row", "2"], read(3, (3, 0), &[])),
    ("07d-csv-comment-lines-above.csv", &[], Refused(&["row 2 looks like it", "`--header-row 2`"])),
    ("07d-csv-comment-lines-above.csv", &["--header-row", "2"], read(3, (3, 0), &[])),
    (
        "08a-equals-quoted-ids.csv",
        &[],
        read(3, (3, 0), &["A text marker, `=\"…\"` or `'`, was taken off 3 IDs."]),
    ),
    ("08b-equals-quoted-escaped.csv", &[], read(3, (3, 0), &["was taken off 3 IDs."])),
    ("08c-apostrophe-ids.csv", &[], read(3, (3, 0), &["was taken off 3 IDs."])),
    (
        "09a-lookalikes.csv",
        &[],
        Read {
            customers: 0,
            rejected: 15,
            compared: (0, 0),
            says: &[
                "row 2, column `tenant id`",
                "character 9 is a dash, not a hyphen (U+2011)",
                "character 9 is a dash, not a hyphen (U+2013)",
                "character 11 is a mark or a blank that is not seen (U+200B)",
                "character 11 is a soft hyphen, which is not seen (U+00AD)",
                "character 3 is `с`, a Cyrillic letter (U+0441)",
                "character 1 is of full width (U+FF11)",
                "character 7 is the letter O; a zero may be meant",
                "character 37 is `,`",
                "character 1 is a typographic quotation mark (U+201C)",
            ],
        },
    ),
    ("09b-invisible-around.csv", &[], read(6, (0, 0), &[NOT_CHECKED])),
    (
        "13a-formulas-never-calculated.xlsx",
        &[],
        Refused(&[
            "sheet `List`, cell A2",
            "a formula without a stored value",
            "open it in Excel and save it",
        ]),
    ),
    (
        "13b-name-column-is-a-formula-never-calculated.xlsx",
        &[],
        read(3, (0, 0), &[NOT_CHECKED, "In 3 rows the name is a formula without a stored value"]),
    ),
    (
        "14a-remark-right-of-the-table.xlsx",
        &[],
        read(3, (3, 0), &["What stands beside the table is carried along as", "`column F`"]),
    ),
    ("14b-last-column-without-heading.xlsx", &[], read(3, (3, 0), &["carried along as `column C`"])),
    ("16e-html-table.xls", &[], Refused(&["is a web page (HTML), not a workbook", ".xlsx"])),
    (
        "17f-shift-jis-names.csv",
        &[],
        read(2, (2, 0), &["The encoding Shift_JIS is a guess from the letters."]),
    ),
    (
        "17g-cp1250-names.csv",
        &[],
        read(2, (2, 0), &["The encoding windows-1250 is a guess from the letters."]),
    ),
    ("17j-SEP-upper-case.csv", &[], read(3, (3, 0), &[])),
    ("17l-pipe.csv", &[], read(3, (3, 0), &["pipe"])),
    (
        "18a-domain-instead-of-id.csv",
        &[],
        Read {
            customers: 1,
            rejected: 1,
            compared: (1, 0),
            says: &["`adatum-test.onmicrosoft.com` is a domain, not a tenant ID"],
        },
    ),
    (
        "19e-sheetjs-spreadsheetml-2003.xls",
        &[],
        Refused(&["is an XML spreadsheet of 2003, not a workbook", ".xlsx"]),
    ),
    ("21a-big5-names.csv", &[], read(1, (1, 0), &["The encoding Big5 is a guess from the letters."])),
];

const FILTERED: &[&str] = &["3 rows are hidden (by a filter); the first is row 3"];
const BY_HAND: &[&str] = &["3 rows are hidden (by hand); the first is row 3"];
const BOTH: &[&str] = &["2 sheets have a column of IDs: `Customers`, `Keep these`", "--sheet"];
const COMPUTED: Right = read(6, (6, 0), &[]);

/// The same for lists that programs wrote.
const PROGRAMS: &[(&str, &[&str], Right)] = &[
    ("openpyxl-hidden-by-filter.xlsx", &[], Refused(FILTERED)),
    ("openpyxl-hidden-by-filter.xlsx", SKIP, read(3, (3, 0), FILTERED)),
    (
        "openpyxl-hidden-by-hand.xlsx",
        &[],
        Refused(&["2 rows are hidden (1 in a collapsed group, 1 by hand); the first is row 3"]),
    ),
    (
        "openpyxl-hidden-by-hand.xlsx",
        TAKE,
        read(6, (6, 0), &["The column `Company name` is hidden, and used."]),
    ),
    ("openpyxl-two-sheets.xlsx", &[], Refused(BOTH)),
    (
        "openpyxl-two-sheets.xlsx",
        &["--sheet", "Customers"],
        read(6, (6, 0), &["1 hidden sheet is not read."]),
    ),
    ("openpyxl-two-sheets.xlsx", &["--sheet", "keep these"], read(3, (3, 0), &[])),
    ("openpyxl-formulas.xlsx", &[], read(6, (0, 0), &[NOT_CHECKED, "In 6 rows the name is a formula"])),
    ("xlsxwriter-hidden-by-filter.xlsx", &[], Refused(FILTERED)),
    ("xlsxwriter-hidden-by-filter.xlsx", SKIP, read(3, (3, 0), FILTERED)),
    ("xlsxwriter-hidden-in-a-table.xlsx", &[], Refused(BY_HAND)),
    ("xlsxwriter-two-sheets.xlsx", &[], Refused(BOTH)),
    ("xlsxwriter-formulas.xlsx", &[], read(6, (0, 0), &[NOT_CHECKED, "In 6 rows the name is a formula"])),
    ("sheetjs-hidden-rows.xlsx", &[], Refused(BY_HAND)),
    ("sheetjs-hidden-rows.xlsx", SKIP, read(3, (3, 0), BY_HAND)),
    ("sheetjs-two-sheets.xlsx", &[], Refused(BOTH)),
    ("sheetjs-formulas.xlsx", &[], read(6, (0, 0), &[NOT_CHECKED, "In 6 rows the name is a formula"])),
    ("sheetjs-rows.csv", &[], COMPUTED),
    ("sheetjs-rows.txt", &[], COMPUTED),
    ("libreoffice-hidden-by-filter.xlsx", &[], Refused(FILTERED)),
    ("libreoffice-hidden-by-filter.xlsx", SKIP, read(3, (3, 0), FILTERED)),
    ("libreoffice-hidden-by-hand.xlsx", &[], Refused(&["the first is row 3"])),
    (
        "libreoffice-hidden-by-hand.xlsx",
        TAKE,
        read(6, (6, 0), &["The column `Company name` is hidden, and used."]),
    ),
    ("libreoffice-two-sheets.xlsx", &[], Refused(BOTH)),
    ("libreoffice-formulas.xlsx", &[], COMPUTED),
    ("powershell-5-ascii.csv", &[], read(6, (6, 6), &[])),
    ("powershell-5-unicode.csv", &[], read(6, (6, 6), &[])),
    (
        "powershell-5-default.csv",
        &[],
        read(6, (6, 6), &["The encoding windows-1252 is a guess from the letters."]),
    ),
    ("powershell-5-culture.csv", &[], read(6, (6, 6), &["semicolon"])),
    ("powershell-7.csv", &[], read(6, (6, 6), &[])),
    ("powershell-7-as-needed.csv", &[], read(6, (6, 6), &[])),
    ("google-hidden-by-filter.xlsx", &[], Refused(FILTERED)),
    ("google-hidden-by-filter.xlsx", SKIP, read(3, (3, 0), FILTERED)),
    ("google-hidden-by-hand.xlsx", &[], Refused(BY_HAND)),
    ("google-two-sheets.xlsx", &[], Refused(BOTH)),
    ("google-formulas.xlsx", &[], COMPUTED),
    ("google.csv", &[], COMPUTED),
];

fn lists(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists").join(folder)
}

/// What is said, whatever the width of the screen breaks.
fn said(done: &Done) -> String {
    let lines = done.out.lines().chain(done.err.lines()).map(str::trim);
    lines.collect::<Vec<_>>().join(" ")
}

fn hold(folder: &str, table: &[(&str, &[&str], Right)]) {
    let place = Folder::new();
    let mut wrong = Vec::new();
    for (name, options, right) in table {
        let path = lists(folder).join(name);
        let arguments = [&["check", path.to_str().unwrap()], *options].concat();
        let done = place.offboard(&arguments);
        let json = place.offboard(&[&arguments[..], &["--output", "json"]].concat());
        let (code, says) = match right {
            Refused(says) => (2, says),
            Read { rejected, says, .. } => (if *rejected > 0 { 2 } else { 0 }, says),
        };
        let text = said(&done);
        let mut fails: Vec<String> = says
            .iter()
            .filter(|part| !text.contains(*part))
            .map(|part| format!("does not say `{part}`"))
            .collect();
        if done.code != code || json.code != code {
            fails.push(format!("exits with {}", done.code));
        }
        let counted = json.out.lines().last().and_then(|line| serde_json::from_str::<Value>(line).ok());
        let number = |value: &Value| value.as_u64().unwrap_or(u64::MAX);
        match (right, counted) {
            (Refused(_), None) => {}
            (Read { customers, rejected, compared, .. }, Some(line)) => {
                let reading = &line["reading"];
                let found = [
                    &line["customers"],
                    &line["rejected"],
                    &reading["names_compared"],
                    &reading["domains_compared"],
                ];
                let wanted = [*customers, *rejected, compared.0, compared.1];
                if found.map(number) != wanted.map(u64::from) {
                    fails.push(format!("counts {found:?}, not {wanted:?}"));
                }
                if line["identity_checked"] != (*compared != (0, 0)) {
                    fails.push("does not say whether identities are checked".to_owned());
                }
            }
            (Refused(_), Some(_)) => fails.push("is read".to_owned()),
            (Read { .. }, None) => fails.push("is refused".to_owned()),
        }
        if !fails.is_empty() {
            wrong.push(format!("{name} {options:?}: {}\n{}{}", fails.join("; "), done.out, done.err));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    // Nobody is forgotten.
    for entry in std::fs::read_dir(lists(folder)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(table.iter().any(|(known, _, _)| *known == name), "{name} is not in the table");
    }
}

#[test]
fn every_list_of_people_comes_to_what_is_right() {
    hold("people", PEOPLE);
}

#[test]
fn every_list_of_a_program_comes_to_what_is_right() {
    hold("programs", PROGRAMS);
}
