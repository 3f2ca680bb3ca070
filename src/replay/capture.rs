//! Packets of capture files: pcap in both byte orders with micro- or nanoseconds, and pcapng.
//!
//! Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Any input gives packets
//! or the end, and no size in the file causes an allocation above [`PACKET_MAX`].

use std::io::{self, BufRead, Read};

use jiff::Timestamp;

/// Maximum size of one packet or block in bytes: tcpdump's own limit for a packet.
pub const PACKET_MAX: usize = 256 * 1024;

/// Maximum number of interfaces of a pcapng section that are kept.
const INTERFACES_MAX: usize = 256;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
/// The packet block of old files: the number of its interface has two bytes.
const OBSOLETE: u32 = 2;
const ENHANCED: u32 = 6;
/// The option of an interface with the resolution of its times (`if_tsresol`).
const RESOLUTION: u16 = 9;

/// Whether a file that begins with `head` is a capture.
#[must_use]
pub fn is_capture(head: &[u8]) -> bool {
    Order::of_pcap(head).is_some() || head.get(..4) == Some(&SECTION.to_be_bytes())
}

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PcapPacket {
    /// When it was captured.
    pub at: Timestamp,
    /// Whether the capture has only its beginning.
    pub is_cut: bool,
    /// Its link layer, by the numbers of tcpdump.org/linktypes.
    pub link: u16,
    /// The captured bytes.
    pub bytes: Vec<u8>,
}

/// Reads a capture packet by packet.
#[derive(Debug)]
pub struct CaptureReader<R> {
    input: R,
    kind: CaptureFormat,
    /// Whether the file is damaged where reading ended.
    damaged: bool,
}

#[derive(Debug)]
enum CaptureFormat {
    Classic {
        order: Order,
        link: u16,
    },
    Next {
        order: Order,
        interfaces: Vec<CaptureInterface>,
    },
    Ended,
}

/// The byte order, and how many units of time a second has.
#[derive(Debug, Clone, Copy)]
struct Order {
    big: bool,
    parts: u32,
}

#[derive(Debug, Clone, Copy)]
struct CaptureInterface {
    link: u16,
    /// Units of time per second.
    parts: u64,
}

impl Order {
    fn of_pcap(head: &[u8]) -> Option<Self> {
        let (big, parts) = match head.get(..4)? {
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, 1_000_000),
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, 1_000_000),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, 1_000_000_000),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, 1_000_000_000),
            _ => return None,
        };
        Some(Self { big, parts })
    }

    /// The number at this offset; 0 beyond the end, which callers have excluded.
    fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let part = bytes.get(at..at + 4).and_then(|part| part.try_into().ok());
        let part = part.unwrap_or([0; 4]);
        if self.big {
            u32::from_be_bytes(part)
        } else {
            u32::from_le_bytes(part)
        }
    }

    fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let part = bytes.get(at..at + 2).and_then(|part| part.try_into().ok());
        let part = part.unwrap_or([0; 2]);
        if self.big {
            u16::from_be_bytes(part)
        } else {
            u16::from_le_bytes(part)
        }
    }
}

impl<R: BufRead> CaptureReader<R> {
    /// Reads the file header. Without a valid one there are no packets.
    ///
    /// # Errors
    ///
    /// If the input cannot be read.
    pub fn new(mut input: R) -> io::Result<Self> {
        let mut head = [0; 24];
        let mut kind = CaptureFormat::Ended;
        let mut damaged = true;
        if fill(&mut input, &mut head[..4])? {
            if let Some(order) = Order::of_pcap(&head) {
                if fill(&mut input, &mut head[4..])? {
                    // The upper half is the length of the checksum after each packet.
                    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
                    let link = order.u32(&head, 20) as u16;
                    kind = CaptureFormat::Classic { order, link };
                    damaged = false;
                }
            } else if head[..4] == SECTION.to_be_bytes()
                && let Some(order) = section(&mut input)?
            {
                let interfaces = Vec::new();
                kind = CaptureFormat::Next { order, interfaces };
                damaged = false;
            }
        }
        Ok(Self {
            input,
            kind,
            damaged,
        })
    }

    /// Whether reading ended because the file is damaged or truncated.
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// The next packet; `None` at the end.
    ///
    /// # Errors
    ///
    /// If the input cannot be read.
    pub fn packet(&mut self) -> io::Result<Option<PcapPacket>> {
        let found = match &mut self.kind {
            CaptureFormat::Ended => return Ok(None),
            CaptureFormat::Classic { order, link } => classic(&mut self.input, *order, *link)?,
            CaptureFormat::Next { order, interfaces } => next(&mut self.input, order, interfaces)?,
        };
        match found {
            Next::Packet(packet) => Ok(Some(packet)),
            Next::End => {
                self.kind = CaptureFormat::Ended;
                Ok(None)
            }
            Next::Damage => {
                self.kind = CaptureFormat::Ended;
                self.damaged = true;
                Ok(None)
            }
        }
    }
}

enum Next {
    Packet(PcapPacket),
    End,
    Damage,
}

fn classic(input: &mut impl BufRead, order: Order, link: u16) -> io::Result<Next> {
    if input.fill_buf()?.is_empty() {
        return Ok(Next::End);
    }
    let mut head = [0; 16];
    if !fill(input, &mut head)? {
        return Ok(Next::Damage);
    }
    let captured = order.u32(&head, 8) as usize;
    let Some(bytes) = read_bytes(input, captured)? else {
        return Ok(Next::Damage);
    };
    let parts = u64::from(order.u32(&head, 4));
    let at = time(
        u64::from(order.u32(&head, 0)) * u64::from(order.parts) + parts,
        u64::from(order.parts),
    );
    let is_cut = order.u32(&head, 12) as usize > captured;
    Ok(Next::Packet(PcapPacket {
        at,
        is_cut,
        link,
        bytes,
    }))
}

/// Reads the rest of a section header after its first four bytes.
fn section(input: &mut impl BufRead) -> io::Result<Option<Order>> {
    let mut head = [0; 8];
    if !fill(input, &mut head)? {
        return Ok(None);
    }
    let big = match head[4..] {
        [0x1a, 0x2b, 0x3c, 0x4d] => true,
        [0x4d, 0x3c, 0x2b, 0x1a] => false,
        _ => return Ok(None),
    };
    let order = Order {
        big,
        parts: 1_000_000,
    };
    let rest = (order.u32(&head, 0) as usize).checked_sub(12);
    Ok(match rest {
        Some(rest) => read_bytes(input, rest)?.map(|_| order),
        None => None,
    })
}

fn next(
    input: &mut impl BufRead,
    order: &mut Order,
    interfaces: &mut Vec<CaptureInterface>,
) -> io::Result<Next> {
    loop {
        if input.fill_buf()?.is_empty() {
            return Ok(Next::End);
        }
        let mut kind = [0; 4];
        if !fill(input, &mut kind)? {
            return Ok(Next::Damage);
        }
        if kind == SECTION.to_be_bytes() {
            let Some(found) = section(input)? else {
                return Ok(Next::Damage);
            };
            *order = found;
            interfaces.clear();
            continue;
        }
        let mut length = [0; 4];
        if !fill(input, &mut length)? {
            return Ok(Next::Damage);
        }
        // A block is its type, its length, its body and its length again.
        let Some(rest) = (order.u32(&length, 0) as usize).checked_sub(8) else {
            return Ok(Next::Damage);
        };
        let Some(block) = read_bytes(input, rest)? else {
            return Ok(Next::Damage);
        };
        let Some(body) = block.len().checked_sub(4).map(|end| &block[..end]) else {
            return Ok(Next::Damage);
        };
        match order.u32(&kind, 0) {
            INTERFACE if interfaces.len() < INTERFACES_MAX => {
                interfaces.push(interface(*order, body));
            }
            kind @ (ENHANCED | OBSOLETE) => {
                let which = match kind {
                    OBSOLETE => order.u16(body, 0).into(),
                    _ => order.u32(body, 0) as usize,
                };
                let which = interfaces.get(which).copied();
                let captured = order.u32(body, 12) as usize;
                let bytes = body.get(20..).and_then(|rest| rest.get(..captured));
                let (Some(which), Some(bytes)) = (which, bytes) else {
                    return Ok(Next::Damage);
                };
                let ticks = u64::from(order.u32(body, 4)) << 32 | u64::from(order.u32(body, 8));
                return Ok(Next::Packet(PcapPacket {
                    at: time(ticks, which.parts),
                    is_cut: order.u32(body, 16) as usize > captured,
                    link: which.link,
                    bytes: bytes.to_vec(),
                }));
            }
            // Statistics, names, and packets without a time are skipped.
            _ => {}
        }
    }
}

fn interface(order: Order, body: &[u8]) -> CaptureInterface {
    let mut parts = 1_000_000;
    let mut options = body.get(8..).unwrap_or_default();
    while options.len() >= 4 {
        let (code, length) = (order.u16(options, 0), usize::from(order.u16(options, 2)));
        if code == 0 {
            break;
        }
        let value = options.get(4..4 + length).unwrap_or_default();
        if let (RESOLUTION, Some(resolution)) = (code, value.first()) {
            let exponent = u32::from(resolution & 0x7f);
            let base: u64 = if resolution & 0x80 == 0 { 10 } else { 2 };
            parts = base.checked_pow(exponent).unwrap_or(parts);
        }
        options = options
            .get(4 + length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    CaptureInterface {
        link: order.u16(body, 0),
        parts,
    }
}

/// The time `ticks` units after 1970; 1970 if it is out of range.
fn time(ticks: u64, parts: u64) -> Timestamp {
    let second = i64::try_from(ticks / parts).unwrap_or(0);
    let nanos = u128::from(ticks % parts) * 1_000_000_000 / u128::from(parts);
    let nanos = i32::try_from(nanos).unwrap_or(0);
    Timestamp::new(second, nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Fills a buffer; false if the input ends before.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads `length` bytes; `None` if there are fewer or `length` is above [`PACKET_MAX`].
fn read_bytes(input: &mut impl Read, length: usize) -> io::Result<Option<Vec<u8>>> {
    if length > PACKET_MAX {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let read = input.take(length as u64).read_to_end(&mut bytes)?;
    Ok((read == length).then_some(bytes))
}
