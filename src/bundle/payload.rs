//! What the payloads of files without a checked signature must have: the images of the 7910,
//! 7940 and 7960, and of the 3905.

use super::file_kinds::is_manifest;

/// The offset of the NUL-terminated load id in images of the 7910, 7940 and 7960.
const LOAD_ID: usize = 0x20;
/// The processor's vectors before it: eight branches, of which each ends with this byte.
const BRANCH: u8 = 0xea;
/// The offset of the length of a loader image, of which 32 bytes are not counted.
const LOADER_LENGTH: usize = 0x138;
/// What follows that length in a loader image: data packed by `compress`.
const COMPRESSED: [u8; 2] = [0x1f, 0x9d];
/// The header of an image for U-Boot (3905): its magic and its length.
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

fn uboot_doubt(payload: &[u8], length: u64) -> Option<&'static str> {
    if !payload.starts_with(&UBOOT_MAGIC) {
        return Some("it does not begin like an image of the 3905");
    }
    let header: &[u8; UBOOT_HEADER] = payload.first_chunk()?;
    // The length is believed only if the checksum of the header, which covers it, is right.
    let mut cleared = *header;
    cleared[4..8].fill(0);
    let field = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let is_valid = field(4) == crc32(&cleared);
    (is_valid && u64::from(field(12)) + UBOOT_HEADER as u64 != length)
        .then_some("it does not have the length that is stated in its header")
}

/// CRC-32 (ISO 3309), bit by bit: it is used for 64 bytes only.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
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
        let mut file = [UBOOT_MAGIC.to_vec(), vec![0; 60]].concat();
        file[12..16].copy_from_slice(&100_u32.to_be_bytes());
        let crc = crc32(&file).to_be_bytes();
        file[4..8].copy_from_slice(&crc);
        assert_eq!(doubt(name, &file, 164), None);
        assert!(doubt(name, &file, 163).unwrap().contains("length"));
        // Without a valid header, the length says nothing.
        file[5] ^= 1;
        assert_eq!(doubt(name, &file, 163), None);
        assert!(doubt(name, b"<html>", 6).is_some());
    }
}
