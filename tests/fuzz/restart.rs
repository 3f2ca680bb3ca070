//! What Asterisk's manager interface and phones send to `reflash restart`.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use reflash::restart::{
    ami::{AmiClient, AmiCredentials, AmiDecoder, AmiRequest, AmiResult, MAX_CONTACTS, MAX_FIELDS},
    notify::{ClientTransaction, NotifyEvent, NotifyRequest, NotifyTarget, RegisterCallId},
};

use super::support::{PHONE, pieces, same_in_pieces};

const SECRET: &str = "correct-horse-battery";

const LOGIN: &str = "Asterisk Call Manager/7.0.3\r\n\
    Response: Success\r\nActionID: reflash-1\r\nChallenge: 840415273\r\n\r\n\
    Response: Success\r\nActionID: reflash-2\r\nMessage: Authentication accepted\r\n\r\n";

const ENDPOINT: &str = "Response: Success\r\nActionID: reflash-3\r\nEventList: start\r\n\r\n\
    Event: EndpointDetail\r\nActionID: reflash-3\r\nDeviceState: Not in use\r\n\
    ActiveChannels: \r\n\r\n\
    Event: ContactStatusDetail\r\nActionID: reflash-3\r\n\
    URI: sip:1001@192.0.2.101:5060\r\nCallID: 1@192.0.2.101\r\nID: 1001;@1\r\n\r\n\
    Event: EndpointDetailComplete\r\nActionID: reflash-3\r\n\r\n";

pub fn ami(bytes: &[u8]) -> bool {
    if let Some(messages) = same_in_pieces(bytes, AmiDecoder::feed) {
        assert!(messages.iter().all(|message| message.len() <= MAX_FIELDS));
    }
    let now = Instant::now();
    let credentials = AmiCredentials::new("127.0.0.1", 5038, "reflash", SECRET);
    let mut client = AmiClient::new(credentials, false, now);
    let mut sent = Vec::new();
    let mut accepted = false;
    for piece in pieces(bytes) {
        let result = client.feed(now, piece);
        sent.extend(client.take_output());
        match result {
            Ok(Some(AmiResult::LoggedIn)) => {
                let request = AmiRequest::ShowEndpoint("1001".to_owned());
                client.request(now, &request).expect("it is idle");
            }
            Ok(Some(AmiResult::Endpoint(state))) => {
                accepted = true;
                let contacts = state.map_or(0, |state| state.contacts.len());
                assert!(contacts <= MAX_CONTACTS);
            }
            Ok(_) => {}
            Err(error) => {
                assert!(!error.cure().is_empty());
                break;
            }
        }
    }
    // Over the network the secret is never sent, whatever the server says.
    let sent = String::from_utf8_lossy(&sent);
    assert!(!sent.contains(SECRET), "{sent}");
    assert!(!format!("{client:?}").contains(SECRET));
    accepted
}

pub fn ami_conversations() -> Vec<Vec<u8>> {
    vec![format!("{LOGIN}{ENDPOINT}").into_bytes()]
}

fn request() -> NotifyRequest {
    let call_id = RegisterCallId::new("1@172.30.6.12").expect("a plain Call-ID");
    let target = NotifyTarget {
        user: "1001".to_owned(),
        phone: SocketAddrV4::new(PHONE, 5060),
        own: SocketAddrV4::new(Ipv4Addr::new(172, 30, 6, 1), 5062),
    };
    let event = NotifyEvent::ServiceControl(call_id);
    NotifyRequest::encode(&event, &target, 1).expect("a plain user")
}

pub fn notify_answer(bytes: &[u8]) -> bool {
    let request = request();
    let status = request.status_in(bytes);
    assert!(status.is_none_or(|status| (100..700).contains(&status)));
    let now = Instant::now();
    let mut transaction = ClientTransaction::new(request, now);
    assert!(transaction.poll(now).is_some());
    transaction.receive(now, bytes);
    assert_eq!(
        transaction.answer().is_some(),
        status.is_some_and(|status| status >= 200)
    );
    status.is_some()
}

pub fn notify_answers() -> Vec<Vec<u8>> {
    let request = request();
    let text = std::str::from_utf8(request.bytes()).expect("text");
    let copied = text.lines().filter(|line| {
        ["Via", "From", "To", "Call-ID", "CSeq"]
            .iter()
            .any(|name| line.starts_with(name))
    });
    let copied: Vec<_> = copied.collect();
    ["200 OK", "400 Bad Request", "100 Trying"]
        .map(|status| format!("SIP/2.0 {status}\r\n{}\r\n\r\n", copied.join("\r\n")).into_bytes())
        .to_vec()
}
