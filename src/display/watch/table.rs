//! The list of phones as a table.

use std::time::Duration;

use crate::{
    discovery::watch::{ObservedPhone, PhoneList},
    display::style::Style,
    phone::{LoadName, Protocol},
    text::{escape, wrap},
    track::RunTime,
};

/// Disputed phones that are named below the table.
const MAX_DISPUTES: usize = 5;

pub(super) fn protocol(phone: &ObservedPhone) -> Option<Protocol> {
    phone.load.as_ref().and_then(LoadName::protocol)
}

/// The line in the colour of success if the phone runs SIP, and of a warning if its load is
/// unknown.
pub(super) fn colored(style: Style, phone: &ObservedPhone, line: &str) -> String {
    if phone.is_only_disputed {
        style.warn(line)
    } else if phone.is_silent {
        line.to_owned()
    } else {
        match protocol(phone) {
            Some(Protocol::Sip) => style.good(line),
            Some(Protocol::Sccp) => line.to_owned(),
            None => style.warn(line),
        }
    }
}

/// The list in 79 columns, at most `rows` of it: those seen last.
pub(super) fn table(now: RunTime, watch: &PhoneList, rows: usize, style: Style) -> Vec<String> {
    if watch.phones().len() == 0 {
        return vec!["No phone detected yet.".to_owned()];
    }
    let mut phones: Vec<&ObservedPhone> = watch.phones().collect();
    let all = phones.len();
    if all > rows {
        phones.sort_by_key(|phone| std::cmp::Reverse(phone.last_seen));
        phones.truncate(rows);
        phones.sort_by_key(|phone| phone.mac);
    }
    let mut lines = vec![format!(
        "{:<12} {:<15} {:<7} {:<19} {:<6} {:<6} {:>4} {:>3}",
        "MAC", "address", "model", "load", "runs", "port", "VLAN", "ago"
    )];
    for phone in &phones {
        let dash = || "-".to_owned();
        let line = format!(
            "{:<12} {:<15} {:<7} {:<19} {:<6} {:<6} {:>4} {:>3}",
            phone.mac.to_string(),
            phone
                .address
                .map_or_else(dash, |address| address.to_string()),
            phone.model.map_or("-", |model| model.number),
            cut(phone.load.as_ref().map_or("-", LoadName::as_str), 19),
            if phone.is_only_disputed {
                "?".to_owned()
            } else if phone.is_silent {
                "silent".to_owned()
            } else {
                protocol(phone).map_or_else(dash, |protocol| protocol.to_string())
            },
            cut(phone.port.as_deref().unwrap_or("-"), 6),
            phone.vlan.map_or_else(dash, |vlan| vlan.to_string()),
            ago(now.saturating_sub(phone.last_seen)),
        );
        lines.push(colored(style, phone, &line));
    }
    let count = |wanted: Option<Protocol>| {
        let runs = |phone: &&ObservedPhone| {
            !phone.is_silent && !phone.is_only_disputed && protocol(phone) == wanted
        };
        watch.phones().filter(runs).count()
    };
    let is_silent = |phone: &&ObservedPhone| phone.is_silent && !phone.is_only_disputed;
    let silent = watch.phones().filter(is_silent).count();
    let disputed = watch
        .phones()
        .filter(|phone| phone.is_only_disputed)
        .count();
    let mut parts = Vec::new();
    for (number, words) in [
        (count(Some(Protocol::Sip)), "run SIP"),
        (count(Some(Protocol::Sccp)), "run SCCP"),
        (count(None), "unknown"),
        (silent, "silent"),
        (disputed, "disputed"),
        (all - phones.len(), "not shown"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    }
    let noun = if all == 1 { "phone" } else { "phones" };
    lines.push(format!("{all} {noun}: {}", parts.join(", ")));
    let mut disputes = phones.iter().filter_map(|phone| dispute(phone));
    let shown: Vec<String> = disputes.by_ref().take(MAX_DISPUTES).collect();
    for text in shown {
        lines.extend(wrap(&text, "", "  ").iter().map(|line| style.warn(line)));
    }
    match disputes.count() {
        0 => {}
        more => lines.push(style.warn(&format!("disputed: {more} more phones"))),
    }
    lines
}

/// Which host sent frames in the name of this phone.
pub(super) fn dispute(phone: &ObservedPhone) -> Option<String> {
    let host = phone.disputed?;
    let what = if phone.is_only_disputed {
        "and the phone itself was not detected"
    } else {
        "which changed nothing"
    };
    let phone = phone.mac.upper_hex();
    Some(format!(
        "disputed: the host {host} sent frames in the name of SEP{phone}, {what}"
    ))
}

/// The last table. Where no phone was detected, why that may be.
pub(super) fn closing(now: RunTime, watch: &PhoneList, style: Style) -> Vec<String> {
    if watch.phones().len() == 0 {
        return wrap(NO_PHONE, "", "");
    }
    table(now, watch, usize::MAX, style)
}

/// The end of a watch without phones.
const NO_PHONE: &str = "No phone detected. A Cisco switch does not forward CDP: listen at a direct \
    cable, an unmanaged switch, a mirror port, or the phone's PC port, on the interface that leads \
    there (--interface), for at least 2 minutes; phones send CDP once a minute.";

/// Escaped, and no wider than this.
fn cut(text: &str, width: usize) -> String {
    let text = escape(text);
    if text.chars().count() <= width {
        return text;
    }
    let mut short: String = text.chars().take(width - 1).collect();
    short.push('…');
    short
}

/// A duration in three columns: 59s, 59m, 99h, then days.
fn ago(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..360_000 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        discovery::watch::Fact,
        phone::{MacAddress, Model},
        track::EvidenceSource,
    };

    fn fact(last: u8, load: &str, port: &str) -> Fact {
        Fact {
            mac: MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, last]),
            source: EvidenceSource::Cdp,
            address: Some(std::net::Ipv4Addr::new(192, 168, 100, 200)),
            model: Model::by_number("7961-GE"),
            load: Some(LoadName::new(load)),
            port: Some(port.to_owned()),
            vlan: Some(4094),
            power: None,
            ttl: Some(Duration::from_mins(3)),
            disputed: None,
        }
    }

    #[test]
    fn frames_of_other_hosts_are_named_below_the_table_and_count_as_disputed() {
        let mut watch = PhoneList::default();
        let mut forged = fact(1, "SIP41.9-4-2SR3-1S", "Port 1");
        forged.disputed = Some(MacAddress::new([2, 0, 0, 0, 0, 9]));
        watch.apply(Duration::ZERO, &forged);
        watch.apply(Duration::ZERO, &fact(2, "SCCP41.8-5-2S", "Port 1"));
        forged.mac = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 2]);
        watch.apply(Duration::ZERO, &forged);
        let lines = table(Duration::ZERO, &watch, usize::MAX, Style::plain());
        assert!(
            lines.iter().all(|line| line.chars().count() <= 80),
            "{lines:#?}"
        );
        let text = lines.join(" ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "2 phones: 1 run SCCP, 1 disputed",
            "the host 020000000009 sent frames in the name of SEP001D45AABB01, and the phone itself",
            "the host 020000000009 sent frames in the name of SEP001D45AABB02, which changed nothing",
        ] {
            assert!(text.contains(part), "{part}: {lines:#?}");
        }
    }

    #[test]
    fn the_table_fits_80_columns_whatever_is_received() {
        let mut watch = PhoneList::default();
        let long = "SIP78xx.14-1-1SR1-0001-125-and-more-of-it";
        watch.apply(Duration::ZERO, &fact(1, long, "Port 1"));
        watch.apply(Duration::ZERO, &fact(2, "SCCP41.8-5-2S", "\x1b[2J…"));
        let lines = table(
            Duration::from_hours(2000),
            &watch,
            usize::MAX,
            Style::plain(),
        );
        for line in &lines {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(!line.contains('\x1b'), "{line}");
        }
        assert_eq!(lines.last().unwrap(), "2 phones: 1 run SIP, 1 run SCCP");
    }

    #[test]
    fn a_small_screen_shows_those_seen_last() {
        let mut watch = PhoneList::default();
        for number in 0..10 {
            let now = Duration::from_secs(number.into());
            watch.apply(now, &fact(number, "SIP41.9-4-2SR3-1S", "Port 1"));
        }
        let lines = table(Duration::from_secs(9), &watch, 2, Style::plain());
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("001d45aabb08") && lines[2].starts_with("001d45aabb09"));
        assert_eq!(lines[3], "10 phones: 10 run SIP, 8 not shown");
    }

    #[test]
    fn a_watch_without_phones_ends_with_where_to_listen() {
        let lines = closing(Duration::ZERO, &PhoneList::default(), Style::plain());
        assert!(lines.iter().all(|line| line.len() <= 80), "{lines:?}");
        let text = lines.join(" ");
        assert!(
            text.starts_with("No phone detected. A Cisco switch"),
            "{text}"
        );
    }

    #[test]
    fn times_are_three_columns() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3599, "59m"),
            (7200, "2h"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
    }
}
