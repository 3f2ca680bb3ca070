//! Arbitrary events and texts: every screen fits.

use proptest::prelude::*;

use super::*;

/// Texts as the network, inventories and garbage may have them.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("apps45.9-3-1ES26.sbn".to_owned()),
        Just("受付電話 ☎\u{fe0f} e\u{301}\u{301}".to_owned()),
        Just("👩\u{200d}👩\u{200d}👧\u{1f3fd} 🇩🇪".to_owned()),
        Just("\u{1b}[2J\u{7}\r\n\t\u{202e}".to_owned()),
        ".{0,60}",
    ]
}

fn phones() -> impl Strategy<Value = PhoneRef> {
    let name = prop::option::of(texts());
    (0..90_u8, any::<bool>(), name, prop::option::of(texts())).prop_map(
        |(id, named, name, model)| PhoneRef {
            mac: phone(id).mac.filter(|_| named),
            name,
            model,
            ..phone(id)
        },
    )
}

fn events() -> impl Strategy<Value = Event> {
    let steps = (
        phones(),
        0..11_usize,
        0..4_u32,
        prop::option::of(texts()),
        any::<u32>(),
    );
    let steps = steps.prop_map(|(phone, state, pass, text, bytes)| {
        Event::Step(PhoneStep {
            phone,
            done: matches!(State::ALL[state], State::Confirmed | State::Already),
            up: false,
            state: State::ALL[state],
            pass,
            details: StepDetails {
                bytes: text.as_ref().map(|_| bytes.into()),
                evidence: text.clone().map(|detail| Evidence {
                    source: EvidenceSource::Lldp,
                    detail,
                    disputed: false,
                }),
                file: text,
                ..StepDetails::default()
            },
        })
    });
    let moves = (
        phones(),
        texts(),
        any::<u64>(),
        any::<u64>(),
        any::<Option<(u32, u32)>>(),
    );
    let moves = moves.prop_map(|(phone, file, bytes, size, image)| {
        Event::Progress(TransferProgress {
            phone,
            file,
            bytes,
            size,
            pass: 1,
            image: image.map(|(number, count)| ImageNumber { number, count }),
        })
    });
    let diagnoses = (
        prop::option::of(phones()),
        0..Code::ALL.len(),
        texts(),
        texts(),
        any::<bool>(),
    );
    let diagnoses = diagnoses.prop_map(|(phone, code, evidence, cure, withdrawn)| {
        let code = Code::ALL[code];
        let diagnosis = Diagnosis {
            code,
            severity: code.severity(),
            evidence,
            cure,
        };
        if withdrawn {
            Event::Withdrawn { phone, diagnosis }
        } else {
            Event::Diagnosis { phone, diagnosis }
        }
    });
    let gone = phones().prop_map(|phone| Event::Gone { phone });
    prop_oneof![8 => steps, 6 => moves, 3 => diagnoses, 1 => gone]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rows_fit_the_screen_after_any_events(
        events in prop::collection::vec((events(), 0..100_i64, any::<u16>()), 0..160),
        columns in 40..=200_usize,
        rows in 5..=60_usize,
        awaited in prop::option::of(0..500_usize),
    ) {
        let mut live = LiveRun::default();
        let mut now = 0;
        live.started(at(now));
        for (event, pause, left) in events {
            now += pause;
            live.event(at(now), &event);
            if let Event::Step(step) = &event {
                live.waiting(step.phone.id, "its restart, then", Duration::from_secs(left.into()));
            }
            let tick = Tick { awaited, ..tick(now) };
            live.tick(tick);
        }
        let tick = Tick { awaited, ..tick(now) };
        let size = Size { columns, rows };
        let plain = super::super::rows(&live, size, tick, Style::plain());
        prop_assert!(!plain.is_empty() && plain.len() < rows, "{} rows of {rows}", plain.len());
        for line in &plain {
            prop_assert!(crate::text::measure::width(line) < columns, "{line:?}");
            prop_assert!(console::measure_text_width(line) < columns, "{line:?}");
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        let coloured = super::super::rows(&live, size, tick, Style { color: true });
        let stripped: Vec<_> = coloured.iter().map(|line| console::strip_ansi_codes(line)).collect();
        prop_assert_eq!(stripped, plain);
    }

    #[test]
    fn cut_text_fits(text in texts(), most in 0..40_usize) {
        prop_assert!(crate::text::measure::width(&crate::text::measure::cut(&text, most)) <= most);
    }
}
