use super::*;
use crate::partner_center::{model, response};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Secrets of every length and look: a password, a client secret, a token, one token over and over.
fn secrets() -> Vec<String> {
    let token: String = (0..300_u32).map(|n| char::from(b'!' + (n * n * 31 % 89) as u8)).collect();
    let jwt = format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"RS256"}"#),
        URL_SAFE_NO_PAD
            .encode(r#"{"aud":"https://api.partnercenter.microsoft.com","upn":"u@contoso.example"}"#),
        URL_SAFE_NO_PAD.encode(token.as_bytes())
    );
    let own = [
        "p4ss/w0rd",
        "Qx8~abcDEF.ghiJKL-mnoPQR_stuVWX123456789",
        r#"a"b\c%41&amp;\n+d~e and more of it, too"#,
    ];
    own.map(str::to_owned).into_iter().chain([token, jwt, "zQ".repeat(500), "a".repeat(8000)]).collect()
}

type Disguise = (&'static str, fn(&[u8]) -> Vec<u8>);

fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn each(bytes: &[u8], write: impl Fn(u8) -> String) -> Vec<u8> {
    bytes.iter().map(|byte| write(*byte)).collect::<String>().into_bytes()
}

fn base32(bytes: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let digit = |bits: &[u8]| {
        let number = (0..5).fold(0, |number, at| number << 1 | bits.get(at).copied().unwrap_or_default());
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(number)]
    };
    bits.chunks(5).map(digit).collect()
}

/// What a server may make of a secret.
const DISGUISES: [Disguise; 26] = [
    ("as it is", <[u8]>::to_vec),
    ("in upper case", <[u8]>::to_ascii_uppercase),
    ("in lower case", <[u8]>::to_ascii_lowercase),
    ("as JSON", |raw| {
        let text = Value::from(text(raw)).to_string().replace('/', "\\/").into_bytes();
        text[1..text.len() - 1].to_vec()
    }),
    ("all as \\u", |raw| each(raw, |byte| format!("\\u{byte:04x}"))),
    ("one as \\u", |raw| match raw.split_at(raw.len() / 2) {
        // Behind a backslash of the secret's own, that would be a backslash and no escape.
        (before, [byte, after @ ..]) if !before.ends_with(b"\\") => {
            [before, format!("\\u{byte:04X}").as_bytes(), after].concat()
        }
        _ => raw.to_vec(),
    }),
    ("all as \\x", |raw| each(raw, |byte| format!("\\x{byte:02x}"))),
    ("percent-encoded", |raw| {
        each(raw, |byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02x}"),
        })
    }),
    ("all percent-encoded", |raw| each(raw, |byte| format!("%{byte:02X}"))),
    ("all as %u", |raw| each(raw, |byte| format!("%u{byte:04X}"))),
    ("a form", |raw| url::form_urlencoded::byte_serialize(raw).collect::<String>().into()),
    ("hexadecimal entities", |raw| each(raw, |byte| format!("&#x{byte:X};"))),
    ("decimal entities", |raw| each(raw, |byte| format!("&#{byte};"))),
    ("escaped for HTML", |raw| {
        let text = text(raw).replace('&', "&amp;").replace('"', "&quot;").replace('/', "&#x2f;");
        text.replace('+', "&plus;").into()
    }),
    ("Base64", |raw| STANDARD.encode(raw).into()),
    ("Base64 for addresses", |raw| URL_SAFE_NO_PAD.encode(raw).into()),
    ("Base64 in lines", |raw| {
        STANDARD.encode(raw).as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])
    }),
    ("Base32", base32),
    ("Base32 in lower case", |raw| base32(raw).to_ascii_lowercase()),
    ("hexadecimal", |raw| each(raw, |byte| format!("{byte:02x}"))),
    ("hexadecimal with colons", |raw| each(raw, |byte| format!("{byte:02X}:"))),
    ("hexadecimal as of a dump", |raw| each(raw, |byte| format!("0x{byte:02x}, "))),
    ("UTF-16, the low byte first", |raw| raw.iter().flat_map(|byte| [*byte, 0]).collect()),
    ("UTF-16, the high byte first", |raw| raw.iter().flat_map(|byte| [0, *byte]).collect()),
    ("Base64 of UTF-16", |raw| {
        STANDARD.encode(raw.iter().flat_map(|byte| [*byte, 0]).collect::<Vec<_>>()).into()
    }),
    ("in short lines", |raw| raw.chunks(20).collect::<Vec<_>>().join(&b"\n "[..])),
];

/// What is left beside the mark: of a secret in the middle, no more than stands around it.
#[track_caller]
fn gone(scrubber: &Scrubber, form: &[u8], around: usize, what: &str) {
    let left = scrubber.known().without(form).unwrap_or_else(|| panic!("{what}: {}", text(form)));
    assert!(left.len() <= around + TAKEN_OUT.len(), "{what}: {around}: {}", text(&left));
}

#[test]
fn no_disguise_of_a_secret_is_kept() {
    for secret in secrets() {
        let scrubber = Scrubber::new(&[Secret::new(secret.clone())]);
        for (name, disguise) in DISGUISES {
            for (before, after) in [("", ""), ("<", ">"), ("you sent xy", ", or not"), ("100%", "%")] {
                let raw = [before.as_bytes(), secret.as_bytes(), after.as_bytes()].concat();
                let around = disguise(before.as_bytes()).len() + disguise(after.as_bytes()).len();
                gone(&scrubber, &disguise(&raw), around + 16, &format!("{name}, {before:?}"));
            }
        }
    }
}

#[test]
fn nor_a_disguise_of_a_disguise() {
    for secret in secrets().into_iter().filter(|secret| secret.len() < 100) {
        let scrubber = Scrubber::new(&[Secret::new(secret.clone())]);
        for ((inner, first), (outer, second)) in
            DISGUISES.iter().flat_map(|one| DISGUISES.map(|two| (one, two)))
        {
            // What has lost its case cannot be read by anybody.
            if outer.contains("case") && inner.contains("Base64") {
                continue;
            }
            let raw = [b"ab", secret.as_bytes(), b"cde"].concat();
            let form = second(&[&b"f"[..], &first(&raw), b"gh"].concat());
            gone(&scrubber, &form, 8 * second(&first(b"  ")).len() + 16, &format!("{outer} of {inner}"));
        }
    }
}

#[test]
fn three_times_is_not_enough_and_what_is_deeper_than_anybody_looks_is_not_kept() {
    let secret = secrets().remove(1);
    let scrubber = Scrubber::new(&[Secret::new(secret.clone())]);
    for (name, disguise) in DISGUISES.into_iter().filter(|(name, _)| !name.contains("lines")) {
        let mut form = secret.clone().into_bytes();
        while form.len() < 1_200 {
            let next = disguise(&form);
            if next.len() == form.len() {
                break;
            }
            form = next;
            let left =
                scrubber.known().without(&form).unwrap_or_else(|| panic!("{name}: {} bytes", form.len()));
            // The last separator of each level is none of it.
            assert!(left.len() < 80 + form.len() / 16, "{name}: {}", text(&left));
        }
    }
}

#[test]
fn it_is_found_wherever_it_stands() {
    for secret in secrets() {
        let scrubber = Scrubber::new(&[Secret::new(secret.clone())]);
        for (name, disguise) in DISGUISES {
            let form = text(&disguise(secret.as_bytes()));
            let parts: HashSet<&[u8]> = form.as_bytes().windows(8).collect();
            let shown = |what: &str| {
                // With nothing left of it.
                assert!(!what.as_bytes().windows(8).any(|part| parts.contains(part)), "{name}: {what}");
            };
            let headers =
                vec![("ms-requestid".to_owned(), format!("<{form}>")), (format!("<{form}>"), "x".to_owned())];
            let body = json!({ "code": form, "description": format!("<{form}>"), "continuationToken": form,
                "companyProfile": { "companyName": form, "domain": form }, "relationshipToPartner": form,
                form.clone(): "yes" });
            let answer = Incoming { status: 400, headers, body: body.to_string().into() };
            let answer = scrubber.answer(Unread::new(answer));
            for (name, value) in &answer.headers {
                shown(name);
                shown(value);
            }
            shown(&format!("{:?}", response::fault(&answer)));
            shown(&String::from_utf8_lossy(&answer.body));
            let customer = model::read::<model::Customer>(&answer.body).unwrap();
            shown(&format!("{customer:?}"));
            let stored = scrubber.headers([("Location", &*form), (&*form, "x")]);
            shown(&serde_json::to_string(&stored).unwrap());
            shown(&scrubber.text(&format!("https://api.example/v1/customers?seek={form}&size=5")));
        }
    }
}

#[test]
fn what_is_learnt_later_is_taken_out_by_every_clone() {
    let scrubber = Scrubber::default();
    let clone = scrubber.clone();
    scrubber.learn(&[Secret::new("a\"secret/of mine".to_owned())]);
    for form in ["a\"secret/of mine", r#"a\"secret/of mine"#, r#"a\"secret\/of mine"#, "a%22SECRET%2Fof+mine"]
    {
        assert_eq!(clone.text(&format!("<{form}>")), "<[secret]>");
    }
}

#[test]
fn what_stands_around_it_stays() {
    let secret = "Qx8~abcDEF.ghiJKL-mnoPQR_stuVWX123456789";
    let scrubber = Scrubber::new(&[Secret::new(secret.to_owned())]);
    let body = format!(
        r#"{{"a":"x {secret} y","b":["{secret}","é\n\u0051x8~abcDEF.ghiJKL-mnoPQR_stuVWX123456789\n"],"c":1}}"#
    );
    let left = scrubber.text(&body);
    assert_eq!(left, r#"{"a":"x [secret] y","b":["[secret]","é\n[secret]\n"],"c":1}"#);
    // A part of it is one, too.
    let part = secret.get(3..36).unwrap();
    assert_eq!(scrubber.text(&format!("<{part}> <{}>", STANDARD.encode(part))), "<[secret]> <[secret]>");
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    let scrubber = Scrubber::new(&secrets().into_iter().map(Secret::new).collect::<Vec<_>>());
    for text in [
        "",
        "the relationship does not exist; 100% sure, said Smith & Sons",
        r#"{"id":"c0000000-0000-4000-8000-000000000001","etag":"eyJpZCI6ImMwMDAwMDAwIiwidmVyc2lvbiI6MX0=","n":"\"É\"\u00e9"}"#,
        "https://api.example/v1/customers?size=500&seekOperation=Next&name=Contoso%20%26%20Sons",
        "AAMkAGI2TAAAAAEMAAAiIsqMbYjsT5e-T7KzowPTAAAYbxWRAAA=AAMkAGI2TAAAAAEMAAAiIsqMbYjsT5e",
        "a-token-of-somebody-else",
    ] {
        assert_eq!(scrubber.text(text), text);
    }
}

#[test]
fn headers_that_are_not_on_the_list_are_known_by_their_length() {
    let scrubber = Scrubber::new(&[]);
    let long = "X-".repeat(21);
    let stored = scrubber.headers([("Date", "today"), ("Set-Cookie", "abc"), ("X-New", ""), (&long, "x")]);
    assert_eq!(
        serde_json::from_str::<Value>(&serde_json::to_string(&stored).unwrap()).unwrap(),
        json!({ "date": "today", "set-cookie": "[not stored, 3 bytes]", "x-new": "[not stored, 0 bytes]",
            "[not stored, 42 bytes]": "[not stored, 1 bytes]" })
    );
}

fn read(coding: Option<&str>, body: &[u8]) -> String {
    let headers = coding.map(|coding| ("content-encoding".to_owned(), coding.to_owned()));
    let answer = Incoming { status: 200, headers: headers.into_iter().collect(), body: body.to_vec() };
    String::from_utf8(Scrubber::default().answer(Unread::new(answer)).body).unwrap()
}

#[test]
fn a_body_that_nobody_can_look_through_is_not_stored() {
    for coding in ["gzip", " br ", "deflate, gzip", "x-unknown"] {
        let left = read(Some(coding), b"{\"code\":1}");
        assert!(left.starts_with("[not stored, 10 bytes: they came with `Content-Encoding: "), "{left}");
        assert_eq!(read(Some(coding), b""), "");
    }
    for coding in [None, Some("identity"), Some("Identity"), Some("")] {
        assert_eq!(read(coding, b"{\"code\":1}"), "{\"code\":1}");
    }
    // Compressed, and nobody says so.
    assert_eq!(read(None, b"\x1f\x8b\x08\x00\x01"), "[not stored, 5 bytes: they are no text]");
    assert_eq!(read(None, "\u{feff}é\r\n\t{}".as_bytes()), "\u{feff}é\r\n\t{}");
}

#[test]
fn only_the_latest_of_what_is_replaced_are_known() {
    let scrubber = Scrubber::new(&[Secret::new("a-secret-that-lasts".to_owned())]);
    let token = |n: usize| format!("{n:08}{}", "-a-token-that-is-replaced".repeat(120));
    let mut sizes = Vec::new();
    for n in 0..100 {
        scrubber.learn_latest("access_token", &Secret::new(token(n)));
        scrubber.learn_latest("refresh_token", &Secret::new("the-same-one-all-the-time".to_owned()));
        sizes.push(scrubber.known().finder.len());
    }
    assert_eq!(sizes.get(LATEST), sizes.last());
    assert_eq!(scrubber.known().replaced.iter().map(|(_, latest)| latest.len()).sum::<usize>(), LATEST + 1);
    for known in ["a-secret-that-lasts", "the-same-one-all-the-time", &token(99), &token(99 - LATEST + 1)] {
        assert_eq!(scrubber.text(known), TAKEN_OUT);
    }
}

#[test]
fn memory_is_in_proportion_to_the_secrets() {
    for secret in
        ["a".repeat(64 << 10), secrets().remove(3).repeat(220), "%25".repeat(21_000), "\\\\".repeat(32_000)]
    {
        let pieces = Finder::new([&*secret]).len();
        // A few ways to read it, in pieces of sixteen.
        assert!(pieces <= secret.len() / 4, "{pieces}");
    }
}

#[test]
fn work_is_in_proportion_to_the_text_whatever_the_secrets_are() {
    let nested = |times: usize| (0..times).fold("x".repeat(500), |text, _| STANDARD.encode(text));
    let texts = [
        "a".repeat(60_000),
        "%25".repeat(20_000),
        "\\".repeat(60_000),
        "&amp;amp;".repeat(7_000),
        "%\\u0026".repeat(8_000),
        "\\\"%20&lt;".repeat(6_000),
        "zQzQzQzQa".repeat(7_000),
        "0x61, ".repeat(10_000),
        nested(12),
        nested(3).repeat(30),
        secrets().concat().repeat(5),
        r#"{"id":"c0000000-0000-4000-8000-000000000001","name":"Contoso"},"#.repeat(1_000),
    ];
    let found = secrets();
    let finders = [vec!["a"; 8000].concat(), "zQ".repeat(4000), found[3].repeat(26), found[0].clone()];
    for text in texts {
        for secret in &finders {
            let finder = Finder::new([&**secret]);
            let (half, _) = text.as_bytes().split_at(text.len() / 2);
            let work = search::work(&finder, text.as_bytes());
            match (work, search::work(&finder, half)) {
                (Some(work), Some(half)) => {
                    assert!(work <= 3 * half + 4096, "{work} {half} {}", text.get(..40).unwrap());
                }
                // Then nothing of it is kept.
                (None, _) => assert!(search::search(&finder, text.as_bytes()).is_err()),
                (Some(work), None) => panic!("{work} {}", text.get(..40).unwrap()),
            }
        }
    }
    // What there is to find makes no difference for a text in which it is not.
    let clean =
        r#"{"id":"c0000000-0000-4000-8000-000000000001","name":"Contoso, \"Sons\" & Co"},"#.repeat(100);
    let works =
        finders.iter().take(3).map(|secret| search::work(&Finder::new([&**secret]), clean.as_bytes()));
    let works: Vec<_> = works.collect();
    assert!(
        works.iter().all(|work| *work == works[0] && work.is_some_and(|work| work < 20 * clean.len())),
        "{works:?}"
    );
}

proptest! {
    #[test]
    fn no_value_that_is_decoded_holds_a_secret(
        secret in "[!-~]{8,60}",
        // How each character is written.
        ways in prop::collection::vec(0..6, 60),
        before in "[ -~]{0,5}",
        after in "[ -~]{0,5}",
    ) {
        let scrubber = Scrubber::new(&[Secret::new(secret.clone())]);
        let written = |(char, way): (char, &i32)| match way {
            0 => format!("\\u{:04x}", u32::from(char)),
            1 => format!("\\u{:04X}", u32::from(char)),
            _ => Value::from(char.to_string()).to_string().trim_matches('"').replace("\\\"", "\\u0022"),
        };
        // `trim_matches` may take a quotation mark that is escaped.
        let written = |char: (char, &i32)| if char.0 == '"' { "\\\"".to_owned() } else { written(char) };
        let inside: String = secret.chars().zip(&ways).map(written).collect();
        let (before, after) = (before.replace(['"', '\\'], ""), after.replace(['"', '\\'], ""));
        let body = format!(r#"{{"description":"{before}{inside}{after}","code":"{inside}","{inside}":["{inside}"]}}"#);
        let sent: Value = serde_json::from_str(&body).unwrap();
        prop_assert!(sent["code"] == secret);
        let answer = Incoming { status: 400, headers: vec![], body: body.into() };
        let answer = scrubber.answer(Unread::new(answer));
        let left = String::from_utf8(answer.body.clone()).unwrap();
        let fault = response::fault(&answer);
        prop_assert!(!left.contains(&secret));
        for text in [fault.code, fault.text].into_iter().flatten() {
            prop_assert!(!text.to_ascii_lowercase().contains(&secret.to_ascii_lowercase()), "{}", text);
        }
        if let Ok(value) = serde_json::from_str::<Value>(&left) {
            prop_assert!(!value["description"].as_str().unwrap_or_default().contains(&secret));
        }
    }

    #[test]
    fn the_disguises_are_found_for_any_secret(
        secret in "[!-~]{8,90}",
        before in prop::collection::vec(any::<u8>(), 0..5),
        after in prop::collection::vec(any::<u8>(), 0..5),
        which in 0..DISGUISES.len(),
    ) {
        let (name, disguise) = DISGUISES[which];
        let scrubber = Scrubber::new(&[Secret::new(secret.clone())]);
        let raw = [&before[..], secret.as_bytes(), &after[..]].concat();
        // What is read as text only is text.
        let raw = if name.contains("JSON") || name.contains("HTML") { secret.clone().into_bytes() } else { raw };
        let form = disguise(&raw);
        prop_assert!(scrubber.known().without(&form).is_some(), "{}: {}", name, text(&form));
    }

    #[test]
    fn whatever_it_is_looked_through(bytes in prop::collection::vec(any::<u8>(), 0..2000), text in r#"[\\%&#xuUX0-9a-fA-F;"'=+/ -]{0,2000}"#) {
        let scrubber = Scrubber::new(&[Secret::new("Qx8~abcDEF.ghiJKL".to_owned())]);
        for bytes in [&bytes[..], text.as_bytes()] {
            prop_assert!(search::search(&scrubber.known().finder, bytes).is_ok());
        }
    }
}
