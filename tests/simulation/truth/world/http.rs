//! Requests over HTTP, in parts that take time.

use reflash::{
    simulator::StreamEvent,
    stage::StagedFile,
    track::{ObservationKind, TransferEnd, TransferId},
};

use super::{super::server::Http, Flight, World};

/// Bytes of a TCP segment.
const SEGMENT: usize = 1448;

/// The one connection of a phone.
pub(crate) struct Connection {
    number: u64,
    /// The transfer that runs on it.
    transfer: Option<(TransferId, StagedFile)>,
    sent: usize,
}

/// What travels on a connection.
pub(super) enum HttpPart {
    /// The name that the phone requests.
    Request(String),
    Head(String),
    /// Up to this byte of the file.
    Body(usize),
}

impl World<'_> {
    pub(super) fn connect(&mut self, index: usize, request: &[u8]) {
        let text = String::from_utf8_lossy(request);
        let path = text.split(' ').nth(1).expect("a request has a path");
        let name = path.trim_start_matches('/').to_owned();
        self.connections += 1;
        let number = self.connections;
        self.devices[index].connection = Some(Connection {
            number,
            transfer: None,
            sent: 0,
        });
        self.fly(Flight::Http(index, number, HttpPart::Request(name)));
    }

    /// The phone closes its connection, with or without the rest of the file.
    pub(super) fn disconnect(&mut self, index: usize) {
        let device = &mut self.devices[index];
        let address = device.address;
        let connection = device.connection.take();
        if let Some((transfer, _)) = connection.as_ref().and_then(|it| it.transfer.clone()) {
            let bytes = connection.map_or(0, |it| it.sent as u64);
            self.http_ended(address, transfer, TransferEnd::Replaced, bytes);
        }
    }

    pub(super) fn http_arrives(&mut self, index: usize, number: u64, part: HttpPart) {
        let device = &mut self.devices[index];
        let Some(connection) = &mut device.connection else {
            return;
        };
        if connection.number != number {
            return;
        }
        let address = device.address;
        match part {
            HttpPart::Request(name) => {
                let is_served = device.member.http == Http::Only;
                let mut run = self.server.run();
                let (transfer, file) = run.request_over_http(self.now, address, &name, is_served);
                drop(run);
                let head = match &file {
                    Some(file) => {
                        let length = file.bytes.len();
                        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")
                    }
                    None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
                };
                connection.transfer = file.map(|file| (transfer, file));
                self.fly(Flight::Http(index, number, HttpPart::Head(head)));
            }
            HttpPart::Head(head) => {
                let next = connection.transfer.is_some();
                self.give_phone(index, head.as_bytes());
                if next {
                    self.fly(Flight::Http(index, number, HttpPart::Body(SEGMENT)));
                }
            }
            HttpPart::Body(end) => {
                let Some((transfer, file)) = connection.transfer.clone() else {
                    return;
                };
                let end = end.min(file.bytes.len());
                let start = std::mem::replace(&mut connection.sent, end);
                // The kernel of the phone acknowledges the bytes before the phone reads them.
                let bytes = end as u64;
                let kind = ObservationKind::Acknowledged { transfer, bytes };
                if end == file.bytes.len() {
                    connection.transfer = None;
                    self.server.run().observe(self.now, address, kind);
                    self.http_ended(address, transfer, TransferEnd::Delivered, bytes);
                } else {
                    self.server.run().observe(self.now, address, kind);
                    let next = HttpPart::Body(end + SEGMENT);
                    self.fly(Flight::Http(index, number, next));
                }
                self.give_phone(index, &file.bytes[start..end]);
            }
        }
    }

    fn give_phone(&mut self, index: usize, bytes: &[u8]) {
        let phone = &mut self.devices[index].phone;
        let actions = phone.stream(self.now, StreamEvent::Data(bytes));
        self.act(index, actions);
    }

    fn http_ended(
        &mut self,
        address: std::net::Ipv4Addr,
        transfer: TransferId,
        end: TransferEnd,
        bytes: u64,
    ) {
        let kind = ObservationKind::Ended {
            transfer,
            end,
            bytes,
        };
        self.server.run().observe(self.now, address, kind);
    }
}
