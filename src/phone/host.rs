//! The form of values that inventories and configurations have in common.

use std::net::Ipv4Addr;

/// Maximum length of a host name (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 253;

/// Maximum length of one label of a host name.
const MAX_LABEL: usize = 63;

/// Whether the text is the IPv4 address of one host, or a host name.
///
/// The last label of a name is not a number (RFC 3696, section 2): `192.0.2` and `192.O.2.10` are
/// misspelled addresses.
#[must_use]
pub fn is_host(text: &str) -> bool {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast();
    }
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= MAX_HOST
        && text.split('.').all(is_label)
        && last.contains(|c: char| !c.is_ascii_digit())
}

/// Whether the text is a date format: `D`, `M` and `Y` (or `YY` for four digits) in any order,
/// separated by `/`, `-` or `.`. A trailing `A` means a 12-hour clock.
#[must_use]
pub fn is_date_format(text: &str) -> bool {
    let bare = text.strip_suffix(['A', 'a']).unwrap_or(text);
    ['/', '-', '.'].iter().any(|separator| {
        let mut parts: Vec<_> = bare.split(*separator).collect();
        parts.sort_unstable();
        parts == ["D", "M", "Y"] || parts == ["D", "M", "YY"]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_of_one_host_are_hosts() {
        for host in ["192.0.2.10", "pbx", "pbx-1.example.org", "3com", "a.b2"] {
            assert!(is_host(host), "{host}");
        }
        let long = "a".repeat(64);
        for text in [
            "",
            "192.0.2",
            "192.0.2.300",
            "192.O.2.10",
            "192.0.2.010",
            "192.0.2.10:5060",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "pbx.",
            "-pbx",
            "pbx_1",
            "the pbx",
            long.as_str(),
        ] {
            assert!(!is_host(text), "{text}");
        }
    }

    #[test]
    fn date_formats_have_day_month_and_year_once() {
        for text in ["D/M/Y", "M-D-YYA", "YY.M.Da"] {
            assert!(is_date_format(text), "{text}");
        }
        for text in ["", "DD.MM.YYYY", "D/M", "D/M.Y", "d/m/y", "D M Y"] {
            assert!(!is_date_format(text), "{text}");
        }
    }
}
