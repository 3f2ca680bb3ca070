//! Which charset may stand where: what a phone, XML and Asterisk's files all take as it is.
//!
//! Asterisk's files know no quotes: `;` begins a comment, `[` a section, `=>` and `=` part a
//! name from a value, `#` at the beginning of a line is a command. A value with such a letter
//! would say something else there than on the phone, so it is refused and never rewritten.
//! Each function says what was expected when a text does not do.

use std::net::Ipv4Addr;

use crate::phone::{MAX_AUTH_NAME, MAX_NTP_NAME, MAX_SECRET};

/// Characters of a context's name at most (Asterisk: 80 with the end).
const MAX_CONTEXT: usize = 79;
/// Characters of a number that is dialled at most, as in a dial plan's values.
const MAX_NUMBER: usize = 63;
/// Characters of a host's name at most (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 253;

/// Names that have a meaning of their own in Asterisk's files.
const RESERVED: [&str; 10] = [
    "general",
    "global",
    "globals",
    "system",
    "default",
    "authentication",
    "fax",
    "failed",
    "hangup",
    "zonemessages",
];
/// Extensions that Asterisk itself calls: start, hangup, invalid, timeout and such.
const SPECIAL: [&str; 8] = ["s", "h", "i", "t", "o", "a", "e", "T"];

type CheckResult = Result<(), String>;

fn expected(good: bool, what: impl Into<String>) -> CheckResult {
    if good { Ok(()) } else { Err(what.into()) }
}

fn only(text: &str, further: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || further.contains(c))
}

/// An extension: user name, section and dialled number at once.
pub(crate) fn extension(text: &str) -> CheckResult {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '+');
    expected(
        only(text, "_.+") && begins && text.len() <= MAX_AUTH_NAME,
        format!(
            "an extension has 1 to {MAX_AUTH_NAME} charset without accents, digits, '+', '.' and \
             '_', and begins with a letter, a digit or '+'"
        ),
    )?;
    let reserved = RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word));
    expected(
        !reserved && !SPECIAL.contains(&text),
        format!("'{text}' has a meaning of its own for Asterisk: choose another extension"),
    )
}

/// A password for SIP or SSH.
pub(crate) fn secret(text: &str) -> CheckResult {
    expected(
        only(text, "-_.!*+@/~^?") && text.len() <= MAX_SECRET,
        format!(
            "a password has 1 to {MAX_SECRET} charset without accents, digits and -_.!*+@/~^? \
             and nothing else: phones and Asterisk read the rest in different ways"
        ),
    )
}

/// A name or a label, for people.
pub(super) fn display_text(text: &str) -> CheckResult {
    let bad = text
        .chars()
        .find(|c| ";[]\"<>\\{}$|=`".contains(*c) || matches!(c, '\u{fffe}' | '\u{ffff}'));
    match bad {
        None => Ok(()),
        Some(bad) => Err(format!(
            "{} cannot stand in a name or a label: Asterisk's files or XML give it a meaning",
            if bad.is_ascii() {
                format!("'{bad}'")
            } else {
                format!("U+{:04X}", u32::from(bad))
            }
        )),
    }
}

/// A number that is dialled: of a speed dial or a voice mailbox.
pub(super) fn number(text: &str) -> CheckResult {
    // Without '_' and '.', which make a pattern of it; with a digit or a sign, as charset
    // alone may be a name that Asterisk calls itself.
    expected(
        only(text, "*#+")
            && text.contains(|c: char| !c.is_ascii_alphabetic())
            && text.len() <= MAX_NUMBER,
        format!(
            "a number to dial has 1 to {MAX_NUMBER} digits, '*', '#', '+' and charset without \
             accents"
        ),
    )
}

/// A host: an IPv4 address or a name.
pub(crate) fn host(text: &str) -> CheckResult {
    let is_name = || {
        let label = |label: &str| {
            only(label, "-") && !label.starts_with('-') && !label.ends_with('-') && label.len() < 64
        };
        text.len() <= MAX_HOST
            && text.contains(|c: char| c.is_ascii_alphabetic())
            && text.split('.').all(label)
    };
    let good = match text.parse::<Ipv4Addr>() {
        Ok(address) => {
            !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
        }
        Err(_) => is_name(),
    };
    expected(
        good,
        "expected the IPv4 address of one host such as 192.0.2.10, or its name",
    )
}

/// A time server.
pub(super) fn time_server(text: &str) -> CheckResult {
    host(text)?;
    expected(
        text.len() <= MAX_NTP_NAME,
        format!("phones take at most {MAX_NTP_NAME} characters for a time server"),
    )
}

/// A context of Asterisk's dial plan.
pub(super) fn context(text: &str) -> CheckResult {
    let reserved = ["general", "globals"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    expected(
        only(text, "_-") && !reserved && text.len() <= MAX_CONTEXT,
        format!(
            "a context has 1 to {MAX_CONTEXT} charset without accents, digits, '-' and '_', and \
             is not 'general' or 'globals'"
        ),
    )
}

/// A folder of language files.
pub(super) fn locale(text: &str) -> CheckResult {
    expected(
        only(text, "_") && text.len() <= MAX_NUMBER,
        "a locale is a folder of the TFTP root such as German_Germany: charset, digits and '_'",
    )
}

/// A language: `de` or `de_DE`.
pub(super) fn language(text: &str) -> CheckResult {
    let two = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    let good = match text.split_once('_') {
        None => two(text),
        Some((language, country)) => two(language) && two(country),
    };
    expected(good, "expected a language such as de_DE")
}

/// How a phone shows dates: `D/M/Y` with its charset in any order, `YY` for four digits, `/`,
/// `-` or `.` between, and an `A` behind for a 12-hour clock.
pub(super) fn date_format(text: &str) -> CheckResult {
    let bare = text.strip_suffix(['A', 'a']).unwrap_or(text);
    let good = ['/', '-', '.'].iter().any(|separator| {
        let mut parts: Vec<_> = bare.split(*separator).collect();
        parts.sort_unstable();
        parts == ["D", "M", "Y"] || parts == ["D", "M", "YY"]
    });
    expected(
        good,
        "expected a date format such as D/M/Y, D.M.YY or M/D/YA",
    )
}

/// Who may log in over SSH.
pub(super) fn ssh_user(text: &str) -> CheckResult {
    expected(
        only(text, "-_.") && text.len() <= MAX_AUTH_NAME,
        format!("an SSH user has 1 to {MAX_AUTH_NAME} charset without accents, digits and -_."),
    )
}
