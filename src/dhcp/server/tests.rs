//! Conversations with the DHCP server in virtual time.

mod leases;
mod messages;
mod properties;

use super::*;

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

const OWN_MAC: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 9]);

const S: Duration = Duration::from_secs(1);

/// 192.0.2.8/29: .9 is the server, .10 to .14 can be assigned.
fn server() -> DhcpServer {
    DhcpServer::new(ServerConfig {
        address: OWN,
        mac: OWN_MAC,
        pool: Pool::new(OWN, 29, &[]).unwrap(),
        router: None,
    })
}

fn mac(last: u8) -> MacAddress {
    MacAddress::new([0, 0x1d, 0x45, 0, 0, last])
}

fn host(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, last)
}

fn discover(last: u8) -> DhcpMessage {
    DhcpMessage::discover(mac(last), 7, "CP-7965G")
}

/// A REQUEST without options that show which of its four kinds it is.
fn request(last: u8) -> DhcpMessage {
    let mut request = discover(last);
    request.options.set(OptionCode::MESSAGE_TYPE, [3]);
    request
}

fn of_kind(last: u8, number: u8) -> DhcpMessage {
    let mut message = discover(last);
    message.options.set(OptionCode::MESSAGE_TYPE, [number]);
    message.options.set(OptionCode::SERVER_ID, OWN.octets());
    message
}

fn exchange(
    server: &mut DhcpServer,
    now: Duration,
    message: &DhcpMessage,
) -> Option<(DhcpMessage, SocketAddrV4)> {
    let reply = server.receive(now, message.client, &message.encode())?;
    Some((DhcpMessage::decode(&reply.bytes).unwrap(), reply.to))
}

fn offered(server: &mut DhcpServer, now: Duration, last: u8) -> Option<Ipv4Addr> {
    exchange(server, now, &discover(last)).map(|(offer, _)| {
        assert_eq!(offer.message_type(), Some(MessageType::Offer));
        offer.your
    })
}

fn accept(
    server: &mut DhcpServer,
    now: Duration,
    last: u8,
    address: Ipv4Addr,
) -> Option<MessageType> {
    let mut request = request(last);
    request.options.set(OptionCode::SERVER_ID, OWN.octets());
    request
        .options
        .set(OptionCode::REQUESTED_ADDRESS, address.octets());
    exchange(server, now, &request)?.0.message_type()
}

fn lease(server: &mut DhcpServer, now: Duration, last: u8) -> Ipv4Addr {
    let address = offered(server, now, last).unwrap();
    assert_eq!(accept(server, now, last, address), Some(MessageType::Ack));
    address
}

/// A phone that boots and requests its previous address.
fn reboot(
    server: &mut DhcpServer,
    now: Duration,
    last: u8,
    address: Ipv4Addr,
) -> Option<MessageType> {
    let mut request = request(last);
    request
        .options
        .set(OptionCode::REQUESTED_ADDRESS, address.octets());
    exchange(server, now, &request)?.0.message_type()
}
