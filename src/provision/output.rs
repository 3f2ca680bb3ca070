//! The result of `build` and the layout of its files.

use std::fmt;

use crate::inventory::Secret;

/// Subfolder of the files for phones.
pub const TFTP: &str = "tftp";
/// Subfolder of the files for Asterisk.
pub const ASTERISK: &str = "asterisk";
/// Subfolder of the file for `FreePBX`. Like that for Asterisk, it contains passwords.
pub const FREEPBX: &str = "freepbx";
/// File name of the dial plan in the phones' files.
pub const DIAL_PLAN: &str = "dialplan.xml";

/// A file to write.
#[derive(Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Path below the folder, with `/` as separator.
    pub path: String,
    /// Content. It can contain passwords.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for OutputFile {
    /// Without the content, which can contain passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.bytes.len())
    }
}

/// The result of `build`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionOutput {
    /// The files, those for phones first.
    pub files: Vec<OutputFile>,
    /// SIP accounts and voice mail PINs, for `--show-secrets`.
    pub accounts: Vec<Credentials>,
    /// Notes for the operator, one or two sentences each.
    pub notes: Vec<String>,
}

/// The credentials of a SIP account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Extension.
    pub user: String,
    /// SIP password.
    pub secret: Secret,
    /// Voice mail PIN.
    pub pin: Option<Secret>,
}
