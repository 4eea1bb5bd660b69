//! `offboard prove`: makes one customer's certificate, or checks one.

use super::{
    args::{Common, ProveOptions},
    bounded,
    exit::{Exit, Failure},
    keys,
    printer::{Paint, Printer},
    settings::{Paths, Typed, tenant},
};
use crate::{
    audit::{Head, Reader},
    domain::counted,
    report::{Certificate, Refused, Trusted, Wanted, check, check_html, prove, visible, write_certificate},
};
use serde_json::{Value, json};
use std::path::Path;

const ROW_WITHHELD: &str = "  The list's row is withheld, because the list has other columns than ID, name and domain; \
`--with-columns` shows it.\n";

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ProveOptions,
) -> Result<Exit, Failure> {
    match (&options.check, &options.customer) {
        (Some(file), _) => check_file(printer, file, options),
        (None, Some(customer)) => make(printer, typed, common, options, customer),
        // The command line asks for one of them.
        (None, None) => Err(Failure::usage("name a customer with `--customer`, or a file with `--check`")),
    }
}

fn make(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ProveOptions,
    customer: &str,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let customer = tenant("customer", customer)?;
    let head = options.checkpoint.as_deref().map(heads).transpose()?;
    // Of several heads the largest shows most.
    let head =
        head.and_then(|heads| heads.into_iter().max_by_key(|note| Head::claims(note).map(|(_, size)| size)));
    let reader = Reader::open(&paths.audit_log)?;
    let run = match options.run.as_deref() {
        Some(name) => Some(reader.find(name)?.run_id),
        None => reader.latest_naming(customer)?,
    };
    let run = run.ok_or_else(|| {
        Failure::usage(format!("no list of any run in the audit log names customer {customer}"))
    })?;
    let wanted = Wanted { customer, run: run.clone(), head, with_columns: options.with_columns };
    let made = prove(&reader, &wanted)?;
    let default = || paths.reports.join(run.as_str()).join("certificates").join(customer.to_string());
    let folder = options.out.clone().unwrap_or_else(default);
    write_certificate(&folder, &made).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    if made.uncovered > 0 {
        printer.warn(&format!(
            "{} about this customer {} covered by no signed head yet, and {} left out",
            counted(made.uncovered, "record"),
            if made.uncovered == 1 { "is" } else { "are" },
            if made.uncovered == 1 { "is" } else { "are" }
        ));
    }
    let certificate = &made.certificate;
    let (shown, withheld) = certificate.records();
    let rows = certificate.rows_withheld();
    if printer.json {
        let mut value = described(certificate);
        merge(&mut value, json!({ "folder": folder, "uncovered": made.uncovered }));
        printer.data(&value.to_string())?;
    } else {
        printer.show(&format!(
            "{}\n  {}\n  certificate  {}\n  for people   {}\n  {shown} records are shown, {} withheld because of other customers.\n{}\
             To check it, anywhere: offboard prove --check certificate.html --key KEY",
            visible(&certificate.who()),
            visible(certificate.in_short()),
            folder.join("certificate.json").display(),
            folder.join("certificate.html").display(),
            match withheld - rows {
                0 => "none are".to_owned(),
                1 => "1 is".to_owned(),
                others => format!("{others} are"),
            },
            if rows == 0 { "" } else { ROW_WITHHELD },
        ))?;
    }
    Ok(Exit::Done)
}

/// The heads in a file.
fn heads(path: &Path) -> Result<Vec<String>, Failure> {
    Head::notes(&read(path)?).ok_or_else(|| {
        let shown = path.display();
        Failure::usage(format!("`{shown}` does not hold signed heads alone, as `checkpoint.txt` does"))
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded::read(path, bounded::LARGE)
        .map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", path.display())))
}

fn check_file(printer: &Printer, file: &Path, options: &ProveOptions) -> Result<Exit, Failure> {
    let trust = Trusted {
        keys: options.key.iter().map(|key| keys::public("--key", key)).collect::<Result<_, _>>()?,
        heads: options.checkpoint.as_deref().map(heads).transpose()?.unwrap_or_default(),
    };
    match checked(file, &trust)? {
        Ok(certificate) => {
            said(printer, &certificate, &trust)?;
            Ok(Exit::Done)
        }
        Err(refused) => {
            let (exit, verdict) = match refused {
                Refused::NotACertificate => (Exit::Usage, "not_a_certificate"),
                Refused::Altered(_) => (Exit::Altered, "altered"),
                Refused::Newer(_) => (Exit::EndUnproved, "newer"),
            };
            let why = refused.to_string();
            if printer.json {
                let value = json!({ "verdict": verdict, "why": why, "exit_code": exit.code() });
                printer.data(&value.to_string())?;
            }
            let shown = file.display();
            let text = match exit {
                Exit::Altered => format!("`{shown}` is not good, and proves nothing: {why}"),
                _ => format!("`{shown}`: {why}"),
            };
            Err(Failure::new(exit, text))
        }
    }
}

/// A page is checked with the certificate beside it, which it was made from.
fn checked(file: &Path, trust: &Trusted) -> Result<Result<Certificate, Refused>, Failure> {
    let bytes = read(file)?;
    if !file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html")) {
        return Ok(check(&bytes, trust));
    }
    let json = file.with_extension("json");
    if !json.exists() {
        let (page, json) = (file.display(), json.display());
        return Err(Failure::usage(format!(
            "`{page}` is only a page; what can be checked is the `certificate.json` that it was made from. \
             Put it beside the page as `{json}`, or check it by itself"
        )));
    }
    Ok(check(&read(&json)?, trust).and_then(|certificate| {
        check_html(&bytes, &certificate)?;
        Ok(certificate)
    }))
}

fn said(printer: &Printer, certificate: &Certificate, trust: &Trusted) -> Result<(), Failure> {
    let own_word = trust.keys.is_empty();
    if printer.json {
        let mut value = described(certificate);
        merge(
            &mut value,
            json!({ "verdict": "good", "exit_code": 0, "key_is_its_own_word": own_word,
                "words_compared": !certificate.has_other_words() }),
        );
        return printer.data(&value.to_string());
    }
    let tick = printer.paint(Paint::Good, "✓");
    let (shown, withheld) = certificate.records();
    let size = Head::claims(certificate.checkpoint()).map(|(_, size)| size).unwrap_or_default();
    let mut lines = vec![
        format!(
            "{tick} records    {shown} shown and {withheld} withheld, each in the log as the head over {size} covers it"
        ),
        if certificate.has_other_words() {
            let care = printer.paint(Paint::Care, "!");
            format!(
                "{care} story      the file tells its records in the words of another version, which were not compared; \
                 below is what they say in the words of this one"
            )
        } else {
            format!("{tick} story      what it says is what its records say")
        },
    ];
    if own_word {
        let keys = certificate.keys().join("\n    ");
        let text = "signed with a key that only the certificate itself vouches for; anybody can make one. \
                    Compare it with the partner's, or give that with `--key`:";
        lines.push(format!("{} key        {text}\n    {}", printer.paint(Paint::Care, "!"), visible(&keys)));
    } else {
        lines.push(format!("{tick} key        signed with the key that was given"));
    }
    if !trust.heads.is_empty() {
        lines.push(format!("{tick} head       one of those that were kept elsewhere"));
    }
    let (customer, run) = (certificate.customer(), certificate.run());
    lines.push(format!("\n{}, customer {customer}, run {run}:", visible(&certificate.who())));
    lines.push(visible(certificate.in_short()).into_owned());
    printer.show(&lines.join("\n"))
}

fn described(certificate: &Certificate) -> Value {
    let (shown, withheld) = certificate.records();
    json!({
        "customer": certificate.customer(),
        "customer_name": certificate.who(),
        "run_id": certificate.run(),
        "outcome": certificate.outcome(),
        "in_short": certificate.in_short(),
        "is_sealed": certificate.is_sealed(),
        "records": { "shown": shown, "withheld": withheld, "withheld_for_columns": certificate.rows_withheld() },
        "keys": certificate.keys(),
        "checkpoint": certificate.checkpoint(),
    })
}

fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(map), Value::Object(more)) = (value, more) {
        map.extend(more);
    }
}
