//! Folders and archives as people have them: several loads, files of other kinds beside them,
//! renamed and damaged files. Each load has a verdict of its own.

mod causes;
mod commands;
mod damage;
mod families;
mod kinds;
mod large_folders;

use std::fs;

use reflash::{
    bundle::{Bundle, RecoveryState, Verdict, examine},
    phone::{Family, Protocol},
    simulator::{Release, Sizes, SyntheticBundle, signed_file},
};
use tempfile::TempDir;

use super::{
    fixtures::{Entry, zip},
    one, trusting,
};

/// The files of a folder.
#[derive(Clone)]
struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    /// A complete set for the 7945 and 7965.
    fn sip() -> Self {
        Self::of(Protocol::Sip, "9-9-1SR2-1S", "9-9-1ES4")
    }

    fn of(protocol: Protocol, load: &str, images: &str) -> Self {
        let made = SyntheticBundle::new(Family::F45, 3)
            .unwrap()
            .sizes(Sizes::Small)
            .protocol(protocol)
            .release(Release {
                load: load.to_owned(),
                images: images.to_owned(),
            });
        Self(made.files())
    }

    fn with(mut self, name: &str, bytes: &[u8]) -> Self {
        self.0.retain(|(own, _)| own != name);
        self.0.push((name.to_owned(), bytes.to_vec()));
        self
    }

    fn without(mut self, start: &str) -> Self {
        self.0.retain(|(name, _)| !name.starts_with(start));
        self
    }

    /// These files over the ones here, as a copy does it.
    fn and(self, other: &Self) -> Self {
        other
            .0
            .iter()
            .fold(self, |files, (name, bytes)| files.with(name, bytes))
    }

    fn changed(mut self, name: &str, change: impl Fn(&mut Vec<u8>)) -> Self {
        let file = self.0.iter_mut().find(|(own, _)| own == name);
        change(&mut file.unwrap().1);
        self
    }

    fn renamed(mut self, rename: impl Fn(&str) -> String) -> Self {
        for (name, _) in &mut self.0 {
            *name = rename(name);
        }
        self
    }

    fn folder(&self) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, bytes) in &self.0 {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn bundle(&self) -> Bundle {
        one(self.folder().path(), &trusting())
    }
}

/// A change of the bytes of a file.
type Change<'c> = &'c dyn Fn(&mut Vec<u8>);

/// Each load with its verdict.
fn verdicts(bundle: &Bundle) -> Vec<(&str, Verdict)> {
    let sets = bundle.sets.iter();
    sets.map(|set| (set.load.as_str(), set.verdict)).collect()
}

fn codes(bundle: &Bundle) -> Vec<&str> {
    bundle.problems.iter().map(|problem| problem.code).collect()
}

/// All messages about one code.
fn messages(bundle: &Bundle, code: &str) -> String {
    let found = bundle
        .problems
        .iter()
        .filter(|problem| problem.code == code);
    found.fold(String::new(), |text, problem| {
        let member = problem.member.as_deref().unwrap_or_default();
        format!("{text}{member}: {} → {}\n", problem.message, problem.cure)
    })
}

const LOAD: &str = "SIP45.9-9-1SR2-1S";

#[test]
fn a_whole_set_is_genuine_and_served_with_its_recovery_manifests() {
    let bundle = Files::sip().bundle();
    assert_eq!(verdicts(&bundle), [(LOAD, Verdict::Genuine)]);
    let [set] = &bundle.sets[..] else {
        panic!("{bundle:?}")
    };
    assert!(set.is_served && set.is_convertible());
    assert_eq!(set.models, ["7945", "7965"]);
    let states: Vec<_> = set.recovery.iter().map(|found| found.state).collect();
    assert_eq!(states, [RecoveryState::SameLoad; 2]);
    assert!(bundle.problems.is_empty(), "{:?}", bundle.problems);
}

#[test]
fn files_of_other_kinds_are_named_and_skipped() {
    let ring = b"<CiscoIPPhoneRingList/>";
    let cases: [(&str, &[u8], &str); 12] = [
        ("RINGLIST.XML", ring, "not firmware"),
        ("Lösung.txt", b"x", "not firmware"),
        ("100%.txt", b"x", "not firmware"),
        ("-rf", b"x", "not firmware"),
        ("odd\u{1b}name", b"x", "not firmware"),
        (
            "XMLDefault.cnf.xml",
            b"<Default/>",
            "reflash writes its own",
        ),
        ("SEP020000000001.cnf.xml", b"<device/>", "--add FILE"),
        ("CIPC_Locale.loads", b"<AutoUpdateManifest/>", "update list"),
        (".hidden", b"x", "hidden"),
        (
            "huge.loads",
            &vec![b'#'; 70_000],
            "larger than any manifest",
        ),
        ("copstart.sh", b"reboot", "installer"),
        ("holiday.bin", &[7; 600], ""),
    ];
    for (name, bytes, said) in cases {
        let bundle = Files::sip().with(name, bytes).bundle();
        assert_eq!(verdicts(&bundle), [(LOAD, Verdict::Genuine)], "{name}");
        assert_eq!(bundle.verdict, Verdict::Genuine, "{name}");
        let said_here = messages(&bundle, "file-skipped");
        if !said.is_empty() {
            assert!(said_here.contains(said), "{name}: {said_here}");
            assert!(said_here.contains(name), "{name}: {said_here}");
        }
        let served = bundle.members.iter().filter(|m| !m.served_as.is_empty());
        assert_eq!(served.count(), 8, "{name}");
    }
    // Several spellings of one name, and a link.
    let folder = Files::sip()
        .with("RINGLIST.XML", ring)
        .with("RingList.xml", ring)
        .with("ringlist.xml", ring)
        .folder();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("notes")).unwrap();
    let bundle = one(folder.path(), &trusting());
    assert_eq!(bundle.verdict, Verdict::Genuine);
    let said = messages(&bundle, "file-skipped");
    for part in [
        "RINGLIST.XML, RingList.xml, ringlist.xml are",
        "notes: it is a link",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn junk_in_an_archive_is_skipped_and_what_leads_out_of_it_is_refused() {
    let entries = |folder: &str| -> Vec<Entry> {
        let files = Files::sip().0;
        files
            .iter()
            .map(|(name, bytes)| Entry::new(&format!("{folder}{name}"), bytes))
            .collect()
    };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.zip");
    let judge = |entries: &[Entry]| {
        fs::write(&path, zip(entries)).unwrap();
        one(&path, &trusting())
    };
    for junk in [
        "__MACOSX/fw/._term65.default.loads",
        "fw/.DS_Store",
        ".git/config",
        "L\u{f6}sung.txt",
        "100%.txt",
        "-rf",
        "a;b.txt",
        &"n".repeat(201),
    ] {
        let mut all = entries("fw/");
        all.push(Entry::new(junk, b"\0\x05\x16\x07 junk"));
        let bundle = judge(&all);
        assert_eq!(bundle.verdict, Verdict::Genuine, "{junk}: {bundle:?}");
        let to = TempDir::new().unwrap();
        bundle.unpack(to.path()).unwrap();
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 8, "{junk}");
    }
    // Written by a program that separates folders by backslashes.
    let bundle = judge(&entries("fw\\"));
    assert_eq!(bundle.verdict, Verdict::Genuine, "{bundle:?}");
    assert!(bundle.path.to_string_lossy().ends_with("a.zip!fw/"));
    let to = TempDir::new().unwrap();
    bundle.unpack(to.path()).unwrap();
    for hostile in [
        "../x",
        "..\\x",
        "/etc/x",
        "c:x",
        "a/../../x",
        "x\u{1b}[2J",
        "TERM65.default.loads",
    ] {
        let mut all = entries("");
        all.push(Entry::new(hostile, b"x"));
        assert_eq!(judge(&all).verdict, Verdict::Refused, "{hostile}");
    }
}

#[test]
fn the_spelling_of_headers_and_manifests_is_served() {
    let lower = Files::sip().renamed(str::to_lowercase).bundle();
    assert_eq!(verdicts(&lower), [(LOAD, Verdict::Genuine)]);
    assert_eq!(lower.loads[0].as_str(), LOAD);
    assert!(messages(&lower, "name-case").contains(&format!("is {LOAD}.loads")));
    let image = |bundle: &Bundle| {
        let members = bundle.members.iter();
        let mut own = members.filter(|m| m.name.to_lowercase().starts_with("jar45sip"));
        own.next().unwrap().served_as.clone()
    };
    assert_eq!(image(&lower), ["jar45sip.9-9-1ES4.sbn"]);
    // Manifests that write an image with a capital, as those of 8.2(2) do.
    let text = "Jar45sip.9-9-1ES4.sbn\r\ncnu45.9-9-1ES4.sbn\r\napps45.9-9-1ES4.sbn\r\n\
        dsp45.9-9-1ES4.sbn \r\ncvm45sip.9-9-1ES4.sbn \r\n";
    let mut files = Files::sip();
    for name in [
        &format!("{LOAD}.loads"),
        "term45.default.loads",
        "term65.default.loads",
    ] {
        files = files.with(name, &signed_file(name, text.as_bytes()));
    }
    let capital = files.bundle();
    assert_eq!(capital.verdict, Verdict::Genuine);
    assert_eq!(
        image(&capital),
        ["jar45sip.9-9-1ES4.sbn", "Jar45sip.9-9-1ES4.sbn"]
    );
    // Another server gets both spellings.
    let to = TempDir::new().unwrap();
    let root = to.path().join("root");
    let folder = files.folder();
    let bundle = one(folder.path(), &trusting());
    let manager = std::net::Ipv4Addr::new(192, 0, 2, 10).into();
    reflash::stage::Stage::persistent(&[bundle], manager, &root).unwrap();
    for name in image(&capital) {
        assert!(root.join(&name).is_file(), "{name}");
    }
}

#[test]
fn recovery_manifests_of_other_loads_are_a_warning() {
    let old = Files::of(Protocol::Sip, "8-8-1S", "8-8-1ES1");
    let sccp = Files::of(Protocol::Sccp, "9-9-1SR2-1S", "9-9-1ES4");
    let cases: [(Files, &str, RecoveryState, &str); 5] = [
        (
            Files::sip().without("term").and(&old),
            "recovery-other-release",
            RecoveryState::OtherRelease,
            "SIP45.8-8-1S",
        ),
        (
            Files::sip().without("term").and(&sccp),
            "recovery-other-protocol",
            RecoveryState::OtherProtocol,
            "SCCP45.9-9-1SR2-1S",
        ),
        (
            Files::sip().without("term"),
            "recovery-missing",
            RecoveryState::Missing,
            "no term45.default.loads and no term65.default.loads",
        ),
        (
            Files::sip().without("term65"),
            "recovery-missing",
            RecoveryState::Missing,
            "there is no term65.default.loads: a 7965 ",
        ),
        (
            // Recovery manifests whose images are not there.
            Files::sip()
                .without("term")
                .and(&old.clone().without("apps").without("SIP45.8")),
            "recovery-missing",
            RecoveryState::Missing,
            "names images that are not here",
        ),
    ];
    for (files, code, state, said) in cases {
        let bundle = files.bundle();
        let set = bundle.served_sets().next().unwrap();
        assert_eq!(
            (set.load.as_str(), bundle.verdict),
            (LOAD, Verdict::Genuine),
            "{code}"
        );
        assert!(
            set.recovery.iter().any(|found| found.state == state),
            "{code}"
        );
        let text = messages(&bundle, code);
        assert!(text.contains(said), "{code}: {text}");
        assert_eq!(
            set.models_without_recovery().is_empty(),
            state == RecoveryState::OtherRelease
        );
    }
}

#[test]
fn only_recovery_manifests_are_incomplete() {
    let bundle = Files::sip().without("SIP45").bundle();
    assert_eq!(bundle.verdict, Verdict::Incomplete);
    assert_eq!(codes(&bundle), ["no-load-manifest"]);
    assert!(bundle.sets.is_empty() && bundle.loads.is_empty());
}

#[test]
fn bundles_in_a_folder_have_paths_that_can_be_given_again() {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("fw");
    fs::create_dir(&inner).unwrap();
    for (name, bytes) in Files::sip().0 {
        fs::write(inner.join(name), bytes).unwrap();
    }
    let entries: Vec<Entry> = Files::sip()
        .0
        .iter()
        .map(|(name, bytes)| Entry::new(&format!("sub/{name}"), bytes))
        .collect();
    fs::write(folder.path().join("b.zip"), zip(&entries)).unwrap();
    let found = examine(folder.path(), &trusting()).unwrap();
    let paths: Vec<&str> = found
        .iter()
        .map(|bundle| {
            bundle
                .path
                .strip_prefix(folder.path())
                .unwrap()
                .to_str()
                .unwrap()
        })
        .collect();
    assert_eq!(paths, ["fw", "b.zip!sub"]);
    for bundle in &found {
        assert_eq!(bundle.verdict, Verdict::Genuine);
        let to = TempDir::new().unwrap();
        bundle.unpack(to.path()).unwrap();
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 8);
    }
}
