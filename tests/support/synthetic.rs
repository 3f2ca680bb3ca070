//! A made-up bundle as a test gives it to the program, and the key that it is signed with.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use reflash::{
    phone::{Family, MODELS, Protocol, Support},
    simulator::{Release, Sizes, SyntheticBundle},
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
    write(&small(Family::F45, seed), path)
}

/// The bundle of another family.
pub(crate) fn bundle_for(folder: &Path, family: Family) -> PathBuf {
    write_into(folder, &small(family, 7))
}

fn small(family: Family, seed: u64) -> SyntheticBundle {
    let made = SyntheticBundle::new(family, seed).unwrap();
    made.sizes(Sizes::Small)
}

fn write(made: &SyntheticBundle, path: PathBuf) -> PathBuf {
    made.write_zip(&path).unwrap();
    set_mode(&path, 0o644);
    path
}

fn write_into(folder: &Path, made: &SyntheticBundle) -> PathBuf {
    write(made, folder.join(made.file_name()))
}

/// A small bundle of every family that is converted or upgraded.
pub(crate) fn bundles_of_all_families(folder: &Path) -> Vec<PathBuf> {
    let mut families: Vec<Family> = MODELS.iter().map(|model| model.family).collect();
    families.retain(|family| family.is_supported());
    families.sort();
    families.dedup();
    families
        .into_iter()
        .map(|family| bundle_for(folder, family))
        .collect()
}

/// The steps of a 7940 or 7960 with old SIP firmware to its loader.
pub(crate) fn steps_of_first_phones(folder: &Path) -> Vec<PathBuf> {
    [
        (Protocol::Sip, "04-4-00"),
        (Protocol::Sip, "05-3-00"),
        (Protocol::Sccp, "05000700"),
    ]
    .map(|(protocol, release)| {
        let made = small(Family::P3, 7).protocol(protocol);
        let release = Release {
            load: release.to_owned(),
            images: release.to_owned(),
        };
        write_into(folder, &made.release(release))
    })
    .to_vec()
}

/// The load that a phone of this family has after its conversion with these bundles.
pub(crate) fn target(family: Family) -> String {
    let made = SyntheticBundle::new(family, 7).unwrap();
    made.load().to_string()
}

/// What phones of a family run at first: SCCP, or an old SIP load if they have SIP only.
pub(crate) fn first_load(family: Family) -> String {
    let target = SyntheticBundle::new(family, 7).unwrap().load();
    match family.support() {
        _ if family == Family::P3 => "P0030801SR02".to_owned(),
        Support::Converts if family.slots().is_some() => {
            family.slot_load(Protocol::Sccp, "9-3-1-3").to_string()
        }
        Support::Converts => format!("SCCP{}.8-5-2S", target.code()),
        _ => family.slot_load(Protocol::Sip, "9-2-1-0").to_string(),
    }
}

/// Whatever the umask is: other users of these tests must be able to read, or not to.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
