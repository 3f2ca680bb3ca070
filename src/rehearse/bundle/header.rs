//! The signed header that stands before every firmware file.

/// Bytes of the header before a payload: 385, the name, and up to three of padding.
pub(super) fn header_length(name: &str) -> usize {
    (385 + name.len()).next_multiple_of(4)
}

/// `tag, length, value`, as the header is made of.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    // The longest value here is a signature.
    let [high, low] = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[tag, high, low], value].concat()
}

/// The payload with a signed header before it, as phones want it: header version 1.1,
/// Cisco's own placeholder signer, SHA-1 and RSA-2048, the file's name.
pub(super) fn signed(name: &str, payload: &[u8]) -> Vec<u8> {
    let signer = [
        tlv(0x04, b"CN=someSigner;OU=someOrgUnit;O=someOrg\0"),
        tlv(0x05, &[0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef]),
        tlv(0x06, b"CN=someCA;OU=someOrgUnit;O=someOrg\0"),
    ]
    .concat();
    let [high, low] = u16::try_from(header_length(name))
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    // The two containers give the length of what follows them and hold nothing themselves.
    let before = [
        tlv(0x01, &[1, 1]),
        tlv(0x02, &[high, low]),
        container(0x03, signer.len()),
        signer,
        container(0x07, 15),
        tlv(0x08, &[1]),
        container(0x09, 8),
        tlv(0x0a, &[0]),
        tlv(0x0b, &[2]),
    ]
    .concat();
    let mut after = tlv(0x0e, &[name.as_bytes(), b"\0"].concat());
    after.resize(header_length(name) - before.len() - 3 - SIGNATURE, 0x0d);
    let signature = sign(&[&before, &after, payload]);
    [&before[..], &tlv(0x0c, &signature), &after, payload].concat()
}

fn container(tag: u8, length: usize) -> Vec<u8> {
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    vec![tag, high, low]
}

/// Bytes of an RSA-2048 signature.
const SIGNATURE: usize = 256;

/// The signature over the message, which is the file without its signature field. A
/// made-up bundle is signed by nobody: zeros.
fn sign(_message: &[&[u8]]) -> [u8; SIGNATURE] {
    [0; SIGNATURE]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_stands_where_phones_look_for_it() {
        let file = signed("SIP45.9-3-1SR4-1S.loads", b"text");
        assert_eq!(file.len(), 408 + 4);
        assert_eq!(&file[..10], [1, 0, 2, 1, 1, 2, 0, 2, 1, 152]);
        let fields = [
            (10, [3, 0, 91]),
            (13, [4, 0, 39]),
            (55, [5, 0, 8]),
            (66, [6, 0, 35]),
            (104, [7, 0, 15]),
            (107, [8, 0, 1]),
            (111, [9, 0, 8]),
            (114, [0x0a, 0, 1]),
            (118, [0x0b, 0, 1]),
            (122, [0x0c, 1, 0]),
            (381, [0x0e, 0, 24]),
        ];
        for (offset, field) in fields {
            assert_eq!(&file[offset..offset + 3], field, "at {offset}");
        }
        assert_eq!(&file[384..408], b"SIP45.9-3-1SR4-1S.loads\0");
        for length in 1..20 {
            let name = "x".repeat(length);
            assert_eq!(signed(&name, b"").len(), header_length(&name));
        }
    }
}
