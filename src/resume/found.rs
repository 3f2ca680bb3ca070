//! The run that `--resume` finds by itself, for the operator.

use std::time::Duration;

use jiff::Timestamp;

use super::{PreviousRun, failure};
use crate::{
    failure::Failure,
    inputs::shown,
    journal,
    text::{date_time, escape},
};

/// How old the newest unfinished run may be for `--resume` without `--journal` where no terminal
/// can confirm it. An older one may be the run of another day and other phones.
pub const RESUME_UNASKED: Duration = Duration::from_hours(12);

/// The run that `--resume` found by itself, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRun {
    /// Which run it is, one sentence.
    pub description: String,
    /// How long ago its record ends.
    pub age: Duration,
}

impl PreviousRun {
    /// What the operator must know before a run is continued that the command line does not name.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn found(&self, now: Timestamp) -> Result<FoundRun, Failure> {
        let recorded = journal::read(&self.path).map_err(failure)?;
        let sessions = &recorded.sessions;
        let ended = sessions.wall(recorded.last).max(sessions.last().at);
        let age = Duration::try_from(now.duration_since(ended)).unwrap_or_default();
        let mut bundles: Vec<String> = self
            .header
            .arguments
            .bundles
            .iter()
            .map(|p| shown(p))
            .collect();
        if bundles.is_empty() {
            bundles = self
                .header
                .bundles
                .iter()
                .map(|it| escape(it.load.as_str()))
                .collect();
        }
        let (done, phones) = recorded.fleet().done_of_total();
        let plural = if phones == 1 { "" } else { "s" };
        Ok(FoundRun {
            description: format!(
                "the newest unfinished run: begun {}, last recorded {} ago, {phones} phone{plural}, \
                 {done} done, bundle {}, journal {}",
                date_time(sessions.began()),
                ago(age),
                bundles.join(" and "),
                shown(&self.path)
            ),
            age,
        })
    }
}

/// `2 h 5 min`, in whole minutes.
fn ago(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours @ 0..48, minutes) => format!("{hours} h {minutes} min"),
        (hours, _) => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_in_the_units_of_an_operator() {
        for (seconds, text) in [
            (59, "less than a minute"),
            (60, "1 min"),
            (3600 + 300, "1 h 5 min"),
            (13 * 3600, "13 h 0 min"),
            (72 * 3600, "3 days"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
    }
}
