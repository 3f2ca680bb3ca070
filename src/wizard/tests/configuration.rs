//! Step 5: configurations that are typed, read from an inventory or added.

use super::{
    Act::*,
    steps::{enters, line},
    *,
};

#[test]
fn typed_configuration_is_checked_and_written_at_the_start() {
    let mut environment =
        test_environment().with_phone("001D45AABB0C", "7965", "SCCP45.9-3-1SR1-1S");
    environment.target();
    let list = environment.path("phones");
    let acts = vec![
        Enter,
        Enter,
        Enter,
        Pick("enter the PBX"),
        types(""),
        types("192.0.2.20"),
        // An extension with a blank, which phones and PBX do not accept.
        types("10 01"),
        types("1002"),
        types("Reception"),
        // Two fields back, and forward again.
        Back,
        Back,
        types("1001"),
        Enter,
        Enter,
        types("/nowhere/phones.toml"),
        types(list.to_str().unwrap()),
        Enter,
    ];
    let (answers, script, ended) = environment.run(&[], acts);
    let output = &script.output;
    assert!(ended.is_ok(), "{ended:?}\n{output}");
    assert!(output.contains("Not valid: expected the IPv4"), "{output}");
    assert!(output.contains("does not exist"), "{output}");
    assert!(output.contains("an extension has 1 to 30"), "{output}");
    assert!(output.contains("Generated: made-for-you"), "{output}");
    let line = line(&environment, &answers);
    assert!(line.contains("--inventory phones.toml"), "{line}");
    assert!(
        output.contains("the inventory with the passwords"),
        "{output}"
    );
    assert!(
        !output.contains("(\"made-for-you\")"),
        "never offered again: {output}"
    );
    let draft = answers.draft.as_ref().unwrap();
    assert_eq!(draft.phones[0].extension, "1001");
    assert!(!draft.path.exists(), "written at the start, not before");
}

#[test]
fn other_answers_replace_an_inventory() {
    let mut environment = test_environment();
    environment.target();
    let list = environment.path("phones.toml");
    let form = vec![
        Pick("enter the PBX"),
        types("192.0.2.20"),
        types("001D45AABB0C"),
        types("1001"),
        Enter,
        types("pass"),
        types(list.to_str().unwrap()),
    ];
    // The inventory is typed and then declined: the run waits for one phone again.
    let acts = [
        enters(4),
        form.clone(),
        vec![Back, Pick("No, firmware"), Enter],
    ]
    .concat();
    let (answers, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(line(&environment, &answers).ends_with("--expect 1"));
    assert!(answers.draft.is_none() && answers.setup.pbx.is_none());

    // The form is left in the middle and declined, then opened again: what was typed is kept.
    let half = vec![
        Pick("enter the PBX"),
        types("192.0.2.20"),
        types("001D45AABB0C"),
        types("1001"),
        Back,
        Back,
        Back,
        Back,
        Pick("No, firmware"),
        Back,
        Pick("enter the PBX"),
        Enter,
        Enter,
        Enter,
        Enter,
        types("pass"),
        types(list.to_str().unwrap()),
        Enter,
    ];
    let (answers, script, ended) = environment.run(&[], [enters(4), half].concat());
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert_eq!(answers.draft.unwrap().phones[0].extension, "1001");

    // After the form is complete, other phones are chosen: the form is asked again, with what was
    // typed.
    let back = vec![
        Back,
        Back,
        Back,
        Back,
        Pick("Several"),
        types("2"),
        Enter,
        Enter,
    ];
    let again = vec![
        Enter,
        Enter,
        Enter,
        Enter,
        Enter,
        Enter,
        // The model was chosen for one phone only.
        Enter,
        types("001D45AABB0D"),
        types("7965"),
        types("1002"),
        Enter,
        Enter,
        Enter,
        Enter,
    ];
    let one = vec![Enter, Pick("One 7965"), Enter, Enter];
    let acts = [one, form, back, again].concat();
    let (answers, script, ended) = environment.run(&[], acts);
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(line(&environment, &answers).ends_with("--inventory phones.toml"));
    let draft = answers.draft.unwrap();
    assert_eq!(draft.phones.len(), 2, "{}", script.output);
    assert_eq!(draft.phones[0].secret, "pass");
    assert_eq!(draft.phones[1].secret, "made-for-you");
}

#[test]
fn extra_files_are_checked() {
    let mut environment = test_environment();
    environment.target();
    let name = "SEP001D45AABB0C.cnf.xml";
    let path = environment.path(name);
    std::fs::write(&path, "<device><unclosed></device>").unwrap();
    let typed = types(path.to_str().unwrap());
    let to_configuration = enters(4);
    let acts = vec![Pick("--add"), typed, Pick("No"), Enter, Enter, Enter];
    let (answers, script, ended) = environment.run(&[], [to_configuration, acts].concat());
    assert!(ended.is_ok(), "{ended:?}\n{}", script.output);
    assert!(
        script.output.contains("would keep phones from working"),
        "{}",
        script.output
    );
    assert!(!answers.command_line.has("files"));
}
