//! What the first bytes of a file show, where it is not the firmware that its name promises.

/// A file of another kind, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentHint {
    /// A web page, which a failed download leaves under the file's name.
    WebPage,
    /// A Git LFS pointer, which stands for a file in a repository.
    GitLfs,
    /// A git-annex pointer.
    GitAnnex,
    /// Another XML document.
    Xml,
    /// Only zeros in the bytes that were looked at.
    Zeros,
}

/// Bytes that are compared with the beginnings of other formats.
const LOOKED_AT: usize = 256;

impl ContentHint {
    /// From the first bytes of a file without a firmware header.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        let start = &start[..start.len().min(LOOKED_AT)];
        if start.is_empty() {
            return None;
        }
        if start.iter().all(|byte| *byte == 0) {
            return Some(Self::Zeros);
        }
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        let lower = start.trim_ascii_start().to_ascii_lowercase();
        let has = |text: &[u8]| lower.windows(text.len()).any(|part| part == text);
        if lower.starts_with(b"version https://git-lfs") {
            Some(Self::GitLfs)
        } else if lower.starts_with(b"/annex/objects/") || lower.starts_with(b"../.git/annex/") {
            Some(Self::GitAnnex)
        } else if !is_markup(&lower) {
            None
        } else if has(b"<!doctype html") || has(b"<html") || has(b"<head") || has(b"<body") {
            Some(Self::WebPage)
        } else {
            Some(Self::Xml)
        }
    }

    /// What the file is, for a message that begins with "it is".
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::WebPage => "a web page, not firmware: the download failed or needed a log-in",
            Self::GitLfs => "a Git LFS pointer: it names the file's digest, but is not the file",
            Self::GitAnnex => "a git-annex pointer: it names the file's key, but is not the file",
            Self::Xml => "an XML document, not firmware",
            Self::Zeros => "empty but for zeros: the copy was not completed",
        }
    }

    /// How to get the file.
    pub(super) fn cure(self) -> &'static str {
        match self {
            Self::WebPage => {
                "Download the file again: log in first and check that it is not a page."
            }
            Self::GitLfs => "Run `git lfs pull` in the repository, or download the file itself.",
            Self::GitAnnex => "Run `git annex get` in the repository to fetch the file.",
            Self::Xml | Self::Zeros => "Get the bundle again as published by Cisco.",
        }
    }
}

/// Whether a text begins with a tag, a comment or a declaration. Firmware of the 7920 begins with `<`
/// and binary data.
fn is_markup(text: &[u8]) -> bool {
    let after = text.strip_prefix(b"<").and_then(<[u8]>::first);
    after.is_some_and(|byte| byte.is_ascii_alphabetic() || b"!?/".contains(byte))
}

/// What an archive is that this program does not read, and how to open it.
pub(super) fn foreign_archive(start: &[u8]) -> Option<(&'static str, &'static str)> {
    const FORMATS: [(&[u8], &str, &str); 14] = [
        (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
        (b"\xfd7zXZ\0", "an xz archive", UNPACK),
        (b"BZh", "a bzip2 archive", UNPACK),
        (b"\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
        (b"LZIP", "an lzip archive", UNPACK),
        (b"\x1f\x9d", "an archive of `compress` (.Z)", UNPACK),
        (b"MSCF", "a cabinet file of Windows", UNPACK),
        (b"xar!", "an archive of macOS", UNPACK),
        (b"PK\x07\x08", "one part of a split ZIP", JOIN),
        (b"PK00PK", "one part of a split ZIP", JOIN),
        (b"MZ", "a program for Windows", INSTALL),
        (b"%PDF-", "a PDF document", BUNDLE),
        (b"\x7fELF", "a program for Linux", BUNDLE),
    ];
    let known = FORMATS
        .iter()
        .find(|(magic, ..)| start.starts_with(magic))
        .map(|(_, what, cure)| (*what, *cure));
    let hint = || ContentHint::of(start).map(|hint| (hint.text(), hint.cure()));
    known.or_else(hint)
}

const UNPACK: &str = "Unpack it with the program for that format, and give the folder.";
/// How to join the parts of a split archive.
pub(super) const JOIN: &str = "Put all parts into one folder, join them (`zip -s 0 IN.zip --out OUT.zip`, or \
     `cat` for .001, .002, …), and give the result.";
const INSTALL: &str = "Unpack it (`7z x FILE`), and give the folder with the .loads files.";
const BUNDLE: &str = "Give the firmware bundle: the file that contains .loads files.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_kinds_are_recognised() {
        use ContentHint::{GitAnnex, GitLfs, WebPage, Xml, Zeros};
        for (start, hint) in [
            (&b"<!DOCTYPE html><html>"[..], Some(WebPage)),
            (b"\xef\xbb\xbf\r\n<HTML>", Some(WebPage)),
            (b"<?xml version='1.0'?><html xmlns=''>", Some(WebPage)),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                Some(GitLfs),
            ),
            (b"/annex/objects/SHA256E-s1--ab.sbn\n", Some(GitAnnex)),
            (b"<AutoUpdateManifest>\n", Some(Xml)),
            (&[0; 40], Some(Zeros)),
            (b"APP3905.9-4-1SR3.zz\n", None),
            // The first bytes of firmware of the 7920.
            (b"\x3c\x32\xf8\xbd\0\x01", None),
            (b"", None),
        ] {
            assert_eq!(ContentHint::of(start), hint, "{start:?}");
        }
    }

    #[test]
    fn archives_of_other_formats_have_a_name_and_a_cure() {
        for (start, what) in [
            (&b"Rar!\x1a\x07\x01\0"[..], "RAR"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "7z"),
            (b"\xfd7zXZ\0\0\x04", "xz"),
            (b"BZh91AY", "bzip2"),
            (b"PK\x07\x08PK\x03\x04", "split ZIP"),
            (b"<html>log in</html>", "web page"),
        ] {
            let (text, cure) = foreign_archive(start).unwrap();
            assert!(text.contains(what) && !cure.is_empty(), "{text}");
        }
        assert_eq!(foreign_archive(b"hello"), None);
    }
}
