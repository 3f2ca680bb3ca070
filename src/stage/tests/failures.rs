//! A stage that is refused or fails leaves nothing behind.

use super::*;

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
fn a_stage_that_fails_leaves_no_files() {
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
        layout::temporary(base.path(), sources(&bundles, &[]), CALL_MANAGER, unpack)
            .expect_err(what);
        let _ = fs::remove_file(empty.join("aside"));
        assert_eq!(
            (names(base.path()), names(&empty)),
            (vec!["empty".into()], vec![])
        );
    }
    assert_eq!(count.get(), 6, "it fails at the second bundle");
}

#[test]
fn moved_files_are_removed_when_a_later_one_cannot_be_moved() {
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
