//! Why a converted phone is not registered: each cause is diagnosed from its REGISTERs and
//! responses, and nothing is diagnosed where the cause would be a guess.

mod lines;
mod refusals;
mod unanswered;

use std::net::{Ipv4Addr, SocketAddrV4};

use proptest::prelude::*;
use reflash::{
    diagnose::Code,
    protocol::sip::SipTransport,
    track::{
        ConfiguredLine, EvidenceSource, ObservationKind, Plan, Register, RegisterOutcome,
        RegistrationTarget, RunState, State,
    },
};

use crate::support::conversation::*;

use SipTransport::{Tcp, Udp};

const HOST: u8 = 5;
const PHONE: u8 = 12;
/// The source port of the phone; it listens on port 5060.
const SOURCE_PORT: u16 = 49_154;

fn pbx() -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(192, 168, 5, 1), 5060)
}

/// A REGISTER without credentials.
fn unauthenticated(transport: SipTransport) -> Register {
    Register {
        user: "1001".to_owned(),
        source: SocketAddrV4::new(address(HOST), SOURCE_PORT),
        pbx: pbx(),
        transport,
        via_port: 5060,
        rport: false,
        via_differs: false,
        has_credentials: false,
        is_unregister: false,
    }
}

/// A REGISTER with credentials.
fn authenticated(transport: SipTransport) -> Register {
    Register {
        has_credentials: true,
        ..unauthenticated(transport)
    }
}

/// The socket address where the phone listens.
fn contact() -> SocketAddrV4 {
    SocketAddrV4::new(address(HOST), 5060)
}

/// A response that reaches the phone.
fn answered(status: u16) -> RegisterOutcome {
    RegisterOutcome::Answered {
        status,
        to: contact(),
        stale: false,
        expires: (status == 200).then_some(3600),
    }
}

/// A phone that was converted and took its own configuration at 400 s.
fn converted(plan: Plan) -> Run {
    let mut run = Run::new(plan);
    run.stage(&format!("SEP{}.cnf.xml", mac(PHONE).upper_hex()), 5000);
    run.boot(0.0, HOST, PHONE).full_pass(10.0, HOST, LOADS);
    run.boot(400.0, HOST, PHONE);
    assert_eq!(run.state(), State::Flashed);
    run
}

/// The configuration of the phone names the PBX and this transport.
fn configured(transport: SipTransport) -> Plan {
    Plan {
        registrations: vec![RegistrationTarget {
            mac: mac(PHONE),
            pbx: vec![pbx()],
            transport: Some(transport),
            lines: vec![ConfiguredLine {
                user: "1001".to_owned(),
                visible: true,
            }],
        }],
        ..plan()
    }
}

fn observe_register(run: &mut Run, at: f64, register: &Register, outcome: RegisterOutcome) {
    let register = Box::new(register.clone());
    run.observe(at, HOST, ObservationKind::Register { register, outcome });
}

/// One attempt: the PBX answers 401, then this status to the REGISTER with credentials.
fn attempt(run: &mut Run, at: f64, transport: SipTransport, status: u16) {
    observe_register(run, at, &unauthenticated(transport), RegisterOutcome::Sent);
    observe_register(run, at + 0.01, &unauthenticated(transport), answered(401));
    observe_register(
        run,
        at + 0.02,
        &authenticated(transport),
        RegisterOutcome::Sent,
    );
    observe_register(run, at + 0.03, &authenticated(transport), answered(status));
}

/// Evidence and cure of `not-registering`, if it is active.
fn diagnosis(run: &Run) -> Option<(String, String)> {
    let mut active = run.phone().diagnoses.into_iter();
    active
        .find(|found| found.code == Code::NotRegistering)
        .map(|found| (found.evidence, found.cure))
}

fn assert_diagnosed(run: &Run, evidence: &[&str], cure: &str) {
    let Some((actual_evidence, actual_cure)) = diagnosis(run) else {
        panic!("not diagnosed: {:#?}", run.phone());
    };
    for part in evidence {
        assert!(
            actual_evidence.contains(part),
            "'{part}' is missing in: {actual_evidence}"
        );
    }
    assert!(
        actual_cure.contains(cure),
        "'{cure}' is missing in: {actual_cure}"
    );
    assert_eq!(run.state(), State::Flashed, "it stays converted");
    assert!(run.fleet.succeeded() || !run.phone().diagnoses.is_empty());
}

/// `not-registering` is not active and was not withdrawn.
fn assert_never_diagnosed(run: &Run) {
    let phone = run.phone();
    let mut all = phone.diagnoses.iter().chain(&phone.withdrawn);
    let found = all.find(|found| found.code == Code::NotRegistering);
    assert_eq!(found, None);
}

/// A 200 withdraws `not-registering`, and the phone stays converted.
fn assert_withdrawn_after_200(run: &mut Run, at: f64, transport: SipTransport) {
    attempt(run, at, transport, 200);
    assert_eq!(diagnosis(run), None);
    let phone = run.phone();
    let mut withdrawn = phone.withdrawn.iter();
    assert!(withdrawn.any(|found| found.code == Code::NotRegistering));
    let evidence = phone.evidence.last().unwrap();
    assert_eq!(evidence.source, EvidenceSource::Sip);
    let expected = format!("registration as '1001' over {transport} at 192.168.5.1:5060");
    assert!(evidence.detail.starts_with(&expected), "{evidence:?}");
    assert_eq!(phone.state, State::Flashed);
    run.advance_to(90_000.0);
    assert_eq!(diagnosis(run), None, "it is not raised again");
}

#[test]
fn a_registered_phone_has_evidence_once_and_no_diagnosis() {
    let mut run = converted(configured(Tcp));
    for round in 0..5 {
        attempt(&mut run, 410.0 + 3000.0 * f64::from(round), Tcp, 200);
    }
    run.advance_to(90_000.0);
    let phone = run.phone();
    assert_never_diagnosed(&run);
    let sip_evidence: Vec<_> = phone
        .evidence
        .iter()
        .filter(|it| it.source == EvidenceSource::Sip)
        .collect();
    assert_eq!(
        sip_evidence.len(),
        1,
        "once, not at each refresh: {sip_evidence:?}"
    );
    assert_eq!(
        sip_evidence[0].detail,
        "registration as '1001' over TCP at 192.168.5.1:5060: the PBX answered 200"
    );
    assert!(run.fleet.succeeded());
}

#[test]
fn refreshed_registrations_do_not_delay_the_end_of_a_run() {
    let mut run = converted(Plan {
        expect: Some(1),
        ..configured(Udp)
    });
    let settled = 400.0 + reflash::track::SETTLED_AFTER.as_secs_f64();
    run.advance_to(settled + 10.0);
    for at in 0..20 {
        attempt(&mut run, settled + 10.0 + f64::from(at), Udp, 200);
    }
    assert_eq!(run.fleet.run_state(run.now), RunState::Ended);
}

#[test]
fn a_phone_without_a_configuration_is_not_diagnosed_and_a_register_makes_no_phone() {
    let mut run = Run::new(configured(Udp));
    attempt(&mut run, 1.0, Udp, 401);
    let closed = ObservationKind::PortClosed {
        pbx: pbx(),
        transport: Udp,
    };
    run.observe(2.0, HOST, closed);
    let report = run.fleet.report(jiff::Timestamp::UNIX_EPOCH);
    assert!(report.phones.is_empty() && report.others.is_empty());
    assert!(run.events.is_empty());

    // A phone between its images is not diagnosed; one that only fetched its configuration is.
    run.boot(10.0, HOST, PHONE).fetch(20.0, HOST, LOADS);
    attempt(&mut run, 25.0, Udp, 401);
    assert_eq!((diagnosis(&run), run.state()), (None, State::Manifest));
    let mut run = Run::new(configured(Udp));
    run.stage(&format!("SEP{}.cnf.xml", mac(PHONE).upper_hex()), 5000);
    run.boot(0.0, HOST, PHONE);
    attempt(&mut run, 25.0, Udp, 401);
    assert!(diagnosis(&run).is_some());
    assert_eq!(run.state(), State::Configuring);
}

#[test]
fn an_observation_is_read_as_written_and_with_the_names_of_schema_1() {
    let register = Box::new(authenticated(Tcp));
    let seen = ObservationKind::Register {
        register,
        outcome: answered(200),
    };
    let json = serde_json::to_string(&seen).unwrap();
    assert_eq!(
        serde_json::from_str::<ObservationKind>(&json).unwrap(),
        seen
    );
    assert_eq!(
        json,
        r#"{"register":{"register":{"user":"1001","source":"192.168.5.5:49154","pbx":"192.168.5.1:5060","transport":"tcp","via_port":5060,"rport":false,"via_differs":false,"has_credentials":true,"is_unregister":false},"outcome":{"answered":{"status":200,"to":"192.168.5.5:5060","stale":false,"expires":3600}}}}"#
    );
    let schema_1 = r#"{"register":{"register":{"user":"1001","source":"192.168.5.5:49154","pbx":"192.168.5.1:5060","over":"tcp","listens":5060,"rport":false,"nat":false,"proof":true,"leaves":false},"outcome":{"answered":{"status":200,"to":"192.168.5.5:5060","stale":false,"expires":3600}}}}"#;
    assert_eq!(
        serde_json::from_str::<ObservationKind>(schema_1).unwrap(),
        seen
    );
}

fn outcomes() -> impl Strategy<Value = RegisterOutcome> {
    let to = prop_oneof![
        Just(contact()),
        Just(SocketAddrV4::new(address(HOST), SOURCE_PORT))
    ];
    prop_oneof![
        Just(RegisterOutcome::Sent),
        Just(RegisterOutcome::Again),
        (
            prop::sample::select(vec![200_u16, 401, 403, 407, 423, 503, 699]),
            to,
            any::<bool>(),
            prop::option::of(0_u32..4000),
        )
            .prop_map(|(status, to, stale, expires)| RegisterOutcome::Answered {
                status,
                to,
                stale,
                expires
            }),
    ]
}

proptest! {
    /// Random REGISTERs and responses change no state and raise `not-registering` at most once;
    /// a registration of every line withdraws it.
    #[test]
    fn random_registers_never_change_the_state_of_a_converted_phone(
        steps in prop::collection::vec(
            (0.0_f64..90.0, 0_usize..4, outcomes(), any::<[bool; 4]>(), prop::bool::weighted(0.1)),
            0..60,
        ),
    ) {
        let mut run = converted(configured(Udp));
        let mut now = 410.0;
        let users = ["1001", "1002", "\u{1b}[2J", "x"];
        for (wait, user, outcome, [tcp, has_credentials, rport, is_unregister], is_closed) in steps {
            now += wait;
            let transport = if tcp { Tcp } else { Udp };
            let register = Register {
                user: users[user].to_owned(),
                has_credentials,
                rport,
                is_unregister,
                ..unauthenticated(transport)
            };
            if is_closed {
                run.observe(now, HOST, ObservationKind::PortClosed { pbx: pbx(), transport });
            } else {
                observe_register(&mut run, now, &register, outcome);
            }
            let phone = run.phone();
            prop_assert_eq!(phone.state, State::Flashed);
            let active = phone.diagnoses.iter().filter(|it| it.code == Code::NotRegistering);
            prop_assert!(active.clone().count() <= 1);
            let escape = char::from(0x1b);
            prop_assert!(active.clone().all(|it| !it.evidence.contains(escape)));
        }
        run.advance_to(now + 1000.0);
        for user in users {
            let register = Register {
                user: user.to_owned(),
                ..authenticated(Udp)
            };
            observe_register(&mut run, now + 1001.0, &register, RegisterOutcome::Sent);
            observe_register(&mut run, now + 1001.0, &register, answered(200));
        }
        // After a lost answer, the next one counts once the phone does not retransmit.
        run.advance_to(now + 1006.0);
        prop_assert_eq!(diagnosis(&run), None);
        run.advance_to(now + 90_000.0);
        prop_assert_eq!(run.fleet.next_deadline(), None);
    }
}
