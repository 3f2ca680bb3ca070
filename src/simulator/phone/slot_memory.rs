//! What a phone with two slots knows.

use super::super::{http_client::HttpFetch, read::SlotImage};
use crate::phone::{LoadName, Slots};

/// What such a phone knows.
#[derive(Debug)]
pub(super) struct SlotMemory {
    pub(super) facts: &'static Slots,
    /// Its hardware platform, from 1.
    pub(super) platform: u32,
    /// The load in the slot that does not run.
    pub(super) inactive: Option<LoadName>,
    /// The load that is being fetched, and its images.
    pub(super) update: Option<(LoadName, Vec<SlotImage>)>,
    /// The images in the slot that is written, with their hashes.
    pub(super) written: Vec<(String, [u8; 32])>,
    pub(super) starts: u8,
    pub(super) lists: u8,
    /// The file that is being fetched over HTTP.
    pub(super) stream: Option<HttpFetch>,
}

impl SlotMemory {
    pub(super) fn new(facts: &'static Slots, platform: u32) -> Self {
        Self {
            facts,
            platform,
            inactive: None,
            update: None,
            written: Vec::new(),
            starts: 0,
            lists: 0,
            stream: None,
        }
    }

    pub(super) fn image(&self, index: usize) -> Option<&SlotImage> {
        self.update.as_ref()?.1.get(index)
    }
}
