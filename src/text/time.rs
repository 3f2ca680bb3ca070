//! Times and durations for people: local, with the zone.

use std::sync::OnceLock;

use jiff::{Timestamp, tz::TimeZone};

/// The system's time zone, or UTC if it is unknown. Every printed time shows the zone's name.
fn local() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(|| TimeZone::try_system().unwrap_or(TimeZone::UTC))
}

/// Date, time and zone: `2026-11-23 09:00:00 CET`.
pub(crate) fn date_time(at: Timestamp) -> String {
    date_time_in(at, local())
}

/// The time alone, for lines that follow one with a zone: `09:00:00`.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    at.to_zoned(local().clone())
        .strftime("%H:%M:%S")
        .to_string()
}

fn date_time_in(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

/// A duration in seconds: `1:02:03`.
pub(crate) fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_zone() {
        let at: Timestamp = "2026-11-23T08:00:00.5Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(date_time_in(at, &berlin), "2026-11-23 09:00:00 CET");
        assert_eq!(date_time_in(at, &TimeZone::UTC), "2026-11-23 08:00:00 UTC");
    }

    #[test]
    fn durations_have_hours_minutes_and_seconds() {
        assert_eq!(clock(3723), "1:02:03");
        assert_eq!(clock(-1), "0:00:00");
    }
}
