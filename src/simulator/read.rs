//! How a phone reads manifests and configurations.
//!
//! Written from the observed behaviour of phones, independent of the readers of other modules, so
//! that the simulator also tests those. Accepts any input.

mod slots;

use crate::phone::{FirmwareRelease, LoadName};

pub(super) use slots::{SlotImage, slot_images};

/// Maximum number of images of one manifest; real ones name five.
const MOST_IMAGES: usize = 16;
/// Bytes of one line that a phone reads (the size of its buffer).
const LINE: usize = 127;

/// The parts of a manifest that a phone reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ScriptManifest {
    /// The images, in the order in which they are fetched.
    pub(super) images: Vec<String>,
    /// The hardware classes that the load supports, if it names them.
    pub(super) hardware: Option<u32>,
}

impl ScriptManifest {
    /// Reads a `.loads` file. `None` if every phone would refuse it: no image, or a name that does
    /// not end in `.sbn` or `.bin`.
    ///
    /// A signed header is skipped and its signer ignored, so a synthetic bundle is accepted like a
    /// real one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut manifest = Self::default();
        for line in payload(bytes).split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&line[..line.len().min(LINE)]);
            if let Some(mask) = line.strip_prefix("#HARDWARE_COMP_1") {
                manifest.hardware = mask.split_whitespace().next().and_then(number);
                continue;
            }
            let text = line.split('#').next().unwrap_or_default();
            let Some(image) = text.split_whitespace().next() else {
                continue;
            };
            let known = [".sbn", ".bin"].iter().any(|end| image.ends_with(end));
            if !known || plain(image).is_none() || manifest.images.len() == MOST_IMAGES {
                return None;
            }
            manifest.images.push(image.to_owned());
        }
        (!manifest.images.is_empty()).then_some(manifest)
    }

    /// The release in the names of the images: the name of a recovery manifest has none.
    pub(super) fn release(&self) -> Option<FirmwareRelease> {
        self.images
            .iter()
            .find_map(|image| LoadName::new(image).release())
    }

    /// Whether the images are SIP firmware; `None` if no name shows it.
    pub(super) fn is_sip(&self) -> Option<bool> {
        self.images.iter().find_map(|image| {
            let stem = image.split('.').next().unwrap_or_default();
            match stem {
                _ if stem.ends_with("sip") => Some(true),
                _ if stem.ends_with("sccp") => Some(false),
                _ => None,
            }
        })
    }
}

/// The manifest of a 7940 or 7960.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LoaderManifest {
    /// The image of the loader (`.sbn`).
    pub(super) loader: String,
    /// The image of the application (`.sb2`).
    pub(super) application: String,
    /// The version that the loader must have.
    pub(super) version: String,
}

impl LoaderManifest {
    /// Reads a `.loads` file. `None` if one of the three lines is missing.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(payload(bytes));
        let find = |is: &dyn Fn(&str) -> bool| {
            text.lines()
                .map(str::trim)
                .find(|line| is(line))
                .and_then(plain)
        };
        let version = find(&|line| line.starts_with("LA_VERSION="))?;
        Some(Self {
            loader: find(&|line| line.strip_suffix(".sbn").is_some())?.to_owned(),
            application: find(&|line| line.strip_suffix(".sb2").is_some())?.to_owned(),
            version: version.split_once('=')?.1.to_owned(),
        })
    }

    /// The load id of the application.
    pub(super) fn application_id(&self) -> &str {
        self.application.trim_end_matches(".sb2")
    }
}

/// The version inside a loader image: eight characters at 0x120 of the body.
pub(super) fn loader_version(image: &[u8]) -> Option<String> {
    let version = payload(image).get(0x120..0x128)?;
    let is_text = version.iter().all(u8::is_ascii_alphanumeric);
    is_text.then(|| String::from_utf8_lossy(version).into_owned())
}

/// The load that a 7940 (device type 8) or 7960 (7) finds in a configuration. It does not parse XML:
/// the last element with its own name, in any case, or with the plain name wins.
pub(super) fn load_of_first_phones(config: &[u8], device_type: u32) -> Option<LoadName> {
    let text = String::from_utf8_lossy(config);
    let own = format!("<loadinformation{device_type}");
    let lower = text.to_ascii_lowercase();
    let at = |name: &str, text: &str| -> Vec<usize> {
        text.match_indices(name)
            .map(|(at, _)| at + name.len())
            .collect()
    };
    let mut starts = at(&own, &lower);
    starts.extend(at("<loadInformation", &text));
    starts.sort_unstable();
    starts
        .into_iter()
        .filter_map(|start| {
            let rest = &text[start..];
            if !rest.starts_with(|next: char| next == '>' || next.is_ascii_whitespace()) {
                return None;
            }
            let value = rest.split_once('>')?.1.split('<').next()?.trim();
            is_load_of_first_phones(value).then(|| LoadName::new(value))
        })
        .next_back()
}

/// At most 31 characters; `P`, `0` or `D`, any one, `3`.
fn is_load_of_first_phones(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.=-".contains(byte);
    bytes.len() <= 31
        && bytes.iter().all(is_plain)
        && matches!(bytes, [b'P' | b'p', b'0' | b'D' | b'd', _, b'3', ..])
}

/// `image_version` in the settings of a 7940 or 7960.
pub(super) fn image_version(settings: &[u8]) -> Option<LoadName> {
    setting(settings, "image_version").map(|value| LoadName::new(&value))
}

/// Whether settings name a line.
pub(super) fn has_line(settings: &[u8]) -> bool {
    (1..=6).any(|line| setting(settings, &format!("line{line}_name")).is_some())
}

/// The value of a setting: `key: value`, in quotation marks or up to a blank or comment.
fn setting(settings: &[u8], key: &str) -> Option<String> {
    let text = String::from_utf8_lossy(settings);
    let value = text.lines().find_map(|line| {
        let (own, value) = line.split_once(':')?;
        (own.trim() == key).then(|| value.trim().to_owned())
    })?;
    let value = match value.as_bytes().first()? {
        quote @ (b'"' | b'\'') => value[1..].split(char::from(*quote)).next()?,
        _ => value.split([' ', '\t', '#', ';']).next()?,
    };
    plain(value)
        .filter(|value| *value != "UNPROVISIONED")
        .map(str::to_owned)
}

/// What follows the signed header: tag 1 of length 2, then tag 2 with the header's length.
fn payload(bytes: &[u8]) -> &[u8] {
    match bytes {
        [1, 0, 2, _, _, 2, 0, 2, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            bytes.get(length..).unwrap_or_default()
        }
        // Of the 78xx and 88xx: magic, then the header's length.
        [0xcd, 0x34, 0x12, 0xab, length @ ..] => {
            let length = length
                .first_chunk()
                .map_or(0, |four| u32::from_le_bytes(*four));
            bytes.get(length as usize..).unwrap_or_default()
        }
        _ => bytes,
    }
}

/// A number as C's `strtol` with base 0 reads it: decimal, or hexadecimal after `0x`.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The load that a configuration names for a phone of this device type: its own
/// `loadInformation<id>` in `XMLDefault.cnf.xml`, a plain `loadInformation` in a phone's
/// own file. An empty element names none.
pub(super) fn load_information(config: &[u8], device_type: u32) -> Option<LoadName> {
    let text = String::from_utf8_lossy(config);
    let load = element(&text, &format!("loadInformation{device_type}"))
        .or_else(|| element(&text, "loadInformation"))?;
    plain(load).map(LoadName::new)
}

/// The folder of locale files in the configuration.
pub(super) fn locale(config: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(config);
    plain(element(element(&text, "userLocale")?, "name")?).map(str::to_owned)
}

/// A name that can stand in a request: printable ASCII without blanks, and no longer than
/// a line.
fn plain(text: &str) -> Option<&str> {
    let name = text.trim();
    let fits = (1..=LINE).contains(&name.len());
    (fits && name.bytes().all(|byte| byte.is_ascii_graphic())).then_some(name)
}

/// The text of the first element of this name; none for `<name/>`.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let open = format!("<{name}");
    let mut rest = text;
    loop {
        rest = &rest[rest.find(&open)? + open.len()..];
        // `loadInformation4` does not match `<loadInformation436`.
        if rest.starts_with(|next: char| next == '>' || next.is_ascii_whitespace()) {
            let (attributes, inside) = rest.split_once('>')?;
            if attributes.ends_with('/') {
                return None;
            }
            return Some(&inside[..inside.find(&format!("</{name}>"))?]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "#\r\n# RELEASE load version 9-3-1ES26\r\n#\r\n#HARDWARE_COMP_1 15\r\n\r\n\
        jar45sip.9-3-1ES26.sbn\r\ncnu45.9-3-1ES26.sbn\r\ndsp45.9-3-1ES26.sbn \r\n";

    #[test]
    fn a_manifest_gives_its_images_in_order() {
        let manifest = ScriptManifest::read(TEXT.as_bytes()).expect("a manifest");
        assert_eq!(
            manifest.images,
            [
                "jar45sip.9-3-1ES26.sbn",
                "cnu45.9-3-1ES26.sbn",
                "dsp45.9-3-1ES26.sbn"
            ]
        );
        assert_eq!(manifest.hardware, Some(15));
        assert_eq!(manifest.is_sip(), Some(true));
        assert_eq!(
            manifest.release().map(|release| release.to_string()),
            Some("9.3(1)".to_owned())
        );
    }

    #[test]
    fn signed_headers_are_skipped() {
        let mut file = vec![
            1, 0, 2, 1, 1, 2, 0, 2, 0, 16, b'x', b'.', b'z', b'z', b'z', b'\n',
        ];
        file.extend_from_slice(TEXT.as_bytes());
        assert_eq!(
            ScriptManifest::read(&file),
            ScriptManifest::read(TEXT.as_bytes())
        );
    }

    #[test]
    fn invalid_manifests_are_refused() {
        for text in ["", "#only a comment\r\n", "jar45sip.9-3-1ES26.zip\r\n"] {
            assert_eq!(ScriptManifest::read(text.as_bytes()), None, "{text}");
        }
        let many = "a.sbn\n".repeat(MOST_IMAGES + 1);
        assert_eq!(ScriptManifest::read(many.as_bytes()), None);
    }

    #[test]
    fn a_phone_reads_the_load_of_its_own_type() {
        let text = br#"<Default>
            <loadInformation4  model="Cisco 7914">S00105000400</loadInformation4>
            <loadInformation436  model="Cisco 7965"> SIP45.9-3-1SR4-1S </loadInformation436>
            <loadInformation434 model="Cisco 7942"></loadInformation434></Default>"#;
        let load = |id| load_information(text, id).map(|load| load.as_str().to_owned());
        assert_eq!(load(436), Some("SIP45.9-3-1SR4-1S".to_owned()));
        assert_eq!(load(4), Some("S00105000400".to_owned()));
        assert_eq!(load(434), None);
        assert_eq!(load(43), None);
        let own = b"<device><loadInformation>SIP42.8-5-4S</loadInformation></device>";
        assert_eq!(
            load_information(own, 434),
            Some(LoadName::new("SIP42.8-5-4S"))
        );
        assert_eq!(load_information(b"<loadInformation/>", 434), None);
    }

    #[test]
    fn empty_locales_are_none() {
        let text = b"<userLocale>\n<name>English_United_States</name></userLocale>";
        assert_eq!(locale(text).as_deref(), Some("English_United_States"));
        assert_eq!(locale(b"<userLocale><name></name></userLocale>"), None);
        assert_eq!(locale(b"<name>Bob</name>"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = (ScriptManifest::read(&bytes), locale(&bytes), load_information(&bytes, 436));
        }

        #[test]
        fn any_markup_gives_an_answer(text in "[<>/a ]{0,3}(<loadInformation|</|436|>|<| |é|=){0,12}") {
            let _ = load_information(text.as_bytes(), 436);
        }
    }
}
