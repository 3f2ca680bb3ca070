//! Traces that a transfer in text mode leaves in a file: changed line ends and lost bits.

/// The line feeds from which their predecessors are conclusive.
const MIN_LINE_FEEDS: u64 = 64;
/// The size from which packed data without a CR LF pair is conclusive: by chance it has one in
/// 65,536 bytes.
const MIN_SIZE: u64 = 1024 * 1024;
/// The size from which packed data without a byte above 127 is conclusive.
const MIN_SEVEN_BIT: u64 = 1024;

/// Counts of the bytes that a transfer in text mode changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TransferMarks {
    size: u64,
    line_feeds: u64,
    pairs: u64,
    has_high: bool,
    last: u8,
}

impl TransferMarks {
    /// Adds the next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else {
            return;
        };
        self.size += bytes.len() as u64;
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' {
                self.line_feeds += 1;
                let before = at.checked_sub(1).map_or(self.last, |at| bytes[at]);
                self.pairs += u64::from(before == b'\r');
            }
            self.has_high |= *byte > 127;
        }
        self.last = *last;
    }

    /// What a transfer did to a packed image that is not valid, if that is certain.
    pub(super) fn damage(self) -> Option<&'static str> {
        if self.line_feeds >= MIN_LINE_FEEDS && self.pairs == self.line_feeds {
            Some("every LF in it follows a CR, as a transfer in text mode leaves it")
        } else if self.size >= MIN_SIZE && self.pairs == 0 {
            Some("it has no CR LF in all its bytes, as a transfer in text mode leaves it")
        } else if self.size >= MIN_SEVEN_BIT && !self.has_high {
            Some("no byte in it is above 127, as a transfer with 7 bits leaves it")
        } else {
            None
        }
    }
}

/// What to do about a transfer in text mode.
pub(super) const CURE: &str = "Copy the file again in binary mode (`binary` in FTP, and no \
     conversion of line ends in version control).";

/// The texts that a file in text mode may have been, with what happened to each. `header` is
/// the length of the header that is stated in the file.
pub(super) fn originals(file: &[u8], header: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut texts = Vec::new();
    if let Some((head, body)) = file.split_at_checked(header) {
        let mut wide = head.to_vec();
        for (at, byte) in body.iter().enumerate() {
            if *byte == b'\n' && (at == 0 || body[at - 1] != b'\r') {
                wide.push(b'\r');
            }
            wide.push(*byte);
        }
        texts.push(("CR LF became LF", wide));
    }
    let mut narrow = Vec::with_capacity(file.len());
    for (at, byte) in file.iter().enumerate() {
        if *byte != b'\r' || file.get(at + 1) != Some(&b'\n') {
            narrow.push(*byte);
        }
    }
    texts.push(("LF became CR LF", narrow));
    texts.retain(|(_, text)| text != file);
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes without a pattern.
    fn noise(size: u32) -> Vec<u8> {
        (0..size)
            .map(|n| {
                let mixed = (n ^ n >> 7).wrapping_mul(2_654_435_761);
                (mixed ^ mixed >> 15)
                    .wrapping_mul(2_246_822_519)
                    .to_le_bytes()[2]
            })
            .collect()
    }

    fn damage(bytes: &[u8], piece: usize) -> Option<&'static str> {
        let mut marks = TransferMarks::default();
        for piece in bytes.chunks(piece) {
            marks.update(piece);
        }
        marks.damage()
    }

    #[test]
    fn text_mode_is_recognised_in_both_directions_and_plain_data_is_not() {
        let data = noise(2_000_000);
        let wide: Vec<u8> = data
            .iter()
            .flat_map(|byte| match byte {
                b'\n' => vec![b'\r', b'\n'],
                byte => vec![*byte],
            })
            .collect();
        let narrow: Vec<u8> = data
            .iter()
            .enumerate()
            .filter(|(at, byte)| **byte != b'\r' || data.get(at + 1) != Some(&b'\n'))
            .map(|(_, byte)| *byte)
            .collect();
        let seven: Vec<u8> = data.iter().map(|byte| byte & 0x7f).collect();
        for piece in [1_000, 65_536, 10_000_000] {
            assert_eq!(damage(&data, piece), None);
            assert!(damage(&wide, piece).unwrap().contains("follows a CR"));
            assert!(damage(&narrow, piece).unwrap().contains("no CR LF"));
            assert!(damage(&seven, piece).unwrap().contains("7 bits"));
        }
        assert_eq!(damage(&[], 1), None);
        assert_eq!(damage(&[200; 100], 10), None);
    }

    #[test]
    fn originals_are_rebuilt_in_both_directions() {
        let texts = originals(b"\x0a\0head\na\nb\r\n", 6);
        assert_eq!(
            texts,
            [
                ("CR LF became LF", b"\x0a\0head\r\na\r\nb\r\n".to_vec()),
                ("LF became CR LF", b"\x0a\0head\na\nb\n".to_vec())
            ]
        );
        assert!(originals(b"none", 10).is_empty());
    }
}
