//! The part of DER (ITU-T X.690) needed to find an RSA key in a public key or certificate.

/// One element: its tag, its content, and the bytes that follow.
type Element<'b> = (u8, &'b [u8], &'b [u8]);

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// The version of a certificate, an explicitly tagged field.
const VERSION: u8 = 0xa0;
/// The object identifier of RSA (1.2.840.113549.1.1.1), tag and length included.
const RSA: [u8; 11] = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

/// Modulus and exponent, big-endian, without leading zeros.
pub(super) type Rsa<'b> = (&'b [u8], &'b [u8]);

/// The key in an `RSAPublicKey` (RFC 8017, A.1.1).
pub(super) fn pkcs1(bytes: &[u8]) -> Option<Rsa<'_>> {
    let (body, rest) = expect(bytes, SEQUENCE)?;
    let (modulus, body) = expect(body, INTEGER)?;
    let (exponent, body) = expect(body, INTEGER)?;
    (rest.is_empty() && body.is_empty()).then_some((unsigned(modulus)?, unsigned(exponent)?))
}

/// The key in a `SubjectPublicKeyInfo` (RFC 5280, 4.1).
pub(super) fn spki(bytes: &[u8]) -> Option<Rsa<'_>> {
    let (body, rest) = expect(bytes, SEQUENCE)?;
    let (algorithm, body) = expect(body, SEQUENCE)?;
    let (bits, body) = expect(body, BIT_STRING)?;
    if !rest.is_empty() || !body.is_empty() || !algorithm.starts_with(&RSA) {
        return None;
    }
    // The first byte is the number of unused bits.
    pkcs1(bits.strip_prefix(&[0])?)
}

/// The key in a certificate (RFC 5280, 4.1). The rest is not checked: the user trusts the
/// key.
pub(super) fn certificate(bytes: &[u8]) -> Option<Rsa<'_>> {
    let (body, rest) = expect(bytes, SEQUENCE)?;
    let (mut fields, _) = expect(body, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    if let Some((VERSION, _, after)) = element(fields) {
        fields = after;
    }
    // Serial number, signature algorithm, issuer, validity, subject.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        (_, fields) = expect(fields, tag)?;
    }
    let (_, _, after) = element(fields)?;
    spki(&fields[..fields.len() - after.len()])
}

fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, body, rest) = element(bytes)?;
    (found == tag).then_some((body, rest))
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (&[tag, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // One to three bytes of length: more than any key needs.
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 3))?;
            (
                length
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                rest,
            )
        }
        _ => return None,
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((tag, body, rest))
}

/// The bytes of a positive INTEGER, without leading zeros.
fn unsigned(integer: &[u8]) -> Option<&[u8]> {
    if integer.first()? & 0x80 != 0 {
        return None;
    }
    let start = integer.iter().position(|byte| *byte != 0)?;
    Some(&integer[start..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_parsed_without_panic(bytes in proptest::collection::vec(
            prop_oneof![Just(SEQUENCE), Just(INTEGER), Just(BIT_STRING), Just(0x82), 0_u8..12, any::<u8>()], 0..80)
        ) {
            for key in [pkcs1(&bytes), spki(&bytes), certificate(&bytes)].into_iter().flatten() {
                prop_assert!(key.0.len() <= bytes.len());
            }
        }
    }
}
