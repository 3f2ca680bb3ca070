//! The headers that stand before a firmware file's body.

pub(super) mod fifth;
pub(super) mod signed;

pub(super) use fifth::FifthHeader;
pub(super) use signed::SignedHeader;

/// Bytes of a member that tell which header it has, and how long that is.
pub(super) const HEADER_START: usize = 16;

/// The beginning of a signed header.
pub(super) const SIGNED_MAGIC: [u8; 3] = [1, 0, 2];

/// What stands before the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Header {
    /// Nothing.
    None,
    /// The signed header of 79xx, 69xx, 894x and 792x files.
    Signed(SignedHeader),
    /// The header of 78xx files.
    FifthGeneration(FifthHeader),
    /// It begins like one of these and a phone would refuse it.
    Broken(String),
}

/// How many bytes the header takes, as the first [`HEADER_START`] bytes of the file say;
/// 0 for none. What they say is not believed further than `limit`.
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

impl Header {
    /// Reads the start of a file of `size` bytes. `start` must hold what
    /// [`claimed_length`] asks for, or the whole file.
    pub(super) fn read(start: &[u8], size: u64) -> Self {
        let broken = |why: String| Self::Broken(why);
        if start.starts_with(&SIGNED_MAGIC) {
            SignedHeader::parse(start, size)
                .map_or_else(|fault| broken(fault.to_string()), Self::Signed)
        } else if start.starts_with(&fifth::MAGIC) {
            FifthHeader::parse(start, size)
                .map_or_else(|why| broken(why.to_owned()), Self::FifthGeneration)
        } else {
            Self::None
        }
    }

    /// Bytes before the body; 0 where there is no usable header.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Signed(header) => header.length,
            Self::FifthGeneration(header) => header.length,
            Self::None | Self::Broken(_) => 0,
        }
    }

    /// The file name that the header has.
    pub(super) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Signed(header) => Some(&header.name),
            Self::FifthGeneration(header) => Some(&header.name),
            Self::None | Self::Broken(_) => None,
        }
    }
}
