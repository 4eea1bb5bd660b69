//! Identifiers. Each is its own type, so that a customer cannot stand where a request belongs.

use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

/// A record's place in the audit log: 0, 1, 2 … without a gap.
pub type Seq = u64;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not a GUID in its hyphenated form.
    #[error("`{0}` is not a GUID of the form `00000000-0000-0000-0000-000000000000`")]
    NotAGuid(String),
    /// The text is the GUID that consists of zeros, which names nobody.
    #[error("the GUID that is all zeros names no tenant")]
    Nil,
    /// The text cannot be a run's name.
    #[error("`{0}` is not a run ID")]
    NotARun(String),
}

/// A Microsoft Entra tenant ID, which is also the customer ID of Partner Center.
///
/// It is read in any case and with or without braces, and always written in lower case with
/// hyphens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr)]
pub struct TenantId(Uuid);

impl TenantId {
    /// The ID that has these sixteen bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The sixteen bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl FromStr for TenantId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bare = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
        // `uuid` reads four more forms; in a spreadsheet each of them is a mistake.
        let hyphenated = bare.len() == 36;
        let id = hyphenated
            .then(|| Uuid::try_parse(bare).ok())
            .flatten()
            .ok_or_else(|| IdError::NotAGuid(text.chars().take(80).collect()))?;
        if id.is_nil() { Err(IdError::Nil) } else { Ok(Self(id)) }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a GUID that the caller made.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

guid! {
    /// `MS-RequestId`: the idempotency key of one request to Partner Center.
    RequestId
}
guid! {
    /// `MS-CorrelationId`: the key under which Partner Center's support finds a request.
    CorrelationId
}

impl From<CorrelationId> for RequestId {
    /// For a service that knows one identifier for what are two elsewhere.
    fn from(id: CorrelationId) -> Self {
        Self(id.0)
    }
}

/// A run's name: when it began, in UTC, and six random hexadecimal digits, for example
/// `20261120-093005-4be1c7`. It sorts by time and is safe as a folder's name. Every record has it, so clones
/// share it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, SerializeDisplay, DeserializeFromStr)]
pub struct RunId(Arc<str>);

impl RunId {
    /// Names a run that begins at `at`; `random` tells apart two that begin in the same second.
    pub fn new(at: super::Time, random: [u8; 3]) -> Self {
        let [a, b, c] = random;
        Self(format!("{}-{a:02x}{b:02x}{c:02x}", at.compact()).into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let safe = |c: char| c.is_ascii_hexdigit() || c == '-';
        if text.is_empty() || text.len() > 40 || !text.chars().all(safe) {
            return Err(IdError::NotARun(text.chars().take(80).collect()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a0b0c0d-1111-4222-8333-444444444444";

    #[test]
    fn a_tenant_id_is_read_in_any_case_and_in_braces() {
        for text in [ID.to_owned(), ID.to_uppercase(), format!("{{{ID}}}")] {
            assert_eq!(text.parse::<TenantId>().unwrap().to_string(), ID);
        }
    }

    #[test]
    fn other_forms_of_a_guid_are_mistakes() {
        let urn = format!("urn:uuid:{ID}");
        let simple = ID.replace('-', "");
        for text in [
            "",
            "contoso",
            &urn,
            &simple,
            "a0b0c0d-1111-4222-8333-444444444444",
            "{0a0b0c0d-1111-4222-8333-444444444444",
        ] {
            assert!(text.parse::<TenantId>().is_err(), "{text}");
        }
        assert_eq!("00000000-0000-0000-0000-000000000000".parse::<TenantId>(), Err(IdError::Nil));
    }

    #[test]
    fn a_run_is_named_by_its_beginning_and_its_name_is_read_again() {
        let run = RunId::new(crate::domain::Time::from_millis(1_795_166_130_000), [0xab, 0x0c, 0]);
        assert_eq!(
            (run.as_str(), run.to_string().as_str()),
            ("20261120-091530-ab0c00", "20261120-091530-ab0c00")
        );
        assert_eq!(run.as_str().parse::<RunId>(), Ok(run));
        assert!("a".repeat(40).parse::<RunId>().is_ok() && "a".repeat(41).parse::<RunId>().is_err());
    }

    #[test]
    fn an_id_is_what_it_was_made_of() {
        let id: TenantId = ID.parse().unwrap();
        assert_eq!(TenantId::from_bytes(*id.as_bytes()), id);
        assert_eq!(id.as_bytes()[..4], [0x0a, 0x0b, 0x0c, 0x0d]);
        let correlation = CorrelationId::new(ID.parse().unwrap());
        assert_eq!(RequestId::from(correlation).to_string(), ID);
    }

    #[test]
    fn a_run_id_cannot_leave_its_folder() {
        for text in ["../x", "a/b", "", "."] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}
