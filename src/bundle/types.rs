//! The result of an examination.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::checksum::Digests;
use crate::{
    diagnose::Severity,
    phone::{LoadName, Model},
};

/// The verdict on a bundle. docs/verification.md states what each one proves.
///
/// # Examples
///
/// ```
/// use reflash::{
///     bundle::{ExamineOptions, Verdict, examine},
///     phone::Family,
///     simulator::{Sizes, SyntheticBundle, test_key},
/// };
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("bundle.zip");
/// let synthetic = SyntheticBundle::new(Family::F45, 1).unwrap().sizes(Sizes::Small);
/// synthetic.without("apps").write_zip(&path)?;
///
/// let options = ExamineOptions { trusted: vec![test_key()], ..ExamineOptions::default() };
/// let bundle = &examine(&path, &options)?[0];
/// assert_eq!(bundle.verdict, Verdict::Incomplete);
/// assert_eq!(bundle.problems[0].code, "missing-image");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Complete, and its digest is in the catalogue or equals `--checksum`.
    Known,
    /// Complete, digest unknown, and every signed member verifies with Cisco's key or with one
    /// that the user trusts (see [`Bundle::uses_trusted_key`]).
    Genuine,
    /// Complete; origin not proven.
    Intact,
    /// A manifest names a file that is missing.
    Incomplete,
    /// A digest, header, signature, size or the structure of the archive is wrong.
    Damaged,
    /// Hostile, or over a limit.
    Refused,
    /// Readable, but not Cisco phone firmware.
    Foreign,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The serialised name, so that there is only one table of names.
        self.serialize(f)
    }
}

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
    /// The file name.
    pub name: String,
    /// The images it names, in order.
    pub images: Vec<String>,
    /// The mask of `#HARDWARE_COMP_1`: the hardware classes that the load supports.
    pub hardware: Option<u32>,
}

/// An examined bundle. Serialised, it is one entry of `verify --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Bundle {
    /// The path; `outer.zip!inner.tar` for a bundle inside a file.
    #[serde(serialize_with = "lossy_path")]
    pub path: PathBuf,
    /// The verdict.
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
    #[serde(serialize_with = "plain_numbers")]
    pub models: Vec<&'static Model>,
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

/// Where the bytes of a bundle are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BundleLocation {
    /// The file or folder that was given.
    pub(super) file: PathBuf,
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

fn plain_numbers<S: Serializer>(models: &[&'static Model], to: S) -> Result<S::Ok, S::Error> {
    let mut numbers: Vec<_> = models.iter().map(|model| model.plain_number()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    to.collect_seq(numbers)
}
