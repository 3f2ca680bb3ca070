//! How large a journal may be.

/// The most bytes of one line. The longest line is the header: bundles of every family and the
/// names of 4,096 phones fit.
pub const MAX_LINE_BYTES: u64 = 4 << 20;

/// The most bytes of a journal; the conversion of one phone takes about 30,000.
pub const MAX_FILE_BYTES: u64 = 512 << 20;
