//! What the payloads of files without a checked signature must have: the images of the 7910,
//! 7940 and 7960, and images for U-Boot (3905, 78xx, 88xx).

use super::file_kinds::is_manifest;

/// The offset of the NUL-terminated load id in images of the 7910, 7940 and 7960.
const LOAD_ID: usize = 0x20;
/// The processor's vectors before it: eight branches, of which each ends with this byte.
const BRANCH: u8 = 0xea;
/// The offset of the version of a loader image, as manifests state it.
const LOADER_VERSION: std::ops::Range<usize> = 0x120..0x128;
/// The offset of the length of a loader image, of which 32 bytes are not counted.
const LOADER_LENGTH: usize = 0x138;
/// What follows that length in a loader image: data packed by `compress`.
const COMPRESSED: [u8; 2] = [0x1f, 0x9d];
/// The header of an image for U-Boot: its magic and its length.
const UBOOT_MAGIC: [u8; 4] = [0x27, 0x05, 0x19, 0x56];
const UBOOT_HEADER: usize = 64;

/// The file that names the image which an old 7940 or 7960 starts.
pub(super) const IMAGE_NAME_FILE: &str = "OS79XX.TXT";

/// The load id inside an image of the 7910, 7940 or 7960, or the one that `OS79XX.TXT` names.
pub(super) fn load_id(name: &str, payload: &[u8]) -> Option<String> {
    if name.eq_ignore_ascii_case(IMAGE_NAME_FILE) {
        // A blank at its end belongs to the name that the phone requests.
        let text = std::str::from_utf8(payload).ok()?;
        let id = text.trim_end_matches(['\r', '\n']);
        let is_name = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
        return is_name.then(|| id.to_owned());
    }
    if !has_load_id(name) {
        return None;
    }
    let id = payload.get(LOAD_ID..)?.split(|byte| *byte == 0).next()?;
    let printable = !id.is_empty() && id.iter().all(u8::is_ascii_graphic);
    printable.then(|| String::from_utf8_lossy(id).into_owned())
}

/// The version inside a loader image of the 7940 and 7960: `PAS30830`.
pub(super) fn loader_version(name: &str, payload: &[u8]) -> Option<String> {
    let load = name.to_ascii_lowercase();
    let load = load.strip_suffix(".sbn")?;
    let is_loader = load.starts_with("p003");
    let version = payload.get(LOADER_VERSION).filter(|_| is_loader)?;
    let is_text = version.iter().all(u8::is_ascii_alphanumeric);
    is_text.then(|| String::from_utf8_lossy(version).into_owned())
}

fn has_load_id(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let family = ["p003", "p0s3", "p0m3", "p004"];
    let image = [".sbn", ".sb2"];
    family.iter().any(|start| lower.starts_with(start))
        && image.iter().any(|end| lower.ends_with(end))
        && !is_manifest(&lower)
}

/// Why the payload of `length` bytes is not that of a file of this name. Only its beginning is
/// given.
pub(super) fn doubt(name: &str, payload: &[u8], length: u64) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if has_load_id(name) {
        return image_doubt(payload, length);
    }
    if lower.starts_with("app3905") {
        return uboot_doubt(payload, length);
    }
    None
}

fn image_doubt(payload: &[u8], length: u64) -> Option<&'static str> {
    if length <= LOAD_ID as u64 {
        return Some("it ends after its header: the image is missing");
    }
    let vectors = payload.get(..LOAD_ID)?;
    if vectors.chunks(4).any(|word| word.last() != Some(&BRANCH)) {
        return Some("its body is not an image of these phones: it has no processor vectors");
    }
    let at = LOADER_LENGTH + 4;
    if payload.get(at..at + 2) == Some(&COMPRESSED) {
        let field = payload.get(LOADER_LENGTH..)?.first_chunk()?;
        if u64::from(u32::from_le_bytes(*field)) + LOAD_ID as u64 != length {
            return Some("its body does not have the length that is stated in it");
        }
    }
    None
}

/// An image of the 3905 has nothing after what its header states. Other images may.
fn uboot_doubt(payload: &[u8], length: u64) -> Option<&'static str> {
    if !payload.starts_with(&UBOOT_MAGIC) {
        return Some("it does not begin like an image of the 3905");
    }
    let size = UbootHeader::parse(payload)?.size;
    (u64::from(size) + UBOOT_HEADER as u64 != length)
        .then_some("it does not have the length that is stated in its header")
}

/// The header of an image for U-Boot (include/image.h of U-Boot, big-endian).
struct UbootHeader {
    /// Bytes after the header.
    size: u32,
    /// CRC-32 of these bytes.
    data_crc: u32,
}

impl UbootHeader {
    /// `None` if the checksum of the header is wrong: none of its fields means anything then.
    fn parse(payload: &[u8]) -> Option<Self> {
        let header: &[u8; UBOOT_HEADER] = payload.first_chunk()?;
        let field = |at: usize| {
            u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let mut cleared = *header;
        cleared[4..8].fill(0);
        (field(4) == crc32fast::hash(&cleared)).then(|| Self {
            size: field(12),
            data_crc: field(24),
        })
    }
}

/// Checks the two checksums of an image for U-Boot while its payload passes.
pub(super) struct UbootImage {
    header: Option<UbootHeader>,
    /// Bytes of the header that are still to pass.
    before: usize,
    /// Bytes of the data that are still to pass.
    left: u64,
    crc: crc32fast::Hasher,
}

impl UbootImage {
    /// Begins with a payload of `length` bytes, of which the first ones are given. `None` if it is no
    /// image for U-Boot.
    pub(super) fn begin(payload: &[u8], length: u64) -> Option<Self> {
        let is_image = payload.starts_with(&UBOOT_MAGIC) && length >= UBOOT_HEADER as u64;
        is_image.then(|| {
            let header = UbootHeader::parse(payload);
            Self {
                before: UBOOT_HEADER,
                left: header.as_ref().map_or(0, |header| u64::from(header.size)),
                header,
                crc: crc32fast::Hasher::new(),
            }
        })
    }

    /// Adds the next bytes of the payload, from its first one on.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        let data = &bytes[self.before.min(bytes.len())..];
        self.before -= bytes.len() - data.len();
        let take = usize::try_from(self.left).map_or(data.len(), |left| left.min(data.len()));
        self.crc.update(&data[..take]);
        self.left -= take as u64;
    }

    /// Why the image is damaged.
    pub(super) fn finish(self) -> Option<&'static str> {
        match self.header {
            None => Some("the checksum of its U-Boot header is wrong"),
            Some(_) if self.left > 0 => {
                Some("it is shorter than its U-Boot header states: it was cut short")
            }
            Some(header) if header.data_crc != self.crc.finalize() => {
                Some("its checksum (CRC-32) is not the one in its U-Boot header")
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, more: usize) -> Vec<u8> {
        let mut body = [0x4f, 0, 0, BRANCH].repeat(8);
        body.extend(id.as_bytes());
        body.resize(LOADER_LENGTH + more, 0);
        body
    }

    #[test]
    fn images_of_the_7940_have_vectors_a_load_id_and_a_length() {
        let name = "P003-9-90-00.sbn";
        let mut loader = image("P003-9-90-00", 6);
        let at = LOADER_LENGTH + 4;
        loader[at..].copy_from_slice(&COMPRESSED);
        let length = loader.len() as u64;
        let stated = u32::try_from(length - 32).unwrap().to_le_bytes();
        loader[LOADER_LENGTH..at].copy_from_slice(&stated);
        assert_eq!(load_id(name, &loader).as_deref(), Some("P003-9-90-00"));
        assert_eq!(doubt(name, &loader, length), None);
        assert!(doubt(name, &loader, length - 1).unwrap().contains("length"));
        assert!(doubt(name, b"", 0).unwrap().contains("missing"));
        let page = b"<!DOCTYPE html><html>no such page</html>";
        for wrong in [&page[..], &[0; 400]] {
            let why = doubt("P0S3-9-90-00.sb2", wrong, wrong.len() as u64).unwrap();
            assert!(why.contains("vectors"), "{why}");
        }
        assert_eq!(doubt("P0S3-9-90-00.loads", page, 40), None);
        assert_eq!(doubt("jar45sip.1.sbn", page, 40), None);
    }

    #[test]
    fn images_of_the_3905_have_the_length_in_a_valid_header() {
        let name = "APP3905.9-9-0.zz";
        let file = uboot(&[9; 100]);
        assert_eq!(doubt(name, &file, 164), None);
        assert!(doubt(name, &file, 163).unwrap().contains("length"));
        assert!(doubt(name, b"<html>", 6).is_some());
    }

    fn uboot(data: &[u8]) -> Vec<u8> {
        let mut header = [UBOOT_MAGIC.to_vec(), vec![0; 60]].concat();
        header[12..16].copy_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
        header[24..28].copy_from_slice(&crc32fast::hash(data).to_be_bytes());
        let crc = crc32fast::hash(&header).to_be_bytes();
        header[4..8].copy_from_slice(&crc);
        [&header[..], data].concat()
    }

    fn fault(file: &[u8], piece: usize) -> Option<&'static str> {
        let mut image = UbootImage::begin(file, file.len() as u64)?;
        file.chunks(piece).for_each(|piece| image.update(piece));
        image.finish()
    }

    #[test]
    fn every_flipped_bit_of_an_image_for_uboot_is_found() {
        let file = uboot(b"kernel");
        for piece in [1, 7, 63, 64, 65, 200] {
            assert_eq!(fault(&file, piece), None, "{piece}");
            // Some images have padding after their data.
            assert_eq!(fault(&[&file[..], &[0; 9]].concat(), piece), None);
        }
        for at in UBOOT_MAGIC.len()..file.len() {
            for bit in 0..8 {
                let mut other = file.clone();
                other[at] ^= 1 << bit;
                assert!(fault(&other, 5).is_some(), "byte {at}, bit {bit}");
            }
        }
        for length in UBOOT_HEADER..file.len() {
            assert!(fault(&file[..length], 5).is_some(), "cut at {length}");
        }
    }
}
