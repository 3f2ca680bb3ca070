//! Limits of phone configurations, by model.

use super::{Family, Model};

/// Maximum length in characters of `authName` and of a line's `name` (79xx; usecallmanager.nz,
/// "SEPMAC.cnf.xml").
pub const MAX_AUTH_NAME: usize = 30;

/// Maximum length of `phoneLabel` in characters.
pub const MAX_PHONE_LABEL: usize = 12;

/// Maximum length of an NTP server's name in characters.
pub const MAX_NTP_NAME: usize = 50;

/// Maximum length in characters of a SIP password that every 7941 and 7961 accepts. Longer ones are
/// reported to be truncated or rejected by these models, while 32 characters work on others.
/// Sources disagree, so exceeding it is only a warning.
pub const SAFE_SECRET: usize = 12;

/// Maximum length of a SIP password in characters that the phones of every family accept
/// (usecallmanager.nz, "SEPMAC.cnf.xml"). The 7940 and 7960 keep 31 and Cisco's code of this SIP
/// stack has a buffer of 32 bytes, so that the 32 characters of `FreePBX` do not fit.
pub const MAX_SECRET: usize = 30;

/// Length in characters of the passwords that `FreePBX` generates.
pub const FREEPBX_SECRET: usize = 32;

/// Where `FreePBX` has the password of an extension.
pub const FREEPBX_SECRET_FIELD: &str =
    "Extensions, edit the extension, tab General, field Secret; then Submit and Apply Config";

/// Maximum length of an SSH password in characters (Cisco's schema of the 69xx: 50).
pub const MAX_SSH_PASSWORD: usize = 50;

/// Maximum length in characters of a display name and of the label of a button.
pub const MAX_DISPLAY: usize = 30;

impl Model {
    /// The number of line and speed-dial buttons, without expansion modules (Cisco's data
    /// sheets).
    #[must_use]
    pub fn line_buttons(&self) -> u8 {
        match self.plain_number() {
            "7906" | "7911" | "6901" | "6911" | "7811" | "7832" | "8831" | "8832" => 1,
            "7931" => 24,
            "7940" | "7941" | "7942" | "7945" | "6921" | "7821" => 2,
            "7960" | "7961" | "7962" | "7965" | "9971" | "7921" | "7925" | "7926" | "8821" => 6,
            "7970" | "7971" | "7975" => 8,
            "6941" | "6945" | "6951" | "8941" | "8945" | "7841" => 4,
            "6961" => 12,
            "7861" => 16,
            _ => 5,
        }
    }

    /// The number of buttons with the expansion modules that it may have: two modules 7914 to 7916
    /// with 24 buttons each at most. Models with fewer than six buttons, and wireless ones, take no
    /// module; those of other families than 79xx take up to three with 36.
    #[must_use]
    pub fn most_buttons(&self) -> u8 {
        let own = self.line_buttons();
        match self.plain_number() {
            "7906" | "7911" | "7931" | "7941" | "7942" | "7945" => own,
            "7961" | "7962" | "7965" | "7970" | "7971" | "7975" => own + 48,
            _ => own + 108,
        }
    }

    /// Whether its display has a backlight that `displayOnTime` and related settings control:
    /// the models with a colour display (Cisco's data sheets).
    #[must_use]
    pub fn has_display_light(&self) -> bool {
        matches!(
            self.family,
            Family::F45 | Family::F70 | Family::F75 | Family::F8961 | Family::F9951 | Family::F9971
        )
    }

    /// Whether the model is reported to truncate or reject SIP passwords of more than
    /// [`SAFE_SECRET`] characters.
    #[must_use]
    pub fn truncates_secrets(&self) -> bool {
        matches!(self.plain_number(), "7941" | "7961")
    }

    /// Whether spaces in `phoneLabel` cause problems: on all phones of the 7900 series, except the
    /// `phone_label` of a 7940 or 7960, which is in quotes.
    #[must_use]
    pub fn label_rejects_spaces(&self) -> bool {
        self.family.has_recovery_manifest()
    }
}
