//! Files of the user that are staged with the firmware.

use std::{fs, path::Path};

use super::{
    tests::{CALL_MANAGER, bundle, names, sip45, unpack},
    *,
};
use crate::{bundle::Bundle, track::View};

const SEP: &str = "SEP001D45AABB0C.cnf.xml";

fn own(name: &str, bytes: &[u8]) -> ExtraFile {
    ExtraFile::generated(name, Path::new("mine"), bytes.to_vec()).unwrap()
}

fn staged(base: &Path, bridges: &[Bundle], own: &[ExtraFile]) -> Result<Stage, StageError> {
    let legs = inspect::LayoutSources {
        bundles: &[sip45()],
        bridges,
        extra: own,
    };
    layout::temporary(base, legs, CALL_MANAGER, &unpack)
}

#[test]
fn every_view_has_the_extra_files_besides_its_own() {
    let base = tempfile::tempdir().unwrap();
    let bridge = bundle("sccp45.zip", "SCCP45.8-5-2S", &["7945", "7965"]);
    let files = [own(SEP, b"<device/>"), own("dialplan.xml", b"plan")];
    let stage = staged(base.path(), &[bridge], &files).unwrap();
    for view in [
        View::Target,
        View::NoLoad,
        View::Bridge(0),
        View::ConfigOnly,
    ] {
        let file = stage.resolve(view, "sep001d45aabb0c.cnf.xml").unwrap();
        assert_eq!(
            (&*file.name, &*file.bytes),
            (SEP, &b"<device/>"[..]),
            "{view:?}"
        );
        assert_eq!(
            *stage.resolve(view, "dialplan.xml").unwrap().bytes,
            *b"plan"
        );
        let defaults = stage.resolve(view, "XMLDefault.cnf.xml").unwrap();
        assert!(defaults.bytes.starts_with(b"<Default>"));
    }
    assert!(stage.files().iter().any(|entry| *entry.name == *SEP));
    assert!(
        stage
            .resolve(View::ConfigOnly, "term65.default.loads")
            .is_none()
    );
    // Files that may contain passwords are only in memory.
    for folder in ["0", "bridge-0", "target", "bridge", "config"] {
        let there = names(&stage.root().join(folder));
        assert!(!there.contains(&SEP.to_owned()), "{folder}: {there:?}");
    }
    // Without a bridge, the bridge view is empty.
    let stage = staged(base.path(), &[], &files).unwrap();
    assert!(stage.resolve(View::Bridge(0), SEP).is_none());
}

#[test]
fn a_name_that_is_taken_in_target_or_bridge_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let mut bridge = bundle("sccp45.zip", "SCCP45.8-5-2S", &["7945", "7965"]);
    bridge.members.push(bridge.members[0].clone());
    bridge.members.last_mut().unwrap().served_as = vec!["Ringlist.xml".to_owned()];
    let error = staged(base.path(), &[bridge], &[own("ringlist.xml", b"")]).unwrap_err();
    assert!(
        matches!(error, StageError::ExtraFileNameTaken { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("sccp45.zip"), "{error}");
    let twice = [own("a.xml", b"1"), own("A.XML", b"1")];
    let error = staged(base.path(), &[], &twice).unwrap_err();
    assert!(
        matches!(error, StageError::ExtraFileNameTaken { .. }),
        "{error}"
    );
    assert_eq!(names(base.path()), [""; 0]);
}

#[test]
fn names_that_may_not_be_added_are_refused() {
    let base = tempfile::tempdir().unwrap();
    for name in [
        "XMLDefault.cnf.xml",
        "xmldefault.CNF.XML",
        "term65.default.loads",
        "SIP45.9-3-1SR4-1S.loads",
        "jar45sip.9.sbn",
        "..",
        "",
        " a.xml",
        "a\nb",
    ] {
        let error = ExtraFile::generated(name, Path::new("mine"), Vec::new()).unwrap_err();
        assert!(
            matches!(error, StageError::ExtraFileName { .. }),
            "{name}: {error}"
        );
        assert!(!error.cure().is_empty());
    }
    let limit = usize::try_from(MAX_EXTRA_FILE_BYTES).unwrap();
    ExtraFile::generated("a", Path::new("mine"), vec![0; limit]).unwrap();
    let error = ExtraFile::generated("a", Path::new("mine"), vec![0; limit + 1]).unwrap_err();
    assert!(
        matches!(error, StageError::ExtraFileTooLarge { .. }),
        "{error}"
    );

    // The name is the last part of the path; links are followed, and a folder is rejected.
    let path = base.path().join("real");
    fs::write(&path, "plan").unwrap();
    let link = base.path().join("dialplan.xml");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let read = ExtraFile::read(&link).unwrap();
    assert_eq!((read.name(), read.bytes()), ("dialplan.xml", &b"plan"[..]));
    let error = ExtraFile::read(base.path()).unwrap_err();
    assert!(matches!(error, StageError::Io { .. }), "{error}");
}

#[test]
fn only_a_phone_s_own_configuration_is_private() {
    for (name, private) in [
        (SEP, true),
        ("SIP001D45AABB0C.cnf", true),
        ("dialplan.xml", false),
        ("SEP-template.cnf.xml", true),
    ] {
        assert_eq!(own(name, b"secret").is_private(), private, "{name}");
    }
    assert!(!format!("{:?}", own(SEP, b"secret")).contains("secret"));
}

#[test]
fn a_configuration_names_the_load_of_its_view() {
    let base = tempfile::tempdir().unwrap();
    let bridge = bundle("sccp45.zip", "SCCP45.8-5-2S", &["7945", "7965"]);
    let [target, old, quiet] = ["target", "bridge", "quiet"].map(|text| text.as_bytes().to_vec());
    let file = ExtraFile::per_view(SEP, Path::new("list"), target, vec![old], quiet).unwrap();
    let stage = staged(base.path(), &[bridge], std::slice::from_ref(&file)).unwrap();
    for (view, expected) in [
        (View::Target, "target"),
        (View::NoLoad, "quiet"),
        (View::Bridge(0), "bridge"),
        (View::ConfigOnly, "quiet"),
    ] {
        assert_eq!(file.bytes_for(view), expected.as_bytes());
        let staged = stage.resolve(view, SEP).unwrap();
        assert_eq!(*staged.bytes, *expected.as_bytes(), "{view:?}");
    }
    assert!(file.is_private());
    let limit = usize::try_from(MAX_EXTRA_FILE_BYTES).unwrap();
    for (old, quiet) in [(limit + 1, 0), (0, limit + 1)] {
        let (old, quiet) = (vec![0; old], vec![0; quiet]);
        let made = ExtraFile::per_view(SEP, Path::new("list"), Vec::new(), vec![old], quiet);
        assert!(matches!(made, Err(StageError::ExtraFileTooLarge { .. })));
    }
}

#[test]
fn a_file_of_a_folder_below_has_its_path_as_name() {
    let base = tempfile::tempdir().unwrap();
    let below = base.path().join("German_Germany");
    std::fs::create_dir(&below).unwrap();
    std::fs::write(below.join("td-sip.jar"), "words").unwrap();
    std::fs::write(below.join("SIP45.9-9-1S.loads"), "firmware").unwrap();
    let read = |name: &str| ExtraFile::read_below(base.path(), &below.join(name));
    let file = read("td-sip.jar").unwrap();
    assert_eq!(file.name(), "German_Germany/td-sip.jar");
    assert!(read("SIP45.9-9-1S.loads").is_err(), "firmware stays out");
    for name in [
        "../td-sip.jar",
        "a//td-sip.jar",
        "/td-sip.jar",
        "xtd-sip.jar",
        "a/b.jar",
    ] {
        assert!(
            ExtraFile::read_as(&below.join("td-sip.jar"), name).is_err(),
            "{name}"
        );
    }
}
