//! Scans one entry in a single pass: digests, header, signature and manifest.

use md5::Context as Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{
    catalogue::files,
    file_kinds::is_manifest,
    header::{self, HEADER_START, ImageHeader, SignedHash},
    hex,
    limits::MAX_MANIFEST_BYTES,
    manifest::{self, ParsedManifest},
    signature::{self, TrustedKey, Verification},
};

/// Bytes that are buffered: the longest header that the length field allows, and the start of the
/// body.
const MAX_START: usize = 64 * 1024 + BODY_START;
/// Bytes of the body that are buffered: they contain the digest of a 792x image and the load
/// id of a 7940 image.
const BODY_START: usize = 64;
/// 792x images: the length of the hex MD5 at the start of the body. It is computed with
/// zeros in its place.
const WIRELESS_MD5: usize = 32;
/// The offset of the NUL-terminated load id in 7940 and 7960 images.
const LOAD_ID: usize = 0x20;

/// An entry that was read to its end.
#[derive(Debug)]
pub(super) struct ScannedEntry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    /// Only if the catalogue has no other digest for files of this name.
    pub(super) sha1: Option<String>,
    pub(super) header: ImageHeader,
    /// The result of the signature check, if it has a signed header.
    pub(super) verification: Option<Verification>,
    /// Set if the digest of its payload differs from the one stated in the header or body.
    pub(super) payload_error: Option<&'static str>,
    /// The verified MD5 inside a 792x image, in upper-case hex.
    pub(super) body_md5: Option<String>,
    /// The load id inside a 7940 or 7960 image.
    pub(super) load_id: Option<String>,
    /// For a manifest: its content, or why a phone would reject it.
    pub(super) manifest: Option<Result<ParsedManifest, String>>,
}

/// Scans an entry, chunk by chunk.
pub(super) struct EntryScanner {
    name: String,
    size: u64,
    sha256: Sha256,
    sha1: Option<Sha1>,
    /// The first bytes, up to `start_length`.
    start: Vec<u8>,
    start_length: usize,
    /// Set once the start is complete.
    body: Option<EntryBody>,
    /// The whole file, if it is a manifest.
    manifest: Option<Vec<u8>>,
}

/// The parsed start, and the hash of the rest.
struct EntryBody {
    header: ImageHeader,
    hash: BodyHash,
    wireless: Option<(String, Md5)>,
    load_id: Option<String>,
}

enum BodyHash {
    None,
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl BodyHash {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Md5(hash) => hash.consume(bytes),
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Md5(hash) => hash.finalize().0.to_vec(),
            Self::Sha1(hash) => hash.finalize().to_vec(),
            Self::Sha256(hash) => hash.finalize().to_vec(),
        }
    }
}

impl EntryScanner {
    pub(super) fn new(name: &str, size: u64) -> Self {
        Self {
            name: name.to_owned(),
            size,
            sha256: Sha256::new(),
            sha1: files::by_sha1(name).then(Sha1::new),
            start: Vec::new(),
            start_length: HEADER_START,
            body: None,
            manifest: is_manifest(name).then(Vec::new),
        }
    }

    /// Adds the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(bytes);
        }
        if let Some(kept) = &mut self.manifest {
            let room = MAX_MANIFEST_BYTES - kept.len();
            kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        let mut rest = bytes;
        while self.body.is_none() && !rest.is_empty() {
            let take = rest.len().min(self.start_length - self.start.len());
            self.start.extend_from_slice(&rest[..take]);
            rest = &rest[take..];
            if self.start.len() == self.start_length {
                if self.start_length == HEADER_START {
                    let claimed = header::claimed_length(&self.start, MAX_START - BODY_START);
                    self.start_length = claimed.max(HEADER_START) + BODY_START;
                } else {
                    self.body = Some(self.start_body());
                }
            }
        }
        if let Some(body) = &mut self.body {
            body.update(rest);
        }
    }

    /// Parses the buffered start and hashes the part of the body in it.
    fn start_body(&mut self) -> EntryBody {
        let start = std::mem::take(&mut self.start);
        let header = ImageHeader::parse(&start, self.size);
        let payload = start.get(header.length()..).unwrap_or_default();
        let mut body = EntryBody {
            hash: match &header {
                ImageHeader::Signed(signed) => {
                    let mut hash = match signed.hash {
                        SignedHash::Md5 => BodyHash::Md5(Md5::new()),
                        SignedHash::Sha1 | SignedHash::Newer => BodyHash::Sha1(Sha1::new()),
                    };
                    hash.update(&start[..signed.signature_field.start]);
                    hash.update(&start[signed.signature_field.end..signed.length]);
                    hash
                }
                ImageHeader::FifthGeneration(_) => BodyHash::Sha256(Sha256::new()),
                ImageHeader::None | ImageHeader::Broken(_) => BodyHash::None,
            },
            wireless: self.wireless(&header, payload),
            load_id: self.load_id(payload),
            header,
        };
        body.hash.update(payload);
        body
    }

    fn wireless(&self, header: &ImageHeader, payload: &[u8]) -> Option<(String, Md5)> {
        let stated = payload.get(..WIRELESS_MD5)?;
        let digits = stated
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        // Only names of 792x images have an upper-case extension.
        if !matches!(header, ImageHeader::Signed(_))
            || !digits
            || !self.name.as_bytes().ends_with(b".SBN")
        {
            return None;
        }
        let mut md5 = Md5::new();
        md5.consume([0; WIRELESS_MD5]);
        md5.consume(&payload[WIRELESS_MD5..]);
        Some((String::from_utf8_lossy(stated).into_owned(), md5))
    }

    fn load_id(&self, payload: &[u8]) -> Option<String> {
        let lower = self.name.to_ascii_lowercase();
        if !lower.starts_with("p0") || is_manifest(&lower) {
            return None;
        }
        let id = payload.get(LOAD_ID..)?.split(|byte| *byte == 0).next()?;
        let printable = !id.is_empty() && id.iter().all(u8::is_ascii_graphic);
        printable.then(|| String::from_utf8_lossy(id).into_owned())
    }

    /// Ends the scan and verifies the signature.
    pub(super) fn finish(mut self, trusted: &[TrustedKey]) -> ScannedEntry {
        let body = match self.body.take() {
            Some(body) => body,
            None => self.start_body(),
        };
        let mut scanned = ScannedEntry {
            manifest: self.manifest.map(|file| manifest::parse(&self.name, &file)),
            name: self.name,
            size: self.size,
            sha256: hex::encode(&self.sha256.finalize()),
            sha1: self.sha1.map(|hash| hex::encode(&hash.finalize())),
            verification: None,
            payload_error: None,
            body_md5: None,
            load_id: body.load_id,
            header: body.header,
        };
        let digest = body.hash.finish();
        match &scanned.header {
            ImageHeader::Signed(header) => {
                scanned.verification =
                    Some(signature::verify(&scanned.name, header, &digest, trusted));
            }
            ImageHeader::FifthGeneration(header) if header.sha256[..] != digest => {
                scanned.payload_error =
                    Some("the SHA-256 of its payload is not the one in its header");
            }
            ImageHeader::FifthGeneration(_) | ImageHeader::None | ImageHeader::Broken(_) => {}
        }
        if let Some((stated, md5)) = body.wireless {
            if hex::encode(&md5.finalize().0).to_ascii_uppercase() == stated {
                scanned.body_md5 = Some(stated);
            } else {
                scanned.payload_error =
                    Some("the MD5 of its payload is not the one stated inside it");
            }
        }
        scanned
    }
}

impl EntryBody {
    fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        if let Some((_, md5)) = &mut self.wireless {
            md5.consume(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simulator::{signed_file, test_key};

    fn scan(name: &str, bytes: &[u8], piece: usize) -> ScannedEntry {
        let mut scan = EntryScanner::new(name, bytes.len() as u64);
        for piece in bytes.chunks(piece.max(1)) {
            scan.feed(piece);
        }
        scan.finish(&[test_key()])
    }

    fn holds(read: &ScannedEntry) -> bool {
        matches!(read.verification, Some(Verification::Valid(_)))
            && read.header.name() == Some(read.name.as_bytes())
    }

    #[test]
    fn signed_file_verifies_in_chunks_of_any_size() {
        let file = signed_file("jar45sip.1.sbn", &[7; 5_000]);
        for piece in [1, 15, 16, 17, 399, 400, 401, 464, 5_000, 10_000] {
            let read = scan("jar45sip.1.sbn", &file, piece);
            assert!(holds(&read), "pieces of {piece}: {read:?}");
        }
        let tiny = signed_file("jar45sip.1.sbn", b"");
        assert!(holds(&scan("jar45sip.1.sbn", &tiny, 100)));
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_detected() {
        let name = "term65.default.loads";
        let file = signed_file(name, b"jar45sip.1.sbn\r\n");
        assert!(holds(&scan(name, &file, 1_000)));
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut other = file.clone();
                other[at] ^= 1 << bit;
                assert!(!holds(&scan(name, &other, 1_000)), "byte {at}, bit {bit}");
            }
            assert!(!holds(&scan(name, &file[..at], 1_000)), "cut at {at}");
        }
        assert!(!holds(&scan(name, &[&file[..], b"x"].concat(), 1_000)));
    }

    #[test]
    fn test_signature_is_valid_only_with_the_trusted_key() {
        let mut scan = EntryScanner::new("jar45sip.1.sbn", 408);
        scan.feed(&signed_file("jar45sip.1.sbn", b"12345678"));
        assert_eq!(
            scan.finish(&[]).verification,
            Some(Verification::Invalid(None))
        );
    }

    #[test]
    fn md5_inside_a_wireless_image_is_verified() {
        let rest = b"blocks of an image";
        let md5 = {
            let mut md5 = Md5::new();
            md5.consume([0; WIRELESS_MD5]);
            md5.consume(rest);
            hex::encode(&md5.finalize().0).to_ascii_uppercase()
        };
        let good = [md5.as_bytes(), rest].concat();
        let name = "APPSH-1.SBN";
        assert_eq!(
            scan(name, &signed_file(name, &good), 50).body_md5,
            Some(md5)
        );
        let mut bad = good;
        *bad.last_mut().unwrap() ^= 1;
        assert!(
            scan(name, &signed_file(name, &bad), 50)
                .payload_error
                .is_some()
        );
    }

    #[test]
    fn load_id_of_a_7940_image_is_read() {
        let mut body = vec![0xea; LOAD_ID];
        body.extend(b"P003-8-12-00\0rest");
        let read = scan(
            "P003-8-12-00.sbn",
            &signed_file("P003-8-12-00.sbn", &body),
            64,
        );
        assert_eq!(read.load_id.as_deref(), Some("P003-8-12-00"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn result_does_not_depend_on_chunk_size(
            start in prop_oneof![
                Just(vec![]), Just(vec![1, 0, 2, 1, 1, 2, 0, 2, 0, 200]),
                Just(vec![0xcd, 0x34, 0x12, 0xab, 0x50, 1, 0, 0]),
            ],
            rest in proptest::collection::vec(any::<u8>(), 0..900),
            piece in 1_usize..500,
        ) {
            let bytes = [start, rest].concat();
            let (one, other) = (scan("x.loads", &bytes, bytes.len()), scan("x.loads", &bytes, piece));
            prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
    }
}
