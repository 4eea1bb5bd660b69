//! Looks for secrets in whatever a program left behind.

use aho_corasick::AhoCorasick;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use std::{cell::RefCell, path::Path};

thread_local! {
    /// What the programs of this test said, on standard output and on standard error.
    static SAID: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Remembers what a program said.
pub(crate) fn heard(bytes: &[u8]) {
    SAID.with_borrow_mut(|said| {
        said.extend_from_slice(bytes);
        said.push(b'\n');
    });
}

/// What was said so far.
pub(crate) fn said() -> Vec<u8> {
    SAID.with_borrow(Clone::clone)
}

/// Knows secrets in all their forms.
pub(crate) struct Canary {
    forms: Vec<Vec<u8>>,
    search: AhoCorasick,
}

impl Canary {
    pub(crate) fn new(secrets: &[String]) -> Self {
        let forms: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        let search = AhoCorasick::new(&forms).unwrap();
        Self { forms, search }
    }

    /// Asserts that the bytes hold none of the secrets in any form.
    #[track_caller]
    pub(crate) fn clean(&self, what: &str, bytes: &[u8]) {
        if let Some(found) = self.search.find(bytes) {
            let form = String::from_utf8_lossy(&self.forms[found.pattern().as_usize()]).into_owned();
            panic!("{what} holds a secret as {form:?}");
        }
    }

    /// The same for an audit log, whose pages cut long bodies into pieces.
    #[track_caller]
    pub(crate) fn clean_log(&self, path: &Path) {
        let Ok(log) = rusqlite::Connection::open(path) else { return };
        for sql in ["SELECT seq, body FROM record", "SELECT seq, bytes FROM payload"] {
            let Ok(mut query) = log.prepare(sql) else { return };
            let mut rows = query.query([]).unwrap();
            while let Ok(Some(row)) = rows.next() {
                let (seq, bytes): (i64, Vec<u8>) = (row.get(0).unwrap(), row.get(1).unwrap());
                self.clean(&format!("{sql}, {seq}"), &bytes);
            }
        }
    }
}

/// A secret in the forms that a program or a server may write it: as it is, in JSON, in a URL, in
/// hexadecimal, in UTF-16, and in Base64 at each of its three alignments.
pub(crate) fn forms(secret: &str) -> Vec<Vec<u8>> {
    let raw = secret.as_bytes();
    let percent = |upper: bool| -> Vec<u8> {
        let encoded = raw.iter().map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) => char::from(*byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        });
        encoded.collect::<String>().into_bytes()
    };
    let form_encoded: String = url::form_urlencoded::byte_serialize(raw).collect();
    let json = serde_json::to_string(secret).unwrap();
    let json = &json[1..json.len() - 1];
    let mut forms = vec![
        raw.to_vec(),
        percent(true),
        percent(false),
        form_encoded.into_bytes(),
        json.as_bytes().to_vec(),
        json.replace('/', "\\/").into_bytes(),
        raw.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
        raw.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect(),
        raw.iter().flat_map(|byte| [*byte, 0]).collect(),
        raw.iter().flat_map(|byte| [0, *byte]).collect(),
    ];
    for before in ["", "x", "xx"] {
        let padded = format!("{before}{secret}");
        for encoded in [STANDARD.encode(&padded), URL_SAFE.encode(&padded)] {
            // The characters at either end depend on what stands beside the secret.
            forms.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
        }
    }
    forms
}
