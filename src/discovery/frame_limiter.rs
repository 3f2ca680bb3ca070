//! A limit on the frames of one interface that are passed on.

use std::time::Instant;

use crate::limits::{Rate, TokenBucket};

/// The average number of frames per second that are passed on; frames without anything new do not
/// count. A thousand phones send about 50.
pub const FRAMES_PER_SECOND: u32 = 200;

/// Maximum number of frames that are passed on at once, as when the power of a building returns.
pub const FRAME_BURST: u32 = 1000;

const RATE: Rate = Rate::per_second(FRAMES_PER_SECOND, FRAME_BURST);

/// Passes on [`FRAME_BURST`] frames, and [`FRAMES_PER_SECOND`] more each second.
#[derive(Debug, Clone, Default)]
pub(super) struct FrameLimiter {
    bucket: TokenBucket,
    dropped: u64,
}

impl FrameLimiter {
    /// Whether one more frame is passed on; otherwise it is counted as dropped.
    pub(super) fn admit(&mut self, at: Instant) -> bool {
        let is_admitted = self.bucket.take(at, RATE);
        self.dropped += u64::from(!is_admitted);
        is_admitted
    }

    /// Frames over the limit so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_is_limited_to_the_rate_and_the_rest_is_counted() {
        let start = Instant::now();
        let mut limiter = FrameLimiter::default();
        let taken = (0..100_000).filter(|_| limiter.admit(start)).count();
        assert_eq!(taken, 1000);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| limiter.admit(later)).count(), 200);
        assert_eq!(limiter.dropped(), 99_000 + 800);
    }
}
