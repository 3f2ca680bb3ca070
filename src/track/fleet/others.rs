//! Addresses that gave no sign of being a phone.

use std::net::Ipv4Addr;

use super::{
    super::{
        FileOutcome, RunTime, ServedFile, TransferId,
        history::{Kind, Row, kept},
        identity::Owner,
    },
    Asked, Fleet, MAX_TRANSFERS,
};

impl Fleet {
    pub(super) fn other_asked(&mut self, at: RunTime, address: Ipv4Addr, asked: Asked<'_>) {
        let Asked {
            transfer,
            transport,
            name,
            served,
            ..
        } = asked;
        let Some(other) = self.registry.other(at, address) else {
            return;
        };
        let sequence = other.rows.iter().map(|row| row.sequence).max().unwrap_or(0) + 1;
        other.rows.push(Row {
            transfer,
            at,
            sequence,
            name: kept(served.map_or(name, |served| &served.name)),
            bytes: 0,
            size: served
                .map(|served| served.size)
                .filter(|size| *size != ServedFile::UNKNOWN_SIZE),
            pass: 0,
            transport,
            outcome: served.map_or(FileOutcome::NotFound, |_| FileOutcome::Asked),
            kind: Kind::Other,
            open: served.is_some(),
            sent: false,
            killed: false,
        });
        if served.is_some() && self.registry.transfers.len() < MAX_TRANSFERS {
            self.registry
                .transfers
                .insert(transfer, Owner::Other(address));
        }
    }

    pub(super) fn of_other(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        transfer: TransferId,
        change: impl FnOnce(&mut Row),
    ) {
        if let Some(other) = self.registry.others.get_mut(&address) {
            other.last = at;
            if let Some(row) = other.rows.find(transfer) {
                change(row);
            }
        }
    }
}
