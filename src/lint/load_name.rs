//! Texts that are not load names: files, bundles, misspelled names.

use crate::phone::{LoadName, Model};

/// Releases published for all families with five images, as spelled in load names (from
/// public repositories and call manager lists).
pub(super) const RELEASES: &[&str] = &[
    "8-2-1S",
    "8-3-1S",
    "8-3-3S",
    "8-3-3SR2S",
    "8-4-2S",
    "8-5-2S",
    "8-5-2SR1S",
    "8-5-3S",
    "8-5-4S",
    "9-0-2SR1S",
    "9-0-3S",
    "9-2-1S",
    "9-3-1SR1-1S",
    "9-3-1SR4-1S",
    "9-4-2SR1-1S",
    "9-4-2SR3-1S",
    "9-4-2SR4-3S",
];

/// Ends of the names of images and bundles, in lower case.
const FILES: &[(&str, &str)] = &[
    (".sbn", "an image of the load"),
    (".sb2", "an image of the load"),
    (".sebn", "an image of the load"),
    (".bin", "an image"),
    (".jar", "an image of the load"),
    (".sgn", "a signed file"),
    (".zip", "a bundle"),
    (".tar", "a bundle"),
    (".gz", "a bundle"),
    (".tgz", "a bundle"),
    (".sha512", "a bundle"),
    (".xml", "a configuration"),
    (".txt", "a text file"),
];

/// Most characters between two signs in a release, as in `1SR10S`.
const MAX_PART: usize = 6;

/// Why a text is not a load name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NameFault {
    /// It is the name of a file or a bundle; with the load that is probably meant.
    OtherFile(&'static str, Option<String>),
    /// A folder comes before the name; with the name alone.
    Folder(String),
    /// Only the case is wrong; with the right spelling.
    Case(String),
    /// A letter, a sign or a space is wrong; with the probable spelling.
    Spelling(String),
    /// It contains this character, which no load name has.
    Character(char),
}

/// Compares a name, without `.loads`, with the form of load names.
pub(super) fn fault(written: &str) -> Option<NameFault> {
    let lower = written.to_ascii_lowercase();
    if let Some(at) = written.rfind(['/', '\\']) {
        return Some(NameFault::Folder(written[at + 1..].to_owned()));
    }
    if let Some((_, what)) = FILES.iter().find(|(end, _)| lower.ends_with(end)) {
        return Some(NameFault::OtherFile(what, of_bundle(&lower)));
    }
    if lower.starts_with("cmterm") && LoadName::new(written).family().is_none() {
        // cmterm_7985.4-1-7-0 is a load.
        return lower
            .starts_with("cmterm-")
            .then(|| NameFault::OtherFile("a bundle", of_bundle(&lower)));
    }
    let strange = |c: &char| !c.is_ascii_alphanumeric() && !"._-=".contains(*c);
    let has_strange = written.chars().find(strange);
    // A name that lacks only its end has a finding of its own.
    let is_other = |right: &String| !right.starts_with(written);
    if let Some(right) = spelled(written).filter(is_other) {
        let case = right.eq_ignore_ascii_case(written);
        return Some(if case {
            NameFault::Case(right)
        } else {
            NameFault::Spelling(right)
        });
    }
    has_strange.map(NameFault::Character)
}

/// The spelling of a load for these phones: `SIP45.9-3-1SR4-1S`. `None` if the text is not meant
/// to be one.
fn spelled(written: &str) -> Option<String> {
    let spaceless: String = written.chars().filter(|c| !c.is_whitespace()).collect();
    let upper = spaceless.to_ascii_uppercase();
    if upper.starts_with("P0") || upper.starts_with("PO") {
        return of_first_phones(&upper);
    }
    let protocol = ["SIP", "SCCP"]
        .into_iter()
        .find(|protocol| upper.starts_with(protocol))?;
    let rest = &upper[protocol.len()..];
    let number = digits(rest.get(..2)?);
    let release = rest.get(2..)?.strip_prefix(['.', '-', '_'])?;
    let load = format!("{protocol}{number}.1-1-1S");
    LoadName::new(&load)
        .family()
        .filter(|family| family.has_recovery_manifest())?;
    let release = release.trim_end_matches(['-', '.', '_']);
    // The SR of a service release keeps its letters.
    let parts: Vec<String> = release
        .split(['-', '.', '_'])
        .map(|part| match part.split_once("SR") {
            Some((before, after)) => format!("{}SR{}", digits(before), digits(after)),
            None => digits(part),
        })
        .collect();
    if parts.iter().any(|part| part.len() > MAX_PART) {
        return None;
    }
    Some(completed(&format!("{protocol}{number}."), &parts.join("-")))
}

/// The load with the end of the only published release that begins like this one.
fn completed(prefix: &str, release: &str) -> String {
    let mut longer = RELEASES.iter().filter(|one| one.starts_with(release));
    match (longer.next(), longer.next()) {
        (Some(only), None) => format!("{prefix}{only}"),
        _ => format!("{prefix}{release}"),
    }
}

/// `P0S3-8-12-00`, the form of the 7940 and 7960.
fn of_first_phones(upper: &str) -> Option<String> {
    let head = upper.get(..4)?.replace('O', "0");
    if head != "P0S3" && head != "P003" {
        return None;
    }
    // 8.12 is the only release from 7.0 on with one digit: P0S3-08-11-00, P0S3-8-12-00.
    let rest = upper[4..].replace(['_', '.'], "-");
    let rest = rest.replace("-08-12-", "-8-12-");
    Some(format!("{head}{rest}"))
}

/// Digits for the letters that look like them.
fn digits(text: &str) -> String {
    let of_number = |text: &str| text.replace('O', "0").replace(['I', 'L'], "1");
    match text.strip_suffix('S') {
        Some(number) => of_number(number) + "S",
        None => of_number(text),
    }
}

/// The load in a bundle of this name, in lower case: `cmterm-7945_7965-sip.9-3-1sr4-1`.
fn of_bundle(lower: &str) -> Option<String> {
    let rest = lower.strip_prefix("cmterm-")?;
    let (models, rest) = rest.split_once('-')?;
    let (protocol, release) = rest.split_once('.')?;
    let protocol = match protocol {
        "sip" => "SIP",
        "sccp" => "SCCP",
        _ => return None,
    };
    let number = models.split('_').next()?;
    let family = Model::by_number(number)?.family;
    let prefix = (0..100)
        .map(|number| format!("{protocol}{number:02}."))
        .find(|prefix| LoadName::new(&format!("{prefix}1-1-1S")).family() == Some(family))?;
    let release = FILES
        .iter()
        .fold(release, |release, (end, _)| {
            release.strip_suffix(end).unwrap_or(release)
        })
        .trim_end_matches(".cop");
    let published = RELEASES
        .iter()
        .find(|one| one.to_ascii_lowercase() == format!("{release}s"));
    Some(format!("{prefix}{}", published?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_names_have_no_fault() {
        for name in [
            "SIP45.9-3-1SR4-1S",
            "SCCP42.8-5-3TH1-6S",
            "SIP70.8-0-4SR3AS",
            "SIP45.8-5-2ES5S",
            "SIP11.9-4-2SR1-1",
            "sip88xx.11-2-3MSR1-1",
            "sip8961.9-4-1-9",
            "P0S3-8-12-00",
            "P0S3-08-11-00",
            "P0030801SR02",
            "P00308010200",
            "term65.default",
            "cmterm_7985.4-1-7-0",
            "CP3905.9-4-1-0",
            "SCCP8941_8945.9-4-1-9",
            "SIP3951.8-1-4a",
            "apps37sccp.1-4-4-0",
            "",
        ] {
            assert_eq!(fault(name), None, "{name}");
        }
    }

    #[test]
    fn files_and_misspelled_names_are_recognized() {
        let other = |what, load: Option<&str>| NameFault::OtherFile(what, load.map(str::to_owned));
        let spelling = |load: &str| NameFault::Spelling(load.to_owned());
        let meant = "SIP42.9-4-2SR3-1S";
        for (name, expected) in [
            (
                "cmterm-7942_7962-sip.9-4-2SR3-1",
                other("a bundle", Some(meant)),
            ),
            (
                "cmterm-7942_7962-sip.9-4-2SR3-1.zip",
                other("a bundle", Some(meant)),
            ),
            (
                "cmterm-7942_7962-sip.9-4-2SR3-1.cop.sgn",
                other("a signed file", Some(meant)),
            ),
            ("cmterm-7942_7962-sip.1-1-1", other("a bundle", None)),
            ("apps42.9-4-2ES8.sbn", other("an image of the load", None)),
            ("jar42sip.9-4-2ES8.SBN", other("an image of the load", None)),
            (
                "firmware/SIP42.9-4-2SR3-1S",
                NameFault::Folder(meant.to_owned()),
            ),
            ("sip42.9-4-2sr3-1s", NameFault::Case(meant.to_owned())),
            ("sip42.9-4-2sr3-1", spelling(meant)),
            ("SIP42.9-4-2Sr3-1s", NameFault::Case(meant.to_owned())),
            ("SIP42.9-4-2SR3-lS", spelling(meant)),
            ("SIP42.9-4-2SR3-IS", spelling(meant)),
            ("SIP42.9.4.2SR3.1S", spelling(meant)),
            ("SIP42-9-4-2SR3-1S", spelling(meant)),
            ("SIP42.9-4-2SR3-1S.", spelling(meant)),
            (
                "SIP42.9-4-2SR3-1S SIP42.9-4-2SR3-1S",
                NameFault::Character(' '),
            ),
            ("SIP42_9-4-2SR3-1S", spelling(meant)),
            ("SIP42 .9-4-2SR3-1S", spelling(meant)),
            ("SIP7O.9-4-2SR3-1S", spelling("SIP70.9-4-2SR3-1S")),
            ("POS3-8-12-00", spelling("P0S3-8-12-00")),
            ("P0S3-08-12-00", spelling("P0S3-8-12-00")),
            ("p0s3-8-12-00", NameFault::Case("P0S3-8-12-00".to_owned())),
            ("latest load", NameFault::Character(' ')),
            ("SIP11(9)", NameFault::Character('(')),
        ] {
            assert_eq!(fault(name), Some(expected), "{name}");
        }
    }
}
