//! TFTP, DHCP, and the web pages of phones.

use reflash::{
    protocol::{
        dhcp::DhcpMessage,
        http_response::{MAX_BODY, ResponseDecoder},
        web::{DevicePage, MAX_PAGE},
    },
    tftp::packet::{self, REQUEST_MAX, TftpPacket},
};

use super::support::{MAC, assert_short, is_part, pieces};

pub fn tftp_packet(bytes: &[u8]) -> bool {
    match packet::decode(bytes) {
        Ok(TftpPacket::Read(request)) => {
            assert!(bytes.len() <= REQUEST_MAX);
            assert!(is_part(request.name, bytes) && is_part(request.mode, bytes));
            // Encoding the request again gives the same bytes.
            let mut again = [&[0, 1], request.name, &[0], request.mode, &[0]].concat();
            for (name, value) in request.options.iter() {
                assert!(is_part(name, bytes) && is_part(value, bytes) && !name.is_empty());
                again.extend([name, &[0], value, &[0]].concat());
            }
            assert!(bytes.starts_with(&again), "{again:?}");
            true
        }
        Ok(TftpPacket::Error(code, text)) => {
            assert_eq!(bytes[2..4], code.to_be_bytes());
            assert!(is_part(text, bytes) && !text.contains(&0));
            true
        }
        Ok(TftpPacket::Ack(block)) => {
            assert_eq!(bytes[..4], [[0, 4], block.to_be_bytes()].concat());
            true
        }
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

pub fn tftp_packets() -> Vec<Vec<u8>> {
    vec![
        b"\0\x01SEP0021D8BA0965.cnf.xml\0octet\0blksize\x001428\0tsize\x000\0".to_vec(),
        b"\0\x01term45.default.loads\0OCTET\0\x01".to_vec(),
        b"\0\x02x\0octet\0".to_vec(),
        vec![0, 4, 1, 2],
        b"\0\x05\0\x03disk full\0".to_vec(),
    ]
}

pub fn dhcp(bytes: &[u8]) -> bool {
    let Ok(message) = DhcpMessage::decode(bytes) else {
        return false;
    };
    let held: usize = message.options.iter().map(|(_, value)| value.len()).sum();
    assert!(held <= bytes.len());
    for list in [
        message.routers(),
        message.name_servers(),
        message.tftp_servers(),
    ] {
        assert!(list.len() * 4 <= bytes.len());
    }
    let texts = [
        message.host_name(),
        message.domain(),
        message.class(),
        message.tftp_name(),
        message.boot_file(),
    ];
    assert_short(&texts);
    let _ = (
        message.message_type(),
        message.phone(),
        message.mask(),
        message.lease(),
    );
    // The encoded message decodes to the same message.
    assert_eq!(DhcpMessage::decode(&message.encode()), Ok(message));
    true
}

pub fn dhcp_messages() -> Vec<Vec<u8>> {
    vec![DhcpMessage::discover(MAC, 1, "CP-7965G").encode()]
}

pub fn web_page(bytes: &[u8]) -> bool {
    let Ok(page) = DevicePage::decode(bytes) else {
        return false;
    };
    assert!(bytes.len() <= MAX_PAGE);
    assert_short([
        &page.host_name,
        &page.app_load,
        &page.boot_load,
        &page.version,
        &page.model_number,
        &page.serial,
        &page.hardware_revision,
    ]);
    true
}

pub fn web_pages() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("seeds/page.xml").to_vec(),
        include_bytes!("seeds/page.html").to_vec(),
    ]
}

pub fn web_reply(bytes: &[u8]) -> bool {
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reply = ResponseDecoder::default();
        for piece in pieces {
            if reply.feed(piece).ok()? {
                break;
            }
        }
        reply.end().ok()
    };
    let body = read(&mut std::iter::once(bytes));
    assert_eq!(read(&mut pieces(bytes)), body);
    assert!(body.as_ref().is_none_or(|body| body.len() <= MAX_BODY));
    body.is_some()
}

pub fn web_replies() -> Vec<Vec<u8>> {
    let page = include_str!("seeds/page.xml");
    let length = page.len();
    vec![
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{page}"
        )
        .into_bytes(),
        format!("HTTP/1.0 200 OK\n\n{page}").into_bytes(),
    ]
}
