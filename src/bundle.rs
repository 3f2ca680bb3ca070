//! Firmware bundles: what a file is, whether it is complete and authentic, and for which
//! phones.
//!
//! [`examine()`] hashes the file on separate threads while `container` walks its entries:
//! ZIP and tar archives, call manager packages and folders, with one level of nesting. The
//! structure of an archive is validated before any entry is read. Each entry is read once
//! (`entry`): its header is parsed as phones do (`header`), its signature is verified with
//! Cisco's keys (`signature`), its manifest is parsed as phones do (`manifest`). `contents`
//! checks the entries against each other, `catalogue` compares digests with published ones,
//! and `assess` derives the verdict. Before [`Bundle::unpack`], only nested archives are
//! written, to unnamed temporary files.

mod assess;
mod catalogue;
mod checksum;
mod collect;
mod container;
mod content_hint;
mod contents;
mod describe;
mod digest;
mod entry;
mod entry_path;
mod error;
mod examine;
mod file_kinds;
mod file_part;
mod file_version;
mod firmware_set;
mod header;
mod hex;
mod limits;
mod manifest;
mod options;
mod payload;
mod purpose;
mod signature;
mod source;
mod standalone;
mod stop;
mod transfer_marks;
mod types;
mod unpack;
mod verdict;
mod visitor;
mod whole_file;

pub use checksum::{Checksum, Digests, ParseChecksumError};
pub use error::BundleError;
pub use examine::{examine, unmatched_checksums};
pub(crate) use file_version::FileVersion;
pub use firmware_set::{FirmwareSet, Recovery, RecoveryState};
pub use options::ExamineOptions;
pub use signature::{PemError, TrustedKey};
pub use types::{
    Bundle, BundleLocation, BundleProtocol, CatalogueMatch, Confidence, KeyGeneration, Manifest,
    Member, MemberKind, Problem, Signature, Verdict,
};
