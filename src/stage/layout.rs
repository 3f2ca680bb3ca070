//! Laying bundles out: nothing is half there, and nothing is there unverified.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, Permissions},
    io,
    net::IpAddr,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    ExtraFile, FileEntry, Files, MAX_STAGE_BYTES, Stage, StageError, StagedFile, Unpack, defaults,
    open::{open_regular, read_bounded, sha256},
    plan::{plans, told},
    root::TemporaryRoot,
};
use crate::{
    bundle::{Bundle, Member, Verdict},
    phone::{LoadName, Model, normalized_name},
    track::View,
};

/// Where a stage lies, and whether it goes with the run.
#[derive(Debug)]
pub(super) enum Place {
    /// Gone at the end.
    Temporary(TemporaryRoot),
    /// A folder of the user's.
    Kept(PathBuf),
}

impl Place {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Temporary(root) => root.path(),
            Self::Kept(folder) => folder,
        }
    }

    pub(super) fn close(self) -> Result<(), StageError> {
        match self {
            Self::Temporary(root) => {
                let path = root.path().to_owned();
                root.close().map_err(StageError::io("remove", &path))
            }
            Self::Kept(_) => Ok(()),
        }
    }
}

/// What a stage is laid out from.
#[derive(Clone, Copy)]
pub(super) struct Legs<'a> {
    pub(super) bundles: &'a [Bundle],
    pub(super) bridges: &'a [Bundle],
    /// Beside both.
    pub(super) own: &'a [ExtraFile],
}

/// One folder per bundle, named by its leg and its place in the list, and one per view for
/// what is generated. The user's own files are in memory alone: they may hold passwords.
pub(super) fn temporary(
    base: &Path,
    legs: Legs<'_>,
    call_manager: IpAddr,
    unpack: Unpack<'_>,
) -> Result<Stage, StageError> {
    inspect(legs)?;
    let Legs {
        bundles, bridges, ..
    } = legs;
    let root = TemporaryRoot::create(base).map_err(StageError::io("create a folder in", base))?;
    let lay_out = |(view, folder): (View, &str), prefix: &str, bundles: &[Bundle], loads: &[_]| {
        let mut leg = Leg::default();
        for (at, bundle) in bundles.iter().enumerate() {
            let of_bundle = private_folder(root.path(), &format!("{prefix}{at}"))?;
            unpack(bundle, &of_bundle)?;
            for member in &bundle.members {
                let path = of_bundle.join(&member.name);
                let bytes = read_verified(&path, member)?;
                set_mode(&path, 0o600)?;
                leg.add(&member.name, bytes);
            }
        }
        let path = private_folder(root.path(), folder)?.join(defaults::NAME);
        let bytes = generated(call_manager, loads)?;
        fs::write(&path, &bytes).map_err(StageError::io("write", &path))?;
        set_mode(&path, 0o600)?;
        leg.add(defaults::NAME, bytes);
        for file in legs.own {
            leg.add(file.name(), file.bytes_for(view).to_vec());
        }
        Ok::<_, StageError>(leg)
    };
    let mut target = lay_out((View::Target, "target"), "", bundles, &told(bundles))?;
    let config = lay_out((View::ConfigOnly, "config"), "", &[], &[])?;
    let bridge = match bridges {
        [] => Leg::default(),
        bridges => lay_out((View::Bridge, "bridge"), "bridge-", bridges, &told(bridges))?,
    };
    target.entries.sort();
    Ok(Stage {
        root: Place::Temporary(root),
        target: target.files,
        config: config.files,
        bridge: bridge.files,
        plans: plans(bundles)?,
        bridge_plans: plans(bridges)?,
        entries: target.entries,
    })
}

/// What lies on one leg of the way to the target, under names of its own.
#[derive(Default)]
struct Leg {
    files: Files,
    entries: Vec<FileEntry>,
}

impl Leg {
    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        if self.files.contains_key(&normalized_name(name)) {
            // The same bytes from another bundle: `inspect` has refused any others.
            return;
        }
        self.entries.push(FileEntry {
            name: name.to_owned(),
            size: bytes.len() as u64,
            sha256: sha256(&bytes),
        });
        self.files.insert(
            normalized_name(name),
            StagedFile {
                name: name.into(),
                bytes: Arc::from(bytes),
            },
        );
    }
}

/// Everything in one folder, as another TFTP server wants it. It is laid out and verified
/// in a temporary folder on the same file system, and moved when it is whole: as one
/// folder where `folder` is new, else file by file.
pub(super) fn persistent(
    folder: &Path,
    bundles: &[Bundle],
    own: &[ExtraFile],
    call_manager: IpAddr,
    unpack: Unpack<'_>,
) -> Result<Stage, StageError> {
    let new = is_new(folder)?;
    // An existing folder may be a mount point, or lie where its user may not write.
    let beside = match folder.parent() {
        _ if !new => folder,
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let legs = Legs {
        bundles,
        bridges: &[],
        own,
    };
    let mut staged = temporary(beside, legs, call_manager, unpack)?;
    let flat = private_folder(staged.root.path(), "flat")?;
    for StagedFile { name, bytes } in staged.target.values() {
        let path = flat.join(&**name);
        fs::write(&path, bytes).map_err(StageError::io("write", &path))?;
        let private = own
            .iter()
            .any(|own| own.is_private() && *own.name() == **name);
        set_mode(&path, if private { 0o600 } else { 0o644 })?;
    }
    if new {
        set_mode(&flat, 0o755)?;
        fs::rename(&flat, folder).map_err(StageError::io("create", folder))?;
    } else {
        move_files(&flat, folder, &staged.entries)?;
    }
    let place = Place::Kept(folder.to_owned());
    let Stage { root, .. } = &mut staged;
    std::mem::replace(root, place).close()?;
    Ok(staged)
}

/// Whether `folder` is new (`true`) or there and empty (`false`); anything else is refused.
pub(super) fn is_new(folder: &Path) -> Result<bool, StageError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(false),
            Some(_) => Err(StageError::NotEmpty {
                path: folder.to_owned(),
            }),
        },
        // A link that leads nowhere is there, and no folder.
        Err(error) if error.kind() == io::ErrorKind::NotFound => match folder.symlink_metadata() {
            Err(_) => Ok(true),
            Ok(_) => Err(StageError::NotAFolder {
                path: folder.to_owned(),
            }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(StageError::NotAFolder {
            path: folder.to_owned(),
        }),
        Err(error) => Err(StageError::io("read", folder)(error)),
    }
}

/// All or nothing: what was moved before something failed is taken away again.
pub(super) fn move_files(from: &Path, to: &Path, entries: &[FileEntry]) -> Result<(), StageError> {
    for (at, entry) in entries.iter().enumerate() {
        let path = to.join(&entry.name);
        if let Err(error) = fs::rename(from.join(&entry.name), &path) {
            for moved in &entries[..at] {
                let moved = to.join(&moved.name);
                fs::remove_file(&moved).map_err(StageError::io("take back", &moved))?;
            }
            return Err(StageError::io("write", &path)(error));
        }
    }
    Ok(())
}

/// Everything that can be found wrong before a byte is written. A name may stand for
/// different bytes on the two legs: no phone sees both at once.
fn inspect(legs: Legs<'_>) -> Result<(), StageError> {
    let mut total = 0_u64;
    for leg in [legs.bundles, legs.bridges] {
        total = total.saturating_add(inspect_leg(leg, legs.own)?);
        plans(leg)?;
    }
    if total > MAX_STAGE_BYTES {
        return Err(StageError::TooLarge { bytes: total });
    }
    Ok(())
}

/// The bytes of one leg, of which every name is one file.
fn inspect_leg(bundles: &[Bundle], own: &[ExtraFile]) -> Result<u64, StageError> {
    let mut names: HashMap<String, (&str, String)> = HashMap::new();
    names.insert(
        normalized_name(defaults::NAME),
        ("", "the generated configuration".to_owned()),
    );
    let mut total = 0_u64;
    for bundle in bundles {
        if !matches!(
            bundle.verdict,
            Verdict::Known | Verdict::Genuine | Verdict::Intact
        ) {
            return Err(StageError::Verdict {
                path: bundle.path.clone(),
                verdict: bundle.verdict,
            });
        }
        for member in &bundle.members {
            if !is_plain(&member.name) {
                return Err(StageError::Name {
                    path: bundle.path.clone(),
                    name: member.name.clone(),
                });
            }
            let source = bundle.path.display().to_string();
            match names.get(&normalized_name(&member.name)) {
                Some((digest, first)) if *digest != member.sha256 => {
                    return Err(StageError::Collision {
                        name: member.name.clone(),
                        first: first.clone(),
                        second: source,
                    });
                }
                Some(_) => {}
                None => {
                    names.insert(normalized_name(&member.name), (&member.sha256, source));
                }
            }
            total = total.saturating_add(member.size);
        }
    }
    for file in own {
        let source = file.source().display().to_string();
        // The same bytes are refused too: whose file it is must be plain.
        if let Some((_, first)) = names.insert(normalized_name(file.name()), ("", source.clone())) {
            return Err(StageError::ExtraFileNameTaken {
                name: file.name().to_owned(),
                first,
                path: file.source().to_owned(),
            });
        }
        total = total.saturating_add(file.bytes().len() as u64);
    }
    Ok(total)
}

/// A name that is one file in one folder, whatever else it says.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && name.len() <= 255
        && !name.contains(|c: char| matches!(c, '/' | '\\') || c.is_control())
}

fn private_folder(root: &Path, name: &str) -> Result<PathBuf, StageError> {
    let folder = root.join(name);
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(StageError::io("create", &folder))?;
    Ok(folder)
}

fn set_mode(path: &Path, mode: u32) -> Result<(), StageError> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(StageError::io("set the permissions of", path))
}

/// The bytes that lie there, when they are the ones that were verified.
fn read_verified(path: &Path, member: &Member) -> Result<Vec<u8>, StageError> {
    let changed = |found: String| StageError::Changed {
        path: path.to_owned(),
        found,
    };
    let (file, metadata) = open_regular(path).map_err(StageError::io("read", path))?;
    if metadata.len() != member.size {
        return Err(changed(format!(
            "{} bytes, expected {}",
            metadata.len(),
            member.size
        )));
    }
    let bytes = read_bounded(&file, member.size).map_err(StageError::io("read", path))?;
    let digest = sha256(&bytes);
    if digest != member.sha256 {
        return Err(changed(format!(
            "SHA-256 {digest}, expected {}",
            member.sha256
        )));
    }
    Ok(bytes)
}

fn generated(
    call_manager: IpAddr,
    loads: &[(&'static Model, &LoadName)],
) -> Result<Vec<u8>, StageError> {
    defaults::xml_default(call_manager, loads)
        .map_err(StageError::io("generate", Path::new(defaults::NAME)))
}
