//! One NOTIFY over UDP, until the phone's response.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    restart::{
        converted::{Order, Way},
        notify::{Answer, ClientTransaction, NotifyRequest, NotifyTarget},
    },
    text::escape,
};

/// Bytes of a datagram that are read.
const DATAGRAM: usize = 4096;

/// How long a read waits before it is checked whether the operator ends the run.
const SLICE: Duration = Duration::from_millis(100);

/// Sends an order and waits for the final response, 32 s at most. `is_ended`: whether the operator
/// ends the run; then there is no answer.
pub(super) fn notify(
    order: &Order,
    is_ended: impl Fn() -> bool,
) -> Result<Option<Answer>, Failure> {
    let Way::Udp { phone, user } = &order.way else {
        return Ok(None);
    };
    let failed = |error: io::Error| {
        Failure::new(
            format!("cannot send a NOTIFY to {phone}: {error}"),
            "Check the network of this machine",
        )
    };
    let socket = socket_to(*phone).map_err(failed)?;
    let SocketAddr::V4(own) = socket.local_addr().map_err(failed)? else {
        return Err(failed(io::Error::other("not an IPv4 address")));
    };
    let target = NotifyTarget {
        user: user.clone(),
        phone: *phone,
        own,
    };
    let mut unique = [0; 16];
    getrandom::fill(&mut unique)
        .map_err(|error| failed(io::Error::other(format!("no random numbers: {error}"))))?;
    let unique = u128::from_ne_bytes(unique);
    let request = NotifyRequest::encode(&order.event, &target, unique).ok_or_else(|| {
        Failure::new(
            format!(
                "the extension {} cannot be part of a SIP address",
                escape(user)
            ),
            "Correct the extension in the inventory",
        )
    })?;
    let mut transaction = ClientTransaction::new(request, Instant::now());
    let mut bytes = [0; DATAGRAM];
    loop {
        if let Some(datagram) = transaction.poll(Instant::now()) {
            // A phone that is off is silent: an ICMP error changes nothing.
            if let Err(error) = socket.send_to(datagram, *phone) {
                tracing::debug!(%phone, %error, "a NOTIFY could not be sent");
            }
        }
        if let Some(answer) = transaction.answer() {
            return Ok(Some(answer));
        }
        if is_ended() {
            return Ok(None);
        }
        match socket.recv_from(&mut bytes) {
            // The phone sends from any port.
            Ok((count, from)) if from.ip() == *phone.ip() => {
                transaction.receive(Instant::now(), &bytes[..count]);
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => tracing::debug!(%phone, %error, "a response could not be read"),
        }
    }
}

/// A socket at the address from which this machine reaches the phone.
fn socket_to(phone: SocketAddrV4) -> io::Result<UdpSocket> {
    let probe = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    // It sends nothing: the kernel only chooses the source address.
    probe.connect(phone)?;
    let own = probe.local_addr()?.ip();
    let socket = UdpSocket::bind((own, 0))?;
    socket.set_read_timeout(Some(SLICE))?;
    Ok(socket)
}
