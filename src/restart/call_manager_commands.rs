//! The commands with which a call manager that still serves phones restarts them.
//!
//! The names are a trap: "reset" and "restart" differ between call managers, and only one of the two
//! makes every phone read its files again. These are the commands that send Reset type 1.

use crate::phone::MacAddress;

/// Phones of the first wave, and the most of the second one.
const PILOT: usize = 1;
const SECOND: usize = 5;

/// The most phones of a wave unless the operator gives another number.
pub const WAVE: usize = 20;

/// A call manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallManagerKind {
    /// Cisco Unified Communications Manager.
    Cucm,
    /// Cisco Unified Communications Manager Express.
    Cme,
    /// Asterisk with chan-sccp-b.
    ChanSccp,
    /// Asterisk with its own `chan_skinny`.
    ChanSkinny,
}

impl CallManagerKind {
    /// All, in the order in which help lists them.
    pub const ALL: [Self; 4] = [Self::Cucm, Self::Cme, Self::ChanSccp, Self::ChanSkinny];

    /// The value of the flag.
    #[must_use]
    pub fn flag_value(self) -> &'static str {
        match self {
            Self::Cucm => "cucm",
            Self::Cme => "cme",
            Self::ChanSccp => "chan_sccp",
            Self::ChanSkinny => "chan_skinny",
        }
    }

    /// The call manager with this value of the flag.
    #[must_use]
    pub fn from_flag(value: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.flag_value() == value)
    }

    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cucm => "CUCM",
            Self::Cme => "CME",
            Self::ChanSccp => "Asterisk with chan_sccp",
            Self::ChanSkinny => "Asterisk with chan_skinny",
        }
    }

    /// What to know before the commands.
    #[must_use]
    pub fn note(self) -> &'static str {
        match self {
            Self::Cucm => {
                "Use Reset, not Restart: Restart does not make every phone read its files again. A \
                 phone in a call restarts after it. For a wave: Bulk Administration, Phones, \
                 Reset/Restart Phones, Custom File, with these names; or Device, Phone, select them, \
                 Reset Selected."
            }
            Self::Cme => {
                "Use reset, not restart: restart contacts neither DHCP nor TFTP. A phone in a call \
                 restarts after it. The first line that `show ephone` prints begins with ephone-N: \
                 its number goes into the next commands."
            }
            Self::ChanSccp => {
                "Use sccp reset, not sccp restart: here reset is the full restart (type 1), and \
                 restart the short one."
            }
            Self::ChanSkinny => {
                "The word restart is needed: without it, `skinny reset` sends the short restart \
                 (type 2), after which a phone may not read its files."
            }
        }
    }

    /// The commands for these phones, one line each.
    #[must_use]
    pub fn commands(self, phones: &[MacAddress]) -> Vec<String> {
        let name = |mac: &MacAddress| format!("SEP{}", mac.upper_hex());
        let phones = phones.iter();
        match self {
            Self::Cucm => phones.map(name).collect(),
            Self::Cme => phones
                .flat_map(|mac| {
                    [
                        format!("show ephone {}", dotted(*mac)),
                        "configure terminal".to_owned(),
                        "ephone N".to_owned(),
                        "reset".to_owned(),
                        "end".to_owned(),
                    ]
                })
                .collect(),
            Self::ChanSccp => phones
                .map(|mac| format!("asterisk -rx 'sccp reset {}'", name(mac)))
                .collect(),
            Self::ChanSkinny => phones
                .map(|mac| format!("asterisk -rx 'skinny reset {} restart'", name(mac)))
                .collect(),
        }
    }

    /// The text for an operator: the note, then each wave with its commands.
    #[must_use]
    pub fn text(self, phones: &[MacAddress], wave: usize) -> String {
        let mut lines = crate::text::wrap(self.note(), "", "");
        for (number, wave) in waves(phones, wave).iter().enumerate() {
            let count = wave.len();
            let plural = if count == 1 { "" } else { "s" };
            lines.push(String::new());
            lines.push(match number {
                0 => format!("Wave 1, {count} phone{plural}; watch it through before the next:"),
                _ => format!(
                    "Wave {}, {count} phone{plural}, when all of the last wave are converted:",
                    number + 1
                ),
            });
            lines.extend(self.commands(wave).iter().map(|line| format!("    {line}")));
        }
        lines.join("\n") + "\n"
    }
}

/// The phones in waves: one, then up to five, then up to `wave`.
#[must_use]
pub fn waves(phones: &[MacAddress], wave: usize) -> Vec<&[MacAddress]> {
    let (pilot, rest) = phones.split_at(phones.len().min(PILOT));
    let (second, rest) = rest.split_at(rest.len().min(SECOND.min(wave.max(1))));
    let mut waves: Vec<_> = [pilot, second]
        .into_iter()
        .filter(|one| !one.is_empty())
        .collect();
    waves.extend(rest.chunks(wave.max(1)));
    waves
}

/// `001D.45AA.BB01`, as IOS writes it.
fn dotted(mac: MacAddress) -> String {
    let digits = mac.upper_hex();
    format!("{}.{}.{}", &digits[..4], &digits[4..8], &digits[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phones(count: u8) -> Vec<MacAddress> {
        (0..count)
            .map(|last| MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, last]))
            .collect()
    }

    #[test]
    fn the_waves_are_one_five_and_then_as_many_as_given() {
        let sizes = |count, wave| -> Vec<usize> {
            waves(&phones(count), wave)
                .iter()
                .map(|one| one.len())
                .collect()
        };
        assert_eq!(sizes(0, 20), [0; 0]);
        assert_eq!(sizes(1, 20), [1]);
        assert_eq!(sizes(4, 20), [1, 3]);
        assert_eq!(sizes(50, 20), [1, 5, 20, 20, 4]);
        assert_eq!(sizes(8, 3), [1, 3, 3, 1]);
        assert_eq!(sizes(3, 0), [1, 1, 1]);
    }

    #[test]
    fn each_call_manager_gets_the_command_that_sends_reset_type_1() {
        let one = phones(1);
        let commands = |kind: CallManagerKind| kind.commands(&one);
        assert_eq!(commands(CallManagerKind::Cucm), ["SEP001D45AABB00"]);
        assert_eq!(
            commands(CallManagerKind::Cme),
            [
                "show ephone 001D.45AA.BB00",
                "configure terminal",
                "ephone N",
                "reset",
                "end"
            ]
        );
        assert_eq!(
            commands(CallManagerKind::ChanSccp),
            ["asterisk -rx 'sccp reset SEP001D45AABB00'"]
        );
        assert_eq!(
            commands(CallManagerKind::ChanSkinny),
            ["asterisk -rx 'skinny reset SEP001D45AABB00 restart'"]
        );
    }

    #[test]
    fn the_text_warns_of_the_other_name_before_the_commands() {
        for kind in CallManagerKind::ALL {
            assert_eq!(CallManagerKind::from_flag(kind.flag_value()), Some(kind));
            let text = kind.text(&phones(7), WAVE);
            let (note, commands) = text.split_once("\n\nWave 1, 1 phone;").unwrap();
            assert!(note.to_lowercase().contains("restart"), "{note}");
            assert!(
                commands.contains("Wave 2, 5 phones, when all of the last wave"),
                "{text}"
            );
            assert!(commands.contains("Wave 3, 1 phone, when"), "{text}");
            assert!(
                text.lines().all(|line| line.chars().count() <= 80),
                "{text}"
            );
        }
    }
}
