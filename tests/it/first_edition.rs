//! What the first edition of the program wrote (0.1.0) is read, proved and reported as long as there is a program.
//!
//! `demo` is its demo, in which a removal is answered with 429 and sent again under another request ID. In `suspension`,
//! a removal fails after a subscription was suspended for it, which stays so: its certificate says that nothing was
//! changed.

use crate::support::evidence::of_the_first_edition;
use serde_json::json;
use std::fs;

#[test]
fn its_logs_are_legal_by_their_own_rules_and_its_certificates_are_proved() {
    for name in ["demo", "suspension"] {
        let folder = of_the_first_edition(name);
        folder.offboard(&["verify", "--checkpoint", "checkpoint.txt"]).exits(0);
        folder.offboard(&["runs"]).exits(0);
        folder.offboard(&["report", "latest"]).exits(0);
        let checked =
            folder.offboard(&["prove", "--check", "certificate.json", "--output", "json"]).exits(0).json();
        assert_eq!(
            (&checked["verdict"], &checked["words_compared"]),
            (&json!("good"), &json!(false)),
            "{name}"
        );
    }
}

#[test]
fn what_its_certificate_says_falsely_is_told_as_the_records_have_it() {
    let folder = of_the_first_edition("suspension");
    let said = fs::read_to_string(folder.path("certificate.json")).unwrap();
    assert!(said.contains("Nothing was changed."));
    let checked = folder.offboard(&["prove", "--check", "certificate.json"]).exits(0).out;
    assert!(
        checked.contains("was suspended and stays suspended") && !checked.contains("Nothing was changed")
    );
}

#[test]
fn a_record_of_it_that_was_changed_is_found_all_the_same() {
    let folder = of_the_first_edition("suspension");
    let text = fs::read_to_string(folder.path("certificate.json")).unwrap();
    folder.write("certificate.json", text.replace("900127", "900128"));
    folder.offboard(&["prove", "--check", "certificate.json"]).exits(7);
}
