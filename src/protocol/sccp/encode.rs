//! What a call manager sends. The header version is 0 in answers to a registration, a `KeepAlive` and an
//! Unregister, and in everything to phones of a protocol version below 10; else it is the version of
//! the `RegisterAck` (chan-sccp, sccp-protocol).

use super::message_id;

/// The newest protocol version that is acknowledged.
pub const NEWEST_VERSION: u8 = 22;

/// Seconds between two `KeepAlives` that phones are asked for.
pub const KEEP_ALIVE_SECONDS: u32 = 30;

/// Seconds between two `KeepAlives` to a secondary call manager.
pub const SECONDARY_KEEP_ALIVE_SECONDS: u32 = 60;

/// Seconds after which a phone may ask for a token again.
pub const TOKEN_WAIT_SECONDS: u32 = 60;

/// How phones show the date: day, month, year.
const DATE: [u8; 6] = *b"D/M/Y\0";

/// The number in a Reset for a restart like that of power on: DHCP, TFTP, configuration, load. The
/// others (2 restart, 3 apply configuration) are never sent: whether phones then read TFTP is disputed.
const RESET_WHOLE: u32 = 1;

/// The lowest protocol version with a header version.
const HEADER_VERSION_FROM: u8 = 10;

/// The protocol version of the `RegisterAck` to a phone of this version.
#[must_use]
pub fn acknowledged_version(version: u8) -> u8 {
    version.min(NEWEST_VERSION)
}

/// The header version of messages to a phone of this acknowledged version.
#[must_use]
pub fn header_version(version: u8) -> u32 {
    if version < HEADER_VERSION_FROM {
        0
    } else {
        version.into()
    }
}

/// A message with this body.
#[must_use]
pub fn message(header_version: u32, id: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len())
        .unwrap_or(u32::MAX)
        .saturating_add(4);
    let mut bytes = [length, header_version, id].map(u32::to_le_bytes).concat();
    bytes.extend(body);
    bytes
}

/// The registration is accepted.
#[must_use]
pub fn register_ack(version: u8) -> Vec<u8> {
    let mut body = KEEP_ALIVE_SECONDS.to_le_bytes().to_vec();
    body.extend(DATE);
    body.extend([0, 0]);
    body.extend(SECONDARY_KEEP_ALIVE_SECONDS.to_le_bytes());
    body.extend([version, 0, 0, 0]);
    message(0, message_id::REGISTER_ACK, &body)
}

/// The phone's codecs are requested.
#[must_use]
pub fn capabilities_request(version: u8) -> Vec<u8> {
    message(header_version(version), message_id::CAPABILITIES_REQ, &[])
}

/// Restart as at power on.
#[must_use]
pub fn reset(version: u8) -> Vec<u8> {
    let body = RESET_WHOLE.to_le_bytes();
    message(header_version(version), message_id::RESET, &body)
}

/// The answer to a `KeepAlive`.
#[must_use]
pub fn keep_alive_ack() -> Vec<u8> {
    message(0, message_id::KEEP_ALIVE_ACK, &[])
}

/// The answer to an Unregister: done.
#[must_use]
pub fn unregister_ack() -> Vec<u8> {
    message(0, message_id::UNREGISTER_ACK, &0_u32.to_le_bytes())
}

/// The answer to a request for a token: not now.
#[must_use]
pub fn token_reject() -> Vec<u8> {
    let body = TOKEN_WAIT_SECONDS.to_le_bytes();
    message(0, message_id::REGISTER_TOKEN_REJECT, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        let words = bytes.chunks(4);
        let words =
            words.map(|word| format!("{:08x}", u32::from_be_bytes(*word.as_array().unwrap())));
        words.collect::<Vec<String>>().join(" ")
    }

    #[test]
    fn the_frames_are_those_that_tshark_and_pyskinny_read() {
        assert_eq!(
            hex(&register_ack(20)),
            "18000000 00000000 81000000 1e000000 442f4d2f 59000000 3c000000 14000000"
        );
        assert_eq!(hex(&capabilities_request(20)), "04000000 14000000 9b000000");
        assert_eq!(hex(&reset(20)), "08000000 14000000 9f000000 01000000");
        assert_eq!(hex(&keep_alive_ack()), "04000000 00000000 00010000");
        assert_eq!(
            hex(&unregister_ack()),
            "08000000 00000000 18010000 00000000"
        );
        assert_eq!(hex(&token_reject()), "08000000 00000000 1b010000 3c000000");
    }

    #[test]
    fn phones_below_version_10_get_header_version_0() {
        assert_eq!(hex(&reset(5)), "08000000 00000000 9f000000 01000000");
        assert_eq!(hex(&reset(11)), "08000000 0b000000 9f000000 01000000");
        assert_eq!(acknowledged_version(255), NEWEST_VERSION);
    }
}
