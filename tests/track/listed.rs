//! Phones of other models than the inventory lists, and phones of the list that do not come.

use jiff::Timestamp;
use reflash::{
    phone::{Model, RequestedFile},
    run_view::RunView,
    track::{EvidenceSource, ObservationKind, Plan},
};

use crate::support::conversation::*;

/// The inventory lists phone 10 as a 7965 and phone 11 as a 7945.
fn plan_of_list() -> Plan {
    let model = |number| Model::by_number(number).unwrap();
    Plan {
        expected: Some(vec![mac(10), mac(11)]),
        names: [(mac(11), "Hall".to_owned())].into(),
        models: [(mac(10), model("7965")), (mac(11), model("7945"))].into(),
        ..plan()
    }
}

fn report_model(run: &mut Run, at: f64, host: u8, phone: u8, model: &str) {
    run.report_mac(at, host, phone, EvidenceSource::Dhcp);
    let kind = ObservationKind::Model {
        model: model.to_owned(),
        source: EvidenceSource::Dhcp,
    };
    run.observe(at, host, kind);
}

fn is_withheld(run: &Run, phone: u8) -> bool {
    let own = format!("SEP{}.cnf.xml", mac(phone).upper_hex());
    let legacy = format!("SIP{}.cnf", mac(phone).upper_hex());
    let withheld = [own, legacy].map(|name| run.fleet.withholds(&RequestedFile::parse(&name)));
    assert_eq!(withheld[0], withheld[1]);
    withheld[0]
}

#[test]
fn a_phone_of_the_listed_model_is_served_its_file() {
    for source in ["report", "manifest", "load"] {
        let mut run = Run::new(plan_of_list());
        match source {
            "report" => report_model(&mut run, 1.0, 10, 10, "7965"),
            "manifest" => {
                run.fetch(1.0, 10, TERM);
                run.boot(100.0, 10, 10);
            }
            _ => {
                run.boot(1.0, 10, 10).fetch(2.0, 10, LOADS);
            }
        }
        assert!(
            !run.codes().contains(&"model-mismatch".to_owned()),
            "{source}"
        );
        assert!(!is_withheld(&run, 10), "{source}");
    }
}

#[test]
fn a_phone_of_another_model_is_diagnosed_and_gets_no_file_of_the_listed_one() {
    for (source, observed) in [
        ("report 7942", "7942"),
        ("report 7945", "7945"),
        ("manifest", "7945"),
        ("load", "7942/7962"),
        ("request", "7942/7962"),
    ] {
        let mut run = Run::new(plan_of_list());
        match source {
            "report 7942" => report_model(&mut run, 1.0, 10, 10, "7942"),
            "report 7945" => report_model(&mut run, 1.0, 10, 10, "7945"),
            "manifest" => {
                run.fetch(1.0, 10, "term45.default.loads");
                run.boot(100.0, 10, 10);
            }
            "load" => {
                run.boot(1.0, 10, 10);
                run.report_load(2.0, 10, "SCCP42.9-4-2SR3-1S");
            }
            _ => {
                run.boot(1.0, 10, 10)
                    .fetch(2.0, 10, "SIP42.9-4-2SR3-1S.loads");
            }
        }
        let phone = run.phone_of(10);
        let found = phone
            .diagnoses
            .iter()
            .find(|diagnosis| diagnosis.code.to_string() == "model-mismatch");
        let evidence = &found
            .unwrap_or_else(|| panic!("{source}: {phone:#?}"))
            .evidence;
        assert!(evidence.contains("lists a 7965"), "{evidence}");
        assert!(
            evidence.ends_with(&format!("as a {observed}")),
            "{evidence}"
        );
        assert_eq!(phone.listed_model.as_deref(), Some("7965"));
        assert!(is_withheld(&run, 10), "{source}");
        assert!(!is_withheld(&run, 11));
        // XMLDefault, loads and images are served as before.
        assert!(
            !run.fleet
                .withholds(&RequestedFile::parse("XMLDefault.cnf.xml"))
        );
        assert!(!run.fleet.withholds(&RequestedFile::parse(TERM)));
    }
}

#[test]
fn a_boot_loader_of_another_model_at_the_address_of_a_listed_phone_proves_nothing() {
    let mut run = Run::new(plan_of_list());
    run.boot(1.0, 10, 10);
    // Another phone has the address now, as its application shows.
    run.fetch(100.0, 10, "term45.default.loads");
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    run.boot(200.0, 10, 11);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    assert!(!is_withheld(&run, 10));
}

#[test]
fn phones_that_did_not_come_are_named_with_their_models() {
    let mut run = Run::new(plan_of_list());
    run.boot(1.0, 10, 10);
    let report = run.fleet.report(Timestamp::UNIX_EPOCH);
    let [missing] = &report.missing[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(missing.mac, mac(11));
    assert_eq!(missing.name.as_deref(), Some("Hall"));
    assert_eq!(missing.model.as_deref(), Some("7945"));
    assert_eq!(run.fleet.counts().missing, report.missing);
    let view = RunView::of_report(&report);
    let table = reflash::display::table(&view, reflash::display::Style::plain());
    let csv = reflash::report::csv::render(&view);
    for text in [table, csv] {
        assert!(text.contains("Hall") && text.contains("7945"), "{text}");
    }
}
