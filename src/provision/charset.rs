//! Allowed characters: those that have no special meaning for phones, in XML or in Asterisk's
//! files.
//!
//! Asterisk's files have no quoting: `;` starts a comment, `[` a section, `=>` and `=` separate a
//! name from a value, `#` at the start of a line is a directive. A value with such a character
//! would differ between phone and PBX, so it is rejected, never rewritten. Each function returns
//! what was expected as its error.

use crate::phone::{
    FREEPBX_SECRET, FREEPBX_SECRET_FIELD, MAX_AUTH_NAME, MAX_NTP_NAME, MAX_SECRET,
    MAX_SSH_PASSWORD, is_date_format, is_host,
};

/// Maximum length of a context name (Asterisk: 80 with the terminator).
const MAX_CONTEXT: usize = 79;
/// Maximum length of a dialled number, as in a dial plan.
const MAX_NUMBER: usize = 63;

/// Names with a special meaning in Asterisk's files.
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
/// Asterisk's special extensions: start, hangup, invalid, timeout and others.
const SPECIAL: [&str; 8] = ["s", "h", "i", "t", "o", "a", "e", "T"];

type CharsetResult = Result<(), String>;

fn expected(good: bool, what: impl Into<String>) -> CharsetResult {
    if good { Ok(()) } else { Err(what.into()) }
}

fn only(text: &str, further: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || further.contains(c))
}

/// An extension, which is also the user name, the section name and the dialled number.
pub(crate) fn extension(text: &str) -> CharsetResult {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '+');
    expected(
        only(text, "_.+") && begins && text.len() <= MAX_AUTH_NAME,
        format!(
            "an extension has 1 to {MAX_AUTH_NAME} characters: digits, unaccented letters, '+', \
             '.' and '_'; it begins with a letter, a digit or '+'"
        ),
    )?;
    let reserved = RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word));
    expected(
        !reserved && !SPECIAL.contains(&text),
        format!("'{text}' has a special meaning for Asterisk: choose another extension"),
    )
}

/// A password for SIP. It is never truncated: phone and PBX would then differ.
pub(crate) fn secret(text: &str) -> CharsetResult {
    password(text, MAX_SECRET)
}

/// A password for SSH.
pub(super) fn ssh_password(text: &str) -> CharsetResult {
    password(text, MAX_SSH_PASSWORD)
}

fn password(text: &str, most: usize) -> CharsetResult {
    let count = text.chars().count();
    let mut long = format!("a password has at most {most} characters, but this one has {count}");
    if count == FREEPBX_SECRET {
        long = format!(
            "{long}, as those of FreePBX have. Set a shorter one there ({FREEPBX_SECRET_FIELD}), \
             and then here"
        );
    }
    expected(count <= most, long)?;
    expected(
        only(text, "-_.!*+@/~^?"),
        format!(
            "a password has 1 to {most} characters: digits, unaccented letters and -_.!*+@/~^?; \
             phones and Asterisk read other characters differently"
        ),
    )
}

/// A display name or a label.
pub(super) fn display_text(text: &str) -> CharsetResult {
    let bad = text
        .chars()
        .find(|c| ";[]\"<>\\{}$|=`".contains(*c) || matches!(c, '\u{fffe}' | '\u{ffff}'));
    match bad {
        None => Ok(()),
        Some(bad) => Err(format!(
            "{} cannot be used in a name or a label: it is special in Asterisk's files or XML",
            if bad.is_ascii() {
                format!("'{bad}'")
            } else {
                format!("U+{:04X}", u32::from(bad))
            }
        )),
    }
}

/// A number to dial: of a speed dial or for voice mail.
pub(super) fn number(text: &str) -> CharsetResult {
    // '_' and '.' are pattern characters. Letters alone could be one of Asterisk's special
    // extensions.
    expected(
        only(text, "*#+")
            && text.contains(|c: char| !c.is_ascii_alphabetic())
            && text.len() <= MAX_NUMBER,
        format!(
            "a number to dial has 1 to {MAX_NUMBER} characters: digits, '*', '#', '+' and \
             unaccented letters"
        ),
    )
}

/// A host: an IPv4 address or a host name.
pub(crate) fn host(text: &str) -> CharsetResult {
    expected(
        is_host(text),
        "expected the IPv4 address of one host such as 192.0.2.10, or its name",
    )
}

/// An NTP server.
pub(super) fn time_server(text: &str) -> CharsetResult {
    host(text)?;
    expected(
        text.len() <= MAX_NTP_NAME,
        format!("phones take at most {MAX_NTP_NAME} characters for a time server"),
    )
}

/// The IPv4 address of one host.
pub(super) fn address(text: &str) -> CharsetResult {
    let address: Option<std::net::Ipv4Addr> = text.parse().ok();
    let is_host =
        address.is_some_and(|it| !it.is_unspecified() && !it.is_broadcast() && !it.is_multicast());
    expected(is_host, "the IPv4 address of a host, such as 192.0.2.5")
}

/// The URL of a service: phones accept 255 characters.
pub(super) fn url(text: &str) -> CharsetResult {
    const MAX_URL: usize = 255;
    let host = ["http://", "https://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .unwrap_or_default();
    let good = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    expected(
        host.starts_with(|c: char| c.is_ascii_alphanumeric())
            && host.chars().all(good)
            && text.len() <= MAX_URL,
        format!(
            "expected a URL of at most {MAX_URL} characters such as \
             http://192.0.2.10/directory.xml"
        ),
    )
}

/// The name of a trunk: a section of pjsip.conf or sip.conf.
pub(super) fn trunk(text: &str) -> CharsetResult {
    expected(
        only(text, "_-.") && text.len() <= MAX_CONTEXT,
        "expected the name of a trunk in pjsip.conf or sip.conf: digits, unaccented letters, '-', \
         '_' and '.'",
    )
}

/// A named call group.
pub(super) fn group(text: &str) -> CharsetResult {
    expected(
        only(text, "_-") && text.len() <= MAX_CONTEXT,
        "expected the name of a group: digits, unaccented letters, '-' and '_'",
    )
}

/// A context of Asterisk's dial plan.
pub(super) fn context(text: &str) -> CharsetResult {
    let reserved = ["general", "globals"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    expected(
        only(text, "_-") && !reserved && text.len() <= MAX_CONTEXT,
        format!(
            "a context has 1 to {MAX_CONTEXT} characters: digits, unaccented letters, '-' and \
             '_'; it is not 'general' or 'globals'"
        ),
    )
}

/// The name of a file in the TFTP root.
pub(super) fn file_name(text: &str) -> CharsetResult {
    expected(
        only(text, "_.-") && !text.starts_with('.') && text.len() <= MAX_NUMBER,
        "expected the name of a file in the TFTP root such as softkeys.xml: digits, unaccented \
         letters, '-', '_' and '.'",
    )
}

/// A folder of language files.
pub(super) fn locale(text: &str) -> CharsetResult {
    expected(
        only(text, "_") && text.len() <= MAX_NUMBER,
        "a locale is a folder of the TFTP root such as German_Germany: letters, digits and '_'",
    )
}

/// A language: `de` or `de_DE`.
pub(super) fn language(text: &str) -> CharsetResult {
    let two = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    let good = match text.split_once('_') {
        None => two(text),
        Some((language, country)) => two(language) && two(country),
    };
    expected(good, "expected a language such as de_DE")
}

/// A date format: `D`, `M` and `Y` (or `YY` for four digits) in any order, separated by `/`, `-` or
/// `.`. A trailing `A` means a 12-hour clock.
pub(super) fn date_format(text: &str) -> CharsetResult {
    expected(
        is_date_format(text),
        "expected a date format such as D/M/Y, D.M.YY or M/D/YA",
    )
}

/// An SSH user name.
pub(super) fn ssh_user(text: &str) -> CharsetResult {
    expected(
        only(text, "-_.") && text.len() <= MAX_AUTH_NAME,
        format!(
            "an SSH user has 1 to {MAX_AUTH_NAME} characters: digits, unaccented letters and \
                 -_."
        ),
    )
}
