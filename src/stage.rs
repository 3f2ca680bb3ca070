//! The throw-away root: verified bundles laid out side by side, generated files, and the
//! one way from a name on the wire to bytes.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::bundle::Bundle;

/// What one phone is shown of the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The bundles' files and an `XMLDefault.cnf.xml` that names their loads.
    Target,
    /// An `XMLDefault.cnf.xml` that names no load; loads and images are "not found".
    Config,
}

/// One file of a stage, whole and immutable: what is served is what was verified.
#[derive(Clone)]
pub struct StagedFile {
    /// Its name as staged.
    pub name: Arc<str>,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for StagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// What goes wrong while a stage is laid out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {}

/// A laid-out root. Dropping it removes the folder, unless it was laid out in a folder of
/// the user's.
#[derive(Debug)]
pub struct Stage {}

impl Stage {
    /// Lays `bundles` out in a private temporary folder of this run, and sweeps what
    /// killed runs left there.
    pub fn temporary(bundles: &[Bundle], call_manager: IpAddr) -> Result<Self, StageError> {
        let _ = (bundles, call_manager);
        todo!()
    }

    /// Lays `bundles` out flat in `folder`, which must be new or empty, and keeps it.
    pub fn keep(
        bundles: &[Bundle],
        call_manager: IpAddr,
        folder: &Path,
    ) -> Result<Self, StageError> {
        let _ = (bundles, call_manager, folder);
        todo!()
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        todo!()
    }

    /// The file that a name on the wire means in this view: a lookup in a map, without
    /// case and without a leading `/` or `./`; never a path built from the wire.
    #[must_use]
    pub fn resolve(&self, view: View, name: &str) -> Option<StagedFile> {
        let _ = (view, name);
        todo!()
    }
}
