//! The clock of a 7940 or 7960: an abbreviation for the offset, and the rule of daylight saving time,
//! which other phones have in their firmware.

use std::fmt;

use jiff::{
    civil::{DateTime, Weekday},
    tz::{Offset, TimeZone},
};

use super::time_zone::{ZoneRule, rule_of, start_of};

/// The values of `time_zone` in P0S3-8-12-00, with their minutes east of UTC.
const ZONES: &[(i32, &str)] = &[
    (-720, "IDL"),
    (-660, "NT"),
    (-600, "AHST"),
    (-570, "IMT"),
    (-540, "YST"),
    (-480, "PST"),
    (-420, "MST"),
    (-360, "CST"),
    (-300, "EST"),
    (-240, "AST"),
    (-210, "NST"),
    (-180, "BST"),
    (-120, "AT"),
    (-60, "WAT"),
    (0, "GMT"),
    (60, "CET"),
    (120, "EET"),
    (180, "BT"),
    (210, "IT"),
    (240, "ZP4"),
    (270, "AFG"),
    (300, "ZP5"),
    (330, "IST"),
    (360, "ZP6"),
    (390, "SUM"),
    (420, "WAST"),
    (480, "HST"),
    (540, "JST"),
    (570, "CAST"),
    (600, "EAST"),
    (660, "EADT"),
    (720, "NZST"),
];

/// The years in which a rule must hold: a last Sunday is the fourth or the fifth.
const YEARS: i16 = 12;

/// The week of a rule that means the last one of the month.
const LAST_WEEK: i8 = 8;

/// The settings of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) zone: &'static str,
    pub(super) daylight: Option<Daylight>,
}

/// Daylight saving time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Daylight {
    /// Minutes that it adds.
    pub(super) minutes: i32,
    pub(super) start: Change,
    pub(super) stop: Change,
}

/// When the clock changes, each year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    month: i8,
    week: i8,
    weekday: Weekday,
    hour: i8,
    minute: i8,
}

impl Change {
    pub(super) fn month(self) -> &'static str {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let at = usize::try_from(self.month - 1).unwrap_or_default();
        MONTHS.get(at).copied().unwrap_or_default()
    }

    pub(super) fn weekday(self) -> &'static str {
        match self.weekday {
            Weekday::Monday => "Monday",
            Weekday::Tuesday => "Tuesday",
            Weekday::Wednesday => "Wednesday",
            Weekday::Thursday => "Thursday",
            Weekday::Friday => "Friday",
            Weekday::Saturday => "Saturday",
            Weekday::Sunday => "Sunday",
        }
    }

    /// 1 to 4, or 8 for the last one of the month.
    pub(super) fn week(self) -> String {
        self.week.to_string()
    }

    /// The local time before the change: `02/00`.
    pub(super) fn time(self) -> String {
        format!("{:02}/{:02}", self.hour, self.minute)
    }
}

/// Why a zone has no clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClockError {
    /// The rule behind this name is not known.
    Doubtful,
    /// The 7940 and 7960 have no such offset or rule.
    NoCounterpart,
}

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Doubtful => {
                "a 7940 or 7960 needs the rule of daylight saving time, which is not known for \
                 this name: expected an IANA name such as Europe/Paris"
            }
            Self::NoCounterpart => {
                "a 7940 or 7960 cannot show the time of this zone: expected another zone with \
                 nearly the same time"
            }
        })
    }
}

/// The clock of a zone, by its IANA name or that of other phones, from `year` on.
pub(super) fn clock(name: &str, year: i16) -> Result<Clock, ClockError> {
    let zone = match rule_of(name) {
        ZoneRule::Iana(zone) => TimeZone::get(zone).map_err(|_| ClockError::NoCounterpart)?,
        ZoneRule::Fixed(minutes) => Offset::from_seconds(minutes * 60)
            .map_err(|_| ClockError::NoCounterpart)?
            .to_time_zone(),
        ZoneRule::Unknown => return Err(ClockError::Doubtful),
    };
    let changes = changes(&zone, year);
    let standard = changes
        .iter()
        .map(|change| change.before.min(change.after))
        .min()
        .unwrap_or_else(|| zone.to_offset(start_of(year)).seconds() / 60);
    let (_, abbreviation) = ZONES
        .iter()
        .find(|(minutes, _)| *minutes == standard)
        .ok_or(ClockError::NoCounterpart)?;
    let (starts, stops): (Vec<_>, Vec<_>) = changes
        .iter()
        .partition(|change| change.after > change.before);
    let daylight = match starts.first() {
        None => None,
        Some(first) => Some(Daylight {
            minutes: first.after - first.before,
            start: every_year(&starts)?,
            stop: every_year(&stops)?,
        }),
    };
    Ok(Clock {
        zone: abbreviation,
        daylight,
    })
}

/// One change of the clock.
#[derive(Debug)]
struct OneChange {
    /// Local time before it.
    local: DateTime,
    /// Minutes east of UTC.
    before: i32,
    after: i32,
}

fn changes(zone: &TimeZone, year: i16) -> Vec<OneChange> {
    let mut offset = zone.to_offset(start_of(year));
    let end = start_of(year.saturating_add(YEARS));
    let mut changes = Vec::new();
    for change in zone.following(start_of(year)) {
        if change.timestamp() >= end {
            break;
        }
        let (before, after) = (offset.seconds() / 60, change.offset().seconds() / 60);
        if before != after {
            changes.push(OneChange {
                local: offset.to_datetime(change.timestamp()),
                before,
                after,
            });
        }
        offset = change.offset();
    }
    changes
}

/// The rule of changes of which there is one in each year.
fn every_year(changes: &[&OneChange]) -> Result<Change, ClockError> {
    let rule = || {
        let first = changes.first()?.local;
        let is_same = |change: &&&OneChange| {
            let local = change.local;
            (local.month(), local.weekday(), local.time())
                == (first.month(), first.weekday(), first.time())
        };
        let is_yearly = changes.len() == usize::try_from(YEARS).ok()?;
        if !is_yearly || !changes.iter().all(|change| is_same(&change)) {
            return None;
        }
        let week = |change: &OneChange| (change.local.day() - 1) / 7 + 1;
        let is_last =
            |change: &&OneChange| change.local.day() + 7 > change.local.date().days_in_month();
        let week = if changes.iter().all(is_last) {
            LAST_WEEK
        } else {
            let first = week(changes.first()?);
            let same = changes.iter().all(|change| week(change) == first);
            same.then_some(first)?
        };
        Some(Change {
            month: first.month(),
            week,
            weekday: first.weekday(),
            hour: first.hour(),
            minute: first.minute(),
        })
    };
    rule().ok_or(ClockError::NoCounterpart)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> String {
        match clock(name, 2026) {
            Err(error) => format!("{error:?}"),
            Ok(Clock {
                zone,
                daylight: None,
            }) => zone.to_owned(),
            Ok(Clock {
                zone,
                daylight: Some(rule),
            }) => {
                let change = |change: &Change| {
                    let (month, week) = (change.month(), change.week());
                    format!("{month} {week} {} {}", change.weekday(), change.time())
                };
                let Daylight {
                    minutes,
                    start,
                    stop,
                } = rule;
                format!("{zone} {minutes}: {}, {}", change(&start), change(&stop))
            }
        }
    }

    #[test]
    fn rules_are_those_of_today() {
        let europe = "CET 60: March 8 Sunday 02/00, October 8 Sunday 03/00";
        for (name, expected) in [
            ("Europe/Vienna", europe),
            ("Europe/Paris", europe),
            ("W. Europe Standard/Daylight Time", europe),
            (
                "America/New_York",
                "EST 60: March 2 Sunday 02/00, November 1 Sunday 02/00",
            ),
            (
                "Europe/London",
                "GMT 60: March 8 Sunday 01/00, October 8 Sunday 02/00",
            ),
            (
                "Australia/Sydney",
                "EAST 60: October 1 Sunday 02/00, April 1 Sunday 03/00",
            ),
            (
                "Australia/Adelaide",
                "CAST 60: October 1 Sunday 02/00, April 1 Sunday 03/00",
            ),
            (
                "Pacific/Auckland",
                "NZST 60: September 8 Sunday 02/00, April 1 Sunday 03/00",
            ),
            (
                "America/St_Johns",
                "NST 60: March 2 Sunday 02/00, November 1 Sunday 02/00",
            ),
            (
                "Atlantic/Azores",
                "WAT 60: March 8 Sunday 00/00, October 8 Sunday 01/00",
            ),
            ("Asia/Tokyo", "JST"),
            ("Asia/Kolkata", "IST"),
            ("Asia/Taipei", "HST"),
            ("UTC", "GMT"),
            ("Hawaiian Standard Time", "AHST"),
            ("Romance Standard/Daylight Time", "Doubtful"),
            ("Asia/Kathmandu", "NoCounterpart"),
            ("Australia/Lord_Howe", "NoCounterpart"),
            ("Africa/Casablanca", "NoCounterpart"),
        ] {
            assert_eq!(text(name), expected, "{name}");
        }
    }

    /// Every zone that other phones can show has a clock here too.
    #[test]
    fn zones_of_other_phones_have_a_clock() {
        let mut found = 0;
        for name in jiff::tz::db().available() {
            if super::super::cisco_time_zone(name.as_str(), 2026).is_ok() {
                assert!(clock(name.as_str(), 2026).is_ok(), "{name}");
                found += 1;
            }
        }
        assert!(found > 300, "{found} zones have a clock");
    }
}
