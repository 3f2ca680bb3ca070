//! Lays out bundles: completely or not at all, and verified files only.

use std::{
    collections::HashMap,
    env,
    fs::{self, DirBuilder, Permissions},
    io,
    net::IpAddr,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{
    error::StageError,
    extra_file::ExtraFile,
    limits::MAX_STAGE_BYTES,
    names::is_plain,
    plan::{announced_loads, stage_plans},
    read_file::{open_regular, read_bounded},
    stage_root::StageRoot,
    staged_file::{StagedFile, sha256},
    transient_root::TransientRoot,
    views::{Files, Stage},
    xml_default,
};
use crate::{
    bundle::{Bundle, BundleError, Member, Verdict},
    phone::{LoadName, Model, normalized_name},
    track::View,
};

/// Unpacks a bundle into an empty folder.
pub(super) type Unpack<'a> = &'a dyn Fn(&Bundle, &Path) -> Result<(), BundleError>;

impl Stage {
    /// Lays out `bundles` and, in views of their own, `bridges` in a private temporary
    /// folder, and removes the folders that killed runs left there. Use
    /// [`super::check_targets`] and [`super::check_bridges`] first.
    ///
    /// # Errors
    ///
    /// A bundle may not be staged, is incomplete or cannot be unpacked, names collide, the files
    /// exceed [`MAX_STAGE_BYTES`], or the folder cannot be written.
    pub fn temporary(
        bundles: &[Bundle],
        bridges: &[Bundle],
        call_manager: IpAddr,
    ) -> Result<Self, StageError> {
        Self::temporary_with_files(bundles, bridges, &[], call_manager)
    }

    /// Like [`Stage::temporary`], with extra files in every view. A file made with
    /// [`ExtraFile::per_view`] has different bytes in each.
    ///
    /// # Errors
    ///
    /// Those of [`Stage::temporary`], or the name of an extra file is taken.
    pub fn temporary_with_files(
        bundles: &[Bundle],
        bridges: &[Bundle],
        extra: &[ExtraFile],
        call_manager: IpAddr,
    ) -> Result<Self, StageError> {
        let sources = LayoutSources {
            bundles,
            bridges,
            extra,
        };
        temporary(&env::temp_dir(), sources, call_manager, &Bundle::unpack)
    }

    /// Lays out `bundles` in `folder`, which must be new or empty, without sub-folders. The
    /// files are world-readable, since TFTP servers run as users of their own.
    ///
    /// # Errors
    ///
    /// Those of [`Stage::temporary`], and those of [`Stage::check_folder`]. `folder` is then
    /// unchanged.
    pub fn persistent(
        bundles: &[Bundle],
        call_manager: IpAddr,
        folder: &Path,
    ) -> Result<Self, StageError> {
        Self::persistent_with_files(bundles, &[], call_manager, folder)
    }

    /// Like [`Stage::persistent`], with extra files. The configuration of a single phone,
    /// which contains its SIP password, is readable by the user only.
    ///
    /// # Errors
    ///
    /// Those of [`Stage::persistent`], or the name of an extra file is taken.
    pub fn persistent_with_files(
        bundles: &[Bundle],
        extra: &[ExtraFile],
        call_manager: IpAddr,
        folder: &Path,
    ) -> Result<Self, StageError> {
        persistent(folder, bundles, extra, call_manager, &Bundle::unpack)
    }

    /// Checks that [`Stage::persistent`] can use `folder`, before bundles are read.
    ///
    /// # Errors
    ///
    /// `folder` is not empty, is not a folder, or cannot be read.
    pub fn check_folder(folder: &Path) -> Result<(), StageError> {
        is_new(folder).map(|_| ())
    }
}

/// What a stage is made from.
#[derive(Clone, Copy)]
pub(super) struct LayoutSources<'a> {
    pub(super) bundles: &'a [Bundle],
    pub(super) bridges: &'a [Bundle],
    /// Files in every view.
    pub(super) extra: &'a [ExtraFile],
}

/// Creates one folder per bundle, and one per view for generated files. Extra files are
/// kept in memory only, since they may contain passwords.
pub(super) fn temporary(
    base: &Path,
    sources: LayoutSources<'_>,
    call_manager: IpAddr,
    unpack: Unpack<'_>,
) -> Result<Stage, StageError> {
    inspect(sources)?;
    let LayoutSources {
        bundles, bridges, ..
    } = sources;
    let root = TransientRoot::create(base).map_err(StageError::io("create a folder in", base))?;
    let lay_out = |(view, folder): (View, &str), prefix: &str, bundles: &[Bundle], loads: &[_]| {
        let mut files = Files::new();
        for (at, bundle) in bundles.iter().enumerate() {
            let of_bundle = private_folder(root.path(), &format!("{prefix}{at}"))?;
            unpack(bundle, &of_bundle)?;
            for member in &bundle.members {
                let path = of_bundle.join(&member.name);
                let bytes = read_verified(&path, member)?;
                set_mode(&path, 0o600)?;
                add(&mut files, &member.name, bytes);
            }
        }
        let path = private_folder(root.path(), folder)?.join(xml_default::NAME);
        let bytes = generated(call_manager, loads)?;
        fs::write(&path, &bytes).map_err(StageError::io("write", &path))?;
        set_mode(&path, 0o600)?;
        add(&mut files, xml_default::NAME, bytes);
        for file in sources.extra {
            files.insert(normalized_name(file.name()), file.staged_for(view));
        }
        Ok::<_, StageError>(files)
    };
    let announced = announced_loads(bundles);
    let target = lay_out((View::Target, "target"), "", bundles, &announced)?;
    let config = lay_out((View::ConfigOnly, "config"), "", &[], &[])?;
    let bridge = match bridges {
        [] => Files::new(),
        bridges => {
            let announced = announced_loads(bridges);
            lay_out((View::Bridge, "bridge"), "bridge-", bridges, &announced)?
        }
    };
    let mut files: Vec<_> = target.values().cloned().collect();
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(Stage {
        root: StageRoot::Transient(root),
        target,
        config,
        bridge,
        plans: stage_plans(bundles)?,
        bridge_plans: stage_plans(bridges)?,
        files,
    })
}

/// Adds a file, unless another bundle has it: [`inspect`] has checked that the bytes are the
/// same.
fn add(files: &mut Files, name: &str, bytes: Vec<u8>) {
    files
        .entry(normalized_name(name))
        .or_insert_with(|| StagedFile {
            name: name.into(),
            bytes: bytes.into(),
        });
}

/// Lays everything out in one folder, for another TFTP server. It is verified in a temporary
/// folder on the same file system and moved when complete: as a whole if `folder` is new,
/// otherwise file by file.
pub(super) fn persistent(
    folder: &Path,
    bundles: &[Bundle],
    extra: &[ExtraFile],
    call_manager: IpAddr,
    unpack: Unpack<'_>,
) -> Result<Stage, StageError> {
    let new = is_new(folder)?;
    // An existing folder may be a mount point, or its parent may not be writable.
    let base = match folder.parent() {
        _ if !new => folder,
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let sources = LayoutSources {
        bundles,
        bridges: &[],
        extra,
    };
    let mut staged = temporary(base, sources, call_manager, unpack)?;
    let flat = private_folder(staged.root.path(), "flat")?;
    for StagedFile { name, bytes } in staged.target.values() {
        let path = flat.join(&**name);
        fs::write(&path, bytes).map_err(StageError::io("write", &path))?;
        let private = extra
            .iter()
            .any(|file| file.is_private() && *file.name() == **name);
        set_mode(&path, if private { 0o600 } else { 0o644 })?;
    }
    if new {
        set_mode(&flat, 0o755)?;
        fs::rename(&flat, folder).map_err(StageError::io("create", folder))?;
    } else {
        move_files(&flat, folder, &staged.files)?;
    }
    let persistent = StageRoot::Persistent(folder.to_owned());
    std::mem::replace(&mut staged.root, persistent).close()?;
    Ok(staged)
}

/// Whether `folder` does not exist (`true`) or is empty (`false`). Anything else is an error.
pub(super) fn is_new(folder: &Path) -> Result<bool, StageError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(false),
            Some(_) => Err(StageError::NotEmpty {
                path: folder.to_owned(),
            }),
        },
        // A dangling link exists but is not a folder.
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

/// Moves all files or none: after an error, those already moved are removed.
pub(super) fn move_files(from: &Path, to: &Path, files: &[StagedFile]) -> Result<(), StageError> {
    for (at, file) in files.iter().enumerate() {
        let path = to.join(&*file.name);
        if let Err(error) = fs::rename(from.join(&*file.name), &path) {
            for moved in &files[..at] {
                let moved = to.join(&*moved.name);
                fs::remove_file(&moved).map_err(StageError::io("remove", &moved))?;
            }
            return Err(StageError::io("write", &path)(error));
        }
    }
    Ok(())
}

/// Every check that is possible before a byte is written. Target and bridge may have
/// different bytes under one name: no phone sees both at once.
fn inspect(sources: LayoutSources<'_>) -> Result<(), StageError> {
    let mut total = 0_u64;
    for bundles in [sources.bundles, sources.bridges] {
        total = total.saturating_add(inspect_view(bundles, sources.extra)?);
        stage_plans(bundles)?;
    }
    if total > MAX_STAGE_BYTES {
        return Err(StageError::TooLarge { bytes: total });
    }
    Ok(())
}

/// The bytes of one view, in which each name must be one file.
fn inspect_view(bundles: &[Bundle], extra: &[ExtraFile]) -> Result<u64, StageError> {
    let mut names: HashMap<String, (&str, String)> = HashMap::new();
    names.insert(
        normalized_name(xml_default::NAME),
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
    for file in extra {
        let source = file.source().display().to_string();
        // Identical bytes are refused too: the source of a file must be unambiguous.
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

/// Reads a file and compares it with the verified size and digest.
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
    xml_default::xml_default(call_manager, loads)
        .map_err(StageError::io("generate", Path::new(xml_default::NAME)))
}
