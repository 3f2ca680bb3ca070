//! Numbers and durations of flags. A message names the range, the units and an example.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

use crate::tftp::TransferPorts;

/// Maximum number of fixed transfer ports: each is an open socket.
const MAX_TRANSFER_PORTS: u16 = 512;

/// A parser of whole numbers in `range`.
pub(super) fn number<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        text.parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (first, last) = (range.start(), range.end());
                format!("expected a whole number from {first} to {last}, such as {first}")
            })
    }
}

/// A parser of port numbers; 0 has the meaning that the flag's help gives.
pub(super) fn port(
    example: u16,
) -> impl Fn(&str) -> Result<u16, String> + Clone + Send + Sync + 'static {
    move |text| {
        text.parse()
            .map_err(|_| format!("expected a port number from 0 to 65535, such as {example}"))
    }
}

/// Parses the ports of transfers: 0, `30000` or `30000-30255`.
pub(super) fn transfer_ports(text: &str) -> Result<TransferPorts, String> {
    let error = "expected a port number from 0 to 65534 or a range of ports, such as 30000-30255";
    let (first, last) = text.split_once('-').unwrap_or((text, ""));
    let first: u16 = first.parse().map_err(|_| error)?;
    let last = if text.contains('-') {
        last.parse().ok().filter(|last| *last > first)
    } else {
        first.checked_add(1)
    };
    match (first, last) {
        (0, Some(1)) => Ok(TransferPorts::RANDOM),
        (1.., Some(last)) if last - first < MAX_TRANSFER_PORTS => Ok(TransferPorts {
            first,
            count: last - first + 1,
        }),
        (1.., Some(_)) => Err(format!("expected at most {MAX_TRANSFER_PORTS} ports")),
        _ => Err(error.to_owned()),
    }
}

/// Parses `90s`, `10m` or `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| {
            "expected a time of more than 0 in hours (h), minutes (m) and seconds (s), such as \
             90s, 10m or 1h30m"
                .to_owned()
        })
}

/// Parses `90s`, `10m`, `1h30m`, or 0 for no time.
pub(super) fn duration_or_none(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s" | "0m" | "0h") {
        return Ok(Duration::ZERO);
    }
    duration(text).map_err(|_| {
        "expected a time in hours (h), minutes (m) and seconds (s), such as 90s, 10m or 1h30m, or 0"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_a_number_names_its_range() {
        let parse = number(1..=1000_u16);
        assert_eq!(parse("1"), Ok(1));
        assert_eq!(parse("1000"), Ok(1000));
        for wrong in ["", "x", "0", "1001", "-1", "1.5", "99999999"] {
            let message = parse(wrong).unwrap_err();
            assert!(message.contains("whole number from 1 to 1000"), "{message}");
        }
    }

    #[test]
    fn the_message_of_a_port_names_its_range() {
        let parse = port(69);
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse("65535"), Ok(65535));
        for wrong in ["", "x", "65536", "-1"] {
            let message = parse(wrong).unwrap_err();
            assert!(
                message.ends_with("port number from 0 to 65535, such as 69"),
                "{message}"
            );
        }
    }

    #[test]
    fn a_duration_may_be_none_where_that_has_a_meaning() {
        for none in ["0", "0s"] {
            assert_eq!(duration_or_none(none), Ok(Duration::ZERO));
        }
        assert_eq!(duration_or_none("90s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "x", "10", "-5m"] {
            let message = duration_or_none(wrong).unwrap_err();
            assert!(message.contains("1h30m, or 0"), "{message}");
        }
    }

    #[test]
    fn the_message_of_a_duration_names_its_units_and_examples() {
        assert_eq!(duration("1h30m"), Ok(Duration::from_mins(90)));
        for wrong in ["", "x", "10", "0s", "-5m", "1d"] {
            let message = duration(wrong).unwrap_err();
            for part in ["minutes (m)", "more than 0", "1h30m"] {
                assert!(message.contains(part), "{message}");
            }
        }
    }
}
