//! Option negotiation: RFC 2347, 2348 (blksize), 2349 (timeout, tsize) and 7440 (windowsize). An option
//! that cannot be granted is left out of the OACK.

use std::time::Duration;

use super::packet::{PacketHead, RequestOptions};

/// The block size without the option, in bytes (RFC 1350).
pub const BLOCK_DEFAULT: u16 = 512;

/// The block sizes that a client may request, in bytes (RFC 2348).
pub const BLOCK_ASKED: std::ops::RangeInclusive<u64> = 8..=65_464;

/// The largest block that is granted unless the caller knows a smaller MTU, in bytes: an Ethernet
/// frame minus 20 bytes of IP, 8 of UDP and 4 of TFTP.
pub const BLOCK_GRANTED_MAX: u16 = 1_468;

/// The longest retransmission interval that is granted, in seconds. With the 255 of RFC 2349 one lost
/// packet would hold a transfer for half an hour.
pub const TIMEOUT_GRANTED_MAX: u64 = 10;

/// Maximum number of blocks sent before an ACK is awaited. RFC 7440 allows 65,535, which would all
/// be lost together.
pub const WINDOW_GRANTED_MAX: u8 = 8;

/// The options of a transfer.
#[derive(Debug, Clone, Copy)]
pub struct NegotiatedOptions {
    /// Bytes in every block but the last.
    pub block_size: u16,
    /// Blocks sent before an ACK is awaited.
    pub window: u8,
    /// The retransmission interval that the client requested.
    pub timeout: Option<Duration>,
    /// The OACK; `None` if no option was granted.
    pub option_ack: Option<PacketHead>,
}

impl NegotiatedOptions {
    /// RFC 1350 without options.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            block_size: BLOCK_DEFAULT,
            window: 1,
            timeout: None,
            option_ack: None,
        }
    }

    /// Grants options of a request for a file of `size` bytes. If an option is repeated, the first
    /// one counts (RFC 2347 allows each once).
    #[must_use]
    pub fn negotiate(options: RequestOptions<'_>, size: u64, block_max: u16) -> Self {
        let mut negotiated = Self::plain();
        let mut oack = PacketHead::option_ack();
        let mut seen = [false; 4];
        let mut granted = false;
        for (name, value) in options.iter() {
            let Some(option) = NAMES
                .iter()
                .position(|n| name.eq_ignore_ascii_case(n.as_bytes()))
            else {
                continue;
            };
            if std::mem::replace(&mut seen[option], true) {
                continue;
            }
            if let Some(answer) = negotiated.grant(NAMES[option], value, size, block_max) {
                oack.push_option(NAMES[option], answer);
                granted = true;
            }
        }
        negotiated.option_ack = granted.then_some(oack);
        negotiated
    }

    fn grant(&mut self, name: &str, value: &[u8], size: u64, block_max: u16) -> Option<u64> {
        if name == "tsize" {
            return is_digits(value).then_some(size);
        }
        let asked = number(value)?;
        match name {
            "blksize" if BLOCK_ASKED.contains(&asked) => {
                self.block_size = u16::try_from(asked).unwrap_or(u16::MAX).min(block_max);
                Some(self.block_size.into())
            }
            "timeout" if (1..=TIMEOUT_GRANTED_MAX).contains(&asked) => {
                self.timeout = Some(Duration::from_secs(asked));
                Some(asked)
            }
            "windowsize" if (1..=65_535).contains(&asked) => {
                self.window = u8::try_from(asked)
                    .unwrap_or(u8::MAX)
                    .min(WINDOW_GRANTED_MAX);
                Some(self.window.into())
            }
            _ => None,
        }
    }
}

/// The supported options.
const NAMES: [&str; 4] = ["blksize", "timeout", "tsize", "windowsize"];

fn is_digits(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

/// A number of decimal digits only: no sign, no space.
fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value)
        .ok()
        .filter(|v| is_digits(v.as_bytes()))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 1_234_567;

    fn oack(options: &[u8]) -> Vec<u8> {
        let negotiated =
            NegotiatedOptions::negotiate(RequestOptions::new(options), SIZE, BLOCK_GRANTED_MAX);
        negotiated
            .option_ack
            .map_or(Vec::new(), |head| head.as_bytes()[2..].to_vec())
    }

    #[test]
    fn each_option_is_negotiated_by_its_own_rules() {
        for (asked, answer) in [
            (&b"blksize\x001024\0"[..], &b"blksize\x001024\0"[..]),
            (b"blksize\x008\0", b"blksize\x008\0"),
            (b"blksize\x0065464\0", b"blksize\x001468\0"),
            (b"tsize\x000\0", b"tsize\x001234567\0"),
            (b"tsize\x0099999999999999999999999\0", b"tsize\x001234567\0"),
            (b"timeout\x001\0", b"timeout\x001\0"),
            (b"timeout\x0010\0", b"timeout\x0010\0"),
            (b"windowsize\x004\0", b"windowsize\x004\0"),
            (b"windowsize\x0065535\0", b"windowsize\x008\0"),
            (b"BLKSize\x00512\0", b"blksize\x00512\0"),
            (
                b"tsize\x000\0blksize\x0099\0",
                b"tsize\x001234567\0blksize\x0099\0",
            ),
        ] {
            assert_eq!(oack(asked), answer, "{}", asked.escape_ascii());
        }
    }

    #[test]
    fn an_option_that_cannot_be_granted_is_left_out() {
        for asked in [
            &b"blksize\x000\0"[..],
            b"blksize\x007\0",
            b"blksize\x0065465\0",
            b"blksize\x0099999999999999999999999\0",
            b"blksize\0-8\0",
            b"blksize\0+512\0",
            b"blksize\x00512 \0",
            b"blksize\0big\0",
            b"blksize\0\0",
            b"blksize\x001024",
            b"tsize\0zero\0",
            b"tsize\0\0",
            b"timeout\x000\0",
            b"timeout\x0011\0",
            b"timeout\x00255\0",
            b"timeout\x00256\0",
            b"windowsize\x000\0",
            b"windowsize\x0065536\0",
            b"multicast\0\0",
            b"utimeout\x00100000\0",
            b"\0blksize\x001024\0",
            b"",
        ] {
            assert_eq!(oack(asked), b"", "{}", asked.escape_ascii());
        }
    }

    #[test]
    fn an_unknown_option_does_not_hide_the_next() {
        assert_eq!(oack(b"multicast\0\0blksize\x00600\0"), b"blksize\x00600\0");
    }

    #[test]
    fn the_first_of_a_repeated_option_counts() {
        assert_eq!(
            oack(b"blksize\x00600\0BLKSIZE\x00700\0"),
            b"blksize\x00600\0"
        );
        assert_eq!(oack(b"blksize\x000\0blksize\x00700\0"), b"");
    }

    #[test]
    fn a_smaller_mtu_makes_smaller_blocks() {
        let negotiated =
            NegotiatedOptions::negotiate(RequestOptions::new(b"blksize\x001468\0"), SIZE, 1_368);
        assert_eq!(negotiated.block_size, 1_368);
    }

    #[test]
    fn the_largest_oack_fits() {
        let all = b"windowsize\x008\0timeout\x0010\0tsize\x000\0blksize\x001468\0";
        let negotiated =
            NegotiatedOptions::negotiate(RequestOptions::new(all), u64::MAX, BLOCK_GRANTED_MAX);
        let head = negotiated.option_ack.expect("four options were granted");
        assert!(
            head.as_bytes()
                .ends_with(b"tsize\x0018446744073709551615\0blksize\x001468\0")
        );
    }
}
