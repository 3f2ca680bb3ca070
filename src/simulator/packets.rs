//! The TFTP packets of a phone: its own codec, not the server's.

/// Bytes of a block without options (RFC 1350, section 2).
pub(super) const BLOCK: usize = 512;

/// What a server sends to a phone.
pub(super) enum ServerPacket<'a> {
    Data(u16, &'a [u8]),
    Error(u16),
}

/// RFC 1350, section 5. Phones ignore everything but DATA and ERROR.
pub(super) fn decode(bytes: &[u8]) -> Option<ServerPacket<'_>> {
    match bytes {
        [0, 3, high, low, data @ ..] if data.len() <= BLOCK => {
            Some(ServerPacket::Data(u16::from_be_bytes([*high, *low]), data))
        }
        [0, 5, high, low, ..] => Some(ServerPacket::Error(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}

pub(super) fn request(name: &str) -> Vec<u8> {
    [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat()
}

pub(super) fn acknowledgement(block: u16) -> Vec<u8> {
    let [high, low] = block.to_be_bytes();
    vec![0, 4, high, low]
}
