//! What `build` returns, and where its files go.

use std::fmt;

use crate::inventory::Secret;

/// The folder of what phones ask for.
pub const TFTP: &str = "tftp";
/// The folder of what Asterisk reads.
pub const ASTERISK: &str = "asterisk";
/// `dialplan.xml`, as phones are told of it.
pub const DIAL_PLAN: &str = "dialplan.xml";
/// A file that is to be written.
#[derive(Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path below the folder, with `/`.
    pub path: String,
    /// Its bytes. There may be passwords among them.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for OutputFile {
    /// Without the bytes: there may be passwords among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.bytes.len())
    }
}

/// What an inventory comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionOutput {
    /// The files, the phones' first.
    pub files: Vec<OutputFile>,
    /// Who registers, with what, and the PIN of the mailbox: for `--show-secrets`.
    pub accounts: Vec<Credentials>,
    /// What a person should know though nothing is wrong; a sentence or two each.
    pub notes: Vec<String>,
}

/// What somebody registers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The extension.
    pub user: String,
    /// Its password.
    pub secret: Secret,
    /// The PIN of its mailbox.
    pub pin: Option<Secret>,
}
