//! A bundle with the structure of a real one and synthetic contents.
//!
//! Names, number and sizes of the members and the text of the manifests are as in real bundles.
//! The images have pseudo-random contents, and the manifest says so.

mod code;
mod damage;
mod first_phones;
mod header;
mod sizes;
mod slots;

use std::{
    fs,
    io::{self, Cursor, Write},
    path::Path,
};

use zip::{CompressionMethod, DateTime, System, ZipWriter, write::SimpleFileOptions};

pub(super) use self::code::code;
pub use self::damage::Damage;
pub use self::header::{TEST_KEY_PEM, fifth_generation_file, signed_file, test_key};
use self::header::{header_length, signed};
pub use self::sizes::Sizes;
use super::rng::Rng;
use crate::phone::{Family, LoadName, Protocol};

/// A release as written in the name of the load and in the names of its images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// `9-3-1SR4-1S`.
    pub load: String,
    /// `9-3-1ES26`.
    pub images: String,
}

/// A synthetic bundle of one family.
#[derive(Debug, Clone)]
pub struct SyntheticBundle {
    family: Family,
    protocol: Protocol,
    release: Release,
    sizes: Sizes,
    seed: u64,
    without: Vec<String>,
    damage: Option<Damage>,
}

/// The comment in place of the one in real manifests, with the same length.
const MADE_UP: &str =
    "# MADE UP for rehearsal: random bytes, nobody's firmware; no phone would take it\r\n";

impl SyntheticBundle {
    /// The SIP bundle of this family in its usual release, with realistic sizes. `None` for a
    /// family that is neither converted nor upgraded.
    #[must_use]
    pub fn new(family: Family, seed: u64) -> Option<Self> {
        let (load, images) = match family {
            Family::F42 | Family::F45 | Family::F75 => ("9-3-1SR4-1S", "9-3-1ES26"),
            Family::F11 | Family::F41 => ("9-4-2SR1-1S", "9-4-2ES9"),
            Family::F70 => ("9-4-2SR3-1S", "9-4-2ES26"),
            Family::F31 => ("9-2-1S", "9-2-1TH1-13"),
            Family::P3 => ("8-12-00", "8-12-00"),
            _ => (slots::release(family)?, ""),
        };
        Some(Self {
            family,
            protocol: Protocol::Sip,
            release: Release {
                load: load.to_owned(),
                images: images.to_owned(),
            },
            sizes: Sizes::Realistic,
            seed,
            without: Vec::new(),
            damage: None,
        })
    }

    /// Sets the sizes of the images.
    #[must_use]
    pub fn sizes(self, sizes: Sizes) -> Self {
        Self { sizes, ..self }
    }

    /// Sets the protocol.
    #[must_use]
    pub fn protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// Sets the release; a bridge is `8-5-2S` with images of `8-5-2TH1-9`.
    #[must_use]
    pub fn release(self, release: Release) -> Self {
        Self { release, ..self }
    }

    /// Leaves out the members whose names begin with `beginning`; manifests still name them.
    #[must_use]
    pub fn without(mut self, beginning: &str) -> Self {
        self.without.push(beginning.to_owned());
        self
    }

    /// Adds this damage.
    #[must_use]
    pub fn damaged(self, damage: Damage) -> Self {
        Self {
            damage: Some(damage),
            ..self
        }
    }

    /// The load that it installs: `SIP45.9-3-1SR4-1S`.
    #[must_use]
    pub fn load(&self) -> LoadName {
        if self.family == Family::P3 {
            return first_phones::load(self.protocol, &self.release.load);
        }
        if self.family.slots().is_some() {
            return self.family.slot_load(self.protocol, &self.release.load);
        }
        let code = code(self.family);
        LoadName::new(&format!("{}{code}.{}", self.protocol, self.release.load))
    }

    /// The file name under which such a bundle is published.
    #[must_use]
    pub fn file_name(&self) -> String {
        if self.family == Family::P3 {
            return format!("{}.zip", self.load());
        }
        let protocol = self.protocol.to_string().to_lowercase();
        if self.family.slots().is_some() {
            let bundle = self.family.sip_bundle().unwrap_or_default();
            let bundle = bundle
                .to_ascii_lowercase()
                .replace("-sip", &format!("-{protocol}"));
            return format!("{bundle}.{}.zip", self.release.load);
        }
        let hardware = match self.family {
            Family::F11 => "7911_7906",
            Family::F31 => "7931",
            Family::F41 => "7941_7961",
            Family::F42 => "7942_7962",
            Family::F70 => "7970_7971",
            Family::F75 => "7975",
            _ => "7945_7965",
        };
        let release = self
            .release
            .load
            .strip_suffix('S')
            .unwrap_or(&self.release.load);
        format!("cmterm-{hardware}-{protocol}.{release}.zip")
    }

    /// Its members: the images, the load's manifest and the recovery manifests.
    #[must_use]
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = if self.family == Family::P3 {
            first_phones::files(&self.load(), self.sizes_of_first_phones(), self.seed)
        } else if self.family.slots().is_some() {
            slots::files(
                self.family,
                &self.load(),
                self.protocol,
                self.sizes,
                self.seed,
            )
        } else {
            self.files_with_recovery()
        };
        files.retain(|(name, _)| {
            !self
                .without
                .iter()
                .any(|gone| name.starts_with(gone.as_str()))
        });
        if let Some(damage) = self.damage {
            damage.to_members(&mut files);
        }
        files
    }

    fn files_with_recovery(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<(String, Vec<u8>)> = self
            .images()
            .into_iter()
            .zip(0_u64..)
            .map(|((name, size), stream)| {
                let body = Rng::new(self.seed, stream).bytes(size - header_length(&name));
                let file = signed(&name, &body);
                (name, file)
            })
            .collect();
        let text = self.manifest();
        let mut manifests = vec![self.load().manifest()];
        manifests.extend(
            self.family
                .models()
                .filter_map(|model| model.recovery_manifest)
                .map(str::to_owned),
        );
        manifests.sort();
        // -GE models share the plain model's manifest.
        manifests.dedup();
        files.extend(manifests.into_iter().map(|name| {
            let file = signed(&name, text.as_bytes());
            (name, file)
        }));
        files
    }

    /// Writes a zip file like Cisco's: flat, made on FAT, every member deflated. The same bundle
    /// always gives the same bytes.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write_zip(&self, path: &Path) -> io::Result<()> {
        let time = DateTime::from_date_and_time(2020, 1, 1, 0, 0, 0).unwrap_or_default();
        let options = SimpleFileOptions::default()
            .system(System::Dos)
            .external_attributes(0)
            .compression_method(CompressionMethod::Deflated)
            // Random bytes cannot be compressed.
            .compression_level(Some(1))
            .last_modified_time(time);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in self.files() {
            zip.start_file(name, options)?;
            zip.write_all(&bytes)?;
        }
        let mut zip = zip.finish()?.into_inner();
        if let Some(damage) = self.damage {
            damage.to_zip(&mut zip);
        }
        fs::write(path, zip)
    }

    /// The bytes of the loader and the application of a 7940 or 7960.
    fn sizes_of_first_phones(&self) -> [usize; 2] {
        match self.sizes {
            Sizes::Small => [12_345, 50_001],
            Sizes::Realistic | Sizes::Full => [130_956, 756_524],
        }
    }

    /// The names and sizes of the images, in the order of the manifest.
    fn images(&self) -> [(String, usize); 5] {
        let protocol = self.protocol.to_string().to_lowercase();
        let code = code(self.family);
        let lengths = match (self.sizes, self.family, self.protocol) {
            // The first is exactly 48 blocks, so that an empty block ends it.
            (Sizes::Small, ..) => [24_576, 12_345, 50_001, 9_000, 30_721],
            (_, Family::F11, _) => [1_620_152, 559_855, 3_156_351, 364_207, 2_694_706],
            (_, Family::F31, _) => [1_617_571, 553_975, 3_150_897, 356_907, 2_209_268],
            (_, Family::F41, _) => [1_630_052, 557_154, 3_156_347, 562_005, 2_217_256],
            (_, Family::F42, _) => [1_765_313, 581_634, 4_642_392, 363_807, 2_686_369],
            (_, Family::F70, _) => [1_830_557, 557_249, 3_157_527, 562_693, 2_222_958],
            (_, Family::F75, _) => [1_895_652, 581_527, 4_642_392, 363_807, 2_689_713],
            (_, _, Protocol::Sccp) => [1_891_377, 581_548, 4_642_392, 363_807, 2_218_505],
            (_, _, Protocol::Sip) => [1_893_314, 581_548, 4_642_392, 363_807, 2_689_901],
        };
        let stems = [
            format!("jar{code}{protocol}"),
            format!("cnu{code}"),
            format!("apps{code}"),
            format!("dsp{code}"),
            format!("cvm{code}{protocol}"),
        ];
        let mut lengths = lengths.into_iter();
        stems.map(|stem| {
            let name = format!("{stem}.{}.sbn", self.release.images);
            (name, lengths.next().unwrap_or_default())
        })
    }

    /// The text of a manifest: CRLF, the hardware mask if real ones have it, and the trailing blank
    /// in the lines of dsp and cvm (7931: also apps).
    fn manifest(&self) -> String {
        let release = &self.release.images;
        let mask = match self.family {
            Family::F11 => "#HARDWARE_COMP_1 1",
            Family::F42 | Family::F75 => "#HARDWARE_COMP_1 5",
            Family::F45 => "#HARDWARE_COMP_1 15",
            _ => "",
        };
        let mut text =
            format!("#\r\n{MADE_UP}# RELEASE load version {release}\r\n#\r\n{mask}\r\n\r\n");
        for (name, _) in self.images() {
            let blank = name.starts_with("dsp")
                || name.starts_with("cvm")
                || (self.family == Family::F31 && name.starts_with("apps"));
            text.push_str(&name);
            text.push_str(if blank { " \r\n" } else { "\r\n" });
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{super::read::ScriptManifest, *};

    const FAMILIES: [Family; 7] = [
        Family::F11,
        Family::F31,
        Family::F41,
        Family::F42,
        Family::F45,
        Family::F70,
        Family::F75,
    ];

    fn small(family: Family) -> SyntheticBundle {
        SyntheticBundle::new(family, 1)
            .expect("a convertible family")
            .sizes(Sizes::Small)
    }

    #[test]
    fn the_7965_s_bundle_has_the_names_and_sizes_of_the_real_one() {
        let made = SyntheticBundle::new(Family::F45, 1).expect("a convertible family");
        assert_eq!(made.file_name(), "cmterm-7945_7965-sip.9-3-1SR4-1.zip");
        let mut files: Vec<(String, usize)> = made
            .files()
            .into_iter()
            .map(|(name, bytes)| (name, bytes.len()))
            .collect();
        files.sort();
        let expected = [
            ("SIP45.9-3-1SR4-1S.loads", 667),
            ("apps45.9-3-1ES26.sbn", 4_642_392),
            ("cnu45.9-3-1ES26.sbn", 581_548),
            ("cvm45sip.9-3-1ES26.sbn", 2_689_901),
            ("dsp45.9-3-1ES26.sbn", 363_807),
            ("jar45sip.9-3-1ES26.sbn", 1_893_314),
            ("term45.default.loads", 667),
            ("term65.default.loads", 667),
        ]
        .map(|(name, size)| (name.to_owned(), size));
        assert_eq!(files, expected);
    }

    #[test]
    fn the_manifests_of_every_family_name_the_members_of_the_bundle() {
        for family in FAMILIES {
            for protocol in [Protocol::Sip, Protocol::Sccp] {
                let made = small(family).protocol(protocol);
                let files = made.files();
                let has = |name: &str| files.iter().any(|(member, _)| member == name);
                assert!(has(&made.load().manifest()));
                assert_eq!(made.load().family(), Some(family));
                assert_eq!(made.load().protocol(), Some(protocol));
                assert!(
                    family
                        .models()
                        .all(|model| model.recovery_manifest.is_some_and(has))
                );
                for (name, bytes) in &files {
                    if LoadName::new(name).as_str() != name {
                        let manifest = ScriptManifest::read(bytes).expect(name);
                        assert_eq!(manifest.images.len(), 5);
                        assert!(manifest.images.iter().all(|image| has(image)), "{name}");
                    }
                }
            }
        }
        assert!(SyntheticBundle::new(Family::F792, 1).is_none());
    }

    #[test]
    fn a_zip_contains_the_members_and_is_reproducible() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = small(Family::F42).without("dsp42");
        let paths = ["one.zip", "two.zip"].map(|name| folder.path().join(name));
        for path in &paths {
            made.write_zip(path).expect("a zip");
        }
        let [one, two] = paths.map(|path| std::fs::read(path).expect("a zip"));
        assert_eq!(one, two);
        let mut archive = zip::ZipArchive::new(io::Cursor::new(one)).expect("an archive");
        let files = made.files();
        assert_eq!(archive.len(), 7);
        for (name, bytes) in files {
            let mut member = Vec::new();
            let mut entry = archive.by_name(&name).expect("a member");
            entry.read_to_end(&mut member).expect("a whole member");
            assert_eq!(member, bytes, "{name}");
        }
    }
}
