//! How large the images of a synthetic bundle are.

/// The sizes of the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sizes {
    /// As in real bundles: about 10 MB in total.
    #[default]
    Realistic,
    /// About ten thousand bytes each, for tests.
    Small,
    /// Those of real bundles also where these are large: a rootfs of the 78xx has 40 MB, which is
    /// more than 65,535 blocks of 512 bytes.
    Full,
}
