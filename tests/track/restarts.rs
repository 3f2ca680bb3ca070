//! What the fleet makes of orders to restart: every fact, by its observation and its time.

use std::{net::Ipv4Addr, time::Duration};

use reflash::{
    phone::{LoadName, MacAddress},
    track::{
        EvidenceSource, Fleet, MemberOutcome, NotOrdered, Observation, ObservationKind, Plan,
        RestartState, RestartStatus, TransferId, Transport,
    },
};

const MAC: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]);
const OTHER: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 9]);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

/// A fleet with one listed phone that registered by SCCP, from the host with this MAC.
struct Run {
    fleet: Fleet,
}

impl Run {
    fn new(sender: Option<MacAddress>) -> Self {
        let mut run = Self {
            fleet: Fleet::new(Plan {
                only: Some(vec![MAC]),
                network: Some("192.0.2.1/24".parse().unwrap()),
                ..Plan::default()
            }),
        };
        let source = EvidenceSource::Sccp;
        run.observe(
            0,
            ObservationKind::MacReported {
                mac: MAC,
                source,
                sender,
            },
        );
        run.observe(
            0,
            ObservationKind::Load {
                load: LoadName::new("SCCP45.8-5-2S"),
                source,
                detail: "alarm".to_owned(),
            },
        );
        run.register(0, 0, sender);
        run
    }

    fn observe(&mut self, seconds: u64, kind: ObservationKind) {
        let observation = Observation {
            address: ADDRESS,
            kind,
        };
        self.fleet
            .observe(Duration::from_secs(seconds), &observation);
    }

    fn register(&mut self, seconds: u64, streams: u32, sender: Option<MacAddress>) {
        let mac = MAC;
        self.observe(
            seconds,
            ObservationKind::SccpRegistered {
                mac,
                streams,
                sender,
            },
        );
    }

    fn order(&mut self, seconds: u64, wave: u32) {
        let (mac, again) = (MAC, false);
        self.observe(
            seconds,
            ObservationKind::RestartOrdered { mac, wave, again },
        );
    }

    fn alarm(&mut self, seconds: u64, reason: u16) {
        let source = EvidenceSource::Sccp;
        self.observe(seconds, ObservationKind::Alarm { reason, source });
    }

    fn status(&mut self, seconds: u64) -> RestartStatus {
        self.fleet.tick(Duration::from_secs(seconds));
        let report = self.fleet.report("2026-01-01T08:00:00Z".parse().unwrap());
        report.phones[0].restarts
    }

    fn outcome(&self) -> MemberOutcome {
        self.fleet.restart_members()[0].outcome
    }
}

#[test]
fn an_order_is_no_restart_until_an_alarm_or_a_start_shows_one() {
    let mut run = Run::new(Some(MAC));
    assert_eq!(run.status(1), RestartStatus::default());
    run.order(10, 1);
    let ordered = run.status(11);
    assert_eq!(
        (ordered.restart, ordered.wave),
        (Some(RestartState::Ordered), Some(1))
    );
    run.observe(12, ObservationKind::SccpLeft { mac: MAC });
    assert_eq!(run.status(12).restart, Some(RestartState::Restarting));
    // The alarm of the connection on which the order was given may be reported late.
    run.alarm(20, 22);
    assert_eq!(run.status(20).restart, Some(RestartState::Restarting));
    run.alarm(60, 22);
    assert_eq!(run.status(60).restart, Some(RestartState::Back));
    assert_eq!(run.outcome(), MemberOutcome::UnderWay);

    let mut run = Run::new(Some(MAC));
    run.order(10, 1);
    run.observe(
        40,
        ObservationKind::Requested {
            transfer: TransferId(1),
            transport: Transport::Tftp,
            name: "CTLSEP001D45AABB01.tlv".to_owned(),
            port: 49_152,
            served: None,
            error: None,
            sender: Some(MAC),
        },
    );
    assert_eq!(run.status(40).restart, Some(RestartState::Back));
}

#[test]
fn an_order_is_ignored_after_another_registration_or_ten_minutes() {
    let mut run = Run::new(Some(MAC));
    run.order(10, 1);
    run.register(50, 0, Some(MAC));
    assert_eq!(run.status(50).restart, Some(RestartState::Ignored));
    assert_eq!(run.outcome(), MemberOutcome::GivenUp);

    let mut run = Run::new(Some(MAC));
    run.order(10, 1);
    assert_eq!(run.status(609).restart, Some(RestartState::Ordered));
    assert_eq!(run.status(610).restart, Some(RestartState::Ignored));
    // A call that ended later.
    run.alarm(900, 22);
    assert_eq!(run.status(900).restart, Some(RestartState::Back));
}

#[test]
fn an_order_that_was_not_sent_does_not_count() {
    let mut run = Run::new(Some(MAC));
    run.order(10, 1);
    run.observe(11, ObservationKind::RestartNotSent { mac: MAC });
    assert_eq!(run.status(11), RestartStatus::default());
    assert_eq!(run.fleet.restart_members(), []);
    assert_eq!(run.fleet.restart_facts(MAC).unwrap().ordered, None);
}

#[test]
fn an_alarm_about_the_load_after_an_order_is_a_refused_load() {
    let mut run = Run::new(Some(MAC));
    run.alarm(5, 0);
    run.order(10, 2);
    assert_eq!(
        run.outcome(),
        MemberOutcome::UnderWay,
        "an alarm before the order"
    );
    run.alarm(90, 31);
    assert_eq!(run.outcome(), MemberOutcome::LoadRefused);
}

#[test]
fn a_phone_is_at_its_own_address_if_the_arp_table_has_its_mac_there() {
    let is_own = |sender| {
        let run = Run::new(sender);
        let facts = run.fleet.restart_facts(MAC).unwrap();
        facts.registration.is_own_address
    };
    assert!(is_own(Some(MAC)));
    assert!(!is_own(Some(OTHER)), "another host, or a router");
    assert!(!is_own(None), "not known");
}

#[test]
fn a_reason_is_shown_until_the_phone_is_ordered() {
    let mut run = Run::new(Some(MAC));
    let (mac, reason) = (MAC, NotOrdered::InCall);
    run.observe(5, ObservationKind::RestartWithheld { mac, reason });
    assert_eq!(run.status(5).withheld, Some(reason));
    run.order(10, 1);
    assert_eq!(run.status(10).withheld, None);
}
