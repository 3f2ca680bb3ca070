//! Hexadecimal text.

use std::fmt::Write as _;

/// Lower-case hex digits.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}

/// Decodes `N` bytes at compile time: a wrong length or digit in a table fails the build.
pub(super) const fn decode<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    assert!(text.len() == 2 * N, "hex of another length");
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = nibble(text[2 * at]) << 4 | nibble(text[2 * at + 1]);
        at += 1;
    }
    bytes
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("tables use lower case hex"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_digits_decode_to_bytes() {
        assert_eq!(decode("00ff10ab"), [0, 0xff, 0x10, 0xab]);
    }

    #[test]
    #[should_panic(expected = "another length")]
    fn wrong_length_is_rejected() {
        let _: [u8; 20] = decode("5d88a4f85d5f1e89596692d6ac3151ae");
    }

    #[test]
    #[should_panic(expected = "lower case")]
    fn invalid_digit_is_rejected() {
        let _: [u8; 1] = decode("0G");
    }
}
