//! The verdicts.

use serde::Serialize;

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
    /// that the user trusts (see [`super::Bundle::uses_trusted_key`]).
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
