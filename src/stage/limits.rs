//! Limits on what is held in memory.

/// Maximum size of a stage in bytes, in memory and on disk. Bundles for all convertible families
/// have about 65 MB together.
pub const MAX_STAGE_BYTES: u64 = 256 * 1024 * 1024;

/// Maximum size of one extra file in bytes. Ring tones and background pictures have about 100 kB,
/// the largest locale file 2 MB.
pub const MAX_EXTRA_FILE_BYTES: u64 = 8 * 1024 * 1024;
