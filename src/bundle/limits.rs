//! Limits on what is read from a file that may be hostile.

/// The largest file that is examined: 1 GiB. The largest known bundle has 200 MB.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;
/// Entries in one archive. The largest known bundle has 16.
pub(super) const MAX_ENTRIES: usize = 1_000;
/// Files and folders in a folder. The TFTP root of a PBX has a few for each phone.
pub(super) const MAX_FOLDER_FILES: usize = 100_000;
/// Bytes of the files in a folder, which are all read: 16 GiB. The firmware of every phone that
/// Cisco made has less.
pub(super) const MAX_FOLDER_BYTES: u64 = 16 << 30;
/// Bytes of a ZIP central directory: twice what [`MAX_ENTRIES`] plain entries need.
pub(super) const MAX_DIRECTORY_BYTES: u32 = 512 * 1024;
/// Unpacked bytes of one entry. The largest known image has 78 MB.
pub(super) const MAX_ENTRY_BYTES: u64 = 256 * 1024 * 1024;
/// Unpacked bytes of all entries of a container.
pub(super) const MAX_TOTAL_BYTES: u64 = 512 * 1024 * 1024;
/// Unpacked bytes per packed byte. Images are already compressed and stay near 1; manifests
/// stay below 3.
pub(super) const MAX_RATIO: u64 = 200;
/// Nested archives opened in one container.
pub(super) const MAX_NESTED_ARCHIVES: usize = 16;
/// Bytes of a manifest, header included: 64 KiB. The largest known one has 1,308.
pub(super) const MAX_MANIFEST_BYTES: usize = 64 * 1024;

/// Bytes read at a time.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;
