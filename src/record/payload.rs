//! Bodies, which lie beside the records that own them.

use crate::domain::Sha256;
use serde::{Deserialize, Serialize};

/// Out-of-line bytes that belong to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// SHA-256 over the salt and the bytes.
    pub digest: Sha256,
    /// How many bytes.
    pub length: u64,
}

impl Payload {
    /// The reference to bytes that are stored beside the record.
    pub fn of(salt: &[u8; 16], bytes: &[u8]) -> Self {
        Self { digest: Sha256::of(&[salt, bytes]), length: bytes.len() as u64 }
    }
}
