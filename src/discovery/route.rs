//! How the kernel reaches an address: rtnetlink(7), `RTM_GETROUTE`, which follows every routing
//! table and rule of this machine.

use std::{
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

/// How packets from this machine reach an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// It is an address of this machine.
    Local,
    /// Without a gateway: the host is on a network of this machine.
    Link,
    /// Through a gateway.
    Gateway,
    /// There is no route.
    None,
}

const HEADER: usize = 16;
const ROUTE_MESSAGE: usize = 12;
const ATTRIBUTE: usize = 4;

/// How long the kernel may take to answer; it answers at once.
const ANSWER_TIME: Duration = Duration::from_millis(100);

/// The largest answer that is read, in bytes; one route is about 100.
const ANSWER_MAX: usize = 8_192;

impl Route {
    /// The route to `address`.
    ///
    /// # Errors
    /// The kernel cannot be queried, or its answer has an unknown form.
    pub(crate) fn to(address: Ipv4Addr) -> io::Result<Self> {
        let protocol = Protocol::from(libc::NETLINK_ROUTE);
        let domain = Domain::from(libc::AF_NETLINK);
        let mut socket = Socket::new(domain, Type::RAW, Some(protocol))?;
        socket.set_read_timeout(Some(ANSWER_TIME))?;
        // Without a destination address a netlink message goes to the kernel.
        socket.write_all(&request(address))?;
        let mut answer = [0; ANSWER_MAX];
        let count = socket.read(&mut answer)?;
        Self::parse(&answer[..count])
            .ok_or_else(|| io::Error::other("unknown form of a netlink answer"))
    }

    /// The first message of an answer.
    fn parse(answer: &[u8]) -> Option<Self> {
        let length = usize::try_from(u32_at(answer, 0)?).ok()?;
        let message = answer.get(HEADER..length)?;
        match u16_at(answer, 4)? {
            kind if i32::from(kind) == libc::NLMSG_ERROR => {
                let code = i32::from_ne_bytes(message.get(..4)?.try_into().ok()?);
                let unreachable = [
                    libc::ENETUNREACH,
                    libc::EHOSTUNREACH,
                    libc::EACCES,
                    libc::EINVAL,
                ];
                unreachable
                    .contains(&code.wrapping_neg())
                    .then_some(Self::None)
            }
            libc::RTM_NEWROUTE => match *message.get(7)? {
                libc::RTN_LOCAL => Some(Self::Local),
                libc::RTN_UNICAST => Some(if has_gateway(message.get(ROUTE_MESSAGE..)?) {
                    Self::Gateway
                } else {
                    Self::Link
                }),
                _ => Some(Self::None),
            },
            _ => None,
        }
    }
}

/// `RTM_GETROUTE` for one address.
fn request(address: Ipv4Addr) -> [u8; HEADER + ROUTE_MESSAGE + ATTRIBUTE + 4] {
    const LENGTH: usize = HEADER + ROUTE_MESSAGE + ATTRIBUTE + 4;
    let mut message = [0; LENGTH];
    let mut put = |at: usize, bytes: &[u8]| message[at..at + bytes.len()].copy_from_slice(bytes);
    let number = |value: usize| u16::try_from(value).unwrap_or(u16::MAX).to_ne_bytes();
    let flag = |value: i32| u16::try_from(value).unwrap_or(0).to_ne_bytes();
    put(0, &u32::try_from(LENGTH).unwrap_or(u32::MAX).to_ne_bytes());
    put(4, &libc::RTM_GETROUTE.to_ne_bytes());
    put(6, &flag(libc::NLM_F_REQUEST));
    // Family and length of the destination in bits.
    put(HEADER, &[libc::AF_INET.to_ne_bytes()[0], 32]);
    put(HEADER + ROUTE_MESSAGE, &number(ATTRIBUTE + 4));
    put(HEADER + ROUTE_MESSAGE + 2, &libc::RTA_DST.to_ne_bytes());
    put(LENGTH - 4, &address.octets());
    message
}

/// Whether one of the attributes is a gateway, of either IP version.
fn has_gateway(mut attributes: &[u8]) -> bool {
    while let (Some(length), Some(kind)) = (u16_at(attributes, 0), u16_at(attributes, 2)) {
        if [libc::RTA_GATEWAY, libc::RTA_VIA].contains(&kind) {
            return true;
        }
        let padded = usize::from(length).next_multiple_of(4);
        if padded < ATTRIBUTE {
            return false;
        }
        attributes = attributes.get(padded..).unwrap_or(&[]);
    }
    false
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of the kernel: a route of this type with attributes of these kinds.
    fn route(kind: u8, attributes: &[u16]) -> Vec<u8> {
        let mut message = vec![0; HEADER + ROUTE_MESSAGE];
        message[4..6].copy_from_slice(&libc::RTM_NEWROUTE.to_ne_bytes());
        message[HEADER + 7] = kind;
        for attribute in attributes {
            message.extend(8_u16.to_ne_bytes());
            message.extend(attribute.to_ne_bytes());
            message.extend([192, 0, 2, 1]);
        }
        let length = u32::try_from(message.len()).unwrap();
        message[..4].copy_from_slice(&length.to_ne_bytes());
        message
    }

    fn error(code: i32) -> Vec<u8> {
        let mut message = route(0, &[]);
        let kind = u16::try_from(libc::NLMSG_ERROR).unwrap();
        message[4..6].copy_from_slice(&kind.to_ne_bytes());
        message[HEADER..HEADER + 4].copy_from_slice(&(-code).to_ne_bytes());
        message
    }

    #[test]
    fn an_address_with_a_gateway_is_routed() {
        let destination = libc::RTA_DST;
        for (answer, expected) in [
            (route(libc::RTN_UNICAST, &[destination]), Route::Link),
            (
                route(libc::RTN_UNICAST, &[destination, libc::RTA_GATEWAY]),
                Route::Gateway,
            ),
            (route(libc::RTN_UNICAST, &[libc::RTA_VIA]), Route::Gateway),
            (route(libc::RTN_LOCAL, &[destination]), Route::Local),
            (route(libc::RTN_UNREACHABLE, &[]), Route::None),
            (error(libc::ENETUNREACH), Route::None),
        ] {
            assert_eq!(Route::parse(&answer), Some(expected), "{answer:?}");
        }
    }

    #[test]
    fn an_answer_of_another_form_is_an_error() {
        let whole = route(libc::RTN_UNICAST, &[libc::RTA_GATEWAY]);
        for end in 0..HEADER + ROUTE_MESSAGE {
            assert_eq!(Route::parse(&whole[..end]), None, "{end} bytes");
        }
        assert_eq!(Route::parse(&error(libc::EPERM)), None);
        let mut endless = route(libc::RTN_UNICAST, &[libc::RTA_DST]);
        endless[HEADER + ROUTE_MESSAGE] = 0;
        assert_eq!(Route::parse(&endless), Some(Route::Link));
    }

    #[test]
    fn the_kernel_knows_its_own_addresses() {
        assert_eq!(Route::to(Ipv4Addr::LOCALHOST).unwrap(), Route::Local);
        assert_eq!(
            Route::to(Ipv4Addr::new(127, 1, 2, 3)).unwrap(),
            Route::Local
        );
    }
}
