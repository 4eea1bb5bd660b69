//! A second person's approval of a plan: a small text, signed with that person's own key.
//!
//! ```text
//! offboard approval v1
//! run 20261120-091530-7b1d0f
//! digest 6b0d…                 of the plan
//! partner 3d3d3d3d-…
//! procedure remove-relationship
//! removals 57
//! plan-file 99aa…              the SHA-256 of the plan.json that was looked at
//! at 2026-11-20T10:02:11.000Z
//! user dana (uid 1000)         as the machine that signed says; earlier approvals lack this
//! host LAPTOP-7                and this
//!
//! — alex@desk mtA9…
//! ```
//!
//! It is a C2SP signed note, as the heads of a log are; its first line keeps the two apart.

use super::{
    by_mail::as_signed,
    keys::{CannotSign, SigningKey, VerifyingKey},
};
use crate::{
    domain::{Procedure, RunId, Sha256, TenantId, Time},
    record::Approved,
};
use signed_note::{Note, NoteError, VerifierList};
use std::{fmt, str::FromStr};

const FIRST_LINE: &str = "offboard approval v1";

/// No user and no machine has a longer name.
const LONGEST_NAME: usize = 200;

/// What is approved: exactly this plan, as this file showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The run that made the plan.
    pub run: RunId,
    /// The plan's digest.
    pub digest: Sha256,
    /// Whose customers these are.
    pub partner: TenantId,
    /// What is done to each of them.
    pub procedure: Procedure,
    /// To how many.
    pub removals: u32,
    /// The digest of the `plan.json` that was looked at.
    pub plan_file: Sha256,
    /// When, by the approver's clock.
    pub at: Time,
    /// Who signed and where, if the approval says so.
    pub by: Option<SignedBy>,
}

/// Who signed and where, as the machine that signed says of itself. Nothing proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBy {
    /// The user, as operators are named on record.
    pub user: String,
    /// The machine's name.
    pub host: String,
}

impl SignedBy {
    /// None if one of the two has no name that fits on a line.
    pub fn new(user: &str, host: &str) -> Option<Self> {
        let line = |text: &str| -> String {
            let kept: String = text.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
            kept.trim().to_owned()
        };
        let by = Self { user: line(user), host: line(host) };
        (!by.user.is_empty() && !by.host.is_empty()).then_some(by)
    }
}

/// A statement whose signature is good.
#[derive(Clone, Debug)]
pub struct Approval {
    /// What was signed.
    pub statement: Statement,
    /// With which key.
    pub approver: VerifyingKey,
    /// The statement with its signature.
    pub note: String,
}

/// Why a text is no approval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadApproval {
    /// It is something else, or was damaged.
    #[error("it is not an approval of this program; `offboard approve` writes one")]
    Malformed,
    /// Nobody who may approve has signed it.
    #[error("it is signed by `{0}`, who is not among those who may approve")]
    Stranger(String),
    /// The text is not the one that was signed.
    #[error("its signature is not good: it was altered after `{0}` signed it, or somebody else did")]
    Forged(String),
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, digest, partner, procedure, removals, plan_file, at, by } = self;
        writeln!(f, "{FIRST_LINE}\nrun {run}\ndigest {digest}\npartner {partner}\nprocedure {procedure}")?;
        writeln!(f, "removals {removals}\nplan-file {plan_file}\nat {at}")?;
        match by {
            Some(SignedBy { user, host }) => writeln!(f, "user {user}\nhost {host}"),
            None => Ok(()),
        }
    }
}

impl Statement {
    /// Signs it.
    pub fn sign(self, key: &SigningKey) -> Result<Approval, CannotSign> {
        let note = key.sign(self.to_string().as_bytes(), "the approval")?;
        Ok(Approval { statement: self, approver: key.public().clone(), note })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let parsed = Self {
            run: field(lines.next(), "run")?,
            digest: field(lines.next(), "digest")?,
            partner: field(lines.next(), "partner")?,
            procedure: field(lines.next(), "procedure")?,
            removals: field(lines.next(), "removals")?,
            plan_file: field(lines.next(), "plan-file")?,
            at: field(lines.next(), "at")?,
            by: match lines.next() {
                None => None,
                user => Some(SignedBy::new(
                    &field::<String>(user, "user")?,
                    &field::<String>(lines.next(), "host")?,
                )?),
            },
        };
        // Written in one way only, so that nothing else can hide in it.
        (parsed.to_string() == text).then_some(parsed)
    }
}

impl Approval {
    /// Reads an approval that one of these keys has signed.
    pub fn open(note: &str, approvers: &[VerifyingKey]) -> Result<Self, BadApproval> {
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|_malformed| BadApproval::Malformed)?;
        let text = std::str::from_utf8(parsed.text()).map_err(|_not_text| BadApproval::Malformed)?;
        let statement = Statement::parse(text).ok_or(BadApproval::Malformed)?;
        let mut stranger = None;
        for approver in approvers {
            let verifiers = VerifierList::new(vec![Box::new(approver.verifier().clone())]);
            match parsed.verify(&verifiers) {
                Ok(_) => return Ok(Self { statement, approver: approver.clone(), note: note.to_owned() }),
                Err(NoteError::UnverifiedNote) => stranger = Some(signer(note)),
                Err(NoteError::InvalidSignature { name, .. }) => return Err(BadApproval::Forged(name)),
                Err(_) => return Err(BadApproval::Malformed),
            }
        }
        Err(BadApproval::Stranger(stranger.unwrap_or_else(|| signer(note))))
    }

    /// Reads an approval as a mail or an editor gives it back: with other line ends, a byte-order mark, and empty
    /// lines around it. What is kept of it is what was signed.
    pub fn received(text: &[u8], approvers: &[VerifyingKey]) -> Result<Self, BadApproval> {
        Self::open(&as_signed(text, &['\n']).ok_or(BadApproval::Malformed)?, approvers)
    }

    /// The record of it.
    pub fn record(&self) -> Approved {
        Approved {
            approver: self.approver.as_str().to_owned(),
            digest: self.statement.digest,
            note: self.note.clone(),
        }
    }

    /// Opens the approval on record again. It must still be whole, and say what the record says.
    pub fn of_record(approved: &Approved) -> Result<Self, BadApproval> {
        let key = approved.approver.parse().map_err(|_unreadable| BadApproval::Malformed)?;
        let approval = Self::open(&approved.note, &[key])?;
        if approval.statement.digest != approved.digest {
            return Err(BadApproval::Malformed);
        }
        Ok(approval)
    }

    /// Who approved, as the approval says; else by which key. None if it cannot be read.
    pub fn who(approved: &Approved) -> Option<String> {
        let approval = Self::of_record(approved).ok()?;
        Some(match approval.statement.by {
            Some(SignedBy { user, host }) => format!("{user} on {host}"),
            None => approval.approver.as_str().to_owned(),
        })
    }
}

fn field<T: FromStr>(line: Option<&str>, name: &str) -> Option<T> {
    line?.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()
}

/// The name that the last signature gives.
fn signer(note: &str) -> String {
    let line = note.lines().rev().find_map(|line| line.strip_prefix("\u{2014} "));
    line.and_then(|line| line.split(' ').next()).unwrap_or("nobody").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit::test_key, domain::Secret};

    fn statement() -> Statement {
        Statement {
            run: "20261120-091530-7b1d0f".parse().unwrap(),
            digest: Sha256::of(&[b"plan"]),
            partner: "3d3d3d3d-4444-4555-8666-777777777777".parse().unwrap(),
            procedure: Procedure::RemoveRelationship,
            removals: 57,
            plan_file: Sha256::of(&[b"file"]),
            at: Time::from_millis(1_790_000_000_000),
            by: SignedBy::new("dana (uid 1000)", "LAPTOP-7"),
        }
    }

    #[test]
    fn an_earlier_approval_says_nothing_of_who_signed_and_is_good() {
        let earlier = Statement { by: None, ..statement() };
        let signed = earlier.clone().sign(&test_key()).unwrap();
        assert!(!signed.note.contains("user"));
        assert_eq!(Approval::open(&signed.note, &[test_key().public().clone()]).unwrap().statement, earlier);
        for half in ["user dana\n", "host LAPTOP-7\n", "user dana\nhost \n", "user dana\nhost x\nmore y\n"] {
            assert!(Statement::parse(&format!("{earlier}{half}")).is_none(), "{half}");
        }
    }

    #[test]
    fn a_name_stays_on_its_line() {
        let by = SignedBy::new("da\nhost elsewhere\r\u{85}na", " DESK\t").unwrap();
        assert_eq!((by.user.as_str(), by.host.as_str()), ("dahost elsewherena", "DESK"));
        let signed = Statement { by: Some(by.clone()), ..statement() }.sign(&test_key()).unwrap();
        assert_eq!(Approval::of_record(&signed.record()).unwrap().statement.by, Some(by));
        assert_eq!((SignedBy::new("", "x"), SignedBy::new("x", "\n")), (None, None));
    }

    #[test]
    fn what_was_signed_is_read_again() {
        let (key, signed) = (test_key(), statement().sign(&test_key()).unwrap());
        let opened = Approval::open(&signed.note, &[key.public().clone()]).unwrap();
        assert_eq!(opened.statement, statement());
        assert_eq!(Approval::of_record(&signed.record()).unwrap().note, signed.note);
    }

    #[test]
    fn each_byte_counts() {
        let (key, signed) = (test_key(), statement().sign(&test_key()).unwrap());
        for at in 0..signed.note.len() {
            let mut bytes = signed.note.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            assert!(Approval::open(&text, &[key.public().clone()]).is_err(), "{text}");
        }
        for extra in ["\n", " ", "x"] {
            assert!(Approval::open(&format!("{}{extra}", signed.note), &[key.public().clone()]).is_err());
        }
    }

    #[test]
    fn a_mail_changes_nothing_of_its_meaning() {
        let (approvers, signed) = ([test_key().public().clone()], statement().sign(&test_key()).unwrap());
        let note = signed.note.as_str();
        for carried in [
            note.to_owned(),
            note.replace('\n', "\r\n"),
            note.replace('\n', "\r"),
            format!("\u{feff}{note}"),
            format!("{note}\n\r\n"),
            note.trim_end().to_owned(),
        ] {
            let received = Approval::received(carried.as_bytes(), &approvers).unwrap();
            assert_eq!((&*received.note, received.statement), (note, statement()), "{carried:?}");
        }
        for altered in [
            format!("{note} "),
            format!("{note}\n "),
            format!("> {note}"),
            note.replace('\n', "\n\n"),
            note.replace("removals 57", "removals 57 "),
            note.replace("removals 57", "removals\u{a0}57"),
            note.replace("removals 57", "removals 58"),
            note.replace('\n', "\u{2028}"),
            format!("\u{feff}\u{feff}{note}"),
        ] {
            assert!(Approval::received(altered.as_bytes(), &approvers).is_err(), "{altered:?}");
        }
        // Nothing but the line ends and what stands around it.
        for at in 0..note.len() * 8 {
            let mut bytes = note.as_bytes().to_vec();
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(Approval::received(&bytes, &approvers).is_err(), "bit {at}");
        }
    }

    #[test]
    fn a_stranger_may_not_approve_and_a_head_of_a_log_is_no_approval() {
        let other = "PRIVATE+KEY+else@host+8f7f1a6b+AQICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC";
        let other = SigningKey::from_text(&Secret::new(other.to_owned()));
        let signed = statement().sign(&test_key()).unwrap();
        if let Some(other) = other {
            let error = Approval::open(&signed.note, &[other.public().clone()]).unwrap_err();
            assert_eq!(error, BadApproval::Stranger("tester@host".to_owned()));
        }
        assert!(matches!(Approval::open(&signed.note, &[]), Err(BadApproval::Stranger(_))));
        let head = super::super::checkpoint::sign("offboard/7b", 1, tlog_tiles::Hash::default(), &test_key());
        let error = Approval::open(&head.unwrap(), &[test_key().public().clone()]).unwrap_err();
        assert_eq!(error, BadApproval::Malformed);
    }
}
