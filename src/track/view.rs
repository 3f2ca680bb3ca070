//! Which files of the stage a phone is offered.

/// What one phone is shown of the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The bundles' files and an `XMLDefault.cnf.xml` that names their loads.
    Target,
    /// The same files with an `XMLDefault.cnf.xml` that names no load: for a phone that was
    /// flashed often enough.
    NoLoad,
    /// The bridge's files and an `XMLDefault.cnf.xml` that names the bridge's loads.
    Bridge,
    /// An `XMLDefault.cnf.xml` that names no load, and files of the user's; loads and images
    /// are "not found".
    ConfigOnly,
}
