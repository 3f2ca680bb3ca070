//! The digests of a whole file, computed side by side, and what people paste to compare them with.

use std::{
    fmt::{self, Write as _},
    io::{self, Read},
    str::FromStr,
    thread::{Scope, ScopedJoinHandle},
};

use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::{Digests, container::At};

/// Bytes read at a time: large enough that calls do not count, small enough for any stack
/// of buffers.
pub(super) const CHUNK: usize = 64 * 1024;

/// A checksum as a person gives it: 32 (MD5), 40 (SHA-1), 64 (SHA-256) or 128 (SHA-512)
/// hex digits, kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Checksum(String);

/// Why a text is no [`Checksum`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseChecksumError {
    /// Its length is none of the four.
    #[error(
        "{0} characters; a checksum has 32 (MD5), 40 (SHA-1), 64 (SHA-256) or 128 (SHA-512) hex \
         digits"
    )]
    Length(usize),
    /// Something in it is no hex digit.
    #[error("not a hex digit: {0:?}; a checksum has only 0-9 and a-f")]
    Digit(char),
}

impl FromStr for Checksum {
    type Err = ParseChecksumError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(ParseChecksumError::Digit(odd));
        }
        match text.len() {
            32 | 40 | 64 | 128 => Ok(Self(text.to_ascii_lowercase())),
            length => Err(ParseChecksumError::Length(length)),
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Checksum {
    /// The digest's name, which follows from the length.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.0.len() {
            32 => "MD5",
            40 => "SHA-1",
            64 => "SHA-256",
            _ => "SHA-512",
        }
    }

    /// The digest of the same kind.
    #[must_use]
    pub fn same_kind<'d>(&self, digests: &'d Digests) -> &'d str {
        match self.0.len() {
            32 => &digests.md5,
            40 => &digests.sha1,
            64 => &digests.sha256,
            _ => &digests.sha512,
        }
    }

    /// Whether it is that file's.
    #[must_use]
    pub fn equals(&self, digests: &Digests) -> bool {
        self.0 == self.same_kind(digests)
    }
}

/// Digests that are being computed, on threads of their own.
pub(super) struct Hashing<'s> {
    md5: ScopedJoinHandle<'s, Hashed>,
    sha512: ScopedJoinHandle<'s, Hashed>,
    /// Both together take as long as one of the others alone.
    sha1_and_sha256: ScopedJoinHandle<'s, Hashed>,
}

/// Digests of one pass, and how many bytes it saw.
type Hashed = io::Result<(Vec<String>, u64)>;

/// Begins to hash this part of a file. Each thread reads for itself: the pages are in
/// memory after the first, and nobody waits for anybody.
pub(super) fn begin<'s>(scope: &'s Scope<'s, '_>, file: At<'s>) -> Hashing<'s> {
    Hashing {
        md5: scope.spawn(move || {
            let mut md5 = md5::Context::new();
            let length = pass(file, |bytes| md5.consume(bytes))?;
            Ok((vec![hex(&md5.finalize().0)], length))
        }),
        sha512: scope.spawn(move || {
            let mut sha512 = Sha512::new();
            let length = pass(file, |bytes| sha512.update(bytes))?;
            Ok((vec![hex(&sha512.finalize())], length))
        }),
        sha1_and_sha256: scope.spawn(move || {
            let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
            let length = pass(file, |bytes| {
                sha1.update(bytes);
                sha256.update(bytes);
            })?;
            Ok((vec![hex(&sha1.finalize()), hex(&sha256.finalize())], length))
        }),
    }
}

impl Hashing<'_> {
    /// Waits for the digests. `None` where two passes saw files of other lengths: somebody
    /// writes to it.
    pub(super) fn finish(self) -> io::Result<Option<(Digests, u64)>> {
        let (md5, length) = joined(self.md5)?;
        let (sha512, second) = joined(self.sha512)?;
        let (both, third) = joined(self.sha1_and_sha256)?;
        let mut texts = md5.into_iter().chain(both).chain(sha512);
        let mut next = || texts.next().unwrap_or_default();
        let digests = Digests {
            md5: next(),
            sha1: next(),
            sha256: next(),
            sha512: next(),
        };
        Ok((length == second && length == third).then_some((digests, length)))
    }
}

fn joined(thread: ScopedJoinHandle<'_, Hashed>) -> Hashed {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn pass(mut file: At<'_>, mut see: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut length = 0;
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        length += count as u64;
        see(&buffer[..count]);
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn all(bytes: &[u8]) -> (Digests, u64) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let at = At::new(&file, 0, bytes.len() as u64);
        std::thread::scope(|scope| begin(scope, at).finish())
            .unwrap()
            .unwrap()
    }

    #[test]
    fn the_digests_of_abc_are_those_of_the_standards() {
        // RFC 1321 A.5 and FIPS 180-4's examples.
        let (digests, length) = all(b"abc");
        assert_eq!(length, 3);
        assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digests.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(
            digests
                .sha256
                .starts_with("ba7816bf8f01cfea414140de5dae2223")
        );
        assert!(
            digests
                .sha512
                .starts_with("ddaf35a193617abacc417349ae204131")
        );
        assert_eq!((digests.sha256.len(), digests.sha512.len()), (64, 128));
    }

    #[test]
    fn a_checksum_s_kind_follows_from_its_length_and_its_case_does_not_matter() {
        let (digests, _) = all(b"abc");
        for (text, kind) in [
            (&digests.md5, "MD5"),
            (&digests.sha1, "SHA-1"),
            (&digests.sha256, "SHA-256"),
            (&digests.sha512, "SHA-512"),
        ] {
            let checksum: Checksum = text.to_ascii_uppercase().parse().unwrap();
            assert_eq!((checksum.kind(), checksum.equals(&digests)), (kind, true));
            let other: Checksum = "0".repeat(text.len()).parse().unwrap();
            assert!(!other.equals(&digests));
        }
    }

    #[test]
    fn other_texts_are_no_checksums() {
        let cases = [
            ("", ParseChecksumError::Length(0)),
            ("abc", ParseChecksumError::Length(3)),
            (
                "4088c17c622a1e181b1c2b1265349df",
                ParseChecksumError::Length(31),
            ),
            (
                "4088c17c622a1e181b1c2b1265349dfg",
                ParseChecksumError::Digit('g'),
            ),
            (
                "md5:4088c17c622a1e181b1c2b1265349df6",
                ParseChecksumError::Digit('m'),
            ),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Checksum>(), Err(error), "{text}");
        }
    }
}
