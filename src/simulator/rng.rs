//! A seeded random number generator: the same seed gives the same run.

use std::time::Duration;

/// `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
/// 2014): eight bytes of state, good enough for pauses, losses and file contents.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// The stream number `stream` of this seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed);
        let base = mixed.next();
        Self(base ^ stream.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number from 0 to `limit` - 1; 0 where `limit` is 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // The bias is at most limit / 2^64.
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// A time in `from..=to`, to the millisecond.
    pub(super) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = to.saturating_sub(from).as_millis();
        let span = u64::try_from(span).unwrap_or(u64::MAX);
        from + Duration::from_millis(self.below(span.saturating_add(1)))
    }

    /// True `percent` times of a hundred.
    pub(super) fn percent(&mut self, percent: u8) -> bool {
        self.below(100) < u64::from(percent)
    }

    /// `length` bytes, eight at a time.
    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length.next_multiple_of(8));
        while bytes.len() < length {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_repeats_and_streams_differ() {
        let draw = |seed, stream| Rng::new(seed, stream).bytes(33);
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
        assert_eq!(draw(7, 1).len(), 33);
    }

    #[test]
    fn numbers_stay_within_their_limits() {
        let mut rng = Rng::new(1, 0);
        let (from, to) = (Duration::from_secs(2), Duration::from_secs(8));
        for _ in 0..1000 {
            assert!(rng.below(3) < 3);
            assert!((from..=to).contains(&rng.between(from, to)));
            assert!(!rng.percent(0));
            assert!(rng.percent(100));
        }
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.between(to, from), to);
    }
}
