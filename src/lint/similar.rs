//! Suggests a valid name for a misspelled one.

use crate::{phone::CISCO_TIME_ZONES, text::edit_distance};

/// The most similar time zone, if one is similar enough.
pub(super) fn time_zone(written: &str) -> Option<&'static str> {
    let wanted = stem(written);
    if wanted.is_empty() {
        return None;
    }
    CISCO_TIME_ZONES
        .iter()
        .map(|zone| (zone_distance(&wanted, &stem(zone)), *zone))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance * 3 <= wanted.chars().count())
        .map(|(_, zone)| zone)
}

/// The distance of two names. A name contained in the other counts as 1, such as
/// "South America" in "E. South America".
fn zone_distance(wanted: &str, zone: &str) -> usize {
    let part = wanted.len() > 4 && zone.contains(wanted);
    let distance = edit_distance(wanted, zone);
    if part { distance.min(1) } else { distance }
}

/// The letters of a name, without the words that all zones contain.
fn stem(zone: &str) -> String {
    zone.chars()
        .take(80)
        .collect::<String>()
        .to_lowercase()
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !matches!(*word, "standard" | "daylight" | "time"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_time_zones_are_recognized() {
        let cases = [
            ("Eastern Standard Time", "Eastern Standard/Daylight Time"),
            (
                "eastern standard/daylight time",
                "Eastern Standard/Daylight Time",
            ),
            (
                "Estern Standard/Daylight Time",
                "Eastern Standard/Daylight Time",
            ),
            (
                "South America Standard/Daylight Time",
                "E. South America Standard/Daylight Time",
            ),
            (
                "W.Europe Standard/Daylight Time",
                "W. Europe Standard/Daylight Time",
            ),
            (
                "AUS Eastern Standard Time",
                "AUS Eastern Standard/Daylight Time",
            ),
            ("GMT", "GMT Standard/Daylight Time"),
        ];
        for (written, meant) in cases {
            assert_eq!(time_zone(written), Some(meant), "{written}");
        }
        for written in [
            "",
            "America/Sao_Paulo",
            "CET",
            "Standard Time",
            "Mars/Olympus",
        ] {
            assert_eq!(time_zone(written), None, "{written}");
        }
    }
}
