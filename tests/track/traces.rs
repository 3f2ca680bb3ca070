//! Requests as TFTP and HTTP servers logged them (seconds, transport, name), each with the state
//! and the diagnoses that they lead to. Names and times are those of the logs, MACs are not.

use reflash::track::{State, Transport};

use crate::support::conversation::*;

/// Seconds, transport and name; `{}` stands for the MAC of the phone.
type Line = (f64, Transport, &'static str);

const T: Transport = Transport::Tftp;
const H: Transport = Transport::Http;

struct Trace {
    what: &'static str,
    lines: &'static [Line],
    state: State,
    codes: &'static [&'static str],
    /// Part of a line of evidence.
    evidence: Option<&'static str>,
}

const TRACES: &[Trace] = &[
    Trace {
        what: "7942, normal boot on SIP with a configuration of its own",
        lines: &[
            (0.0, T, "CTLSEP{}.tlv"),
            (0.1, T, "ITLSEP{}.tlv"),
            (1.0, T, "ITLFile.tlv"),
            (1.1, T, "SEP{}.cnf.xml"),
            (5.0, T, "/mk-sip.jar"),
            (10.0, T, "dialplan.xml"),
        ],
        state: State::Configuring,
        codes: &[],
        evidence: Some("dialplan.xml"),
    },
    Trace {
        what: "7961 on 9.4(2), three boots over HTTP, ring tone before the configuration",
        lines: &[
            (0.0, H, "CTLSEP{}.tlv"),
            (0.1, H, "ITLSEP{}.tlv"),
            (0.2, H, "ITLFile.tlv"),
            (0.3, H, "ToveLow-Habits.raw"),
            (1.0, H, "SEP{}.cnf.xml"),
            (131.0, H, "CTLSEP{}.tlv"),
            (132.0, H, "ITLSEP{}.tlv"),
            (132.1, H, "ITLFile.tlv"),
            (132.2, H, "ToveLow-Habits.raw"),
            (133.0, H, "SEP{}.cnf.xml"),
            (203.0, H, "CTLSEP{}.tlv"),
            (203.1, H, "ITLSEP{}.tlv"),
            (203.2, H, "ITLFile.tlv"),
        ],
        state: State::Configuring,
        codes: &[],
        evidence: None,
    },
    Trace {
        what: "8945-like fallback: every file over HTTP, then over TFTP",
        lines: &[
            (0.0, H, "CTLSEP{}.tlv"),
            (0.1, T, "CTLSEP{}.tlv"),
            (0.2, H, "ITLSEP{}.tlv"),
            (0.3, T, "ITLSEP{}.tlv"),
        ],
        state: State::Configuring,
        codes: &[],
        evidence: None,
    },
    Trace {
        what: "7960 on SIP 8.12, normal boot with parallel requests",
        lines: &[
            (0.0, T, "CTLSEP{}.tlv"),
            (0.1, T, "SEP{}.cnf.xml"),
            (0.2, T, "P0S3-8-12-00.loads"),
            (24.0, T, "SIPDefault.cnf"),
            (24.1, T, "./SIP{}.cnf"),
            (26.0, T, "RINGLIST.DAT"),
            (26.0, T, "dialplan.xml"),
        ],
        state: State::Configuring,
        codes: &["unsupported-model"],
        evidence: None,
    },
    Trace {
        what: "7940 with its loader alone: Protocol Application Invalid",
        lines: &[
            (0.0, T, "CTLSEP{}.tlv"),
            (0.1, T, "SEP{}.cnf.xml"),
            (0.2, T, "SIP{}.cnf"),
            (0.3, T, "MGC{}.cnf"),
            (0.4, T, "XMLDefault.cnf.xml"),
            (21.0, T, "CTLSEP{}.tlv"),
            (21.1, T, "SEP{}.cnf.xml"),
            (21.2, T, "SIP{}.cnf"),
            (21.3, T, "MGC{}.cnf"),
            (21.4, T, "XMLDefault.cnf.xml"),
        ],
        state: State::Configuring,
        codes: &["unsupported-model", "protocol-application-invalid"],
        evidence: None,
    },
    Trace {
        what: "7960 with its loader and SCCP: one search, then the application",
        lines: &[
            (0.0, T, "CTLSEP{}.tlv"),
            (0.1, T, "SEP{}.cnf.xml"),
            (0.2, T, "SIP{}.cnf"),
            (0.3, T, "MGC{}.cnf"),
            (0.4, T, "XMLDefault.cnf.xml"),
            (24.0, T, "CTLSEP{}.tlv"),
            (24.1, T, "SEP{}.cnf.xml"),
            (24.2, T, "XMLDefault.cnf.xml"),
        ],
        state: State::Configuring,
        codes: &["unsupported-model"],
        evidence: None,
    },
    Trace {
        what: "7906 after a format, new release on an old boot loader, here as a 7965",
        lines: &[
            (0.0, T, "term65.default.loads"),
            (1.0, T, "term65.default.loads"),
            (148.0, T, "term65.default.loads"),
            (148.4, T, "term65.default.loads"),
            (241.0, T, "term65.default.loads"),
            (242.0, T, "term65.default.loads"),
        ],
        state: State::Failed,
        codes: &["manifest-refused"],
        evidence: None,
    },
    Trace {
        what: "7945 that fetches its configuration and rejects it because it has no line",
        lines: &[
            (0.0, T, "CTLSEP{}.tlv"),
            (0.1, T, "ITLSEP{}.tlv"),
            (0.2, T, "SEP{}.cnf.xml"),
            (1.0, T, "XMLDefault.cnf.xml"),
        ],
        state: State::Configuring,
        codes: &["config-rejected"],
        evidence: None,
    },
    Trace {
        what: "8945 with a trust list of its old call manager",
        lines: &[
            (0.0, T, "CTLSEP{}.tlv"),
            (0.1, T, "ITLSEP{}.tlv"),
            (0.2, T, "SEP{}.cnf.xml.sgn"),
        ],
        state: State::Configuring,
        codes: &["trust-list"],
        evidence: None,
    },
];

#[test]
fn every_logged_trace_ends_in_its_state_with_exactly_its_diagnoses() {
    let wire = mac(1).upper_hex();
    for trace in TRACES {
        let mut run = Run::new(plan());
        run.stage(&format!("SEP{wire}.cnf.xml"), 4000);
        for (at, transport, name) in trace.lines {
            let name = name.replace("{}", &wire);
            match transport {
                Transport::Tftp => {
                    run.fetch(*at, 10, &name);
                }
                Transport::Http => {
                    run.request_over(*at, 10, *transport, &name);
                }
            }
        }
        run.advance_to(300.0);
        assert_eq!(run.codes(), trace.codes, "{}", trace.what);
        let phone = run.phone();
        assert_eq!(phone.state, trace.state, "{}", trace.what);
        if let Some(part) = trace.evidence {
            let has_evidence = phone.evidence.iter().any(|e| e.detail.contains(part));
            assert!(has_evidence, "{}: {:?}", trace.what, phone.evidence);
        }
    }
}
