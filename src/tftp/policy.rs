//! Limits: transfers at once, and a bounded table that limits answers per address.

use std::time::Duration;

use super::options::{BLOCK_ASKED, BLOCK_GRANTED_MAX};

/// Maximum number of concurrent transfers to one address, unless configured otherwise. A phone uses
/// two, and a router may hide a floor of phones behind one address. A further request replaces the
/// oldest transfer of the address that has no ACK.
pub const TRANSFERS_PER_ADDRESS: usize = 512;

/// Maximum number of concurrent transfers, unless configured otherwise.
pub const TRANSFERS: usize = 2_048;

/// How often a request that is not decided yet is passed to the service again.
pub const DEFER_INTERVAL: Duration = Duration::from_millis(25);

/// Maximum number of requests that wait for a decision. A further one forces the decision about the
/// oldest.
pub const DEFERRED_MAX: usize = 64;

/// The longest name that is passed to the service, in bytes.
pub const NAME_MAX: usize = 200;

/// Maximum number of bytes kept of a peer's ERROR text.
pub const ERROR_TEXT_MAX: usize = 200;

/// The limits of one engine.
#[derive(Debug, Clone, Copy)]
pub struct EngineLimits {
    /// Maximum number of concurrent transfers to one address.
    pub transfers_per_address: usize,
    /// Maximum number of concurrent transfers.
    pub transfers: usize,
    /// The largest block that is granted, in bytes: at most the MTU less 32.
    pub block_max: u16,
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            transfers_per_address: TRANSFERS_PER_ADDRESS,
            transfers: TRANSFERS,
            block_max: BLOCK_GRANTED_MAX,
        }
    }
}

impl EngineLimits {
    /// The largest block that is granted, clamped to the range of RFC 2348.
    #[must_use]
    pub(super) fn block_max(&self) -> u16 {
        let clamped = u64::from(self.block_max).clamp(*BLOCK_ASKED.start(), *BLOCK_ASKED.end());
        u16::try_from(clamped).expect("RFC 2348 ends below 65536")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_limit_out_of_range_is_clamped() {
        for (asked, got) in [(0, 8), (1468, 1468), (65_535, 65_464)] {
            let limits = EngineLimits {
                block_max: asked,
                ..EngineLimits::default()
            };
            assert_eq!(limits.block_max(), got);
        }
    }
}
