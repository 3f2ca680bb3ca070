//! How the phones of each family get another firmware: data for staging, tracking, the wizard and
//! the simulator.
//!
//! Sources: Cisco's images of the 69xx, 6945, 8941/8945 and 8961 (the strings and tables in them),
//! Cisco's release notes and administration guides, and public records of boots.

use serde::Serialize;

use super::{Family, FirmwareRelease, LoadName, Model, Protocol};

/// What this program does with the phones of a family, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// Converts them from SCCP to SIP.
    Converts,
    /// They have SIP firmware only: installs another release of it.
    Upgrades,
    /// Knows their names only: [`Family::unsupported`] says why.
    Recognised,
}

/// How firmware gets onto a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installation {
    /// By the manifest that the configuration names, or after a reset by `termNN.default.loads`,
    /// which installs all five images.
    Recovery,
    /// A loader that runs at every start and fetches one image per start: the 7940 and 7960.
    Loader,
    /// Into the slot that does not run, by the manifest that the configuration names.
    Slots(&'static Slots),
    /// Not by this program.
    None,
}

/// Facts about phones with two slots: one runs, the other is written.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a family"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// What a phone requests before its configuration besides `CTLSEP<MAC>.tlv`.
    pub lists: Lists,
    /// Whether each file is requested over HTTP, port 6970, and then over TFTP.
    pub tries_http: bool,
    /// The locale file of both protocols, which shows nothing: `rtl-sccp.jar`. Empty if the name
    /// shows SIP firmware.
    pub shared_locale: &'static str,
    /// Whether a request for the dial plan shows SIP firmware: only SIP configurations name it.
    pub dial_plan_shows_sip: bool,
    /// Whether its phones read the load in the slot that does not run, and start it without
    /// requesting anything if the configuration names it.
    pub flips: bool,
    /// Whether manifests list images for several hardware platforms, of which a phone fetches its own.
    pub has_platforms: bool,
    /// Some hardware rejects releases before this one.
    pub floor: Option<FirmwareRelease>,
    /// The floor in words, by hardware version; empty if none is documented.
    pub floors: &'static str,
    /// How to restart a phone, which is all that it needs.
    pub restart: &'static str,
    /// How it is reset, and what that keeps.
    pub reset: &'static str,
    /// How to erase trust lists.
    pub erase_lists: &'static str,
    /// What not to do; empty if nothing is known.
    pub caution: &'static str,
}

/// Trust lists that a phone requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// `CTLSEP<MAC>.tlv` only.
    Ctl,
    /// `ITLSEP<MAC>.tlv` and `ITLFile.tlv` too.
    Itl,
}

const MENU_RESET: &str = "on the phone: Applications (or Settings) > Admin Settings > Reset Settings \
                          > All; it erases the settings and keeps the firmware";
const MENU_SECURITY: &str =
    "on the phone: Applications (or Settings) > Admin Settings > Reset Settings > Security";
const POWER: &str =
    "disconnect its power (the network cable, if it supplies the power) and connect it again";
const KEYS_88XX: &str = "disconnect its power for 5 seconds, hold # while you connect it until the \
                         Headset and Speaker keys light up (Mute may light up first), release it and \
                         type 123456789*0#; it erases the settings and keeps the firmware. Without \
                         the code, a 78xx starts its backup image";
const KEYS_LED_BAR: &str = "hold # while you connect its power until the LED bar lights up, release it \
                            and type 123456789*0#; it erases the settings and keeps the firmware";
const FLOORS_88XX: &str = "8811, 8841, 8851: V08 11.7(1), V16 12.6(1); 8861: V16 12.6(1)";

const S6901: Slots = Slots {
    lists: Lists::Ctl,
    tries_http: false,
    shared_locale: "rtl-sccp.jar",
    dial_plan_shows_sip: true,
    flips: true,
    has_platforms: false,
    floor: None,
    floors: "",
    restart: POWER,
    reset: "hold # while you connect its power until the line lamp is green, release it and type \
            123456789*0#; the lamp turns red, and the phone restarts. It erases the settings and \
            keeps the firmware",
    erase_lists: "by its factory reset: hold # while you connect its power until the line lamp is \
                  green, release it and type 123456789*0#",
    caution: "",
};

const S69: Slots = Slots {
    lists: Lists::Itl,
    tries_http: true,
    reset: MENU_RESET,
    erase_lists: MENU_SECURITY,
    ..S6901
};

const S6945: Slots = Slots {
    lists: Lists::Ctl,
    ..S69
};

const S894: Slots = Slots {
    shared_locale: "gb-sccp-sip.jar",
    floor: Some(release(9, 4, 1)),
    floors: "some 8941 and 8945: 9.4(1)",
    caution: "it loses power during the update on a weak power-over-Ethernet port, and starts over: \
              use its own power supply",
    ..S69
};

const S99: Slots = Slots {
    shared_locale: "",
    caution: "a reset of a 9971 also erases its Wi-Fi settings",
    dial_plan_shows_sip: false,
    ..S69
};

const S78: Slots = Slots {
    caution: "",
    has_platforms: true,
    floor: Some(release(10, 2, 1)),
    floors: "7811: V01 10.3(1); 7821: V03 10.3(1), V16 12.0(1), V20 14.0(1)SR3, V25 14.1(1)SR1; \
             7841: V04 10.3(1), V16 12.0(1), V18 14.0(1)SR2, V20 14.0(1)SR3; 7861: V03 10.3(1), V16 \
             12.0(1), V20 14.0(1)SR3",
    reset: KEYS_88XX,
    ..S99
};

const S7832: Slots = Slots {
    floors: "",
    floor: None,
    reset: KEYS_LED_BAR,
    ..S78
};

const S88: Slots = Slots {
    caution: "a reset of an 8861 also erases its Wi-Fi settings",
    floor: None,
    floors: FLOORS_88XX,
    ..S78
};

const S8821: Slots = Slots {
    floors: "",
    restart: "put it into its charger, and turn it off and on with its red key",
    reset: MENU_RESET,
    caution: "leave it in its charger during the update; a reset also erases its Wi-Fi settings, and \
              then it does not reach the server",
    ..S88
};

const S8831: Slots = Slots {
    floors: "",
    reset: "as its administration guide says, with the Mute key; it erases the settings and keeps the \
            firmware",
    caution: "its firmware is made for regions (NA, EU, LA, JP, TW, BR): use only that of the phone's",
    ..S88
};

const S8832: Slots = Slots {
    caution: "",
    floors: "V08 14.2(1)SR1, V19 14.4(1)SR3; with a PoE injector 12.0(1)SR2",
    reset: KEYS_LED_BAR,
    ..S88
};

const fn release(major: u16, minor: u16, maintenance: u16) -> FirmwareRelease {
    FirmwareRelease {
        major,
        minor,
        maintenance,
        service: 0,
    }
}

impl Family {
    /// How its phones install firmware.
    #[must_use]
    pub fn installation(self) -> Installation {
        Installation::Slots(match self {
            Self::F11 | Self::F31 | Self::F41 | Self::F42 | Self::F45 | Self::F70 | Self::F75 => {
                return Installation::Recovery;
            }
            Self::P3 => return Installation::Loader,
            Self::F792 | Self::SccpOnly | Self::F7905 | Self::F3905 => {
                return Installation::None;
            }
            Self::F6901 | Self::F6911 => &S6901,
            Self::F69 => &S69,
            Self::F6945 => &S6945,
            Self::F894 => &S894,
            Self::F8961 | Self::F9951 | Self::F9971 => &S99,
            Self::F78 => &S78,
            Self::F7832 => &S7832,
            Self::F88 | Self::F8845 => &S88,
            Self::F8821 => &S8821,
            Self::F8831 => &S8831,
            Self::F8832 => &S8832,
        })
    }

    /// The facts about its two slots, if it has two.
    #[must_use]
    pub fn slots(self) -> Option<&'static Slots> {
        match self.installation() {
            Installation::Slots(slots) => Some(slots),
            _ => None,
        }
    }

    /// What this program does with its phones.
    #[must_use]
    pub fn support(self) -> Support {
        match self {
            Self::F6901 | Self::F6911 | Self::F69 | Self::F6945 | Self::F894 => Support::Converts,
            _ => match self.installation() {
                Installation::Recovery | Installation::Loader => Support::Converts,
                Installation::Slots(_) => Support::Upgrades,
                Installation::None => Support::Recognised,
            },
        }
    }

    /// Whether `convert` can convert phones of this family from SCCP to SIP.
    #[must_use]
    pub fn is_convertible(self) -> bool {
        self.support() == Support::Converts
    }

    /// Whether `convert` installs SIP firmware on its phones: by a conversion, or by an upgrade.
    #[must_use]
    pub fn is_supported(self) -> bool {
        self.support() != Support::Recognised
    }

    /// Whether a stage serves its loads: those that this program installs, and those of the 792x, for
    /// a PBX that has SCCP.
    #[must_use]
    pub fn is_staged(self) -> bool {
        self.is_supported() || self == Self::F792
    }

    /// Whether its phones fetch all five images by a `termNN` manifest after a factory reset. A
    /// reset of other phones keeps their firmware.
    #[must_use]
    pub fn has_recovery_manifest(self) -> bool {
        self.installation() == Installation::Recovery
    }

    /// The load of this release, as its bundle names it: `SIP69xx.9-4-1-3SR3`. Empty for phones
    /// without such loads.
    #[must_use]
    pub fn slot_load(self, protocol: Protocol, release: &str) -> LoadName {
        let code = self.models().find_map(Model::load_code);
        let code = match self {
            Self::F894 => Some("894x"),
            _ => code,
        };
        // Cisco writes SIP in capitals where there is SCCP too.
        let prefix = match (protocol, self.is_convertible()) {
            (Protocol::Sccp, _) => "SCCP",
            (Protocol::Sip, true) => "SIP",
            (Protocol::Sip, false) => "sip",
        };
        LoadName::new(&code.map_or(String::new(), |code| format!("{prefix}{code}.{release}")))
    }
}

impl Slots {
    /// Whether some hardware of the family rejects this load as too old.
    #[must_use]
    pub fn is_below_floor(&self, load: &LoadName) -> bool {
        let release = load.release();
        self.floor
            .is_some_and(|floor| release.is_some_and(|release| release < floor))
    }
}

impl LoadName {
    /// Whether it is installed into the slot that does not run.
    #[must_use]
    pub fn is_for_slots(&self) -> bool {
        self.family().is_some_and(|family| family.slots().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::MODELS;

    #[test]
    fn phones_with_both_firmwares_are_converted_and_the_rest_upgraded() {
        let of = |support| -> Vec<&str> {
            let models = MODELS
                .iter()
                .filter(|model| !model.family.has_recovery_manifest());
            let has = models.filter(|model| model.family.support() == support);
            has.map(|model| model.number).collect()
        };
        assert_eq!(
            of(Support::Converts),
            [
                "7940", "7960", "6901", "6911", "6921", "6941", "6945", "6951", "6961", "8941",
                "8945"
            ]
        );
        assert_eq!(
            of(Support::Upgrades),
            [
                "8961", "9951", "9971", "7811", "7821", "7832", "7841", "7861", "8811", "8821",
                "8831", "8832", "8841", "8845", "8851", "8861", "8865"
            ]
        );
        assert_eq!(
            of(Support::Recognised),
            [
                "7921", "7925", "7926", "7902", "7910", "7920", "7935", "7936", "7937", "7985",
                "7905", "7912", "3905"
            ]
        );
        for model in MODELS {
            let family = model.family;
            assert_eq!(family.unsupported().is_some(), !family.is_supported());
        }
    }

    #[test]
    fn loads_are_named_as_their_families_read_them() {
        for model in MODELS.iter().filter(|model| model.family.slots().is_some()) {
            let load = model.family.slot_load(Protocol::Sip, "9-4-1-3SR3");
            assert_eq!(load.family(), Some(model.family), "{load}");
            assert!(!model.rejects_load(&load), "{load}");
            assert!(load.is_for_slots());
        }
        assert_eq!(
            Family::F894
                .slot_load(Protocol::Sccp, "9-4-2SR1-2")
                .as_str(),
            "SCCP894x.9-4-2SR1-2"
        );
        assert_eq!(Family::F45.slot_load(Protocol::Sip, "9-3-1").as_str(), "");
    }

    #[test]
    fn old_releases_are_below_the_floor_of_the_8945() {
        let slots = Family::F894.slots().unwrap();
        assert!(slots.is_below_floor(&LoadName::new("SIP894x.9-2-2-0")));
        assert!(!slots.is_below_floor(&LoadName::new("SIP894x.9-4-2SR3-1")));
        assert!(!slots.is_below_floor(&LoadName::new("SIP894x")));
    }
}
