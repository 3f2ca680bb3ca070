//! Hex that is read while the program is compiled.

/// A digest or number of `N` bytes. Another length, or a slip of the pen in it, fails the
/// build, not a user's run.
pub(in super::super) const fn bytes<const N: usize>(text: &str) -> [u8; N] {
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
        _ => panic!("hex is written in lower case here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_become_bytes() {
        assert_eq!(bytes("00ff10ab"), [0, 0xff, 0x10, 0xab]);
    }

    #[test]
    #[should_panic(expected = "another length")]
    fn another_length_does_not_compile_in_a_table() {
        let _: [u8; 20] = bytes("5d88a4f85d5f1e89596692d6ac3151ae");
    }

    #[test]
    #[should_panic(expected = "lower case")]
    fn another_digit_does_not_compile_in_a_table() {
        let _: [u8; 1] = bytes("0G");
    }
}
