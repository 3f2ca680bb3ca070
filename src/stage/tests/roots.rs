//! Names, folders and files of a staged root.

use super::*;

#[test]
fn a_name_is_found_in_any_case_and_is_never_used_as_a_path() {
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
fn the_root_is_private_has_a_folder_per_bundle_and_is_removed_with_the_stage() {
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
fn files_that_change_after_staging_are_served_unchanged() {
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
fn a_persistent_folder_is_flat_readable_and_complete() {
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
    assert_eq!(names(&new), listed, "a persistent folder remains");
    assert_eq!(names(base.path()), ["new"]);

    // An existing empty folder keeps its permissions.
    let empty = base.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o775)).unwrap();
    drop(persistent(&empty, &[sip45()]).unwrap());
    assert_eq!((names(&empty), mode(&empty)), (listed, 0o775));
}
