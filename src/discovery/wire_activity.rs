//! What the interfaces of this machine receive while no phone comes.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use crate::{
    phone::MacAddress,
    protocol::{
        dhcp,
        frame::{EthernetFrame, Payload},
    },
};

/// Interfaces on which a phone is remembered.
const MAX_INTERFACES: usize = 16;

/// Counts of received frames, until a phone comes.
#[derive(Debug, Default)]
pub struct WireActivity {
    /// The interface that is served, if its frames are captured.
    interface: Option<String>,
    is_over: AtomicBool,
    frames: AtomicU64,
    dhcp_requests: AtomicU64,
    /// The last phone on each other interface.
    elsewhere: Mutex<BTreeMap<String, MacAddress>>,
}

impl WireActivity {
    /// Counts the frames of this interface.
    #[must_use]
    pub fn new(interface: String) -> Self {
        Self {
            interface: Some(interface),
            ..Self::default()
        }
    }

    /// The interface that is served; `None`: no frame of it is captured.
    #[must_use]
    pub fn interface(&self) -> Option<&str> {
        self.interface.as_deref()
    }

    /// A phone came: nothing is counted any more.
    pub fn end(&self) {
        self.is_over.store(true, Relaxed);
    }

    /// Whether a phone came.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// Counts a frame of the served interface.
    pub fn count(&self, bytes: &[u8]) {
        if self.is_over() {
            return;
        }
        self.frames.fetch_add(1, Relaxed);
        if EthernetFrame::decode(bytes).is_ok_and(|frame| is_dhcp_request(&frame)) {
            self.dhcp_requests.fetch_add(1, Relaxed);
        }
    }

    /// A phone was observed on another interface.
    pub fn phone_elsewhere(&self, interface: &str, mac: MacAddress) {
        let mut elsewhere = self
            .elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if elsewhere.len() < MAX_INTERFACES || elsewhere.contains_key(interface) {
            elsewhere.insert(interface.to_owned(), mac);
        }
    }

    /// Frames and DHCP requests that the served interface received.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.frames.load(Relaxed), self.dhcp_requests.load(Relaxed))
    }

    /// The last phone on each other interface.
    #[must_use]
    pub fn elsewhere(&self) -> BTreeMap<String, MacAddress> {
        let elsewhere = self
            .elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        elsewhere.clone()
    }
}

fn is_dhcp_request(frame: &EthernetFrame<'_>) -> bool {
    matches!(
        &frame.payload,
        Payload::Ipv4Udp { destination, .. } if destination.port() == dhcp::SERVER_PORT
    )
}
