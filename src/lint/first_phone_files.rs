//! Contradictions between the files of a folder that a 7940 or 7960 reads.

use std::path::Path;

use roxmltree::Node;

use super::{
    findings::FindingList,
    legacy::{self, CommonSettings},
    manager::RegisteringLine,
    name,
    plan_names::with_root,
    text::{LineColumn, Text},
    value::quoted,
    xml::value,
};
use crate::{
    diagnose::{Finding, Severity},
    phone::{Family, LoadName, MacAddress},
};

/// A file of the folder, as far as a 7940 or 7960 reads it.
struct ReadFile<'a> {
    path: &'a Path,
    kind: Kind,
    /// The load that it names to these phones.
    load: Option<(LineColumn, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `SIPDefault.cnf`.
    Common,
    /// `SIP<MAC>.cnf`.
    Settings(MacAddress),
    /// `SEP<MAC>.cnf.xml`.
    Device(MacAddress),
    /// `XMLDefault.cnf.xml`.
    Default,
}

/// Compares the files of one folder: every place that names the load must name the same, and a phone
/// with settings must have no SEP file without a load.
#[must_use]
pub fn contradictions(files: &[(&Path, &[u8])]) -> Vec<Finding> {
    let read: Vec<_> = files
        .iter()
        .filter_map(|(path, bytes)| read(path, bytes))
        .collect();
    let load_of = |kind: Kind| {
        let mut files = read.iter().filter(|file| file.kind == kind);
        files.find_map(|file| Some((file.path, file.load.as_ref()?)))
    };
    let has_settings = |mac: MacAddress| read.iter().any(|file| file.kind == Kind::Settings(mac));
    let common = load_of(Kind::Common);
    let mut found = Vec::new();
    for file in &read {
        let mut findings = FindingList::new(file.path);
        // The application compares its load with that of SIP<MAC>.cnf, or else SIPDefault.cnf.
        let expected = match file.kind {
            Kind::Settings(_) | Kind::Default => common,
            Kind::Device(mac) if has_settings(mac) || names_their_load(file) => {
                load_of(Kind::Settings(mac)).or(common)
            }
            Kind::Common | Kind::Device(_) => None,
        };
        match (file.kind, &file.load) {
            (Kind::Device(mac), None) if has_settings(mac) => findings.file(
                Severity::Error,
                "no-load",
                format!(
                    "no load for the 7940 or 7960 that SIP{}.cnf is for: the phone starts its old \
                     firmware and does not read that file",
                    mac.upper_hex()
                ),
                "Name the load, such as P0S3-8-12-00, or delete the file",
            ),
            (_, Some((place, load))) => {
                if let Some((path, (_, expected))) = expected
                    && expected != load
                    && !LoadName::new(load).is_universal_loader()
                {
                    let severity = match file.kind {
                        Kind::Settings(_) => Severity::Warning,
                        _ => Severity::Error,
                    };
                    let name = path.file_name().unwrap_or_default();
                    findings.at(
                        *place,
                        severity,
                        "image-version",
                        format!(
                            "the load is {}, but image_version in {} is {}: the phone may install \
                             one and then the other, again and again",
                            quoted(load),
                            name.to_string_lossy(),
                            quoted(expected)
                        ),
                        "Name the same load in every file",
                    );
                }
            }
            _ => {}
        }
        found.extend(findings.into_sorted());
    }
    found
}

/// The settings of a file that phones get as `SIPDefault.cnf`; `None` if it has another `name`.
/// Findings name `source`.
#[must_use]
pub fn common_settings(name: &Path, source: &Path, bytes: &[u8]) -> Option<CommonSettings> {
    let name = name.file_name()?.to_str()?;
    name.eq_ignore_ascii_case(name::COMMON_SETTINGS)
        .then(|| CommonSettings::new(source.to_owned(), &settings_text(bytes)))
}

/// The lines of a `SIP<MAC>.cnf` that register over UDP, with the `SIPDefault.cnf` that the phone reads
/// before it. The list is empty if the phone does not register.
#[must_use]
pub fn lines_of_settings(bytes: &[u8], common: Option<&CommonSettings>) -> Vec<RegisteringLine> {
    legacy::registering_lines(settings_text(bytes).as_str(), common)
}

/// The text of settings, which these phones read byte by byte.
fn settings_text(bytes: &[u8]) -> Text {
    Text::decode(bytes).unwrap_or_else(|_| Text::latin1(bytes))
}

fn names_their_load(file: &ReadFile<'_>) -> bool {
    let load = file.load.as_ref();
    load.is_some_and(|(_, load)| LoadName::new(load).family() == Some(Family::P3))
}

fn read<'a>(path: &'a Path, bytes: &[u8]) -> Option<ReadFile<'a>> {
    let file_name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let mac = |start: &str, end: &str| {
        let digits = file_name.strip_prefix(start)?.strip_suffix(end)?;
        MacAddress::from_hex(digits)
    };
    let kind = if file_name == name::COMMON_SETTINGS.to_ascii_lowercase() {
        Kind::Common
    } else if let Some(mac) = mac("sip", ".cnf") {
        Kind::Settings(mac)
    } else if let Some(mac) = mac("sep", ".cnf.xml") {
        Kind::Device(mac)
    } else if file_name == name::DEFAULT.to_ascii_lowercase() {
        Kind::Default
    } else {
        return None;
    };
    let load = match kind {
        Kind::Common | Kind::Settings(_) => legacy::image_version(settings_text(bytes).as_str()),
        // A file that phones cannot read has a finding of its own.
        Kind::Device(_) | Kind::Default => {
            with_root(bytes, |text, root| xml_load(text, root, kind))?
        }
    };
    Some(ReadFile { path, kind, load })
}

/// The load that an XML file names to these phones.
fn xml_load(text: &Text, root: Node<'_, '_>, kind: Kind) -> Option<(LineColumn, String)> {
    let is_theirs = |element: &str| {
        let mut models = Family::P3.models();
        let mut of_model = |id: &str| models.any(|model| model.device_type.to_string() == id);
        // XMLDefault.cnf.xml has no element without a number.
        let id = element.strip_prefix("loadInformation");
        id.is_some_and(|id| (id.is_empty() && kind != Kind::Default) || of_model(id))
    };
    let mut nodes = root
        .descendants()
        .filter(|node| node.is_element() && is_theirs(node.tag_name().name()))
        .filter(|node| !value(*node).is_empty());
    let node = nodes.next()?;
    Some((text.position(node.range().start), value(node)))
}
