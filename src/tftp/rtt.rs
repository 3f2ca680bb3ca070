//! How long to wait for an ACK: RFC 6298 over one transfer's round trips.

use std::time::Duration;

/// The first wait, while no round trip is known (RFC 6298, 2.1).
pub const TIMEOUT_FIRST: Duration = Duration::from_secs(1);

/// The shortest wait: a phone that writes flash is not always prompt.
pub const TIMEOUT_MIN: Duration = Duration::from_millis(100);

/// The longest wait. Short: phones are on the same network, and the more often a block is
/// sent within the silence that is borne, the worse a link may be.
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
    /// With nothing known but what the client asked for (RFC 2349, timeout), which is then
    /// the shortest wait.
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

    /// How long to wait now.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A round trip of something that was sent once (RFC 6298, 2.2, 2.3 and 3).
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

    /// A wait was in vain; it stays doubled until the next sample (RFC 6298, 5.5 and 5.7).
    pub fn back_off(&mut self) {
        self.timeout = (self.timeout * 2).min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_steady_link_comes_down_to_the_shortest_wait() {
        let mut rtt = Rtt::new(None);
        assert_eq!(rtt.timeout(), TIMEOUT_FIRST);
        for _ in 0..20 {
            rtt.sample(MS);
        }
        assert_eq!(rtt.timeout(), TIMEOUT_MIN);
    }

    #[test]
    fn a_slow_peer_is_waited_for() {
        let mut rtt = Rtt::new(None);
        rtt.sample(MS * 200);
        assert_eq!(rtt.timeout(), MS * 600);
        for _ in 0..50 {
            rtt.sample(MS * 200);
        }
        assert!(rtt.timeout() >= MS * 200 && rtt.timeout() < MS * 220);
    }

    #[test]
    fn waits_double_to_a_limit_until_a_sample() {
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
    fn a_wait_that_the_client_asked_for_is_the_shortest() {
        let mut rtt = Rtt::new(Some(MS * 10_000));
        rtt.sample(MS);
        rtt.back_off();
        assert_eq!(rtt.timeout(), MS * 10_000);
    }
}
