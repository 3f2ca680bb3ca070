//! The TCP connection of one simulated phone.

use std::{
    fmt,
    future::{Future, pending},
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    pin::Pin,
};

use tokio::net::{TcpSocket, TcpStream};

/// Bytes that are read at once.
const PART: usize = 16 * 1024;

type Opening = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// A connection that carries one request.
pub(super) enum Connection {
    /// Until it is established and the request is sent.
    Opening(Opening),
    Open(TcpStream),
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening(_) => "Opening",
            Self::Open(_) => "Open",
        })
    }
}

impl Connection {
    /// Begins to connect from this address, with any port.
    pub(super) fn begin(from: Ipv4Addr, to: SocketAddrV4, request: Vec<u8>) -> Self {
        Self::Opening(Box::pin(async move {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from((from, 0)))?;
            let stream = socket.connect(SocketAddr::V4(to)).await?;
            let mut rest = &request[..];
            while !rest.is_empty() {
                stream.writable().await?;
                match stream.try_write(rest) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(stream)
        }))
    }
}

/// The next bytes of the connection; none when it is refused or closed. Never, without a connection.
pub(super) async fn read(connection: &mut Option<Connection>) -> Vec<u8> {
    loop {
        match connection {
            None => return pending().await,
            Some(Connection::Opening(opening)) => match opening.as_mut().await {
                Ok(stream) => *connection = Some(Connection::Open(stream)),
                Err(_) => break,
            },
            Some(Connection::Open(stream)) => {
                if stream.readable().await.is_err() {
                    break;
                }
                let mut part = vec![0; PART];
                match stream.try_read(&mut part) {
                    Ok(0) => break,
                    Ok(length) => {
                        part.truncate(length);
                        return part;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => break,
                }
            }
        }
    }
    *connection = None;
    Vec::new()
}
