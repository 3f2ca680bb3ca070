//! The web page of a phone, on port 80.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

/// Serves the page of the phone with this MAC, forever.
pub(crate) fn serve(wire: &str, load: impl Fn() -> String) {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 80)).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        let mut request = Vec::new();
        let mut bytes = [0; 512];
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read(&mut bytes).unwrap() {
                0 => break,
                count => request.extend(&bytes[..count]),
            }
        }
        let answer = if request.starts_with(b"GET /DeviceInformationX ") {
            let load = load();
            format!(
                "HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n\
                 <?xml version=\"1.0\" encoding=\"iso-8859-1\"?><DeviceInformation>\
                 <MACAddress>{wire}</MACAddress><HostName>SEP{wire}</HostName>\
                 <versionID>{load}</versionID><modelNumber>CP-7965G</modelNumber>\
                 </DeviceInformation>"
            )
        } else {
            "HTTP/1.0 404 Not Found\r\n\r\n".to_owned()
        };
        stream.write_all(answer.as_bytes()).unwrap();
    }
}
