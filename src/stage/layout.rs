//! Lays out bundles: completely or not at all, and verified files only.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    net::IpAddr,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    bridges::steps,
    error::StageError,
    extra_file::ExtraFile,
    first_phones,
    inspect::{LayoutSources, inspect, served},
    plan::{announced_loads, stage_plans},
    read_file::{open_regular, read_bounded},
    stage_root::StageRoot,
    staged_file::{StagedFile, sha256},
    transient_root::TransientRoot,
    views::{Files, Stage},
    xml_default,
};
use crate::{
    bundle::{Bundle, BundleError, Member},
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
    /// exceed [`super::MAX_STAGE_BYTES`], or the folder cannot be written.
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
        temporary(
            &tempfile::env::temp_dir(),
            sources,
            call_manager,
            &Bundle::unpack,
        )
    }

    /// Lays out `bundles` in `folder`, which must be new or empty. The
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
    let lay_out = |(view, folder): (View, &str), bundles: &[(String, &Bundle)], loads: &[_]| {
        let mut files = Files::new();
        for (own_folder, bundle) in bundles {
            let of_bundle = private_folder(root.path(), own_folder)?;
            unpack(bundle, &of_bundle)?;
            for member in served(bundle) {
                let path = of_bundle.join(&member.name);
                let bytes = read_verified(&path, member)?;
                set_mode(&path, 0o600)?;
                let bytes: Arc<[u8]> = bytes.into();
                for name in &member.served_as {
                    add(&mut files, name, &bytes);
                }
            }
        }
        let path = private_folder(root.path(), folder)?.join(xml_default::NAME);
        let bytes = generated(call_manager, loads)?;
        fs::write(&path, &bytes).map_err(StageError::io("write", &path))?;
        set_mode(&path, 0o600)?;
        add(&mut files, xml_default::NAME, &bytes.into());
        if matches!(view, View::Loader | View::Bridge(_)) {
            for (name, bytes) in loads.iter().flat_map(|(_, load)| first_phones::files(load)) {
                let name = Arc::<str>::from(name);
                let bytes = bytes.into();
                files.insert(normalized_name(&name), StagedFile { name, bytes });
            }
        }
        for file in sources.extra {
            files.insert(normalized_name(file.name()), file.staged_for(view));
        }
        Ok::<_, StageError>(files)
    };
    let announced = announced_loads(bundles);
    let plans = stage_plans(bundles)?;
    let named: Vec<_> = (0..).map(|at: usize| at.to_string()).zip(bundles).collect();
    let target = lay_out((View::Target, "target"), &named, &announced)?;
    let config = lay_out((View::ConfigOnly, "config"), &[], &[])?;
    let loader_load = first_phones::loader(&plans);
    let loader = match &loader_load {
        Some(loader) => {
            let named = first_phones::with_loader(&announced, loader);
            lay_out((View::Loader, "loader"), &[], &named)?
        }
        None => Files::new(),
    };
    let bridge_plans = stage_plans(bridges)?;
    let mut views = Vec::new();
    for step in steps(bridges, &bridge_plans) {
        let folder = match step.number {
            0 => "bridge".to_owned(),
            number => format!("bridge-step-{number}"),
        };
        let view = (View::Bridge(step.number), folder.as_str());
        views.push(lay_out(view, &step.bundles, &step.loads)?);
    }
    let mut files: Vec<_> = target.values().cloned().collect();
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(Stage {
        root: StageRoot::Transient(root),
        target,
        config,
        loader,
        bridges: views,
        plans,
        bridge_plans,
        files,
    })
}

/// Adds a file, unless another bundle has it: [`inspect`] has checked that the bytes are the
/// same.
fn add(files: &mut Files, name: &str, bytes: &Arc<[u8]>) {
    files
        .entry(normalized_name(name))
        .or_insert_with(|| StagedFile {
            name: name.into(),
            bytes: Arc::clone(bytes),
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
    add_spellings(&mut staged, bundles);
    for StagedFile { name, bytes } in &staged.files {
        let path = flat.join(&**name);
        make_folders(&flat, name)?;
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

/// Adds the spellings of a name that differ in case only: other servers look them up exactly.
fn add_spellings(staged: &mut Stage, bundles: &[Bundle]) {
    for member in bundles.iter().flat_map(served) {
        for name in &member.served_as {
            let known = |file: &StagedFile| *file.name == **name;
            if !staged.files.iter().any(known)
                && let Some(file) = staged.target.get(&normalized_name(name))
            {
                staged.files.push(StagedFile {
                    name: name.as_str().into(),
                    bytes: Arc::clone(&file.bytes),
                });
            }
        }
    }
    staged
        .files
        .sort_unstable_by(|one, other| one.name.cmp(&other.name));
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
        make_folders(to, &file.name)?;
        if let Err(error) = fs::rename(from.join(&*file.name), &path) {
            // A file system that ignores case has one file for two spellings.
            if error.kind() == io::ErrorKind::NotFound && path.exists() {
                continue;
            }
            for moved in &files[..at] {
                let moved = to.join(&*moved.name);
                fs::remove_file(&moved).map_err(StageError::io("remove", &moved))?;
            }
            return Err(StageError::io("write", &path)(error));
        }
    }
    Ok(())
}

/// Creates the folders of a name below `root`, readable by other TFTP servers.
fn make_folders(root: &Path, name: &str) -> Result<(), StageError> {
    let Some((folders, _)) = name.rsplit_once('/') else {
        return Ok(());
    };
    let mut folder = root.to_owned();
    for part in folders.split('/') {
        folder.push(part);
        if !folder.is_dir() {
            DirBuilder::new()
                .create(&folder)
                .map_err(StageError::io("create", &folder))?;
            set_mode(&folder, 0o755)?;
        }
    }
    Ok(())
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
