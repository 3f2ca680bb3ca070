//! The files of a bundle of phones with two slots: a manifest and the images that it names, some of
//! them for one hardware platform only.

use super::{
    header::{fifth_generation_file, header_length, signed},
    sizes::Sizes,
};
use crate::{
    phone::{Family, LoadName, Protocol},
    simulator::rng::Rng,
};

/// The bytes of a header of the 78xx and 88xx without the name: fixed fields and a signature.
const FIFTH_HEADER: usize = 0x38 + 256;
/// Platforms of a manifest in sections.
const PLATFORMS: usize = 2;

/// The usual release of the family's SIP bundle; of its SCCP bundle, if it has one, too.
pub(super) fn release(family: Family) -> Option<&'static str> {
    Some(match family {
        Family::F6901 | Family::F6911 => "9-3-1-2",
        Family::F69 | Family::F6945 => "9-4-1-3SR3",
        Family::F894 => "9-4-2SR3-1",
        Family::F8961 | Family::F9951 | Family::F9971 => "9-4-2SR4-1",
        Family::F78 | Family::F88 | Family::F8845 | Family::F7832 | Family::F8832 => {
            "12-8-1-0001-455"
        }
        Family::F8821 => "11-0-3SR6-15",
        Family::F8831 => "10-3-1SR3-5",
        _ => return None,
    })
}

/// An image: its name and size, and the platform that fetches it.
struct Image {
    name: String,
    size: usize,
    platform: usize,
}

/// The images of a load, with the sizes of real ones where they are public; those of the phones with
/// SIP only are shorter.
fn images(family: Family, load: &LoadName, protocol: Protocol, sizes: Sizes) -> Vec<Image> {
    let release = load
        .as_str()
        .split_once('.')
        .map_or("", |(_, release)| release);
    let own: Vec<(String, usize)> = match family {
        Family::F6901 => vec![
            (format!("KNL6901{protocol}.{release}.zz.sgn"), 702_562),
            (format!("APP6901{protocol}.{release}.zz.sgn"), 3_760_548),
        ],
        Family::F6911 => vec![
            (format!("KNL6911{protocol}.{release}.zz.sgn"), 702_469),
            (format!("BFS6911{protocol}.{release}.zz.sgn"), 2_560_420),
            (format!("APP6911{protocol}.{release}.zz.sgn"), 1_270_180),
        ],
        Family::F69 => vec![
            ("BOOT69xx.0-0-0-14.zz.sgn".to_owned(), 45_308),
            ("DSP69xx.12-4-123-2.160119.zz.sgn".to_owned(), 227_828),
            (format!("{load}.zz.sgn"), 3_118_876),
        ],
        Family::F6945 => slices(load, 4, 2_339_240),
        Family::F894 => slices(load, 9, 3_104_532),
        Family::F8961 | Family::F9951 | Family::F9971 => {
            let code = load.code().to_owned();
            ["dkern", "kern", "rootfs", "sboot", "skern"]
                .map(|part| (format!("{part}{code}.{release}.sebn"), 600_000))
                .to_vec()
        }
        _ => return of_platforms(load, release, sizes),
    };
    own.into_iter()
        .map(|(name, size)| Image {
            name,
            size,
            platform: 0,
        })
        .collect()
}

/// Slices of one image: `SIP894x.….bin1.sgn` and so on, all but the last of 3 MiB.
fn slices(load: &LoadName, count: usize, last: usize) -> Vec<(String, usize)> {
    (1..=count)
        .map(|number| {
            let size = if number == count { last } else { 3_145_116 };
            (format!("{load}.bin{number}.sgn"), size)
        })
        .collect()
}

/// `sboot78xx`, `kern78xx` and `rootfs78xx` for the first platform, `sboot2.78xx` and so on for the
/// second.
fn of_platforms(load: &LoadName, release: &str, sizes: Sizes) -> Vec<Image> {
    let code = load.code();
    let rootfs = match sizes {
        Sizes::Full => 40_239_440,
        _ => 3_000_001,
    };
    let parts = [("sboot", 370_348), ("kern", 1_089_488), ("rootfs", rootfs)];
    (1..=PLATFORMS)
        .flat_map(|platform| {
            parts.map(|(part, size)| {
                let mark = if platform == 1 {
                    String::new()
                } else {
                    format!("{platform}.")
                };
                Image {
                    name: format!("{part}{mark}{code}.{release}.sbn"),
                    size,
                    platform,
                }
            })
        })
        .collect()
}

/// The manifest and its images.
pub(super) fn files(
    family: Family,
    load: &LoadName,
    protocol: Protocol,
    sizes: Sizes,
    seed: u64,
) -> Vec<(String, Vec<u8>)> {
    let mut images = images(family, load, protocol, sizes);
    if sizes == Sizes::Small {
        for (at, image) in images.iter_mut().enumerate() {
            // The first is exactly 24 blocks.
            image.size = 12_288 + 1_711 * at;
        }
    }
    let is_sectioned = !family.is_convertible();
    let mut text = String::new();
    if is_sectioned {
        text.extend([
            "# MADE UP for rehearsal: random bytes, no phone would take it\n# RELEASE ",
            load.as_str(),
            "\n[CISCO-ID]\nhwcompat = 0x00000003\n",
        ]);
    }
    let mut files = Vec::new();
    let mut section = 0;
    for (stream, image) in (0_u64..).zip(&images) {
        let file = file(family, &image.name, Rng::new(seed, stream), image.size);
        if is_sectioned {
            let platform = image.platform.max(1);
            if platform != section {
                section = platform;
                text.extend(["[PLATFORM_", &section.to_string(), "]\n"]);
            }
            let part = image.name.split(|c: char| c.is_ascii_digit()).next();
            let size = file.len().to_string();
            let line = [part.unwrap_or("x"), "=", &image.name, " size=", &size, "\n"];
            text.extend(line);
        } else {
            text.extend([&image.name, "\r\n"]);
        }
        files.push((image.name.clone(), file));
    }
    let name = load.manifest();
    let manifest = match generation(family) {
        Some(_) => fifth_generation_file(&name, manifest_version(family), text.as_bytes()),
        None => signed(&name, text.as_bytes()),
    };
    files.push((name, manifest));
    files
}

/// The header version of images in the form of the 78xx and 88xx; `None` for other families.
fn generation(family: Family) -> Option<u32> {
    let slots = family.slots()?;
    slots.has_platforms.then_some(0)
}

/// Manifests of the 88xx are signed in a known way.
fn manifest_version(family: Family) -> u32 {
    match family {
        Family::F78 | Family::F7832 => 0,
        _ => 4,
    }
}

fn file(family: Family, name: &str, mut random: Rng, size: usize) -> Vec<u8> {
    match generation(family) {
        Some(version) => {
            let header = FIFTH_HEADER + name.len().next_multiple_of(4);
            fifth_generation_file(name, version, &random.bytes(size - header))
        }
        None => signed(name, &random.bytes(size - header_length(name))),
    }
}
