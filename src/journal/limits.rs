//! How large a journal may be.

/// Maximum size of one line in bytes. The longest line is the header: bundles of every family and
/// the names of 4,096 phones fit.
pub const MAX_LINE_BYTES: u64 = 4 << 20;

/// Maximum size of a journal in bytes; the conversion of one phone takes about 30,000.
pub const MAX_FILE_BYTES: u64 = 512 << 20;
