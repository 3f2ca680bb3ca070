//! Maps IANA time zones to Cisco's names by comparing UTC offsets.
//!
//! A name is chosen only if it has the same offset as the IANA zone during the whole year. The
//! name implies the rule: "Standard Time" is a fixed offset, "Standard/Daylight Time" follows the
//! rule of its country. If that rule has changed since the firmware was built (2012 to 2017), or
//! sources disagree on the offset, the behaviour of phones is unknown and the name is only
//! suggested.

use jiff::{Timestamp, civil, tz::TimeZone};

mod similar;

use similar::nearest_names;

/// The offset of a name.
#[derive(Debug, Clone, Copy)]
enum ZoneOffset {
    /// Minutes east of UTC, all year.
    Fixed(i32),
    /// As in this IANA zone.
    As(&'static str),
    /// About this many minutes east of UTC; the daylight rule is unknown.
    Doubtful(i32),
}

use ZoneOffset::{As, Doubtful, Fixed};

/// Every name of [`crate::phone::CISCO_TIME_ZONES`]. Of equal entries the first is chosen.
const CLOCKS: &[(&str, ZoneOffset)] = &[
    ("Dateline Standard Time", Fixed(-720)),
    ("Samoa Standard Time", Fixed(-660)),
    ("Hawaiian Standard Time", Fixed(-600)),
    ("Alaskan Standard/Daylight Time", As("America/Anchorage")),
    ("Pacific Standard/Daylight Time", As("America/Los_Angeles")),
    ("Mountain Standard/Daylight Time", As("America/Denver")),
    ("US Mountain Standard Time", Fixed(-420)),
    ("Central Standard/Daylight Time", As("America/Chicago")),
    // Mexico abolished daylight saving time in 2022.
    ("Mexico Standard/Daylight Time", Doubtful(-360)),
    ("Canada Central Standard Time", Fixed(-360)),
    ("SA Pacific Standard Time", Fixed(-300)),
    ("Eastern Standard/Daylight Time", As("America/New_York")),
    ("US Eastern Standard Time", Fixed(-300)),
    ("Atlantic Standard/Daylight Time", As("America/Halifax")),
    ("SA Western Standard Time", Fixed(-240)),
    ("Pacific SA Standard Time", Fixed(-240)),
    (
        "Newfoundland Standard/Daylight Time",
        As("America/St_Johns"),
    ),
    // Brazil abolished daylight saving time in 2019; Chile changed its rule.
    ("E. South America Standard/Daylight Time", Doubtful(-180)),
    ("SA Eastern Standard Time", Fixed(-180)),
    ("Pacific SA Daylight Time", Doubtful(-180)),
    ("Mid-Atlantic Standard/Daylight Time", Doubtful(-120)),
    ("Azores Standard/Daylight Time", As("Atlantic/Azores")),
    ("GMT Standard/Daylight Time", As("Europe/London")),
    ("Greenwich Standard Time", Fixed(0)),
    ("W. Europe Standard/Daylight Time", As("Europe/Berlin")),
    // Turkey abolished the change of clocks in 2016, and sources differ on this name: +60 or +120.
    ("GTB Standard/Daylight Time", Doubtful(120)),
    ("Egypt Standard/Daylight Time", Doubtful(120)),
    ("E. Europe Standard/Daylight Time", As("Europe/Athens")),
    // Sources differ on the next two names: +60 or +120.
    ("Romance Standard/Daylight Time", Doubtful(60)),
    ("Central Europe Standard/Daylight Time", Doubtful(60)),
    ("South Africa Standard Time", Fixed(120)),
    // Israel's rule dates from 2013.
    ("Jerusalem Standard/Daylight Time", Doubtful(120)),
    ("Saudi Arabia Standard Time", Fixed(180)),
    // Russia, Iran, Armenia and China no longer have daylight saving time.
    ("Russian Standard/Daylight Time", Doubtful(180)),
    ("Iran Standard/Daylight Time", Doubtful(210)),
    ("Caucasus Standard/Daylight Time", Doubtful(240)),
    ("Arabian Standard Time", Fixed(240)),
    ("Afghanistan Standard Time", Fixed(270)),
    ("West Asia Standard Time", Fixed(300)),
    ("Ekaterinburg Standard Time", Fixed(300)),
    ("India Standard Time", Fixed(330)),
    ("Central Asia Standard Time", Fixed(360)),
    ("SE Asia Standard Time", Fixed(420)),
    ("China Standard/Daylight Time", Doubtful(480)),
    ("Taipei Standard Time", Fixed(480)),
    ("Tokyo Standard Time", Fixed(540)),
    (
        "Cen. Australia Standard/Daylight Time",
        As("Australia/Adelaide"),
    ),
    ("AUS Central Standard Time", Fixed(570)),
    ("E. Australia Standard Time", Fixed(600)),
    ("AUS Eastern Standard/Daylight Time", As("Australia/Sydney")),
    ("West Pacific Standard Time", Fixed(600)),
    ("Tasmania Standard/Daylight Time", As("Australia/Hobart")),
    ("Central Pacific Standard Time", Fixed(660)),
    ("Fiji Standard Time", Fixed(720)),
    ("New Zealand Standard/Daylight Time", As("Pacific/Auckland")),
];

/// How many names are suggested if none matches.
const SUGGESTIONS: usize = 3;

/// Why a time zone has no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeZoneError {
    /// There is no such zone.
    #[error(
        "unknown time zone: expected an IANA name or one of the phones' names; similar: {}",
        nearest.join(", ")
    )]
    Unknown {
        /// Similar names.
        nearest: Vec<String>,
    },
    /// None of Cisco's names has its offsets.
    #[error(
        "in {year}, no time zone of the phones has the offsets of {zone}; to use one of the \
         nearest, give its name instead: {}",
        nearest.join(", ")
    )]
    NoCounterpart {
        /// The IANA zone.
        zone: String,
        /// The year of the comparison.
        year: i16,
        /// The names with the nearest offsets.
        nearest: Vec<&'static str>,
    },
}

/// Cisco's name for an IANA time zone, by its offsets in `year`. A name that is already Cisco's is
/// returned unchanged.
///
/// # Errors
///
/// The zone is unknown, or none of Cisco's names has its offsets.
pub fn cisco_time_zone(name: &str, year: i16) -> Result<&'static str, TimeZoneError> {
    let name = name.trim();
    let given = CLOCKS.iter().find(|(known, _)| *known == name);
    if let Some((known, _)) = given {
        return Ok(known);
    }
    let zone = TimeZone::get(name).map_err(|_| TimeZoneError::Unknown {
        nearest: nearest_names(name, CLOCKS.iter().map(|(known, _)| *known), SUGGESTIONS),
    })?;
    let is_reference =
        |clock: &ZoneOffset| matches!(clock, As(zone) if zone.eq_ignore_ascii_case(name));
    if let Some((known, _)) = CLOCKS.iter().find(|(_, clock)| is_reference(clock)) {
        return Ok(known);
    }
    let hours = hours(&zone, year);
    let same = |clock: &ZoneOffset| clock.hours(year).is_some_and(|other| other == hours);
    let found = CLOCKS.iter().find(|(_, clock)| same(clock));
    found.map(|(known, _)| *known).ok_or_else(|| {
        let mut nearest: Vec<_> = CLOCKS.iter().collect();
        nearest.sort_by_key(|(_, clock)| (clock.offset(year) - standard(&hours)).abs());
        TimeZoneError::NoCounterpart {
            zone: name.to_owned(),
            year,
            nearest: nearest[..SUGGESTIONS]
                .iter()
                .map(|(name, _)| *name)
                .collect(),
        }
    })
}

/// What is known about a zone's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZoneRule<'a> {
    /// That of this IANA zone.
    Iana(&'a str),
    /// Minutes east of UTC, all year.
    Fixed(i32),
    /// Only about where it is.
    Unknown,
}

/// The rule of a zone, by its IANA name or Cisco's.
pub(super) fn rule_of(name: &str) -> ZoneRule<'_> {
    let name = name.trim();
    match CLOCKS.iter().find(|(known, _)| *known == name) {
        None => ZoneRule::Iana(name),
        Some((_, As(zone))) => ZoneRule::Iana(zone),
        Some((_, Fixed(minutes))) => ZoneRule::Fixed(*minutes),
        Some((_, Doubtful(_))) => ZoneRule::Unknown,
    }
}

/// The offsets of a year: start and minutes east of UTC.
type Hours = Vec<(Timestamp, i32)>;

impl ZoneOffset {
    fn hours(self, year: i16) -> Option<Hours> {
        match self {
            Fixed(minutes) => Some(vec![(start_of(year), minutes)]),
            As(zone) => TimeZone::get(zone).ok().map(|zone| hours(&zone, year)),
            Doubtful(_) => None,
        }
    }

    /// Minutes east of UTC in winter.
    fn offset(self, year: i16) -> i32 {
        match self {
            Fixed(minutes) | Doubtful(minutes) => minutes,
            As(_) => self.hours(year).map_or(0, |hours| standard(&hours)),
        }
    }
}

/// Minutes east of UTC without daylight saving time.
fn standard(hours: &Hours) -> i32 {
    hours.iter().map(|(_, minutes)| *minutes).min().unwrap_or(0)
}

fn hours(zone: &TimeZone, year: i16) -> Hours {
    let start = start_of(year);
    let minutes = |seconds: i32| seconds / 60;
    let mut hours = vec![(start, minutes(zone.to_offset(start).seconds()))];
    let end = start_of(year.saturating_add(1));
    for change in zone.following(start).take_while(|c| c.timestamp() < end) {
        let now = minutes(change.offset().seconds());
        // Some changes concern only the abbreviation.
        if hours.last().is_none_or(|(_, before)| *before != now) {
            hours.push((change.timestamp(), now));
        }
    }
    hours
}

/// The start of a year in UTC, clamped to what jiff supports.
pub(super) fn start_of(year: i16) -> Timestamp {
    let date = civil::Date::new(year.clamp(1970, 9000), 1, 1).unwrap_or(civil::Date::MIN);
    TimeZone::UTC
        .to_timestamp(date.at(0, 0, 0, 0))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::CISCO_TIME_ZONES;

    #[test]
    fn table_is_complete_and_references_exist() {
        let names: Vec<_> = CLOCKS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, CISCO_TIME_ZONES);
        for (name, clock) in CLOCKS {
            let daylight = name.contains("Daylight");
            match clock {
                Fixed(_) => assert!(!daylight, "{name}"),
                As(zone) => {
                    assert!(daylight, "{name}");
                    let hours = hours(&TimeZone::get(zone).unwrap(), 2026);
                    assert_eq!(hours.len(), 3, "{name}: {zone} changes its clocks twice");
                }
                Doubtful(_) => assert!(daylight, "{name}"),
            }
        }
    }

    #[test]
    fn zones_map_to_the_name_with_their_offsets() {
        for (zone, name) in [
            ("Europe/Vienna", "W. Europe Standard/Daylight Time"),
            ("Europe/Paris", "W. Europe Standard/Daylight Time"),
            ("europe/london", "GMT Standard/Daylight Time"),
            ("Europe/Dublin", "GMT Standard/Daylight Time"),
            ("Europe/Helsinki", "E. Europe Standard/Daylight Time"),
            ("Europe/Istanbul", "Saudi Arabia Standard Time"),
            ("Europe/Moscow", "Saudi Arabia Standard Time"),
            ("Atlantic/Reykjavik", "Greenwich Standard Time"),
            ("UTC", "Greenwich Standard Time"),
            ("America/New_York", "Eastern Standard/Daylight Time"),
            ("US/Pacific", "Pacific Standard/Daylight Time"),
            ("America/Phoenix", "US Mountain Standard Time"),
            ("America/Regina", "Canada Central Standard Time"),
            ("America/Mexico_City", "Canada Central Standard Time"),
            ("America/Sao_Paulo", "SA Eastern Standard Time"),
            ("America/Bogota", "SA Pacific Standard Time"),
            ("America/St_Johns", "Newfoundland Standard/Daylight Time"),
            ("Asia/Kolkata", "India Standard Time"),
            ("Asia/Shanghai", "Taipei Standard Time"),
            ("Asia/Tokyo", "Tokyo Standard Time"),
            (
                "Australia/Adelaide",
                "Cen. Australia Standard/Daylight Time",
            ),
            ("Australia/Darwin", "AUS Central Standard Time"),
            ("Australia/Brisbane", "E. Australia Standard Time"),
            ("Australia/Melbourne", "AUS Eastern Standard/Daylight Time"),
            ("Australia/Hobart", "Tasmania Standard/Daylight Time"),
            ("Pacific/Auckland", "New Zealand Standard/Daylight Time"),
            (
                "Romance Standard/Daylight Time",
                "Romance Standard/Daylight Time",
            ),
        ] {
            assert_eq!(cisco_time_zone(zone, 2026), Ok(name), "{zone}");
        }
    }

    #[test]
    fn zone_without_counterpart_is_rejected_with_suggestions() {
        for (zone, suggested) in [
            ("Asia/Kathmandu", "India Standard Time"),
            ("Asia/Tehran", "Iran Standard/Daylight Time"),
            ("Africa/Cairo", "Egypt Standard/Daylight Time"),
            ("Asia/Jerusalem", "Jerusalem Standard/Daylight Time"),
            ("Africa/Casablanca", "GMT Standard/Daylight Time"),
            ("Australia/Lord_Howe", "E. Australia Standard Time"),
        ] {
            match cisco_time_zone(zone, 2026) {
                Err(TimeZoneError::NoCounterpart { nearest, .. }) => {
                    let about: Vec<_> =
                        CLOCKS.iter().filter(|(n, _)| nearest.contains(n)).collect();
                    assert_eq!(about.len(), SUGGESTIONS);
                    let suggested = CLOCKS.iter().find(|(n, _)| *n == suggested).unwrap();
                    let offset = suggested.1.offset(2026);
                    assert!(
                        about
                            .iter()
                            .any(|(_, c)| (c.offset(2026) - offset).abs() <= 30),
                        "{zone}: {nearest:?}"
                    );
                }
                other => panic!("{zone}: {other:?}"),
            }
        }
    }

    #[test]
    fn misspelt_zone_gets_similar_names() {
        for (wrong, right) in [
            ("Viena", "Europe/Vienna"),
            ("Europe/Pariss", "Europe/Paris"),
        ] {
            match cisco_time_zone(wrong, 2026) {
                Err(TimeZoneError::Unknown { nearest }) => {
                    assert!(nearest.iter().any(|name| name == right), "{nearest:?}");
                }
                other => panic!("{wrong}: {other:?}"),
            }
        }
    }

    #[test]
    fn part_or_variant_of_a_phone_name_gets_the_whole_name() {
        for (wrong, right) in [
            (
                "W. Europe Standard/Daylight",
                "W. Europe Standard/Daylight Time",
            ),
            (
                "W. Europe Standard Time",
                "W. Europe Standard/Daylight Time",
            ),
            (
                "w. europe standard/daylight time",
                "W. Europe Standard/Daylight Time",
            ),
            ("W Europe", "W. Europe Standard/Daylight Time"),
            ("W. Europe Stan", "W. Europe Standard/Daylight Time"),
            ("Eastern Time", "Eastern Standard/Daylight Time"),
            ("New Zealand", "New Zealand Standard/Daylight Time"),
            ("Tokyo Standard", "Tokyo Standard Time"),
            (
                "South America Standard Time",
                "E. South America Standard/Daylight Time",
            ),
            ("Romance", "Romance Standard/Daylight Time"),
        ] {
            match cisco_time_zone(wrong, 2026) {
                Err(TimeZoneError::Unknown { nearest }) => {
                    assert_eq!(nearest.first().map(String::as_str), Some(right), "{wrong}");
                    assert!(nearest.len() <= SUGGESTIONS);
                }
                other => panic!("{wrong}: {other:?}"),
            }
        }
    }

    /// The chosen name has the offsets of the zone, for every zone.
    #[test]
    fn every_zone_has_the_offsets_of_its_name() {
        let mut found = 0;
        for name in jiff::tz::db().available() {
            let zone = TimeZone::get(name.as_str()).unwrap();
            let Ok(chosen) = cisco_time_zone(name.as_str(), 2026) else {
                continue;
            };
            let (_, clock) = CLOCKS.iter().find(|(n, _)| *n == chosen).unwrap();
            assert_eq!(clock.hours(2026), Some(hours(&zone, 2026)), "{name}");
            found += 1;
        }
        assert!(found > 300, "{found} zones have a name");
    }
}
