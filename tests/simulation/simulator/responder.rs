//! A minimal TFTP server: a map of names, 512-byte blocks, retransmissions.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddrV4,
    time::Duration,
};

const REPEAT: Duration = Duration::from_secs(1);
const REPEATS: u32 = 8;

/// A datagram of the server: its source port, its destination and its bytes.
pub(crate) type Reply = (u16, SocketAddrV4, Vec<u8>);

struct Transfer {
    tid: u16,
    name: String,
    block: usize,
    due: Duration,
    repeats: u32,
}

/// One request: when, from which address, for which name. Repeated requests count once.
pub(crate) type Asked = (Duration, SocketAddrV4, String);

#[derive(Default)]
pub(crate) struct Responder {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) asked: Vec<Asked>,
    /// The code of its ERRORs: 1, file not found.
    pub(crate) code: u8,
    transfers: HashMap<SocketAddrV4, Transfer>,
    last_tid: u16,
}

impl Responder {
    pub(crate) fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self {
            files: files.into_iter().collect(),
            last_tid: 2000,
            code: 1,
            ..Self::default()
        }
    }

    /// The requested names, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.asked
            .iter()
            .map(|(_, _, name)| name.as_str())
            .collect()
    }

    fn data(&self, peer: SocketAddrV4) -> Option<Reply> {
        let transfer = self.transfers.get(&peer)?;
        let file = &self.files[&transfer.name];
        let start = (transfer.block - 1) * 512;
        let end = file.len().min(start + 512);
        let [.., high, low] = transfer.block.to_be_bytes();
        Some((
            transfer.tid,
            peer,
            [&[0, 3, high, low], &file[start..end]].concat(),
        ))
    }

    pub(crate) fn receive(
        &mut self,
        now: Duration,
        from: SocketAddrV4,
        bytes: &[u8],
    ) -> Option<Reply> {
        match bytes {
            [0, 1, rest @ ..] => {
                let mut fields = rest.split(|byte| *byte == 0);
                let name = String::from_utf8(fields.next()?.to_vec()).ok()?;
                assert_eq!(
                    fields.next(),
                    Some(&b"octet"[..]),
                    "phones request octet mode"
                );
                assert_eq!(fields.collect::<Vec<_>>(), [b""], "phones send no options");
                if self
                    .asked
                    .last()
                    .is_none_or(|(_, peer, last)| (*peer, last) != (from, &name))
                {
                    self.asked.push((now, from, name.clone()));
                }
                if !self.files.contains_key(&name) {
                    let error = [&[0, 5, 0, self.code], &b"File not found\0"[..]].concat();
                    return Some((69, from, error));
                }
                self.last_tid += 1;
                let transfer = Transfer {
                    tid: self.last_tid,
                    name,
                    block: 1,
                    due: now + REPEAT,
                    repeats: 0,
                };
                self.transfers.insert(from, transfer);
                self.data(from)
            }
            [0, 4, high, low] => {
                let transfer = self.transfers.get_mut(&from)?;
                if transfer.block.to_be_bytes()[6..] != [*high, *low] {
                    return None;
                }
                if self.files[&transfer.name].len() < transfer.block * 512 {
                    self.transfers.remove(&from);
                    return None;
                }
                transfer.block += 1;
                transfer.due = now + REPEAT;
                transfer.repeats = 0;
                self.data(from)
            }
            _ => panic!("a phone sends requests and ACKs, never {bytes:?}"),
        }
    }

    pub(crate) fn unreachable(&mut self, peer: SocketAddrV4) {
        self.transfers.remove(&peer);
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.transfers.values().map(|transfer| transfer.due).min()
    }

    pub(crate) fn wake(&mut self, now: Duration) -> Vec<Reply> {
        self.transfers
            .retain(|_, transfer| transfer.due > now || transfer.repeats < REPEATS);
        let mut late = Vec::new();
        for (peer, transfer) in &mut self.transfers {
            if transfer.due <= now {
                transfer.due = now + REPEAT;
                transfer.repeats += 1;
                late.push(*peer);
            }
        }
        late.sort();
        late.into_iter()
            .filter_map(|peer| self.data(peer))
            .collect()
    }
}
