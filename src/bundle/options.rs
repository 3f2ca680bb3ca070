//! Options for [`super::examine()`].

use super::{checksum::Checksum, signature::TrustedKey};

/// What the user gave besides the file.
#[derive(Debug, Clone, Default)]
pub struct ExamineOptions {
    /// `--checksum`: expected digests. With several files, any of them may match.
    pub checksums: Vec<Checksum>,
    /// `--trust-key`: keys whose signatures are valid in addition to Cisco's.
    pub trusted: Vec<TrustedKey>,
}
