//! What one scripted phone is made from.

use std::{collections::BTreeMap, net::SocketAddrV4, sync::Arc};

use super::super::PhoneFault;
use crate::phone::{LoadName, MacAddress, Model};

/// How a phone begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartState {
    /// After a factory reset: its boot loader asks for `termNN.default.loads`.
    Recovery,
    /// With this load running, as a normal boot: `SCCP45.8-5-2S`.
    Application(LoadName),
}

/// One phone of a rehearsal.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// Who it is.
    pub mac: MacAddress,
    /// What it is; of a convertible family.
    pub model: &'static Model,
    /// How it begins.
    pub start: StartState,
    /// Where its requests go. The server's answers may come from any port of this address.
    pub server: SocketAddrV4,
    /// The factor on the times that the phone takes for itself (boot, pauses, writing to
    /// flash), 0 to 1000: 1 is a real phone, 0 one that takes none; anything else counts as
    /// 1. The repetition of requests is never scaled.
    pub pace: f64,
    /// The same seed and MAC give the same phone.
    pub seed: u64,
    /// What is wrong with it.
    pub faults: Vec<PhoneFault>,
    /// How long images are, for [`PhoneFault::PowerCut`]: a phone does not know before the last
    /// block. Images that are not listed count as long as real ones.
    pub sizes: Arc<BTreeMap<String, u64>>,
}

impl PhoneConfig {
    /// Where power goes, as bytes of the image `name`; `None` where it does not.
    pub(super) fn power_cut(&self, name: &str) -> Option<u64> {
        let lower = name.to_ascii_lowercase();
        self.faults.iter().find_map(|fault| match fault {
            PhoneFault::PowerCut { image, percent }
                if lower.starts_with(&image.to_ascii_lowercase()) =>
            {
                let size = self
                    .sizes
                    .get(name)
                    .copied()
                    .unwrap_or_else(|| usual_size(&lower));
                Some(size / 100 * u64::from(*percent) + size % 100 * u64::from(*percent) / 100)
            }
            _ => None,
        })
    }
}

/// Bytes of a real image of this kind.
fn usual_size(name: &str) -> u64 {
    match name {
        _ if name.starts_with("apps") => 4_642_392,
        _ if name.starts_with("cvm") => 2_689_901,
        _ if name.starts_with("jar") => 1_893_314,
        _ if name.starts_with("cnu") => 581_548,
        _ => 363_807,
    }
}
