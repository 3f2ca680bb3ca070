//! Manifests (`.loads`), parsed as the phones that fetch them parse them.

use super::header::ImageHeader;
use crate::phone::{Family, LoadName, Support};

/// Characters of a name that are kept: more than a member's name may have.
const MAX_NAME: usize = 255;
/// Images that one manifest may name. The longest known list has 9.
const MAX_IMAGES: usize = 64;
/// The phone reads lines with `fgets` into a buffer of this many bytes, NUL included. It
/// takes each part of a longer line as a line of its own.
const FGETS_BUFFER: usize = 127;
/// The line with the hardware classes that a load supports.
const HARDWARE: &[u8] = b"#HARDWARE_COMP_1";

/// The content of a manifest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ParsedManifest {
    /// In the manifest's order, without duplicates.
    pub(super) images: Vec<ImageEntry>,
    pub(super) hardware: Option<u32>,
    /// The version of the loader that a 7940 or 7960 must run (`LA_VERSION=`).
    pub(super) loader_version: Option<String>,
}

/// An image that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageEntry {
    pub(super) name: String,
    /// If the manifest states it.
    pub(super) size: Option<u64>,
    /// If the manifest states it (792x): upper-case hex.
    pub(super) md5: Option<String>,
    /// The phone does without it (`#+` in a manifest of the 792x).
    pub(super) optional: bool,
    /// The hardware platforms that fetch it (`[PLATFORM_n]`): bit n - 1. 0: all phones.
    pub(super) platforms: u32,
}

/// Parses the manifest `name` from its bytes, header included. Total: any bytes give a list
/// or the reason why a phone would reject them.
pub(super) fn parse(name: &str, file: &[u8]) -> Result<ParsedManifest, String> {
    let header = match ImageHeader::parse(file, file.len() as u64) {
        ImageHeader::Broken(why) => return Err(why),
        header => header,
    };
    let body = file.get(header.length()..).unwrap_or_default();
    let mut parsed = ParsedManifest::default();
    match format_of(name, body) {
        ManifestFormat::Classic => classic(body, &mut parsed)?,
        ManifestFormat::LoaderAndApplication => loader_and_application(body, &mut parsed)?,
        ManifestFormat::Bare => {
            for line in lines(body).filter(|line| !line.starts_with(b"#")) {
                parsed.add_image(tokens(line).next(), None, None)?;
            }
        }
        ManifestFormat::Sections => {
            let mut platform = 0;
            for line in lines(body).filter(|line| !line.starts_with(b"#")) {
                if line.starts_with(b"[") {
                    platform = platform_of(line);
                }
                sections_line(line, platform, &mut parsed)?;
            }
        }
        ManifestFormat::Wireless => {
            for line in lines(body) {
                wireless_line(line, &mut parsed)?;
            }
        }
    }
    if parsed.images.is_empty() {
        return Err("it names no image".to_owned());
    }
    Ok(parsed)
}

enum ManifestFormat {
    /// 79x1, 79x2, 79x5, 797x, 7906, 7911, 7931: comments, and one name per line.
    Classic,
    /// 7940 and 7960: a loader, an application, and the minimum loader version.
    LoaderAndApplication,
    /// 69xx, 894x, 3905, ATA: names only.
    Bare,
    /// 78xx, 88xx and 8961: sections with `kern=NAME size=BYTES`.
    Sections,
    /// 792x: a table of name, size and MD5.
    Wireless,
}

fn format_of(name: &str, body: &[u8]) -> ManifestFormat {
    let load = LoadName::new(name);
    let upper = load.as_str().to_ascii_uppercase();
    let sections = || lines(body).any(|line| line.starts_with(b"[PLATFORM"));
    match load.family() {
        Some(Family::P3) => ManifestFormat::LoaderAndApplication,
        None if sections() => ManifestFormat::Sections,
        Some(family) if family.slots().is_some() => {
            if family.support() == Support::Upgrades && sections() {
                ManifestFormat::Sections
            } else {
                ManifestFormat::Bare
            }
        }
        Some(Family::F792) => ManifestFormat::Wireless,
        _ if upper.starts_with("CP79") => ManifestFormat::Wireless,
        _ if ["CP39", "ATA"].iter().any(|start| upper.starts_with(start)) => ManifestFormat::Bare,
        _ => ManifestFormat::Classic,
    }
}

/// The rules of the classic phones: a line may be `#HARDWARE_COMP_1` and a mask. Any other
/// line is cut at `#`, and its first word is an image. A name that does not end in `.sbn` or
/// `.bin` makes the phone reject the whole load.
fn classic(body: &[u8], parsed: &mut ParsedManifest) -> Result<(), String> {
    let pieces = body
        .split_inclusive(|byte| *byte == b'\n')
        .flat_map(|line| line.chunks(FGETS_BUFFER - 1));
    for piece in pieces {
        // The phone's C code stops at a NUL.
        let line = until(piece, 0);
        if line.starts_with(HARDWARE) {
            parsed.hardware = tokens(line).nth(1).and_then(strtol);
            continue;
        }
        let Some(image) = tokens(until(line, b'#')).next() else {
            continue;
        };
        if !image.ends_with(b".sbn") && !image.ends_with(b".bin") {
            return Err(format!(
                "it names {}; phones reject a load that names anything but .sbn and .bin files",
                shown(image)
            ));
        }
        parsed.add_image(Some(image), None, None)?;
    }
    Ok(())
}

fn loader_and_application(body: &[u8], parsed: &mut ParsedManifest) -> Result<(), String> {
    for line in lines(body) {
        if let Some(version) = line.strip_prefix(b"LA_VERSION=") {
            parsed.loader_version = Some(shown(version));
            break;
        }
        parsed.add_image(tokens(line).next(), None, None)?;
    }
    Ok(())
}

/// `NAME SIZE MD5`, with `#+ ` before an image that the phone does without. Other lines with `#`
/// are conditions and comments.
fn wireless_line(line: &[u8], parsed: &mut ParsedManifest) -> Result<(), String> {
    let (optional, line) = match line.strip_prefix(b"#+") {
        Some(rest) => (true, rest),
        None if line.starts_with(b"#") => return Ok(()),
        None => (false, line),
    };
    let mut words = tokens(line);
    let image = words.next();
    let size = words.next().and_then(decimal);
    let md5 = words.next().map(shown);
    let before = parsed.images.len();
    parsed.add_image(image, size, md5)?;
    for added in &mut parsed.images[before..] {
        added.optional = optional;
    }
    Ok(())
}

/// The bit of `[PLATFORM_2]`. 0 for other sections, and for platforms beyond the bits.
fn platform_of(line: &[u8]) -> u32 {
    let number = line
        .strip_prefix(b"[PLATFORM_")
        .and_then(|rest| decimal(until(rest, b']')));
    let bit = number.and_then(|number| u32::try_from(number.checked_sub(1)?).ok());
    bit.and_then(|bit| 1_u32.checked_shl(bit)).unwrap_or(0)
}

/// `kern=kern78xx.11-0-1-11.sbn size=3089488`. Other lines do not name images.
fn sections_line(line: &[u8], platform: u32, parsed: &mut ParsedManifest) -> Result<(), String> {
    let mut words = tokens(line);
    let (Some(first), Some(second)) = (words.next(), words.next()) else {
        return Ok(());
    };
    let Some(size) = second.strip_prefix(b"size=") else {
        return Ok(());
    };
    let mut halves = first.splitn(2, |byte| *byte == b'=');
    match (halves.next(), halves.next()) {
        (Some(_), Some(image)) if !image.is_empty() => {
            parsed.add_image(Some(image), decimal(size), None)?;
            let name = shown(image);
            let mut images = parsed.images.iter_mut();
            if let Some(added) = images.find(|added| added.name == name) {
                added.platforms |= platform;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

impl ParsedManifest {
    fn add_image(
        &mut self,
        image: Option<&[u8]>,
        size: Option<u64>,
        md5: Option<String>,
    ) -> Result<(), String> {
        let Some(image) = image else {
            return Ok(());
        };
        let name = shown(image);
        if self.images.iter().any(|wanted| wanted.name == name) {
            return Ok(());
        }
        if self.images.len() == MAX_IMAGES {
            return Err(format!("it names more than {MAX_IMAGES} images"));
        }
        self.images.push(ImageEntry {
            name,
            size,
            md5,
            optional: false,
            platforms: 0,
        });
        Ok(())
    }
}

/// Trimmed lines, without empty ones.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

fn tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| b" \t\r\n".contains(byte))
        .filter(|word| !word.is_empty())
}

fn until(line: &[u8], end: u8) -> &[u8] {
    line.split(|byte| *byte == end).next().unwrap_or_default()
}

/// A name as text. Invalid UTF-8 and overlong names give a text that no member has as its
/// name.
fn shown(image: &[u8]) -> String {
    let kept = &image[..image.len().min(MAX_NAME + 1)];
    String::from_utf8_lossy(kept).into_owned()
}

fn decimal(word: &[u8]) -> Option<u64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// C's `strtol` with base 0: `15`, `0x0f`, `017`; anything after the digits is ignored.
fn strtol(word: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(word).ok()?;
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    u32::from_str_radix(&digits[..end], radix).ok()
}

#[cfg(test)]
mod tests;
