//! Synthetic bundles with one kind of damage each.

use crate::bundle::Verdict;

/// The damage of a synthetic bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Damage {
    /// A bit of an image's payload.
    FlippedPayload,
    /// A bit of an image's signature.
    FlippedSignature,
    /// An image without its last byte.
    ShortImage,
    /// An image without a byte.
    EmptyImage,
    /// An image is missing.
    MissingImage,
    /// No manifest.
    NoManifest,
    /// An image without its signed header.
    Unsigned,
    /// The manifest of the load has the contents of a recovery manifest.
    Swapped,
    /// A signed header with a wrong length field.
    HeaderLength,
    /// A signed header with an unknown signer.
    Signer,
    /// A manifest whose text was changed.
    EditedManifest,
    /// The file is truncated.
    Truncated,
    /// Bytes are appended.
    Appended,
    /// A bit of the packed data.
    FlippedPacked,
    /// The CRC in the directory differs from the one in the member's header.
    Crc,
    /// The size of a member in the directory is 100 times too large.
    Size,
    /// The size of a member is 300 MiB in the headers.
    Bomb,
    /// The end record counts 60,000 members.
    Count,
    /// The path of a member leads out of the folder.
    Traversal,
    /// A member with an absolute path.
    Absolute,
    /// A member's two headers have different names.
    TwoNames,
    /// Two names differ only in case.
    DuplicateName,
    /// A symbolic link.
    Link,
    /// A device.
    Device,
    /// An encrypted member.
    Encrypted,
    /// The data of two members overlap.
    Overlap,
    /// An unsupported compression method.
    Method,
}

impl Damage {
    /// Every kind.
    pub const ALL: [Self; 27] = [
        Self::FlippedPayload,
        Self::FlippedSignature,
        Self::ShortImage,
        Self::EmptyImage,
        Self::MissingImage,
        Self::NoManifest,
        Self::Unsigned,
        Self::Swapped,
        Self::HeaderLength,
        Self::Signer,
        Self::EditedManifest,
        Self::Truncated,
        Self::Appended,
        Self::FlippedPacked,
        Self::Crc,
        Self::Size,
        Self::Bomb,
        Self::Count,
        Self::Traversal,
        Self::Absolute,
        Self::TwoNames,
        Self::DuplicateName,
        Self::Link,
        Self::Device,
        Self::Encrypted,
        Self::Overlap,
        Self::Method,
    ];

    /// The expected verdict, and the code of the first problem.
    #[must_use]
    pub fn expected(self) -> (Verdict, &'static str) {
        use Verdict::{Damaged, Incomplete, Refused};
        match self {
            Self::FlippedPayload
            | Self::FlippedSignature
            | Self::ShortImage
            | Self::EditedManifest => (Damaged, "signature-invalid"),
            Self::EmptyImage => (Damaged, "empty-image"),
            Self::MissingImage => (Incomplete, "missing-image"),
            Self::NoManifest => (Incomplete, "no-manifest"),
            Self::Unsigned => (Damaged, "not-signed"),
            Self::Swapped => (Damaged, "name-mismatch"),
            Self::HeaderLength | Self::Signer => (Damaged, "header-damaged"),
            Self::Truncated | Self::Appended => (Damaged, "archive-truncated"),
            Self::FlippedPacked => (Damaged, "member-damaged"),
            Self::Crc | Self::Size => (Damaged, "header-disagreement"),
            Self::Bomb | Self::Count => (Refused, "over-limit"),
            Self::Traversal | Self::Absolute => (Refused, "unsafe-name"),
            Self::TwoNames => (Refused, "header-disagreement"),
            Self::DuplicateName => (Refused, "duplicate-member"),
            Self::Link | Self::Device => (Refused, "not-a-regular-file"),
            Self::Encrypted => (Refused, "encrypted-member"),
            Self::Overlap => (Refused, "overlapping-members"),
            Self::Method => (Refused, "unsupported-method"),
        }
    }

    /// Damages the members. The first five are the images.
    pub(super) fn to_members(self, files: &mut Vec<(String, Vec<u8>)>) {
        let image = files[1].1.len();
        let manifest = files
            .iter()
            .position(|(name, _)| is_manifest(name))
            .unwrap_or(0);
        match self {
            Self::FlippedPayload => files[1].1[image - 100] ^= 0x10,
            Self::FlippedSignature => files[1].1[200] ^= 1,
            Self::ShortImage => {
                files[1].1.pop();
            }
            Self::EmptyImage => files[1].1.clear(),
            Self::MissingImage => {
                files.remove(1);
            }
            Self::NoManifest => files.retain(|(name, _)| !is_manifest(name)),
            Self::Unsigned => {
                let length = super::header_length(&files[1].0);
                files[1].1.drain(..length);
            }
            Self::Swapped => {
                let last = files.len() - 1;
                files[manifest].1 = files[last].1.clone();
            }
            Self::HeaderLength => files[1].1[9] ^= 1,
            Self::Signer => files[1].1[16] ^= 1,
            Self::EditedManifest => {
                let text = &mut files[manifest].1;
                let at = text.iter().rposition(|byte| *byte == b'#').unwrap_or(0);
                text[at + 1] ^= 1;
            }
            Self::DuplicateName => {
                let (name, bytes) = files[manifest].clone();
                files.push((name.to_uppercase(), bytes));
            }
            _ => {}
        }
    }

    /// Damages the finished zip file, which has no comment.
    pub(super) fn to_zip(self, zip: &mut Vec<u8>) {
        let end = zip.len() - 22;
        let field = |zip: &[u8], at: usize| {
            let bytes = [zip[at], zip[at + 1], zip[at + 2], zip[at + 3]];
            u32::from_le_bytes(bytes) as usize
        };
        let first = field(zip, end + 16);
        let name = usize::from(zip[first + 28]);
        let second = first + 46 + name;
        let mut put = |at: usize, bytes: &[u8]| zip[at..at + bytes.len()].copy_from_slice(bytes);
        match self {
            Self::Truncated => zip.truncate(first / 2),
            Self::Appended => zip.extend(b"more"),
            Self::FlippedPacked => zip[2_000] ^= 0x10,
            Self::Crc => zip[first + 16] ^= 1,
            Self::Size => {
                let size = u32::try_from(field(zip, first + 24) * 100).unwrap_or(u32::MAX);
                zip[first + 24..first + 28].copy_from_slice(&size.to_le_bytes());
            }
            Self::Bomb => {
                for at in [22, first + 24] {
                    put(at, &(300_u32 << 20).to_le_bytes());
                }
            }
            Self::Count => {
                for at in [8, 10] {
                    put(end + at, &60_000_u16.to_le_bytes());
                }
            }
            Self::Traversal | Self::Absolute => {
                let odd: &[u8] = if self == Self::Traversal {
                    b"../"
                } else {
                    b"/"
                };
                put(30, odd);
                put(first + 46, odd);
            }
            Self::TwoNames => zip[30] ^= 1,
            Self::Link => put(first + 38, &(0o120_777_u32 << 16).to_le_bytes()),
            Self::Device => put(first + 38, &(0o020_666_u32 << 16).to_le_bytes()),
            Self::Encrypted => {
                zip[6] |= 1;
                zip[first + 8] |= 1;
            }
            Self::Overlap => {
                // The first member's length reaches into the second member.
                let packed = u32::try_from(field(zip, first + 20) + 10).unwrap_or(u32::MAX);
                for at in [18, first + 20] {
                    zip[at..at + 4].copy_from_slice(&packed.to_le_bytes());
                }
                debug_assert!(zip[second..].starts_with(b"PK\x01\x02"), "a second member");
            }
            Self::Method => {
                zip[8] = 14;
                zip[first + 10] = 14;
            }
            _ => {}
        }
    }
}

fn is_manifest(name: &str) -> bool {
    crate::phone::LoadName::new(name).as_str() != name
}
