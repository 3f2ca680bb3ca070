//! The steps of a 7940 or 7960 whose firmware is from before the loader.
//!
//! From 5.0 on, phones accept signed images only, and no release accepts all later ones. Sources:
//! Cisco's guides for the installation of firmware with Call Manager Express, and its release notes.

use super::{Family, FirmwareRelease, Generation79x0, LoadName};

/// What firmware from before the loader speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EarlyProtocol {
    /// SCCP that finds its load in `XMLDefault.cnf.xml`.
    Skinny,
    /// SCCP of the `AL` loads and others that read no XML: only `OS79XX.TXT` names a load.
    SkinnyWithoutXml,
    /// SIP.
    Sip,
    /// MGCP.
    Mgcp,
}

/// What is known of firmware from before the loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EarlyFirmware {
    /// What it speaks.
    pub protocol: Option<EarlyProtocol>,
    /// Whether it is signed; never [`Generation79x0::Loader`].
    pub generation: Option<Generation79x0>,
    /// Its release.
    pub release: Option<FirmwareRelease>,
}

/// What a phone is given next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EarlyStep {
    /// The bridge with this index among those that were given.
    Bridge(usize),
    /// The loader of the target.
    Loader,
    /// Nothing: these bridges are missing, by the names of their images.
    Missing(Vec<&'static str>),
}

/// Releases of which a phone on its path must install one.
struct Rung {
    /// An image of such a release, in the spelling of Cisco.
    image: &'static str,
    protocol: EarlyProtocol,
    /// The first such release.
    from: FirmwareRelease,
    /// The first release that is too new.
    before: FirmwareRelease,
    /// Only phones without XML need it.
    only_without_xml: bool,
}

const fn release(major: u16, minor: u16) -> FirmwareRelease {
    FirmwareRelease {
        major,
        minor,
        maintenance: 0,
        service: 0,
    }
}

const fn sip(image: &'static str, from: FirmwareRelease, before: FirmwareRelease) -> Rung {
    Rung {
        image,
        protocol: EarlyProtocol::Sip,
        only_without_xml: from.major < 4,
        from,
        before,
    }
}

/// The first release with signed images.
const SIGNED: FirmwareRelease = release(5, 0);

/// Every rung, in the order of the releases.
const RUNGS: [Rung; 5] = [
    sip("P0S30202.bin", release(2, 0), release(3, 0)),
    sip("P0S3-03-2-00.bin", release(3, 0), release(4, 0)),
    sip("P0S3-04-4-00.bin", release(4, 4), SIGNED),
    sip("P0S3-05-3-00.bin", SIGNED, release(7, 0)),
    Rung {
        image: "P00305000700.bin",
        protocol: EarlyProtocol::Skinny,
        from: SIGNED,
        before: release(6, 0),
        only_without_xml: false,
    },
];

impl EarlyFirmware {
    /// What is known of this load. `None` if it is of another family or has the loader.
    #[must_use]
    pub fn of(load: &LoadName) -> Option<Self> {
        let generation = load.generation_79x0()?;
        if generation == Generation79x0::Loader {
            return None;
        }
        let upper = load.as_str().to_ascii_uppercase();
        let protocol = match upper.get(..4)? {
            "P0S3" => EarlyProtocol::Sip,
            _ if load.is_universal_loader() => EarlyProtocol::Sip,
            "P0M3" => EarlyProtocol::Mgcp,
            _ if upper.starts_with("P003AL") => EarlyProtocol::SkinnyWithoutXml,
            _ => EarlyProtocol::Skinny,
        };
        Some(Self {
            protocol: Some(protocol),
            generation: Some(generation),
            release: load.release(),
        })
    }

    /// What the phone is given next. `bridges`: the loads that are served as bridges, in the order of
    /// their releases.
    #[must_use]
    pub fn next_step(&self, bridges: &[LoadName]) -> EarlyStep {
        let known: Vec<_> = bridges.iter().map(Self::of).collect();
        let fits = |bridge: &Self| bridge.release.is_some() && self.may_take(bridge);
        let first = known
            .iter()
            .position(|bridge| bridge.as_ref().is_some_and(fits));
        if self.generation.unwrap_or(Generation79x0::Signed) == Generation79x0::Signed {
            // Where neither is known, a bridge of the same protocol is safe for both.
            return first.map_or(EarlyStep::Loader, EarlyStep::Bridge);
        }
        let missing: Vec<_> = self
            .rungs()
            .filter(|rung| !known.iter().flatten().any(|bridge| rung.has(bridge)))
            .map(|rung| rung.image)
            .collect();
        match first.filter(|_| missing.is_empty()) {
            Some(bridge) => EarlyStep::Bridge(bridge),
            None => EarlyStep::Missing(missing),
        }
    }

    /// Whether this bridge is on the path of the phone.
    fn may_take(&self, bridge: &Self) -> bool {
        let is_newer = match (self.release, self.generation) {
            (Some(own), _) => bridge.release > Some(own),
            (None, Some(Generation79x0::Signed)) => false,
            (None, None) => self.protocol == Some(EarlyProtocol::Skinny),
            (None, Some(_)) => true,
        };
        // Known SIP firmware also takes the steps of phones without XML: 2.x, then 3.x.
        let may_use = |rung: &Rung| {
            self.needs(rung) || self.protocol == Some(rung.protocol) && self.release.is_some()
        };
        is_newer && RUNGS.iter().any(|rung| may_use(rung) && rung.has(bridge))
    }

    /// The rungs that unsigned firmware has before it.
    fn rungs(&self) -> impl Iterator<Item = &'static Rung> {
        let is_ahead = |rung: &&Rung| self.release.is_none_or(|own| own < rung.from);
        RUNGS
            .iter()
            .filter(|rung| self.needs(rung))
            .filter(is_ahead)
    }

    /// Whether the rung is for phones that speak this protocol.
    fn needs(&self, rung: &Rung) -> bool {
        match self.protocol {
            Some(EarlyProtocol::SkinnyWithoutXml) => rung.protocol == EarlyProtocol::Sip,
            // What MGCP phones need is not documented. Those that Cisco names are SIP's.
            Some(EarlyProtocol::Sip | EarlyProtocol::Mgcp) | None => {
                rung.protocol == EarlyProtocol::Sip && !rung.only_without_xml
            }
            Some(EarlyProtocol::Skinny) => rung.protocol == EarlyProtocol::Skinny,
        }
    }
}

impl Rung {
    fn has(&self, bridge: &EarlyFirmware) -> bool {
        let is_within = |release| self.from <= release && release < self.before;
        bridge.protocol == Some(self.protocol) && bridge.release.is_some_and(is_within)
    }
}

/// Whether a load can be a step of a phone whose firmware is from before the loader.
#[must_use]
pub fn is_early_step(load: &LoadName) -> bool {
    let of_load = EarlyFirmware::of(load);
    of_load.is_some_and(|bridge| RUNGS.iter().any(|rung| rung.has(&bridge)))
}

/// The load that an image of a 7940 or 7960 holds: its name without the extension. `None` for other
/// files.
#[must_use]
pub fn load_of_image_79x0(name: &str) -> Option<(LoadName, &str)> {
    let base = name.rsplit('/').next().unwrap_or(name);
    let (stem, end) = base.rsplit_once('.')?;
    let load = LoadName::new(stem);
    let is_own = load.family() == Some(Family::P3) && load.generation_79x0().is_some();
    is_own.then_some((load, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the steps of a phone that runs `from`, until it has the loader.
    fn path(from: &str, bridges: &[&str]) -> Result<Vec<String>, Vec<&'static str>> {
        let bridges: Vec<_> = bridges.iter().map(|name| LoadName::new(name)).collect();
        let mut firmware = EarlyFirmware::of(&LoadName::new(from)).unwrap();
        let mut path = Vec::new();
        loop {
            match firmware.next_step(&bridges) {
                EarlyStep::Bridge(at) => {
                    path.push(bridges[at].to_string());
                    firmware = EarlyFirmware::of(&bridges[at]).unwrap();
                }
                EarlyStep::Loader => return Ok(path),
                EarlyStep::Missing(images) => return Err(images),
            }
            assert!(path.len() <= bridges.len(), "{path:?}");
        }
    }

    const ALL: [&str; 6] = [
        "P0S30202",
        "P0S3-03-2-00",
        "P0S3-04-4-00",
        "P00305000700",
        "P0S3-05-3-00",
        "P0S3-06-3-00",
    ];

    #[test]
    fn every_release_has_a_path_to_the_loader() {
        let sip = ["P0S3-04-4-00", "P0S3-05-3-00", "P0S3-06-3-00"];
        for (from, expected) in [
            ("P003AL00", &["P0S30202", "P0S3-03-2-00"][..]),
            ("P0S30203", &["P0S3-03-2-00"]),
            ("P0S3-03-2-00", &[]),
            ("P0S3-04-2-00", &[]),
        ] {
            let expected = [expected, &sip].concat();
            assert_eq!(path(from, &ALL).unwrap(), expected, "{from}");
        }
        assert_eq!(path("P0S3-04-4-00", &ALL).unwrap(), sip[1..]);
        assert_eq!(path("P0S3-05-3-00", &ALL).unwrap(), sip[2..]);
        for from in ["P00303020214", "P00304000000"] {
            assert_eq!(path(from, &ALL).unwrap(), ["P00305000700"], "{from}");
        }
        for from in ["P00305000700", "P0S3-05-3-00", "P0S3-06-3-00"] {
            assert_eq!(path(from, &[]).unwrap(), [""; 0], "{from}");
        }
    }

    #[test]
    fn missing_bridges_are_named_and_nothing_is_offered() {
        assert_eq!(
            path("P0S3-03-2-00", &["P0S3-05-3-00"]),
            Err(vec!["P0S3-04-4-00.bin"])
        );
        assert_eq!(
            path("P0S3-03-2-00", &["P0S3-04-4-00", "P00305000700"]),
            Err(vec!["P0S3-05-3-00.bin"])
        );
        assert_eq!(
            path("P00304000000", &["P0S3-04-4-00"]),
            Err(vec!["P00305000700.bin"])
        );
        assert_eq!(path("P003AL00", &[]).unwrap_err().len(), 4);
    }

    #[test]
    fn what_is_not_known_is_given_the_step_that_is_safe_for_all() {
        use EarlyStep::{Bridge, Loader, Missing};
        let step = |protocol, generation, bridges: &[&str]| {
            let bridges: Vec<_> = bridges.iter().map(|name| LoadName::new(name)).collect();
            let firmware = EarlyFirmware {
                protocol,
                generation,
                release: None,
            };
            firmware.next_step(&bridges)
        };
        let (sip, skinny) = (Some(EarlyProtocol::Sip), Some(EarlyProtocol::Skinny));
        let unsigned = Some(Generation79x0::Unsigned);
        assert_eq!(step(None, None, &ALL), Loader);
        // OS79XX.TXT shows whether it is signed.
        assert_eq!(step(sip, None, &ALL), Loader);
        assert_eq!(step(skinny, None, &[]), Loader);
        assert_eq!(step(skinny, None, &ALL), Bridge(3));
        assert_eq!(step(skinny, Some(Generation79x0::Signed), &ALL), Loader);
        assert_eq!(step(sip, unsigned, &ALL), Bridge(2));
        let both = vec!["P0S3-04-4-00.bin", "P0S3-05-3-00.bin"];
        assert_eq!(step(sip, unsigned, &[]), Missing(both));
    }

    #[test]
    fn steps_and_images_are_known_by_their_names() {
        assert!(ALL.iter().all(|name| is_early_step(&LoadName::new(name))));
        for other in [
            "P0S3-07-5-00",
            "P0S3-04-0-00",
            "P00304000000",
            "SCCP45.8-5-2S",
        ] {
            assert!(!is_early_step(&LoadName::new(other)), "{other}");
        }
        let of = |name| load_of_image_79x0(name).map(|(load, end)| (load.to_string(), end));
        let expected = Some(("P003-8-12-00".to_owned(), "sbn"));
        assert_eq!(of("/P003-8-12-00.sbn"), expected);
        assert_eq!(of("jar45sip.9-3-1.sbn"), None);
        assert_eq!(of("P003"), None);
    }
}
