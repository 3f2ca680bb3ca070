//! Scans one entry in a single pass: digests, header, signature and manifest.

use md5::Context as Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{
    catalogue::files,
    content_hint::ContentHint,
    file_kinds::is_manifest,
    header::{self, HEADER_START, ImageHeader, SignedHash},
    hex,
    limits::MAX_MANIFEST_BYTES,
    manifest::{self, ParsedManifest},
    payload::{self, UbootImage},
    signature::{self, SignatureScheme, SignedPart, TrustedKey, Verification},
    standalone::{self, Standalone},
    transfer_marks::{self, TransferMarks},
};
use crate::phone::{LoadName, Model};

/// Bytes that are buffered: the longest header that the length field allows, and the start of the
/// body.
const MAX_START: usize = 64 * 1024 + BODY_START;
/// Bytes of the body that are buffered: they contain the digest of a 792x image, and the load
/// id and the length field of a 7940 image.
const BODY_START: usize = 0x140;
/// 792x images: the length of the hex MD5 at the start of the body. It is computed with
/// zeros in its place.
const WIRELESS_MD5: usize = 32;

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
    /// Its payload is not what its header, its body or its name states.
    pub(super) payload_error: Option<&'static str>,
    /// Its payload is not of its kind, unless its signature is valid.
    pub(super) payload_doubt: Option<&'static str>,
    /// What it is, if it has no header and is evidently something else.
    pub(super) hint: Option<ContentHint>,
    /// The firmware that its first bytes show, if it has no header.
    pub(super) content: Option<Standalone>,
    /// What a transfer in text mode did to it, if it is not valid.
    pub(super) text_mode: Option<String>,
    /// The verified MD5 inside a 792x image, in upper-case hex.
    pub(super) body_md5: Option<String>,
    /// The load id inside a 7940 or 7960 image.
    pub(super) load_id: Option<String>,
    /// The version inside a loader image of these phones.
    pub(super) loader_version: Option<String>,
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
    marks: TransferMarks,
}

/// The parsed start, and the hash of the rest.
struct EntryBody {
    header: ImageHeader,
    hash: BodyHash,
    wireless: Option<(String, Md5)>,
    load_id: Option<String>,
    loader_version: Option<String>,
    doubt: Option<&'static str>,
    uboot: Option<UbootImage>,
    hint: Option<ContentHint>,
    content: Option<Standalone>,
    has_wide_header: bool,
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
            marks: TransferMarks::default(),
        }
    }

    /// Adds the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.marks.update(bytes);
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
        let payload_length = self.size.saturating_sub(header.length() as u64);
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
            load_id: payload::load_id(&self.name, payload),
            loader_version: payload::loader_version(&self.name, payload),
            doubt: payload::doubt(&self.name, payload, payload_length),
            uboot: UbootImage::begin(payload, payload_length),
            hint: match &header {
                ImageHeader::None => ContentHint::of(&start),
                _ => None,
            },
            content: match &header {
                ImageHeader::None => standalone::of_content(&start, self.size),
                _ => None,
            },
            has_wide_header: header::is_widened(&start),
            header,
        };
        body.update_hashes(payload);
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

    /// Ends the scan and verifies the signature.
    pub(super) fn finish(mut self, trusted: &[TrustedKey]) -> ScannedEntry {
        let body = match self.body.take() {
            Some(body) => body,
            None => self.start_body(),
        };
        let text = self.manifest.take();
        let mut scanned = ScannedEntry {
            manifest: text
                .as_ref()
                // Update lists of other programs have this extension too.
                .filter(|_| body.hint != Some(ContentHint::Xml) || names_phone_load(&self.name))
                .map(|file| manifest::parse(&self.name, file)),
            name: self.name,
            size: self.size,
            sha256: hex::encode(&self.sha256.finalize()),
            sha1: self.sha1.map(|hash| hex::encode(&hash.finalize())),
            verification: None,
            payload_error: None,
            payload_doubt: body.doubt.or(body.uboot.and_then(UbootImage::finish)),
            hint: body.hint,
            content: body.content,
            text_mode: None,
            body_md5: None,
            load_id: body.load_id,
            loader_version: body.loader_version,
            header: body.header,
        };
        let digest = body.hash.finish();
        if let ImageHeader::FifthGeneration(header) = &scanned.header
            && header.sha256[..] != digest
        {
            scanned.payload_error = Some("the SHA-256 of its payload is not the one in its header");
        }
        scanned.verification = signed_part(&scanned.header, &digest)
            .map(|part| signature::verify(&scanned.name, part, trusted));
        if let Some((stated, md5)) = body.wireless {
            if hex::encode(&md5.finalize().0).to_ascii_uppercase() == stated {
                scanned.body_md5 = Some(stated);
            } else {
                scanned.payload_error =
                    Some("the MD5 of its payload is not the one stated inside it");
            }
        }
        if !matches!(scanned.verification, Some(Verification::Valid(_))) {
            let repaired = text.and_then(|file| repair(&scanned, &file, trusted));
            let wide = body
                .has_wide_header
                .then_some("each LF in its header became CR LF, as in a transfer in text mode");
            let marks = wide.or_else(|| match scanned.header {
                ImageHeader::Signed(_) | ImageHeader::Broken(_) => self.marks.damage(),
                _ => None,
            });
            scanned.text_mode = repaired.or(marks.map(str::to_owned));
        }
        scanned
    }
}

/// The signature of a file and what it covers, if the scheme of its header is known.
fn signed_part<'f>(header: &'f ImageHeader, digest: &'f [u8]) -> Option<SignedPart<'f>> {
    match header {
        ImageHeader::Signed(header) => Some(SignedPart {
            scheme: SignatureScheme::TimeAndDigest,
            signature: &header.signature,
            modulus: header.modulus,
            digest,
        }),
        ImageHeader::FifthGeneration(header) => {
            let signature = header.signature.as_ref()?;
            Some(SignedPart {
                scheme: SignatureScheme::Pkcs1Sha256,
                signature: &signature.bytes,
                modulus: signature.bytes.len(),
                digest: &signature.digest,
            })
        }
        ImageHeader::None | ImageHeader::Broken(_) => None,
    }
}

/// Whether the name is that of a manifest that phones request.
fn names_phone_load(name: &str) -> bool {
    LoadName::new(name).family().is_some() || Model::by_recovery_manifest(name).is_some()
}

/// What happened to the line ends of a manifest, if its signature is valid once they are
/// restored.
fn repair(scanned: &ScannedEntry, file: &[u8], trusted: &[TrustedKey]) -> Option<String> {
    let header = match &scanned.header {
        ImageHeader::None => return None,
        ImageHeader::Broken(_) => file.len() + 1,
        header => header.length(),
    };
    let is_valid = |text: &[u8]| {
        let mut again = EntryScanner::new(&scanned.name, text.len() as u64);
        // Not a manifest here, so that it is not repaired in turn.
        again.manifest = None;
        again.feed(text);
        matches!(
            again.finish(trusted).verification,
            Some(Verification::Valid(_))
        )
    };
    transfer_marks::originals(file, header)
        .into_iter()
        .find(|(_, text)| is_valid(text))
        .map(|(what, _)| {
            format!(
                "{what} in a transfer in text mode: with its line ends restored, its signature \
                 is valid"
            )
        })
}

impl EntryBody {
    fn update(&mut self, bytes: &[u8]) {
        self.update_hashes(bytes);
        if let Some((_, md5)) = &mut self.wireless {
            md5.consume(bytes);
        }
    }

    /// Adds bytes of the payload to every hash that begins with its first byte.
    fn update_hashes(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        if let Some(image) = &mut self.uboot {
            image.update(bytes);
        }
    }
}

#[cfg(test)]
mod tests;
