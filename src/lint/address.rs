//! Checks of addresses and host names.

use std::net::{Ipv4Addr, Ipv6Addr};

use roxmltree::Node;

use super::{findings::FindingList, value::quoted};
use crate::{diagnose::Severity, phone::is_host, text::edit_distance};

/// The proxy value of lines that register with the call manager.
pub(super) const USE_CALL_MANAGER: &str = "USECALLMANAGER";

/// Maximum number of wrong letters in a value that is meant to be [`USE_CALL_MANAGER`].
const MAX_WRONG_LETTERS: usize = 4;

/// What is wrong with an address.
#[derive(Debug, PartialEq, Eq)]
struct AddressFault {
    why: String,
    /// The address that is probably meant.
    meant: Option<String>,
    /// The port that was written after it.
    port: Option<String>,
}

/// Checks an address. `role` says whose it is: "the PBX".
pub(super) fn check(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    text: &str,
    severity: Severity,
    role: &str,
) {
    let name = format!("<{}>", node.tag_name().name());
    if let Some((message, cure)) = describe(&name, text, role) {
        findings.node(severity, node, "address", message, cure);
    }
}

/// Why the value of `name` is not the address of a host, and what to do; `None` if it is one.
pub(super) fn describe(name: &str, text: &str, role: &str) -> Option<(String, String)> {
    let fault = fault(text)?;
    let cure = match (fault.meant, fault.port) {
        (Some(meant), Some(port)) => {
            format!("Write {meant} here, and {port} into the element of the port")
        }
        (Some(meant), None) => format!("Write {meant}"),
        (None, _) => {
            format!("Write the IPv4 address of {role}, such as 192.0.2.10, or its host name")
        }
    };
    let message = format!(
        "{name} is {}, which is not the address of a host: {}",
        quoted(text),
        fault.why
    );
    Some((message, cure))
}

/// Checks a proxy, which is an address or [`USE_CALL_MANAGER`].
pub(super) fn check_proxy(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    text: &str,
    severity: Severity,
) {
    if text == USE_CALL_MANAGER {
        return;
    }
    let name = node.tag_name().name();
    let wrong = edit_distance(&text.to_ascii_uppercase(), USE_CALL_MANAGER);
    if wrong > MAX_WRONG_LETTERS || text.len() > 2 * USE_CALL_MANAGER.len() {
        check(findings, node, text, severity, "the PBX");
        return;
    }
    let severity = if wrong == 0 {
        Severity::Warning
    } else {
        severity
    };
    findings.node(
        severity,
        node,
        "address",
        format!(
            "<{name}> is {}: expected {USE_CALL_MANAGER}. The phone may take it for the name of \
             a host",
            quoted(text)
        ),
        format!("Write {USE_CALL_MANAGER}"),
    );
}

/// `None` if the text is the address or the name of a host.
fn fault(text: &str) -> Option<AddressFault> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<Ipv6Addr>().is_ok() {
        return None;
    }
    let fault = |why: String| AddressFault {
        why,
        meant: None,
        port: None,
    };
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        let why = if address.is_loopback() {
            "it is the phone itself"
        } else if is_host(text) {
            return None;
        } else {
            "no host has it"
        };
        return Some(fault(why.to_owned()));
    }
    let without_look_alikes = digits_for_letters(text);
    if is_host(text) {
        return without_look_alikes.map(|meant| AddressFault {
            meant: Some(meant),
            ..fault("a letter stands for a digit".to_owned())
        });
    }
    let (meant, port) = host_within(text);
    Some(AddressFault {
        why: why(text),
        meant: meant.or(without_look_alikes),
        port,
    })
}

/// Why the text is not a host.
fn why(text: &str) -> String {
    let numbers: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    if text.contains("://") || text.starts_with("sip:") {
        return "it is a URL".to_owned();
    }
    if let Some(bad) = text.chars().find(|c| c.is_whitespace()) {
        return match bad {
            ' ' => "it contains a space".to_owned(),
            bad => format!("it contains the character U+{:04X}", u32::from(bad)),
        };
    }
    if numbers.iter().all(is_number) {
        if numbers.iter().any(|part| part.is_empty()) {
            return "a number is missing beside a dot".to_owned();
        }
        if numbers.len() != 4 {
            return format!(
                "an IPv4 address has four numbers, this has {}",
                numbers.len()
            );
        }
        let too_large = |part: &&&str| part.parse::<u8>().is_err();
        return match numbers.iter().find(too_large) {
            Some(part) => format!("{} is more than 255", part.trim_start_matches('0')),
            None => "a number begins with 0".to_owned(),
        };
    }
    let bad = text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !".-".contains(*c));
    match bad {
        Some(':') => "a port has an element of its own".to_owned(),
        Some(bad) if bad.is_ascii_graphic() => format!("no host name contains '{bad}'"),
        Some(bad) => format!("it contains the character U+{:04X}", u32::from(bad)),
        None if numbers.iter().any(|part| part.is_empty()) => {
            "a part is missing beside a dot".to_owned()
        }
        None if numbers.last().is_some_and(is_number) => {
            "the last part of a host name is not a number".to_owned()
        }
        None => "a part of it is too long, or begins or ends with '-'".to_owned(),
    }
}

/// The host within a URL, before a port, or without superfluous characters, and the port.
fn host_within(text: &str) -> (Option<String>, Option<String>) {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.strip_prefix("sip:").unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split(['/', ';', '?']).next().unwrap_or_default();
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    let is_port = |port: &&str| !port.is_empty() && port.parse::<u16>().is_ok();
    let spaceless: String = host.chars().filter(|c| !c.is_whitespace()).collect();
    let is_dotted =
        |text: &str| text.contains('.') && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let dotted = if is_dotted(&spaceless) {
        spaceless
    } else {
        host.to_owned()
    };
    let tidy = dotted.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let with_dots = tidy.replace(',', ".");
    let tidy = if is_dotted(&with_dots) {
        without_zeros(&with_dots)
    } else {
        tidy.to_owned()
    };
    // A word between special characters is more likely a placeholder.
    let is_meant = is_host(&tidy) && (tidy.contains('.') || text.contains(':'));
    let meant = is_meant.then_some(tidy);
    (meant, port.filter(is_port).map(str::to_owned))
}

/// `192.0.2.010` without the zeros before a number.
fn without_zeros(dotted: &str) -> String {
    let parts: Vec<_> = dotted
        .split('.')
        .map(|part| match part.trim_start_matches('0') {
            "" if !part.is_empty() => "0",
            number => number,
        })
        .collect();
    parts.join(".")
}

/// The IPv4 address that results if letters that look like digits are replaced, such as the O in
/// `192.O.2.10`.
fn digits_for_letters(text: &str) -> Option<String> {
    let replaced: String = text
        .chars()
        .map(|c| match c {
            'O' | 'o' => '0',
            'l' | 'I' | 'i' => '1',
            other => other,
        })
        .collect();
    let is_address = replaced.parse::<Ipv4Addr>().is_ok();
    (is_address && replaced != text && is_host(&replaced)).then_some(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_no_fault() {
        for text in [
            "198.51.100.7",
            "pbx",
            "PBX-1.example.org",
            "2001:db8::1",
            "[2001:db8::1]",
            "cucm1",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn the_meant_address_is_proposed_if_it_is_within_the_value() {
        let address = Some("198.51.100.7");
        for (text, meant, port) in [
            ("http://198.51.100.7/", address, None),
            (
                "https://pbx.example.org:5060/x",
                Some("pbx.example.org"),
                Some("5060"),
            ),
            ("sip:198.51.100.7", address, None),
            ("200@198.51.100.7", address, None),
            ("198.51.100.7:5062", address, Some("5062")),
            ("pbx:5062", Some("pbx"), Some("5062")),
            ("198.51.100.7/24", address, None),
            ("198.51.100.7.", address, None),
            ("198,51,100,7", address, None),
            ("198.51. 100.7", address, None),
            ("198.51.100.007", address, None),
            ("198.51.l00.7", address, None),
            ("I98.51.1OO.7", address, None),
            ("\"198.51.100.7\"", address, None),
            ("<198.51.100.7>", address, None),
            ("198.51.100", None, None),
            ("198.51.100.7.8", None, None),
            ("198.51.100.400", None, None),
            ("198.51..7", None, None),
            ("0.0.0.0", None, None),
            ("127.0.0.1", None, None),
            ("239.1.1.1", None, None),
            ("_PBX_", None, None),
            ("!!!PBX!!!", None, None),
            ("ADDRESS OF PBX", None, None),
            ("dirección", None, None),
            ("pbx-.example.org", None, None),
        ] {
            let found = fault(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found.meant.as_deref(), meant, "{text}: {found:?}");
            assert_eq!(found.port.as_deref(), port, "{text}");
            assert!(!found.why.is_empty());
        }
    }
}
