//! From an IANA time zone to the name that a phone knows, by comparing what clocks do.
//!
//! A name is chosen only when, through the whole year, it gives the hour that the zone has.
//! What a name makes of the clock is taken from the name: "Standard Time" is a fixed offset,
//! "Standard/Daylight Time" follows the rule of its country. Where that rule has changed since
//! the firmware was made (2012 to 2017), or where sources do not agree on the offset, nobody
//! can tell what the phone does, and the name is only ever suggested.

use jiff::{Timestamp, civil, tz::TimeZone};

/// What a phone's clock does under a name.
#[derive(Debug, Clone, Copy)]
enum ClockRule {
    /// Minutes east of Greenwich, all year.
    FixedOffset(i32),
    /// SameAs in this IANA zone.
    SameAs(&'static str),
    /// About so many minutes east of Greenwich; the daylight rule is not known.
    Uncertain(i32),
}

use ClockRule::{FixedOffset, SameAs, Uncertain};

/// Every name of [`crate::phone::CISCO_TIME_ZONES`]. Of two that do the same the first is chosen.
const CLOCK_RULES: &[(&str, ClockRule)] = &[
    ("Dateline Standard Time", FixedOffset(-720)),
    ("Samoa Standard Time", FixedOffset(-660)),
    ("Hawaiian Standard Time", FixedOffset(-600)),
    (
        "Alaskan Standard/Daylight Time",
        SameAs("America/Anchorage"),
    ),
    (
        "Pacific Standard/Daylight Time",
        SameAs("America/Los_Angeles"),
    ),
    ("Mountain Standard/Daylight Time", SameAs("America/Denver")),
    ("US Mountain Standard Time", FixedOffset(-420)),
    ("Central Standard/Daylight Time", SameAs("America/Chicago")),
    // Mexico gave its daylight time up in 2022.
    ("Mexico Standard/Daylight Time", Uncertain(-360)),
    ("Canada Central Standard Time", FixedOffset(-360)),
    ("SA Pacific Standard Time", FixedOffset(-300)),
    ("Eastern Standard/Daylight Time", SameAs("America/New_York")),
    ("US Eastern Standard Time", FixedOffset(-300)),
    ("Atlantic Standard/Daylight Time", SameAs("America/Halifax")),
    ("SA Western Standard Time", FixedOffset(-240)),
    ("Pacific SA Standard Time", FixedOffset(-240)),
    (
        "Newfoundland Standard/Daylight Time",
        SameAs("America/St_Johns"),
    ),
    // Brazil gave it up in 2019; Chile changed its rule.
    ("E. South America Standard/Daylight Time", Uncertain(-180)),
    ("SA Eastern Standard Time", FixedOffset(-180)),
    ("Pacific SA Daylight Time", Uncertain(-180)),
    ("Mid-Atlantic Standard/Daylight Time", Uncertain(-120)),
    ("Azores Standard/Daylight Time", SameAs("Atlantic/Azores")),
    ("GMT Standard/Daylight Time", SameAs("Europe/London")),
    ("Greenwich Standard Time", FixedOffset(0)),
    ("W. Europe Standard/Daylight Time", SameAs("Europe/Berlin")),
    // Turkey gave it up in 2016, and lists give this name +60 and +120.
    ("GTB Standard/Daylight Time", Uncertain(120)),
    ("Egypt Standard/Daylight Time", Uncertain(120)),
    ("E. Europe Standard/Daylight Time", SameAs("Europe/Athens")),
    // Lists give these two +60 and +120.
    ("Romance Standard/Daylight Time", Uncertain(60)),
    ("Central Europe Standard/Daylight Time", Uncertain(60)),
    ("South Africa Standard Time", FixedOffset(120)),
    // Israel's rule is of 2013.
    ("Jerusalem Standard/Daylight Time", Uncertain(120)),
    ("Saudi Arabia Standard Time", FixedOffset(180)),
    // Russia, Iran, Armenia and China have none any more.
    ("Russian Standard/Daylight Time", Uncertain(180)),
    ("Iran Standard/Daylight Time", Uncertain(210)),
    ("Caucasus Standard/Daylight Time", Uncertain(240)),
    ("Arabian Standard Time", FixedOffset(240)),
    ("Afghanistan Standard Time", FixedOffset(270)),
    ("West Asia Standard Time", FixedOffset(300)),
    ("Ekaterinburg Standard Time", FixedOffset(300)),
    ("India Standard Time", FixedOffset(330)),
    ("Central Asia Standard Time", FixedOffset(360)),
    ("SE Asia Standard Time", FixedOffset(420)),
    ("China Standard/Daylight Time", Uncertain(480)),
    ("Taipei Standard Time", FixedOffset(480)),
    ("Tokyo Standard Time", FixedOffset(540)),
    (
        "Cen. Australia Standard/Daylight Time",
        SameAs("Australia/Adelaide"),
    ),
    ("AUS Central Standard Time", FixedOffset(570)),
    ("E. Australia Standard Time", FixedOffset(600)),
    (
        "AUS Eastern Standard/Daylight Time",
        SameAs("Australia/Sydney"),
    ),
    ("West Pacific Standard Time", FixedOffset(600)),
    (
        "Tasmania Standard/Daylight Time",
        SameAs("Australia/Hobart"),
    ),
    ("Central Pacific Standard Time", FixedOffset(660)),
    ("Fiji Standard Time", FixedOffset(720)),
    (
        "New Zealand Standard/Daylight Time",
        SameAs("Pacific/Auckland"),
    ),
];

/// How many names are suggested where there is no right one.
const SUGGESTIONS: usize = 3;

/// Why there is no name for a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeZoneError {
    /// There is no such zone.
    #[error(
        "no time zone has that name: expected an IANA name; {} come nearest",
        nearest.join(", ")
    )]
    Unknown {
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// No name that phones know gives its hours.
    #[error(
        "in {year}, no time zone that phones know has the hours of {zone}; {} come nearest: to \
         take one of them, write it in its place",
        nearest.join(", ")
    )]
    NoCounterpart {
        /// The IANA zone.
        zone: String,
        /// The year that was looked at.
        year: i16,
        /// Names of about its offset.
        nearest: Vec<&'static str>,
    },
}

/// The name that phones know for an IANA time zone, with the hours that the zone has in
/// `year`. A name that phones know is taken as it is.
pub fn cisco_time_zone(name: &str, year: i16) -> Result<&'static str, TimeZoneError> {
    let name = name.trim();
    let given = CLOCK_RULES.iter().find(|(known, _)| *known == name);
    if let Some((known, _)) = given {
        return Ok(known);
    }
    let zone = TimeZone::get(name).map_err(|_| TimeZoneError::Unknown {
        nearest: similar(name),
    })?;
    let is_reference =
        |clock: &ClockRule| matches!(clock, SameAs(zone) if zone.eq_ignore_ascii_case(name));
    if let Some((known, _)) = CLOCK_RULES.iter().find(|(_, clock)| is_reference(clock)) {
        return Ok(known);
    }
    let hours = hours(&zone, year);
    let same = |clock: &ClockRule| clock.hours(year).is_some_and(|other| other == hours);
    let found = CLOCK_RULES.iter().find(|(_, clock)| same(clock));
    found.map(|(known, _)| *known).ok_or_else(|| {
        let mut nearest: Vec<_> = CLOCK_RULES.iter().collect();
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

/// What a clock does in a year: minutes east of Greenwich, and from when on.
type Hours = Vec<(Timestamp, i32)>;

impl ClockRule {
    fn hours(self, year: i16) -> Option<Hours> {
        match self {
            FixedOffset(minutes) => Some(vec![(start_of(year), minutes)]),
            SameAs(zone) => TimeZone::get(zone).ok().map(|zone| hours(&zone, year)),
            Uncertain(_) => None,
        }
    }

    /// Minutes east of Greenwich in winter.
    fn offset(self, year: i16) -> i32 {
        match self {
            FixedOffset(minutes) | Uncertain(minutes) => minutes,
            SameAs(_) => self.hours(year).map_or(0, |hours| standard(&hours)),
        }
    }
}

/// Minutes east of Greenwich without daylight time.
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
        // Zones change their charset too.
        if hours.last().is_none_or(|(_, before)| *before != now) {
            hours.push((change.timestamp(), now));
        }
    }
    hours
}

/// The beginning of a year in Greenwich; of the nearest one that jiff can tell.
fn start_of(year: i16) -> Timestamp {
    let date = civil::Date::new(year.clamp(1970, 9000), 1, 1).unwrap_or(civil::Date::MIN);
    TimeZone::UTC
        .to_timestamp(date.at(0, 0, 0, 0))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The IANA names that look most like a text.
fn similar(text: &str) -> Vec<String> {
    let wanted: Vec<char> = text.to_lowercase().chars().take(64).collect();
    let city = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let mut names: Vec<(usize, String)> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .map(|name| {
            let whole: Vec<char> = name.to_lowercase().chars().collect();
            let city: Vec<char> = city(&name).chars().collect();
            (
                distance(&wanted, &whole).min(distance(&wanted, &city)),
                name,
            )
        })
        .collect();
    names.sort();
    names.truncate(SUGGESTIONS);
    names.into_iter().map(|(_, name)| name).collect()
}

/// How many charset have to be changed, added or taken away (Levenshtein).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], above + 1);
        for (at, wanted) in other.iter().enumerate() {
            let cheapest = (row[at] + 1)
                .min(row[at + 1] + 1)
                .min(corner + usize::from(letter != wanted));
            corner = std::mem::replace(&mut row[at + 1], cheapest);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::CISCO_TIME_ZONES;

    #[test]
    fn the_table_has_every_name_and_every_reference_is_a_zone() {
        let names: Vec<_> = CLOCK_RULES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, CISCO_TIME_ZONES);
        for (name, clock) in CLOCK_RULES {
            let daylight = name.contains("Daylight");
            match clock {
                FixedOffset(_) => assert!(!daylight, "{name}"),
                SameAs(zone) => {
                    assert!(daylight, "{name}");
                    let hours = hours(&TimeZone::get(zone).unwrap(), 2026);
                    assert_eq!(hours.len(), 3, "{name}: {zone} changes its clocks twice");
                }
                Uncertain(_) => assert!(daylight, "{name}"),
            }
        }
    }

    #[test]
    fn zones_get_the_name_with_their_hours() {
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
    fn a_zone_that_no_phone_knows_is_refused_with_the_nearest() {
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
                    let about: Vec<_> = CLOCK_RULES
                        .iter()
                        .filter(|(n, _)| nearest.contains(n))
                        .collect();
                    assert_eq!(about.len(), SUGGESTIONS);
                    let suggested = CLOCK_RULES.iter().find(|(n, _)| *n == suggested).unwrap();
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
    fn a_misspelt_zone_is_told_what_it_looks_like() {
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

    /// Whatever is chosen gives the zone's hours, for every zone there is.
    #[test]
    fn every_zone_has_the_hours_of_its_name_or_none() {
        let mut found = 0;
        for name in jiff::tz::db().available() {
            let zone = TimeZone::get(name.as_str()).unwrap();
            let Ok(chosen) = cisco_time_zone(name.as_str(), 2026) else {
                continue;
            };
            let (_, clock) = CLOCK_RULES.iter().find(|(n, _)| *n == chosen).unwrap();
            assert_eq!(clock.hours(2026), Some(hours(&zone, 2026)), "{name}");
            found += 1;
        }
        assert!(found > 300, "{found} zones have a name");
    }
}
