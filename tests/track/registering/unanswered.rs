//! REGISTERs without an answer: lost responses, closed ports, and phones that never register.

use std::net::{Ipv4Addr, SocketAddrV4};

use reflash::{
    diagnose::Code,
    protocol::sip::SipTransport,
    track::{EvidenceSource, ObservationKind, Plan, Register, RegisterOutcome, State},
};

use super::{
    HOST, PHONE, SOURCE_PORT, answered, assert_diagnosed, assert_withdrawn_after_200, attempt,
    authenticated, configured, converted, diagnosis, observe_register, pbx, unauthenticated,
};
use crate::support::conversation::*;

use SipTransport::{Tcp, Udp};

/// `force_rport=yes`: the PBX answers to the source port of the phone.
#[test]
fn a_response_to_the_wrong_port_is_diagnosed_from_retransmissions() {
    let mut run = converted(configured(Udp));
    let to_source_port = RegisterOutcome::Answered {
        status: 401,
        to: SocketAddrV4::new(address(HOST), SOURCE_PORT),
        stale: false,
        expires: None,
    };
    observe_register(
        &mut run,
        410.0,
        &unauthenticated(Udp),
        RegisterOutcome::Sent,
    );
    observe_register(&mut run, 410.01, &unauthenticated(Udp), to_source_port);
    observe_register(
        &mut run,
        410.5,
        &unauthenticated(Udp),
        RegisterOutcome::Again,
    );
    assert_eq!(
        diagnosis(&run),
        None,
        "one retransmission may have crossed the response"
    );
    // The same packet, captured twice.
    observe_register(
        &mut run,
        410.501,
        &unauthenticated(Udp),
        RegisterOutcome::Again,
    );
    assert_eq!(diagnosis(&run), None);
    observe_register(
        &mut run,
        411.5,
        &unauthenticated(Udp),
        RegisterOutcome::Again,
    );
    assert_diagnosed(
        &run,
        &["went to 192.168.5.5:49154", "listens on port 5060"],
        "force_rport=no",
    );
    for part in [
        " 401,",
        "pjsip show endpoint 1001",
        "does not know the user",
    ] {
        let (evidence, cure) = diagnosis(&run).unwrap();
        assert!(format!("{evidence} {cure}").contains(part), "{cure}");
    }
    assert_withdrawn_after_200(&mut run, 600.0, Udp);

    // With `rport` or a Via of another address, the network between is the cause.
    for (rport, via_differs, cure) in [(true, false, "firewall"), (false, true, "natAddress")] {
        let mut run = converted(configured(Udp));
        let register = Register {
            rport,
            via_differs,
            ..unauthenticated(Udp)
        };
        observe_register(&mut run, 410.0, &register, RegisterOutcome::Sent);
        observe_register(&mut run, 410.01, &register, to_source_port);
        observe_register(&mut run, 410.5, &register, RegisterOutcome::Again);
        observe_register(&mut run, 411.5, &register, RegisterOutcome::Again);
        assert_diagnosed(&run, &["retransmitted it 2 times"], cure);
    }
}

#[test]
fn a_silent_pbx_is_diagnosed_when_the_phone_gives_up() {
    let mut run = converted(configured(Udp));
    observe_register(
        &mut run,
        410.0,
        &unauthenticated(Udp),
        RegisterOutcome::Sent,
    );
    for at in [410.5, 411.5, 413.5, 417.5] {
        observe_register(&mut run, at, &unauthenticated(Udp), RegisterOutcome::Again);
    }
    run.advance_to(441.9);
    assert_eq!(diagnosis(&run), None);
    run.advance_to(442.0);
    assert_diagnosed(
        &run,
        &["sent 5 times since 0:06:50", "no answer was observed"],
        "fail2ban",
    );
    assert_withdrawn_after_200(&mut run, 600.0, Udp);

    let mut run = converted(configured(Tcp));
    observe_register(
        &mut run,
        410.0,
        &unauthenticated(Tcp),
        RegisterOutcome::Sent,
    );
    run.advance_to(500.0);
    assert_eq!(diagnosis(&run), None, "the TCP connection may have failed");
    observe_register(
        &mut run,
        530.0,
        &unauthenticated(Tcp),
        RegisterOutcome::Sent,
    );
    assert_diagnosed(&run, &["over TCP", "2 times since 0:06:50"], "fail2ban");
}

/// A mirror port of one direction shows no responses, though they arrive.
#[test]
fn unobserved_responses_are_not_diagnosed() {
    let mut run = converted(configured(Udp));
    for at in [410.0, 3900.0, 7400.0] {
        observe_register(&mut run, at, &unauthenticated(Udp), RegisterOutcome::Sent);
        observe_register(
            &mut run,
            at + 0.1,
            &authenticated(Udp),
            RegisterOutcome::Sent,
        );
    }
    run.advance_to(90_000.0);
    assert_eq!(diagnosis(&run), None);
    let mut run = converted(configured(Tcp));
    for at in [410.0, 3900.0, 7400.0] {
        observe_register(&mut run, at, &authenticated(Tcp), RegisterOutcome::Sent);
    }
    run.advance_to(90_000.0);
    assert_eq!(diagnosis(&run), None);
}

#[test]
fn a_closed_port_is_diagnosed_as_a_wrong_transport_or_a_stopped_pbx() {
    for transport in [Udp, Tcp] {
        let mut run = converted(Plan {
            registering: vec![mac(PHONE)],
            ..configured(transport)
        });
        let closed = ObservationKind::PortClosed {
            pbx: pbx(),
            transport,
        };
        if transport == Udp {
            observe_register(
                &mut run,
                410.0,
                &unauthenticated(Udp),
                RegisterOutcome::Sent,
            );
        }
        run.observe(410.0, HOST, closed.clone());
        run.observe(410.001, HOST, closed.clone());
        assert_eq!(diagnosis(&run), None, "the PBX may be starting");
        run.observe(430.0, HOST, closed.clone());
        let expected =
            format!("sent to {transport} port 5060 of 192.168.5.1 2 times since 0:06:50");
        assert_diagnosed(
            &run,
            &[&expected, "the port is closed"],
            "transportLayerProtocol",
        );
        run.advance_to(5000.0);
        assert_diagnosed(&run, &[&expected], "protocol and bind");
        assert_eq!(
            run.phone()
                .withdrawn
                .iter()
                .filter(|it| it.code == Code::NotRegistering)
                .count(),
            0
        );
        let other_transport = if transport == Udp { Tcp } else { Udp };
        attempt(&mut run, 5100.0, other_transport, 200);
        assert_eq!(diagnosis(&run), None);
        let evidence = run.phone().evidence.last().unwrap().detail.clone();
        assert!(
            evidence.ends_with(&format!("; its SEP file names {transport}")),
            "{evidence}"
        );
    }
}

#[test]
fn a_response_replaces_the_diagnosis_of_a_closed_port() {
    let mut run = converted(configured(Tcp));
    for at in [410.0, 430.0] {
        let transport = Tcp;
        run.observe(
            at,
            HOST,
            ObservationKind::PortClosed {
                pbx: pbx(),
                transport,
            },
        );
    }
    attempt(&mut run, 500.0, Udp, 401);
    assert_diagnosed(
        &run,
        &["rejects the secret", "its SEP file names TCP"],
        "authPassword",
    );
    assert_withdrawn_after_200(&mut run, 600.0, Udp);
}

#[test]
fn a_register_to_another_pbx_than_configured_is_diagnosed() {
    let other = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 9), 5060);
    let mut run = converted(configured(Tcp));
    let register = Register {
        pbx: other,
        ..unauthenticated(Udp)
    };
    observe_register(&mut run, 410.0, &register, RegisterOutcome::Sent);
    run.advance_to(500.0);
    assert_eq!(diagnosis(&run), None);
    observe_register(&mut run, 530.0, &register, RegisterOutcome::Sent);
    assert_diagnosed(
        &run,
        &[
            "over UDP to 10.0.0.9:5060",
            "its SEP file names 192.168.5.1:5060 over TCP",
        ],
        "Restart it",
    );
    // A refusal by the other PBX replaces the cause; the evidence still names the configured PBX.
    observe_register(&mut run, 540.0, &register, answered(403));
    assert_diagnosed(
        &run,
        &["403", "its SEP file names 192.168.5.1:5060 over TCP"],
        "max_contacts",
    );
    assert_withdrawn_after_200(&mut run, 600.0, Tcp);
}

/// A converted phone, and the phones that are expected to register.
fn expecting(registering: &[u8]) -> Run {
    converted(Plan {
        registering: registering.iter().map(|last| mac(*last)).collect(),
        ..plan()
    })
}

#[test]
fn a_converted_phone_that_does_not_register_is_diagnosed_until_it_does() {
    let code = reflash::diagnose::Code::NotRegistering;
    let is_active = |run: &Run| {
        let phone = run.phone();
        phone.diagnoses.iter().any(|found| found.code == code)
    };
    let mut run = expecting(&[PHONE]);
    run.advance_to(700.7);
    assert_eq!(run.state(), State::Flashed);
    assert!(!is_active(&run), "5 minutes have not passed");
    let awaited: Vec<_> = run
        .fleet
        .awaiting_registration()
        .iter()
        .map(|it| it.mac)
        .collect();
    assert_eq!(awaited, [Some(mac(PHONE))]);
    run.advance_to(701.0);
    assert!(is_active(&run));
    assert!(
        run.fleet.awaiting_registration().is_empty(),
        "its time has passed"
    );
    let found = run.phone().diagnoses.remove(0);
    assert!(found.evidence.contains("at 0:06:40"), "{}", found.evidence);
    assert_eq!(run.state(), State::Flashed, "it stays converted");

    run.report_mac(800.0, HOST, PHONE, EvidenceSource::Sip);
    assert!(!is_active(&run));
    assert!(run.phone().withdrawn.iter().any(|found| found.code == code));
    run.advance_to(9000.0);
    assert!(!is_active(&run), "one REGISTER is enough");
}

#[test]
fn a_phone_that_registers_in_time_or_is_not_expected_or_not_converted_is_not_diagnosed() {
    let assert_not_diagnosed = |run: &mut Run| {
        run.advance_to(9000.0);
        let phone = run.phone();
        let code = reflash::diagnose::Code::NotRegistering;
        assert!(!phone.diagnoses.iter().any(|found| found.code == code));
        assert!(!phone.withdrawn.iter().any(|found| found.code == code));
    };
    let mut in_time = expecting(&[PHONE]);
    in_time.report_mac(430.0, HOST, PHONE, EvidenceSource::Sip);
    assert!(in_time.fleet.awaiting_registration().is_empty());
    assert_not_diagnosed(&mut in_time);
    assert_not_diagnosed(&mut expecting(&[13]));
    let mut unconverted = Run::new(Plan {
        registering: vec![mac(PHONE)],
        ..plan()
    });
    unconverted.stage(&format!("SEP{}.cnf.xml", mac(PHONE).upper_hex()), 5000);
    assert_not_diagnosed(unconverted.boot(0.0, HOST, PHONE));
}
