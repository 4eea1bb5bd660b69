//! How a certificate is made from a log.

use super::{
    check::{self, Refused, Trusted},
    draft::{CannotProve, DraftRecord, each_record},
    form::{Certificate, Item, RecordBody, ShownRecord, Withheld, WithheldBecause},
    html,
    list_columns::withhold_rows,
    record_selection::{Choice, Picked},
    redaction::{holds_mark, withhold},
};
use crate::{
    audit::{Head, Leaf, Prover, Reader, VerifyingKey},
    domain::{RunId, Seq, TenantId},
    record::{KeyIntroduced, LogOpened, Record},
    report::{
        ReportError,
        write::{Draft, publish},
    },
};
use std::{fs, io::Write as _, path::Path};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of this customer,
    pub customer: TenantId,
    /// in this run,
    pub run: RunId,
    /// as of this head; the largest in the log if none is given.
    pub head: Option<String>,
    /// With the columns of the list that are neither ID, name nor domain.
    pub with_columns: bool,
}

/// A certificate that was made, and found good.
#[derive(Debug)]
pub struct Proved {
    /// The certificate.
    pub certificate: Certificate,
    /// The text of `certificate.json`.
    pub json: String,
    /// The text of `certificate.html`.
    pub html: String,
    /// How many records of this customer no head covers yet; they are not in it.
    pub uncovered: usize,
}

/// Writes `certificate.json` and `certificate.html` into `folder`, both or none.
pub fn write_certificate(folder: &Path, proved: &Proved) -> Result<(), ReportError> {
    fs::create_dir_all(folder).map_err(ReportError::writing(folder))?;
    let mut finished = Vec::new();
    for (name, text) in [("certificate.json", &proved.json), ("certificate.html", &proved.html)] {
        let mut draft = Draft::begin(folder, name)?;
        draft.write_all(text.as_bytes()).map_err(ReportError::writing(&folder.join(name)))?;
        finished.push(draft.end()?);
    }
    publish(folder, finished).map(drop)
}

/// Makes the certificate, and checks it like anybody else would.
pub fn prove(reader: &Reader, wanted: &Wanted) -> Result<Proved, CannotProve> {
    reader.at_one_moment(|| {
        let note = match &wanted.head {
            Some(note) => note.clone(),
            None => reader.heads()?.into_iter().next().ok_or(CannotProve::NoHead)?,
        };
        let size = Head::claims(&note).map(|(_, size)| size).ok_or(CannotProve::NoHead)?;
        let survey = LogSurvey::of(reader, wanted, size)?;
        let refused = |why: String| match wanted.head {
            Some(_) => CannotProve::ForeignHead(why),
            None => CannotProve::Altered(why),
        };
        let head = Head::open(&note, &survey.keys).map_err(refused)?;
        if Some(&head.origin) != survey.log.as_ref() {
            return Err(refused(format!("the head is that of another log, `{}`", head.origin)));
        }
        let Some(picked) = survey.picked else {
            let (run, customer) = (wanted.run.clone(), wanted.customer);
            return Err(CannotProve::NotNamed { run, customer, size });
        };
        if let (Some(_), Some(last)) = (&wanted.head, survey.beyond.last()) {
            return Err(CannotProve::NotCovered { size, last: *last });
        }
        let mut drafts = drafts(reader, &picked)?;
        let prover = withhold(reader, (&wanted.run, wanted.customer), size, &mut drafts)?;
        if !head.covers(&prover) {
            return Err(refused("its records are not those that the head covers".to_owned()));
        }
        if !wanted.with_columns {
            withhold_rows(&wanted.run, wanted.customer, &mut drafts)?;
        }
        leave_out_what_hangs_alone(wanted, &mut drafts);
        let items = drafts.into_iter().map(|draft| item(draft, &prover));
        let items = items.collect::<Option<Vec<_>>>();
        let items = items.ok_or_else(|| CannotProve::Layout("a proof is missing".to_owned()))?;
        let made = check::assemble(&wanted.run, wanted.customer, &note, items, &Trusted::default());
        let (certificate, json) = made.map_err(|refused| match refused {
            Refused::Newer(why) => CannotProve::Newer(why),
            refused => CannotProve::Altered(refused.to_string()),
        })?;
        let html = html::render(&certificate).map_err(|error| CannotProve::Layout(format!("{error:#}")))?;
        Ok(Proved { certificate, json, html, uncovered: survey.beyond.len() })
    })
}

/// What one pass over the log finds.
struct LogSurvey {
    /// Whose heads the heads of this log are.
    log: Option<String>,
    keys: Vec<(Seq, VerifyingKey)>,
    picked: Option<Picked>,
    /// Records about the customer that the head does not cover.
    beyond: Vec<Seq>,
}

impl LogSurvey {
    fn of(reader: &Reader, wanted: &Wanted, size: u64) -> Result<Self, CannotProve> {
        let (mut log, mut keys) = (None, Vec::new());
        let choice = || Choice::new(wanted.run.clone(), wanted.customer);
        let (mut covered, mut all) = (choice(), choice());
        each_record(reader, &wanted.run, |seq, record, bytes| {
            if seq == 0 {
                log = LogOpened::read(bytes).map(|opened| Head::origin(&opened.log_id));
            }
            let key = KeyIntroduced::read(bytes).and_then(|introduced| introduced.vkey.parse().ok());
            keys.extend(key.map(|key| (seq, key)));
            if let Some(record) = record {
                all.take(seq, &record);
                if seq < size {
                    covered.take(seq, &record);
                }
            }
            Ok(())
        })?;
        let beyond = all.picked().map(|all| all.records.range(size..).copied().collect());
        Ok(Self { log, keys, picked: covered.picked(), beyond: beyond.unwrap_or_default() })
    }
}

fn drafts(reader: &Reader, picked: &Picked) -> Result<Vec<DraftRecord>, CannotProve> {
    let mut drafts = Vec::with_capacity(picked.records.len());
    for seq in &picked.records {
        let altered = |why: &str| CannotProve::Altered(format!("record {seq} {why}"));
        let body = reader.stored(*seq)?.ok_or_else(|| altered("is missing"))?.bytes;
        let text = String::from_utf8(body).map_err(|_not_text| altered("is no text"))?;
        let record = Record::from_bytes(text.as_bytes()).map_err(|error| altered(&error.to_string()))?;
        let is_own_body = picked.own_bodies.contains(seq);
        let why = (!is_own_body && holds_mark(&record)).then_some(WithheldBecause::HoldsMark);
        let why_body = (!is_own_body).then_some(WithheldBecause::AboutOthers);
        let attached = reader.attached(*seq)?;
        drafts.push(DraftRecord { seq: *seq, text, record, attached, is_own_body, why, why_body });
    }
    Ok(drafts)
}

/// Withholds what a reader of the certificate could not place: what it is about is said in a record that is
/// withheld.
fn leave_out_what_hangs_alone(wanted: &Wanted, drafts: &mut [DraftRecord]) {
    loop {
        let shown = drafts.iter().filter(|draft| draft.why.is_none());
        let picked = check::pick(&wanted.run, wanted.customer, shown.map(|draft| (draft.seq, &draft.record)));
        let picked = picked.unwrap_or_default();
        let mut has_changed = false;
        for draft in drafts.iter_mut().filter(|draft| draft.why.is_none()) {
            if !picked.records.contains(&draft.seq) {
                draft.why = Some(WithheldBecause::Alone);
                has_changed = true;
            } else if draft.is_own_body && !picked.own_bodies.contains(&draft.seq) {
                draft.why_body.get_or_insert(WithheldBecause::Alone);
            }
        }
        if !has_changed {
            return;
        }
    }
}

fn item(draft: DraftRecord, prover: &Prover) -> Option<Item> {
    let DraftRecord { seq, text, record, attached, why, why_body, .. } = draft;
    let proof = prover.proof(seq)?;
    if let Some(why) = why {
        let kind = record.event.kind().label().to_owned();
        return Some(Item::Withheld(Withheld {
            seq,
            kind,
            why,
            leaf_hash: Leaf::of(text.as_bytes()),
            proof,
        }));
    }
    let body = attached.map(|(salt, bytes)| match why_body {
        Some(withheld) => RecordBody::Withheld { withheld },
        None => RecordBody::of(&salt, bytes),
    });
    Some(Item::Shown(ShownRecord { seq, record: text, body, proof }))
}
