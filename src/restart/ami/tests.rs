//! The client against scripted servers.

use std::time::{Duration, Instant};

use super::*;
use crate::{
    inventory::Inventory,
    restart::notify::{NotifyEvent, RegisterCallId},
};

const BANNER: &str = "Asterisk Call Manager/7.0.3\r\n";

fn credentials() -> AmiCredentials {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ami.toml");
    let text = "host = '127.0.0.1'\nuser = 'reflash'\nsecret = 'correct-horse'\n";
    std::fs::write(&path, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, mode).unwrap();
    AmiCredentials::read(&path).unwrap()
}

struct Conversation {
    client: AmiClient,
    now: Instant,
}

impl Conversation {
    fn new(is_local: bool) -> Self {
        let now = Instant::now();
        Self {
            client: AmiClient::new(credentials(), is_local, now),
            now,
        }
    }

    fn gets(&mut self, text: &str) -> Result<Option<AmiResult>, AmiError> {
        self.client.feed(self.now, text.as_bytes())
    }

    fn sent(&mut self) -> String {
        String::from_utf8(self.client.take_output()).unwrap()
    }

    /// What answers the last action: its `ActionID` is filled in.
    fn answer(&mut self, number: u32, text: &str) -> Result<Option<AmiResult>, AmiError> {
        let text = text.replace("{id}", &format!("ActionID: reflash-{number}"));
        self.gets(&text.replace('\n', "\r\n"))
    }

    fn logged_in() -> Self {
        let mut all = Self::new(true);
        all.gets(BANNER).unwrap();
        all.answer(1, "Response: Success\n{id}\nChallenge: 840415273\n\n")
            .unwrap();
        let result = all.answer(
            2,
            "Response: Success\n{id}\nMessage: Authentication accepted\n\n",
        );
        assert_eq!(result, Ok(Some(AmiResult::LoggedIn)));
        all.sent();
        all
    }
}

#[test]
fn the_login_answers_the_challenge_and_never_sends_the_secret() {
    let mut all = Conversation::new(false);
    assert_eq!(all.sent(), "");
    assert_eq!(all.gets(BANNER), Ok(None));
    assert_eq!(
        all.sent(),
        "Action: Challenge\r\nActionID: reflash-1\r\nAuthType: MD5\r\n\r\n"
    );
    assert_eq!(
        all.answer(1, "Response: Success\n{id}\nChallenge: 840415273\n\n"),
        Ok(None)
    );
    let login = all.sent();
    let key = format!("{:x}", md5::compute("840415273correct-horse"));
    assert!(login.contains(&format!("Key: {key}\r\n")), "{login}");
    assert!(login.contains("Username: reflash\r\nKey"), "{login}");
    assert!(login.contains("Events: off\r\n"), "{login}");
    assert!(!login.contains("correct-horse"), "{login}");
}

#[test]
fn without_a_challenge_the_secret_stays_on_this_machine() {
    let refusal = "Response: Error\n{id}\nMessage: Invalid/unknown command: Challenge\n\n";
    let mut remote = Conversation::new(false);
    remote.gets(BANNER).unwrap();
    assert_eq!(remote.answer(1, refusal), Err(AmiError::PlainOverNetwork));
    assert!(!remote.sent().contains("correct-horse"));
    let mut local = Conversation::new(true);
    local.gets(BANNER).unwrap();
    assert_eq!(local.answer(1, refusal), Ok(None));
    assert!(local.sent().contains("Secret: correct-horse\r\n"));
}

#[test]
fn a_refused_login_says_what_to_compare() {
    let mut all = Conversation::new(true);
    all.gets(BANNER).unwrap();
    all.answer(1, "Response: Success\n{id}\nChallenge: 1\n\n")
        .unwrap();
    let error = all.answer(
        2,
        "Response: Error\n{id}\nMessage: Authentication failed\n\n",
    );
    let error = error.unwrap_err();
    assert_eq!(error, AmiError::LoginRefused);
    assert!(error.cure().contains("manager.conf"));
    assert!(!format!("{error}{error:?}{:?}", all.client).contains("correct-horse"));
}

/// As Asterisk 20 answers; the password of `AuthDetail` is not kept.
const ENDPOINT: &str = "\
Response: Success
{id}
EventList: start
Message: Following are Events for each object associated with the Endpoint

Event: EndpointDetail
{id}
ObjectName: 1001
DeviceState: Not in use
ActiveChannels: 

Event: AorDetail
{id}
Contacts: 1001/sip:1001@192.0.2.101:5060

Event: AuthDetail
{id}
Username: 1001
Password: other-secret

Event: ContactStatusDetail
{id}
AOR: 1001
URI: sip:1001@192.0.2.101:5060;transport=tcp
UserAgent: Cisco-CP7965G/9.3.1
RegExpire: 1785000000
ViaAddress: 192.0.2.101:5060
CallID: 001d45aa-bb010002-12345678-9abcdef0@192.0.2.101
Status: Reachable
EndpointName: 1001
ID: 1001;@a2b3

Event: EndpointDetailComplete
{id}
EventList: Complete
ListItems: 4

";

#[test]
fn an_endpoint_has_its_state_and_the_call_id_of_its_contact() {
    let mut all = Conversation::logged_in();
    let request = AmiRequest::ShowEndpoint("1001".to_owned());
    all.client.request(all.now, &request).unwrap();
    assert_eq!(
        all.sent(),
        "Action: PJSIPShowEndpoint\r\nActionID: reflash-3\r\nEndpoint: 1001\r\n\r\n"
    );
    assert!(all.client.is_waiting());
    let Ok(Some(AmiResult::Endpoint(Some(state)))) = all.answer(3, ENDPOINT) else {
        panic!();
    };
    assert!(!all.client.is_waiting());
    assert_eq!(state.device, DeviceState::NotInUse);
    let [contact] = &state.contacts[..] else {
        panic!("{state:?}");
    };
    let call_id = "001d45aa-bb010002-12345678-9abcdef0@192.0.2.101";
    assert_eq!(contact.call_id.as_deref(), Some(call_id));
    assert_eq!(contact.id.as_deref(), Some("1001;@a2b3"));
    assert!(!format!("{state:?}{:?}", all.client).contains("other-secret"));
}

#[test]
fn a_notify_repeats_the_content_line_by_line() {
    let mut all = Conversation::logged_in();
    let call_id = RegisterCallId::new("1@192.0.2.101").unwrap();
    let request = AmiRequest::Notify {
        endpoint: "1001".to_owned(),
        event: NotifyEvent::ServiceControl(call_id),
    };
    all.client.request(all.now, &request).unwrap();
    let sent = all.sent();
    assert!(
        sent.contains("Variable: Content=RegisterCallId={1@192.0.2.101}\r\n"),
        "{sent}"
    );
    assert_eq!(sent.matches("Variable: Content=").count(), 6, "{sent}");
    let result = all.answer(3, "Response: Success\n{id}\nMessage: NOTIFY sent\n\n");
    assert_eq!(result, Ok(Some(AmiResult::NotifySent)));

    all.client.request(all.now, &request).unwrap();
    let result = all.answer(
        4,
        "Response: Error\n{id}\nMessage: Unable to retrieve endpoint\n\n",
    );
    let text = "Unable to retrieve endpoint".to_owned();
    assert_eq!(result, Ok(Some(AmiResult::NotifyRefused(text))));
}

#[test]
fn missing_rights_and_modules_are_named() {
    for (message, expected) in [
        (
            "Permission denied",
            AmiError::NotPermitted("PJSIPShowEndpoint"),
        ),
        (
            "Invalid/unknown command: PJSIPShowEndpoint. Use Action: ListCommands to show \
             available commands.",
            AmiError::UnknownAction("PJSIPShowEndpoint"),
        ),
    ] {
        let mut all = Conversation::logged_in();
        let request = AmiRequest::ShowEndpoint("1001".to_owned());
        all.client.request(all.now, &request).unwrap();
        let answer = format!("Response: Error\n{{id}}\nMessage: {message}\n\n");
        let error = all.answer(3, &answer).unwrap_err();
        assert_eq!(error, expected);
        assert!(!error.cure().is_empty());
    }
    let mut all = Conversation::logged_in();
    let request = AmiRequest::ShowEndpoint("1001".to_owned());
    all.client.request(all.now, &request).unwrap();
    let missing = "Response: Error\n{id}\nMessage: Unable to retrieve endpoint 1001\n\n";
    assert_eq!(all.answer(3, missing), Ok(Some(AmiResult::Endpoint(None))));
}

#[test]
fn answers_with_another_action_id_are_ignored_up_to_a_limit() {
    let mut all = Conversation::logged_in();
    let request = AmiRequest::ShowEndpoint("1001".to_owned());
    all.client.request(all.now, &request).unwrap();
    let foreign = "Event: EndpointDetailComplete\nActionID: reflash-2\n\n";
    for _ in 0..MAX_FOREIGN {
        assert_eq!(all.answer(3, foreign), Ok(None));
    }
    assert_eq!(all.answer(3, foreign), Err(AmiError::Flood));
}

#[test]
fn a_list_without_end_is_refused() {
    let mut all = Conversation::logged_in();
    let request = AmiRequest::ShowEndpoint("1001".to_owned());
    all.client.request(all.now, &request).unwrap();
    let contact = "Event: ContactStatusDetail\n{id}\nURI: sip:1001@192.0.2.101\n\n";
    let mut result = Ok(None);
    for _ in 0..=MAX_MESSAGES {
        result = all.answer(3, contact);
    }
    assert_eq!(result, Err(AmiError::EndlessList));
}

#[test]
fn a_silent_server_has_ten_seconds() {
    let all = Conversation::new(true);
    let almost = ANSWER_TIME.saturating_sub(Duration::from_millis(1));
    assert_eq!(all.client.tick(all.now + almost), Ok(()));
    assert_eq!(
        all.client.tick(all.now + ANSWER_TIME),
        Err(AmiError::Silent)
    );
    let idle = Conversation::logged_in();
    assert_eq!(idle.client.tick(idle.now + ANSWER_TIME * 2), Ok(()));
}

#[test]
fn a_value_cannot_add_an_action() {
    let mut all = Conversation::logged_in();
    let request = AmiRequest::ShowEndpoint("1001\r\n\r\nAction: Originate".to_owned());
    all.client.request(all.now, &request).unwrap();
    let sent = all.sent();
    assert_eq!(sent.matches("\r\nAction: ").count(), 0, "{sent}");
    assert_eq!(sent.matches("\r\n\r\n").count(), 1, "{sent}");
    // Extensions of an inventory have no such characters.
    let toml = b"[[phone]]\nmac = '001D45AABB01'\nextension = '1001'\n";
    assert!(Inventory::from_toml(toml).is_ok());
}
