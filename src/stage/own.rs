//! Files of the user's that phones get beside the firmware: configurations, dial plans,
//! lists of ring tones.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{StageError, layout::is_plain};
use crate::{phone::RequestedFile, track::View};

/// Bytes of one such file at most. Ring tones and background pictures have some 100 kB, the
/// largest locale file 2 MB.
pub const MAX_EXTRA_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// One file of the user's, read and fit to be staged. Its bytes may hold a password.
#[derive(Clone)]
pub struct ExtraFile {
    name: String,
    source: PathBuf,
    bytes: Vec<u8>,
    elsewhere: Option<Elsewhere>,
}

/// What a file says in the views in which the target's load must not be named.
#[derive(Clone)]
struct Elsewhere {
    bridge: Vec<u8>,
    quiet: Vec<u8>,
}

impl fmt::Debug for ExtraFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

impl ExtraFile {
    /// Reads a regular file, which may be reached over a link. Its name is the last part of
    /// its path.
    pub fn read(path: &Path) -> Result<Self, StageError> {
        let name = named(path)?;
        let metadata = path.metadata().map_err(StageError::io("read", path))?;
        // A FIFO or a device would be waited on.
        if !metadata.is_file() {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
            return Err(StageError::io("read", path)(error));
        }
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_EXTRA_FILE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(StageError::io("read", path))?;
        Self::sized(name, path, bytes)
    }

    /// A file that was made for this run; `source` says by whom.
    pub fn generated(name: &str, source: &Path, bytes: Vec<u8>) -> Result<Self, StageError> {
        Self::sized(named(Path::new(name))?, source, bytes)
    }

    /// A configuration that was made for this run and names a load, as `XMLDefault.cnf.xml`
    /// does: `target` the target's, `bridge` the bridge's, `quiet` none.
    pub fn per_view(
        name: &str,
        source: &Path,
        target: Vec<u8>,
        bridge: Vec<u8>,
        quiet: Vec<u8>,
    ) -> Result<Self, StageError> {
        let file = Self::generated(name, source, target)?;
        let limit = MAX_EXTRA_FILE_BYTES;
        if bridge.len() as u64 > limit || quiet.len() as u64 > limit {
            return Err(StageError::ExtraFileTooLarge { path: file.source });
        }
        let elsewhere = Some(Elsewhere { bridge, quiet });
        Ok(Self { elsewhere, ..file })
    }

    fn sized(name: String, source: &Path, bytes: Vec<u8>) -> Result<Self, StageError> {
        let source = source.to_owned();
        if bytes.len() as u64 > MAX_EXTRA_FILE_BYTES {
            return Err(StageError::ExtraFileTooLarge { path: source });
        }
        Ok(Self {
            name,
            source,
            bytes,
            elsewhere: None,
        })
    }

    /// The name under which phones get it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it was read.
    #[must_use]
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// What is in it, as phones get it that are to take the target.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is in it in this view.
    #[must_use]
    pub fn bytes_for(&self, view: View) -> &[u8] {
        match (&self.elsewhere, view) {
            (None, _) | (_, View::Target) => &self.bytes,
            (Some(elsewhere), View::Bridge) => &elsewhere.bridge,
            (Some(elsewhere), View::NoLoad | View::ConfigOnly) => &elsewhere.quiet,
        }
    }

    /// Whether it is one phone's own configuration, or is called like one: such a file holds
    /// a SIP password.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.name.to_ascii_lowercase().starts_with("sep")
            || matches!(
                RequestedFile::parse(&self.name),
                RequestedFile::LegacyConfig(_)
            )
    }
}

/// The name that the file gets, when it is one that a user may add.
fn named(path: &Path) -> Result<String, StageError> {
    let refused = |why, cure| StageError::ExtraFileName {
        path: path.to_owned(),
        why,
        cure,
    };
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name.filter(|name| is_plain(name) && name.trim() == *name) else {
        return Err(refused(
            "its name is no plain text that a phone could ask for",
            "rename it to what the phone asks for, such as dialplan.xml",
        ));
    };
    match RequestedFile::parse(name) {
        RequestedFile::DefaultConfig => Err(refused(
            "XMLDefault.cnf.xml is generated: it is what names the new load to phones",
            "leave it out; what phones need beside it belongs into their SEP files",
        )),
        // Old firmware takes damaged images: what no signature speaks for can kill a phone.
        RequestedFile::Recovery(_) | RequestedFile::Manifest(_) | RequestedFile::Image => {
            Err(refused(
                "it is firmware, which is served from verified bundles alone",
                "name the bundle that it came in as a BUNDLE",
            ))
        }
        _ => Ok(name.to_owned()),
    }
}
