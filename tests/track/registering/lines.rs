//! Lines of configured phones: which are registered, how long a run waits for them, and answers
//! that phones do not receive.

use std::{net::SocketAddrV4, time::Duration};

use reflash::{
    diagnose::Code,
    protocol::sip::SipTransport,
    track::{
        ConfiguredLine, Event, EvidenceSource, LineState, ObservationKind, Plan, REGISTRATION_WAIT,
        Register, RegisterOutcome, Registrations, RunState, SETTLED_AFTER, TransferId, Transport,
    },
};

use super::{
    HOST, PHONE, SOURCE_PORT, answered, assert_never_diagnosed, attempt, authenticated, configured,
    contact, converted, diagnosis, observe_register, unauthenticated,
};
use crate::support::conversation::*;

use SipTransport::Udp;

/// The phone booted at 400 s and requested its configuration within 2 s, so it is settled now.
fn settled() -> f64 {
    402.0 + SETTLED_AFTER.as_secs_f64()
}

/// The plan for a phone with these lines, each visible or not.
fn lines(lines: &[(&str, bool)]) -> Plan {
    let mut plan = Plan {
        expected: Some(vec![mac(PHONE)]),
        ..configured(Udp)
    };
    let line = |(user, visible): &(&str, bool)| ConfiguredLine {
        user: (*user).to_owned(),
        visible: *visible,
    };
    plan.registrations[0].lines = lines.iter().map(line).collect();
    plan
}

fn sums(run: &Run) -> [u32; 3] {
    let Registrations {
        registered,
        not_registered,
        not_visible,
    } = run.fleet.registrations().unwrap();
    [registered, not_registered, not_visible]
}

fn second() -> Register {
    Register {
        user: "1002".to_owned(),
        ..authenticated(Udp)
    }
}

#[test]
fn a_run_ends_when_every_line_is_registered() {
    let mut run = converted(lines(&[("1001", true), ("1002", true)]));
    assert_eq!(sums(&run), [0, 2, 0]);
    attempt(&mut run, 410.0, Udp, 200);
    run.advance_to(settled() + 10.0);
    assert_eq!(sums(&run), [1, 1, 0]);
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    let awaited = run.fleet.awaited_lines(run.now);
    assert_eq!(awaited.len(), 1);
    assert_eq!(awaited[0].1, ["1002"]);
    assert!(run.fleet.waits_for_lines(run.now) && !run.fleet.succeeded());
    observe_register(&mut run, settled() + 20.0, &second(), RegisterOutcome::Sent);
    observe_register(&mut run, settled() + 20.1, &second(), answered(200));
    assert_eq!(run.fleet.run_state(run.now), RunState::Ended);
    assert!(run.fleet.succeeded());
    let states: Vec<_> = run.phone().lines.iter().map(|line| line.state).collect();
    assert_eq!(states, [LineState::Registered; 2]);
    // A refresh that is not answered yet does not end the registration.
    observe_register(
        &mut run,
        settled() + 900.0,
        &second(),
        RegisterOutcome::Sent,
    );
    assert_eq!(sums(&run), [2, 0, 0]);
}

#[test]
fn the_wait_for_a_line_ends_after_its_limit_and_the_run_fails() {
    for wait in [None, Some(Duration::from_secs(90)), Some(Duration::ZERO)] {
        let mut run = converted(Plan {
            registration_wait: wait,
            ..lines(&[("1001", true)])
        });
        let limit = wait.unwrap_or(REGISTRATION_WAIT).as_secs_f64();
        if limit > 0.0 {
            run.advance_to(settled() + limit - 5.0);
            assert_eq!(run.fleet.run_state(run.now), RunState::Running, "{wait:?}");
            assert!(run.fleet.next_deadline() <= Some(run.now + Duration::from_secs(5)));
        }
        run.advance_to(settled() + limit.max(10.0));
        assert_eq!(run.fleet.run_state(run.now), RunState::Ended, "{wait:?}");
        assert_eq!((sums(&run), run.fleet.succeeded()), ([0, 1, 0], false));
    }
}

#[test]
fn a_known_cause_ends_the_wait_and_a_timeout_wins() {
    let mut run = converted(lines(&[("1001", true)]));
    attempt(&mut run, 410.0, Udp, 401);
    run.advance_to(settled() + 10.0);
    assert!(diagnosis(&run).is_some());
    assert_eq!(run.fleet.run_state(run.now), RunState::Ended);
    assert_eq!((sums(&run), run.fleet.succeeded()), ([0, 1, 0], false));

    let mut run = converted(Plan {
        timeout: Some(Duration::from_secs(500)),
        ..lines(&[("1001", true)])
    });
    run.advance_to(501.0);
    assert_eq!(run.fleet.run_state(run.now), RunState::Ended);
}

#[test]
fn a_line_that_is_not_visible_neither_delays_nor_fails_the_run() {
    let mut run = converted(lines(&[("1001", false)]));
    run.advance_to(settled() + 10.0);
    assert_eq!(run.fleet.run_state(run.now), RunState::Ended);
    assert_eq!((sums(&run), run.fleet.succeeded()), ([0, 0, 1], true));
    // A mirror port brings its REGISTERs here.
    attempt(&mut run, settled() + 10.0, Udp, 200);
    assert_eq!((sums(&run), run.fleet.succeeded()), ([1, 0, 0], true));
    attempt(&mut run, settled() + 20.0, Udp, 401);
    assert_eq!((sums(&run), run.fleet.succeeded()), ([0, 1, 0], false));
    // Without a configuration of its own there is no line.
    assert!(converted(plan()).fleet.registrations().is_none());
}

/// A response that goes to the port that the phone sent from.
fn misdirected(status: u16) -> RegisterOutcome {
    RegisterOutcome::Answered {
        status,
        to: SocketAddrV4::new(*contact().ip(), SOURCE_PORT),
        stale: false,
        expires: (status == 200).then_some(3600),
    }
}

/// How often `not-registering` was raised and withdrawn.
fn changes(run: &Run) -> (usize, usize) {
    let raised = |event: &&Event| matches!(event, Event::Diagnosis { diagnosis, .. } if diagnosis.code == Code::NotRegistering);
    let withdrawn = |event: &&Event| matches!(event, Event::Withdrawn { diagnosis, .. } if diagnosis.code == Code::NotRegistering);
    let events = &run.events;
    (
        events.iter().filter(raised).count(),
        events.iter().filter(withdrawn).count(),
    )
}

#[test]
fn answers_that_the_phone_does_not_receive_have_one_stable_cause() {
    for (outcome, parts) in [
        (
            misdirected(401),
            ["does not know the user", "force_rport=no"],
        ),
        (answered(401), ["firewall", "voipControlPort"]),
    ] {
        let mut run = converted(configured(Udp));
        for round in 0..10 {
            let at = 410.0 + 60.0 * f64::from(round);
            observe_register(&mut run, at, &unauthenticated(Udp), RegisterOutcome::Sent);
            observe_register(&mut run, at + 0.01, &unauthenticated(Udp), outcome);
            for again in [0.5, 1.5, 3.5] {
                observe_register(
                    &mut run,
                    at + again,
                    &unauthenticated(Udp),
                    RegisterOutcome::Again,
                );
            }
            run.advance_to(at + 45.0);
        }
        let (_, cure) = diagnosis(&run).unwrap();
        for part in parts {
            assert!(cure.contains(part), "{cure}");
        }
        assert_eq!(changes(&run), (1, 0), "{cure}");
        let all = format!("{:?}", run.phone());
        assert!(!all.contains("never sent credentials"), "{all}");
    }
}

#[test]
fn challenges_to_the_wrong_port_need_no_retransmission_to_be_recognized() {
    let mut run = converted(configured(Udp));
    for at in [410.0, 470.0, 530.0] {
        assert_eq!(diagnosis(&run), None);
        observe_register(&mut run, at, &unauthenticated(Udp), RegisterOutcome::Sent);
        observe_register(&mut run, at + 0.1, &unauthenticated(Udp), misdirected(401));
    }
    let (evidence, cure) = diagnosis(&run).unwrap();
    assert!(evidence.contains("401 3 times since"), "{evidence}");
    assert!(cure.contains("pjsip show endpoint 1001"), "{cure}");
    // The name of a user is not copied into a command if a shell would read it otherwise.
    let mut run = converted(configured(Udp));
    let odd = Register {
        user: "10'; reboot".to_owned(),
        ..unauthenticated(Udp)
    };
    for at in [410.0, 470.0, 530.0] {
        observe_register(&mut run, at, &odd, RegisterOutcome::Sent);
        observe_register(&mut run, at + 0.1, &odd, misdirected(401));
    }
    assert!(diagnosis(&run).unwrap().1.contains("show endpoint USER'"));
}

#[test]
fn a_200_that_the_phone_does_not_receive_is_no_registration() {
    for outcome in [misdirected(200), answered(200)] {
        let mut run = converted(lines(&[("1001", true)]));
        for round in 0..5 {
            let at = 410.0 + 60.0 * f64::from(round);
            observe_register(&mut run, at, &unauthenticated(Udp), RegisterOutcome::Sent);
            observe_register(&mut run, at + 0.01, &unauthenticated(Udp), answered(401));
            observe_register(
                &mut run,
                at + 0.02,
                &authenticated(Udp),
                RegisterOutcome::Sent,
            );
            observe_register(&mut run, at + 0.03, &authenticated(Udp), outcome);
            for again in [0.52, 1.52, 3.52] {
                observe_register(
                    &mut run,
                    at + again,
                    &authenticated(Udp),
                    RegisterOutcome::Again,
                );
            }
            run.advance_to(at + 45.0);
            assert_eq!(sums(&run), [0, 1, 0]);
        }
        assert_eq!(changes(&run), (1, 0));
        // The firewall is open: the phone does not retransmit.
        attempt(&mut run, 800.0, Udp, 200);
        run.advance_to(803.9);
        assert_eq!(sums(&run), [0, 1, 0]);
        run.advance_to(805.0);
        assert_eq!((sums(&run), diagnosis(&run)), ([1, 0, 0], None));
        run.advance_to(90_000.0);
        assert_eq!(changes(&run), (1, 1));
    }
    // A phone that receives answers at its source port registers.
    let mut run = converted(lines(&[("1001", true)]));
    observe_register(&mut run, 410.0, &authenticated(Udp), RegisterOutcome::Sent);
    observe_register(&mut run, 410.1, &authenticated(Udp), misdirected(200));
    run.advance_to(415.0);
    assert_eq!(sums(&run), [1, 0, 0]);
    assert_never_diagnosed(&run);
}

/// A capture at the PBX shows nothing but REGISTERs.
#[test]
fn the_side_of_the_pbx_is_enough_for_a_diagnosis() {
    for (status, part) in [
        (401, "rejects the secret"),
        (403, "403"),
        (404, "no such user"),
    ] {
        let mut run = Run::new(Plan::default());
        run.report_mac(1.0, HOST, PHONE, EvidenceSource::Sip);
        attempt(&mut run, 2.0, Udp, status);
        let (evidence, _) = diagnosis(&run).unwrap();
        assert!(evidence.contains(part), "{evidence}");
        attempt(&mut run, 60.0, Udp, 200);
        assert_eq!(diagnosis(&run), None);
    }
}

#[test]
fn a_registered_phone_has_not_rejected_its_configuration() {
    let mut run = converted(lines(&[("1001", true)]));
    let wire = mac(PHONE).upper_hex();
    let own = format!("SEP{wire}.cnf.xml");
    attempt(&mut run, 410.0, Udp, 200);
    let before = run.codes();
    assert_eq!(before.last().map(String::as_str), Some("-config-rejected"));
    // The PBX tells the phone to read its configuration again.
    let again = ObservationKind::Requested {
        transfer: TransferId(900),
        transport: Transport::Tftp,
        name: own,
        port: 50_900,
        served: None,
        error: None,
        sender: None,
    };
    run.observe(500.0, HOST, again);
    assert_eq!(run.codes(), before);
}

#[test]
fn every_failing_line_is_named() {
    let mut run = converted(lines(&[("1001", true), ("1002", true), ("1003", true)]));
    let of = |user: &str, has_credentials: bool| Register {
        user: user.to_owned(),
        has_credentials,
        ..authenticated(Udp)
    };
    attempt(&mut run, 410.0, Udp, 401);
    for user in ["1002", "1003"] {
        observe_register(&mut run, 411.0, &of(user, false), RegisterOutcome::Sent);
        observe_register(&mut run, 411.1, &of(user, false), answered(401));
        observe_register(&mut run, 411.2, &of(user, true), RegisterOutcome::Sent);
        let status = if user == "1002" { 401 } else { 403 };
        observe_register(&mut run, 411.3, &of(user, true), answered(status));
    }
    let (evidence, cure) = diagnosis(&run).unwrap();
    assert!(
        evidence.contains("as '1001'")
            && evidence.contains("; the same for '1002'; REGISTER as '1003'"),
        "{evidence}"
    );
    assert!(
        cure.starts_with("Make authName") && cure.contains("For '1003': Read the PBX's log"),
        "{cure}"
    );
    let raised = run.phone().withdrawn.len();
    // The next attempts say nothing new.
    attempt(&mut run, 500.0, Udp, 401);
    assert_eq!(run.phone().withdrawn.len(), raised);
    // A line that is registered is not named any more.
    attempt(&mut run, 600.0, Udp, 200);
    let (evidence, _) = diagnosis(&run).unwrap();
    assert!(
        !evidence.contains("'1001'") && evidence.contains("'1002'") && evidence.contains("'1003'"),
        "{evidence}"
    );
    for user in ["1002", "1003"] {
        observe_register(&mut run, 700.0, &of(user, true), RegisterOutcome::Sent);
        observe_register(&mut run, 700.1, &of(user, true), answered(200));
    }
    assert_eq!(diagnosis(&run), None);
}
