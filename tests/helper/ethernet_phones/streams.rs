//! The TCP connections of the fleet.

use std::net::SocketAddrV4;

use reflash::simulator::StreamEvent;

use super::CabledFleet;
use crate::{
    frames::Station,
    segments::{Brought, Connection, Received},
};

impl CabledFleet {
    /// The station of a phone and that of the server.
    pub(super) fn stations(&self, index: usize) -> Option<(Station, Station)> {
        let server = Station {
            mac: self.server_mac?,
            address: *self.server.ip(),
        };
        Some((self.phones[index].station()?, server))
    }

    pub(super) fn on_segment(&mut self, index: usize, port: u16, segment: &Received<'_>) {
        let Some((from, to)) = self.stations(index) else {
            return;
        };
        let now = self.began.elapsed();
        let one = &mut self.phones[index];
        let Some(connection) = one.connection.as_mut().filter(|it| it.port == port) else {
            return;
        };
        let mut out = Vec::new();
        let event = match connection.receive(from, to, segment, &mut out) {
            Brought::Nothing => None,
            Brought::Data(bytes) => Some(StreamEvent::Data(bytes)),
            Brought::Closed => Some(StreamEvent::Closed),
        };
        for frame in out {
            self.transmit(&frame);
        }
        if let Some(event) = event {
            let actions = self.phones[index].phone.stream(now, event);
            self.act(index, actions);
        }
    }

    /// Begins or closes the connection of a phone.
    pub(super) fn connect(&mut self, index: usize, request: Option<(SocketAddrV4, Vec<u8>)>) {
        let stations = self.stations(index);
        let one = &mut self.phones[index];
        let before = one.connection.take();
        if let Some((to, bytes)) = request {
            one.connection = Some(Connection::begin(one.next_port, to, bytes));
            one.next_port += 1;
        }
        if let (Some(before), Some((from, to))) = (before, stations) {
            let frame = before.close(from, to);
            self.transmit(&frame);
        }
    }
}
