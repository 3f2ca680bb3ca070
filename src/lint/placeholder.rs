//! Detects placeholders of guides, such as `YOURSIPSERVERHERE` or `[== SIP SERVER IP ==]`.

use std::net::Ipv6Addr;

/// Words that guides use as placeholders, in upper case.
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

/// Delimiters of placeholders. Single braces are not, because `versionStamp` uses them.
const FRAMES: &[(&str, &str)] = &[
    ("[", "]"),
    ("{{", "}}"),
    ("${", "}"),
    ("##", "##"),
    ("%%", "%%"),
    ("__", "__"),
    ("<", ">"),
];

/// Delimiters of placeholders around words. Passwords may have them, and numbers to dial do.
const WORD_FRAMES: &[(&str, &str)] = &[("#", "#"), ("!", "!"), ("_", "_"), ("%", "%"), ("*", "*")];

/// Whether the whole value is a placeholder. For passwords, fewer forms count, because they
/// may contain any character.
pub(super) fn is_placeholder(value: &str, secret: bool) -> bool {
    let framed = |(open, close): &(&str, &str)| {
        value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inside| !inside.is_empty() && !is_ipv6(inside))
    };
    let word_framed =
        |frame: &(&str, &str)| framed(frame) && value.contains(|c: char| c.is_ascii_alphabetic());
    WORDS.contains(&value)
        || (!secret
            && WORDS
                .iter()
                .any(|word| is_verb(word) && word.eq_ignore_ascii_case(value)))
        || FRAMES.iter().any(framed)
        || is_shouted(value)
        || (!secret && WORD_FRAMES.iter().any(word_framed))
        || (!secret && (is_variable(value) || is_crossed_out(value)))
}

/// Whether the word is a placeholder in lower case too.
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
    // Excludes words such as WHERE and SPHERE.
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

/// `XXXX`, `x.x.x.x`, `192.168.x.x`.
fn is_crossed_out(value: &str) -> bool {
    let crosses = |part: &str| !part.is_empty() && part.chars().all(|c| c == 'x' || c == 'X');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = value.split('.').collect();
    (value.len() >= 3 && crosses(value))
        || (parts.len() == 4
            && parts.iter().any(|part| crosses(part))
            && parts.iter().all(|part| crosses(part) || number(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_detected() {
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
            "192.168.x.x",
            "10.0.0.XXX",
            "#SIP PORT#",
            "!!!PBX!!!",
            "_IPPBX_",
            "%PBX_IP%",
            "changeme",
        ] {
            assert!(is_placeholder(value, false), "{value}");
        }
    }

    #[test]
    fn real_values_are_not_placeholders() {
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
            "#31#",
            "*97*",
            "10.0.0.1",
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
        for secret in ["$ECRET", "xXxX", "changeme", "x.x.x.x", "#ab#", "_ab_"] {
            assert!(!is_placeholder(secret, true), "{secret}");
        }
    }
}
