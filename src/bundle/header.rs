//! The headers before the body of a firmware file.

mod fifth;
mod signed;

pub(super) use fifth::{FifthHeader, MAGIC as FIFTH_MAGIC};
pub(super) use signed::{MAGIC as SIGNED_MAGIC, SignedHash, SignedHeader};

/// Bytes of a file that show which header it has and how long that is.
pub(super) const HEADER_START: usize = 16;

/// The header of a firmware file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ImageHeader {
    /// No header.
    None,
    /// The signed header of 79xx, 69xx, 894x and 792x files.
    Signed(SignedHeader),
    /// The header of 78xx and 88xx files.
    FifthGeneration(FifthHeader),
    /// It begins like one of these, but a phone would reject it.
    Broken(String),
}

/// The header length stated in the first [`HEADER_START`] bytes of the file, at most `limit`;
/// 0 for no header.
pub(super) fn claimed_length(start: &[u8], limit: usize) -> usize {
    let claimed = if start.starts_with(&SIGNED_MAGIC) {
        signed::claimed_length(start)
    } else if start.starts_with(&fifth::MAGIC) {
        fifth::claimed_length(start)
    } else {
        None
    };
    claimed.unwrap_or(0).min(limit)
}

/// Whether the start is that of a signed header in which each LF became CR LF: its first one is
/// the tag of the signature algorithm.
pub(super) fn is_widened(start: &[u8]) -> bool {
    const ALGORITHM_TAG: usize = 114;
    start.starts_with(&SIGNED_MAGIC)
        && start.get(ALGORITHM_TAG..ALGORITHM_TAG + 4) == Some(&[b'\r', b'\n', 0, 1])
}

impl ImageHeader {
    /// Parses the start of a file of `size` bytes. `start` has at least [`claimed_length`]
    /// bytes, or is the whole file.
    pub(super) fn parse(start: &[u8], size: u64) -> Self {
        let broken = |why: String| Self::Broken(why);
        if start.starts_with(&SIGNED_MAGIC) {
            SignedHeader::parse(start, size)
                .map_or_else(|error| broken(error.to_string()), Self::Signed)
        } else if start.starts_with(&fifth::MAGIC) {
            FifthHeader::parse(start, size)
                .map_or_else(|why| broken(why.to_owned()), Self::FifthGeneration)
        } else {
            Self::None
        }
    }

    /// Bytes before the body; 0 without a usable header.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Signed(header) => header.length,
            Self::FifthGeneration(header) => header.length,
            Self::None | Self::Broken(_) => 0,
        }
    }

    /// The file name in the header.
    pub(super) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Signed(header) => Some(&header.name),
            Self::FifthGeneration(header) => Some(&header.name),
            Self::None | Self::Broken(_) => None,
        }
    }
}
