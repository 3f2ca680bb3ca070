//! Times of log lines, and the years that they leave out.

use std::time::Duration;

use jiff::{Timestamp, civil, tz};

/// The time of a line or packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum LogTime {
    /// The line has no time: it gets that of the line before.
    #[default]
    None,
    /// A full time.
    At(Timestamp),
    /// `Mar 28 11:38:42`: no year and no zone; counts as UTC.
    Yearless {
        month: i8,
        day: i8,
        time: civil::Time,
    },
}

/// Adds the year to times without one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Calendar {
    /// The year of the first line.
    pub first: Option<i16>,
    /// When the file was last written to: about the time of its last line.
    pub modified: Option<Timestamp>,
}

/// A time that goes back by this many months or more starts a new year; one that goes back less is
/// a clock that was set.
const NEW_YEAR: i8 = 6;

impl Calendar {
    /// The times of day of these times, never decreasing.
    pub(super) fn times(self, stamps: impl Iterator<Item = LogTime>) -> Vec<Timestamp> {
        let stamps: Vec<LogTime> = stamps.collect();
        let mut year = self.first_year(&stamps);
        let mut month_before = None;
        let mut latest: Option<Timestamp> = None;
        stamps
            .iter()
            .map(|stamp| {
                let time = match *stamp {
                    LogTime::None => None,
                    LogTime::At(time) => Some(time),
                    LogTime::Yearless { month, day, time } => {
                        if month_before.is_some_and(|before| before - month >= NEW_YEAR) {
                            year = year.saturating_add(1);
                        }
                        month_before = Some(month);
                        at(year, month, day, time)
                    }
                };
                let now = time
                    .into_iter()
                    .chain(latest)
                    .max()
                    .or(self.modified)
                    .unwrap_or(Timestamp::UNIX_EPOCH);
                if time.is_some() {
                    latest = Some(now);
                }
                now
            })
            .collect()
    }

    /// The year of the first time without one: as given, or else so that the last time is not later
    /// than the file.
    fn first_year(self, stamps: &[LogTime]) -> i16 {
        if let Some(year) = self.first {
            return year;
        }
        let modified = self.modified.unwrap_or(Timestamp::UNIX_EPOCH);
        let mut turns = 0;
        let mut last = None;
        for stamp in stamps {
            if let LogTime::Yearless { month, day, time } = *stamp {
                if last.is_some_and(|(before, ..): (i8, _, _)| before - month >= NEW_YEAR) {
                    turns += 1;
                }
                last = Some((month, day, time));
            }
        }
        let year = modified.to_zoned(tz::TimeZone::UTC).year();
        // One day of tolerance for the zone of the log.
        let grace = modified
            .checked_add(jiff::SignedDuration::from_hours(24))
            .unwrap_or(modified);
        let is_future = last
            .and_then(|(month, day, time)| at(year, month, day, time))
            .is_some_and(|last| last > grace);
        year - i16::from(is_future) - turns
    }
}

/// February 29 counts as February 28 in a year without it.
fn at(year: i16, month: i8, day: i8, time: civil::Time) -> Option<Timestamp> {
    let date = civil::Date::new(year, month, day)
        .or_else(|_| civil::Date::new(year, month, day - 1))
        .ok()?;
    let zoned = date.to_datetime(time).to_zoned(tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Splits the time off the front of a line. Accepts any line.
pub(super) fn split_time(line: &str) -> (LogTime, &str) {
    full(line)
        .or_else(|| yearless(line))
        .unwrap_or((LogTime::None, line))
}

/// RFC 3339, as newer syslog daemons and journald write it.
fn full(line: &str) -> Option<(LogTime, &str)> {
    let (first, rest) = line.split_once(' ')?;
    if !first.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let time: Timestamp = first.parse().ok()?;
    Some((LogTime::At(time), rest))
}

/// RFC 3164: `Mar  8 11:38:42`.
fn yearless(line: &str) -> Option<(LogTime, &str)> {
    let (month, rest) = line.split_once(' ')?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let (day, rest) = rest.trim_start().split_once(' ')?;
    let (time, rest) = rest.split_once(' ')?;
    let mut parts = time.split(':').map(|part| part.parse::<i8>().ok());
    let mut part = || parts.next().flatten();
    let (hour, minute, second) = (part()?, part()?, part()?);
    let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let stamp = LogTime::Yearless {
        month: i8::try_from(month).ok()? + 1,
        day,
        time: civil::Time::new(hour, minute, second, 0).ok()?,
    };
    Some((stamp, rest))
}

/// The time from `earlier` to `later`; zero if `later` is not later.
pub(super) fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(lines: &[&str]) -> Vec<LogTime> {
        lines.iter().map(|line| split_time(line).0).collect()
    }

    fn times(calendar: Calendar, lines: &[&str]) -> Vec<String> {
        let times = calendar.times(stamps(lines).into_iter());
        times.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn times_of_both_kinds_are_taken_and_nothing_else() {
        assert_eq!(split_time("Mar  8 01:02:03 host x: y").1, "host x: y");
        assert_eq!(split_time("2026-01-02T03:04:05.5+01:00 host x").1, "host x");
        for line in [
            "RRQ from 1.2.3.4",
            "Mar 41 01:02:03 x",
            "Mar 1 25:00:00 x",
            "",
            "5 x",
        ] {
            assert_eq!(split_time(line), (LogTime::None, line));
        }
    }

    #[test]
    fn a_log_may_span_new_year() {
        let calendar = Calendar {
            first: Some(2024),
            modified: None,
        };
        let lines = [
            "Feb 29 00:00:00 x",
            "Dec 31 23:59:59 x",
            "Jan  1 00:00:01 x",
        ];
        assert_eq!(
            times(calendar, &lines),
            [
                "2024-02-29T00:00:00Z",
                "2024-12-31T23:59:59Z",
                "2025-01-01T00:00:01Z"
            ]
        );
    }

    #[test]
    fn the_year_follows_from_the_file_s_own_time() {
        let of = |modified: &str, lines: &[&str]| {
            let modified = Some(modified.parse().unwrap());
            times(
                Calendar {
                    first: None,
                    modified,
                },
                lines,
            )[0][..4]
                .to_owned()
        };
        let over = ["Dec 30 10:00:00 x", "Jan  2 10:00:00 x"];
        assert_eq!(of("2026-01-03T00:00:00Z", &over), "2025");
        assert_eq!(of("2026-01-03T00:00:00Z", &over[..1]), "2025");
        assert_eq!(of("2026-12-30T10:00:00Z", &over[..1]), "2026");
        // The file was copied years later. Its modification time is all that is known.
        assert_eq!(of("2030-06-01T00:00:00Z", &over), "2029");
    }

    #[test]
    fn times_never_decrease_and_a_line_without_one_gets_the_previous_one() {
        let calendar = Calendar {
            first: Some(2026),
            modified: None,
        };
        let lines = ["Mar  8 00:00:10 x", "RRQ", "Mar  8 00:00:05 x"];
        let times = times(calendar, &lines);
        assert_eq!(times[0], times[1]);
        assert_eq!(times[0], times[2]);
    }
}
