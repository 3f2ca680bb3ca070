//! REGISTERs that the PBX refuses: each response code has its cause and its cure.

use reflash::{
    protocol::sip::SipTransport,
    track::{Event, Register, RegisterOutcome, TransferEnd},
};

use super::{
    HOST, PHONE, answered, assert_diagnosed, assert_never_diagnosed, assert_withdrawn_after_200,
    attempt, authenticated, configured, contact, converted, diagnosis, observe_register,
    unauthenticated,
};
use crate::support::conversation::*;

use SipTransport::Udp;

#[test]
fn a_rejected_secret_is_diagnosed_and_withdrawn_after_a_200() {
    let mut run = converted(configured(Udp));
    observe_register(
        &mut run,
        410.0,
        &unauthenticated(Udp),
        RegisterOutcome::Sent,
    );
    observe_register(&mut run, 410.1, &unauthenticated(Udp), answered(401));
    assert_eq!(
        diagnosis(&run),
        None,
        "every phone is asked for credentials once"
    );
    observe_register(&mut run, 410.2, &authenticated(Udp), RegisterOutcome::Sent);
    observe_register(&mut run, 410.3, &authenticated(Udp), answered(401));
    assert_diagnosed(
        &run,
        &[
            "as '1001' over UDP to 192.168.5.1:5060",
            "once at 0:06:50",
            "rejects the secret",
        ],
        "authPassword",
    );
    let raised = run.events.len();
    attempt(&mut run, 500.0, Udp, 401);
    let more = &run.events[raised..];
    assert!(
        !more
            .iter()
            .any(|event| matches!(event, Event::Diagnosis { .. })),
        "the diagnosis is raised once"
    );
    assert_withdrawn_after_200(&mut run, 600.0, Udp);
}

#[test]
fn stale_credentials_are_not_diagnosed() {
    let mut run = converted(configured(Udp));
    let stale = RegisterOutcome::Answered {
        status: 401,
        to: contact(),
        stale: true,
        expires: None,
    };
    for at in [410.0, 2000.0, 4000.0] {
        // The phone reuses the last nonce, which has expired; some PBXs do not mark it as stale.
        observe_register(&mut run, at, &authenticated(Udp), RegisterOutcome::Sent);
        observe_register(
            &mut run,
            at + 0.1,
            &authenticated(Udp),
            if at > 3000.0 { answered(401) } else { stale },
        );
        observe_register(
            &mut run,
            at + 0.2,
            &authenticated(Udp),
            RegisterOutcome::Sent,
        );
        observe_register(&mut run, at + 0.3, &authenticated(Udp), answered(200));
    }
    assert_never_diagnosed(&run);
}

#[test]
fn each_response_code_has_its_own_evidence_and_cure() {
    for (status, tries_needed, evidence, cure) in [
        (403, 1, "403 (forbidden)", "max_contacts"),
        (404, 1, "knows no such user", "the endpoint and the aor"),
        (423, 2, "shorter interval", "timerRegisterExpires"),
        (503, 2, "answered 503 2 times since", "Read the PBX's log"),
    ] {
        let mut run = converted(configured(Udp));
        for round in 1..=tries_needed {
            assert_eq!(diagnosis(&run), None, "{status} before try {round}");
            attempt(&mut run, 410.0 + 60.0 * f64::from(round), Udp, status);
        }
        assert_diagnosed(&run, &[evidence, "'1001'"], cure);
        assert_withdrawn_after_200(&mut run, 900.0, Udp);
    }
}

#[test]
fn a_phone_that_never_sends_credentials_is_diagnosed_as_without_a_password() {
    let mut run = converted(configured(Udp));
    for (round, at) in [410.0, 470.0, 530.0].into_iter().enumerate() {
        assert_eq!(diagnosis(&run), None, "{round}");
        observe_register(&mut run, at, &unauthenticated(Udp), RegisterOutcome::Sent);
        observe_register(&mut run, at + 0.1, &unauthenticated(Udp), answered(401));
    }
    assert_diagnosed(
        &run,
        &["3 times since 0:06:50", "never sent credentials"],
        "empty or missing",
    );
    assert_withdrawn_after_200(&mut run, 900.0, Udp);
}

/// Transfers and frames are observed by two threads: the end of the transfer may come last.
#[test]
fn a_refusal_that_is_observed_before_the_delivery_of_the_configuration_is_kept() {
    let own = format!("SEP{}.cnf.xml", mac(PHONE).upper_hex());
    let mut run = converted(configured(Udp));
    attempt(&mut run, 410.0, Udp, 200);
    let transfer = run.request(500.0, HOST, &own);
    observe_register(
        &mut run,
        500.1,
        &unauthenticated(Udp),
        RegisterOutcome::Sent,
    );
    let size = run.size(&own);
    run.end(500.11, HOST, transfer, TransferEnd::Delivered, size);
    observe_register(&mut run, 500.12, &unauthenticated(Udp), answered(401));
    observe_register(&mut run, 500.13, &authenticated(Udp), RegisterOutcome::Sent);
    observe_register(&mut run, 500.14, &authenticated(Udp), answered(401));
    assert_diagnosed(&run, &["rejects the secret"], "authPassword");

    // All of it may be observed before the end of the first delivery.
    let mut run = Run::new(configured(Udp));
    run.stage(&own, 5000);
    let transfer = run.request(0.0, HOST, &own);
    attempt(&mut run, 0.1, Udp, 401);
    assert_eq!(
        diagnosis(&run),
        None,
        "the phone may register with an older configuration"
    );
    run.end(0.2, HOST, transfer, TransferEnd::Delivered, 5000);
    assert!(diagnosis(&run).is_some());
}

#[test]
fn a_200_for_one_line_does_not_withdraw_the_diagnosis_of_another() {
    let mut run = converted(configured(Udp));
    attempt(&mut run, 410.0, Udp, 401);
    let second = Register {
        user: "1002".to_owned(),
        ..authenticated(Udp)
    };
    observe_register(&mut run, 411.0, &second, RegisterOutcome::Sent);
    observe_register(&mut run, 411.1, &second, answered(200));
    assert_diagnosed(&run, &["'1001'"], "authPassword");
    assert_withdrawn_after_200(&mut run, 600.0, Udp);
}

#[test]
fn an_unregister_does_not_withdraw_the_diagnosis() {
    let mut run = converted(configured(Udp));
    let unregister = Register {
        is_unregister: true,
        ..authenticated(Udp)
    };
    attempt(&mut run, 410.0, Udp, 401);
    observe_register(&mut run, 420.0, &unregister, RegisterOutcome::Sent);
    observe_register(&mut run, 420.1, &unregister, answered(200));
    assert_diagnosed(&run, &["rejects the secret"], "authPassword");
    // A 200 without a contact does not withdraw it either.
    let empty = RegisterOutcome::Answered {
        status: 200,
        to: contact(),
        stale: false,
        expires: None,
    };
    observe_register(&mut run, 430.0, &authenticated(Udp), RegisterOutcome::Sent);
    observe_register(&mut run, 430.1, &authenticated(Udp), empty);
    assert_diagnosed(&run, &["rejects the secret"], "authPassword");
}
