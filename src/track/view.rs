//! Which files of the stage a phone is offered.

/// The part of the stage that one phone is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The target bundles' files and an `XMLDefault.cnf.xml` that names their loads.
    Target,
    /// The same files with an `XMLDefault.cnf.xml` that names no load: for a phone that has
    /// been flashed often enough.
    NoLoad,
    /// The target bundles' files for a 7940 or 7960 from before the loader: its configurations and
    /// `OS79XX.TXT` name the loader.
    Loader,
    /// The files of the bridges of this step and an `XMLDefault.cnf.xml` that names their loads. The
    /// first bridge of every model is step 0.
    Bridge(u8),
    /// The operator's files and an `XMLDefault.cnf.xml` that names no load; loads and images
    /// are answered with "not found".
    ConfigOnly,
}
