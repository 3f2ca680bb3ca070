//! The TCP connection of a phone on a cable, which has no kernel: enough to fetch one file on a
//! network that loses nothing (RFC 9293).

use std::{
    net::SocketAddrV4,
    time::{Duration, Instant},
};

use crate::frames::{self, Station, TcpSegment};

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;
/// SYN and request are repeated after this time.
const REPEAT: Duration = Duration::from_secs(1);

/// A received segment.
pub(crate) struct Received<'a> {
    pub(crate) from: SocketAddrV4,
    pub(crate) seq: u32,
    pub(crate) flags: u8,
    pub(crate) payload: &'a [u8],
}

/// What a segment brings.
pub(crate) enum Brought<'a> {
    Nothing,
    Data(&'a [u8]),
    Closed,
}

pub(crate) struct Connection {
    pub(crate) port: u16,
    to: SocketAddrV4,
    own: u32,
    peer: u32,
    is_open: bool,
    request: Vec<u8>,
    repeat: Option<Instant>,
}

impl Connection {
    pub(crate) fn begin(port: u16, to: SocketAddrV4, request: Vec<u8>) -> Self {
        Self {
            port,
            to,
            own: 1000,
            peer: 0,
            is_open: false,
            request,
            repeat: Some(Instant::now()),
        }
    }

    fn frame(&self, from: Station, to: Station, flags: u8, payload: &[u8]) -> Vec<u8> {
        let segment = TcpSegment {
            ports: (self.port, self.to.port()),
            seq: self.own,
            ack: self.peer,
            flags,
        };
        frames::tcp(from, to, &segment, payload)
    }

    /// What is due: a SYN, or the request.
    pub(crate) fn on_time(&mut self, from: Station, to: Station) -> Option<Vec<u8>> {
        self.repeat.filter(|due| *due <= Instant::now())?;
        self.repeat = Some(Instant::now() + REPEAT);
        Some(if self.is_open {
            self.frame(from, to, PSH | ACK, &self.request)
        } else {
            self.frame(from, to, SYN, &[])
        })
    }

    /// Handles a segment to its port.
    pub(crate) fn receive<'a>(
        &mut self,
        from: Station,
        to: Station,
        segment: &Received<'a>,
        out: &mut Vec<Vec<u8>>,
    ) -> Brought<'a> {
        if segment.from != self.to {
            return Brought::Nothing;
        }
        if segment.flags & RST != 0 {
            return Brought::Closed;
        }
        if !self.is_open {
            if segment.flags & (SYN | ACK) == SYN | ACK {
                self.is_open = true;
                self.own = self.own.wrapping_add(1);
                self.peer = segment.seq.wrapping_add(1);
                self.repeat = Some(Instant::now());
                out.extend(self.on_time(from, to));
            }
            return Brought::Nothing;
        }
        if segment.payload.is_empty() && segment.flags & FIN == 0 {
            return Brought::Nothing;
        }
        if segment.seq != self.peer {
            out.push(self.frame_after_request(from, to, ACK));
            return Brought::Nothing;
        }
        // The answer also acknowledges the request.
        self.repeat = None;
        let length = u32::try_from(segment.payload.len()).unwrap();
        self.peer = self.peer.wrapping_add(length);
        if segment.flags & FIN != 0 {
            self.peer = self.peer.wrapping_add(1);
        }
        out.push(self.frame_after_request(from, to, ACK));
        match segment.payload {
            [] => Brought::Closed,
            payload => Brought::Data(payload),
        }
    }

    fn frame_after_request(&self, from: Station, to: Station, flags: u8) -> Vec<u8> {
        let segment = TcpSegment {
            ports: (self.port, self.to.port()),
            seq: self
                .own
                .wrapping_add(u32::try_from(self.request.len()).unwrap()),
            ack: self.peer,
            flags,
        };
        frames::tcp(from, to, &segment, &[])
    }

    /// The phone closes it.
    pub(crate) fn close(&self, from: Station, to: Station) -> Vec<u8> {
        self.frame_after_request(from, to, if self.is_open { FIN | ACK } else { RST | ACK })
    }
}
