//! The transfers of a recorded run that have no end: a run that resumes it ends them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use super::RecordedRun;
use crate::track::{Observation, ObservationKind, TransferId};

/// A transfer without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenTransfer {
    pub(crate) address: Ipv4Addr,
    pub(crate) transfer: TransferId,
    /// Acknowledged bytes on record.
    pub(crate) bytes: u64,
}

impl RecordedRun {
    /// The transfers without an end.
    pub(crate) fn open_transfers(&self) -> Vec<OpenTransfer> {
        let mut open = BTreeMap::new();
        for (_, Observation { address, kind }) in &self.observations {
            match kind {
                ObservationKind::Requested {
                    transfer,
                    served: Some(_),
                    ..
                } => {
                    open.insert(
                        *transfer,
                        OpenTransfer {
                            address: *address,
                            transfer: *transfer,
                            bytes: 0,
                        },
                    );
                }
                ObservationKind::Acknowledged { transfer, bytes } => {
                    if let Some(open) = open.get_mut(transfer) {
                        open.bytes = open.bytes.max(*bytes);
                    }
                }
                ObservationKind::Ended { transfer, .. } => {
                    open.remove(transfer);
                }
                _ => {}
            }
        }
        open.into_values().collect()
    }

    /// The number of the next transfer.
    pub(crate) fn next_transfer(&self) -> u64 {
        let numbers: BTreeSet<u64> = self
            .observations
            .iter()
            .filter_map(|(_, observation)| match &observation.kind {
                ObservationKind::Requested { transfer, .. } => Some(transfer.0),
                _ => None,
            })
            .collect();
        numbers.last().map_or(0, |last| last.saturating_add(1))
    }
}
