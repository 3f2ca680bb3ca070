//! Retransmission time-out of one transfer, as in RFC 6298.

use std::time::Duration;

/// The time-out before the first round trip is measured (RFC 6298, 2.1).
pub const TIMEOUT_FIRST: Duration = Duration::from_secs(1);

/// The shortest time-out: a phone that writes flash may answer late.
pub const TIMEOUT_MIN: Duration = Duration::from_millis(100);

/// The longest time-out. It is short because phones are on the same network: a transfer that may be
/// silent for a fixed time survives more packet loss if more retransmissions fit into that time.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(2);

/// The estimate for one transfer.
#[derive(Debug, Clone, Copy)]
pub struct Rtt {
    /// Smoothed round trip and its variation, once one is known.
    estimate: Option<(Duration, Duration)>,
    timeout: Duration,
    min: Duration,
    max: Duration,
}

impl Rtt {
    /// Starts with the client's `timeout` option (RFC 2349), if any, as the shortest time-out.
    #[must_use]
    pub fn new(asked: Option<Duration>) -> Self {
        let min = asked.unwrap_or(TIMEOUT_MIN);
        Self {
            estimate: None,
            timeout: asked.unwrap_or(TIMEOUT_FIRST),
            min,
            max: min.max(TIMEOUT_MAX),
        }
    }

    /// The current time-out.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Adds the round trip of a packet that was sent once (RFC 6298, 2.2, 2.3 and 3).
    pub fn sample(&mut self, trip: Duration) {
        let (smoothed, variation) = match self.estimate {
            None => (trip, trip / 2),
            Some((smoothed, variation)) => (
                (smoothed * 7 + trip) / 8,
                (variation * 3 + smoothed.abs_diff(trip)) / 4,
            ),
        };
        self.estimate = Some((smoothed, variation));
        self.timeout = (smoothed + variation * 4).clamp(self.min, self.max);
    }

    /// Doubles the time-out until the next sample (RFC 6298, 5.5 and 5.7).
    pub fn back_off(&mut self) {
        self.timeout = (self.timeout * 2).min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn steady_link_reaches_the_shortest_timeout() {
        let mut rtt = Rtt::new(None);
        assert_eq!(rtt.timeout(), TIMEOUT_FIRST);
        for _ in 0..20 {
            rtt.sample(MS);
        }
        assert_eq!(rtt.timeout(), TIMEOUT_MIN);
    }

    #[test]
    fn timeout_follows_a_slow_peer() {
        let mut rtt = Rtt::new(None);
        rtt.sample(MS * 200);
        assert_eq!(rtt.timeout(), MS * 600);
        for _ in 0..50 {
            rtt.sample(MS * 200);
        }
        assert!(rtt.timeout() >= MS * 200 && rtt.timeout() < MS * 220);
    }

    #[test]
    fn timeout_doubles_to_a_limit_until_a_sample() {
        let mut rtt = Rtt::new(None);
        rtt.sample(MS);
        let waits: Vec<u128> = (0..6)
            .map(|_| {
                rtt.back_off();
                rtt.timeout().as_millis()
            })
            .collect();
        assert_eq!(waits, [200, 400, 800, 1600, 2000, 2000]);
        rtt.sample(MS);
        assert_eq!(rtt.timeout(), TIMEOUT_MIN);
    }

    #[test]
    fn requested_timeout_is_the_shortest() {
        let mut rtt = Rtt::new(Some(MS * 10_000));
        rtt.sample(MS);
        rtt.back_off();
        assert_eq!(rtt.timeout(), MS * 10_000);
    }
}
