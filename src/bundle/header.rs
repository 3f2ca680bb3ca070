//! The headers that stand before a firmware file's body.
//!
//! Only what is needed to find the body; the signature in them is not read.

/// What stands before the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// Nothing.
    None,
    /// The signed header of 79xx, 69xx and 894x files: tag, length and value, big-endian;
    /// its second field is the length of the whole header.
    Signed {
        /// Bytes before the body.
        length: usize,
    },
    /// The header of 78xx files: fixed fields, little-endian.
    FifthGeneration {
        /// Bytes before the body.
        length: usize,
    },
    /// It begins like one of these and its length cannot be.
    Broken,
}

/// Bytes of a member that are kept to read its header.
pub(super) const HEADER_START: usize = 16;
/// The least a signed header has: what phones demand.
const SIGNED_LEAST: usize = 100;
/// The fixed fields of a fifth-generation header before the name.
const FIFTH_LEAST: usize = 0x38;

impl Header {
    /// Reads the start of a file (at least [`HEADER_START`] bytes, or all of it) that has
    /// `size` bytes.
    pub(super) fn read(start: &[u8], size: u64) -> Self {
        if start.starts_with(&[1, 0, 2]) {
            let length = match start.get(5..10) {
                Some([2, 0, 2, high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
                _ => return Self::Broken,
            };
            if length < SIGNED_LEAST || length % 4 != 0 || length as u64 > size {
                return Self::Broken;
            }
            return Self::Signed { length };
        }
        if start.starts_with(&[0xcd, 0x34, 0x12, 0xab]) {
            let Some(field) = start.get(4..8).and_then(|field| field.try_into().ok()) else {
                return Self::Broken;
            };
            let length = u32::from_le_bytes(field);
            return match usize::try_from(length) {
                Ok(length)
                    if length >= FIFTH_LEAST && u64::from(u32::MAX).min(size) >= length as u64 =>
                {
                    Self::FifthGeneration { length }
                }
                _ => Self::Broken,
            };
        }
        Self::None
    }

    /// Bytes before the body; 0 where there is no usable header.
    pub(super) fn length(self) -> usize {
        match self {
            Self::Signed { length } | Self::FifthGeneration { length } => length,
            Self::None | Self::Broken => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_read_and_impossible_ones_are_broken() {
        let signed = |length: u16| {
            let [high, low] = length.to_be_bytes();
            [1, 0, 2, 1, 1, 2, 0, 2, high, low]
        };
        let fifth = |length: u32| {
            let mut bytes = vec![0xcd, 0x34, 0x12, 0xab];
            bytes.extend(length.to_le_bytes());
            bytes
        };
        let cases: [(Vec<u8>, u64, Header); 10] = [
            (signed(408).to_vec(), 667, Header::Signed { length: 408 }),
            (signed(408).to_vec(), 408, Header::Signed { length: 408 }),
            (signed(408).to_vec(), 407, Header::Broken),
            (signed(407).to_vec(), 667, Header::Broken),
            (signed(96).to_vec(), 667, Header::Broken),
            (vec![1, 0, 2], 3, Header::Broken),
            (
                fifth(0x150),
                1308,
                Header::FifthGeneration { length: 0x150 },
            ),
            (fifth(u32::MAX), 1308, Header::Broken),
            (b"#\r\n".to_vec(), 3, Header::None),
            (Vec::new(), 0, Header::None),
        ];
        for (start, size, expected) in cases {
            assert_eq!(Header::read(&start, size), expected, "{start:02x?}, {size}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_header_is_longer_than_its_file(
            start in proptest::collection::vec(any::<u8>(), 0..HEADER_START),
            magic in prop_oneof![Just(vec![1, 0, 2, 1, 1, 2, 0, 2]), Just(vec![0xcd, 0x34, 0x12, 0xab])],
            size in 0_u64..100_000,
        ) {
            let bytes: Vec<u8> = magic.into_iter().chain(start).collect();
            prop_assert!(Header::read(&bytes, size).length() as u64 <= size);
        }
    }
}
