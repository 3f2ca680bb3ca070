//! What is wrong with a capture as a whole: packets that are cut, inside a tunnel or not in the order
//! of their times.

use jiff::{SignedDuration, Timestamp};

use super::{capture::PcapPacket, note::TraceNote};

/// A step back that is shorter comes from several queues of one network card.
const STEP: SignedDuration = SignedDuration::from_secs(1);

const ETHERNET: u16 = 1;
const IPV4: [u8; 2] = [0x08, 0x00];
const GRE: u8 = 47;
const UDP: u8 = 17;

/// Counts what is wrong with packets.
#[derive(Debug, Default)]
pub(super) struct CaptureFaults {
    latest: Option<Timestamp>,
    /// The first packet with an earlier time, and their number.
    back: Option<(u64, u64)>,
    /// Packets that were cut and not understood.
    cut: u64,
    tunnel: Option<(&'static str, u64)>,
}

impl CaptureFaults {
    /// Records a packet with this number.
    pub(super) fn packet(&mut self, number: u64, packet: &PcapPacket, is_understood: bool) {
        let before = self.latest.unwrap_or(packet.at);
        if before.duration_since(packet.at) >= STEP {
            self.back.get_or_insert((number, 0)).1 += 1;
        }
        self.latest = Some(packet.at);
        if is_understood {
            return;
        }
        self.cut += u64::from(packet.is_cut);
        if packet.link == ETHERNET
            && let Some(name) = tunnel(&packet.bytes)
        {
            self.tunnel.get_or_insert((name, 0)).1 += 1;
        }
    }

    pub(super) fn notes(self) -> impl Iterator<Item = TraceNote> {
        let back = self
            .back
            .map(|(packet, steps)| TraceNote::PacketsOutOfOrder { packet, steps });
        let cut = (self.cut > 0).then_some(TraceNote::PacketsCut { packets: self.cut });
        let tunnel = self
            .tunnel
            .map(|(tunnel, packets)| TraceNote::Tunnelled { tunnel, packets });
        [back, cut, tunnel].into_iter().flatten()
    }
}

/// The tunnel that a frame is in, if it is in one.
fn tunnel(frame: &[u8]) -> Option<&'static str> {
    let kind: [u8; 2] = frame.get(12..14)?.try_into().ok()?;
    match kind {
        [0x88, 0x64] => return Some("PPPoE"),
        [0x88, 0x47] => return Some("MPLS"),
        IPV4 => {}
        _ => return None,
    }
    let packet = frame.get(14..)?;
    let header = usize::from(packet.first()? & 0xf) * 4;
    let inside = packet.get(header..)?;
    let two = |at: usize| Some([*inside.get(at)?, *inside.get(at + 1)?]);
    match (*packet.get(9)?, two(2)?) {
        (GRE, [0x88, 0xbe] | [0x22, 0xeb]) => Some("ERSPAN"),
        (GRE, _) => Some("GRE"),
        (UDP, [0x90, 0x90]) => Some("TZSP"),
        (UDP, [0x12, 0xb5]) => Some("VXLAN"),
        _ => None,
    }
}
