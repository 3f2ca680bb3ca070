//! Texts that a guide wants replaced: `YOURSIPSERVERHERE`, `[== SIP SERVER IP ==]`.

use std::net::Ipv6Addr;

/// Words that guides write in capitals, and nobody means.
const WORDS: &[&str] = &[
    "CHANGE-ME",
    "CHANGEME",
    "CHANGE_ME",
    "EXTENSION",
    "FIXME",
    "HOSTNAME",
    "IPADDRESS",
    "IP_ADDRESS",
    "PASSWD",
    "PASSWORD",
    "PLACEHOLDER",
    "REDACTED",
    "REPLACEME",
    "REPLACE_ME",
    "SECRET",
    "SERVERADDRESS",
    "SERVERIP",
    "SERVER_IP",
    "TBD",
    "TODO",
    "USERNAME",
];

/// What stands around a placeholder. One brace is none: `versionStamp` has such values.
const FRAMES: &[(&str, &str)] = &[
    ("[", "]"),
    ("{{", "}}"),
    ("${", "}"),
    ("##", "##"),
    ("%%", "%%"),
    ("__", "__"),
    ("<", ">"),
];

/// Whether the whole value is one. In a password any sign may be meant, so that fewer forms
/// count there.
pub(super) fn is_placeholder(value: &str, secret: bool) -> bool {
    let framed = |(open, close): &(&str, &str)| {
        value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inside| !inside.is_empty() && !is_ipv6(inside))
    };
    WORDS.contains(&value)
        || (!secret
            && WORDS
                .iter()
                .any(|word| is_verb(word) && word.eq_ignore_ascii_case(value)))
        || FRAMES.iter().any(framed)
        || is_shouted(value)
        || (!secret && (is_variable(value) || is_crossed_out(value)))
}

/// Words that mean the same in any case: nobody is called "changeme".
fn is_verb(word: &str) -> bool {
    word.starts_with("CHANGE") || word.starts_with("REPLACE") || word == "PLACEHOLDER"
}

/// `[2001:db8::1]` is an address.
fn is_ipv6(inside: &str) -> bool {
    inside.parse::<Ipv6Addr>().is_ok()
}

/// `YOURSIPSERVERHERE`, `FREEPBX SERVER IP GOES HERE`.
fn is_shouted(value: &str) -> bool {
    let shouted = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || " _-".contains(c);
    // Words such as WHERE and SPHERE end like that too.
    let here = value
        .strip_suffix("HERE")
        .is_some_and(|rest| rest.len() >= 4);
    let your = value.len() > "YOUR".len() && value.starts_with("YOUR");
    value.chars().all(shouted) && (here || your)
}

/// `$SERVICESURL`.
fn is_variable(value: &str) -> bool {
    value.strip_prefix('$').is_some_and(|name| {
        name.len() >= 3 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    })
}

/// `XXXX`, `x.x.x.x`.
fn is_crossed_out(value: &str) -> bool {
    let crosses = |part: &str| !part.is_empty() && part.chars().all(|c| c == 'x' || c == 'X');
    (value.len() >= 3 && crosses(value))
        || (value.split('.').count() == 4 && value.split('.').all(crosses))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guides_leave_to_be_replaced_is_found() {
        for value in [
            "PASSWORD",
            "YOURSIPSERVERHERE",
            "SSHUSERHERE",
            "CHANGEME",
            "[== SIP SERVER IP ==]",
            "[===FreePBX IP===]",
            "{{ extension }}",
            "${PASSWORD}",
            "###DOMAIN###",
            "__PASSWORD__",
            "%%EXT%%",
            "FREEPBX SERVER IP GOES HERE",
        ] {
            assert!(is_placeholder(value, true), "{value}");
            assert!(is_placeholder(value, false), "{value}");
        }
        for value in [
            "$SERVICESURL",
            "XXXX",
            "x.x.x.x",
            "xxx.xxx.xxx.xxx",
            "changeme",
        ] {
            assert!(is_placeholder(value, false), "{value}");
        }
    }

    #[test]
    fn what_people_mean_is_left_alone() {
        for value in [
            "",
            "x",
            "password",
            "[2001:db8::1]",
            "{Jan 01 2002 12:00:00}",
            "USECALLMANAGER",
            "192.0.2.10",
            "*97",
            "MyVOIP-Phone",
            "Reception",
            "WHERE",
            "HERE",
            "#",
            "##",
            "none",
            "EX60",
            "true",
            "s3cret$",
        ] {
            assert!(!is_placeholder(value, false), "{value}");
        }
        for secret in ["$ECRET", "xXxX", "changeme", "x.x.x.x"] {
            assert!(!is_placeholder(secret, true), "{secret}");
        }
    }
}
