//! A token bucket: an average rate, with bursts up to a limit.

use std::time::{Duration, Instant};

/// How fast a bucket refills and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Time in which one token is added.
    interval: Duration,
    /// Tokens that a full bucket holds.
    burst: u32,
}

impl Rate {
    /// `rate` tokens per second, and up to `burst` at once. `rate` must not be 0.
    pub(crate) const fn per_second(rate: u32, burst: u32) -> Self {
        let interval = Duration::from_nanos(1_000_000_000 / rate as u64);
        Self { interval, burst }
    }

    /// One token per `interval`, and up to `burst` at once.
    pub(crate) const fn one_each(interval: Duration, burst: u32) -> Self {
        Self { interval, burst }
    }

    /// One token per `interval`, none saved up.
    pub(crate) const fn one_per(interval: Duration) -> Self {
        Self { interval, burst: 1 }
    }
}

/// A bucket of tokens, full at first. Its whole state is the time at which it is full again, so
/// a table may hold thousands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TokenBucket {
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// Takes a token. `false`: none is left.
    pub(crate) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + rate.interval;
        let is_available = full_at <= now + rate.interval * rate.burst;
        if is_available {
            self.full_at = Some(full_at);
        }
        is_available
    }

    /// Puts a token back.
    pub(crate) fn give_back(&mut self, rate: Rate) {
        if let Some(at) = &mut self.full_at {
            *at = at.checked_sub(rate.interval).unwrap_or(*at);
        }
    }

    /// Whether no token is missing.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_limited_to_the_burst_and_then_to_the_rate() {
        let rate = Rate::per_second(200, 1000);
        let start = Instant::now();
        let mut bucket = TokenBucket::default();
        let mut taken =
            |count: u32, at: Instant| (0..count).filter(|_| bucket.take(at, rate)).count();
        assert_eq!(taken(100_000, start), 1000);
        let later = start + Duration::from_secs(1);
        assert_eq!(taken(1000, later), 200);
        let rested = later + Duration::from_hours(1);
        assert_eq!(taken(5000, rested), 1000, "no more than the burst is saved");
    }

    #[test]
    fn a_token_that_is_given_back_can_be_taken_again() {
        let rate = Rate::one_per(Duration::from_secs(1));
        let now = Instant::now();
        let mut bucket = TokenBucket::default();
        assert!(bucket.is_full(now));
        assert!(bucket.take(now, rate) && !bucket.take(now, rate));
        assert!(!bucket.is_full(now));
        bucket.give_back(rate);
        assert!(bucket.is_full(now));
        assert!(bucket.take(now, rate));
    }
}
