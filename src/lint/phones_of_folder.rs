//! The lines of all phones of a folder: users that several phones have, and the two files of one
//! phone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    context::LintContext,
    findings::{FindingList, Position},
    first_phones,
    legacy::{self, CommonSettings},
    phone_side::{PhoneLine, PhoneSide},
    plan_names::with_root,
    sep_side,
    text::{LineColumn, Text},
};
use crate::{
    diagnose::{Finding, Severity},
    phone::{MacAddress, RequestedFile},
};

/// Lines read of one file. An 8861 with expansion modules has 118 buttons.
const MAX_LINES: usize = 200;

/// A configuration with lines.
struct PhoneFile<'a> {
    path: &'a Path,
    mac: MacAddress,
    kind: Kind,
    lines: Vec<(LineColumn, PhoneLine)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `SIP<MAC>.cnf`.
    Settings,
    /// A SEP file whose lines the phone reads.
    Device,
    /// A SEP file of a 7940 or 7960, which reads only the load from it.
    LoadOnly,
}

/// Compares the lines of all phones whose files are in one folder: a user that more phones have than
/// the PBX accepts, and a phone whose SEP file and `SIP<MAC>.cnf` differ.
#[must_use]
pub fn compare_phones(
    files: &[(&Path, &[u8])],
    common: Option<&CommonSettings>,
    known: &LintContext,
) -> Vec<Finding> {
    let mut read: Vec<_> = files
        .iter()
        .filter_map(|(path, bytes)| read(path, bytes, common))
        .collect();
    let with_settings: BTreeSet<MacAddress> = read
        .iter()
        .filter(|file| file.kind == Kind::Settings)
        .map(|file| file.mac)
        .collect();
    let mut found = Vec::new();
    for file in read.iter().filter(|file| file.kind != Kind::Settings) {
        let mut of_phone = read.iter();
        let settings = of_phone.find(|other| other.mac == file.mac && other.kind == Kind::Settings);
        if let Some(settings) = settings {
            found.extend(difference(file, settings));
        }
    }
    read.retain(|file| match file.kind {
        Kind::Settings => true,
        Kind::Device => !with_settings.contains(&file.mac),
        Kind::LoadOnly => false,
    });
    found.extend(shared_users(&read, known));
    found
}

fn read<'a>(
    path: &'a Path,
    bytes: &[u8],
    common: Option<&CommonSettings>,
) -> Option<PhoneFile<'a>> {
    let with = |mac, kind, text: Option<&Text>, side: PhoneSide| {
        let line = |line: PhoneLine| {
            let at = match line.user()?.place.at {
                Position::At(at) => at,
                Position::Offset(offset) => text?.position(offset),
            };
            Some((at, line))
        };
        let lines = side.lines.into_iter().take(MAX_LINES);
        PhoneFile {
            path,
            mac,
            kind,
            lines: lines.filter_map(line).collect(),
        }
    };
    match RequestedFile::parse(path.file_name()?.to_str()?) {
        RequestedFile::Config { mac, signed: false } => with_root(bytes, |text, root| {
            let kind = if first_phones::is_for_these(root, &LintContext::default()) {
                Kind::LoadOnly
            } else {
                Kind::Device
            };
            with(mac, kind, Some(text), sep_side::phone_side(root))
        }),
        RequestedFile::LegacyConfig(mac) => {
            let text = Text::decode(bytes).unwrap_or_else(|_| Text::latin1(bytes));
            let side = legacy::phone_side(text.as_str(), common);
            Some(with(mac, Kind::Settings, None, side))
        }
        _ => None,
    }
}

/// Reports the first difference between the two files of a phone.
fn difference(device: &PhoneFile<'_>, settings: &PhoneFile<'_>) -> Option<Finding> {
    let name = settings.path.file_name()?.to_string_lossy();
    let (at, what) = device
        .lines
        .iter()
        .enumerate()
        .find_map(|(index, (at, line))| {
            let other = settings.lines.get(index).map(|(_, line)| line);
            Some((*at, differs(line, other, &name)?))
        })?;
    let mut findings = FindingList::new(device.path);
    findings.at(
        at,
        Severity::Warning,
        "lines-differ",
        format!(
            "{what}: a 7940 or 7960 has its lines from {name} only, every other phone from this \
             file"
        ),
        "Delete the file that this phone does not read, or correct the wrong one",
    );
    findings.into_sorted().pop()
}

/// How a line of a SEP file differs from that of the settings; without showing a password.
fn differs(line: &PhoneLine, other: Option<&PhoneLine>, name: &str) -> Option<String> {
    let user = |line: &PhoneLine| line.user().map(|user| user.value.clone());
    let own = user(line)?;
    let Some(theirs) = other.and_then(user) else {
        return Some(format!("the line of {own} is not in {name}"));
    };
    let other = other?;
    if own != theirs {
        return Some(format!("the user is {own}, but {theirs} in {name}"));
    }
    let auth_name = |line: &PhoneLine| {
        let written = line.auth_name.as_ref().filter(|written| written.is_set());
        written.map_or_else(|| own.clone(), |written| written.value.clone())
    };
    if auth_name(line) != auth_name(other) {
        return Some(format!("the user name of {own} is another one in {name}"));
    }
    let password = |line: &PhoneLine| {
        let written = line.password.as_ref();
        written.map(|written| written.value.expose().to_owned())
    };
    if password(line) != password(other) {
        return Some(format!("the password of {own} is another one in {name}"));
    }
    let is_named = !line.host.is_empty() && !other.host.is_empty();
    let at = |line: &PhoneLine| (line.host.clone(), line.port);
    (is_named && at(line) != at(other)).then(|| {
        format!(
            "{own} registers at {}:{}, but in {name} at {}:{}",
            line.host, line.port, other.host, other.port
        )
    })
}

/// Reports users that more phones have than the PBX accepts.
fn shared_users(files: &[PhoneFile<'_>], known: &LintContext) -> Vec<Finding> {
    let mut users: BTreeMap<(&str, &str), Vec<(&PhoneFile<'_>, LineColumn)>> = BTreeMap::new();
    for file in files {
        for (at, line) in &file.lines {
            let Some(user) = line.user() else {
                continue;
            };
            let phones = users.entry((&user.value, &line.host)).or_default();
            // Several lines of one phone may have one user.
            if phones.iter().all(|(other, _)| other.mac != file.mac) {
                phones.push((file, *at));
            }
        }
    }
    let mut found = Vec::new();
    for ((user, _), phones) in users {
        let Some((most, cure)) = accepted(user, known) else {
            continue;
        };
        let (first, others) = match phones.split_first() {
            Some((first, others)) if !others.is_empty() => (first, others),
            _ => continue,
        };
        let count = phones.len();
        let of_first = first.0.path.file_name().unwrap_or_default();
        if count <= most {
            continue;
        }
        for (file, at) in others {
            let mut findings = FindingList::new(file.path);
            findings.at(
                *at,
                Severity::Warning,
                "shared-user",
                format!(
                    "the phone of {} registers as {user} too: the PBX keeps {most} of {count} phones",
                    of_first.to_string_lossy()
                ),
                format!(
                    "Write a user of its own for each phone. If they share it: {}",
                    cure(count)
                ),
            );
            found.extend(findings.into_sorted());
        }
    }
    found
}

/// What changes how many phones the PBX accepts.
type Cure = Box<dyn Fn(usize) -> String>;

/// How many phones the PBX accepts for a user, if that is known.
fn accepted(user: &str, known: &LintContext) -> Option<(usize, Cure)> {
    let of_pjsip = known.pjsip.as_ref().and_then(|pjsip| {
        let aor = pjsip.aors.iter().find(|aor| aor.name == user)?;
        let name = user.to_owned();
        let cure: Cure = Box::new(move |count| {
            format!("set max_contacts={count} in the section [{name}] with type=aor")
        });
        // Without any, there is a finding about that.
        (aor.max_contacts > 0 && !pjsip.partial).then_some((aor.max_contacts, cure))
    });
    if let Some((most, cure)) = of_pjsip {
        return Some((usize::try_from(most).unwrap_or(usize::MAX), cure));
    }
    known.sip.as_ref()?.peer(user)?;
    let cure: Cure = Box::new(|_| "use chan_pjsip, as a peer of sip.conf is one phone".to_owned());
    Some((1, cure))
}
