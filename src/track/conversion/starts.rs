//! Starts of a phone, counted by its requests.

use crate::track::{diagnosis::rules, history::truncate_name, observation::RunTime};

/// Consecutive starts with a request for a configuration and none of a later step.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct RequestLoop {
    /// The newest start: when it requested its configuration, and which one.
    pub(super) newest: Option<(RunTime, String)>,
    /// When the first of these starts requested its configuration.
    pub(super) first: RunTime,
    pub(super) starts: u32,
    /// A trust list was requested since the newest configuration.
    pub(super) has_list: bool,
}

impl RequestLoop {
    /// The phone requested a configuration. Returns whether it is a further start.
    pub(super) fn on_configuration(&mut self, at: RunTime, name: &str) -> bool {
        let has_list = std::mem::take(&mut self.has_list);
        let Some((last, _)) = &mut self.newest else {
            self.begin(at, name);
            return true;
        };
        let apart = at.saturating_sub(*last);
        let (least, most) = if has_list {
            (rules::STARTS_APART, rules::STARTS_WITHIN)
        } else {
            (rules::REPEATED_WITHIN, rules::POLLS_APART)
        };
        if apart < least || apart == least && !has_list {
            // A repetition, which does not end the start.
            *last = at;
            return false;
        }
        if apart > most {
            self.begin(at, name);
        } else {
            self.starts += 1;
            self.newest = Some((at, truncate_name(name)));
        }
        true
    }

    fn begin(&mut self, at: RunTime, name: &str) {
        *self = Self {
            newest: Some((at, truncate_name(name))),
            first: at,
            starts: 1,
            has_list: false,
        };
    }

    /// When the newest start has had the time for a later step, if there are enough starts.
    pub(super) fn due(&self) -> Option<RunTime> {
        let (at, _) = self.newest.as_ref()?;
        (self.starts >= rules::REJECTED_BOOTS.into()).then_some(*at + rules::NEXT_STEP_WITHIN)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn starts(at: &[u64], has_list: bool) -> u32 {
        let mut starts = RequestLoop::default();
        for second in at {
            starts.has_list |= has_list;
            starts.on_configuration(Duration::from_secs(*second), "SEP001D45AABB01.cnf.xml");
        }
        starts.starts
    }

    #[test]
    fn starts_are_told_from_repetitions_polls_and_restarts_by_hand() {
        assert_eq!(starts(&[0, 15, 30, 45], true), 4);
        assert_eq!(starts(&[0, 33, 66], false), 3);
        assert_eq!(starts(&[0, 4, 8, 12, 16], false), 1, "repetitions");
        assert_eq!(starts(&[0, 1, 90, 91], true), 2, "HTTP, then TFTP");
        assert_eq!(starts(&[0, 60, 120], false), 3);
        assert_eq!(starts(&[0, 300, 600], false), 1, "polls");
        assert_eq!(starts(&[0, 300, 600], true), 1, "restarts by hand");
    }
}
