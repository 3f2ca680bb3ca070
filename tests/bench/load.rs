//! All clients on one socket, each at its own address, and the echo.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures of a table and sizes of C structures"
)]

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use crate::batch::{Batch, socket};

/// Bytes.
const MIB: f64 = 1_048_576.0;
/// A phone repeats its request after this long.
const RETRANSMIT: Duration = Duration::from_secs(4);
/// A client that receives no new block for this long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// One measurement.
pub(crate) struct Load<'a> {
    pub(crate) server: SocketAddrV4,
    pub(crate) name: &'a str,
    pub(crate) block: u16,
    pub(crate) count: usize,
    /// Packets of 1,000 that are lost in each direction.
    pub(crate) loss: usize,
    pub(crate) file: &'a [u8],
}

/// The result of one measurement.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The times at which clients completed the file.
    times: Vec<Duration>,
    failed: usize,
    bytes: u64,
    blocks: u64,
    elapsed: Duration,
    /// Processor time of the server, in µs.
    pub(crate) cpu: u64,
    /// Bytes.
    pub(crate) memory: u64,
}

impl Outcome {
    /// MiB/s.
    pub(crate) fn rate(&self) -> f64 {
        self.bytes as f64 / MIB / self.elapsed.as_secs_f64()
    }

    fn percentile(&self, part: f64) -> f64 {
        let at = (self.times.len() as f64 * part).ceil() as usize;
        self.times
            .get(at.saturating_sub(1))
            .map_or(f64::NAN, Duration::as_secs_f64)
    }

    fn cpu_per_block(&self) -> f64 {
        self.cpu as f64 / self.blocks.max(1) as f64
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "N={:<4} {:7.1} MiB/s, p50 {:.3} p99 {:.3} s, {} failed, {:.2} µs per block, {:.1} MiB",
            self.times.len() + self.failed,
            self.rate(),
            self.percentile(0.5),
            self.percentile(0.99),
            self.failed,
            self.cpu_per_block(),
            self.memory as f64 / MIB
        )
    }
}

/// The middle of a measure over rounds.
pub(crate) fn median(rounds: &[Outcome], of: impl Fn(&Outcome) -> f64) -> f64 {
    let mut all: Vec<f64> = rounds.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// A row of the table.
pub(crate) fn summary(rounds: &[Outcome], echo: Option<f64>) -> String {
    let rate = median(rounds, Outcome::rate);
    let least = rounds
        .iter()
        .map(Outcome::rate)
        .fold(f64::INFINITY, f64::min);
    let most = rounds.iter().map(Outcome::rate).fold(0.0, f64::max);
    let failed: usize = rounds.iter().map(|outcome| outcome.failed).sum();
    format!(
        "{rate:7.1} ({least:.1} to {most:.1}) | {:.3} / {:.3} | {failed} | {:.2} | {:.1} | {}",
        median(rounds, |outcome| outcome.percentile(0.5)),
        median(rounds, |outcome| outcome.percentile(0.99)),
        median(rounds, Outcome::cpu_per_block),
        median(rounds, |outcome| outcome.memory as f64 / MIB),
        echo.map_or_else(|| "-".to_owned(), |echo| format!("{:.2}", rate / echo)),
    )
}

/// One client.
struct Client {
    /// The address that it sends ACKs to, once known.
    transfer: Option<SocketAddrV4>,
    /// Bytes received.
    at: usize,
    /// Blocks received, without wrapping.
    blocks: u64,
    moved: Instant,
    asked: Instant,
    done: Option<Duration>,
    wrong: bool,
}

impl Load<'_> {
    fn address(index: usize) -> Ipv4Addr {
        let index = u32::try_from(index).expect("few clients");
        Ipv4Addr::from_bits(0x7f40_0001 + index)
    }

    fn request(&self) -> Vec<u8> {
        let mut request = [b"\0\x01", self.name.as_bytes(), b"\0octet\0"].concat();
        if self.block != 512 {
            request.extend(format!("blksize\0{}\0", self.block).bytes());
        }
        request
    }

    /// Fetches with all clients at once, and calls `watch` every 100 ms.
    pub(crate) fn run(&self, watch: &dyn Fn()) -> Outcome {
        let socket = socket(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
        let mut batch = Batch::new();
        let begin = Instant::now();
        let mut clients: Vec<Client> = (0..self.count)
            .map(|_| Client {
                transfer: None,
                at: 0,
                blocks: 0,
                moved: begin,
                asked: begin,
                done: None,
                wrong: false,
            })
            .collect();
        let request = self.request();
        let mut out = Vec::new();
        for index in 0..self.count {
            out.push((Self::address(index), self.server, request.clone()));
        }
        let mut left = self.count;
        let mut blocks = 0;
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut looked = begin;
        watch();
        while left > 0 {
            if self.loss > 0 {
                out.retain(|_| !random.loses(self.loss));
            }
            Batch::send(&socket, &out);
            out.clear();
            batch.receive(&socket, Duration::from_millis(20));
            let now = Instant::now();
            for (from, to, packet) in batch.packets() {
                if self.loss > 0 && random.loses(self.loss) {
                    continue;
                }
                let index = to.to_bits().wrapping_sub(0x7f40_0001) as usize;
                let Some(client) = clients.get_mut(index) else {
                    continue;
                };
                let before = client.blocks;
                if let Some(answer) = client.receive(now, from, packet, self) {
                    out.push((to, from, answer));
                }
                blocks += client.blocks - before;
                if client.done.is_none() && client.is_over(self) {
                    client.done = Some(now - begin);
                    left -= 1;
                }
            }
            if now - looked > Duration::from_millis(100) {
                looked = now;
                watch();
                for (index, client) in clients.iter_mut().enumerate() {
                    if client.done.is_some() {
                        continue;
                    }
                    if now - client.moved > PATIENCE {
                        client.wrong = true;
                        client.done = Some(now - begin);
                        left -= 1;
                    } else if client.transfer.is_none() && now - client.asked > RETRANSMIT {
                        client.asked = now;
                        out.push((Self::address(index), self.server, request.clone()));
                    }
                }
            }
        }
        let elapsed = begin.elapsed();
        // Final ACKs.
        Batch::send(&socket, &out);
        watch();
        let mut times: Vec<_> = clients
            .iter()
            .filter(|c| !c.wrong)
            .filter_map(|c| c.done)
            .collect();
        times.sort();
        Outcome {
            failed: self.count - times.len(),
            bytes: (times.len() * self.file.len()) as u64,
            blocks,
            elapsed,
            times,
            cpu: 0,
            memory: 0,
        }
    }
}

impl Client {
    fn is_over(&self, load: &Load<'_>) -> bool {
        self.wrong || self.blocks == (load.file.len() / usize::from(load.block)) as u64 + 1
    }

    /// The response to a packet.
    fn receive(
        &mut self,
        now: Instant,
        from: SocketAddrV4,
        packet: &[u8],
        load: &Load<'_>,
    ) -> Option<Vec<u8>> {
        if self.wrong || self.transfer.is_some_and(|transfer| transfer != from) {
            return None;
        }
        match packet {
            [0, 6, ..] if self.blocks == 0 => {
                self.transfer = Some(from);
                self.moved = now;
                Some(vec![0, 4, 0, 0])
            }
            [0, 3, high, low, data @ ..] => {
                self.transfer = Some(from);
                let number = u16::from_be_bytes([*high, *low]);
                let next = self.blocks + 1;
                if u64::from(number) == next & 0xffff {
                    let end = self.at + data.len();
                    self.wrong |= load.file.get(self.at..end) != Some(data);
                    self.at = end;
                    self.blocks = next;
                    self.moved = now;
                }
                // Also for a block that it has already, because the ACK was lost.
                Some(vec![0, 4, *high, *low])
            }
            [0, 5, ..] => {
                self.wrong = true;
                None
            }
            _ => None,
        }
    }
}

/// Answers every packet with the block after the acknowledged one.
pub(crate) fn echo(listen: SocketAddrV4, file: &[u8]) {
    let socket = socket(listen);
    let mut batch = Batch::new();
    let mut out = Vec::new();
    loop {
        batch.receive(&socket, Duration::from_secs(1));
        for (from, to, packet) in batch.packets() {
            let block = match *packet {
                [0, 4, high, low] => u16::from_be_bytes([high, low]),
                _ => 0,
            };
            let start = usize::from(block) * 512;
            if start > file.len() {
                continue;
            }
            let mut answer = Vec::with_capacity(516);
            answer.extend([0, 3]);
            answer.extend(block.wrapping_add(1).to_be_bytes());
            answer.extend(&file[start..file.len().min(start + 512)]);
            out.push((to, from, answer));
        }
        Batch::send(&socket, &out);
        out.clear();
    }
}

/// Reproducible random numbers.
struct Random(u64);

impl Random {
    fn loses(&mut self, of_thousand: usize) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % 1_000) < of_thousand as u64
    }
}
