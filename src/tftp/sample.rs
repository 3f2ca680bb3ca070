//! Requests of one address beyond its limit: a sample of them is answered, chosen by source port.
//!
//! A host that forges the address of a phone can send more requests than the limit allows, and nothing in a
//! request shows which sender it has. So the choice must favour what a phone does, and must be unknown to a
//! sender that sees no answers. A keyed hash divides the source ports into classes, and every [`TURN`] another
//! class is answered. A phone repeats a request from the same port after about that time, so each repetition
//! is in the next class: with n classes it is answered by the nth try at the latest, while one nth of the
//! forged requests are, whatever ports they have.

use std::time::{Duration, Instant};

use crate::limits::{Rate, TokenBucket};

/// How long one class of source ports is answered: phones repeat a request after 4 s.
pub(super) const TURN: Duration = Duration::from_secs(4);

/// Requests per second and address that are answered beyond the limit, each with one packet: of 516 bytes, they
/// are fewer bytes than those of the requests within the limit.
pub(super) const SAMPLED_PER_SECOND: u32 = 500;

/// Such requests at once.
const SAMPLED_BURST: u32 = 8;

const SAMPLED: Rate = Rate::per_second(SAMPLED_PER_SECOND, SAMPLED_BURST);

/// Requests in one turn for each class: less than [`SAMPLED_PER_SECOND`] allows, because they do not arrive
/// evenly.
const CLASS: u32 = 1_600;

/// The sample of one address.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RequestSample {
    began: Option<Instant>,
    turn: u64,
    /// Requests beyond the limit in this turn, and in the one before.
    over: u32,
    over_before: u32,
    answers: TokenBucket,
}

impl RequestSample {
    /// Whether to answer a request beyond the limit, whose source port has this hash.
    pub(super) fn take(&mut self, now: Instant, hash: u64) -> bool {
        let began = *self.began.get_or_insert(now);
        let passed = now.saturating_duration_since(began);
        if passed >= TURN {
            self.began = Some(now);
            self.over_before = if passed < 2 * TURN { self.over } else { 0 };
            self.over = 0;
            self.turn = self.turn.wrapping_add(1);
        }
        self.over = self.over.saturating_add(1);
        let requests = self.over.max(self.over_before);
        // A power of two, so that a few requests more or less rarely change the order of the classes.
        let classes = u64::from(requests.div_ceil(CLASS).next_power_of_two());
        hash.wrapping_add(self.turn).is_multiple_of(classes) && self.answers.take(now, SAMPLED)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    #[test]
    fn a_port_that_repeats_its_request_is_answered_within_as_many_turns_as_there_are_classes() {
        let hasher = RandomState::new();
        let hash = |port: u32| hasher.hash_one(port);
        let mut sample = RequestSample::default();
        let start = Instant::now();
        let mut answered = 0;
        // 1,400 requests a second: four classes.
        let pause = Duration::from_micros(700);
        for n in 0..140_000_u32 {
            let now = start + pause * n;
            answered += u32::from(sample.take(now, hash(n % 40_000)));
        }
        assert!(
            answered <= 100 * SAMPLED_PER_SECOND + SAMPLED_BURST,
            "{answered}"
        );
        for port in 50_000..50_100 {
            let mut taken = sample;
            let mut tries = 0;
            let mut now = start + pause * 140_000;
            while !{
                tries += 1;
                // The phone's request is not the first after others.
                taken.answers = TokenBucket::default();
                taken.take(now, hash(port))
            } {
                for n in 0..5_715 {
                    now += pause;
                    taken.take(now, hash(n));
                }
            }
            assert!(tries <= 4, "{tries}");
        }
    }
}
