//! The packets of RFC 1350 and RFC 2347: total decoding, encoding without allocation.

/// The longest RRQ that is decoded, in bytes (RFC 2347: "a request packet is at most 512
/// octets").
pub const REQUEST_MAX: usize = 512;

/// Bytes of the longest packet that this server writes, without file bytes: every OACK fits, and an
/// ERROR's text is cut to fit.
pub const HEAD_MAX: usize = 128;

/// The header of DATA, ACK and ERROR, in bytes (RFC 1350, section 5).
pub const HEADER: usize = 4;

/// Opcodes (RFC 1350, section 5; OACK: RFC 2347).
mod opcode {
    pub(super) const RRQ: u16 = 1;
    pub(super) const WRQ: u16 = 2;
    pub(super) const DATA: u16 = 3;
    pub(super) const ACK: u16 = 4;
    pub(super) const ERROR: u16 = 5;
    pub(super) const OACK: u16 = 6;
}

/// Error codes (RFC 1350, appendix).
pub mod error_code {
    /// See the text.
    pub const NOT_DEFINED: u16 = 0;
    /// File not found.
    pub const NOT_FOUND: u16 = 1;
    /// Access violation.
    pub const ACCESS: u16 = 2;
    /// Illegal operation.
    pub const ILLEGAL: u16 = 4;
    /// Unknown transfer ID.
    pub const UNKNOWN_TID: u16 = 5;
}

/// A received packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TftpPacket<'a> {
    /// RRQ.
    Read(ReadRequest<'a>),
    /// WRQ, well-formed or not: it is refused either way.
    Write,
    /// DATA, which no client sends to a read-only server.
    Data,
    /// ACK of this block. Bytes after it are ignored.
    Ack(u16),
    /// ERROR: code and text, the text up to its NUL or the packet's end.
    Error(u16, &'a [u8]),
    /// OACK, which only servers send.
    OptionAck,
}

/// A read request's fields as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRequest<'a> {
    /// The file's name, without its NUL.
    pub name: &'a [u8],
    /// The mode, without its NUL.
    pub mode: &'a [u8],
    /// The bytes after the mode.
    pub options: RequestOptions<'a>,
}

impl ReadRequest<'_> {
    /// Whether the mode is octet, in any case (RFC 1350).
    #[must_use]
    pub fn is_octet(&self) -> bool {
        self.mode.eq_ignore_ascii_case(b"octet")
    }
}

/// The bytes after a request's mode, as pairs of zero-terminated strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestOptions<'a>(&'a [u8]);

impl<'a> RequestOptions<'a> {
    /// Wraps the bytes after the mode.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The raw bytes: equal bytes are equal requests.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Names and values, up to the first that is incomplete or unnamed.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (name, after) = split_text(rest).ok().filter(|(name, _)| !name.is_empty())?;
            let (value, after) = split_text(after).ok()?;
            rest = after;
            Some((name, value))
        })
    }
}

/// Why bytes are not a TFTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedPacket {
    /// Fewer bytes than the opcode's header needs.
    #[error("packet too short")]
    TooShort,
    /// A request of more than [`REQUEST_MAX`] bytes.
    #[error("request longer than 512 bytes")]
    TooLong,
    /// No such opcode.
    #[error("unknown opcode {0}")]
    Opcode(u16),
    /// Name or mode without its NUL.
    #[error("name or mode not ended by a zero byte")]
    Unterminated,
}

/// Decodes one datagram. An extra byte after the mode, as 79xx phones of the year 2000 send, and any
/// incomplete option are ignored.
///
/// # Examples
///
/// ```
/// use reflash::tftp::packet::{TftpPacket, decode};
///
/// let TftpPacket::Read(request) = decode(b"\0\x01term65.default.loads\0octet\0tsize\x000\0")? else {
///     panic!("it is a read request");
/// };
/// assert_eq!(request.name, b"term65.default.loads");
/// assert!(request.is_octet());
/// assert_eq!(request.options.iter().next(), Some((&b"tsize"[..], &b"0"[..])));
/// # Ok::<(), reflash::tftp::packet::MalformedPacket>(())
/// ```
///
/// # Errors
/// [`MalformedPacket`] says why the bytes are not a TFTP packet.
pub fn decode(bytes: &[u8]) -> Result<TftpPacket<'_>, MalformedPacket> {
    let (opcode, rest) = split_u16(bytes)?;
    match opcode {
        opcode::RRQ if bytes.len() > REQUEST_MAX => Err(MalformedPacket::TooLong),
        opcode::RRQ => {
            let (name, rest) = split_text(rest)?;
            let (mode, rest) = split_text(rest)?;
            let options = RequestOptions::new(rest);
            Ok(TftpPacket::Read(ReadRequest {
                name,
                mode,
                options,
            }))
        }
        opcode::WRQ => Ok(TftpPacket::Write),
        opcode::DATA => Ok(TftpPacket::Data),
        opcode::ACK => Ok(TftpPacket::Ack(split_u16(rest)?.0)),
        opcode::ERROR => {
            let (code, text) = split_u16(rest)?;
            Ok(TftpPacket::Error(
                code,
                text.split(|&b| b == 0).next().unwrap_or(text),
            ))
        }
        opcode::OACK => Ok(TftpPacket::OptionAck),
        other => Err(MalformedPacket::Opcode(other)),
    }
}

fn split_u16(bytes: &[u8]) -> Result<(u16, &[u8]), MalformedPacket> {
    let (head, rest) = bytes.split_first_chunk().ok_or(MalformedPacket::TooShort)?;
    Ok((u16::from_be_bytes(*head), rest))
}

/// Splits at the next NUL, which is in neither part.
fn split_text(bytes: &[u8]) -> Result<(&[u8], &[u8]), MalformedPacket> {
    let end = bytes
        .iter()
        .position(|&b| b == 0)
        .ok_or(MalformedPacket::Unterminated)?;
    Ok((&bytes[..end], &bytes[end + 1..]))
}

/// A packet without file bytes: a DATA header, an OACK or an ERROR.
#[derive(Debug, Clone, Copy)]
pub struct PacketHead {
    bytes: [u8; HEAD_MAX],
    len: usize,
}

impl PacketHead {
    fn new(opcode: u16) -> Self {
        let mut head = Self {
            bytes: [0; HEAD_MAX],
            len: 0,
        };
        head.push(&opcode.to_be_bytes());
        head
    }

    /// DATA's header.
    #[must_use]
    pub fn data(block: u16) -> Self {
        let mut head = Self::new(opcode::DATA);
        head.push(&block.to_be_bytes());
        head
    }

    /// ERROR; the text is cut to what fits.
    #[must_use]
    pub fn error(code: u16, text: &str) -> Self {
        let mut head = Self::new(opcode::ERROR);
        head.push(&code.to_be_bytes());
        let room = HEAD_MAX - head.len - 1;
        head.push(&text.as_bytes()[..text.floor_char_boundary(room)]);
        head.push(&[0]);
        head
    }

    /// An OACK without options.
    #[must_use]
    pub fn option_ack() -> Self {
        Self::new(opcode::OACK)
    }

    /// Adds an option to an OACK.
    pub(super) fn push_option(&mut self, name: &str, value: u64) {
        self.push(name.as_bytes());
        self.push(&[0]);
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut left = value;
        loop {
            at -= 1;
            digits[at] = b'0' + u8::try_from(left % 10).expect("a remainder of ten is a digit");
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.push(&digits[at..]);
        self.push(&[0]);
    }

    fn push(&mut self, more: &[u8]) {
        self.bytes[self.len..self.len + more.len()].copy_from_slice(more);
        self.len += more.len();
    }

    /// The bytes for the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> ReadRequest<'_> {
        match decode(bytes) {
            Ok(TftpPacket::Read(request)) => request,
            other => panic!("not an RRQ: {other:?}"),
        }
    }

    #[test]
    fn a_read_request_has_a_name_and_a_mode() {
        let request = read(b"\0\x01term65.default.loads\0octet\0");
        assert_eq!(request.name, b"term65.default.loads");
        assert!(request.is_octet());
        assert_eq!(request.options.iter().count(), 0);
    }

    #[test]
    fn the_mode_is_octet_in_any_case() {
        assert!(read(b"\0\x01a\0OcTeT\0").is_octet());
        assert!(!read(b"\0\x01a\0netascii\0").is_octet());
        assert!(!read(b"\0\x01a\0mail\0").is_octet());
        assert!(!read(b"\0\x01a\0octets\0").is_octet());
    }

    #[test]
    fn one_zero_byte_too_many_after_the_mode_is_accepted() {
        assert!(read(b"\0\x01OS79XX.TXT\0octet\0\0").is_octet());
    }

    #[test]
    fn malformed_packets_are_named() {
        let long = [&b"\0\x01"[..], &[b'a'; 600], b"\0octet\0"].concat();
        for (bytes, why) in [
            (&b""[..], MalformedPacket::TooShort),
            (b"\0", MalformedPacket::TooShort),
            (b"\0\x04\0", MalformedPacket::TooShort),
            (b"\0\x05\0", MalformedPacket::TooShort),
            (b"\0\0", MalformedPacket::Opcode(0)),
            (b"\0\x07", MalformedPacket::Opcode(7)),
            (b"\xff\xff", MalformedPacket::Opcode(65535)),
            (b"\0\x01", MalformedPacket::Unterminated),
            (b"\0\x01name", MalformedPacket::Unterminated),
            (b"\0\x01name\0octet", MalformedPacket::Unterminated),
            (&long, MalformedPacket::TooLong),
        ] {
            assert_eq!(decode(bytes), Err(why), "{bytes:?}");
        }
    }

    #[test]
    fn an_error_needs_no_final_zero_byte() {
        assert_eq!(decode(b"\0\x05\0\x08no"), Ok(TftpPacket::Error(8, b"no")));
        assert_eq!(
            decode(b"\0\x05\0\x08no\0x"),
            Ok(TftpPacket::Error(8, b"no"))
        );
        assert_eq!(decode(b"\0\x05\0\0"), Ok(TftpPacket::Error(0, b"")));
    }

    #[test]
    fn packets_are_encoded_as_the_rfc_shows() {
        assert_eq!(PacketHead::data(258).as_bytes(), b"\0\x03\x01\x02");
        assert_eq!(PacketHead::error(1, "no").as_bytes(), b"\0\x05\0\x01no\0");
        let mut oack = PacketHead::option_ack();
        oack.push_option("tsize", 0);
        oack.push_option("blksize", 1468);
        assert_eq!(oack.as_bytes(), b"\0\x06tsize\x000\0blksize\x001468\0");
    }

    #[test]
    fn a_long_error_text_is_cut_at_a_character() {
        let head = PacketHead::error(0, &"ü".repeat(200));
        assert!(head.as_bytes().len() <= HEAD_MAX);
        assert!(std::str::from_utf8(&head.as_bytes()[HEADER..]).is_ok());
        assert_eq!(head.as_bytes().last(), Some(&0));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_to_a_packet_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn any_tail_of_a_request_is_read(tail in prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..500)) {
            let bytes = [&b"\0\x01"[..], &tail].concat();
            if let Ok(TftpPacket::Read(request)) = decode(&bytes) {
                let read: usize = request.options.iter().map(|(n, v)| n.len() + v.len() + 2).sum();
                prop_assert!(request.name.len() + request.mode.len() + 2 + read <= tail.len());
            }
        }

        #[test]
        fn an_encoded_request_decodes_to_the_same_values(
            name in "[^\0]{0,40}",
            options in prop::collection::vec(("[a-z]{1,9}", "[^\0]{0,9}"), 0..6),
        ) {
            let mut bytes = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
            for (option, value) in &options {
                bytes.extend([option.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
            }
            prop_assume!(bytes.len() <= REQUEST_MAX);
            let request = read(&bytes);
            prop_assert_eq!(request.name, name.as_bytes());
            let read: Vec<_> = request.options.iter().collect();
            let written: Vec<_> =
                options.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
            prop_assert_eq!(read, written);
        }
    }
}
