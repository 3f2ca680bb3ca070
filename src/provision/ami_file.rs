//! `ami.toml`: how `reflash restart` reaches the manager interface of Asterisk.

use super::{passwords::MANAGER, plan::ProvisionPlan};

/// The file name, in the folder itself.
pub(super) const NAME: &str = "ami.toml";

/// The file. `None` without a generated secret.
pub(super) fn file(plan: &ProvisionPlan) -> Option<Vec<u8>> {
    let manager = plan.manager.as_ref()?;
    let host = match &manager.from {
        Some(from) if !from.starts_with("127.") => plan.site.pbx.as_str(),
        _ => "127.0.0.1",
    };
    // The values have no characters that TOML escapes.
    let text = format!(
        "# Written by `reflash provision`, for `reflash restart --ami`. It contains a secret: only\n\
         # its owner may read it.\n\
         host = \"{host}\"\nport = 5038\nuser = \"{MANAGER}\"\nsecret = \"{}\"\n",
        manager.secret.expose()
    );
    Some(text.into_bytes())
}
