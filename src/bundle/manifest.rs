//! Manifests (`.loads`), parsed as the phones that fetch them parse them.

use super::header::ImageHeader;
use crate::phone::{Family, LoadName};

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
}

/// An image that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageEntry {
    pub(super) name: String,
    /// If the manifest states it.
    pub(super) size: Option<u64>,
    /// If the manifest states it (792x): upper-case hex.
    pub(super) md5: Option<String>,
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
            for line in lines(body).filter(|line| !line.starts_with(b"#")) {
                sections_line(line, &mut parsed)?;
            }
        }
        ManifestFormat::Wireless => {
            for line in lines(body).filter(|line| !line.starts_with(b"#")) {
                let mut words = tokens(line);
                let image = words.next();
                let size = words.next().and_then(decimal);
                let md5 = words.next().map(shown);
                parsed.add_image(image, size, md5)?;
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
    /// 69xx, 894x, 99xx, 8831: names only.
    Bare,
    /// 78xx and 88xx: sections with `kern=NAME size=BYTES`.
    Sections,
    /// 792x: a table of name, size and MD5.
    Wireless,
}

fn format_of(name: &str, body: &[u8]) -> ManifestFormat {
    let load = LoadName::new(name);
    let sections = || lines(body).any(|line| line.starts_with(b"[PLATFORM"));
    match load.family() {
        Some(Family::P3) => ManifestFormat::LoaderAndApplication,
        Some(Family::F78 | Family::F88) | None if sections() => ManifestFormat::Sections,
        Some(Family::F69 | Family::F894 | Family::F99 | Family::F78 | Family::F88) => {
            ManifestFormat::Bare
        }
        Some(Family::F792) => ManifestFormat::Wireless,
        _ if load.as_str().to_ascii_uppercase().starts_with("CP79") => ManifestFormat::Wireless,
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
        if line.starts_with(b"LA_VERSION=") {
            break;
        }
        parsed.add_image(tokens(line).next(), None, None)?;
    }
    Ok(())
}

/// `kern=kern78xx.11-0-1-11.sbn size=3089488`. Other lines do not name images.
fn sections_line(line: &[u8], parsed: &mut ParsedManifest) -> Result<(), String> {
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
            parsed.add_image(Some(image), decimal(size), None)
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
        self.images.push(ImageEntry { name, size, md5 });
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(parsed: &ParsedManifest) -> Vec<&str> {
        parsed
            .images
            .iter()
            .map(|image| image.name.as_str())
            .collect()
    }

    fn signed(body: &[u8]) -> Vec<u8> {
        crate::simulator::signed_file("x.loads", body)
    }

    #[test]
    fn classic_manifest_is_parsed_as_the_phone_does() {
        let body = b"#\r\n# a comment, x.txt in it\r\n#HARDWARE_COMP_1 15\r\n\r\n\
            jar45sip.9-3-1.sbn\r\ncnu45.9-3-1.sbn # behind\r\n\tdsp45.9-3-1.sbn \r\n\
            cvm45sip.9-3-1.sbn two\r\napps45.bin";
        for file in [signed(body), body.to_vec()] {
            let parsed = parse("term65.default.loads", &file).unwrap();
            assert_eq!(
                names(&parsed),
                [
                    "jar45sip.9-3-1.sbn",
                    "cnu45.9-3-1.sbn",
                    "dsp45.9-3-1.sbn",
                    "cvm45sip.9-3-1.sbn",
                    "apps45.bin"
                ]
            );
            assert_eq!(parsed.hardware, Some(15));
        }
    }

    #[test]
    fn mask_is_parsed_in_every_base_of_strtol() {
        for (line, mask) in [
            ("#HARDWARE_COMP_1 7", Some(7)),
            ("#HARDWARE_COMP_1\t0x0F", Some(15)),
            ("#HARDWARE_COMP_1 017", Some(15)),
            ("#HARDWARE_COMP_1 5x", Some(5)),
            ("#HARDWARE_COMP_1 0", Some(0)),
            ("#HARDWARE_COMP_1", None),
            ("# HARDWARE_COMP_1 7", None),
            (" #HARDWARE_COMP_1 7", None),
        ] {
            let body = format!("{line}\r\na.sbn\r\n");
            assert_eq!(
                parse("SIP45.x.loads", body.as_bytes()).unwrap().hardware,
                mask,
                "{line}"
            );
        }
    }

    #[test]
    fn line_longer_than_the_phone_buffer_is_split() {
        // 126 characters of comment, then what was meant to be comment too.
        let body = format!("#{}trap.sbn\na.sbn\n", "c".repeat(125));
        assert_eq!(
            names(&parse("SIP45.x.loads", body.as_bytes()).unwrap()),
            ["trap.sbn", "a.sbn"]
        );
        let body = b"a.sbn\0hidden.txt\nb.sbn\n";
        assert_eq!(
            names(&parse("SIP45.x.loads", body).unwrap()),
            ["a.sbn", "b.sbn"]
        );
    }

    #[test]
    fn manifests_that_phones_reject_are_rejected() {
        for (name, body, why) in [
            ("SIP45.x.loads", &b"a.sbn\nreadme.txt\n"[..], "readme.txt"),
            ("SIP45.x.loads", b"", "no image"),
            ("SIP45.x.loads", b"# only comments\r\n", "no image"),
            ("P0S3-8-12-00.loads", b"LA_VERSION=PAS30830\n", "no image"),
            ("SIP45.x.loads", &[1, 0, 2, 9], "does not begin"),
        ] {
            let error = parse(name, body).unwrap_err();
            assert!(error.contains(why), "{name}: {error}");
        }
        let many: Vec<_> = (0..=MAX_IMAGES).map(|n| format!("{n}.sbn\n")).collect();
        let many = many.concat();
        assert!(
            parse("SIP45.x.loads", many.as_bytes())
                .unwrap_err()
                .contains("more than")
        );
    }

    #[test]
    fn manifests_of_other_families_are_parsed() {
        let p3 = b"P003-8-12-00.sbn\nP0S3-8-12-00.sb2\nLA_VERSION=PAS30830\n";
        let parsed = parse("P0S3-8-12-00.loads", p3).unwrap();
        assert_eq!(names(&parsed), ["P003-8-12-00.sbn", "P0S3-8-12-00.sb2"]);

        let bare = b"BOOT69xx.0-0-0-14.zz.sgn\r\nDSP69xx.1.zz.sgn\r\nSIP69xx.9-4-1-3.zz.sgn";
        let parsed = parse("SIP69xx.9-4-1-3.loads", &signed(bare)).unwrap();
        assert_eq!(
            names(&parsed),
            [
                "BOOT69xx.0-0-0-14.zz.sgn",
                "DSP69xx.1.zz.sgn",
                "SIP69xx.9-4-1-3.zz.sgn"
            ]
        );

        let sections = b"# RELEASE Model=78xx\n[CISCO-ID]\nhwcompat = 0x00000003\n[PLATFORM_1]\n\
            sboot=sboot78xx.11.sbn size=370348\nebr_1 = (0, 1)\n[PLATFORM_2]\n\
            sboot=sboot2.78xx.11.sbn size=596540\n";
        let mut file = vec![0xcd, 0x34, 0x12, 0xab, 0x50, 1, 0, 0];
        file.resize(0x150, 0);
        file[0x0c..0x10].copy_from_slice(&u32::try_from(sections.len()).unwrap().to_le_bytes());
        file[0x34] = 23;
        file.extend(sections);
        let parsed = parse("sip78xx.11-0-1-11.loads", &file).unwrap();
        assert_eq!(
            parsed.images,
            [
                ("sboot78xx.11.sbn", 370_348),
                ("sboot2.78xx.11.sbn", 596_540)
            ]
            .map(|(name, size)| ImageEntry {
                name: name.to_owned(),
                size: Some(size),
                md5: None,
            })
        );

        let wireless = b"#? HW_REV 0-4.*\n\nAPPSH-1.4.5.3.SBN        123456 0123456789ABCDEF\n";
        let parsed = parse("CP7921G-1.4.5.3.LOADS", wireless).unwrap();
        assert_eq!(
            parsed.images,
            [ImageEntry {
                name: "APPSH-1.4.5.3.SBN".to_owned(),
                size: Some(123_456),
                md5: Some("0123456789ABCDEF".to_owned()),
            }]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn any_input_is_parsed_without_panic(
            name in prop_oneof![
                Just("SIP45.1.loads"), Just("P0S3-1.loads"), Just("SIP69xx.1.loads"),
                Just("sip78xx.1.loads"), Just("CP7921G-1.LOADS"), Just("x.loads"), Just(""),
            ],
            header in prop_oneof![Just(signed(b"")), Just(Vec::new())],
            text in "([#\\[=0-9a-z. \r\n\t\u{0}ä]|#HARDWARE_COMP_1 |\\[PLATFORM_1\\]|size=){0,80}",
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let file: Vec<u8> = header.into_iter().chain(text.into_bytes()).chain(bytes).collect();
            if let Ok(parsed) = parse(name, &file) {
                prop_assert!((1..=MAX_IMAGES).contains(&parsed.images.len()));
            }
        }
    }
}
