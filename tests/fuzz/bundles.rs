//! Bundles: containers, the signed headers of images, manifests.

use std::{
    fs,
    io::Write as _,
    path::{Component, Path},
};

use flate2::{Compression, write::GzEncoder};
use reflash::{
    bundle::{Bundle, ExamineOptions, Verdict, examine},
    phone::Family,
    simulator::{Sizes, SyntheticBundle, signed_file, test_key},
};
use tempfile::NamedTempFile;

const IMAGE: &str = "jar45sccp.9-3-1ES26.sbn";
const MANIFEST: &str = "SIP45.9-3-1SR4-1S.loads";

/// Examines a file with these bytes, and asserts what holds for any.
fn examined(bytes: &[u8]) -> Vec<Bundle> {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file");
    let options = ExamineOptions {
        trusted: vec![test_key()],
        ..ExamineOptions::default()
    };
    let bundles = examine(file.path(), &options).expect("a verdict, whatever the bytes");
    assert!(!bundles.is_empty());
    for bundle in &bundles {
        // As `verify --json` writes it.
        serde_json::to_string(bundle).expect("JSON");
        let bad = !matches!(
            bundle.verdict,
            Verdict::Known | Verdict::Genuine | Verdict::Intact
        );
        assert!(!bad || !bundle.problems.is_empty(), "{bundle:?}");
        if bad {
            continue;
        }
        // What may be staged has plain names, and unpacks to what was examined.
        for member in &bundle.members {
            let mut parts = Path::new(&member.name).components();
            assert!(
                parts.all(|part| matches!(part, Component::Normal(_))),
                "{member:?}"
            );
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        if bundle.unpack(folder.path()).is_ok() {
            for entry in fs::read_dir(folder.path()).expect("the folder") {
                let entry = entry.expect("an entry");
                assert!(entry.file_type().expect("a type").is_file());
            }
        }
    }
    bundles
}

fn is_sound(bundles: &[Bundle]) -> bool {
    bundles.iter().any(|bundle| {
        matches!(
            bundle.verdict,
            Verdict::Known | Verdict::Genuine | Verdict::Intact
        )
    })
}

/// Files in a tar, headers and end as GNU tar writes them.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let members: Vec<_> = files
        .iter()
        .map(|(name, data)| (b'0', *name, *data))
        .collect();
    tar_of(&members)
}

/// The same with the type of each header.
fn tar_of(members: &[(u8, &str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, name, data) in members {
        let mut block = vec![0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[100..107].copy_from_slice(b"0000644");
        block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        block[156] = *kind;
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend(block);
        bytes.extend(*data);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize((bytes.len() + 1024).next_multiple_of(10_240), 0);
    bytes
}

pub fn container(bytes: &[u8]) -> bool {
    is_sound(&examined(bytes))
}

fn synthetic() -> SyntheticBundle {
    let bundle = SyntheticBundle::new(Family::F45, 7).expect("a family with bundles");
    bundle.sizes(Sizes::Small)
}

pub fn containers() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bundle.zip");
    synthetic().write_zip(&path).expect("a bundle");
    let files = synthetic().files();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, data)| (name.as_str(), data.as_slice()))
        .collect();
    let tar = tar(&files);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let extended: Vec<(u8, &str, &[u8])> = files
        .iter()
        .flat_map(|(name, data)| {
            [
                (b'x', "pax", &b"16 mtime=1700.5\n"[..]),
                (b'0', *name, *data),
            ]
        })
        .chain([(b'L', "././@LongLink", &b"a.txt\0"[..]), (b'0', "a", b"x")])
        .collect();
    vec![
        fs::read(path).expect("the bundle"),
        tar,
        gzip,
        tar_of(&extended),
    ]
}

pub fn signed_header(bytes: &[u8]) -> bool {
    let bundles = examined(&tar(&[(IMAGE, bytes)]));
    // An image alone is no bundle: whether its signature holds is what its header decides.
    let member = bundles[0].members.first();
    member.is_some_and(|member| member.signature == reflash::bundle::Signature::Valid)
}

pub fn headers() -> Vec<Vec<u8>> {
    vec![signed_file(IMAGE, b"an image")]
}

pub fn manifest(bytes: &[u8]) -> bool {
    let bundles = examined(&tar(&[(MANIFEST, bytes)]));
    let manifest = bundles[0].manifests.first();
    manifest.is_some_and(|manifest| !manifest.images.is_empty())
}

pub fn manifests() -> Vec<Vec<u8>> {
    let is_manifest = |name: &str| name.to_ascii_lowercase().ends_with(".loads");
    let files = synthetic().files().into_iter();
    files
        .filter(|(name, _)| is_manifest(name))
        .map(|(_, bytes)| bytes)
        .collect()
}
