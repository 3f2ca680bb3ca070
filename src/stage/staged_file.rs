//! A file as phones get it.

use std::{fmt, fmt::Write as _, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};
use sha2::{Digest as _, Sha256};

/// A file in memory, complete and immutable. Clones share the bytes.
///
/// Serialised, it is its name, size in bytes and SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct StagedFile {
    /// The name under which it is staged.
    pub name: Arc<str>,
    /// The content.
    pub bytes: Arc<[u8]>,
}

impl StagedFile {
    /// The size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The SHA-256 of the content, as 64 lower-case hex digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256(&self.bytes)
    }
}

impl fmt::Debug for StagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The content may be a password.
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

impl Serialize for StagedFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("StagedFile", 3)?;
        fields.serialize_field("name", &*self.name)?;
        fields.serialize_field("size", &self.size())?;
        fields.serialize_field("sha256", &self.sha256())?;
        fields.end()
    }
}

/// SHA-256 as 64 lower-case hex digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
            hex
        })
}
