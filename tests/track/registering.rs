//! Why a converted phone is not registered: each cause by its REGISTERs and answers, and nothing
//! said where that would be a guess.

use std::net::{Ipv4Addr, SocketAddrV4};

use proptest::prelude::*;
use reflash::{
    diagnose::Code,
    protocol::sip::SipTransport,
    track::{
        Event, EvidenceSource, ObservationKind, Plan, Register, RegisterOutcome,
        RegistrationTarget, RunState, State, TransferEnd,
    },
};

use crate::support::conversation::*;

use SipTransport::{Tcp, Udp};

const WHO: u8 = 5;
const PHONE: u8 = 12;
/// Where the phone sends from; it listens at 5060.
const FROM: u16 = 49_154;

fn pbx() -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(192, 168, 5, 1), 5060)
}

fn asks(transport: SipTransport) -> Register {
    Register {
        user: "1001".to_owned(),
        source: SocketAddrV4::new(address(WHO), FROM),
        pbx: pbx(),
        transport,
        via_port: 5060,
        rport: false,
        via_differs: false,
        has_credentials: false,
        is_unregister: false,
    }
}

fn proves(transport: SipTransport) -> Register {
    Register {
        has_credentials: true,
        ..asks(transport)
    }
}

/// The end where the phone listens.
fn there() -> SocketAddrV4 {
    SocketAddrV4::new(address(WHO), 5060)
}

fn answer(status: u16) -> RegisterOutcome {
    RegisterOutcome::Answered {
        status,
        to: there(),
        stale: false,
        expires: (status == 200).then_some(3600),
    }
}

/// A phone that was converted and took its own configuration at 400 s.
fn converted(plan: Plan) -> Run {
    let mut run = Run::new(plan);
    run.stage(&format!("SEP{}.cnf.xml", mac(PHONE).upper_hex()), 5000);
    run.boots(0.0, WHO, PHONE).passes(10.0, WHO, LOADS);
    run.boots(400.0, WHO, PHONE);
    assert_eq!(run.state(), State::Flashed);
    run
}

fn written(transport: SipTransport) -> Plan {
    Plan {
        registrations: vec![RegistrationTarget {
            mac: mac(PHONE),
            pbx: vec![pbx()],
            transport: Some(transport),
        }],
        ..plan()
    }
}

fn see(run: &mut Run, at: f64, register: &Register, outcome: RegisterOutcome) {
    let register = Box::new(register.clone());
    run.see(at, WHO, ObservationKind::Register { register, outcome });
}

/// One try: the question for the password, then what a proof is answered with.
fn tries(run: &mut Run, at: f64, transport: SipTransport, status: u16) {
    see(run, at, &asks(transport), RegisterOutcome::Sent);
    see(run, at + 0.01, &asks(transport), answer(401));
    see(run, at + 0.02, &proves(transport), RegisterOutcome::Sent);
    see(run, at + 0.03, &proves(transport), answer(status));
}

/// Evidence and cure, if it stands.
fn said(run: &Run) -> Option<(String, String)> {
    let mut standing = run.phone().diagnoses.into_iter();
    standing
        .find(|found| found.code == Code::NotRegistering)
        .map(|found| (found.evidence, found.cure))
}

fn says(run: &Run, evidence: &[&str], cure: &str) {
    let Some((seen, to_do)) = said(run) else {
        panic!("nothing is said: {:#?}", run.phone());
    };
    for words in evidence {
        assert!(seen.contains(words), "'{words}' is not in: {seen}");
    }
    assert!(to_do.contains(cure), "'{cure}' is not in: {to_do}");
    assert_eq!(run.state(), State::Flashed, "it is converted all the same");
    assert!(run.fleet.succeeded() || !run.phone().diagnoses.is_empty());
}

/// Nor was it, and taken back.
fn never_said(run: &Run) {
    let phone = run.phone();
    let mut all = phone.diagnoses.iter().chain(&phone.withdrawn);
    let found = all.find(|found| found.code == Code::NotRegistering);
    assert_eq!(found, None);
}

/// A 200 takes it back, and the phone is as converted as before.
fn is_taken_back(run: &mut Run, at: f64, transport: SipTransport) {
    tries(run, at, transport, 200);
    assert_eq!(said(run), None);
    let phone = run.phone();
    let mut withdrawn = phone.withdrawn.iter();
    assert!(withdrawn.any(|found| found.code == Code::NotRegistering));
    let evidence = phone.evidence.last().unwrap();
    assert_eq!(evidence.source, EvidenceSource::Sip);
    let words = format!("registration as '1001' over {transport} at 192.168.5.1:5060");
    assert!(evidence.detail.starts_with(&words), "{evidence:?}");
    assert_eq!(phone.state, State::Flashed);
    run.until(90_000.0);
    assert_eq!(said(run), None, "nor does it come back");
}

#[test]
fn a_registered_phone_is_said_to_be_and_nothing_is_wrong() {
    let mut run = converted(written(Tcp));
    for round in 0..5 {
        tries(&mut run, 410.0 + 3000.0 * f64::from(round), Tcp, 200);
    }
    run.until(90_000.0);
    let phone = run.phone();
    never_said(&run);
    let told: Vec<_> = phone
        .evidence
        .iter()
        .filter(|it| it.source == EvidenceSource::Sip)
        .collect();
    assert_eq!(told.len(), 1, "once, not at each refresh: {told:?}");
    assert_eq!(
        told[0].detail,
        "registration as '1001' over TCP at 192.168.5.1:5060: the PBX answered 200"
    );
    assert!(run.fleet.succeeded());
}

/// A PBX's phones register all day long.
#[test]
fn registering_holds_up_no_end_of_a_run() {
    let mut run = converted(Plan {
        expect: Some(1),
        ..written(Udp)
    });
    let settled = 400.0 + reflash::track::SETTLED_AFTER.as_secs_f64();
    run.until(settled + 10.0);
    for at in 0..20 {
        tries(&mut run, settled + 10.0 + f64::from(at), Udp, 200);
    }
    assert_eq!(run.fleet.run_state(run.now), RunState::Ended);
}

#[test]
fn a_wrong_secret_is_refused_the_second_time_that_it_is_asked_for() {
    let mut run = converted(written(Udp));
    see(&mut run, 410.0, &asks(Udp), RegisterOutcome::Sent);
    see(&mut run, 410.1, &asks(Udp), answer(401));
    assert_eq!(said(&run), None, "every phone is asked once");
    see(&mut run, 410.2, &proves(Udp), RegisterOutcome::Sent);
    see(&mut run, 410.3, &proves(Udp), answer(401));
    says(
        &run,
        &[
            "as '1001' over UDP to 192.168.5.1:5060",
            "once at 0:06:50",
            "rejects the secret",
        ],
        "authPassword",
    );
    let raised = run.events.len();
    tries(&mut run, 500.0, Udp, 401);
    let more = &run.events[raised..];
    assert!(
        !more
            .iter()
            .any(|event| matches!(event, Event::Diagnosis { .. })),
        "said once"
    );
    is_taken_back(&mut run, 600.0, Udp);
}

#[test]
fn a_proof_that_is_too_old_is_no_wrong_one() {
    let mut run = converted(written(Udp));
    let stale = RegisterOutcome::Answered {
        status: 401,
        to: there(),
        stale: true,
        expires: None,
    };
    for at in [410.0, 2000.0, 4000.0] {
        // With what it was asked for last time; the PBX forgot, and some do not say that.
        see(&mut run, at, &proves(Udp), RegisterOutcome::Sent);
        see(
            &mut run,
            at + 0.1,
            &proves(Udp),
            if at > 3000.0 { answer(401) } else { stale },
        );
        see(&mut run, at + 0.2, &proves(Udp), RegisterOutcome::Sent);
        see(&mut run, at + 0.3, &proves(Udp), answer(200));
    }
    never_said(&run);
}

#[test]
fn each_refusal_has_its_own_cure() {
    for (status, tries_needed, evidence, cure) in [
        (403, 1, "403 (forbidden)", "max_contacts"),
        (404, 1, "knows no such user", "the endpoint and the aor"),
        (423, 2, "shorter interval", "timerRegisterExpires"),
        (503, 2, "answered 503 2 times since", "Read the PBX's log"),
    ] {
        let mut run = converted(written(Udp));
        for round in 1..=tries_needed {
            assert_eq!(said(&run), None, "{status} before try {round}");
            tries(&mut run, 410.0 + 60.0 * f64::from(round), Udp, status);
        }
        says(&run, &[evidence, "'1001'"], cure);
        is_taken_back(&mut run, 900.0, Udp);
    }
}

#[test]
fn who_never_proves_a_password_has_none() {
    let mut run = converted(written(Udp));
    for (round, at) in [410.0, 470.0, 530.0].into_iter().enumerate() {
        assert_eq!(said(&run), None, "{round}");
        see(&mut run, at, &asks(Udp), RegisterOutcome::Sent);
        see(&mut run, at + 0.1, &asks(Udp), answer(401));
    }
    says(
        &run,
        &["3 times since 0:06:50", "never sent credentials"],
        "empty or missing",
    );
    is_taken_back(&mut run, 900.0, Udp);
}

/// `force_rport=yes`: the PBX answers where the phone sends from.
#[test]
fn an_answer_that_goes_where_the_phone_does_not_listen_is_seen_by_its_repeats() {
    let mut run = converted(written(Udp));
    let astray = RegisterOutcome::Answered {
        status: 401,
        to: SocketAddrV4::new(address(WHO), FROM),
        stale: false,
        expires: None,
    };
    see(&mut run, 410.0, &asks(Udp), RegisterOutcome::Sent);
    see(&mut run, 410.01, &asks(Udp), astray);
    see(&mut run, 410.5, &asks(Udp), RegisterOutcome::Again);
    assert_eq!(said(&run), None, "one may have crossed its answer");
    // The same packet, captured twice.
    see(&mut run, 410.501, &asks(Udp), RegisterOutcome::Again);
    assert_eq!(said(&run), None);
    see(&mut run, 411.5, &asks(Udp), RegisterOutcome::Again);
    says(
        &run,
        &["went to 192.168.5.5:49154", "listens on port 5060"],
        "force_rport=no",
    );
    is_taken_back(&mut run, 600.0, Udp);

    // One that asks for that, and does not get it all the same: the way is at fault.
    for (rport, via_differs, cure) in [(true, false, "firewall"), (false, true, "natAddress")] {
        let mut run = converted(written(Udp));
        let register = Register {
            rport,
            via_differs,
            ..asks(Udp)
        };
        see(&mut run, 410.0, &register, RegisterOutcome::Sent);
        see(&mut run, 410.01, &register, astray);
        see(&mut run, 410.5, &register, RegisterOutcome::Again);
        see(&mut run, 411.5, &register, RegisterOutcome::Again);
        says(&run, &["retransmitted it 2 times"], cure);
    }
}

#[test]
fn a_pbx_that_never_answers_is_waited_for_as_long_as_the_phone_does() {
    let mut run = converted(written(Udp));
    see(&mut run, 410.0, &asks(Udp), RegisterOutcome::Sent);
    for at in [410.5, 411.5, 413.5, 417.5] {
        see(&mut run, at, &asks(Udp), RegisterOutcome::Again);
    }
    run.until(441.9);
    assert_eq!(said(&run), None);
    run.until(442.0);
    says(
        &run,
        &["sent 5 times since 0:06:50", "no answer was observed"],
        "fail2ban",
    );
    is_taken_back(&mut run, 600.0, Udp);

    let mut run = converted(written(Tcp));
    see(&mut run, 410.0, &asks(Tcp), RegisterOutcome::Sent);
    run.until(500.0);
    assert_eq!(said(&run), None, "its connection may have been cut");
    see(&mut run, 530.0, &asks(Tcp), RegisterOutcome::Sent);
    says(&run, &["over TCP", "2 times since 0:06:50"], "fail2ban");
}

/// Behind a mirror of one direction answers are not heard, though they come.
#[test]
fn answers_that_cannot_be_heard_are_not_missed() {
    let mut run = converted(written(Udp));
    for at in [410.0, 3900.0, 7400.0] {
        see(&mut run, at, &asks(Udp), RegisterOutcome::Sent);
        see(&mut run, at + 0.1, &proves(Udp), RegisterOutcome::Sent);
    }
    run.until(90_000.0);
    assert_eq!(said(&run), None);
    let mut run = converted(written(Tcp));
    for at in [410.0, 3900.0, 7400.0] {
        see(&mut run, at, &proves(Tcp), RegisterOutcome::Sent);
    }
    run.until(90_000.0);
    assert_eq!(said(&run), None);
}

#[test]
fn a_closed_port_is_a_wrong_transport_or_no_pbx() {
    for transport in [Udp, Tcp] {
        let mut run = converted(Plan {
            registering: vec![mac(PHONE)],
            ..written(transport)
        });
        let closed = ObservationKind::PortClosed {
            pbx: pbx(),
            transport,
        };
        if transport == Udp {
            see(&mut run, 410.0, &asks(Udp), RegisterOutcome::Sent);
        }
        run.see(410.0, WHO, closed.clone());
        run.see(410.001, WHO, closed.clone());
        assert_eq!(said(&run), None, "a PBX may be starting");
        run.see(430.0, WHO, closed.clone());
        let place = format!("sent to {transport} port 5060 of 192.168.5.1 2 times since 0:06:50");
        says(
            &run,
            &[&place, "the port is closed"],
            "transportLayerProtocol",
        );
        run.until(5000.0);
        says(&run, &[&place], "protocol and bind");
        assert_eq!(
            run.phone()
                .withdrawn
                .iter()
                .filter(|it| it.code == Code::NotRegistering)
                .count(),
            0
        );
        let other = if transport == Udp { Tcp } else { Udp };
        tries(&mut run, 5100.0, other, 200);
        assert_eq!(said(&run), None);
        let evidence = run.phone().evidence.last().unwrap().detail.clone();
        assert!(
            evidence.ends_with(&format!("; its SEP file names {transport}")),
            "{evidence}"
        );
    }
}

/// What was found closed before it had another configuration says nothing of this one.
#[test]
fn what_answers_is_not_closed() {
    let mut run = converted(written(Tcp));
    for at in [410.0, 430.0] {
        let transport = Tcp;
        run.see(
            at,
            WHO,
            ObservationKind::PortClosed {
                pbx: pbx(),
                transport,
            },
        );
    }
    tries(&mut run, 500.0, Udp, 401);
    says(
        &run,
        &["rejects the secret", "its SEP file names TCP"],
        "authPassword",
    );
    is_taken_back(&mut run, 600.0, Udp);
}

#[test]
fn a_phone_that_asks_elsewhere_than_it_was_told_is_said_to() {
    let other = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 9), 5060);
    let mut run = converted(written(Tcp));
    let register = Register {
        pbx: other,
        ..asks(Udp)
    };
    see(&mut run, 410.0, &register, RegisterOutcome::Sent);
    run.until(500.0);
    assert_eq!(said(&run), None);
    see(&mut run, 530.0, &register, RegisterOutcome::Sent);
    says(
        &run,
        &[
            "over UDP to 10.0.0.9:5060",
            "its SEP file names 192.168.5.1:5060 over TCP",
        ],
        "Restart it",
    );
    // That it is refused there is said in place of it, and where it should ask too.
    see(&mut run, 540.0, &register, answer(403));
    says(
        &run,
        &["403", "its SEP file names 192.168.5.1:5060 over TCP"],
        "max_contacts",
    );
    is_taken_back(&mut run, 600.0, Tcp);
}

/// Transfers and frames are observed by two threads: the end of the transfer may come last.
#[test]
fn a_refusal_before_the_end_of_the_configuration_is_observed_is_kept() {
    let own = format!("SEP{}.cnf.xml", mac(PHONE).upper_hex());
    let mut run = converted(written(Udp));
    tries(&mut run, 410.0, Udp, 200);
    let transfer = run.asks(500.0, WHO, &own);
    see(&mut run, 500.1, &asks(Udp), RegisterOutcome::Sent);
    let size = run.size(&own);
    run.ends(500.11, WHO, transfer, TransferEnd::Delivered, size);
    see(&mut run, 500.12, &asks(Udp), answer(401));
    see(&mut run, 500.13, &proves(Udp), RegisterOutcome::Sent);
    see(&mut run, 500.14, &proves(Udp), answer(401));
    says(&run, &["rejects the secret"], "authPassword");

    // Even all of it may be observed before the first delivery.
    let mut run = Run::new(written(Udp));
    run.stage(&own, 5000);
    let transfer = run.asks(0.0, WHO, &own);
    tries(&mut run, 0.1, Udp, 401);
    assert_eq!(
        said(&run),
        None,
        "the phone may register with an older configuration"
    );
    run.ends(0.2, WHO, transfer, TransferEnd::Delivered, 5000);
    assert!(said(&run).is_some());
}

#[test]
fn one_line_s_200_is_not_another_s() {
    let mut run = converted(written(Udp));
    tries(&mut run, 410.0, Udp, 401);
    let second = Register {
        user: "1002".to_owned(),
        ..proves(Udp)
    };
    see(&mut run, 411.0, &second, RegisterOutcome::Sent);
    see(&mut run, 411.1, &second, answer(200));
    says(&run, &["'1001'"], "authPassword");
    is_taken_back(&mut run, 600.0, Udp);
}

#[test]
fn a_registration_that_is_taken_back_is_none() {
    let mut run = converted(written(Udp));
    let is_unregister = Register {
        is_unregister: true,
        ..proves(Udp)
    };
    tries(&mut run, 410.0, Udp, 401);
    see(&mut run, 420.0, &is_unregister, RegisterOutcome::Sent);
    see(&mut run, 420.1, &is_unregister, answer(200));
    says(&run, &["rejects the secret"], "authPassword");
    // Nor is an answer that names no contact.
    let empty = RegisterOutcome::Answered {
        status: 200,
        to: there(),
        stale: false,
        expires: None,
    };
    see(&mut run, 430.0, &proves(Udp), RegisterOutcome::Sent);
    see(&mut run, 430.1, &proves(Udp), empty);
    says(&run, &["rejects the secret"], "authPassword");
}

#[test]
fn nothing_is_said_of_who_is_not_converted_and_nobody_becomes_a_phone() {
    let mut run = Run::new(written(Udp));
    tries(&mut run, 1.0, Udp, 401);
    let closed = ObservationKind::PortClosed {
        pbx: pbx(),
        transport: Udp,
    };
    run.see(2.0, WHO, closed);
    let report = run.fleet.report(jiff::Timestamp::UNIX_EPOCH);
    assert!(report.phones.is_empty() && report.others.is_empty());
    assert!(run.events.is_empty());

    // Between its images it is nobody's business; with its configuration and no load it is.
    run.boots(10.0, WHO, PHONE).gets(20.0, WHO, LOADS);
    tries(&mut run, 25.0, Udp, 401);
    assert_eq!((said(&run), run.state()), (None, State::Manifest));
    let mut run = Run::new(written(Udp));
    run.stage(&format!("SEP{}.cnf.xml", mac(PHONE).upper_hex()), 5000);
    run.boots(0.0, WHO, PHONE);
    tries(&mut run, 25.0, Udp, 401);
    assert!(said(&run).is_some());
    assert_eq!(run.state(), State::Configuring);
}

#[test]
fn an_observation_is_read_as_written_and_with_the_names_of_schema_1() {
    let register = Box::new(proves(Tcp));
    let seen = ObservationKind::Register {
        register,
        outcome: answer(200),
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

fn fates() -> impl Strategy<Value = RegisterOutcome> {
    let to = prop_oneof![Just(there()), Just(SocketAddrV4::new(address(WHO), FROM))];
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
    /// Whatever is heard of REGISTERs: no state changes, nothing stands twice, time ends, and a
    /// registration of every line leaves nothing said.
    #[test]
    fn any_story_leaves_a_converted_phone_converted(
        story in prop::collection::vec(
            (0.0_f64..90.0, 0_usize..4, fates(), any::<[bool; 4]>(), prop::bool::weighted(0.1)),
            0..60,
        ),
    ) {
        let mut run = converted(written(Udp));
        let mut now = 410.0;
        let users = ["1001", "1002", "\u{1b}[2J", "x"];
        for (wait, user, outcome, [tcp, has_credentials, rport, is_unregister], is_closed) in story {
            now += wait;
            let transport = if tcp { Tcp } else { Udp };
            let register = Register {
                user: users[user].to_owned(),
                has_credentials,
                rport,
                is_unregister,
                ..asks(transport)
            };
            if is_closed {
                run.see(now, WHO, ObservationKind::PortClosed { pbx: pbx(), transport });
            } else {
                see(&mut run, now, &register, outcome);
            }
            let phone = run.phone();
            prop_assert_eq!(phone.state, State::Flashed);
            let said = phone.diagnoses.iter().filter(|it| it.code == Code::NotRegistering);
            prop_assert!(said.clone().count() <= 1);
            let escape = char::from(0x1b);
            prop_assert!(said.clone().all(|it| !it.evidence.contains(escape)));
        }
        run.until(now + 1000.0);
        for user in users {
            let register = Register {
                user: user.to_owned(),
                ..proves(Udp)
            };
            see(&mut run, now + 1001.0, &register, RegisterOutcome::Sent);
            see(&mut run, now + 1001.0, &register, answer(200));
        }
        prop_assert_eq!(said(&run), None);
        run.until(now + 90_000.0);
        prop_assert_eq!(run.fleet.next_deadline(), None);
    }
}
