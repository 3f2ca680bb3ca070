//! Which files of the stage a phone is offered.

/// The part of the stage that one phone is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The target bundles' files and an `XMLDefault.cnf.xml` that names their loads.
    Target,
    /// The same files with an `XMLDefault.cnf.xml` that names no load: for a phone that has
    /// been flashed often enough.
    NoLoad,
    /// The bridge's files and an `XMLDefault.cnf.xml` that names the bridge's loads.
    Bridge,
    /// The operator's files and an `XMLDefault.cnf.xml` that names no load; loads and images
    /// are answered with "not found".
    ConfigOnly,
}
