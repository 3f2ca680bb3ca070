//! All digests of a file, computed in parallel.

use std::{
    io,
    thread::{Scope, ScopedJoinHandle},
};

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::{
    checksum::Digests,
    file_part::{FilePart, read_retrying},
    hex,
    limits::CHUNK_BYTES,
};

/// Digests that are being computed on separate threads.
pub(super) struct Hashing<'s> {
    md5: ScopedJoinHandle<'s, Hashed>,
    sha512: ScopedJoinHandle<'s, Hashed>,
    /// Both together take as long as one of the others alone.
    sha1_and_sha256: ScopedJoinHandle<'s, Hashed>,
}

/// The digests of one pass and the number of bytes read.
type Hashed = io::Result<(Vec<String>, u64)>;

/// Starts hashing a part of a file. Each thread reads on its own: after the first pass the
/// data is in the page cache, and no thread waits for another.
pub(super) fn begin<'s>(scope: &'s Scope<'s, '_>, file: FilePart<'s>) -> Hashing<'s> {
    Hashing {
        md5: scope.spawn(move || {
            let mut md5 = md5::Context::new();
            let length = read_all(file, |bytes| md5.consume(bytes))?;
            Ok((vec![hex::encode(&md5.finalize().0)], length))
        }),
        sha512: scope.spawn(move || {
            let mut sha512 = Sha512::new();
            let length = read_all(file, |bytes| sha512.update(bytes))?;
            Ok((vec![hex::encode(&sha512.finalize())], length))
        }),
        sha1_and_sha256: scope.spawn(move || {
            let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
            let length = read_all(file, |bytes| {
                sha1.update(bytes);
                sha256.update(bytes);
            })?;
            let digests = vec![
                hex::encode(&sha1.finalize()),
                hex::encode(&sha256.finalize()),
            ];
            Ok((digests, length))
        }),
    }
}

impl Hashing<'_> {
    /// Waits for the digests. `None` if the passes read different lengths because the file
    /// is being written.
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

fn read_all(mut file: FilePart<'_>, mut consume: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut length = 0;
    loop {
        let count = read_retrying(&mut file, &mut buffer)?;
        if count == 0 {
            return Ok(length);
        }
        length += count as u64;
        consume(&buffer[..count]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{super::checksum::Checksum, *};

    fn all(bytes: &[u8]) -> (Digests, u64) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let at = FilePart::new(&file, 0, bytes.len() as u64);
        std::thread::scope(|scope| begin(scope, at).finish())
            .unwrap()
            .unwrap()
    }

    #[test]
    fn digests_of_abc_match_the_standards() {
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
    fn checksum_kind_follows_from_length_and_case_is_ignored() {
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
}
