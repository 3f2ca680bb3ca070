//! A PBX in the manner of Asterisk, as far as restarts need one: a registrar over UDP and TCP, and its
//! manager interface with the answers of Asterisk 20.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Mutex},
    thread,
};

use reflash::protocol::sip::{SipRequest, encode_response};

/// What the manager interface does.
#[derive(Clone, Copy, PartialEq)]
enum Manager {
    Asterisk,
    /// Answers with junk, and a flood of it.
    Junk,
    /// Accepts connections and says nothing.
    Silent,
}

/// A registered contact.
struct Contact {
    phone: SocketAddrV4,
    /// The connection of a phone that registered over TCP.
    connection: Option<TcpStream>,
    /// The Call-ID of its first REGISTER: Asterisk keeps it.
    call_id: String,
}

struct Pbx {
    address: Ipv4Addr,
    udp: UdpSocket,
    contacts: Mutex<BTreeMap<String, Contact>>,
    /// Endpoints that are in a call for this long after the start.
    busy: BTreeMap<String, u64>,
    began: std::time::Instant,
}

/// Runs until it is killed. `options`: `busy=USER:SECONDS`, `manager=junk`, `manager=silent`.
pub(crate) fn run(address: &str, user: &str, secret: &str, options: &[&str]) -> ! {
    let address: Ipv4Addr = address.parse().unwrap();
    let busy = options.iter().filter_map(|option| {
        let (user, seconds) = option.strip_prefix("busy=")?.split_once(':')?;
        Some((user.to_owned(), seconds.parse().unwrap()))
    });
    let manager = if options.contains(&"manager=junk") {
        Manager::Junk
    } else if options.contains(&"manager=silent") {
        Manager::Silent
    } else {
        Manager::Asterisk
    };
    let pbx = Arc::new(Pbx {
        address,
        udp: UdpSocket::bind((address, 5060)).unwrap(),
        contacts: Mutex::default(),
        busy: busy.collect(),
        began: std::time::Instant::now(),
    });
    let sip = TcpListener::bind((address, 5060)).unwrap();
    let ami = TcpListener::bind((Ipv4Addr::LOCALHOST, 5038)).unwrap();
    let shared = Arc::clone(&pbx);
    thread::spawn(move || shared.datagrams());
    let shared = Arc::clone(&pbx);
    thread::spawn(move || {
        for connection in sip.incoming().map_while(Result::ok) {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.connection(connection));
        }
    });
    eprintln!("ready");
    for connection in ami.incoming().map_while(Result::ok) {
        let shared = Arc::clone(&pbx);
        let (user, secret) = (user.to_owned(), secret.to_owned());
        thread::spawn(move || match manager {
            Manager::Asterisk => drop(shared.manager(&connection, &user, &secret)),
            Manager::Junk => junk(&connection),
            Manager::Silent => thread::park(),
        });
    }
    unreachable!("a listener does not end")
}

fn junk(mut connection: &TcpStream) {
    let _ = connection.write_all(b"Asterisk Call Manager/7.0.3\r\n");
    let event = b"Event: Newchannel\r\nActionID: reflash-77\r\nX: y\r\n\r\n".repeat(64);
    while connection.write_all(&event).is_ok() {}
}

impl Pbx {
    fn datagrams(&self) {
        let mut bytes = [0; 8192];
        loop {
            let (count, from) = self.udp.recv_from(&mut bytes).unwrap();
            let SocketAddr::V4(from) = from else { continue };
            let Ok(request) = SipRequest::decode(&bytes[..count]) else {
                continue;
            };
            let request = request.received_from(from);
            let to = request.reply_to().unwrap();
            let answer = self.register(&request, to, None);
            self.udp.send_to(&answer, to).unwrap();
        }
    }

    fn connection(&self, mut connection: TcpStream) {
        let SocketAddr::V4(phone) = connection.peer_addr().unwrap() else {
            return;
        };
        let mut bytes = [0; 8192];
        // A phone sends one message per segment.
        while let Ok(count @ 1..) = connection.read(&mut bytes) {
            let Ok(request) = SipRequest::decode(&bytes[..count]) else {
                continue;
            };
            let request = request.received_from(phone);
            let own = connection.try_clone().unwrap();
            let answer = self.register(&request, phone, Some(own));
            connection.write_all(&answer).unwrap();
        }
    }

    fn register(
        &self,
        request: &SipRequest,
        phone: SocketAddrV4,
        connection: Option<TcpStream>,
    ) -> Vec<u8> {
        let user = between(request.header("to").unwrap(), "sip:", "@");
        let call_id = request.header("call-id").unwrap().to_owned();
        let mut contacts = self.contacts.lock().unwrap();
        if request.expires() == Some(0) {
            contacts.remove(&user);
        } else {
            // The same contact keeps its first Call-ID.
            let known = contacts.get(&user).map(|known| known.call_id.clone());
            let contact = Contact {
                phone,
                connection,
                call_id: known.unwrap_or(call_id),
            };
            contacts.insert(user, contact);
        }
        let contact = request.header("contact").unwrap_or_default();
        encode_response(
            request,
            200,
            "OK",
            &[("Contact", contact), ("Expires", "600")],
        )
    }

    fn manager(&self, connection: &TcpStream, user: &str, secret: &str) -> std::io::Result<()> {
        let mut out = connection;
        out.write_all(b"Asterisk Call Manager/7.0.3\r\n")?;
        let mut lines = BufReader::new(connection).lines();
        let challenge = "840415273";
        let key = format!("{:x}", md5::compute(format!("{challenge}{secret}")));
        let mut is_known = false;
        loop {
            let mut action: Vec<(String, String)> = Vec::new();
            loop {
                let Some(line) = lines.next() else {
                    return Ok(());
                };
                match line?.split_once(": ") {
                    Some((name, value)) => action.push((name.to_owned(), value.to_owned())),
                    None => break,
                }
            }
            let value = |name: &str| {
                let found = action.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.as_str()).unwrap_or_default()
            };
            let id = format!("ActionID: {}\r\n", value("ActionID"));
            let answer = match value("Action") {
                "Challenge" => format!("Response: Success\r\n{id}Challenge: {challenge}\r\n\r\n"),
                "Login" if value("Username") == user && value("Key") == key => {
                    is_known = true;
                    format!("Response: Success\r\n{id}Message: Authentication accepted\r\n\r\n")
                }
                "PJSIPShowEndpoint" if is_known => self.endpoint(value("Endpoint"), &id),
                "PJSIPNotify" if is_known => {
                    let variables = action.iter().filter(|(name, _)| name == "Variable");
                    let variables: Vec<_> = variables.map(|(_, value)| value.as_str()).collect();
                    self.notify(value("Endpoint"), &variables);
                    format!("Response: Success\r\n{id}Message: NOTIFY sent\r\n\r\n")
                }
                "Logoff" => format!("Response: Goodbye\r\n{id}Message: Thanks\r\n\r\n"),
                _ => format!("Response: Error\r\n{id}Message: Permission denied\r\n\r\n"),
            };
            out.write_all(answer.as_bytes())?;
        }
    }

    fn endpoint(&self, user: &str, id: &str) -> String {
        let contacts = self.contacts.lock().unwrap();
        let contact = contacts.get(user);
        let busy = self.busy.get(user).copied().unwrap_or_default();
        let state = match contact {
            _ if self.began.elapsed().as_secs() < busy => "In use",
            Some(_) => "Not in use",
            None => "Unavailable",
        };
        let mut text = format!(
            "Response: Success\r\n{id}EventList: start\r\nMessage: Following are Events for each \
             object associated with the Endpoint\r\n\r\n\
             Event: EndpointDetail\r\n{id}ObjectName: {user}\r\nDeviceState: {state}\r\n\
             ActiveChannels: \r\n\r\n\
             Event: AuthDetail\r\n{id}Username: {user}\r\nPassword: not-to-be-shown\r\n\r\n"
        );
        if let Some(contact) = contact {
            let transport = if contact.connection.is_some() {
                ";transport=tcp"
            } else {
                ""
            };
            write!(
                text,
                "Event: ContactStatusDetail\r\n{id}AOR: {user}\r\nURI: sip:{user}@{}{transport}\r\n\
                 UserAgent: Cisco-CP7965G/9.3.1\r\nCallID: {}\r\nStatus: Reachable\r\n\
                 EndpointName: {user}\r\nID: {user};@0123abcd\r\n\r\n",
                contact.phone, contact.call_id
            )
            .unwrap();
        }
        text + &format!(
            "Event: EndpointDetailComplete\r\n{id}EventList: Complete\r\nListItems: 3\r\n\r\n"
        )
    }

    /// Sends the NOTIFY that `PJSIPNotify` builds of its variables.
    fn notify(&self, user: &str, variables: &[&str]) {
        let contacts = self.contacts.lock().unwrap();
        let Some(contact) = contacts.get(user) else {
            return;
        };
        let mut headers = String::new();
        let mut body = Vec::new();
        for variable in variables {
            match variable.split_once('=').unwrap() {
                ("Content", line) => body.push(line),
                (name, value) => write!(headers, "{name}: {value}\r\n").unwrap(),
            }
        }
        let body = body.join("\r\n");
        let own = self.address;
        let transport = if contact.connection.is_some() {
            "TCP"
        } else {
            "UDP"
        };
        let text = format!(
            "NOTIFY sip:{user}@{} SIP/2.0\r\nVia: SIP/2.0/{transport} {own}:5060;rport;\
             branch=z9hG4bKpbx{}\r\nFrom: <sip:{own}>;tag=pbx\r\nTo: <sip:{user}@{}>\r\n\
             Call-ID: pbx-{user}\r\nCSeq: 7 NOTIFY\r\nContact: <sip:{own}>\r\n{headers}\
             Max-Forwards: 70\r\nContent-Length: {}\r\n\r\n{body}",
            contact.phone,
            self.began.elapsed().as_nanos(),
            contact.phone.ip(),
            body.len()
        );
        match &contact.connection {
            Some(connection) => (&*connection).write_all(text.as_bytes()).unwrap(),
            None => assert!(self.udp.send_to(text.as_bytes(), contact.phone).is_ok()),
        }
    }
}

fn between(text: &str, from: &str, to: &str) -> String {
    let (_, rest) = text.split_once(from).unwrap();
    rest.split_once(to).unwrap().0.to_owned()
}
