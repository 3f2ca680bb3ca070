use super::*;
use crate::protocol::sccp::{encode::message, message_id};

/// A Register with a body of this length: SEP001D45AABB01, type 404, version 17, no stream.
fn register(length: usize) -> Vec<u8> {
    let mut body = b"SEP001D45AABB01\0".to_vec();
    body.resize(172, 0);
    body[20..24].copy_from_slice(&[192, 0, 2, 7]);
    body[24..28].copy_from_slice(&404_u32.to_le_bytes());
    body[40] = 17;
    body[92..105].copy_from_slice(b"SCCP42.8-5-2S");
    body.truncate(length);
    message(0, message_id::REGISTER, &body)
}

fn other(id: u32) -> Vec<u8> {
    message(0, id, &[])
}

/// A connection, its beginning, and its time.
struct Call {
    manager: CallManager,
    now: Instant,
}

impl Call {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            manager: CallManager::new(now),
            now,
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            instant: self.now,
            wall: Timestamp::UNIX_EPOCH,
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> Outcome {
        let moment = self.moment();
        self.manager.feed(moment, bytes).unwrap()
    }

    fn verdict(&mut self, verdict: Verdict) -> Outcome {
        let moment = self.moment();
        self.manager.on_verdict(moment, verdict)
    }

    /// Waits for the next deadline.
    fn wait(&mut self) -> (Duration, Outcome) {
        let before = std::mem::replace(&mut self.now, self.manager.deadline());
        (self.now - before, self.manager.on_time(self.now))
    }
}

fn ids(bytes: &[u8]) -> Vec<u32> {
    let messages = SccpStream::default().feed(bytes).unwrap();
    messages.iter().map(|message| message.id).collect()
}

const ACCEPTED: [u32; 2] = [message_id::REGISTER_ACK, message_id::CAPABILITIES_REQ];

#[test]
fn every_register_form_in_any_pieces_is_asked_about_once_and_nothing_is_sent() {
    for length in [20, 24, 44, 64, 68, 124, 172] {
        let bytes = [register(length), other(message_id::IP_PORT)].concat();
        for size in [1, 3, 7, 12, bytes.len()] {
            let mut call = Call::new();
            let mut asked = Vec::new();
            for part in bytes.chunks(size) {
                let out = call.feed(part);
                assert_eq!(out.send, [0; 0]);
                asked.extend(out.question);
            }
            let [Question::Registered(register)] = &asked[..] else {
                panic!("{length}, {size}: {asked:?}");
            };
            assert_eq!(register.name, "SEP001D45AABB01");
            assert_eq!(register.mac.map(|mac| mac.bytes()[5]), Some(1));
            assert_eq!(register.device_type, (length >= 28).then_some(404));
            assert_eq!(register.version, if length > 40 { 17 } else { 3 });
            assert_eq!(register.load.is_some(), length >= 124);
            assert!(!register.is_in_call());
        }
    }
    let mut call = Call::new();
    let moment = call.moment();
    assert!(call.manager.feed(moment, &register(19)).is_err());
}

#[test]
fn an_order_is_an_early_reset_with_the_next_message_of_the_phone() {
    let mut call = Call::new();
    call.feed(&register(124));
    let out = call.verdict(Verdict::Order);
    assert_eq!((ids(&out.send), out.reset), (ACCEPTED.to_vec(), false));
    let out = call.feed(&other(message_id::CAPABILITIES_RES));
    assert_eq!(out.send, encode::reset(17));
    assert!(out.reset && call.manager.is_ordered());
    let out = call.feed(&other(message_id::UNREGISTER));
    assert_eq!(out.send, encode::unregister_ack());
    assert_eq!(out.reports, [PhoneMessage::Unregister]);
    assert!(out.close);
}

#[test]
fn a_phone_that_sends_nothing_is_reset_after_two_seconds_and_not_again() {
    let mut call = Call::new();
    call.feed(&register(64));
    call.verdict(Verdict::Order);
    let (waited, out) = call.wait();
    assert_eq!((waited, out.reset), (EARLY_WAIT, true));
    // It may have restarted without closing the connection.
    let (waited, out) = call.wait();
    assert_eq!(
        (waited, out.close, out.question),
        (REPEAT_AFTER, true, None)
    );
}

#[test]
fn where_the_early_reset_is_ignored_the_nine_requests_are_answered_and_reset_follows() {
    let mut call = Call::new();
    call.feed(&register(124));
    call.verdict(Verdict::Order);
    assert!(call.feed(&other(message_id::CAPABILITIES_RES)).reset);
    assert_eq!(
        call.feed(&other(message_id::BUTTON_TEMPLATE_REQ)).send,
        [0; 0]
    );
    let (_, out) = call.wait();
    assert_eq!(out.question, Some(Question::Again));
    let out = call.verdict(Verdict::Order);
    assert_eq!(ids(&out.send), [message_id::BUTTON_TEMPLATE]);
    let requests = [
        (
            message_id::SOFT_KEY_TEMPLATE_REQ,
            message_id::SOFT_KEY_TEMPLATE_RES,
        ),
        (message_id::SOFT_KEY_SET_REQ, message_id::SOFT_KEY_SET_RES),
        (message_id::CONFIG_STAT_REQ, message_id::CONFIG_STAT),
        (message_id::LINE_STAT_REQ, message_id::LINE_STAT),
        (message_id::FORWARD_STAT_REQ, message_id::FORWARD_STAT),
        (message_id::TIME_DATE_REQ, message_id::DEFINE_TIME_DATE),
    ];
    for (request, answer) in requests {
        let out = call.feed(&other(request));
        assert_eq!((ids(&out.send), out.reset), (vec![answer], false));
    }
    assert_eq!(
        call.feed(&other(message_id::REGISTER_AVAILABLE_LINES)).send,
        [0; 0]
    );
    let (waited, out) = call.wait();
    assert_eq!((waited, out.reset), (SETTLED, true));
    call.feed(&other(message_id::TIME_DATE_REQ));
    let (_, out) = call.wait();
    assert!(out.close, "never a third time");
}

#[test]
fn a_held_phone_is_registered_and_kept_alive_until_its_order() {
    let mut call = Call::new();
    call.feed(&[register(68), other(message_id::BUTTON_TEMPLATE_REQ)].concat());
    let out = call.verdict(Verdict::Hold);
    let expected = [&ACCEPTED[..], &[message_id::BUTTON_TEMPLATE]].concat();
    assert_eq!(ids(&out.send), expected);
    for _ in 0..10 {
        call.now += Duration::from_secs(30);
        let out = call.feed(&other(message_id::KEEP_ALIVE));
        assert_eq!(
            (ids(&out.send), out.close),
            (vec![message_id::KEEP_ALIVE_ACK], false)
        );
    }
    assert!(call.verdict(Verdict::Order).reset);
}

#[test]
fn a_connection_with_keepalives_alone_is_never_ordered() {
    let mut call = Call::new();
    for _ in 0..20 {
        call.now += Duration::from_mins(1);
        let out = call.feed(&other(message_id::KEEP_ALIVE));
        assert_eq!(out.send, encode::keep_alive_ack());
        assert_eq!((out.question, out.reset), (None, false));
        assert_eq!(call.verdict(Verdict::Order), Outcome::default());
    }
    let (waited, out) = call.wait();
    assert_eq!((waited, out.close), (IDLE, true));
}

#[test]
fn a_token_is_rejected_and_nothing_is_ordered() {
    let mut call = Call::new();
    let out = call.feed(&other(message_id::REGISTER_TOKEN_REQ));
    assert_eq!((out.send, out.question), (encode::token_reject(), None));
}

#[test]
fn a_silent_connection_one_without_a_verdict_and_a_flood_end() {
    let mut call = Call::new();
    let (waited, out) = call.wait();
    assert_eq!((waited, out.close), (FIRST_MESSAGE, true));
    let mut call = Call::new();
    call.feed(&register(124));
    let (waited, out) = call.wait();
    assert_eq!((waited, out.close, out.send.len()), (VERDICT_WAIT, true, 0));
    let mut call = Call::new();
    let flood = other(message_id::KEEP_ALIVE).repeat(10_000);
    let out = call.feed(&flood);
    assert!(out.close && out.send.len() <= 12 * MAX_MESSAGES as usize);
    let mut call = Call::new();
    call.feed(&register(124));
    call.feed(&other(message_id::TIME_DATE_REQ).repeat(100));
    assert!(call.manager.open.len() <= MAX_OPEN);
}
