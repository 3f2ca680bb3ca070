//! When leases are checked: if no address is free, which a flood of forged requests causes.

use std::time::Duration;

/// How long hosts have to answer ARP before their leases are reclaimed.
const ARP_TIME: Duration = Duration::from_secs(2);

/// Minimum time between two checks of all leases.
const RECLAIM_INTERVAL: Duration = Duration::from_secs(10);

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReclaimStep {
    Nothing,
    /// All hosts with leases are to be asked by ARP.
    Ask,
    /// Leases of hosts that did not answer are to be reclaimed.
    Reclaim,
}

/// The times of checks.
#[derive(Debug, Default)]
pub(super) struct Reclaim {
    /// Whether no address was free.
    pub(super) is_wanted: bool,
    asked: Option<Duration>,
    is_asking: bool,
}

impl Reclaim {
    pub(super) fn step(&mut self, now: Duration) -> ReclaimStep {
        match self.asked {
            Some(asked) if self.is_asking => {
                if now < asked + ARP_TIME {
                    return ReclaimStep::Nothing;
                }
                self.is_asking = false;
                ReclaimStep::Reclaim
            }
            Some(asked) if now < asked + RECLAIM_INTERVAL => ReclaimStep::Nothing,
            _ if !self.is_wanted => ReclaimStep::Nothing,
            _ => {
                self.is_wanted = false;
                self.is_asking = true;
                self.asked = Some(now);
                ReclaimStep::Ask
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_checked_at_most_every_ten_seconds_and_only_if_no_address_was_free() {
        let mut reclaim = Reclaim::default();
        let second = Duration::from_secs(1);
        assert_eq!(reclaim.step(second), ReclaimStep::Nothing);
        let mut steps = Vec::new();
        for now in 2..25 {
            reclaim.is_wanted = true;
            let step = reclaim.step(now * second);
            if step != ReclaimStep::Nothing {
                steps.push((now, step));
            }
        }
        let expected = [
            (2, ReclaimStep::Ask),
            (4, ReclaimStep::Reclaim),
            (12, ReclaimStep::Ask),
            (14, ReclaimStep::Reclaim),
            (22, ReclaimStep::Ask),
            (24, ReclaimStep::Reclaim),
        ];
        assert_eq!(steps, expected);
    }
}
