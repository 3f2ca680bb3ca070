//! What a firmware file is, whether it is whole, and for which phones.
//!
//! [`examine()`] hashes the file on threads of its own while `container` walks it: zips,
//! tars, packages for a call manager, folders, and one level of these within each other.
//! Structures are held against what the makers of hostile archives do (`archive`) before a
//! member is read. Each member is read once (`member`): its header is judged as phones do
//! (`header`), its signature against Cisco's keys (`signature`), its manifest as phones read
//! it (`manifest`). `contents` holds the members against each other, `catalogue` against
//! what is published, and `verdict` says what it all means. Nothing is written before
//! [`Bundle::unpack`] but archives within archives, to files without a name.

mod archive;
mod catalogue;
mod container;
mod contents;
mod digest;
mod examine;
mod gather;
mod header;
mod inflate;
mod manifest;
mod member;
mod names;
mod signature;
mod unpack;
mod verdict;

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    diagnose::Severity,
    phone::{LoadName, Model},
};

pub use digest::{Checksum, ParseChecksumError};
pub use examine::{examine, unmatched_checksums};
pub use signature::{PemError, TrustedKey};

/// What a bundle is held to be. docs/verification.md says what each verdict proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Its digest is in the catalogue or equals `--checksum`, and it is whole.
    Known,
    /// Digest unknown; every signed member verifies with Cisco's key, and it is whole.
    Genuine,
    /// Whole; origin not proven.
    Intact,
    /// A manifest names what is not there.
    Incomplete,
    /// A digest, header, signature, size or the archive's structure does not hold.
    Damaged,
    /// Hostile, or over a limit.
    Refused,
    /// Readable, but no Cisco phone firmware.
    Foreign,
}

/// The digests of a whole file, lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// 32 digits.
    pub md5: String,
    /// 40 digits.
    pub sha1: String,
    /// 64 digits.
    pub sha256: String,
    /// 128 digits.
    pub sha512: String,
}

/// A row of the catalogue that a file equals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogueMatch {
    /// The file's name as it was published.
    pub name: &'static str,
    /// Who published the digest.
    pub source: &'static str,
    /// How far that is to be believed.
    pub confidence: Confidence,
}

/// How far a row of the catalogue is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Computed from the published file itself.
    Computed,
    /// One public list states it.
    Stated,
    /// A list states it, and gives the same digest to other names too.
    Doubtful,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberKind {
    /// A `.loads` file.
    Manifest,
    /// Named by a manifest, or of an image's name.
    Image,
    /// Anything else.
    Other,
}

/// What is known of a member's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// It verifies.
    Valid,
    /// It does not.
    Invalid,
    /// There is one, and it was not or cannot be checked.
    Unchecked,
    /// There is none.
    None,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its base name.
    pub name: String,
    /// Bytes, unpacked.
    pub size: u64,
    /// 64 lower-case hex digits.
    pub sha256: String,
    /// What it is.
    pub kind: MemberKind,
    /// What is known of its signature.
    pub signature: Signature,
    /// The key that signed it: `7945_7965-primary`, or the name of a trusted one.
    pub key: Option<String>,
    /// When it was signed, as the signature says it.
    pub signed_at: Option<Timestamp>,
}

/// Which of a platform's two keys signed a load. Loads up to 8.5(2) have the previous
/// (secondary) key, and those from 8.5(2)SR1 on the current (primary) one; 8.5(1) and
/// 8.5(2) are the first that know both, which is why the way to newer loads leads over
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyGeneration {
    /// The previous key.
    Secondary,
    /// The current key.
    Primary,
}

/// Something that was found while a bundle was examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable, lower case with hyphens.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The member that it is about.
    pub member: Option<String>,
    /// What happened and what was expected.
    pub message: String,
    /// What to do next.
    pub cure: String,
}

/// The protocol of a bundle's loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum BundleProtocol {
    /// All of its loads speak SIP.
    #[serde(rename = "SIP")]
    Sip,
    /// All of its loads speak SCCP.
    #[serde(rename = "SCCP")]
    Sccp,
    /// It holds loads of both.
    #[serde(rename = "mixed")]
    Mixed,
}

/// One manifest of a bundle: what a phone reads in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its file name.
    pub name: String,
    /// The images that it names, in its order.
    pub images: Vec<String>,
    /// The mask of `#HARDWARE_COMP_1`: the hardware classes that the load supports.
    pub hardware: Option<u32>,
}

/// An examined file. Serialised, it is one entry of `verify --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Bundle {
    /// Where it is.
    #[serde(serialize_with = "lossy_path")]
    pub path: PathBuf,
    /// What it is held to be.
    pub verdict: Verdict,
    /// `None` for a folder and for what was not read to its end.
    pub digests: Option<Digests>,
    /// The catalogue's row.
    pub catalogue: Option<CatalogueMatch>,
    /// The protocol of its loads, as their names say it; `None` where they say nothing.
    pub protocol: Option<BundleProtocol>,
    /// Its loads, recovery manifests left out, sorted.
    pub loads: Vec<LoadName>,
    /// The models that it is for, -GE forms included, sorted by number.
    #[serde(serialize_with = "plain_numbers")]
    pub models: Vec<&'static Model>,
    /// Its files, in the archive's order.
    pub members: Vec<Member>,
    /// Its manifests, in the archive's order.
    #[serde(skip)]
    pub manifests: Vec<Manifest>,
    /// The generation of the keys that signed it, where all signatures are of one.
    #[serde(skip)]
    pub key_generation: Option<KeyGeneration>,
    /// A signature in it is valid only by a key that the user trusts.
    #[serde(skip)]
    pub uses_trusted_key: bool,
    /// Where its bytes are, for [`Bundle::unpack`].
    #[serde(skip)]
    pub origin: Origin,
    /// What was found.
    pub problems: Vec<Problem>,
}

/// Where a bundle's bytes are: in a file or folder, and in which part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The file or folder that was named.
    file: PathBuf,
    /// The archive within it, where the bundle is in one.
    archive: Option<String>,
    /// The folder within either, with a slash at its end; empty for none.
    folder: String,
    /// The digests of the file that was named.
    outer: Option<Digests>,
}

/// What the user asked for beside the file itself.
#[derive(Debug, Clone, Default)]
pub struct ExamineOptions {
    /// `--checksum`: what the file's digest is said to be. Any of them may be meant for it.
    pub checksums: Vec<Checksum>,
    /// `--trust-key`: keys whose signatures count as valid, besides Cisco's.
    pub trusted: Vec<TrustedKey>,
}

/// What keeps a bundle from being examined or unpacked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The file system says no.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// A pipe, a device or a socket.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// It is not what it was a moment ago.
    #[error("{} changed while it was in use: {what}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// Its verdict forbids to use it.
    #[error("{} is {verdict} and is not unpacked", path.display())]
    NotUsable {
        /// The file.
        path: PathBuf,
        /// What it was found to be.
        verdict: Verdict,
    },
    /// A member cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file that was to be written.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
}

impl BundleError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Io { .. } => "Check the path, and that you may read the file.",
            Self::NotAFile { .. } => "Save it as a file first, and name that file.",
            Self::Changed { .. } => "Let whatever writes the file finish, then start again.",
            Self::NotUsable { .. } => "Run `reflash verify` on it to see why, and get a good copy.",
            Self::Write { .. } => "Make room in that folder, or choose one that you may write to.",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The serialised form is the word; a second table would only drift.
        self.serialize(f)
    }
}

impl Bundle {
    /// Unpacks every member (and no installer script of a package) into `folder`, which exists and is empty, and checks each
    /// against the size and digest that were found when the bundle was examined: the file
    /// may have changed since. Files are made new, under plain base names and (on Unix)
    /// for this user only. After an error, nothing that was written is left.
    pub fn unpack(&self, folder: &Path) -> Result<(), BundleError> {
        unpack::unpack(self, folder)
    }
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
