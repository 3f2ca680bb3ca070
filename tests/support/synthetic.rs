//! A made-up bundle as a test gives it to the program, and the key that it is signed with.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};

/// What `--trust-key` is given.
pub(crate) const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");

/// The bundle of the 7945 and 7965, for every user to read.
pub(crate) fn bundle(folder: &Path) -> PathBuf {
    bundle_of(folder, 7)
}

/// The same with other contents.
pub(crate) fn bundle_of(folder: &Path, seed: u64) -> PathBuf {
    let path = folder.join("cmterm-7945_7965-sip.9-3-1SR4-1.zip");
    write(Family::F45, seed, path)
}

/// The bundle of another family.
pub(crate) fn bundle_for(folder: &Path, family: Family) -> PathBuf {
    let made = SyntheticBundle::new(family, 7).unwrap();
    write(family, 7, folder.join(made.file_name()))
}

fn write(family: Family, seed: u64, path: PathBuf) -> PathBuf {
    let made = SyntheticBundle::new(family, seed)
        .unwrap()
        .sizes(Sizes::Small);
    made.write_zip(&path).unwrap();
    set_mode(&path, 0o644);
    path
}

/// Whatever the umask is: other users of these tests must be able to read, or not to.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
