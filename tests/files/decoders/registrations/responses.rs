//! SIP responses: valid ones, damaged ones and random ones.

use proptest::{collection::vec, prelude::*};
use reflash::{
    discovery::Observer,
    protocol::{
        MAX_TEXT,
        frame::EthernetFrame,
        sip::{MAX_HEAD, Response},
    },
    track::{Observation, ObservationKind},
};

use super::{super::REGISTER, AT, FROM, REFUSAL, datagram, segment};

#[test]
fn valid_responses_are_decoded_and_others_are_refused() {
    let of = |line: &str, other: &str| Response::decode(REFUSAL.replace(line, other).as_bytes());
    let plain = of("", "").unwrap();
    assert_eq!(
        (plain.status, plain.is_stale(), plain.registered_for()),
        (401, false, None)
    );
    for (challenge, stale) in [
        ("Digest stale=true, algorithm=MD5", true),
        ("Digest algorithm=MD5, stale=TRUE", true),
        ("Digest algorithm=MD5, STALE = \"true\"", true),
        ("Digest algorithm=MD5, stale=false", false),
        ("Digest algorithm=MD5, opaque=\"a, stale=true\"", false),
        ("stale=true", false),
    ] {
        let response = of("Digest algorithm=MD5", challenge).unwrap();
        assert_eq!(response.is_stale(), stale, "{challenge}");
    }
    for (headers, seconds) in [
        ("Expires: 60\r\n", None),
        ("Contact: <sip:a@b>\r\nExpires: 60\r\n", Some(60)),
        ("Contact: <sip:a@b>;expires=0\r\nExpires: 60\r\n", Some(0)),
        ("m: <sip:a@b>;expires=\"90\"\r\n", Some(90)),
        ("Contact: <sip:a@b>\r\n", None),
        ("Contact: <sip:a@b>;expires=99999999999\r\n", None),
    ] {
        let response = of("Content-Length: 0\r\n", headers).unwrap();
        assert_eq!(response.registered_for(), seconds, "{headers}");
    }
    for (line, other) in [
        ("SIP/2.0 401", "SIP/2.0 099"),
        ("SIP/2.0 401", "SIP/2.0 700"),
        ("SIP/2.0 401", "SIP/2.0 4ä1"),
        ("SIP/2.0 401", "SIP/2.0  401"),
        ("SIP/2.0 401", "SIP/3.0 401"),
        ("SIP/2.0 401 Unauthorized", "SIP/2.0 40"),
        ("Call-ID", "X-Call-ID"),
    ] {
        assert!(of(line, other).is_err(), "{other}");
    }
    for end in 0..REFUSAL.len() {
        assert!(
            Response::decode(&REFUSAL.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
    let endless = format!("SIP/2.0 200 {}", "x".repeat(65_536));
    assert!(Response::decode(endless.as_bytes()).is_err());
    assert!(endless.len() > MAX_HEAD);
}

/// Lines of a message, some of them spoilt.
fn messages() -> impl Strategy<Value = String> {
    let good = prop::sample::select(vec![REGISTER, REFUSAL]);
    (good, vec((any::<prop::sample::Index>(), ".{0,40}"), 0..4)).prop_map(|(good, changes)| {
        let mut lines: Vec<String> = good.split("\r\n").map(str::to_owned).collect();
        for (at, text) in changes {
            let at = at.index(lines.len() - 2);
            lines[at] = match text.len() % 3 {
                0 => text,
                1 => format!("{}{text}", lines[at]),
                _ => lines[at].replacen(':', &text, 1),
            };
        }
        lines.join("\r\n")
    })
}

proptest! {
    /// Random REGISTERs and responses give observations with bounded texts, the address of the phone
    /// and no credentials, and each observation is read back as written.
    #[test]
    fn random_conversations_give_bounded_observations_without_credentials(texts in vec((messages(), any::<[bool; 2]>(), 0_usize..2000), 1..20)) {
        let mut observer = Observer::default();
        for (text, [is_back, is_tcp], end) in texts {
            let (from, to) = if is_back { (AT, FROM) } else { (FROM, AT) };
            let frame = if is_tcp { segment } else { datagram };
            let text: String = text.chars().take(1200 + end).collect();
            let frame = frame(from, to, &text);
            let Ok(observations) = observer.observe(&EthernetFrame::decode(&frame).unwrap()) else {
                continue;
            };
            for observation in observations {
                let json = serde_json::to_string(&observation).unwrap();
                for secret in ["c0ffee", "0badcafe", "Digest"] {
                    prop_assert!(!json.contains(secret), "{}", json);
                }
                prop_assert_eq!(&serde_json::from_str::<Observation>(&json).unwrap(), &observation);
                if let ObservationKind::Register { register, .. } = observation.kind {
                    prop_assert!(register.user.len() <= MAX_TEXT && !register.user.is_empty());
                    prop_assert_eq!(observation.address, *register.source.ip());
                }
            }
        }
    }

    #[test]
    fn a_random_response_has_a_valid_status(bytes in vec(any::<u8>(), 0..300), is_head in any::<bool>()) {
        let head: &[u8] = if is_head { b"SIP/2.0 200 OK\r\n" } else { b"" };
        let bytes = [head, &bytes, b"\r\n\r\n"].concat();
        if let Ok(response) = Response::decode(&bytes) {
            prop_assert!((100..700).contains(&response.status));
            let _ = (response.is_stale(), response.registered_for());
        }
    }
}
