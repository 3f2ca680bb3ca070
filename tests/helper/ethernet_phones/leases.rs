//! The addresses of the phones.

use std::net::Ipv4Addr;

use reflash::{
    phone::{MacAddress, Model},
    protocol::dhcp::{DhcpMessage, MessageType, OptionCode},
};

use super::CabledFleet;
use crate::{
    frames::{self, Station},
    mixed_fleet::vendor_class,
};

impl CabledFleet {
    pub(super) fn on_dhcp(&mut self, message: &DhcpMessage) {
        let Some(&index) = self.by_mac.get(&message.mac) else {
            return;
        };
        let one = &mut self.phones[index];
        if one.dhcp.is_none_or(|(xid, _)| xid != message.xid) {
            return;
        }
        match message.message_type() {
            Some(MessageType::Offer) => {
                let mut request = discover(one.mac, message.xid, one.phone.config().model);
                request.options.set(OptionCode::MESSAGE_TYPE, [3]);
                request
                    .options
                    .set(OptionCode::REQUESTED_ADDRESS, message.your.octets());
                let server = message.server_id().unwrap();
                request.options.set(OptionCode::SERVER_ID, server.octets());
                let frame = one.broadcast(&request);
                self.transmit(&frame);
            }
            Some(MessageType::Ack) => {
                one.dhcp = None;
                let address = message.your;
                self.move_to(index, address);
            }
            _ => {}
        }
    }

    pub(super) fn move_to(&mut self, index: usize, address: Ipv4Addr) {
        let one = &mut self.phones[index];
        if let Some(before) = one.address.replace(address) {
            self.by_address.remove(&before);
        }
        self.by_address.insert(address, index);
        // A gratuitous ARP, as phones send it.
        let station = one.station().unwrap();
        self.transmit(&frames::arp(
            1,
            station,
            Station {
                mac: MacAddress::new([0; 6]),
                ..station
            },
        ));
    }
}

pub(super) fn discover(mac: MacAddress, xid: u32, model: &Model) -> DhcpMessage {
    let mut message = DhcpMessage::discover(mac, xid, "");
    let class = vendor_class(model);
    message.options.set(OptionCode::VENDOR_CLASS, class);
    message
}
