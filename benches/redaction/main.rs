//! What looking for secrets costs: of each answer on the way to the log, and of each new token.
//!
//! `cargo bench --bench redaction` measures; each line is of a process of its own.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../shared/mod.rs"]
mod shared;

use offboard::{
    domain::Secret,
    partner_center::{
        redact::{Scrubber, Unread},
        response::Incoming,
    },
};
use shared::{Failed, Section, median, peak_kib};
use std::{hint::black_box, process::Command, time::Instant};

/// How many times a body is looked through; a time is the median of these.
const TIMES: usize = 201;

/// What is measured: its word on the command line, and what it is.
const CASES: [(&str, &str); 6] = [
    ("clean", "a clean body of 2 KB"),
    ("page", "a clean page of 200 KB"),
    ("escaped", "the same page with a line break in each name"),
    ("echo", "a body of 2 KB and the token in it"),
    ("repeated", "to learn a token of 8,000 equal characters, and that body"),
    ("renewals", "to learn a token of 3 KB, 1,000 times"),
];

fn main() -> Result<(), Failed> {
    let word = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    match word {
        Some(word) => of(&word),
        None => measure(),
    }
}

fn measure() -> Result<(), Failed> {
    let mut section = Section::new(
        "redaction",
        "Looking for the secrets of a run (an access token of 3 KB, a refresh token, a client secret) in an answer. Each \
         line is of a process of its own; a time is a median, a peak that of the whole process.",
    );
    section.head(&["what", "µs", "peak MiB"]);
    for (word, what) in CASES {
        let output = Command::new(std::env::current_exe()?).arg(word).output()?;
        let text = String::from_utf8(output.stdout)?;
        let (micros, kib) = text.trim().split_once(' ').ok_or("it said nothing")?;
        section.row(&[what.to_owned(), micros.to_owned(), format!("{:.1}", kib.parse::<f64>()? / 1024.0)]);
    }
    section.write()
}

fn of(word: &str) -> Result<(), Failed> {
    let scrubber =
        Scrubber::new(&[token(1), token(2), Secret::new("Qx8~abcDEF.ghiJKL-mnoPQR_stuVWX123456789".into())]);
    let micros = match word {
        "clean" => looking(&scrubber, customer("").as_bytes()),
        "page" => looking(&scrubber, page("").as_bytes()),
        "escaped" => looking(&scrubber, page("\\n").as_bytes()),
        "echo" => looking(&scrubber, customer(token(1).expose()).as_bytes()),
        "repeated" => {
            let token = Secret::new("a".repeat(8000));
            let began = Instant::now();
            scrubber.learn(std::slice::from_ref(&token));
            black_box(scrubber.answer(answer(customer(token.expose()).as_bytes())));
            since(began)
        }
        "renewals" => {
            let began = Instant::now();
            for n in 0..1000 {
                scrubber.learn_latest("access_token", &token(n));
            }
            since(began)
        }
        other => return Err(format!("there is no `{other}`").into()),
    };
    println!("{micros:.1} {}", peak_kib(std::process::id()).unwrap_or_default());
    Ok(())
}

fn since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6
}

/// How many microseconds it takes to look through this body.
fn looking(scrubber: &Scrubber, body: &[u8]) -> f64 {
    median((0..TIMES).map(|_| {
        let answer = answer(body);
        let began = Instant::now();
        black_box(scrubber.answer(answer));
        since(began)
    }))
}

fn answer(body: &[u8]) -> Unread {
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("ms-requestid", "4b6d1a30-2a53-4f3b-a2a3-6a6a52f2c0a1"),
        ("ms-correlationid", "9d3c1f57-77b4-4e4e-8a1d-0b3f5a0f2f17"),
        ("date", "Fri, 20 Nov 2026 09:15:30 GMT"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Unread::new(Incoming { status: 200, headers: headers.into(), body: body.to_vec() })
}

/// A token of 3 KB that is like no other.
fn token(n: u32) -> Secret {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = u64::from(n) + 1;
    let text = (0..3000).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        DIGITS.get((state >> 58) as usize).copied().map_or('A', char::from)
    });
    Secret::new(text.collect())
}

/// A customer as the service describes one, in about 400 bytes.
fn one(n: u32, more: &str) -> String {
    format!(
        r#"{{"id":"c0000000-0000-4000-8000-{n:012x}","commerceId":"d1111111-0000-4000-8000-{n:012x}","companyProfile":{{"tenantId":"c0000000-0000-4000-8000-{n:012x}","domain":"customer{n}.onmicrosoft.example","companyName":"Contoso Werke {n} GmbH{more}","links":{{"self":{{"uri":"/customers/c0000000-0000-4000-8000-{n:012x}/profiles/company","method":"GET","headers":[]}}}},"attributes":{{"objectType":"CustomerCompanyProfile"}}}},"relationshipToPartner":"reseller","attributes":{{"objectType":"Customer"}}}}"#
    )
}

fn customer(more: &str) -> String {
    let customers: Vec<String> = (0..4).map(|n| one(n, if n == 0 { more } else { "" })).collect();
    format!(r#"{{"totalCount":4,"items":[{}]}}"#, customers.join(","))
}

fn page(more: &str) -> String {
    let customers: Vec<String> = (0..400).map(|n| one(n, more)).collect();
    format!(
        r#"{{"totalCount":400,"items":[{}],"links":{{}},"attributes":{{"objectType":"Collection"}}}}"#,
        customers.join(",")
    )
}
