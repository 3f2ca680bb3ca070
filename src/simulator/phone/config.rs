//! The configuration of a simulated phone.

use std::{collections::BTreeMap, net::SocketAddrV4, sync::Arc};

use super::super::PhoneFault;
use crate::phone::{LoadName, MacAddress, Model};

/// The state in which a phone starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartState {
    /// After a factory reset: its boot loader requests `termNN.default.loads`.
    Recovery,
    /// A normal boot with this load: `SCCP45.8-5-2S`.
    Application(LoadName),
}

/// One phone of a rehearsal.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// Its MAC address.
    pub mac: MacAddress,
    /// Its model, of a convertible family.
    pub model: &'static Model,
    /// Its state at the start.
    pub start: StartState,
    /// The server for its requests. Answers may come from any port of this address.
    pub server: SocketAddrV4,
    /// The server for requests over HTTP, if there is one; used by phones that try HTTP before TFTP.
    pub http: Option<SocketAddrV4>,
    /// The factor on the times that the phone takes for itself (boot, pauses, writing to
    /// flash), 0 to 1000: 1 is a real phone, 0 takes no time; other values count as 1. The
    /// repetition of requests is not scaled.
    pub pace: f64,
    /// The same seed and MAC give the same phone.
    pub seed: u64,
    /// Its faults.
    pub faults: Vec<PhoneFault>,
    /// The sizes of images in bytes, for [`PhoneFault::PowerCut`]: a phone does not know them
    /// before the last block. Images that are not listed have the size of real ones.
    pub sizes: Arc<BTreeMap<String, u64>>,
}

impl PhoneConfig {
    /// The bytes of the image `name` after which power is lost; `None` if it is not lost in this
    /// image.
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

/// The size of a real image of this kind, in bytes.
fn usual_size(name: &str) -> u64 {
    match name {
        _ if name.starts_with("apps") => 4_642_392,
        _ if name.starts_with("cvm") => 2_689_901,
        _ if name.starts_with("jar") => 1_893_314,
        _ if name.starts_with("cnu") => 581_548,
        _ => 363_807,
    }
}
