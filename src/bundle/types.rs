//! The result of an examination.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

pub use super::verdict::Verdict;
use super::{
    checksum::Digests,
    firmware_set::{self, FirmwareSet},
};
use crate::{
    diagnose::Severity,
    phone::{LoadName, Model},
};

/// The catalogue entry that a file matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogueMatch {
    /// The file name as published.
    pub name: &'static str,
    /// Who published the digest.
    pub source: &'static str,
    /// How reliable the digest is.
    pub confidence: Confidence,
}

/// How reliable a catalogue entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Computed from the published file.
    Computed,
    /// Stated by one public list.
    Stated,
    /// Stated by a list that gives the same digest to other names too.
    Doubtful,
}

/// The kind of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberKind {
    /// A `.loads` file.
    Manifest,
    /// Named by a manifest, or with the extension of an image.
    Image,
    /// Anything else.
    Other,
}

/// The state of a member's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// It verifies.
    Valid,
    /// It does not verify.
    Invalid,
    /// It was not or cannot be checked.
    Unchecked,
    /// The member has none.
    None,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The base name.
    pub name: String,
    /// Unpacked bytes.
    pub size: u64,
    /// 64 lower-case hex digits.
    pub sha256: String,
    /// Its kind.
    pub kind: MemberKind,
    /// The state of its signature.
    pub signature: Signature,
    /// The key that signed it: `7945_7965-primary`, or the name of a trusted key.
    pub key: Option<String>,
    /// The time of signing, as the signature states it.
    pub signed_at: Option<Timestamp>,
    /// The names under which phones are served it: the spelling of its header first, then that
    /// of the manifests where it differs. Empty if it is not served.
    #[serde(skip)]
    pub served_as: Vec<String>,
}

/// Which of a platform's two keys signed a load.
///
/// Loads up to 8.5(2) are signed with the previous (secondary) key, loads from 8.5(2)SR1 on
/// with the current (primary) one. 8.5(1) and 8.5(2) are the first releases that accept
/// both, so an upgrade to a newer load passes through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyGeneration {
    /// The previous key.
    Secondary,
    /// The current key.
    Primary,
}

/// A finding about a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable, lower case with hyphens.
    pub code: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// The member it concerns.
    pub member: Option<String>,
    /// What was found and what was expected.
    pub message: String,
    /// What to do next.
    pub cure: String,
}

/// The protocol of a bundle's loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum BundleProtocol {
    /// All loads are SIP.
    #[serde(rename = "SIP")]
    Sip,
    /// All loads are SCCP.
    #[serde(rename = "SCCP")]
    Sccp,
    /// The bundle contains loads of both.
    #[serde(rename = "mixed")]
    Mixed,
}

/// A manifest of a bundle, as phones read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The name under which phones are served it.
    pub name: String,
    /// The load whose images it names, if the bundle has its manifest.
    pub installs: Option<LoadName>,
    /// The images it names, in order.
    pub images: Vec<String>,
    /// The hardware platforms that fetch each image, as bits; 0: all.
    pub platforms: Vec<u32>,
    /// The mask of `#HARDWARE_COMP_1`: the hardware classes that the load supports.
    pub hardware: Option<u32>,
}

/// An examined bundle. Serialised, it is one entry of `verify --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Bundle {
    /// The path; `outer.zip!inner.tar` for a bundle inside a file.
    #[serde(serialize_with = "lossy_path")]
    pub path: PathBuf,
    /// The verdict on what phones would be served, or on the whole if nothing could be.
    pub verdict: Verdict,
    /// `None` for a folder and for a file that was not read to its end.
    pub digests: Option<Digests>,
    /// The matching catalogue entry.
    pub catalogue: Option<CatalogueMatch>,
    /// The protocol of its loads by their names; `None` if the names do not show it.
    pub protocol: Option<BundleProtocol>,
    /// Its loads, without recovery manifests, sorted.
    pub loads: Vec<LoadName>,
    /// The models it is for, -GE variants included, sorted by number.
    #[serde(serialize_with = "firmware_set::numbers")]
    pub models: Vec<&'static Model>,
    /// Its loads with their images, sorted by load.
    pub sets: Vec<FirmwareSet>,
    /// Its files, in archive order.
    pub members: Vec<Member>,
    /// Its manifests, in archive order.
    #[serde(skip)]
    pub manifests: Vec<Manifest>,
    /// The generation of the signing keys, if all signatures have the same one.
    #[serde(skip)]
    pub key_generation: Option<KeyGeneration>,
    /// Whether a signature is valid only with a key that the user trusts.
    #[serde(skip)]
    pub uses_trusted_key: bool,
    /// Where its bytes are, for [`Bundle::unpack`].
    #[serde(skip)]
    pub location: BundleLocation,
    /// The findings.
    pub problems: Vec<Problem>,
}

impl Bundle {
    /// The sets that phones are served.
    pub fn served_sets(&self) -> impl Iterator<Item = &FirmwareSet> {
        self.sets.iter().filter(|set| set.is_served)
    }

    /// The loads that phones are served.
    pub fn served_loads(&self) -> impl Iterator<Item = &LoadName> {
        self.served_sets().map(|set| &set.load)
    }
}

/// Where the bytes of a bundle are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BundleLocation {
    /// The file or folder that was given.
    pub(super) file: PathBuf,
    /// The given path is a folder.
    pub(super) in_folder: bool,
    /// The archive inside the file, if the bundle is nested.
    pub(super) archive: Option<String>,
    /// The folder inside the file or archive, with a trailing slash; empty for none.
    pub(super) folder: String,
    /// The digests of the given file.
    pub(super) outer: Option<Digests>,
}

fn lossy_path<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}
