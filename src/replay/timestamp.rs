//! Times of log lines, and what they leave out: the year, the day, the zone.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil, tz};

/// The time of a line or packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum LogTime {
    /// The line has no time: it gets that of the line before.
    #[default]
    None,
    /// A full time.
    At(Timestamp),
    /// A full time that names the zone of the host.
    Zoned(Timestamp, tz::Offset),
    /// A date and a time of day without a zone.
    Local(civil::DateTime),
    /// `Mar 28 11:38:42`: no year and no zone.
    Yearless {
        month: i8,
        day: i8,
        time: civil::Time,
    },
    /// A time of day without a date.
    OfDay(civil::Time),
    /// The time since the host started.
    Uptime(SignedDuration),
}

/// Adds what times leave out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Calendar {
    /// The year of the first line.
    pub first: Option<i16>,
    /// When the file was last written to: about the time of its last line.
    pub modified: Option<Timestamp>,
}

/// The date changes its year where the month goes back by this many months or more. A smaller step
/// is a clock that was set, or files in the wrong order.
const NEW_YEAR: i8 = 6;

/// A time of day that goes back by this many hours or more belongs to the next day.
const NEXT_DAY: i64 = 12;

impl Calendar {
    /// The times of day of these times, in the order of the lines. Times without a zone count as
    /// UTC, or as in the zone that other lines of the file name.
    pub(super) fn times(self, stamps: &[LogTime]) -> Vec<Option<Timestamp>> {
        let zone = stamps.iter().find_map(|stamp| match stamp {
            LogTime::Zoned(_, offset) => Some(*offset),
            _ => None,
        });
        let zone = zone.unwrap_or(tz::Offset::UTC);
        let modified = self.modified.unwrap_or(Timestamp::UNIX_EPOCH);
        let ends = stamps.iter().rev().find_map(|stamp| match stamp {
            LogTime::Uptime(since) => Some(*since),
            _ => None,
        });
        let years = self.years(stamps, zone);
        let days = days(stamps, modified, zone);
        let mut places = years.into_iter().zip(days);
        stamps
            .iter()
            .map(|stamp| {
                let (year, day) = places.next()?;
                match *stamp {
                    LogTime::None => None,
                    LogTime::At(time) | LogTime::Zoned(time, _) => Some(time),
                    LogTime::Local(time) => zone.to_timestamp(time).ok(),
                    LogTime::Yearless { month, day, time } => at(year, month, day, time, zone),
                    LogTime::OfDay(time) => zone.to_timestamp(day?.to_datetime(time)).ok(),
                    LogTime::Uptime(since) => modified
                        .checked_sub(ends?)
                        .and_then(|start| start.checked_add(since))
                        .ok(),
                }
            })
            .collect()
    }

    /// The year of each time without one: the first as given, or else so that none is later than the
    /// file.
    fn years(self, stamps: &[LogTime], zone: tz::Offset) -> Vec<i16> {
        let modified = self.modified.unwrap_or(Timestamp::UNIX_EPOCH);
        let year = zone.to_datetime(modified).year();
        // One day of tolerance for the zone of the log.
        let grace = modified
            .checked_add(SignedDuration::from_hours(24))
            .unwrap_or(modified);
        let is_future = |month, day, time| {
            at(year, month, day, time, zone).is_some_and(|moment| moment > grace)
        };
        let mut turn = 0;
        let mut before: Option<(i8, bool)> = None;
        let mut latest = None;
        let turns: Vec<i16> = stamps
            .iter()
            .map(|stamp| {
                if let LogTime::Yearless { month, day, time } = *stamp {
                    let future = is_future(month, day, time);
                    if let Some((last, was_future)) = before {
                        let step: i8 = month - last;
                        // Forward, but past the end of the file: lines of the year before.
                        let is_back = step >= NEW_YEAR && future && !was_future;
                        turn += i16::from(step <= -NEW_YEAR);
                        turn -= i16::from(is_back && self.first.is_none());
                    }
                    before = Some((month, future));
                    latest = latest.max(Some((turn, month, day, time)));
                }
                turn
            })
            .collect();
        let first = self.first.unwrap_or_else(|| {
            let future = latest.is_some_and(|(_, month, day, time)| is_future(month, day, time));
            year - i16::from(future) - latest.map_or(0, |(turn, ..)| turn)
        });
        turns
            .into_iter()
            .map(|turn| first.saturating_add(turn))
            .collect()
    }
}

/// The date of each time of day: the last is that of the file.
fn days(stamps: &[LogTime], modified: Timestamp, zone: tz::Offset) -> Vec<Option<civil::Date>> {
    let mut turn = 0_i32;
    let mut before = None;
    let turns: Vec<i32> = stamps
        .iter()
        .map(|stamp| {
            if let LogTime::OfDay(time) = *stamp {
                let is_next = before.is_some_and(|before: civil::Time| {
                    before.duration_since(time) >= SignedDuration::from_hours(NEXT_DAY)
                });
                turn += i32::from(is_next);
                before = Some(time);
            }
            turn
        })
        .collect();
    let end = zone.to_datetime(modified);
    let is_yesterday = before.is_some_and(|last| last > end.time());
    let last = turn + i32::from(is_yesterday);
    turns
        .into_iter()
        .map(|turn| {
            let back = SignedDuration::from_hours(24) * (last - turn);
            end.date().checked_sub(back).ok()
        })
        .collect()
}

/// February 29 counts as February 28 in a year without it.
fn at(year: i16, month: i8, day: i8, time: civil::Time, zone: tz::Offset) -> Option<Timestamp> {
    let date = civil::Date::new(year, month, day)
        .or_else(|_| civil::Date::new(year, month, day - 1))
        .ok()?;
    zone.to_timestamp(date.to_datetime(time)).ok()
}

/// The time from `earlier` to `later`; zero if `later` is not later.
pub(super) fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::time_form::split_time;

    fn times(calendar: Calendar, lines: &[&str]) -> Vec<String> {
        let stamps: Vec<LogTime> = lines.iter().map(|line| split_time(line).0).collect();
        let times = calendar.times(&stamps);
        times
            .iter()
            .map(|time| time.map(|time| time.to_string()).unwrap_or_default())
            .collect()
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
        let expected = [
            "2024-02-29T00:00:00Z",
            "2024-12-31T23:59:59Z",
            "2025-01-01T00:00:01Z",
        ];
        assert_eq!(times(calendar, &lines), expected);
    }

    #[test]
    fn the_year_follows_from_the_file_s_own_time() {
        let of = |modified: &str, lines: &[&str]| {
            let modified = Some(modified.parse().unwrap());
            let calendar = Calendar {
                first: None,
                modified,
            };
            times(calendar, lines)[0][..4].to_owned()
        };
        let over = ["Dec 30 10:00:00 x", "Jan  2 10:00:00 x"];
        assert_eq!(of("2026-01-03T00:00:00Z", &over), "2025");
        assert_eq!(of("2026-01-03T00:00:00Z", &over[..1]), "2025");
        assert_eq!(of("2026-12-30T10:00:00Z", &over[..1]), "2026");
        // The file was copied years later. Its modification time is all that is known.
        assert_eq!(of("2030-06-01T00:00:00Z", &over), "2029");
        let newest_first = ["Jan  2 10:00:00 x", "Dec 30 10:00:00 x"];
        assert_eq!(of("2026-01-03T00:00:00Z", &newest_first), "2026");
    }

    #[test]
    fn a_named_zone_counts_for_lines_without_one() {
        let calendar = Calendar {
            first: Some(2026),
            modified: None,
        };
        let lines = [
            "Mar  8 10:00:00 x",
            "2026-03-08T10:00:05+01:00 x",
            "RRQ",
            "2026-03-08 10:00:06 x",
        ];
        let expected = [
            "2026-03-08T09:00:00Z",
            "2026-03-08T09:00:05Z",
            "",
            "2026-03-08T09:00:06Z",
        ];
        assert_eq!(times(calendar, &lines), expected);
    }

    #[test]
    fn times_of_day_and_uptimes_end_with_the_file() {
        let calendar = Calendar {
            first: None,
            modified: Some("2026-03-08T00:30:00Z".parse().unwrap()),
        };
        let lines = ["23:59:58.5 IP x", "00:00:01.5 IP x"];
        let expected = ["2026-03-07T23:59:58.5Z", "2026-03-08T00:00:01.5Z"];
        assert_eq!(times(calendar, &lines), expected);
        let lines = ["[   10.5] h x", "[   70.5] h x"];
        let expected = ["2026-03-08T00:29:00Z", "2026-03-08T00:30:00Z"];
        assert_eq!(times(calendar, &lines), expected);
    }
}
