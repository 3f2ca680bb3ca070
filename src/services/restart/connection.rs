//! The TCP connection to AMI.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    restart::{
        ami::{AmiClient, AmiCredentials, AmiError, AmiRequest, AmiResult, EndpointState},
        converted::{Order, Way},
    },
    text::escape,
};

/// Time that the server has to accept the connection.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);

/// Bytes that are read at once.
const READ: usize = 4096;

/// The shortest time that a read waits: 0 would be for ever.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// A connection whose login succeeded.
#[derive(Debug)]
pub struct AmiConnection {
    stream: TcpStream,
    client: AmiClient,
    /// Where the server is, for messages.
    place: String,
}

impl AmiConnection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// The server cannot be reached, is none of AMI, or refuses the login.
    pub fn open(credentials: AmiCredentials) -> Result<Self, Failure> {
        let place = format!("{}:{}", escape(&credentials.host), credentials.port);
        let failed = |error: io::Error| {
            Failure::new(
                format!("cannot connect to AMI at {place}: {error}"),
                "Check host and port in the file of --ami, that manager.conf has enabled=yes, and \
                 that its bindaddr is reachable from here",
            )
        };
        let host = (credentials.host.as_str(), credentials.port);
        let mut addresses = host.to_socket_addrs().map_err(failed)?;
        let address = addresses
            .find(SocketAddr::is_ipv4)
            .ok_or_else(|| failed(io::Error::other("the name has no IPv4 address")))?;
        let stream = TcpStream::connect_timeout(&address, CONNECT_TIME).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let is_local = address.ip().is_loopback();
        let mut connection = Self {
            client: AmiClient::new(credentials, is_local, Instant::now()),
            stream,
            place,
        };
        connection.result()?;
        Ok(connection)
    }

    /// The state of an endpoint.
    ///
    /// # Errors
    /// AMI failed.
    pub fn endpoint(&mut self, name: &str) -> Result<Option<EndpointState>, Failure> {
        match self.request(&AmiRequest::ShowEndpoint(name.to_owned()))? {
            AmiResult::Endpoint(state) => Ok(state),
            _ => Err(self.failure(&AmiError::Closed)),
        }
    }

    /// Has Asterisk send an order.
    ///
    /// # Errors
    /// AMI failed.
    pub fn notify(&mut self, order: &Order) -> Result<AmiResult, Failure> {
        let Way::Ami { endpoint } = &order.way else {
            return Err(self.failure(&AmiError::Closed));
        };
        self.request(&AmiRequest::Notify {
            endpoint: endpoint.clone(),
            event: order.event.clone(),
        })
    }

    /// Logs off. A server that does not answer to that changes nothing.
    pub fn end(mut self) {
        if let Err(error) = self.request(&AmiRequest::Logoff) {
            tracing::debug!("logoff from AMI: {}", error.error);
        }
    }

    fn request(&mut self, request: &AmiRequest) -> Result<AmiResult, Failure> {
        let begun = self.client.request(Instant::now(), request);
        begun.map_err(|error| self.failure(&error))?;
        self.result()
    }

    fn result(&mut self) -> Result<AmiResult, Failure> {
        self.converse().map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &AmiError) -> Failure {
        Failure::new(format!("AMI at {}: {error}", self.place), error.cure())
    }

    /// Sends and reads until there is a result.
    fn converse(&mut self) -> Result<AmiResult, AmiError> {
        let mut bytes = [0; READ];
        loop {
            self.write()?;
            let now = Instant::now();
            self.client.tick(now)?;
            let left = self.client.deadline().saturating_duration_since(now);
            self.stream
                .set_read_timeout(Some(left.max(LEAST_WAIT)))
                .map_err(|_| AmiError::Closed)?;
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(AmiError::Closed),
                Ok(count) => {
                    if let Some(result) = self.client.feed(Instant::now(), &bytes[..count])? {
                        return Ok(result);
                    }
                }
                Err(error) if is_again(&error) => {}
                Err(_) => return Err(AmiError::Closed),
            }
        }
    }

    fn write(&mut self) -> Result<(), AmiError> {
        let output = self.client.take_output();
        if output.is_empty() {
            return Ok(());
        }
        self.stream
            .set_write_timeout(Some(CONNECT_TIME))
            .and_then(|()| self.stream.write_all(&output))
            .map_err(|_| AmiError::Closed)
    }
}

/// Whether nothing came in time, or a signal interrupted the read.
fn is_again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
