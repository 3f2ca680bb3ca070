//! What a phone's configuration may hold, model by model.

use super::{Family, Model};

/// Characters of `authName` and of a line's `name` at most (79xx; usecallmanager.nz,
/// "SEPMAC.cnf.xml").
pub const MAX_AUTH_NAME: usize = 30;

/// Characters of `phoneLabel` at most.
pub const MAX_PHONE_LABEL: usize = 12;

/// Characters of an NTP server's name at most.
pub const MAX_NTP_NAME: usize = 50;

/// Characters of a SIP password that a 7941 or 7961 is sure to take. People report that longer
/// ones are cut or refused there; others see 32 work elsewhere. Disputed, so it is a warning.
pub const SAFE_SECRET: usize = 12;

/// Characters of a SIP password at most. Guides go to 32, `FreePBX` makes 32; nobody tells of
/// phones that took more than twice that.
pub const MAX_SECRET: usize = 64;

/// Bytes of `dialplan.xml` at most (Cisco's own parser reads no more).
pub const MAX_DIAL_PLAN_BYTES: usize = 8192;

impl Model {
    /// The buttons beside the display that a line or a speed dial can have, without
    /// expansion modules (Cisco's data sheets).
    #[must_use]
    pub fn line_buttons(&self) -> u8 {
        match self.plain_number() {
            "7906" | "7911" | "6901" | "6911" | "7811" | "7832" | "8831" | "8832" => 1,
            "7931" => 24,
            "7940" | "7941" | "7942" | "7945" | "6921" | "7821" => 2,
            "7960" | "7961" | "7962" | "7965" | "9971" | "7921" | "7925" | "7926" | "8821" => 6,
            "7970" | "7971" | "7975" => 8,
            "6941" | "6945" | "8941" | "8945" | "7841" => 4,
            "6961" => 12,
            "7861" => 16,
            _ => 5,
        }
    }

    /// Whether its display has a light that `displayOnTime` and such switch: the models with a
    /// display in colours (Cisco's data sheets).
    #[must_use]
    pub fn has_display_light(&self) -> bool {
        matches!(self.family, Family::F45 | Family::F70 | Family::F75)
    }

    /// Whether people report SIP passwords of more than [`SAFE_SECRET`] characters to be cut
    /// or refused.
    #[must_use]
    pub fn truncates_secrets(&self) -> bool {
        matches!(self.plain_number(), "7941" | "7961")
    }

    /// Whether blanks in `phoneLabel` are trouble: on all phones of the 7900 series.
    #[must_use]
    pub fn label_rejects_spaces(&self) -> bool {
        self.family.is_convertible() || self.family == Family::P3
    }
}
