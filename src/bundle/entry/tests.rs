//! Entries that are scanned in chunks of any size.

use proptest::prelude::*;

use super::*;
use crate::simulator::{fifth_generation_file, signed_file, test_key};

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
fn every_changed_byte_and_every_truncation_is_detected() {
    let name = "term65.default.loads";
    detects_every_change(name, &signed_file(name, b"jar45sip.1.sbn\r\n"));
    let name = "sip88xx.99-0-1.loads";
    let text = b"[PLATFORM_1]\nkern=kern88xx.99-0-1.sbn size=5\n";
    detects_every_change(name, &fifth_generation_file(name, 4, text));
}

/// Whether a file is validly signed, with the right name and payload.
fn detects_every_change(name: &str, file: &[u8]) {
    let holds = |read: &ScannedEntry| holds(read) && read.payload_error.is_none();
    assert!(holds(&scan(name, file, 1_000)));
    for at in 0..file.len() {
        let mut other = file.to_vec();
        other[at] ^= 1 << (at % 8);
        assert!(!holds(&scan(name, &other, 1_000)), "byte {at}");
        assert!(!holds(&scan(name, &file[..at], 1_000)), "cut at {at}");
    }
    assert!(!holds(&scan(name, &[file, b"x"].concat(), 1_000)));
}

#[test]
fn changed_content_under_a_valid_signature_is_named_as_modified() {
    let modified = |name: &str, mut file: Vec<u8>| {
        *file.last_mut().unwrap() ^= 1;
        scan(name, &file, 1_000).verification
    };
    // Also of phones that may have further keys.
    for name in [
        "jar45sip.1.sbn",
        "dkern8961.9-4-2.sebn",
        "P0S3-06-3-00.sbn",
        "x.sbn",
    ] {
        assert_eq!(
            modified(name, signed_file(name, b"12345678")),
            Some(Verification::Modified("rehearsal".to_owned())),
            "{name}"
        );
    }
}

#[test]
fn versions_without_a_known_signature_scheme_are_not_verified() {
    let name = "kern78xx.99-0-1.sbn";
    let read = scan(name, &fifth_generation_file(name, 0, b"kernel"), 1_000);
    assert_eq!((read.verification, read.payload_error), (None, None));
    let mut other = fifth_generation_file(name, 0, b"kernel");
    *other.last_mut().unwrap() ^= 1;
    assert!(scan(name, &other, 1_000).payload_error.is_some());
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
    let mut body = vec![0xea; 0x20];
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
