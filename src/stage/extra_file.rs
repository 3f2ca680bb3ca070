//! Files that phones get besides the firmware: configurations, dial plans, ring tone lists.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    error::StageError, limits::MAX_EXTRA_FILE_BYTES, names::is_plain, staged_file::StagedFile,
};
use crate::{phone::RequestedFile, track::View};

/// A file that the user added or that was generated for the run. It may contain a password.
#[derive(Clone)]
pub struct ExtraFile {
    /// The file in the target view.
    file: StagedFile,
    source: PathBuf,
    other_views: Option<OtherViews>,
}

/// The content in views that must not name the target's load.
#[derive(Clone)]
struct OtherViews {
    /// By step.
    bridges: Vec<Arc<[u8]>>,
    no_load: Arc<[u8]>,
}

impl fmt::Debug for ExtraFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}

impl ExtraFile {
    /// Reads a regular file, following links. Phones get it under its base name.
    ///
    /// # Errors
    ///
    /// The file cannot be read, has more than [`MAX_EXTRA_FILE_BYTES`], or has a name that
    /// may not be added.
    pub fn read(path: &Path) -> Result<Self, StageError> {
        Self::read_allowed(path, allowed_name(path)?)
    }

    /// Like [`ExtraFile::read`], for a file of a folder: phones get it under its path from that
    /// folder, such as `German_Germany/td-sip.jar`.
    ///
    /// # Errors
    ///
    /// Those of [`ExtraFile::read`].
    pub fn read_below(folder: &Path, path: &Path) -> Result<Self, StageError> {
        let below = path.strip_prefix(folder).unwrap_or(path);
        match below.to_str() {
            Some(name) if below.components().count() > 1 => Self::read_as(path, name),
            _ => Self::read(path),
        }
    }

    /// Like [`ExtraFile::read`], under this name, which may have folders.
    ///
    /// # Errors
    ///
    /// Those of [`ExtraFile::read`].
    pub fn read_as(path: &Path, name: &str) -> Result<Self, StageError> {
        let base = allowed_name(path)?;
        let folders = name.strip_suffix(base.as_str());
        let folders = folders.and_then(|folders| folders.strip_suffix('/'));
        if !folders.is_some_and(|folders| folders.split('/').all(is_plain)) {
            return Err(StageError::ExtraFileName {
                path: path.to_owned(),
                why: "the name of its folder is not one that a phone could request",
                cure: "rename the folder to the name that the phone requests, such as German_Germany",
            });
        }
        Self::read_allowed(path, name.to_owned())
    }

    fn read_allowed(path: &Path, name: String) -> Result<Self, StageError> {
        let metadata = path.metadata().map_err(StageError::io("read", path))?;
        // Opening a FIFO or a device could block.
        if !metadata.is_file() {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
            return Err(StageError::io("read", path)(error));
        }
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_EXTRA_FILE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(StageError::io("read", path))?;
        Self::checked(name, path, bytes)
    }

    /// A file that was generated for this run from `source`.
    ///
    /// # Errors
    ///
    /// The file has more than [`MAX_EXTRA_FILE_BYTES`] or a name that may not be added.
    pub fn generated(name: &str, source: &Path, bytes: Vec<u8>) -> Result<Self, StageError> {
        Self::checked(allowed_name(Path::new(name))?, source, bytes)
    }

    /// A generated configuration that names a load, as `XMLDefault.cnf.xml` does, with its content
    /// for each view: `target` names the target's load, `bridges` name those of each step, and
    /// `no_load` names none.
    ///
    /// # Errors
    ///
    /// Those of [`ExtraFile::generated`].
    pub fn per_view(
        name: &str,
        source: &Path,
        target: Vec<u8>,
        bridges: Vec<Vec<u8>>,
        no_load: Vec<u8>,
    ) -> Result<Self, StageError> {
        let file = Self::generated(name, source, target)?;
        let limit = MAX_EXTRA_FILE_BYTES;
        let others = bridges.iter().chain([&no_load]);
        if others.map(Vec::len).any(|length| length as u64 > limit) {
            return Err(StageError::ExtraFileTooLarge { path: file.source });
        }
        let other_views = Some(OtherViews {
            bridges: bridges.into_iter().map(Arc::from).collect(),
            no_load: no_load.into(),
        });
        Ok(Self {
            other_views,
            ..file
        })
    }

    fn checked(name: String, source: &Path, bytes: Vec<u8>) -> Result<Self, StageError> {
        let source = source.to_owned();
        if bytes.len() as u64 > MAX_EXTRA_FILE_BYTES {
            return Err(StageError::ExtraFileTooLarge { path: source });
        }
        Ok(Self {
            file: StagedFile {
                name: name.into(),
                bytes: bytes.into(),
            },
            source,
            other_views: None,
        })
    }

    /// The name under which phones get it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// The file that it was read or generated from.
    #[must_use]
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The content in the target view.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.file.bytes
    }

    /// The SHA-256 of the content in the target view, as 64 lower-case hex digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        self.file.sha256()
    }

    /// The content in this view.
    #[must_use]
    pub fn bytes_for(&self, view: View) -> &[u8] {
        self.shared_bytes(view)
    }

    /// The file of this view.
    pub(super) fn staged_for(&self, view: View) -> StagedFile {
        StagedFile {
            name: self.file.name.clone(),
            bytes: self.shared_bytes(view).clone(),
        }
    }

    fn shared_bytes(&self, view: View) -> &Arc<[u8]> {
        match (&self.other_views, view) {
            (None, _) | (_, View::Target | View::Loader) => &self.file.bytes,
            (Some(other), View::Bridge(step)) => {
                let own = other.bridges.get(usize::from(step));
                own.unwrap_or(&other.no_load)
            }
            (Some(other), View::NoLoad | View::ConfigOnly) => &other.no_load,
        }
    }

    /// Whether it is the configuration of a single phone, or is named like one: such a file
    /// contains a SIP password.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.name().to_ascii_lowercase().starts_with("sep")
            || matches!(
                RequestedFile::parse(self.name()),
                RequestedFile::LegacyConfig(_)
            )
    }
}

/// The base name of the path, if a file of this name may be added.
fn allowed_name(path: &Path) -> Result<String, StageError> {
    let refused = |why, cure| StageError::ExtraFileName {
        path: path.to_owned(),
        why,
        cure,
    };
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name.filter(|name| is_plain(name) && name.trim() == *name) else {
        return Err(refused(
            "its name is not one that a phone could request",
            "rename it to the name that the phone requests, such as dialplan.xml",
        ));
    };
    match RequestedFile::parse(name) {
        RequestedFile::DefaultConfig => Err(refused(
            "XMLDefault.cnf.xml is generated, because it names the new load to phones",
            "leave it out and put further settings into the SEP files of the phones",
        )),
        // Old firmware accepts damaged images, so an unverified image can brick a phone.
        RequestedFile::Recovery(_) | RequestedFile::Manifest(_) | RequestedFile::Image => {
            Err(refused(
                "it is firmware, which is served from verified bundles only",
                "give the bundle that contains it as a BUNDLE",
            ))
        }
        _ => Ok(name.to_owned()),
    }
}
