//! Recognises files that are not XML at all.

use std::path::Path;

/// Formats by their first bytes.
const FORMATS: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
];

/// What is saved where a file cannot be downloaded.
pub(super) const WEB_PAGE: &str = "a web page";

/// A file of the PBX.
pub(super) const ASTERISK: &str = "a configuration of Asterisk";

/// The offset and the text of a tar archive's mark.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// What a file seems to be that is not XML; `None`: it may be XML. XML in another encoding than
/// UTF-8 may be XML.
pub(super) fn seems_to_be(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    let format = FORMATS.iter().find(|(start, _)| bytes.starts_with(start));
    if let Some((_, name)) = format {
        return Some(name);
    }
    if bytes
        .get(TAR.0..)
        .is_some_and(|rest| rest.starts_with(TAR.1))
    {
        return Some("a tar archive");
    }
    let is_utf16 = [b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"]
        .iter()
        .any(|start| bytes.starts_with(*start));
    if is_utf16 {
        return None;
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    let starts = |start: &[u8]| {
        let head = text.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    if starts(b"<!doctype html") || starts(b"<html") {
        return Some(WEB_PAGE);
    }
    if begins_with_section(text) {
        return Some(ASTERISK);
    }
    // XML with a stray character has a finding about that.
    if bytes.contains(&0) && !text.starts_with(b"<") {
        return Some("a binary file");
    }
    let is_empty = bytes.trim_ascii().is_empty();
    let is_conf = path.extension().is_some_and(|end| end == "conf");
    (!is_empty && !bytes.contains(&b'<')).then_some(if is_conf {
        ASTERISK
    } else {
        "text without a tag"
    })
}

/// Whether the first line that is no comment is `[name]`.
fn begins_with_section(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first =
        lines.find(|line| !line.is_empty() && !line.starts_with(b";") && !line.starts_with(b"#"));
    first.is_some_and(|line| line.starts_with(b"[") && line.contains(&b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_binaries_and_plain_text_are_recognised() {
        let conf = seems_to_be(Path::new("a.conf"), b"#include b.conf\n");
        assert_eq!(conf, Some(ASTERISK));
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let cases: [(&[u8], Option<&str>); 14] = [
            (b"PK\x03\x04<device>", Some("a zip archive")),
            (b"\x1f\x8b\x08", Some("a gzip archive")),
            (&tar, Some("a tar archive")),
            (b"\x01\x02\0<device>", Some("a binary file")),
            (b"mac,model\n", Some("text without a tag")),
            (b"\n<!DOCTYPE HTML PUBLIC>", Some("a web page")),
            (b"<html lang='en'>", Some("a web page")),
            (
                b"; office\n#include a\n\n[1001](phone)\ncallerid=<1>\n",
                Some(ASTERISK),
            ),
            (b"; office\n<device/>", None),
            (b"<device>\0</device>", None),
            (b"", None),
            (b"before <device/>", None),
            (b"\xef\xbb\xbf<device/>", None),
            (b"\xff\xfe<\0d\0", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(
                seems_to_be(Path::new("a.xml"), bytes),
                expected,
                "{bytes:?}"
            );
        }
    }
}
