//! What a firmware file is, whether it is whole, and for which phones.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{
    diagnose::Severity,
    phone::{LoadName, Model, Protocol},
};

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// The key that signed it.
    pub key: Option<String>,
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

/// An examined file.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Where it is.
    pub path: PathBuf,
    /// What it is held to be.
    pub verdict: Verdict,
    /// `None` for a folder and for what could not be read to its end.
    pub digests: Option<Digests>,
    /// The catalogue's row.
    pub catalogue: Option<CatalogueMatch>,
    /// The protocol of its loads; `None` where there are none or they differ.
    pub protocol: Option<Protocol>,
    /// Its loads, recovery manifests left out.
    pub loads: Vec<LoadName>,
    /// The models that it is for.
    pub models: Vec<&'static Model>,
    /// Its files.
    pub members: Vec<Member>,
    /// Its manifests.
    pub manifests: Vec<Manifest>,
    /// What was found.
    pub problems: Vec<Problem>,
}

/// What the user asked for beside the file itself.
#[derive(Debug, Clone, Default)]
pub struct Expectation {
    /// `--checksum`: lower-case hex of 32, 40, 64 or 128 digits.
    pub checksums: Vec<String>,
}

/// What keeps a bundle from being examined or unpacked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The file system says no.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
}

/// Reads the file once from its beginning to its end and judges it. Anything wrong *in*
/// the file is a verdict, not an error.
pub fn examine(path: &Path, expectation: &Expectation) -> Result<Bundle, BundleError> {
    let _ = (path, expectation);
    todo!()
}

impl Bundle {
    /// Unpacks every member into `folder`, which exists and is empty, and checks each
    /// against the digest that was found when the bundle was examined.
    pub fn unpack(&self, folder: &Path) -> Result<(), BundleError> {
        let _ = folder;
        todo!()
    }
}
