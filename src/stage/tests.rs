//! Staged roots: names, files, faults of the disk, and what a removed stage leaves.
//!
//! Long because: every case stages the same synthetic bundles, whose helpers are in this file.

use std::{
    cell::Cell,
    fs, io,
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
};

use super::*;
use crate::{
    bundle::{
        Bundle, BundleError, BundleLocation, FirmwareSet, Manifest, Member, MemberKind, Signature,
        Verdict,
    },
    phone::{LoadName, Model},
    track::View,
};

pub(super) const CALL_MANAGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// A bundle for `models`, and the bytes of its members. Every image's bytes name the
/// load, so that two loads differ under one name.
pub(super) fn bundle(path: &str, load: &str, models: &[&str]) -> Bundle {
    let load = LoadName::new(load);
    let models: Vec<&'static Model> = models
        .iter()
        .map(|number| Model::by_number(number).unwrap())
        .collect();
    let digits = models[0].family.models().next().unwrap().number;
    let images: Vec<String> = ["jar", "cnu", "apps", "dsp", "cvm"]
        .iter()
        .map(|part| format!("{part}{digits}.9.sbn"))
        .collect();
    let mut names: Vec<(String, MemberKind)> = vec![(load.manifest(), MemberKind::Manifest)];
    for model in &models {
        let recovery = model.recovery_manifest.unwrap().to_owned();
        names.push((recovery, MemberKind::Manifest));
    }
    let manifests = names
        .iter()
        .map(|(name, _)| Manifest {
            name: name.clone(),
            installs: Some(load.clone()),
            // As real manifests do, it differs from the member in case.
            images: images.iter().map(|image| image.to_uppercase()).collect(),
            hardware: None,
        })
        .collect();
    names.extend(images.into_iter().map(|image| (image, MemberKind::Image)));
    let members = names
        .into_iter()
        .map(|(name, kind)| {
            let bytes = content(&load, &name);
            Member {
                size: bytes.len() as u64,
                sha256: staged_file::sha256(&bytes),
                served_as: vec![name.clone()],
                name,
                kind,
                signature: Signature::Valid,
                key: None,
                signed_at: None,
            }
        })
        .collect();
    Bundle {
        path: path.into(),
        verdict: Verdict::Known,
        digests: None,
        catalogue: None,
        protocol: None,
        sets: vec![FirmwareSet {
            protocol: load.protocol(),
            verdict: Verdict::Known,
            models: with_variants(&models),
            is_served: true,
            recovery: Vec::new(),
            load: load.clone(),
        }],
        loads: vec![load],
        models,
        members,
        manifests,
        key_generation: None,
        uses_trusted_key: false,
        location: BundleLocation::default(),
        problems: Vec::new(),
    }
}

/// The numbers of these models and of their -GE variants.
fn with_variants(models: &[&'static Model]) -> Vec<&'static str> {
    let is_named = |model: &&Model| {
        models
            .iter()
            .any(|own| own.plain_number() == model.plain_number())
    };
    let all = crate::phone::MODELS.iter().filter(is_named);
    all.map(|model| model.number).collect()
}

pub(super) fn content(load: &LoadName, name: &str) -> Vec<u8> {
    format!("{load} {name}").into_bytes()
}

pub(super) fn unpack(bundle: &Bundle, folder: &Path) -> Result<(), BundleError> {
    for member in &bundle.members {
        let path = folder.join(&member.name);
        fs::write(&path, content(&bundle.loads[0], &member.name))
            .map_err(|source| BundleError::Io { path, source })?;
    }
    Ok(())
}

pub(super) fn sip45() -> Bundle {
    bundle("sip45.zip", "SIP45.9-3-1SR4-1S", &["7945", "7965"])
}

pub(super) fn of<'a>(bundles: &'a [Bundle], bridges: &'a [Bundle]) -> inspect::Sources<'a> {
    inspect::Sources {
        bundles,
        bridges,
        extra: &[],
    }
}

fn temporary(base: &Path, bundles: &[Bundle]) -> Result<Stage, StageError> {
    layout::temporary(base, of(bundles, &[]), CALL_MANAGER, &unpack)
}

fn persistent(folder: &Path, bundles: &[Bundle]) -> Result<Stage, StageError> {
    layout::persistent(folder, bundles, &[], CALL_MANAGER, &unpack)
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_name_is_found_as_phones_write_it_and_no_path_is_ever_built_from_it() {
    let base = tempfile::tempdir().unwrap();
    let stage = temporary(base.path(), &[sip45()]).unwrap();
    for name in [
        "term65.default.loads",
        "TERM65.DEFAULT.loads",
        "/term65.default.loads",
        "./TERM65.default.LOADS",
        "term65.default.loads ",
    ] {
        let file = stage.resolve(View::Target, name).unwrap();
        assert_eq!(&*file.name, "term65.default.loads", "{name}");
        assert_eq!(&*file.bytes, b"SIP45.9-3-1SR4-1S term65.default.loads");
    }
    for name in [
        "",
        "/",
        "0/term65.default.loads",
        "../0/term65.default.loads",
        "target/XMLDefault.cnf.xml",
        "/etc/hostname",
        ".lock",
        "term65.default",
    ] {
        assert!(stage.resolve(View::Target, name).is_none(), "{name}");
    }
}

#[test]
fn the_config_view_names_no_load_and_has_no_firmware() {
    let base = tempfile::tempdir().unwrap();
    let stage = temporary(base.path(), &[sip45()]).unwrap();
    let defaults = |view| {
        let file = stage.resolve(view, "xmldefault.cnf.xml").unwrap();
        String::from_utf8(file.bytes.to_vec()).unwrap()
    };
    let line = r#"<loadInformation436 model="Cisco 7965">SIP45.9-3-1SR4-1S</loadInformation436>"#;
    assert!(defaults(View::Target).contains(line));
    assert!(!defaults(View::ConfigOnly).contains("loadInformation"));
    assert!(defaults(View::ConfigOnly).contains("<processNodeName>192.0.2.10</processNodeName>"));
    for entry in stage.files() {
        let found = stage.resolve(View::ConfigOnly, &entry.name);
        assert_eq!(
            found.is_some(),
            *entry.name == *"XMLDefault.cnf.xml",
            "{entry:?}"
        );
    }
}

#[test]
fn the_root_is_private_has_a_folder_per_bundle_and_ends_with_the_stage() {
    let base = tempfile::tempdir().unwrap();
    let bundles = [
        sip45(),
        bundle("sip41.zip", "SIP41.9-4-2SR3-1S", &["7941", "7961"]),
    ];
    let stage = temporary(base.path(), &bundles).unwrap();
    let root = stage.root();
    assert_eq!(names(&root), [".lock", "0", "1", "config", "target"]);
    assert!(names(&root.join("1")).contains(&"term41.default.loads".to_owned()));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&root), 0o700);
    assert_eq!(mode(&root.join("0/term65.default.loads")), 0o600);
    stage.close().unwrap();
    assert_eq!(names(base.path()), [""; 0]);
    drop(temporary(base.path(), &bundles).unwrap());
    assert_eq!(names(base.path()), [""; 0]);
}

#[test]
fn what_happens_to_the_disk_later_reaches_no_phone() {
    let base = tempfile::tempdir().unwrap();
    let stage = temporary(base.path(), &[sip45()]).unwrap();
    fs::write(stage.root().join("0/jar7945.9.sbn"), "evil").unwrap();
    fs::remove_file(stage.root().join("0/cnu7945.9.sbn")).unwrap();
    for name in ["jar7945.9.sbn", "cnu7945.9.sbn"] {
        let file = stage.resolve(View::Target, name).unwrap();
        assert_eq!(
            *file.bytes,
            *content(&LoadName::new("SIP45.9-3-1SR4-1S"), name)
        );
    }
}

#[test]
fn the_plan_has_every_model_and_the_images_in_order_with_their_sizes() {
    let base = tempfile::tempdir().unwrap();
    let bundles = [
        bundle("sip41.zip", "SIP41.9-4-2SR3-1S", &["7941", "7961"]),
        sip45(),
    ];
    let stage = temporary(base.path(), &bundles).unwrap();
    let plan = stage.plan();
    let numbers = |at: usize| plan[at].models.iter().map(|m| m.number).collect::<Vec<_>>();
    assert_eq!(plan.len(), 2);
    assert_eq!(numbers(0), ["7941", "7941-GE", "7961", "7961-GE"]);
    assert_eq!(numbers(1), ["7945", "7965"]);
    assert_eq!(plan[1].load.as_str(), "SIP45.9-3-1SR4-1S");
    let manifests: Vec<_> = plan[1].manifests.iter().map(|m| &*m.name).collect();
    assert_eq!(
        manifests,
        [
            "SIP45.9-3-1SR4-1S.loads",
            "term45.default.loads",
            "term65.default.loads"
        ]
    );
    let images = &plan[1].manifests[2].images;
    assert_eq!(images.len(), 5);
    let size = "SIP45.9-3-1SR4-1S jar7945.9.sbn".len() as u64;
    assert_eq!(images[0], ("JAR7945.9.SBN".to_owned(), size));
    let defaults = stage.resolve(View::Target, "XMLDefault.cnf.xml").unwrap();
    let text = String::from_utf8(defaults.bytes.to_vec()).unwrap();
    for id in [115, 309, 30018, 308, 435, 436] {
        assert!(text.contains(&format!("<loadInformation{id} ")), "{id}");
    }
}

#[test]
fn a_name_with_different_bytes_in_two_bundles_is_refused_before_anything_is_written() {
    let base = tempfile::tempdir().unwrap();
    let target = base.path().join("root");
    let mut other = bundle("sip41.zip", "SIP41.9-4-2SR3-1S", &["7941"]);
    other.members[2].served_as = vec!["JAR7945.9.sbn".to_owned()];
    for bundles in [
        [sip45(), other.clone()],
        [sip45(), bundle("sccp.zip", "SCCP45.9-4-2SR3-1S", &["7945"])],
    ] {
        let error = persistent(&target, &bundles).unwrap_err();
        assert!(matches!(error, StageError::Collision { .. }), "{error}");
        assert!(error.to_string().contains("sip45.zip"), "{error}");
        assert_eq!(names(base.path()), [""; 0]);
    }
    // The same bytes under one name are one file.
    let mut same = other;
    same.loads = sip45().loads;
    same.members[2] = sip45().members[3].clone();
    same.members.truncate(3);
    same.manifests.clear();
    for member in &mut same.members {
        let bytes = content(&same.loads[0], &member.name);
        member.sha256 = staged_file::sha256(&bytes);
        member.size = bytes.len() as u64;
    }
    persistent(&target, &[sip45(), same]).unwrap();
    assert_eq!(names(&target).len(), 8 + 2 + 1);
}

#[test]
fn a_kept_folder_is_flat_readable_and_whole() {
    let base = tempfile::tempdir().unwrap();
    let new = base.path().join("new");
    let stage = persistent(&new, &[sip45()]).unwrap();
    let listed: Vec<_> = stage.files().iter().map(|e| e.name.to_string()).collect();
    assert_eq!(names(&new), listed);
    assert_eq!(listed.len(), 9);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&new), mode(&new.join(&listed[0]))), (0o755, 0o644));
    for file in stage.files() {
        let bytes = fs::read(new.join(&*file.name)).unwrap();
        assert_eq!(
            (bytes.len() as u64, staged_file::sha256(&bytes)),
            (file.size(), file.sha256())
        );
    }
    assert_eq!(stage.root(), new);
    stage.close().unwrap();
    assert_eq!(names(&new), listed, "a kept folder is kept");
    assert_eq!(names(base.path()), ["new"]);

    // An empty folder stays the folder that it was.
    let empty = base.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o775)).unwrap();
    drop(persistent(&empty, &[sip45()]).unwrap());
    assert_eq!((names(&empty), mode(&empty)), (listed, 0o775));
}

#[test]
fn a_folder_in_use_or_no_folder_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("file");
    fs::write(&file, "").unwrap();
    let link = base.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let error = |path: &Path| persistent(path, &[sip45()]).unwrap_err();
    assert!(matches!(error(base.path()), StageError::NotEmpty { .. }));
    assert!(matches!(error(&file), StageError::NotAFolder { .. }));
    assert!(matches!(error(&link), StageError::NotAFolder { .. }));
    let absent = error(&base.path().join("no/such"));
    assert!(matches!(absent, StageError::Io { .. }), "{absent}");
    assert_eq!(names(base.path()), ["file", "link"]);
}

#[test]
fn whatever_fails_leaves_nothing_behind() {
    let base = tempfile::tempdir().unwrap();
    let empty = base.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let second = bundle("sip41.zip", "SIP41.9-4-2SR3-1S", &["7941"]);
    let count = Cell::new(0);
    let disk_full = |bundle: &Bundle, folder: &Path| {
        count.set(count.get() + 1);
        unpack(bundle, folder)?;
        if bundle.path == Path::new("sip41.zip") {
            return Err(BundleError::Io {
                path: folder.to_owned(),
                source: io::ErrorKind::StorageFull.into(),
            });
        }
        Ok(())
    };
    let altered = |bundle: &Bundle, folder: &Path| {
        unpack(bundle, folder)?;
        let path = folder.join(&bundle.members[0].name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[0] ^= 1;
        fs::write(&path, bytes).unwrap();
        Ok(())
    };
    let cut = |bundle: &Bundle, folder: &Path| {
        unpack(bundle, folder)?;
        fs::write(folder.join(&bundle.members[0].name), "short").unwrap();
        Ok(())
    };
    let linked = |bundle: &Bundle, folder: &Path| {
        unpack(bundle, folder)?;
        let path = folder.join(&bundle.members[0].name);
        fs::rename(&path, base.path().join("empty").join("aside")).unwrap();
        std::os::unix::fs::symlink(base.path().join("empty/aside"), &path).unwrap();
        Ok(())
    };
    let unpackers: [(&str, layout::Unpack<'_>); 4] = [
        ("disk full", &disk_full),
        ("altered", &altered),
        ("cut", &cut),
        ("linked", &linked),
    ];
    let bundles = [sip45(), second];
    for (what, unpack) in unpackers {
        for folder in [base.path().join("new"), empty.clone()] {
            layout::persistent(&folder, &bundles, &[], CALL_MANAGER, unpack).expect_err(what);
            let _ = fs::remove_file(empty.join("aside"));
            assert_eq!(
                (names(base.path()), names(&empty)),
                (vec!["empty".into()], vec![])
            );
        }
        layout::temporary(base.path(), of(&bundles, &[]), CALL_MANAGER, unpack).expect_err(what);
        let _ = fs::remove_file(empty.join("aside"));
        assert_eq!(
            (names(base.path()), names(&empty)),
            (vec!["empty".into()], vec![])
        );
    }
    assert_eq!(count.get(), 6, "it fails at the second bundle");
}

#[test]
fn files_that_were_moved_are_taken_back_when_one_cannot_be() {
    let base = tempfile::tempdir().unwrap();
    let (from, to) = (base.path().join("from"), base.path().join("to"));
    fs::create_dir(&from).unwrap();
    fs::create_dir(&to).unwrap();
    fs::write(from.join("a"), "").unwrap();
    let files = ["a", "b"].map(|name| StagedFile {
        name: name.into(),
        bytes: Arc::from([]),
    });
    let error = layout::move_files(&from, &to, &files).unwrap_err();
    assert!(error.to_string().contains("to/b"), "{error}");
    assert_eq!(names(&to), [""; 0]);
}

#[test]
fn an_unfit_bundle_is_never_staged_whatever_was_selected() {
    let base = tempfile::tempdir().unwrap();
    for verdict in [
        Verdict::Incomplete,
        Verdict::Damaged,
        Verdict::Refused,
        Verdict::Foreign,
    ] {
        let unfit = Bundle { verdict, ..sip45() };
        let everything = AcceptPolicy {
            unknown: true,
            sccp: true,
            no_recovery: true,
        };
        let refusal = check_targets(std::slice::from_ref(&unfit), everything).unwrap_err();
        assert!(matches!(refusal, SelectionError::Verdict { .. }) && !refusal.is_usage());
        let error = temporary(base.path(), &[unfit]).unwrap_err();
        assert!(matches!(error, StageError::Verdict { .. }), "{error}");
    }
    let mut named = sip45();
    named.members[0].served_as = vec!["../evil".to_owned()];
    let error = temporary(base.path(), &[named]).unwrap_err();
    assert!(matches!(error, StageError::Name { .. }), "{error}");
    let mut missing = sip45();
    missing.members.pop();
    let error = temporary(base.path(), &[missing]).unwrap_err();
    assert!(matches!(error, StageError::MissingImage { .. }), "{error}");
    let mut huge = sip45();
    huge.members[0].size = MAX_STAGE_BYTES;
    let error = temporary(base.path(), &[huge]).unwrap_err();
    assert!(matches!(error, StageError::TooLarge { .. }), "{error}");
    let mut default = sip45();
    default.members[0].served_as = vec!["xmldefault.CNF.xml".to_owned()];
    let error = temporary(base.path(), &[default]).unwrap_err();
    assert!(matches!(error, StageError::Collision { .. }), "{error}");
    assert_eq!(names(base.path()), [""; 0]);
}

#[test]
fn selection_follows_the_verdicts_and_the_protocol() {
    let intact = Bundle {
        verdict: Verdict::Intact,
        ..sip45()
    };
    let unknown = AcceptPolicy {
        unknown: true,
        ..AcceptPolicy::default()
    };
    let sccp = AcceptPolicy {
        sccp: true,
        ..AcceptPolicy::default()
    };
    check_targets(&[sip45()], AcceptPolicy::default()).unwrap();
    let refusal =
        check_targets(std::slice::from_ref(&intact), AcceptPolicy::default()).unwrap_err();
    assert!(refusal.cure().contains("--accept-unknown"));
    check_targets(&[intact], unknown).unwrap();
    let back = bundle("sccp.zip", "SCCP41.9-4-2SR1-1S", &["7941"]);
    assert!(is_sccp(&back) && !is_sccp(&sip45()));
    let refusal = check_targets(&[sip45(), back.clone()], unknown).unwrap_err();
    assert!(matches!(refusal, SelectionError::Sccp { .. }) && !refusal.is_usage());
    check_targets(&[sip45(), back], sccp).unwrap();
}

#[test]
fn two_bundles_for_one_model_are_refused() {
    let other = bundle("other.zip", "SIP45.9-4-2SR4-3S", &["7965"]);
    let refusal = check_targets(&[sip45(), other], AcceptPolicy::default()).unwrap_err();
    assert!(refusal.is_usage());
    assert!(refusal.to_string().contains("7965"), "{refusal}");
    let back = bundle("sccp.zip", "SCCP45.9-4-2SR3-1S", &["7965"]);
    let sccp = AcceptPolicy {
        sccp: true,
        ..AcceptPolicy::default()
    };
    let refusal = check_targets(&[sip45(), back], sccp).unwrap_err();
    assert!(
        !refusal.is_usage(),
        "the way there and the way back: exit code 1"
    );
}

#[test]
fn of_several_loads_for_a_model_sip_and_the_newest_is_told() {
    let mut mixed = sip45();
    for name in ["SCCP45.9-4-2SR3-1S", "SIP45.8-5-4S", "term65.default"] {
        mixed.loads.push(LoadName::new(name));
    }
    let targets = eligibility::targets(&mixed);
    assert!(
        targets
            .iter()
            .all(|(_, load)| load.as_str() == "SIP45.9-3-1SR4-1S")
    );
}
