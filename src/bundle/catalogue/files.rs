//! Digests of single firmware files, computed from public repositories (files.txt) or stated
//! by one (sha1.txt). A match identifies a file but does not prove its origin.
//!
//! The lists are parsed at compile time, which also checks the length of every digest.

use super::super::hex;

/// Files that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct FileSet {
    /// The repository.
    pub(in super::super) source: &'static str,
    /// The catalogued bundle that contains them.
    pub(in super::super) bundle: Option<&'static str>,
}

/// The known digest of a file.
#[derive(Debug, Clone, Copy)]
enum KnownDigest {
    Sha1([u8; 20]),
    Sha256 { size: u64, digest: [u8; 32] },
}

/// One file of a set.
#[derive(Debug, Clone, Copy)]
struct KnownFile {
    set: usize,
    name: &'static str,
    digest: KnownDigest,
}

const COMPUTED: &str = include_str!("files.txt");
const STATED: &str = include_str!("sha1.txt");
const SETS: usize = lines(COMPUTED, true) + 1;
const FILES: usize = lines(COMPUTED, false) + lines(STATED, false);

/// Both lists.
struct Lists {
    sets: [FileSet; SETS],
    files: [KnownFile; FILES],
}

static LISTS: Lists = read();

/// The number of lines that begin a set (`heads`), or of the others.
const fn lines(text: &str, heads: bool) -> usize {
    let bytes = text.as_bytes();
    let (mut count, mut at) = (0, 0);
    while at < bytes.len() {
        if (bytes[at] == b'@') == heads {
            count += 1;
        }
        while bytes[at] != b'\n' {
            at += 1;
        }
        at += 1;
    }
    count
}

#[expect(clippy::large_stack_arrays, reason = "it runs at compile time only")]
const fn read() -> Lists {
    let mut lists = Lists {
        sets: [FileSet {
            source: "chaslinux/cisco-sip",
            bundle: None,
        }; SETS],
        files: [KnownFile {
            set: SETS - 1,
            name: "",
            digest: KnownDigest::Sha1([0; 20]),
        }; FILES],
    };
    let (mut sets, mut files) = (0, 0);
    let mut rest = COMPUTED;
    while !rest.is_empty() {
        let (line, after) = cut(rest, b'\n');
        rest = after;
        if line.as_bytes()[0] == b'@' {
            let (_, head) = cut(line, b' ');
            let (source, bundle) = cut(head, b'=');
            lists.sets[sets] = if bundle.is_empty() {
                FileSet {
                    source,
                    bundle: None,
                }
            } else {
                FileSet {
                    source: source.trim_ascii_end(),
                    bundle: Some(bundle.trim_ascii_start()),
                }
            };
            sets += 1;
            continue;
        }
        // `md5 sha1 sha256 size name`. MD5 and SHA-1 are for readers of the list.
        let (md5, line) = cut(line, b' ');
        let _: [u8; 16] = hex::decode(md5);
        let (sha1, line) = cut(line, b' ');
        let _: [u8; 20] = hex::decode(sha1);
        let (sha256, line) = cut(line, b' ');
        let (size, name) = cut(line, b' ');
        lists.files[files] = KnownFile {
            set: sets - 1,
            name,
            digest: KnownDigest::Sha256 {
                size: decimal(size),
                digest: hex::decode(sha256),
            },
        };
        files += 1;
    }
    rest = STATED;
    while !rest.is_empty() {
        let (line, after) = cut(rest, b'\n');
        rest = after;
        let (sha1, name) = cut(line, b' ');
        lists.files[files] = KnownFile {
            set: SETS - 1,
            name,
            digest: KnownDigest::Sha1(hex::decode(sha1)),
        };
        files += 1;
    }
    assert!(sets == SETS - 1 && files == FILES, "every line was read");
    lists
}

/// The text before and after the first such byte.
const fn cut(text: &str, end: u8) -> (&str, &str) {
    let mut at = 0;
    while at < text.len() {
        if text.as_bytes()[at] == end {
            let (before, after) = text.split_at(at);
            return (before, after.split_at(1).1);
        }
        at += 1;
    }
    (text, "")
}

const fn decimal(digits: &str) -> u64 {
    let digits = digits.as_bytes();
    assert!(!digits.is_empty(), "a size is a number");
    let (mut value, mut at) = (0, 0);
    while at < digits.len() {
        assert!(digits[at].is_ascii_digit(), "a size is a number");
        value = value * 10 + (digits[at] - b'0') as u64;
        at += 1;
    }
    value
}

/// A file to look up.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct FileIdentity<'m> {
    pub(in super::super) name: &'m str,
    pub(in super::super) size: u64,
    pub(in super::super) sha256: &'m str,
    pub(in super::super) sha1: Option<&'m str>,
}

impl KnownFile {
    fn matches(&self, file: &FileIdentity<'_>) -> bool {
        self.name == file.name
            && match &self.digest {
                KnownDigest::Sha1(digest) => file.sha1 == Some(&hex::encode(digest)),
                KnownDigest::Sha256 { size, digest } => {
                    *size == file.size && hex::encode(digest) == file.sha256
                }
            }
    }
}

/// Whether the list has only a SHA-1 for files of this name.
pub(in super::super) fn by_sha1(name: &str) -> bool {
    LISTS
        .files
        .iter()
        .any(|file| file.name == name && matches!(file.digest, KnownDigest::Sha1(_)))
}

/// The set that contains all of these files, preferably that of a catalogued bundle.
pub(in super::super) fn set_of(files: &[FileIdentity<'_>]) -> Option<&'static FileSet> {
    let has = |set: usize, wanted: &FileIdentity<'_>| {
        LISTS
            .files
            .iter()
            .any(|file| file.set == set && file.matches(wanted))
    };
    let holds = |set: &usize| !files.is_empty() && files.iter().all(|file| has(*set, file));
    (0..SETS)
        .filter(holds)
        .map(|set| &LISTS.sets[set])
        .max_by_key(|set| set.bundle.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: FileIdentity<'_> = FileIdentity {
        name: "BOOT69xx.0-0-0-14.zz.sgn",
        size: 45308,
        sha256: "bb7e213cfc18c626b1e1e553de6414c8a2b0d84b95e2bfa39ddbb1b5e799f346",
        sha1: None,
    };

    #[test]
    fn lists_are_complete() {
        assert_eq!((SETS, FILES), (51, 341));
        for file in &LISTS.files {
            assert!(
                !file.name.is_empty() && !file.name.contains(' '),
                "{file:?}"
            );
        }
        for set in &LISTS.sets {
            assert!(
                set.source.contains('/') && !set.source.contains(' '),
                "{set:?}"
            );
            assert!(
                set.bundle.is_none_or(|name| name.starts_with("cmterm-")),
                "{set:?}"
            );
        }
    }

    #[test]
    fn set_must_contain_all_files() {
        let set = set_of(&[BOOT]).unwrap();
        assert_eq!(set.bundle, Some("cmterm-69xx-sip.9-4-1-3.zip"));
        let other = FileIdentity {
            name: "BOOT69xx.0-0-0-15.zz.sgn",
            ..BOOT
        };
        let longer = FileIdentity {
            size: 45309,
            ..BOOT
        };
        for files in [&[BOOT, other][..], &[other], &[longer], &[]] {
            assert_eq!(set_of(files), None);
        }
    }

    #[test]
    fn file_with_only_a_sha_1_is_found() {
        assert!(by_sha1("term65.default.loads") && !by_sha1("term75.default.loads"));
        let file = FileIdentity {
            name: "term65.default.loads",
            size: 1,
            sha256: "",
            sha1: Some("ae73e3518d415742bfe28b378b71326cd1c4d429"),
        };
        assert_eq!(set_of(&[file]).unwrap().source, "chaslinux/cisco-sip");
        assert_eq!(set_of(&[FileIdentity { sha1: None, ..file }]), None);
    }
}
