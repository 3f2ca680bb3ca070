//! One member, judged while its bytes stream by: digests, header, signature, manifest.

use md5::Context as Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{
    TrustedKey,
    catalogue::files,
    contents::is_manifest,
    digest::hex,
    header::{self, HEADER_START, Header, signed::Hash},
    manifest::{self, MANIFEST_LIMIT, Parsed},
    signature::{self, Verified},
};

/// Bytes of a header that are kept: as many as its length field can say, and the start of
/// the body that some formats check.
const START_LIMIT: usize = 64 * 1024 + BODY_START;
/// Bytes of the body that are kept: 7921's digest and 7940's load id stand in them.
const BODY_START: usize = 64;
/// 792x images: the MD5 of the body as text, in the body's first bytes. It is that of the
/// body with zeros in its place.
const WIRELESS_MD5: usize = 32;
/// Where 7940 and 7960 images have their load id, NUL-terminated.
const LOAD_ID: usize = 0x20;

/// What is known of a member whose bytes hold, before anything is said of the whole.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    /// Only where the catalogue knows files of this name by nothing else.
    pub(super) sha1: Option<String>,
    pub(super) header: Header,
    /// What was found of its signature, where it has a signed header.
    pub(super) verified: Option<Verified>,
    /// Its payload has another digest than the header or the body itself says.
    pub(super) payload: Option<&'static str>,
    /// The MD5 that a 792x image has of itself, which holds; upper-case hex.
    pub(super) body_md5: Option<String>,
    /// The load id in a 7940 or 7960 image.
    pub(super) load_id: Option<String>,
    /// What a phone reads in it, where it is a manifest; or why a phone refuses it.
    pub(super) manifest: Option<Result<Parsed, String>>,
}

/// A member that is being read.
pub(super) struct Scan {
    name: String,
    size: u64,
    sha256: Sha256,
    sha1: Option<Sha1>,
    /// The first bytes, until `wanted` of them are there.
    start: Vec<u8>,
    wanted: usize,
    /// What the rest runs through, once the start is complete.
    body: Option<Body>,
    /// A manifest is kept whole.
    manifest: Option<Vec<u8>>,
}

/// The start's meaning, and the hash of what follows it.
struct Body {
    header: Header,
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

impl Scan {
    pub(super) fn new(name: &str, size: u64) -> Self {
        Self {
            name: name.to_owned(),
            size,
            sha256: Sha256::new(),
            sha1: files::by_sha1(name).then(Sha1::new),
            start: Vec::new(),
            wanted: HEADER_START,
            body: None,
            manifest: is_manifest(name).then(Vec::new),
        }
    }

    /// The next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(bytes);
        }
        if let Some(kept) = &mut self.manifest {
            let room = MANIFEST_LIMIT - kept.len();
            kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        let mut rest = bytes;
        while self.body.is_none() && !rest.is_empty() {
            let take = rest.len().min(self.wanted - self.start.len());
            self.start.extend_from_slice(&rest[..take]);
            rest = &rest[take..];
            if self.start.len() == self.wanted {
                if self.wanted == HEADER_START {
                    let claimed = header::claimed_length(&self.start, START_LIMIT - BODY_START);
                    self.wanted = claimed.max(HEADER_START) + BODY_START;
                } else {
                    self.body = Some(self.begin());
                }
            }
        }
        if let Some(body) = &mut self.body {
            body.update(rest);
        }
    }

    /// The start is there: what it means, with its own part of the body hashed.
    fn begin(&mut self) -> Body {
        let start = std::mem::take(&mut self.start);
        let header = Header::read(&start, self.size);
        let payload = start.get(header.length()..).unwrap_or_default();
        let mut body = Body {
            hash: match &header {
                Header::Signed(signed) => {
                    let mut hash = match signed.hash {
                        Hash::Md5 => BodyHash::Md5(Md5::new()),
                        Hash::Sha1 | Hash::Newer => BodyHash::Sha1(Sha1::new()),
                    };
                    hash.update(&start[..signed.field.start]);
                    hash.update(&start[signed.field.end..signed.length]);
                    hash
                }
                Header::FifthGeneration(_) => BodyHash::Sha256(Sha256::new()),
                Header::None | Header::Broken(_) => BodyHash::None,
            },
            wireless: self.wireless(&header, payload),
            load_id: self.load_id(payload),
            header,
        };
        body.hash.update(payload);
        body
    }

    fn wireless(&self, header: &Header, payload: &[u8]) -> Option<(String, Md5)> {
        let said = payload.get(..WIRELESS_MD5)?;
        let digits = said
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        // Only the names of 792x images end in capitals.
        if !matches!(header, Header::Signed(_))
            || !digits
            || !self.name.as_bytes().ends_with(b".SBN")
        {
            return None;
        }
        let mut md5 = Md5::new();
        md5.consume([0; WIRELESS_MD5]);
        md5.consume(&payload[WIRELESS_MD5..]);
        Some((String::from_utf8_lossy(said).into_owned(), md5))
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

    /// The member came to its end.
    pub(super) fn finish(mut self, trusted: &[TrustedKey]) -> Read {
        let body = match self.body.take() {
            Some(body) => body,
            None => self.begin(),
        };
        let mut read = Read {
            manifest: self.manifest.map(|file| manifest::parse(&self.name, &file)),
            name: self.name,
            size: self.size,
            sha256: hex(&self.sha256.finalize()),
            sha1: self.sha1.map(|hash| hex(&hash.finalize())),
            verified: None,
            payload: None,
            body_md5: None,
            load_id: body.load_id,
            header: body.header,
        };
        let digest = body.hash.finish();
        match &read.header {
            Header::Signed(header) => {
                read.verified = Some(signature::verify(&read.name, header, &digest, trusted));
            }
            Header::FifthGeneration(header) if header.sha256[..] != digest => {
                read.payload = Some("its payload has another SHA-256 than its header says");
            }
            Header::FifthGeneration(_) | Header::None | Header::Broken(_) => {}
        }
        if let Some((said, md5)) = body.wireless {
            if hex(&md5.finalize().0).to_ascii_uppercase() == said {
                read.body_md5 = Some(said);
            } else {
                read.payload = Some("its payload has another MD5 than it says of itself");
            }
        }
        read
    }
}

impl Body {
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

    fn scan(name: &str, bytes: &[u8], piece: usize) -> Read {
        let mut scan = Scan::new(name, bytes.len() as u64);
        for piece in bytes.chunks(piece.max(1)) {
            scan.feed(piece);
        }
        scan.finish(&[test_key()])
    }

    fn holds(read: &Read) -> bool {
        matches!(read.verified, Some(Verified::Valid(_)))
            && read.header.name() == Some(read.name.as_bytes())
    }

    #[test]
    fn a_signed_file_verifies_however_it_comes_in() {
        let file = signed_file("jar45sip.1.sbn", &[7; 5_000]);
        for piece in [1, 15, 16, 17, 399, 400, 401, 464, 5_000, 10_000] {
            let read = scan("jar45sip.1.sbn", &file, piece);
            assert!(holds(&read), "pieces of {piece}: {read:?}");
        }
        let tiny = signed_file("jar45sip.1.sbn", b"");
        assert!(holds(&scan("jar45sip.1.sbn", &tiny, 100)));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_of_a_signed_file_is_caught() {
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
    fn nothing_but_a_trusted_key_makes_a_test_signature_valid() {
        let mut scan = Scan::new("jar45sip.1.sbn", 408);
        scan.feed(&signed_file("jar45sip.1.sbn", b"12345678"));
        assert_eq!(scan.finish(&[]).verified, Some(Verified::Invalid(None)));
    }

    #[test]
    fn a_wireless_image_s_own_md5_is_held_against_its_body() {
        let rest = b"blocks of an image";
        let md5 = {
            let mut md5 = Md5::new();
            md5.consume([0; WIRELESS_MD5]);
            md5.consume(rest);
            hex(&md5.finalize().0).to_ascii_uppercase()
        };
        let good = [md5.as_bytes(), rest].concat();
        let name = "APPSH-1.SBN";
        assert_eq!(
            scan(name, &signed_file(name, &good), 50).body_md5,
            Some(md5)
        );
        let mut bad = good;
        *bad.last_mut().unwrap() ^= 1;
        assert!(scan(name, &signed_file(name, &bad), 50).payload.is_some());
    }

    #[test]
    fn a_7940_image_says_which_load_it_is() {
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
        fn any_bytes_in_any_pieces_give_the_same_answer(
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
